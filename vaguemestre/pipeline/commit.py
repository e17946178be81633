"""The only writer of the route: `receive` before 250, `file` after the reading. One transaction a batch, short, with its traces.

Order of the promise (architecture, promise 1): the vault's fsyncs, then the records' commit under synchronous=FULL, then 250 and a
wake-up. Nothing here reads a file, parses or talks to the network inside a transaction.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from vaguemestre.domain.event import Event
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.inbound import store
from vaguemestre.inbound.file import Filed, follow
from vaguemestre.inbound.store import Incoming
from vaguemestre.pipeline import asked, carrying, told_back, versions
from vaguemestre.pipeline.repeats import Repeats
from vaguemestre.pipeline.versions import Moved
from vaguemestre.records import chain, queue, rows
from vaguemestre.records.models import Delivery, Document, Filing, FolderEntry, LocalCode, Message, Result
from vaguemestre.records.queries import charts
from vaguemestre.records.queries.editions import Told
from vaguemestre.records.queue import Claimed
from vaguemestre.vault.files import Vault

Stored = Proceed[int] | Reject | Defer


Sending = tuple[str, str, str]
"""What makes two messages the same one sent again: SHA-256 of the bytes, channel, envelope sender."""


def _sending(incoming: Incoming) -> Sending:
    return incoming.sha256, incoming.channel, incoming.mail_from[:320]


def _mailboxes(cursor: CursorWrapper, addresses: Sequence[str]) -> dict[str, int]:
    marks = ", ".join(["%s"] * len(addresses))
    cursor.execute(
        f"SELECT address, id FROM records_mailbox WHERE address IN ({marks}) AND state = 'active'",  # noqa: S608 - marks only
        list(addresses),
    )
    return dict(cursor.fetchall())


def _delivered(cursor: CursorWrapper, batch: Sequence[Incoming]) -> defaultdict[Sending, set[int]]:
    """Mailboxes that already have these same bytes from this sender by this channel."""
    found: defaultdict[Sending, set[int]] = defaultdict(set)
    marks = ", ".join(["%s"] * len(batch))
    cursor.execute(
        "SELECT m.sha256, m.channel, m.mail_from, d.mailbox_id"  # noqa: S608 - marks only
        f" FROM records_message m JOIN records_delivery d ON d.message_id = m.id WHERE m.sha256 IN ({marks})",
        [one.sha256 for one in batch],
    )
    for sha256, channel, mail_from, mailbox in cursor.fetchall():
        found[sha256, channel, mail_from].add(mailbox)
    return found


def _places(cursor: CursorWrapper, mailbox: int, count: int, octets: int) -> tuple[int, int, int]:
    """Takes `count` UIDs in a mailbox's INBOX for messages of `octets` in all: folder, first UID, modification sequence."""
    cursor.execute(
        "UPDATE records_folder SET uid_next = uid_next + %s, mod_seq = mod_seq + 1, octets = octets + %s"
        " WHERE mailbox_id = %s AND name = 'INBOX' RETURNING id, uid_next, mod_seq",
        [count, octets, mailbox],
    )
    folder, uid_next, mod_seq = cursor.fetchone()
    return folder, uid_next - count, mod_seq


def receive(vault: Vault, batch: Sequence[Incoming]) -> list[Stored]:
    """Keeps a batch: when it returns, each message answered Proceed(row number) is durable. Raises OSError or a database error, and
    then promises nothing of any of them."""
    with vault.held():
        vault.keep([(one.sha256, one.data) for one in batch])
        return _stored(batch)


def _stored(batch: Sequence[Incoming]) -> list[Stored]:
    """The rows of a batch whose bytes are kept."""
    outcomes: list[Stored] = []
    events: list[Event] = []
    arrived: defaultdict[int, list[int]] = defaultdict(list)
    octets: defaultdict[int, int] = defaultdict(int)
    entries: list[dict[str, int]] = []
    with queue.turn(), transaction.atomic(), connection.cursor() as cursor:
        mailboxes = _mailboxes(cursor, list({address for one in batch for address in one.recipients}))
        delivered = _delivered(cursor, batch)
        for one in batch:
            already = delivered[_sending(one)]
            decided = store.decide(one, mailboxes, frozenset(already))
            if isinstance(decided, Reject):
                outcomes.append(decided)
                continue
            storing = decided.facts
            message = rows.insert_one(Message, storing.message, cursor)
            for mailbox in storing.mailboxes:
                asked = storing.notices.get(mailbox, {})
                octets[mailbox] += len(one.data)
                arrived[mailbox].append(rows.insert_one(Delivery, {"message_id": message, "mailbox_id": mailbox, **asked}, cursor))
            already.update(storing.mailboxes)
            result = "kept" if storing.mailboxes else "kept-repeated"
            events.append(Event(one.received_at, "received", f"message:{message}", one.peer, result))
            outcomes.append(Proceed(message))
        for mailbox, deliveries in arrived.items():
            folder, uid, mod_seq = _places(cursor, mailbox, len(deliveries), octets[mailbox])
            entries += [
                {"folder_id": folder, "delivery_id": delivery, "uid": uid + k, "mod_seq": mod_seq} for k, delivery in enumerate(deliveries)
            ]
        rows.insert_many(FolderEntry, entries)
        chain.append(events)
    return outcomes


@dataclasses.dataclass(frozen=True, slots=True)
class Through:
    """A claimed delivery that has been through the stages, ready to be written. `facts`: the message's columns learnt by reading;
    `forms`: for each document, the index of the one that it is another form of, None where it is none's; `rematch(k)` makes the match of
    such a document k again on the records as they are now. `failed` is the reason why it is given to a
    person, "" where it went well."""

    claimed: Claimed
    facts: Mapping[str, Any]
    filed: tuple[Filed, ...]
    forms: tuple[int | None, ...]
    revision: int
    rematch: Callable[[int], Filed]
    failed: str = ""

    def documents(self) -> list[Filed]:
        """Those that are no form of another."""
        return [filed for filed, form in zip(self.filed, self.forms, strict=True) if form is None]


def _still_ours(owner: str, batch: Sequence[Through]) -> set[int]:
    marks = ", ".join(["%s"] * len(batch))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM records_delivery WHERE state = 'waiting' AND owner = %s AND id IN ({marks})",  # noqa: S608 - marks only
            [owner, *(one.claimed.delivery for one in batch)],
        )
        return {row[0] for row in cursor.fetchall()}


def _codes(claimed: Claimed, filed: Filed) -> list[charts.Code]:
    """The local patient codes that filing this document teaches; none where they are nobody's."""
    owner = filed.owner(claimed.mail_from) if filed.codes else ""
    return [(claimed.practice, owner, code) for code in filed.codes] if owner else []


class _Writer:
    """The writes of one transaction, gathered so that each table is written once where no key is needed back, and each question about
    the whole batch is asked once: what the batch itself adds to the answers is kept here."""

    def __init__(self, batch: Sequence[Through], now: dt.datetime, cursor: CursorWrapper) -> None:
        self.now = now
        self.at = connection.ops.adapt_datetimefield_value(now)
        self.cursor = cursor
        self.events: list[Event] = []
        self.results: list[dict[str, Any]] = []
        self.filings: list[dict[str, Any]] = []
        self.codes: list[dict[str, Any]] = []
        self.done: list[tuple[str, str, Any, int]] = []
        self.read: list[tuple[Any, ...]] = []
        self._revisions = charts.revisions(list({one.claimed.practice for one in batch}))
        self._repeats = Repeats((one.claimed.practice, filed) for one in batch for filed in one.documents())
        self._moved: defaultdict[int, list[Moved]] = defaultdict(list)
        self._shared: defaultdict[int, list[int]] = defaultdict(list)
        """By chart, the documents filed there whose report came in another format before."""
        used = charts.code_charts(code for one in batch for filed in one.filed for code in _codes(one.claimed, filed))
        self._used = {code: set(patients) for code, patients in used.items()}

    def delivery(self, one: Through) -> None:
        claimed = one.claimed
        stale = self._revisions.get(claimed.practice) != one.revision
        written: dict[int, tuple[int, Filed]] = {}
        for position, planned in enumerate(one.filed):
            if one.forms[position] is not None:
                continue
            filed = planned
            if stale or self._code_moved(claimed, planned):
                self._learn()
                filed = one.rematch(position)
            written[position] = self._document(claimed, filed), filed
        for position, planned in enumerate(one.filed):
            main = one.forms[position]
            if main is not None:
                key, filed = written[main]
                self._form(claimed, follow(planned, filed), key)
        self.done.append(("failed" if one.failed else "done", one.failed[:100], self.at, claimed.delivery))
        facts = one.facts
        self.read.append((facts["header_from"], facts["subject"], facts["sent_at"], facts["text"], self.at, claimed.message))
        self.events += told_back.note(claimed.mailbox, (filed.row["content"] for filed in one.filed), self.now)
        if one.failed:
            self.events.append(Event(self.now, "given-to-a-person", f"message:{claimed.message}", "node", one.failed))

    def _learn(self) -> None:
        """Writes the local codes gathered so far, so that a match made again sees what this very batch taught."""
        rows.insert_many(LocalCode, self.codes, once=True)
        self.codes.clear()

    def _code_moved(self, claimed: Claimed, filed: Filed) -> bool:
        """Whether this sender has used the document's local code for another chart since the match was made."""
        if filed.match.decision != "filed":
            return False
        return any(self._used.get(code, set()) - {filed.match.patient} for code in _codes(claimed, filed))

    def _document(self, claimed: Claimed, filed: Filed) -> int:
        patient = filed.match.patient if filed.match.decision == "filed" else None
        practice = claimed.practice
        bearer = patient
        if patient is not None and filed.results and self._repeats.has(practice, filed) and charts.carried(practice, filed.key, patient):
            bearer = None
        first = self._repeats.original(practice, filed)
        key = self._insert(claimed, filed, duplicate_of=first)
        self.results.extend({**row, "document_id": key, "patient_id": bearer} for row in filed.results)
        self._repeats.add(practice, filed, key, first)
        if patient is not None:
            told = Told(filed.row["own_id"], filed.row["set_id"], filed.row["replaces"])
            elsewhere = first is not None and self._repeats.in_another_format(practice, filed) is not None
            if told or elsewhere or (first is not None and filed.document.format == "pdf"):
                self._moved[patient].append(Moved(key, first or key, told))
            if elsewhere:
                self._shared[patient].append(key)
        self._trace(claimed, filed, key, patient)
        return key

    def _form(self, claimed: Claimed, filed: Filed, main: int) -> None:
        """Another form of a document: it has no line of its own, and its results are that document's."""
        key = self._insert(claimed, filed, form_of=main)
        self.results.extend({**row, "document_id": key, "patient_id": None} for row in filed.results)

    def _insert(self, claimed: Claimed, filed: Filed, *, duplicate_of: int | None = None, form_of: int | None = None) -> int:
        return rows.insert_one(
            Document,
            {
                **filed.row,
                "delivery_id": claimed.delivery,
                "mailbox_id": claimed.mailbox,
                "practice_id": claimed.practice,
                "duplicate_of_id": duplicate_of,
                "form_of_id": form_of,
                "received_at": claimed.received_at,
                "filed_at": self.now if filed.match.decision == "filed" else None,
            },
            self.cursor,
        )

    def _trace(self, claimed: Claimed, filed: Filed, key: int, patient: int | None) -> None:
        result = f"{filed.match.decision} {filed.match.rule}"
        self.events.append(Event(self.now, "read", f"document:{key}", "node", f"message:{claimed.message} {filed.document.format}"))
        self.events.append(Event(self.now, "matched", f"document:{key}", "node", result))
        if patient is None:
            return
        evidence = [[e.trait, e.verdict] for c in filed.match.candidates if c.chart == patient for e in c.evidence]
        self.filings.append({"document_id": key, "patient_id": patient, "rule": filed.match.rule, "evidence": evidence, "at": self.now})
        self.events.append(Event(self.now, "filed", f"document:{key}", "node", f"patient:{patient}"))
        for practice, owner, code in _codes(claimed, filed):
            self.codes.append({"practice_id": practice, "sender": owner, "code": code, "patient_id": patient})
            self._used.setdefault((practice, owner, code), set()).add(patient)

    def write(self) -> None:
        rows.insert_many(Result, self.results)
        rows.insert_many(Filing, self.filings)
        self._learn()
        for patient, moved in self._moved.items():
            self.events += versions.restand(patient, moved, "node", self.now)
        for patient, documents in self._shared.items():
            carrying.once(patient, documents)
        self.cursor.executemany(
            "UPDATE records_delivery SET state = %s, reason = %s, done_at = %s, owner = '', lease = 0 WHERE id = %s",
            self.done,
        )
        asked.note([row[3] for row in self.done])
        self.cursor.executemany(
            "UPDATE records_message SET header_from = %s, subject = %s, sent_at = %s, text = %s, read_at = %s"
            " WHERE id = %s AND read_at IS NULL",
            self.read,
        )
        chain.append(self.events)


def file(owner: str, batch: Sequence[Through], now: dt.datetime) -> int:
    """Writes a batch of deliveries that went through; returns how many were still ours. One whose claim another took over is left to
    that other: it is never written twice."""
    with queue.turn(), transaction.atomic(), connection.cursor() as cursor:
        ours = _still_ours(owner, batch)
        mine = [one for one in batch if one.claimed.delivery in ours]
        if mine:
            writer = _Writer(mine, now, cursor)
            for one in mine:
                writer.delivery(one)
            writer.write()
    return len(ours)
