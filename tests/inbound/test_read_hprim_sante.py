"""HPRIM Santé and HPRIM XML in the mail and before the filing policy: what files by itself, what waits, and what never files."""

from __future__ import annotations

import dataclasses

import pytest

from tests.corpus.hprim_sante_build import OBR, POTASSIUM, SECOND, SODIUM, H, L, P, build, message
from tests.corpus.hprim_sante_cases import CASES as SANTE
from tests.corpus.hprim_xml_cases import CASES as XML
from vaguemestre.domain.matching import Chart, Match
from vaguemestre.domain.reading import Document
from vaguemestre.inbound.match import Learnt, decide
from vaguemestre.inbound.read import read

LUCIE = Chart(
    id=1,
    ref="R1",
    ins="261059999012394",
    ins_oid="1.2.250.1.213.1.4.8",
    ins_status="qualified",
    nir="",
    birth_name="BARZOU",
    used_name="ZORBEC",
    given_names=("LUCIE", "ANNE"),
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    sex="F",
    birth_place_code="",
    flags=frozenset(),
)
MARC = dataclasses.replace(
    LUCIE, id=2, ref="R2", ins="", ins_oid="", ins_status="provisional", birth_name="BARZOU", used_name="",
    given_names=("MARC",), first_given_name="MARC", birth_date="1999-11-30", sex="M",
)  # fmt: skip
KNOWN = Learnt(True, frozenset(), frozenset(), frozenset())
SENDER = "labo@hopital.example"


def decided(document: Document) -> Match:
    return decide(document, (), SENDER, "mssante", "AE", lambda _: (LUCIE, MARC), KNOWN)


def only(data: bytes, name: str = "resultat.hpr") -> Document:
    (document,) = read(data, name).documents
    return document


def test_a_report_files_by_its_traits() -> None:
    match = decided(only(message(SODIUM)))
    assert (match.decision, match.rule, match.patient) == ("filed", "E", 1)


def test_a_report_files_by_its_ins() -> None:
    named = P.replace("~99990||", "~99990|261059999012394~1.2.250.1.213.1.4.8|").replace("~~MME||", "~~MME|BARZOU|")
    match = decided(only(message(SODIUM, p=named)))
    assert (match.decision, match.rule, match.patient) == ("filed", "A", 1)


@pytest.mark.parametrize(
    ("name", "decision", "rule"),
    [
        ("no-end", "review", "E:missing-end-mark"),
        ("a-test", "review", "E:test-identity"),
        ("fewer-patients-than-announced", "review", "E:truncated"),
        ("a-broken-patient", "review", "N:truncated"),
        ("birth-impossible", "review", "N:birth-date"),
        ("birth-month-alone", "review", "N:birth-date"),
        ("no-patient", "review", "N"),
        ("ins-with-a-wrong-key", "proposed", "E:ins-key"),
    ],
)
def test_what_is_doubtful_waits_for_a_person(name: str, decision: str, rule: str) -> None:
    match = decided(only(SANTE[f"sante-{name}"].data))
    assert match.decision == decision
    assert match.rule.partition(":")[2] == rule.partition(":")[2]


@pytest.mark.parametrize("name", ["two-patients", "two-messages", "results-after-the-end"])
def test_nothing_of_a_file_of_several_patients_files(name: str) -> None:
    found = read(SANTE[f"sante-{name}"].data, "x.hpr").documents
    assert len(found) == 2
    assert {decided(one).decision for one in found} == {"review"}


def test_one_patient_in_two_records_files_twice() -> None:
    found = read(SANTE["sante-one-patient-twice"].data, "x.hpr").documents
    assert [(decided(one).decision, decided(one).patient) for one in found] == [("filed", 1), ("filed", 1)]


@pytest.mark.parametrize("case", XML.values(), ids=XML.keys())
def test_hprim_xml_never_files_by_itself(case: object) -> None:
    document = only(case.data, "x.xml")  # type: ignore[attr-defined]
    assert decided(document).decision in {"proposed", "review"}


def test_hprim_xml_proposes_the_chart() -> None:
    match = decided(only(XML["hprim-xml-an-event"].data, "x.xml"))
    assert (match.decision, match.rule, match.reason, match.patient) == ("proposed", "E:running-text", "running-text", 1)


def _mail(*files: tuple[str, bytes]) -> bytes:
    lines = [
        b"From: Labo <labo@hopital.example>",
        b"To: cabinet@cabinet.example",
        b"Subject: Resultats",
        b"Message-ID: <1@hopital.example>",
    ]
    lines += [b"Date: Tue, 12 Mar 2024 15:31:00 +0100", b"MIME-Version: 1.0", b'Content-Type: multipart/mixed; boundary="b"', b""]
    for name, data in files:
        lines += [
            b"--b",
            b"Content-Type: application/octet-stream",
            f'Content-Disposition: attachment; filename="{name}"'.encode(),
            b"",
            data,
        ]
    return b"\r\n".join((*lines, b"--b--", b""))


def test_two_files_of_two_patients_in_one_mail_are_judged_alone() -> None:
    other = build(H, SECOND, OBR, POTASSIUM, L)
    found = read(_mail(("a.hpr", message(SODIUM)), ("b.hpr", other)), "mail.eml")
    assert [document.format for document in found.documents] == ["hprim-sante", "hprim-sante"]
    assert [decided(document).patient for document in found.documents] == [1, 2]
    assert found.understood


def test_a_file_and_an_xml_of_another_do_not_agree() -> None:
    stranger = (
        XML["hprim-xml-an-event"].data.replace(b"1961-05-04", b"1970-01-09").replace(b"ZORBEC", b"AUTRE").replace(b"BARZOU", b"AUTRE")
    )
    found = read(_mail(("a.hpr", message(SODIUM)), ("b.xml", stranger)), "mail.eml")
    assert all("patient-mismatch" in {w.code for w in document.warnings} for document in found.documents)
    assert "filed" not in {decided(document).decision for document in found.documents}
