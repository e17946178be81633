"""What a person decides about a document: the only writer behind the screens.

Each decision is one transaction: a conditional UPDATE takes the document in the state that the person saw, then everything that follows
from it, then the trace. When two people decide at once the second UPDATE finds nothing and they get one sentence; there are never two
filings. A document's copies (same content, same practice) and its other forms follow it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from vaguemestre.domain.event import Event
from vaguemestre.domain.fault import Fault
from vaguemestre.inbound import settle as rules
from vaguemestre.inbound import taken_back
from vaguemestre.inbound.file import code_owner
from vaguemestre.pipeline import carrying, versions
from vaguemestre.records import chain
from vaguemestre.records.accounts import Account
from vaguemestre.records.documents import Document, Filing, ReadMark, Result
from vaguemestre.records.mailboxes import Practice
from vaguemestre.records.patients import FilingBan, KnownSender, LocalCode, Patient
from vaguemestre.records.queries.visible import visible

OPEN = ("proposed", "review", "blocked")
"""The decisions that wait for a person."""

BY_HAND = "hand"
"""`Filing.rule` when a person filed."""


class Refusal(Fault):
    """A decision that cannot be taken now. `code` is not-yours, already-filed, already-set-aside, not-set-aside, not-filed,
    confirmation-needed or other-practice; the screens put it into words."""

    code = "refused"


def _event(account: Account, event: str, document: Document, result: str, now: dt.datetime) -> Event:
    return Event(now, event, f"document:{document.pk}", f"account:{account.pk}", result)


def _own(account: Account, document: Document) -> Document:
    """The document as it is now, the main one of its forms. Raises Refusal when the account may not see it."""
    mine = visible(account).documents.select_related("delivery__message")
    found = mine.filter(pk=document.pk).first()
    if found is not None and found.form_of_id is not None:
        found = mine.filter(pk=found.form_of_id).first()
    if found is None:
        raise Refusal("the document is not in the mailboxes of this account", "not-yours")
    return found


def _copies(document: Document) -> list[Document]:
    """The other documents of the practice with the same content (`inbound.file.content_key`), none of them a form of another."""
    rows = Document.objects.filter(practice=document.practice_id, content_key=document.content_key, form_of=None).exclude(pk=document.pk)
    return list(rows.select_related("delivery__message").order_by("pk"))


def _codes(document: Document) -> list[str]:
    """The local patient codes it bears, written as `inbound.file.local_codes` writes them."""
    local_ids = (document.stated or {}).get("local_ids") or []
    return list(dict.fromkeys(f"{one.get('oid') or ''}|{one['value']}"[:200] for one in local_ids if one.get("value")))


def _sender(document: Document) -> str:
    return document.delivery.message.mail_from


def _owner(document: Document) -> str:
    """Whose patient codes it bears, as `pipeline.commit` learnt them."""
    return code_owner(_sender(document), document.content.get("author"))


def _revise(practice: int) -> None:
    Practice.objects.filter(pk=practice).update(revision=F("revision") + 1)


def open_document(account: Account, document: Document, now: dt.datetime) -> None:
    """This account read this document: the mark is its own, and filing never touches it (promise 10)."""
    with transaction.atomic():
        own = _own(account, document)
        ReadMark.objects.get_or_create(account=account, document=own, defaults={"at": now, "mailbox_id": own.mailbox_id})
        chain.append([_event(account, "document-opened", own, own.decision, now)])


def keep_unread(account: Account, document: Document, now: dt.datetime) -> None:
    """This account wants the document among those to read again."""
    with transaction.atomic():
        own = _own(account, document)
        ReadMark.objects.filter(account=account, document=own).delete()
        chain.append([_event(account, "document-unread", own, own.decision, now)])


def must_confirm(document: Document, patient: Patient) -> bool:
    """Whether choosing this chart asks for a second, explicit confirmation: an identity alert, a trait that cannot differ, a twin whose
    given name is not the one, or a chart from which this document was taken out once."""
    traits = rules.compare(document.stated, patient)
    others = [one for one in document.candidates if one.get("patient") != patient.pk]
    if document.decision == "blocked" or rules.grave(traits) or rules.better_named(traits, others):
        return True
    banned = FilingBan.objects.filter(practice=document.practice_id, content_key=document.content_key, patient=patient)
    return banned.exists()


def _evidence(document: Document, patient: Patient) -> list[list[str]]:
    return [[trait.name, trait.verdict] for trait in rules.compare(document.stated, patient)]


def _take(document: Document, decisions: Sequence[str], values: dict[str, Any], *, aside: bool = False) -> bool:
    """Moves the document on if it still is in one of these states. Whoever comes second gets False."""
    state = Document.objects.filter(pk=document.pk, decision__in=decisions, set_aside_at__isnull=not aside)
    return state.update(**values) == 1


def _carry_results(document: Document, patient: Patient) -> None:
    """Puts the document's results in the chart, unless a copy filed there carries the same ones already."""
    others = [copy.pk for copy in _copies(document)]
    if Result.objects.filter(document__in=others, patient=patient, document__decision="filed").exists():
        return
    Result.objects.filter(document=document).update(patient=patient)


def _file(account: Account, document: Document, patient: Patient, now: dt.datetime) -> bool:
    # `rule` stays what the policy said of the document (formats.md 6.5); that a person chose is the reason, and the act of filing.
    filed = {"decision": "filed", "reason": "filed-by-hand", "patient": patient, "filed_at": now}
    if not _take(document, OPEN, filed):
        return False
    Filing.objects.create(document=document, patient=patient, rule=BY_HAND, evidence=_evidence(document, patient), by=account, at=now)
    Document.objects.filter(form_of=document).update(**filed)
    _carry_results(document, patient)
    return True


def _refuse_filing(document: Document) -> Refusal:
    """Why the UPDATE of a decision found nothing: somebody was quicker."""
    now = Document.objects.filter(pk=document.pk).values_list("decision", "set_aside_at").first()
    if now is not None and now[0] != "filed" and now[1] is not None:
        return Refusal("the document was left without a chart meanwhile", "already-set-aside")
    return Refusal("the document was filed meanwhile", "already-filed")


def _hides_more(copy: Document, own: Document) -> bool:
    """Whether another form came with the copy that did not come with the document that the person saw: it may be of somebody else."""
    forms = Document.objects.filter(form_of=copy).exclude(content_key__in=Document.objects.filter(form_of=own).values("content_key"))
    return forms.exists()


def settle(account: Account, document: Document, patient: Patient, now: dt.datetime, *, confirmed: bool = False) -> list[int]:
    """Files the document, and its copies that still wait, in the chart that this person chose; returns their row numbers.

    The sender becomes known and its patient codes confirmed for this chart. Raises Refusal.
    """
    with transaction.atomic():
        own = _own(account, document)
        if not visible(account).patients.filter(pk=patient.pk, practice=own.practice_id).exists():
            raise Refusal("the chart is of another practice", "other-practice")
        if own.decision in OPEN and not confirmed and must_confirm(own, patient):
            raise Refusal("this choice must be confirmed explicitly", "confirmation-needed")
        if not _file(account, own, patient, now):
            raise _refuse_filing(own)
        settled = [own]
        for copy in _copies(own):
            waits = copy.decision in OPEN and copy.set_aside_at is None and copy.stated == own.stated and not _hides_more(copy, own)
            if waits and _file(account, copy, patient, now):
                settled.append(copy)
        sender = _sender(own)
        if sender:
            known = {"source": "confirmed", "at": now}
            KnownSender.objects.get_or_create(practice_id=own.practice_id, address=sender, defaults=known)
        owner = _owner(own)
        for code in _codes(own) if owner else []:
            LocalCode.objects.update_or_create(
                practice_id=own.practice_id, sender=owner, code=code, patient=patient, defaults={"confirmed": True}
            )
        # a person says that what was taken back once is this patient's after all; the very content stays theirs to file
        marks = {mark for one in settled for mark in _marks(one)}
        FilingBan.objects.filter(practice=own.practice_id, content_key__in=marks, patient=patient).delete()
        _revise(own.practice_id)
        events = [_event(account, "document-settled", one, f"patient:{patient.pk}", now) for one in settled]
        chain.append(events + _restand(account, patient, settled, now))
    return [one.pk for one in settled]


def undo(account: Account, document: Document, now: dt.datetime) -> list[int]:
    """Takes the document, and its copies filed in the same chart (the same report in another format too), back to *À vérifier*; returns
    their row numbers.

    Their results leave the chart's histories, where the version before stands again, and neither they nor their other forms ever file by
    themselves in that chart again. A sender stays known only by
    another confirmation or by `senders add`, and its patient codes confirmed only where another document of the chart bears them.
    Raises Refusal.
    """
    with transaction.atomic():
        own = _own(account, document)
        patient = own.patient
        if own.decision != "filed" or patient is None:
            raise Refusal("the document is not filed", "not-filed")
        copies = [*_copies(own), *carrying.in_other_formats(own, patient.pk)]
        group = [own, *(c for c in copies if c.decision == "filed" and c.patient_id == patient.pk)]
        undone = [one for one in group if _take(one, ("filed",), _reviewed(one))]
        if own not in undone:
            raise Refusal("the filing was undone meanwhile", "not-filed")
        numbers = [one.pk for one in undone]
        for one in undone:
            Document.objects.filter(form_of=one).update(**_reviewed(one))
        Result.objects.filter(document__in=numbers).update(patient=None)
        Result.objects.filter(document__form_of__in=numbers).update(patient=None)
        acts = Filing.objects.filter(document__in=numbers, undone_at=None)
        chosen = set(acts.filter(rule=BY_HAND).values_list("document", flat=True))
        acts.update(undone_by=account, undone_at=now)
        _forbid(own, patient, numbers)
        for one in undone:
            _forget_codes(one, patient)
        for sender in {_sender(one) for one in undone if one.pk in chosen}:
            _forget_sender(own.practice_id, sender)
        _revise(own.practice_id)
        events = [_event(account, "document-undone", one, f"patient:{patient.pk}", now) for one in undone]
        chain.append(events + _restand(account, patient, undone, now, out=numbers))
    return numbers


def _reviewed(document: Document) -> dict[str, Any]:
    rule = f"{document.rule.partition(':')[0]}:undone"
    return {"decision": "review", "rule": rule, "reason": "undone", "patient": None, "filed_at": None, "superseded_by": None}


def _forbid(document: Document, patient: Patient, undone: Sequence[int]) -> None:
    """Neither this content nor that of its other forms, in any of the copies, files by itself in this chart again; nor another edition,
    nor what else its sender knows its patient by, until a person files one there."""
    forms = Document.objects.filter(form_of__in=undone).values_list("content_key", flat=True)
    for key in dict.fromkeys([document.content_key, *forms, *_marks(document)]):
        FilingBan.objects.get_or_create(practice_id=document.practice_id, content_key=key, patient=patient)


def _marks(document: Document) -> tuple[str, ...]:
    """By which another document like it is known, as `pipeline.route` asks."""
    names = (document.own_id, document.replaces)
    return taken_back.keys(_owner(document), _codes(document), names, document.set_id, document.report_key)


def _restand(account: Account, patient: Patient, moved: Sequence[Document], now: dt.datetime, out: Sequence[int] = ()) -> list[Event]:
    """The newest version that is in the chart now stands there, and one format of each report bears its results."""
    events = versions.restand(patient.pk, [versions.Moved.of(one) for one in moved], f"account:{account.pk}", now, out=out)
    carrying.once(patient.pk, [one.pk for one in moved])
    return events


def _forget_codes(document: Document, patient: Patient) -> None:
    """A patient code learnt from a wrong filing would cast doubt on the right chart for ever."""
    codes, owner = set(_codes(document)), _owner(document)
    if not codes or not owner:
        return
    others = Document.objects.filter(patient=patient, decision="filed", delivery__message__mail_from=_sender(document))
    for other in others.select_related("delivery__message"):
        if _owner(other) == owner:
            codes -= set(_codes(other))
    LocalCode.objects.filter(practice=document.practice_id, sender=owner, code__in=codes, patient=patient).delete()


def _forget_sender(practice: int, sender: str) -> None:
    """A sender known only by filings by hand that were all undone is a stranger again: one wrong click must not open rule E to it."""
    confirmed = KnownSender.objects.filter(practice=practice, address=sender, source="confirmed")
    by_hand = Filing.objects.filter(rule=BY_HAND, undone_at=None, document__practice=practice)
    if not by_hand.filter(document__delivery__message__mail_from=sender).exists():
        confirmed.delete()


def set_aside(account: Account, document: Document, now: dt.datetime) -> None:
    """A person looked and leaves the document without a chart: it leaves the list to check, and stays in the mailbox. Raises Refusal."""
    with transaction.atomic():
        own = _own(account, document)
        if not _take(own, OPEN, {"set_aside_at": now}):
            raise _refuse_filing(own)
        chain.append([_event(account, "document-set-aside", own, "done", now)])


def take_back(account: Account, document: Document, now: dt.datetime) -> None:
    """A document left without a chart is to be checked again. Raises Refusal."""
    with transaction.atomic():
        own = _own(account, document)
        if not _take(own, OPEN, {"set_aside_at": None}, aside=True):
            raise Refusal("the document is not set aside", "not-set-aside")
        chain.append([_event(account, "document-taken-back", own, "done", now)])
