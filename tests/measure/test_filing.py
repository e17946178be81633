"""The measurement of formats.md 6.5, on both sides: what is filed wrongly, and what is left over. Run with -s to see the figures."""

from __future__ import annotations

import collections

import pytest

from bench.population_documents import Written, documents, world
from tests.measure.judging import Base, Figures, as_read, figures, judged
from vaguemestre.domain.matching import Match

DOCUMENTS = 2_000


@pytest.fixture(scope="module")
def measured() -> tuple[Base, list[Written], list[Match], Figures]:
    of = world(seed=20261121)
    base = Base(of)
    written = documents(of, DOCUMENTS, seed=7)
    matches = [judged(base, one, as_read(one)) for one in written]
    found = figures(base, written, matches)
    print(f"\n{found}")
    return base, written, matches, found


def test_nothing_is_filed_wrongly(measured: tuple[Base, list[Written], list[Match], Figures]) -> None:
    assert measured[3].wrong == []


def test_qualified_ins_is_filed(measured: tuple[Base, list[Written], list[Match], Figures]) -> None:
    assert measured[3].share("A") >= 0.99


def test_clean_hprim_of_known_senders_is_filed(measured: tuple[Base, list[Written], list[Match], Figures]) -> None:
    assert measured[3].share("clean") >= 0.95


def test_the_right_patient_is_first(measured: tuple[Base, list[Written], list[Match], Figures]) -> None:
    first, left = measured[3].first
    assert left > DOCUMENTS / 10
    assert first / left >= 0.95


def test_what_a_person_must_see_is_not_filed(measured: tuple[Base, list[Written], list[Match], Figures]) -> None:
    _, written, matches, _ = measured
    assert [
        (one.kind, match.rule) for one, match in zip(written, matches, strict=True) if one.owed == "person" and match.decision == "filed"
    ] == []


def test_a_proposal_seldom_preselects_anothers_chart(measured: tuple[Base, list[Written], list[Match], Figures]) -> None:
    """A stranger with the very traits of a chart, or under a chart's INS, is proposed there with its doubt: nothing else may be."""
    base, written, matches, _ = measured
    misled = collections.Counter(
        one.kind
        for one, match in zip(written, matches, strict=True)
        if match.decision == "proposed" and base.ref[match.patient or 0] != one.owner
    )
    assert set(misled) <= {"stranger-homonym", "twin-slip", "near-twin", "stranger-twin", "code-of-chart", "parents-ins"}
    assert misled.total() < DOCUMENTS * 0.03


def test_documents_are_of_every_kind_and_no_two_alike(measured: tuple[Base, list[Written], list[Match], Figures]) -> None:
    _, written, matches, _ = measured
    assert len({one.data for one in written if one.data}) == sum(bool(one.data) for one in written)
    assert {one.group for one in written} == {"A", "clean", "hard", "stranger"}
    letters = {match.rule[0] for match in matches}
    assert letters == set("ABCEFGNP")
