"""What a decision left in the records."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.web.world import NOW

LATER = NOW + dt.timedelta(minutes=5)


def again(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def events(*names: str) -> list[tuple[str, str, str, str]]:
    from vaguemestre.records.models import TraceEvent

    rows = TraceEvent.objects.filter(event__in=names).order_by("sequence")
    return list(rows.values_list("event", "object", "actor", "result"))
