"""A person's decisions about a document. Every change is a POST; the next document to check comes up after one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vaguemestre.inbound.settle import better_named, grave
from vaguemestre.pipeline import decisions
from vaguemestre.records.documents import Document
from vaguemestre.records.queries import inbox, search
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web import present, wording
from vaguemestre.web.access import account_of, clinical, document_or_404, form_number, patient_or_404
from vaguemestre.web.document import choices, deciding
from vaguemestre.web.inbox import frame


def _to(document: int) -> HttpResponse:
    return redirect(reverse("document", args=[document]))


def _next(request: HttpRequest, seen: Visible, document: Document) -> HttpResponse:
    following = inbox.next_waiting(seen, document)
    if following is not None:
        return redirect(reverse("document", args=[following]) + "?liste=a-verifier")
    messages.success(request, _("Plus rien à vérifier."))
    return redirect(reverse("inbox") + "?liste=a-verifier")


def _refused(request: HttpRequest, seen: Visible, document: Document, refusal: decisions.Refusal) -> HttpResponse:
    messages.warning(request, str(wording.REFUSALS.get(refusal.code, wording.OTHER_REFUSAL)))
    if seen.documents.filter(pk=document.pk).exists():
        return _to(document.pk)
    return redirect("inbox")


@require_POST
@clinical
def settle(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """Files the document in the chart that the form names; asks once more where the identities clash."""
    document = document_or_404(request, seen, number)
    patient = patient_or_404(request, seen, form_number(request.POST.get("patient")))
    confirmed = request.POST.get("confirmed") == "yes"
    try:
        filed = decisions.settle(account_of(request), document, patient, timezone.now(), confirmed=confirmed)
    except decisions.Refusal as refusal:
        if refusal.code != "confirmation-needed":
            return _refused(request, seen, document, refusal)
        [choice] = choices(document, [patient])
        others = [one for one in document.candidates if one.get("patient") != patient.pk]
        context = {
            "document": document,
            "choice": choice,
            "differs": grave(choice.traits),
            "twin": better_named(choice.traits, others),
            "unticked": "confirming" in request.POST,
        }
        return render(request, "confirm.html", frame(seen, here="", **context))
    sentence = _("Classé dans le dossier de %(name)s.") % {"name": present.patient_name(patient)}
    if len(filed) > 1:
        sentence += " " + _("Ses copies reçues par le cabinet l'ont suivi (%(count)s).") % {"count": len(filed) - 1}
    messages.success(request, sentence, extra_tags=f"document-{document.pk}")
    return _next(request, seen, document)


@require_POST
@clinical
def undo(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """Takes the document back to *À vérifier*."""
    document = document_or_404(request, seen, number)
    try:
        undone = decisions.undo(account_of(request), document, timezone.now())
    except decisions.Refusal as refusal:
        return _refused(request, seen, document, refusal)
    sentence = _("Classement annulé : le document est revenu dans « À vérifier » et ses résultats ont quitté le dossier.")
    if len(undone) > 1:
        sentence += " " + _("Ses copies aussi (%(count)s).") % {"count": len(undone) - 1}
    messages.success(request, sentence)
    if seen.documents.filter(pk=number).exists():
        return _to(number)
    return redirect("inbox")


@require_POST
@clinical
def set_aside(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """Leaves the document without a chart."""
    document = document_or_404(request, seen, number)
    try:
        decisions.set_aside(account_of(request), document, timezone.now())
    except decisions.Refusal as refusal:
        return _refused(request, seen, document, refusal)
    messages.success(request, _("Laissé sans dossier. Le document reste dans « Tous »."), extra_tags=f"document-{document.pk}")
    return _next(request, seen, document)


@require_POST
@clinical
def take_back(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """Puts a document left without a chart back in *À vérifier*."""
    document = document_or_404(request, seen, number)
    try:
        decisions.take_back(account_of(request), document, timezone.now())
    except decisions.Refusal as refusal:
        return _refused(request, seen, document, refusal)
    return _to(number)


@require_POST
@clinical
def choose(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """Charts that a search finds, each held against the document; as a part of its page for htmx, else as a page."""
    document = document_or_404(request, seen, number)
    text = request.POST.get("q", "")[: search.LONGEST]
    own = Visible(seen.account, seen.mailbox_ids, tuple(p for p in seen.practice_ids if p == document.practice_id))
    found = search.patients(own, text, 10) if len(text.strip()) > 1 else []
    context = {"document": document, "found": choices(document, found), "q": text, "searched": len(text.strip()) > 1}
    if request.headers.get("HX-Request") == "true":
        return render(request, "_found.html", context)
    return render(request, "choose.html", frame(seen, here="", **deciding(seen, document), **context))
