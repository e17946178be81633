"""What `backup` writes and `restore` reads: a folder with the manifest of what is in it.

    DEST/manifest.json     version, counts, migrations, and the digest of every file but the objects'
    DEST/records.sqlite3   the records at one instant (records.dump on PostgreSQL)
    DEST/objects           the digests of the vault objects that these records name
    DEST/vault/            those objects, as the vault itself keeps them
    DEST/files/            settings, keys, pki, trace.head

The manifest is written last, and the folder bears `.unfinished` behind its name until then: a copy that was cut has neither.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vaguemestre.domain.fault import Refused

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "files"
HEAD = "trace.head"
LEFT_OUT = frozenset({"vault", "run", "cache", "demo", "lost+found", "init.unfinished", "restore.unfinished", HEAD})
"""Of a data directory: copied otherwise, made again at will, or no part of it (DIR/demo is the other operator of a demo)."""
_ASIDE = re.compile(r"\..+\.\d+")
"""A file being written beside its place (`cli.init.write`)."""
CHUNK = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """A file of a copy: its path below the copy, size in octets, SHA-256, permissions."""

    path: str
    size: int
    sha256: str
    mode: int


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy says of itself. `database`: the file of the records; `migrations`: (app, name) in the order in which they were made;
    `damaged`: one sentence for each thing that was wrong with the directory that it is a copy of."""

    version: str
    made_at: str
    database: str
    migrations: tuple[tuple[str, str], ...]
    objects: int
    events: int
    files: tuple[Kept, ...]
    damaged: tuple[str, ...]

    def written(self) -> bytes:
        """The manifest as its file holds it."""
        told = {"format": FORMAT, **dataclasses.asdict(self)}
        return (json.dumps({**told, "sum": _sum(told)}, indent=1, ensure_ascii=True) + "\n").encode()


def _sum(told: dict[str, Any]) -> str:
    plain = json.loads(json.dumps(told))
    plain.pop("sum", None)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_manifest(source: Path) -> Manifest:
    """What the copy in a folder says of itself. Raises `Refused`: no copy, one that was cut, changed, or made by a newer version."""
    try:
        raw = (source / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(f"{source} is no whole copy: it has no {MANIFEST} (a backup that was cut has none); name another copy.") from None
    except OSError as error:
        raise Refused(f"{source / MANIFEST} cannot be read: {error.strerror}.") from None
    damaged = f"{source / MANIFEST} is damaged; name another copy."
    try:
        told = json.loads(raw)
        if isinstance(told, dict) and isinstance(told.get("format"), int) and told["format"] > FORMAT:
            raise Refused(f"{source} was made by a newer version of Vaguemestre; use that version or a later one.")
        if told["format"] != FORMAT or told["sum"] != _sum(told):
            raise Refused(damaged)
        return Manifest(
            version=str(told["version"]),
            made_at=str(told["made_at"]),
            database=str(told["database"]),
            migrations=tuple((str(app), str(name)) for app, name in told["migrations"]),
            objects=int(told["objects"]),
            events=int(told["events"]),
            files=tuple(Kept(**one) for one in told["files"]),
            damaged=tuple(map(str, told["damaged"])),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(damaged) from None


def copied(source: Path, target: Path, name: str) -> Kept:
    """Copies a file, durably, and says what was copied; `name`: its path below the copy."""
    seen = hashlib.sha256()
    size = 0
    with source.open("rb") as read:
        mode = stat.S_IMODE(os.fstat(read.fileno()).st_mode) & 0o700
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as write:
            while part := read.read(CHUNK):
                write.write(part)
                seen.update(part)
                size += len(part)
            write.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
    return Kept(name, size, seen.hexdigest(), mode)


def seen(path: Path, name: str) -> Kept:
    """As `copied`, of a file that is in its place already; made durable."""
    summed = hashlib.sha256()
    size = 0
    with path.open("rb") as read:
        mode = stat.S_IMODE(os.fstat(read.fileno()).st_mode) & 0o700
        while part := read.read(CHUNK):
            summed.update(part)
            size += len(part)
        os.fsync(read.fileno())
    return Kept(name, size, summed.hexdigest(), mode)


def files_of(directory: Path, but: frozenset[str]) -> Iterator[Path]:
    """The files of a data directory that are copied as they are, links to files and to folders followed, in the order of names; `but`:
    names of its top that are not. Raises `Refused` for what is neither a file nor a folder."""

    def inside(folder: Path, deep: int) -> Iterator[Path]:
        for entry in sorted(folder.iterdir(), key=lambda one: one.name):
            if _ASIDE.fullmatch(entry.name) or (folder == directory and entry.name in but):
                continue
            if entry.is_dir():
                if deep > 8:
                    raise Refused("The folders of the data directory lead in a circle; look for a link among them.")
                yield from inside(entry, deep + 1)
            elif entry.is_file():
                yield entry
            elif entry.exists():
                raise Refused(f"{entry} is neither a file nor a folder; take it out of the data directory.")

    yield from inside(directory, 0)


def telling() -> Callable[[str, int, int], None]:
    """A function told how far it is, which shows it on a terminal and nowhere else."""
    last = [0.0]

    def tell(what: str, done: int, of: int) -> None:
        if not sys.stderr.isatty() or (time.monotonic() - last[0] < 0.2 and done != of):
            return
        last[0] = time.monotonic()
        share = f"{100 * done // of} %" if of else ""
        sys.stderr.write(f"\r{what} {share:<8}" + ("\n" if of and done == of else ""))
        sys.stderr.flush()

    return tell
