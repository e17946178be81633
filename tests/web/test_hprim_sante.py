"""The pages of HPRIM Santé and HPRIM XML: results in their table, an admission and an XML as tables, each under its kind in the chart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.hprim_sante_cases import CASES as SANTE
from tests.corpus.hprim_xml_cases import CASES as XML
from tests.web.test_letters import article, page
from tests.web.world import World, document
from vaguemestre.inbound.read import read
from vaguemestre.web import kinds

Browser = Callable[..., Any]


def shown(world: World, browser: Browser, vault: Path, data: bytes) -> str:
    """The article of the page of the one document in a file."""
    (found,) = read(data, "fichier").documents
    named = {"format": found.format, "title": found.title or "", "text": found.text, "html": found.html}
    return article(page(browser, document(world, "hprim", "roche", data=data, vault=vault, **named)))


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


def test_an_admission_is_a_table(world: World, browser: Browser, vault: Path) -> None:
    text = shown(world, browser, vault, SANTE["sante-an-admission"].data)
    assert "<h3>Patient</h3>" in text
    assert "<th>Date de naissance</th><td>04/05/1961</td>" in text


def test_an_xml_is_a_table(world: World, browser: Browser, vault: Path) -> None:
    text = shown(world, browser, vault, XML["hprim-xml-results"].data)
    assert '<th colspan="2">Compte rendu › Examen › Resultat › Numerique</th>' in text
    assert "<td>Valeur</td><td>143</td>" in text


@pytest.mark.parametrize(("code", "kind"), [("ADM", "administratif"), ("REG", "administratif"), ("ORM", "prescriptions"), ("", "biologie")])
def test_each_message_has_its_kind(code: str, kind: str) -> None:
    assert kinds.kind(code, "hprim-sante", 0) == kind
