"""Builds our own FHIR resources of invented people, as Python values; `as_json` and `as_xml` write the same one in either form."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from xml.sax.saxutils import quoteattr

Resource = dict[str, Any]

INS, IPP = "urn:oid:1.2.250.1.213.1.4.8", "urn:oid:1.2.250.1.999.1.1"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
FR_CORE = "https://hl7.fr/ig/fhir/core/StructureDefinition/"


class Digits(float):
    """A number that is written with exactly these digits."""

    def __new__(cls, text: str) -> Digits:
        made = super().__new__(cls, text)
        made.text = text  # type: ignore[attr-defined]
        return made

    def __repr__(self) -> str:
        return str(self.text)  # type: ignore[attr-defined]


def concept(code: str | None, display: str | None, system: str | None = LOINC, text: str | None = None) -> Resource:
    """A CodeableConcept of one code, or of words alone."""
    made: Resource = {}
    if code is not None:
        coding = {"system": system, "code": code, "display": display}
        made["coding"] = [{name: value for name, value in coding.items() if value is not None}]
    if text is not None:
        made["text"] = text
    return made


def lucie(**changes: Any) -> Resource:
    """A Patient of FR Core; `changes` are members, None to leave one out."""
    whole = {
        "resourceType": "Patient",
        "id": "lucie",
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                "valueAddress": {
                    "extension": [
                        {"url": FR_CORE + "fr-core-address-insee-code", "valueCoding": {"system": "urn:essai:commune", "code": "99990"}}
                    ],
                    "city": "VILLE-ESSAI",
                },
            }
        ],
        "identifier": [
            {"use": "usual", "system": IPP, "value": "IPP-0042"},
            {"use": "official", "system": INS, "value": "261059999012394"},
        ],
        "name": [
            {"use": "usual", "family": "BARZOU", "given": ["LULU"]},
            {
                "extension": [{"url": FR_CORE + "fr-core-patient-birth-list-given-name", "valueString": "LUCIE ANNE-MARIE"}],
                "use": "official",
                "family": "ZORBEC",
                "given": ["LUCIE"],
            },
        ],
        "gender": "female",
        "birthDate": "1961-05-04",
        "contact": [{"name": {"family": "TUTEUR", "given": ["Paul"]}}],
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def paul(**changes: Any) -> Resource:
    """Another Patient."""
    return {
        "resourceType": "Patient",
        "id": "paul",
        "identifier": [{"system": INS, "value": "185029999104535"}],
        "name": [{"use": "official", "family": "MODELE", "given": ["PAUL"]}],
        "gender": "male",
        "birthDate": "1985-02-11",
    } | changes


DOCTOR: Resource = {
    "resourceType": "Practitioner",
    "id": "jean",
    "identifier": [
        {"system": "urn:oid:1.2.250.1.71.4.2.1", "value": "899900000017"},
        {"system": "https://rpps.esante.gouv.fr", "value": "99900000017"},
    ],
    "name": [{"family": "ESSAI", "given": ["Jean"], "prefix": ["DR"]}],
}
LABORATORY: Resource = {
    "resourceType": "Organization",
    "id": "labo",
    "identifier": [{"system": "urn:oid:1.2.250.1.71.4.2.2", "value": "1999900001"}],
    "name": "Laboratoire des Essais",
}


def observation(identifier: str, code: Resource, **members: Any) -> Resource:
    """A final Observation of Lucie."""
    return {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "code": code,
        "subject": {"reference": "Patient/lucie"},
    } | members


def report(*results: str, **members: Any) -> Resource:
    """A DiagnosticReport of Lucie with these Observations."""
    whole = {
        "resourceType": "DiagnosticReport",
        "id": "cr",
        "identifier": [{"system": "urn:oid:1.2.250.1.999.3", "value": "CR-77"}],
        "status": "final",
        "category": [concept("LAB", "Laboratory", "http://terminology.hl7.org/CodeSystem/v2-0074")],
        "code": concept("11502-2", "CR d'examens biologiques"),
        "subject": {"reference": "Patient/lucie"},
        "effectiveDateTime": "2024-03-12T08:15:00+01:00",
        "issued": "2024-03-12T11:30:00.000+01:00",
        "performer": [{"reference": "Organization/labo"}, {"reference": "Practitioner/jean"}],
        "result": [{"reference": f"Observation/{one}"} for one in results],
    } | members
    return {name: value for name, value in whole.items() if value is not None}


def quantity(value: str, unit: str, code: str | None = None, **members: Any) -> Resource:
    coded = {} if code is None else {"system": UCUM, "code": code}
    return {"value": Digits(value), "unit": unit} | coded | members


def bundle(*resources: Resource, kind: str = "collection", **members: Any) -> Resource:
    """A Bundle without addresses: references are by type and id."""
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources]} | members


def div(inner: str) -> Resource:
    """A narrative."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def as_json(resource: Resource) -> bytes:
    """Numbers with the digits of `Digits`."""
    made = json.dumps(_marked(resource), ensure_ascii=False, indent=1)
    return re.sub(r'"\\ue000([^"]*)"|"\ue000([^"]*)"', lambda match: match[1] or match[2], made).encode("utf-8")


def _marked(value: Any) -> Any:
    """Numbers as strings with a mark of their own, whose quotes go once they are written."""
    if isinstance(value, Digits):
        return "\ue000" + repr(value)
    if isinstance(value, dict):
        return {name: _marked(one) for name, one in value.items()}
    return [_marked(one) for one in value] if isinstance(value, list) else value


def as_xml(resource: Resource) -> bytes:
    """The XML form (FHIR R4, 2.6.1): members in the order given, primitives as `value`."""
    kind = resource["resourceType"]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="http://hl7.org/fhir">{_inner(resource)}</{kind}>'.encode()


def _inner(node: Resource) -> str:
    made = []
    for name, value in node.items():
        if name == "resourceType" or name.startswith("_"):
            continue
        for rank, one in enumerate(value if isinstance(value, list) else [value]):
            made.append(_element(name, one, _beside(node, name, rank)))
    return "".join(made)


def _beside(node: Resource, name: str, rank: int) -> Resource | None:
    extended = node.get("_" + name)
    return extended[rank] if isinstance(extended, list) else extended


def _element(name: str, value: Any, extended: Resource | None) -> str:
    if name == "div":
        return str(value)
    if isinstance(value, dict) and "resourceType" in value:
        kind = value["resourceType"]
        return f"<{name}><{kind}>{_inner(value)}</{kind}></{name}>"
    if isinstance(value, dict):
        url = value.get("url") if name == "extension" else None
        attribute = f" url={quoteattr(url)}" if url else ""
        return f"<{name}{attribute}>{_inner({k: v for k, v in value.items() if k != 'url' or not url})}</{name}>"
    written = repr(value) if isinstance(value, Digits) else str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name} value={quoteattr(written)}>{_inner(extended) if extended else ''}</{name}>"
