"""What the measurement found once, each as small as it can be: see `test_filing`."""

from __future__ import annotations

import random

import pytest

from bench.population_envelopes import pdf, words
from bench.population_hl7v2 import Sending, oru
from bench.population_told import Told
from vaguemestre.domain import person as rules
from vaguemestre.inbound.match import of_forms
from vaguemestre.inbound.read import read

LEO = Told(
    birth_name="ZORBEC",
    given_names=("LÉO",),
    first_given_name="LÉO",
    birth_date="1961-05-04",
    sex="M",
    local_code="L0000042",
    ins=((rules.INS_TEST, f"1610599990123{rules.matricule_key('1610599990123')}"),),
)


@pytest.mark.parametrize(
    ("given", "expected"), [("LÉON", ("patient-mismatch",)), ("PAUL", ("patient-mismatch",)), ("LÉO", ()), ("", ())], ids=str
)
def test_the_pages_beside_results_name_the_other_twin(given: str, expected: tuple[str, ...]) -> None:
    """All else being the same, the record's own patient was put in the place of whom the pages name, and the twin's report was filed."""
    pages = pdf(words(LEO.changed(given_names=(given,), first_given_name=given, ins=()) if given else None, random.Random(1)))
    found = read(oru((LEO,), random.Random(1), Sending(), pages), "resultats.hl7")
    main, copy = found.documents
    assert (main.format, copy.format, copy.duplicate_of) == ("hl7v2", "pdf", 0)
    assert tuple(code for code in of_forms(main, (copy,)) if code != "test-identity") == expected
