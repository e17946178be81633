"""The table of a document's results: chapters, headings said once, each line with what it was before."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from vaguemestre.inbound.file import SAYING
from vaguemestre.records.documents import Document, Result
from vaguemestre.records.queries import histories
from vaguemestre.records.queries.histories import Value
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web import curve, present
from vaguemestre.web.comparison import Change, change

MOST_RESULTS = 2_000
MOST_DEPTH = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Heading:
    """One level of headings, the outermost 1."""

    depth: int
    words: str


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Row:
    """`before` is the last earlier value in `unit`; `history` a result whose page tells the whole series, None where there is none.
    `taken`: what of the specimen and its day is not said yet, "" where it is as of the line above."""

    headings: Sequence[Heading]
    taken: str
    result: Result
    before: Value | None
    change: Change | None
    history: int | None
    spark: curve.Spark | None

    @property
    def other_unit(self) -> str:
        """The unit of the earlier value where it is not that of the line."""
        return self.before.unit if self.before is not None and self.before.unit != self.result.unit.strip() else ""


def headings(before: Sequence[str], now: Sequence[str]) -> list[Heading]:
    """The headings to write between a line under `before` and one under `now`: what they share is not said again."""
    shared = 0
    while shared < min(len(before), len(now)) and before[shared] == now[shared]:
        shared += 1
    return [Heading(min(depth, MOST_DEPTH), words) for depth, words in enumerate(now[shared:], shared + 1) if words]


def chapters(seen: Visible, document: Document) -> list[tuple[str, list[Row]]]:
    """Results by chapter, in the document's order."""
    results = list(Result.objects.filter(document=document).order_by("position")[:MOST_RESULTS])
    earlier = histories.earlier(seen, document, results)
    found: list[tuple[str, list[Row]]] = []
    path: Sequence[str] = ()
    specimen = _taken(document, None)
    for result in results:
        if not found or found[-1][0] != result.chapter:
            found.append((result.chapter, []))
            path = ()
        group = tuple(str(one) for one in result.group)
        # A battery that only says its chapter again is not said.
        group = group[1:] if group and group[0].strip().casefold() == result.chapter.strip().casefold() else group
        above, specimen = specimen, _taken(document, result)
        taken = specimen if specimen != above else ""
        found[-1][1].append(_row(headings(path, group), taken, result, earlier.get(result.pk, [])))
        path = group
    return found


def _taken(document: Document, result: Result | None) -> str:
    """The specimen and the day on which it was taken, where a CDA tells them; the document's own day is not said again."""
    if result is None or document.format not in SAYING:
        return ""
    day = present.day(result.date[:10])
    return " · ".join(part for part in (result.specimen, day if day != present.day(document.date[:10]) else "") if part)


def _row(heads: Sequence[Heading], taken: str, result: Result, earlier: Sequence[Value]) -> Row:
    if not earlier:
        return Row(heads, taken, result, None, None, None, None)
    before = earlier[0]
    now = histories.in_unit(result, before.unit)
    if now is None:
        return Row(heads, taken, result, before, None, None, None)
    comparable = [now, *(value for value in earlier if value.unit == now.unit)]
    history = result.pk if result.patient_id else before.result.pk
    return Row(heads, taken, result, before, change(now, before), history, curve.spark(list(reversed(comparable))))
