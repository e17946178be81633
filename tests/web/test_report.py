"""What a report says, in one sentence for each recipient, on the page of the notice and of what comes back with it."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.world import World, document

Browser = Callable[..., Any]
SENT = {"subject": "XDM/1.0/DDM+Courrier de consultation", "date": "2024-03-11T09:00:00+01:00"}
WHAT = "Votre message « Courrier de consultation » du 11/03/2024"
WHO = "labo@hopital.example"


def told(kind: str, *results: tuple[str | None, str | None, str | None], **more: Any) -> dict[str, Any]:
    rows = [{"recipient": recipient, "action": action, "code": code} for recipient, action, code in results]
    return {"kind": kind, "original_message_id": "<parti@cabinet.example>", "results": rows, "subject": "", "date": "", "label": "", **more}


def lines(report: Any) -> list[tuple[str, str]]:
    from vaguemestre.records.models import Document
    from vaguemestre.web.report import lines

    return [(one.words, one.level) for one in lines(Document(content={"path": [], "warnings": [], "report": report}))]


@pytest.fixture
def french(data_directory: Path) -> None:
    """The words are lazy: they need Django set up."""


@pytest.mark.parametrize(
    ("action", "code", "words", "level"),
    [
        ("failed", "5.1.1", "n'a pas été remis à labo@hopital.example : adresse inconnue (code 5.1.1).", "warning"),
        ("failed", "5.2.1", "n'a pas été remis à labo@hopital.example : boîte fermée (code 5.2.1).", "warning"),
        ("failed", "5.1.3", "n'a pas été remis à labo@hopital.example : adresse mal écrite (code 5.1.3).", "warning"),
        ("failed", "5.3.4", "n'a pas été remis à labo@hopital.example : message trop volumineux (code 5.3.4).", "warning"),
        ("failed", "5.7.26", "n'a pas été remis à labo@hopital.example : envoi refusé par le serveur du destinataire (code 5.7.26).",
        "warning"),
        ("failed", "5.0.0", "n'a pas été remis à labo@hopital.example (code 5.0.0).", "warning"),
        ("failed", None, "n'a pas été remis à labo@hopital.example.", "warning"),
        (
            "delayed", "4.4.1",
            "n'a pas encore pu être remis à labo@hopital.example ; les essais continuent : serveur du destinataire injoignable"
            " (code 4.4.1).",
            "warning",
        ),
        ("delivered", "2.1.5", "a été remis à labo@hopital.example.", "success"),
        ("relayed", "2.0.0", "a été transmis vers labo@hopital.example, dont le serveur ne confirme pas la remise.", ""),
        ("expanded", None, "a été remis à la liste labo@hopital.example.", "success"),
    ],
)  # fmt: skip
def test_deliveries(french: None, action: str, code: str | None, words: str, level: str) -> None:
    assert lines(told("dsn", (WHO, action, code), **SENT)) == [(f"{WHAT} {words}", level)]


@pytest.mark.parametrize(
    ("action", "code", "label", "words", "level"),
    [
        ("displayed", None, "", "a été ouvert par labo@hopital.example.", "success"),
        ("processed", None, "", "a été pris en charge par le logiciel de labo@hopital.example.", "success"),
        (
            "processed/error", "902", "Patient inconnu",
            "n'a pas pu être intégré par le logiciel de labo@hopital.example : Patient inconnu (code 902).", "warning",
        ),
        ("processed/error", None, "", "n'a pas pu être intégré par le logiciel de labo@hopital.example.", "warning"),
        ("deleted", None, "", "a été supprimé par labo@hopital.example, peut-être sans être lu.", "warning"),
        ("dispatched", None, "", "a été transféré par labo@hopital.example.", ""),
    ],
)  # fmt: skip
def test_dispositions(french: None, action: str, code: str | None, label: str, words: str, level: str) -> None:
    assert lines(told("mdn", (WHO, action, code), **SENT, label=label)) == [(f"{WHAT} {words}", level)]


def test_what_is_not_told_is_not_invented(french: None) -> None:
    assert lines(told("mdn", (None, "displayed", None))) == [
        ("Un message de votre boîte a été ouvert par un destinataire qui n'est pas nommé.", "success")
    ]
    assert lines(told("mdn", (WHO, "rangé", None), subject="Avis")) == [
        ("Votre message « Avis » : un avis est revenu de labo@hopital.example.", "")
    ]
    assert lines(told("dsn", (WHO, None, None), date="2024-03-11")) == [
        ("Votre message du 11/03/2024 : un avis est revenu de labo@hopital.example.", "")
    ]
    assert lines(told("dsn")) == [("Un message de votre boîte : un avis est revenu, sans dire pour quel destinataire.", "warning")]


def test_each_recipient_has_a_sentence_and_many_are_counted(french: None) -> None:
    found = lines(told("dsn", *[(f"p{n}@b.example", "failed", "5.1.1") for n in range(200)], subject="x" * 5_000))
    assert len(found) == 21
    assert found[20] == ("180 autres destinataires : téléchargez le message.", "")
    assert all(len(words) < 300 for words, _ in found)


@pytest.mark.parametrize(
    "report", [None, [], "x", {"results": 5}, {"results": [None]}, {"kind": 5, "results": [{}], "subject": 3, "date": []}]
)
def test_whatever_stands_there_a_page_is_shown(french: None, report: Any) -> None:
    assert all(words.endswith(".") for words, _ in lines(report))


def test_on_its_page(world: World, browser: Browser) -> None:
    report = told("dsn", ("<b>x@y.example", "failed", "5.1.1"), **(SENT | {"subject": "Élise <script>"}))
    one = document(
        world, "avis", "roche", format="text", text="Voici un avis.", rule="N:returned", reason="returned",
        content={"path": [], "warnings": [], "report": report},
    )  # fmt: skip
    shown = html.unescape(browser("roche").get(f"/documents/{one.pk}/").content.decode())
    assert (
        '<p class="note warning">Votre message « Élise <script> » du 11/03/2024 n\'a pas été remis à <b>x@y.example : adresse inconnue'
        in shown
    )
    assert "Ce qui revient avec un avis a été envoyé d'ici" in shown
    raw = browser("roche").get(f"/documents/{one.pk}/").content.decode()
    assert "<b>x@y.example" not in raw
    assert "<script> »" not in raw


def test_in_english(world: World, browser: Browser) -> None:
    report = told("mdn", (WHO, "processed/error", "902"), **SENT, label="Patient inconnu")
    one = document(world, "avis", "roche", format="text", content={"path": [], "warnings": [], "report": report})
    client = browser("roche")
    client.post("/langue", {"language": "en", "next": "/"})
    shown = html.unescape(client.get(f"/documents/{one.pk}/").content.decode())
    assert (
        "Your message “Courrier de consultation” of 11/03/2024 could not be taken in by the software of labo@hopital.example:"
        " Patient inconnu (code 902)." in shown
    )
