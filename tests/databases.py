"""On which database the tests run: a file of SQLite in each data directory, or, with `--database=postgresql`, databases of their own on a
PostgreSQL server, made here and dropped at the end of the run.

The server is the one that TESTS_POSTGRESQL names (a URL as `database.url`, of any database to connect to), else the one of this machine.
Its role must be a superuser: a test makes databases, and sets rows wrong that the server would refuse. Absent, the tests skip and name
Debian's package; under TESTS_REQUIRE=all they fail.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import os
import re
import shutil
import sqlite3
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.needs import absent

if TYPE_CHECKING:
    import psycopg

SQLITE, POSTGRESQL = "sqlite", "postgresql"
OURS = ("postgresql:///postgres?host=/var/run/postgresql", "postgresql://127.0.0.1/postgres", "postgresql://postgres@127.0.0.1/postgres")
_made: list[str] = []
"""Dropped at the end of the test, or of the fixture, that made them."""
_lasting: list[str] = []
"""Dropped at the end of the run."""
_turns: dict[str, tuple[str, PostgresqlState]] = {}
_numbers = itertools.count(1)


@dataclasses.dataclass
class _Chosen:
    vendor: str = SQLITE
    named: str = ""


_chosen = _Chosen()


def choose(vendor: str) -> None:
    """Called once, before any test. The variable is taken out of the environment: the program refuses what it does not know there."""
    _chosen.vendor = vendor
    _chosen.named = os.environ.get("TESTS_POSTGRESQL", "")


def on_postgresql() -> bool:
    return _chosen.vendor == POSTGRESQL


@functools.cache
def _found() -> str:
    """The URL of the server, "" where none can be used."""
    import psycopg

    for url in [_chosen.named] if _chosen.named else OURS:
        with contextlib.suppress(psycopg.Error), psycopg.connect(url, autocommit=True, connect_timeout=5) as there:
            row = there.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
            if row and row[0]:
                return url
    return ""


def server() -> str:
    """The URL of the server, or a skip that names its package."""
    url = _found()
    if not url:
        absent("a PostgreSQL server with a superuser for this account", "postgresql")
    return url


def _administer(statement: str) -> None:
    import psycopg

    with psycopg.connect(server(), autocommit=True) as there:
        there.execute(statement)


def _named() -> tuple[str, str]:
    """(name, URL) of a database to be made by this run."""
    name = f"vaguemestre_test_{os.getpid()}_{next(_numbers)}"
    _made.append(name)
    place, _, parameters = server().partition("?")
    return name, place.rpartition("/")[0] + "/" + name + ("?" + parameters if parameters else "")


def fresh(how: str = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'") -> str:
    """The URL of a new, empty database, made as docs/operations.md says unless a test says how."""
    name, url = _named()
    _administer(f"CREATE DATABASE {name} {how}")
    return url


def arguments() -> list[str]:
    """What `init` is given more, for a data directory on the database chosen."""
    return ["--database", fresh()] if on_postgresql() else []


@contextlib.contextmanager
def dropped() -> Iterator[None]:
    """Drops at the end what was made meanwhile."""
    before = len(_made)
    yield
    while len(_made) > before:
        _drop(_made.pop())


def drop_all() -> None:
    """Drops what this process made."""
    for name in [*_made, *_lasting]:
        _drop(name)


def _drop(name: str) -> None:
    _administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def url_of(directory: Path) -> str:
    """`database.url` of a data directory."""
    written = tomllib.loads((directory / "vaguemestre.toml").read_text(encoding="utf-8"))
    return str(written.get("database", {}).get("url", "sqlite:records.sqlite3"))


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def copy(source: Path, target: Path, *, lasting: bool = False) -> None:
    """Copies a data directory that nothing uses, its database included. On a server the copies of one directory take turns at one database,
    put back each time (a database is a thousand files): one test's copy at a time, unless `lasting`."""
    shutil.copytree(source, target)
    old = url_of(source)
    if old.startswith("postgresql:"):
        url = _cloned(old) if lasting else _in_turn(old)
        settings = target / "vaguemestre.toml"
        settings.write_text(settings.read_text(encoding="utf-8").replace(old, url), encoding="utf-8")


def _cloned(old: str) -> str:
    name, url = _named()
    _administer(f"CREATE DATABASE {name} TEMPLATE {_name(old)}")
    return url


def _in_turn(old: str) -> str:
    import psycopg

    if old in _turns:
        url, state = _turns[old]
        try:
            state.alone()
            state.restore()
            return url
        except psycopg.Error:  # a test took more than rows away
            state.close()
    url = _cloned(old)
    _made.remove(_name(url))
    _lasting.append(_name(url))
    _turns[old] = url, PostgresqlState(url)
    return url


class Opened:
    """A connection beside the program's: statements as SQLite writes them, with ? for a value."""

    def __init__(self, raw: sqlite3.Connection | psycopg.Connection) -> None:
        self._raw: Any = raw
        self.sqlite = isinstance(raw, sqlite3.Connection)

    def execute(self, statement: str, values: Sequence[object] = ()) -> Any:
        if self.sqlite:
            return self._raw.execute(statement, values)
        return self._raw.execute(re.sub(r"\?", "%s", statement) if values else statement, values or None)

    def without_keys(self) -> None:
        """Foreign keys are not looked at any more."""
        self.execute("PRAGMA foreign_keys=OFF" if self.sqlite else "SET session_replication_role = replica")

    def everything(self) -> list[str]:
        """Every row of every table, as text."""
        if self.sqlite:
            kept = self.execute("SELECT name, type, sql FROM sqlite_master ORDER BY name").fetchall()
            # A table of a module has no rows of its own to be listed; those that it keeps them in are tables beside it.
            plain = [name for name, kind, sql in kept if kind == "table" and not sql.upper().startswith("CREATE VIRTUAL")]
            return [*map(str, kept), *(f"{name} {row}" for name in plain for row in self.execute(f'SELECT * FROM "{name}"'))]
        tables = self.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1")
        return [str(row) for (table,) in tables.fetchall() for row in self.execute(f"SELECT '{table}', t::text FROM {table} t ORDER BY 2")]


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[Opened]:
    """The database of a data directory, committed and closed at the end."""
    import psycopg

    url = url_of(directory)
    raw: Any = psycopg.connect(url) if url.startswith("postgresql:") else sqlite3.connect(directory / "records.sqlite3", timeout=20)
    try:
        yield Opened(raw)
        raw.commit()
    finally:
        raw.close()


class PostgresqlState:
    """The rows and sequences of a database at one moment, to be put back after each test."""

    MANY = 3_000
    """Rows past which emptying the tables is quicker than deleting each."""

    def __init__(self, url: str) -> None:
        import psycopg

        self._there = psycopg.connect(url, autocommit=True)
        self._there.execute("SET session_replication_role = replica")
        rows = self._there.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        self._tables = [row[0] for row in rows.fetchall()]
        self._count = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in self._tables)
        self._rows = {
            table: self._there.execute(f"SELECT json_agg(t)::text FROM {table} t").fetchone()[0]  # type: ignore[index]
            for table, count in self._there.execute(self._count).fetchall()
            if count
        }
        sequences = self._there.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'").fetchall()
        self._restart = "SELECT " + ", ".join(f"setval('{name}', {last or 1}, {bool(last)})" for name, last in sequences)

    def alone(self) -> None:
        """Ends every other session: what a test left running writes nothing more."""
        self._there.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    def restore(self) -> None:
        with self._there.transaction():
            counts = dict(self._there.execute(self._count).fetchall())
            changed = [table for table, count in counts.items() if count]
            if sum(counts.values()) > self.MANY:
                self._there.execute(f"TRUNCATE {', '.join(self._tables)}")
            else:
                for table in changed:
                    self._there.execute(f"DELETE FROM {table}")
            for table, rows in self._rows.items():
                self._there.execute(f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s)", [rows])
            self._there.execute(self._restart)

    def close(self) -> None:
        self._there.close()
