"""The access walk (promise 9): every address of the urlconf, with every row number, as everybody. A new page cannot be forgotten: its
pattern is walked as soon as it exists, and a number that this test does not know fails it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.world import World

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

Browser = Callable[..., "Client"]

NUMBERS = {"documents": "document", "patients": "patient", "resultats": "result", "boites": "mailbox"}
"""What the number of an address is, by the address's first word."""
PUBLIC = {"account_login", "language", "asset", "alive", "ready", "metrics"}
"""The last two for the addresses of `metrics.allow` alone: tests/web/test_health.py."""
DRAWN = {"page-image", "held-image", "file", "stripped"}
LISTS = {"inbox", "search", "directory", "administration", "account_logout", "trust-list", "outgoing", "mailboxes"}


def patterns() -> list[tuple[str, str]]:
    """(name, route) of every address."""
    from django.urls import get_resolver

    found = []
    for pattern in get_resolver().url_patterns:
        assert not hasattr(pattern, "url_patterns"), "an included urlconf: make the walk follow it"
        found.append((pattern.name, str(pattern.pattern)))
    return found


def numbers(world: World) -> dict[str, list[int]]:
    from vaguemestre.records.models import Result

    return {
        "document": [d.pk for d in world.documents.values()],
        "patient": [p.pk for p in world.patients.values()],
        "result": list(Result.objects.order_by("pk").values_list("pk", flat=True)),
        "mailbox": [box.pk for box in world.mailboxes.values()],
    }


def addresses(world: World) -> Iterator[tuple[str, str, str | None, int | None]]:
    """(name, address, kind of its object, the object's number), every one with every number."""
    from django.urls import reverse

    for name, route in patterns():
        if "<row:number>" in route:
            kind = NUMBERS[route.partition("/")[0]]
            for number in [*numbers(world)[kind], 999_999]:
                more = {word: 1 for word in ("page", "place") if f"<row:{word}>" in route}
                yield name, reverse(name, kwargs={"number": number, **more}), kind, number
        else:
            assert "<row:" not in route, f"{route}: what is this number?"
            yield name, reverse(name, args=["0", "style.css"] if name == "asset" else []), None, None


def state() -> list[Any]:
    """Everything that a decision changes."""
    from vaguemestre.records.models import Document, Filing, FilingBan, KnownSender, LocalCode, Mailbox, ReadMark, Result

    documents = Document.objects.order_by("pk").values_list("pk", "decision", "rule", "reason", "patient", "filed_at", "set_aside_at")
    results = Result.objects.order_by("pk").values_list("pk", "patient")
    counts = [model.objects.count() for model in (Filing, FilingBan, KnownSender, LocalCode, ReadMark)]
    boxes = list(Mailbox.objects.order_by("pk").values_list("pk", "name", "state", "red_listed", "quota"))
    return [boxes, list(documents), list(results), counts, Filing.objects.exclude(undone_at=None).count()]


def refused() -> int:
    from vaguemestre.records.models import TraceEvent

    return TraceEvent.objects.filter(event="access-refused").count()


def seen_by(world: World, login: str) -> dict[str, set[int]]:
    """What the account may see, said here by hand and not by the code under test."""
    from vaguemestre.records.models import Result

    moulin = {d for d in world.documents if not d.startswith("other")}
    own = {
        "roche": {d for d in moulin if world.documents[d].mailbox == world.mailboxes["roche"] or world.documents[d].decision == "filed"},
        "accueil": moulin,
        "fabre": set(world.documents) - moulin,
        "admin": set(),
    }[login]
    charts = {"roche": "P", "accueil": "P", "fabre": "S", "admin": "-"}[login]
    return {
        "document": {world.documents[d].pk for d in own},
        "patient": {p.pk for ref, p in world.patients.items() if ref.startswith(charts)},
        "result": {r.pk for r in Result.objects.select_related("document") if r.document in [world.documents[d] for d in own]},
        "mailbox": {box.pk for box in world.mailboxes.values()} if login == "admin" else set(),
    }


def names_of(world: World, charts: str) -> list[str]:
    """Family names that must not appear."""
    found = {p.birth_name for ref, p in world.patients.items() if ref.startswith(charts)}
    found |= {p.used_name for ref, p in world.patients.items() if ref.startswith(charts) and p.used_name}
    return sorted(found | ({"MIRABELLE"} if charts == "P" else set()))


def posts(world: World) -> list[dict[str, str]]:
    return [{}, *({"patient": str(p.pk), "confirmed": "yes", "q": p.birth_name} for p in world.patients.values())]


def body(response: HttpResponse) -> str:
    return response.content.decode("utf-8", "replace")


def test_anonymous_reaches_only_the_door(world: World, browser: Browser) -> None:
    before = state()
    client = browser()
    for name, address, _, _ in addresses(world):
        for response in (client.get(address), client.post(address, {"patient": "1"})):
            if name in PUBLIC:
                assert response.status_code in {200, 302, 405}, address
            else:
                assert response.status_code == 302, address
                assert response["Location"].startswith("/connexion"), address
            assert not any(word in body(response) for word in names_of(world, "P"))
    assert state() == before


@pytest.mark.parametrize("login", ["fabre", "admin", "roche", "accueil"])
def test_what_is_not_theirs_is_404_and_traced(world: World, browser: Browser, login: str) -> None:
    # A mailbox given to an administrator by mistake opens nothing.
    world.accounts["admin"].mailboxes.add(world.mailboxes["roche"])
    client, mine = browser(login), seen_by(world, login)
    everything = numbers(world)
    before = state()
    for _name, address, kind, number in addresses(world):
        if kind is None or number in mine[kind]:
            continue
        exists = number in everything[kind]
        for response in (client.get(address), *(client.post(address, data) for data in posts(world))):
            assert response.status_code in {404, 405}, (login, address)
            assert not any(word in body(response) for word in names_of(world, "PS")), address
        traced = refused()
        answer = client.get(address)
        if answer.status_code != 405:
            assert refused() == traced + (1 if exists else 0), address
    assert state() == before


@pytest.mark.parametrize("login", ["roche", "accueil", "fabre"])
def test_what_is_theirs_opens(world: World, browser: Browser, login: str) -> None:
    client, mine = browser(login), seen_by(world, login)
    others = names_of(world, "S" if login != "fabre" else "P")
    for name, address, kind, number in addresses(world):
        if name in {"administration", "mailboxes", "trust-list", "outgoing"}:
            assert client.get(address).status_code == 403
        elif name in LISTS | PUBLIC or (kind is not None and number in mine[kind]):
            response = client.get(address)
            # Nothing of these synthetic messages can be rendered or taken apart: an image is 404 for its owner too.
            assert response.status_code in {200, 302, 405} or name in DRAWN or (login == "roche" and name == "message"), address
            assert not any(word in body(response) for word in others), address


def test_the_mail_of_a_colleague_stays_theirs(world: World, browser: Browser) -> None:
    """A document filed in the chart is the practice's; the mail that brought it, with its cover text, is its mailbox's."""
    from vaguemestre.records.models import Document

    stranger = world.documents["stranger"]
    Document.objects.filter(pk=stranger.pk).update(decision="filed", patient=world.patients["P2"], filed_at=stranger.received_at)
    client = browser("roche")
    assert client.get(f"/documents/{stranger.pk}/").status_code == 200
    traced = refused()
    assert client.get(f"/documents/{stranger.pk}/message").status_code == 404
    assert refused() == traced + 1


@pytest.mark.parametrize("login", ["admin"])
def test_an_administrator_sees_nothing_clinical(world: World, browser: Browser, login: str) -> None:
    client = browser(login)
    for name, address, kind, number in addresses(world):
        response = client.get(address)
        text = body(response)
        assert not any(word in text for word in names_of(world, "PS")), address
        assert "tilleuls" not in text.lower(), address
        if kind == "mailbox":
            assert response.status_code == (200 if number in numbers(world)["mailbox"] else 404)
        elif kind is not None:
            assert response.status_code in {404, 405}
        elif name == "search":
            assert response.status_code == 403
            assert client.post(address, {"q": "delcourt"}).status_code == 403
    assert client.get("/")["Location"] == "/administration"
    assert client.get("/administration").status_code == 200


def test_a_role_or_mailbox_taken_away_holds_at_once(world: World, browser: Browser) -> None:
    client, letter = browser("roche"), world.documents["letter"]
    assert client.get(f"/documents/{letter.pk}/").status_code == 200
    world.accounts["roche"].mailboxes.clear()
    assert client.get(f"/documents/{letter.pk}/").status_code == 404
    assert client.get(f"/patients/{world.patients['P1'].pk}/").status_code == 404
    world.accounts["roche"].mailboxes.add(world.mailboxes["roche"])
    world.accounts["roche"].is_active = False
    world.accounts["roche"].save()
    assert client.get(f"/documents/{letter.pk}/")["Location"].startswith("/connexion")


def test_a_substitute_sees_what_the_doctor_sees(world: World, browser: Browser) -> None:
    world.accounts["roche"].role = "substitute"
    world.accounts["roche"].save()
    client = browser("roche")
    assert client.get(f"/documents/{world.documents['letter'].pk}/").status_code == 200


def test_filing_in_a_chart_of_another_practice_is_refused(world: World, browser: Browser) -> None:
    """Someone who belongs to both practices still cannot file across them."""
    world.accounts["roche"].mailboxes.add(world.mailboxes["autre"])
    client = browser("roche")
    before = state()
    address = f"/documents/{world.documents['homonyms'].pk}/classer"
    response = client.post(address, {"patient": world.patients["S1"].pk, "confirmed": "yes"})
    assert response.status_code == 302
    assert state() == before


def test_row_numbers_beyond_any_database_are_404(world: World, browser: Browser) -> None:
    client = browser("roche")
    for number in ("0", "-1", "9" * 18, "9" * 19, "9" * 400, "1e3", "１"):
        assert client.get(f"/documents/{number}/").status_code == 404
        assert client.post(f"/documents/{world.documents['homonyms'].pk}/classer", {"patient": number}).status_code == 404
