"""Every row of the filing policy (formats.md 6.5) has a test named after it: `test_<kind>_<name>`."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import pytest

from tests.domain import test_matching_doubts
from tests.domain.identities import ALINE, KNOWN, TWIN, UNKNOWN, cda, chart, first, hprim, outcome, qualified
from vaguemestre.domain import person
from vaguemestre.domain.matching import REASONS, TABLE, Chart, Circumstances, decide
from vaguemestre.domain.reading import Ins, StatedPatient

REAL = dataclasses.replace(UNKNOWN, profile="mssante")


def around(**changed: Any) -> Circumstances:
    return dataclasses.replace(KNOWN, **changed)


def test_each_row_has_its_test() -> None:
    here = {**vars(sys.modules[__name__]), **vars(test_matching_doubts)}
    lacking = [f"test_{row.kind}_{row.name.replace('-', '_').lower()}" for row in TABLE]
    assert [name for name in lacking if name not in here] == []
    assert len(set(lacking)) == len(lacking)


def test_each_row_has_a_reason_in_words() -> None:
    for row in TABLE:
        assert REASONS[row.reason] == row.meaning
        assert row.reason == row.reason.lower().replace(" ", "-")
        assert row.decision in {"filed", "proposed", "review", "blocked"}


# Rules.


@pytest.mark.parametrize("circumstances", [KNOWN, UNKNOWN])
def test_rule_a(circumstances: Circumstances) -> None:
    assert outcome(cda(), qualified(), around=circumstances) == ("filed", "A", 1)


@pytest.mark.parametrize("suffix", ["8", "9", "10", "11"])
def test_rule_a_under_each_oid(suffix: str) -> None:
    oid = f"1.2.250.1.213.1.4.{suffix}"
    told, mine = cda(ins=Ins(ALINE, oid)), qualified(ins_oid=oid)
    assert outcome(told, mine, around=UNKNOWN) == ("filed", "A", 1)
    real = ("filed", "A", 1) if suffix in {"8", "9"} else ("review", "A:test-identity", None)
    assert outcome(told, mine, around=REAL) == real


@pytest.mark.parametrize(
    "changed",
    [
        {"ins_status": "validated"},
        {"ins_status": "recovered"},
        {"ins_status": "provisional"},
        {"ins_oid": person.INS_NIR},
        {"ins_oid": ""},
        {"sex": ""},
        {"sex": "U"},
    ],
)
def test_rule_a_wants_all_of_the_chart(changed: dict[str, Any]) -> None:
    assert outcome(cda(), qualified(**changed), around=UNKNOWN)[0] == "proposed"


@pytest.mark.parametrize(
    "changed",
    [
        {"sex": None},
        {"sex": "U"},
        {"birth_name": None, "used_name": "KERVALLON"},
        {"birth_name": None, "names_unqualified": ("KERVALLON",)},
        {"birth_name": None},
        {"first_given_name": None, "given_names": ()},
        {"ins": Ins(ALINE, person.INS_NIR)},
        {"ins": Ins(ALINE, "1.2.250.1.213.1.4.2")},
    ],
)
def test_rule_a_wants_all_of_the_document(changed: dict[str, Any]) -> None:
    assert outcome(cda(**changed), qualified(), around=UNKNOWN)[0] == "proposed"


def test_rule_a_beats_a_homonym() -> None:
    other = qualified(2, ins=TWIN)
    assert outcome(cda(), qualified(), other, around=UNKNOWN) == ("filed", "A", 1)
    assert outcome(cda(), qualified(), chart(2), around=UNKNOWN) == ("filed", "A", 1)


def test_rule_a_files_nothing_into_two_charts() -> None:
    match = decide(cda(), [qualified(1), qualified(2)], KNOWN)
    assert (match.decision, match.rule, match.reason, match.patient) == ("review", "F", "several-charts", None)
    assert len(match.candidates) == 2
    assert outcome(cda(), qualified(1), qualified(2), qualified(3, ins=TWIN))[1] == "F"


@pytest.mark.parametrize(
    "changed",
    [
        {"birth_name": "KERVALON"},
        {"birth_name": "KERVALLNO"},
        {"birth_name": "VERDIER", "used_name": "KERVALLON"},
        {"given_names": ("MARIE", "ALINE"), "first_given_name": "MARIE"},
        {"first_given_name": "ALICE", "given_names": ("ALICE",), "birth_name": "KERVALLON"},
    ],
)
def test_rule_b(changed: dict[str, Any]) -> None:
    """One letter, the order of the given names, the used name for the birth name."""
    assert outcome(cda(**changed), qualified()) == ("proposed", "B", 1)


def test_rule_b_when_the_chart_has_only_the_used_name() -> None:
    assert outcome(cda(birth_name=None, used_name="VERDIER"), qualified(used_name="VERDIER")) == ("proposed", "B", 1)


def test_rule_b_wants_one_edit_at_most() -> None:
    """Where the INS is not qualified there is no alert, and still no rule B."""
    mine = qualified(ins_status="provisional")
    assert outcome(cda(birth_name="KERVALON"), mine) == ("proposed", "B", 1)
    assert outcome(cda(birth_name="KERVALN"), mine) == ("proposed", "P", 1)
    assert outcome(cda(birth_name="KERVALON", first_given_name="ALICE", given_names=("ALICE",)), mine)[1] == "F"


def test_rule_b_between_charts_of_one_ins() -> None:
    """A second chart of the same person, whose name has a slip, neither alerts nor wins."""
    slip = qualified(2, birth_name="KERVALON")
    assert outcome(cda(), qualified(), slip, chart(3), around=UNKNOWN) == ("filed", "A", 1)
    assert outcome(cda(), qualified(1, ins_status="validated"), slip) == ("proposed", "P:twin", 1)
    told = cda(birth_name=None, used_name="KERVALLON")
    assert outcome(told, qualified(), slip) == ("proposed", "P:twin", 1)


def test_rule_b_lets_rule_e_file_nothing() -> None:
    """The practice knows the sender and the names are a chart's: still a person decides, the birth name being another."""
    told = cda(birth_name="VERDIER", used_name="KERVALLON")
    assert outcome(told, qualified())[0] == "proposed"


@pytest.mark.parametrize(
    "changed",
    [
        {"birth_date": "1980-05-18"},
        {"birth_date": "1981-05-17"},
        {"birth_date": "1980-06"},
        {"birth_date": "1979"},
        {"sex": "M"},
        {"first_given_name": "ODETTE", "given_names": ("ODETTE",)},
        {"birth_name": "VERDIER"},
        {"birth_name": "KERVALON", "first_given_name": "ALICE", "given_names": ("ALICE",)},
        {"birth_name": "ALINE", "first_given_name": "KERVALLON", "given_names": ("KERVALLON",)},
    ],
)
def test_rule_c(changed: dict[str, Any]) -> None:
    match = decide(cda(**changed), [qualified()], KNOWN)
    assert (match.decision, match.rule, match.reason, match.patient) == ("blocked", "C", "identity-alert", None)
    assert first(match) == 1


def test_rule_c_for_a_twin_with_a_chart() -> None:
    """Under her sister's INS: names almost the sister's, exactly hers."""
    sister = qualified(1, given_names=("LINA",), first_given_name="LINA")
    self = chart(2, given_names=("LENA",), first_given_name="LENA")
    told = cda(given_names=("LENA",), first_given_name="LENA")
    assert outcome(told, sister, self) == ("blocked", "C", None)
    assert outcome(told, sister) == ("proposed", "B", 1)


def test_rule_c_when_two_charts_bear_one_ins() -> None:
    assert outcome(cda(), qualified(), qualified(2, birth_date="1952-01-30")) == ("blocked", "C", None)


def test_rule_c_does_not_trust_an_unqualified_ins() -> None:
    told = cda(birth_date="1981-05-17")
    assert outcome(told, qualified(ins_status="provisional")) == ("review", "F", None)


def test_rule_c_says_nothing_of_what_is_absent() -> None:
    assert outcome(cda(birth_date=None), qualified())[:2] == ("review", "P:birth-date")
    assert outcome(cda(first_given_name=None, given_names=()), qualified()) == ("proposed", "P", 1)


@pytest.mark.parametrize("status", ["qualified", "validated", "recovered", "provisional"])
def test_rule_g(status: str) -> None:
    match = decide(cda(), [qualified(ins=TWIN, ins_status=status)], KNOWN)
    assert (match.decision, match.rule, match.reason, match.patient) == ("blocked", "G", "two-persons", None)


def test_rule_g_wants_two_sound_ins() -> None:
    wrong = ALINE[:13] + f"{(int(ALINE[13:]) % 97) + 1:02d}"
    assert outcome(cda(ins=Ins(wrong, person.INS_TEST)), qualified(ins=TWIN)) == ("proposed", "E:ins-key", 1)
    assert outcome(cda(), chart(ins=wrong, ins_oid=person.INS_TEST)) == ("proposed", "E:ins-differs", 1)


def test_rule_e() -> None:
    assert outcome(hprim(), chart()) == ("filed", "E", 1)
    assert outcome(hprim(), chart(used_name="VERDIER")) == ("filed", "E", 1)
    assert outcome(hprim("VERDIER"), chart(used_name="VERDIER")) == ("filed", "E", 1)
    assert outcome(cda(ins=None), chart()) == ("filed", "E", 1)
    assert outcome(cda(), chart()) == ("filed", "E", 1)
    assert outcome(cda(), qualified(ins_status="validated")) == ("filed", "E", 1)


@pytest.mark.parametrize(
    ("stated", "mine"),
    [
        (hprim("Kervallon", "Aline"), {}),
        (hprim("KER-VALLON"), {}),
        (hprim("LE BRAS"), {"birth_name": "LEBRAS"}),
        (hprim("D ARTAGNAN"), {"birth_name": "D’ARTAGNAN"}),
        (hprim("LOEUILLET", "INES"), {"birth_name": "LŒUILLET", "given_names": ("INÈS",), "first_given_name": "INÈS"}),
        (hprim(given="ALINE MARIE"), {}),
        (hprim(given="ANNE MARIE"), {"given_names": ("ANNE-MARIE", "LISE"), "first_given_name": "ANNE-MARIE"}),
        (hprim(given="ANNEMARIE"), {"given_names": ("ANNE-MARIE",), "first_given_name": ""}),
        (hprim(given="ANNE-MARIE"), {"given_names": ("ANNE", "MARIE"), "first_given_name": ""}),
        (hprim(given="ANNE MARIE LISE"), {"given_names": ("ANNE-MARIE", "LISE"), "first_given_name": "ANNE-MARIE"}),
        (hprim(), {"sex": ""}),
        (hprim(sex="U"), {}),
        (hprim(birth_date="1980-05-17T08:30:00+02:00"), {}),
    ],
)
def test_rule_e_on_comparison_copies(stated: StatedPatient, mine: dict[str, Any]) -> None:
    assert outcome(stated, chart(**mine)) == ("filed", "E", 1)


@pytest.mark.parametrize(
    ("stated", "mine"),
    [
        (hprim(given="JEAN"), {"given_names": ("JEAN-PIERRE",), "first_given_name": "JEAN-PIERRE"}),
        (hprim(given="JEAN-PIERRE"), {"given_names": ("JEAN",), "first_given_name": "JEAN"}),
        (hprim(given="JEAN PIERRE"), {"given_names": ("JEAN",), "first_given_name": "JEAN"}),
        (hprim(given="JEAN-PIERRE"), {"given_names": ("JEAN", "PIERRE"), "first_given_name": "JEAN"}),
        (hprim(given="MARIE"), {}),
        (hprim(given="ALINE LISE"), {}),
        (hprim("KERVALLON-VERDIER"), {}),
        (hprim("VERDIER KERVALLON"), {"used_name": "VERDIER"}),
        (hprim("KERVALON"), {}),
        (hprim("ALINE", "KERVALLON"), {}),
        (hprim("DE KERVALLON"), {}),
        (hprim(birth_date="1980-05-18"), {}),
        (hprim(birth_date="1980-05"), {}),
        (hprim(birth_date="19800000"), {}),
        (hprim(birth_date="1900-01-01"), {"birth_date": "1900-01-01"}),
        (hprim(birth_date=None), {"birth_date": ""}),
        (hprim(sex="M"), {}),
        (hprim("", "ALINE"), {"birth_name": ""}),
        (hprim(".", "ALINE"), {"birth_name": "-"}),
        (hprim("KERVALLON", ""), {"given_names": (), "first_given_name": ""}),
        (hprim("KERVALLON", "-"), {"given_names": (".",), "first_given_name": "'"}),
    ],
)
def test_rule_e_files_nothing_less_than_equal(stated: StatedPatient, mine: dict[str, Any]) -> None:
    assert outcome(stated, chart(**mine))[0] != "filed"


def test_rule_e_wants_one_chart_alone() -> None:
    match = decide(hprim(), [chart(1), chart(2, given_names=("ALINE", "ODILE"))], KNOWN)
    assert (match.decision, match.rule, match.reason, match.patient) == ("review", "F", "several-charts", None)


def test_rule_p() -> None:
    match = decide(hprim(), [chart()], UNKNOWN)
    assert (match.decision, match.rule, match.reason, match.patient) == ("proposed", "P", "unknown-sender", 1)
    for told in (hprim("KERVALON"), hprim(given="ALIME"), hprim("ALINE", "KERVALLON"), hprim("KERVALLON-VERDIER"), hprim(given="A")):
        match = decide(told, [chart()], KNOWN)
        assert (match.decision, match.rule, match.reason, match.patient) == ("proposed", "P", "near-traits", 1)


def test_rule_p_tells_an_unknown_sender_and_a_doubt() -> None:
    twin = chart(2, given_names=("ALICE",), first_given_name="ALICE")
    assert outcome(hprim(), chart(), twin, around=UNKNOWN) == ("proposed", "P:twin", 1)


@pytest.mark.parametrize(
    "told",
    [
        hprim(birth_date="1980-05-18"),
        hprim(birth_date="1955-05-17"),
        hprim("VERDIER"),
        hprim(given="ODETTE"),
        hprim(sex="M"),
    ],
)
def test_rule_f(told: StatedPatient) -> None:
    """What only resembles preselects nobody: a digit of the birth date, a new name, a brother or sister, the other sex."""
    match = decide(told, [chart()], KNOWN)
    assert (match.decision, match.rule, match.reason, match.patient) == ("review", "F", "only-fuzzy", None)
    assert first(match) == 1


def test_rule_f_between_two_near_names() -> None:
    two = [chart(1, given_names=("LINA",), first_given_name="LINA"), chart(2, given_names=("LENA",), first_given_name="LENA")]
    match = decide(hprim(given="LONA"), two, KNOWN)
    assert (match.decision, match.reason, match.patient, len(match.candidates)) == ("review", "several-charts", None, 2)


def test_rule_f_shows_five_at_most() -> None:
    many = [chart(n, given_names=("ALINE", str(n))) for n in range(1, 40)]
    match = decide(hprim(), many, KNOWN)
    assert [one.chart for one in match.candidates] == [1, 2, 3, 4, 5]


def test_rule_n() -> None:
    assert decide(hprim(), [], KNOWN).reason == "nobody"
    assert outcome(hprim(), chart(birth_name="VERDIER", given_names=("ODETTE",), first_given_name="ODETTE")) == ("review", "N", None)
    assert outcome(hprim(), chart(birth_name="VERDIER", birth_date="1955-01-30")) == ("review", "N", None)


@pytest.mark.parametrize("told", [None, StatedPatient(), StatedPatient(sex="F", birth_place_code="99990"), hprim(".", "-", None)])
def test_rule_n_without_any_identity(told: StatedPatient | None) -> None:
    match = decide(told, [chart()], KNOWN)
    assert (match.decision, match.rule, match.reason, match.candidates) == ("review", "N", "no-identity", ())
    assert decide(told, [chart()], around(vetoes=("truncated",))).rule == "N:truncated"


def _rules(charts: list[Chart]) -> set[str]:
    return {decide(told, charts, KNOWN).rule for told in (cda(), hprim())}


def test_the_rows_of_this_file_start_from_what_is_filed() -> None:
    assert _rules([qualified()]) == {"A", "E"}
