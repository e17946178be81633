"""The list of received documents: to read, to check, all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from vaguemestre.records.queries import inbox
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web.access import account_of, clinical

LISTS: Mapping[str, str] = {"a-lire": inbox.UNREAD, "a-verifier": inbox.WAITING, "tous": inbox.ALL}
"""The lists by their word in addresses."""
FIRST = "a-lire"


def list_word(request: HttpRequest, default: str = FIRST) -> str:
    """The list that the address names, or the default for anything else."""
    word = request.GET.get("liste", "")
    return word if word in LISTS else default


def page_number(request: HttpRequest) -> int:
    """The page of a long list that the address asks for, the first for anything else."""
    told = request.GET.get("page", "")
    return max(int(told), 1) if told.isascii() and told.isdigit() and len(told) < 4 else 1


def frame(seen: Visible, **context: Any) -> dict[str, Any]:
    """What every clinical page shows around its own content."""
    return {"counts": inbox.counts(seen), "clinical": True, **context}


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The list, or the administrator's own page."""
    if account_of(request).role == "admin":
        return redirect("administration")
    return _list(request)


@clinical
def _list(request: HttpRequest, seen: Visible) -> HttpResponse:
    word = list_word(request)
    page = inbox.page(seen, LISTS[word], inbox.Key.parse(request.GET.get("avant", "")))
    context = {"page": page, "word": word, "several": len(seen.mailbox_ids) > 1, "here": word}
    if request.headers.get("HX-Request") == "true" and "avant" in request.GET:
        return render(request, "_rows.html", context)
    return render(request, "inbox.html", frame(seen, **context))
