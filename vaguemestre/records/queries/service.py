"""What an administrator sees of the service: mailboxes, accounts and counts, nothing of a patient."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, Min, Q

from vaguemestre.records.accounts import Account
from vaguemestre.records.deliveries import Delivery
from vaguemestre.records.documents import Document
from vaguemestre.records.mailboxes import Mailbox
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


def mailboxes() -> Sequence[Mailbox]:
    """Every mailbox with its practice and how many accounts open it (`accounts`)."""
    return list(Mailbox.objects.select_related("practice").annotate(accounts=Count("account")).order_by("practice__name", "address"))


def accounts() -> Sequence[Account]:
    """Every account with its mailboxes."""
    return list(Account.objects.prefetch_related("mailboxes").order_by("login"))
