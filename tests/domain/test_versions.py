"""Which edition stands: whichever came first, however they are linked, and nothing by a guess."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaguemestre.domain.versions import Edition, standing


def edition(row: int, **more: Any) -> Edition:
    return Edition(row, **{"place": 1, "form": "cda-n3", "own_id": f"id{row}", **more})


def all_orders(*editions: Edition) -> dict[int, int | None]:
    """What stands, the same in whatever order they are given."""
    found = [standing(order) for order in itertools.permutations(editions)]
    assert all(one == found[0] for one in found)
    return found[0]


def test_nothing_and_one_and_strangers() -> None:
    assert standing([]) == {}
    assert standing([Edition(1, 1)]) == {1: None}
    assert all_orders(Edition(1, 1), Edition(2, 1)) == {1: None, 2: None}
    assert all_orders(edition(1, set_id="S"), edition(2, set_id="T")) == {1: None, 2: None}


@pytest.mark.parametrize(("first", "second", "standing_row"), [(1, 2, 2), (2, 1, 1), (None, 1, 2), (0, None, 1), (9, 10, 2)])
def test_the_higher_version_of_a_set_stands(first: int | None, second: int | None, standing_row: int) -> None:
    found = all_orders(edition(1, set_id="S", version=first), edition(2, set_id="S", version=second))
    assert found == {standing_row: None, 3 - standing_row: standing_row}


def test_every_older_one_bears_the_newest() -> None:
    assert all_orders(*(edition(row, set_id="S", version=row) for row in (1, 2, 3))) == {1: 3, 2: 3, 3: None}


def test_level_3_stands_over_level_1_in_one_version_only() -> None:
    one, three = edition(1, set_id="S", version=1, form="cda-n1"), edition(2, set_id="S", version=1)
    assert all_orders(one, three) == {1: 2, 2: None}
    assert all_orders(three, edition(3, set_id="S", version=2, form="cda-n1")) == {2: 3, 3: None}
    assert all_orders(edition(1, own_id="same", form="cda-n1"), edition(2, own_id="same")) == {1: 2, 2: None}


def test_two_that_are_equal_both_stand() -> None:
    older = edition(3, set_id="S", version=1)
    assert all_orders(edition(1, set_id="S", version=2), edition(2, set_id="S", version=2), older) == {1: None, 2: None, 3: 1}
    assert all_orders(edition(1, set_id="S"), edition(2, set_id="S")) == {1: None, 2: None}


def test_replacing_without_a_set() -> None:
    chain = edition(1), edition(2, replaces="id1"), edition(3, replaces="id2")
    assert all_orders(*chain) == {1: 3, 2: 3, 3: None}
    assert all_orders(chain[0], chain[2]) == {1: None, 3: None}, "the link between them is not there"


def test_replacing_says_more_than_an_equal_version_and_less_than_a_higher_one() -> None:
    old = edition(1, set_id="S", version=2)
    assert all_orders(old, edition(2, set_id="S", version=2, replaces="id1")) == {1: 2, 2: None}
    assert all_orders(old, edition(2, set_id="S", version=1, replaces="id1")) == {1: None, 2: 1}
    assert all_orders(old, edition(2, set_id="T", version=1, replaces="id1")) == {1: 2, 2: None}
    stale = edition(3, set_id="S", version=1)
    assert all_orders(old, stale, edition(2, set_id="T", version=1, replaces="id1")) == {1: 2, 2: None, 3: 2}


def test_two_corrections_of_one_report_both_stand() -> None:
    found = all_orders(edition(1), edition(2, replaces="id1"), edition(3, replaces="id1"))
    assert found == {1: 2, 2: None, 3: None}


def test_circles_say_nothing() -> None:
    assert all_orders(edition(1, replaces="id1")) == {1: None}
    assert all_orders(edition(1, replaces="id2"), edition(2, replaces="id1")) == {1: None, 2: None}
    versions = edition(1, replaces="id2", version=1), edition(2, replaces="id1", version=2)
    assert all_orders(*versions) == {1: 2, 2: None}
    assert all_orders(*versions, edition(3, replaces="id2")) == {1: 3, 2: 3, 3: None}, "one outside the circle ends it"
    assert all_orders(edition(1, own_id="same", replaces="same"), edition(2, own_id="same", replaces="same")) == {1: None, 2: None}


def test_copies_stand_or_go_together_and_point_to_their_own_place() -> None:
    olds = [edition(row, place=row, own_id="old", set_id="S", version=1) for row in (1, 2, 3)]
    news = [edition(row, place=row - 3, own_id="new", set_id="S", version=2, replaces="old") for row in (4, 5)]
    assert standing([*olds, *news]) == {1: 4, 2: 5, 3: 4, 4: None, 5: None}


NAMES = st.sampled_from(["", "a", "b", "c"])
EDITIONS = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from(["cda-n1", "cda-n3"]), NAMES, NAMES, st.none() | st.integers(-1, 3), NAMES), max_size=9
).map(lambda rows: [Edition(row, *columns) for row, columns in enumerate(rows)])


@given(EDITIONS)
def test_whatever_is_said_what_stands_stands(editions: list[Edition]) -> None:
    found = standing(editions)
    assert found == standing(reversed(editions))
    assert found.keys() == {one.row for one in editions}
    assert all(newer is None or found[newer] is None for newer in found.values()), "nobody is replaced by one that is replaced"
    if editions:
        assert None in found.values()
    plain = {one.row for one in editions if not (one.set_id or one.own_id)}
    assert all(found[row] is None for row in plain)
