"""What notices that arrive tell of what we sent: each kind, only for the mailbox that sent it, never hiding what said more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.leaving import OFFICE, OTHER, Leaving, events, report
from tests.scenes.operators import DOCTOR, LABORATORY
from vaguemestre.protocols import dsn_writer

AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
SENT = "<un@cabinet.demo.example>"


def dsn(action: str, recipient: str, original: str = SENT) -> bytes:
    told = dsn_writer.Told(recipient, "2.0.0")
    copy = f"From: {DOCTOR}\r\nMessage-ID: {original}\r\n\r\nx\r\n".encode()
    host = "mail.hopital.demo.example"
    return dsn_writer.write(
        dsn_writer.Notice(action, host, "hopital.demo.example", DOCTOR, f"t{action}", AT, AT, [told], copy, original_message_id=original)
    )


def mdn(disposition: str, recipient: str) -> bytes:
    return (
        f"From: <{recipient}>\r\nTo: <{DOCTOR}>\r\nMessage-ID: <m{len(disposition)}@x.example>\r\nSubject: Lu\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nlu\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nOriginal-Message-ID: {SENT}\r\nDisposition: {disposition}\r\n\r\n--b--\r\n"
    ).encode()


class Told:
    """A message sent to two people, and what comes back."""

    def __init__(self, leaving: Leaving) -> None:
        from vaguemestre.pipeline.worker import Worker

        self.leaving = leaving
        leaving.submit(to=(LABORATORY, OTHER))
        leaving.turn(leaving.post(), report("delivered", code=250))
        self.worker = Worker(leaving.configuration, leaving.vault, "w", leaving.clock)

    def back(self, data: bytes, to: str = DOCTOR) -> list[str]:
        """What is told of the two, after this arrived."""
        from vaguemestre.inbound.store import Incoming
        from vaguemestre.pipeline import commit
        from vaguemestre.records.models import Recipient
        from vaguemestre.vault.files import digest

        commit.receive(self.leaving.vault, [Incoming(digest(data), data, None, "smtp", "", (to,), self.leaving.at())])
        self.worker.once()
        return list(Recipient.objects.order_by("pk").values_list("told", flat=True))


@pytest.fixture
def told(data_directory: Path) -> Iterator[Any]:
    made = Told(Leaving(data_directory))
    yield made
    made.worker.close()


def test_each_notice_says_its_word_of_its_recipient(told: Told) -> None:
    assert told.back(dsn("delayed", OTHER)) == ["", "delayed"]
    assert told.back(dsn("delivered", OTHER.upper())) == ["", "delivered"]
    assert told.back(dsn("relayed", OTHER)) == ["", "delivered"], "what said more stays"
    assert told.back(mdn("automatic-action/MDN-sent-automatically; processed", OTHER)) == ["", "integrated"]
    assert told.back(mdn("manual-action/MDN-sent-manually; displayed", OTHER)) == ["", "read"]
    assert told.back(dsn("failed", LABORATORY)) == ["failed", "read"]
    assert told.back(mdn("automatic-action/MDN-sent-automatically; processed/Error: 902^Patient inconnu", LABORATORY)) == [
        "refused",
        "read",
    ]
    assert events().count("told-back") == 6


def test_only_the_mailbox_that_sent_it_is_told(told: Told) -> None:
    assert told.back(dsn("failed", LABORATORY), to=OFFICE) == ["", ""]
    assert told.back(dsn("failed", LABORATORY, "<autre@cabinet.demo.example>")) == ["", ""]
    assert told.back(dsn("failed", "inconnu@hopital.demo.example")) == ["", ""]
    assert "told-back" not in events()


def test_nothing_is_sent_for_it(told: Told) -> None:
    """RFC 3834: an automatic message is never answered."""
    from vaguemestre.records.models import Outgoing, Recipient

    before = Outgoing.objects.count()
    told.back(dsn("failed", LABORATORY))
    assert told.leaving.post().write_asked() == 0
    assert Outgoing.objects.count() == before
    assert set(Recipient.objects.values_list("state", flat=True)) == {"sent"}
