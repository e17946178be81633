"""A FHIR document in the browser: its words, its results, its image and its files, with nothing to open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.fhir_build import (
    DOCTOR,
    LABORATORY,
    V3,
    as_json,
    base64_of,
    bundle,
    concept,
    div,
    lucie,
    observation,
    quantity,
    report,
)
from tests.web.illustrations import DRAWING, kept, mail, seen, sources
from tests.web.test_letters import article, page
from tests.web.test_pages import _Tags
from tests.web.world import World

Browser = Callable[..., Any]
WORDS = "<p>Bilan du <b>12 mars</b>.</p><table><tr><th>Poids</th><td>61 kg</td></tr></table><script>agir()</script>"


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


def whole() -> bytes:
    glucose = observation(
        "glu",
        concept("2345-7", "Glucose"),
        valueQuantity=quantity("7.40", "mmol/L", "mmol/L"),
        interpretation=[concept("H", "High", V3)],
        referenceRange=[{"low": quantity("3.90", "mmol/L"), "high": quantity("5.50", "mmol/L")}],
        note=[{"text": "Prélèvement à jeun."}],
    )
    wrong = observation("crp", concept("1988-5", "CRP"), status="entered-in-error", valueQuantity=quantity("99", "mg/L", "mg/L"))
    form = {"contentType": "image/png", "title": "courbe", "data": base64_of(DRAWING)}
    told = report("glu", "crp", text=div(WORDS), conclusion="Glycémie élevée.", presentedForm=[form])
    return as_json(bundle(lucie(), DOCTOR, LABORATORY, told, glucose, wrong))


def test_a_report_is_shown_whole(world: World, browser: Browser, vault: Path) -> None:
    from vaguemestre.inbound.file import result_row
    from vaguemestre.inbound.read import read

    found = read(whole(), "resultat.json").documents[0].results
    rows = tuple({k: v for k, v in result_row(one, 0).items() if k != "position"} for one in found)
    paper = kept(world, vault, "fhir", mail(("resultat.json", "application/fhir+json", whole())), results=rows)
    shown = page(browser, paper)
    words = article(shown)
    for told in ("Bilan du <b>12 mars</b>.", "<td>61 kg</td>", "Glycémie élevée.", "Glucose", "7.40", "Prélèvement à jeun."):
        assert told in words, told
    assert "agir" not in words
    assert "erroné" in words, "a result entered in error reads as such"
    (source,) = sources(shown)
    assert seen(browser("roche").get(source)).size == (60, 60)
    tags = _Tags()
    tags.feed(shown)
    assert tags.faults == []
