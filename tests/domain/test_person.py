"""Comparison copies, matricules, professional numbers, birth dates. python-stdnum is the judge of our own key computations."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.fr import nir as judge

from vaguemestre.domain import person


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dupont", "DUPONT"),
        ("Éléonore", "ELEONORE"),
        ("E\u0301le\u0301onore", "ELEONORE"),
        ("ÇA ÑÜ", "CA NU"),
        ("Lœuillet", "LOEUILLET"),
        ("LŒUILLET", "LOEUILLET"),
        ("Æther Ægidius", "AETHER AEGIDIUS"),
        ("Strauß", "STRAUSS"),
        ("STRAUẞ", "STRAUSS"),
        ("D'ARTAGNAN", "D ARTAGNAN"),
        ("D’Artagnan", "D ARTAGNAN"),
        ("D`ARTAGNAN", "D ARTAGNAN"),
        ("D´ARTAGNAN", "D ARTAGNAN"),
        ("Jean-Pierre", "JEAN PIERRE"),
        ("Jean\u2010Pierre", "JEAN PIERRE"),
        ("Jean\u2011Pierre", "JEAN PIERRE"),
        ("Jean – Pierre", "JEAN PIERRE"),
        ("J.-P.", "J P"),
        ("ST. MARTIN", "ST MARTIN"),
        ("  de   la\u00a0Roche\t", "DE LA ROCHE"),
        ("EL AMRANI", "EL AMRANI"),
        ("BEN ALI", "BEN ALI"),
        ("Ｄｕｐｏｎｔ", "DUPONT"),
        ("ﬁls", "FILS"),
        ("Αλέξης", "ΑΛΕΞΗΣ"),
        ("Иван", "ИВАН"),
        ("王伟", "王伟"),
        ("", ""),
        (".-'", ""),
    ],
)
def test_comparison_copy(text: str, expected: str) -> None:
    assert person.comparison(text) == expected
    assert person.solid(text) == expected.replace(" ", "")


def test_particles_are_kept() -> None:
    assert person.solid("DE ROCHE") != person.solid("ROCHE")
    assert person.solid("EL AMRANI") == person.solid("ELAMRANI")


@given(st.text(max_size=60))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_a_comparison_copy_has_single_blanks_and_no_case(text: str) -> None:
    copy = person.comparison(text)
    assert copy == " ".join(copy.split())
    assert not set(copy) & set("'’.-")
    assert person.comparison(text.upper()) == person.comparison(text.upper().upper())
    assert " " not in person.solid(text)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzàâäçéèêëîïôöùûüÿœæ'’.- ABCÉŒ", max_size=40))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_a_comparison_copy_of_french_is_its_own(text: str) -> None:
    copy = person.comparison(text)
    assert person.comparison(copy) == copy
    assert person.comparison(text.upper()) == copy
    assert copy.isascii()


def _thirteen(rng: random.Random) -> str:
    department = rng.choice([f"{n:02d}" for n in range(1, 99)] + ["2A", "2B"])
    born = f"{rng.randrange(100):02d}{rng.choice([*range(1, 13), 20, 42, 50, 99]):02d}"
    return f"{rng.choice('123478')}{born}{department}{rng.randrange(990, 999)}{rng.randrange(1000):03d}"


def test_keys_agree_with_the_judge() -> None:
    rng = random.Random(4)
    for _ in range(2_000):
        thirteen = _thirteen(rng)
        key = person.matricule_key(thirteen)
        assert judge.calc_check_digits(thirteen) == key
        assert person.ins_key_valid(thirteen + key) and judge.is_valid(thirteen + key)
        wrong = thirteen + f"{int(key) % 97 + 1:02d}"
        assert not person.ins_key_valid(wrong) and not judge.is_valid(wrong)


def test_corsican_keys_by_both_computations() -> None:
    """19 and 18 in the place of 2A and 2B, or 0 for the letter and one or two millions taken off."""
    assert person.matricule_key("152012A001001") == "75"
    assert person.matricule_key("152012B001001") == "05"
    for thirteen, taken in (("290042A990123", 1_000_000), ("176112B998001", 2_000_000)):
        number = int(thirteen.replace("A", "0").replace("B", "0")) - taken
        assert person.matricule_key(thirteen) == f"{97 - number % 97:02d}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "28001999900123",
        "2800199990012",
        "080019999001200",
        "580019999001200",
        "2800199990012AB",
        "280012C99001200",
        "２８００１９９９９００１２０１",
        "²80019999001200",
        "x" * 15,
        "1" * 10_000,
    ],
)
def test_what_is_no_ins(text: str) -> None:
    assert not person.ins_key_valid(text)


def test_blanks_and_small_letters_of_a_matricule_mean_nothing() -> None:
    value = "290042A990123" + person.matricule_key("290042A990123")
    assert person.ins_key_valid(f" {value[:1]} {value[1:3]} {value[3:].lower()} ")
    assert person.matricule("2 90 04 2a 990 123") == "290042A990123"
    assert person.matricule_key("2 90 04 2a 990 123") == value[13:]
    assert person.matricule_key(value) == ""


def test_ins_oids() -> None:
    assert [oid.rpartition(".")[2] for oid in person.INS_OIDS] == ["8", "9", "10", "11"]
    assert {oid.rpartition(".")[2] for oid in person.TEST_OIDS} == {"10", "11"}
    assert all(oid.startswith("1.2.250.1.213.1.4.") for oid in person.INS_OIDS)


@pytest.mark.parametrize(
    ("nir", "birth_date", "agrees"),
    [
        ("2800599990012", "1980-05-17", True),
        ("2800599990012", "1880-05-17", True),
        ("2800599990012", "1980-06-17", False),
        ("2800599990012", "1981-05-17", False),
        ("2803099990012", "1980-06-17", True),
        ("2805199990012", "1980-06-17", True),
        ("2800099990012", "1980-06-17", True),
        ("2803099990012", "1981-06-17", False),
        ("2800599990012", "1980-05", False),
        ("2800599990012", "", False),
        ("28005", "1980-05-17", False),
        ("", "1980-05-17", False),
    ],
)
def test_nir_and_birth_date(nir: str, birth_date: str, agrees: bool) -> None:
    """Only where the month is a calendar month is it compared."""
    assert person.nir_is_of_birth_date(nir, birth_date) is agrees


def test_sex_of_a_nir() -> None:
    assert [person.nir_sex(f"{digit}800599990012") for digit in "12347859"] == ["M", "F", "M", "F", "M", "F", "", ""]


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("10002422979", True),
        ("810002422979", True),
        ("1000 2422 979", True),
        ("10002422978", False),
        ("810002422978", False),
        ("801234534765", False),
        ("910002422979", False),
        ("1000242297", False),
        ("1000242297٩", False),
        ("", False),
    ],
)
def test_rpps(text: str, valid: bool) -> None:
    assert person.rpps_key_valid(text) is valid


@given(st.integers(0, 10**11 - 1))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_rpps_agrees_with_the_judge(number: int) -> None:
    digits = f"{number:011d}"
    assert person.rpps_key_valid(digits) == luhn.is_valid(digits) == person.rpps_key_valid("8" + digits)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("750712184", True),
        ("750100018", True),
        ("540002698", True),
        ("580008803", True),
        ("120459876", False),
        ("2A0999999", True),
        ("2b0999999", True),
        ("2C0999999", False),
        ("75071218", False),
        ("", False),
    ],
)
def test_finess(text: str, valid: bool) -> None:
    """A Corsican one is judged by its form alone."""
    assert person.finess_key_valid(text) is valid


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("1980-05-17", "1980-05-17"),
        ("2000-02-29", "2000-02-29"),
        ("1979-03-28T23:30:00+01:00", "1979-03-28"),
        ("1900-02-29", ""),
        ("1980-02-31", ""),
        ("1980-13-01", ""),
        ("1980-00-00", ""),
        ("1980-05", ""),
        ("1980", ""),
        ("19800517", ""),
        ("17/05/1980", ""),
        ("0001-01-01", ""),
        ("1980-5-17", ""),
        ("１９８０-05-17", ""),
        ("1980-05-17\n", ""),
        ("", ""),
        ("9" * 1_000, ""),
    ],
)
def test_whole_dates(text: str, whole: str) -> None:
    assert person.whole_date(text) == whole
    assert person.is_whole_date(text) is bool(whole)


def test_the_first_of_january_1900_is_no_birth_date() -> None:
    assert person.is_whole_date("1900-01-01")
    assert person.known_birth_date("1900-01-01") == ""
    assert person.known_birth_date("1900-01-02") == "1900-01-02"


@pytest.mark.parametrize(
    ("digits", "iso"),
    [
        ("19800517", "1980-05-17"),
        ("19800500", "1980-05"),
        ("198005", "1980-05"),
        ("19800000", "1980"),
        ("1980", "1980"),
        ("19801300", ""),
        ("19800017", ""),
        ("19800231", ""),
        ("00000000", ""),
        ("1980051", ""),
        ("", ""),
    ],
)
def test_precision_of_a_birth_date(digits: str, iso: str) -> None:
    assert person.birth_date_precision(digits) == iso


@given(st.dates(min_value=dt.date(1850, 1, 1)))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_every_day_is_whole(day: dt.date) -> None:
    assert person.whole_date(day.isoformat()) == day.isoformat() == person.birth_date_precision(day.strftime("%Y%m%d").rjust(8, "0"))


def test_no_constant_lacks_a_word() -> None:
    assert set(person.SEXES) == {"M", "F", "U"}
    assert person.INS_STATUSES[0] == "qualified"
