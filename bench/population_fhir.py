"""What a platform sends of an invented person as FHIR R4 (formats.md 4.2; FR Core): a bundle of results, or the reference of a document
that holds its pages, in JSON and in XML.

Written from the description of the format and not from our reader, which it serves to judge.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import random
import unicodedata
from typing import Any
from xml.sax.saxutils import quoteattr

from bench.population_told import Told

Resource = dict[str, Any]
_FR_CORE = "https://hl7.fr/ig/fhir/core/StructureDefinition/"
_LOINC, _UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_TESTS = (
    ("2339-0", "Glucose", "g/L", 0.7, 1.1, 2),
    ("2823-3", "Potassium", "mmol/L", 3.5, 5.1, 1),
    ("2951-2", "Sodium", "mmol/L", 136.0, 145.0, 0),
    ("1988-5", "Protéine C réactive", "mg/L", 0.0, 5.0, 1),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Making:
    """How a piece of software writes. `xml`: in XML; `given`: "both" (the list in its extension), "list" (several given names) or "first";
    `uses`: whether names bear their use. `place`, `sex`: whether they are told. `by`: how a document points to its patient, "relative",
    "uuid" or "contained". `latin`: JSON in octets of cp1252."""

    xml: bool = False
    given: str = "both"
    uses: bool = True
    ins_first: bool = False
    place: bool = True
    sex: bool = True
    by: str = "relative"
    decomposed: bool = False
    latin: bool = False


MAKINGS = (
    Making(),
    Making(xml=True, ins_first=True),
    Making(given="list", by="uuid"),
    Making(given="first", place=False),
    Making(xml=True, given="list", by="uuid", decomposed=True),
    Making(by="contained"),
)
"""Those that say all that rule A asks for."""
SPARING = (Making(uses=False, given="first"), Making(sex=False, xml=True), Making(uses=False, sex=False, by="uuid"))
"""Those that leave some of it out, and are enough for rule E."""
TELLING = tuple(one for one in MAKINGS if one.place)
MISDECLARED = Making(latin=True)


def _name(use: str, family: str, told: Told, making: Making) -> Resource:
    given = (
        list(told.given_names) if making.given == "list" and told.given_names[:1] == (told.first_given_name,) else [told.first_given_name]
    )
    made: Resource = {}
    if making.given == "both" and use != "usual" and len(told.given_names) > 1:
        listed = {"url": f"{_FR_CORE}fr-core-patient-birth-list-given-name", "valueString": " ".join(told.given_names)}
        made["extension"] = [listed]
    if use and making.uses:
        made["use"] = use
    return made | {"family": family, "given": given}


def patient(told: Told, making: Making, identifier: str) -> Resource:
    """The Patient resource."""
    made: Resource = {"resourceType": "Patient", "id": identifier}
    if making.place and told.birth_place_code:
        coded = {"system": "https://mos.esante.gouv.fr/NOS/TRE_R13-Commune", "code": told.birth_place_code}
        address = {"extension": [{"url": f"{_FR_CORE}fr-core-address-insee-code", "valueCoding": coded}], "city": "VILLE-ESSAI"}
        made["extension"] = [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": address}]
    numbers = [{"use": "official", "system": f"urn:oid:{oid}", "value": number} for oid, number in told.ins]
    local = [{"use": "usual", "system": "urn:oid:1.2.250.1.999.9.8", "value": told.local_code}] if told.local_code else []
    identifiers = [*numbers, *local] if making.ins_first else [*local, *numbers]
    if identifiers:
        made["identifier"] = identifiers
    if making.uses:
        names = [_name("official", told.birth_name, told, making)] if told.birth_name else []
        names += [_name("usual", told.used_name, told, making)] if told.used_name else []
        names += [_name("", told.family, told, making)] if told.family else []
    else:
        names = [_name("", told.family_name, told, making)]
    made["name"] = names
    if making.sex and told.sex:
        made["gender"] = {"M": "male", "F": "female"}[told.sex]
    if told.birth_date:
        made["birthDate"] = told.birth_date
    if told.guardian[0]:
        made["contact"] = [{"relationship": [{"text": "Parent"}], "name": {"family": told.guardian[0], "given": [told.guardian[1]]}}]
    return made


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def _coded(code: str, label: str) -> Resource:
    return {"coding": [{"system": _LOINC, "code": code, "display": label}]}


def _subject(making: Making, identifier: str) -> Resource:
    return {"reference": {"relative": f"Patient/{identifier}", "uuid": f"urn:uuid:{identifier}", "contained": "#patient"}[making.by]}


def _entry(resource: Resource) -> Resource:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}


def results(patients: tuple[Told, ...], rng: random.Random, making: Making | None = None) -> bytes:
    """A bundle: for each patient a report and its observations."""
    making = making or rng.choice(MAKINGS)
    entries = []
    for told in patients:
        about, report = patient(told, making, _uuid(rng)), _uuid(rng)
        contained = {"contained": [about | {"id": "patient"}]} if making.by == "contained" else {}
        subject = _subject(making, about["id"])
        observed = []
        for code, label, unit, low, high, digits in rng.sample(_TESTS, 3):
            value = round(rng.uniform(low, high), digits)
            one: Resource = {"resourceType": "Observation", "id": _uuid(rng), **contained, "status": "final", "code": _coded(code, label)}
            one |= {"subject": subject, "valueQuantity": {"value": value, "unit": unit, "system": _UCUM, "code": unit}}
            one["referenceRange"] = [{"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}]
            observed.append(one)
        head: Resource = {"resourceType": "DiagnosticReport", "id": report, **contained, "status": "final"}
        head |= {"identifier": [{"system": "urn:oid:1.2.250.1.999.9.8.4", "value": f"CR-{rng.randrange(10**12)}"}]}
        head |= {"code": _coded("11502-2", "CR d'examens biologiques"), "subject": subject, "issued": "2026-05-04T11:30:00.000+02:00"}
        head["result"] = [{"reference": f"urn:uuid:{one['id']}" if making.by == "uuid" else f"Observation/{one['id']}"} for one in observed]
        entries += [*([] if making.by == "contained" else [_entry(about)]), _entry(head), *map(_entry, observed)]
    return _written({"resourceType": "Bundle", "type": "collection", "entry": entries}, making)


def reference(told: Told, pages: bytes, rng: random.Random, making: Making | None = None, wrong: str = "") -> bytes:
    """A DocumentReference with its pages and its patient. `wrong`: "hash" or "size" where it lies about the pages."""
    making = making or rng.choice(MAKINGS)
    about = patient(told, making, _uuid(rng))
    digest = hashlib.sha1(pages, usedforsecurity=False).digest()
    attachment = {
        "contentType": "application/pdf",
        "data": base64.b64encode(pages).decode("ascii"),
        "size": len(pages) + (17 if wrong == "size" else 0),
        "hash": base64.b64encode(digest[::-1] if wrong == "hash" else digest).decode("ascii"),
        "title": "Compte rendu",
    }
    made: Resource = {"resourceType": "DocumentReference", "id": _uuid(rng)}
    if making.by == "contained":
        made["contained"] = [about | {"id": "patient"}]
    made |= {
        "masterIdentifier": {"system": "urn:ietf:rfc3986", "value": f"urn:oid:1.2.250.1.999.9.8.5.{rng.randrange(10**12)}"},
        "status": "current",
        "type": _coded("34133-9", "Compte rendu"),
        "subject": _subject(making, about["id"]),
        "date": "2026-05-04T09:00:00+02:00",
        "content": [{"attachment": attachment}],
    }
    if making.by == "contained":
        return _written(made, making)
    return _written({"resourceType": "Bundle", "type": "collection", "entry": [_entry(about), _entry(made)]}, making)


def _written(resource: Resource, making: Making) -> bytes:
    if making.xml:
        kind = resource["resourceType"]
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="http://hl7.org/fhir">{_inner(resource)}</{kind}>'
    else:
        text = json.dumps(resource, ensure_ascii=False, indent=1)
    if making.decomposed:
        text = unicodedata.normalize("NFD", text)
    return text.encode("cp1252" if making.latin else "utf-8", "replace")


def _inner(node: Resource) -> str:
    """Members as elements, primitives as `value` (FHIR R4, 2.6.1)."""
    made = []
    for name, value in node.items():
        if name == "resourceType" or (name == "url" and "valueString" in node) or (name == "url" and len(node) == 2):
            continue
        made += [_element(name, one) for one in (value if isinstance(value, list) else [value])]
    return "".join(made)


def _element(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        return f"<{name} value={quoteattr(str(value))}/>"
    if "resourceType" in value:
        kind = value["resourceType"]
        return f"<{name}><{kind}>{_inner(value)}</{kind}></{name}>"
    url = f" url={quoteattr(value['url'])}" if name == "extension" else ""
    return f"<{name}{url}>{_inner(value)}</{name}>"
