"""Which edition of a document stands in a chart, written after each act that files a document there or takes it out.

Called inside the act's own transaction, so that two workers that file two editions at once cannot each miss the other's: the second one's
transaction begins after the first one's end. An edition that another replaced stays in the chart and in the lists; its results leave the
histories, and come back when it stands again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import connection

from vaguemestre.domain import versions
from vaguemestre.domain.event import Event
from vaguemestre.pipeline import carrying
from vaguemestre.records.models import Document, Result
from vaguemestre.records.queries import editions
from vaguemestre.records.queries.editions import Kept, Told


@dataclasses.dataclass(frozen=True, slots=True)
class Moved:
    """A document that was filed in a chart, or taken out of it. `first`: the first of all that repeat each other, by which a PDF that says
    nothing of itself goes with the editions that it is the pages of."""

    row: int
    first: int
    told: Told

    @classmethod
    def of(cls, document: Document) -> Moved:
        told = Told(document.own_id, document.set_id, document.replaces)
        return cls(document.pk, document.duplicate_of_id or document.pk, told)


def restand(patient: int, moved: Sequence[Moved], actor: str, now: dt.datetime, *, out: Sequence[int] = ()) -> list[Event]:
    """Decides anew which editions stand in the chart, among those that the moved documents tell of; returns what to trace. `out`: the rows
    of those that were taken out of it.

    Must be called in the transaction of the act, after its own writes.
    """
    assert connection.in_atomic_block, "which edition stands is written in the transaction of the act that changes it"
    told = [one.told for one in moved if one.told]
    silent = [one.first for one in moved if not one.told]
    if silent:
        told += [kept.told() for kept in editions.repeating(patient, silent)]
    family = editions.family(patient, told)
    if not out and len(family) < 2 and all(kept.superseded_by is None for kept in family):
        return []
    stands = versions.standing(kept.edition for kept in family)
    firsts = {kept.first for kept in family} | {one.first for one in moved}
    silent_ones = [kept for kept in editions.repeating(patient, sorted(firsts), out) if kept.edition.row not in stands and not kept.told()]
    stands |= {kept.edition.row: _with_its_edition(kept, family, stands) for kept in silent_ones}
    known = [*family, *silent_ones]
    changed = [(kept, stands[kept.edition.row]) for kept in known if stands[kept.edition.row] != kept.superseded_by]
    if not changed:
        return []
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE records_document SET superseded_by_id = %s WHERE id = %s", [(newer, kept.edition.row) for kept, newer in changed]
        )
    replaced = [kept.edition.row for kept, newer in changed if newer is not None]
    Result.objects.filter(document__in=replaced, patient=patient).update(patient=None)
    again = {kept.content_key for kept, newer in changed if newer is None}
    _carry(patient, [kept for kept in known if kept.content_key in again and stands[kept.edition.row] is None])
    carrying.once(patient, [kept.edition.row for kept, _ in changed])
    return [_event(kept, newer, patient, actor, now) for kept, newer in changed]


def _with_its_edition(pages: Kept, family: Sequence[Kept], stands: Mapping[int, int | None]) -> int | None:
    """What took the place of a document that says nothing of itself: what took that of every edition that it is the pages of."""
    here = pages.edition.place
    own = sorted((kept.edition for kept in family if kept.first == pages.first), key=lambda one: (one.place != here, one.row))
    newer = [stands[one.row] for one in own]
    return newer[0] if newer and None not in newer else None


def _carry(patient: int, standing: Sequence[Kept]) -> None:
    """Puts the results of editions that stand again in the chart's histories: of several copies, once."""
    copies: dict[str, list[int]] = {}
    for kept in standing:
        copies.setdefault(kept.content_key, []).append(kept.edition.row)
    for rows in copies.values():
        if not Result.objects.filter(document__in=rows, patient=patient).exists():
            Result.objects.filter(document=rows[0]).update(patient=patient)


def _event(kept: Kept, newer: int | None, patient: int, actor: str, now: dt.datetime) -> Event:
    name = f"document:{kept.edition.row}"
    if newer is None:
        return Event(now, "stands-again", name, actor, f"patient:{patient}")
    return Event(now, "superseded", name, actor, f"document:{newer}")
