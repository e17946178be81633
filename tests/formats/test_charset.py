"""The encoding is told by what French words look like, never by the absence of an error (formats.md 9, case 7)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.formats import charset
from vaguemestre.formats.charset import CANDIDATES, decode

WORDS = [
    "Hémoglobine contrôlée à jeun chez la même patiente",
    "HÉMOGLOBINE",
    "CRÉATININE élevée",
    "Hélène",
    "LEFÈVRE Jérôme né à Béziers",
    "FRANÇOISE reçue ce jour",
    "Noël, Benoît, Gaëlle",
    "12 µg/l, n° 3, déjà reçu",
    "à",
]


@pytest.mark.parametrize("encoding", CANDIDATES)
@pytest.mark.parametrize("text", WORDS)
def test_each_encoding_is_told(text: str, encoding: str) -> None:
    found = decode(text.encode(encoding))
    assert (found.text, found.guessed) == (text, True)


def test_a_lone_euro_is_no_letter() -> None:
    assert decode("Bonjour.\n10 €\nCordialement.".encode("cp1252")).text == "Bonjour.\n10 €\nCordialement."
    assert decode("ça va, 10 €".encode("cp1252")).text == "ça va, 10 €"
    assert decode("reÇu".upper().encode("cp850")).text == "REÇU"


def test_a_declaration_counts_when_it_fits() -> None:
    found = decode("Hémoglobine".encode("latin-1"), "iso-8859-1")
    assert (found.text, found.guessed) == ("Hémoglobine", False)


def test_a_declaration_that_lies_does_not() -> None:
    found = decode("Hémoglobine contrôlée".encode("cp850"), "iso-8859-1")
    assert (found.text, found.guessed) == ("Hémoglobine contrôlée", True)
    assert decode("Été".encode(), "iso-8859-1").text == "Été"
    assert decode("Été".encode("cp1252"), "utf-8").guessed


@pytest.mark.parametrize("charset", ["x-unknown", "rot13", "zlib", "hex", "\0", "idna", "a" * 200, "unicode_escape_"])
def test_unknown_charsets_are_told(charset: str) -> None:
    found = decode("Été".encode(), charset)
    assert (found.text, found.unknown) == ("Été", True)


def test_other_known_charsets() -> None:
    assert decode("Été".encode("utf-16"), None).text == "Été"
    assert decode("Été".encode("utf-16-le"), "utf-16-le").text == "Été"
    assert decode("Été €".encode("iso8859-15"), "iso-8859-15").text == "Été €"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.binary(max_size=300),
    st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["utf-8", "utf-16", "utf-7", "iso-8859-1", "gb18030"])),
)
def test_nothing_escapes(octets: bytes, charset: str | None) -> None:
    found = decode(octets, charset)
    assert "\0" not in found.text
    found.text.encode("utf-8", "strict")


def test_repeated_words_count_once_wherever_they_stand() -> None:
    text = "été déjà reçu " * 300 + "été"
    for encoding in charset.CANDIDATES:
        data = text.encode(encoding)
        words = charset._accented_words(data)
        assert len(words) == len(set(words)) == 6 + 1  # the first and the last have one neighbour only
        assert all(charset._scores(word) == charset._scores.__wrapped__(word) for word in words)
        assert charset.guess(data) == encoding
