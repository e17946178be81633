"""`init`, `upgrade`, `verify` and the rest on a PostgreSQL server: what it must be, and the one sentence where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import databases
from tests.cli.conftest import DOMAIN, command

pytestmark = pytest.mark.postgresql


def init(path: Path, url: str, **more: str) -> str:
    """What `init` says of a database on which it cannot make a data directory."""
    done = command("init", path, "--domain", DOMAIN, "--database", url, **more)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr
    return done.stderr


def other(url: str, name: str, account: str = "") -> str:
    """The same server's URL with another database's name, and another account."""
    place, _, parameters = url.partition("?")
    head, _, _ = place.rpartition("/")
    if account:
        head = f"postgresql://{account}@" + head.removeprefix("postgresql://").rpartition("@")[2]
    return f"{head}/{name}" + (f"?{parameters}" if parameters else "")


class TestWhatTheServerMustBe:
    def test_no_server(self, tmp_path: Path) -> None:
        assert "no PostgreSQL server answers" in init(tmp_path / "d", "postgresql://vm:secret@127.0.0.1:1/records")

    def test_no_database_of_that_name(self, tmp_path: Path) -> None:
        assert "has no database of that name" in init(tmp_path / "d", other(databases.server(), "vaguemestre_none"))

    def test_an_account_that_it_refuses(self, tmp_path: Path) -> None:
        assert "refuses the connection" in init(tmp_path / "d", other(databases.server(), "postgres", "vaguemestre_nobody:secret"))

    def test_one_that_does_not_order_by_code_point(self, tmp_path: Path) -> None:
        import psycopg

        url = databases.fresh("TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'fr-FR' LC_COLLATE 'C' LC_CTYPE 'C'")
        with psycopg.connect(url) as there:
            assert there.execute("SELECT 'a' < 'B'").fetchone() == (True,)
        assert "LC_COLLATE 'C'" in init(tmp_path / "d", url)

    def test_one_that_is_not_in_utf_8(self, tmp_path: Path) -> None:
        assert "UTF-8" in init(tmp_path / "d", databases.fresh("TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"))

    def test_one_that_may_not_be_written(self, tmp_path: Path) -> None:
        import psycopg

        url = databases.fresh()
        with psycopg.connect(url, autocommit=True) as there:
            name = there.execute("SELECT quote_ident(current_database())").fetchone()
            assert name is not None
            there.execute(f"ALTER DATABASE {name[0]} SET default_transaction_read_only = on")
        assert "read-only" in init(tmp_path / "d", url)

    def test_one_that_holds_tables(self, tmp_path: Path) -> None:
        url = databases.fresh()
        assert command("init", tmp_path / "one", "--domain", DOMAIN, "--database", url).returncode == 0
        assert "holds tables already" in init(tmp_path / "two", url)
        assert command("verify", tmp_path / "one").returncode == 0

    def test_no_url(self, tmp_path: Path) -> None:
        assert "postgresql://USER@HOST/NAME" in init(tmp_path / "d", "postgresql://vm:secret@here")
        assert not (tmp_path / "d").exists()

    def test_one_whose_tables_are_gone(self, data: Path) -> None:
        with databases.opened(data) as base:
            base.execute("DROP SCHEMA public CASCADE")
            base.execute("CREATE SCHEMA public")
        for name in ("status", "verify", "upgrade"):
            done = command(name, data)
            assert done.returncode == 2
            assert "holds no table" in done.stderr

    def test_the_setting_of_the_environment_wins(self, data: Path) -> None:
        done = command("status", data, VAGUEMESTRE_DATABASE_URL="postgresql://vm:secret@127.0.0.1:1/records")
        assert done.returncode == 2
        assert done.stderr.startswith("database.url: no PostgreSQL server answers")
        assert "secret" not in done.stderr


def test_verify_names_an_index_that_is_not_valid(data: Path) -> None:
    judge = "UPDATE pg_index SET indisvalid = {} WHERE indexrelid = 'delivery_waiting'::regclass"
    with databases.opened(data) as base:
        base.execute(judge.format(False))
    done = command("verify", data)
    with databases.opened(data) as base:
        base.execute(judge.format(True))
    assert done.returncode == 1
    assert "the index delivery_waiting is not valid" in done.stdout
