"""Images and other files in a CDA: what they are taken for, which words name them, and bodies of HTML."""

from __future__ import annotations

import pytest

from tests import needs
from tests.corpus.cda_build import document, media, packed, plain, section, structured
from tests.corpus.images import fax, paper, quarters, saved
from tests.formats.test_cda import codes, read
from vaguemestre.formats import cda, image

JPEG, PNG, GIF, TIFF = saved(quarters(), "JPEG"), saved(quarters(), "PNG"), saved(quarters(), "GIF"), fax(paper(40, 40))


@pytest.mark.parametrize(
    ("data", "declared", "kind", "name"),
    [
        (JPEG, "image/jpeg", "image/jpeg", "nonXMLBody.jpg"),
        (TIFF, "image/tiff", "image/tiff", "nonXMLBody.tif"),
        (GIF, None, "image/gif", "nonXMLBody.gif"),
        (PNG, "application/octet-stream", "image/png", "nonXMLBody.png"),
        (PNG, "text/plain", "image/png", "nonXMLBody.png"),
        (JPEG, "application/pdf", "image/jpeg", "nonXMLBody.jpg"),
        (PNG, "image/jpeg", "image/jpeg", "nonXMLBody.jpg"),
        (b"<svg/>", "image/svg+xml", "image/svg+xml", "nonXMLBody.bin"),
        (b"DICM", "application/dicom", "application/dicom", "nonXMLBody.dcm"),
    ],
)
def test_what_a_body_is_taken_for(data: bytes, declared: str | None, kind: str, name: str) -> None:
    found = read(document(packed(data, declared)))
    assert [(one.media_type, one.name, one.data) for one in found.embedded] == [(kind, name, data)]
    assert (found.text, found.html, codes(found)) == ("", "", [])


def _region(identifier: str, inner: str) -> str:
    held = inner.removeprefix("<entry>").removesuffix("</entry>")
    return (
        f'<entry><regionOfInterest classCode="ROIOVL" moodCode="EVN"{identifier}><code code="POLY"/><value value="1"/>'
        f'<entryRelationship typeCode="SUBJ">{held}</entryRelationship></regionOfInterest></entry>'
    )


def test_the_words_may_name_an_image_by_the_region_on_it() -> None:
    words = '<paragraph><renderMultiMedia referencedObject="ZONE"/>, <renderMultiMedia referencedObject="VUE"/></paragraph>'
    found = read(document(structured(section("I", words, entries=_region(' ID="ZONE"', media("VUE", JPEG, "image/jpeg"))))))
    mark = '<span class="media">VUE.jpg</span>'
    assert found.html == f"<h2>I</h2><p>{mark}, {mark}</p>"
    assert codes(found) == ["unsupported"], "the region itself is not drawn"
    unnamed = read(document(structured(section("I", words, entries=_region("", media("VUE", JPEG, "image/jpeg"))))))
    assert unnamed.html == f"<h2>I</h2><p>, {mark}</p>"


def test_an_image_without_a_region_warns_of_nothing() -> None:
    words = '<paragraph><renderMultiMedia referencedObject="VUE"/></paragraph>'
    assert codes(read(document(structured(section("I", words, entries=media("VUE", JPEG, "image/jpeg")))))) == []


def test_a_body_of_html_keeps_its_shape_and_nothing_that_acts() -> None:
    body = b"<html><body><h2>A</h2><p onclick='x()'>B <b>c</b><img src='http://x.example/i.png'></p><script>y()</script></body></html>"
    found = read(document(packed(body, "text/html")))
    assert found.html == "<h2>A</h2><p>B <b>c</b></p>"
    assert found.text == "A\n\nB c"
    assert codes(found) == ["active-content-removed"]


def test_a_body_of_words_is_never_html() -> None:
    found = read(document(plain("&lt;b&gt;x&lt;/b&gt;")))
    assert (found.text, found.html) == ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>")


def test_a_body_of_rich_text_is_kept_as_a_file_and_said() -> None:
    found = read(document(packed(b"{\\rtf1 a}", "text/rtf")))
    assert [(one.name, one.media_type) for one in found.embedded] == [("nonXMLBody.rtf", "text/rtf")]
    assert (found.text, found.html, codes(found)) == ("", "", ["unsupported"])


@pytest.mark.parametrize(("folder", "count"), [("cda", 14), ("cda-2-41", 4)])
def test_every_image_of_the_samples_is_named_by_its_words_and_can_be_drawn(folder: str, count: int) -> None:
    found = 0
    for path in sorted((needs.samples() / folder).glob("*.xml")):
        told = cda.read(path.read_bytes())
        for one in told.embedded:
            if one.media_type.startswith("image/"):
                found += 1
                assert f'<span class="media">{one.name}</span>' in told.html
                assert image.measure(one.data, 1_000, 60).pages == 1
                assert image.render(one.data, 0, 1_000).startswith(b"\x89PNG")
    assert found == count
