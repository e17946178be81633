"""The directory's API: every published shape of a mailbox is read, and nothing else is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import directory_fhir
from vaguemestre.formats.directory_fhir import page

EMAIL = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-contact-point-email-type"
METADATA = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-mailbox-mss-metadata"
TRE_R256 = "https://mos.esante.gouv.fr/NOS/TRE_R256-TypeMessagerie/FHIR/TRE-R256-TypeMessagerie"


def concept(system: str, code: str) -> dict[str, Any]:
    return {"valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}


def telecom(address: str, kind: dict[str, Any] | None = None, red: bool | None = None, **more: Any) -> dict[str, Any]:
    """A `telecom` as the guide publishes it."""
    parts: list[dict[str, Any]] = [{"url": "type", **(kind or concept("JDV_J139-TypeBAL-RASS", "PER"))}]
    if red is not None:
        parts.append({"url": "listeRouge", "valueBoolean": red})
    mark = {"url": EMAIL, **concept(TRE_R256, "MSSANTE")}
    return {"system": "email", "value": address, "extension": [mark, {"url": METADATA, "extension": parts}], **more}


def practitioner(rpps: str, *telecoms: dict[str, Any], family: str = "ZESTE") -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": "urn:oid:1.2.250.1.71.4.2.1", "value": f"8{rpps}"}, {"system": directory_fhir.RPPS, "value": rpps}],
        "name": [{"family": family, "given": ["Ève"], "prefix": ["DR"]}],
        "telecom": list(telecoms),
    }


def organization(finess: str, *telecoms: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "name": "CH de Claircourt",
        "identifier": [{"system": directory_fhir.FINESS, "value": finess}],
        "address": [{"line": ["1 place du Puits"], "city": "CLAIRCOURT", "postalCode": "33000"}],
        "telecom": list(telecoms),
    }


def bundle(*resources: dict[str, Any], following: str = "") -> bytes:
    links = [{"relation": "self", "url": "x"}, *([{"relation": "next", "url": following}] if following else [])]
    told = {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": [{"resource": one} for one in resources]}
    return json.dumps(told).encode()


def test_a_person() -> None:
    (told,) = page(bundle(practitioner("10000000001", telecom("Eve.Zeste@medecin.demo.example")))).told
    entry = told.entry
    assert (entry.address, entry.type, entry.rpps) == ("eve.zeste@medecin.demo.example", "PER", "10000000001")
    assert (entry.family, entry.given, entry.civility, told.red_listed) == ("ZESTE", "Ève", "DR", False)


@pytest.mark.parametrize("system", ["TRE_R256-TypeMessagerie", "TRE_R257-TypeBAL", "JDV_J139-TypeBAL-RASS"])
@pytest.mark.parametrize("code", ["ORG", "APP"])
def test_the_type_in_each_published_shape(system: str, code: str) -> None:
    shapes = [concept(system, code), {"valueCode": code}, {"valueCoding": {"system": system, "code": code}}]
    for shape in shapes:
        (told,) = page(bundle(organization("330000001", telecom("a@ch.demo.example", shape)))).told
        assert told.entry.type == code
        assert (told.entry.structure_id, told.entry.town, told.entry.department) == ("330000001", "CLAIRCOURT", "33")


@pytest.mark.parametrize("mark", [{"valueCode": "MSSANTE"}, concept("TRE_R257", "MSSANTE"), {"valueCoding": {"code": "MSSANTE"}}])
def test_the_mark_of_the_trust_space_in_each_published_shape(mark: dict[str, Any]) -> None:
    one = {"system": "email", "value": "a@ch.demo.example", "extension": [{"url": EMAIL, **mark}]}
    assert [told.entry.type for told in page(bundle(organization("330000001", one))).told] == ["ORG"]


def test_other_mail_addresses_are_left_out() -> None:
    plain = {"system": "email", "value": "contact@elsewhere.example"}
    other = {"system": "email", "value": "b@elsewhere.example", "extension": [{"url": EMAIL, **concept(TRE_R256, "MAIL")}]}
    phone = telecom("c@ch.demo.example") | {"system": "phone"}
    patient = telecom("279039912518989@patient.mssante.fr")
    assert page(bundle(organization("330000001", plain, other, phone, patient, telecom("no address")))).told == ()


def test_the_red_list_is_told() -> None:
    told = page(bundle(practitioner("10000000001", telecom("a@b.demo.example", red=True), telecom("c@b.demo.example", red=False)))).told
    assert [(one.entry.address, one.red_listed) for one in told] == [("a@b.demo.example", True), ("c@b.demo.example", False)]


def test_a_role_names_its_person_by_identifier() -> None:
    role = {
        "resourceType": "PractitionerRole",
        "practitioner": {"identifier": {"system": directory_fhir.RPPS, "value": "10000000001"}},
        "telecom": [telecom("eve@ch.demo.example")],
    }
    (told,) = page(bundle(role)).told
    assert (told.entry.rpps, told.entry.type) == ("10000000001", "PER")


def test_the_next_page() -> None:
    assert page(bundle(following="https://api.demo.example/fhir/v2?page=2")).following == "https://api.demo.example/fhir/v2?page=2"
    assert page(bundle()).following == ""


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"resourceType": "OperationOutcome"}', b"<html>", b"[" * 100_000, b"\xff"])
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        page(data)


@pytest.mark.parametrize(
    "entry",
    [None, 1, "x", [], {"resource": []}, {"resource": {"resourceType": "Practitioner", "telecom": {"a": 1}, "name": "x", "identifier": 3}}],
)
def test_odd_entries_are_passed_over(entry: object) -> None:
    assert page(json.dumps({"resourceType": "Bundle", "entry": [entry]}).encode()).told == ()
