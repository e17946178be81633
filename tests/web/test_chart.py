"""A patient's page: the documents in time, folded under those that stand, looked through by kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web import letters
from tests.web.world import World, blood, document, stated

Browser = Callable[..., Any]


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


def chart(browser: Browser, world: World, ref: str, query: str = "") -> str:
    response = browser("roche").get(f"/patients/{world.patients[ref].pk}/{query}")
    assert response.status_code == 200
    return str(response.content.decode())


def entries(page: str) -> list[str]:
    """Each entry of the timeline."""
    lists = re.findall(r'<ol class="timeline">(.*?)</ol>', page, re.DOTALL)
    return [entry for one in lists for entry in re.split(r"<li class=", one)[1:]]


def heads(page: str) -> list[int]:
    return [int(re.findall(r'class="open" href="/documents/(\d+)/', entry)[0]) for entry in entries(page)]


def folded(entry: str) -> list[int]:
    return [int(n) for part in re.findall(r"<details>(.*?)</details>", entry, re.DOTALL) for n in re.findall(r"/documents/(\d+)/", part)]


def outline(world: World, ref: str) -> Any:
    from vaguemestre.records.queries.record import outline as asked
    from vaguemestre.records.queries.visible import visible

    return [(one.outline.pk, one.versions, one.copies) for one in asked(visible(world.accounts["roche"]), world.patients[ref])]


def test_documents_stand_by_year_and_month(world: World, browser: Browser, vault: Path) -> None:
    letters.biology(world, vault)
    document(world, "year-only", "roche", of="P4", date="2019", title="Ancien courrier")
    page = chart(browser, world, "P4")
    assert re.findall(r'<h3 class="month">([^<]+)<', page) == [
        "Novembre 2026", "Octobre 2026", "Août 2026", "Mai 2026", "Janvier 2026", "Octobre 2025", "2019",
    ]  # fmt: skip
    assert heads(page) == [world.documents[name].pk for name in ("bio-5", "bio-4", "bio-3", "bio-2", "bio-1", "bio-0", "year-only")]
    first = entries(page)[0]
    for words in ("Compte rendu de biologie", "CR d&#x27;examens biologiques", "Laboratoire des Tilleuls", "très haut", "à lire"):
        assert words in first or words.replace("&#x27;", "'") in first, words


def test_read_is_told_and_an_opened_document_is_read(world: World, browser: Browser, vault: Path) -> None:
    first, copy = letters.copied(world, vault)
    assert ">à lire<" in entries(chart(browser, world, "P3"))[0]
    browser("roche").get(f"/documents/{first.pk}/")
    assert ">à lire<" not in entries(chart(browser, world, "P3"))[0]
    assert copy.pk != first.pk


def test_versions_and_copies_are_folded_under_what_stands(world: World, browser: Browser, vault: Path) -> None:
    old, new = letters.corrected(world, vault)
    page = chart(browser, world, "P5")
    assert heads(page) == [new.pk]
    assert folded(entries(page)[0]) == [old.pk]
    first, copy = letters.copied(world, vault)
    page = chart(browser, world, "P3")
    assert heads(page) == [first.pk]
    assert folded(entries(page)[0]) == [copy.pk]


def test_folds_of_folds_go_under_the_one_that_stands(world: World, browser: Browser, vault: Path) -> None:
    """The copy of a replaced report goes with it; a copy whose first is elsewhere stands; a circle stands, each by itself."""
    old, new = letters.corrected(world, vault)
    copy = document(world, "copy", "roche", minutes=3, of="P5", stated=stated("BRETEUIL", "GASTON", "1952-01-09"))
    type(copy).objects.filter(pk=copy.pk).update(duplicate_of=old)
    assert outline(world, "P5") == [(new.pk, (old.pk,), (copy.pk,))]
    type(copy).objects.filter(pk=copy.pk).update(duplicate_of=world.documents["stranger"])
    assert [one[0] for one in outline(world, "P5")] == [copy.pk, new.pk]
    type(copy).objects.filter(pk=copy.pk).update(duplicate_of=new)
    type(new).objects.filter(pk=new.pk).update(superseded_by=copy)
    assert {one[0] for one in outline(world, "P5")} >= {new.pk, copy.pk}
    assert browser("roche").get(f"/patients/{world.patients['P5'].pk}/").status_code == 200


def test_kinds_are_filters_without_script(world: World, browser: Browser, vault: Path) -> None:
    letters.cda_letter(world, vault)
    scan = document(
        world, "scan", "roche", of="P1", type_code="18748-4", title="Scanner", stated=stated("VIGNERON", "AMANDINE", "1971-03-14")
    )
    page = chart(browser, world, "P1")
    links = dict(re.findall(r'href="/patients/\d+/\?genre=([\w-]+)"[^>]*>[^<]*<small>(\d+)<', page))
    assert links == {"biologie": "2", "imagerie": "1", "courriers": "2"}
    assert len(heads(page)) == 5
    assert heads(chart(browser, world, "P1", "?genre=imagerie")) == [scan.pk]
    assert len(heads(chart(browser, world, "P1", "?genre=biologie"))) == 2
    for wrong in ("?genre=%3Cscript%3E", "?genre=prescriptions%00", "?page=-1", "?page=zz", "?page=0", "?page=٣"):
        assert len(heads(chart(browser, world, "P1", wrong))) == 5
    assert heads(chart(browser, world, "P1", "?genre=prescriptions")) == []


def test_every_type_of_document_has_one_kind(data_directory: Path) -> None:
    from vaguemestre.web import kinds

    codes = [code for told in kinds._CODES.values() for code in told.split()]
    assert len(codes) == len(set(codes))
    assert set(kinds._CODES) < set(kinds.KINDS)
    assert [kinds.kind(*told) for told in (
        ("11502-2", "pdf", 0), ("", "hprim-medecin", 4), ("", "hprim-medecin", 0), ("", "pdf", 0), ("unknown", "cda-n3", 0),
        ("PRESC-BIO", "pdf", 3),
    )] == ["biologie", "biologie", "courriers", "autres", "courriers", "prescriptions"]  # fmt: skip


def test_every_official_type_has_a_kind() -> None:
    import xml.etree.ElementTree as ElementTree

    from tests.needs import samples
    from vaguemestre.web import kinds

    told = ElementTree.parse(samples() / "jdv" / "JDV_J07_XdsTypeCode_CISIS.xml")
    codes = {one.get("code") for one in told.iter() if one.tag.endswith("oncept")} - {None, "FEUILLE-DE-STYLE", "E1762"}
    assert len(codes) > 100
    # These have no kind but that of their format: a patient's profile, addenda, style sheets.
    assert {code for code in codes if code not in kinds._KIND_OF} <= {"DOCPAT08"}


def test_a_long_chart_is_paged(world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.records.queries import record

    monkeypatch.setattr(record, "DOCUMENTS", 3)
    for number in range(7):
        document(world, f"n{number}", "roche", minutes=number, of="P2", date=f"2024-0{number + 1}-01")
    shown: list[int] = []
    query = ""
    for _ in range(3):
        page = chart(browser, world, "P2", query)
        shown += heads(page)
        following = re.search(r'href="/patients/\d+/(\?page=\d+)"', page)
        query = following[1] if following else ""
    assert shown == [world.documents[f"n{number}"].pk for number in reversed(range(7))]
    assert query == ""


def test_a_chart_of_thousands_asks_few_questions(world: World, browser: Browser) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for number in range(60):
        document(world, f"n{number}", "roche", minutes=number, of="P2", results=(blood("K", "K", "4.0", "mmol/L", "3", "5"),))
    client = browser("roche")
    client.get(f"/patients/{world.patients['P2'].pk}/")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/patients/{world.patients['P2'].pk}/")
    assert len(asked) <= 20, [q["sql"][:90] for q in asked]


def test_short_addresses_are_those_of_the_routes(data_directory: Path) -> None:
    from django.urls import reverse

    from vaguemestre.web.present import address

    for name in ("document", "undo", "result", "patient"):
        assert [address(number, name) for number in (1, 10, 2000)] == [reverse(name, args=[number]) for number in (1, 10, 2000)]


def test_each_analysis_shows_its_trend(world: World, browser: Browser, vault: Path) -> None:
    """Two numbers or more are a curve that leads to the whole history; words, or one value, are none. No style, no script of its own."""
    letters.biology(world, vault)
    document(world, "once", "roche", of="P4", results=(letters.loinc("Ferritine", "2276-4", "88", "µg/L", "30", "400"),))
    page = chart(browser, world, "P4")
    section = page.split('id="analyses"')[1].split("</section>")[0]
    assert "style=" not in section
    assert "<script" not in section
    lines = {re.sub(r"<[^>]+>", "\n", row).split()[0]: row for row in re.split(r'<th scope="row">', section)[1:]}
    told = {label: ("<svg" in row, "/resultats/" in row) for label, row in lines.items()}
    assert told == {
        "Potassium": (True, True), "Créatinine": (True, True), "TSH": (True, True), "PSA": (True, True),
        "Aspect": (False, True), "Ferritine": (False, False),
    }  # fmt: skip
    potassium = lines["Potassium"]
    assert 'class="band"' in potassium
    assert len(re.search(r'points="([^"]*)"', potassium)[1].split()) == 6  # type: ignore[index]
    for words in ("6.1", "très haut", "3.5 – 5.1", "19/11/2026", "3.2", "22/10/2026"):
        assert words in potassium, words
    for address in re.findall(r'href="(/resultats/\d+/|/documents/\d+/)', section):
        assert browser("roche").get(address).status_code == 200


def test_a_document_without_a_date_stands_at_its_reception(world: World, browser: Browser) -> None:
    one = document(world, "undated", "roche", of="P5", minutes=60 * 24 * 400, date="")
    dated = document(world, "dated", "roche", of="P5", minutes=10, date="2025-01-05")
    page = chart(browser, world, "P5")
    assert heads(page) == [one.pk, dated.pk]
    assert re.findall(r'<h3 class="month">([^<]+)<', page) == ["Octobre 2025", "Janvier 2025"]
