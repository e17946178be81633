"""Outlook parts that are cut, nested, or lie about their lengths."""

from __future__ import annotations

import struct

import pytest

from tests.corpus.file_build import packed_rtf, winmail, winmail_with_message
from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import tnef

WHOLE = winmail(("essai.txt", b"Texte d'essai."), rtf_words=b"{\\rtf1 Essai}", words="Essai", html=b"<p>Essai</p>")
HEAD = b"\x78\x9f\x3e\x22\x01\x00"


def nested(depth: int) -> bytes:
    data = WHOLE
    for _ in range(depth):
        data = winmail_with_message("dedans", data)
    return data


ATTACKS = {
    "in each other": nested(60),
    "as many attachments": winmail(*[(f"{n}.txt", b"a") for n in range(3_000)]),
    "as many attributes": HEAD + (b"\x01\x04\x80\x01\x00" + struct.pack("<I", 0) + b"\0\0") * 200_000,
    "a length past the end": HEAD + b"\x01\x04\x80\x01\x00" + struct.pack("<I", 0xFFFFFFFF) + b"a",
    "as many properties": HEAD + b"\x01\x03\x90\x06\x00" + struct.pack("<I", 8) + struct.pack("<I", 0xFFFFFFFF) + b"\0\0\0\0\0\0",
    "a property of many values": HEAD
    + b"\x01\x03\x90\x06\x00"
    + struct.pack("<I", 16)
    + struct.pack("<IHHII", 1, 0x101F, 0x1000, 0xFFFFFFFF, 0)[:16]
    + b"\0\0",
    "RTF that is packed of itself": winmail(rtf_words=b"a" * 10)[:-40] + b"\xff" * 100_000,
    "RTF that says it is large": winmail(rtf_words=b"{\\rtf1 a}").replace(struct.pack("<I", 9), struct.pack("<I", 0x7FFFFFFF)),
    "nothing but its head": HEAD,
    "NUL": HEAD + b"\0" * 5_000_000,
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_files_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(tnef.read, data)
    if isinstance(found, tnef.Read):
        assert len(found.files) <= tnef.MAX_ATTACHMENTS + 5


def test_packed_rtf_that_repeats_without_end() -> None:
    """References to what was written last: 17 octets of words for each 2 of the file."""
    body = (b"\xff" + b"\x00\x0f" * 8) * 50_000
    data = struct.pack("<IIII", len(body) + 12, 0x7FFFFFFF, 0x75465A4C, 0) + body
    within_bounds(tnef.unpacked, data)


def test_cut_anywhere() -> None:
    cut_everywhere(tnef.read, WHOLE)
    cut_everywhere(tnef.unpacked, packed_rtf(b"{\\rtf1 Lettre d'essai, assez longue.}"))
