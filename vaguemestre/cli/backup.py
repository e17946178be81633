"""`vaguemestre backup DIR DEST`: a copy of everything, whole and of one instant, while `serve` goes on.

Order: `trace.head` first, so that it is never ahead of the chain that is copied; then the records, at one instant; then the objects that
these rows name, each held against its digest as it is copied: objects come before rows, and only retention drops them, which a copy holds
off.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from vaguemestre import __version__
from vaguemestre.cli import copies
from vaguemestre.cli.assemble import absolute, check_directory, check_filled, check_not_newer, set_up
from vaguemestre.cli.copies import Kept, Manifest
from vaguemestre.cli.init import sync, write
from vaguemestre.domain.fault import Refused

SUMMARY = "makes a consistent copy of a data directory, while serving"
UNFINISHED = ".unfinished"
LOCK = "backup.lock"
BATCH_BYTES = 32 << 20
BATCH = 128
WRITERS = 8


@contextlib.contextmanager
def _aside(dest: Path) -> Iterator[Path]:
    """The folder in which the copy grows, ours alone; gone at the end unless it was renamed. Raises `Refused`."""
    aside = dest.with_name(dest.name + UNFINISHED)
    if dest.is_symlink() or (dest.exists() and (not dest.is_dir() or any(dest.iterdir()))):
        raise Refused(f"{dest} is there already and is not empty; name a new folder for the copy.")
    descriptor = -1
    try:
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(entry.name != LOCK for entry in aside.iterdir()) and not (aside / LOCK).is_file():
            raise Refused(f"{aside} is there already and is not what a backup left; remove it first.")
        descriptor = os.open(aside / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Refused(f"A backup to {dest} is being made already.") from None
    except OSError as error:
        raise Refused(f"{dest} cannot be made: {error.strerror}.") from None
    try:
        for left in aside.iterdir():  # of a backup that was cut
            if left.name != LOCK:
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        aside.chmod(0o700)
        yield aside
    finally:
        if aside.exists():
            shutil.rmtree(aside, ignore_errors=True)
        os.close(descriptor)


def _files(directory: Path, aside: Path, database: Path | None) -> list[Kept]:
    """Settings, keys, pki and whatever else lies there, `trace.head` first."""
    below = aside / copies.FILES
    below.mkdir(mode=0o700)
    found: list[Kept] = []
    if (directory / copies.HEAD).is_file():
        found.append(copies.copied(directory / copies.HEAD, below / copies.HEAD, f"{copies.FILES}/{copies.HEAD}"))
    own = {f"{database}{ending}" for ending in ("", "-wal", "-shm", "-journal")} if database else set()
    for path in copies.files_of(directory, copies.LEFT_OUT):
        if str(path) in own:
            continue
        name = path.relative_to(directory)
        (below / name.parent).mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            found.append(copies.copied(path, below / name, f"{copies.FILES}/{name}"))
        except FileNotFoundError:
            continue
    for folder in {below, *((below / one.path.partition("/")[2]).parent for one in found)}:
        sync(folder)
    return found


def _objects(directory: Path, aside: Path, count: int, tell: Callable[[str, int, int], None]) -> list[str]:
    """Copies the objects that the list names, each held against its digest; one sentence for each that is not whole."""
    from vaguemestre.records import backup
    from vaguemestre.vault.files import Damaged, Vault, digest

    source, target = Vault(directory / "vault"), Vault(aside / "vault", writers=WRITERS)
    target.directory.mkdir(mode=0o700)
    wrong: list[str] = []
    batch: list[tuple[str, bytes]] = []
    size = done = 0
    for sha256 in backup.listed(aside / backup.OBJECTS):
        try:
            data = source.read(sha256)
        except (Damaged, OSError) as fault:
            wrong.append(f"vault: {sha256}: {fault.detail if isinstance(fault, Damaged) else 'cannot be read'}")
            continue
        if digest(data) != sha256:
            wrong.append(f"vault: {sha256}: its bytes are not those of its name")
            continue
        batch.append((sha256, data))
        size += len(data)
        done += 1
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            target.keep(batch)
            batch, size = [], 0
            tell("vault", done, count)
    target.keep(batch)
    tell("vault", count, count)
    shutil.rmtree(aside / "vault" / "aside", ignore_errors=True)
    return wrong


def make(directory: Path, dest: Path, now: dt.datetime) -> Manifest:
    """Copies a data directory on which Django is set up to the folder `dest`, which must be absent or empty. Raises `Refused` or OSError,
    and then leaves nothing there."""
    from django.db import DatabaseError, connection

    from vaguemestre.records import backup
    from vaguemestre.vault.files import Vault

    if dest == directory or directory in dest.parents:
        raise Refused(f"{dest} lies in the data directory itself; name a folder elsewhere, best on another disk.")
    tell = copies.telling()
    before = os.umask(0o077)
    try:
        with _aside(dest) as aside, Vault(directory / "vault").whole():
            database = Path(str(connection.settings_dict["NAME"])) if connection.vendor == "sqlite" else None
            files = _files(directory, aside, database)
            taken = backup.take(aside, tell)
            files += [copies.seen(aside / name, name) for name in (taken.file, backup.OBJECTS)]
            wrong = [*taken.faults, *_objects(directory, aside, taken.objects, tell)]
            try:
                backup.traced(now, "directory-copied", f"{taken.objects} objects, {len(wrong)} damaged")
            except DatabaseError as error:
                wrong.append(f"trace: this copy could not be traced ({type(error).__name__})")
            made = Manifest(
                version=__version__,
                made_at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
                database=taken.file,
                migrations=taken.migrations,
                objects=taken.objects,
                events=taken.events,
                files=tuple(files),
                damaged=tuple(wrong),
            )
            sync(aside / "vault")
            write(aside / copies.MANIFEST, made.written())
            _renamed(aside, dest)
        return made
    finally:
        os.umask(before)


def _renamed(aside: Path, dest: Path) -> None:
    try:
        aside.rename(dest)
    except OSError as error:
        raise Refused(f"{dest} cannot be made: {error.strerror}; name a folder that is not there yet.") from None
    (dest / LOCK).unlink()
    sync(dest)
    sync(dest.parent)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("destination", metavar="DEST", help="a folder that is not there yet")


def run(args: argparse.Namespace) -> int:
    directory, dest = absolute(args.directory), absolute(args.destination)
    check_directory(directory)
    set_up(directory)
    check_filled()
    check_not_newer(directory)
    made = make(directory, dest, dt.datetime.now(dt.UTC))
    for fault in made.damaged:
        print(f"fault: {fault}")
    whole = made.objects - sum(one.startswith("vault: ") for one in made.damaged)
    print(f"{dest} holds {whole} vault objects and {made.events} traced events.")
    if made.damaged:
        print(f"{directory} is damaged: {dest} is a copy of what is left ({len(made.damaged)} faults, named above).", file=sys.stderr)
        return 1
    return 0
