"""The invented people and documents are what they say: the same for a seed, nobody's, and no two alike.

What a CDA says is read here by XPath, and not by our reader, which these documents serve to judge.
"""

from __future__ import annotations

import collections
import csv
import datetime as dt
import hashlib
import io
import random
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from bench.population import COLUMNS, hprim, mail, people, write_csv
from bench.population_cda import BODIES, MISDECLARED, Habit, cda
from bench.population_documents import Written, documents, with_ins, without_ins, world
from bench.population_envelopes import archive, pdf
from bench.population_told import Told, alike
from vaguemestre.cli.patient_rows import PatientRow, Table
from vaguemestre.domain import person
from vaguemestre.inbound.read import read


def test_a_seed_gives_the_same_people_and_documents() -> None:
    assert [p.row() for p in people(200, 1)] == [p.row() for p in people(200, 1)]
    assert [p.row() for p in people(200, 1)] != [p.row() for p in people(200, 2)]
    of = world(3, 300, 60)
    assert [d.paper.data for d in documents(of, 80, 4)] == [d.paper.data for d in documents(world(3, 300, 60), 80, 4)]


def test_nobody_is_somebody() -> None:
    """Right keys, communes 990 to 998, the OID of tests."""
    made = [*people(2_000, 5), *world(6, 500, 200).strangers]
    for p in made:
        assert person.ins_key_valid(p.own_nir)
        assert 990 <= int(p.own_nir[7:10]) <= 998
        assert p.birth_place_code == p.own_nir[5:10]
        assert person.nir_is_of_birth_date(p.own_nir, p.birth_date) and person.nir_sex(p.own_nir) == p.sex
        assert p.ins_oid in {"", person.INS_TEST}
    charts = people(2_000, 5)
    assert len({p.own_nir for p in charts}) == len({p.ref for p in charts}) == 2_000


def test_every_row_can_be_imported(tmp_path: Path) -> None:
    write_csv(people(1_000, 7), tmp_path / "patients.csv")
    data = (tmp_path / "patients.csv").read_bytes()
    rows = list(Table(data, dt.date(2026, 6, 1)).rows())
    assert len(rows) == 1_000 and all(isinstance(row, PatientRow) for row in rows)
    assert next(csv.reader([data.decode().splitlines()[0]])) == list(COLUMNS)


def test_a_laboratorys_mail() -> None:
    one = people(3, 8)[0]
    data = hprim(one)
    assert 9_500 <= len(data) <= 12_500
    reading = read(mail(data, sender="labo@hopital.demo.example"), "resultat.eml")
    [document] = reading.documents
    assert reading.message is not None and reading.message.from_ == "Laboratoire des Tilleuls <labo@hopital.demo.example>"
    assert (document.format, len(document.results)) == ("hprim-medecin", 12)
    assert document.patient is not None and document.patient.birth_date == one.birth_date
    assert mail(data) != mail(data + b" ")


def test_charts_bear_ins_of_every_register() -> None:
    charts = world(9, 2_000, 10).charts
    registers = collections.Counter(p.ins_oid for p in charts if p.ins_status == "qualified")
    assert set(registers) == set(person.INS_OIDS) and min(registers.values()) > 20
    for p in charts:
        assert not p.ins or (person.ins_key_valid(p.ins) and p.ins == p.own_nir and 990 <= int(p.ins[7:10]) <= 998)
        assert (p.ins_oid == person.INS_NIA) == (p.own_nir[0] in "78")
        assert p.ins_oid != person.INS_NIA or p.nir != p.ins
    assert {p.ins_status for p in charts} == {"qualified", "validated", "recovered", "provisional"}


EVERY = frozenset({"hprim", "cda", "sante", "oru", "mdm", "fhir"})
NOT_EVERY = {
    "mismatch": {"cda", "fhir"},
    "running-text": {"prose"},
    "other-used-name": {"cda"},
    "used-name-alone": {"hprim", "cda", "sante"},
    "used-name-typed": {"oru", "fhir"},
    "record-of-several": {"hprim"},
    "one-of-several": {"sante", "oru", "fhir"},
    "cut-above": {"cda"},
    "cut-in-body": {"cda"},
    "homonym": EVERY - {"sante"},
    "stranger-homonym": EVERY - {"sante"},
    "other-sex": EVERY - {"hprim"},
    "two-patients": EVERY - {"hprim"},
    "metadata-of-another": {"cda", "mdm"},
    "metadata-of-twin": {"cda", "mdm"},
    "pages-of-another": {"cda", "mdm", "oru", "fhir"},
    "pages-of-twin": {"cda", "mdm", "oru", "fhir"},
}
"""Kinds that not every format can be of, or that only some are written as."""


NOT_EVERY_WITH_INS = {
    "ins-misdeclared": {"cda"},
    "ins-mismatch": {"cda", "fhir"},
    "ins-metadata-of-another": {"cda", "mdm"},
    "ins-metadata-of-twin": {"cda", "mdm"},
    "ins-pages-of-another": {"cda", "mdm", "oru", "fhir"},
    "ins-pages-of-twin": {"cda", "mdm", "oru", "fhir"},
    "ins-running-text": {"prose"},
}
SELDOM = 40
"""Documents of a kind, below which chance alone may leave a format out."""


def _formats(made: list[Written]) -> dict[str, set[str]]:
    """By kind, of those that are not seldom."""
    counted = collections.Counter(one.kind for one in made)
    forms = collections.defaultdict(set)
    for one in made:
        if counted[one.kind] >= SELDOM:
            forms[one.kind].add(one.paper.form if one.paper.form in {"oru", "mdm"} else one.paper.family)
    return forms


def test_every_kind_is_written_in_every_format() -> None:
    forms = _formats(without_ins(world(9, 1_500, 300), 10_000, 4, 600))
    assert len(forms) > len(NOT_EVERY) + 15
    assert {kind: told for kind, told in forms.items() if told != EVERY} == NOT_EVERY


def test_a_number_is_written_in_every_format_that_has_a_place_for_it() -> None:
    forms = _formats(with_ins(world(9, 1_500, 300), 10_000, 4))
    assert len(forms) > len(NOT_EVERY_WITH_INS) + 15
    assert {kind: told for kind, told in forms.items() if told != EVERY - {"hprim"}} == NOT_EVERY_WITH_INS


def test_documents_with_an_ins_are_of_every_group() -> None:
    made = with_ins(world(9, 1_500, 300), 400, 4)
    assert collections.Counter(one.group for one in made) == {"A": 100, "clean": 100, "hard": 100, "stranger": 100}
    assert {one.owed for one in made if one.group == "stranger"} == {"person"}
    assert {one.owner for one in made if one.group == "stranger"} == {""}
    assert "" not in {one.owner for one in made if one.group != "stranger"}


LUCIE = Told(
    birth_name="L'HÉRITIER-ZORBEC",
    used_name="BARZOU",
    given_names=("LUCIE-ANNE", "ZOÉ"),
    first_given_name="LUCIE-ANNE",
    birth_date="1961-05-04",
    sex="F",
    birth_place_code="99990",
    local_code="L0000042",
    ins=((person.INS_TEST, "261059999012352"),),
    guardian=("TUTEUR", "PAUL"),
)
BY_THE_BOOK = (
    '<recordTarget xmlns="urn:hl7-org:v3"><patientRole><id root="1.2.250.1.999.9.8" extension="L0000042"/>'
    '<id root="1.2.250.1.213.1.4.10" extension="261059999012352"/><addr nullFlavor="NASK"/><telecom nullFlavor="NASK"/><patient><name>'
    '<family qualifier="BR">L\'HÉRITIER-ZORBEC</family><family qualifier="CL">BARZOU</family><given>LUCIE-ANNE ZOÉ</given>'
    '<given qualifier="BR">LUCIE-ANNE</given></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>'
    '<birthTime value="19610504"/><guardian><addr nullFlavor="NASK"/><guardianPerson><name><family qualifier="BR">TUTEUR</family>'
    '<given qualifier="BR">PAUL</given></name></guardianPerson></guardian>'
    "<birthplace><place><addr><county>99990</county><city>VILLE-ESSAI</city></addr></place></birthplace></patient></patientRole>"
    "</recordTarget>"
)
V3 = {"v": "urn:hl7-org:v3"}


def written(habit: Habit, says: Told = LUCIE, body: str = "letter") -> etree._Element:
    return etree.fromstring(cda((says,), habit, body, 7, random.Random(1)))


def test_a_header_by_the_book() -> None:
    [target] = written(Habit()).iterfind("v:recordTarget", V3)
    held = etree.canonicalize(etree.tostring(target).decode())
    assert held.replace(' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"', "") == etree.canonicalize(BY_THE_BOOK)


BIRTH, USED = "family[BR]=L'HÉRITIER-ZORBEC", "family[CL]=BARZOU"
LIST, FIRST = "given=LUCIE-ANNE ZOÉ", "given[BR]=LUCIE-ANNE"
HABITUAL = {
    "by the book": (Habit(), [BIRTH, USED, LIST, FIRST]),
    "a list": (Habit(given="list"), [BIRTH, USED, LIST]),
    "several": (Habit(given="several"), [BIRTH, USED, "given=LUCIE-ANNE", "given=ZOÉ"]),
    "first": (Habit(given="first"), [BIRTH, USED, FIRST]),
    "old": (Habit(families="SP"), [BIRTH, "family[SP]=BARZOU", LIST, FIRST]),
    "plain": (Habit(families="plain"), ["family=BARZOU", LIST, FIRST]),
    "given first": (Habit(ins_first=True), [LIST, FIRST, BIRTH, USED]),
    "bare": (Habit(letters="bare"), ["family[BR]=L'HERITIER-ZORBEC", USED, "given=LUCIE-ANNE ZOE", FIRST]),
    "title": (
        Habit(letters="title"),
        ["family[BR]=L'Héritier-Zorbec", "family[CL]=Barzou", "given=Lucie-Anne Zoé", "given[BR]=Lucie-Anne"],
    ),
    "blanks": (Habit(letters="blanks"), ["family[BR]=L'HÉRITIER ZORBEC", USED, "given=LUCIE ANNE ZOÉ", "given[BR]=LUCIE ANNE"]),
    "decomposed": (Habit(letters="decomposed"), ["family[BR]=L'HE\u0301RITIER-ZORBEC", USED, "given=LUCIE-ANNE ZOE\u0301", FIRST]),
    "in a stylesheet": (Habit(wrapped=True), [BIRTH, USED, LIST, FIRST]),
    "Latin-1": (Habit(encoding="iso-8859-1"), [BIRTH, USED, LIST, FIRST]),
    "UTF-16": (Habit(encoding="utf-16"), [BIRTH, USED, LIST, FIRST]),
}


@pytest.mark.parametrize(("habit", "expected"), HABITUAL.values(), ids=HABITUAL.keys())
def test_names_as_software_writes_them(habit: Habit, expected: list[str]) -> None:
    [name] = written(habit).iterfind(".//v:patientRole/v:patient/v:name", V3)
    told = [etree.QName(part).localname + (f"[{q}]" if (q := part.get("qualifier")) else "") + f"={part.text}" for part in name]
    assert told == expected


def test_what_is_left_out() -> None:
    nobody = written(Habit(sex=False, place=False), Told(given_names=("ZOÉ",), first_given_name="ZOÉ"))
    assert nobody.findall(".//v:administrativeGenderCode", V3) == nobody.findall(".//v:birthplace", V3) == []
    assert [dict(e.attrib) for e in nobody.iterfind(".//v:birthTime", V3)] == [{"nullFlavor": "UNK"}]
    assert [e.get("extension") for e in nobody.iterfind(".//v:patientRole/v:id", V3)] == [None]
    partial = written(Habit(hour=True), Told(birth_date="1961-05"))
    assert [e.get("value") for e in partial.iterfind(".//v:birthTime", V3)] == ["196105"]


def test_an_encoding_that_is_not_the_declared_one() -> None:
    data = cda((LUCIE,), MISDECLARED, "text", 7, random.Random(1))
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>') and "HÉRITIER".encode("cp1252") in data
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")


@pytest.mark.parametrize("body", BODIES)
def test_bodies(body: str) -> None:
    pages = pdf(["Une ligne"]) if body == "pages" else b""
    root = etree.fromstring(cda((LUCIE, LUCIE), Habit(), body, 7, random.Random(1), pages))
    assert len(root.findall("v:recordTarget", V3)) == 2
    assert bool(root.findall("v:component/v:nonXMLBody", V3)) == (body in {"text", "pages"})
    values = root.findall(".//v:observation[v:templateId]/v:value", V3)
    assert len(values) == (3 if body == "biology" else 0)


@pytest.mark.parametrize("wrong", ["", "hash", "size"])
def test_an_archive_lies_only_where_it_is_told_to(wrong: str) -> None:
    document = cda((LUCIE,), Habit(), "text", 7, random.Random(1))
    with zipfile.ZipFile(io.BytesIO(archive(document, "1.2.3^7", LUCIE, random.Random(2), wrong))) as zipped:
        [held] = [n for n in zipped.namelist() if "/" in n and not n.endswith("METADATA.XML")]
        metadata = etree.fromstring(zipped.read(next(n for n in zipped.namelist() if n.endswith("METADATA.XML"))))
        assert zipped.read(held) == document
    slots = {slot.get("name"): [value.text or "" for value in slot.iter("{*}Value")] for slot in metadata.iter("{*}Slot")}
    assert slots["URI"] == [held.rpartition("/")[2]]
    assert (slots["hash"][0].lower() == hashlib.sha1(document).hexdigest()) is (wrong != "hash")
    assert (slots["size"] == [str(len(document))]) is (wrong != "size")
    assert slots["sourcePatientInfo"] == [
        "PID-5|L'HÉRITIER-ZORBEC^LUCIE-ANNE^LUCIE-ANNE ZOÉ^^^^L~BARZOU^LUCIE-ANNE^^^^^D",
        "PID-7|19610504",
        "PID-8|F",
    ]
    assert "261059999012352^^^&1.2.250.1.213.1.4.10&ISO^NH" in {e.get("value") for e in metadata.iter("{*}ExternalIdentifier")}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("LEN", "LEO", True), ("LEONS", "LEON", True), ("LENO", "LEO", True), ("LEOINE", "LEA", False), ("RMEI", "LEON", False)],
)
def test_a_slip_between_two_names(one: str, other: str, expected: bool) -> None:
    assert alike(one, other) is alike(other, one) is expected
