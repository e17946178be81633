"""The only writer of the route: `receive` before 250, `file` after the reading. One transaction a batch, short, with its traces.

Order of the promise (architecture, promise 1): the vault's fsyncs, then the records' commit under synchronous=FULL, then 250 and a
wake-up. Nothing here reads a file, parses or talks to the network inside a transaction.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from vaguemestre.domain.event import Event
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.inbound import store
from vaguemestre.inbound.file import Filed
from vaguemestre.inbound.store import Incoming
from vaguemestre.records import chain, queue, rows
from vaguemestre.records.models import Delivery, Document, Filing, FolderEntry, LocalCode, Message, Result
from vaguemestre.records.queries import charts
from vaguemestre.records.queue import Claimed
from vaguemestre.vault.files import Vault

Stored = Proceed[int] | Reject | Defer


def _mailboxes(addresses: Sequence[str]) -> dict[str, int]:
    marks = ", ".join(["%s"] * len(addresses))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT address, id FROM records_mailbox WHERE address IN ({marks})", list(addresses))  # noqa: S608 - marks only
        return dict(cursor.fetchall())


def _delivered(incoming: Incoming) -> frozenset[int]:
    """Mailboxes that already have these same bytes from this sender by this channel."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.mailbox_id FROM records_message m JOIN records_delivery d ON d.message_id = m.id"
            " WHERE m.sha256 = %s AND m.channel = %s AND m.mail_from = %s",
            [incoming.sha256, incoming.channel, incoming.mail_from[:320]],
        )
        return frozenset(row[0] for row in cursor.fetchall())


def _places(mailbox: int, count: int) -> tuple[int, int, int]:
    """Takes `count` UIDs in a mailbox's INBOX: folder, first UID, modification sequence."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE records_folder SET uid_next = uid_next + %s, mod_seq = mod_seq + 1 WHERE mailbox_id = %s AND name = 'INBOX'"
            " RETURNING id, uid_next, mod_seq",
            [count, mailbox],
        )
        folder, uid_next, mod_seq = cursor.fetchone()
    return folder, uid_next - count, mod_seq


def receive(vault: Vault, batch: Sequence[Incoming]) -> list[Stored]:
    """Keeps a batch: when it returns, each message answered Proceed(row number) is durable. Raises OSError or a database error, and
    then promises nothing of any of them."""
    vault.keep([(one.sha256, one.data) for one in batch])
    outcomes: list[Stored] = []
    events: list[Event] = []
    entries: dict[int, list[int]] = {}
    with queue.turn(), transaction.atomic():
        mailboxes = _mailboxes(list({address for one in batch for address in one.recipients}))
        for one in batch:
            decided = store.decide(one, mailboxes, _delivered(one))
            if isinstance(decided, Reject):
                outcomes.append(decided)
                continue
            storing = decided.facts
            message = rows.insert_one(Message, storing.message)
            for mailbox in storing.mailboxes:
                entries.setdefault(mailbox, []).append(rows.insert_one(Delivery, {"message_id": message, "mailbox_id": mailbox}))
            result = "kept" if storing.mailboxes else "kept-repeated"
            events.append(Event(one.received_at, "received", f"message:{message}", one.peer, result))
            outcomes.append(Proceed(message))
        for mailbox, deliveries in entries.items():
            folder, uid, mod_seq = _places(mailbox, len(deliveries))
            rows.insert_many(
                FolderEntry,
                [
                    {"folder_id": folder, "delivery_id": delivery, "uid": uid + k, "mod_seq": mod_seq}
                    for k, delivery in enumerate(deliveries)
                ],
            )
        chain.append(events)
    return outcomes


@dataclasses.dataclass(frozen=True, slots=True)
class Through:
    """A claimed delivery that has been through the stages, ready to be written. `facts`: the message's columns learnt by reading;
    `rematch(k)` makes the match of document k again on the records as they are now. `failed` is the reason why it is given to a
    person, "" where it went well."""

    claimed: Claimed
    facts: Mapping[str, Any]
    filed: tuple[Filed, ...]
    forms: tuple[int | None, ...]
    revision: int
    rematch: Callable[[int], Filed]
    failed: str = ""


def _still_ours(owner: str, batch: Sequence[Through]) -> set[int]:
    marks = ", ".join(["%s"] * len(batch))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM records_delivery WHERE state = 'waiting' AND owner = %s AND id IN ({marks})",  # noqa: S608 - marks only
            [owner, *(one.claimed.delivery for one in batch)],
        )
        return {row[0] for row in cursor.fetchall()}


def _first_with(practice: int, key: str) -> int | None:
    """The first document of the practice with this content: what a repeat is a duplicate of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM records_document WHERE practice_id = %s AND content_key = %s AND form_of_id IS NULL AND duplicate_of_id IS NULL"
            " ORDER BY id LIMIT 1",
            [practice, key],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _carried(practice: int, key: str, patient: int) -> bool:
    """Whether a filed document with the same content already carries its results into this chart's histories."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM records_document WHERE practice_id = %s AND content_key = %s AND patient_id = %s AND decision = 'filed' LIMIT 1",
            [practice, key, patient],
        )
        return cursor.fetchone() is not None


class _Writer:
    """The writes of one transaction, gathered so that each table is written once where no key is needed back."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.events: list[Event] = []
        self.results: list[dict[str, Any]] = []
        self.filings: list[dict[str, Any]] = []
        self.codes: list[dict[str, Any]] = []
        self.done: list[tuple[str, str, Any, int]] = []
        self.read: list[tuple[Any, ...]] = []

    def delivery(self, one: Through, revisions: Mapping[int, int]) -> None:
        claimed = one.claimed
        stale = revisions.get(claimed.practice) != one.revision
        keys: list[int] = []
        for position, planned in enumerate(one.filed):
            filed = planned
            if stale or self._code_moved(claimed, planned):
                self._learn()
                filed = one.rematch(position)
            form = one.forms[position]
            keys.append(self._document(claimed, filed, keys[form] if form is not None else None))
        when = self.now
        at = connection.ops.adapt_datetimefield_value(when)
        self.done.append(("failed" if one.failed else "done", one.failed[:100], at, claimed.delivery))
        facts = one.facts
        self.read.append((facts["header_from"], facts["subject"], facts["sent_at"], facts["text"], at, claimed.message))
        if one.failed:
            self.events.append(Event(when, "given-to-a-person", f"message:{claimed.message}", "node", one.failed))

    def _learn(self) -> None:
        """Writes the local codes gathered so far, so that a match made again sees what this very batch taught."""
        rows.insert_many(LocalCode, self.codes, once=True)
        self.codes.clear()

    def _code_moved(self, claimed: Claimed, filed: Filed) -> bool:
        """Whether this sender has used the document's local code for another chart since the match was made."""
        if filed.match.decision != "filed" or not filed.codes:
            return False
        owner = filed.owner(claimed.mail_from)
        known, _ = charts.code_charts(claimed.practice, owner, filed.codes)
        mine = {c["patient_id"] for c in self.codes if c["practice_id"] == claimed.practice and c["sender"] == owner
                and c["code"] in filed.codes}  # fmt: skip
        return bool((known | mine) - {filed.match.patient})

    def _document(self, claimed: Claimed, filed: Filed, form_of: int | None) -> int:
        patient = filed.match.patient if filed.match.decision == "filed" else None
        first = _first_with(claimed.practice, filed.key) if form_of is None else None
        carries = patient is not None and form_of is None and (first is None or not _carried(claimed.practice, filed.key, patient))
        key = rows.insert_one(
            Document,
            {
                **filed.row,
                "delivery_id": claimed.delivery,
                "mailbox_id": claimed.mailbox,
                "practice_id": claimed.practice,
                "duplicate_of_id": first,
                "form_of_id": form_of,
                "received_at": claimed.received_at,
                "filed_at": self.now if patient is not None else None,
            },
        )
        bearer = patient if carries else None
        self.results.extend({**row, "document_id": key, "patient_id": bearer} for row in filed.results)
        if form_of is None:
            self._trace(claimed, filed, key, patient)
        return key

    def _trace(self, claimed: Claimed, filed: Filed, key: int, patient: int | None) -> None:
        result = f"{filed.match.decision} {filed.match.rule}"
        self.events.append(Event(self.now, "read", f"document:{key}", "node", f"message:{claimed.message} {filed.document.format}"))
        self.events.append(Event(self.now, "matched", f"document:{key}", "node", result))
        if patient is None:
            return
        evidence = [[e.trait, e.verdict] for c in filed.match.candidates if c.chart == patient for e in c.evidence]
        self.filings.append({"document_id": key, "patient_id": patient, "rule": filed.match.rule, "evidence": evidence, "at": self.now})
        self.events.append(Event(self.now, "filed", f"document:{key}", "node", f"patient:{patient}"))
        owner = filed.owner(claimed.mail_from)
        if owner:
            self.codes.extend(
                {"practice_id": claimed.practice, "sender": owner, "code": code, "patient_id": patient} for code in filed.codes
            )

    def write(self) -> None:
        rows.insert_many(Result, self.results)
        rows.insert_many(Filing, self.filings)
        self._learn()
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE records_delivery SET state = %s, reason = %s, done_at = %s, owner = '', lease = 0 WHERE id = %s",
                self.done,
            )
            cursor.executemany(
                "UPDATE records_message SET header_from = %s, subject = %s, sent_at = %s, text = %s, read_at = %s"
                " WHERE id = %s AND read_at IS NULL",
                self.read,
            )
        chain.append(self.events)


def file(owner: str, batch: Sequence[Through], now: dt.datetime) -> int:
    """Writes a batch of deliveries that went through; returns how many were still ours. One whose claim another took over is left to
    that other: it is never written twice."""
    with queue.turn(), transaction.atomic():
        ours = _still_ours(owner, batch)
        revisions = charts.revisions(list({one.claimed.practice for one in batch}))
        writer = _Writer(now)
        for one in batch:
            if one.claimed.delivery in ours:
                writer.delivery(one, revisions)
        writer.write()
    return len(ours)
