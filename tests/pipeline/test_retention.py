"""Erasure: what is ordered or overdue goes for good, with its octets; what others have of it stays; the traces stay and verify."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, PAUL, Given
from tests.pipeline.read_as import file_one
from tests.pipeline.test_versions import history, version
from tests.scenes.operators import DOCTOR
from vaguemestre.domain.fault import Refused

OFFICE = "secretariat@cabinet.demo.example"
LATER = NOW + dt.timedelta(days=400)


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def through(given: Given) -> None:
    """Every message through the pipeline, as the worker does it."""
    from django.conf import settings

    from vaguemestre.pipeline.worker import Worker

    worker = Worker(settings.VAGUEMESTRE, given.vault, "test")
    try:
        while worker.once():
            pass
    finally:
        worker.close()


def erase(given: Given, *messages: int, boxes: Any = None) -> Any:
    from vaguemestre.pipeline import retention
    from vaguemestre.records.models import Delivery

    found = Delivery.objects.filter(message__in=messages)
    chosen = found if boxes is None else found.filter(mailbox=boxes)
    return retention.erase(given.directory, list(chosen.values_list("pk", flat=True)), "test", "ordered", LATER)


def sound(given: Given) -> None:
    """Everything verifies; no object of the messages that are left is absent, and none of the others is there."""
    from vaguemestre.records import chain, kept_objects
    from vaguemestre.records.queries import soundness

    assert [*soundness.damaged_pages(), *soundness.broken_keys(), *soundness.broken_rules(), *chain.verify()] == []
    for sha256 in kept_objects.digests():
        assert given.vault.check(sha256) is None


def octets_of(message: int) -> str:
    from vaguemestre.records.models import Message

    return Message.objects.get(pk=message).sha256


def test_a_message_goes_with_all_that_came_of_it(given: Given) -> None:
    from vaguemestre.records.models import Delivery, Document, Filing, FolderEntry, Message, Result

    one, two = given.receive(given.report(), given.report(value="1.21"))
    through(given)
    sha256, other = octets_of(one), octets_of(two)
    (given.directory / "cache" / "page.png").write_bytes(b"clinical")
    entries, size = FolderEntry.objects.count(), Message.objects.get(pk=two).size
    erased = erase(given, one)
    assert (erased.deliveries, erased.messages, erased.objects) == (1, 1, 1)
    assert erased.documents >= 1
    assert not Message.objects.filter(pk=one).exists()
    assert FolderEntry.objects.count() == entries - 1
    assert {row.delivery.message_id for row in Document.objects.all()} == {two}
    assert Delivery.objects.get().message_id == two
    assert {row.document.delivery.message_id for row in Filing.objects.all()} == {two}
    assert set(Result.objects.values_list("number", flat=True)) == {"1.21"}
    assert given.doctor.folder_set.get(name="INBOX").octets == size
    assert not given.vault.path(sha256).exists()
    assert given.vault.check(other) is None
    assert list((given.directory / "cache").iterdir()) == []
    sound(given)


def test_its_traces_stay_and_its_erasure_is_traced(given: Given) -> None:
    from vaguemestre.records.models import Document, TraceEvent
    from vaguemestre.records.queries.tracing import life

    (one,) = given.receive(given.report())
    through(given)
    number = Document.objects.get(form_of=None).pk
    before = list(TraceEvent.objects.values_list("sequence", "link"))
    erase(given, one)
    assert list(TraceEvent.objects.values_list("sequence", "link"))[: len(before)] == before
    told = life(f"D{number}")
    assert told is not None
    assert [line["event"] for line in told] == ["read", "matched", "filed", "erased"]
    assert (told[-1]["actor"], told[-1]["result"]) == ("test", "ordered")
    assert TraceEvent.objects.filter(event="erased", object=f"message:{one}").count() == 1
    sound(given)


def test_nothing_of_it_is_left_in_the_files(given: Given) -> None:
    from django.db import connection, connections

    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL leaves it to its vacuum")
    mark = "0.7654321"
    (one,) = given.receive(given.report(value=mark))
    through(given)
    files = [given.directory / "records.sqlite3", given.directory / "records.sqlite3-wal"]
    assert any(mark.encode() in path.read_bytes() for path in files)
    erase(given, one)
    for _ in range(2):  # while the database is open, and once it is closed
        assert [path for path in files if path.exists() and mark.encode() in path.read_bytes()] == []
        connections.close_all()
    assert [path for path in (given.directory / "vault").rglob("*") if path.is_file() and mark.encode() in path.read_bytes()] == []


def test_what_another_mailbox_has_of_it_stays(given: Given) -> None:
    from vaguemestre.records.models import Document, Message

    (one,) = given.receive(given.report(), to=(DOCTOR, OFFICE))
    through(given)
    sha256 = octets_of(one)
    first, second = Document.objects.filter(form_of=None).order_by("pk")
    assert second.duplicate_of_id == first.pk
    assert history(given) == ["0.95"]
    erased = erase(given, one, boxes=first.mailbox)
    assert (erased.deliveries, erased.messages, erased.objects) == (1, 0, 0)
    assert Message.objects.filter(pk=one).exists()
    assert given.vault.check(sha256) is None
    left = Document.objects.get(form_of=None)
    assert (left.pk, left.duplicate_of_id, left.decision) == (second.pk, None, "filed")
    assert history(given) == ["0.95"], "the copy that stays bears the results"
    sound(given)
    assert erase(given, one).objects == 1
    assert history(given) == []
    assert not given.vault.path(sha256).exists()
    sound(given)


def test_of_several_repeats_the_first_that_stays_is_the_first(given: Given) -> None:
    from vaguemestre.records.models import Document

    report = given.report()
    messages = [given.receive(report, sender=f"labo{k}@hopital.demo.example")[0] for k in range(3)]
    through(given)
    rows = list(Document.objects.filter(form_of=None).order_by("pk"))
    assert [row.duplicate_of_id for row in rows] == [None, rows[0].pk, rows[0].pk]
    assert erase(given, messages[0]).objects == 0, "the same octets came with the others"
    assert [row.duplicate_of_id for row in Document.objects.filter(form_of=None).order_by("pk")] == [None, rows[1].pk]
    sound(given)


def test_the_version_before_stands_again(given: Given) -> None:
    from vaguemestre.pipeline import retention

    (old,) = file_one(given, version(1))
    (new,) = file_one(given, version(2))
    assert history(given) == ["142"]
    retention.erase(given.directory, [new.delivery_id], "test", "ordered", LATER)
    old.refresh_from_db()
    assert old.superseded_by_id is None
    assert history(given) == ["141"]
    assert type(new).objects.filter(pk=new.pk).count() == 0


def test_sent_again_after_its_erasure_it_is_a_new_message(given: Given) -> None:
    report = given.report()
    (one,) = given.receive(report)
    given.receive(report)  # once more: a message without a delivery, which names the same octets
    through(given)
    sha256 = octets_of(one)
    erased = erase(given, one)
    assert (erased.messages, erased.objects) == (2, 1)
    (again,) = given.receive(report)
    through(given)
    assert given.vault.check(octets_of(again)) is None
    assert octets_of(again) == sha256
    assert history(given) == ["0.95"]
    sound(given)


def test_the_same_bytes_that_arrive_at_that_moment_are_never_lost(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    """The octets are found there and not written again, and before the rows that name them are committed the erasure looks whether any
    does: it must wait."""
    from django.db import connections

    from vaguemestre.pipeline import commit

    report = given.report()
    (one,) = given.receive(report)
    through(given)
    sha256 = octets_of(one)
    from vaguemestre.records.models import Delivery

    (number,) = Delivery.objects.values_list("pk", flat=True)
    kept, go_on = threading.Event(), threading.Event()
    stored = commit._stored

    def slowly(batch: Any) -> Any:
        kept.set()
        assert go_on.wait(20)
        return stored(batch)

    monkeypatch.setattr(commit, "_stored", slowly)
    arrived: list[int] = []
    done: list[Any] = []

    def arriving() -> None:
        arrived.extend(given.receive(report))
        connections.close_all()

    def erasing() -> None:
        from vaguemestre.pipeline import retention

        done.append(retention.erase(given.directory, [number], "test", "ordered", LATER))
        connections.close_all()

    threads = [threading.Thread(target=arriving), threading.Thread(target=erasing)]
    threads[0].start()
    assert kept.wait(20)
    threads[1].start()
    until = time.monotonic() + 20
    while Delivery.objects.filter(pk=number).exists() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.3)
    assert done == [], "the octets are not touched while the same are arriving"
    assert given.vault.path(sha256).exists()
    go_on.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert done[0].objects == 0
    assert octets_of(arrived[0]) == sha256
    assert given.vault.check(sha256) is None
    sound(given)


def test_erased_and_sent_again_and_again(given: Given) -> None:
    """The same without a script: whatever the order, an acknowledged message has its octets."""
    from django.db import connections

    from vaguemestre.pipeline import retention
    from vaguemestre.records.models import Delivery, Message

    report = given.report()
    stop, chance = time.monotonic() + 4, random.Random(7)
    faults: list[BaseException] = []
    counts = {"received": 0, "erased": 0}

    def receiving() -> None:
        try:
            while time.monotonic() < stop:
                given.receive(report)
                counts["received"] += 1
                time.sleep(chance.uniform(0, 0.2))
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    def erasing() -> None:
        try:
            while time.monotonic() < stop:
                rows = list(Delivery.objects.values_list("pk", flat=True))
                counts["erased"] += retention.erase(given.directory, rows, "test", "ordered", LATER).objects
                # Whatever is acknowledged now is whole.
                with given.vault.held():
                    for sha256 in Message.objects.values_list("sha256", flat=True):
                        assert given.vault.check(sha256) is None
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=receiving), threading.Thread(target=receiving), threading.Thread(target=erasing)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert faults == []
    assert counts["received"] > 3
    sound(given)
    sha256 = given.receive(report) and Message.objects.values_list("sha256", flat=True)[0]
    rows = list(Delivery.objects.values_list("pk", flat=True))
    assert retention.erase(given.directory, rows, "test", "ordered", LATER).objects == 1
    assert not given.vault.path(sha256).exists()
    assert Message.objects.count() == 0
    sound(given)


def test_a_person_is_erased_with_the_chart(given: Given) -> None:
    from vaguemestre.pipeline import retention
    from vaguemestre.records.models import Document, Message, Patient, TraceEvent

    report = given.report()
    own, shared, other = given.receive(report, given.report(value="1.50"), given.report(PAUL))
    through(given)
    mixed = Document.objects.get(delivery__message=shared, form_of=None)
    Document.objects.create(
        delivery=mixed.delivery, mailbox=mixed.mailbox, practice=mixed.practice, position=9, format="pdf", sha256="ab" * 32,
        content_key="ab" * 32, decision="review", rule="N", reason="why", content={}, received_at=NOW,
    )  # fmt: skip
    deliveries, others = retention.of_chart(given.lucie)
    assert ([Document.objects.filter(delivery__in=deliveries).values_list("delivery__message", flat=True)[0]], others) == ([own], 1)
    retention.erase(given.directory, deliveries, "test", "ordered", LATER)
    with pytest.raises(Refused, match="still"):
        retention.erase_chart(given.lucie, "test", LATER)
    assert Patient.objects.count() == 2
    retention.erase(given.directory, [mixed.delivery_id], "test", "ordered", LATER)
    waiting = Document.objects.get(delivery__message=other, form_of=None)
    Document.objects.filter(pk=waiting.pk).update(candidates=[{"patient": given.lucie.pk, "ref": "P1", "evidence": []}])
    with pytest.raises(Refused, match="proposed"):
        Document.objects.filter(pk=waiting.pk).update(decision="review")
        retention.erase_chart(given.lucie, "test", LATER)
    Document.objects.filter(pk=waiting.pk).update(decision="filed", candidates=[])
    number = given.lucie.pk
    retention.erase_chart(given.lucie, "test", LATER)
    assert list(Patient.objects.values_list("ref", flat=True)) == ["P2"]
    assert [one.pk for one in Message.objects.all()] == [other]
    assert TraceEvent.objects.filter(event="erased", object=f"patient:{number}").count() == 1
    sound(given)


def test_while_a_backup_is_made_nothing_is_erased(given: Given) -> None:
    from vaguemestre.pipeline import retention
    from vaguemestre.records.models import Message

    (one,) = given.receive(given.report())
    through(given)
    with given.vault.whole():
        with pytest.raises(Refused, match="backup is being made"):
            erase(given, one)
        with pytest.raises(Refused, match="backup is being made"):
            retention.drop_unnamed(given.directory, time.time())
    assert Message.objects.count() == 1
    assert erase(given, one).messages == 1


def test_what_a_crash_between_rows_and_octets_left_is_dropped(given: Given) -> None:
    import os

    from vaguemestre.pipeline import retention
    from vaguemestre.vault.files import digest

    (one,) = given.receive(given.report())
    for name in (b"left by a crash", b"kept this very moment"):
        given.vault.keep([(digest(name), name)])
    old = time.time() - 2 * retention.STRAY_S
    for sha256 in list(given.vault.digests()):
        if sha256 != digest(b"kept this very moment"):
            os.utime(given.vault.path(sha256), (old, old))
    assert retention.drop_unnamed(given.directory, time.time()) >= 1
    assert not given.vault.path(digest(b"left by a crash")).exists()
    assert given.vault.path(digest(b"kept this very moment")).exists()
    assert given.vault.check(octets_of(one)) is None


def test_a_check_beside_an_erasure_finds_no_fault(given: Given) -> None:
    """What goes between the listing of the vault and the look at it is no loss."""
    from vaguemestre.cli import verify
    from vaguemestre.vault.files import Vault

    (one,) = given.receive(given.report())
    through(given)
    check = Vault.check

    def erased_meanwhile(vault: Vault, sha256: str) -> str | None:
        from vaguemestre.records.models import Delivery

        if Delivery.objects.exists():
            erase(given, one)
        return check(vault, sha256)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Vault, "check", erased_meanwhile)
        assert verify.examine(given.directory).faults == []
