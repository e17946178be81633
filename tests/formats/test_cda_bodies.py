"""The body of a CDA and the files in it: kinds, base64, compression, names, bounds, which are the whole document."""

from __future__ import annotations

import base64
import gzip
import re
import time
import tracemalloc
import zlib

import pytest

from tests.corpus.cda_build import (
    document,
    encoded,
    media,
    packed,
    plain,
    section,
    structured,
)
from tests.formats.test_cda import PDF, PICTURE, codes, read
from vaguemestre.formats import cda


def test_level_1_of_a_pdf() -> None:
    found = read(document(packed(PDF, "application/pdf")))
    assert (found.level, found.text, found.html) == ("cda-n1", "", "")
    assert [(one.name, one.media_type, one.data, one.rendering) for one in found.embedded] == [
        ("nonXMLBody.pdf", "application/pdf", PDF, True)
    ]


@pytest.mark.parametrize(
    ("body", "kind", "data"),
    [
        (packed(PDF, "application/pdf; charset=binary"), "application/pdf", PDF),
        (packed(PDF, "application/pdf", None), "application/pdf", PDF),
        (packed(PDF, "text/plain"), "application/pdf", PDF),
        (packed(PDF, None), "application/pdf", PDF),
        (packed(PICTURE, "IMAGE/JPEG"), "image/jpeg", PICTURE),
        (packed(b"{\\rtf1 essai}", "text/rtf"), "text/rtf", b"{\\rtf1 essai}"),
        (plain("{\\rtf1 essai}", "text/rtf"), "text/rtf", b"{\\rtf1 essai}"),
        (plain(" Bonjour ", None, None), "text/plain", b"Bonjour"),
        (plain("<![CDATA[<p>A &amp; B</p>]]>", "text/html"), "text/html", b"<p>A &amp; B</p>"),
        (packed(b"autre", "a/b c"), "application/octet-stream", b"autre"),
        (plain(base64.b64encode(PDF).decode() + "<thumbnail>AAAA</thumbnail>", "application/pdf", "B64"), "application/pdf", PDF),
        (plain("\t".join(base64.b64encode(PDF).decode()), "application/pdf", "B64"), "application/pdf", PDF),
    ],
)
def test_bodies_of_every_kind(body: str, kind: str, data: bytes) -> None:
    (one,) = read(document(body)).embedded
    assert (one.media_type, one.data, one.rendering) == (kind, data, True)


def test_words_of_a_plain_body() -> None:
    found = read(document(plain("Un &lt;b&gt; &amp; deux\nTrois\n\nQuatre")))
    assert found.text == "Un <b> & deux\nTrois\n\nQuatre"
    assert found.html == "<p>Un &lt;b&gt; &amp; deux<br/>Trois</p><p>Quatre</p>"


@pytest.mark.parametrize("cut", range(1, 8))
def test_base64_cut_short_is_told_and_kept(cut: int) -> None:
    text = base64.b64encode(PDF).decode().rstrip("=")
    found = read(document(plain(text[:-cut], "application/pdf", "B64")))
    (one,) = found.embedded
    assert one.data[: len(one.data) - 3] == PDF[: len(one.data) - 3] and len(one.data) >= len(PDF) - cut - 3
    assert codes(found) == ([] if len(text[:-cut]) % 4 == 0 else ["malformed"])


def test_a_body_that_is_empty_or_elsewhere() -> None:
    assert codes(read(document(plain("", "application/pdf", "B64")))) == ["malformed"]
    assert codes(read(document(plain('<reference value="http://hostile.example/x.pdf"/>', "application/pdf", None)))) == ["malformed"]
    assert codes(read(document("<component><nonXMLBody/></component>"))) == ["malformed"]


def test_only_the_pdf_of_the_copy_section_is_a_rendering() -> None:
    template = '<templateId root="1.2.250.1.213.1.1.2.243"/>'
    found = read(
        document(
            structured(
                section("Copie", "", code=template, entries=media("a", PDF, "application/pdf") + media("b", PICTURE, "image/jpeg")),
                section("Autres", "", code='<code code="55107-7"/>', entries=media("nonXMLBody", PDF + b"2", "application/pdf")),
            )
        )
    )
    assert [(one.name, one.rendering) for one in found.embedded] == [("a.pdf", True), ("b.jpg", False), ("nonXMLBody.pdf", False)]


def test_names_of_files_are_safe_and_each_once() -> None:
    entries = "".join(
        media(name, PICTURE + bytes([n]), "image/jpeg") for n, name in enumerate([None, "../../x y", "x", "x", "x-4", "é" * 300])
    )
    names = [one.name for one in read(document(structured(section("I", "", entries=entries)))).embedded]
    assert len(set(names)) == 6 and all(re.fullmatch(r"[\w-][\w.-]{0,99}\.jpg", name) for name in names)
    assert names[:3] == ["media-1.jpg", "x_y.jpg", "x.jpg"]


@pytest.mark.parametrize(("name", "window"), [("DF", -15), ("ZL", 15)])
def test_compressed_files(name: str, window: int) -> None:
    packer = zlib.compressobj(wbits=window)
    data = packer.compress(PDF * 50) + packer.flush()
    (one,) = read(document(structured(section("I", "", entries=media("a", data, "application/pdf", f' compression="{name}"'))))).embedded
    assert one.data == PDF * 50


def test_compression_that_lies_or_bursts() -> None:
    def one(data: bytes, name: str) -> cda.Read:
        return read(document(structured(section("I", "", entries=media("a", data, "image/jpeg", f' compression="{name}"')))))

    assert one(PICTURE, "DF").embedded[0].data == PICTURE
    assert codes(one(b"rien", "GZ")) == codes(one(b"rien", "BZ")) == ["unsupported"]
    burst = gzip.compress(bytes(100_000_000))
    tracemalloc.start()
    found = one(burst, "GZ")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert codes(found) == ["too-large"] and not found.embedded and peak < 200_000_000


def test_many_files_are_bounded() -> None:
    entries = "".join(media(None, PICTURE + str(n).encode(), "image/jpeg") for n in range(cda.MAX_EMBEDDED + 50))
    found = read(document(structured(section("I", "", entries=entries))))
    assert len(found.embedded) == cda.MAX_EMBEDDED and codes(found) == ["too-large"]


def test_eleven_megabytes_of_base64() -> None:
    data = encoded(document(packed(PDF + bytes(range(256)) * 32_500, "application/pdf")))
    assert len(data) > 11_000_000
    tracemalloc.start()
    start = time.process_time()
    found = cda.read(data)
    spent = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.attachments[0].size > 8_000_000
    assert spent < 0.6
    assert peak < 60_000_000  # beside the parser's own tree, which holds the text once
