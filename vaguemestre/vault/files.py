"""The vault on a file system: each message's raw bytes in a file named by the SHA-256 of those bytes.

An object begins with a version byte, then holds the bytes as received. It is written aside, fsynced, renamed into place and its folder
fsynced: when `keep` returns, the bytes outlive a crash of the machine. Putting the same bytes twice keeps one object.

A batch fsyncs each file, then each folder once: the cost of the folders is shared by the messages committed together.

Objects are dropped by retention alone, and the same bytes may arrive at that very moment: who keeps bytes stays in `held` until the rows
that name them are committed, and `drop_unless` looks for such rows, and drops, while nobody is in it. A copy of the whole stays in `whole`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from vaguemestre.domain.fault import Fault

T = TypeVar("T")

PLAIN = b"\x01"
"""Version 1: the bytes follow as they are."""


_serial = itertools.count()
"""Names what is written aside: two writers of one process must never share a name."""


HELD, WHOLE, GATE = ".held", ".whole", ".gate"
"""Files of the vault's folder that are locked and hold nothing."""


class _Here(threading.local):
    depth = 0
    """How many times this thread is in `held`."""


_here = _Here()

_FOLDER = re.compile(r"[0-9a-f]{2}")
_OBJECT = re.compile(r"[0-9a-f]{64}")


class Damaged(Fault):
    """An object is absent, or its bytes are not those of its name."""

    code = "vault-damaged"


def digest(data: bytes) -> str:
    """SHA-256 of the raw bytes, in 64 hex digits: the name of the object that holds them."""
    return hashlib.sha256(data).hexdigest()


def _is_object(folder: Path, entry: os.DirEntry[str]) -> bool:
    return bool(_OBJECT.fullmatch(entry.name)) and entry.name.startswith(folder.name) and entry.is_file()


class Vault:
    """`directory` holds 256 folders of objects, and `aside` for those being written. Safe for several processes at once.

    `writers` threads sync the files of a batch side by side: the file system then serves several by one write of its journal (on a disk
    where a sync takes 3 ms, 1 ms a file instead of 3). With 1 there is no thread, for a process that forks."""

    def __init__(self, directory: Path, writers: int = 1) -> None:
        self.directory = directory
        self._pool = ThreadPoolExecutor(writers, "vault") if writers > 1 else None
        self._aside = directory / "aside"
        self._known_folders: dict[str, Path] = {}
        """By the two digits they are named by: made, and durable in the vault's own folder."""

    def path(self, sha256: str) -> Path:
        return self.directory / sha256[:2] / sha256

    def keep(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Makes each (SHA-256, bytes) durable. Raises OSError, and then promises nothing about any of them."""
        folders: dict[Path, None] = {}
        absent: list[tuple[Path, bytes]] = []
        for sha256, data in dict(items).items():
            folder = self._known_folders.get(sha256[:2]) or self._folder(self.path(sha256).parent)
            # An object left by a crash before its folder's fsync may be there already: its folder is synced again all the same.
            folders[folder] = None
            target = folder / sha256
            if not self._whole(target, len(data)):
                absent.append((target, data))
        self._each(self._put, absent)
        self._each(self._sync_folder, list(folders))

    def _each(self, act: Callable[[T], None], items: Sequence[T]) -> None:
        """The act on every item, all of them ended before it returns or raises; the calling thread does the last one."""
        if self._pool is None or len(items) < 2:
            for item in items:
                act(item)
            return
        futures = [self._pool.submit(act, item) for item in items[:-1]]
        try:
            act(items[-1])
        finally:
            wait(futures)
        for future in futures:
            future.result()

    def _whole(self, target: Path, size: int) -> bool:
        try:
            return target.stat().st_size == size + 1
        except FileNotFoundError:
            return False

    def _folder(self, folder: Path) -> Path:
        self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            pass
        # Another process may have made it and not yet synced it: the entry in the parent is made durable by whoever uses it first.
        self._sync_folder(self.directory)
        self._known_folders[folder.name] = folder
        return folder

    def _put(self, item: tuple[Path, bytes]) -> None:
        """Makes the bytes durable under the name of their object; the name itself is so once its folder is synced."""
        target, data = item
        self._write_aside(target.name, data).rename(target)

    def _write_aside(self, name: str, data: bytes) -> Path:
        aside = self._aside / f"{name}.{os.getpid()}.{next(_serial)}"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(data)
            written = os.writev(descriptor, [PLAIN, view]) - 1
            while written < len(view):
                written += os.write(descriptor, view[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return aside

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self, sha256: str) -> bytes:
        """The raw bytes. Raises Damaged when the object is absent, or of an unknown version."""
        try:
            raw = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise Damaged("a message's bytes are not in the vault") from None
        if raw[:1] != PLAIN:
            raise Damaged("a vault object is of an unknown version")
        return raw[1:]

    def check(self, sha256: str) -> str | None:
        """None when the object is whole, else one sentence."""
        try:
            data = self.read(sha256)
        except (Damaged, OSError) as fault:
            return f"vault: {sha256}: {fault.detail if isinstance(fault, Damaged) else 'cannot be read'}"
        return None if digest(data) == sha256 else f"vault: {sha256}: its bytes are not those of its name"

    def digests(self) -> Iterator[str]:
        """The name of every object, in order."""
        for folder in self._folders():
            yield from sorted(entry.name for entry in os.scandir(folder) if _is_object(folder, entry))

    def strangers(self) -> Iterator[str]:
        """The path, below the vault, of every file or folder that is no object of ours: a name of another form, or a wrong place."""
        folders = {folder.name for folder in self._folders()}
        for entry in sorted(os.scandir(self.directory), key=lambda entry: entry.name):
            if entry.name in folders:
                names = sorted(inner.name for inner in os.scandir(entry) if not _is_object(Path(entry), inner))
                yield from (f"{entry.name}/{name}" for name in names)
            elif entry.name not in {self._aside.name, HELD, WHOLE, GATE}:
                yield entry.name

    def _folders(self) -> list[Path]:
        return sorted(folder for folder in self.directory.iterdir() if _FOLDER.fullmatch(folder.name) and folder.is_dir())

    def sweep_aside(self, older_than: float) -> int:
        """Removes what a crash left half-written before `older_than` (Unix seconds); returns how many."""
        if not self._aside.is_dir():
            return 0
        count = 0
        for entry in self._aside.iterdir():
            try:
                if entry.stat().st_mtime < older_than:
                    entry.unlink()
                    count += 1
            except FileNotFoundError:
                continue
        return count

    @contextlib.contextmanager
    def _locked(self, name: str, how: int) -> Iterator[None]:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            descriptor = os.open(self.directory / name, flags, 0o600)
        except FileNotFoundError:  # the first object is yet to come
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.directory / name, flags, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While it lasts, no object is dropped: to be held from before `keep` until the rows that name the objects are committed. May be
        entered again by the same thread."""
        if not _here.depth:
            # Many who keep bytes, one after the other and never none of them, would hold off for ever who drops: it closes the gate.
            with self._locked(GATE, fcntl.LOCK_SH):
                pass
        with self._locked(HELD, fcntl.LOCK_SH):
            _here.depth += 1
            try:
                yield
            finally:
                _here.depth -= 1

    def whole(self, *, dropping: bool = False) -> contextlib.AbstractContextManager[None]:
        """Held by a copy of the whole vault; with `dropping`, by who is about to drop objects: raises BlockingIOError where a copy is
        being made."""
        return self._locked(WHOLE, (fcntl.LOCK_EX | fcntl.LOCK_NB) if dropping else fcntl.LOCK_SH)

    def drop_unless(self, sha256: str, named: Callable[[str], bool]) -> bool:
        """Drops an object unless a row names it, as `named` finds while nobody keeps bytes. Returns whether it went."""
        with self._locked(GATE, fcntl.LOCK_EX), self._locked(HELD, fcntl.LOCK_EX):
            if named(sha256):
                return False
            self.drop(sha256)
            return True

    def drop(self, sha256: str) -> None:
        """Removes an object; nothing if it is not there."""
        self.path(sha256).unlink(missing_ok=True)
