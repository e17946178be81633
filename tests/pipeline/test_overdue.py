"""What is erased by itself, and when: never what is filed in a chart or still waits, and nothing unless the settings say so."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.test_retention import LATER, octets_of, sound, through
from vaguemestre.domain.fault import Refused


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def test_by_itself_nothing_that_is_filed_or_waits_is_erased(given: Given) -> None:
    from vaguemestre.pipeline import retention
    from vaguemestre.records.models import Document

    filed, stranger = given.receive(given.report(), given.report(("INCONNU", "ANNE", "01/01/1970", "")))
    through(given)
    (waits,) = given.receive(given.report(value="2.01"))
    assert {one.delivery.message_id: one.decision for one in Document.objects.filter(form_of=None)}[filed] == "filed"

    def messages(*settings: Any, now: dt.datetime = LATER) -> list[int]:
        from vaguemestre.records.models import Delivery

        return list(Delivery.objects.filter(pk__in=retention.overdue(now, *settings, 100)).values_list("message", flat=True))

    assert messages(365, False) == [stranger]
    assert messages(0, False) == []
    assert messages(0, True) == []
    assert messages(500, True) == []
    assert messages(365, False, now=NOW + dt.timedelta(days=364)) == []
    type(given.doctor).objects.filter(pk=given.doctor.pk).update(state="closed", erase_after=NOW + dt.timedelta(days=90))
    assert messages(0, True) == [stranger]
    assert messages(0, True, now=NOW + dt.timedelta(days=89)) == []
    assert waits not in messages(1, True)


def test_mail_that_left_is_erased_after_its_days(given: Given) -> None:
    from vaguemestre.pipeline import retention
    from vaguemestre.records.models import Outgoing, Recipient, TraceEvent
    from vaguemestre.vault.files import digest

    def sent(data: bytes, *states: str) -> int:
        given.vault.keep([(digest(data), data)])
        made = Outgoing.objects.create(
            sha256=digest(data), size=len(data), message_id="<x@x>", origin="cli", queued_at=NOW, expires_at=NOW.timestamp()
        )
        for state in states:
            ended = None if state == "waiting" else NOW
            Recipient.objects.create(
                outgoing=made, address="a@hopital.demo.example", domain="hopital.demo.example", state=state, done_at=ended
            )
        return int(made.pk)

    done, waits, twin = sent(b"done", "sent", "bounced"), sent(b"waits", "sent", "waiting"), sent(b"waits", "sent")
    assert retention.erase_sent(given.directory, LATER, 0, "node", 100).messages == 0
    assert retention.erase_sent(given.directory, NOW + dt.timedelta(days=30), 31, "node", 100).messages == 0
    with given.vault.whole(), pytest.raises(Refused, match="backup"):
        retention.erase_sent(given.directory, LATER, 31, "node", 100)
    erased = retention.erase_sent(given.directory, LATER, 31, "node", 100)
    assert (erased.messages, erased.objects) == (2, 1)
    assert [one.pk for one in Outgoing.objects.all()] == [waits]
    assert not given.vault.path(digest(b"done")).exists()
    assert given.vault.path(digest(b"waits")).exists()
    objects = TraceEvent.objects.filter(event="erased").values_list("object", flat=True)
    assert set(objects) == {f"outgoing:{done}", f"outgoing:{twin}"}
    sound(given)


def test_the_sweep_erases_what_the_settings_say(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    from vaguemestre.domain.configuration import check
    from vaguemestre.pipeline.sweep import sweep
    from vaguemestre.records.models import Message, TraceEvent

    kept, gone = given.receive(given.report(), given.report(("INCONNU", "ANNE", "01/01/1970", "")))
    through(given)
    sweep(given.directory, LATER.timestamp())
    assert Message.objects.count() == 2
    monkeypatch.setattr(settings, "VAGUEMESTRE", check({"retention": {"messages_days": 365}}, {}))
    sha256 = octets_of(gone)
    with given.vault.whole():
        sweep(given.directory, LATER.timestamp())
    assert Message.objects.count() == 2
    sweep(given.directory, LATER.timestamp())
    assert [one.pk for one in Message.objects.all()] == [kept]
    assert not given.vault.path(sha256).exists()
    assert set(TraceEvent.objects.filter(event="erased").values_list("actor", "result")) == {("node", "retention")}
    sound(given)
