"""A letter through the real commands, from `patients import` to `verify`, as outside programs drive them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import BOX, DOMAIN, Run

HEAD = ["L-77", "ZESTE", "EVE", "3 rue du Test", "", "22990 KERTEST", "29/02/1980", "", "D1", "20/11/2026", "Labo du Test", "Dr TEST"]


def letter(name: str, given: str, born: str, note: str) -> bytes:
    head = [*HEAD]
    head[1], head[2], head[6] = name, given, born
    body = [note, "****LAB****", "RES|Sodium|NA|F|N|140|mmol/L|135|145||", "****FIN****", "****FINFICHIER****", ""]
    return "\r\n".join([*head, *body]).encode("cp1252")


def lines(run: Run, *arguments: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*arguments, "--json").stdout.splitlines()]


@pytest.fixture
def practice(run: Run, data: Path) -> Path:
    charts = data.parent / "charts.csv"
    charts.write_text("ref,birth_name,given_names,birth_date\nP1,ZESTE,EVE,1980-02-29\nP2,PÉPIN,JO,1999-12-31\n", encoding="utf-8")
    assert run("patients", "import", data, charts, "--mailbox", BOX).returncode == 0
    return data


def test_a_letter_is_filed_counted_told_and_sound(run: Run, practice: Path) -> None:
    folder = practice.parent / "a folder of letters"
    folder.mkdir()
    (folder / "1.hpr").write_bytes(letter("ZESTE", "EVE", "29/02/1980", "Un."))
    (folder / "2.hpr").write_bytes(letter("INCONNUE", "ADA", "01/01/1950", "Deux."))
    taken = lines(run, "import", practice, folder, "--mailbox", BOX)
    assert [one["ok"] for one in taken] == [True, True]
    filings = {line["message_id"]: line for line in lines(run, "filings", practice)}
    assert [filings[one["message_id"]]["document_id"] for one in taken] == [one["documents"][0] for one in taken]
    filed, stranger = (filings[one["message_id"]] for one in taken)
    assert (filed["decision"], filed["patient_ref"], filed["rule"]) == ("filed", "P1", "E")
    assert (stranger["decision"], stranger["patient_ref"], stranger["candidates"]) == ("review", None, [])
    (counts,) = lines(run, "status", practice)
    assert (counts["accepted"], counts["waiting"], counts["filed"], counts["review"]) == (2, 0, 1, 1)
    by_message, by_document = (lines(run, "trace", practice, filed[name]) for name in ("message_id", "document_id"))
    assert by_message == by_document
    assert by_message[0]["event"] == "received"
    told = json.dumps([by_message, counts])
    assert "ZESTE" not in told
    assert BOX not in told
    assert run("verify", practice).returncode == 0


def test_a_bit_of_a_kept_letter_changes_and_verify_says_which(run: Run, practice: Path) -> None:
    file = practice.parent / "1.hpr"
    file.write_bytes(letter("ZESTE", "EVE", "29/02/1980", "Un."))
    lines(run, "import", practice, file, "--mailbox", BOX)
    (kept,) = (practice / "vault").glob("??/" + "?" * 64)
    raw = kept.read_bytes()
    kept.write_bytes(raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:])
    done = run("verify", practice)
    assert done.returncode == 1
    assert kept.name in done.stdout


def test_another_practice_has_its_own_charts(run: Run, practice: Path) -> None:
    run("mailbox", "add", practice, f"ailleurs@{DOMAIN}", "--type", "ORG", "--name", "Ailleurs", "--practice", "Ailleurs")
    file = practice.parent / "1.hpr"
    file.write_bytes(letter("ZESTE", "EVE", "29/02/1980", "Un."))
    for box in (BOX, f"ailleurs@{DOMAIN}"):
        assert lines(run, "import", practice, file, "--mailbox", box)[0]["ok"]
    assert {line["mailbox"]: line["decision"] for line in lines(run, "filings", practice)} == {BOX: "filed", f"ailleurs@{DOMAIN}": "review"}
    assert run("verify", practice).returncode == 0
