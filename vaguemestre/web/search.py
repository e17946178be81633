"""Finding a patient or a document that waits. By POST: a name must not stay in an address, a log or a browser's history (promise 5)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from vaguemestre.records.queries import search
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web.access import clinical, trace
from vaguemestre.web.inbox import frame


@require_http_methods(["GET", "HEAD", "POST"])
@clinical
def show(request: HttpRequest, seen: Visible) -> HttpResponse:
    """What the search finds; a GET shows an empty search."""
    text = request.POST.get("q", "")[: search.LONGEST].strip()
    patients = search.patients(seen, text) if len(text) > 1 else []
    waiting = search.waiting(seen, text) if len(text) > 1 else []
    if text:
        trace(request, "searched", f"account:{seen.account}", f"{len(patients)} patients")
    context = frame(seen, here="", q=text, patients=patients, waiting=waiting, searched=len(text) > 1, most=search.FOUND)
    return render(request, "search.html", context)
