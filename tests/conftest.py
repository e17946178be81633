"""Shared fixtures. Django is configured only by the tests that ask for a data directory, once a process, on a real one.

`--database=postgresql` runs those tests on PostgreSQL (`tests.databases`), and leaves out the ones that open no database.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases

OPENERS = frozenset({"data_directory", "template"})
"""Fixtures that make a data directory on the database chosen; a scene that makes its own bears the mark `database`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=[databases.SQLITE, databases.POSTGRESQL], default=databases.SQLITE, help="what the records are on"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "database: makes data directories of its own on the database chosen")
    config.addinivalue_line("markers", "sqlite: looks at SQLite itself")
    config.addinivalue_line("markers", "postgresql: looks at PostgreSQL itself")
    databases.choose(config.getoption("--database"))


def _opens(item: pytest.Item) -> bool:
    """Whether a test opens the database chosen, and is not about SQLite itself."""
    opens = bool(OPENERS & set(getattr(item, "fixturenames", ()))) or item.get_closest_marker("database") is not None or _postgresql(item)
    return opens and item.get_closest_marker("sqlite") is None


def _postgresql(item: pytest.Item) -> bool:
    return item.get_closest_marker("postgresql") is not None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = [item for item in items if _opens(item)] if databases.on_postgresql() else [i for i in items if not _postgresql(i)]
    kept = set(wanted)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = wanted


@pytest.fixture(scope="session", autouse=True)
def _databases() -> Iterator[None]:
    yield
    databases.drop_all()


@pytest.fixture(autouse=True)
def _dropped() -> Iterator[None]:
    """The databases that a test makes itself go with it; those of wider fixtures were made before."""
    with databases.dropped():
        yield


def _catalogues() -> None:
    """Compiles the catalogues that `make setup` would have compiled, where they are older than their sources."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    folder = Path(__file__).parent.parent / "vaguemestre" / "web" / "locale"
    for source in folder.glob("*/LC_MESSAGES/django.po"):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        aside = compiled.with_suffix(f".{os.getpid()}")
        with source.open("rb") as read, aside.open("wb") as write:
            write_mo(write, read_po(read))
        aside.rename(compiled)


class _SqliteState:
    """A copy of a data directory's database at one moment, to be put back after each test."""

    def __init__(self, path: Path) -> None:
        self._path = path / "records.sqlite3"
        self._fresh = sqlite3.connect(":memory:", check_same_thread=False)
        with contextlib.closing(self._open()) as database:
            database.backup(self._fresh)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=20)

    def restore(self) -> None:
        with contextlib.closing(self._open()) as database:
            self._fresh.backup(database)

    def close(self) -> None:
        self._fresh.close()


class _Data:
    """The one data directory of this process, and its state just after `vaguemestre init`."""

    def __init__(self, path: Path) -> None:
        from vaguemestre.cli import assemble, init

        url = databases.fresh() if databases.on_postgresql() else None
        self.path = init.make(path, "cabinet.demo.example", database=url)
        _catalogues()
        assemble.open_data(self.path)
        self._records: _SqliteState | databases.PostgresqlState = databases.PostgresqlState(url) if url else _SqliteState(self.path)
        head = self.path / "trace.head"
        self._head = head.read_bytes() if head.exists() else None

    def close(self) -> None:
        from django.db import connections

        originals = sys.modules.get("vaguemestre.web.originals")
        if originals is not None and originals._guard.cache_info().currsize:
            originals._guard().close()
        connections.close_all()
        self._records.close()

    def put_back(self) -> None:
        """After a test: as `reset`, where that costs little; on a server the next test does it."""
        from django.db import connections

        if databases.on_postgresql():
            connections.close_all()
        else:
            self.reset()

    def reset(self) -> None:
        """Puts records and trace head back as `init` left them. The vault keeps its objects: they have no owner."""
        from django.core.cache import cache
        from django.db import connections

        connections.close_all()
        self._records.restore()
        head = self.path / "trace.head"
        head.unlink(missing_ok=True)
        if self._head is not None:
            head.write_bytes(self._head)
        cache.clear()


@pytest.fixture(scope="session")
def _data(tmp_path_factory: pytest.TempPathFactory, _databases: None) -> Iterator[_Data]:
    data = _Data(tmp_path_factory.mktemp("vaguemestre") / "data")
    yield data
    data.close()


@pytest.fixture
def data_directory(_data: _Data) -> Iterator[Path]:
    """A real data directory (domain cabinet.demo.example, profile demo), as `vaguemestre init` left it, with Django set up on it. Its
    database is a file, so that threads and child processes see what the test wrote; everything is put back for the next one."""
    _data.reset()
    yield _data.path
    _data.put_back()
