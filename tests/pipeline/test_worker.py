"""A worker claims, runs and commits: nothing is dropped, nothing is written twice, one bad document never stops the others (promise 2)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import LUCIE, NOW, PAUL, Given
from tests.scenes.operators import DOCTOR, hprim, letter, octets

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(given: Given, clock: Clock) -> Iterator[Any]:
    made = make_worker(given, clock)
    yield made
    made.close()


def make_worker(given: Given, clock: Clock, name: str = "test") -> Any:
    from django.conf import settings

    from vaguemestre.pipeline.worker import Worker

    return Worker(settings.VAGUEMESTRE, given.vault, name, clock)


def documents() -> list[Any]:
    from vaguemestre.records.models import Document

    return list(Document.objects.order_by("pk"))


def decisions() -> list[tuple[str, str, str | None]]:
    return [(d.decision, d.rule, d.patient.ref if d.patient else None) for d in documents()]


def test_a_report_is_filed_with_its_results(given: Given, worker: Any) -> None:
    from vaguemestre.records.models import Delivery, Filing, Message, Result

    given.receive(given.report())
    assert worker.once() == 1
    assert worker.once() == 0
    (document,) = documents()
    assert (document.decision, document.rule, document.patient_id) == ("filed", "E", given.lucie.pk)
    (result,) = Result.objects.all()
    assert (result.label, result.number, result.unit, result.low, result.high) == ("Glycémie à jeun", "0.95", "g/l", "0.74", "1.06")
    assert result.patient_id == given.lucie.pk
    assert Filing.objects.get().patient_id == given.lucie.pk
    assert Delivery.objects.get().state == "done"
    assert Message.objects.get().subject == "Résultats"


def test_filing_does_not_mark_as_read(given: Given, worker: Any) -> None:
    from vaguemestre.records.models import FolderEntry, ReadMark

    given.receive(given.report())
    worker.once()
    assert not ReadMark.objects.exists()
    assert FolderEntry.objects.get().flags == ""


def test_uids_grow_without_gap(given: Given) -> None:
    from vaguemestre.records.models import FolderEntry

    given.receive(given.report(value="0.91"), given.report(value="0.92"))
    given.receive(given.report(value="0.93"))
    assert list(FolderEntry.objects.order_by("uid").values_list("uid", flat=True)) == [1, 2, 3]


def test_a_retransmission_is_one_delivery(given: Given, worker: Any) -> None:
    from vaguemestre.records.models import Delivery, Message

    data = given.report()
    given.receive(data, data)
    given.receive(data)
    worker.once()
    assert (Message.objects.count(), Delivery.objects.count(), len(documents())) == (3, 1, 1)


def test_the_same_report_by_another_message_is_a_repeat(given: Given, worker: Any) -> None:
    from vaguemestre.records.models import Result

    given.receive(given.report(), given.report())
    worker.once()
    first, second = documents()
    assert (first.duplicate_of_id, second.duplicate_of_id) == (None, first.pk)
    assert Result.objects.filter(patient=given.lucie).count() == 1


def test_the_same_message_to_two_mailboxes_of_a_practice_is_a_repeat(given: Given, worker: Any) -> None:
    from vaguemestre.records.models import Result

    given.receive(given.report(), to=(DOCTOR, given.office.address))
    worker.once()
    first, second = documents()
    assert {first.mailbox_id, second.mailbox_id} == {given.doctor.pk, given.office.pk}
    assert second.duplicate_of_id == first.pk
    assert Result.objects.filter(patient=given.lucie).count() == 1


def test_several_patients_in_one_file_are_judged_alone_and_are_no_repeats(given: Given, worker: Any) -> None:
    one, other = hprim(*LUCIE), hprim(*PAUL, code="777")
    text = one.replace("****FINFICHIER****\n", "") + other
    given.receive(octets(letter(text)))
    worker.once()
    assert decisions() == [("filed", "E", "P1"), ("filed", "E", "P2")]
    assert [d.duplicate_of_id for d in documents()] == [None, None]
    assert len({d.sha256 for d in documents()}) == 1


def test_the_same_words_in_two_letters_are_two_documents(given: Given, worker: Any) -> None:
    def note(number: int) -> bytes:
        return f"From: <labo@hopital.demo.example>\r\nMessage-ID: <{number}@x.example>\r\n\r\nMerci de me rappeler.\r\n".encode()

    given.receive(note(1), note(2))
    worker.once()
    assert [(d.format, d.duplicate_of_id) for d in documents()] == [("text", None), ("text", None)]


@pytest.mark.parametrize("how", ["abort", "sleep", "allocate"])
def test_a_poisoned_document_waits_for_a_person_and_the_others_go_on(
    given: Given, clock: Clock, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    from vaguemestre.domain.configuration import check
    from vaguemestre.formats import pdf
    from vaguemestre.pipeline.worker import Worker
    from vaguemestre.records.models import Delivery

    def act(*_: object, **__: object) -> None:
        if how == "abort":
            os.abort()
        if how == "sleep":
            time.sleep(60)
        held = []
        while True:
            held.append(bytearray(1 << 24))

    monkeypatch.setattr(pdf, "read", act)
    worker = Worker(check({"pipeline": {"document_seconds": 1}}, {}), given.vault, "test", clock)
    message = letter(hprim(*LUCIE))
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="lettre.pdf")
    given.receive(octets(message), given.report(PAUL))
    try:
        # a slow message gives the rest of its batch back
        while worker.once():
            pass
    finally:
        worker.close()
    assert decisions() == [("filed", "E", "P1"), ("review", "N", None), ("filed", "E", "P2")]
    assert set(Delivery.objects.values_list("tries", flat=True)) == {1}
    poisoned = documents()[1]
    assert (poisoned.format, poisoned.unreadable, poisoned.reason) == ("pdf", True, "unreadable")


def test_an_unforeseen_fault_puts_off_and_then_gives_to_a_person(
    given: Given, clock: Clock, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vaguemestre.inbound import match
    from vaguemestre.records.models import Delivery, TraceEvent

    decide = match.decide

    def broken(document: Any, *arguments: Any) -> Any:
        if document.patient is not None and document.patient.names_unqualified == ("BRUNEAU",):
            raise RuntimeError("BRUNEAU PAUL")
        return decide(document, *arguments)

    monkeypatch.setattr(match, "decide", broken)
    given.receive(given.report(PAUL), given.report(LUCIE))
    for _ in range(8):
        worker.once()
        clock.now += 100
    assert decisions() == [("filed", "E", "P1"), ("review", "N", None)]
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "done"]
    assert "BRUNEAU" not in str(list(TraceEvent.objects.values_list("event", "object", "result")))


def test_a_claim_that_lapsed_is_taken_over_and_written_once(given: Given, clock: Clock) -> None:
    from django.conf import settings

    from vaguemestre.pipeline import commit, route
    from vaguemestre.records import queue
    from vaguemestre.records.models import Delivery

    given.receive(given.report())
    (slow,) = queue.claim("slow", 10, 60, clock.now)
    worker = make_worker(given, clock, "other")
    try:
        assert worker.once() == 0
        clock.now += 61
        assert worker.once() == 1
        reading = worker._guard.read(given.vault.read(slow.sha256), "message.eml")
    finally:
        worker.close()
    late = route.through(slow, reading, route.Rules.of(settings.VAGUEMESTRE), 0)
    assert commit.file("slow", [late], documents()[0].received_at) == 0
    assert len(documents()) == 1
    assert Delivery.objects.get().tries == 2


def test_a_delivery_tried_before_is_claimed_alone(given: Given, clock: Clock) -> None:
    from vaguemestre.records import queue

    given.receive(*[given.report(value=f"0.{k}") for k in range(10, 15)])
    assert len(queue.claim("dies", 10, 60, clock.now)) == 5
    clock.now += 61
    assert len(queue.claim("next", 10, 60, clock.now)) == 1


def test_a_claim_is_never_given_twice(given: Given, clock: Clock) -> None:
    from vaguemestre.records import queue

    given.receive(*[given.report(value=f"0.{k}") for k in range(10, 15)])
    first = {c.delivery for c in queue.claim("a", 3, 60, clock.now)}
    second = {c.delivery for c in queue.claim("b", 3, 60, clock.now)}
    assert (len(first), len(second), first & second) == (3, 2, set())


def test_a_chart_changed_between_match_and_file_is_matched_again(given: Given, clock: Clock, worker: Any) -> None:
    """A twin's chart is imported while the document is on its way: what would have been filed is only proposed."""
    from vaguemestre.pipeline import commit

    given.receive(given.report())
    file = commit.file

    def late(*arguments: Any) -> int:
        given.patient("P3", "MARTEL", "LUCIENNE", "1961-03-12", "F")
        return file(*arguments)

    commit.file = late  # type: ignore[assignment]
    try:
        worker.once()
    finally:
        commit.file = file
    ((decision, rule, _),) = decisions()
    assert decision == "proposed"
    assert rule.startswith("E:")


def test_a_local_code_of_another_chart_in_the_same_batch_is_seen(given: Given, worker: Any) -> None:
    given.receive(given.report(LUCIE, code="4711"), given.report(PAUL, code="4711"))
    worker.once()
    (first, second) = decisions()
    assert first == ("filed", "E", "P1")
    assert second[0] == "proposed"


def test_the_vault_object_lost_is_put_off_not_dropped(given: Given, clock: Clock, worker: Any) -> None:
    from vaguemestre.records.models import Delivery, Message

    given.receive(given.report())
    path = given.vault.path(Message.objects.get().sha256)
    kept = path.read_bytes()
    path.unlink()
    worker.once()
    assert Delivery.objects.get().state == "waiting"
    path.write_bytes(kept)
    clock.now += 100
    worker.once()
    assert decisions() == [("filed", "E", "P1")]


def test_the_trace_tells_the_life_of_a_document(given: Given, worker: Any) -> None:
    from vaguemestre.records import chain
    from vaguemestre.records.models import TraceEvent

    (message,) = given.receive(given.report())
    worker.once()
    told = list(TraceEvent.objects.order_by("sequence").values_list("event", "object"))
    (document,) = documents()
    assert told[-4:] == [
        ("received", f"message:{message}"),
        ("read", f"document:{document.pk}"),
        ("matched", f"document:{document.pk}"),
        ("filed", f"document:{document.pk}"),
    ]
    assert chain.verify() == []


def test_the_sweep_clears_what_a_crash_left_and_nothing_else(given: Given) -> None:
    from vaguemestre.pipeline.sweep import sweep
    from vaguemestre.records.models import Message

    given.receive(given.report())
    half = given.directory / "vault" / "aside" / "half"
    half.write_bytes(b"\x01ha")
    fresh = given.directory / "vault" / "aside" / "fresh"
    fresh.write_bytes(b"\x01fr")
    os.utime(half, (time.time() - 90_000, time.time() - 90_000))
    assert sweep(given.directory, time.time()) == 1
    assert fresh.exists()
    fresh.unlink()
    assert given.vault.check(Message.objects.get().sha256) is None


def test_a_local_code_is_seen_in_files_that_came_without_a_sender(given: Given, worker: Any) -> None:
    """An imported file has no envelope: the codes are those of the laboratory that it names."""
    from vaguemestre.cli.import_ import incoming
    from vaguemestre.pipeline import commit

    for person in (LUCIE, PAUL):
        data = hprim(*person, code="LCX").encode("cp1252")
        commit.receive(given.vault, [incoming("x.hpr", data, DOCTOR, True, NOW)])
        worker.once()
    first, second = decisions()
    assert first == ("filed", "E", "P1")
    assert second == ("proposed", "E:local-code", None)
    assert documents()[1].candidates[0]["ref"] == "P2"


def test_undoing_forgets_the_code_of_a_file_that_came_without_a_sender(given: Given, worker: Any) -> None:
    from vaguemestre.cli.import_ import incoming
    from vaguemestre.pipeline import commit, decisions
    from vaguemestre.records import administration
    from vaguemestre.records.models import LocalCode

    doctor, _ = administration.make_account("dr.roche", "doctor", [DOCTOR], NOW)
    commit.receive(given.vault, [incoming("x.hpr", hprim(*LUCIE, code="LCX").encode("cp1252"), DOCTOR, True, NOW)])
    worker.once()
    assert LocalCode.objects.get().patient_id == given.lucie.pk
    decisions.undo(doctor, documents()[0], NOW)
    assert not LocalCode.objects.exists()


def test_a_sweep_that_fails_does_not_end_the_worker(given: Given, worker: Any) -> None:
    from django.db import OperationalError

    from vaguemestre.records import queue

    calls: list[int] = []

    def idle() -> None:
        calls.append(1)
        raise OperationalError("database is locked")

    bell = queue.bell(given.directory / "run")
    try:
        worker.run(bell, lambda: len(calls) >= 1, idle)
    finally:
        bell.close()
    assert calls == [1]


def test_a_vault_object_lost_costs_its_own_delivery_and_no_other_of_the_batch(given: Given, clock: Clock, worker: Any) -> None:
    from vaguemestre.records.models import Delivery, Message

    given.receive(*[given.report(value=f"0.{k}") for k in range(90, 95)])
    for lost in Message.objects.order_by("pk")[2:5:2]:
        given.vault.path(lost.sha256).unlink()
    assert worker.once() == 5
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["done", "done", "waiting", "done", "waiting"]
    assert [d.decision for d in documents()] == ["filed"] * 3


def test_a_reader_that_cannot_be_asked_costs_the_delivery_whose_turn_it_is(
    given: Given, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vaguemestre.pipeline import guard
    from vaguemestre.records.models import Delivery

    unpack, calls = guard.unpack, [0]

    def broken(packed: bytes) -> Any:
        calls[0] += 1
        if calls[0] == 2:
            raise RuntimeError
        return unpack(packed)

    monkeypatch.setattr(guard, "unpack", broken)
    given.receive(*[given.report(value=f"0.{k}") for k in range(90, 94)])
    worker.once()
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["done", "waiting", "done", "done"]
