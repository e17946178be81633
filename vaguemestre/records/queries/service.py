"""What an administrator sees of the service: mailboxes, accounts and counts, nothing of a patient."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import BigIntegerField, Count, Min, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from vaguemestre.records.accounts import Account
from vaguemestre.records.deliveries import Delivery
from vaguemestre.records.documents import Document
from vaguemestre.records.mailboxes import Folder, Mailbox
from vaguemestre.records.messages import Message
from vaguemestre.records.trust import TrustList


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """`oldest` is when the oldest message not yet through the pipeline arrived; `trust` is None before the first list."""

    accepted: int
    deliveries: int
    waiting: int
    failed: int
    oldest: dt.datetime | None
    decisions: dict[str, int]
    trust: TrustList | None


def service() -> Service:
    """The counts of `vaguemestre status`, for a page."""
    state = Delivery.objects.aggregate(
        all=Count("pk"), waiting=Count("pk", filter=Q(state="waiting")), failed=Count("pk", filter=Q(state="failed"))
    )
    oldest = Delivery.objects.filter(state="waiting").aggregate(at=Min("message__received_at"))["at"]
    rows = Document.objects.filter(form_of=None).order_by().values_list("decision").annotate(count=Count("pk"))
    found = dict(rows)
    decisions = {name: found.get(name, 0) for name in ("filed", "proposed", "review", "blocked")}
    trust = TrustList.objects.first()
    return Service(Message.objects.count(), state["all"], state["waiting"], state["failed"], oldest, decisions, trust)


def mailboxes(among: QuerySet[Mailbox] | None = None) -> Sequence[Any]:
    """Mailboxes (all where `among` is None) with their practice and aliases, how many accounts open each (`accounts`) and the bytes that
    it holds (`used`)."""
    rows = Mailbox.objects.all() if among is None else among
    octets = Folder.objects.filter(mailbox=OuterRef("pk")).order_by().values("mailbox").annotate(all=Sum("octets")).values("all")
    counted = rows.annotate(accounts=Count("account", distinct=True), used=Coalesce(Subquery(octets), 0, output_field=BigIntegerField()))
    return list(counted.select_related("practice").prefetch_related("aliases").order_by("practice__name", "address"))


def accounts(among: QuerySet[Mailbox] | None = None) -> Sequence[Account]:
    """Accounts with their mailboxes; where `among` is given, only those that open one of these mailboxes, with these mailboxes alone."""
    if among is None:
        return list(Account.objects.prefetch_related("mailboxes", "domains").order_by("login"))
    shown = Prefetch("mailboxes", queryset=among)
    return list(Account.objects.filter(mailboxes__in=among).distinct().prefetch_related(shown, "domains").order_by("login"))
