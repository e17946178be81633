"""The lists: what they hold, page by page, and how they are searched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.world import NOW, World, document, patient, stated

Browser = Callable[..., Any]


def names(world: World, documents: Any) -> list[str]:
    known = {d.pk: name for name, d in world.documents.items()}
    return [known[d.pk] for d in documents]


def seen(world: World, login: str) -> Any:
    from vaguemestre.records.queries.visible import visible

    return visible(world.accounts[login])


def test_lists_are_newest_first_and_of_ones_own_mailboxes(world: World) -> None:
    from vaguemestre.records.queries.inbox import page

    assert names(world, page(seen(world, "roche"), "all").documents) == ["urgent", "twins", "letter", "homonyms", "older"]
    assert names(world, page(seen(world, "accueil"), "waiting").documents) == ["twins", "stranger", "blocked", "homonyms"]
    assert page(seen(world, "admin"), "all").documents == []


def test_read_state_is_per_person(world: World, browser: Browser) -> None:
    from vaguemestre.records.queries.inbox import counts, page

    browser("roche").get(f"/documents/{world.documents['urgent'].pk}/")
    assert names(world, page(seen(world, "roche"), "unread").documents) == ["twins", "letter", "homonyms", "older"]
    assert "urgent" in names(world, page(seen(world, "accueil"), "unread").documents)
    assert (counts(seen(world, "roche")).unread, counts(seen(world, "accueil")).unread) == (4, 7)
    browser("roche").post(f"/documents/{world.documents['urgent'].pk}/a-lire")
    assert counts(seen(world, "roche")).unread == 5


def test_a_browser_that_fetches_ahead_reads_nothing(world: World, browser: Browser) -> None:
    from vaguemestre.records.models import ReadMark

    response = browser("roche").get(f"/documents/{world.documents['urgent'].pk}/", headers={"sec-purpose": "prefetch"})
    assert response.status_code == 400
    assert not ReadMark.objects.exists()


def test_what_was_set_aside_leaves_the_list_to_check(world: World) -> None:
    from vaguemestre.pipeline.decisions import set_aside
    from vaguemestre.records.queries.inbox import page

    set_aside(world.accounts["roche"], world.documents["homonyms"], NOW)
    assert names(world, page(seen(world, "roche"), "waiting").documents) == ["twins"]
    assert "homonyms" in names(world, page(seen(world, "roche"), "all").documents)


def test_forms_are_not_listed(world: World) -> None:
    from vaguemestre.records.queries.inbox import counts, page

    before = counts(seen(world, "roche"))
    document(world, "form", "roche", form_of=world.documents["letter"], format="pdf")
    assert "form" not in names(world, page(seen(world, "roche"), "all").documents)
    assert counts(seen(world, "roche")) == before


@pytest.mark.parametrize("which", ["all", "unread", "waiting"])
def test_pages_by_key_meet_every_document_once(world: World, which: str) -> None:
    """Two mailboxes, equal instants among them, pages of 7."""
    from vaguemestre.records.queries.inbox import Key, newer, older, page

    for number in range(40):
        document(world, f"n{number}", ("roche", "secretariat")[number % 2], minutes=number // 5, stated=stated("A", "B", None))
    mine = seen(world, "accueil")
    met, key = [], None
    while True:
        part = page(mine, which, key, 7)
        met += [d.pk for d in part.documents]
        if part.following is None:
            break
        assert Key.parse(str(part.following)) == part.following
        key = part.following
    assert len(met) == len(set(met)) == len(page(mine, which, None, 1000).documents)
    assert met == [d.pk for d in page(mine, which, None, 1000).documents]
    rows = {d.pk: d for d in page(mine, which, None, 1000).documents}
    assert [older(mine, which, rows[pk]) for pk in met] == [*met[1:], None]
    assert [newer(mine, which, rows[pk]) for pk in met] == [None, *met[:-1]]


@pytest.mark.parametrize("text", ["", "-", "1-", "-1", "9" * 30 + "-1", "１-1", "1-1-1", "a-b", "1e3-1"])
def test_a_key_of_anybodys_making_begins_at_the_top(world: World, browser: Browser, text: str) -> None:
    from vaguemestre.records.queries.inbox import Key

    assert Key.parse(text) is None
    assert browser("roche").get("/", {"liste": "tous", "avant": text}).status_code == 200


def test_more_rows_come_alone_for_htmx(world: World, browser: Browser) -> None:
    for number in range(60):
        document(world, f"n{number}", "roche", minutes=number + 100, stated=stated("A", "B", None))
    client = browser("roche")
    whole = client.get("/?liste=tous").content.decode()
    assert "<html" in whole
    key = whole.split("avant=")[1].split('"')[0]
    part = client.get(f"/?liste=tous&avant={key}", headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part
    assert part.count('class="row') == 15
    assert "<html" in client.get(f"/?liste=tous&avant={key}").content.decode(), "without script, the next page is a page"


def test_the_list_marks_what_is_grave(world: World, browser: Browser) -> None:
    page = browser("roche").get("/?liste=tous").content.decode()
    assert "très haut" in page
    assert "▲▲" in page
    assert "Laboratoire des Tilleuls" in page
    assert "VIGNERON Amandine" in page


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("vigneron", ["P1"]),
        ("Delcourt", ["P1"]),
        ("delc aman", ["P1"]),
        ("amandine", ["P1"]),
        ("ostermann", ["P3", "P2"]),
        ("OSTERMANN léa", ["P3"]),
        ("breteuil 09/01/1952", ["P5"]),
        ("1952-01-09", ["P5"]),
        ("2 71 03 99 990 001 82", ["P1"]),
        ("kerguelen", []),
        ("zzz", []),
        ("%", []),
        ("_", []),
        ("", []),
        ("d'hautec", ["P6"]),
        ("DHAUTECOMBE", ["P6"]),
        ("hautecombe", ["P6"]),
        ("marie-ange", ["P6"]),
        ("x" * 5000, []),
    ],
)
def test_patients_are_found_by_their_comparison_copies(world: World, text: str, found: list[str]) -> None:
    from vaguemestre.records.queries.search import patients

    patient(world, "P6", "Cabinet du Moulin", "D'HAUTECOMBE", "MARIE-ANGE", "1990-05-05", "F")
    assert [p.ref for p in patients(seen(world, "roche"), text)] == found


def test_waiting_documents_are_found_by_what_they_state(world: World) -> None:
    from vaguemestre.records.queries.search import waiting

    assert names(world, waiting(seen(world, "accueil"), "mirabelle odet")) == ["stranger"]
    assert names(world, waiting(seen(world, "accueil"), "ostermann 02/06/2012")) == ["twins"]
    assert waiting(seen(world, "roche"), "mirabelle") == []
    assert waiting(seen(world, "fabre"), "ostermann") == []
    assert waiting(seen(world, "accueil"), "") == []


def test_a_search_leaves_no_name_in_an_address(world: World, browser: Browser) -> None:
    client = browser("roche")
    page = client.post("/recherche", {"q": "vigneron"}).content.decode()
    assert "VIGNERON Amandine" in page
    import re

    for address in re.findall(r'(?:href|action|src|hx-get|hx-post)="([^"]*)"', page):
        assert "vigneron" not in address.lower()
        assert "delcourt" not in address.lower()
    assert "VIGNERON" not in client.get("/recherche?q=vigneron").content.decode()


def test_what_comes_after_a_decision(world: World) -> None:
    from vaguemestre.records.queries.inbox import next_waiting

    mine, pk = seen(world, "accueil"), {name: d.pk for name, d in world.documents.items()}
    assert next_waiting(mine, world.documents["twins"]) == pk["stranger"]
    assert next_waiting(mine, world.documents["homonyms"]) == pk["twins"], "after the oldest, the newest"
    type(world.documents["twins"]).objects.exclude(pk=pk["twins"]).update(decision="filed")
    assert next_waiting(mine, world.documents["twins"]) is None


def test_history_holds_only_what_compares(world: World) -> None:
    """Same laboratory, same code, same unit; never another laboratory's."""
    from tests.web.world import blood
    from vaguemestre.records.queries.histories import earlier, history

    line = (blood("Potassium", "K    000", "3.0", "mmol/L", "3.5", "5.1", "L"),)
    document(
        world, "elsewhere", "roche", minutes=60 * 24 * 10, of="P1", results=line, sender="autre@labo.example", author="Autre laboratoire"
    )
    grams = (blood("Potassium", "K    000", "0.19", "g/L", "0.14", "0.20"),)
    document(world, "grams", "roche", minutes=60 * 24 * 9, of="P1", results=grams)
    mine = seen(world, "roche")
    found = [line for chapter in history(mine, world.patients["P1"]).chapters for line in chapter.lines if line.label == "Potassium"]
    assert sorted([r.value for r in line.values] for line in found) == [["0.19"], ["3.0"], ["6.4", "4.9"]]
    urgent = type(world.documents["urgent"]).objects.select_related("patient", "delivery__message").get(pk=world.documents["urgent"].pk)
    results = list(urgent.result_set.order_by("position"))
    before = earlier(mine, urgent, results)
    assert {results[n].label: before[results[n].pk][0].text for n in range(5) if results[n].pk in before} == {
        "Glycémie à jeun": "0.98", "Potassium": "4.9", "Créatinine": "9.1",
    }  # fmt: skip


def test_a_page_of_a_large_mailbox_asks_few_questions(world: World, browser: Browser) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for number in range(120):
        document(world, f"n{number}", "roche", minutes=number + 100, stated=stated("A", "B", None))
    client = browser("accueil")
    client.get("/?liste=tous")
    with CaptureQueriesContext(connection) as asked:
        client.get("/?liste=tous")
    assert len(asked) <= 14, [q["sql"][:80] for q in asked]


def test_a_chart_is_ordered_by_the_documents_own_dates(world: World) -> None:
    """A letter of last month that arrives today stands among last month's; one without a date stands where it was received."""
    from vaguemestre.records.queries.record import outline

    document(world, "late-letter", "roche", minutes=1, of="P2", date="2020-03-01")
    document(world, "undated", "roche", minutes=2, of="P2")
    document(world, "older", "roche", minutes=3, of="P2", date="2020-02-01")
    shown = [one.outline.pk for one in outline(seen(world, "roche"), world.patients["P2"])]
    of = {name: world.documents[name].pk for name in ("late-letter", "undated", "older")}
    assert [pk for pk in shown if pk in of.values()] == [of["undated"], of["late-letter"], of["older"]]


def test_homonyms_are_told_apart_where_they_are_found(world: World, browser: Browser) -> None:
    patient(world, "P7", "Cabinet du Moulin", "ROUVRAY", "JEANNE LOUISE", "1956-11-02", "F")
    patient(world, "P8", "Cabinet du Moulin", "ROUVRAY", "JEANNE ODILE", "1956-11-02", "F")
    shown = browser("roche").post("/recherche", {"q": "rouvray"}).content.decode()
    for told in ("JEANNE LOUISE", "JEANNE ODILE", "P7", "P8"):
        assert told in shown
