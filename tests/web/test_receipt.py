"""The button *Accuser réception*: shown where a receipt was asked for, to who opens that mailbox, and it sends one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.world import World

if TYPE_CHECKING:
    from django.test import Client

Browser = Callable[..., "Client"]
SENDER = "labo@hopital.demo.example"


@pytest.fixture
def letter(world: World) -> Any:
    """The world's letter, whose mail asked for a receipt."""
    import datetime as dt

    from django.conf import settings

    from vaguemestre.records import trust_lists
    from vaguemestre.records.models import Message
    from vaguemestre.vault.files import Vault, digest

    data = f"From: <{SENDER}>\r\nSubject: Lettre\r\nDisposition-Notification-To: {SENDER}\r\n\r\ntexte\r\n".encode()
    Vault(settings.DATA_DIR / "vault").keep([(digest(data), data)])
    one = world.documents["letter"]
    Message.objects.filter(pk=one.delivery.message_id).update(sha256=digest(data), mail_from=SENDER)
    trust_lists.list_peer("hopital.demo.example", "CN=a", "ab" * 32, 1, dt.datetime.now(dt.UTC))
    return one


def test_asked_shown_sent_and_gone(letter: Any, browser: Browser) -> None:
    from vaguemestre.records.models import Recipient

    client, page = browser("roche"), f"/documents/{letter.pk}/"
    assert "Accuser réception" in client.get(page).content.decode()
    assert "est envoyé" in client.post(f"{page}accuser", follow=True).content.decode()
    assert Recipient.objects.get().address == SENDER
    assert "Accuser réception" not in client.get(page).content.decode()
    again = client.post(f"{page}accuser", follow=True).content.decode()
    assert "pas été envoyé" in again
    assert Recipient.objects.count() == 1


def test_opening_the_page_sends_nothing(letter: Any, browser: Browser) -> None:
    from vaguemestre.records.models import Outgoing

    client = browser("roche")
    client.get(f"/documents/{letter.pk}/")
    assert client.get(f"/documents/{letter.pk}/accuser").status_code == 405
    assert not Outgoing.objects.exists()


@pytest.mark.parametrize("login", ["fabre", "admin"])
def test_nobody_else_sends_one(letter: Any, browser: Browser, login: str) -> None:
    from vaguemestre.records.models import Outgoing

    assert browser(login).post(f"/documents/{letter.pk}/accuser").status_code == 404
    assert not Outgoing.objects.exists()


def test_a_mail_whose_octets_are_lost_offers_none(world: World, browser: Browser) -> None:
    client, one = browser("roche"), world.documents["letter"]
    assert "Accuser réception" not in client.get(f"/documents/{one.pk}/").content.decode()
    assert "pas été envoyé" in client.post(f"/documents/{one.pk}/accuser", follow=True).content.decode()
