"""The invented people of these tests, and the shortest way to say them."""

from __future__ import annotations

from typing import Any

from vaguemestre.domain import person
from vaguemestre.domain.matching import Chart, Circumstances, Match, decide
from vaguemestre.domain.reading import Ins, StatedPatient

KNOWN = Circumstances(sender="labo@hopital.example", sender_known=True, profile="demo")
UNKNOWN = Circumstances(sender="labo@hopital.example", sender_known=False, profile="demo")


def number(thirteen: str) -> str:
    """15 characters with their right key."""
    return thirteen + person.matricule_key(thirteen)


ALINE = number("2800599990012")
"""Of a woman born in May 1980, in a commune that does not exist."""
TWIN = number("2800599990013")
MOTHER = number("2551199991044")


def chart(id: int = 1, **changed: Any) -> Chart:  # noqa: A002 - the field's own name
    """ALINE MARIE KERVALLON, 17 May 1980, with a qualified INS."""
    told: dict[str, Any] = {
        "id": id,
        "ref": f"R{id}",
        "ins": "",
        "ins_oid": "",
        "ins_status": "provisional",
        "nir": "",
        "birth_name": "KERVALLON",
        "used_name": "",
        "given_names": ("ALINE", "MARIE"),
        "first_given_name": "ALINE",
        "birth_date": "1980-05-17",
        "sex": "F",
        "birth_place_code": "99990",
        "flags": frozenset(),
    }
    return Chart(**{**told, **changed})


def qualified(id: int = 1, **changed: Any) -> Chart:  # noqa: A002
    return chart(id, **{"ins": ALINE, "ins_oid": person.INS_TEST, "ins_status": "qualified", **changed})


def hprim(family: str = "KERVALLON", given: str = "ALINE", birth_date: str | None = "1980-05-17", **changed: Any) -> StatedPatient:
    """As the header of HPRIM Médecin says it."""
    told: dict[str, Any] = {
        "names_unqualified": (family,) if family else (),
        "given_names": tuple(given.split()),
        "first_given_name": given or None,
        "birth_date": birth_date,
    }
    return StatedPatient(**{**told, **changed})


def cda(**changed: Any) -> StatedPatient:
    """As a CDA says it, with all traits."""
    told: dict[str, Any] = {
        "ins": Ins(ALINE, person.INS_TEST),
        "birth_name": "KERVALLON",
        "given_names": ("ALINE", "MARIE"),
        "first_given_name": "ALINE",
        "birth_date": "1980-05-17",
        "sex": "F",
        "birth_place_code": "99990",
    }
    return StatedPatient(**{**told, **changed})


def outcome(stated: StatedPatient | None, *charts: Chart, around: Circumstances = KNOWN) -> tuple[str, str, int | None]:
    match = decide(stated, charts, around)
    return match.decision, match.rule, match.patient


def first(match: Match) -> int | None:
    return match.candidates[0].chart if match.candidates else None
