"""The administrator's page: mailboxes, accounts, the state of the service. No clinical content (promise 9)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vaguemestre.records.queries import service
from vaguemestre.web.access import administrator


@require_safe
@administrator
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    context = {"service": service.service(), "mailboxes": service.mailboxes(), "accounts": service.accounts(), "here": "administration"}
    return render(request, "administration.html", context)
