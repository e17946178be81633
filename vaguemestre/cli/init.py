"""`vaguemestre init DIR --domain DOMAIN [--database URL]`: makes a data directory.

    DIR/vaguemestre.toml   settings                 DIR/vault     messages' bytes
    DIR/records.sqlite3    database                 DIR/run       sockets of the running processes
    DIR/keys (0700)        web, trace               DIR/cache     page images
    DIR/pki                profile demo: CA, server certificate, CRL

`init.unfinished` lies in the directory until all is there and durable: an init cut in the middle is seen by every command. The
database is filled by a child process, so that a program may make several directories (one process serves one of them).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from vaguemestre.cli.assemble import UNFINISHED, absolute, check_new_database, set_up
from vaguemestre.domain.fault import Refused

SUMMARY = "makes a data directory"
PROFILES = ("demo", "mssante")
BESIDE = frozenset({"lost+found", "demo"})
"""What may lie in a directory before: a disk's own folder, and what `vaguemestre demo` keeps beside its practice."""

_TOML = """\
# Settings of this data directory. Absent ones have their default; docs/operations.md lists them all.
# Any of them can be given in the environment instead: VAGUEMESTRE_<SECTION>_<KEY>.

[server]
# The mail domain that this operator hosts.
domain = "{domain}"
# demo: own CA and local sign-in. mssante: certificates of IGC Santé.
profile = "{profile}"

{database}# [smtp]
# listen = "127.0.0.1:2525"

# [web]
# listen = "127.0.0.1:8080"
"""

_DATABASE_TOML = """\
[database]
# A server's database instead of records.sqlite3 in this directory.
url = {url}

"""


def hosted_form(domain: str) -> str:
    """The comparison form of a mail domain that `--domain` gives. Raises `Refused`."""
    from vaguemestre.domain.address import Address, domain_of
    from vaguemestre.domain.fault import Unreadable

    try:
        return domain_of(str(Address.parse(f"postmaster@{domain}")))
    except Unreadable:
        raise Refused("--domain must be a mail domain, such as cabinet.demo.example.") from None


def _make_directory(path: Path) -> None:
    """An empty directory of ours, 0700. Raises `Refused`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {entry.name for entry in path.iterdir()}
    except NotADirectoryError:
        raise Refused(f"{path} is not a directory.") from None
    except FileExistsError:
        raise Refused(f"{path} is not a directory.") from None
    except OSError as error:
        raise Refused(f"{path} cannot be made: {error.strerror}.") from None
    if UNFINISHED in names:
        raise Refused(f"An earlier init of {path} was cut before its end; remove that directory and run vaguemestre init again.")
    if "vaguemestre.toml" in names:
        raise Refused(f"{path} already holds a data directory; nothing was changed.")
    if names - BESIDE:
        raise Refused(f"{path} is not empty; name an empty or a new directory.")
    path.chmod(0o700)


def write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Writes a file of the data directory, whole or not at all: aside, fsync, rename, folder fsync."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        aside.rename(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def child_environment() -> dict[str, str]:
    """The environment of a child that opens another data directory than ours."""
    own = str(Path(__file__).parent.parent.parent)
    paths = [own, *filter(None, [os.environ.get("PYTHONPATH")])]
    rest = {name: value for name, value in os.environ.items() if name not in {"VAGUEMESTRE_DATA", "DJANGO_SETTINGS_MODULE"}}
    return rest | {"PYTHONPATH": os.pathsep.join(paths)}


def _database_section(url: str | None) -> str:
    """What `--database` adds to the settings. Raises `Refused`."""
    from vaguemestre.domain.configuration import DATABASE

    if url is None:
        return ""
    if not DATABASE.fits(url):
        raise Refused(f"--database must be {DATABASE.wanted}.")
    # A text without control characters is the same in TOML as in JSON.
    return _DATABASE_TOML.format(url=json.dumps(url, ensure_ascii=False))


def make(directory: str | os.PathLike[str], domain: str, profile: str = "demo", database: str | None = None) -> Path:
    """Makes a data directory and returns its absolute path. `database`: as `database.url`, None for the default. Raises `Refused`, and
    then changes nothing that was there."""
    if profile not in PROFILES:
        raise Refused(f"--profile must be one of {', '.join(PROFILES)}.")
    hosted = hosted_form(domain)
    section = _database_section(database)
    path = absolute(directory)
    _make_directory(path)
    write(path / UNFINISHED, b"This init has not come to its end.\n")
    for folder in ("keys", "vault", "run", "cache", "pki"):
        (path / folder).mkdir(mode=0o700)
    write(path / "keys" / "web", secrets.token_urlsafe(64).encode())
    write(path / "keys" / "trace", secrets.token_hex(32).encode())
    write(path / "vaguemestre.toml", _TOML.format(domain=hosted, profile=profile, database=section).encode())
    if profile == "demo":
        from vaguemestre.cli import pki

        pki.make(path, hosted)
    command = [sys.executable, "-m", "vaguemestre.cli.init", str(path)]
    child = subprocess.run(  # noqa: S603 - our own module
        command, env=child_environment(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    if child.returncode != 0:
        why = child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Refused(f"The database of {path} could not be made: {why or 'the child process died'}")
    sync(path)
    (path / UNFINISHED).unlink()
    sync(path)
    sync(path.parent)
    return path


def _fill(path: Path) -> None:
    """The child's part: the database, by Django."""
    configuration = set_up(path)
    check_new_database()
    from vaguemestre.cli.upgrade import migrate
    from vaguemestre.records import administration

    migrate(path)
    administration.begin(configuration.text("server", "profile"), dt.datetime.now(dt.UTC))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--domain", required=True, help="the mail domain that this operator hosts")
    parser.add_argument("--profile", choices=PROFILES, default="demo", help="default: demo")
    parser.add_argument("--database", metavar="URL", help="as database.url; default: a file of SQLite in DIR")


def run(args: argparse.Namespace) -> int:
    path = make(args.directory, args.domain, args.profile, args.database)
    print(f"{path} is ready; add mailboxes with vaguemestre mailbox add.")
    return 0


if __name__ == "__main__":
    try:
        _fill(Path(sys.argv[1]))
    except Refused as refused:
        sys.exit(refused.detail)
    except Exception as error:  # noqa: BLE001 - the parent says one sentence
        sys.exit(f"{type(error).__name__}.")
