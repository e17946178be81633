"""What the FHIR reader makes of one changed fact, of references, of bundles of every type (formats.md 4.2; golden pairs: tests/corpus)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.corpus.fhir_build import (
    DOCTOR,
    LABORATORY,
    as_json,
    as_xml,
    bundle,
    concept,
    div,
    lucie,
    observation,
    paul,
    quantity,
    report,
)
from vaguemestre.domain.reading import Warning
from vaguemestre.formats import fhir
from vaguemestre.formats.fhir_document import Found

Resource = dict[str, Any]
GLUCOSE = observation(
    "glu",
    concept("2345-7", "Glucose"),
    valueQuantity=quantity("5.40", "mmol/L", "mmol/L"),
    interpretation=[concept("N", None, None)],
    referenceRange=[{"low": quantity("3.90", "mmol/L"), "high": quantity("5.50", "mmol/L")}],
)
WHOLE = bundle(lucie(), DOCTOR, LABORATORY, report("glu", conclusion="Sans particularité."), GLUCOSE)


def only(resource: Resource) -> Found:
    (found,) = fhir.read(as_json(resource)).documents
    return found


def codes(found: Found) -> list[str]:
    return [warning.code for warning in found.warnings]


def changed(data: bytes, old: str, new: str) -> Found:
    assert data.count(old.encode()) == 1
    (found,) = fhir.read(data.replace(old.encode(), new.encode())).documents
    return found


def differences(one: Any, other: Any, path: str = "") -> set[str]:
    """The paths of all that differs between two frozen values."""
    if dataclasses.is_dataclass(one) and type(one) is type(other):
        names = [field.name for field in dataclasses.fields(one)]
        return set().union(*(differences(getattr(one, name), getattr(other, name), f"{path}.{name}") for name in names))
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other) and one != other:
        return set().union(*(differences(a, b, f"{path}[{place}]") for place, (a, b) in enumerate(zip(one, other, strict=True))))
    return set() if one == other else {path}


@pytest.mark.parametrize("write", [as_json, as_xml])
@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ("261059999012394", "185029999104535", {".patient.ins.value"}),
        ("ZORBEC", "ZORBAC", {".patient.birth_name"}),
        ("BARZOU", "BARZAU", {".patient.used_name"}),
        ("LUCIE ANNE-MARIE", "LUCIE ANNE", {".patient.given_names[1]"}),
        ("1961-05-04", "1961-05-14", {".patient.birth_date"}),
        ('"99990"', '"99991"', {".patient.birth_place_code"}),
        ("IPP-0042", "IPP-0043", {".patient.local_ids[0].value"}),
        ("5.40", "5.400", {".results[0].value", ".results[0].number"}),
        ("3.90", "3.9", {".results[0].low"}),
        ("5.50", "6.50", {".results[0].high"}),
        ("2345-7", "2339-0", {".results[0].code.code"}),
        ("08:15:00", "08:16:00", {".results[0].date"}),
        ("11:30:00", "11:31:00", {".date"}),
        ("CR-77", "CR-78", {".id"}),
        ("Sans particularité.", "Anormal.", {".text", ".html"}),
        ("Laboratoire des Essais", "Laboratoire", {".author.organization"}),
        ("1999900001", "1999900019", {".author.organization_id"}),
    ],
)
def test_one_fact_changes_that_fact_and_no_other(write: Any, old: str, new: str, paths: set[str]) -> None:
    data = write(WHOLE)
    (before,) = fhir.read(data).documents
    assert differences(before, changed(data, old, new)) == paths


def test_a_birth_date_keeps_its_precision() -> None:
    for told in ("1961", "1961-05", "1961-05-04"):
        found = only(bundle(lucie(birthDate=told), report(conclusion="A", result=None, performer=None)))
        assert found.patient is not None
        assert found.patient.birth_date == told


@pytest.mark.parametrize("told", ["1961-13-01", "04/05/1961", "1961-05-04T10:00:00+01:00", ""])
def test_what_is_no_birth_date_is_absent(told: str) -> None:
    found = only(bundle(lucie(birthDate=told), report(conclusion="A", result=None, performer=None)))
    assert found.patient is not None
    assert found.patient.birth_date is None


def names(*all_: Resource) -> tuple[Any, ...]:
    found = only(bundle(lucie(name=list(all_)), report(conclusion="A", result=None, performer=None)))
    patient = found.patient
    assert patient is not None
    return (patient.birth_name, patient.used_name, patient.names_unqualified, patient.given_names, patient.first_given_name)


def test_names_by_their_use() -> None:
    official = {"use": "official", "family": "ZORBEC", "given": ["LUCIE", "ANNE"]}
    assert names(official) == ("ZORBEC", None, (), ("LUCIE", "ANNE"), "LUCIE")
    assert names(official, {"use": "usual", "family": "BARZOU", "given": ["LULU"]}) == ("ZORBEC", "BARZOU", (), ("LUCIE", "ANNE"), "LUCIE")
    assert names({"use": "maiden", "family": "ZORBEC"}, official | {"family": "BARZOU"}) == (
        "ZORBEC",
        "BARZOU",
        (),
        ("LUCIE", "ANNE"),
        "LUCIE",
    )
    assert names({"family": "ZORBEC", "given": ["LUCIE"]}) == (None, None, ("ZORBEC",), ("LUCIE",), "LUCIE")
    assert names({"use": "old", "family": "ANCIEN"}, official)[0] == "ZORBEC"
    assert names(official | {"period": {"end": "2019-01-01"}}, {"family": "BARZOU"}) == (None, None, ("BARZOU",), (), None)


def test_no_given_name_is_invented() -> None:
    # that of the name in use is not that of birth; words in one text do not tell where the first name ends
    assert names({"use": "usual", "family": "BARZOU", "given": ["LULU"]}) == (None, "BARZOU", (), (), None)
    assert names({"use": "official", "family": "ZORBEC", "given": ["LUCIE ANNE"]})[3:] == (("LUCIE", "ANNE"), None)
    assert names({"text": "Lucie ZORBEC"}) == (None, None, (), (), None)


@pytest.mark.parametrize(
    ("system", "value", "warned"),
    [
        ("urn:oid:1.2.250.1.213.1.4.8", "261059999012394", []),
        ("urn:oid:1.2.250.1.213.1.4.9", "2 61 05 99 990 123 94", []),
        ("urn:oid:1.2.250.1.213.1.4.10", "261059999012394", ["test-identity"]),
        ("urn:oid:1.2.250.1.213.1.4.8", "261059999012395", ["bad-ins-key"]),
    ],
)
def test_an_ins_is_told_by_its_oid(system: str, value: str, warned: list[str]) -> None:
    found = only(bundle(lucie(identifier=[{"system": system, "value": value}]), report(conclusion="A", result=None, performer=None)))
    assert found.patient is not None
    assert found.patient.ins is not None
    assert (found.patient.ins.value, found.patient.ins.oid) == ("".join(value.split()), system.removeprefix("urn:oid:"))
    assert codes(found) == warned


@pytest.mark.parametrize(
    ("identifier", "warned"),
    [
        ({"value": "261059999012394"}, []),
        ({"system": "https://ins.example", "value": "261059999012394"}, []),
        ({"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "2610599990123"}, ["bad-ins-key"]),
        ({"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "261059999012394", "use": "old"}, []),
    ],
)
def test_what_lacks_oid_or_key_is_no_ins(identifier: Resource, warned: list[str]) -> None:
    found = only(bundle(lucie(identifier=[identifier]), report(conclusion="A", result=None, performer=None)))
    assert found.patient is not None
    assert found.patient.ins is None
    assert codes(found) == warned


def test_two_ins_of_one_kind_are_told() -> None:
    two = [{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": value} for value in ("261059999012394", "185029999104535")]
    assert "several-patients" in codes(only(bundle(lucie(identifier=two), report(conclusion="A", result=None, performer=None))))


@pytest.mark.parametrize(("status", "code"), [("DOUTE", "patient-mismatch"), ("FICTI", "test-identity"), ("VALI", None)])
def test_what_the_sender_says_of_the_identity(status: str, code: str | None) -> None:
    url = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"
    told = [{"url": url, "extension": [{"url": "identityStatus", "valueCoding": {"code": status}}]}]
    found = only(bundle(lucie(extension=told), report(conclusion="A", result=None, performer=None)))
    assert codes(found) == ([code] if code else [])


def test_a_record_that_was_merged_is_doubtful() -> None:
    merged = lucie(link=[{"type": "replaced-by", "other": {"reference": "Patient/9"}}])
    assert codes(only(bundle(merged, report(conclusion="A", result=None, performer=None)))) == ["several-patients"]


def subject(told: Resource | None, *patients: Resource) -> Found:
    return only(bundle(*patients, report(conclusion="A", result=None, performer=None, subject=told)))


def test_nobody_is_taken_whom_no_subject_names() -> None:
    found = subject(None, lucie())
    assert found.patient is None
    found = subject({"display": "Lucie ZORBEC, née le 04/05/1961"}, lucie())
    assert found.patient is None


def test_a_name_that_two_patients_bear_is_nobodys() -> None:
    found = subject({"reference": "Patient/lucie"}, lucie(), paul(id="lucie"))
    assert found.patient is None
    assert "duplicate-name" in codes(found)


def test_the_same_patient_said_twice_is_one() -> None:
    found = subject({"reference": "Patient/lucie"}, lucie(), lucie())
    assert found.patient is not None
    assert codes(found) == []


def addressed(*entries: tuple[str, Resource]) -> Found:
    return only({"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": url, "resource": one} for url, one in entries]})


def at(reference: str, patient: str, document: str = "https://a.example/fhir/DiagnosticReport/cr", **changes: Any) -> str | None:
    about = report(conclusion="A", result=None, performer=None, subject={"reference": reference})
    found = addressed((document, about), (patient, lucie(**changes)))
    return found.patient.birth_name if found.patient is not None else None


def test_references_are_resolved_as_the_standard_says() -> None:
    assert at("Patient/lucie", "https://a.example/fhir/Patient/lucie") == "ZORBEC"
    assert at("https://a.example/fhir/Patient/lucie", "https://a.example/fhir/Patient/lucie") == "ZORBEC"
    assert at("urn:uuid:AA00", "urn:uuid:aa00") == "ZORBEC"
    assert at("Patient/lucie", "urn:uuid:aa00") == "ZORBEC"
    assert at("Patient/lucie/_history/2", "https://a.example/fhir/Patient/lucie", meta={"versionId": "2"}) == "ZORBEC"


def test_a_patient_of_another_server_is_another() -> None:
    assert at("Patient/lucie", "https://b.example/fhir/Patient/lucie") is None
    assert at("https://b.example/fhir/Patient/lucie", "https://a.example/fhir/Patient/lucie") is None
    assert at("https://b.example/fhir/Patient/lucie", "urn:uuid:aa00") is None
    assert at("Patient?identifier=x|1", "https://a.example/fhir/Patient/lucie") is None
    assert at("Patient/lucie/_history/2", "urn:uuid:aa00", meta={"versionId": "3"}) is None


def test_contained_resources_belong_to_their_holder() -> None:
    about = report(conclusion="A", result=None, performer=None, subject={"reference": "#lucie"})
    other = report(conclusion="B", result=None, performer=None, subject={"reference": "#lucie"}, id="autre", contained=[lucie()])
    first, second = fhir.read(as_json(bundle(about, other))).documents
    assert first.patient is None
    assert second.patient is not None


def test_a_panel_that_holds_itself_is_read_once() -> None:
    one = observation("a", concept("1", "A", None), hasMember=[{"reference": "Observation/b"}], valueString="x")
    two = observation("b", concept("2", "B", None), hasMember=[{"reference": "Observation/a"}], valueString="y")
    found = only(bundle(lucie(), report("a", "b", performer=None), one, two))
    assert [(result.label, result.value) for result in found.results] == [("A", "x"), ("B", "y")]


def test_results_without_a_report_are_one_document_for_each_patient() -> None:
    of_paul = observation("p", concept("2", "B", None), valueString="y", subject={"reference": "Patient/paul"})
    one, other = fhir.read(as_json(bundle(lucie(), paul(), GLUCOSE, of_paul, GLUCOSE | {"id": "bis"}))).documents
    assert [len(one.results), len(other.results)] == [2, 1]
    assert one.patient is not None
    assert other.patient is not None
    assert (one.patient.birth_name, other.patient.birth_name) == ("ZORBEC", "MODELE")
    assert codes(one) == codes(other) == ["several-patients"]


@pytest.mark.parametrize("kind", ["collection", "message", "transaction", "batch", "searchset", "document"])
def test_every_type_of_bundle(kind: str) -> None:
    whole = bundle({"resourceType": "MessageHeader"}, lucie(), report("glu", performer=None), GLUCOSE, kind=kind)
    found = only(whole)
    assert [result.value for result in found.results] == ["5.40"]
    assert found.patient is not None


def test_a_deletion_asked_for_is_told_and_nothing_is_deleted() -> None:
    whole = bundle(lucie(), report("glu", performer=None), GLUCOSE, kind="transaction")
    whole["entry"].append({"request": {"method": "DELETE", "url": "DiagnosticReport/1"}})
    assert codes(only(whole)) == ["unsupported"]


def test_a_bundle_in_a_bundle_resolves_in_itself() -> None:
    inner = bundle(report("glu", performer=None), GLUCOSE)
    found = only(bundle(lucie(), inner))
    assert found.patient is None  # the patient stands outside
    found = only(bundle(bundle(lucie(), report("glu", performer=None), GLUCOSE)))
    assert found.patient is not None


def test_a_section_about_another_is_not_the_patients() -> None:
    section = {"title": "Nouveau-né", "focus": {"reference": "Patient/paul"}, "entry": [{"reference": "Observation/glu"}]}
    composition = {
        "resourceType": "Composition",
        "subject": {"reference": "Patient/lucie"},
        "title": "Accouchement",
        "section": [section | {"text": div("<p>3200 g.</p>")}],
    }
    whole = bundle(composition, lucie(), paul(), GLUCOSE | {"subject": {"reference": "Patient/paul"}}, kind="searchset")
    found, apart = fhir.read(as_json(whole)).documents
    assert found.results == ()
    assert "several-patients" in codes(found)
    assert "3200 g." in found.text
    assert apart.patient is not None
    assert (apart.patient.birth_name, len(apart.results)) == ("MODELE", 1)


def test_a_narrative_is_cleaned_to_the_closed_list() -> None:
    words = '<p>Vu<script>x()</script></p><img src="https://espion.example/x.png"/><a href="javascript:x()">ici</a><h2 style="x">T</h2>'
    found = only(report(conclusion=None, result=None, performer=None, text=div(words), subject=None))
    assert found.text.split() == ["Vu", "ici", "T"]
    for gone in ("script", "img", "href", "style", "espion", "xmlns"):
        assert gone not in found.html


def test_an_unknown_modifier_takes_the_number_away() -> None:
    found = only(
        bundle(lucie(), report("glu", performer=None), GLUCOSE | {"modifierExtension": [{"url": "urn:essai", "valueBoolean": True}]})
    )
    assert (found.results[0].value, found.results[0].number) == ("5.40", None)
    assert codes(found) == ["unsupported"]


def test_an_encoding_that_is_none_is_guessed_and_told() -> None:
    data = as_json(
        bundle(lucie(name=[{"use": "official", "family": "ZORBÈC", "given": ["LUCIE"]}]), report("glu", performer=None), GLUCOSE)
    )
    (found,) = fhir.read(data.decode().encode("cp1252")).documents
    assert found.patient is not None
    assert (found.patient.birth_name, found.patient.names_guessed) == ("ZORBÈC", True)
    assert codes(found) == ["encoding-guessed"]


def test_nothing_of_a_patient_is_in_a_repr() -> None:
    read = fhir.read(as_json(WHOLE))
    assert repr(read) == "<Read [<Found 1 results, 0 files, []>]>"
    assert "ZORBEC" not in repr(read.documents[0].patient)
    assert isinstance(codes(read.documents[0]), list)
    assert all(isinstance(one, Warning) for one in read.documents[0].warnings)


def test_a_composition_hands_its_status_and_that_of_its_reports_down() -> None:
    composition = {
        "resourceType": "Composition",
        "subject": {"reference": "Patient/lucie"},
        "section": [{"title": "Biologie", "entry": [{"reference": "DiagnosticReport/cr"}]}],
    }
    for status, of_report, expected in (("final", "cancelled", "cancelled"), ("entered-in-error", "final", "entered-in-error")):
        found = only(bundle(composition | {"status": status}, lucie(), report("glu", status=of_report, performer=None), GLUCOSE))
        assert [result.status for result in found.results] == [expected]
        assert found.withdrawn == (status if status != "final" else None)


def test_an_empty_section_says_why() -> None:
    section = {"title": "Allergies", "emptyReason": concept("nilknown", "Aucune connue", None)}
    found = only(bundle({"resourceType": "Composition", "subject": {"reference": "Patient/lucie"}, "section": [section]}, lucie()))
    assert found.text == "Allergies\nAucune connue"


def author(*references: Resource) -> Any:
    found = only(bundle(lucie(), DOCTOR, LABORATORY, report(result=None, conclusion="A", performer=list(references))))
    return found.author and (found.author.name, found.author.id, found.author.organization, found.author.organization_id)


def test_authors() -> None:
    assert author({"reference": "Practitioner/jean"}) == ("Jean ESSAI", "99900000017", None, None)
    assert author({"reference": "Organization/labo"}) == (None, None, "Laboratoire des Essais", "999900001")
    assert author({"reference": "Organization/9", "display": "Labo d'ailleurs"}) == (None, None, "Labo d'ailleurs", None)
    assert author({"reference": "Practitioner/9", "display": "Dr Ailleurs"}) == ("Dr Ailleurs", None, None, None)
    assert author() is None


def test_a_role_gives_its_person_its_structure_and_its_specialty() -> None:
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "Practitioner/jean"},
        "organization": {"reference": "Organization/labo"},
        "specialty": [concept("SM03", "Biologie médicale", "urn:oid:1.2.250.1.71.4.2.5")],
    }
    told = report(result=None, conclusion="A", performer=[{"reference": "PractitionerRole/r"}])
    found = only(bundle(lucie(), DOCTOR, LABORATORY, role, told))
    assert found.author is not None
    assert (found.author.name, found.author.organization) == ("Jean ESSAI", "Laboratoire des Essais")
    assert found.author.specialty is not None
    assert (found.author.specialty.code, found.author.specialty.system) == ("SM03", "1.2.250.1.71.4.2.5")


def test_roles_that_turn_in_a_circle_end() -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "PractitionerRole/r", "display": "Tourne"}}
    found = only(bundle(lucie(), role, report(result=None, conclusion="A", performer=[{"reference": "PractitionerRole/r"}])))
    assert found.author is not None
    assert found.author.name == "Tourne"
