"""What changed between two values of one analysis: in words and arrows, never by color alone. Pure: decimals, no clock, no database.

A value with a comparator (< 5) is the range that it stands for: a direction is told only where it is certain.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vaguemestre.records.documents import Result
from vaguemestre.records.queries.histories import Value
from vaguemestre.web import wording

Words = str | Promise
_INFINITE = Decimal("Infinity")
_MOST_DIGITS = 40


@dataclasses.dataclass(frozen=True, slots=True)
class Direction:
    """`mark` is seen, `words` is read aloud and shown on hover."""

    mark: str
    words: Words


DIRECTIONS: Mapping[str, Direction] = {
    "up": Direction("↗", _("en hausse")),
    "down": Direction("↘", _("en baisse")),
    "same": Direction("=", _("inchangé")),
    "other": Direction("≠", _("différent")),
}
TURNS: Mapping[str, Words] = {"abnormal": _("nouvelle anomalie"), "worse": _("aggravé"), "normal": _("redevenu normal")}


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """`direction`: a key of DIRECTIONS or "" where it cannot be told; `turn`: a key of TURNS or ""."""

    direction: str
    turn: str

    @property
    def arrow(self) -> Direction | None:
        return DIRECTIONS.get(self.direction)

    @property
    def turn_words(self) -> Words:
        return TURNS.get(self.turn, "")


def decimal(text: str) -> Decimal | None:
    """A finite decimal of a reasonable length (point or comma), else None."""
    try:
        value = Decimal(text.strip().replace(",", ".")) if 0 < len(text.strip()) <= _MOST_DIGITS else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() and abs(value.adjusted()) < _MOST_DIGITS else None


def bounds(low: str, high: str) -> tuple[Decimal | None, Decimal | None]:
    """The reference interval as decimals, None where a side is absent or no number."""
    return decimal(low), decimal(high)


def standing(value: Value) -> str:
    """ "grave", "abnormal", "normal" or "" where the document does not tell: by its flag, else by its place in its own reference interval.
    A value outside an interval that the laboratory did not flag is not called abnormal here."""
    flags = wording.flags(value.result.flag)
    if flags:
        level = max(flag.level for flag in flags)
        return "grave" if level > 1 else "abnormal" if level else "normal"
    number, (low, high) = decimal(value.number), bounds(value.low, value.high)
    if number is None or value.comparator or (low is None and high is None):
        return ""
    return "normal" if (low is None or number >= low) and (high is None or number <= high) else ""


def _range(value: Value, number: Decimal) -> tuple[Decimal, Decimal]:
    low = -_INFINITE if value.comparator in {"<", "<="} else number
    high = _INFINITE if value.comparator in {">", ">="} else number
    return low, high


def direction(now: Value, before: Value) -> str:
    """A key of DIRECTIONS, "" where it cannot be told (< 5 after 3)."""
    mine, theirs = decimal(now.number), decimal(before.number)
    if mine is None or theirs is None:
        if mine is not None or theirs is not None:
            return ""
        return "same" if _solid(now.text) == _solid(before.text) else "other"
    if mine == theirs:
        strict = {now.comparator, before.comparator}
        if len(strict) == 1:
            return "same"
        if strict == {"", "<"}:
            return "down" if now.comparator else "up"
        if strict == {"", ">"}:
            return "up" if now.comparator else "down"
        if strict == {"<", ">"}:
            return "up" if now.comparator == ">" else "down"
        return ""
    (low, high), (their_low, their_high) = _range(now, mine), _range(before, theirs)
    return "up" if low >= their_high else "down" if high <= their_low else ""


def _solid(text: str) -> str:
    return " ".join(text.split()).casefold()


_RANK = {"normal": 0, "abnormal": 1, "grave": 2}


def change(now: Value, before: Value) -> Change:
    """What changed from `before` to `now`, two values in one unit."""
    mine, theirs = standing(now), standing(before)
    turn = ""
    if mine in _RANK and theirs in _RANK:
        if theirs == "normal" and mine != "normal":
            turn = "abnormal"
        elif mine == "normal" and theirs != "normal":
            turn = "normal"
        elif _RANK[mine] > _RANK[theirs]:
            turn = "worse"
    return Change(direction(now, before), turn)


def level(result: Result) -> int:
    """0 normal or not told, 1 abnormal, 2 grave."""
    return max((flag.level for flag in wording.flags(result.flag)), default=0)
