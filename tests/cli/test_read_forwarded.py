"""The sender of a forwarded mail is never a sender: only the mail around it came from somebody (formats.md 6.5 and 9, case 26)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import BOX, Run
from tests.corpus import hprim_build
from tests.corpus.mail_cases import attached, multipart

LABORATORY, SECRETARY = "labo@connu.example", "secretariat@autre.example"


def mail(sender: str, body: bytes, number: int) -> bytes:
    top = f"Return-Path: <{sender}>\r\nFrom: {sender}\r\nTo: {BOX}\r\nMessage-ID: <{number}@essai.example>\r\nMIME-Version: 1.0\r\n"
    return top.encode() + body


def report(number: int) -> bytes:
    return hprim_build.build(hprim_build.HEADER, (f"Texte {number}.",), hprim_build.END)


@pytest.mark.parametrize("how", ["as a mail", "as a file", "as the whole"])
def test_the_sender_inside_is_not_believed(run: Run, data: Path, how: str) -> None:
    charts = data.parent / "charts.csv"
    charts.write_text("ref,birth_name,given_names,birth_date,sex\nP1,ZORBEC,LUCIE,1961-05-04,F\n", encoding="utf-8")
    assert run("patients", "import", data, charts, "--mailbox", BOX).returncode == 0
    assert run("senders", "add", data, LABORATORY, "--mailbox", BOX).returncode == 0
    inner = mail(LABORATORY, multipart(attached("a.hpr", report(1)), boundary="dedans"), 1)
    carried = b"Content-Type: message/rfc822\r\n\r\n" + inner
    body = {
        "as a mail": multipart(carried),
        "as a file": multipart(attached("transfert.eml", inner)),
        "as the whole": carried,
    }[how]
    direct = mail(LABORATORY, multipart(attached("a.hpr", report(2))), 2)
    folder = data.parent / "mails"
    folder.mkdir()
    (folder / "1.eml").write_bytes(mail(SECRETARY, body, 3))
    (folder / "2.eml").write_bytes(direct)
    taken = run("import", data, folder, "--mailbox", BOX, "--unknown-senders", "--json")
    assert taken.returncode == 0, taken.stderr
    lines = [json.loads(line) for line in run("filings", data, "--json").stdout.splitlines()]
    of_message = {line["message_id"]: line["decision"] for line in lines}
    forwarded, known = (of_message[json.loads(line)["message_id"]] for line in taken.stdout.splitlines())
    assert (forwarded, known) == ("proposed", "filed")
