"""What the filing policy asks of the records: asked for a batch, each answer is what it would have been alone."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.pipeline.given import Given
from vaguemestre.domain.matching import Lookup


def chart(given: Given, ref: str, **columns: str) -> Any:
    from vaguemestre.records.models import Patient

    return Patient.objects.create(practice=given.doctor.practice, ref=ref, **{"birth_date": "", **columns})


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def test_a_chart_is_found_by_ins_birth_date_and_either_name_once(given: Given) -> None:
    from vaguemestre.records.queries import charts

    whole = chart(given, "A", ins="2610399990011", birth_date="1950-01-01", birth_name_solid="ROUX", used_name_solid="BRUN")
    chart(given, "B", ins="1480999990022", birth_date="1951-01-01", birth_name_solid="NOIR")
    looks = [
        Lookup(("2610399990011",), (), ()),
        Lookup((), ("1950-01-01",), ()),
        Lookup((), (), ("ROUX",)),
        Lookup((), (), ("BRUN",)),
        Lookup(("2610399990011",), ("1950-01-01",), ("ROUX", "BRUN")),
        Lookup((), (), ("BLANC",)),
        Lookup((), (), ()),
    ]
    found = charts.could_fit(given.doctor.practice_id, looks)
    assert [[one.id for one in found[look]] for look in looks] == [[whole.pk]] * 5 + [[]] * 2


def test_an_empty_value_finds_no_chart(given: Given) -> None:
    from vaguemestre.records.queries import charts

    chart(given, "A")
    look = Lookup(("",), ("",), ("",))
    assert charts.could_fit(given.doctor.practice_id, [look]) == {look: []}


def test_another_practice_has_nothing_to_do_with_it(given: Given) -> None:
    from vaguemestre.records.queries import charts

    chart(given, "A", birth_name_solid="ROUX")
    look = Lookup((), ("1961-03-12",), ("ROUX",))
    assert charts.could_fit(given.doctor.practice_id + 1, [look]) == {look: []}


def test_a_common_name_is_cut_and_never_a_birth_date(given: Given) -> None:
    from vaguemestre.records.queries import charts

    many = charts.MOST_CHARTS + 20
    named = [chart(given, f"N{k}", birth_name_solid="MARTIN" if k % 2 else "BERNARD").pk for k in range(2 * many)]
    born = [chart(given, f"D{k}", birth_date="1970-01-01").pk for k in range(many)]
    both, one, day = Lookup((), (), ("MARTIN", "BERNARD")), Lookup((), (), ("MARTIN",)), Lookup((), ("1970-01-01",), ())
    found = charts.could_fit(given.doctor.practice_id, [both, one, day])
    assert sorted(c.id for c in found[both]) == named[: charts.MOST_CHARTS]
    assert sorted(c.id for c in found[one]) == named[1::2][: charts.MOST_CHARTS]
    assert sorted(c.id for c in found[day]) == born


def test_together_and_alone_give_the_same_charts(given: Given) -> None:
    from vaguemestre.records.queries import charts

    rng = random.Random(3)
    names, days = [f"NOM{k}" for k in range(12)], [f"1980-01-{k:02d}" for k in range(1, 9)]
    for k in range(120):
        chart(
            given, f"Q{k}", birth_name_solid=rng.choice(names), used_name_solid=rng.choice([*names, ""]), birth_date=rng.choice(days),
            ins=rng.choice(["", f"26103999900{k % 7:02d}"]),
        )  # fmt: skip
    looks = [
        Lookup((f"26103999900{k % 9:02d}",), (rng.choice(days),), tuple(dict.fromkeys(rng.choices(names, k=rng.randrange(4)))))
        for k in range(300)
    ]
    together = charts.could_fit(given.doctor.practice_id, looks)
    for look in looks:
        (alone,) = charts.could_fit(given.doctor.practice_id, [look]).values()
        assert {c.id for c in together[look]} == {c.id for c in alone}
        assert alone


def test_many_values_are_asked_in_several_statements(given: Given) -> None:
    from vaguemestre.records.queries import charts

    practice = given.doctor.practice_id
    looks = [Lookup((), (f"18{k:02d}-01-01",), (f"NOM{k}", f"X{k}")) for k in range(100)] + [Lookup((), ("1961-03-12",), ())]
    with CaptureQueriesContext(connection) as asked:
        found = charts.could_fit(practice, looks)
    assert 1 < len(asked) <= 3
    assert [c.ref for c in found[looks[-1]]] == ["P1"]
    assert charts.senders_known(practice, [*(f"n{k}@x.example" for k in range(900)), *charts_senders()]) == frozenset(charts_senders())


def charts_senders() -> list[str]:
    from vaguemestre.records.models import KnownSender

    return [one.address for one in KnownSender.objects.all()]


def test_codes_and_bans_are_told_apart(given: Given) -> None:
    from vaguemestre.records.models import FilingBan, LocalCode
    from vaguemestre.records.queries import charts

    practice = given.doctor.practice
    for patient, confirmed in ((given.lucie, True), (given.paul, False)):
        LocalCode.objects.create(practice=practice, sender="labo", code="|1", patient=patient, confirmed=confirmed)
    LocalCode.objects.create(practice=practice, sender="other", code="|2", patient=given.paul)
    FilingBan.objects.create(practice=practice, content_key="k1", patient=given.lucie)
    used = charts.code_charts(
        [(practice.pk, "labo", "|1"), (practice.pk, "labo", "|2"), (practice.pk, "", "|1"), (practice.pk + 1, "labo", "|1")]
    )
    assert used == {(practice.pk, "labo", "|1"): {given.lucie.pk: True, given.paul.pk: False}}
    assert charts.banned(practice.pk, ["k1", "k2"]) == {"k1": frozenset({given.lucie.pk})}
    assert charts.banned(practice.pk + 1, ["k1"]) == {}
    assert charts.senders_known(practice.pk, [""]) == frozenset()
