"""Numbers as laboratories write them: what is one, and how the contract writes it."""

from __future__ import annotations

import re

import pytest

from vaguemestre.formats.numbers import COMPARED, NUMBER, compared, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.20", (None, "5.20")),
        ("-0,5", (None, "-0.5")),
        ("+3", (None, "3")),
        (",5", (None, ".5")),
        ("<0.12", ("<", "0.12")),
        ("> 90", (">", "90")),
        ("<=5", ("<=", "5")),
        (">= 5", (">=", "5")),
        ("≤ 7", ("<=", "7")),
        ("≥7,0", (">=", "7.0")),
        ("2.920", (None, "2.920")),
    ],
)
def test_a_number_behind_its_sign(text: str, expected: tuple[str | None, str]) -> None:
    match = re.fullmatch(COMPARED, text)
    assert match is not None
    assert compared(match) == expected


@pytest.mark.parametrize("text", ["", "5-10", "1 000", "1.", "1.2.3", "=5", "<<5", "٥", "1e3", "NaN", "9" * 31, "0." + "9" * 31])
def test_what_is_none(text: str) -> None:
    assert re.fullmatch(COMPARED, text) is None


def test_the_contracts_writing() -> None:
    assert [plain(text) for text in ("+1,50", "-1,50", "1.50", "007")] == ["1.50", "-1.50", "1.50", "007"]
    assert re.fullmatch(NUMBER, "<5") is None
