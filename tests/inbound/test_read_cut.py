"""A cut CDA among documents: it is not understood, its patient is proposed and never filed, and what it says is held against the others."""

from __future__ import annotations

import random

from bench.population_cda import Habit, cda
from bench.population_envelopes import mail
from tests.formats.test_cda_cut import PAUL, written
from vaguemestre.domain.reading import Reading
from vaguemestre.inbound.match import vetoes
from vaguemestre.inbound.read import read


def codes(found: Reading) -> list[list[str]]:
    return [[w.code for w in one.warnings if w.code != "test-identity"] for one in found.documents]


def test_it_is_not_understood_and_names_its_patient() -> None:
    data = written()
    found = read(data[: len(data) - 300], "lettre.xml")
    (one,) = found.documents
    assert (found.understood, one.understood, one.text, one.results) == (False, False, "", ())
    assert one.patient is not None and one.patient.birth_name == "ZORBEC" and not one.patient.from_fields
    assert vetoes(one, ()) == ("truncated",)


def test_in_a_mail_cut_in_the_middle_of_it() -> None:
    whole = mail([("lettre.xml", "text/xml", written())], random.Random(1))
    found = read(whole[: int(len(whole) * 0.85)], "message.eml")
    (one,) = found.documents
    assert one.patient is not None and one.patient.first_given_name == "LUCIE"
    assert "truncated" in vetoes(one, [w.code for w in found.warnings])


def test_another_patient_beside_it_is_seen() -> None:
    data = written()
    other = cda((PAUL,), Habit(), "letter", 8, random.Random(2))
    beside = [("lettre.xml", "text/xml", data[: len(data) - 300]), ("autre.xml", "text/xml", other)]
    found = read(mail(beside, random.Random(1)), "message.eml")
    assert codes(found) == [["truncated", "patient-mismatch"], ["patient-mismatch"]]
