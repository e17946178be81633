"""The page of a CDA letter: its narrative, its pages, its forms, its versions and its copies."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.web import letters
from tests.web.test_pages import _Tags
from tests.web.world import World, document, paper_pdf, stated

Browser = Callable[..., Any]


def page(browser: Browser, paper: Any, login: str = "roche") -> str:
    response = browser(login).get(f"/documents/{paper.pk}/")
    assert response.status_code == 200
    return str(response.content.decode())


def article(text: str) -> str:
    return text.split("<article", 1)[1].split("</article>", maxsplit=1)[0]


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


def test_a_letter_is_read_in_place_with_its_pages_and_forms(world: World, browser: Browser, vault: Path) -> None:
    paper = letters.cda_letter(world, vault)
    shown = page(browser, paper)
    forms = {form.content["path"][-1]: form for form in type(paper).objects.filter(form_of=paper)}
    assert "<b>atypique</b>" in shown
    assert '<td colspan="2">refusée par la patiente</td>' in shown
    for part in ("compte-rendu", f"forme-{forms['nonXMLBody.pdf'].pk}", f"forme-{forms['trace.pdf'].pk}"):
        assert f'id="{part}"' in shown, part
        assert f'href="#{part}"' in shown, part
    order = [shown.index(word) for word in ("<b>atypique</b>", "/pages/1.png", "trace.pdf", "voici le courrier de Madame")]
    assert order == sorted(order)
    for name, count in (("nonXMLBody.pdf", 2), ("trace.pdf", 1), ("resume.txt", 0)):
        pictures = re.findall(rf'src="(/documents/{forms[name].pk}/pages/\d+\.png)"', shown)
        assert len(pictures) == count, name
        assert f'href="/documents/{forms[name].pk}/original"' in shown
        for address in pictures:
            assert browser("roche").get(address).headers["Content-Type"] == "image/png"
    assert f'href="/documents/{paper.pk}/original"' in shown
    assert "Cette image ne peut pas être montrée" in shown, "its bytes are not in the message"
    assert f'<details class="card folded" id="forme-{forms["resume.txt"].pk}"' in shown
    assert "XDM/1.0" not in shown


def test_what_a_doctor_must_know_is_said(world: World, browser: Browser, vault: Path) -> None:
    paper = letters.cda_letter(world, vault)
    shown = page(browser, paper)
    assert "Caché au patient" in shown
    assert "Acte du</dt><dd>18/11/2026" in shown
    assert "CR ou fiche de consultation ou de visite" in shown
    type(paper).objects.filter(pk=paper.pk).update(content={**paper.content, "confidentiality": ["V"], "metadata": {}})
    shown = page(browser, paper)
    assert "Très confidentiel" in shown
    assert "Caché au patient" not in shown
    assert "Acte du" not in shown


@pytest.mark.parametrize("metadata", [None, [], "x", 7, {"confidentialityCode": {"code": ["N"]}, "serviceStartTime": ["2026"]}])
def test_metadata_of_any_shape_is_no_error(world: World, browser: Browser, metadata: Any) -> None:
    content = {"path": ["x"], "warnings": [], "metadata": metadata, "confidentiality": None, "attachments": [None, 3, {"media_type": None}]}
    paper = document(world, "shape", "roche", content=content, html="<p>lisible</p>", stated=stated("A", "B", None))
    assert "<p>lisible</p>" in page(browser, paper)


def test_a_form_opens_the_page_of_its_document(world: World, browser: Browser, vault: Path) -> None:
    paper = letters.cda_letter(world, vault)
    form = type(paper).objects.filter(form_of=paper, rendering=True).get()
    assert browser("roche").get(f"/documents/{form.pk}/")["Location"] == f"/documents/{paper.pk}/#forme-{form.pk}"


def test_forms_of_another_practice_are_never_shown(world: World, browser: Browser, vault: Path) -> None:
    paper = letters.cda_letter(world, vault)
    form = type(paper).objects.filter(form_of=paper, rendering=True).get()
    for login in ("fabre", "admin"):
        for address in (
            f"/documents/{paper.pk}/",
            f"/documents/{form.pk}/",
            f"/documents/{form.pk}/pages/1.png",
            f"/documents/{form.pk}/original",
        ):
            assert browser(login).get(address).status_code == 404, (login, address)


def test_a_letter_without_structure_is_its_pages(world: World, browser: Browser, vault: Path) -> None:
    pages = paper_pdf(("Compte rendu de scanner",), 1)
    main = document(world, "n1", "roche", of="P1", rule="A", reason="same-ins-and-traits", format="cda-n1", text="", own=b"<n1/>",
                    data=letters.mail(("a.pdf", pages)), vault=vault, title="Scanner",
                    stated=stated("VIGNERON", "AMANDINE", "1971-03-14"))  # fmt: skip
    letters.form(main, "nonXMLBody.pdf", pages, rendering=True)
    shown = article(page(browser, main))
    assert "/pages/1.png" in shown
    assert 'loading="eager"' in shown
    assert "compte-rendu" not in shown
    assert "pas de texte" not in shown


def test_the_same_bytes_are_shown_once_and_another_writing_is_folded(world: World, browser: Browser, vault: Path) -> None:
    paper = letters.cda_letter(world, vault)
    inner = type(paper).objects.filter(form_of=paper, rendering=True).get()
    beside = paper_pdf(("La même lettre, imprimée autrement",))
    twin = letters.form(paper, "copie.pdf", beside, sha256=inner.sha256, position=5, content={"path": ["copie.pdf"]})
    other = letters.form(paper, "autre.pdf", beside, position=6, content={"path": ["autre.pdf"]})
    shown = page(browser, paper)
    assert f"forme-{twin.pk}" not in shown
    assert f'<details class="card folded" id="forme-{other.pk}"' in shown


def test_a_replaced_report_says_so_and_leads_to_the_one_that_stands(world: World, browser: Browser, vault: Path) -> None:
    old, new = letters.corrected(world, vault)
    shown = page(browser, old)
    assert "Remplacé." in shown
    assert f'href="/documents/{new.pk}/?liste=tous">Voir la version en vigueur' in shown
    assert 'class="past"' in shown
    shown = page(browser, new)
    assert "Remplace la version du" in shown
    assert f'href="/documents/{old.pk}/?liste=tous"' in shown
    assert "Remplacé." not in shown
    listed = browser("roche").get("/?liste=tous").content.decode()
    rows = {int(n): row for row in listed.split("<li ")[1:] for n in re.findall(r'href="/documents/(\d+)/', row)}
    assert "remplacé" in rows[old.pk]
    assert "remplacé" not in rows[new.pk]


def test_a_version_that_one_may_not_see_is_told_without_a_link(world: World, browser: Browser, vault: Path) -> None:
    """No state that the stages write, but a row is not trusted: it must lead nobody to another practice."""
    old, _ = letters.corrected(world, vault)
    old.superseded_by = old.duplicate_of = world.documents["other"]
    old.save()
    shown = page(browser, old)
    assert "Une version plus récente remplace ce document." in shown
    assert "Le même document est déjà arrivé." in shown
    assert f"/documents/{world.documents['other'].pk}/" not in shown


def test_a_copy_leads_to_the_first_and_the_first_tells_its_copies(world: World, browser: Browser, vault: Path) -> None:
    first, copy = letters.copied(world, vault)
    shown = page(browser, copy)
    assert "Copie." in shown
    assert f'href="/documents/{first.pk}/?liste=tous">Voir le premier arrivé' in shown
    shown = page(browser, first)
    assert "Reçu aussi" in shown
    assert f'href="/documents/{copy.pk}/?liste=tous"' in shown
    assert "Copie." not in shown


# --- hostile narratives ----------------------------------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script><p onclick=alert(1)>mot</p><img src=http://piege.example/x.png><a href='javascript:alert(1)'>lien</a>"
    "<style>body{display:none}</style><svg><script>alert(2)</script></svg><iframe src=//piege.example></iframe>"
    "<form action=/x><input name=q>"
    "<span class='media top deciding' style='position:fixed' id=content>marque</span></main></body><base href=//piege.example>"
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>"
)


class _Balanced(HTMLParser):
    """Whether each tag that opens is closed in order, void ones apart."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "hr", "meta", "link", "img", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag


def test_a_narrative_is_cleaned_once_more(world: World, browser: Browser) -> None:
    paper = document(world, "hostile", "roche", html=HOSTILE, format="html", stated=stated("A", "B", None))
    shown = page(browser, paper)
    tags = _Tags()
    tags.feed(shown)
    assert tags.faults == []
    assert "piege.example" not in shown
    assert "mot" in shown
    assert "alert(1)</script>" not in shown
    assert '<span class="media">marque</span>' in shown
    _Balanced().feed(article(shown).split(">", 1)[1])


def test_a_narrative_that_never_closes_stays_in_its_place(world: World, browser: Browser) -> None:
    paper = document(world, "open", "roche", html="<table><tr><td><ul><li><b>sans fin", stated=stated("A", "B", None))
    shown = page(browser, paper)
    _Balanced().feed(article(shown).split(">", 1)[1])
    assert "sans fin" in shown


def test_a_huge_narrative_is_cut_and_said(world: World, browser: Browser) -> None:
    from vaguemestre.web import narrative

    paper = document(world, "huge", "roche", html="<p>mot</p>" * (narrative.MOST // 10 + 9), stated=stated("A", "B", None))
    shown = page(browser, paper)
    assert shown.count("<p>mot</p>") == narrative.MOST // 10
    assert "trop long pour être montré en entier" in shown


def test_what_the_readers_write_passes_whole() -> None:
    from vaguemestre.formats import cda_narrative, html_clean
    from vaguemestre.web import narrative

    assert cda_narrative.TAGS | html_clean.TAGS <= narrative.TAGS
    assert set(cda_narrative.CLASSES) <= narrative.CLASSES["span"]
    for attributes in (cda_narrative.ATTRIBUTES, html_clean.ATTRIBUTES):
        assert all(set(names) <= narrative.ATTRIBUTES[tag] for tag, names in attributes.items())
    said = letters.NARRATIVE.replace("\n", "")
    assert str(narrative.clean(said)) == said


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("XDM/1.0/DDM+Biologie MARTEL Élise", "Biologie MARTEL Élise"),
        ("xdm/1.0/ddm+ Biologie", "Biologie"),
        ("Tr: XDM/1.0/DDM+Biologie", "Tr: Biologie"),
        ("[KO Intégration système !][E12] XDM/1.0/DDM+Biologie X", "Intégration refusée par le logiciel du destinataire · Biologie X"),
        ("[KO Intégration système !] XDM/1.0/DDM+Biologie", "Intégration refusée par le logiciel du destinataire · Biologie"),
        ("[KO Intégration système !][E12]XDM/1.0/DDM", "Intégration refusée par le logiciel du destinataire"),
        ("[info] XDM/1.0/DDM+Biologie", "[info] Biologie"),
        ("Rendez-vous", "Rendez-vous"),
        ("", ""),
    ],
)
def test_the_mark_of_machines_is_hidden(data_directory: Path, subject: str, shown: str) -> None:
    from vaguemestre.records.models import Message
    from vaguemestre.web import present

    assert present.subject(Message(subject=subject)) == shown
