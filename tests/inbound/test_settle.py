"""What a person who decides is shown of a chart, and what asks for a second confirmation."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from vaguemestre.inbound.settle import better_named, compare, grave

OID = "1.2.250.1.213.1.4.10"


@dataclasses.dataclass
class Row:
    ref: str = "R"
    ins: str = ""
    ins_oid: str = ""
    ins_status: str = "provisional"
    nir: str = ""
    birth_name: str = "VALCOURT"
    used_name: str = ""
    given_names: str = "ELISE MARIE"
    first_given_name: str = "ELISE"
    birth_date: str = "1980-02-03"
    sex: str = "F"
    birth_place_code: str = ""
    flags: str = ""


def said(**more: Any) -> dict[str, Any]:
    return {"names_unqualified": ["Valcourt"], "given_names": ["Élise"], "first_given_name": "Élise", "birth_date": "1980-02-03", **more}


def verdicts(stated: dict[str, Any] | None, row: Row) -> dict[str, str]:
    return {trait.name: trait.verdict for trait in compare(stated, row)}


def test_names_are_held_by_their_comparison_copies() -> None:
    found = verdicts(said(), Row())
    assert (found["family_name"], found["given_names"], found["birth_date"]) == ("equal", "equal", "equal")
    assert verdicts(said(), Row(birth_name="AUTRE", used_name="VAL COURT"))["family_name"] == "equal"


def test_what_neither_side_tells_is_left_out() -> None:
    assert "nir" not in verdicts(said(), Row(ins="280029999000157"))
    assert verdicts(None, Row()).keys() == {"family_name", "given_names", "birth_date", "sex"}
    assert set(verdicts(None, Row()).values()) == {"absent"}
    assert compare({}, Row(birth_name="", given_names="", first_given_name="", birth_date="", sex="")) == ()


@pytest.mark.parametrize(
    ("stated", "row", "asks"),
    [
        (said(), Row(), ()),
        (said(sex="M"), Row(), ("sex",)),
        (said(birth_date="1991-12-30"), Row(), ("birth_date",)),
        (said(birth_date="1980"), Row(), ()),
        (said(names_unqualified=["Tout autre"]), Row(), ("family_name",)),
        (said(given_names=["Bernard"], first_given_name="Bernard"), Row(), ("given_names",)),
        (said(ins={"value": "180029999100133", "oid": OID}), Row(ins="280029999000157", ins_oid=OID), ("ins",)),
        (said(nir="1550699990001"), Row(nir="2800299990001"), ()),
    ],
)
def test_what_asks_for_a_second_confirmation(stated: dict[str, Any], row: Row, asks: tuple[str, ...]) -> None:
    assert grave(compare(stated, row)) == asks


def test_a_twin_is_one_click_away() -> None:
    lea, leo = Row(given_names="LEA", first_given_name="LEA"), [["first_given_name", "equal"], ["birth_date", "equal"]]
    near = compare(said(given_names=["LEO"], first_given_name="LEO"), lea)
    assert better_named(near, [{"patient": 1, "evidence": leo}])
    assert not better_named(near, [{"patient": 1, "evidence": [["first_given_name", "near"]]}])
    assert not better_named(near, [{"patient": 1}])
    assert not better_named(compare(said(), Row()), [{"patient": 1, "evidence": leo}])


def test_a_comparison_shows_nobody_in_its_repr() -> None:
    assert "VALCOURT" not in repr(compare(said(), Row())).upper()
