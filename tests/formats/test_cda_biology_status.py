"""What a laboratory took back or did not do reads as such: the status of a result is its own, or that of what it was withdrawn with."""

from __future__ import annotations

import pytest

from tests.corpus.cda_biology_build import battery, chapter, coded, comment, entry, isolate, observation, pq, quoted, report
from vaguemestre.formats import cda

SODIUM, POTASSIUM = coded("code", "2951-2", "Sodium"), coded("code", "2823-3", "Potassium")
IONOGRAM = coded("code", "24326-1", "Ionogramme")


def sodium(status: str = "completed", *inside: str) -> str:
    return observation(SODIUM, pq("140", "mmol/L"), *inside, status=status)


def statuses(*inside: str) -> list[str | None]:
    return [result.status for result in cda.read(report(chapter("Biochimie", entry(*inside)))).results]


def with_status(element: str, status: str) -> str:
    """The outermost act of this text, with another status."""
    told = '<statusCode code="completed"/>'
    assert told in element
    return element.replace(told, f'<statusCode code="{status}"/>' if status else "", 1)


@pytest.mark.parametrize("status", ["completed", "active", "aborted", "cancelled", "nullified", "held", "suspended", "new", "obsolete"])
def test_its_own_status_and_its_value_are_read(status: str) -> None:
    (found,) = cda.read(report(chapter("Biochimie", entry(sodium(status))))).results
    assert (found.status, found.value, found.number, found.unit) == (status, "140", "140", "mmol/L")


def test_capitals_are_the_same_word() -> None:
    assert statuses(sodium("Nullified"), sodium("CANCELLED")) == ["nullified", "cancelled"]


def test_one_without_a_status_has_none() -> None:
    assert statuses(sodium("")) == [None]


@pytest.mark.parametrize(
    ("of_battery", "own", "said"),
    [
        # As if it had never been, whatever is written within.
        ("nullified", "completed", "nullified"),
        ("cancelled", "completed", "cancelled"),
        ("obsolete", "", "obsolete"),
        ("nullified", "cancelled", "nullified"),
        # Interrupted, or suspended: what is complete is a result, and the rest is what the battery is.
        ("aborted", "completed", "completed"),
        ("aborted", "", "aborted"),
        ("held", "completed", "completed"),
        ("suspended", "", "suspended"),
        ("aborted", "active", "active"),
        # Neither says anything of a result that says nothing.
        ("active", "", None),
        ("completed", "", None),
        ("", "", None),
        ("completed", "nullified", "nullified"),
        ("anything", "", None),
    ],
)
def test_what_a_battery_hands_down(of_battery: str, own: str, said: str | None) -> None:
    one = with_status(battery(IONOGRAM, sodium(own), observation(POTASSIUM, pq("4", "mmol/L"), status=own)), of_battery)
    assert statuses(one, sodium()) == [said, said, "completed"], "and nothing beside it"


def test_it_is_handed_down_through_every_level() -> None:
    germ = coded("code", "112283007", "Escherichia coli", system="2.16.840.1.113883.6.96")
    deep = battery(IONOGRAM, isolate(germ, battery(IONOGRAM, sodium())))
    assert statuses(with_status(deep, "nullified")) == ["nullified"]
    assert statuses(battery(IONOGRAM, with_status(isolate(germ, battery(IONOGRAM, sodium())), "cancelled"))) == ["cancelled"]
    again = battery(IONOGRAM, with_status(battery(IONOGRAM, sodium("")), "completed"))
    assert statuses(with_status(again, "aborted")) == [None], "a battery that is complete within one that was interrupted"


def test_the_whole_chapter() -> None:
    data = report(chapter("Biochimie", with_status(entry(sodium(), battery(IONOGRAM, sodium())), "nullified")))
    assert [result.status for result in cda.read(data).results] == ["nullified", "nullified"]


def test_an_earlier_result_quoted_under_one_that_was_withdrawn_is_its_own() -> None:
    assert statuses(observation(SODIUM, pq("140", "mmol/L"), quoted(sodium("")), status="nullified")) == ["nullified", None]


def test_a_comment_has_a_status_of_its_own() -> None:
    (found,) = cda.read(report(chapter("Biochimie", entry(sodium("nullified", comment("Tube hémolysé.")))))).results
    assert (found.status, found.comment) == ("nullified", "Tube hémolysé.")


def test_on_a_terminal_it_is_told_in_the_place_of_its_flag() -> None:
    from vaguemestre.cli import read_shown

    marked = '<interpretationCode code="HH" codeSystem="2.16.840.1.113883.5.83"/>'
    lines = [
        line
        for status in ("nullified", "aborted", "completed")
        for line in read_shown._table(cda.read(report(chapter("Biochimie", entry(sodium(status, marked))))).results)
        if "140" in line
    ]
    assert ["annulé" in line for line in lines] == [True, False, False]
    assert ["pas fait" in line for line in lines] == [False, True, False]
    assert len({line.split()[-1] for line in lines}) == 3
