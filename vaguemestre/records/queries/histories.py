"""The values of one analysis in a chart, in time: what the tables compare and the curves draw.

Two results are of one analysis where they bear the same LOINC code, whoever wrote them, or the same code of one laboratory; one without a
code is known by its label, its headings and its laboratory. Two values compare only in one unit, or in the second unit that a document
gives itself: nothing is converted here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from vaguemestre.records.documents import Document, Result
from vaguemestre.records.patients import Patient
from vaguemestre.records.queries.visible import Visible

LOINC = "2.16.840.1.113883.6.1"
RESULTS = 1_500
"""Results of one chart that are looked at, the last received."""
VALUES = 8
"""Values shown of one analysis in the table of a chart, newest first."""
LOOKED_BACK = 800
"""Earlier results that are looked at for the table of one document, the last received."""
BEFORE = 7
"""Earlier values given for one result of a document."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Value:
    """One result in one unit. `text` as a reader sees it, `number` a decimal as text or "", `comparator` as in the contract; `low` and
    `high` as written. `own` is False where it is the document's second unit."""

    result: Result
    unit: str
    text: str
    number: str
    comparator: str
    low: str
    high: str
    own: bool


def _own(result: Result) -> Value:
    text = result.value or f"{result.comparator} {result.number}".strip()
    return Value(result, result.unit.strip(), text, result.number, result.comparator, result.low, result.high, own=True)


def values(result: Result) -> tuple[Value, ...]:
    """The result in its own unit, then in the second unit that its document gives."""
    own = _own(result)
    second = result.alternative if isinstance(result.alternative, dict) else {}
    number, unit = str(second.get("number") or ""), str(second.get("unit") or "").strip()
    if not number or not unit or unit == own.unit:
        return (own,)
    shown = f"{result.comparator} {number}".strip()
    return own, Value(
        result, unit, shown, number, result.comparator, str(second.get("low") or ""), str(second.get("high") or ""), own=False
    )


def in_unit(result: Result, unit: str) -> Value | None:
    """The result in this unit, None where its document does not give it."""
    return next((value for value in values(result) if value.unit == unit.strip()), None)


def laboratory(document: Document) -> str:
    """Who sent it, for comparing codes that are each laboratory's own: the proven sender, else the author as written."""
    return document.delivery.message.mail_from or document.author


Same = tuple[str, ...]


def same(result: Result, document: Document) -> Same:
    """What two results of one analysis share."""
    code = result.code.strip()
    if code and result.code_system == LOINC:
        return (LOINC, code)
    if code:
        return (laboratory(document), result.code_system, code)
    return (laboratory(document), result.chapter, *map(str, result.group), result.label.strip().casefold())


def day(result: Result) -> str:
    """When it was taken, else its document's own date, else its reception: ISO text whose order is that of time within a day."""
    return (result.date or result.document.date or result.document.received_at.isoformat())[:19]


def in_chart(visible: Visible, patient: Patient) -> QuerySet[Result]:
    """The results that the chart's histories hold, with their documents but for what these hold."""
    rows = visible.results.filter(patient=patient, document__decision="filed")
    hidden = ("document__content", "document__text", "document__html", "document__candidates", "document__stated")
    return rows.select_related("document__delivery__message").defer(*hidden)


def _told(result: Result) -> bool:
    return bool(result.value or result.number)


def _alike(result: Result, rows: Sequence[Result], among: Sequence[Result]) -> list[Result]:
    """Of these rows of one analysis, those that are the same thing as `result`: where a document gives one analysis several times (an
    antibiotic for each of two germs), only those under the same headings and label. `among`: the analysis's results in the document of
    `result`."""
    several = {result.document_id} if len(among) > 1 else set()
    count: dict[int, int] = {}
    for row in rows:
        count[row.document_id] = count.get(row.document_id, 0) + 1
    several |= {document for document, number in count.items() if number > 1}
    if not several:
        return list(rows)
    strict = result.document_id in several
    place = (result.group, result.label)
    return [row for row in rows if (row.group, row.label) == place or (not strict and row.document_id not in several)]


def _before(row: Result, result: Result) -> bool:
    mine, theirs = (result.date or result.document.date)[:10], (row.date or row.document.date)[:10]
    if mine and theirs and mine != theirs:
        return theirs < mine
    if len(result.date) > 10 and len(row.date) > 10 and result.date[:19] != row.date[:19]:
        return row.date[:19] < result.date[:19]
    return row.document.received_at < result.document.received_at


def earlier(visible: Visible, document: Document, results: Sequence[Result]) -> dict[int, list[Value]]:
    """By row number of `results`: the same patient's earlier values of that analysis in its unit, newest first, at most BEFORE."""
    if document.patient is None or document.decision != "filed":
        return {}
    codes = {result.code for result in results if result.code}
    if not codes:
        return {}
    rows = (
        in_chart(visible, document.patient)
        .filter(code__in=codes)
        .exclude(document__in=[document.pk, document.superseded_by_id or document.pk])
    )
    rows = rows.exclude(document__content_key=document.content_key).order_by("-document__received_at", "position")
    known: dict[Same, list[Result]] = {}
    for row in rows[:LOOKED_BACK]:
        if _told(row):
            known.setdefault(same(row, row.document), []).append(row)
    mine: dict[Same, list[Result]] = {}
    for result in results:
        result.document = document
        mine.setdefault(same(result, document), []).append(result)
    found: dict[int, list[Value]] = {}
    for key, own in mine.items():
        for result in own:
            alike = [row for row in _alike(result, known.get(key, []), own) if _before(row, result)] if result.code else []
            ordered = sorted(alike, key=day, reverse=True)
            shown = [value for value in (_comparable(result, row) for row in ordered) if value is not None][:BEFORE]
            if shown:
                found[result.pk] = shown
    return found


def _comparable(result: Result, row: Result) -> Value | None:
    """The row in the unit of `result`, or in the second unit of `result` if the row is in that one."""
    return in_unit(row, result.unit) or next((v for own in values(result)[1:] if (v := in_unit(row, own.unit))), None)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One analysis of a chart with its values in one unit, newest first."""

    group: tuple[str, ...]
    label: str
    unit: str
    author: str
    values: tuple[Result, ...]
    count: int


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Chapter:
    """`author` is who sent all of its lines, "" where several did."""

    name: str
    author: str
    lines: tuple[Line, ...]


def history(visible: Visible, patient: Patient) -> list[Chapter]:
    """Chapters in order of their newest result, as its document names them."""
    lines: dict[tuple[Same, tuple[str, ...], str], list[Result]] = {}
    rows = in_chart(visible, patient).order_by("-document__received_at", "position")
    results = sorted((row for row in rows[:RESULTS] if _told(row)), key=lambda row: row.position)
    repeated = _repeated(results)
    for result in sorted(results, key=day, reverse=True):
        key = same(result, result.document)
        lines.setdefault((key, tuple(result.group) if key in repeated else (), result.unit.strip()), []).append(result)
    chapters: dict[str, list[Line]] = {}
    for (_, _, unit), found in lines.items():
        newest = found[0]
        line = Line(tuple(newest.group), newest.label, unit, newest.document.author, tuple(found[:VALUES]), len(found))
        chapters.setdefault(newest.chapter, []).append(line)
    return [Chapter(name, _one_author(found), tuple(found)) for name, found in chapters.items()]


def _repeated(results: Iterable[Result]) -> set[Same]:
    """The analyses that one document gives several times: their headings tell them apart."""
    seen: set[tuple[int, Same]] = set()
    several: set[Same] = set()
    for result in results:
        key = same(result, result.document)
        if (result.document_id, key) in seen:
            several.add(key)
        seen.add((result.document_id, key))
    return several


def _one_author(lines: Sequence[Line]) -> str:
    authors = {line.author for line in lines}
    return authors.pop() if len(authors) == 1 else ""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Series:
    """All values of one analysis in the unit of the result that was asked, oldest first; `apart` counts those in units that do not
    compare."""

    values: tuple[Value, ...]
    apart: int


def series(visible: Visible, patient: Patient, result: Result) -> Series:
    """The history of this result's analysis in its chart. `result` with its document and that document's message."""
    rows = in_chart(visible, patient)
    rows = rows.filter(code=result.code, code_system=result.code_system) if result.code else rows.filter(code="")
    wanted = same(result, result.document)
    ordered = rows.order_by("-document__received_at", "position")[:RESULTS]
    found = [row for row in ordered if same(row, row.document) == wanted and _told(row)]
    among = [row for row in found if row.document_id == result.document_id]
    alike = sorted(_alike(result, found, among), key=lambda row: (day(row), row.document.received_at, row.position))
    told = [value for value in (in_unit(row, result.unit) for row in alike) if value is not None]
    return Series(tuple(told), len(alike) - len(told))
