"""The trace in the records: appended with its act or not at all, by several writers at once, and its tampering found (promise 6)."""

from __future__ import annotations

import datetime as dt
import os
import stat
import threading
from pathlib import Path

import pytest

from tests import databases
from vaguemestre.domain.event import Event

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def append(count: int, label: str = "message") -> None:
    from django.db import transaction

    from vaguemestre.records import chain

    with transaction.atomic():
        chain.append([Event(NOW, "received", f"{label}:{k}", "node", "kept") for k in range(count)])


def verify() -> list[str]:
    from vaguemestre.records import chain

    return chain.verify()


def tamper(directory: Path, *statements: str) -> None:
    """What somebody with the database file, and not the key, can do."""
    with databases.opened(directory) as base:
        for statement in statements:
            base.execute(statement)


CUT = (
    "DELETE FROM records_traceevent WHERE sequence > (SELECT max(sequence) - 3 FROM records_traceevent)",
    "UPDATE records_tracehead SET count = (SELECT max(sequence) FROM records_traceevent),"
    " link = (SELECT link FROM records_traceevent ORDER BY sequence DESC LIMIT 1)",
)
"""The last three events removed, and the chain's own head set back to what is left."""


def test_a_whole_chain_verifies_and_its_head_is_published(data_directory: Path) -> None:
    append(5)
    assert verify() == []
    from vaguemestre.records import chain
    from vaguemestre.records.models import TraceHead

    assert chain.published() == (TraceHead.objects.get().count, TraceHead.objects.get().link)


def test_an_act_that_fails_leaves_no_trace_and_no_head(data_directory: Path) -> None:
    from django.db import transaction

    from vaguemestre.records import chain
    from vaguemestre.records.models import TraceEvent

    before, head = TraceEvent.objects.count(), chain.published()
    with pytest.raises(RuntimeError), transaction.atomic():
        chain.append([Event(NOW, "filed", "document:1", "node", "filed E")])
        raise RuntimeError
    assert (TraceEvent.objects.count(), chain.published()) == (before, head)
    append(1)
    assert verify() == []


def test_a_trace_outside_a_transaction_is_refused(data_directory: Path) -> None:
    from vaguemestre.records import chain

    with pytest.raises(AssertionError):
        chain.append([Event(NOW, "filed", "document:1", "node", "filed E")])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records_traceevent SET result = 'review N' WHERE sequence = (SELECT max(sequence) - 3 FROM records_traceevent)",
        "UPDATE records_traceevent SET at = '2020-01-01' WHERE sequence = (SELECT max(sequence) FROM records_traceevent)",
        "DELETE FROM records_traceevent WHERE sequence = (SELECT max(sequence) - 2 FROM records_traceevent)",
        "DELETE FROM records_traceevent WHERE sequence > (SELECT max(sequence) - 2 FROM records_traceevent)",
        "INSERT INTO records_traceevent SELECT sequence + 1, at, event, object, actor, result, link FROM records_traceevent"
        " ORDER BY sequence DESC LIMIT 1",
    ],
)
def test_tampering_is_found(data_directory: Path, statement: str) -> None:
    append(8)
    tamper(data_directory, statement)
    assert verify() != []


def test_the_end_cut_off_with_the_head_set_back_is_found_by_the_published_head(data_directory: Path) -> None:
    append(8)
    tamper(data_directory, *CUT)
    assert any("were removed" in fault for fault in verify())


def test_two_events_exchanged_are_found(data_directory: Path) -> None:
    append(8)
    tamper(
        data_directory,
        "UPDATE records_traceevent SET sequence = -1 WHERE sequence = 3",
        "UPDATE records_traceevent SET sequence = 3 WHERE sequence = 4",
        "UPDATE records_traceevent SET sequence = 4 WHERE sequence = -1",
    )
    assert verify() != []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"00000000000000000000 " + b"0" * 64 + b"\n",
        b"00000000000000000003 " + b"f" * 64 + b" " + b"f" * 64 + b"\n",
    ],
)
def test_a_published_head_that_was_changed_is_found(data_directory: Path, content: bytes) -> None:
    append(8)
    (data_directory / "trace.head").write_bytes(content)
    assert verify() != []
    append(1)
    assert verify() != [], "the next event must not put right what somebody changed"


def test_a_published_head_that_was_lost_stays_lost(data_directory: Path) -> None:
    (data_directory / "trace.head").unlink()
    append(3)
    assert any("trace.head" in fault for fault in verify())


def test_the_end_cut_off_with_every_head_set_back_is_found(data_directory: Path) -> None:
    """Who has the files and not the key cannot publish the head of an event that was never the published one."""
    append(8)
    tamper(data_directory, *CUT)
    from vaguemestre.records.models import TraceHead

    head = TraceHead.objects.get()
    seal = (data_directory / "trace.head").read_text().split()[2]
    (data_directory / "trace.head").write_text(f"{head.count:020d} {head.link} {seal}\n")
    assert verify() != []


def test_another_key_is_found(data_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.records import chain

    append(3)
    monkeypatch.setattr(chain, "_key", lambda: b"another")
    assert verify() != []


def test_the_key_is_private_and_not_in_the_database(data_directory: Path) -> None:
    key = data_directory / "keys" / "trace"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    append(1)
    with databases.opened(data_directory) as base:
        kept = "\n".join(base.everything())
    assert "message:0" in kept
    assert key.read_text(encoding="ascii").strip() not in kept


def test_a_crash_between_commit_and_head_is_no_fault(data_directory: Path) -> None:
    from vaguemestre.records import chain

    append(3)
    before = (data_directory / "trace.head").read_bytes()
    append(3)
    (data_directory / "trace.head").write_bytes(before)
    assert verify() == []
    assert chain.published() is not None


def test_several_writers_at_once_make_one_chain(data_directory: Path) -> None:
    from django.db import connections

    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for _ in range(20):
                append(3, f"writer{number}")
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert verify() == []
    from vaguemestre.records import chain
    from vaguemestre.records.models import TraceEvent, TraceHead

    assert TraceEvent.objects.filter(object__startswith="writer").count() == 240
    assert chain.published() == (TraceHead.objects.get().count, TraceHead.objects.get().link)
    assert os.path.getsize(data_directory / "trace.head") == 151
