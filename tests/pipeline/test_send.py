"""What is taken to be sent and what is refused, by name; "accepted" is said after the vault's fsync and the commit (promise 1)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.leaving import MAIL, OFFICE, OTHER, Leaving, events
from tests.scenes.operators import DOCTOR, LABORATORY


@pytest.fixture
def leaving(data_directory: Path) -> Leaving:
    return Leaving(data_directory)


def rows() -> tuple[int, int]:
    from vaguemestre.records.models import Outgoing, Recipient

    return Outgoing.objects.count(), Recipient.objects.count()


def test_one_message_many_recipients_each_once(leaving: Leaving) -> None:
    from vaguemestre.domain.outcome import Proceed
    from vaguemestre.records.models import Outgoing, Recipient

    answer = leaving.submit(to=(LABORATORY, OTHER, LABORATORY.upper(), OFFICE), notify="SUCCESS", ret="HDRS", envid="e1")
    assert isinstance(answer, Proceed)
    assert len(answer.facts.recipients) == 3
    assert [(r.address, r.channel, r.notify) for r in Recipient.objects.order_by("pk")] == [
        (LABORATORY, "smtp", "SUCCESS"), (OTHER, "smtp", "SUCCESS"), (OFFICE, "local", "SUCCESS"),
    ]  # fmt: skip
    message = Outgoing.objects.get()
    assert (message.mail_from, message.message_id, message.ret, message.envid) == (DOCTOR, "<un@cabinet.demo.example>", "HDRS", "e1")
    assert message.mailbox_id == leaving.doctor.pk
    assert message.expires_at == leaving.now + 48 * 3600
    assert events()[-1] == "queued"


def test_what_is_sent_is_what_was_said_with_a_trace_field(leaving: Leaving) -> None:
    from vaguemestre.records.models import Outgoing

    leaving.submit()
    data = leaving.vault.read(Outgoing.objects.get().sha256)
    assert data.endswith(MAIL)
    assert data.startswith(b"Received: by mail.cabinet.demo.example with cli id ")
    assert DOCTOR.encode() not in data[: -len(MAIL)]


def test_what_is_lacking_is_added_and_blind_copies_are_taken_out(leaving: Leaving) -> None:
    from vaguemestre.records.models import Outgoing

    leaving.submit(f"From: {DOCTOR}\nBcc: cache@x.example,\n autre@x.example\nSubject: a\n\ntexte\n".encode())
    message = Outgoing.objects.get()
    data = leaving.vault.read(message.sha256)
    header = data.partition(b"\r\n\r\n")[0]
    assert b"cache" not in data
    assert b"autre" not in data
    assert b"\r\nDate: " in header
    assert f"Message-ID: {message.message_id}".encode() in header
    assert b"\n" not in data.replace(b"\r\n", b"")


MANY = tuple(f"a{k}@hopital.demo.example" for k in range(101))


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("no-recipient", {"to": ()}),
        ("too-many-recipients", {"to": MANY}),
        ("sender-not-ours", {"sender": LABORATORY}),
        ("sender-not-ours", {"sender": "personne@cabinet.demo.example"}),
        ("sender-not-ours", {"sender": ""}),
        ("sender-not-ours", {"mailbox": 999_999}),
        ("domain-not-listed", {"to": (LABORATORY, "x@ailleurs.example")}),
        ("no-such-mailbox", {"to": ("personne@cabinet.demo.example",)}),
        ("recipient-malformed", {"to": ("pas une adresse",)}),
        ("message-too-large", {"data": MAIL + b"x" * 26_214_400}),
        ("from-absent", {"data": b"Subject: a\r\n\r\nb\r\n"}),
        ("from-domain", {"data": MAIL.replace(DOCTOR.encode(), LABORATORY.encode(), 1)}),
        ("mail-loop", {"data": b"Received: by x.example\r\n" * 30 + MAIL}),
        ("mail-loop", {"data": b"X-Loop: mail.cabinet.demo.example\r\n" + MAIL}),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_nothing_is_kept(leaving: Leaving, reason: str, changed: dict[str, Any]) -> None:
    from vaguemestre.domain.outcome import Reject

    woken: list[int] = []
    answer = leaving.submit(**changed, woken=lambda: woken.append(1))
    assert answer == Reject(reason)
    assert rows() == (0, 0)
    assert not woken


@pytest.mark.parametrize("state", ["suspended", "closed"])
def test_a_mailbox_that_is_not_active_sends_nothing(leaving: Leaving, state: str) -> None:
    from vaguemestre.domain.outcome import Reject
    from vaguemestre.records.models import Mailbox

    Mailbox.objects.filter(pk=leaving.doctor.pk).update(state=state)
    assert leaving.submit() == Reject("sender-not-active")


def test_a_list_that_is_absent_or_stale_proves_nothing(leaving: Leaving) -> None:
    """A domain that is not in a list too old is put off, never refused (promise 3)."""
    import dataclasses

    from vaguemestre.domain.outcome import Defer, Proceed
    from vaguemestre.records.models import TrustEntry, TrustList

    leaving.rules = dataclasses.replace(leaving.rules, max_age=dt.timedelta(hours=1))
    TrustList.objects.update(loaded_at=leaving.at() - dt.timedelta(hours=2), generated_at=None)
    assert leaving.submit(to=("x@ailleurs.example",)) == Defer("trust-list-stale")
    TrustList.objects.update(generated_at=leaving.at() + dt.timedelta(days=9))
    assert leaving.submit(to=("x@ailleurs.example",)) == Defer("trust-list-stale"), "a list of tomorrow is as old as its loading"
    assert isinstance(leaving.submit(), Proceed), "a listed domain is queued: the carrier waits for a fresh list"
    TrustEntry.objects.all().delete()
    TrustList.objects.all().delete()
    assert leaving.submit() == Defer("trust-list-absent")


def test_accepted_is_said_after_the_vault_and_the_commit(leaving: Leaving, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order, recorded as it happens: octets, rows, waking."""
    from django.db import connection

    from vaguemestre.pipeline import send
    from vaguemestre.vault.files import Vault

    done: list[str] = []
    keep, enqueue = Vault.keep, send.enqueue

    def kept(vault: Vault, items: Any) -> None:
        keep(vault, items)
        assert not connection.in_atomic_block, "no file is written inside a transaction"
        done.append("vault")

    def queued(*arguments: Any) -> Any:
        assert connection.in_atomic_block
        done.append("rows")
        return enqueue(*arguments)

    def woken() -> None:
        assert not connection.in_atomic_block
        assert rows() == (1, 1)
        done.append("woken")

    monkeypatch.setattr(Vault, "keep", kept)
    monkeypatch.setattr(send, "enqueue", queued)
    leaving.submit(woken=woken)
    assert done == ["vault", "rows", "woken"]


def test_a_vault_that_fails_promises_nothing(leaving: Leaving, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.vault.files import Vault

    def full(vault: Vault, items: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Vault, "keep", full)
    with pytest.raises(OSError, match="No space"):
        leaving.submit()
    assert rows() == (0, 0)


PATIENT = "279019999023456@patient.mssante.fr"


@pytest.mark.parametrize(
    ("header", "opens", "box"),
    [
        (b"", True, DOCTOR),
        (f"Reply-To: Secretariat <{OFFICE}>\r\n".encode(), True, OFFICE),
        (b"Reply-To: x@ailleurs.example\r\n", True, DOCTOR),
        (b"X-MSS-MES: FIN\r\n", False, DOCTOR),
    ],
)
def test_a_message_to_a_patient_opens_or_ends_the_exchange(leaving: Leaving, header: bytes, opens: bool, box: str) -> None:
    from vaguemestre.records import trust_lists
    from vaguemestre.records.models import PatientThread

    trust_lists.list_peer("patient.mssante.fr", "CN=patients", "cd" * 32, 2, leaving.at())
    leaving.submit(to=(PATIENT, LABORATORY))
    assert PatientThread.objects.count() == 1
    data = header + MAIL.replace(b"<un@", b"<deux@")
    leaving.submit(data, to=(PATIENT,))
    found = {(t.message_id, t.mailbox.address, t.closed_at is None) for t in PatientThread.objects.select_related("mailbox")}
    first = ("<un@cabinet.demo.example>", DOCTOR, opens)
    assert found == ({first, ("<deux@cabinet.demo.example>", box, True)} if opens else {first})


def test_the_life_of_what_was_sent_is_told_by_its_message_id(leaving: Leaving) -> None:
    from tests.pipeline.leaving import report
    from vaguemestre.records.queries import soundness, tracing

    leaving.submit()
    leaving.turn(leaving.post(), report("later", "timeout"))
    told = tracing.life("un@cabinet.demo.example")
    assert told is not None
    assert [line["event"] for line in told] == ["queued", "deferred"]
    assert LABORATORY not in str(told)
    assert soundness.broken_rules() == []


@pytest.mark.parametrize(
    ("change", "said"), [({"state": "lost"}, "its state is none of waiting"), ({"state": "sent"}, "its end has no time")]
)
def test_verify_names_what_was_made_wrong(leaving: Leaving, change: dict[str, Any], said: str) -> None:
    from vaguemestre.records.models import Recipient
    from vaguemestre.records.queries import soundness

    leaving.submit()
    Recipient.objects.update(**change)
    (fault,) = soundness.broken_rules()
    assert said in fault
    Recipient.objects.all().delete()
    (fault,) = soundness.broken_rules()
    assert "no recipient" in fault
