"""The administrator's page: mailboxes, accounts, the state of the service. No clinical content (promise 9)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from vaguemestre.records import domains
from vaguemestre.records.accounts import Account
from vaguemestre.records.queries import service
from vaguemestre.web.access import any_administrator


@require_safe
@any_administrator
def show(request: HttpRequest, account: Account) -> HttpResponse:
    """The page of the whole operator; who administers some domains only goes to their mailboxes."""
    if domains.bounds(account):
        return redirect("mailboxes")
    context = {"service": service.service(), "mailboxes": service.mailboxes(), "accounts": service.accounts(), "here": "administration"}
    return render(request, "administration.html", context)
