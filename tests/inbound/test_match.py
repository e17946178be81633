"""What the other forms of a document bring against filing it."""

from __future__ import annotations

import dataclasses

import pytest

from vaguemestre.domain.reading import Document, StatedPatient, Warning
from vaguemestre.inbound.match import of_forms

LEO = StatedPatient(birth_name="ZORBEC", given_names=("LÉO", "JEAN-MARIE"), first_given_name="LÉO", birth_date="1961-05-04", sex="M")
LETTER = Document("cda-n1", ("lettre.xml",), "0" * 64, patient=LEO)

PAGES = {
    "the same person": ({}, ()),
    "somebody not named": ({"birth_name": None, "given_names": (), "first_given_name": None}, ()),
    "another of the given names": ({"given_names": ("JEAN-MARIE",), "first_given_name": "JEAN-MARIE"}, ()),
    "a twin": ({"given_names": ("MARC",), "first_given_name": "MARC"}, ("patient-mismatch",)),
    "a twin of nearly that name": ({"given_names": ("LÉON",), "first_given_name": "LÉON"}, ("patient-mismatch",)),
    "another family": ({"birth_name": "BARZOU"}, ("patient-mismatch",)),
    "another birth": ({"birth_date": "1961-05-05"}, ("patient-mismatch",)),
}


@pytest.mark.parametrize(("changed", "expected"), PAGES.values(), ids=PAGES.keys())
def test_pages_that_name(changed: dict[str, object], expected: tuple[str, ...]) -> None:
    pages = Document("pdf", ("lettre.pdf",), "1" * 64, patient=dataclasses.replace(LEO, from_fields=False, **changed))  # type: ignore[arg-type]
    assert of_forms(LETTER, (pages,)) == expected


def test_the_warnings_of_the_other_forms() -> None:
    cut = Document("pdf", ("lettre.pdf",), "1" * 64, warnings=(Warning("truncated", "Cut."), Warning("unsupported", "Left out.")))
    assert of_forms(LETTER, (cut,)) == ("truncated",)
