"""The values of one analysis in a chart, in time: what the tables compare and the curves draw.

Two results are of one analysis where they bear the same LOINC code, whoever wrote them, or the same code of one laboratory; one without a
code is known by its label, its headings and its laboratory. Two values compare only in one unit, in the second unit that a document
gives itself, or in units of one dimension (`domain.units`): the point moves, no digit does, and what the document writes is kept beside.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from vaguemestre.domain import units
from vaguemestre.domain.reading import LOINC, NO_VALUE
from vaguemestre.records.documents import Document, Result
from vaguemestre.records.patients import Patient
from vaguemestre.records.queries.visible import Visible

RESULTS = 1_000
"""Results of one chart that its table looks at, the last read."""
VALUES_LOOKED_AT = 1_500
"""Values of one analysis that its history looks at, the last read."""
VALUES = 8
"""Values shown of one analysis in the table of a chart, newest first."""
LOOKED_BACK = 800
"""Earlier results that are looked at for the table of one document, the last read."""
BEFORE = 7
"""Earlier values given for one result of a document."""
LINES = 400
"""Lines of the table of a chart."""
SHOWN = 120
"""Values on one page of the history of an analysis."""

Same = tuple[str, ...]
Place = tuple[Same, tuple[str, ...]]
"""An analysis, with the headings where one document gives it several times."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Value:
    """One result in one unit. `text` as a reader sees it, `number` a decimal as text or "", `comparator` as in the contract; `low` and
    `high` in the same unit. `own` is False where it is the document's second unit. `written`: value and unit as the document writes them,
    where the point had to move; else ""."""

    result: Result
    unit: str
    text: str
    number: str
    comparator: str
    low: str
    high: str
    own: bool
    written: str = ""


def _own(result: Result) -> Value:
    text = result.value or f"{result.comparator} {result.number}".strip()
    return Value(result, result.unit.strip(), text, result.number, result.comparator, result.low, result.high, own=True)


def _second(alternative: Mapping[str, Any] | None) -> tuple[str, str, str, str] | None:
    """Number, unit, low and high of the second unit that a document gives a result in, None where it gives none."""
    told = alternative if isinstance(alternative, dict) else {}
    number, unit, low, high = (str(told.get(name) or "").strip() for name in ("number", "unit", "low", "high"))
    return (number, unit, low, high) if number and unit else None


def values(result: Result) -> tuple[Value, ...]:
    """The result in its own unit, then in the second unit that its document gives."""
    own = _own(result)
    second = _second(result.alternative)
    if second is None or second[1] == own.unit:
        return (own,)
    number, unit, low, high = second
    return own, Value(result, unit, f"{result.comparator} {number}".strip(), number, result.comparator, low, high, own=False)


def _chosen(told: Sequence[tuple[str, str]], asked: str) -> int | None:
    """Which of a result's (unit, number) is given in the unit `asked`: the one spelled so, else the one in that unit spelled otherwise,
    else the first whose number can be brought to it."""
    for rank, (unit, _) in enumerate(told):
        if unit == asked:
            return rank
    wanted = units.read(asked)
    if wanted is None:
        return None
    known = [(rank, one, number) for rank, (unit, number) in enumerate(told) if (one := units.read(unit)) is not None]
    for rank, one, _ in known:
        if (one.dimension, one.power) == (wanted.dimension, wanted.power):
            return rank
    return next((rank for rank, one, number in known if units.brought(number, one, wanted) is not None), None)


def in_unit(result: Result, unit: str) -> Value | None:
    """The result in this unit, None where its document does not give it and its own is of another dimension, or of none that is known."""
    asked, told = unit.strip(), values(result)
    rank = _chosen([(value.unit, value.number) for value in told], asked)
    return None if rank is None else _brought(told[rank], asked)


def _brought(value: Value, asked: str) -> Value:
    """The value in a unit that `_chosen` found for it."""
    one, other = units.read(value.unit), units.read(asked)
    if value.unit == asked or one is None or other is None:
        return value
    if one.power == other.power:
        return dataclasses.replace(value, unit=asked)
    number = units.brought(value.number, one, other) or ""
    low, high = (units.bound_brought(bound, one, other) for bound in (value.low, value.high))
    text, written = f"{value.comparator} {number}".strip(), f"{value.text} {value.unit}"
    return Value(value.result, asked, text, number, value.comparator, low, high, value.own, written)


def _day(date: str, document_date: str, received_at: dt.datetime) -> str:
    return (date or document_date or received_at.isoformat())[:19]


def day(result: Result) -> str:
    """When it was taken, else its document's own date, else its reception: ISO text whose order is that of time within a day."""
    return _day(result.date, result.document.date, result.document.received_at)


class Row(NamedTuple):
    """What places a result among others, without its value: thousands of these are compared where a few results are shown."""

    pk: int
    document: int
    position: int
    code: str
    code_system: str
    chapter: str
    group: Sequence[str]
    label: str
    specimen: str
    unit: str
    number: str
    date: str
    alternative: Mapping[str, Any] | None
    document_date: str
    received_at: dt.datetime
    author: str
    mail_from: str

    @classmethod
    def of(cls, result: Result, document: Document) -> Row:
        """Of a result read whole; `document` with its message."""
        return cls(
            result.pk, document.pk, result.position, result.code, result.code_system, result.chapter, result.group, result.label,
            result.specimen, result.unit, result.number, result.date, result.alternative, document.date, document.received_at,
            document.author, document.delivery.message.mail_from,
        )  # fmt: skip

    @property
    def laboratory(self) -> str:
        """Who sent it, for comparing codes that are each laboratory's own: the proven sender, else the author as written."""
        return self.mail_from or self.author

    @property
    def same(self) -> Same:
        """What two results of one analysis share."""
        code = self.code.strip()
        if code and self.code_system == LOINC:
            return (LOINC, code)
        if code:
            return (self.laboratory, self.code_system, code)
        return (self.laboratory, self.chapter, *map(str, self.group), self.label.strip().casefold())

    @property
    def day(self) -> str:
        """As `day` of the result."""
        return _day(self.date, self.document_date, self.received_at)

    @property
    def told(self) -> list[tuple[str, str]]:
        """(unit, number) of each of `values`, its own first."""
        own = self.unit.strip()
        second = _second(self.alternative)
        return [(own, self.number), *([] if second is None or second[1] == own else [(second[1], second[0])])]

    def gives(self, unit: str) -> bool:
        """Whether `in_unit` gives it in this unit."""
        return self.unit == unit or _chosen(self.told, unit) is not None


_ROW = (
    "pk", "document_id", "position", "code", "code_system", "chapter", "group", "label", "specimen", "unit", "number", "date",
    "alternative",
)  # fmt: skip
_ROW_OF_DOCUMENT = ("date", "received_at", "author", "delivery__message__mail_from")
_DATED = ("document__date", "document__received_at")
_AUTHORED = (*_DATED, "document__author", "document__delivery__message__mail_from")


def in_chart(visible: Visible, patient: Patient) -> QuerySet[Result]:
    """The results that the chart's histories hold, those that the laboratory took back left out: values that stand, and nothing else."""
    told = visible.results.filter(patient=patient, document__decision="filed").filter(Q(value__gt="") | Q(number__gt=""))
    return told.exclude(status__in=NO_VALUE)


def _rows(found: QuerySet[Result], most: int) -> list[Row]:
    """The last read of these, the documents received last first. What is of a document is asked once for each, not for each result."""
    rows = list(found.order_by("-pk").values_list(*_ROW)[:most])
    papers = Document.objects.filter(pk__in={row[1] for row in rows}).values_list("pk", *_ROW_OF_DOCUMENT)
    told = {number: facts for number, *facts in papers}
    placed = [Row._make((*row, *told[row[1]])) for row in rows if row[1] in told]
    placed.sort(key=lambda row: row.position)
    return sorted(placed, key=lambda row: row.received_at, reverse=True)


def _whole(visible: Visible, patient: Patient, numbers: Iterable[int], of_document: Sequence[str] = _DATED) -> dict[int, Result]:
    """These results of the chart, each with what is shown of its document: its dates, or also who wrote it and its message."""
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        return {}
    fields = [field.attname for field in Result._meta.concrete_fields]
    rows = in_chart(visible, patient).filter(pk__in=wanted)
    rows = rows.select_related("document" if of_document is _DATED else "document__delivery__message")
    return {row.pk: row for row in rows.only(*fields, *of_document)}


def _alike(one: Row, rows: Sequence[Row], among: Sequence[Row]) -> list[Row]:
    """Of these rows of one analysis, those that are the same thing as `one`: where a document gives one analysis several times (an
    antibiotic for each of two germs), only those under the same headings and label. `among`: the analysis's results in the document of
    `one`."""
    several = {one.document} if len(among) > 1 else set()
    several |= {document for document, number in Counter(row.document for row in rows).items() if number > 1}
    if not several:
        return list(rows)
    strict = one.document in several
    place = (one.group, one.label)
    return [row for row in rows if (row.group, row.label) == place or (not strict and row.document not in several)]


def _before(row: Row, one: Row) -> bool:
    mine, theirs = (one.date or one.document_date)[:10], (row.date or row.document_date)[:10]
    if mine and theirs and mine != theirs:
        return theirs < mine
    if len(one.date) > 10 and len(row.date) > 10 and one.date[:19] != row.date[:19]:
        return row.date[:19] < one.date[:19]
    return row.received_at < one.received_at


def earlier(visible: Visible, document: Document, results: Sequence[Result]) -> dict[int, list[Value]]:
    """By row number of `results`: the same patient's earlier values of that analysis in its unit, newest first, at most BEFORE. One that
    is no value now (cancelled) has none before it."""
    patient = document.patient
    if patient is None or document.decision != "filed":
        return {}
    standing = [result for result in results if result.code and result.status not in NO_VALUE]
    if not standing:
        return {}
    found = in_chart(visible, patient).filter(code__in={result.code for result in standing})
    found = found.exclude(document__in=[document.pk, document.superseded_by_id or document.pk])
    known: dict[Same, list[Row]] = {}
    for row in _rows(found.exclude(document__content_key=document.content_key), LOOKED_BACK):
        known.setdefault(row.same, []).append(row)
    mine: dict[Same, list[Row]] = {}
    for result in standing:
        one = Row.of(result, document)
        mine.setdefault(one.same, []).append(one)
    chosen: dict[int, list[Row]] = {}
    for key, own in mine.items():
        for one in own:
            alike = [row for row in _alike(one, known.get(key, []), own) if _before(row, one) and _unit(one, row) is not None]
            if alike:
                chosen[one.pk] = sorted(alike, key=lambda row: row.day, reverse=True)[:BEFORE]
    whole = _whole(visible, patient, (row.pk for rows in chosen.values() for row in rows))
    by_number = {one.pk: one for own in mine.values() for one in own}
    return {
        number: [value for row in rows if row.pk in whole and (value := in_unit(whole[row.pk], _unit(by_number[number], row) or ""))]
        for number, rows in chosen.items()
    }


def _unit(one: Row, row: Row) -> str | None:
    """The unit in which the row compares with `one`: that of `one`, else its second one where the row is given in it; else None."""
    return next((unit for unit, _ in one.told if row.gives(unit)), None)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One analysis of a chart: its last values in `unit`, newest first, of `count` in all."""

    group: tuple[str, ...]
    label: str
    specimen: str
    unit: str
    author: str
    told: tuple[Value, ...]
    count: int

    @property
    def values(self) -> tuple[Result, ...]:
        """The results that these values are of, as written."""
        return tuple(value.result for value in self.told)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Chapter:
    """`author` is who sent all of its lines, "" where several did."""

    name: str
    author: str
    lines: tuple[Line, ...]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Table:
    """`cut`: there are results that it does not hold, older or beyond its lines."""

    chapters: tuple[Chapter, ...]
    cut: bool


def history(visible: Visible, patient: Patient) -> Table:
    """Chapters in order of their newest result, as its document names them. A line is in the unit of its newest value, and holds the older
    ones that are given in it."""
    found = _rows(in_chart(visible, patient), RESULTS + 1)
    rows = sorted(found[:RESULTS], key=lambda row: row.position)
    keys = {row.pk: row.same for row in rows}
    repeated = _repeated(rows, keys)
    lines: dict[tuple[Place, str], list[Row]] = {}
    known: dict[Place, list[str]] = {}
    for row in sorted(rows, key=lambda row: row.day, reverse=True):
        place = keys[row.pk], tuple(row.group) if keys[row.pk] in repeated else ()
        among = known.setdefault(place, [])
        unit = next((unit for unit in among if row.gives(unit)), None)
        if unit is None:
            unit = row.unit.strip()
            among.append(unit)
        lines.setdefault((place, unit), []).append(row)
    # What is of one analysis in two dimensions stands together.
    shown = [(unit, lines[place, unit]) for place, among in known.items() for unit in among][:LINES]
    whole = _whole(visible, patient, (row.pk for _, alike in shown for row in alike[:VALUES]))
    chapters: dict[str, list[Line]] = {}
    for unit, alike in shown:
        newest = alike[0]
        told = tuple(value for row in alike[:VALUES] if row.pk in whole and (value := in_unit(whole[row.pk], unit)) is not None)
        if told:
            line = Line(tuple(newest.group), newest.label, _unsaid(newest), unit, newest.author, told, len(alike))
            chapters.setdefault(newest.chapter, []).append(line)
    held = tuple(Chapter(name, _one_author(lines_), tuple(lines_)) for name, lines_ in chapters.items())
    return Table(held, len(found) > RESULTS or len(lines) > LINES)


def _unsaid(row: Row) -> str:
    """The specimen, "" where a heading or the label says it already."""
    said = " ".join([row.label, row.chapter, *map(str, row.group)]).casefold()
    return "" if row.specimen.casefold() in said else row.specimen


def _repeated(rows: Iterable[Row], keys: Mapping[int, Same]) -> set[Same]:
    """The analyses that one document gives several times: their headings tell them apart."""
    counts = Counter((row.document, keys[row.pk]) for row in rows)
    return {key for (_, key), number in counts.items() if number > 1}


def _one_author(lines: Sequence[Line]) -> str:
    authors = {line.author for line in lines}
    return authors.pop() if len(authors) == 1 else ""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Series:
    """Values of one analysis in the unit of the result that was asked, oldest first, one page of them. `before`: the one just older than
    the page; `apart` counts those in units that do not compare; `following`: the number of the next page, None on the last."""

    values: tuple[Value, ...]
    apart: int
    before: Value | None = None
    following: int | None = None


def series(visible: Visible, patient: Patient, result: Result, page: int = 1) -> Series:
    """The history of this result's analysis in its chart; page 1 holds the newest. `result` with its document and that document's
    message."""
    rows = in_chart(visible, patient)
    rows = rows.filter(code=result.code, code_system=result.code_system) if result.code else rows.filter(code="")
    asked = Row.of(result, result.document)
    wanted = asked.same
    found = [row for row in _rows(rows, VALUES_LOOKED_AT) if row.same == wanted]
    among = [row for row in found if row.document == asked.document]
    alike = sorted(_alike(asked, found, among), key=lambda row: (row.day, row.received_at, row.position))
    unit = asked.unit.strip()
    told = [row for row in alike if row.gives(unit)]
    end = max(0, len(told) - (max(page, 1) - 1) * SHOWN)
    begin = max(0, end - SHOWN)
    whole = _whole(visible, patient, (row.pk for row in told[max(0, begin - 1) : end]), _AUTHORED)
    before, *values = [
        in_unit(whole[row.pk], unit) if row is not None and row.pk in whole else None
        for row in (told[begin - 1] if begin else None, *told[begin:end])
    ]
    return Series(tuple(v for v in values if v is not None), len(alike) - len(told), before, page + 1 if begin else None)
