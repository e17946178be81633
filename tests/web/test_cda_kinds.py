"""The page of each kind of CDA: from whom, for whom, its act or stay, its words; its conclusion one click away, the rest folded."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.cda_build import document as built
from tests.corpus.cda_build import encoded, packed
from tests.corpus.cda_kinds_acts import KINDS as ACTS
from tests.corpus.cda_kinds_build import Facts, Kind, act
from tests.corpus.cda_kinds_letters import KINDS as LETTERS
from tests.web.illustrations import kept, mail
from tests.web.test_letters import page
from tests.web.world import World

Browser = Callable[..., Any]
KINDS = LETTERS | ACTS
FROM = ("De", "Jean ESSAI · Médecin - Qualifié en Médecine Générale (SM) · Clinique des Essais")
TO = ("Pour", "Anne MODELE · Cabinet du Modèle")


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


def shown(world: World, browser: Browser, vault: Path, xml: str) -> str:
    return str(page(browser, kept(world, vault, "piece", mail(("piece.xml", "application/xml", encoded(xml))))))


def pairs(markup: str) -> Facts:
    """The terms and facts of a list."""
    found: Facts = []
    term = ""
    for tag, words in re.findall(r"<(dt|dd)>(.*?)</\1>", markup, re.DOTALL):
        text = html.unescape(words).replace("\u00a0", " ")
        if tag == "dt":
            term = text
        else:
            found.append((term, text))
    return found


def part(page_: str, start: str, end: str) -> str:
    return page_.partition(start)[2].partition(end)[0]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_page(world: World, browser: Browser, vault: Path, kind: Kind) -> None:
    told = shown(world, browser, vault, kind.xml)
    assert pairs(part(told, '<section class="card opening">', "</section>")) == [FROM, TO, *kind.opening]
    assert pairs(part(told, 'id="contexte">', "</details>")) == kind.about
    assert ('id="contexte"' in told) == bool(kind.about)
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", told)).split())
    for line in re.split(r"[|\n]+|- |\d\. ", str(kind.case.expected["documents"][0]["text"])):
        assert " ".join(line.split()) in words
    assert "style=" not in told and '<dl class="about"' not in told


def test_the_conclusion_comes_first_in_the_summary_and_last_in_the_words(world: World, browser: Browser, vault: Path) -> None:
    told = shown(world, browser, vault, KINDS["type-imagerie"].xml)
    summary = part(told, '<nav class="parts"', "</nav>")
    titles = re.findall(r'<a href="#(partie-\d)"(?: class="(\w+)")?>([^<]+)</a>', summary)
    assert titles == [
        ("partie-4", "conclusion", "Conclusion"), ("partie-1", "", "Indication"),
        ("partie-2", "", "Technique"), ("partie-3", "", "Résultat"),
    ]  # fmt: skip
    assert re.findall(r'<h2 id="(partie-\d)">([^<]+)</h2>', told) == [
        ("partie-1", "Indication"), ("partie-2", "Technique"), ("partie-3", "Résultat"), ("partie-4", "Conclusion"),
    ]  # fmt: skip


def test_what_surrounds_a_letter_in_pages_is_told_too(world: World, browser: Browser, vault: Path) -> None:
    around = act('<code displayName="Échographie"/>', "20240302")
    for kind, data in (("text/rtf", rb"{\rtf1\ansi Voici l'avis.}"), ("application/pdf", b"%PDF-1.4\nrien")):
        told = shown(world, browser, vault, built(packed(data, kind), around=around))
        assert pairs(part(told, '<section class="card opening">', "</section>")) == [FROM, TO, ("Acte", "Échographie, le 02/03/2024")]
        assert ("Voici l'avis." in html.unescape(told)) == (kind == "text/rtf")


def test_lists_of_facts_hold_terms_and_facts_alone(data_directory: Path) -> None:
    from vaguemestre.web import narrative

    hostile = '<dl class="opening"><dt onclick="a()">A<script>b()</script></dt><dd><a href="javascript:c()">C</a><img src=x></dd></dl>'
    story = narrative.told(hostile + "<p>Suite</p>", {}, {})
    assert (story.opening, story.about, story.html) == ("<dt>A</dt><dd>C</dd>", "", "<p>Suite</p>")


def test_only_a_list_at_the_very_start_is_one(data_directory: Path) -> None:
    from vaguemestre.web import narrative

    story = narrative.told('<p>Un</p><dl class="about"><dt>A</dt><dd>B</dd></dl>', {}, {})
    assert (story.opening, story.about) == ("", "") and "<dt>A</dt><dd>B</dd>" in story.html


def test_a_summary_is_bounded_and_hostile_titles_are_words(data_directory: Path) -> None:
    from vaguemestre.web import narrative

    headings = "".join(f"<h2>T{n} &lt;b&gt; {'x' * 90}</h2><p>.</p>" for n in range(40))
    story = narrative.told(headings + "<h2>Conclusion</h2><h2> </h2>", {}, {})
    assert [one.title for one in story.parts][:2] == ["Conclusion", f"T0 <b> {'x' * 36}…"]
    assert len(story.parts) == narrative.MOST_PARTS and story.html.count(' id="partie-') == 41
    assert narrative.told("<h2>A</h2><h2>B</h2>", {}, {}).parts == ()
