"""Whether the documents of one message tell of different persons, which forbids filing any by itself (formats.md 6.5, the vetoes)."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from typing import Literal

from vaguemestre.domain.matching_names import Given, few_edits
from vaguemestre.domain.person import INS_NIA, INS_NIR, known_birth_date, matricule, solid
from vaguemestre.domain.reading import StatedPatient

Source = Literal["cda", "metadata", "hprim", "running"]
"""Where an identity stands: a CDA's header, the metadata of an archive, an HPRIM header, running text."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Told:
    """One identity; `file` is what its records share (the digest of the bytes)."""

    patient: StatedPatient
    source: Source
    file: str = ""

    def __repr__(self) -> str:
        return f"Told({self.source!r})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Traits:
    """What is compared, "" or empty where it is not told: 13 characters and OID of the INS, whole birth date, family names, given names,
    sex."""

    ins: str
    oid: str
    born: str
    names: frozenset[str]
    given: Given
    sex: str

    def __repr__(self) -> str:
        return "_Traits()"


def differ(told: Sequence[Told]) -> bool:
    """Whether the message tells of more than one person.

    CDA and metadata may not disagree with each other, given names included: twins share all else. Nor may they with what running text
    names, but by its given names, which the forms of a document are held against when it is matched. An HPRIM file may hold several
    patients, each of its records judged alone: another document disagrees with the file when it does with every record. HPRIM records never
    disagree among themselves. Where only running text names anybody, two of them may not disagree."""
    if len(told) < 2:
        return False
    headers = {_traits(one.patient) for one in told if one.source in {"cda", "metadata"}}
    running = {_traits(one.patient) for one in told if one.source == "running"}
    files: dict[str, set[_Traits]] = {}
    for one in told:
        if one.source == "hprim":
            files.setdefault(one.file, set()).add(_traits(one.patient))
    records = set().union(*files.values())
    if _any_pair(headers, headers) or any(other_given_name(one.given, other.given) for one in headers for other in headers):
        return True
    if headers:
        # One person, of whom the metadata may tell the birth name and a letter the used one: both stand in the CDA.
        names = frozenset().union(*(one.names for one in headers))
        headers = {_known_by(one, names) for one in headers}
        running = {_known_by(one, names) for one in running}
        if _any_pair(running, headers):
            return True
    if any(_with_all(header, file) for header in headers for file in files.values()):
        return True
    if records:
        return any(_with_all(one, records) for one in running)
    return _any_pair(running, running)


def disagree(one: StatedPatient | None, other: StatedPatient | None) -> bool:
    """Whether they cannot be one person by what both tell: INS, whole birth date, family name, sex. What one does not tell says nothing."""
    return one is not None and other is not None and _contradict(_traits(one), _traits(other))


def other_given_name(one: Given, other: Given) -> bool:
    """Whether both tell a first given name, and one is not the other, nor a part, an initial or another of its names. A slip of the hand
    is another name here: LÉO and LÉON may be twins, and their documents lie side by side."""
    if not one.first or not other.first or one.equals(other):
        return False
    return not one.near(other) or (few_edits(one.first, other.first) and not one.reordered(other))


def same_person(one: StatedPatient | None, other: StatedPatient | None) -> bool:
    """Whether they are one person beyond doubt: they do not disagree, and share an INS, or a family name and a whole birth date."""
    if one is None or other is None:
        return False
    mine, its = _traits(one), _traits(other)
    if _contradict(mine, its):
        return False
    named = bool(mine.born) and mine.born == its.born and not mine.names.isdisjoint(its.names)
    return named or (bool(mine.ins) and mine.ins == its.ins)


def same_given_name(one: StatedPatient | None, other: StatedPatient | None) -> bool:
    """Whether nothing tells their given names apart, a part of a compound name included: twins may be JEAN and JEAN-PIERRE."""
    if one is None or other is None:
        return True
    mine, its = _traits(one).given, _traits(other).given
    return not mine.first or not its.first or mine.equals(its)


def _known_by(one: _Traits, names: frozenset[str]) -> _Traits:
    """With all the names of the person, where it bears one of them."""
    return one if one.names.isdisjoint(names) else dataclasses.replace(one, names=names)


def _any_pair(some: Iterable[_Traits], others: Iterable[_Traits]) -> bool:
    return any(_contradict(one, other) for one in some for other in others)


def _with_all(one: _Traits, others: Iterable[_Traits]) -> bool:
    return all(_contradict(one, other) for other in others)


@functools.lru_cache(256)
def _traits(stated: StatedPatient) -> _Traits:
    names = (stated.birth_name, stated.used_name, *stated.names_unqualified)
    return _Traits(
        ins=matricule(stated.ins.value)[:13] if stated.ins else "",
        oid=stated.ins.oid if stated.ins else "",
        born=known_birth_date(stated.birth_date or ""),
        names=frozenset(filter(None, (solid(name or "") for name in names))),
        given=Given.of(stated.first_given_name or "", stated.given_names),
        sex=stated.sex if stated.sex in {"M", "F"} else "",
    )


def _contradict(one: _Traits, other: _Traits) -> bool:
    # a person who changes from the provisional register to the other bears two numbers
    registers = {one.oid, other.oid} == {INS_NIR, INS_NIA}
    return (
        (bool(one.ins and other.ins) and one.ins != other.ins and not registers)
        or (bool(one.born and other.born) and one.born != other.born)
        or (bool(one.names and other.names) and one.names.isdisjoint(other.names))
        or (bool(one.sex and other.sex) and one.sex != other.sex)
    )
