"""HL7 v2 messages as records: one fact of the input, that fact and no other; replacements and withdrawals; several patients."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.corpus.hl7v2_build import LUCIE, PAUL, RECIPIENT, SENDER, file, flagged, msh, obx, packed
from tests.corpus.pdfs import text_pdf
from vaguemestre.domain.reading import LOINC, Coded
from vaguemestre.formats import hl7v2
from vaguemestre.formats.hl7v2 import Record

ORC = "ORC|RE|777^CABINET|L-24-1^LABO"
OBR = "OBR|1|777^CABINET|L-24-1^LABO|NFS^Numération^L|||20240311081500+0100|||||||||||||||20240312100000+0100||HM|F"
GLUCOSE = obx(1, "NM", "GLY^Glycémie^L", "0.95", "g/L", "0.70-1.10", "N", more="||||||COL^Colorimétrie^L")
WHOLE = (
    msh(),
    LUCIE,
    ORC,
    OBR,
    GLUCOSE,
    "NTE|1||Prélevé à jeun.",
    obx(2, "ST", "ASP^Aspect^L", "Limpide"),
    obx(3, "FT", "CCL^Conclusion^L", r"Examen\.br\normal."),
    "SPM|1|||SER^Sérum^L",
    SENDER,
    RECIPIENT,
    flagged(4, "MASQUE_PS", "N"),
)


def read(*segments: str) -> Record:
    (record,) = hl7v2.read(file(*segments))
    return record


def facts(value: Any, name: str = "") -> dict[str, Any]:
    """Every fact by the way to it."""
    if dataclasses.is_dataclass(value):
        found: dict[str, Any] = {}
        for field in dataclasses.fields(value):
            found |= facts(getattr(value, field.name), f"{name}.{field.name}".strip("."))
        return found
    if isinstance(value, tuple):
        return {way: told for rank, one in enumerate(value) for way, told in facts(one, f"{name}.{rank}").items()}
    return {name: value}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("ZORBEC^LUCIE", "ZORBER^LUCIE", {"patient.birth_name": "ZORBER"}),
        ("BARZOU^LULU", "BARZOI^LULU", {"patient.used_name": "BARZOI"}),
        ("BARZOU^LULU", "BARZOU^LILI", {}),
        ("LUCIE ANNE-MARIE", "LUCIE ANNE", {"patient.given_names.1": "ANNE"}),
        ("|19610504|", "|19610505|", {"patient.birth_date": "1961-05-05"}),
        ("|19610504|F|", "|19610504|M|", {"patient.sex": "M"}),
        ("BDL^^99990", "BDL^^99991", {"patient.birth_place_code": "99991"}),
        ("IPP-0042", "IPP-0043", {"patient.local_ids.0.value": "IPP-0043"}),
        ("261059999012394", "255119999104448", {"patient.ins.value": "255119999104448"}),
        ("|0.95|", "|1.95|", {"results.0.value": "1.95", "results.0.number": "1.95"}),
        ("|g/L|", "|mmol/L|", {"results.0.unit": "mmol/L"}),
        ("0.70-1.10", "0.70-1.20", {"results.0.high": "1.20"}),
        ("|N|||F", "|H|||F", {"results.0.flag": "H"}),
        ("|N|||F", "|N|||C", {"results.0.status": "C"}),
        ("GLY^Glycémie", "GLU^Glycémie", {"results.0.code.code": "GLU"}),
        ("COL^Colorimétrie", "COL^Enzymatique", {"results.0.method": "Enzymatique"}),
        ("Prélevé à jeun.", "Après repas.", {"results.0.comment": "Après repas."}),
        ("Limpide", "Trouble", {"results.1.value": "Trouble"}),
        ("|20240311081500+0100|", "|20240310|", {"results.0.date": "2024-03-10", "results.1.date": "2024-03-10"}),
        ("SER^Sérum", "PLA^Plasma", {"results.0.specimen": "Plasma", "results.1.specimen": "Plasma"}),
        ("NFS^Numération", "NFS^Hémogramme", {"title": "Hémogramme", "results.0.chapter": "Hémogramme", "results.1.chapter": "Hémogramme"}),
        ("normal.", "anormal.", {"text": "Conclusion\nExamen\nanormal."}),
        ("|20240312100000+0100|", "|20240313|", {"date": "2024-03-13"}),
        ("ESSAI^Jean", "ESSAI^Jeanne", {"author.name": "Jeanne ESSAI"}),
        ("899900000025", "899900000033", {"recipients.0.id": "99900000033"}),
        ("Clinique des Essais", "Clinique du Test", {"author.organization": "Clinique du Test"}),
        ("^MetaDMPMSS||N", "^MetaDMPMSS||Y", {"confidentiality.0": "MASQUE_PS"}),
        ("L-24-1^LABO", "L-24-2^LABO", {"id": "LABO^L-24-2"}),
        ("|M-1|", "|M-2|", {}),
        ("ORC|RE|", "ORC|RO|", {"replacing": True}),
        ("ORC|RE|", "ORC|CA|", {"availability": "Deleted"}),
    ],
)
def test_one_fact_changed_changes_that_fact_and_no_other(old: str, new: str, changed: dict[str, Any]) -> None:
    data = "\r".join(WHOLE)
    assert old in data
    before, after = (facts(hl7v2.read(text.encode())[0]) for text in (data, data.replace(old, new)))
    assert {way: after[way] for way in after if way not in before or before[way] != after[way]} == changed
    assert set(before) <= set(after)


TXA = "TXA|1|{kind}|TEXT|20240312093000||||||||{own}|{parent}||||AU||{status}"
PAGES = packed(text_pdf(["Essai."]))


def letter(
    event: str = "T02", kind: str = "11490-0", own: str = "1.2.250.1.999.2.1", parent: str = "", status: str = "", **more: str
) -> Record:
    orc = [f"ORC|{more['order']}"] if "order" in more else []
    txa = TXA.format(kind=kind, own=own, parent=parent, status=status)
    line = obx(1, "ED", "11490-0^Lettre de liaison^LN", PAGES, status=more.get("obx", "F"))
    return read(msh(f"MDM^{event}"), LUCIE, *orc, txa, line)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("11490-0", Coded("11490-0", LOINC, "Lettre de liaison")),
        ("11490-0^Lettre^LN", Coded("11490-0", LOINC, "Lettre")),
        ("CR^Compte rendu^L", Coded("CR", None, "Compte rendu")),
        ("CR", Coded("CR", None, None)),
        ("", Coded("11490-0", LOINC, "Lettre de liaison")),
    ],
)
def test_type(kind: str, told: Coded) -> None:
    assert letter(kind=kind).type == told


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ("1.2.250.1.999.2.1001^CLINIQUE", "1.2.250.1.999.2.1001"),
        ("1.2.250.1.999.2.A1001^CLINIQUE", "1.2.250.1.999.2.A1001"),
        ("2638", "2638"),
        ("2638^CLINIQUE", "CLINIQUE^2638"),
        ("2638^CLINIQUE^1.2.250.1.999^ISO", "1.2.250.1.999^2638"),
        ("", None),
    ],
)
def test_document_number(own: str, told: str | None) -> None:
    assert letter(own=own).id == told


@pytest.mark.parametrize(
    ("event", "more", "replacing", "availability"),
    [
        ("T02", {}, False, ""),
        ("T02", {"order": "NW"}, False, ""),
        ("T02", {"obx": "C"}, True, ""),
        ("T02", {"order": "RO"}, True, ""),
        ("T10", {}, True, ""),
        ("T09", {}, True, ""),
        ("T04", {}, False, "Deleted"),
        ("T11", {}, False, "Deleted"),
        ("T02", {"order": "CA"}, False, "Deleted"),
        ("T02", {"order": "OC"}, False, "Deleted"),
        ("T02", {"obx": "D"}, False, "Deleted"),
        ("T02", {"obx": "W"}, False, "Deleted"),
        ("T10", {"obx": "D"}, True, "Deleted"),
        ("T02", {"status": "OB"}, False, "Deprecated"),
        ("T02", {"status": "CA"}, False, "Deleted"),
        ("T02", {"status": "AV"}, False, ""),
    ],
)
def test_what_becomes_of_the_document(event: str, more: dict[str, str], replacing: bool, availability: str) -> None:
    found = letter(event, **more)
    assert (found.replacing, found.availability, found.replaces) == (replacing, availability, None)


def test_the_parent_document_is_what_is_replaced() -> None:
    assert letter("T10", parent="1.2.250.1.999.2.0^CLINIQUE").replaces == "1.2.250.1.999.2.0"


def test_a_corrected_result_replaces_no_document() -> None:
    record = read(msh(), LUCIE, ORC, OBR, obx(1, "NM", "A^A^L", "1", status="C"), obx(2, "NM", "B^B^L", "1", status="D"))
    assert (record.replacing, record.availability) == (False, "")


def test_a_cancellation_without_a_document_is_understood() -> None:
    record = read(msh("MDM^T11"), LUCIE, TXA.format(kind="11490-0^Lettre^LN", own="1.2.250.1.999.2.1", parent="", status=""))
    assert (record.understood, record.availability, record.warnings) == (True, "Deleted", ())


def test_a_message_without_anything_says_so() -> None:
    record = read(msh(), LUCIE, ORC)
    assert not record.understood and [w.code for w in record.warnings] == ["malformed"]


@pytest.mark.parametrize(
    ("segments", "date"),
    [
        ((msh(), OBR), "2024-03-12T10:00:00+01:00"),
        ((msh(), "OBR|1|||A^A^L"), "2024-03-12T11:30:00+01:00"),
        ((msh(), OBR, OBR.replace("20240312100000+0100", "20240314")), "2024-03-14"),
        ((msh("MDM^T02"), "TXA|1|||20240301"), "2024-03-01"),
        ((msh("MDM^T02"), "TXA|1|||20240301||20240302"), "2024-03-02"),
        ((msh().replace("20240312113000+0100", ""), "OBR|1"), None),
    ],
)
def test_date(segments: tuple[str, ...], date: str | None) -> None:
    assert read(*segments, obx(1, "TX", "A^A^L", "x")).date == date


def test_restricted_documents_say_so() -> None:
    for code, told in (("R", ("R",)), ("V", ("V",)), ("U", ()), ("", ())):
        txa = "TXA|1|11490-0" + "|" * 16 + code
        assert read(msh("MDM^T02"), LUCIE, txa, obx(1, "TX", "A^A^L", "x")).confidentiality == told


@pytest.mark.parametrize(
    ("people", "several"),
    [
        ((LUCIE, LUCIE), False),
        ((LUCIE, PAUL), True),
        ((LUCIE, LUCIE.replace("LUCIE^LUCIE", "LUCIA^LUCIA").replace("LUCIE ANNE", "LUCIA ANNE")), True),
        ((LUCIE, LUCIE.replace("19610504", "19610505")), True),
        ((LUCIE, LUCIE.replace("261059999012394", "255119999104448")), True),
        ((LUCIE, LUCIE.replace("|F|", "|M|")), True),
        ((LUCIE, "PID|1"), False),
    ],
)
def test_several_patients(people: tuple[str, ...], several: bool) -> None:
    line = obx(1, "ST", "A^A^L", "x")
    apart = b"".join(file(msh(number=str(n)), one, OBR, line) for n, one in enumerate(people))
    together = file(msh(), *(segment for one in people for segment in (one, OBR, line)))
    for data in (apart, together):
        found = hl7v2.read(data)
        assert [one.number for one in found] == [1, 2]
        assert [len(one.results) for one in found] == [1, 1]
        assert [[w.code for w in one.warnings] for one in found] == [["several-patients"] if several else []] * 2


def test_many_patients_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hl7v2, "MAX_RECORDS", 3)
    found = hl7v2.read(file(msh(), *(segment for _ in range(9) for segment in (LUCIE, OBR, obx(1, "ST", "A^A^L", "x")))))
    assert len(found) == 3 and "too-large" in {w.code for w in found[0].warnings}


@pytest.mark.parametrize("kind", ["ADT^A01^ADT_A01", "ACK^R01^ACK", "ZAM^Z01", "ORM^O01", "SIU^S12"])
def test_other_messages_are_no_reports(kind: str) -> None:
    record = read(msh(kind), LUCIE, "PV1|1|I|CHIR", "OBX|1|NM|A^A^L||1")
    assert record.patient is not None and record.patient.birth_name == "ZORBEC"
    assert record.understood and (record.results, record.embedded, record.warnings, record.id) == ((), (), (), None)
    assert record.type is not None and record.type.code == kind.partition("^")[0]
    assert "Nature : hospitalisation" in record.text and "<th>Localisation</th><td>CHIR</td>" in record.html


def test_a_message_that_does_not_tell_its_kind_is_known_by_what_it_holds() -> None:
    found = read(msh(""), LUCIE, OBR, GLUCOSE)
    assert (len(found.results), found.html) == (1, "")
    assert "<td>ZORBEC LUCIE ANNE-MARIE (légal)<br>BARZOU LULU (d&#x27;usage)</td>" in read(msh(""), LUCIE, "PV1|1").html
