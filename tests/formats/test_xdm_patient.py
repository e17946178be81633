"""The person that METADATA.XML states (formats.md 3.3): names, birth, sex, place and identifiers, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.xdm_build import INS, INS_OID, PATIENT_INFO
from vaguemestre.domain.reading import Ins, LocalId, StatedPatient
from vaguemestre.formats.xdm_patient import stated


def person(*info: str, ids: tuple[str, ...] = (), patient_id: str | None = None) -> StatedPatient | None:
    return stated(ids, info, patient_id)[0]


def codes(*info: str, ids: tuple[str, ...] = ()) -> list[str]:
    return [w.code for w in stated(ids, info, None)[1]]


def test_nobody() -> None:
    assert stated((), (), None) == (None, ())
    assert person("PID-5|", "PID-7|", "essai", "PID-99|x") is None


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("PID-5|ZORBEC^LUCIE^^^^^L", {"birth_name": "ZORBEC", "first_given_name": "LUCIE", "given_names": ("LUCIE",)}),
        ("PID-5|ZORBEC^LUCIE^LUCIE ANNE^^^^L", {"birth_name": "ZORBEC", "first_given_name": "LUCIE", "given_names": ("LUCIE", "ANNE")}),
        ("PID-5|ZORBEC^LUCIE^ANNE^^^^M", {"birth_name": "ZORBEC", "first_given_name": "LUCIE", "given_names": ("LUCIE", "ANNE")}),
        ("PID-5|BARZOU^ANNE^^^^^D", {"used_name": "BARZOU", "first_given_name": "ANNE", "given_names": ("ANNE",)}),
        (
            "PID-5|BARZOU^ANNE^^^^^D~ZORBEC^LUCIE^^^^^L",
            {"birth_name": "ZORBEC", "used_name": "BARZOU", "first_given_name": "LUCIE", "given_names": ("LUCIE",)},
        ),
        ("PID-5|ZORBEC^LUCIE", {"names_unqualified": ("ZORBEC",), "first_given_name": "LUCIE", "given_names": ("LUCIE",)}),
        ("PID-5|ZORBEC", {"names_unqualified": ("ZORBEC",)}),
        ("PID-5|ZORBEC\\T\\FILS^^^^^^L", {"birth_name": "ZORBEC&FILS"}),
        ("pid5|ZORBEC^^^^^^L", {"birth_name": "ZORBEC"}),
        ("PID-7|19610504", {"birth_date": "1961-05-04"}),
        ("PID-7|19610504233000+0100", {"birth_date": "1961-05-04"}),
        ("PID-7|19610500", {"birth_date": "1961-05"}),
        ("PID-7|1961", {"birth_date": "1961"}),
        ("PID-8|F", {"sex": "F"}),
        ("PID-8|m", {"sex": "M"}),
        ("PID-8|U", {"sex": "U"}),
        ("PID-11|^^^^^^BDL^^99042", {"birth_place_code": "99042"}),
        ("PID-11|1 rue^^X^^99990^FR^H^^99042", None),
        ("PID-7|19611304", None),
        ("PID-7|04/05/1961", None),
        ("PID-8|A", None),
    ],
)
def test_fields(field: str, facts: dict[str, Any] | None) -> None:
    assert person(field) == (None if facts is None else StatedPatient(**facts))


@pytest.mark.parametrize(
    ("identifier", "facts"),
    [
        (f"{INS}^^^&1.2.250.1.213.1.4.8&ISO^NH", {"ins": Ins(INS, "1.2.250.1.213.1.4.8")}),
        (f"{INS}^^^INS&1.2.250.1.213.1.4.9&ISO", {"ins": Ins(INS, "1.2.250.1.213.1.4.9")}),
        ("2 61 05 99 990 123 94^^^&1.2.250.1.213.1.4.8&ISO^NH", {"ins": Ins(INS, "1.2.250.1.213.1.4.8")}),
        # not 15 characters: an identifier, never an INS
        ("2610599990123^^^&1.2.250.1.213.1.4.8&ISO", {"local_ids": (LocalId("2610599990123", "1.2.250.1.213.1.4.8"),)}),
        (f"{INS}^^^&1.2.250.1.213.1.4.2&ISO", {"local_ids": (LocalId(INS, "1.2.250.1.213.1.4.2"),)}),
        (f"{INS}^^^CABINET", {"local_ids": (LocalId(INS, None),)}),
        ("P1", {"local_ids": (LocalId("P1", None),)}),
        ("^^^&1.2&ISO", None),
    ],
)
def test_identifiers(identifier: str, facts: dict[str, Any] | None) -> None:
    expected = None if facts is None else StatedPatient(**facts)
    assert person(ids=(identifier,)) == expected
    assert person(f"PID-3|{identifier}") == expected


def test_an_ins_of_patient_id_only_where_no_other_field_gives_one() -> None:
    other = f"1991199990456^^^&{INS_OID}&ISO"
    assert person(patient_id=f"{INS}^^^&{INS_OID}&ISO^NH") == StatedPatient(ins=Ins(INS, INS_OID))
    assert person(f"PID-3|{INS}^^^&{INS_OID}&ISO", patient_id=other) == StatedPatient(ins=Ins(INS, INS_OID))
    # what is no INS is the sharing domain's number, nobody's
    assert person(patient_id="P1^^^&1.2.3&ISO") is None


def test_warnings_of_the_identifier() -> None:
    assert codes(*PATIENT_INFO) == []
    assert codes(f"PID-3|{INS[:13]}11^^^&{INS_OID}&ISO") == ["bad-ins-key"]
    assert codes(f"PID-3|{INS[:13]}^^^&{INS_OID}&ISO") == ["bad-ins-key"]
    assert codes(f"PID-3|{INS}^^^&1.2.250.1.213.1.4.10&ISO") == ["test-identity"]
    assert codes(f"PID-3|{INS}^^^&1.2.250.1.213.1.4.11&ISO") == ["test-identity"]
    assert codes(f"PID-3|{INS}^^^&{INS_OID}&ISO~199119999045682^^^&{INS_OID}&ISO") == ["several-patients"]
    assert codes(f"PID-3|{INS}^^^&{INS_OID}&ISO~{INS}^^^&{INS_OID}&ISO") == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet="PID-3578|^~&\\SL1²٣ é\n", max_size=60), max_size=5), st.text(max_size=40))
def test_no_field_breaks_it(fields: list[str], identifier: str) -> None:
    stated([identifier], [*fields, *(f"PID-{n}|{one}" for n in (3, 5, 7, 8, 11) for one in fields)], identifier)
