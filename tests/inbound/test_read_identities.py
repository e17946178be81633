"""Whether the documents of a message tell of different persons: by each trait, and by where the identity stands."""

from __future__ import annotations

import dataclasses

import pytest

from vaguemestre.domain.matching_names import Given
from vaguemestre.domain.person import INS_DEMO, INS_NIA, INS_NIR
from vaguemestre.domain.reading import Ins, StatedPatient
from vaguemestre.inbound.read_identities import Source, Told, differ, disagree, other_given_name, same_person

LUCIE = StatedPatient(ins=Ins("261059999012352", INS_NIR), birth_name="ZORBEC", used_name="BARZOU", birth_date="1961-05-04", sex="F")
NOBODY = StatedPatient(given_names=("LUCIE",))


def changed(**facts: object) -> StatedPatient:
    return dataclasses.replace(LUCIE, **facts)  # type: ignore[arg-type]


PAUL = StatedPatient(birth_name="AUTRE", birth_date="1970-02-01", sex="M")

LEO = changed(first_given_name="LÉO", given_names=("LÉO", "JEAN-MARIE"))
JEAN_MARIE = changed(first_given_name="JEAN-MARIE")

SAME = {
    "itself": LUCIE,
    "nothing told": NOBODY,
    "no INS": changed(ins=None),
    "INS in the other register": changed(ins=Ins("361059999012349", INS_NIA)),
    "INS without its key": changed(ins=Ins("2610599990123", INS_NIR)),
    "INS under another OID": changed(ins=Ins("261059999012352", INS_DEMO)),
    "used name first": changed(birth_name="BARZOU", used_name=None),
    "another spelling": changed(birth_name="Zôrbec", used_name=None),
    "no name": changed(birth_name=None, used_name=None),
    "a date in part": changed(birth_date="1961"),
    "the date of software that knows none": changed(birth_date="1900-01-01"),
    "sex unknown": changed(sex="U"),
    "another given name": changed(given_names=("PAULE",)),
}
ANOTHER = {
    "INS": changed(ins=Ins("270029999012346", INS_NIR)),
    "INS of a test": changed(ins=Ins("270029999012346", INS_DEMO)),
    "birth date": changed(birth_date="1961-05-05"),
    "names": changed(birth_name="AUTRE", used_name=None),
    "sex": changed(sex="M"),
}


@pytest.mark.parametrize("other", SAME.values(), ids=SAME.keys())
def test_does_not_disagree(other: StatedPatient) -> None:
    assert not disagree(LUCIE, other)
    assert not disagree(other, LUCIE)


@pytest.mark.parametrize("other", ANOTHER.values(), ids=ANOTHER.keys())
def test_disagrees(other: StatedPatient) -> None:
    assert disagree(LUCIE, other)
    assert disagree(other, LUCIE)
    assert not same_person(LUCIE, other)


def test_the_same_person_is_told_by_enough() -> None:
    assert same_person(LUCIE, changed(ins=None))
    assert same_person(LUCIE, StatedPatient(ins=LUCIE.ins))
    assert not same_person(LUCIE, StatedPatient(birth_name="ZORBEC"))
    assert not same_person(LUCIE, StatedPatient(birth_date="1961-05-04"))
    assert not same_person(LUCIE, None)
    assert not same_person(None, None)


def told(source: Source, patient: StatedPatient = LUCIE, file: str = "f") -> Told:
    return Told(patient, source, file)


TABLE = {
    "nothing": ([], False),
    "one": ([told("cda")], False),
    "two CDA of one person": ([told("cda"), told("cda", changed(ins=None))], False),
    "two CDA of two persons": ([told("cda"), told("cda", PAUL)], True),
    "CDA and metadata": ([told("cda"), told("metadata")], False),
    "CDA and metadata of another": ([told("metadata", PAUL), told("cda")], True),
    "CDA and metadata of a twin": ([told("cda", LEO), told("metadata", changed(first_given_name="MARC"))], True),
    "CDA and metadata of a twin of nearly that name": ([told("cda", LEO), told("metadata", changed(first_given_name="LÉON"))], True),
    "CDA and metadata of another of the names": ([told("cda", LEO), told("metadata", changed(first_given_name="JEAN-MARIE"))], False),
    "CDA and metadata of a part of the name": ([told("cda", changed(first_given_name="JEAN")), told("metadata", JEAN_MARIE)], False),
    "CDA and metadata without given name": ([told("cda", LEO), told("metadata")], False),
    "CDA and a PDF of another": ([told("cda"), told("running", PAUL)], True),
    "metadata of the birth name, a PDF of the used one": (
        [told("metadata", changed(used_name=None)), told("cda"), told("running", changed(birth_name="BARZOU", used_name=None))],
        False,
    ),
    "two PDF, each of one name": (
        [told("running", changed(used_name=None)), told("cda"), told("running", changed(birth_name="BARZOU", used_name=None))],
        False,
    ),
    "metadata and a PDF of another": ([told("running", PAUL), told("metadata")], True),
    "CDA and HPRIM": ([told("cda"), told("hprim")], False),
    "CDA and HPRIM of another": ([told("cda"), told("hprim", PAUL)], True),
    "CDA and a record of a file of several": ([told("cda"), told("hprim", PAUL), told("hprim")], False),
    "CDA and two HPRIM files, one of another": ([told("cda"), told("hprim", PAUL, "g"), told("hprim")], True),
    "HPRIM records of a file": ([told("hprim"), told("hprim", PAUL)], False),
    "HPRIM records of two files": ([told("hprim"), told("hprim", PAUL, "g")], False),
    "a PDF of one of the records": ([told("hprim"), told("hprim", PAUL), told("running", PAUL)], False),
    "a PDF of none of the records": ([told("hprim"), told("running", PAUL)], True),
    "two PDF": ([told("running"), told("running", PAUL)], True),
    "two PDF that are silent on all": ([told("running"), told("running", NOBODY)], False),
    "two PDF and a CDA that agrees with both": ([told("cda", NOBODY), told("running"), told("running", PAUL)], True),
}


@pytest.mark.parametrize(("told", "expected"), TABLE.values(), ids=TABLE.keys())
def test_differ(told: list[Told], expected: bool) -> None:
    assert differ(told) is expected
    assert differ(told[::-1]) is expected


GIVEN = {
    "the same": (("LÉO",), ("LEO",), False),
    "another": (("LÉO",), ("MARC",), True),
    "a slip, or a twin": (("LÉO",), ("LÉON",), True),
    "a part of it": (("JEAN-MARIE",), ("JEAN",), False),
    "cut elsewhere": (("JEAN", "LUC"), ("JEAN-LUC",), False),
    "another of them": (("LUCIE", "ANNE"), ("ANNE",), False),
    "turned": (("LUCIE", "ANNE"), ("ANNE", "LUCIE"), False),
    "an initial": (("LUCIE",), ("L",), False),
    "none": ((), ("LUCIE",), False),
}


@pytest.mark.parametrize(("one", "other", "expected"), GIVEN.values(), ids=GIVEN.keys())
def test_another_given_name(one: tuple[str, ...], other: tuple[str, ...], expected: bool) -> None:
    mine, its = Given.of("", one), Given.of("", other)
    assert other_given_name(mine, its) is other_given_name(its, mine) is expected


def test_no_repr_tells_anything() -> None:
    assert repr(told("cda")) == "Told('cda')"
