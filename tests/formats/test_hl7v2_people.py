"""Who an HL7 v2 message is about and between whom it goes: each field of PID alone, PRT, OBR and TXA."""

from __future__ import annotations

from typing import Any

import pytest

from tests.corpus.hl7v2_build import AUTHOR, INS, IPP, LUCIE, READER, RECIPIENT, SENDER, STRUCTURE, file, msh
from vaguemestre.domain.reading import Ins, LocalId, Party, StatedPatient
from vaguemestre.formats import hl7v2

NIR_OID, TEST_OID = "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.10"


def stated(pid: str) -> tuple[StatedPatient | None, list[str]]:
    (record,) = hl7v2.read(file(msh(), pid, "OBX|1|ST|A^A^L||x||||||F"))
    return record.patient, [w.code for w in record.warnings]


def who(**fields: str) -> StatedPatient:
    """Of a PID whose fields are `f3`, `f5`... and no other."""
    numbers = {int(name[1:]): value for name, value in fields.items()}
    pid = "|".join(["PID", *(numbers.get(n, "") for n in range(1, 40))])
    found, _ = stated(pid)
    assert found is not None
    return found


def test_whole() -> None:
    found, codes = stated(LUCIE)
    assert found == StatedPatient(
        ins=Ins("261059999012394", NIR_OID),
        birth_name="ZORBEC",
        used_name="BARZOU",
        given_names=("LUCIE", "ANNE-MARIE"),
        first_given_name="LUCIE",
        birth_date="1961-05-04",
        sex="F",
        birth_place_code="99990",
        local_ids=(LocalId("IPP-0042", "1.2.250.1.999.1.1"),),
    )
    assert codes == []


@pytest.mark.parametrize("pid", ["PID|1", "PID|1||||||", 'PID|1||""||""'])
def test_a_pid_that_names_nobody(pid: str) -> None:
    assert stated(pid) == (None, [])


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("DUVAL^ANNE^^^^^L", {"birth_name": "DUVAL", "first_given_name": "ANNE", "given_names": ("ANNE",)}),
        ("DUVAL^ANNE", {"names_unqualified": ("DUVAL",), "first_given_name": "ANNE", "given_names": ("ANNE",)}),
        ("DUVAL^ANNE^^^^^U", {"names_unqualified": ("DUVAL",), "first_given_name": "ANNE", "given_names": ("ANNE",)}),
        ("DUVAL^ANNE^MARIE JEANNE^^^^L", {"birth_name": "DUVAL", "first_given_name": "ANNE", "given_names": ("ANNE", "MARIE", "JEANNE")}),
        ("DUVAL^ANNE^ANNE,MARIE^^^^L", {"birth_name": "DUVAL", "first_given_name": "ANNE", "given_names": ("ANNE", "MARIE")}),
        ("DUVAL^^ANNE MARIE^^^^L", {"birth_name": "DUVAL", "given_names": ("ANNE", "MARIE")}),
        (
            "PETIT^ANNE^^^^^L~DUVAL^^^^^^M",
            {"birth_name": "DUVAL", "used_name": "PETIT", "first_given_name": "ANNE", "given_names": ("ANNE",)},
        ),
        ("PETIT^NANOU^^^^^D", {"used_name": "PETIT"}),
        (
            "DUVAL^ANNE^^^^^L~PETIT^NANOU^^^^^D",
            {"birth_name": "DUVAL", "used_name": "PETIT", "first_given_name": "ANNE", "given_names": ("ANNE",)},
        ),
        ("DUVAL^ANNE^^^^^L~DUVAL^ANNE^^^^^D", {"birth_name": "DUVAL", "first_given_name": "ANNE", "given_names": ("ANNE",)}),
        (
            "DUVAL^ANNE^^^^^L~LA PETITE^^^^^^N~STAR^STELLA^^^^^S",
            {"birth_name": "DUVAL", "first_given_name": "ANNE", "given_names": ("ANNE",)},
        ),
        ("DU VAL&DU&VAL^ANNE^^^^^L", {"birth_name": "DU VAL", "first_given_name": "ANNE", "given_names": ("ANNE",)}),
        (r"D\T\A^ANNE^^^^^L", {"birth_name": "D&A", "first_given_name": "ANNE", "given_names": ("ANNE",)}),
    ],
)
def test_names(name: str, facts: dict[str, Any]) -> None:
    assert who(f5=name) == StatedPatient(**facts)


def test_names_of_others_are_nobodys() -> None:
    assert who(f5="DUVAL^ANNE^^^^^L", f6="MERE^JEANNE^^^^^M", f9="ALIAS^X") == who(f5="DUVAL^ANNE^^^^^L")
    data = file(msh(), LUCIE, "NK1|1|TUTEUR^PAUL^^^^^L|FTH", "OBX|1|ST|A^A^L||x||||||F")
    assert hl7v2.read(data)[0].patient == stated(LUCIE)[0]


@pytest.mark.parametrize(
    ("ids", "facts", "codes"),
    [
        (INS, {"ins": Ins("261059999012394", NIR_OID)}, []),
        (INS.replace("261059999012394^", "2610599990123^94"), {"ins": Ins("261059999012394", NIR_OID)}, []),
        (INS.replace("94^^^", "94 ^^^"), {"ins": Ins("261059999012394", NIR_OID)}, []),
        (INS.replace("012394", "012395"), {"ins": Ins("261059999012395", NIR_OID)}, ["bad-ins-key"]),
        (INS.replace(".4.8", ".4.10"), {"ins": Ins("261059999012394", TEST_OID)}, ["test-identity"]),
        (INS.replace(".4.8", ".4.10") + "~" + INS, {"ins": Ins("261059999012394", NIR_OID)}, ["test-identity"]),
        (INS + "~" + INS, {"ins": Ins("261059999012394", NIR_OID)}, []),
        ("2610599990123^^^X&1.2.250.1.213.1.4.8&ISO^INS", {"local_ids": (LocalId("2610599990123", NIR_OID),)}, ["bad-ins-key"]),
        ("abc^^^X&1.2.250.1.213.1.4.8&ISO^INS", {"local_ids": (LocalId("abc", NIR_OID),)}, ["bad-ins-key"]),
        ("261059999012394^^^ASIP-SANTE-INS-NIR^INS", {"nir": "261059999012394"}, []),
        ("2610599990123^^^SECU^SS", {"nir": "2610599990123"}, []),
        ("261059999012394^^^LABO^PI", {"local_ids": (LocalId("261059999012394", None),)}, []),
        ("42", {"local_ids": (LocalId("42", None),)}, []),
        (IPP, {"local_ids": (LocalId("IPP-0042", "1.2.250.1.999.1.1"),)}, []),
    ],
)
def test_identifiers(ids: str, facts: dict[str, Any], codes: list[str]) -> None:
    assert stated(f"PID|1||{ids}") == (StatedPatient(**facts), codes)


def test_the_number_of_social_security_is_the_insured_persons() -> None:
    assert who(f19="2 61 05 99 990 123 94") == StatedPatient(nir="261059999012394")
    assert who(f2="42", f5="X^Y").local_ids == (LocalId("42", None),)
    assert who(f2="42", f3="43").local_ids == (LocalId("43", None),)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("19610504", "1961-05-04"),
        ("196105040730+0200", "1961-05-04"),
        ("19610500", "1961-05"),
        ("196105", "1961-05"),
        ("19610000", "1961"),
        ("1961", "1961"),
        ("19611304", None),
        ("04/05/1961", None),
        ("196", None),
    ],
)
def test_a_birth_date_has_the_precision_that_it_is_given(written: str, read: str | None) -> None:
    assert who(f5="DUVAL", f7=written).birth_date == read


@pytest.mark.parametrize(("written", "read"), [("F", "F"), ("m", "M"), ("U", "U"), ("O", "U"), ("A", "U"), ("", None), ("?", None)])
def test_sex(written: str, read: str | None) -> None:
    assert who(f5="DUVAL", f8=written).sex == read


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("^^^^^^BDL^^99990", "99990"),
        ("1 RUE^^ESSAI^^99000^FRA^H~^^^^^^BDL^^2B990", "2B990"),
        ("1 RUE^^ESSAI^^99000^FRA^H^^99990", None),
        ("^^^^^^BDL^^ESSAI", None),
    ],
)
def test_the_place_of_birth_is_its_own_address(address: str, read: str | None) -> None:
    assert who(f5="DUVAL", f11=address).birth_place_code == read


@pytest.mark.parametrize(
    ("code", "sure"), [("VALI", True), ("PROV", True), ("", True), ("DOUA", False), ("ANOM", False), ("VALI~USUR", False)]
)
def test_an_identity_that_its_sender_doubts_only_proposes(code: str, sure: bool) -> None:
    assert who(f5="DUVAL^ANNE", f32=code).from_fields is sure


def test_names_decoded_by_guess_say_so() -> None:
    pid = "PID|1||||LEFÈVRE^HÉLÈNE^^^^^L"
    for encoding, guessed in (("utf-8", False), ("cp1252", True)):
        (record,) = hl7v2.read(file(msh(charset=""), pid, "OBX|1|ST|A^A^L||x||||||F", encoding=encoding))
        assert record.patient is not None and record.patient.names_guessed is guessed
        assert record.patient.birth_name == "LEFÈVRE"


JEAN = Party(name="Jean ESSAI", id="99900000017", organization="Clinique des Essais", organization_id="999900001")
ANNE = Party(name="Anne MODELE", id="99900000025")


@pytest.mark.parametrize(
    ("segments", "author", "recipients"),
    [
        ((SENDER, RECIPIENT), JEAN, (ANNE,)),
        ((RECIPIENT,), Party(organization="CLINIQUE"), (ANNE,)),
        ((SENDER.replace(STRUCTURE, ""),), Party(name="Jean ESSAI", id="99900000017", organization="CLINIQUE"), ()),
        ((RECIPIENT.replace("PRT||UC", "PRT||DE"),), Party(organization="CLINIQUE"), ()),
        ((RECIPIENT, RECIPIENT), Party(organization="CLINIQUE"), (ANNE,)),
        (
            (f"PRT||UC||RCT||||{STRUCTURE}",),
            Party(organization="CLINIQUE"),
            (Party(organization="Clinique des Essais", organization_id="999900001"),),
        ),
        (
            ("PRT||UC||RCT||||Urologie^^^^^999900001^UF^^^3435",),
            Party(organization="CLINIQUE"),
            (Party(organization="Urologie", organization_id="3435"),),
        ),
        (("PRT||UC||REPLY|||||||||||^^X.400^a@b.example",), Party(organization="CLINIQUE"), ()),
        (
            ("PRT||UC||RCT|261059999012394^ZORBEC^LUCIE^^^^^^1.2.250.1.213.1.4.8^L^^^INS",),
            Party(organization="CLINIQUE"),
            (Party(name="LUCIE ZORBEC"),),
        ),
        ((f"TXA|1||||||||{AUTHOR}",), Party(name="Jean ESSAI", id="99900000017", organization="CLINIQUE"), ()),
        (("OBR|1" + "|" * 31 + "899900000017&ESSAI&Jean",), Party(name="Jean ESSAI", id="899900000017", organization="CLINIQUE"), ()),
        (("OBR|1" + "|" * 27 + READER,), Party(organization="CLINIQUE"), (ANNE,)),
    ],
)
def test_parties(segments: tuple[str, ...], author: Party, recipients: tuple[Party, ...]) -> None:
    (record,) = hl7v2.read(file(msh(), LUCIE, *segments, "OBX|1|ST|A^A^L||x||||||F"))
    assert (record.author, record.recipients) == (author, recipients)


def test_nothing_told_shows_in_a_repr() -> None:
    (record,) = hl7v2.read(file(msh(), LUCIE, SENDER, "OBX|1|ST|A^A^L||x||||||F"))
    shown = repr((record, record.patient, record.author))
    assert not any(word in shown for word in ("ZORBEC", "LUCIE", "261059", "ESSAI"))
