"""The doubts and vetoes of the filing policy (formats.md 6.5): a test each, named after its row, as `test_matching_table` checks."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.domain.identities import ALINE, KNOWN, MOTHER, TWIN, cda, chart, first, hprim, number, outcome, qualified
from vaguemestre.domain import person
from vaguemestre.domain.matching import Circumstances, decide
from vaguemestre.domain.reading import Ins


def around(**changed: Any) -> Circumstances:
    return dataclasses.replace(KNOWN, **changed)


# Doubts: each turns what rule E would have filed into a proposal of the same chart.


@pytest.mark.parametrize(
    "twin",
    [
        {"given_names": ("ALICE",), "first_given_name": "ALICE"},
        {"given_names": ("ANTONIN",), "first_given_name": "ANTONIN", "sex": "M"},
        {"given_names": ("CELINE",), "first_given_name": "CELINE"},
        {"given_names": ("ALICE",), "first_given_name": "", "birth_name": "KERVALON"},
        {"given_names": ("ALICE",), "first_given_name": "ALICE", "birth_name": "KERVALO"},
        {"given_names": (), "first_given_name": ""},
        {"given_names": ("ALICE",), "first_given_name": "ALICE", "birth_name": "VERDIER", "used_name": "KERVALLON"},
    ],
)
def test_doubt_twin(twin: dict[str, Any]) -> None:
    match = decide(hprim(), [chart(), chart(2, **twin)], KNOWN)
    assert (match.decision, match.rule, match.reason, match.patient) == ("proposed", "E:twin", "twin", 1)
    assert match.candidates[0].chart == 1


def test_doubt_twin_by_the_birth_name_that_the_document_does_not_tell() -> None:
    married = chart(1, used_name="VERDIER")
    sister = chart(2, given_names=("ALICE",), first_given_name="ALICE")
    assert outcome(hprim("VERDIER"), married, sister) == ("proposed", "E:twin", 1)


def test_doubt_twin_lets_far_names_pass() -> None:
    brother = chart(2, given_names=("THOMAS",), first_given_name="THOMAS", sex="M")
    elder = chart(3, given_names=("ALICE",), first_given_name="ALICE", birth_date="1978-01-02")
    other = chart(4, given_names=("ALICE",), first_given_name="ALICE", birth_name="VERDIER")
    assert outcome(hprim(), chart(), brother, elder, other) == ("filed", "E", 1)


@pytest.mark.parametrize(
    ("nir", "mine", "rule"),
    [
        (ALINE, {"nir": ALINE}, "E"),
        (ALINE[:13], {"nir": ALINE}, "E"),
        (ALINE, {"nir": ALINE[:13]}, "E"),
        (TWIN, {"nir": ALINE}, "E:nir"),
        (TWIN[:13], {"nir": ALINE[:13]}, "E:nir"),
        (TWIN, {"ins": ALINE, "ins_oid": person.INS_TEST, "ins_status": "qualified"}, "E:nir"),
        (ALINE, {"ins": ALINE, "ins_oid": person.INS_TEST, "nir": MOTHER}, "E"),
        (ALINE, {"ins": TWIN, "ins_oid": person.INS_NIA}, "E"),
        (MOTHER, {"nir": ALINE}, "E"),
        (MOTHER, {"nir": MOTHER}, "E"),
        (TWIN, {"nir": MOTHER}, "E:nir"),
        (TWIN, {}, "E"),
        ("2803099990012", {"nir": ALINE}, "E:nir"),
        ("28005", {"nir": ALINE}, "E"),
    ],
)
def test_doubt_nir(nir: str, mine: dict[str, str], rule: str) -> None:
    """Only a NIR that may be the patient's own says something; a relative's does not."""
    assert outcome(hprim(nir=nir), chart(**mine))[1] == rule


def test_doubt_local_code() -> None:
    assert outcome(hprim(), chart(), around=around(local_code_charts=frozenset({1}))) == ("filed", "E", 1)
    assert outcome(hprim(), chart(), around=around(local_code_charts=frozenset({9}))) == ("proposed", "E:local-code", 1)
    assert outcome(hprim(), chart(), around=around(local_code_charts=frozenset({1, 9}))) == ("proposed", "E:local-code", 1)
    assert outcome(hprim(), chart(), around=around(confirmed_code_charts=frozenset({9}))) == ("proposed", "E:local-code", 1)


def test_doubt_names_guessed() -> None:
    assert outcome(hprim(names_guessed=True), chart()) == ("proposed", "E:names-guessed", 1)
    strange = chart(birth_name="KERVALL\ufffdN")
    assert outcome(hprim("KERVALL\ufffdN"), strange) == ("proposed", "E:names-guessed", 1)


def test_doubt_ins_key() -> None:
    wrong = ALINE[:13] + f"{(int(ALINE[13:]) % 97) + 1:02d}"
    for mine in (chart(), qualified(), qualified(ins=wrong)):
        assert outcome(cda(ins=Ins(wrong, person.INS_TEST)), mine) == ("proposed", "E:ins-key", 1)
    assert outcome(cda(ins=None), chart(), around=around(vetoes=("bad-ins-key",))) == ("proposed", "E:ins-key", 1)


def test_doubt_ins_differs() -> None:
    assert outcome(cda(), qualified(ins_oid=person.INS_NIR)) == ("proposed", "E:ins-differs", 1)
    assert outcome(cda(), chart(nir=TWIN)) == ("proposed", "E:ins-differs", 1)
    assert outcome(cda(), chart(nir=MOTHER)) == ("filed", "E", 1)
    assert outcome(cda(), qualified(ins_oid="")) == ("filed", "E", 1)


def test_doubt_ins_other_chart() -> None:
    other = qualified(2, ins_status="provisional", birth_name="VERDIER", given_names=("ODETTE",), first_given_name="ODETTE")
    assert outcome(cda(), chart(), other) == ("proposed", "E:ins-other-chart", 1)


def test_doubt_ins_of_another() -> None:
    """A child's document under a parent's INS."""
    assert outcome(cda(ins=Ins(MOTHER, person.INS_TEST)), chart()) == ("proposed", "E:ins-of-another", 1)
    brother = number("1800599990012")
    assert outcome(cda(ins=Ins(brother, person.INS_TEST)), chart()) == ("proposed", "E:ins-of-another", 1)


def test_doubt_nir_other_chart() -> None:
    other = chart(2, birth_name="VERDIER", given_names=("ODETTE",), first_given_name="ODETTE", nir=ALINE)
    assert outcome(hprim(nir=ALINE), chart(), other) == ("proposed", "E:nir-other-chart", 1)
    child = chart(3, given_names=("ODETTE",), first_given_name="ODETTE", birth_date="2015-09-30", nir=ALINE)
    assert outcome(hprim(nir=ALINE), chart(), child) == ("filed", "E", 1)


def test_doubt_nir_sex() -> None:
    assert outcome(hprim(nir="1800599990012"), chart()) == ("proposed", "E:nir-sex", 1)
    assert outcome(hprim(nir="1551199991044"), chart()) == ("filed", "E", 1)


def test_doubt_birth_name() -> None:
    """A woman who uses KERVALLON, and the chart of one born KERVALLON."""
    told = cda(ins=None, birth_name="VERDIER", used_name="KERVALLON")
    assert outcome(told, chart()) == ("proposed", "E:birth-name", 1)
    assert outcome(told, chart(birth_name="VERDIER", used_name="KERVALLON")) == ("filed", "E", 1)
    assert outcome(told, chart(birth_name="", used_name="KERVALLON")) == ("filed", "E", 1)


def test_doubt_given_names() -> None:
    told = cda(ins=None, given_names=("ALINE", "ODILE"))
    assert outcome(told, chart()) == ("proposed", "E:given-names", 1)
    assert outcome(cda(ins=None, given_names=("ALINE", "MARIE", "ODILE")), chart()) == ("filed", "E", 1)
    assert outcome(cda(ins=None, given_names=("ALINE",)), chart()) == ("filed", "E", 1)


def test_doubt_birth_place() -> None:
    assert outcome(cda(ins=None, birth_place_code="99991"), chart()) == ("proposed", "E:birth-place", 1)
    assert outcome(cda(ins=None, birth_place_code=None), chart()) == ("filed", "E", 1)


@pytest.mark.parametrize("given", ["BEBE", "Bébé", "X", "NOUVEAU-NE", "J."])
def test_doubt_placeholder_name(given: str) -> None:
    assert outcome(hprim(given=given), chart(given_names=(given,), first_given_name=given)) == ("proposed", "E:placeholder-name", 1)
    assert outcome(hprim("INCONNUE"), chart(birth_name="INCONNUE")) == ("proposed", "E:placeholder-name", 1)


# Vetoes: nothing is filed or proposed; a person sees the candidates and the reason.


def _warned(code: str, name: str | None = None) -> None:
    for told, mine, letter in (
        (cda(), qualified(), "A"),
        (hprim(), chart(), "E"),
        (cda(birth_name="KERVALON"), qualified(), "B"),
        (hprim("KERVALON"), chart(), "P"),
        (hprim("VERDIER"), chart(), "F"),
        (hprim(), chart(birth_name="X", birth_date="1955-01-30"), "N"),
    ):
        match = decide(told, [mine], around(vetoes=(code,)))
        assert (match.decision, match.rule, match.patient) == ("review", f"{letter}:{name or code}", None)
        assert first(match) == (None if letter == "N" else 1)
    assert outcome(cda(sex="M"), qualified(), around=around(vetoes=(code,))) == ("blocked", "C", None)


def test_veto_several_patients() -> None:
    _warned("several-patients")


def test_veto_patient_mismatch() -> None:
    _warned("patient-mismatch")


def test_veto_hash_mismatch() -> None:
    _warned("hash-mismatch")


def test_veto_size_mismatch() -> None:
    _warned("size-mismatch")


def test_veto_truncated() -> None:
    _warned("truncated")


def test_veto_missing_end_mark() -> None:
    _warned("missing-end-mark")


def test_veto_too_large() -> None:
    _warned("too-large")


def test_veto_duplicate_name() -> None:
    _warned("duplicate-name")


def test_veto_unsafe_archive() -> None:
    _warned("unsafe-archive")


def test_veto_unforeseen() -> None:
    """A warning of tomorrow's reader forbids until this table knows it."""
    _warned("something-new", "unforeseen")


def test_veto_withdrawn() -> None:
    """Not a reader's warning but what the metadata of an archive say: a person decides."""
    _warned("withdrawn")


def test_veto_returned() -> None:
    """Not a reader's warning either: what comes back with a report was sent by the practice."""
    _warned("returned")


def test_veto_test_identity() -> None:
    assert outcome(cda(), qualified(), around=around(profile="mssante")) == ("review", "A:test-identity", None)
    assert outcome(cda(), chart(), around=around(profile="mssante")) == ("review", "E:test-identity", None)
    assert outcome(hprim(), chart(), around=around(profile="mssante", vetoes=("test-identity",)))[1] == "E:test-identity"
    assert outcome(hprim(), chart(), around=around(profile="mssante")) == ("filed", "E", 1)
    assert outcome(hprim(), chart(), around=around(vetoes=("test-identity",))) == ("filed", "E", 1)
    assert outcome(cda(), qualified(), around=around(profile="other"))[1] == "A:test-identity"


@pytest.mark.parametrize("date", [None, "", "1980-05", "1980", "19800000", "1980-05-00", "1900-01-01", "1980-02-31", "bientôt"])
def test_veto_birth_date(date: str | None) -> None:
    match = decide(hprim(birth_date=date), [chart()], KNOWN)
    assert (match.decision, match.reason, match.patient) == ("review", "birth-date", None)
    assert first(match) == 1
    assert outcome(hprim(birth_date=date)) == ("review", "N:birth-date", None)


def _flagged(flag: str) -> None:
    marked = frozenset({flag})
    assert outcome(cda(), qualified(flags=marked)) == ("review", f"A:{flag}", None)
    assert outcome(hprim(), chart(flags=marked)) == ("review", f"E:{flag}", None)
    assert outcome(hprim("KERVALON"), chart(flags=marked)) == ("review", f"P:{flag}", None)
    assert decide(hprim(), [chart(flags=marked)], KNOWN).reason == f"chart-{flag}"
    assert outcome(hprim(), chart(), chart(2, birth_name="VERDIER", flags=marked)) == ("filed", "E", 1)


def test_veto_homonym() -> None:
    _flagged("homonym")


def test_veto_doubtful() -> None:
    _flagged("doubtful")


def test_veto_fictitious() -> None:
    _flagged("fictitious")


def test_veto_deceased() -> None:
    _flagged("deceased")


def test_veto_undone() -> None:
    banned = around(banned=frozenset({1}))
    assert outcome(hprim(), chart(), around=banned) == ("review", "E:undone", None)
    assert outcome(cda(), qualified(), around=banned) == ("review", "A:undone", None)
    assert outcome(hprim(), chart(2), around=banned) == ("filed", "E", 2)
