"""The administrator's page of what leaves: seen, tried again, returned; no subject, no patient's address, nobody else's business."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.world import World

if TYPE_CHECKING:
    from django.test import Client

Browser = Callable[..., "Client"]
INS = "279019999023456@patient.mssante.fr"
PAGE = "/administration/envois"


@pytest.fixture
def waiting(world: World) -> list[Any]:
    """A recipient of another operator that failed once, a patient, one that was given up."""
    import datetime as dt

    from django.conf import settings

    from vaguemestre.outbound.deliver import Destined
    from vaguemestre.pipeline import send
    from vaguemestre.records import trust_lists
    from vaguemestre.records.models import Recipient
    from vaguemestre.vault.files import Vault

    now = dt.datetime.now(dt.UTC)
    trust_lists.list_peer("hopital.demo.example", "CN=a", "ab" * 32, 1, now)
    trust_lists.list_peer("patient.mssante.fr", "CN=b", "cd" * 32, 2, now)
    sender = world.mailboxes["roche"].address
    data = f"From: {sender}\r\nSubject: Confidentiel\r\n\r\ntexte\r\n".encode()
    to = ("labo@hopital.demo.example", INS, "absent@hopital.demo.example")
    submission = send.Submission(data, sender, tuple(Destined(one) for one in to))
    send.submit(Vault(settings.DATA_DIR / "vault"), submission, send.Rules.of(settings.VAGUEMESTRE), now)
    rows = list(Recipient.objects.order_by("pk"))
    Recipient.objects.filter(pk=rows[0].pk).update(reason="connect-failed", tries=2, first_failed_at=1.0, not_before=9e9)
    Recipient.objects.filter(pk=rows[2].pk).update(state="bounced", reason="recipient-refused", code=550, enhanced="5.1.1", tries=1)
    return rows


def test_each_list_says_why_in_words(waiting: list[Any], browser: Browser) -> None:
    client = browser("admin")
    page = client.get(PAGE).content.decode()
    assert "Le serveur du destinataire ne répond pas." in page
    assert "labo@hopital.demo.example" in page
    assert "absent@hopital.demo.example" not in page
    failed = client.get(f"{PAGE}?liste=echecs").content.decode()
    assert "L&#x27;opérateur du destinataire a refusé le message." in failed
    assert "550 5.1.1" in failed
    assert client.get(f"{PAGE}?liste=envoyes").status_code == 200
    assert client.get(f"{PAGE}?liste=autre").status_code == 404
    assert "administration/envois" in client.get("/administration").content.decode()


def test_in_english_too(waiting: list[Any], browser: Browser) -> None:
    client = browser("admin")
    client.post("/langue", {"language": "en", "next": "/"})
    page = client.get(PAGE).content.decode()
    assert "The recipient&#x27;s server does not answer." in page
    assert "Return to sender" in page


def test_no_subject_and_no_patient_in_it(waiting: list[Any], browser: Browser) -> None:
    page = browser("admin").get(PAGE).content.decode()
    assert "…@patient.mssante.fr" in page
    assert INS.partition("@")[0] not in page
    assert "Confidentiel" not in page


def test_tried_again_and_returned_by_a_person_and_traced(waiting: list[Any], browser: Browser, world: World) -> None:
    from vaguemestre.records.models import Outgoing, Recipient, TraceEvent

    client, one = browser("admin"), waiting[0]
    client.post(PAGE, {"recipient": one.pk, "act": "retry"})
    one.refresh_from_db()
    assert (one.state, one.not_before) == ("waiting", 0)
    client.post(PAGE, {"recipient": one.pk, "act": "return"})
    one.refresh_from_db()
    assert one.state == "returned"
    assert Outgoing.objects.filter(mail_from="").count() == 1, "its sender is told"
    again = client.post(PAGE, {"recipient": one.pk, "act": "return"}, follow=True).content.decode()
    assert "rien n&#x27;a changé" in again
    actor = f"account:{world.accounts['admin'].pk}"
    assert list(TraceEvent.objects.filter(actor=actor, object=f"recipient:{one.pk}").values_list("event", flat=True)) == [
        "retry-asked", "returned",
    ]  # fmt: skip
    for wrong in ({"recipient": "999999", "act": "return"}, {"recipient": one.pk, "act": "eat"}, {"act": "return"}, {"recipient": "x"}):
        assert client.post(PAGE, wrong).status_code == 404
    assert Recipient.objects.filter(state="returned").count() == 1


@pytest.mark.parametrize("login", ["roche", "accueil", "fabre"])
def test_nobody_else_opens_it_or_acts(waiting: list[Any], browser: Browser, login: str) -> None:
    from vaguemestre.records.models import Recipient

    client = browser(login)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"recipient": waiting[0].pk, "act": "return"}).status_code == 403
    assert Recipient.objects.filter(state="waiting").count() == 2
