"""Who may open a page: every clinical view begins here, with what its account may see (promise 9)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from vaguemestre.domain.event import Event
from vaguemestre.records import chain, domains
from vaguemestre.records.accounts import Account
from vaguemestre.records.documents import Document, Result
from vaguemestre.records.mailboxes import Mailbox
from vaguemestre.records.patients import Patient
from vaguemestre.records.queries.visible import Visible, visible

P = ParamSpec("P")
M = TypeVar("M", bound=Model)


def account_of(request: HttpRequest) -> Account:
    """The account that signed in; views behind `LoginRequiredMiddleware` always have one."""
    account = request.user
    if not isinstance(account, Account):
        raise PermissionDenied
    return account


def trace(request: HttpRequest, event: str, target: str, result: str) -> None:
    """Traces an act that writes nothing else."""
    with transaction.atomic():
        chain.append([Event(timezone.now(), event, target, f"account:{account_of(request).pk}", result)])


def clinical(
    view: Callable[Concatenate[HttpRequest, Visible, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hands the view what its account may see. An account without clinical access gets 404 for any object, 403 for a list."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        account = account_of(request)
        seen = visible(account)
        if not account.clinical and not kwargs:
            trace(request, "access-refused", f"account:{account.pk}", "no-clinical-access")
            raise PermissionDenied
        return view(request, seen, *args, **kwargs)

    return guarded


def _admin(request: HttpRequest) -> Account:
    account = account_of(request)
    if account.role != "admin":
        trace(request, "access-refused", f"account:{account.pk}", "not-an-administrator")
        raise PermissionDenied
    return account


def any_administrator(
    view: Callable[Concatenate[HttpRequest, Account, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hands the view the admin, who may be bound to domains: it shows and changes what `records.domains.administered` gives. Others get 403
    for a list; for an object the view finds nothing that they administer, so 404."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        account = account_of(request) if kwargs else _admin(request)
        return view(request, account, *args, **kwargs)

    return guarded


def administrator(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Only an admin of the whole operator opens this page: one who is bound to domains does not."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        account = _admin(request)
        if domains.bounds(account):
            trace(request, "access-refused", f"account:{account.pk}", "bound-to-domains")
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def _found(request: HttpRequest, rows: QuerySet[M], model: type[M], kind: str, number: int) -> M:
    found = rows.filter(pk=number).first()
    if found is not None:
        return found
    if model._default_manager.filter(pk=number).exists():
        trace(request, "access-refused", f"{kind}:{number}", "not-visible")
    raise Http404


def document_or_404(request: HttpRequest, seen: Visible, number: int, *related: str) -> Document:
    """The document with this row number, if the account may see it; an attempt on another's is traced."""
    rows = seen.documents.select_related("patient", "delivery__message", "mailbox", *related)
    return _found(request, rows, Document, "document", number)


def patient_or_404(request: HttpRequest, seen: Visible, number: int) -> Patient:
    """The chart with this row number, if it is of the account's practices; an attempt on another's is traced."""
    return _found(request, seen.patients, Patient, "patient", number)


def mailbox_or_404(request: HttpRequest, account: Account, number: int) -> Mailbox:
    """The mailbox with this row number, if the account administers it; an attempt on another's is traced."""
    return _found(request, domains.administered(account), Mailbox, "mailbox", number)


def result_or_404(request: HttpRequest, seen: Visible, number: int) -> Result:
    """The result with this row number, if it is in a chart of the account's practices or in a document that it may see."""
    found = Result.objects.filter(pk=number).select_related("patient", "document__delivery__message").first()
    if found is None:
        raise Http404
    # Asked of this one row: a list of what the account may see would be as long as its mailboxes.
    in_chart = found.patient is not None and found.patient.practice_id in seen.practice_ids
    if not in_chart and not seen.documents.filter(pk=found.document_id).exists():
        trace(request, "access-refused", f"result:{number}", "not-visible")
        raise Http404
    return found


def form_number(value: Any) -> int:
    """A row number from a form. Raises Http404 for anything else."""
    text = str(value or "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Http404
    return int(text)
