"""The domain of patients at the door (mssante.md 3; requirement 21): who may speak for it, and to whom a patient may write.

Mutations tried, each of which fails a test here: `decide_sender` or the look at From left out; `decide_answer` not called; a thread of
another mailbox or of another patient counted; a closed one counted; every message of the null sender let through.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.door import DOCTOR, PEER_DOMAIN, Running, running
from vaguemestre.crypto import certificates
from vaguemestre.crypto.trust_list import TrustSnapshot

DOMAIN = "patient.example"
PATIENT = f"279035199018922@{DOMAIN}"
COLLEAGUE = "paul.zeste@cabinet.example"
ASKED = "<question.1@cabinet.example>"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    """With two peers: that of the patients, and a hospital."""
    with running(tmp_path) as one:
        patients = one.pki.peer("mx.patient.example")
        key = certificates.read_pem(patients.certificate)[0].key
        one.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, one.key), (DOMAIN, key)])
        one.facts.mailboxes |= {DOCTOR, COLLEAGUE}
        yield one


def said(
    door: Running,
    *headers: str,
    to: tuple[str, ...] = (DOCTOR,),
    sender: str = PATIENT,
    from_: str = PATIENT,
    host: str = "mx.patient.example",
) -> str:
    """What the door answers to the message: "250", or the refusal's code, enhanced code and text."""
    lines = [f"From: {from_}", "Message-ID: <1@patient.example>", "Subject: Re: votre message", *headers, "", "Bonjour", ""]
    client = door.client(host)
    try:
        client.sendmail(sender, list(to), "\r\n".join(lines).encode())
    except smtplib.SMTPSenderRefused as refused:
        return f"{refused.smtp_code} {refused.smtp_error.decode()}"
    except smtplib.SMTPDataError as refused:
        return f"{refused.smtp_code} {refused.smtp_error.decode()}"
    finally:
        client.close()
    return "250"


def test_requirement_21_a_forged_peer_is_refused(door: Running) -> None:
    door.facts.threads[PATIENT, DOCTOR, ASKED] = True
    answer = f"In-Reply-To: {ASKED}"
    hospital = "mx.hopital.example"
    assert said(door, answer) == "250"
    assert said(door, answer, host=hospital).startswith("550 5.7.1")
    assert said(door, answer, host=hospital, sender="").startswith("550 5.7.1")
    assert said(door, answer, host=hospital, sender=f"labo@{PEER_DOMAIN}").startswith("550 5.7.1")
    assert said(door, answer, host=hospital, from_=f"labo@{PEER_DOMAIN}").startswith("550 5.7.1 The sender's domain")
    name = f'"{PATIENT}" <labo@{PEER_DOMAIN}>'
    assert said(door, answer, host=hospital, sender=f"labo@{PEER_DOMAIN}", from_=name).startswith("550 5.7.1")
    assert len(door.keeper.kept) == 1


def test_a_patient_never_begins(door: Running) -> None:
    for headers in ([], [f"In-Reply-To: {ASKED}"], ["References: <a@b> <c@d>"], ["In-Reply-To: nonsense"]):
        assert said(door, *headers).startswith("550 5.7.1 Only professionals")
    assert door.keeper.kept == []
    assert set(door.keeper.reasons) == {"thread-not-opened"}


def test_a_patient_answers_the_mailbox_that_wrote(door: Running) -> None:
    door.facts.threads[PATIENT, DOCTOR, ASKED] = True
    for header in (f"In-Reply-To: {ASKED}", f"References: <older@x>\r\n {ASKED}", f"in-reply-to:\r\n\t{ASKED}"):
        assert said(door, header) == "250"
    assert said(door, f"In-Reply-To: {ASKED}", to=(COLLEAGUE,)).startswith("550 5.7.1 Only professionals")
    assert said(door, f"In-Reply-To: {ASKED}", to=(DOCTOR, COLLEAGUE)).startswith("550 5.7.1 Only professionals")
    other = f"190019999099950@{DOMAIN}"
    assert said(door, f"In-Reply-To: {ASKED}", sender=other, from_=other).startswith("550 5.7.1 Only professionals")
    # The name that people read is From's, whatever the envelope says.
    assert said(door, f"In-Reply-To: {ASKED}", from_=other).startswith("550 5.7.1 Only professionals")
    assert len(door.keeper.kept) == 3


def test_after_the_end_of_the_exchange_answers_are_refused(door: Running) -> None:
    door.facts.threads[PATIENT, DOCTOR, ASKED] = False
    assert said(door, f"In-Reply-To: {ASKED}").startswith("550 5.7.1 The professional has ended")
    door.facts.threads[PATIENT, DOCTOR, "<question.2@cabinet.example>"] = True
    assert said(door, f"In-Reply-To: {ASKED}").startswith("550 5.7.1 The professional has ended")
    assert said(door, f"References: {ASKED} <question.2@cabinet.example>") == "250"


def test_a_report_about_our_message_comes_in_and_nothing_else_without_sender(door: Running) -> None:
    report = 'Content-Type: multipart/report; report-type=delivery-status; boundary="x"'
    assert said(door, report, sender="") == "250"
    assert said(door, sender="").startswith("550 5.7.1 Only professionals")
    assert said(door, "Content-Type: multipart/reporting", sender="").startswith("550 5.7.1")
    assert said(door, report).startswith("550 5.7.1 Only professionals"), "a letter is not a report because it says so"


def test_no_refusal_tells_who_the_patient_is(door: Running, caplog: pytest.LogCaptureFixture) -> None:
    for text in (said(door), said(door, host="mx.hopital.example")):
        assert PATIENT.partition("@")[0] not in text
    assert PATIENT.partition("@")[0] not in caplog.text
    assert all(PATIENT not in repr(one) for one in door.keeper.refusals)
