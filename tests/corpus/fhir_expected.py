"""What the FHIR files of the corpus say, as the contract has it, and the few resources that several of them share."""

from __future__ import annotations

from typing import Any

from tests.corpus import Case, Json, document, patient, reading, result, sha
from tests.corpus.fhir_build import (
    DOCTOR,
    LABORATORY,
    LOINC,
    V3,
    Resource,
    as_json,
    as_xml,
    bundle,
    concept,
    lucie,
    observation,
    quantity,
)

OID_LOINC = "2.16.840.1.113883.6.1"
LUCIE = patient(
    ins={"value": "261059999012394", "oid": "1.2.250.1.213.1.4.8"},
    birth_name="ZORBEC",
    used_name="BARZOU",
    given_names=["LUCIE", "ANNE-MARIE"],
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    sex="F",
    birth_place_code="99990",
    local_ids=[{"value": "IPP-0042", "oid": "1.2.250.1.999.1.1"}],
)
PAUL = patient(
    ins={"value": "185029999104535", "oid": "1.2.250.1.213.1.4.8"},
    birth_name="MODELE",
    given_names=["PAUL"],
    first_given_name="PAUL",
    birth_date="1985-02-11",
    sex="M",
)
JEAN: Json = {
    "name": "Jean ESSAI",
    "id": "99900000017",
    "organization": "Laboratoire des Essais",
    "organization_id": "999900001",
    "specialty": None,
}
ALONE = JEAN | {"organization": None, "organization_id": None}
REPORT: Json = {
    "type": {"code": "11502-2", "system": OID_LOINC, "label": "CR d'examens biologiques"},
    "title": "CR d'examens biologiques",
    "date": "2024-03-12T11:30:00.000+01:00",
    "id": "1.2.250.1.999.3^CR-77",
    "patient": LUCIE,
    "author": JEAN,
}
_DAY = "2024-03-12T08:15:00+01:00"
_ABOVE = {"chapter": "CR d'examens biologiques", "status": "final", "date": _DAY}


def loinc(code: str, label: str | None) -> Json:
    return {"code": code, "system": OID_LOINC, "label": label}


def found(label: str, code: str, value: str | None, **facts: Any) -> Json:
    return result(label, None, value) | _ABOVE | {"code": loinc(code, label)} | facts


def attachment(name: str, kind: str, data: bytes) -> Json:
    return {"name": name, "media_type": kind, "size": len(data), "sha256": sha(data)}


def both(name: str, resource: Resource, *warnings: str, understood: bool = True, **facts: Any) -> list[tuple[str, Case]]:
    """The same resource in both forms, one document that says `facts`."""
    made = []
    for form, data in (("json", as_json(resource)), ("xml", as_xml(resource))):
        file = f"{name}.{form}"
        told = document("fhir", [file], data, warnings, **facts)
        made.append((f"fhir-{name}-{form}", Case(file, data, reading(file, "fhir", [told]), understood)))
    return made


def alone(name: str, data: bytes, *documents: Json, understood: bool = True) -> list[tuple[str, Case]]:
    file = f"{name}.json"
    told = [one | {"path": [file, *one["path"]], "sha256": one["sha256"] or sha(data)} for one in documents]
    return [(f"fhir-{name}", Case(file, data, reading(file, "fhir", told), understood))]


def here(warnings: tuple[str, ...] = (), place: str | None = None, form: str = "fhir", data: bytes | None = None, **facts: Any) -> Json:
    """A document of `alone`: its file is put in later."""
    made = document(form, [place] if place else [], data or b"", warnings, **facts)
    return made if data is not None else made | {"sha256": ""}


def around(*resources: Resource, **members: Any) -> Resource:
    return bundle(lucie(), DOCTOR, LABORATORY, *resources, **members)


GLUCOSE = observation(
    "glu",
    concept("2345-7", "Glucose"),
    valueQuantity=quantity("5.40", "mmol/L", "mmol/L"),
    interpretation=[concept("N", "Normal", V3)],
    referenceRange=[{"low": quantity("3.90", "mmol/L"), "high": quantity("5.50", "mmol/L")}],
    method=concept(None, None, text="Hexokinase"),
    specimen={"reference": "#tube"},
    contained=[{"resourceType": "Specimen", "id": "tube", "type": concept(None, None, text="Plasma")}],
    note=[{"text": "À jeun."}],
)
GLUCOSE_FOUND = found(
    "Glucose",
    "2345-7",
    "5.40",
    number="5.40",
    unit="mmol/L",
    low="3.90",
    high="5.50",
    flag="N",
    method="Hexokinase",
    specimen="Plasma",
    comment="À jeun.",
)
CRP = observation(
    "crp", concept("1988-5", "CRP"), valueQuantity=quantity("5", "mg/L", "mg/L", comparator="<"), issued="2024-03-12T10:00:00Z"
)
CRP_FOUND = found("CRP", "1988-5", "<5", comparator="<", number="5", unit="mg/L")
ANTI_HBS = observation(
    "hbs",
    {"coding": [{"system": "urn:oid:1.2.250.1.999.7", "code": "HBS"}, {"system": LOINC, "code": "22322-2"}], "text": "Anti-HBs"},
    valueString="Présence",
)
ANTI_HBS_FOUND = found(
    "Anti-HBs",
    "22322-2",
    "Présence",
    translations=[{"code": "HBS", "system": "1.2.250.1.999.7", "label": None}],
)
