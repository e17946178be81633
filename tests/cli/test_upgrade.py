"""`upgrade`: a data directory of an earlier version, with its mail, comes to this one's schema; cut at any instant, it comes there the
second time; a newer one is refused by name."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import databases
from tests.cli.conftest import BOX, DOMAIN, Run, command, environment, script

EARLIER = """
import datetime as dt, sys
from pathlib import Path
from vaguemestre.cli.assemble import set_up
path = Path(sys.argv[1])
set_up(path)
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

leaves = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] != "records"]
executor = MigrationExecutor(connection)
executor.migrate([("records", "0004_specimens")])
executor = MigrationExecutor(connection)
executor.migrate([*leaves, ("records", "0004_specimens")])
apps = MigrationExecutor(connection).loader.project_state([("records", "0004_specimens")]).apps
now = dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)

from vaguemestre.domain.event import Event
from vaguemestre.records import chain
from vaguemestre.vault.files import Vault, digest

def make(model, **values):
    return apps.get_model("records", model).objects.create(**values)

vault = Vault(path / "vault")
with transaction.atomic():
    chain.append([Event(now, "directory-made", "directory:1", "cli", "demo")])
    make("TrustList", id=1, loaded_at=now, entries=0)
    practice = make("Practice", name="Cabinet")
    box = make("Mailbox", practice=practice, address=sys.argv[2], type="PER", name="Dr Zeste", created_at=now)
    folder = make("Folder", mailbox=box, name="INBOX", uid_validity=1, uid_next=21)
    patient = make("Patient", practice=practice, ref="P1", birth_name="Zeste", given_names="Eve", birth_date="1980-01-01")
    for k in range(20):
        data = b"Message %d" % k
        vault.keep([(digest(data), data)])
        message = make("Message", sha256=digest(data), size=len(data), message_id=f"<{k}@x>", channel="smtp", received_at=now)
        delivery = make("Delivery", message=message, mailbox=box, state="done")
        make("FolderEntry", folder=folder, delivery=delivery, uid=k + 1, mod_seq=1)
        document = make("Document", delivery=delivery, mailbox=box, practice=practice, position=0, format="hprim-medecin", sha256="ab" * 32,
            content_key=f"{k:064x}", content={}, decision="filed", rule="A", reason="why", patient=patient, received_at=now, filed_at=now)
        make("Result", document=document, patient=patient, position=0, label="Sodium", value="140", specimen="sang")
        make("Filing", document=document, patient=patient, rule="A", at=now)
        chain.append([Event(now, "received", f"message:{message.pk}", "peer:00ff", "kept")])
"""
TABLES = ("message", "delivery", "document", "result", "filing", "patient", "mailbox", "folderentry")


def _emptied(path: Path) -> None:
    """The database as before `init` filled it."""
    if databases.on_postgresql():
        with databases.opened(path) as base:
            base.execute("DROP SCHEMA public CASCADE")
            base.execute("CREATE SCHEMA public")
    else:
        for ending in ("", "-wal", "-shm"):
            (path / f"records.sqlite3{ending}").unlink(missing_ok=True)
    (path / "trace.head").unlink()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, _databases: None) -> Path:
    """A data directory as the version with migration 0004 left it."""
    path = tmp_path_factory.mktemp("earlier") / "data"
    done = command("init", path, "--domain", DOMAIN, *databases.arguments())
    assert done.returncode == 0, done.stderr
    _emptied(path)
    script(EARLIER, path, BOX)
    return path


@pytest.fixture
def earlier(first: Path, tmp_path: Path) -> Path:
    path = tmp_path / "data"
    databases.copy(first, path)
    return path


pytestmark = pytest.mark.database


def counts(path: Path) -> list[int]:
    with databases.opened(path) as base:
        return [base.execute(f"SELECT count(*) FROM records_{table}").fetchone()[0] for table in TABLES]


def applied(path: Path) -> int:
    with databases.opened(path) as base:
        return int(base.execute("SELECT count(*) FROM django_migrations WHERE app = 'records'").fetchone()[0])


def test_an_earlier_version_is_refused_by_every_command_but_those_that_help(run: Run, earlier: Path, tmp_path: Path) -> None:
    for arguments in (("status", earlier), ("verify", earlier), ("serve", earlier)):
        done = run(*arguments)
        assert (done.returncode, "vaguemestre upgrade" in done.stderr) == (2, True)
    assert applied(earlier) == 4
    assert run("backup", earlier, tmp_path / "copy").returncode == 0
    assert applied(earlier) == 4


def test_it_is_upgraded_with_all_that_it_holds(run: Run, earlier: Path) -> None:
    before = counts(earlier)
    done = run("upgrade", earlier)
    assert done.returncode == 0, done.stderr
    assert counts(earlier) == before
    found = json.loads(run("verify", earlier, "--json").stdout)
    assert (found["ok"], found["faults"], found["messages"]) == (True, [], 20)
    lines = [json.loads(line) for line in run("filings", earlier, "--json").stdout.splitlines()]
    assert len(lines) == 20
    assert {(line["decision"], line["patient_ref"]) for line in lines} == {("filed", "P1")}
    with databases.opened(earlier) as base:
        events = base.execute("SELECT result FROM records_traceevent WHERE event = 'schema-upgraded'").fetchall()
    assert len(events) == 1
    assert "0 changes" in run("upgrade", earlier).stdout
    assert json.loads(run("status", earlier, "--json").stdout)["waiting"] == 0


def test_the_schema_is_that_of_a_new_directory(run: Run, earlier: Path, tmp_path: Path) -> None:
    assert run("upgrade", earlier).returncode == 0
    new = tmp_path / "new"
    assert run("init", new, "--domain", DOMAIN, *databases.arguments()).returncode == 0

    def columns(path: Path) -> set[tuple[str, str]]:
        with databases.opened(path) as base:
            if base.sqlite:
                statement = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
            else:
                statement = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            return {tuple(row) for row in base.execute(statement).fetchall()}

    def indexes(path: Path) -> set[str]:
        with databases.opened(path) as base:
            statement = (
                "SELECT name FROM sqlite_master WHERE type = 'index'"
                if base.sqlite
                else "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
            )
            return {row[0] for row in base.execute(statement).fetchall()}

    assert columns(earlier) == columns(new)
    assert indexes(earlier) == indexes(new)


def test_a_copy_is_made_first_where_it_is_asked(run: Run, earlier: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_bytes(b"x")
    assert run("upgrade", earlier, "--backup", tmp_path / "full").returncode == 2
    assert applied(earlier) == 4
    assert run("upgrade", earlier, "--backup", tmp_path / "copy").returncode == 0
    assert applied(earlier) > 4
    told = json.loads((tmp_path / "copy" / "manifest.json").read_text())
    assert [name for app, name in told["migrations"] if app == "records"][-1] == "0004_specimens"
    # What is restored from it is of this version.
    done = run("restore", tmp_path / "copy", tmp_path / "new", *databases.arguments())
    assert done.returncode == 0, done.stderr
    assert json.loads(run("verify", tmp_path / "new", "--json").stdout)["messages"] == 20


def test_while_it_is_served_it_is_not_upgraded(run: Run, earlier: Path) -> None:
    import fcntl

    with (earlier / "run" / "serve.lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run("upgrade", earlier)
    assert (done.returncode, "already served" in done.stderr) == (2, True)
    assert applied(earlier) == 4


@pytest.mark.parametrize("arguments", [("upgrade",), ("status",), ("backup", "copy")])
def test_a_newer_one_is_refused_by_name(run: Run, earlier: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with databases.opened(earlier) as base:
        base.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('records', '9001_of_tomorrow', '2030-01-01')")
    command_, *rest = arguments
    done = run(command_, earlier, *[tmp_path / one for one in rest])
    assert (done.returncode, "newer version of Vaguemestre" in done.stderr) == (2, True)
    assert applied(earlier) == 5
    assert not (tmp_path / "copy").exists()


CUT = """
import os, sys
from pathlib import Path
from vaguemestre.cli.assemble import set_up
path, at = Path(sys.argv[1]), int(sys.argv[2])
set_up(path)
from django.db import connection
from vaguemestre.cli.upgrade import upgraded
count = 0
noted = []

def counted(execute, sql, params, many, context):
    global count
    if not sql.lstrip().upper().startswith(("SELECT", "PRAGMA", "EXPLAIN")):
        count += 1
        if "django_migrations" in sql:
            noted.append(count)
        if count == at:
            os.kill(os.getpid(), 9)
    return execute(sql, params, many, context)

connection.ensure_connection()
with connection.execute_wrapper(counted):
    upgraded()
print(count, *noted)
"""


def test_cut_at_any_statement_it_comes_to_its_end_the_second_time(run: Run, first: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    databases.copy(first, whole)
    statements, *noted = map(int, script(CUT, whole, 0).stdout.split())
    assert statements > 10
    assert len(noted) >= 5, "each migration is noted as made, and no instant is worse than the one before"
    between = set()
    last = applied(whole)
    for at in sorted({1, statements // 2, *noted, statements}):
        path = tmp_path / f"cut {at}"
        databases.copy(first, path)
        done = subprocess.run(
            [sys.executable, "-c", CUT, str(path), str(at)], env=environment(), capture_output=True, check=False, timeout=60
        )
        assert done.returncode == -9, done.stderr
        between.add(applied(path))
        if applied(path) < last:
            refused = run("status", path)
            assert (refused.returncode, "vaguemestre upgrade" in refused.stderr) == (2, True)
        again = run("upgrade", path)
        assert again.returncode == 0, again.stderr
        found = json.loads(run("verify", path, "--json").stdout)
        assert (found["ok"], found["faults"], found["messages"]) == (True, [], 20), at
    assert len(between) > 1, "it was cut between two migrations"


def test_killed_from_outside(run: Run, earlier: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "vaguemestre.cli", "upgrade", str(earlier)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 30
    while applied(earlier) == 4 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    process.kill()
    process.wait(timeout=20)
    assert run("upgrade", earlier).returncode == 0
    assert json.loads(run("verify", earlier, "--json").stdout)["ok"]
