"""PDF files that are cut, point to themselves, are packed tighter than any text, or act."""

from __future__ import annotations

import zlib

import pytest

from tests.corpus.pdfs import text_pdf
from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import pdf, pdf_strip

WHOLE = text_pdf(["Lettre d'essai.", "Deuxième ligne."], ["Page 2"])


def written(*objects: bytes) -> bytes:
    """Objects numbered from 1, the first the catalogue."""
    out = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def stream(content: bytes, more: bytes = b"") -> bytes:
    made = zlib.compress(content, 9)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream" % (len(made), more, made)


CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"

ATTACKS = {
    "pages that hold themselves": written(CATALOG, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"),
    "pages without end": written(CATALOG, b"<</Type/Pages/Kids[%s]/Count 10000>>" % (b"3 0 R " * 10_000), PAGE, stream(b"")),
    "a count that lies": written(CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 2147483647>>", PAGE, stream(b"")),
    "a bomb": written(CATALOG, PAGES, PAGE, stream(b"BT (a) Tj ET " * 2_000_000)),
    "packed of packed": written(CATALOG, PAGES, PAGE, stream(zlib.compress(b"a" * 20_000_000), b"/DecodeParms[null null]")),
    "states saved without end": written(CATALOG, PAGES, PAGE, stream(b"q " * 1_000_000)),
    "nested arrays": written(CATALOG, PAGES, PAGE, b"[" * 200_000 + b"]" * 200_000),
    "nested dictionaries": written(CATALOG, PAGES, PAGE, b"<</A" * 100_000 + b" 1" + b">>" * 100_000),
    "a page of kilometres": written(CATALOG, PAGES, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 1e9 1e9]>>"),
    "a page of no size": written(CATALOG, PAGES, b"<</Type/Page/Parent 2 0 R/MediaBox[5 5 5 5]>>"),
    "files that hold themselves": written(
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 4 0 R>>>>", PAGES, PAGE, b"<</Kids[4 0 R 4 0 R]/Names[(a) 4 0 R]>>"
    ),
    "what it acts on holds itself": written(
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>", PAGES, PAGE, b"<</S/JavaScript/JS(a)/Next 4 0 R>>"
    ),
    "an index that points to itself": b"%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF\n",
    "nothing but its head": b"%PDF-1.7\n" + b"\0" * 2_000_000 + b"%%EOF",
    "objects without end": b"%PDF-1.7\n" + b"1 0 obj\n<<>>\nendobj\n" * 100_000 + b"%%EOF",
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_files_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(pdf.read, data)
    if isinstance(found, pdf.Read):
        assert len(found.text) <= pdf.MAX_TEXT
    within_bounds(pdf.pages, data)
    within_bounds(pdf.embedded, data)
    within_bounds(lambda octets: pdf.render(octets, 0, 800), data)
    within_bounds(pdf_strip.stripped, data)


def test_cut_anywhere() -> None:
    for reader in (pdf.read, pdf.embedded, pdf_strip.stripped):
        cut_everywhere(reader, WHOLE, 150)
