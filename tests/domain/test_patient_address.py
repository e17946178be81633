"""Requirement 36: an address of a patient is made of a qualified INS with its key, and is masked wherever it could be read by others.

Mutations tried, each of which fails a test here: the status not looked at; the key not checked; a missing key computed; test registers
taken in profile mssante; the flags not looked at; the mask applied to lower case only.
"""

from __future__ import annotations

import pytest

from vaguemestre.domain.fault import Refused
from vaguemestre.domain.patient_address import build, ends_exchange, masked
from vaguemestre.domain.person import INS_DEMO, INS_NIA, INS_NIR, INS_TEST

DOMAIN = "patient.mssante.fr"
INS = "279035199018922"


def test_requirement_36_of_a_qualified_ins() -> None:
    assert build(INS, INS_NIR, "qualified", DOMAIN) == f"{INS}@{DOMAIN}"
    assert build(" 2 79 03 51 990 189 22 ", INS_NIA, "qualified", DOMAIN) == f"{INS}@{DOMAIN}"


@pytest.mark.parametrize("status", ["provisional", "recovered", "validated", "", "QUALIFIED"])
def test_requirement_36_of_no_other_status(status: str) -> None:
    with pytest.raises(Refused) as refused:
        build(INS, INS_NIR, status, DOMAIN)
    assert refused.value.code == "ins-not-qualified"


@pytest.mark.parametrize("flag", ["doubtful", "fictitious"])
def test_requirement_36_of_no_doubtful_identity(flag: str) -> None:
    with pytest.raises(Refused) as refused:
        build(INS, INS_NIR, "qualified", DOMAIN, flags=["deceased", flag])
    assert refused.value.code == "ins-not-qualified"


@pytest.mark.parametrize(
    ("matricule", "code"),
    [
        ("279035199018923", "ins-key"),
        ("2790351990189", "ins-form"),
        ("", "ins-form"),
        ("27903519901892x", "ins-form"),
        (INS + "0", "ins-form"),
    ],
)
def test_requirement_36_the_key_is_there_and_right(matricule: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        build(matricule, INS_NIR, "qualified", DOMAIN)
    assert refused.value.code == code
    assert matricule[:7] not in refused.value.detail or not matricule


@pytest.mark.parametrize("oid", [INS_TEST, INS_DEMO, "", "1.2.3"])
def test_requirement_36_of_the_national_register_but_in_demo(oid: str) -> None:
    with pytest.raises(Refused) as refused:
        build(INS, oid, "qualified", DOMAIN)
    assert refused.value.code == "ins-register"
    if oid in {INS_TEST, INS_DEMO}:
        assert build(INS, oid, "qualified", DOMAIN, invented=True).startswith(INS)


def test_no_domain_no_address() -> None:
    with pytest.raises(Refused) as refused:
        build(INS, INS_NIR, "qualified", "")
    assert refused.value.code == "patients-unknown"


@pytest.mark.parametrize(
    "text",
    [
        f"<{INS}@{DOMAIN}>",
        f"To: Ève <{INS}@PATIENT.mssante.FR>, labo@ch.mssante.fr",
        f'"{INS}"@{DOMAIN}',
        f"a {INS}@{DOMAIN}, {INS}@{DOMAIN}.",
    ],
)
def test_nobody_reads_a_masked_one(text: str) -> None:
    assert INS not in masked(text, DOMAIN)
    assert "•••@" in masked(text, DOMAIN)


def test_other_addresses_stay() -> None:
    for text in ("labo@ch.mssante.fr", f"{INS}@patient.mssante.fr.ailleurs.example", ""):
        assert masked(text, DOMAIN) == text
    assert masked(f"x@{DOMAIN}", "") == f"x@{DOMAIN}"


@pytest.mark.parametrize(
    ("subject", "mes", "ends"),
    [
        ("[FIN]", "", True), (" [FIN] ", "", True), ("Re: [FIN]", "", False), ("[fin]", "", False), ("FIN", "", False),
        ("Bonjour", "FIN", True), ("Bonjour", " fin", True), ("Bonjour", "FINI", False), ("", "", False),
    ],
)  # fmt: skip
def test_the_end_of_an_exchange(subject: str, mes: str, ends: bool) -> None:
    assert ends_exchange(subject, mes) is ends
