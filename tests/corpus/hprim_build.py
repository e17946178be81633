"""HPRIM Médecin files written line by line, and the facts of the two invented persons whom they are about."""

from __future__ import annotations

from typing import Any

from tests.corpus import Case, Json, document, local, party, patient, reading, result

HEADER = (
    "P000123",
    "ZORBEC",
    "LUCIE",
    "3 RUE DES ESSAIS              ",
    "                              ",
    "99990 VILLE-ESSAI                   ",
    "04/05/1961",
    "2610599990123 52",
    "  2024-77",
    "12/03/2024",
    "LABO000001 LABORATOIRE DES ESSAIS",
    "DOC0000001 DR ESSAI",
)
END = ("****FIN****", "****FINFICHIER****", "")
LUCIE = patient(
    nir="261059999012352",
    names_unqualified=["ZORBEC"],
    given_names=["LUCIE"],
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    local_ids=local("P000123"),
)
LUCIE_FACTS: Json = {
    "patient": LUCIE,
    "date": "2024-03-12",
    "author": party("LABORATOIRE DES ESSAIS", "LABO000001"),
    "recipients": [party("DR ESSAI", "DOC0000001")],
}


def head(**changed: str) -> tuple[str, ...]:
    """The header with some lines (l1 to l12) changed."""
    lines = list(HEADER)
    for name, line in changed.items():
        lines[int(name[1:]) - 1] = line
    return tuple(lines)


def build(*parts: tuple[str, ...], end: str = "\r\n", encoding: str = "ascii") -> bytes:
    return end.join(line for part in parts for line in part).encode(encoding)


def one(name: str, data: bytes, warnings: tuple[str, ...] = (), file: str | None = None, **facts: Any) -> tuple[str, Case]:
    file = file or f"{name}.hpr"
    return name, Case(
        file, data, reading(file, "hprim-medecin", [document("hprim-medecin", [file], data, warnings, **(LUCIE_FACTS | facts))])
    )


def lab(*lines: str) -> bytes:
    return build(HEADER, ("****LAB****", *lines), END)


def changed(**facts: Any) -> Json:
    return {"patient": LUCIE | facts}


SECOND = head(
    l1="P000777", l2="BARZOU", l3="MARC ANTOINE", l7="30/11/1999", l8="1991199990456", l9="", l10="13/03/2024", l12="DOC0000001 DR ESSAI"
)
MARC_FACTS: Json = {
    "patient": patient(
        nir="1991199990456",
        names_unqualified=["BARZOU"],
        given_names=["MARC", "ANTOINE"],
        first_given_name="MARC ANTOINE",
        birth_date="1999-11-30",
        local_ids=local("P000777"),
    ),
    "date": "2024-03-13",
    "author": party("LABORATOIRE DES ESSAIS", "LABO000001"),
    "recipients": [party("DR ESSAI", "DOC0000001")],
}
SODIUM = "RES|SODIUM|NA33|N|143|mEq/l|132|146|N|F"
SODIUM_RESULT = result("SODIUM", "NA33", "143", number="143", unit="mEq/l", low="132", high="146", flag="N", status="F")
POTASSIUM = "RES|POTASSIUM|K33|N|5.0|mEq/l|3.5|4.8|H|F"
POTASSIUM_RESULT = result("POTASSIUM", "K33", "5.0", number="5.0", unit="mEq/l", low="3.5", high="4.8", flag="H", status="F")


def two(name: str, data: bytes, first: Json, second: Json, warnings: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[str, Case]:
    file = f"{name}.hpm"
    documents = [
        document("hprim-medecin", [file, "#1"], data, warnings[0], **first),
        document("hprim-medecin", [file, "#2"], data, warnings[1], **second),
    ]
    return name, Case(file, data, reading(file, "hprim-medecin", documents))
