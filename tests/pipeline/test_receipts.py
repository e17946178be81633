"""Read receipts: asked for, sent by a person's act alone, once, never to an automatic mail (RFC 8098, RFC 3834)."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.leaving import OTHER, Leaving, events
from tests.scenes.operators import DOCTOR, LABORATORY

ASKED = (
    f"From: <{LABORATORY}>\r\nTo: <{DOCTOR}>\r\nMessage-ID: <q@hopital.demo.example>\r\nSubject: Confidentiel\r\n"
    f"Disposition-Notification-To: <{LABORATORY}>\r\n\r\ntexte secret\r\n"
)


@pytest.fixture
def leaving(data_directory: Path) -> Leaving:
    return Leaving(data_directory)


def delivery(leaving: Leaving, text: str = ASKED, sender: str = LABORATORY) -> Any:
    from vaguemestre.domain.envelope import Notices
    from vaguemestre.inbound.store import Incoming
    from vaguemestre.pipeline import commit
    from vaguemestre.records.models import Delivery
    from vaguemestre.vault.files import digest

    data = text.encode()
    notices = {DOCTOR: Notices("", "rfc822;alias@cabinet.demo.example")}
    message_id = "<q@hopital.demo.example>"
    commit.receive(leaving.vault, [Incoming(digest(data), data, message_id, "smtp", sender, (DOCTOR,), leaving.at(), notices=notices)])
    return Delivery.objects.select_related("message", "mailbox").get()


def act(leaving: Leaving, one: Any) -> Any:
    from vaguemestre.pipeline import receipts

    return receipts.acknowledge(leaving.vault, one, leaving.rules, "account:1", leaving.at())


def test_a_person_sends_one_and_only_one(leaving: Leaving) -> None:
    from vaguemestre.domain.outcome import Proceed, Reject
    from vaguemestre.pipeline import receipts
    from vaguemestre.protocols import mdn
    from vaguemestre.records.models import Outgoing, Recipient

    one = delivery(leaving)
    assert receipts.wanted(leaving.vault, one)
    assert isinstance(act(leaving, one), Proceed)
    assert not receipts.wanted(leaving.vault, one)
    assert act(leaving, one) == Reject("receipt-sent")
    row, recipient = Outgoing.objects.get(), Recipient.objects.get()
    assert (row.mail_from, row.origin, recipient.address, recipient.notify) == ("", "receipt", LABORATORY, "NEVER")
    data = leaving.vault.read(row.sha256)
    assert b"texte secret" not in data
    assert b"\n" not in data.replace(b"\r\n", b"")
    message = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert message["Subject"] == "Accusé de lecture / Read receipt"
    assert (message["From"], message["Auto-Submitted"]) == (DOCTOR, "auto-replied")
    assert message["Content-Type"].params["report-type"] == "disposition-notification"
    kinds = [part.get_content_type() for part in message.iter_parts()]  # type: ignore[attr-defined]
    assert kinds == ["text/plain", "message/disposition-notification", "text/rfc822-headers"]
    found = mdn.read(
        data.partition(b"message/disposition-notification\r\nContent-Transfer-Encoding: 7bit\r\n\r\n")[2].partition(b"\r\n--")[0]
    )
    assert (found.type, found.recipient, found.original_message_id, found.failed) == (
        "displayed",
        DOCTOR,
        "<q@hopital.demo.example>",
        False,
    )
    assert b"Original-Recipient: rfc822; alias@cabinet.demo.example" in data
    assert events().count("receipt-sent") == 1


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        (ASKED.replace("Disposition-Notification-To", "X-Other"), LABORATORY),
        (ASKED, ""),
        ("Auto-Submitted: auto-generated\r\n" + ASKED, LABORATORY),
        ("List-Id: <l.hopital.demo.example>\r\n" + ASKED, LABORATORY),
        ("Content-Type: multipart/report; boundary=a\r\n" + ASKED, LABORATORY),
        (ASKED.replace(f"To: <{LABORATORY}>", f"To: <{LABORATORY}>, <{OTHER}>"), LABORATORY),
    ],
)
def test_never_unasked_nor_to_an_automatic_mail(leaving: Leaving, text: str, sender: str) -> None:
    from vaguemestre.domain.outcome import Reject
    from vaguemestre.pipeline import receipts
    from vaguemestre.records.models import Acknowledged, Outgoing

    one = delivery(leaving, text, sender)
    assert not receipts.wanted(leaving.vault, one)
    assert act(leaving, one) == Reject("receipt-not-asked")
    assert not Outgoing.objects.exists()
    assert not Acknowledged.objects.exists()


def test_never_out_of_the_trust_space(leaving: Leaving) -> None:
    from vaguemestre.domain.outcome import Reject
    from vaguemestre.records.models import Acknowledged, Outgoing

    one = delivery(leaving, ASKED.replace(f"To: <{LABORATORY}>", "To: <x@ailleurs.example>"))
    assert act(leaving, one) == Reject("domain-not-listed")
    assert not Outgoing.objects.exists()
    assert not Acknowledged.objects.exists()


def test_another_address_than_the_sender_needs_a_person_and_gets_one(leaving: Leaving) -> None:
    """Disposition-Notification-To that differs from Return-Path: nothing by itself, ever; by a person's act, yes (RFC 8098, 2.1)."""
    from vaguemestre.domain.outcome import Proceed
    from vaguemestre.pipeline.worker import Worker
    from vaguemestre.records.models import Outgoing

    one = delivery(leaving, ASKED.replace(f"To: <{LABORATORY}>", f"To: <{OTHER}>"))
    worker = Worker(leaving.configuration, leaving.vault, "w", leaving.clock)
    try:
        worker.once()
    finally:
        worker.close()
    assert leaving.post().write_asked() == 0
    assert not Outgoing.objects.exists()
    assert isinstance(act(leaving, one), Proceed)
