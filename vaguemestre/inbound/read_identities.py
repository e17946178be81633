"""Whether the documents of one mail tell of different persons, which forbids filing any of them by itself (formats.md 6.5, the vetoes)."""

from __future__ import annotations

from collections.abc import Sequence

from vaguemestre.domain.person import known_birth_date, solid
from vaguemestre.domain.reading import StatedPatient


def differ(stated: Sequence[StatedPatient]) -> bool:
    """Whether an identity found in running text disagrees with every one that fields give; where no fields give any, whether two from
    running text disagree. Fields alone never do: an HPRIM file may hold several patients, and each of its records is judged alone."""
    if len(stated) < 2:
        return False
    fields = {_compared(one) for one in stated if one.from_fields}
    running = {_compared(one) for one in stated if not one.from_fields}
    if fields:
        return any(all(_disagree(one, field) for field in fields) for one in running)
    return any(_disagree(one, other) for one in running for other in running)


def _compared(stated: StatedPatient) -> tuple[str, frozenset[str]]:
    """(whole birth date or "", comparison copies of the family names)."""
    names = (stated.birth_name, stated.used_name, *stated.names_unqualified)
    return known_birth_date(stated.birth_date or ""), frozenset(filter(None, (solid(name or "") for name in names)))


def _disagree(one: tuple[str, frozenset[str]], other: tuple[str, frozenset[str]]) -> bool:
    """Two whole birth dates that differ, or family names on both sides and none in common."""
    dates = bool(one[0] and other[0]) and one[0] != other[0]
    return dates or (bool(one[1] and other[1]) and one[1].isdisjoint(other[1]))
