"""winmail.dat: attachments, words in three writings, messages inside; the packing of RTF by the standard's own examples."""

from __future__ import annotations

import binascii
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.file_build import mapi, packed_rtf, paragraphs, rtf, winmail, winmail_with_message
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.formats import tnef

LETTER = rtf(paragraphs("Bonjour,", "voici les résultats."))


def files(data: bytes) -> list[tuple[str, bytes, bool]]:
    return [(file.name, file.data, file.is_words) for file in tnef.read(data).files]


def codes(data: bytes) -> list[str]:
    return [warning.code for warning in tnef.read(data).warnings]


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        # MS-OXRTFCP 4.1 and 4.2: with references to the dictionary, and one that overlaps itself
        (
            "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0",
            b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
        ),
        ("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0", b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"),
    ],
)
def test_the_standards_examples(packed: str, plain: bytes) -> None:
    assert tnef.unpacked(bytes.fromhex(packed)) == plain


def test_rtf_that_is_not_packed_and_rtf_that_is_damaged() -> None:
    plain = b"{\\rtf1 x}"
    assert tnef.unpacked(struct.pack("<IIII", len(plain) + 12, len(plain), 0x414C454D, 0) + plain) == plain
    assert tnef.unpacked(packed_rtf(LETTER)) == LETTER
    damaged = bytearray(packed_rtf(LETTER))
    damaged[30] ^= 1
    for broken in (bytes(damaged), b"", packed_rtf(LETTER)[:12], packed_rtf(LETTER)[:-1]):
        with pytest.raises(Unreadable):
            tnef.unpacked(broken)


@pytest.mark.parametrize("length", range(9))
def test_each_length_of_packed_rtf(length: int) -> None:
    assert tnef.unpacked(packed_rtf(b"x" * (16 + length))) == b"x" * (16 + length)


def test_attachments_in_order_with_their_long_names() -> None:
    data = winmail(("courrier du 12 mars.pdf", b"%PDF-1.4"), ("été.hpr", b"x"))
    assert files(data) == [("courrier du 12 mars.pdf", b"%PDF-1.4", False), ("été.hpr", b"x", False)]
    assert codes(data) == []


def test_one_fact_changes_alone() -> None:
    before = files(winmail(("a.pdf", b"%PDF-1.4"), ("b.hpr", b"x"), words="Bonjour"))
    assert files(winmail(("a.pdf", b"%PDF-1.5"), ("b.hpr", b"x"), words="Bonjour")) == [before[0], ("a.pdf", b"%PDF-1.5", False), before[2]]
    assert files(winmail(("c.pdf", b"%PDF-1.4"), ("b.hpr", b"x"), words="Bonjour")) == [before[0], ("c.pdf", b"%PDF-1.4", False), before[2]]
    assert files(winmail(("a.pdf", b"%PDF-1.4"), ("b.hpr", b"x"), words="Bonsoir")) == [("body.txt", b"Bonsoir", True), *before[1:]]


def test_the_richest_words_are_taken() -> None:
    html = b"<html><p>Bonjour</p></html>"
    assert files(winmail(rtf_words=LETTER, words="Bonjour", html=html)) == [("body.html", html, True)]
    assert files(winmail(rtf_words=LETTER, words="Bonjour")) == [("body.rtf", LETTER, True)]
    assert files(winmail(words="Été")) == [("body.txt", "Été".encode(), True)]
    assert files(winmail()) == []


def test_damaged_words_leave_the_plain_ones() -> None:
    data = bytearray(winmail(rtf_words=LETTER, words="Bonjour"))
    place = data.index(b"LZFu") + 20
    data[place] ^= 1
    assert files(bytes(data)) == [("body.txt", b"Bonjour", True)]
    assert codes(bytes(data)) == ["malformed", "malformed"], "of the attribute, and of the RTF in it"


def test_messages_inside_are_read_to_a_bound() -> None:
    data = winmail(("a.pdf", b"%PDF-1.4"), words="Pour suite")
    for _ in range(3):
        data = winmail_with_message("Tr", data)
    assert files(data) == [("Tr/Tr/Tr/body.txt", b"Pour suite", False), ("Tr/Tr/Tr/a.pdf", b"%PDF-1.4", False)]
    deeper = winmail_with_message("Tr", data)
    assert [name for name, _, _ in files(deeper)] == ["Tr/Tr/Tr/Tr"]
    assert codes(deeper) == ["too-large"]


def test_names_have_no_folders() -> None:
    assert [name for name, _, _ in files(winmail(("..\\..\\a/b.pdf", b"x"), ("", b"y")))] == ["b.pdf", "part-2"]


def test_cut_and_broken_files_give_what_could_be_read() -> None:
    data = winmail(("a.pdf", b"%PDF-1.4"), ("b.hpr", b"x" * 100))
    assert files(data[: data.index(b"x" * 100) + 50])[0] == ("a.pdf", b"%PDF-1.4", False)
    assert codes(data[: data.index(b"x" * 100) + 50]) == ["truncated"]
    changed = data.replace(b"%PDF-1.4", b"%PDF-1.9")
    assert (files(changed)[0][1], codes(changed)) == (b"%PDF-1.9", ["malformed"])
    assert codes(data + b"\7\7\7\7\7\7\7\7\7\7") == ["malformed"]
    assert codes(data + b"\0\0\r\n") == []


@pytest.mark.parametrize("data", [b"", b"x\x9f\x3e\x22", b"PK\x03\x04" + b"\0" * 20, tnef.SIGNATURE])
def test_what_is_no_tnef_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        tnef.read(data)


def test_bounds() -> None:
    many = winmail(*((f"{n}.txt", b"x") for n in range(130)))
    assert (len(files(many)), codes(many)) == (100, ["too-large"])
    with pytest.raises(TooLarge):
        tnef.read(winmail() + struct.pack("<BIIH", 1, 1, 0, 0) * 6_000)
    with pytest.raises(TooLarge):
        tnef.read(tnef.SIGNATURE + b"\0" * tnef.MAX_BYTES)


def test_a_small_packing_cannot_grow_past_the_bound() -> None:
    body, at = bytearray(), 207
    for _ in range(60_000):
        body.append(0xFF)
        for _ in range(8):
            body += struct.pack(">H", ((at + 1) % 4_096) << 4 | 15)  # the oldest octet: never the mark of the end
            at = (at + 17) % 4_096
    checksum = (binascii.crc32(bytes(body), 0xFFFFFFFF) ^ 0xFFFFFFFF) & 0xFFFFFFFF
    data = struct.pack("<IIII", len(body) + 12, 0xFFFFFFFF, 0x75465A4C, checksum) + bytes(body)
    assert len(tnef.unpacked(data)) == tnef.MAX_RTF


def test_properties_that_break_off_are_told() -> None:
    good = mapi((0x3707, 0x1E, b"a.pdf\0"))
    for broken in (good[:-9], good[:5], struct.pack("<I", 5) + b"\x99\x99\x07\x37", struct.pack("<IHHII", 1, 0x1E, 0x3707, 1, 0xFFFFFFFF)):
        attribute = struct.pack("<BII", 2, 0x00069005, len(broken)) + broken + struct.pack("<H", sum(broken) & 0xFFFF)
        data = winmail(("a.pdf", b"x")) + attribute
        assert (files(data)[0][1], codes(data)) == (b"x", ["malformed"])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_comes_only_faults_escape(data: st.DataObject) -> None:
    made = bytearray(winmail(("a.pdf", b"%PDF-1.4"), rtf_words=LETTER, words="Bonjour"))
    for _ in range(data.draw(st.integers(0, 12))):
        made[data.draw(st.integers(6, len(made) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = tnef.read(bytes(made[: data.draw(st.integers(0, len(made)))]))
    except Fault:
        return
    assert "Bonjour" not in repr(found)
