"""Values of one analysis in several units: those of one dimension are one history, exactly; no others ever are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.letters import loinc
from tests.web.test_histories import drawings, rows, seen
from tests.web.world import World, blood, document

Browser = Callable[..., Any]


def _sugar(world: World, *told: tuple[str, str], code: str = "2339-0", **more: Any) -> list[str]:
    """Reports of one analysis, one a day from the oldest; their names."""
    names = [f"sugar-{code}-{k}" for k in range(len(told))]
    for k, (number, unit) in enumerate(told):
        line = loinc("Glycémie", code, number, unit, date=f"2026-02-{k + 1:02d}", **more)
        document(world, names[k], "roche", minutes=10_000 - k, of="P5", results=(line,), sender=f"labo{k}@tilleuls.example")
    return names


def test_units_of_one_dimension_join_by_the_point_alone(world: World) -> None:
    from vaguemestre.records.queries.histories import series

    names = _sugar(world, ("0.98", "g/l"), ("102", "mg/dL"), ("1.10", "g/L"), ("5.4", "mmol/L"), ("<40", "mg/100ml"), low="70", high="110")
    found = series(seen(world), world.patients["P5"], rows(world, names[2])[0])
    assert [(one.text, one.unit, one.written) for one in found.values] == [
        ("0.98", "g/L", ""), ("1.02", "g/L", "102 mg/dL"), ("1.10", "g/L", ""), ("< 0.40", "g/L", "<40 mg/100ml"),
    ]  # fmt: skip
    assert [(one.low, one.high) for one in found.values] == [("70", "110"), ("0.70", "1.10"), ("70", "110"), ("0.70", "1.10")]
    assert found.apart == 1
    back = series(seen(world), world.patients["P5"], rows(world, names[1])[0])
    assert [one.text for one in back.values] == ["98", "102", "110", "<40"]
    mole = series(seen(world), world.patients["P5"], rows(world, names[3])[0])
    assert [one.text for one in mole.values] == ["5.4"]
    assert mole.apart == 4


@pytest.mark.parametrize(
    ("one", "other"),
    [("g/L", "mmol/L"), ("UI/L", "U/L"), ("mEq/L", "mmol/L"), ("%", "ratio"), ("G/L", "g/L"), ("mg/24h", "mg/L"), ("mm", "mm/h"),
     ("log copies/mL", "log copies/L"), ("inconnu", "inconnu2"), ("UA/mL", "ua/mL"), ("", "g/L"), ("mg/g créat", "mg/g"), ("MG/L", "mg/L")],
)  # fmt: skip
def test_two_dimensions_never_join(world: World, one: str, other: str) -> None:
    """Neither in the series, nor before a line, nor on a line of the chart; twins of one unit, known or not, do in each."""
    from vaguemestre.records.queries.histories import earlier, history, series

    names = _sugar(world, ("4", one), ("5", other), ("6", one))
    mine, gaston = seen(world), world.patients["P5"]
    found = series(mine, gaston, rows(world, names[2])[0])
    assert ([value.text for value in found.values], found.apart) == (["4", "6"], 1)
    lines = [line for chapter in history(mine, gaston).chapters for line in chapter.lines]
    assert sorted([value.text for value in line.told] for line in lines) == [["5"], ["6", "4"]]
    for name, expected in ((names[1], []), (names[2], ["4"])):
        paper = type(world.documents[name]).objects.select_related("patient", "delivery__message").get(pk=world.documents[name].pk)
        before = earlier(mine, paper, rows(world, name))
        assert [value.text for told in before.values() for value in told] == expected


def test_a_local_code_joins_in_one_laboratory_and_dimension_only(world: World) -> None:
    from vaguemestre.records.queries.histories import series

    for k, (number, unit, sender) in enumerate(
        (("0.98", "g/L", "labo@tilleuls.example"), ("102", "mg/dL", "labo@tilleuls.example"), ("110", "mg/dL", "autre@labo.example"),
         ("5.4", "mmol/L", "labo@tilleuls.example"))
    ):  # fmt: skip
        line = (blood("Glycémie", "GLY", number, unit, "", "", date=f"2026-02-{k + 1:02d}"),)
        document(world, f"local-{k}", "roche", minutes=1_000 - k, of="P5", results=line, sender=sender)
    found = series(seen(world), world.patients["P5"], rows(world, "local-0")[0])
    assert [one.text for one in found.values] == ["0.98", "1.02"]
    assert found.apart == 1


def test_the_writers_own_second_unit_goes_before_a_conversion(world: World) -> None:
    from vaguemestre.records.queries.histories import in_unit

    second = {"number": "1.03", "unit": "g/L", "low": "0.7", "high": "1.1"}
    names = _sugar(world, ("102", "mg/dL"), alternative=second)
    own = in_unit(rows(world, names[0])[0], "g/l")
    assert own is not None
    assert (own.text, own.unit, own.own, own.written, own.high) == ("1.03", "g/l", False, "", "1.1")
    moved = in_unit(rows(world, names[0])[0], "mg/L")
    assert moved is not None
    assert (moved.text, moved.own, moved.written) == ("1020", True, "102 mg/dL")


def test_words_are_never_converted(world: World) -> None:
    from vaguemestre.records.queries.histories import in_unit

    names = _sugar(world, ("traces", "g/L"))
    assert in_unit(rows(world, names[0])[0], "mg/L") is None
    told = in_unit(rows(world, names[0])[0], "g/l")
    assert told is not None
    assert told.text == "traces"


def test_the_pages_show_a_converted_value_beside_what_was_written(world: World, browser: Browser) -> None:
    names = _sugar(world, ("0.98", "g/L"), ("102", "mg/dL"), ("1.10", "g/L"), low="", high="")
    page = browser("roche").get(f"/resultats/{rows(world, names[2])[0].pk}/").content.decode()
    assert re.findall(r'<td class="number">([^<]*)</td>', page) == ["1.10", "1.02", "0.98"]
    assert "écrit 102 mg/dL" in page
    assert [drawn.count('<g class="point') for drawn in drawings(page)] == [3, 3]
    shown = browser("roche").get(f"/documents/{world.documents[names[1]].pk}/").content.decode()
    assert "98" in shown.split('class="before"')[1].split("</td>")[0]
    assert "0.98 g/L" in shown.split('class="before"')[1].split("</td>")[0]
    chart = browser("roche").get(f"/patients/{world.patients['P5'].pk}/").content.decode()
    table = chart.split("<caption>Biochimie")[1].split("</table>")[0]
    assert table.count('<th scope="row"') == 1
    assert "1.02" in table
    assert "102 mg/dL" in table
    assert "<svg" in table
