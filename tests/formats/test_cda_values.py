"""Moments and numbers of a CDA as they are written, and those that are none."""

from __future__ import annotations

import pytest

from vaguemestre.formats import cda_values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1979", "1979"),
        ("197903", "1979-03"),
        ("19790328", "1979-03-28"),
        ("19790328+0200", "1979-03-28"),
        ("2024010407", "2024-01-04T07"),
        ("202401040735+0100", "2024-01-04T07:35+01:00"),
        ("20240104073501Z", "2024-01-04T07:35:01+00:00"),
        ("20240104073501.5-0330", "2024-01-04T07:35:01.5-03:30"),
        ("2024-01-04", "2024-01-04"),
        ("2024-01-04T07:35:01+01:00", "2024-01-04T07:35:01+01:00"),
        ("20240104073501+01", "2024-01-04T07:35:01+01:00"),
        ("20240104250000", "2024-01-04"),
        ("202401040735+9900", "2024-01-04T07:35"),
        ("19800000", "1980"),
        ("19800400", "1980-04"),
        ("20240230", None),
        ("00000101", None),
        ("20241301", None),
        ("202413", None),
        ("hier", None),
        ("", None),
        ("2024010407350" * 20, None),
        ("٢٠٢٤٠١٠٤", None),
    ],
)
def test_times(text: str, expected: str | None) -> None:
    assert cda_values.moment(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.20", (None, "5.20")),
        ("-0,5", (None, "-0.5")),
        ("+3", (None, "3")),
        (".5", (None, ".5")),
        ("≤ 7", ("<=", "7")),
        (">=7.0", (">=", "7.0")),
        ("1e3", (None, "1000")),
        ("1.50E-4", (None, "0.000150")),
        ("1e31", (None, None)),
        ("1e999999", (None, None)),
        ("NaN", (None, None)),
        ("Infinity", (None, None)),
        ("1 000", (None, None)),
        ("5-10", (None, None)),
        ("٥", (None, None)),
        ("9" * 31, (None, None)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_numbers(text: str | None, expected: tuple[str | None, str | None]) -> None:
    assert cda_values.number(text) == expected
