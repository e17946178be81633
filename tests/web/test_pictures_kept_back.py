"""Images that cannot be shown, files that are none, and who may see either."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.corpus.cda_build import media, packed, plain, section, structured
from tests.corpus.images import QUARTERS, png, quarters, saved
from tests.formats.test_image import corners, near
from tests.web.illustrations import SEEN, UNSHOWN, illustrated, kept, letter, mail, seen, sources
from tests.web.test_letters import article, page
from tests.web.world import World, pdf_letter

Browser = Callable[..., Any]


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


# --- what cannot be shown ---

NOT_SHOWN = (
    (b"\xff\xd8\xff\xe0" + bytes(200), "image/jpeg"),
    (png(60_000, 60_000, b"\0" * 100), "image/png"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
    (saved(quarters(), "AVIF"), "image/avif"),
    (b"no image at all", "image/jpeg"),
)


@pytest.mark.parametrize(("data", "kind"), NOT_SHOWN, ids=["head", "bomb", "svg", "avif", "words"])
def test_what_cannot_be_shown_is_said_in_its_place_and_downloaded(
    world: World, browser: Browser, vault: Path, data: bytes, kind: str
) -> None:
    words = '<paragraph>Voir <renderMultiMedia referencedObject="L"/>.</paragraph>'
    for body in (structured(section("Examen", words, entries=media("L", data, kind))), packed(data, kind)):
        paper_ = letter(world, vault, body, f"lettre-{len(body)}")
        shown = article(page(browser, paper_))
        assert sources(shown) == []
        assert shown.count(UNSHOWN) == 1
        client = browser("roche")
        assert f'href="/documents/{paper_.pk}/fichiers/1" download' in shown
        given = client.get(f"/documents/{paper_.pk}/fichiers/1")
        assert given.content == data
        assert given["Content-Type"] == "application/octet-stream"
        assert given["Content-Disposition"].startswith("attachment; ")
        answer = client.get(f"/documents/{paper_.pk}/images/1/1.png")
        assert (answer.status_code, answer["Content-Type"]) == (404, "image/svg+xml")


def test_an_attached_image_that_cannot_be_shown_is_one_sentence(world: World, browser: Browser, vault: Path) -> None:
    bomb = png(60_000, 60_000, b"\0" * 100)
    paper_ = kept(world, vault, "bombe", mail(("photo.png", "image/png", bomb)))
    shown = article(page(browser, paper_))
    assert sources(shown) == []
    told = re.findall(r'<p class="note[^>]*>(.*?)</p>', shown)
    assert f"{UNSHOWN} : téléchargez l'original." in told
    assert browser("roche").get(f"/documents/{paper_.pk}/original").content == bomb


def test_an_image_that_breaks_in_the_middle_is_a_sentence_where_it_would_stand(world: World, browser: Browser, vault: Path) -> None:
    """Its header is right, so that it has its place; what the browser fetches there is the sentence, drawn by us."""
    whole = saved(Image.effect_noise((300, 200), 60), "JPEG")
    paper_ = kept(world, vault, "photo", mail(("photo.jpg", "image/jpeg", whole[: len(whole) // 2])))
    (address,) = sources(page(browser, paper_))
    answer = browser("roche").get(address)
    assert (answer.status_code, answer["Content-Type"]) == (404, "image/svg+xml")
    text = answer.content.decode()
    assert "Cette image ne peut pas être montrée : téléchargez l&#x27;original." in text
    assert re.findall(r"<(\w+)", text) == ["svg", "rect", "text"]
    assert answer["Cache-Control"] == "no-store, private"


def test_one_that_ends_the_reader_costs_no_other_thing(
    world: World, browser: Browser, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vaguemestre.pipeline.guard import Guard, TookTooLong
    from vaguemestre.web import originals

    photo = saved(quarters(72, 36), "JPEG")  # one that no other test left in the cache
    paper_ = letter(world, vault, structured(section("Examen", SEEN, entries=media("LESION", photo, "image/jpeg"))))
    asked: list[str] = []

    def slow(self: Guard, data: bytes, page: int, width: int) -> bytes:
        asked.append(hashlib.sha256(data).hexdigest())
        raise TookTooLong("reading took longer than it may")

    monkeypatch.setattr(originals, "_given_up", {})
    monkeypatch.setattr(Guard, "render", slow)
    client = browser("roche")
    for _ in range(3):
        assert client.get(f"/documents/{paper_.pk}/images/1/1.png").status_code == 404
    assert asked == [hashlib.sha256(photo).hexdigest()], "it is not asked again for a while"
    assert client.get(f"/documents/{paper_.pk}/fichiers/1").content == photo
    assert client.get(f"/documents/{paper_.pk}/original").status_code == 200
    assert client.get(f"/documents/{paper_.pk}/").status_code == 200


def test_a_reader_that_is_busy_hides_no_image(world: World, browser: Browser, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.pipeline.guard import Guard, TookTooLong
    from vaguemestre.web import originals

    photo = saved(quarters(76, 38), "PNG")  # one that no other test left in the cache
    paper_ = kept(world, vault, "photo", mail(("photo.png", "image/png", photo)))

    def busy(self: Guard, *told: object) -> dict[str, object]:
        raise TookTooLong("the reader is busy")

    monkeypatch.setattr(originals, "_given_up", {})
    with monkeypatch.context() as patched:
        patched.setattr(Guard, "measure", busy)
        shown = article(page(browser, paper_))
        assert 'width="1000" height="750"' in shown
        (address,) = sources(shown)
        assert near(corners(seen(browser("roche").get(address))), QUARTERS, 0)
    originals._given_up.clear()
    assert 'width="76" height="38"' in article(page(browser, paper_)), "what was not known is not kept"


def test_the_pages_of_a_scanned_pdf_are_said_to_be_images(world: World, browser: Browser, vault: Path) -> None:
    paper_ = pdf_letter(world, vault)
    told = {"path": ["scan.pdf"], "warnings": [{"code": "unsupported", "detail": "The PDF has no text: its pages are images."}]}
    type(paper_).objects.filter(pk=paper_.pk).update(content=told, text="")
    shown = page(browser, paper_)
    assert "Les pages sont des images : leurs mots ne sont pas lus" in shown
    assert "ne se lit pas encore ici" not in shown


@pytest.mark.parametrize(
    "told",
    [
        None,
        "x",
        [None, 3, {}, {"media_type": None}, {"name": 3, "media_type": "image/png", "sha256": "x"}],
        [{"name": None, "media_type": "image/png", "sha256": "../../../etc/passwd"}],
        [{"name": "a", "media_type": "image/png", "sha256": "0" * 63 + "\n"}],
        [{"name": "a", "media_type": "image/png", "sha256": ["0" * 64]}],
    ],
)
def test_a_row_of_any_shape_is_no_error(world: World, browser: Browser, vault: Path, told: Any) -> None:
    paper_ = illustrated(world, vault)
    type(paper_).objects.filter(pk=paper_.pk).update(content={**paper_.content, "attachments": told})
    shown = article(page(browser, paper_))
    assert sources(shown) == []
    client = browser("roche")
    for address in ("images/1/1.png", "fichiers/1", "images/3/1.png"):
        assert client.get(f"/documents/{paper_.pk}/{address}").status_code == 404


# --- other bodies and files ---


def test_a_body_of_words_is_shown(world: World, browser: Browser, vault: Path) -> None:
    shown = article(page(browser, letter(world, vault, plain("Un &lt;b&gt; deux\n\nTrois"))))
    assert "<p>Un &lt;b&gt; deux</p><p>Trois</p>" in shown
    assert "Fichiers joints" not in shown


def test_a_body_of_html_is_shown_cleaned(world: World, browser: Browser, vault: Path) -> None:
    html = (
        b"<html><head><title>x</title></head><body onload='a()'><h2>Bilan</h2><p style='color:red'>Gras <b>ici</b>"
        b"<script>alert(1)</script><img src='http://piege.example/x.png'></p><ul><li>un</li></ul></body></html>"
    )
    shown = article(page(browser, letter(world, vault, packed(html, "text/html"))))
    assert "<h2>Bilan</h2>" in shown and "<b>ici</b>" in shown and "<li>un</li>" in shown
    assert not any(word in shown for word in ("alert(1)", "piege", "color:red", "onload"))
    assert "contenu actif" in shown
    assert "Fichiers joints" not in shown


def test_a_body_of_another_kind_is_a_sentence_and_a_file(world: World, browser: Browser, vault: Path) -> None:
    for name, kind, data in (("nonXMLBody.rtf", "text/rtf", b"{\\rtf1 Bonjour}"), ("nonXMLBody.dcm", "application/dicom", b"DICM" * 40)):
        paper_ = letter(world, vault, packed(data, kind), name)
        shown = article(page(browser, paper_))
        assert f'<a href="/documents/{paper_.pk}/fichiers/1" download>Télécharger {name}</a>' in shown
        assert "pas de texte" not in shown
        assert browser("roche").get(f"/documents/{paper_.pk}/fichiers/1").content == data


def test_a_mark_of_another_file_is_a_link_to_it(world: World, browser: Browser, vault: Path) -> None:
    words = '<paragraph>Joint : <renderMultiMedia referencedObject="NOTE"/></paragraph>'
    paper_ = letter(world, vault, structured(section("Suite", words, entries=media("NOTE", b"{\\rtf1 a}", "text/rtf"))))
    shown = article(page(browser, paper_))
    assert f'<a class="media" href="/documents/{paper_.pk}/fichiers/1" download>NOTE.rtf</a>' in shown
    assert "Fichiers joints" not in shown
    given = browser("roche").get(f"/documents/{paper_.pk}/fichiers/1")
    assert given["Content-Disposition"] == "attachment; filename=\"NOTE.rtf\"; filename*=UTF-8''NOTE.rtf"


# --- who may ---


def test_only_who_may_see_the_document_sees_its_images(world: World, browser: Browser, vault: Path) -> None:
    from vaguemestre.records.models import TraceEvent

    paper_ = illustrated(world, vault)
    addresses = [f"/documents/{paper_.pk}/{rest}" for rest in ("images/1/1.png", "images/2/1.png", "fichiers/1")]
    refused = TraceEvent.objects.filter(event="access-refused")
    for login in ("roche", "accueil"):
        for address in addresses:
            assert browser(login).get(address).status_code == 200, (login, address)
    assert refused.count() == 0
    for login in ("fabre", "admin"):
        for address in addresses:
            answer = browser(login).get(address)
            assert answer.status_code == 404
            assert answer["Content-Type"].startswith("text/html"), "no image, not even of a sentence"
    assert refused.count() == 6
    assert set(refused.values_list("object", flat=True)) == {f"document:{paper_.pk}"}
    for address in addresses:
        assert browser().get(address).status_code == 302
        assert browser("roche").post(address).status_code == 405


@pytest.mark.parametrize(
    "rest",
    ["images/0/1.png", "images/3/1.png", "images/1/0.png", "images/1/2.png", "images/1/61.png", "images/999999/1.png",
     "images/-1/1.png", "images/1/1.jpg", "fichiers/0", "fichiers/3", "fichiers/x", "pages/1.png"],
)  # fmt: skip
def test_numbers_of_nothing_are_404(world: World, browser: Browser, vault: Path, rest: str) -> None:
    paper_ = illustrated(world, vault)
    assert browser("roche").get(f"/documents/{paper_.pk}/{rest}").status_code == 404


def test_a_file_that_is_no_image_is_not_drawn(world: World, browser: Browser, vault: Path) -> None:
    paper_ = letter(world, vault, packed(b"{\\rtf1 a}", "text/rtf"))
    answer = browser("roche").get(f"/documents/{paper_.pk}/images/1/1.png")
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (404, "text/html")


def test_a_file_taken_away_is_traced(world: World, browser: Browser, vault: Path) -> None:
    from vaguemestre.records.models import TraceEvent

    paper_ = illustrated(world, vault)
    browser("accueil").get(f"/documents/{paper_.pk}/fichiers/2")
    (event,) = TraceEvent.objects.filter(event="document-downloaded")
    assert (event.object, event.result) == (f"document:{paper_.pk}", "file")
