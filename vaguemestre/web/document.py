"""A document's page: its content with nothing to open, whose it is and why, or who it could be of."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from vaguemestre.inbound.settle import Trait, compare
from vaguemestre.pipeline import decisions
from vaguemestre.records.documents import Document
from vaguemestre.records.patients import Patient
from vaguemestre.records.queries import inbox, record
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web import explained, files, forms, originals, pictures, receipt, report, results
from vaguemestre.web.access import account_of, clinical, document_or_404
from vaguemestre.web.files import File
from vaguemestre.web.forms import Form
from vaguemestre.web.inbox import FIRST, LISTS, frame, list_word
from vaguemestre.web.narrative import Story
from vaguemestre.web.pictures import Picture

_PARTLY = frozenset({"rtf", "office"})
"""Formats of which the words are shown where a drawing in them is not."""
_MOST_RECIPIENTS = 6
_WORDS = frozenset({"text/plain", "text/html"})
"""Bodies of a CDA of level 1 that are shown as words."""


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
        "reason": explained.reason(document),
        "undone": record.last_undone(document),
        "stated_traits": [t for t in compare(document.stated, Patient()) if t.stated],
    }


def _warnings(document: Document, paged: bool) -> dict[str, list[str]]:
    """Codes: `grave` above the content, `mild` beside it. Decoding by guess is usual for HPRIM and only grave where it touches a name; an
    identity of tests is what the profile demo is made for; pages that are images are shown, and only their words are not read."""
    found = (document.content or {}).get("warnings") or []
    codes = list(dict.fromkeys(explained.code_of(one) for one in found if isinstance(one, dict)))
    names_guessed = (document.stated or {}).get("names_guessed", False)
    usual = {"encoding-guessed"} if not names_guessed else set()
    if settings.VAGUEMESTRE.text("server", "profile") == "demo":
        usual.add("test-identity")
    if document.format == "encrypted":
        codes = [code for code in codes if code != "unsupported"] + explained.locks(found)
    elif document.format in _PARTLY and not document.unreadable:
        codes = ["partly-shown" if code == "unsupported" else code for code in codes]
    elif document.format == "image" and not paged:
        codes = [code for code in codes if code != "unsupported"]  # the page says that it cannot be shown
    elif paged and document.format in originals.PAGED:
        codes = ["image-only" if code == "unsupported" else code for code in codes]
        usual.add("image-only")
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
    holds = files.of(document)
    held = pictures.held(document, holds)
    shown = forms.of(seen, document, held)
    paged = any(one.shown for one in shown)
    told = forms.story(document, held, shown)
    told_of = _warnings(document, paged)
    context = frame(
        seen,
        document=document,
        word=word,
        here="",
        newer=inbox.newer(seen, LISTS[word], document),
        older=inbox.older(seen, LISTS[word], document),
        chapters=results.chapters(seen, document),
        warnings=told_of,
        report=report.lines(document),
        forms=shown,
        paged=paged,
        acts=originals.acts(document),
        explained=not explained.WHOLE.isdisjoint(told_of["grave"]),
        story=told,
        people=_people(document),
        loose=_loose(held, told, shown),
        kept=_kept(document, holds, told, shown),
        standing=record.standing(seen, document),
        replaced=record.replaced(seen, document),
        first=record.first(seen, document),
        repeats=record.repeats(seen, document),
        siblings=_siblings(seen, document),
        mine=document.mailbox_id in seen.mailbox_ids,
        receipt=receipt.wanted(seen, document),
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


def _people(document: Document) -> list[tuple[str, str]]:
    """Who a CDA is from and for, as a letter opens: the author and the recipients, each with their structure."""
    content = document.content if isinstance(document.content, dict) else {}
    if document.format not in {"cda-n1", "cda-n3"}:
        return []
    told = content.get("recipients")
    recipients = [one for one in map(_party, told if isinstance(told, list) else []) if one]
    author = _party(content.get("author"))
    shown = ", ".join(recipients[:_MOST_RECIPIENTS])
    if len(recipients) > _MOST_RECIPIENTS:
        shown = _("%(names)s et %(count)s autres") % {"names": shown, "count": len(recipients) - _MOST_RECIPIENTS}
    return [(term, words) for term, words in ((_("De"), author), (_("Pour"), shown)) if words]


def _party(told: Any) -> str:
    if not isinstance(told, dict):
        return ""
    name, organization = (str(told.get(part) or "").strip() for part in ("name", "organization"))
    specialty = told.get("specialty")
    label = str((specialty.get("label") if isinstance(specialty, dict) else None) or "").strip()
    return " · ".join(dict.fromkeys(part for part in (name, label, organization) if part))


def _loose(held: Mapping[str, Picture], told: Story, shown: Sequence[Form]) -> list[Picture]:
    """The images that the document holds and that neither its words nor its pages show."""
    placed = told.placed | {one.name for one in shown if one.image is not None}
    return [picture for name, picture in held.items() if name not in placed]


def _kept(document: Document, holds: Sequence[File], told: Story, shown: Sequence[Form]) -> list[File]:
    """The files that the document holds and that nothing in the page shows or leads to, to be downloaded."""
    digests = {one.document.sha256 for one in shown}
    words = _WORDS if document.format == "cda-n1" else frozenset[str]()
    left = [one for one in holds if not one.is_image and one.name not in told.placed]
    return [one for one in left if one.sha256 not in digests and one.media_type not in words]


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
