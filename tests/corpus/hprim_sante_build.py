"""HPRIM Santé messages written segment by segment, and the facts of the two invented persons whom they are about."""

from __future__ import annotations

from typing import Any

from tests.corpus import Case, Json, document, local, party, patient, reading, result

H = r"H|~^\&|LAB00012.HPR||LAB01~LABORATOIRE DES ESSAIS||ORU|||CAB07~CABINET DES ESSAIS||P|H2.3~C|202403121530"
P = "P|1|P000123|CAB-77||ZORBEC~LUCIE~ANNE~~MME||19610504|F||3 RUE DES ESSAIS~~VILLE-ESSAI~~99990||0199000000"
OBR = (
    "OBR|1|D-55~5501|E-9~240312077|IONO~IONOGRAMME~L|R||202403120805||||N|||202403120930|SANG&Sang veineux"
    "|DOC1~DR ESSAI~L||||||202403121500|||F"
)
SODIUM = "OBX|1|NM|NA~Sodium~L||143|mmol/l|132 - 146|N|||F|||202403121455|BIOCH~10"
POTASSIUM = "OBX|2|NM|K~Potassium~L||5.0|mmol/l|3.5 - 4.8|H|||F|||202403121455|BIOCH~20"
L = "L|1||1|5"

LUCIE = patient(
    names_unqualified=["ZORBEC"],
    given_names=["LUCIE", "ANNE"],
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    sex="F",
    local_ids=local("P000123"),
)
FACTS: Json = {
    "title": "IONOGRAMME",
    "date": "2024-03-12T15:30",
    "id": "240312077",
    "patient": LUCIE,
    "author": party("LABORATOIRE DES ESSAIS", "LAB01"),
    "recipients": [party("CABINET DES ESSAIS", "CAB07")],
}
SECOND = "P|2|P000777|||BARZOU~MARC||19991130|M"
MARC = patient(
    names_unqualified=["BARZOU"],
    given_names=["MARC"],
    first_given_name="MARC",
    birth_date="1999-11-30",
    sex="M",
    local_ids=local("P000777"),
)


def build(*segments: str, end: str = "\r\n", encoding: str = "ascii") -> bytes:
    return end.join((*segments, "")).encode(encoding)


def message(*segments: str, h: str = H, p: str = P, obr: str = OBR, last: str = L, end: str = "\r\n", encoding: str = "ascii") -> bytes:
    """A message of one patient and one request, with these segments below it."""
    return build(h, p, obr, *segments, last, end=end, encoding=encoding)


def observed(label: str, code: str, value: str | None, **facts: Any) -> Json:
    """A result as most here are: final, of the sampling at 8:05, in the chapter BIOCH, of venous blood."""
    common: Json = {
        "code": {"code": code, "system": None, "label": label},
        "status": "F",
        "date": "2024-03-12T08:05",
        "chapter": "BIOCH",
        "group": ["IONOGRAMME"],
        "specimen": "Sang veineux",
    }
    return result(label, None, value) | common | facts


SODIUM_RESULT = observed("Sodium", "NA", "143", number="143", unit="mmol/l", low="132", high="146", flag="N")
POTASSIUM_RESULT = observed("Potassium", "K", "5.0", number="5.0", unit="mmol/l", low="3.5", high="4.8", flag="H")


def one(name: str, data: bytes, warnings: tuple[str, ...] = (), understood: bool = True, **facts: Any) -> tuple[str, Case]:
    file = f"{name}.hpr"
    told = document("hprim-sante", [file], data, warnings, **(FACTS | facts))
    return f"sante-{name}", Case(file, data, reading(file, "hprim-sante", [told]), understood)


def two(name: str, data: bytes, first: Json, second: Json, warnings: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[str, Case]:
    file = f"{name}.hpr"
    documents = [
        document("hprim-sante", [file, "#1"], data, warnings[0], **(FACTS | first)),
        document("hprim-sante", [file, "#2"], data, warnings[1], **(FACTS | second)),
    ]
    return f"sante-{name}", Case(file, data, reading(file, "hprim-sante", documents))
