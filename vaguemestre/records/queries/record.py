"""One patient's chart: documents filed in it, newest first, and the history of each result."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from vaguemestre.records.documents import Document, Filing, ReadMark, Result
from vaguemestre.records.patients import FilingBan, Patient
from vaguemestre.records.queries.visible import Visible

DOCUMENTS = 200
RESULTS = 3_000
VALUES = 8
"""Values shown of one result, newest first."""


def documents(visible: Visible, patient: Patient) -> Sequence[Document]:
    """The chart's documents, newest first by their own date then by reception, at most DOCUMENTS; each bears `is_read`."""
    mark = ReadMark.objects.filter(account=visible.account, document=OuterRef("pk"))
    rows = visible.documents.filter(patient=patient, decision="filed", form_of=None).annotate(is_read=Exists(mark))
    light = rows.select_related("delivery__message", "mailbox").defer("content", "text", "candidates")
    found = list(light.order_by("-received_at", "-pk")[:DOCUMENTS])
    # The sort is stable: of one day's documents, the last received comes first.
    return sorted(found, key=lambda document: document.date[:10] or document.received_at.date().isoformat(), reverse=True)


def laboratory(document: Document) -> str:
    """Who sent it, for comparing codes that are each laboratory's own: the proven sender, else the author as written."""
    return document.delivery.message.mail_from or document.author


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One result of a chart with its values, newest first. Only values of one laboratory, one code and one unit share a line."""

    group: tuple[str, ...]
    label: str
    unit: str
    author: str
    values: tuple[Result, ...]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Chapter:
    """`author` is who sent all of its lines, "" where several did."""

    name: str
    author: str
    lines: tuple[Line, ...]


def _day(result: Result) -> str:
    return (result.date or result.document.date or result.document.received_at.isoformat())[:19]


def _chart_results(visible: Visible, patient: Patient) -> QuerySet[Result]:
    rows = visible.results.filter(patient=patient, document__decision="filed")
    return rows.select_related("document__delivery__message").defer("document__content", "document__text", "document__candidates")


_Same = tuple[str, str, str, tuple[str, ...], str]


def history(visible: Visible, patient: Patient) -> list[Chapter]:
    """Chapters in order of their newest result. A result without a code is compared by its label, with the same care."""
    lines: dict[_Same, list[Result]] = {}
    results = sorted(_chart_results(visible, patient).order_by("-document__received_at", "position")[:RESULTS], key=lambda r: r.position)
    for result in sorted(results, key=_day, reverse=True):
        if result.value or result.number:
            same = result.code.strip() or result.label.strip().casefold()
            key = (result.chapter, laboratory(result.document), same, tuple(result.group), result.unit.strip())
            lines.setdefault(key, []).append(result)
    chapters: dict[str, list[Line]] = {}
    for (name, _, _, group, unit), values in lines.items():
        line = Line(group, values[0].label, unit, values[0].document.author, tuple(values[:VALUES]))
        chapters.setdefault(name, []).append(line)
    return [Chapter(name, _one_author(found), tuple(found)) for name, found in chapters.items()]


def _one_author(lines: Sequence[Line]) -> str:
    authors = {line.author for line in lines}
    return authors.pop() if len(authors) == 1 else ""


def previous(visible: Visible, document: Document, results: Sequence[Result]) -> dict[int, Result]:
    """By row number of `results`: the same patient's last earlier value of the same laboratory, code and unit."""
    if document.patient is None or document.decision != "filed":
        return {}
    codes = {r.code for r in results if r.code}
    if not codes:
        return {}
    rows = _chart_results(visible, document.patient).filter(code__in=codes).exclude(document=document)
    earlier: dict[tuple[str, str], list[Result]] = {}
    for row in rows.exclude(document__content_key=document.content_key).order_by("-document__received_at")[:RESULTS]:
        if laboratory(row.document) == laboratory(document) and (row.value or row.number):
            earlier.setdefault((row.code, row.unit.strip()), []).append(row)
    found: dict[int, Result] = {}
    for result in results:
        before = [row for row in earlier.get((result.code, result.unit.strip()), ()) if _before(row, result, document)]
        if result.code and before:
            found[result.pk] = max(before, key=_day)
    return found


def _before(row: Result, result: Result, document: Document) -> bool:
    mine = (result.date or document.date)[:10]
    theirs = (row.date or row.document.date)[:10]
    if mine and theirs and mine != theirs:
        return theirs < mine
    return row.document.received_at < document.received_at


def filing(document: Document) -> Filing | None:
    """The act that filed this document, while it stands."""
    return Filing.objects.filter(document=document, undone_at=None).select_related("by").order_by("-pk").first()


def last_undone(document: Document) -> Filing | None:
    """The last act of filing that a person undid."""
    return (
        Filing.objects.filter(document=document, undone_at__isnull=False)
        .select_related("undone_by", "patient")
        .order_by("-undone_at")
        .first()
    )


def banned(document: Document) -> frozenset[int]:
    """Row numbers of the charts from which these bytes were taken out once."""
    rows = FilingBan.objects.filter(practice=document.practice_id, content_key=document.content_key)
    return frozenset(rows.values_list("patient_id", flat=True))
