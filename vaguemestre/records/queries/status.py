"""How many messages and documents are where: the counts of `vaguemestre status`."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Min, Q

from vaguemestre.records.deliveries import Delivery
from vaguemestre.records.documents import Document
from vaguemestre.records.messages import Message
from vaguemestre.records.queries import outgoing


def status(now: dt.datetime) -> dict[str, int]:
    """Counts by the names of the command-line contract; `oldest_waiting_s` in whole seconds, 0 when nothing waits.

    Documents are counted as `filings` lists them: the other forms of a document are no documents of their own.
    """
    states = dict(Delivery.objects.order_by().values_list("state").annotate(Count("id")))
    # Only what waits is looked at for its age: the partial index on waiting deliveries answers.
    oldest = Delivery.objects.filter(state="waiting").aggregate(at=Min("message__received_at"))["at"]
    listed = Document.objects.filter(form_of__isnull=True)
    decisions = dict(listed.order_by().values_list("decision").annotate(Count("id")))
    unreadable = listed.aggregate(count=Count("id", filter=Q(unreadable=True)))["count"]
    return {
        "accepted": Message.objects.count(),
        "deliveries": sum(states.values()),
        "waiting": states.get("waiting", 0),
        "failed": states.get("failed", 0),
        **{name: decisions.get(name, 0) for name in ("filed", "proposed", "review", "blocked")},
        "unreadable": unreadable,
        **outgoing.counts(),
        "oldest_waiting_s": max(0, int((now - oldest).total_seconds())) if oldest else 0,
    }
