"""The administrator's page of the trust space: the list in force, its age, the alarms and the changes in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.web.world import World

if TYPE_CHECKING:
    from django.test import Client

ADDRESS = "/administration/liste-blanche"
NOW = dt.datetime.now(dt.UTC)
HOUR = dt.timedelta(hours=1)


def rows(*domains: str) -> list[tuple[str, str, str, str]]:
    return [(one, f"CN=mx.{one},O=CH <b>{one}</b>", f"{k:064d}", "") for k, one in enumerate(domains)]


def test_the_list_its_changes_and_its_alarms(world: World, browser: Callable[..., Client]) -> None:
    from vaguemestre.records import trust_lists

    client = browser("admin")
    empty = client.get(ADDRESS).content.decode()
    assert "Aucune liste blanche n&#x27;est en vigueur" in empty
    trust_lists.load_trust_list(rows("a.example", "b.example"), NOW - 5 * HOUR, NOW - 4 * HOUR)
    trust_lists.load_trust_list(rows("a.example", "c.example"), NOW - 3 * HOUR, NOW - 2 * HOUR, origin="url")
    trust_lists.answered(trust_lists.LIST, NOW - HOUR, NOW + HOUR, reason="trust-list-cut")
    trust_lists.answered("http://crl.example/1.crl", NOW - HOUR, NOW + HOUR, reason="http-503")
    page = client.get(ADDRESS).content.decode()
    assert "La liste reçue est tronquée" in page
    assert "http://crl.example/1.crl" in page
    assert "Le serveur a répondu par l&#x27;erreur 503." in page
    assert "<b>3 h</b>" in page
    assert "téléchargement" in page
    assert page.index("b.example") < page.index("c.example")
    assert page.count("</b> ajouté ") == page.count("</b> retiré ") == 1
    assert "O=CH <b>" not in page, "what a list says is text"
    assert "O=CH &lt;b&gt;c.example" in page


def test_no_alarm_no_frame(world: World, browser: Callable[..., Client]) -> None:
    from vaguemestre.records import trust_lists

    trust_lists.load_trust_list(rows("a.example"), NOW, NOW)
    page = browser("admin").get(ADDRESS).content.decode()
    assert "Alertes" not in page
    assert "Aucun changement depuis la première liste." in page


def test_only_an_administrator(world: World, browser: Callable[..., Client]) -> None:
    for login in ("roche", "accueil"):
        assert browser(login).get(ADDRESS).status_code == 403
    assert ADDRESS in browser("admin").get("/administration").content.decode()


def test_every_reason_has_its_words(data_directory: Path) -> None:
    """What `crypto`, `connectors` and `pipeline` may tell as a reason is a sentence on the page, not a code."""
    import re

    from vaguemestre.web.trust import words

    root = Path(__file__).parent.parent.parent / "vaguemestre"
    modules = ["crypto/trust_list", "crypto/revocation", "connectors/bounded_get", "pipeline/refresh", "pipeline/refresh_revocation"]
    told = {
        code
        for name in modules
        for code in re.findall(r'"((?:[a-z0-9]+-)+[a-z0-9]+|cut|encoded|redirected|unreachable)"', (root / f"{name}.py").read_text())
    }
    told -= {"trust-list", "max-age", "ca-absent", "bad-address", "utf-8", "trust-list-age"}
    assert len(told) > 25
    assert [code for code in sorted(told) if words(code) == code] == []
