"""A FHIR file among the documents of a message: the files in it as its forms, its bytes found again, what forbids filing it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.corpus.cda_build import document as cda_document
from tests.corpus.cda_build import encoded, target
from tests.corpus.fhir_build import as_json, as_xml, base64_of, bundle, concept, lucie, observation, paul, quantity, report
from tests.corpus.images import quarters, saved
from tests.corpus.pdfs import text_pdf
from vaguemestre.domain.reading import Document
from vaguemestre.formats.recognise import recognise
from vaguemestre.inbound.file import content_key
from vaguemestre.inbound.match import vetoes, withdrawn
from vaguemestre.inbound.read import read
from vaguemestre.inbound.read_extract import extract

Resource = dict[str, Any]
PDF = text_pdf(["Compte rendu de consultation.", "Pouls 72."])
PICTURE = saved(quarters(), "PNG")
GLUCOSE = observation("glu", concept("2345-7", "Glucose"), valueQuantity=quantity("5.40", "mmol/L", "mmol/L"))


def reference(data: bytes, kind: str, **members: Any) -> Resource:
    attachment = {"contentType": kind, "data": base64_of(data), "title": "courrier"}
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": "Patient/lucie"},
        "content": [{"attachment": attachment}],
    } | members


def documents(resource: Resource) -> tuple[Document, ...]:
    return read(as_json(resource), "lot.json").documents


def codes(document: Document) -> list[str]:
    return [warning.code for warning in document.warnings]


def test_the_pages_in_it_are_a_form_of_it() -> None:
    main, pages = documents(bundle(lucie(), reference(PDF, "application/pdf")))
    assert (main.format, main.duplicate_of, main.understood) == ("fhir", None, True)
    assert (pages.format, pages.duplicate_of, pages.rendering) == ("pdf", 0, True)
    assert pages.path == ("lot.json", "courrier.pdf")
    assert pages.sha256 == hashlib.sha256(PDF).hexdigest()


def test_an_annex_is_not_the_whole_document() -> None:
    two = [{"attachment": {"contentType": "application/pdf", "data": base64_of(text_pdf([words]))}} for words in ("Un.", "Deux.")]
    main, one, other = documents(bundle(lucie(), reference(PDF, "application/pdf", content=two)))
    assert [one.rendering, other.rendering] == [False, False]
    assert [one.duplicate_of, other.duplicate_of] == [0, 0]
    assert main.duplicate_of is None


def test_the_bytes_of_every_file_are_found_again() -> None:
    whole = bundle(lucie(), reference(PDF, "application/pdf"), reference(PICTURE, "image/png"))
    for data in (as_json(whole), as_xml(whole)):
        assert extract(data, hashlib.sha256(PDF).hexdigest()) == (PDF, "application/pdf", "courrier.pdf")
        assert extract(data, hashlib.sha256(PICTURE).hexdigest()) == (PICTURE, "image/png", "courrier.png")


def test_an_image_is_kept_to_be_shown_by_the_document() -> None:
    (main,) = documents(bundle(lucie(), reference(PICTURE, "image/png")))
    assert [(one.name, one.media_type) for one in main.attachments] == [("courrier.png", "image/png")]
    assert main.understood


def test_a_cda_of_another_patient_in_it_is_seen() -> None:
    name = '<family qualifier="BR">MODELE</family><given qualifier="BR">PAUL</given>'
    other = encoded(cda_document(patient=target(ids="", name=name, birth='<birthTime value="19850211"/>')))
    for document in documents(bundle(lucie(), reference(other, "text/xml"))):
        assert "patient-mismatch" in codes(document)
    same = encoded(cda_document())
    for document in documents(bundle(lucie(), reference(same, "text/xml"))):
        assert codes(document) == []


def test_a_source_patient_proposes_and_never_files() -> None:
    context = {"sourcePatientInfo": {"reference": "#lucie"}}
    away = {"subject": {"reference": "https://dossier.example/Patient/9"}, "context": context, "contained": [lucie()]}
    main, _ = documents(bundle(reference(PDF, "application/pdf", **away)))
    assert main.patient is not None
    assert (main.patient.birth_name, main.patient.from_fields) == ("ZORBEC", False)


def test_a_source_patient_who_is_another_is_seen() -> None:
    other = {"context": {"sourcePatientInfo": {"reference": "#paul"}}, "contained": [paul()]}
    main, _ = documents(bundle(lucie(), reference(PDF, "application/pdf", **other)))
    assert main.patient is not None
    assert main.patient.birth_name == "ZORBEC"
    assert "patient-mismatch" in codes(main)


@pytest.mark.parametrize("status", ["superseded", "entered-in-error"])
def test_what_stands_no_longer_waits_for_a_person(status: str) -> None:
    main, _ = documents(bundle(lucie(), reference(PDF, "application/pdf", status=status)))
    assert withdrawn(main)
    assert "withdrawn" in vetoes(main, [])
    current, _ = documents(bundle(lucie(), reference(PDF, "application/pdf")))
    assert vetoes(current, []) == ()
    assert content_key(main, None) != content_key(current, None), "a withdrawal is no repeat of what it withdraws"


def test_what_another_document_of_the_bundle_replaces_stands_no_longer() -> None:
    old = reference(PDF, "application/pdf", id="ancien", masterIdentifier={"value": "urn:uuid:1"})
    target = {"reference": "DocumentReference/ancien"}
    new = reference(PDF, "application/pdf", id="nouveau", relatesTo=[{"code": "replaces", "target": target}])
    found = {one.path[-1]: one for one in documents(bundle(lucie(), old, new)) if one.format == "fhir"}
    assert [withdrawn(found["#1"]), withdrawn(found["#2"])] == [True, False]
    assert found["#2"].replaces == found["#1"].id == "1"


def test_two_patients_forbid_filing_by_itself() -> None:
    of_paul = report("glu", id="autre", identifier=None, subject={"reference": "Patient/paul"}, performer=None)
    one, other = documents(bundle(lucie(), paul(), report("glu", performer=None), of_paul, GLUCOSE | {"subject": None}))
    assert [one.path, other.path] == [("lot.json", "#1"), ("lot.json", "#2")]
    for document in (one, other):
        assert "several-patients" in vetoes(document, [])


def test_the_same_report_in_either_form_is_the_same_document() -> None:
    whole = bundle(lucie(), report("glu", performer=None), GLUCOSE)
    (one,), (other,) = read(as_json(whole), "a.json").documents, read(as_xml(whole), "a.xml").documents
    assert one.sha256 != other.sha256
    assert content_key(one, None) == content_key(other, None)


def test_it_is_recognised_by_content() -> None:
    data = as_json(bundle(lucie(), reference(PDF, "application/pdf")))
    for shape in (data, b"\xef\xbb\xbf" + data, as_xml(bundle(lucie())), b'{"data": "' + b"A" * 300_000 + b'", "resourceType": "Binary"}'):
        assert recognise(shape, "fichier").name == "fhir"
    behind = b'{"data": "' + b"A" * 90_000 + b'", "resourceType": "Binary", "x": "' + b"A" * 90_000 + b'"}'
    assert recognise(behind, "fichier", "application/fhir+json").name == "fhir"
    assert recognise(b'{"type": "resourceType"}', "a.json").name != "fhir"


def test_a_file_that_fails_costs_itself_alone() -> None:
    whole = bundle(lucie(), reference(PDF, "application/pdf"))
    skipped = read(as_json(whole), "lot.json", skip={"1": "reader-died"}).documents
    assert [one.understood for one in skipped] == [True, False]
    (none,) = read(as_json(whole), "lot.json", skip={"0": "reader-too-slow"}).documents
    assert (none.format, codes(none)) == ("fhir", ["too-large"])
