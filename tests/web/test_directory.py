"""The page of the directory: found as it is typed, with script and without, by who reads mail and nobody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.records.test_directory import PEOPLE, load
from tests.web.world import World

if TYPE_CHECKING:
    from django.test import Client

Browser = Callable[..., "Client"]
NOW = dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _loaded(world: World) -> None:
    load(PEOPLE)


def page(client: Client, text: str, **more: str) -> str:
    response = client.post("/annuaire", {"correspondent": text, **more})
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("login", ["roche", "accueil"])
def test_a_doctor_and_a_secretary_find_a_correspondent(browser: Browser, login: str) -> None:
    client = browser(login)
    empty = client.get("/annuaire").content.decode()
    assert "Tapez un nom, une spécialité" in empty
    found = page(client, "martin cardio")
    for words in ("Paul MARTIN", "Cardiologie et maladies vasculaires", "33000 BORDEAUX", "paul.martin@medecin.demo.example"):
        assert words in found
    assert "Hélène MARTIN<" not in found
    assert "<html" in found


def test_the_part_that_htmx_asks_for(browser: Browser) -> None:
    response = browser("roche").post("/annuaire", {"correspondent": "rochebrne"}, headers={"HX-Request": "true"})
    text = response.content.decode()
    assert "<html" not in text
    assert "ROCHEBRUNE" in text
    assert "orthographe voisine" in text


def test_nothing_found_is_said(browser: Browser) -> None:
    assert "Aucun correspondant ne correspond" in page(browser("roche"), "personne")


def test_the_wished_department_comes_first(browser: Browser) -> None:
    client = browser("roche")
    near = page(client, "martin", near="33")
    assert near.index("Paul MARTIN") < near.index("Hélène MARTIN")
    far = page(client, "martin", near="75")
    assert far.index("Hélène MARTIN") < far.index("Paul MARTIN")


def test_what_is_looked_for_is_in_no_address_and_no_markup_runs(browser: Browser) -> None:
    client = browser("roche")
    assert "MARTIN" not in client.get("/annuaire?correspondent=martin").content.decode()
    assert "<script>alert" not in page(client, "<script>alert(1)</script>")


def test_an_administrator_has_no_list(browser: Browser) -> None:
    client = browser("admin")
    assert client.get("/annuaire").status_code == 403
    assert client.post("/annuaire", {"correspondent": "martin"}).status_code == 403
    assert browser().get("/annuaire").status_code == 302
