"""Finding a correspondent as people type: words of a name, a speciality, a place, a structure in any order, beginnings of words,
an RPPS, an address; an error in a word of five letters or more is forgiven where nothing nearer is found.

Entries on the red list are not in the extractions; those of our own mailboxes are looked at once more here, since a list in force may be
older than the wish (mssante.md 1.6, requirement 15).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.db import connection

from vaguemestre.domain import person
from vaguemestre.domain.directory import DEPARTMENT_MARK, EMPTY_WORDS, FAMILY_MARK, Entry, words
from vaguemestre.records import search
from vaguemestre.records.directory import DirectoryState
from vaguemestre.records.mailboxes import Mailbox
from vaguemestre.records.search import Groups, Term

LONGEST = 100
WORDS_MOST = 6
_TITLES = frozenset(("dr", "docteur", "pr", "professeur", "mme", "madame", "monsieur"))
FOUND = 30
_CANDIDATES = 90
_BEGINS_LEAST = 3
"""Letters from which a word may be the beginning of one; a shorter one is looked for whole, or in what the other words found."""
_SHOWN = ", ".join(f"e.{column}" for column in search.SHOWN)
_IN_FORCE = "s.id = 1 AND e.id <= s.top AND e.until > s.revision"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Found:
    """An entry found, with its row number; `corrected`: only a typing error forgiven found it."""

    number: int
    entry: Entry
    corrected: bool = False

    def __repr__(self) -> str:
        return f"<Found {self.number}>"


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """The words of a search, lower case, without accents. `telling`: those that the index is asked; `short`: beginnings too short for it,
    looked for in what the others found."""

    telling: tuple[str, ...]
    short: tuple[str, ...]
    solid: str


def _asked(text: str) -> _Asked:
    every = words(text)
    told = [word for word in every if word not in EMPTY_WORDS and word not in _TITLES] or list(every)
    told = list(dict.fromkeys(told))[:WORDS_MOST]
    long = [word for word in told if len(word) >= _BEGINS_LEAST or word.isdigit() or word in {"2a", "2b"}]
    short = [word for word in told if word not in long] if long else []
    return _Asked(tuple(long or told), tuple(short), "".join(every))


def _whole(word: str) -> list[Term]:
    if len(word) <= 3 and (word.isdigit() or word in {"2a", "2b"}):
        return [Term(DEPARTMENT_MARK + word), Term(word)]
    return [Term(word)]


def _begun(every: Sequence[str]) -> dict[str, tuple[list[Term], bool]]:
    """What each word may be the beginning of, and whether that is all of it."""
    begins = [word for word in every if len(word) >= _BEGINS_LEAST and word.isalpha()]
    found = dict(zip(begins, search.beginnings(begins), strict=True))
    for word in every:
        if word not in found:
            found[word] = ([*_whole(word), *([Term(word, True)] if 3 <= len(word) < 5 else [])], True)
    return {word: found[word] for word in every}


def _entry(row: Sequence[Any], corrected: bool = False) -> Found:
    return Found(int(row[0]), Entry(*row[1:]), corrected)


def _where(condition: str, *values: str, limit: int) -> list[Found]:
    statement = (
        f"SELECT {_SHOWN} FROM records_directoryentry e CROSS JOIN records_directorystate s WHERE {condition} AND {_IN_FORCE}"
        f" ORDER BY e.address LIMIT {int(limit)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return [_entry(row) for row in cursor.fetchall()]


def in_force() -> DirectoryState | None:
    """When the directory in force was loaded, and how many entries it has."""
    return DirectoryState.objects.filter(id=1).first()


def at(address: str) -> Found | None:
    """The entry in force of an address in comparison form."""
    return next(iter(_shown(_where("e.address = %s", address, limit=1))), None)


def _shown(found: Sequence[Found]) -> list[Found]:
    """Without those that our own mailboxes do not want shown."""
    hidden = set(
        Mailbox.objects.filter(address__in=[one.entry.address for one in found], red_listed=True).values_list("address", flat=True)
    )
    return [one for one in found if one.entry.address not in hidden]


def _fits(asked: _Asked, found: Found) -> bool:
    """Whether each short beginning begins a word of the entry."""
    if not asked.short:
        return True
    entry = found.entry
    every = [
        word
        for text in (entry.family, entry.given, entry.speciality, entry.profession, entry.town, entry.structure)
        for word in words(text)
    ]
    return all(any(word.startswith(short) for word in every) for short in asked.short)


def _nearness(asked: _Asked, near: str, one: Found) -> tuple[Any, ...]:
    """What is nearest to the search comes first: the exact family name, then the exact given name, the department that was asked for, the
    most words found whole."""
    entry = one.entry
    family, given = words(entry.family), words(entry.given)
    typed = {*asked.telling, *asked.short}
    whole = bool(family) and ("".join(family) in typed or set(family) <= typed)
    exact_family = whole or any(word in typed for word in family)
    exact_given = any(word in typed for word in given)
    begun = any(word.startswith(each) for word in family for each in typed if len(each) >= 2)
    told = set(words(f"{entry.town} {entry.structure} {entry.speciality} {entry.profession} {entry.postcode}"))
    return (
        one.corrected,
        not (exact_family and exact_given),
        not exact_family,
        bool(near) and entry.department != near,
        not whole,
        not begun,
        not any(word.startswith(short) for word in given for short in asked.short),
        -len(typed & told),
        person.comparison(entry.family or "\uffff"),
        person.comparison(entry.given),
        entry.address,
    )


def _gather(into: dict[int, Found], groups: Groups, asked: _Asked, corrected: bool = False, limit: int = _CANDIDATES) -> bool:
    """Adds what fits; whether there is more than was looked at."""
    rows = search.found(groups, limit)
    for row in rows:
        one = _entry(row, corrected)
        if one.number not in into and _fits(asked, one):
            into[one.number] = one
    return len(rows) == limit


def _sift(asked: _Asked, near: str, per_word: Groups, into: dict[int, Found]) -> None:
    """Where more fits than can be looked at: those of that family name, and of the wished department, before the others."""
    every = (term for group in per_word for term in group)
    family = [Term(FAMILY_MARK + term.text, term.begins) for term in every if not term.text.startswith(DEPARTMENT_MARK)]
    if len(asked.telling) > 1:
        family.append(Term(FAMILY_MARK + asked.solid))
    here = [[Term(DEPARTMENT_MARK + near.lower())]] if near else []
    if here and _gather(into, [*per_word, *here], asked):
        _gather(into, [family, *per_word, *here], asked)
    _gather(into, [family, *per_word], asked)


def _candidates(asked: _Asked, near: str) -> dict[int, Found]:
    """What fits, words whole or begun; where that is too much the exact ones, where it is nothing those at one typing error."""
    found: dict[int, Found] = {}
    begun = _begun(asked.telling)
    per_word = [terms for terms, _ in begun.values()]
    if _gather(found, per_word, asked):
        whole = [_whole(word) for word in asked.telling]
        _sift(asked, near, whole, found)
        _gather(found, whole, asked)
        if near:
            _sift(asked, near, per_word, found)
        return found
    broad = tuple(word for word, (_, complete) in begun.items() if not complete)
    if not found and broad and len(broad) < len(begun):
        # A broad beginning beside a telling word: looked for in what that one finds.
        narrow = dataclasses.replace(asked, telling=tuple(w for w in asked.telling if w not in broad), short=(*asked.short, *broad))
        _gather(found, [begun[word][0] for word in narrow.telling], narrow, limit=3 * _CANDIDATES)
    if not found:
        near_by = {word: search.near_words(word) for word in asked.telling}
        if any(near_by.values()):
            _gather(found, [[*begun[word][0], *map(Term, near_by[word])] for word in asked.telling], asked, corrected=True)
    return found


def find(text: str, *, near: str = "", limit: int = FOUND) -> list[Found]:
    """Entries that fit, nearest first; [] for an empty search. `near`: the code of a department whose entries come first among equals."""
    text = text[:LONGEST].strip()
    address = next((piece for piece in text.lower().split() if "@" in piece), "")
    if address:
        return _shown(_where("e.address >= %s AND e.address < %s", address, address + "\U0010ffff", limit=limit))
    figures = person.rpps(text)
    if figures:
        return _shown(_where("e.rpps = %s AND e.rpps <> ''", figures, limit=limit))
    asked = _asked(text)
    if not asked.telling:
        return []
    found = _candidates(asked, near)
    ranked = sorted(found.values(), key=lambda one: _nearness(asked, near, one))
    return _shown(ranked[: limit * 2])[:limit]
