"""Messages about the invented people of `posted` in the rarer formats: HPRIM Santé, HL7 v2, FHIR, RTF, Outlook's own, forwarded mails."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

from tests.corpus.hl7v2_build import file, msh, packed
from tests.pipeline.posted import Somebody, post_one
from vaguemestre.domain import person

_serial = itertools.count(1)
Resource = dict[str, Any]
INS = "urn:oid:" + person.INS_NIR
FR_CORE = "https://hl7.fr/ig/fhir/core/StructureDefinition/"
HEAD = r"H|~^\&|LAB.HPR||LABO1~Laboratoire des Tilleuls||ORU|||CAB1~Dr Anne ROCHE||P|H2.3~C|202611200930"
RTF_HEAD = r"{\rtf1\ansi\ansicpg1252 "


def compact(one: Somebody) -> str:
    """The birth date in digits."""
    return one.born.replace("-", "")


# HPRIM Santé


def patient_segment(
    one: Somebody, *, rank: int = 1, code: str = "", born: str | None = None, sex: str | None = None, names: str = "", ins: str = ""
) -> str:
    """P: the birth name alone, as most laboratories write it; `names` stands for the whole of P.5."""
    told = names or f"{one.birth}~{one.given}"
    number = f"{ins}~INS-NIR~{person.INS_NIR}" if ins else ""
    return f"P|{rank}|{code}|||{told}||{compact(one) if born is None else born}|{one.sex if sex is None else sex}||3 RUE DES LILAS|{number}"


def request(number: str = "") -> str:
    return f"OBR|1|D{next(_serial)}|{number or f'E{next(_serial)}'}|GLY~Glycémie~L|||202611200800"


def measured(value: str) -> str:
    return f"OBX|1|NM|GLY~Glycémie~L||{value}|g/l|0.74 - 1.06|N|||F"


def sante(*segments: str, head: str = HEAD, last: str = "L|1", encoding: str = "utf-8") -> bytes:
    return "\r\n".join((head, *segments, last, "")).encode(encoding)


def sante_of(one: Somebody, *, value: str = "0.95", last: str = "L|1", **said: Any) -> bytes:
    """A whole message with one result."""
    return sante(patient_segment(one, **said), request(), measured(value), last=last)


# HL7 v2


def pid(
    one: Somebody, *, ids: str = "", names: str = "", born: str | None = None, sex: str | None = None, ins: str = "", more: str = ""
) -> str:
    """PID with the birth name and the given names at birth; `ids` and `names`: the whole of PID-3 and PID-5; `more`: from PID-9 on."""
    told = names or f"{one.birth}^{one.given}^{one.listed}^^^^L" + (f"~{one.used}^{one.given}^^^^^D" if one.used else "")
    numbers = ids or (cx(ins) if ins else "")
    return f"PID|1||{numbers}||{told}||{compact(one) if born is None else born}|{one.sex if sex is None else sex}{more}"


def cx(value: str, oid: str = person.INS_NIR) -> str:
    return f"{value}^^^ASIP-SANTE-INS-NIR&{oid}&ISO^INS"


def obr(number: str = "") -> str:
    return f"OBR|1||{number or f'L-{next(_serial)}'}^LABO|GLY^Glycémie^L|||20261120080000+0100"


def obx(value: str, rank: int = 1) -> str:
    return f"OBX|{rank}|NM|2345-7^Glucose^LN||{value}|g/L|0.74-1.06|N|||F"


def txa(own: str = "", parent: str = "") -> str:
    return f"TXA|1|11490-0^Lettre de liaison^LN|TEXT|20261120||||||||{own or f'1.2.250.1.999.8.{next(_serial)}'}|{parent}||||AU"


def ed(data: bytes, rank: int = 1) -> str:
    return f"OBX|{rank}|ED|11490-0^Lettre de liaison^LN||{packed(data)}||||||F"


def oru(*segments: str, kind: str = "ORU^R01^ORU_R01", charset: str = "UNICODE UTF-8", encoding: str = "utf-8") -> bytes:
    return file(msh(kind, charset=charset, number=f"M-{next(_serial)}"), *segments, encoding=encoding)


def oru_of(one: Somebody, *, value: str = "0.95", number: str = "", **said: Any) -> bytes:
    """A whole message with one result."""
    return oru(pid(one, **said), obr(number), obx(value))


def mdm(who: str, *segments: str, own: str = "", kind: str = "MDM^T02") -> bytes:
    return oru(who, txa(own), *segments, kind=kind)


# FHIR


def subject_of(one: Somebody, called: str = "p1", **changes: Any) -> Resource:
    """A Patient of FR Core, without its INS; `changes`: members, None to leave one out."""
    ins = changes.pop("ins", "")
    whole: Resource = {
        "resourceType": "Patient",
        "id": called,
        "identifier": [{"system": INS, "value": ins}] if ins else None,
        "name": [official(one), *([{"use": "usual", "family": one.used}] if one.used else [])],
        "gender": {"M": "male", "F": "female"}[one.sex],
        "birthDate": one.born,
    }
    return {key: value for key, value in (whole | changes).items() if value is not None}


def official(one: Somebody) -> Resource:
    listed = {"url": FR_CORE + "fr-core-patient-birth-list-given-name", "valueString": one.listed}
    return {"use": "official", "family": one.birth, "given": [one.given], "extension": [listed]}


def observed(value: str, name: str = "o1", subject: Any = "Patient/p1", **members: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "Glucose"}]},
        "subject": {"reference": subject} if isinstance(subject, str) else subject,
        "valueQuantity": {"value": float(value), "unit": "g/L"},
    } | members


def reported(*results: str, subject: Any = "Patient/p1", **members: Any) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "id": f"r{next(_serial)}",
        "status": "final",
        "code": {"text": "Glycémie"},
        "subject": {"reference": subject} if isinstance(subject, str) else subject,
        "issued": "2026-11-20T09:30:00+01:00",
        "result": [{"reference": f"Observation/{one}"} for one in results],
    } | members


def attached(data: bytes, subject: Any = "Patient/p1", kind: str = "application/pdf", **members: Any) -> Resource:
    """A DocumentReference with its file."""
    return {
        "resourceType": "DocumentReference",
        "id": f"d{next(_serial)}",
        "status": "current",
        "type": {"text": "Compte rendu"},
        "subject": {"reference": subject} if isinstance(subject, str) else subject,
        "date": "2026-11-20T09:30:00+01:00",
        "content": [{"attachment": {"contentType": kind, "data": base64.b64encode(data).decode()}}],
    } | members


def bundle(*resources: Resource, kind: str = "collection") -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources]}).encode()


def fhir_of(one: Somebody, *, value: str = "0.95", **said: Any) -> bytes:
    """A whole bundle with one result."""
    return bundle(subject_of(one, **said), reported("o1"), observed(value))


# Files whose identity is in their words


def words_of(one: Somebody) -> list[str]:
    """As a letter labels whom it is about."""
    return [f"Nom de naissance : {one.birth}", f"Prénom : {one.given.title()}", f"Né(e) le {'/'.join(reversed(one.born.split('-')))}"]


def rtf(*lines: str) -> bytes:
    return (RTF_HEAD + "".join(f"{line}\\par " for line in lines) + "}").encode("cp1252")


# What must come of an attack


def held(given: Any, message: bytes, **more: Any) -> list[Any]:
    """The rows of a message of which nothing may be filed by itself, nor any result stand in a chart; at least one is a line of filings."""
    from vaguemestre.records.models import Result

    rows = post_one(given, message, **more)
    assert [row for row in rows if row.form_of_id is None], "lost"
    assert {(row.patient_id, row.decision == "filed") for row in rows} == {(None, False)}
    assert not Result.objects.filter(document__in=rows).exclude(patient=None).exists()
    return rows


def reasons(rows: list[Any]) -> set[str]:
    """Why the documents wait, those that are no form of another."""
    return {row.reason for row in rows if row.form_of_id is None}
