"""A CDA of which the end is lacking: whom its header names, where that is sure, and nobody otherwise."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.population_cda import HABITS, Habit, cda
from bench.population_told import Told
from vaguemestre.domain import person as rules
from vaguemestre.domain.reading import StatedPatient
from vaguemestre.formats import cda as reader
from vaguemestre.formats.cda_cut import patient

LUCIE = Told(
    birth_name="ZORBEC",
    used_name="BARZOU",
    given_names=("LUCIE", "ANNE"),
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    sex="F",
    birth_place_code="99990",
    local_code="L0000042",
    ins=((rules.INS_TEST, "261059999012352"),),
    guardian=("TUTEUR", "PAUL"),
)
PAUL = Told(birth_name="AUTREMONT", given_names=("PAUL",), first_given_name="PAUL", birth_date="1970-02-01", sex="M")


PLAIN = Habit()


def written(habit: Habit = PLAIN, *patients: Told) -> bytes:
    return cda(patients or (LUCIE,), habit, "letter", 7, random.Random(1))


def whole(data: bytes) -> StatedPatient:
    """What the whole document says, from no fields."""
    found = reader.read(data).patient
    assert found is not None and (found.birth_date or "").startswith("1961-05-04")
    return dataclasses.replace(found, from_fields=False)


@pytest.mark.parametrize("habit", HABITS, ids=lambda one: f"{one.encoding}-{one.given}-{one.families}-{one.wrapped}")
@pytest.mark.parametrize("share", [0.75, 0.9, 0.99])
def test_a_header_that_is_whole_is_read_as_in_the_whole(habit: Habit, share: float) -> None:
    data = written(habit)
    assert patient(data[: int(len(data) * share)]) == whole(data)


def test_a_header_that_is_cut_names_nobody() -> None:
    data = written()
    end = data.index(b"</recordTarget>")
    assert patient(data[: end + 14]) is None
    after = data.index(b"<author>", end)
    assert patient(data[: after + 7]) is None, "another may have followed"
    assert patient(data[: after + 8]) == whole(data)
    assert patient(data[: data.index(b"<recordTarget>") + 30]) is None


def test_two_patients_are_nobody_wherever_it_is_cut() -> None:
    data = written(Habit(), LUCIE, PAUL)
    assert [end for end in range(len(data)) if patient(data[:end]) is not None] == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<ClinicalDocument",
        b"<a></b>",
        b"<a>" * 10_000,
        b"</recordTarget>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget/></ClinicalDocument>',
        b'<x xmlns="urn:hl7-org:v3"><recordTarget></recordTarget>',
        b"\xff\xfe<",
    ],
)
def test_what_is_no_header_names_nobody(data: bytes) -> None:
    assert patient(data) is None


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(HABITS) - 1), st.integers(0, 4_000), st.integers(0, 4_000), st.binary(max_size=3))
def test_damage_names_nobody_else(habit: int, end: int, at: int, put: bytes) -> None:
    data = written(HABITS[habit])[:end]
    found = patient(data[:at] + put + data[at + len(put) :])
    assert found is None or not found.from_fields
