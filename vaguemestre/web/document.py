"""A document's page: its content with nothing to open, whose it is and why, or who it could be of."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from vaguemestre.inbound.settle import Trait, compare
from vaguemestre.pipeline import decisions
from vaguemestre.records.documents import Document
from vaguemestre.records.patients import Patient
from vaguemestre.records.queries import inbox, record
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web import forms, results, wording
from vaguemestre.web.access import account_of, clinical, document_or_404
from vaguemestre.web.inbox import FIRST, LISTS, frame, list_word


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Choice:
    """A chart that a person may choose, held against what the document states."""

    patient: Patient
    traits: Sequence[Trait]
    banned: bool
    confirm: bool


def choices(document: Document, patients: Sequence[Patient]) -> list[Choice]:
    """Each chart with its comparison, in the given order."""
    banned = record.banned(document)
    found = []
    for patient in patients:
        traits = compare(document.stated, patient)
        found.append(Choice(patient, traits, patient.pk in banned, decisions.must_confirm(document, patient)))
    return found


def _candidates(seen: Visible, document: Document) -> list[Patient]:
    numbers = [one.get("patient") for one in document.candidates if isinstance(one, dict)]
    rows = {p.pk: p for p in seen.patients.filter(practice=document.practice_id, pk__in=[n for n in numbers if isinstance(n, int)])}
    return [rows[n] for n in dict.fromkeys(numbers) if n in rows]


def deciding(seen: Visible, document: Document) -> dict[str, Any]:
    """What the panel of a document that waits shows."""
    return {
        "choices": choices(document, _candidates(seen, document)),
        "reason": wording.reason(document.reason, document.rule),
        "undone": record.last_undone(document),
        "stated_traits": [t for t in compare(document.stated, Patient()) if t.stated],
    }


def _warnings(document: Document) -> dict[str, list[str]]:
    """Codes: `grave` above the content, `mild` beside it. Decoding by guess is usual for HPRIM and only grave where it touches a name; an
    identity of tests is what the profile demo is made for."""
    found = (document.content or {}).get("warnings") or []
    codes = list(dict.fromkeys(str(one.get("code", "")) for one in found if isinstance(one, dict)))
    names_guessed = (document.stated or {}).get("names_guessed", False)
    usual = {"encoding-guessed"} if not names_guessed else set()
    if settings.VAGUEMESTRE.text("server", "profile") == "demo":
        usual.add("test-identity")
    mild = [code for code in codes if code in usual]
    return {"grave": [code for code in codes if code not in mild], "mild": mild}


@require_safe
@clinical
def show(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """The page; opening it makes the document read for this account, and is traced."""
    if "prefetch" in (request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")):
        return HttpResponseBadRequest()  # a browser's guess is not a person who reads
    document = document_or_404(request, seen, number)
    if document.form_of_id is not None:
        response = redirect("document", document.form_of_id)
        response["Location"] += f"#forme-{document.pk}"
        return response
    if request.method == "GET":
        decisions.open_document(account_of(request), document, timezone.now())
    word = list_word(request, "a-verifier" if document.decision != "filed" else "tous")
    shown = forms.of(seen, document)
    context = frame(
        seen,
        document=document,
        word=word,
        here="",
        newer=inbox.newer(seen, LISTS[word], document),
        older=inbox.older(seen, LISTS[word], document),
        chapters=results.chapters(seen, document),
        warnings=_warnings(document),
        forms=shown,
        paged=any(one.shown for one in shown),
        images=_images(document),
        standing=record.standing(seen, document),
        replaced=record.replaced(seen, document),
        first=record.first(seen, document),
        repeats=record.repeats(seen, document),
        siblings=_siblings(seen, document),
        mine=document.mailbox_id in seen.mailbox_ids,
        cover=_cover(seen, document),
    )
    if document.decision == "filed" and document.patient is not None:
        context |= {"filing": record.filing(document), "traits": compare(document.stated, document.patient)}
    else:
        context |= deciding(seen, document)
    return render(request, "document.html", context)


def _siblings(seen: Visible, document: Document) -> Sequence[Document]:
    """The other documents of the same message in this mailbox."""
    rows = seen.documents.filter(delivery=document.delivery_id, form_of=None).exclude(pk=document.pk)
    return list(rows.select_related("delivery__message", "patient").defer("content", "text", "html").order_by("position")[:50])


def _images(document: Document) -> int:
    """How many pictures the document holds that are no pages of it."""
    told = document.content.get("attachments") or []
    return sum(1 for one in told if isinstance(one, dict) and str(one.get("media_type") or "").startswith("image/"))


def _cover(seen: Visible, document: Document) -> str:
    """The mail's own text beside the document; the mail is its mailbox's, not the chart's."""
    if document.format in {"text", "html"} or document.mailbox_id not in seen.mailbox_ids:
        return ""
    text = document.delivery.message.text.strip()
    return "" if text == document.text.strip() else text


@require_POST
@clinical
def keep_unread(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """Puts the document back among those to read, for this account."""
    document = document_or_404(request, seen, number)
    decisions.keep_unread(account_of(request), document, timezone.now())
    response = redirect("inbox")
    response["Location"] += f"?liste={list_word(request, FIRST)}"
    return response
