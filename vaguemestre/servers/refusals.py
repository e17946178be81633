"""Refusals at the door, traced in batches: who was refused and why, never whom the message was for."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.db import transaction

from vaguemestre.domain.event import Event
from vaguemestre.records import chain


def trace_refusals(refusals: list[tuple[str, str]]) -> None:
    """Appends one event for each (peer, reason) of the batch, with its count when it came several times."""
    now = dt.datetime.now(dt.UTC)
    counted = Counter(refusals)
    with transaction.atomic():
        chain.append(
            [
                Event(now, "refused", "door:smtp", peer, reason if count == 1 else f"{reason} x{count}")
                for (peer, reason), count in counted.items()
            ]
        )
