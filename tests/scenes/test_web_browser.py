"""A morning at the practice, in headless Chromium: signs in, reads a biology report, settles a waiting document, undoes a filing, by mouse
and by keyboard, with script and without."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.needs import program
from tests.web.world import PASSWORD, World, build, pdf_letter

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver


@pytest.fixture
def world(data_directory: Path) -> World:
    world = build(data_directory / "vault")
    pdf_letter(world, data_directory / "vault")
    return world


@pytest.fixture
def address(world: World, data_directory: Path, tmp_path: Path) -> Iterator[str]:
    """The screens, served as `serve` does, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "vaguemestre.web.wsgi:application",
    ]
    environment = {**os.environ, "VAGUEMESTRE_DATA": str(data_directory), "DJANGO_SETTINGS_MODULE": "vaguemestre.settings"}
    with (tmp_path / "granian.log").open("wb") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server:
        try:
            deadline = time.monotonic() + 60
            while True:
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/connexion", timeout=5) as page:
                    assert page.status == 200
                    break
                assert time.monotonic() < deadline, (tmp_path / "granian.log").read_text()
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@contextlib.contextmanager
def chromium(profile: Path, *, script: bool = True) -> Iterator[WebDriver]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", package="chromium")
    driver = program("chromedriver", package="chromium-driver")
    for flag in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1280,800", f"--user-data-dir={profile}",
    ):  # fmt: skip
        options.add_argument(flag)
    if not script:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    browser.implicitly_wait(10)
    try:
        yield browser
    finally:
        browser.quit()


class Person:
    """What somebody does at the screen."""

    def __init__(self, browser: WebDriver, address: str) -> None:
        self.browser, self.address = browser, address

    def one(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def link(self, words: str) -> Any:
        return self.browser.find_element("link text", words)

    def text(self) -> str:
        """The page's words; none while one page gives way to the next."""
        from selenium.common.exceptions import WebDriverException

        try:
            return str(self.one("body").text)
        except WebDriverException:
            return ""

    def press(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    def waits_for(self, words: str) -> str:
        deadline = time.monotonic() + 15
        while words not in self.text():
            assert time.monotonic() < deadline, f"{words!r} did not appear in:\n{self.text()}"
            time.sleep(0.1)
        return self.text()

    def signs_in(self, login: str) -> None:
        self.browser.get(self.address)
        self.one("[name=login]").send_keys(login)
        self.one("[name=password]").send_keys(PASSWORD)
        self.one("button.main").click()

    def complaints(self) -> list[Any]:
        """What the browser refused or could not run: a policy broken, a script that failed, an image that did not come."""
        return [entry for entry in self.browser.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]  # type: ignore[no-untyped-call]


def test_a_morning_by_mouse(world: World, address: str, tmp_path: Path) -> None:
    with chromium(tmp_path / "profile") as browser:
        person = Person(browser, address)
        person.signs_in("accueil")
        listed = person.waits_for("Se déconnecter")
        assert "VIGNERON Amandine" in listed
        assert "très haut" in listed

        # reads a biology report: everything is in place, nothing to open
        browser.find_element("partial link text", "VIGNERON Amandine").click()
        report = person.waits_for("Potassium")
        for words in ("6.4", "mmol/L", "3.5 – 5.1", "très haut", "4.9", "Contrôlé deux fois", "CLASSÉ", "Annuler ce classement"):
            assert words in report, words
        person.link("← À lire").click()

        # settles a waiting document, and the next one comes up
        browser.find_element("partial link text", "À vérifier").click()
        assert "jumeaux ?" in person.waits_for("OSTERMANN Leo")
        browser.find_element("partial link text", "OSTERMANN Leo").click()
        person.waits_for("C'est ce patient")
        browser.find_elements("css selector", "[data-choice]")[0].click()
        assert "MIRABELLE Odette" in person.waits_for("Classé dans le dossier de OSTERMANN Leo.")

        # undoes that filing
        person.link("Revoir ou annuler").click()
        person.waits_for("Dossier choisi par accueil")
        person.one("#undo").click()
        assert "Classement chez OSTERMANN Leo annulé" in person.waits_for("Classement annulé")

        # a letter in PDF is read as pages
        browser.get(address + f"/documents/{world.documents['pdf'].pk}/")
        person.waits_for("Échographie abdominale")
        pictures = browser.find_elements("css selector", ".pages img")
        deadline = time.monotonic() + 20
        while not browser.execute_script("return arguments[0].complete && arguments[0].naturalWidth", pictures[0]):
            assert time.monotonic() < deadline, "the page's picture did not come"
            time.sleep(0.1)
        assert len(pictures) == 2
        assert person.complaints() == []

        person.browser.find_element("xpath", "//button[normalize-space()='Se déconnecter']").click()
        person.waits_for("Mot de passe")
        browser.back()
        assert "Échographie" not in person.text(), "nothing is left in the browser after signing out"
    from vaguemestre.records import chain
    from vaguemestre.records.models import Document, FilingBan

    assert Document.objects.get(pk=world.documents["twins"].pk).decision == "review"
    assert FilingBan.objects.exclude(content_key__contains=":").count() == 1
    assert chain.verify() == []


def test_a_morning_by_keyboard(world: World, address: str, tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    with chromium(tmp_path / "profile") as browser:
        person = Person(browser, address)
        person.signs_in("roche")
        person.waits_for("Se déconnecter")
        person.press("j", "j", Keys.ENTER)
        person.waits_for("Potassium")
        person.press("j")
        person.waits_for("C'est ce patient")
        assert "OSTERMANN Leo" in person.text()
        person.press("2")
        assert "OSTERMANN Lea" in person.one(".choice:focus-within").text
        person.press("1", Keys.ENTER)
        assert "BRETEUIL Gaston" in person.waits_for("Classé dans le dossier de OSTERMANN Leo.")

        # another chart, found as one types
        person.one("#chart").send_keys("ostermann l")
        person.one("#found .choice")
        assert "OSTERMANN Lea" in person.one("#found").text
        person.press(Keys.ESCAPE, "u")
        person.waits_for("Reçu")
        person.press("/")
        browser.switch_to.active_element.send_keys("delcourt", Keys.ENTER)
        person.waits_for("née DELCOURT")
        assert "delcourt" not in browser.current_url
        person.press("j", Keys.ENTER)
        assert "BIOCHIMIE" in person.waits_for("Référence du cabinet")
        assert person.complaints() == []


def test_everything_works_without_script(world: World, address: str, tmp_path: Path) -> None:
    with chromium(tmp_path / "profile", script=False) as browser:
        person = Person(browser, address)
        person.signs_in("accueil")
        person.waits_for("Se déconnecter")
        browser.get(address + f"/documents/{world.documents['stranger'].pk}/")
        person.one("#chart").send_keys("breteuil 1952-01-09")
        person.one(".chart-search button").click()
        person.waits_for("C'est ce patient")
        person.one("[data-choice]").click()
        person.waits_for("Confirmer le dossier")
        person.one("[name=confirmed]").click()
        person.one("button.careful").click()
        person.waits_for("Classé dans le dossier de BRETEUIL Gaston.")
        person.one("button[name=language]").click()
        person.waits_for("To check")
