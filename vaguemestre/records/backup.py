"""A copy of the records while they are written to: one instant of them, whole.

SQLite: its online backup (sqlite.org/backup.html), under a read transaction of our own, so that the pages copied are those of one instant
however long it takes and whatever is written meanwhile. PostgreSQL: `pg_dump` in the snapshot that a session of ours exports
(PostgreSQL documentation, "pg_dump", --snapshot), from which the rest is read too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection, transaction

from vaguemestre.domain.event import Event
from vaguemestre.domain.fault import Refused
from vaguemestre.records import chain
from vaguemestre.records.kept_objects import COLUMN, OTHERS

SQLITE, POSTGRESQL = "records.sqlite3", "records.dump"
"""The file of a copy of the records."""
OBJECTS = "objects"
"""The list of the objects that its rows name: a digest a line, rising."""
PAGES = 2_000
"""Of the database, copied between two words on how far it is."""
CLIENT = "the package postgresql-client, of the server's version or a later one"

Tell = Callable[[str, int, int], None]
"""Told how far it is: what, how many done, of how many (0 where that is not known)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """A copy of the records: its file's name, the migrations it has, its counts, and what is wrong with it."""

    file: str
    migrations: tuple[tuple[str, str], ...]
    objects: int
    events: int
    faults: tuple[str, ...]


def take(into: Path, tell: Tell) -> Taken:
    """Copies the records into the folder `into`, with the list of the objects that they name. Raises `Refused`, OSError or a database's."""
    return _take_postgresql(into, tell) if connection.vendor == "postgresql" else _take_sqlite(into, tell)


def _listed(into: Path, digests: Iterable[str]) -> int:
    """Writes the list of objects; returns how many they are. `digests` rising, a digest may come twice."""
    count, last = 0, ""
    with (into / OBJECTS).open("w", encoding="ascii") as file:
        for one in digests:
            if one != last:
                file.write(f"{one}\n")
                count, last = count + 1, one
    return count


def _union(tables: Iterable[str]) -> str:
    """The statement that lists the objects named in these tables."""
    each = " UNION ".join(f"SELECT {COLUMN} FROM {table}" for table in tables if table not in OTHERS)
    return f"SELECT {COLUMN} FROM ({each}) AS named ORDER BY {COLUMN}"


def _take_sqlite(into: Path, tell: Tell) -> Taken:
    source = Path(str(connection.settings_dict["NAME"]))
    target = into / SQLITE
    with contextlib.closing(_opened(source, "rw")) as live, contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
        live.execute("BEGIN")
        # The first read fixes the instant: without it each step of the copy would begin anew at the next write.
        live.execute("SELECT count FROM records_tracehead").fetchall()
        live.backup(copy, pages=PAGES, progress=lambda _, left, total: tell("database", total - left, total), sleep=0.01)
        live.execute("ROLLBACK")
        # Without a journal beside it: one file, which may be read where nothing can be written.
        copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    os.chmod(target, 0o600)  # noqa: PTH101
    with contextlib.closing(_opened(target, "ro&immutable=1")) as copy:
        wrong = [str(row[0]) for row in copy.execute("PRAGMA integrity_check(20)")]
        tables = [
            row[0]
            for row in copy.execute(
                "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = ?"
                " AND m.name LIKE 'records@_%' ESCAPE '@'",
                [COLUMN],
            )
        ]
        objects = _listed(into, (row[0] for row in copy.execute(_union(tables))))
        migrations = copy.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
        events = copy.execute("SELECT count FROM records_tracehead").fetchall()
    faults = [f"database: {line}" for line in wrong if line != "ok"]
    return Taken(SQLITE, tuple((app, name) for app, name in migrations), objects, events[0][0] if events else 0, tuple(faults))


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=20, isolation_level=None)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Refused(f"{name} is not on this machine: install {CLIENT}.")
    return found


_VARIABLES = {
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "host": "PGHOST",
    "port": "PGPORT",
    "passfile": "PGPASSFILE",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
}
"""libpq's parameters -> its environment, where no list of processes shows them ("Environment Variables", 34.15)."""


def _environment() -> dict[str, str]:
    parameters = connection.get_connection_params()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "VAGUEMESTRE_"))}
    passed = {variable: str(parameters[name]) for name, variable in _VARIABLES.items() if parameters.get(name)}
    inherited = {name: os.environ[name] for name in ("PGPASSFILE",) if name in os.environ}
    return kept | inherited | passed | {"PGAPPNAME": "vaguemestre", "LC_MESSAGES": "C"}


def _ran(program: str, *arguments: str) -> None:
    """Runs a program of the PostgreSQL client on the database in use. Raises `Refused`; what it says may name hosts and is not shown."""
    done = subprocess.run(  # noqa: S603 - a program of the system, arguments of ours
        [_program(program), "--no-password", *arguments],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        if b"version mismatch" in done.stderr or b"unsupported version" in done.stderr:
            raise Refused(f"{program} of this machine is older than the server: install {CLIENT}.")
        raise Refused(f"{program} did not come to its end (exit {done.returncode}); the log of the PostgreSQL server says more.")


def _take_postgresql(into: Path, tell: Tell) -> Taken:
    import psycopg

    _program("pg_dump")
    parameters: dict[str, Any] = connection.get_connection_params()
    parameters = {name: value for name, value in parameters.items() if name not in {"context", "cursor_factory", "row_factory"}}
    # Silent for as long as the dump takes: the server must not end it for that.
    parameters["options"] = "-c timezone=UTC -c idle_in_transaction_session_timeout=0"
    with contextlib.closing(psycopg.connect(**parameters)) as there:
        there.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        there.read_only = True
        row = there.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        tell("database", 0, 0)
        _ran("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={row[0]}", f"--file={into / POSTGRESQL}")
        tables = [
            one[0]
            for one in there.execute(
                "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attname = %s"
                " AND NOT a.attisdropped AND starts_with(c.relname, 'records_')",
                [COLUMN],
            )
        ]
        with there.cursor("named_objects") as cursor:
            cursor.execute(_union(tables))
            objects = _listed(into, (one[0] for one in cursor))
        migrations = there.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
        events = there.execute("SELECT count FROM records_tracehead").fetchall()
        there.rollback()
    os.chmod(into / POSTGRESQL, 0o600)  # noqa: PTH101
    return Taken(POSTGRESQL, tuple((app, name) for app, name in migrations), objects, events[0][0] if events else 0, ())


def put_back(dump: Path) -> None:
    """Fills the database in use, which must be empty, from a copy made by `take` on PostgreSQL: all of it or nothing. Raises `Refused`."""
    _ran("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", "--dbname=", str(dump))


def listed(file: Path) -> Iterator[str]:
    """The digests of a list of objects."""
    with file.open(encoding="ascii") as lines:
        for line in lines:
            yield line.rstrip("\n")


def traced(now: dt.datetime, event: str, result: str) -> None:
    """Traces that the directory was copied, or that it comes from a copy."""
    with transaction.atomic():
        chain.append([Event(now, event, "directory:1", "cli", result)])


def restored(now: dt.datetime) -> None:
    """The first act in a directory that comes from a copy. UIDs given since the copy was made may be given again: no mail program may keep
    what it knew (RFC 9051 2.3.1.1)."""
    from vaguemestre.records.mailboxes import Folder

    seconds = int(now.timestamp())
    with transaction.atomic():
        for folder in Folder.objects.only("uid_validity"):
            folder.uid_validity = max(seconds, folder.uid_validity + 1)
            folder.save(update_fields=["uid_validity"])
        traced(now, "directory-restored", "verified")
