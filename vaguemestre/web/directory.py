"""The directory of correspondents, for who reads mail: one field, the nearest first. By POST as every search: a name must not stay in an
address, a log or a browser's history (promise 5). It holds nothing clinical, so that a look at it is not traced."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from vaguemestre.records.queries import directory
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web.access import clinical
from vaguemestre.web.inbox import frame

LEAST = 2


@require_http_methods(["GET", "HEAD", "POST"])
@clinical
def show(request: HttpRequest, seen: Visible) -> HttpResponse:
    """What the search finds, as a part of the page for htmx, else as a page; a GET shows an empty search."""
    text = request.POST.get("correspondent", "")[: directory.LONGEST]
    near = request.POST.get("near", "").strip().upper()[:3]
    searched = len(text.strip()) >= LEAST
    found = directory.find(text, near=near) if searched else []
    context = {"found": found, "text": text, "near": near, "searched": searched, "most": directory.FOUND, "longest": directory.LONGEST}
    if request.headers.get("HX-Request") == "true":
        return render(request, "_correspondents.html", context)
    loaded = directory.in_force()
    return render(request, "directory.html", frame(seen, here="annuaire", loaded=loaded, **context))
