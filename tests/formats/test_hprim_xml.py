"""HPRIM XML: one changed fact changes that fact alone; it is shown whole and escaped; its identity only ever proposes."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.corpus.hprim_xml_cases import CASES, EVENT, HEADER, RESULTS, build
from vaguemestre.formats import hprim_xml
from vaguemestre.formats.cda_narrative import TAGS

WHOLE = build("evenementsPatients", HEADER, EVENT).decode()


def facts(text: str) -> dict[str, object]:
    """Every fact of a message, by a flat name; what is shown apart."""
    found = hprim_xml.read(text.encode())
    assert found.patient is not None
    told: dict[str, object] = {f"patient.{k}": v for k, v in dataclasses.asdict(found.patient).items()}
    return told | {k: v for k, v in dataclasses.asdict(found).items() if k not in {"patient", "text", "html"}}


BEFORE = facts(WHOLE)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("ES000123", "ES000124", {"id"}),
        ("2024-03-12T15:30:45", "2024-03-12T15:30:46", {"date"}),
        ("Hôpital des essais", "Clinique des essais", {"author"}),
        ("Logiciel d'essai", "Autre logiciel", set()),
        ("CAB07", "CAB08", {"recipient"}),
        ("IPP4567", "IPP4568", {"patient.local_ids"}),
        ("<nomUsuel>ZORBEC", "<nomUsuel>ZORBAC", {"patient.used_name"}),
        ("BARZOU", "BARZOI", {"patient.birth_name"}),
        ("<prenom>LUCIE", "<prenom>LUCE", {"patient.given_names", "patient.first_given_name"}),
        ("<prenom>ANNE", "<prenom>ANNA", {"patient.given_names"}),
        ("1961-05-04", "1961-05-05", {"patient.birth_date"}),
        ('sexe="F"', 'sexe="M"', {"patient.sex"}),
        ("création", "modification", set()),
        ('version="1.05"', 'version="2.00"', set()),
    ],
)
def test_one_fact_changes_alone(old: str, new: str, changed: set[str]) -> None:
    assert WHOLE.count(old) == 1
    after = facts(WHOLE.replace(old, new))
    assert {k for k in BEFORE if BEFORE[k] != after[k]} == changed


def test_an_identity_only_proposes() -> None:
    patients = [found.patient for case in CASES.values() if (found := hprim_xml.read(case.data)).patient is not None]
    assert len(patients) >= 6
    assert not any(patient is not None and patient.from_fields for patient in patients)


def test_every_word_of_it_is_shown() -> None:
    found = hprim_xml.read(build("resultatsExamens", HEADER, RESULTS))
    for words in re.findall(r">([^<>]+)<", HEADER + RESULTS):
        assert words in found.text
        assert words.replace("'", "&#x27;") in found.html


def test_what_is_shown_is_escaped_and_of_the_closed_list() -> None:
    hostile = "<note>&lt;script&gt;x&lt;/script&gt;</note>"
    found = hprim_xml.read(build("evenementsPatients", HEADER, EVENT, hostile))
    assert "&lt;script&gt;x&lt;/script&gt;" in found.html
    assert set(re.findall(r"</?([a-z0-9]+)", found.html)) <= TAGS


def test_names_of_a_doctor_are_not_the_patient_s() -> None:
    doctor = "<medecin><personne><nomUsuel>ESSAI</nomUsuel><prenoms><prenom>PAUL</prenom></prenoms></personne></medecin>"
    found = hprim_xml.read(build("evenementsPatients", HEADER, f"<evenementPatient>{doctor}</evenementPatient>"))
    assert found.patient is None
    assert "ESSAI" in found.text


def test_the_same_patient_twice_is_one() -> None:
    found = hprim_xml.read(build("evenementsPatients", HEADER, EVENT, EVENT))
    assert found.patient == hprim_xml.read(WHOLE.encode()).patient
    assert found.warnings == ()


def test_no_repr_tells_who_it_is_about() -> None:
    found = hprim_xml.read(WHOLE.encode())
    assert not re.search("ZORBEC|LUCIE|Hôpital", repr(found) + repr(found.patient) + repr(found.author))
