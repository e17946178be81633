"""Names in comparison: edits from one to the other, counted by hand and against the textbook's whole table."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.domain.matching_names import distance


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("", "", 0),
        ("A", "", 1),
        ("", "ABC", 3),
        ("MARTIN", "MARTIN", 0),
        ("MARTIN", "MRATIN", 1),
        ("MARTIN", "MARTN", 1),
        ("MARTIN", "MARTIIN", 1),
        ("MARTIN", "MARTEN", 1),
        ("MARTIN", "NARTEN", 2),
        ("MARTIN", "MARITN", 1),
        ("CA", "ABC", 3),
        ("ABCDEF", "BADCFE", 3),
        ("ABCDEFGH", "HGFEDCBA", 3),
    ],
)
def test_distance(one: str, other: str, edits: int) -> None:
    assert distance(one, other) == distance(other, one) == edits


def test_distance_is_bounded() -> None:
    assert distance("A" * 1_000_000, "A" * 999_999 + "B") == 3


def _plain_distance(a: str, b: str) -> int:
    table = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            costs = [table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i - 1] != b[j - 1])]
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                costs.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(costs)
    return table[len(a), len(b)]


@given(st.text(alphabet="ABC", max_size=9), st.text(alphabet="ABC", max_size=9), st.integers(0, 4))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_distance_agrees_with_the_textbook(one: str, other: str, most: int) -> None:
    assert distance(one, other, most) == min(_plain_distance(one, other), most + 1)
