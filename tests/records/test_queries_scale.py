"""The counts, the lines and the checks cost in proportion to the rows, whatever the shape of the base: counted in steps of the
database's own machine, which no load on this computer changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
FEW, MANY = 600, 2400

pytestmark = pytest.mark.sqlite


def grow(first: int, last: int) -> None:
    """Messages `first` to `last`, most of them filed for one and the same patient."""
    from vaguemestre.records import administration, rows
    from vaguemestre.records.models import Delivery, Document, Filing, Mailbox, Message, Patient

    box = Mailbox.objects.first() or administration.make_mailbox("a@b.example", "PER", "A", "P", "", "", NOW)
    patient, _ = Patient.objects.get_or_create(practice=box.practice, ref="P", birth_date="1980-01-01")
    with transaction.atomic():
        for k in range(first, last):
            sha256 = f"{k:064x}"
            message = rows.insert_one(
                Message, {"sha256": sha256, "size": 1, "message_id": f"<{k}@x>", "channel": "smtp", "received_at": NOW}
            )
            delivery = rows.insert_one(Delivery, {"message_id": message, "mailbox_id": box.pk, "state": "done"})
            values = {
                "delivery_id": delivery, "mailbox_id": box.pk, "practice_id": box.practice_id, "position": 0, "format": "pdf",
                "sha256": sha256, "content_key": sha256, "content": {}, "rule": "E", "reason": "x", "received_at": NOW,
            }  # fmt: skip
            if k % 7 == 0:
                rows.insert_one(Document, values | {"decision": "review"})
                continue
            document = rows.insert_one(Document, values | {"decision": "filed", "patient_id": patient.pk, "filed_at": NOW})
            rows.insert_one(Filing, {"document_id": document, "patient_id": patient.pk, "rule": "E", "at": NOW})


def steps(work: Callable[[], object]) -> int:
    """How many thousands of steps the database's machine takes."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(tick, 100)
    try:
        work()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return count


def works() -> Iterator[tuple[str, Callable[[], object]]]:
    from vaguemestre.records import kept_objects
    from vaguemestre.records.queries import filings, soundness, status

    yield "status", lambda: status.status(NOW)
    yield "filings", lambda: list(filings.filings())
    yield "rules", soundness.broken_rules
    yield "keys", soundness.broken_keys
    yield "digests", lambda: list(kept_objects.digests())


def test_four_times_the_rows_cost_about_four_times_the_steps(data_directory: Path) -> None:
    grow(0, FEW)
    few = {name: steps(work) for name, work in works()}
    grow(FEW, MANY)
    many = {name: steps(work) for name, work in works()}
    for name, count in many.items():
        assert count <= 6 * few[name] + 50, (name, few, many)


def test_filings_are_fetched_a_page_at_a_time(data_directory: Path) -> None:
    from vaguemestre.records.queries import filings

    grow(0, 1200)
    lines = filings.filings()
    with CaptureQueriesContext(connection) as first:
        next(lines)
    with CaptureQueriesContext(connection) as rest:
        assert len(list(lines)) == 1199
    assert len(first) == 1
    assert len(rest) == 2


def test_a_document_that_comes_between_two_pages_is_a_line(data_directory: Path) -> None:
    from vaguemestre.records.queries import filings

    grow(0, 700)
    lines = filings.filings()
    next(lines)
    grow(700, 710)
    assert len(list(lines)) == 709


def test_each_digest_once_however_many_messages_bear_it(data_directory: Path) -> None:
    from vaguemestre.records import kept_objects, rows
    from vaguemestre.records.models import Message

    with transaction.atomic():
        for k in range(2500):
            sha256 = f"{k // 2:064x}"
            rows.insert_one(Message, {"sha256": sha256, "size": 1, "message_id": "<x@x>", "channel": "smtp", "received_at": NOW})
    assert list(kept_objects.digests()) == [f"{k:064x}" for k in range(1250)]


def test_faults_of_one_kind_are_named_to_a_bound(data_directory: Path) -> None:
    from vaguemestre.records.models import Document
    from vaguemestre.records.queries import soundness

    grow(0, 100)
    Document.objects.update(decision="sure")
    faults = soundness.broken_rules()
    assert any(fault == "records: and 80 more of the same" for fault in faults)
    assert len(faults) < 10 * soundness.MOST_NAMED


@pytest.mark.parametrize("name", ["<0@x>", "0@x", " <0@x> "])
def test_a_life_by_any_writing_of_its_id(data_directory: Path, name: str) -> None:
    from vaguemestre.domain.event import Event
    from vaguemestre.records import chain
    from vaguemestre.records.models import Message
    from vaguemestre.records.queries.tracing import life

    grow(0, 3)
    key = Message.objects.get(message_id="<0@x>").pk
    with transaction.atomic():
        chain.append([Event(NOW, "received", f"message:{key}", "node", "kept"), Event(NOW, "received", f"message:{key}1", "node", "kept")])
    told = life(name)
    assert told is not None
    assert [event["object"] for event in told] == [f"message:{key}"]
    assert life("3@x") is None
