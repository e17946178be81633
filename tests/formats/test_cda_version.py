"""The version of a CDA as senders write it, and what the records compare: 1 to 3, the second it was made, nothing, nonsense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.corpus.cda_biology_build import chapter, report
from tests.pipeline.given import Given
from tests.pipeline.read_as import file_all
from tests.pipeline.test_versions import newer, version
from vaguemestre.formats import cda


def read(written: str) -> cda.Read:
    data = report(chapter("Biochimie")).replace(b'<versionNumber value="1"/>', written.encode())
    assert written.encode() in data
    return cda.read(data)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1", 1),
        ("007", 7),
        (" 12 ", 12),
        ("+3", 3),
        ("-1", -1),
        ("2.0", 2),
        ("2147483647", 2147483647),
        ("2147483648", 2147483648),
        ("20261120081500", 20261120081500),
        ("0" * 60 + "5", 5),
        ("9" * 40, int("9" * 40)),
    ],
)
def test_a_whole_number_however_written(written: str, number: int) -> None:
    found = read(f'<versionNumber value="{written}"/>')
    assert found.version == number
    assert "malformed" not in [warning.code for warning in found.warnings]


@pytest.mark.parametrize("written", ["2a", "v2", "2.1", "1e3", "--1", "٣", "²", "1 2", "9" * 101, "1" * 100_000, "NaN", "0x10", "1_000"])
def test_what_is_no_whole_number_is_none_and_says_so(written: str) -> None:
    found = read(f'<versionNumber value="{written}"/>')
    assert found.version is None
    assert [warning.code for warning in found.warnings].count("malformed") == 1


@pytest.mark.parametrize("written", ['<versionNumber nullFlavor="UNK"/>', '<versionNumber value=""/>', "<versionNumber/>"])
def test_one_that_is_not_told_is_none_and_no_fault(written: str) -> None:
    found = read(written)
    assert found.version is None
    assert "malformed" not in [warning.code for warning in found.warnings]


def test_the_first_that_is_a_number() -> None:
    assert read('<versionNumber value="x"/><versionNumber value="4"/>').version == 4


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


LONGEST = 10**40


@pytest.mark.parametrize(
    ("old", "new"),
    [(1, 2**31), (2**31 - 1, 2**31), (2**31, 2**31 + 1), (20261120081500, 20261120081501), (-5, -1), (-1, 0), (None, -1), (3, LONGEST)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_higher_one_stands(given: Given, old: int | None, new: int, turned: bool) -> None:
    order = [(version(old),), (version(new),)]
    rows: list[Any] = [row for (row,) in file_all(given, *(reversed(order) if turned else order))]
    first, second = reversed(rows) if turned else rows
    assert newer(first, second) == [second.pk, None]


def test_of_two_beyond_every_number_neither_is_newer(given: Given) -> None:
    rows = [row for (row,) in file_all(given, (version(LONGEST),), (version(LONGEST + 1),))]
    assert newer(*rows) == [None, None]
    assert [row.version for row in rows] == [2**63 - 1] * 2
