"""Names in comparison: how far one is from another, and when given names are those of one person (formats.md 6.5).

Names are equal on their comparison copies, with or without blanks. Given names are equal when the first ones are, or the whole lists:
same letters in the same order, the first given name of each side, where it is told, ending where a name of the other's list ends.
So JEAN-PIERRE equals JEAN PIERRE and the list (JEAN, PIERRE) equals the line "JEAN PIERRE", and neither ever equals JEAN.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import TypeVar

from vaguemestre.domain import person

_Read = TypeVar("_Read")

MOST_LETTERS = 200
"""Longer names are never near to anything."""


def distance(one: str, other: str, most: int = 2) -> int:
    """Edits (insert, drop, change, swap of neighbours) from one text to the other; `most + 1` stands for any greater number."""
    if one == other:
        return 0
    if abs(len(one) - len(other)) > most or max(len(one), len(other)) > MOST_LETTERS:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        now = [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j] + 1, now[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        if min(now) > most and min(row) > most:
            return most + 1
        before, row = row, now
    return min(row[-1], most + 1)


def few_edits(one: str, other: str) -> bool:
    """Near enough to be a slip of the hand: one edit in a short name, two in a longer one. For ranking and proposing."""
    shortest = min(len(one), len(other))
    return shortest >= 3 and distance(one, other) <= (2 if shortest >= 5 else 1)


def remembered(read: Callable[[str], _Read]) -> Callable[[str], _Read]:
    """A pure function of a short text, its last answers kept: the names, numbers and dates of documents are those of charts, and come
    again. A long text, which only a hostile document holds, is read each time and never kept."""
    kept = functools.lru_cache(maxsize=4096)(read)
    return lambda text: kept(text) if len(text) <= MOST_LETTERS else read(text)


solid = remembered(person.solid)
"""A name in comparison without its blanks."""


@remembered
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in comparison: "Le Bras-D'Or" gives LE, BRAS, D, OR."""
    return tuple(person.comparison(name).split())


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Given:
    """Given names in comparison: `first` (told, else the first of the list), `told` ("" where only a list is given), `listed`; solid."""

    first: str
    told: str
    listed: tuple[str, ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, first: str, listed: tuple[str, ...]) -> Given:
        solids = tuple(s for s in map(solid, listed) if s)
        told = solid(first)
        words = words_of(first) or words_of(" ".join(listed[:1]))
        return cls(told or (solids[0] if solids else ""), told, solids, words)

    def _ends_a_name(self, first: str) -> bool:
        """Whether a first given name ends where one of these names ends."""
        so_far = ""
        for name in self.listed:
            so_far += name
            if so_far == first:
                return True
        return not first

    def equals(self, other: Given) -> bool:
        if not self.first or not other.first:
            return False
        if self.first == other.first:
            return True
        return self.same_letters(other) and self._ends_a_name(other.told) and other._ends_a_name(self.told)

    def same_letters(self, other: Given) -> bool:
        return bool(self.listed) and "".join(self.listed) == "".join(other.listed)

    def reordered(self, other: Given) -> bool:
        """The same names in another order, or cut elsewhere."""
        return self.same_letters(other) or (len(self.listed) > 1 and sorted(self.listed) == sorted(other.listed))

    def near(self, other: Given) -> bool:
        """Worth proposing: a slip, another order, part of a compound name, another of the given names, an initial."""
        if not self.first or not other.first:
            return False
        short, long = sorted((self.first, other.first), key=len)
        return (
            few_edits(self.first, other.first)
            or self.reordered(other)
            or self.words[:1] == other.words[:1]
            or self.first in other.listed
            or other.first in self.listed
            or (len(short) == 1 and long.startswith(short))
        )

    @property
    def is_at_odds(self) -> bool:
        """Whether the first given name that is told does not begin the list: JEAN, of somebody listed as JEAN-PIERRE."""
        return bool(self.told and self.listed) and not self._ends_a_name(self.told)

    def contradicts(self, other: Given) -> bool:
        """Both list several names, and neither list begins the other: two people may share a first given name."""
        if min(len(self.listed), len(other.listed)) < 2 or self.reordered(other):
            return False
        short, long = sorted(("".join(self.listed), "".join(other.listed)), key=len)
        return not long.startswith(short)
