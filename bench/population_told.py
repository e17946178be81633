"""What a document says of its patient, whatever its format: often less than is true, sometimes something else."""

from __future__ import annotations

import dataclasses
import random

from bench.population import Person
from vaguemestre.domain import person as rules


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Told:
    """ "" or () for what is left out. `ins`: (OID, number) of each; `family`: a family name of a kind that is not told; `birth_date`: ISO
    8601 with the precision that it has; `guardian`: (family name, given name) of a relative named beside the patient; `local_code`: the
    sender's own number for the patient."""

    birth_name: str = ""
    used_name: str = ""
    family: str = ""
    given_names: tuple[str, ...] = ()
    first_given_name: str = ""
    birth_date: str = ""
    sex: str = ""
    birth_place_code: str = ""
    nir: str = ""
    local_code: str = ""
    ins: tuple[tuple[str, str], ...] = ()
    guardian: tuple[str, str] = ("", "")

    def __repr__(self) -> str:
        return "<Told>"

    @property
    def family_name(self) -> str:
        """The one of a format that has room for one."""
        return self.family or self.used_name or self.birth_name

    def changed(self, **fields: object) -> Told:
        return dataclasses.replace(self, **fields)  # type: ignore[arg-type]

    def named(self, family: str) -> Told:
        """With this family name alone."""
        return self.changed(birth_name=family, used_name="", family="")

    def called(self, given: str) -> Told:
        """With this given name alone."""
        return self.changed(given_names=(given,), first_given_name=given)


def told(p: Person, **changed: object) -> Told:
    """All that is true of this person but the INS: see `with_ins`."""
    return Told(
        birth_name=p.birth_name,
        used_name=p.used_name,
        given_names=p.given_names,
        first_given_name=p.first_given_name,
        birth_date=p.birth_date,
        sex=p.sex,
        birth_place_code=p.birth_place_code,
        nir=p.nir,
        local_code=p.local_code,
    ).changed(**changed)


def with_ins(p: Person, oid: str = "", **changed: object) -> Told:
    """All that is true of this person, and their INS: that of the chart, else their own number under `oid`, by default a test's."""
    return told(p, **{"ins": ((p.ins_oid or oid or rules.INS_TEST, p.ins or p.own_nir),), **changed})


def slip(name: str, rng: random.Random) -> str:
    """One letter dropped or two neighbours exchanged, past the first; a letter added to a short name."""
    if len(name) < 4:
        return name + rng.choice("STE")
    while True:
        at = rng.randrange(1, len(name) - 1)
        slipped = name[:at] + (name[at + 1 :] if rng.random() < 0.5 else name[at + 1] + name[at] + name[at + 2 :])
        if rules.solid(slipped) != rules.solid(name):
            return slipped


def alike(one: str, other: str) -> bool:
    """Whether a letter taken from either or both makes them one: as near to each other as a slip is to the name."""
    mine, its = ({name, *(name[:at] + name[at + 1 :] for at in range(len(name)))} for name in (one, other))
    return not mine.isdisjoint(its)


def date_slip(birth_date: str, rng: random.Random) -> str:
    """Another day of the month, or a year that is one or ten off."""
    day, shift = int(birth_date[8:]), rng.choice((-10, -1, 0, 0, 1, 10))
    other = day % 28 + 1 if shift == 0 else min(day, 28)
    return f"{int(birth_date[:4]) + shift}-{birth_date[5:8]}{other:02d}"
