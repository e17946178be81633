"""Pages of a PDF as images, through the guarded child, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.world import World, document, paper_pdf, pdf_letter, stated

Browser = Callable[..., Any]


def test_a_pdf_is_shown_page_by_page(world: World, browser: Browser, data_directory: Path) -> None:
    paper = pdf_letter(world, data_directory / "vault", pages=3)
    client = browser("roche")
    page = client.get(f"/documents/{paper.pk}/").content.decode()
    assert [f"/documents/{paper.pk}/pages/{n}.png" in page for n in (1, 2, 3, 4)] == [True, True, True, False]
    for number in (1, 2, 3, 2):
        image = client.get(f"/documents/{paper.pk}/pages/{number}.png")
        assert image.status_code == 200
        assert image["Content-Type"] == "image/png"
        assert image.content.startswith(b"\x89PNG")
    assert client.get(f"/documents/{paper.pk}/pages/4.png").status_code == 404
    assert client.get(f"/documents/{paper.pk}/pages/9999.png").status_code == 404
    kept = {path.name for path in (data_directory / "cache").iterdir()}
    assert f"{paper.sha256}.pages" in kept
    assert {path.stat().st_mode & 0o777 for path in (data_directory / "cache").iterdir()} == {0o600}


def test_the_original_of_a_pdf_is_the_very_file(world: World, browser: Browser, data_directory: Path) -> None:
    paper = pdf_letter(world, data_directory / "vault")
    response = browser("roche").get(f"/documents/{paper.pk}/original")
    assert response.content == paper_pdf(
        (
            "Centre des Embruns",
            "",
            "Chère consœur, cher confrère,",
            "",
            "L'échographie du 18 novembre est normale.",
            "",
            "Dr Hortense Valmorin",
        ),
        2,
    )
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; ")
    assert "%C3%A9chographie.pdf" in response["Content-Disposition"]


def test_an_image_kept_for_one_is_not_shown_to_another(world: World, browser: Browser, data_directory: Path) -> None:
    paper = pdf_letter(world, data_directory / "vault")
    assert browser("roche").get(f"/documents/{paper.pk}/pages/1.png").status_code == 200
    assert browser("fabre").get(f"/documents/{paper.pk}/pages/1.png").status_code == 404
    assert browser("admin").get(f"/documents/{paper.pk}/pages/1.png").status_code == 404
    assert browser().get(f"/documents/{paper.pk}/pages/1.png").status_code == 302


def test_a_pdf_that_cannot_be_opened_still_has_its_page(world: World, browser: Browser, data_directory: Path) -> None:
    broken = b"%PDF-1.7\n" + b"\x00" * 500
    paper = document(world, "broken", "roche", format="pdf", data=broken, vault=data_directory / "vault", text="", unreadable=True,
                     stated=stated("A", "B", None))  # fmt: skip
    client = browser("roche")
    page = client.get(f"/documents/{paper.pk}/")
    assert page.status_code == 200
    assert "n'a pas pu être lu" in page.content.decode()
    assert client.get(f"/documents/{paper.pk}/pages/1.png").status_code == 404
    assert client.get(f"/documents/{paper.pk}/original").content == broken


def test_a_child_that_died_is_replaced(world: World, browser: Browser, data_directory: Path) -> None:
    import os
    import signal

    from vaguemestre.web import originals

    paper = pdf_letter(world, data_directory / "vault")
    client = browser("roche")
    assert client.get(f"/documents/{paper.pk}/original").status_code == 200
    os.kill(originals._guard()._pid, signal.SIGKILL)
    assert client.get(f"/documents/{paper.pk}/original").status_code == 200


def test_two_readers_at_once_wait_their_turn(world: World, browser: Browser, data_directory: Path) -> None:
    import threading

    from django.db import connection

    paper = pdf_letter(world, data_directory / "vault", pages=6)
    answers: list[int] = []

    def look(number: int) -> None:
        try:
            answers.append(browser("roche").get(f"/documents/{paper.pk}/pages/{number}.png").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=look, args=(n,)) for n in (1, 2, 3, 4, 5, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 6


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    import os

    from vaguemestre.web.page_cache import PageCache

    cache = PageCache(tmp_path / "cache", most=1_000)
    assert cache.get("absent") is None
    for number in range(30):
        cache.put(f"k{number}", bytes(100))
        os.utime(tmp_path / "cache" / f"k{number}", (number, number))
    cache.sweep()
    assert sorted(int(p.name[1:]) for p in (tmp_path / "cache").iterdir()) == list(range(20, 30)), "the oldest go first"
    assert cache.get("k29") == bytes(100)


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.web.page_cache import PageCache

    (tmp_path / "file").write_bytes(b"")
    cache = PageCache(tmp_path / "file" / "cache")
    cache.put("k", b"x")
    assert cache.get("k") is None


def test_a_document_that_holds_the_child_holds_it_once(
    world: World, browser: Browser, data_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vaguemestre.pipeline.guard import Guard, TookTooLong
    from vaguemestre.web import originals

    paper, other = pdf_letter(world, data_directory / "vault", pages=4), world.documents["letter"]
    asked: list[str] = []

    def slow(self: Guard, data: bytes, sha256: str) -> tuple[bytes, str, str]:
        asked.append(sha256)
        raise TookTooLong("reading took longer than it may")

    monkeypatch.setattr(originals, "_given_up", {})
    monkeypatch.setattr(Guard, "extract", slow)
    client = browser("roche")
    for number in range(1, 9):
        assert client.get(f"/documents/{paper.pk}/pages/{number}.png").status_code == 404
    assert client.get(f"/documents/{paper.pk}/").status_code == 200
    assert asked == [paper.sha256]
    client.get(f"/documents/{other.pk}/original")
    assert asked == [paper.sha256, other.sha256]


def test_pages_beyond_the_bound_are_told(world: World, browser: Browser, data_directory: Path) -> None:
    paper = pdf_letter(world, data_directory / "vault", pages=63)
    page = browser("roche").get(f"/documents/{paper.pk}/").content.decode()
    assert page.count("<img") == 60
    assert "3 pages de plus" in page
