"""What changed between two values, the series of an analysis, and its curve."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web import letters
from tests.web.letters import loinc
from tests.web.world import World, blood, document, stated

Browser = Callable[..., Any]


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


def seen(world: World, login: str = "roche") -> Any:
    from vaguemestre.records.queries.visible import visible

    return visible(world.accounts[login])


def value(text: str, flag: str = "", low: str = "", high: str = "", unit: str = "mmol/L", date: str = "2026-01-01", **more: Any) -> Any:
    """A value as the records hold it, of no document."""
    from vaguemestre.records.models import Document, Result
    from vaguemestre.records.queries.histories import values

    row = loinc("K", "2823-3", text, unit, low, high, flag, date=date) | more
    return values(Result(document=Document(), **row))[0]


# --- what changed ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "direction"),
    [
        ("4.9", "5.0", "up"), ("5.0", "4.9", "down"), ("5.0", "5.00", "same"), ("4.9", "10.1", "up"), ("-2", "-3", "down"),
        ("< 5", "7", "up"), ("7", "< 5", "down"), ("< 5", "3", ""), ("3", "< 5", ""), ("< 5", "< 5", "same"), ("5", "< 5", "down"),
        ("< 5", "5", "up"), ("> 90", "60", "down"), ("60", "> 90", "up"), ("> 90", "95", ""), ("90", "> 90", "up"), ("> 90", "90", "down"),
        ("< 5", "> 90", "up"), ("< 5", "< 3", ""), ("< 3", "> 3", "up"),
        ("négatif", "Négatif ", "same"), ("négatif", "positif", "other"), ("négatif", "4.0", ""), ("4.0", "absent", ""),
    ],
)  # fmt: skip
def test_a_direction_is_told_only_where_it_is_certain(data_directory: Path, before: str, now: str, direction: str) -> None:
    from vaguemestre.web.comparison import change

    assert change(value(now), value(before)).direction == direction


@pytest.mark.parametrize(
    ("before", "now", "turn"),
    [
        (("4.9", "N"), ("6.4", "H"), "abnormal"),
        (("4.9", ""), ("6.4", "H"), "abnormal"),
        (("5.6", "H"), ("6.4", "HH"), "worse"),
        (("6.4", "HH"), ("5.6", "H"), ""),
        (("6.4", "H"), ("4.9", "N"), "normal"),
        (("6.4", "H"), ("4.9", ""), "normal"),
        (("6.4", "H"), ("7.0", ""), ""),
        (("7.0", ""), ("7.1", "H"), ""),
        (("4.9", "N"), ("4.8", "N"), ""),
        (("6.4", "H"), ("< 3", ""), ""),
    ],
)
def test_a_turn_is_told_by_the_flags_and_the_intervals(data_directory: Path, before: Any, now: Any, turn: str) -> None:
    from vaguemestre.web.comparison import change

    assert change(value(*now, low="3.5", high="5.1"), value(*before, low="3.5", high="5.1")).turn == turn


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999999", "9" * 60, "", "-", "1,5,2", "٣x"])
def test_what_is_no_number_is_never_drawn(data_directory: Path, text: str) -> None:
    from vaguemestre.web import comparison, curve

    assert comparison.decimal(text) is None
    assert curve.draw([value("4", number=text), value("5", number=text)]) is None
    assert curve.spark([value("4", number=text), value("5", number=text)]) is None


def drawings(page: str) -> list[str]:
    """The curves of a history: for a telephone, then for a desk."""
    return re.findall(r'<svg class="curve[^>]*>.*?</svg>', page, re.DOTALL)


def test_a_small_line_is_by_time_over_the_reference_of_the_newest(data_directory: Path) -> None:
    from vaguemestre.web import curve

    told = [("4", "2026-01-01", "N"), ("9", "2026-01-11", "HH"), ("6", "2026-04-11", "H"), ("5", "2026-07-20", "N")]
    drawn = curve.spark([value(n, flag, "3", "5.5", date=date) for n, date, flag in told])
    assert drawn is not None
    xs, ys = zip(*(map(float, pair.split(",")) for pair in drawn.points.split()), strict=True)
    assert [round((x - xs[0]) / (xs[-1] - xs[0]), 2) for x in xs] == [0, 0.05, 0.5, 1]
    assert ys[1] < ys[2] < ys[3] < ys[0], "a higher value is higher"
    assert [dot.level for dot in drawn.dots] == [2, 1]
    assert drawn.level == 0
    assert drawn.band is not None
    top, base = float(drawn.band.y), float(drawn.band.y) + float(drawn.band.height)
    assert [top <= y <= base for y in ys] == [True, False, False, True]
    plain = curve.spark([value(n, date="2026-01-01") for n in ("4", "4", "4")])
    assert plain is not None
    assert plain.band is None
    assert len({pair.split(",")[0] for pair in plain.points.split()}) == 3, "values of one moment stand side by side"


# --- the series ------------------------------------------------------------------------------------------------------------------------


def rows(world: World, name: str) -> list[Any]:
    return list(world.documents[name].result_set.select_related("document__delivery__message").order_by("position"))


def test_loinc_compares_across_laboratories_and_a_local_code_does_not(world: World, vault: Path) -> None:
    from vaguemestre.records.queries.histories import series

    letters.biology(world, vault)
    mine, gaston = seen(world), world.patients["P4"]
    potassium = series(mine, gaston, rows(world, "bio-5")[0])
    assert [one.text for one in potassium.values] == ["4.1", "4.4", "5.6", "4.9", "3.2", "6.1"]
    assert len({one.result.document.author for one in potassium.values}) == 2
    assert [one.text for one in series(mine, gaston, rows(world, "bio-5")[1]).values] == ["8.6", "10.4", "9.2"]
    # The code of a laboratory, written alike by another.
    local = (blood("Potassium", "2823-3", "9.9", "mmol/L", "3.5", "5.1"),)
    document(world, "local", "roche", of="P4", results=local, sender="autre@labo.example")
    assert "9.9" not in [one.text for one in series(mine, gaston, rows(world, "bio-5")[0]).values]


def test_units_compare_as_written_or_by_the_documents_own_second_unit(world: World, vault: Path) -> None:
    from vaguemestre.records.queries.histories import earlier, series

    gaston = world.patients["P5"]
    second = {"number": "4.1", "unit": "mmol/L", "low": "3.5", "high": "5.1"}
    for name, minutes, one in (
        ("first", 9_000, loinc("Potassium", "2823-3", "160", "mg/L", "137", "200", alternative=second)),
        ("second", 6_000, loinc("Potassium", "2823-3", "4.6", "mmol/L", "3.5", "5.1")),
        ("third", 3_000, loinc("Potassium", "2823-3", "0.19", "g/L")),
        ("fourth", 10, loinc("Potassium", "2823-3", "4.9", "mmol/L", "3.5", "5.1")),
    ):
        document(world, name, "roche", minutes=minutes, of="P5", results=(one,), vault=vault)
    found = series(seen(world), gaston, rows(world, "fourth")[0])
    assert [(one.text, one.unit, one.own) for one in found.values] == [
        ("4.1", "mmol/L", False), ("4.6", "mmol/L", True), ("4.9", "mmol/L", True),
    ]  # fmt: skip
    assert found.apart == 1
    paper = type(world.documents["fourth"]).objects.select_related("patient", "delivery__message").get(pk=world.documents["fourth"].pk)
    found = earlier(seen(world), paper, rows(world, "fourth"))
    assert [one.text for one in next(iter(found.values()))] == ["4.6", "4.1"]


def test_two_germs_of_one_urine_never_compare_with_each_other(world: World, vault: Path) -> None:
    from vaguemestre.records.queries.histories import history, series

    letters.antibiogram(world, vault)
    lines = rows(world, "urine")
    mine, gaston = seen(world), world.patients["P4"]
    assert [one.text for one in series(mine, gaston, lines[0]).values] == ["Sensible"]
    assert [one.text for one in series(mine, gaston, lines[3]).values] == ["Résistant"]
    assert [len(line.values) for chapter in history(mine, gaston).chapters for line in chapter.lines] == [1] * 6


def test_a_replaced_report_is_in_no_history(world: World, browser: Browser, vault: Path) -> None:
    old, new = letters.corrected(world, vault)
    chart = browser("roche").get(f"/patients/{world.patients['P5'].pk}/").content.decode()
    assert "480" not in chart
    shown = browser("roche").get(f"/documents/{new.pk}/").content.decode()
    assert "480" not in shown
    response = browser("roche").get(f"/resultats/{rows(world, 'report-1')[0].pk}/")
    assert response["Location"] == f"/documents/{old.pk}/"


# --- the pages -------------------------------------------------------------------------------------------------------------------------


def test_the_table_tells_what_changed(world: World, browser: Browser, vault: Path) -> None:
    letters.biology(world, vault)
    page = browser("roche").get(f"/documents/{world.documents['bio-5'].pk}/").content.decode()
    table = page.split('id="resultats"')[1].split("</table>")[0]
    lines = {re.sub(r"<[^>]+>", "", row.split("</th>")[0]).strip(): row for row in re.split(r'<th scope="row">', table)[1:]}
    assert "en hausse" in lines["Potassium"]
    assert "aggravé" in lines["Potassium"]
    assert "redevenu normal" in lines["Créatinine"]
    assert "inchangé" in lines["TSH"]
    assert "&lt;0.10" in lines["PSA total"]
    assert "en hausse" in lines["PSA total"]
    assert "différent" in lines["Aspect du sérum"]
    assert "<svg" in lines["Potassium"]
    assert "<svg" not in lines["Aspect du sérum"]
    for label in ("Potassium", "Aspect du sérum"):
        address = re.search(r'href="(/resultats/\d+/)"', lines[label])
        assert address is not None
        assert browser("roche").get(address[1]).status_code == 200
    # Each heading once, at its own depth.
    assert re.findall(r'class="group depth-(\d)"><th[^>]*>([^<]*)<', table) == [
        ("1", "Bilan thyroïdien"),
        ("1", "Prostate"),
        ("2", "Sérum"),
    ]


def test_headings_are_said_once_at_each_level(data_directory: Path) -> None:
    from vaguemestre.web.results import Heading, headings

    assert headings((), ("A", "B")) == [Heading(1, "A"), Heading(2, "B")]
    assert headings(("A", "B"), ("A", "B")) == []
    assert headings(("A", "B"), ("A", "C")) == [Heading(2, "C")]
    assert headings(("A", "B"), ("D", "B")) == [Heading(1, "D"), Heading(2, "B")]
    assert headings(("A", "B"), ("A",)) == []
    assert [one.depth for one in headings((), tuple("ABCDEFGH"))] == [1, 2, 3, 4, 5, 5, 5, 5]


def test_the_history_page_says_the_same_in_curve_and_table(world: World, browser: Browser, vault: Path) -> None:
    letters.biology(world, vault)
    page = browser("roche").get(f"/resultats/{rows(world, 'bio-0')[0].pk}/").content.decode()
    phone, svg = drawings(page)
    table = page.split("</svg>")[-1]
    table = table.split("<tbody>")[1]
    shown = [text.strip() for text in re.findall(r'<td class="number">([^<]*)</td>', table)]
    assert shown == ["6.1", "3.2", "4.9", "5.6", "4.4", "4.1"]
    assert [text.split(" : ")[1].split()[0] for text in re.findall(r"<title>([^<]*)</title>", svg)] == shown[::-1]
    kinds = re.findall(r'class="point (\w+) level-(\d)', svg)
    assert kinds == [("normal", "0"), ("normal", "0"), ("high", "1"), ("normal", "0"), ("low", "1"), ("high", "2")]
    shapes = {kind: re.sub(r"[\d.-]+", "", path) for (kind, _), path in zip(kinds, re.findall(r'<path d="([^"]+)"', svg), strict=True)}
    assert len({re.sub(r"[\d.]+", "#", path) for path in shapes.values()}) == 2, "told by shape, not by color alone"
    assert re.findall(r'class="point (\w+) level-(\d)', phone) == kinds, "both drawings tell the same"
    assert 'class="band"' in svg
    assert "19/11/2026 : 6.1 mmol/L très haut" in svg
    psa = browser("roche").get(f"/resultats/{rows(world, 'bio-0')[3].pk}/").content.decode()
    for drawn in drawings(psa):
        assert drawn.count('class="arrow" d=') == 2
        assert drawn.count("hollow") == 2
        assert "0,3" in drawn, "the axis writes numbers as the reader does"
    text = browser("roche").get(f"/resultats/{rows(world, 'bio-0')[4].pk}/").content.decode()
    assert "Pas assez de valeurs chiffrées" in text
    assert "légèrement lactescent" in text


def test_coordinates_are_those_of_svg_in_every_language(world: World, browser: Browser, vault: Path) -> None:
    letters.biology(world, vault)
    client = browser("roche")
    for language in ("fr", "en"):
        client.post("/langue", {"language": language, "next": "/"})
        page = client.get(f"/resultats/{rows(world, 'bio-0')[0].pk}/").content.decode()
        assert len(drawings(page)) == 2
        for svg in drawings(page):
            for name, told in re.findall(r' (x|y|x1|x2|y1|y2|width|height|dy)="([^"]*)"', svg):
                assert re.fullmatch(r"-?\d+(\.\d)?", told), (name, told)
            for path in re.findall(r' (?:d|points)="([^"]*)"', svg):
                assert re.fullmatch(r"[MLVZa0-9 .,-]+", path), path
                assert not re.search(r"\d,\d+,\d", path), path


@pytest.mark.parametrize(
    "numbers", [("4", "4"), ("0", "0"), ("-5", "5"), ("1e30", "1e-30"), ("1e39", "-1e39"), ("0.0001", "0.0002"), ("1", "1000000")]
)
@pytest.mark.parametrize(
    "dates", [("2026-01-01", "2026-01-01"), ("1900-01-01", "2200-12-31"), ("2026", "2027-05"), ("2026-03-01T08:00", "2026-03-01T19:00")]
)
@pytest.mark.parametrize("narrow", [False, True])
def test_any_numbers_and_dates_draw_within_the_frame(data_directory: Path, numbers: Any, dates: Any, narrow: bool) -> None:
    from vaguemestre.web import curve

    told = [value(n, number=n, date=d, low="0", high="5") for n, d in zip(numbers, dates, strict=True)]
    drawn, small = curve.draw(told, narrow=narrow), curve.spark(told)
    assert drawn is not None
    assert small is not None
    for line, left, width, height in ((drawn.line, drawn.left, drawn.width, drawn.height), (small.points, 0, small.width, small.height)):
        for pair in line.split():
            x, y = map(float, pair.split(","))
            assert left <= x <= width
            assert 0 <= y <= height
    assert len(drawn.up) <= 12
    assert len(drawn.across) <= 12
    assert all(float(band.height) > 0 and float(band.width) >= 0 for band in drawn.bands)


def test_dates_that_are_none_are_left_out(data_directory: Path) -> None:
    from vaguemestre.web import curve

    assert curve.moment("2026-13-45") is None
    assert curve.moment("hier") is None
    assert curve.moment("0001-01-01") is None
    assert curve.moment("9999-12-31") is None
    assert curve.draw([value("4", date="hier"), value("5", date="2026-01-01")]) is None


def test_thousands_of_values_are_one_bounded_page(world: World, browser: Browser) -> None:
    from vaguemestre.records.models import Result
    from vaguemestre.web import curve

    paper = document(world, "many", "roche", of="P5", results=(), stated=stated("BRETEUIL", "GASTON", "1952-01-09"))
    lines = [loinc("Glycémie", "2339-0", f"{k % 90 / 10}", "g/L", date=f"2025-{k % 12 + 1:02d}-{k % 28 + 1:02d}") for k in range(2_500)]
    Result.objects.bulk_create(Result(document=paper, patient=world.patients["P5"], position=k, **line) for k, line in enumerate(lines))
    first = Result.objects.filter(document=paper).first()
    assert first is not None
    page = browser("roche").get(f"/resultats/{first.pk}/").content.decode()
    assert [drawn.count('<g class="point') for drawn in drawings(page)] == [curve.MOST_POINTS] * 2


def test_opening_a_history_is_traced_without_a_word_of_it(world: World, browser: Browser, vault: Path) -> None:
    from vaguemestre.records.models import TraceEvent

    letters.biology(world, vault)
    browser("roche").get(f"/resultats/{rows(world, 'bio-0')[0].pk}/")
    event = TraceEvent.objects.filter(event="history-opened").get()
    assert (event.object, event.result) == (f"patient:{world.patients['P4'].pk}", "done")


def test_nothing_that_a_result_says_becomes_markup(world: World, browser: Browser) -> None:
    attack = "<script>alert(1)</script>\"'>"
    for minutes in (10, 5_000):
        line = loinc(attack, "2823-3", "5", attack, attack, attack, "H", group=[attack], chapter=attack) | {"value": attack, "number": "5"}
        document(world, f"attack-{minutes}", "roche", minutes=minutes, of="P2", results=(line,), author=attack)
    for address in (f"/resultats/{rows(world, 'attack-10')[0].pk}/", f"/documents/{world.documents['attack-10'].pk}/"):
        page = browser("roche").get(address).content.decode()
        assert "<svg" in page
        assert "<script>alert" not in page
