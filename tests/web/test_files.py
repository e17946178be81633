"""Everyday files on the screens: words and tables in place, pictures below, the files of a PDF a click away, what is locked explained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.file_build import paragraphs, rtf, winmail, word, word_table
from tests.corpus.file_cases import (
    APICRYPT,
    CMS,
    EXCEL,
    HOLDING,
    LOCKED_WORD,
    MEETING,
    OLD_WORD,
    PGP,
    RTF_PICTURE,
    RTF_RESULTS,
    SIGNED,
    WORD_MACRO,
    locked_zip,
)
from tests.corpus.mail_cases import LETTER
from tests.corpus.pdfs import encrypted_pdf
from tests.formats.test_pdf_files import ACTIVE
from tests.web.illustrations import kept, mail, sources
from tests.web.world import World
from vaguemestre.formats import pdf

Browser = Callable[..., Any]


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


def shown(world: World, browser: Browser, vault: Path, name: str, data: bytes, kind: str = "application/octet-stream") -> tuple[Any, str]:
    """(the row, the main part of its page)"""
    paper = kept(world, vault, name, mail((name, kind, data)))
    whole = browser("roche").get(f"/documents/{paper.pk}/").content.decode()
    return paper, whole.split('<article class="content">')[1].split("</article>")[0]


def test_the_words_of_an_rtf(world: World, browser: Browser, vault: Path) -> None:
    paper, page = shown(world, browser, vault, "lettre.rtf", rtf(paragraphs("Chère consœur,", r"Hémoglobine 12 {\f1 m}g/L < 3 & suite")))
    assert "Chère consœur,\nHémoglobine 12 µg/L &lt; 3 &amp; suite" in page
    assert "note warning" not in page
    original = browser("roche").get(f"/documents/{paper.pk}/original")
    assert original["Content-Type"] == "application/octet-stream"
    assert original.content.startswith(b"{\\rtf1")


def test_the_tables_of_letters_and_sheets(world: World, browser: Browser, vault: Path) -> None:
    _, page = shown(world, browser, vault, "a.rtf", RTF_RESULTS)
    assert "<td>Leucocytes</td><td>7,2 10⁹/L</td>" in page
    _, page = shown(world, browser, vault, "a.xlsx", EXCEL)
    assert "<td>HbA1c</td><td>7.1 %</td>" in page
    _, page = shown(world, browser, vault, "a.docx", word(word_table(("Sodium", "139"))))
    assert "<td>Sodium</td><td>139</td>" in page


def test_the_pictures_of_a_letter(world: World, browser: Browser, vault: Path) -> None:
    paper, page = shown(world, browser, vault, "photo.rtf", RTF_PICTURE)
    assert sources(page) == [f"/documents/{paper.pk}/images/1/1.png"]
    assert browser("roche").get(sources(page)[0]).content.startswith(b"\x89PNG")
    assert browser("fabre").get(sources(page)[0]).status_code == 404


def test_a_drawing_that_is_not_shown_is_told(world: World, browser: Browser, vault: Path) -> None:
    _, page = shown(world, browser, vault, "dessin.rtf", rtf(r"\pard Voir le dessin.\par{\pict\emfblip 0102}"))
    assert "Un dessin du document ne peut pas être montré ici" in page
    assert "Voir le dessin." in page


def test_an_appointment(world: World, browser: Browser, vault: Path) -> None:
    _, page = shown(world, browser, vault, "reunion.ics", MEETING, "text/calendar")
    for words in ("Réunion de concertation, digestif", "12/03/2024 08:30 – 09:15 (heure de Paris)", "Zorbec, Paul", "(accepté)"):
        assert words in page
    assert "rappel" not in page


def test_what_outlook_packed(world: World, browser: Browser, vault: Path) -> None:
    _, page = shown(world, browser, vault, "winmail.dat", winmail(rtf_words=rtf(paragraphs("Bonjour docteur,"))), "application/ms-tnef")
    assert "Bonjour docteur," in page


def test_the_files_of_a_pdf_are_one_click_away(world: World, browser: Browser, vault: Path) -> None:
    paper, page = shown(world, browser, vault, "annexes.pdf", HOLDING, "application/pdf")
    assert f'href="/documents/{paper.pk}/fichiers/1"' in page
    assert browser("roche").get(f"/documents/{paper.pk}/fichiers/1").content == LETTER
    assert f"/documents/{paper.pk}/images/2/1.png" in sources(page)
    assert "contenu actif" in page


def test_a_copy_without_what_acts(world: World, browser: Browser, vault: Path) -> None:
    paper, page = shown(world, browser, vault, "actif.pdf", ACTIVE, "application/pdf")
    assert "Le fichier contient du contenu actif" in page
    address = f"/documents/{paper.pk}/sans-contenu-actif"
    whole = browser("roche").get(f"/documents/{paper.pk}/").content.decode()
    assert whole.index(address) < whole.index(f"/documents/{paper.pk}/original")
    found = browser("roche").get(address)
    assert (found["Content-Type"], pdf.read(found.content).text, pdf.read(found.content).warnings) == ("application/pdf", "Courrier.", ())
    assert browser("roche").get(f"/documents/{paper.pk}/original").content == ACTIVE
    assert browser("fabre").get(address).status_code == 404
    assert browser("admin").get(address).status_code == 404


def test_no_such_copy_of_what_does_not_act(world: World, browser: Browser, vault: Path) -> None:
    paper, _ = shown(world, browser, vault, "calme.pdf", LETTER, "application/pdf")
    whole = browser("roche").get(f"/documents/{paper.pk}/").content.decode()
    assert "sans-contenu-actif" not in whole
    assert browser("roche").get(f"/documents/{paper.pk}/sans-contenu-actif").status_code == 404
    macro, _ = shown(world, browser, vault, "macro.docm", WORD_MACRO)
    assert browser("roche").get(f"/documents/{macro.pk}/sans-contenu-actif").status_code == 404


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.apz", b"\1\2" * 40, "chiffré par Apicrypt v1 : ouvrez-le avec l&#x27;outil d&#x27;Apicem"),
        ("a.txt", APICRYPT, "chiffré par Apicrypt v1"),
        ("a.asc", PGP, "chiffré par OpenPGP"),
        ("a.p7m", CMS, "chiffré par S/MIME"),
        ("b.p7m", SIGNED, "enfermé dans une signature S/MIME"),
        ("a.zip", locked_zip(), "archive est protégée par un mot de passe"),
        ("a.docx", LOCKED_WORD, "fichier bureautique est protégé par un mot de passe"),
        ("a.pdf", encrypted_pdf(), "PDF est protégé par un mot de passe"),
    ],
)
def test_what_is_encrypted_says_what_to_do_and_is_kept(
    world: World, browser: Browser, vault: Path, name: str, data: bytes, words: str
) -> None:
    paper, page = shown(world, browser, vault, name, data)
    assert paper.format == "encrypted"
    assert page.count(words) == 1
    assert page.count("note warning") == 1, "one sentence says it all"
    assert "ne se lit pas encore" not in page
    assert browser("roche").get(f"/documents/{paper.pk}/original").content == data


def test_an_old_word_file_is_offered_for_download(world: World, browser: Browser, vault: Path) -> None:
    paper, page = shown(world, browser, vault, "ancien.doc", OLD_WORD)
    assert "vient d&#x27;un Word ou d&#x27;un Excel d&#x27;avant 2007 : téléchargez-le pour l&#x27;ouvrir" in page
    assert page.count("note warning") == 1, "one sentence says it all"
    assert browser("roche").get(f"/documents/{paper.pk}/original").content == OLD_WORD
