"""Images in place: those of a CDA's narrative, of its body, scanned letters and photos of a mail."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.corpus.cda_build import document as cda
from tests.corpus.cda_build import encoded, media, packed, section, structured
from tests.corpus.images import BLUE, GREEN, QUARTERS, RED, WHITE, fax, paper, quarters, saved, turned
from tests.corpus.xdm_build import archive
from tests.formats.test_image import corners, near
from tests.web.illustrations import DRAWING, PHOTO, SEEN, UNSHOWN, illustrated, kept, letter, mail, seen, sources
from tests.web.test_letters import article, page
from tests.web.test_pages import _Tags
from tests.web.world import World, document, stated

Browser = Callable[..., Any]


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


# --- in its place ---


def test_the_images_of_a_letter_stand_in_its_words(world: World, browser: Browser, vault: Path) -> None:
    paper_ = illustrated(world, vault)
    assert "<img" not in paper_.html and "/documents/" not in paper_.html, "what is kept knows no address"
    shown = page(browser, paper_)
    first, second = f"/documents/{paper_.pk}/images/1/1.png", f"/documents/{paper_.pk}/images/2/1.png"
    assert sources(shown) == [first, second]
    order = [shown.index(words) for words in ("<p>Voir ", first, "puis la suite.", "<td>Schéma</td>", second)]
    assert order == sorted(order)
    one, other = re.findall(r"<img[^>]*>", article(shown))
    assert 'alt="Lésion de l&#x27;avant-bras"' in one and 'width="80" height="40"' in one
    assert 'alt="SCHEMA.png"' in other and 'width="60" height="60"' in other
    assert '<span class="caption">Lésion de l&#x27;avant-bras</span>' in shown
    for place, name in ((1, "LESION.jpg"), (2, "SCHEMA.png")):
        assert f'href="/documents/{paper_.pk}/fichiers/{place}" download>Télécharger <span class="name">{name}</span>' in shown
    assert UNSHOWN not in shown and 'id="images"' not in shown and 'id="fichiers"' not in shown
    client = browser("roche")
    assert near(corners(seen(client.get(first))), QUARTERS, 8)
    assert near(corners(seen(client.get(second))), QUARTERS, 0)
    tags = _Tags()
    tags.feed(shown)
    assert tags.faults == []


def test_what_is_sent_is_drawn_by_us_and_kept(world: World, browser: Browser, vault: Path, data_directory: Path) -> None:
    exif = Image.Exif()
    exif[270] = "PATIENTE SECRETE"
    photo = saved(quarters(), "JPEG", exif=exif)
    paper_ = letter(world, vault, structured(section("Examen", SEEN, entries=media("LESION", photo, "image/jpeg"))))
    address = f"/documents/{paper_.pk}/images/1/1.png"
    first = browser("roche").get(address)
    assert b"SECRETE" in photo and b"SECRETE" not in first.content
    digest = hashlib.sha256(photo).hexdigest()
    assert (data_directory / "cache" / f"{digest}.1.1000.png").read_bytes() == first.content
    page(browser, paper_)
    assert f"{digest}.1000.image" in {path.name for path in (data_directory / "cache").iterdir()}
    assert browser("roche").get(address).content == first.content


def test_a_spoilt_note_in_the_cache_is_made_again(world: World, browser: Browser, vault: Path, data_directory: Path) -> None:
    paper_ = illustrated(world, vault)
    (data_directory / "cache").mkdir(exist_ok=True)
    for spoilt in (b"", b"[", b'{"sizes": 3}'):
        (data_directory / "cache" / f"{hashlib.sha256(PHOTO).hexdigest()}.1000.image").write_bytes(spoilt)
        assert len(sources(page(browser, paper_))) == 2


def test_images_that_the_words_do_not_name_stand_below(world: World, browser: Browser, vault: Path) -> None:
    files = media("LESION", PHOTO, "image/jpeg") + media(None, DRAWING, "image/png")
    words = '<paragraph>Voir <renderMultiMedia referencedObject="LESION"/>.</paragraph>'
    paper_ = letter(world, vault, structured(section("Examen", words, entries=files)))
    shown = article(page(browser, paper_))
    assert sources(shown) == [f"/documents/{paper_.pk}/images/{place}/1.png" for place in (1, 2)]
    below = shown.split('<section class="card" id="images">')[1]
    assert "/images/2/1.png" in below and "/images/1/1.png" not in below
    assert 'href="#images"' in shown


def test_an_image_past_the_cut_of_a_long_narrative_stands_below(world: World, browser: Browser, vault: Path) -> None:
    from vaguemestre.web.narrative import MOST

    paper_ = illustrated(world, vault)
    type(paper_).objects.filter(pk=paper_.pk).update(html="<p>" + "a" * MOST + "</p>" + paper_.html)
    shown = article(page(browser, paper_))
    below = shown.split('<section class="card" id="images">')[1]
    assert len(sources(below)) == 2
    assert "trop long" in shown


def test_the_same_image_named_without_end_is_placed_so_many_times(world: World, browser: Browser, vault: Path) -> None:
    from vaguemestre.web.narrative import MOST_PLACED

    words = '<paragraph><renderMultiMedia referencedObject="LESION"/></paragraph>' * (MOST_PLACED + 20)
    paper_ = letter(world, vault, structured(section("Examen", words, entries=media("LESION", PHOTO, "image/jpeg"))))
    shown = article(page(browser, paper_))
    assert len(sources(shown)) == MOST_PLACED
    assert shown.count('<span class="media">LESION.jpg</span>') == 20


def test_a_region_names_the_image_that_it_holds(world: World, browser: Browser, vault: Path) -> None:
    inner = media("LESION", PHOTO, "image/jpeg").removeprefix("<entry>").removesuffix("</entry>")
    region = (
        '<entry><regionOfInterest classCode="ROIOVL" moodCode="EVN" ID="ZONE"><code code="ELLIPSE"/>'
        f'<entryRelationship typeCode="SUBJ">{inner}</entryRelationship></regionOfInterest></entry>'
    )
    words = '<paragraph><renderMultiMedia referencedObject="ZONE"/></paragraph>'
    shown = article(page(browser, letter(world, vault, structured(section("Examen", words, entries=region)))))
    assert len(sources(shown)) == 1 and 'id="images"' not in shown
    assert "Ce type de contenu ne se lit pas encore ici" in shown, "the mark on it is not drawn"


def test_a_mark_made_by_hand_shows_nothing_of_another_document(world: World, browser: Browser, vault: Path) -> None:
    illustrated(world, vault)
    html = '<p><span class="media">LESION.jpg</span><span class="media">&lt;script&gt;x()</span></p>'
    other = document(world, "autre", "roche", html=html, format="html", stated=stated("A", "B", None))
    shown = article(page(browser, other))
    assert sources(shown) == []
    assert '<span class="media">LESION.jpg</span><span class="media">&lt;script&gt;x()</span>' in shown


def test_names_and_captions_are_escaped(world: World, browser: Browser, vault: Path) -> None:
    caption = '&lt;script&gt;a("b")&lt;/script&gt; &amp;amp; x'
    words = f'<paragraph><renderMultiMedia referencedObject="L"><caption>{caption}</caption></renderMultiMedia></paragraph>'
    shown = article(page(browser, letter(world, vault, structured(section("Examen", words, entries=media("L", PHOTO, "image/jpeg"))))))
    assert 'alt="&lt;script&gt;a(&quot;b&quot;)&lt;/script&gt; &amp;amp; x"' in shown
    assert "<script>a(" not in shown
    tags = _Tags()
    tags.feed(shown)
    assert tags.faults == []


# --- bodies and attachments ---


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PHOTO, "image/jpeg"),
        (DRAWING, "image/png"),
        (saved(quarters(), "GIF"), "image/gif"),
        (saved(quarters(), "TIFF"), "image/tiff"),
        (saved(quarters(), "BMP"), "image/bmp"),
        (PHOTO, None),
        (PHOTO, "application/octet-stream"),
        (PHOTO, "text/plain"),
        (PHOTO, "image/png"),
    ],
)
def test_a_body_that_is_an_image_is_shown_as_pages_are(world: World, browser: Browser, vault: Path, data: bytes, kind: str | None) -> None:
    paper_ = letter(world, vault, packed(data, kind))
    assert paper_.format == "cda-n1"
    shown = article(page(browser, paper_))
    (address,) = sources(shown)
    assert address == f"/documents/{paper_.pk}/images/1/1.png"
    assert 'loading="eager"' in shown and 'class="image"' in shown
    assert "pas de texte" not in shown and UNSHOWN not in shown
    assert near(corners(seen(browser("roche").get(address))), QUARTERS, 8)


def test_a_scanned_letter_in_a_cda_shows_each_of_its_sheets(world: World, browser: Browser, vault: Path) -> None:
    paper_ = letter(world, vault, packed(fax(paper(), paper(), paper(400, 300)), "image/tiff"))
    shown = article(page(browser, paper_))
    assert sources(shown) == [f"/documents/{paper_.pk}/images/1/{sheet}.png" for sheet in (1, 2, 3)]
    assert 'width="800" height="1132"' in shown and 'width="400" height="300"' in shown
    client = browser("roche")
    assert [seen(client.get(address)).size for address in sources(shown)] == [(800, 1132), (800, 1132), (400, 300)]
    assert client.get(f"/documents/{paper_.pk}/images/1/4.png").status_code == 404


@pytest.mark.parametrize(
    ("name", "kind", "data", "expected"),
    [
        ("photo.jpg", "image/jpeg", PHOTO, QUARTERS),
        ("photo.jpg", "image/jpeg", turned("JPEG", 3), (WHITE, BLUE, GREEN, RED)),
        ("scan.tif", "image/tiff", saved(quarters(), "TIFF"), QUARTERS),
    ],
)
def test_an_image_attached_to_a_mail_is_shown_as_pages_are(
    world: World, browser: Browser, vault: Path, name: str, kind: str, data: bytes, expected: Any
) -> None:
    paper_ = kept(world, vault, "photo", mail((name, kind, data)))
    assert (paper_.format, paper_.unreadable) == ("image", False)
    shown = page(browser, paper_)
    (address,) = sources(shown)
    assert address == f"/documents/{paper_.pk}/pages/1.png"
    assert near(corners(seen(browser("roche").get(address))), expected, 25)
    assert "n'a pas pu être lu" not in shown and "ne se lit pas encore" not in shown
    assert "leurs mots ne sont pas lus" in shown
    assert browser("roche").get(f"/documents/{paper_.pk}/original").content == data


def test_an_image_in_an_archive_is_shown_too(world: World, browser: Browser, vault: Path) -> None:
    data = mail(("IHE_XDM.zip", "application/zip", archive(("DOC00001.JPG", PHOTO))))
    paper_ = kept(world, vault, "archive", data)
    assert paper_.format == "image"
    (address,) = sources(page(browser, paper_))
    assert near(corners(seen(browser("roche").get(address))), QUARTERS, 8)


def test_a_letter_in_an_archive_shows_its_images(world: World, browser: Browser, vault: Path) -> None:
    letter_ = encoded(cda(structured(section("Examen", SEEN, entries=media("LESION", PHOTO, "image/jpeg")))))
    paper_ = kept(world, vault, "archive-cda", mail(("IHE_XDM.zip", "application/zip", archive(("DOC00001.XML", letter_)))))
    assert paper_.format == "cda-n3"
    (address,) = sources(page(browser, paper_))
    assert near(corners(seen(browser("roche").get(address))), QUARTERS, 8)


def test_pages_past_the_bound_are_told(world: World, browser: Browser, vault: Path) -> None:
    paper_ = kept(world, vault, "fax", mail(("fax.tif", "image/tiff", fax(*[paper(40, 40)] * 63))))
    shown = article(page(browser, paper_))
    assert len(sources(shown)) == 60
    assert "3 pages de plus" in shown
    assert browser("roche").get(f"/documents/{paper_.pk}/pages/61.png").status_code == 404


def test_the_pages_of_all_images_have_one_bound(world: World, browser: Browser, vault: Path) -> None:
    files = "".join(media(f"F{n}", fax(*[paper(40 + n, 40)] * 25), "image/tiff") for n in range(3))
    paper_ = letter(world, vault, structured(section("Examen", "<paragraph>Trois fax.</paragraph>", entries=files)))
    shown = article(page(browser, paper_))
    assert [len([a for a in sources(shown) if f"/images/{n}/" in a]) for n in (1, 2, 3)] == [25, 25, 10]
    assert "15 pages de plus" in shown


def test_an_animation_says_that_it_is_one(world: World, browser: Browser, vault: Path) -> None:
    views = saved(Image.new("RGB", (30, 30), RED), "GIF", save_all=True, append_images=[Image.new("RGB", (30, 30), BLUE)])
    paper_ = kept(world, vault, "animation", mail(("echo.gif", "image/gif", views)))
    shown = article(page(browser, paper_))
    assert "Image animée : seule sa première vue est montrée." in shown
    assert near(corners(seen(browser("roche").get(sources(shown)[0]))), (RED,) * 4, 0)


def test_an_unread_image_waits_with_a_reason_that_is_true(world: World, browser: Browser, vault: Path) -> None:
    paper_ = kept(world, vault, "photo", mail(("photo.jpg", "image/jpeg", PHOTO)))
    type(paper_).objects.filter(pk=paper_.pk).update(decision="review", patient=None, rule="N", reason="unreadable")
    shown = page(browser, paper_)
    assert "Une image ne dit pas en toutes lettres de quel patient elle parle." in shown
    listed = browser("roche").get("/?liste=a-verifier").content.decode()
    row = next(row for row in listed.split("<li ") if f'href="/documents/{paper_.pk}/' in row)
    assert "illisible" not in row and "Une image ne dit pas" in row
