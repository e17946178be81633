"""A patient's page: identity, the chart in time, results with their history.

The chart is a list by year and month. A version that was replaced, and a repeat, are folded under the document that stands.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from vaguemestre.records.documents import Document
from vaguemestre.records.queries import histories, record
from vaguemestre.records.queries.histories import Value
from vaguemestre.records.queries.record import Entry
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web import curve, kinds
from vaguemestre.web.access import clinical, patient_or_404, trace
from vaguemestre.web.inbox import frame, page_number

MOST_BEFORE = 6
"""Values written beside the last one; the curve holds more, and the analysis's own page all."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One entry of the chart with its rows."""

    document: Document
    versions: Sequence[Document]
    copies: Sequence[Document]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Month:
    """`words`: the month and year in words, or the year alone."""

    words: str
    items: Sequence[Item]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Trend:
    """One analysis: its last value, some before it, newest first, and all that its line holds as a curve, None for fewer than two numbers;
    `history` is the row number of a result whose page tells the whole series, None where there is but one value."""

    line: histories.Line
    last: Value
    before: Sequence[Value]
    spark: curve.Spark | None
    history: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """A kind offered, with how many entries of the chart are of it."""

    word: str
    words: kinds.Words
    count: int


def _month(day: str) -> str:
    """The heading of a date as the records hold it (YYYY, YYYY-MM or YYYY-MM-DD)."""
    try:
        return date_format(dt.date.fromisoformat(f"{day[:7]}-01"), "F Y").capitalize() if len(day) >= 7 else day[:4]
    except ValueError:
        return day[:4]


def _kind(entry: Entry) -> str:
    return kinds.kind(entry.outline.type_code, entry.outline.format, entry.outline.results)


def _months(seen: Visible, entries: Sequence[Entry]) -> list[Month]:
    wanted = [number for entry in entries for number in (entry.outline.pk, *entry.versions, *entry.copies)]
    rows = record.documents(seen, wanted[: 4 * record.DOCUMENTS])
    found = []
    for words, group in itertools.groupby(entries, key=lambda entry: _month(entry.outline.day)):
        items = [
            Item(rows[e.outline.pk], [rows[n] for n in e.versions if n in rows], [rows[n] for n in e.copies if n in rows])
            for e in group
            if e.outline.pk in rows
        ]
        found.append(Month(words, items))
    return found


def _trend(line: histories.Line) -> Trend:
    spark = curve.spark(line.told[::-1], curve.TREND_WIDTH, curve.TREND_HEIGHT)
    last, *before = line.told
    return Trend(line, last, before[:MOST_BEFORE], spark, last.result.pk if line.count > 1 else None)


@require_safe
@clinical
def show(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """The chart; opening it is traced."""
    patient = patient_or_404(request, seen, number)
    outline = record.outline(seen, patient)
    counts = Counter(map(_kind, outline))
    chosen = request.GET.get("genre", "")
    chosen = chosen if chosen in kinds.KINDS else ""
    entries = [entry for entry in outline if not chosen or _kind(entry) == chosen]
    page = page_number(request)
    start = (page - 1) * record.DOCUMENTS
    table = histories.history(seen, patient)
    context = frame(
        seen,
        here="",
        patient=patient,
        months=_months(seen, entries[start : start + record.DOCUMENTS]),
        filters=[Filter(word, words, counts[word]) for word, words in kinds.KINDS.items() if counts[word]],
        chosen=chosen,
        all=len(outline),
        following=page + 1 if len(entries) > start + record.DOCUMENTS else None,
        chapters=[(chapter, list(map(_trend, chapter.lines))) for chapter in table.chapters],
        cut=table.cut,
    )
    trace(request, "patient-opened", f"patient:{patient.pk}", "done")
    return render(request, "patient.html", context)
