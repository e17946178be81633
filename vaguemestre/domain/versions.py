"""Which edition of a document stands: pure, over the documents of one chart (formats.md 9, cases 17 and 19; CDA R2 4.2.1: setId,
versionNumber, and relatedDocument RPLC).

One edition is older than another when that one says that it replaces it, or when both are of one set (or bear one name) and the other
has a higher version or, in the same version, more in it (level 3 over level 1). Those that nothing is newer than stand. Two of the same
version and level that say different things both stand: nothing is taken out of a history by a guess. The order of arrival decides nothing.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

LEVELS = {"cda-n3": 2, "cda-n1": 1}
"""By format: a report with its results as data stands over the same one as a picture of its pages."""


@dataclasses.dataclass(frozen=True, slots=True)
class Edition:
    """One document filed in the chart. `row`: its number; `place`: where it came to (a mailbox's number); `form`: its format; `version`:
    None where it tells none, as "" elsewhere."""

    row: int
    place: int
    form: str = ""
    own_id: str = ""
    set_id: str = ""
    version: int | None = None
    replaces: str = ""

    def rank(self) -> tuple[bool, int, int]:
        """A version that is not told is below any that is, a negative one too."""
        return (self.version is not None, self.version or 0, LEVELS.get(self.form, 0))

    def says_it_replaces(self, other: Edition) -> bool:
        """By its own word, and not against the version numbers of the set that they share."""
        if not self.replaces or self.replaces != other.own_id or self.own_id == other.own_id:
            return False
        return not self.set_id or self.set_id != other.set_id or self.rank() >= other.rank()


_Newer = Mapping[int, Sequence[Edition]]


def _newer(editions: Sequence[Edition]) -> _Newer:
    """By row, the editions that are newer than it: those that replace it, and the best of its set and of its name."""
    replacing: defaultdict[str, list[Edition]] = defaultdict(list)
    alike: defaultdict[tuple[str, str], list[Edition]] = defaultdict(list)
    for one in editions:
        if one.replaces:
            replacing[one.replaces].append(one)
        for group in _groups(one):
            alike[group].append(one)
    found: dict[int, list[Edition]] = {}
    best: dict[tuple[str, str], list[Edition]] = {}
    for group, members in alike.items():
        highest = max(one.rank() for one in members)
        best[group] = [one for one in members if one.rank() == highest]
    for one in editions:
        newer = [new for new in replacing.get(one.own_id, ()) if new.says_it_replaces(one)] if one.own_id else []
        newer += [new for group in _groups(one) for new in best[group] if new.rank() > one.rank()]
        found[one.row] = newer
    return found


def _groups(one: Edition) -> list[tuple[str, str]]:
    return [(kind, value) for kind, value in (("set", one.set_id), ("id", one.own_id)) if value]


def _reached(one: Edition, newer: _Newer) -> dict[int, Edition]:
    """Every edition that is newer than this one, however many steps away; itself where they turn in a circle."""
    found: dict[int, Edition] = {}
    ahead = list(newer[one.row])
    while ahead:
        new = ahead.pop()
        if new.row not in found:
            found[new.row] = new
            ahead.extend(newer[new.row])
    return found


def _stands_for(one: Edition, newer: _Newer, reached: Mapping[int, Mapping[int, Edition]]) -> Edition:
    """The edition that stands in the place of this one: itself, or the newest. Of several copies, that which came to the same place."""
    last = [new for new in reached[one.row].values() if not newer[new.row]]
    if reached[one.row] and not last:
        # They replace each other in a circle, which says nothing: in the last circle on the way, the version numbers decide.
        first = min(reached[one.row], key=lambda row: (len(reached[row]), row))
        circle = reached[first].values()
        highest = max(new.rank() for new in circle)
        last = [new for new in circle if new.rank() == highest]
    if not last or any(new.row == one.row for new in last):
        return one
    return min(last, key=lambda new: (new.place != one.place, [-part for part in new.rank()], new.row))


def standing(editions: Iterable[Edition]) -> dict[int, int | None]:
    """By row, the row of the edition that took its place; None where it stands."""
    known = list(editions)
    newer = _newer(known)
    reached = {one.row: _reached(one, newer) for one in known}
    chosen = {one.row: _stands_for(one, newer, reached).row for one in known}
    return {row: None if new == row else new for row, new in chosen.items()}
