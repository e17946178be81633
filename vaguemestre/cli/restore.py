"""`vaguemestre restore SRC DIR [--database URL] [--damaged]`: a data directory from what `backup` made.

Everything is held against its digest before it is believed: each file, the list of objects, each object of the vault. Then the records
are put in their place, brought to this version's schema where they are older, and looked at as `verify` does; only a directory in which all
is well loses the mark that makes every command refuse it. What does not verify is taken away again.

The work on the database is done by a child process (one process serves one directory).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from vaguemestre.cli import copies
from vaguemestre.cli.assemble import RESTORING, absolute, check_new_database, check_not_newer, set_up
from vaguemestre.cli.copies import Manifest
from vaguemestre.cli.init import child_environment, sync, write
from vaguemestre.domain.fault import Fault, Refused

SUMMARY = "makes a data directory from a copy that backup made"
BATCH_BYTES = 32 << 20
BATCH = 128
WRITERS = 8
URL_VARIABLE = "VAGUEMESTRE_DATABASE_URL"
_SECTION = re.compile(r"(?m)^[ \t]*\[[ \t]*database[ \t]*\][ \t]*(?:#.*)?$")
_URL_LINE = re.compile(r"(?m)^[ \t]*url[ \t]*=.*$")
_NEXT_SECTION = re.compile(r"(?m)^[ \t]*\[")


class Unsound(Fault):
    """The copy does not verify."""

    code = "copy-unsound"


def check_known(source: Path, manifest: Manifest) -> None:
    """Raises `Refused` where the records of a copy have a migration that this version does not know."""
    from vaguemestre.records import migrations

    known = {module.name for module in pkgutil.iter_modules(migrations.__path__)}
    if any(app == "records" and name not in known for app, name in manifest.migrations):
        raise Refused(f"{source} was made by a newer version of Vaguemestre ({manifest.version}); use that version or a later one.")


def _place(directory: Path) -> None:
    """Makes the directory, or takes an empty one. Raises `Refused`."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {entry.name for entry in directory.iterdir()}
    except (FileExistsError, NotADirectoryError):
        raise Refused(f"{directory} is not a directory.") from None
    except OSError as error:
        raise Refused(f"{directory} cannot be made: {error.strerror}.") from None
    if RESTORING in names:
        raise Refused(f"A restore into {directory} was cut before its end, or goes on; empty that directory and begin again.")
    if "vaguemestre.toml" in names:
        raise Refused(f"{directory} holds a data directory, in use or not; restore into another one, nothing was changed.")
    if names - {"lost+found"}:
        raise Refused(f"{directory} is not empty; name an empty or a new directory.")
    directory.chmod(0o700)
    (directory / RESTORING).touch(0o600, exist_ok=False)
    sync(directory)


def _emptied(directory: Path) -> None:
    """Takes away what a restore put there, the mark last."""
    for entry in directory.iterdir():
        if entry.name not in {RESTORING, "lost+found"}:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    (directory / RESTORING).unlink()


def _below(path: str) -> bool:
    """Whether a path of a manifest stays below the copy."""
    parts = path.split("/")
    return not path.startswith("/") and "\0" not in path and not {"", ".", ".."} & set(parts)


def _files(source: Path, directory: Path, manifest: Manifest) -> None:
    """Puts settings, keys, pki and the others in their place; what goes elsewhere (records, list of objects) is held against its digest.
    Raises `Unsound`."""
    from vaguemestre.records.backup import OBJECTS

    if not {manifest.database, OBJECTS, f"{copies.FILES}/vaguemestre.toml", f"{copies.FILES}/keys/trace"} <= {
        one.path for one in manifest.files
    }:
        raise Unsound(f"{source} lacks a part that every copy has; name another copy.")
    folders = {directory}
    for one in manifest.files:
        if not _below(one.path):
            raise Unsound(f"{source / copies.MANIFEST} is damaged; name another copy.")
        top, _, rest = one.path.partition("/")
        try:
            if top == copies.FILES:
                target = directory / rest
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                folders |= {target.parent}
                found = copies.copied(source / one.path, target, one.path)
            else:
                found = copies.seen(source / one.path, one.path)
        except OSError as error:
            raise Unsound(f"{source / one.path} cannot be read or put in its place: {error.strerror}.") from None
        if (found.size, found.sha256) != (one.size, one.sha256):
            raise Unsound(f"{source / one.path} is not what was copied (its digest differs); name another copy.")
    for name in ("vault", "run", "cache", "pki"):
        (directory / name).mkdir(mode=0o700, exist_ok=True)
    for folder in folders:
        sync(folder)


def _objects(source: Path, directory: Path, manifest: Manifest, damaged: bool) -> None:
    """Puts every object of the list into the vault, each held against its digest. Raises `Unsound` unless `damaged`."""
    from vaguemestre.records.backup import OBJECTS, listed
    from vaguemestre.vault.files import Vault

    tell = copies.telling()
    copy, vault = Vault(source / "vault"), Vault(directory / "vault", writers=WRITERS)
    batch: list[tuple[str, bytes]] = []
    size = done = wrong = 0
    for sha256 in listed(source / OBJECTS):
        done += 1
        if copy.check(sha256) is not None:
            wrong += 1
            continue
        data = copy.read(sha256)
        batch.append((sha256, data))
        size += len(data)
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            vault.keep(batch)
            batch, size = [], 0
            tell("vault", done, manifest.objects)
    vault.keep(batch)
    tell("vault", manifest.objects, manifest.objects)
    if wrong and not damaged:
        raise Unsound(
            f"{source}: {wrong} vault objects of {done} are absent or are not those of their names; name another copy, or add --damaged."
        )


def with_database(settings: str, url: str) -> str:
    """The text of a vaguemestre.toml with another `database.url`, all else as it was. Raises `Refused` where it is written in a form that
    cannot be changed so."""
    line = f"url = {json.dumps(url, ensure_ascii=False)}"
    section = _SECTION.search(settings)
    if section is None:
        made = f"{settings.rstrip()}\n\n[database]\n{line}\n"
    else:
        head, rest = settings[: section.end()], settings[section.end() :]
        after = _NEXT_SECTION.search(rest)
        body, tail = (rest[: after.start()], rest[after.start() :]) if after else (rest, "")
        body = _URL_LINE.sub(lambda _: line, body, count=1) if _URL_LINE.search(body) else f"\n{line}{body}"
        made = head + body + tail
    try:
        wanted = tomllib.loads(settings)
        wanted.setdefault("database", {})["url"] = url
        if tomllib.loads(made) == wanted:
            return made
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        pass
    raise Refused(
        "The vaguemestre.toml of the copy says database.url in a form that cannot be changed; give the URL in the environment instead."
    )


def _database(source: Path, directory: Path, manifest: Manifest, url: str | None) -> None:
    """Settles where the records go, and puts SQLite's file there. Raises `Refused`."""
    from vaguemestre.domain.configuration import DATABASE
    from vaguemestre.domain.database_url import postgresql, sqlite_file
    from vaguemestre.records.backup import POSTGRESQL

    settings = directory / "vaguemestre.toml"
    environment = os.environ.get(URL_VARIABLE)
    if url is not None:
        if not DATABASE.fits(url):
            raise Refused(f"--database must be {DATABASE.wanted}.")
        if environment not in {None, url}:
            raise Refused(f"--database and {URL_VARIABLE} name two databases; give one of them.")
        write(settings, with_database(settings.read_text(encoding="utf-8"), url).encode())
    asked = url or environment or ""
    on_server = manifest.database == POSTGRESQL
    if on_server:
        if postgresql(asked) is None:
            raise Refused(f"{source} is a copy of records on PostgreSQL: name an empty database of a server with --database.")
        return
    if asked and sqlite_file(asked) is None:
        raise Refused(f"{source} is a copy of records on SQLite, which cannot be put on a server; leave --database out.")
    written = asked or str(tomllib.loads(settings.read_text(encoding="utf-8")).get("database", {}).get("url", "sqlite:records.sqlite3"))
    place = Path(os.path.abspath(directory / str(sqlite_file(written))))  # noqa: PTH100 - Path.absolute keeps ".." as it is
    if directory not in place.parents and not asked:
        raise Refused(
            f"{source} keeps its records outside its directory; say where these go with --database, such as sqlite:records.sqlite3."
        )
    if place.exists():
        raise Refused(f"{place} is there already; name another file with --database.")
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    copies.copied(source / manifest.database, place, manifest.database)
    sync(place.parent)


@contextlib.contextmanager
def _undone(directory: Path) -> Iterator[None]:
    """Takes away what was put there, should it not come to its end."""
    try:
        yield
    except BaseException:
        _emptied(directory)
        raise


def make(source: Path, directory: Path, url: str | None, *, damaged: bool = False) -> dict[str, object]:
    """Makes a data directory from a copy, and returns what was found in it (`cli.verify.Findings`). Raises `Refused` or `Unsound`, and then
    leaves the directory as it was."""
    manifest = copies.read_manifest(source)
    check_known(source, manifest)
    if manifest.damaged and not damaged:
        count = len(manifest.damaged)
        raise Unsound(f"{source} is a copy of a directory that was damaged ({count} faults); name another copy, or add --damaged.")
    before = os.umask(0o077)
    try:
        _place(directory)
        with _undone(directory):
            _files(source, directory, manifest)
            _objects(source, directory, manifest, damaged)
            _database(source, directory, manifest, url)
            found = _filled(source, directory, manifest)
            faults = found["faults"]
            assert isinstance(faults, list)
            if faults and not damaged:
                raise Unsound(f"{source} does not verify: {faults[0]}{f' (and {len(faults) - 1} more)' if len(faults) > 1 else ''}.")
        sync(directory)
        (directory / RESTORING).unlink()
        sync(directory)
        sync(directory.parent)
    finally:
        os.umask(before)
    return found


def _filled(source: Path, directory: Path, manifest: Manifest) -> dict[str, object]:
    """The child's findings. Raises `Refused` in its words."""
    command = [sys.executable, "-m", "vaguemestre.cli.restore", str(directory), str(source / manifest.database)]
    child = subprocess.run(command, env=child_environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 - ours
    if child.returncode:
        why = child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Refused(f"The records of {source} could not be put in their place: {why or 'the child process died'}")
    told: dict[str, object] = json.loads(child.stdout)
    return told


def _fill(directory: Path, copy: Path) -> None:
    """The child's part: the database, by Django; what was found goes to standard output."""
    set_up(directory)
    from django.db import connection

    from vaguemestre.cli.upgrade import upgraded
    from vaguemestre.cli.verify import examine
    from vaguemestre.records import backup

    if connection.vendor == "postgresql":
        check_new_database()
        backup.put_back(copy)
    if check_not_newer(directory):
        upgraded()
    findings = examine(directory)
    if not findings.faults:
        backup.restored(dt.datetime.now(dt.UTC))
    print(json.dumps(dataclasses.asdict(findings)))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SRC", help="a folder that backup made")
    parser.add_argument("directory", metavar="DIR", help="an empty or a new directory")
    parser.add_argument("--database", metavar="URL", help="as database.url: where the records go; needed for a copy made on PostgreSQL")
    parser.add_argument(
        "--damaged", action="store_true", help="restores what is left of a copy that does not verify; exit 1 names the faults"
    )


def run(args: argparse.Namespace) -> int:
    directory = absolute(args.directory)
    found = make(absolute(args.source), directory, args.database, damaged=args.damaged)
    faults = found["faults"]
    assert isinstance(faults, list)
    for fault in faults:
        print(f"fault: {fault}")
    print(f"{directory} is ready: {found['messages']} messages, {found['objects']} vault objects.")
    if faults:
        print(f"{directory} is restored with {len(faults)} faults, named above.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        _fill(Path(sys.argv[1]), Path(sys.argv[2]))
    except Fault as fault:
        sys.exit(fault.detail)
    except Exception as error:  # noqa: BLE001 - the parent says one sentence
        sys.exit(f"{type(error).__name__}.")
