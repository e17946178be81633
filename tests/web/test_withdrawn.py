"""What was taken back reads as such on the pages: cancelled results in their report, documents that stand no longer, additions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.letters import loinc
from tests.web.world import World, document

if TYPE_CHECKING:
    from django.test import Client

Browser = Callable[..., "Client"]


def page(browser: Browser, address: str, login: str = "roche") -> str:
    answer = browser(login).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def report(world: World, name: str, minutes: int, *lines: dict[str, Any], **more: Any) -> Any:
    return document(world, name, "roche", minutes=minutes, of="P5", results=lines, format="cda-n3", **more)


def line_of(html: str, value: str) -> str:
    found = [row for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL) if f">{value}<" in row]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("nullified", "annulé"),
        ("cancelled", "annulé"),
        ("aborted", "interrompu"),
        ("held", "suspendu"),
        ("W", "erroné"),
        ("X", "non rendu"),
    ],
)
def test_a_result_that_does_not_stand_reads_as_such(world: World, browser: Browser, status: str, said: str) -> None:
    report(world, "before", 9_000, loinc("Potassium", "2823-3", "4.1", "mmol/L", "3.5", "5.1"))
    now = report(world, "now", 10, loinc("Potassium", "2823-3", "9.9", "mmol/L", "3.5", "5.1", "HH") | {"status": status})
    line = line_of(page(browser, f"/documents/{now.pk}/"), "9.9")
    assert "<s>9.9</s>" in line
    assert f">{said}</small>" in line
    assert "level-2" not in line
    assert "très haut" not in line
    assert "4.1" not in line, "nothing is compared with what is no value"
    chart = page(browser, f"/patients/{world.patients['P5'].pk}/")
    assert "9.9" not in chart
    assert "4.1" in chart


@pytest.mark.parametrize(("status", "struck"), [("nullified", True), ("W", True), ("aborted", False), ("X", False), ("held", False)])
def test_words_are_struck_only_where_they_were_taken_back(world: World, browser: Browser, status: str, struck: bool) -> None:
    """Non réalisé, beside an interrupted analysis, says what happened."""
    now = report(world, "now", 10, loinc("Aspect", "5767-9", "", "") | {"value": "Non réalisé", "status": status})
    assert ("<s>Non réalisé</s>" in page(browser, f"/documents/{now.pk}/")) is struck


def test_the_specimen_and_its_day_are_said_where_they_change(world: World, browser: Browser) -> None:
    blood, urine = {"specimen": "Sang veineux", "date": "2026-11-19T08:15"}, {"specimen": "Urines de 24 h", "date": "2026-11-21T07:00"}
    lines = (
        loinc("Sodium", "2951-2", "141", "mmol/L", **blood),
        loinc("Potassium", "2823-3", "4.1", "mmol/L", method="Potentiométrie", **blood),
        loinc("Sodium", "2955-3", "88", "mmol/L", **urine),
        loinc("Urines, pH", "2756-5", "6", "", date="2026-11-21"),
    )
    now = report(world, "now", 10, *lines, date="2026-11-21")
    shown = page(browser, f"/documents/{now.pk}/")
    taken = re.findall(r'<tr class="taken"><th[^>]*>([^<]*)</th>', shown)
    assert [words.strip() for words in taken] == ["Prélèvement : Sang veineux · 19/11/2026", "Prélèvement : Urines de 24 h"]
    assert shown.count("<small>Potentiométrie</small>") == 1
    chart = page(browser, f"/patients/{world.patients['P5'].pk}/")
    assert chart.count("<small>Urines de 24 h</small>") == 1
    assert chart.count("<small>Sang veineux</small>") == 2


def test_hprim_tells_no_specimen(world: World, browser: Browser) -> None:
    line = (loinc("Sodium", "2951-2", "141", "mmol/L", date="2026-01-01"),)
    one = document(world, "one", "roche", minutes=10, of="P5", results=line, date="2026-11-21")
    assert "Prélèvement" not in page(browser, f"/documents/{one.pk}/")


@pytest.mark.parametrize(("status", "said"), [("active", "en cours"), ("P", "provisoire"), ("C", "corrigé")])
def test_one_that_is_not_final_is_a_value_and_says_so(world: World, browser: Browser, status: str, said: str) -> None:
    now = report(world, "now", 10, loinc("Potassium", "2823-3", "6.2", "mmol/L", "3.5", "5.1", "HH") | {"status": status})
    line = line_of(page(browser, f"/documents/{now.pk}/"), "6.2")
    assert f">{said}</small>" in line
    assert "<s>" not in line
    assert "très haut" in line
    assert "6.2" in page(browser, f"/patients/{world.patients['P5'].pk}/")


def test_a_complete_one_says_nothing_of_it(world: World, browser: Browser) -> None:
    now = report(world, "now", 10, loinc("Potassium", "2823-3", "6.2", "mmol/L"))
    assert "chip" not in line_of(page(browser, f"/documents/{now.pk}/"), "6.2")


def test_the_page_of_a_cancelled_one_shows_those_that_stand(world: World, browser: Browser) -> None:
    report(world, "before", 9_000, loinc("Potassium", "2823-3", "4.1", "mmol/L"))
    now = report(world, "now", 10, loinc("Potassium", "2823-3", "9.9", "mmol/L") | {"status": "nullified"})
    shown = page(browser, f"/resultats/{now.result_set.get().pk}/")
    assert "4.1" in shown
    assert "9.9" not in shown


def test_a_cancelled_result_of_another_practice_is_not_there(world: World, browser: Browser) -> None:
    now = report(world, "now", 10, loinc("Potassium", "2823-3", "9.9", "mmol/L") | {"status": "nullified"})
    number = now.result_set.get().pk
    stranger = next(login for login, one in world.accounts.items() if one.clinical and not _sees(one, world.patients["P5"]))
    assert browser(stranger).get(f"/resultats/{number}/").status_code == 404
    assert browser(stranger).get(f"/resultats/{number}/?page=2").status_code == 404


def _sees(account: Any, patient: Any) -> bool:
    return account.mailboxes.filter(practice=patient.practice_id).exists()


SAID = {
    "not-current": "n&#x27;est plus en vigueur.",
    "withdraws": "qu&#x27;un autre, envoyé auparavant, n&#x27;est plus en vigueur.",
    "appends": "en complète un autre",
    "transforms": "tiré d&#x27;un autre",
    "signs": "porte la signature d&#x27;un autre",
}


@pytest.mark.parametrize(
    ("facts", "keys"),
    [
        ({"availabilityStatus": "Deprecated"}, ["not-current"]),
        ({"availabilityStatus": "Deleted", "withdraws": ["urn:uuid:x"]}, ["not-current", "withdraws"]),
        ({"availabilityStatus": "Approved", "appends": ["urn:uuid:x"]}, ["appends"]),
        ({"transforms": ["x"], "signs": ["x"]}, ["transforms", "signs"]),
        ({"availabilityStatus": "Archived", "appends": []}, []),
        ({"availabilityStatus": ["<b>"], "appends": 5}, ["not-current", "appends"]),
        ("no object", []),
        (None, []),
    ],
)
def test_what_an_archive_says_of_a_document(world: World, browser: Browser, facts: Any, keys: list[str]) -> None:
    from vaguemestre.web.present import sayings

    one = report(world, "one", 10, content={"path": ["a.zip", "DOC.XML"], "warnings": [], "metadata": facts})
    assert sayings(one) == keys
    shown = page(browser, f"/documents/{one.pk}/")
    for key in keys:
        assert SAID[key] in shown
    assert shown.count("version") == len(keys)


def test_why_it_waits(world: World, browser: Browser) -> None:
    one = document(
        world, "one", "roche", minutes=10, rule="A:withdrawn", reason="withdrawn",
        content={"path": ["a.zip", "DOC.XML"], "warnings": [], "metadata": {"availabilityStatus": "Deleted"}},
    )  # fmt: skip
    assert "à vous d&#x27;en décider" in page(browser, f"/documents/{one.pk}/")
    assert "à vous d&#x27;en décider" in page(browser, "/?liste=a-verifier")


def test_a_long_history_goes_page_by_page_and_compares_across_them(world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.records.queries import histories

    monkeypatch.setattr(histories, "SHOWN", 3)
    for k in range(8):
        report(world, f"r{k}", 10_000 - k, loinc("Potassium", "2823-3", f"4.{k}", "mmol/L", date=f"2026-01-0{k + 1}"))
    number = world.documents["r7"].result_set.get().pk

    def values(html: str) -> list[str]:
        return re.findall(r'<td class="number">([^<]*)</td>', html)

    pages = [page(browser, f"/resultats/{number}/{query}") for query in ("", "?page=2", "?page=3")]
    assert [values(html) for html in pages] == [["4.7", "4.6", "4.5"], ["4.4", "4.3", "4.2"], ["4.1", "4.0"]]
    assert [html.count("en hausse") for html in pages] == [3, 3, 1], "the oldest of a page against the newest of the next"
    assert [f"?page={n}" in html for n, html in enumerate(pages, 2)] == [True, True, False]
    assert values(page(browser, f"/resultats/{number}/?page=4")) == []
    for odd in ("0", "-1", "x", "²", "9999", ""):
        assert values(page(browser, f"/resultats/{number}/?page={odd}")) == ["4.7", "4.6", "4.5"]


def test_a_table_that_does_not_hold_all_says_so(world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.records.queries import histories

    address, said = f"/patients/{world.patients['P5'].pk}/", "Ce tableau tient les résultats les plus récents"
    for k in range(3):
        report(world, f"r{k}", 1_000 - k, loinc("Potassium", "2823-3", f"4.{k}", "mmol/L"), loinc("Sodium", "2951-2", f"14{k}", "mmol/L"))
    monkeypatch.setattr(histories, "RESULTS", 6)
    whole = page(browser, address)
    assert said not in whole
    assert "4.0" in whole
    monkeypatch.setattr(histories, "RESULTS", 5)
    assert said in page(browser, address)
    monkeypatch.setattr(histories, "RESULTS", 4)
    assert "4.0" not in page(browser, address)
    monkeypatch.setattr(histories, "RESULTS", 6)
    monkeypatch.setattr(histories, "LINES", 1)
    assert said in page(browser, address)
