"""A batch is asked about together: `through` then asks nothing more, and one message that fails keeps no other from its way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.pipeline.given import LUCIE, PAUL, Given
from vaguemestre.domain.reading import Document, Reading


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def batch(given: Given, count: int) -> list[tuple[Any, Reading]]:
    from vaguemestre.inbound.read import read
    from vaguemestre.records import queue

    reports = [given.report((LUCIE, PAUL)[k % 2], value=f"0.{k:02d}") for k in range(count)]
    given.receive(*reports)
    claimed = queue.claim("test", count, 60, 1_800_000_000.0)
    return [(one, read(data, "message.eml", "message/rfc822")) for one, data in zip(claimed, reports, strict=True)]


def test_what_was_foreseen_is_not_asked_again_and_is_the_same(given: Given) -> None:
    from vaguemestre.pipeline import route

    rules = route.Rules.of(settings.VAGUEMESTRE)
    pairs = batch(given, 8)
    known = route.Known()
    with CaptureQueriesContext(connection) as asked:
        known.foresee(pairs)
    assert 0 < len(asked) <= 4
    with CaptureQueriesContext(connection) as more:
        together = [route.through(one, reading, rules, 0, known) for one, reading in pairs]
    assert len(more) == 0
    alone = [route.through(one, reading, rules, 0) for one, reading in pairs]
    assert [one.filed for one in together] == [one.filed for one in alone]
    assert {filed.match.decision for one in together for filed in one.filed} == {"filed"}


def test_one_that_cannot_be_asked_about_stops_only_itself(given: Given) -> None:
    from vaguemestre.pipeline import route

    rules = route.Rules.of(settings.VAGUEMESTRE)
    (good, reading), (bad, _) = batch(given, 2)
    broken = Reading("x", "hprim", None, (Document("hprim", ("x",), b"no digest"),))
    known = route.Known()
    known.foresee([(bad, broken), (good, reading)])
    with pytest.raises(TypeError):
        route.through(bad, broken, rules, 0, known)
    assert [filed.match.decision for filed in route.through(good, reading, rules, 0, known).filed] == ["filed"]


def test_a_match_made_again_asks_the_records_anew(given: Given) -> None:
    from vaguemestre.pipeline import route
    from vaguemestre.records.models import Patient

    rules = route.Rules.of(settings.VAGUEMESTRE)
    ((one, reading),) = batch(given, 1)
    through = route.through(one, reading, rules, 0, route.Known())
    assert through.filed[0].match.decision == "filed"
    Patient.objects.filter(pk=given.lucie.pk).update(flags="homonym")
    assert through.rematch(0).match.decision == "review"
