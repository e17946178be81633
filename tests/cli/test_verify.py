"""`verify`: finds each thing that somebody changed, took away or broke, and nothing in what is sound."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.cli import world
from tests.cli.conftest import Inside, Run, script
from tests.cli.test_looking import WORLD
from vaguemestre.vault.files import Vault, digest


@pytest.fixture(scope="module")
def sound(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verify") / "sound"
    databases.copy(template, path, lasting=True)
    script(WORLD, path)
    return path


@pytest.fixture
def lived(sound: Path, tmp_path: Path) -> Path:
    path = tmp_path / "lived in"
    databases.copy(sound, path)
    return path


def change(data: Path, *statements: str) -> None:
    with databases.opened(data) as base:
        base.without_keys()
        for statement in statements:
            assert base.execute(statement).rowcount != 0, statement


def verdict(run: Run, data: Path) -> dict[str, Any]:
    done = run("verify", data, "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["ok"] is (done.returncode == 0)
    assert found["ok"] is not bool(found["faults"])
    return found


def test_a_sound_directory(run: Run, lived: Path) -> None:
    assert verdict(run, lived) == {"ok": True, "faults": [], "notes": [], "messages": 7, "objects": 7}
    assert run("verify", lived).returncode == 0


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE records_traceevent SET result = 'filed A' WHERE sequence = 4", "event 4 does not follow"),
        ("UPDATE records_traceevent SET at = '2020' WHERE sequence = 1", "event 1 does not follow"),
        ("DELETE FROM records_traceevent WHERE sequence = 5", "event 5 is missing"),
        ("DELETE FROM records_traceevent WHERE sequence = (SELECT MAX(sequence) FROM records_traceevent)", "head says"),
        ("DELETE FROM records_tracehead", "no head"),
        ("DELETE FROM records_patient WHERE ref = 'P1'", ""),
        ("DELETE FROM records_practice", "points at"),
        ("UPDATE records_document SET decision = 'sure' WHERE rule = 'F'", "its decision is none"),
        ("UPDATE records_document SET patient_id = NULL WHERE decision = 'filed'", "no patient"),
        ("UPDATE records_document SET patient_id = 1 WHERE decision = 'review'", "not filed and yet"),
        ("UPDATE records_document SET decision = 'review', patient_id = NULL, filed_at = NULL WHERE id = 1", "its results are in a chart"),
        (
            "UPDATE records_document SET decision = 'review', patient_id = NULL, filed_at = NULL WHERE id = 1",
            "an act of filing is in force",
        ),
        ("UPDATE records_result SET patient_id = 2", "its results are in a chart"),
        ("DELETE FROM records_filing", "without any act of filing"),
        ("UPDATE records_document SET mailbox_id = 2 WHERE id = 1", "do not agree"),
        ("UPDATE records_document SET form_of_id = 4 WHERE form_of_id = 1", "another form"),
        ("DELETE FROM records_document WHERE rule = 'F'", "no document came of it"),
        ("UPDATE records_delivery SET state = 'lost' WHERE state = 'waiting'", "its state is none"),
        ("DELETE FROM records_message WHERE id = 6", "points at"),
    ],
)
def test_each_change_of_a_row_is_named(inside: Inside, data_directory: Path, statement: str, said: str) -> None:
    world.main(str(data_directory), 0)
    change(data_directory, statement)
    code, out, _ = inside("verify", data_directory, "--json")
    found = json.loads(out)
    assert code == bool(found["faults"])
    if said:
        assert [fault for fault in found["faults"] if said in fault], found
    else:
        assert found["ok"]


def test_a_chart_of_another_practice(run: Run, lived: Path) -> None:
    change(
        lived,
        "INSERT INTO records_practice (id, name, revision) VALUES (99, 'other', 0)",
        "UPDATE records_patient SET practice_id = 99 WHERE ref = 'P0'",
    )
    assert [fault for fault in verdict(run, lived)["faults"] if "patient is of another practice" in fault]


def test_an_admin_who_came_by_a_mailbox(run: Run, lived: Path) -> None:
    change(
        lived,
        "INSERT INTO records_account (id, password, login, role, is_active, created_at) VALUES (1, '', 'x', 'admin', TRUE, '2026-01-01')",
        "INSERT INTO records_account_mailboxes (account_id, mailbox_id) VALUES (1, 1)",
    )
    assert [fault for fault in verdict(run, lived)["faults"] if "admin has a mailbox" in fault]


def test_a_chain_cut_at_both_ends_of_its_head(run: Run, lived: Path) -> None:
    """The last event removed and the head in the database put back with it: `trace.head` still tells."""
    with databases.opened(lived) as base:
        (last,) = base.execute("SELECT MAX(sequence) FROM records_traceevent").fetchone()
        (link,) = base.execute("SELECT link FROM records_traceevent WHERE sequence = ?", [last - 1]).fetchone()
        base.execute("DELETE FROM records_traceevent WHERE sequence = ?", [last])
        base.execute("UPDATE records_tracehead SET count = ?, link = ?", [last - 1, link])
    assert [fault for fault in verdict(run, lived)["faults"] if "were removed" in fault]


def some_object(data: Path) -> Path:
    return sorted(path for path in (data / "vault").glob("??/*") if path.is_file())[0]


def test_a_changed_object(run: Run, lived: Path) -> None:
    path = some_object(lived)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    (fault,) = verdict(run, lived)["faults"]
    assert path.name in fault


def test_an_absent_object(run: Run, lived: Path) -> None:
    names = []
    for path in sorted((lived / "vault").glob("??/*"))[::2]:
        names.append(path.name)
        path.unlink()
    faults = verdict(run, lived)["faults"]
    assert len(faults) == len(names)
    assert all(any(name in fault for fault in faults) for name in names)


def test_an_absent_vault(run: Run, lived: Path) -> None:
    shutil.rmtree(lived / "vault")
    assert verdict(run, lived)["faults"]


def test_an_object_that_no_row_knows_is_a_note(run: Run, lived: Path) -> None:
    data = b"kept, then a crash before the commit"
    Vault(lived / "vault").keep([(digest(data), data)])
    (lived / "vault" / "aside" / "half").write_bytes(b"x")
    found = verdict(run, lived)
    assert found["ok"]
    assert len(found["notes"]) == 2
    assert digest(data) in found["notes"][0]
    assert run("verify", lived).returncode == 0


def test_what_is_no_object_of_ours_is_a_note(run: Run, lived: Path) -> None:
    vault, whole = lived / "vault", some_object(lived)
    wrong = "00" if whole.parent.name != "00" else "01"
    (vault / wrong).mkdir(exist_ok=True)
    for name in (f"{wrong}/.tmp123", f"{wrong}/{whole.name}", f"{wrong}/{'A' * 64}", "lost+found", f"{wrong}/two\nlines", "ab.old"):
        (vault / name).write_bytes(b"x")
    (vault / wrong / (wrong * 32)).mkdir()
    (vault / os.fsdecode(b"\xe9")).write_bytes(b"x")
    found = verdict(run, lived)
    assert (found["ok"], found["messages"], found["objects"]) == (True, 7, 7), found
    assert len(found["notes"]) == 8
    assert f"vault: {wrong}/.tmp123: no object of ours" in found["notes"]
    assert f"vault: {wrong}/{whole.name}: no object of ours" in found["notes"]
    assert run("verify", lived).returncode == 0


def test_an_object_moved_to_the_wrong_folder_is_a_loss_and_a_note(run: Run, lived: Path) -> None:
    whole = some_object(lived)
    wrong = lived / "vault" / ("00" if whole.parent.name != "00" else "01")
    wrong.mkdir(exist_ok=True)
    whole.rename(wrong / whole.name)
    found = verdict(run, lived)
    assert len(found["faults"]) == len(found["notes"]) == 1
    assert whole.name in found["faults"][0]


def test_many_strange_files_are_counted(run: Run, lived: Path) -> None:
    for number in range(30):
        (lived / "vault" / f"stray{number:02}").write_bytes(b"")
    notes = verdict(run, lived)["notes"]
    assert len(notes) == 21
    assert "10 more" in notes[-1]


@pytest.mark.sqlite
@pytest.mark.parametrize("tables", [False, True])
def test_an_empty_database_is_no_older_version(run: Run, lived: Path, tables: bool) -> None:
    path = lived / "records.sqlite3"
    for suffix in ("", "-wal", "-shm"):
        (lived / f"records.sqlite3{suffix}").unlink(missing_ok=True)
    path.write_bytes(b"")
    if tables:  # something else opened it: a database without any table
        base = sqlite3.connect(path)
        base.execute("PRAGMA journal_mode=WAL")
        base.close()
        assert path.stat().st_size
    before = path.read_bytes()
    for name in ("verify", "status"):
        done = run(name, lived)
        assert done.returncode == 2
        assert "empty" in done.stderr
        assert "put it back from a copy" in done.stderr
        assert "upgrade" not in done.stderr
    assert path.read_bytes() == before


def test_an_object_that_no_row_knows_and_is_damaged(run: Run, lived: Path) -> None:
    (lived / "vault" / "ff").mkdir(exist_ok=True)
    (lived / "vault" / "ff" / ("f" * 64)).write_bytes(b"\x01no")
    assert not verdict(run, lived)["ok"]


@pytest.mark.sqlite
@pytest.mark.parametrize("where", [5, 20, 40, 60])
def test_a_damaged_page(run: Run, lived: Path, where: int) -> None:
    path = lived / "records.sqlite3"
    for suffix in ("-wal", "-shm"):
        (lived / f"records.sqlite3{suffix}").unlink(missing_ok=True)
    raw = bytearray(path.read_bytes())
    begin = len(raw) * where // 100 // 4096 * 4096
    raw[begin : begin + 4096] = b"\xa5" * 4096
    path.write_bytes(raw)
    done = run("verify", lived)
    assert done.returncode == 1, done.stderr


@pytest.mark.sqlite
def test_no_database_at_all(run: Run, lived: Path) -> None:
    (lived / "records.sqlite3").write_bytes(b"no database" * 1000)
    found = verdict(run, lived)
    assert any(fault.startswith("database: ") for fault in found["faults"])


def test_another_key_cannot_vouch(run: Run, lived: Path) -> None:
    (lived / "keys" / "trace").write_text("0" * 64)
    assert len(verdict(run, lived)["faults"]) >= 1


def test_it_changes_nothing(run: Run, lived: Path) -> None:
    def everything() -> dict[str, bytes]:
        with databases.opened(lived) as base:
            dump = "\n".join(base.everything()).encode()
        files = {str(p.relative_to(lived)): p.read_bytes() for p in lived.rglob("*") if p.is_file() and "records" not in p.name}
        return files | {"dump": dump}

    before = everything()
    run("verify", lived)
    assert everything() == before
