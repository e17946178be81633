"""RTF that is cut, nested, endless or lies about its lengths."""

from __future__ import annotations

import pytest

from tests.corpus.file_build import paragraphs, rtf
from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import rtf as reader

WHOLE = rtf(paragraphs("Lettre d'essai.", r"{\b Gras} et \u233?, \'e9."))

ATTACKS = {
    "nested": b"{\\rtf1 " + b"{" * 1_000_000,
    "nested and closed": b"{\\rtf1 " + b"{\\b " * 100_000 + b"}" * 100_000 + b"}",
    "closed only": b"{\\rtf1 a" + b"}" * 1_000_000,
    "as many words": b"{\\rtf1 " + b"\\par " * 2_000_000 + b"}",
    "octets that are not there": b"{\\rtf1 \\bin2147483647 a}",
    "octets of less than nothing": b"{\\rtf1 \\bin-5 aaaa}",
    "a number without end": b"{\\rtf1 \\fs" + b"9" * 500_000 + b" a}",
    "a word without end": b"{\\rtf1 \\" + b"a" * 2_000_000 + b"}",
    "letters to leave out": b"{\\rtf1 \\uc32767" + b"\\u233" * 100_000 + b"}",
    "half a pair of letters": b"{\\rtf1 " + b"\\u-10179?" * 100_000 + b"}",
    "a picture of nothing": b"{\\rtf1 " + b"{\\pict\\pngblip " * 20_000 + b"}",
    "a large picture": b"{\\rtf1 {\\pict\\pngblip " + b"89504e47" * 2_000_000 + b"}}",
    "as many fonts": b"{\\rtf1{\\fonttbl" + b"".join(b"{\\f%d A;}" % n for n in range(100_000)) + b"}a}",
    "cells without end": b"{\\rtf1 " + b"\\trowd" + b"\\cellx1" * 200_000 + b"a\\cell" * 200_000 + b"\\row}",
    "rows without end": b"{\\rtf1 " + b"\\trowd\\cellx1 a\\cell\\row " * 100_000 + b"}",
    "backslashes": b"{\\rtf1 " + b"\\" * 2_000_000,
    "NUL": b"{\\rtf1 " + b"\0" * 5_000_000,
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_files_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(reader.read, data)
    if isinstance(found, reader.Read):
        assert len(found.text) <= 2_000_000 and len(found.html) <= 4_000_000


def test_cut_anywhere() -> None:
    cut_everywhere(reader.read, WHOLE)
