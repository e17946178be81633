"""The history of one analysis: a curve and the same values in a table. Its address is the row number of any of its results."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from vaguemestre.records.queries import histories
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web import curve
from vaguemestre.web.access import clinical, result_or_404, trace
from vaguemestre.web.comparison import change
from vaguemestre.web.inbox import frame, page_number


@require_safe
@clinical
def show(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """The page, newest value first; of a result that no chart bears, its document instead."""
    result = result_or_404(request, seen, number)
    if result.patient is None:
        return redirect("document", result.document_id)
    page = page_number(request)
    series = histories.series(seen, result.patient, result, page)
    values = series.values
    olders = [series.before, *values][: len(values)]
    changes = [change(now, before) if before is not None else None for before, now in zip(olders, values, strict=True)]
    rows = list(zip(values, changes, strict=True))[::-1]
    context = frame(
        seen,
        here="",
        patient=result.patient,
        result=result,
        rows=rows,
        curves=[drawn for narrow in (True, False) if (drawn := curve.draw(values, narrow=narrow)) is not None],
        apart=series.apart,
        page=page,
        following=series.following,
    )
    trace(request, "history-opened", f"patient:{result.patient.pk}", "done")
    return render(request, "result.html", context)
