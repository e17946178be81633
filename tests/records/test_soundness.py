"""What `verify` says of versions that somebody made to point out of their chart, at nothing that stands, or at each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.read_as import PAUL, doctor, file_all, file_one
from tests.pipeline.test_versions import version

CHART = "it is called replaced and is not filed in the same chart as what replaced it"
CIRCLE = "what replaced it was replaced in turn, in a circle"
RESULTS = "it is called replaced and its results are in a chart"


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


@pytest.fixture
def three(given: Given) -> list[Any]:
    """Versions 1 to 3 of one report of Lucie's: the third stands for the two others."""
    rows = [row for (row,) in file_all(given, [version(1)], [version(2)], [version(3)])]
    assert [type(row).objects.get(pk=row.pk).superseded_by_id for row in rows] == [rows[2].pk, rows[2].pk, None]
    return rows


def faults() -> list[str]:
    from vaguemestre.records.queries import soundness

    return soundness.broken_rules()


def change(row: Any, **columns: Any) -> None:
    assert type(row).objects.filter(pk=row.pk).update(**columns) == 1


def test_nothing_is_said_of_versions_as_they_are_written(given: Given, three: list[Any]) -> None:
    from vaguemestre.pipeline import decisions

    assert faults() == []
    decisions.undo(doctor(given), three[2], NOW)
    assert [type(row).objects.get(pk=row.pk).superseded_by_id for row in three] == [three[1].pk, None, None]
    assert faults() == []


def test_a_chain_has_an_end_and_is_sound(three: list[Any]) -> None:
    change(three[0], superseded_by=three[1])
    assert faults() == []


def _of_paul(given: Given, rows: list[Any]) -> Any:
    return file_one(given, version(4, set_id="1.2", id="1.2.4", patient=PAUL))[0]


@pytest.mark.parametrize(
    "broken",
    [
        lambda given, rows: change(rows[0], superseded_by=_of_paul(given, rows)),
        lambda given, rows: change(rows[0], superseded_by=_review(rows[2])),
    ],
    ids=["another chart", "one that waits"],
)
def test_replaced_by_what_is_not_in_the_chart(given: Given, three: list[Any], broken: Callable[[Given, list[Any]], None]) -> None:
    broken(given, three)
    assert f"records: document {three[0].pk}: {CHART}" in faults()


def _review(row: Any) -> Any:
    change(row, decision="review", patient=None, filed_at=None)
    return row


def test_one_that_waits_is_called_replaced(three: list[Any]) -> None:
    _review(three[1])
    assert f"records: document {three[1].pk}: {CHART}" in faults()
    assert f"records: document {three[0].pk}: {CHART}" not in faults()


def test_replaced_by_what_is_of_another_practice(given: Given, three: list[Any]) -> None:
    from vaguemestre.records.models import Practice

    change(three[2], practice=Practice.objects.create(name="other"))
    assert {f"records: document {row.pk}: {CHART}" for row in three[:2]} <= set(faults())


def test_replaced_by_a_form_of_another_document(three: list[Any]) -> None:
    change(three[2], form_of=three[1])
    assert f"records: document {three[0].pk}: {CHART}" in faults()


@pytest.mark.parametrize(("links", "found"), [([(0, 0)], [0]), ([(2, 1), (1, 2)], [0, 1, 2]), ([(2, 0)], [0, 1, 2])])
def test_a_circle_however_long(three: list[Any], links: list[tuple[int, int]], found: list[int]) -> None:
    """Of one, of two with one that leads to it, and of those that the third stood for."""
    for row, newer in links:
        change(three[row], superseded_by=three[newer])
    assert [fault for fault in faults() if CIRCLE in fault] == [f"records: document {three[k].pk}: {CIRCLE}" for k in found]


def test_the_results_of_one_that_was_replaced(given: Given, three: list[Any]) -> None:
    from vaguemestre.records.models import Result

    Result.objects.filter(document=three[1]).update(patient=given.lucie)
    assert faults() == [f"records: document {three[1].pk}: {RESULTS}"]
