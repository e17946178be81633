"""What is erased: mail whose time has come, and what a person orders; the traces of it are kept (mssante.md 7).

Rows first, in one transaction with the trace of the act: the deliveries, their documents and results, and each message that nobody has any
more. What stood because of an erased document is put right in the same transaction, by the same acts as an undoing: the version before
stands again, a copy bears the results. Then the octets, where no row names them: an object is shared by all who received the same bytes,
and the same bytes may be arriving at that very moment (`vault.files.Vault.drop_unless`). A crash between the two leaves octets that no row
names; `drop_unnamed` clears these.

By itself, retention never erases what is filed in a chart: that is the patient's record, kept for twenty years (CSP R.1112-7).
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F, Q

from vaguemestre.domain.event import Event
from vaguemestre.domain.fault import Refused
from vaguemestre.pipeline import carrying, versions
from vaguemestre.pipeline.versions import Moved
from vaguemestre.records import chain, kept_objects, mailbox_life, queue
from vaguemestre.records.models import Delivery, Document, Filing, Mailbox, Message, Outgoing, Patient, Practice, Result
from vaguemestre.vault.files import Vault

AT_ONCE = 50
"""Deliveries erased in one transaction."""
STRAY_S = 3_600.0
"""An object that no row names and is older than this belongs to no message on its way."""
BUSY = "A backup is being made, which needs all that there is; erase once it has ended."


@dataclasses.dataclass(slots=True)
class Erased:
    """Counts of what went: deliveries, documents, messages (those that no mailbox has any more), vault objects."""

    deliveries: int = 0
    documents: int = 0
    messages: int = 0
    objects: int = 0


def overdue(now: dt.datetime, messages_days: int, closed: bool, most: int) -> list[int]:
    """The deliveries whose time has come, at most so many: through the pipeline, with no document filed in a chart, and either older than
    `messages_days` (0: never) or, with `closed`, of a closed mailbox whose time of export has ended."""
    due = Q(pk__in=[])
    if messages_days:
        due |= Q(message__received_at__lt=now - dt.timedelta(days=messages_days))
    if closed:
        due |= Q(mailbox__state="closed", mailbox__erase_after__lt=now)
    through = Delivery.objects.filter(due).exclude(state="waiting")
    return list(through.exclude(document__decision="filed").order_by("pk").values_list("pk", flat=True)[:most])


def erase(directory: Path, deliveries: Sequence[int], actor: str, why: str, now: dt.datetime) -> Erased:
    """Erases these deliveries and what nobody else has of them. `why`: a word for the trace. Raises `Refused` while a backup is made."""
    vault = Vault(directory / "vault")
    erased = Erased()
    with _dropping(vault):
        _overwriting()
        for start in range(0, len(deliveries), AT_ONCE):
            with queue.turn(), transaction.atomic():
                digests = _rows(deliveries[start : start + AT_ONCE], actor, why, now, erased)
            erased.objects += sum(vault.drop_unless(sha256, kept_objects.named) for sha256 in digests)
        if erased.deliveries:
            _forget_pages(directory)
            _settle_file()
    return erased


def erase_sent(directory: Path, now: dt.datetime, sent_days: int, actor: str, most: int) -> Erased:
    """Erases the mail that left, or was given up, more than `sent_days` ago (0: none), with what became of it for each recipient; at most
    so many messages. Raises `Refused` while a backup is made."""
    vault = Vault(directory / "vault")
    erased = Erased()
    ended = Outgoing.objects.filter(queued_at__lt=now - dt.timedelta(days=sent_days)).exclude(recipient__state="waiting")
    numbers = list(ended.order_by("pk").values_list("pk", flat=True)[:most]) if sent_days else []
    if not numbers:
        return erased
    with _dropping(vault):
        _overwriting()
        for start in range(0, len(numbers), AT_ONCE):
            with queue.turn(), transaction.atomic():
                # Looked at again: a person may have had one retried meanwhile.
                these = dict(ended.filter(pk__in=numbers[start : start + AT_ONCE]).values_list("pk", "sha256"))
                Outgoing.objects.filter(pk__in=these).delete()
                chain.append([Event(now, "erased", f"outgoing:{pk}", actor, "retention") for pk in these])
            erased.messages += len(these)
            erased.objects += sum(vault.drop_unless(sha256, kept_objects.named) for sha256 in sorted(set(these.values())))
        _settle_file()
    return erased


def drop_unnamed(directory: Path, now: float) -> int:
    """Drops what a crash left in the vault: objects that no row names and that are older than STRAY_S. `now` in Unix seconds. Returns how
    many; raises `Refused` while a backup is made."""
    vault = Vault(directory / "vault")
    dropped = 0
    with _dropping(vault):
        named = kept_objects.digests()
        next_named = next(named, None)
        for sha256 in vault.digests():
            while next_named is not None and next_named < sha256:
                next_named = next(named, None)
            if sha256 != next_named and vault.path(sha256).stat().st_mtime < now - STRAY_S:
                dropped += vault.drop_unless(sha256, kept_objects.named)
    return dropped


@contextlib.contextmanager
def _dropping(vault: Vault) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(vault.whole(dropping=True))
        except BlockingIOError:
            raise Refused(BUSY) from None
        yield


def _rows(numbers: Sequence[int], actor: str, why: str, now: dt.datetime, erased: Erased) -> list[str]:
    """Takes the rows away, within the caller's transaction; returns the digests of the messages that nobody has any more."""
    deliveries = list(Delivery.objects.filter(pk__in=numbers).select_related("message", "mailbox"))
    documents = list(Document.objects.filter(delivery__in=deliveries))
    events = _taken_out(documents, actor, now)
    _new_firsts(documents)
    gone = [one.pk for one in documents]
    Document.objects.filter(pk__in=gone).delete()
    events += [Event(now, "erased", f"document:{pk}", actor, why) for pk in gone]
    boxes = {one.mailbox_id: one.mailbox for one in deliveries}
    Delivery.objects.filter(pk__in=[one.pk for one in deliveries]).delete()
    for box in boxes.values():
        # RFC 7162 3.1.2: what goes away changes the folder as what comes does.
        box.folder_set.update(mod_seq=F("mod_seq") + 1)
        mailbox_life.recount(box)
    Practice.objects.filter(mailbox__in=list(boxes)).update(revision=F("revision") + 1)
    # Sent again, the same bytes made a row without a delivery: it names the octets as the first one does.
    digests = sorted({one.message.sha256 for one in deliveries})
    unheld = Message.objects.filter(sha256__in=digests, delivery=None)
    messages = list(unheld.values_list("pk", flat=True))
    unheld.filter(pk__in=messages).delete()
    events += [Event(now, "erased", f"message:{pk}", actor, why) for pk in messages]
    chain.append(events)
    erased.deliveries += len(deliveries)
    erased.documents += len(gone)
    erased.messages += len(messages)
    return digests


def _taken_out(documents: Sequence[Document], actor: str, now: dt.datetime) -> list[Event]:
    """Takes the documents out of their charts as an undoing does, so that what stood behind them stands again; returns what to trace."""
    events: list[Event] = []
    out = [one.pk for one in documents]
    filed: defaultdict[int, list[Document]] = defaultdict(list)
    for one in documents:
        if one.patient_id is not None and one.form_of_id is None:
            filed[one.patient_id].append(one)
    Filing.objects.filter(document__in=out, undone_at=None).update(undone_at=now)
    aside = {"decision": "review", "patient": None, "filed_at": None, "superseded_by": None}
    Document.objects.filter(pk__in=out).update(**aside)
    Result.objects.filter(document__in=out).update(patient=None)
    for patient, these in filed.items():
        events += versions.restand(patient, [Moved.of(one) for one in these], actor, now, out=[one.pk for one in these])
        carrying.once(patient, [one.pk for one in these])
        for one in these:
            copies = Document.objects.filter(
                practice=one.practice_id, content_key=one.content_key, patient=patient, decision="filed", superseded_by=None, form_of=None
            )
            heirs = list(copies.order_by("pk").values_list("pk", flat=True))
            if heirs and not one.report_key and not Result.objects.filter(document__in=heirs, patient=patient).exists():
                Result.objects.filter(document=heirs[0]).update(patient=patient)
    return events


def _new_firsts(documents: Sequence[Document]) -> None:
    """The repeats of a first that goes are repeats of the first of those that stay."""
    gone = {one.pk for one in documents}
    heirs: defaultdict[int, list[int]] = defaultdict(list)
    repeats = Document.objects.filter(duplicate_of__in=gone).exclude(pk__in=gone).order_by("pk")
    for one in repeats.only("pk", "duplicate_of"):
        if one.duplicate_of_id is not None:
            heirs[one.duplicate_of_id].append(one.pk)
    for new, *others in heirs.values():
        Document.objects.filter(pk=new).update(duplicate_of=None)
        Document.objects.filter(pk__in=others).update(duplicate_of=new)


def of_mailbox(mailbox: Mailbox, *, filed: bool) -> list[int]:
    """The deliveries of a mailbox that are through the pipeline; without `filed`, those of which nothing is filed in a chart."""
    found = Delivery.objects.filter(mailbox=mailbox).exclude(state="waiting")
    return list((found if filed else found.exclude(document__decision="filed")).order_by("pk").values_list("pk", flat=True))


def of_chart(patient: Patient) -> tuple[list[int], int]:
    """The deliveries all of whose documents are filed in this chart; and how many others have one there, with documents that are not."""
    own = Delivery.objects.filter(document__patient=patient).distinct()
    mixed = Document.objects.filter(delivery__in=own, form_of=None).exclude(patient=patient, decision="filed").values("delivery")
    return list(own.exclude(pk__in=mixed).order_by("pk").values_list("pk", flat=True)), own.filter(pk__in=mixed).count()


def erase_chart(patient: Patient, actor: str, now: dt.datetime) -> None:
    """Erases an empty chart, its identity and what was learnt with it. Raises `Refused` where a document is filed there or may yet be."""
    _overwriting()
    with queue.turn(), transaction.atomic():
        if Document.objects.filter(patient=patient).exists():
            raise Refused("Documents are still filed in that chart; it was not erased.")
        waiting = Document.objects.filter(practice=patient.practice_id).exclude(decision="filed").values_list("candidates", flat=True)
        if any(one.get("patient") == patient.pk for candidates in waiting.iterator() for one in candidates):
            raise Refused("Documents that wait to be checked have that chart proposed; decide on them first, it was not erased.")
        number = patient.pk
        Practice.objects.filter(pk=patient.practice_id).update(revision=F("revision") + 1)
        patient.delete()
        chain.append([Event(now, "erased", f"patient:{number}", actor, "ordered")])
    _settle_file()


def _forget_pages(directory: Path) -> None:
    """Page images are named by what cannot be told from here, and made again at will: all of them go."""
    cache = directory / "cache"
    for entry in cache.iterdir() if cache.is_dir() else ():
        if entry.is_file():
            entry.unlink(missing_ok=True)


def _overwriting() -> None:
    """SQLite overwrites with zeros what it deletes (sqlite.org/pragma.html#pragma_secure_delete); PostgreSQL leaves it to its vacuum."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete=ON")


def _settle_file() -> None:
    """Brings the erasure from SQLite's journal into its file, and cuts the journal, which holds older pages, where nobody reads it now."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.fetchall()
