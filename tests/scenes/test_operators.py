"""Whole conversations: a hospital's server sends over mutual TLS, the practice's keeps, reads, recognises and files."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scenes.operators import DOCTOR, LABORATORY, PEER, Practice, Served, command, environment, hprim, letter, octets

pytestmark = pytest.mark.database

PATIENTS = "ref,birth_name,first_given_name,given_names,birth_date,sex\nP1,MARTEL,LUCIE,LUCIE,1961-03-12,F\n"
LUCIE = ("MARTEL", "LUCIE", "12/03/1961", "2610399990011 77")


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Practice:
    made = Practice(tmp_path_factory.mktemp("scene"))
    made.patients(PATIENTS)
    made.known(LABORATORY)
    return made


@pytest.fixture(scope="module")
def served(practice: Practice) -> Iterator[Served]:
    with practice.served() as running:
        yield running


def eventually(look: Callable[[], Any], seconds: float = 20.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def line_of(practice: Practice, message_id: str) -> dict[str, Any]:
    found = eventually(lambda: [line for line in practice.filings() if line["message_id"] == message_id])
    assert len(found) == 1, found
    return dict(found[0])


def test_a_report_sent_by_a_peer_is_filed(practice: Practice, served: Served) -> None:
    message = letter(hprim(*LUCIE))
    with served.client() as client:
        assert client.has_extn("size")
        assert client.has_extn("8bitmime")
        assert client.has_extn("pipelining")
        assert client.has_extn("enhancedstatuscodes")
        assert client.send_message(message, LABORATORY, [DOCTOR]) == {}
    line = line_of(practice, str(message["Message-ID"]))
    assert (line["decision"], line["rule"], line["patient_ref"], line["mailbox"]) == ("filed", "E", "P1", DOCTOR)
    assert line["format"] == "hprim-medecin"
    told = practice.lines("trace", str(practice.directory), str(message["Message-ID"]))
    assert [event["event"] for event in told] == ["received", "read", "matched", "filed"]


def test_a_report_sent_in_chunks_with_notices_and_utf8_is_filed(practice: Practice, served: Served) -> None:
    message = letter(hprim(*LUCIE, value="0.91"))
    data = octets(message)
    with served.client() as client:
        assert all(client.has_extn(name) for name in ("chunking", "dsn", "smtputf8"))
        assert client.mail(f"léa@{PEER}", ["SMTPUTF8", "RET=HDRS", "ENVID=n+3D1"])[0] == 250
        assert client.rcpt(DOCTOR, ["NOTIFY=NEVER", "ORCPT=rfc822;" + DOCTOR])[0] == 250
        client.send(b"BDAT 500\r\n" + data[:500] + b"BDAT %d LAST\r\n" % len(data[500:]) + data[500:])
        assert [client.getreply()[0] for _ in range(2)] == [250, 250]
    line = line_of(practice, str(message["Message-ID"]))
    assert (line["format"], line["patient_ref"]) == ("hprim-medecin", "P1")


def test_a_report_in_the_body_of_a_mail_is_filed(practice: Practice, served: Served) -> None:
    message = letter(hprim(*LUCIE, value="0.87"), attached=False)
    with served.client() as client:
        client.send_message(message, LABORATORY, [DOCTOR])
    assert line_of(practice, str(message["Message-ID"]))["decision"] == "filed"


def test_a_stranger_waits_for_a_person(practice: Practice, served: Served) -> None:
    message = letter(hprim("INCONNU", "MARCEL", "01/02/1970", ""))
    with served.client() as client:
        client.send_message(message, LABORATORY, [DOCTOR])
    line = line_of(practice, str(message["Message-ID"]))
    assert (line["decision"], line["rule"], line["patient_ref"], line["candidates"]) == ("review", "N", None, [])


def test_what_cannot_be_understood_is_kept_and_says_so(practice: Practice, served: Served) -> None:
    message = letter(hprim(*LUCIE))
    message.set_payload(None)
    message = letter("")
    message.add_attachment(os.urandom(3000), maintype="application", subtype="octet-stream", filename="X.BIN")
    with served.client() as client:
        client.send_message(message, LABORATORY, [DOCTOR])
    found = eventually(lambda: [x for x in practice.filings() if x["message_id"] == str(message["Message-ID"])])
    assert "unknown" in {line["format"] for line in found}
    assert {line["decision"] for line in found} == {"review"}
    assert practice.status()["unreadable"] >= 1


@pytest.mark.parametrize(
    ("sender", "header", "recipient", "code"),
    [
        ("labo@autre.demo.example", LABORATORY, DOCTOR, 550),
        (LABORATORY, "labo@autre.demo.example", DOCTOR, 550),
        ("", "labo@autre.demo.example", DOCTOR, 550),
        (LABORATORY, LABORATORY, "personne@cabinet.demo.example", 550),
        (LABORATORY, LABORATORY, "dr@ailleurs.example", 550),
    ],
)
def test_what_must_be_refused_is(served: Served, sender: str, header: str, recipient: str, code: int) -> None:
    message = letter(hprim(*LUCIE), sender=header, to=recipient)
    with served.client() as client, pytest.raises(smtplib.SMTPException) as refused:
        client.sendmail(sender, [recipient], octets(message))
    assert str(code) in str(refused.value)


def test_the_null_sender_is_allowed_with_a_from_of_the_certificate(practice: Practice, served: Served) -> None:
    message = letter(hprim(*LUCIE, value="0.83"))
    with served.client() as client:
        client.sendmail("", [DOCTOR], octets(message))
    line = line_of(practice, str(message["Message-ID"]))
    assert line["decision"] == "proposed"


def test_nothing_is_taken_before_tls(served: Served) -> None:
    host, port = served.doors["smtp"].rsplit(":", 1)
    with smtplib.SMTP(host, int(port), timeout=10) as client:
        client.ehlo()
        assert client.mail(LABORATORY)[0] == 530


def test_one_message_to_several_mailboxes_is_one_transaction(practice: Practice, served: Served) -> None:
    other = "secretariat@cabinet.demo.example"
    command("mailbox", "add", str(practice.directory), other, "--type", "ORG", "--name", "Secrétariat")
    before = practice.status()
    message = letter(hprim(*LUCIE, value="0.79"))
    with served.client() as client:
        client.send_message(message, LABORATORY, [DOCTOR, other])
    lines = eventually(lambda: (x := [y for y in practice.filings() if y["message_id"] == str(message["Message-ID"])])[1:] and x)
    after = practice.status()
    assert (after["accepted"] - before["accepted"], after["deliveries"] - before["deliveries"]) == (1, 2)
    assert {line["mailbox"] for line in lines} == {DOCTOR, other}
    assert [line["duplicate_of"] for line in lines] == [None, lines[0]["document_id"]]


def test_import_while_serving_returns_when_all_is_through(practice: Practice, served: Served, tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.hpr").write_text(hprim(*LUCIE, value=f"1.0{number}"), encoding="cp1252")
    done = command("import", str(practice.directory), str(tmp_path), "--mailbox", DOCTOR, "--json")
    assert done.stdout.count('"ok": true') == 5
    again = command("import", str(practice.directory), str(tmp_path / "0.hpr"), "--mailbox", DOCTOR, "--json")
    assert again.stdout.split('"documents"')[1] in done.stdout


def test_a_peer_revoked_while_connected_is_refused_at_the_next_mail(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    with practice.served() as served, served.client() as client:
        client.sendmail(LABORATORY, [DOCTOR], octets(letter(hprim(*LUCIE))))
        command("pki", "revoke", str(practice.directory), "--domain", PEER)
        with pytest.raises(smtplib.SMTPException) as refused:
            client.sendmail(LABORATORY, [DOCTOR], octets(letter(hprim(*LUCIE))))
        assert "revoked" in str(refused.value)


def test_without_a_revocation_list_mail_is_deferred_never_taken(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    with practice.served() as served:
        (practice.directory / "pki" / "crl.pem").unlink()
        with pytest.raises((smtplib.SMTPException, OSError)) as refused, served.client() as client:
            client.sendmail(LABORATORY, [DOCTOR], octets(letter(hprim(*LUCIE))))
        assert " 5" not in str(refused.value)[:6]
    assert practice.status()["accepted"] == 0


def test_a_second_serve_and_a_taken_port_are_refused_in_one_sentence(practice: Practice, served: Served, tmp_path: Path) -> None:
    second = command("serve", str(practice.directory), "--smtp", "127.0.0.1:0", "--web", "off", check=False)
    assert second.returncode == 2
    assert "already served" in second.stderr
    other = Practice(tmp_path)
    for door in ("smtp", "web"):
        rest = "web" if door == "smtp" else "smtp"
        taken = command("serve", str(other.directory), f"--{door}", served.doors["smtp"], f"--{rest}", "off", check=False)
        assert taken.returncode == 2
        assert f"--{door}" in taken.stderr
        assert "Traceback" not in taken.stderr


@pytest.mark.parametrize("place", ["nowhere", "127.0.0.1", "127.0.0.1:99999", ":25", "127.0.0.1:-1"])
def test_a_wrong_door_is_refused(practice: Practice, place: str) -> None:
    done = command("serve", str(practice.directory), f"--smtp={place}", check=False)
    assert done.returncode == 2
    assert "--smtp" in done.stderr


def test_a_wrong_setting_is_refused_by_name(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "vaguemestre.cli", "serve", str(practice.directory)],
        capture_output=True,
        text=True,
        check=False,
        env=environment() | {"VAGUEMESTRE_SMTP_LISTENS": "x"},
        timeout=30,
    )
    assert done.returncode == 2
    assert "VAGUEMESTRE_SMTP_LISTENS" in done.stderr
    assert "VAGUEMESTRE_SMTP_LISTEN" in done.stderr


def test_a_door_that_does_not_open_says_why(tmp_path: Path) -> None:
    directory = tmp_path / "operator"
    command("init", str(directory), "--domain", "cabinet.mssante.fr", "--profile", "mssante")
    done = command("serve", str(directory), "--smtp", "127.0.0.1:0", "--web", "off", check=False)
    assert done.returncode == 2
    assert "pki" in done.stderr
    assert "Traceback" not in done.stderr


def test_import_says_on_standard_error_what_it_could_not_take(practice: Practice, tmp_path: Path) -> None:
    done = command("import", str(practice.directory), str(tmp_path / "absent"), "--mailbox", DOCTOR, check=False)
    assert done.returncode == 1
    assert "cannot be read" in done.stderr


def test_doors_that_are_lacking_are_named_and_left_out(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "vaguemestre.cli", "serve", str(practice.directory), "--smtp", "127.0.0.1:0", "--web", "off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=15)
    assert line.startswith("ready smtp=127.0.0.1:")
    assert "web=" not in line
    assert "imap" in said
    assert "submission" in said
    assert process.returncode == 0


def test_sigterm_ends_within_ten_seconds_and_leaves_no_process(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    served = Served(practice)
    held = served.client()
    began = time.monotonic()
    assert served.stop() == 0
    assert time.monotonic() - began < 10
    held.close()
    left = subprocess.run(["pgrep", "-f", str(practice.directory)], capture_output=True, text=True, check=False).stdout
    assert left == ""


def test_children_end_with_a_killed_supervisor_and_the_next_serve_works(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    served = Served(practice)
    at = served.doors["smtp"].rsplit(":", 1)
    served.kill()
    assert eventually(lambda: not _answers(at[0], int(at[1])))
    with practice.served() as again, again.client() as client:
        client.sendmail(LABORATORY, [DOCTOR], octets(letter(hprim(*LUCIE))))


def test_a_worker_that_dies_is_started_again(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    with practice.served("--workers", "1") as served:
        (worker,) = eventually(served.workers)
        os.kill(worker, signal.SIGKILL)
        message = letter(hprim(*LUCIE))
        with served.client() as client:
            client.send_message(message, LABORATORY, [DOCTOR])
        assert line_of(practice, str(message["Message-ID"]))["decision"] == "review"


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
