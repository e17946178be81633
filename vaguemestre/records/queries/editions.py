"""The editions of a document that are filed in one chart: what decides which of them stands (`domain.versions`).

Each step looks by an index for the sets and the names that the step before it told; almost always there is one step, of one statement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from vaguemestre.domain.versions import Edition

MOST_EDITIONS = 100
"""Editions looked at together, those that stand first, then the newest rows: a set without end is a sender's fault."""

MOST_STEPS = 20
"""Of a chain of documents that each replace the one before, without a set."""

_KEPT = (
    "SELECT id, mailbox_id, format, own_id, set_id, version, replaces, content_key, superseded_by_id, coalesce(duplicate_of_id, id)"
    " FROM records_document"
)
_FOUND = (
    _KEPT + " WHERE patient_id = %s AND {column} > '' AND {column} IN ({marks}) AND decision = 'filed' AND form_of_id IS NULL"
    f" ORDER BY superseded_by_id IS NOT NULL, id DESC LIMIT {MOST_EDITIONS}"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What a document tells of itself, by which its other editions are found; "" where it tells nothing."""

    own_id: str
    set_id: str
    replaces: str

    def __bool__(self) -> bool:
        return bool(self.own_id or self.set_id or self.replaces)


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """An edition as the records keep it: with the key of its content, the row that took its place (None where it stands), and the first
    document of all that repeat each other, which may be itself."""

    edition: Edition
    content_key: str
    superseded_by: int | None
    first: int

    def told(self) -> Told:
        return Told(self.edition.own_id, self.edition.set_id, self.edition.replaces)


def family(patient: int, told: Iterable[Told]) -> list[Kept]:
    """The documents filed in a chart that these tell of, and those that they tell of in turn, by row."""
    found: dict[int, Kept] = {}
    asked: set[tuple[str, str]] = set()
    new = list(told)
    for _ in range(MOST_STEPS):
        sets = {one.set_id for one in new if one.set_id}
        names = {name for one in new for name in (one.own_id, one.replaces) if name}
        wanted = {*(("set_id", one) for one in sets), *((column, one) for one in names for column in ("own_id", "replaces"))} - asked
        if not wanted or len(found) >= MOST_EDITIONS:
            break
        asked |= wanted
        new = []
        for kept in _found(patient, sorted(wanted)):
            edition = kept.edition
            if edition.row not in found:
                found[edition.row] = kept
                new.append(kept.told())
    return [found[row] for row in sorted(found)]


def _found(patient: int, wanted: Sequence[tuple[str, str]]) -> list[Kept]:
    arms: list[str] = []
    parameters: list[str | int] = []
    for column in ("own_id", "replaces", "set_id"):
        values = [value for asked, value in wanted if asked == column]
        if values:
            arms.append(f"SELECT * FROM ({_FOUND.format(column=column, marks=', '.join(['%s'] * len(values)))}) AS by_{column}")
            parameters += [patient, *values]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(arms), parameters)
        return [_kept(row) for row in cursor.fetchall()]


def _kept(row: Sequence[Any]) -> Kept:
    return Kept(Edition(*row[:7]), row[7], row[8], row[9])


def repeating(patient: int, firsts: Iterable[int], gone: Iterable[int] = ()) -> list[Kept]:
    """The documents of a chart that repeat each other, of those whose first one is among these; and those that a document which is gone
    from the chart had taken the place of. At most MOST_EDITIONS of each, by row."""
    found: dict[int, Kept] = {}
    asked = (("id", [*firsts]), ("duplicate_of_id", [*firsts]), ("superseded_by_id", [*gone]))
    with connection.cursor() as cursor:
        for column, rows in asked:
            part = rows[:MOST_EDITIONS]
            if part:
                cursor.execute(
                    f"{_KEPT} WHERE {column} IN ({', '.join(['%s'] * len(part))}) AND patient_id = %s AND decision = 'filed'"
                    f" AND form_of_id IS NULL ORDER BY id LIMIT {MOST_EDITIONS}",
                    [*part, patient],
                )
                found.update((row[0], _kept(row)) for row in cursor.fetchall())
    return [found[row] for row in sorted(found)]
