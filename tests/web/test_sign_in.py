"""Signing in: traced, slowed when it is guessing, ended when idle, and open to nobody by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.world import PASSWORD, World

Browser = Callable[..., Any]


def sign_in(client: Any, login: str, password: str, **more: str) -> Any:
    return client.post("/connexion", {"login": login, "password": password, **more})


def test_signing_in_and_out_is_traced(world: World, browser: Browser) -> None:
    from vaguemestre.records.models import TraceEvent

    client = browser()
    assert sign_in(client, "roche", "wrong").status_code == 200
    assert sign_in(client, "nobody", PASSWORD).status_code == 200
    assert sign_in(client, PASSWORD, "typed in the wrong field").status_code == 200
    assert sign_in(client, "roche", PASSWORD)["Location"] == "/"
    assert client.post("/deconnexion")["Location"] == "/connexion"
    assert client.get("/")["Location"].startswith("/connexion")
    number = world.accounts["roche"].pk
    events = TraceEvent.objects.filter(event__startswith="sign").order_by("sequence")
    rows = list(events.values_list("event", "object", "actor", "result"))
    assert rows == [
        ("sign-in-failed", f"account:{number}", "anonymous", "refused"),
        ("sign-in-failed", "account:unknown", "anonymous", "refused"),
        ("sign-in-failed", "account:unknown", "anonymous", "refused"),
        ("signed-in", f"account:{number}", f"account:{number}", "done"),
        ("signed-out", f"account:{number}", f"account:{number}", "done"),
    ]
    assert PASSWORD not in str(rows)


def test_a_wrong_password_says_the_same_as_a_wrong_login(world: World, browser: Browser) -> None:
    one = sign_in(browser(), "roche", "wrong").content.decode()
    other = sign_in(browser(), "roch3", "wrong").content.decode()
    assert "Identifiant ou mot de passe incorrect." in one

    def bare(page: str) -> str:
        return re.sub(r'value="[^"]*"', "", page)

    assert bare(one) == bare(other)


def test_guessing_is_slowed(world: World, browser: Browser) -> None:
    client = browser()
    pages = [sign_in(client, "roche", f"guess {n}").content.decode() for n in range(7)]
    assert "Identifiant ou mot de passe incorrect." in pages[4]
    assert "Attendez quelques minutes" in pages[5]
    assert "Attendez quelques minutes" in sign_in(client, "roche", PASSWORD).content.decode(), "even the right one has to wait"
    assert sign_in(client, "accueil", PASSWORD).status_code == 302, "another login is not locked out"


def test_a_closed_account_does_not_sign_in(world: World, browser: Browser) -> None:
    world.accounts["roche"].is_active = False
    world.accounts["roche"].save()
    assert "Identifiant ou mot de passe incorrect." in sign_in(browser(), "roche", PASSWORD).content.decode()


def test_signing_in_goes_where_one_was_going_and_never_elsewhere(world: World, browser: Browser) -> None:
    address = f"/documents/{world.documents['urgent'].pk}/"
    client = browser()
    door = client.get(address)["Location"]
    assert sign_in(client, "roche", PASSWORD, next=door.partition("next=")[2])["Location"] == address
    assert sign_in(browser(), "roche", PASSWORD, next="https://elsewhere.example/")["Location"] == "/"
    assert sign_in(browser(), "admin", PASSWORD)["Location"] == "/administration"


def test_nobody_signs_up_or_resets_by_themselves(world: World, browser: Browser) -> None:
    for address in ("/signup/", "/accounts/signup/", "/inscription", "/password/reset/", "/accounts/login/", "/admin/", "/email/"):
        assert browser().get(address).status_code == 404


def test_oversized_credentials_are_not_hashed(world: World, browser: Browser) -> None:
    assert "Identifiant" in sign_in(browser(), "r" * 5000, "p" * 5000).content.decode()
    assert sign_in(browser(), "roche", "p" * 70_000).status_code == 400


def test_an_idle_sign_in_ends(world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from vaguemestre.web import middleware

    client = browser("roche")
    assert client.get("/").status_code == 200
    start = time.time()
    monkeypatch.setattr(middleware.time, "time", lambda: start + 119 * 60)
    assert client.get("/").status_code == 200
    monkeypatch.setattr(middleware.time, "time", lambda: start + 238 * 60)
    assert client.get("/").status_code == 200, "each page begins it anew"
    monkeypatch.setattr(middleware.time, "time", lambda: start + 359 * 60)
    assert client.get("/")["Location"] == "/connexion"
    assert client.get("/")["Location"].startswith("/connexion")
