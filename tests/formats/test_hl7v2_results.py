"""The OBX of HL7 v2: each type of value alone, what its order gives to a result, words, flags and files."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.corpus.hl7v2_build import LUCIE, file, flagged, msh, obx, packed
from vaguemestre.domain.reading import LOINC, Coded, Result
from vaguemestre.formats import hl7v2, hl7v2_results
from vaguemestre.formats.hl7v2 import Record

OBR = "OBR|1|||NFS^Numération^L|||20240311081500"


def read(*segments: str, kind: str = "ORU^R01^ORU_R01") -> Record:
    (record,) = hl7v2.read(file(msh(kind), LUCIE, *segments))
    return record


def result(line: str, *more: str) -> Result:
    (found,) = read(OBR, line, *more).results
    return found


def codes(record: Record) -> list[str]:
    return [w.code for w in record.warnings]


@pytest.mark.parametrize(
    ("kind", "written", "value", "comparator", "number"),
    [
        ("NM", "0.950", "0.950", None, "0.950"),
        ("NM", "+3,5", "+3,5", None, "3.5"),
        ("NM", "-2", "-2", None, "-2"),
        ("NM", "<0.12", "<0.12", "<", "0.12"),
        ("NM", "1.2E+5", "1.2E+5", None, "120000"),
        ("NM", "négatif", "négatif", None, None),
        ("NM", "12 13", "12 13", None, None),
        ("NM", "12~13", "12 ; 13", None, None),
        ("NM", "", None, None, None),
        ("NM", '""', None, None, None),
        ("SN", "^5.2", "5.2", None, "5.2"),
        ("SN", ">^100", ">100", ">", "100"),
        ("SN", ">=^100", ">=100", ">=", "100"),
        ("SN", "=^100", "=100", None, None),
        ("SN", "<>^100", "<>100", None, None),
        ("SN", "^100^-^200", "100-200", None, None),
        ("SN", "^1^:^128", "1:128", None, None),
        ("SN", "^2^+", "2+", None, None),
        ("ST", "Positif", "Positif", None, None),
        ("ST", "5.2", "5.2", None, "5.2"),
        ("ST", "< 5", "< 5", "<", "5"),
        ("ST", r"A\T\B", "A&B", None, None),
        ("ST", "A&B^C", "A&B^C", None, None),
        ("TX", "Négatif", "Négatif", None, None),
        ("TX", "5.2", "5.2", None, None),
        ("CE", "POS^Positif^L", "Positif", None, None),
        ("CE", "12^Douze^L", "Douze", None, None),
        ("CWE", "POS", "POS", None, None),
        ("CWE", "^^^^^^^^Comme écrit", "Comme écrit", None, None),
        ("CE", "A^Un^L~B^Deux^L", "Un ; Deux", None, None),
        ("TS", "202403111030", "2024-03-11T10:30", None, None),
        ("DT", "20240311", "2024-03-11", None, None),
        ("DR", "20240311^20240312", "2024-03-11 - 2024-03-12", None, None),
        ("XPN", "ESSAI^Jean", "ESSAI Jean", None, None),
        ("", "5.2", "5.2", None, "5.2"),
    ],
)
def test_values(kind: str, written: str, value: str | None, comparator: str | None, number: str | None) -> None:
    found = result(obx(1, kind, "A^Essai^L", written))
    assert (found.value, found.comparator, found.number) == (value, comparator, number)


@pytest.mark.parametrize(
    ("written", "label", "code", "others"),
    [
        ("GLY^Glycémie^L", "Glycémie", Coded("GLY", None, "Glycémie"), ()),
        ("2339-0^Glucose^LN", "Glucose", Coded("2339-0", LOINC, "Glucose"), ()),
        ("GLY^Glycémie^L^2339-0^Glucose^LN", "Glycémie", Coded("2339-0", LOINC, "Glucose"), (Coded("GLY", None, "Glycémie"),)),
        ("2339-0^Glucose^LN^GLY^Glycémie^L", "Glucose", Coded("2339-0", LOINC, "Glucose"), (Coded("GLY", None, "Glycémie"),)),
        ("G^Glucose^1.2.250.1.999.4", "Glucose", Coded("G", "1.2.250.1.999.4", "Glucose"), ()),
        ("^Glycémie", "Glycémie", Coded(None, None, "Glycémie"), ()),
        ("GLY", "GLY", Coded("GLY", None, None), ()),
        ("", None, None, ()),
    ],
)
def test_codes(written: str, label: str | None, code: Coded | None, others: tuple[Coded, ...]) -> None:
    found = result(obx(1, "NM", written, "1"))
    assert (found.label, found.code, found.translations) == (label, code, others)


@pytest.mark.parametrize(
    ("written", "bounds"),
    [
        ("0.70-1.10", ("0.70", "1.10")),
        ("0,70 - 1,10", ("0.70", "1.10")),
        ("<5", (None, "5")),
        (">=60", ("60", None)),
        ("Négatif", ("Négatif", None)),
        ("", (None, None)),
    ],
)
def test_references(written: str, bounds: tuple[str | None, str | None]) -> None:
    found = result(obx(1, "NM", "A^A^L", "1", bounds=written))
    assert (found.low, found.high) == bounds


@pytest.mark.parametrize("status", list("FCPXDWRISU"))
def test_status(status: str) -> None:
    assert result(obx(1, "NM", "A^A^L", "1", status=status)).status == status


def test_status_however_it_is_typed_and_of_a_cancelled_order() -> None:
    assert result(obx(1, "NM", "A^A^L", "1", status="d")).status == "D"
    for told, status in (("X", "X"), ("x", "X"), ("F", None), ("", None)):
        order = "OBR|1|||NFS^Numération^L" + "|" * 21 + told
        (found,) = read(order, obx(1, "NM", "A^A^L", "1", status="")).results
        assert found.status == status
        (found,) = read(order, obx(1, "NM", "A^A^L", "1", status="F")).results
        assert found.status == "F"


def test_flags_and_units() -> None:
    found = result(obx(1, "NM", "A^A^L", "1", unit="g/L^gramme par litre^UCUM", flag="H^haut^HL70078~A"))
    assert (found.unit, found.flag) == ("g/L", "H A")
    assert result(obx(1, "NM", "A^A^L", "1", unit="^gramme")).unit == "gramme"
    assert result(obx(1, "NM", "A^A^L", "1")).status == "F"


@pytest.mark.parametrize(
    ("more", "facts"),
    [
        (("SPM|1|||SER^Sérum^L",), {"specimen": "Sérum"}),
        (("SPM|1|||SER^Sérum^L|||||||||||||20240310070000",), {"specimen": "Sérum"}),
        (("SPM|1|||SER^Sérum^L", "SPM|2|||URI^Urine^L"), {"specimen": None}),
        (("SPM|1|||SER^Sérum^L", "SPM|2|||SER^Sérum^L"), {"specimen": "Sérum"}),
        ((), {"specimen": None, "date": "2024-03-11T08:15:00"}),
    ],
)
def test_the_order_gives_its_specimen(more: tuple[str, ...], facts: dict[str, Any]) -> None:
    found = result(obx(1, "NM", "A^A^L", "1"), *more)
    assert {name: getattr(found, name) for name in facts} == facts


def test_dates() -> None:
    spm = "SPM|1|||SER^Sérum^L|||||||||||||20240310070000"
    line = obx(1, "NM", "A^A^L", "1")
    assert read("OBR|1|||NFS^Numération^L", line, spm).results[0].date == "2024-03-10T07:00:00"
    assert read(OBR, line, spm).results[0].date == "2024-03-11T08:15:00"
    own = obx(1, "NM", "A^A^L", "1", more="|||20240309")
    assert read(OBR, own, spm).results[0].date == "2024-03-09"
    assert read("OBR|1|||NFS^Numération^L", line).results[0].date is None
    old = "OBR|1|||NFS^Numération^L" + "|" * 11 + "SER&Sérum"
    assert read(old, line).results[0].specimen == "Sérum"


def test_orders_keep_their_own() -> None:
    found = read(
        OBR, obx(1, "NM", "A^A^L", "1"), "SPM|1|||SER^Sérum^L", "ORC|RE", "OBR|2|||IONO^Ionogramme^L|||20240312", obx(1, "NM", "B^B^L", "2")
    ).results
    assert [(one.chapter, one.specimen, one.date) for one in found] == [
        ("Numération", "Sérum", "2024-03-11T08:15:00"),
        ("Ionogramme", None, "2024-03-12"),
    ]


def test_notes_go_to_the_result_above_or_to_the_words() -> None:
    record = read(
        "NTE|1||Du message", OBR, "NTE|1||De l'ordre", obx(1, "NM", "A^A^L", "1"), "NTE|1||Un~Deux", "NTE|2||Trois", "SPM|1", "NTE|1||Après"
    )
    assert record.results[0].comment == "Un\nDeux\nTrois"
    assert record.text == "Du message\n\nDe l'ordre\n\nAprès"


def test_a_germ_is_found_by_its_parent() -> None:
    germ = "OBX|1|CE|GERME^Germe^L|2|ECOL^Escherichia coli^L||||||F"
    drug = obx(1, "ST", "AMX^Amoxicilline^L", "R")
    named = read(OBR, germ, "OBR|2|||ATB^Antibiogramme^L" + "|" * 22 + "GERME&Germe&L^2", drug).results
    assert named[1].group == ("Escherichia coli",)
    other = read(OBR, germ, "OBR|2|||ATB^Antibiogramme^L" + "|" * 22 + "GERME&Germe&L^3", drug).results
    assert other[1].group == ()


@pytest.mark.parametrize(
    ("lines", "text", "results"),
    [
        ([obx(1, "TX", "A^Avis^L", "Un")], "", 1),
        ([obx(1, "TX", "A^Avis^L", "Un"), obx(2, "TX", "A^Avis^L", "Deux")], "Avis\nUn\nDeux", 0),
        ([obx(1, "TX", "A^Avis^L", "Un"), obx(2, "TX", "B^Bilan^L", "Deux")], "", 2),
        ([obx(1, "TX", "A^Avis^L", "Un~Deux")], "Avis\nUn\nDeux", 0),
        ([obx(1, "FT", "A^Avis^L", r"Un\.br\Deux")], "Avis\nUn\nDeux", 0),
        ([obx(1, "FT", "A^Avis^L", r"Un\.br\Deux"), "NTE|1||Note"], "Avis\nUn\nDeux\nNote", 0),
        ([obx(1, "TX", "", "Un"), obx(2, "TX", "", "Deux")], "", 2),
    ],
)
def test_words(lines: list[str], text: str, results: int) -> None:
    record = read(OBR, *lines)
    assert (record.text, len(record.results)) == (text, results)


def test_in_a_message_of_documents_text_is_words() -> None:
    record = read("TXA|1|11490-0^Lettre^LN", obx(1, "TX", "A^Motif^L", "Toux"), obx(2, "NM", "P^Poids^L", "62", "kg"), kind="MDM^T02")
    assert record.text == "Motif\nToux"
    assert [(one.label, one.number, one.unit) for one in record.results] == [("Poids", "62", "kg")]


@pytest.mark.parametrize("answer", ["Y", "Y^^HL70136", "y", "O^Oui"])
def test_masks(answer: str) -> None:
    record = read(OBR, obx(1, "NM", "A^A^L", "1"), obx(2, "CE", "MASQUE_PS^Masqué^MetaDMPMSS", answer), obx(3, "CE", "DESTDMP^DMP", "Y"))
    assert record.confidentiality == ("MASQUE_PS",) and len(record.results) == 1


def test_what_is_not_masked() -> None:
    record = read(OBR, obx(1, "NM", "A^A^L", "1"), flagged(2, "MASQUE_PS", "N"), flagged(3, "INVISIBLE_PATIENT", ""))
    assert record.confidentiality == () and len(record.results) == 1


PDF = b"%PDF-1.4 essai"


@pytest.mark.parametrize(
    ("value", "data", "warned"),
    [
        (packed(PDF), PDF, []),
        (f"^TEXT^XML^base64^{base64.encodebytes(PDF).decode()}", PDF, []),
        (base64.b64encode(PDF).decode(), PDF, []),
        (f"^AP^PDF^Hex^{PDF.hex()}", PDF, []),
        (f"^AP^PDF^Hex^{PDF.hex()}zz", PDF, ["malformed"]),
        (f"^AP^PDF^Base64^{base64.b64encode(PDF).decode()}!", PDF, ["malformed"]),
        (f"^AP^PDF^Base64^{base64.b64encode(PDF).decode().rstrip('=')[:-1]}", PDF[:-1], ["malformed"]),
        (f"^AP^PDF^Base64^{base64.b64encode(PDF).decode().rstrip('=')[:-2]}", PDF[:-2], ["malformed"]),
        ("^AP^PDF^A^%PDF-1.4 essai", PDF, []),
    ],
)
def test_files(value: str, data: bytes, warned: list[str]) -> None:
    record = read(OBR, obx(1, "ED", "R^Rapport^L", value))
    assert [(one.name, one.media_type, one.data) for one in record.embedded] == [("OBX-1.pdf", "application/pdf", data)]
    assert codes(record) == warned


def test_empty_and_absent_files() -> None:
    assert codes(read(OBR, obx(1, "ED", "R^Rapport^L", "^AP^PDF^Base64^"))) == ["malformed"]
    assert codes(read(OBR, obx(1, "RP", "R^Rapport^L", "http://exemple.example/1^PDF^Application"))) == ["unsupported"]


def test_texts_among_files_are_words() -> None:
    record = read(OBR, obx(1, "ED", "C^Corps^L", packed("Cher confrère,\r\nmerci.".encode())), obx(2, "ED", "R^Rapport^L", packed(PDF)))
    assert record.text == "Corps\nCher confrère,\nmerci."
    assert [(one.name, one.rendering) for one in record.embedded] == [("OBX-2.pdf", True)]


def test_of_several_files_none_is_the_whole() -> None:
    record = read(OBR, obx(1, "ED", "R^Un^L", packed(PDF)), obx(2, "ED", "R^Deux^L", packed(PDF + b" bis")))
    assert [one.rendering for one in record.embedded] == [False, False]
    assert [one.name for one in record.attachments] == ["OBX-1.pdf", "OBX-2.pdf"]


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hl7v2_results, "MAX_RESULTS", 3)
    record = read(OBR, *(obx(n, "NM", "A^A^L", "1") for n in range(5)))
    assert len(record.results) == 3 and codes(record) == ["too-large"]
    monkeypatch.setattr(hl7v2_results, "MAX_FILES", 2)
    record = read(OBR, *(obx(n, "ED", "A^A^L", packed(PDF)) for n in range(5)))
    assert len(record.embedded) == 2 and codes(record) == ["too-large"]
    monkeypatch.setattr(hl7v2_results, "MAX_FILE_BYTES", 20)
    record = read(OBR, obx(1, "ED", "A^A^L", packed(PDF)), obx(2, "ED", "A^A^L", packed(PDF)))
    assert len(record.embedded) == 1 and codes(record) == ["too-large"]
