"""What the invented laboratory reports of the corpus are expected to be read as: the facts of their header, and a usual result."""

from __future__ import annotations

from typing import Any

from tests.corpus import Case, Json, document, patient, reading, result
from tests.corpus.cda_biology_build import LOINC, chapter, coded, entry, report

GERMS, LOCAL, MATERIALS = "1.3.6.1.4.1.99990.1", "1.3.6.1.4.1.99990.2", "2.16.840.1.113883.18.311"
FACTS: Json = {
    "type": {"code": "11502-2", "system": LOINC, "label": "CR d'examens biologiques"},
    "title": "Compte rendu de biologie",
    "date": "2024-03-12T11:30:00+01:00",
    "id": "2.25.990000000000000000000000000001",
    "set_id": "2.25.990000000000000000000000000002",
    "version": 1,
    "confidentiality": ["N"],
    "patient": patient(
        ins={"value": "261059999012394", "oid": "1.2.250.1.213.1.4.8"},
        birth_name="ZORBEC",
        given_names=["LUCIE", "ANNE"],
        first_given_name="LUCIE",
        birth_date="1961-05-04",
        sex="F",
        birth_place_code="99990",
    ),
    "author": {
        "name": "BIOLOG",
        "id": "99900000017",
        "organization": "LABORATOIRE DES ESSAIS",
        "organization_id": "999900001",
        "specialty": None,
    },
}
SODIUM = coded("code", "2951-2", "Sodium")
POTASSIUM = coded("code", "2823-3", "Potassium")
GLUCOSE = coded("code", "14749-6", "Glucose")


def system(code: str | None, oid: str | None, label: str | None) -> Json:
    return {"code": code, "system": oid, "label": label}


def found(label: str | None, loinc: str | None, told: str | None, number: str | None = None, unit: str | None = None, **facts: Any) -> Json:
    """A result of 12 March 2024 in the chapter Biochimie, final, with a LOINC code of that label."""
    usual: Json = {
        "chapter": "Biochimie",
        "code": None if loinc is None else system(loinc, LOINC, label),
        "number": number,
        "unit": unit,
        "status": "completed",
        "date": "2024-03-12T08:30:00+01:00",
    }
    return result(label, None, told) | usual | facts


def one(name: str, data: bytes, text: str, *results: Json) -> tuple[str, Case]:
    file = f"{name}.xml"
    found = document("cda-n3", [file], data, **(FACTS | {"results": list(results), "text": text}))
    return name, Case(file, data, reading(file, "cda", [found]))


def biology(*observations: str, **words: str) -> bytes:
    """One chapter, one act."""
    return report(chapter("Biochimie", entry(*observations), **words))
