"""An evening of reading, in headless Chromium: a CDA letter, a biology report with its history, a replaced report, a duplicate; with and
without script, wide and narrow."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.scenes.test_web_browser import Person, address, chromium  # noqa: F401 - the fixture `address` is asked by its name
from tests.web.letters import build_letters
from tests.web.world import World, build


@pytest.fixture
def world(data_directory: Path) -> World:
    return build_letters(build(data_directory / "vault"), data_directory / "vault")


def wide(person: Person) -> Any:
    """How many pixels the page is wider than its window."""
    return person.browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")


def cut(person: Person) -> Any:
    """What of the results is seen only by sliding sideways."""
    return person.browser.execute_script(
        "return [...document.querySelectorAll('.results, .results *')].filter(one => { const box = one.getBoundingClientRect();"
        " return box.width > 1 && (box.right > window.innerWidth || box.left < 0 || one.matches('.results') && one.scrollWidth >"
        " one.clientWidth + 1) }).map(one => one.outerHTML.slice(0, 120))"
    )


def test_an_evening_of_letters(world: World, address: str, tmp_path: Path) -> None:  # noqa: F811
    with chromium(tmp_path / "profile") as browser:
        person = Person(browser, address)
        person.signs_in("roche")
        assert "XDM/1.0" not in person.waits_for("Consultation de cardiologie")

        # a CDA letter: narrative, pages and annex in place
        browser.find_element("partial link text", "VIGNERON Amandine")
        browser.get(f"{address}/documents/{world.documents['cda-letter'].pk}/")
        letter = person.waits_for("Douleur thoracique atypique")
        for words in ("refusée par la patiente", "Caché au patient", "Acte du", "18/11/2026", "nonXMLBody.pdf", "trace.pdf"):
            assert words in letter, words
        assert "voici le courrier" not in letter, "another writing of the same is folded"
        person.browser.find_element("partial link text", "Pages").click()
        picture = person.one("section.pages img")
        deadline = time.monotonic() + 20
        while not browser.execute_script("return arguments[0].complete && arguments[0].naturalWidth", picture):
            assert time.monotonic() < deadline, "the page's picture did not come"
            time.sleep(0.1)
        person.one("details.folded summary").click()
        person.waits_for("voici le courrier de Madame")

        # a biology report: what changed, and the history of one analysis
        browser.get(f"{address}/documents/{world.documents['bio-5'].pk}/")
        report = person.waits_for("Contrôlé sur un second tube")
        for words in ("aggravé", "redevenu normal", "très haut", "3.2", "22/10/2026", "Hyperkaliémie à contrôler"):
            assert words in report, words
        browser.find_element("css selector", "#resultats a.spark").click()
        history = person.waits_for("valeurs de référence")
        assert "nouvelle anomalie" in history
        assert len(browser.find_elements("css selector", "svg.curve:not(.phone) g.point")) == 6
        bands = browser.execute_script("return getComputedStyle(document.querySelector('svg.curve .band')).fill")
        assert bands == "rgb(227, 241, 232)", "the drawing has the sheet's colors: no inline style was needed"
        person.press("u")
        person.waits_for("Référence du cabinet")

        # the chart by kind
        browser.get(f"{address}/patients/{world.patients['P1'].pk}/")
        person.waits_for("Novembre 2026")
        browser.find_element("partial link text", "Courriers et comptes rendus").click()
        person.waits_for("Consultation de cardiologie")
        titles = [one.text for one in browser.find_elements("css selector", ".timeline a.open")]
        assert sorted(titles) == ["Consultation de cardiologie", "Lettre de consultation"]
        assert person.complaints() == []


def test_a_replaced_report_and_a_duplicate(world: World, address: str, tmp_path: Path) -> None:  # noqa: F811
    with chromium(tmp_path / "profile", script=False) as browser:
        person = Person(browser, address)
        person.signs_in("roche")
        assert "remplacé" in person.waits_for("Bilan martial")
        browser.get(f"{address}/documents/{world.documents['report-1'].pk}/")
        assert "480" in person.waits_for("Remplacé.")
        person.link("Voir la version en vigueur").click()
        assert "48" in person.waits_for("Remplace la version du 19/11/2026.")
        assert "480" not in person.text()
        browser.get(f"{address}/patients/{world.patients['P5'].pk}/")
        person.waits_for("Bilan martial")
        assert "480" not in person.text()
        browser.find_element("css selector", ".timeline details summary").click()
        browser.find_element("css selector", ".timeline details li a").click()
        person.waits_for("Remplacé.")

        browser.get(f"{address}/documents/{world.documents['letter-copy'].pk}/")
        person.waits_for("Copie.")
        person.link("Voir le premier arrivé").click()
        assert "Copie." not in person.waits_for("Reçu aussi")


def test_every_page_fits_a_telephone(world: World, address: str, tmp_path: Path) -> None:  # noqa: F811
    from vaguemestre.records.models import Result

    result = Result.objects.filter(document=world.documents["bio-5"]).order_by("position").first()
    assert result is not None
    with chromium(tmp_path / "profile") as browser:
        person = Person(browser, address)
        person.signs_in("roche")
        person.waits_for("Se déconnecter")
        browser.execute_cdp_cmd(  # type: ignore[attr-defined]
            "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
        )
        pages = [f"/documents/{world.documents[name].pk}/" for name in ("cda-letter", "bio-5", "urine", "report-1", "letter-copy", "twins")]
        pages += [f"/patients/{world.patients[ref].pk}/" for ref in ("P1", "P4", "P5")]
        for page in (*pages, f"/resultats/{result.pk}/", "/?liste=tous"):
            browser.get(address + page)
            person.waits_for("Vaguemestre")
            assert wide(person) <= 0, page
            if page.startswith(("/documents", "/patients", "/resultats")):
                assert cut(person) == [], page
