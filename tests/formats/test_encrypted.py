"""What is encrypted is known by its marks, and each kind says what to do; what is in clear is never taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.file_build import packed, paragraph, word
from tests.corpus.file_cases import APICRYPT, CMS, LOCKED_WORD, OLD_WORD, PGP, SIGNED, locked_zip
from vaguemestre.formats import encrypted
from vaguemestre.formats.recognise import recognise


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (APICRYPT, "", "apicrypt"),
        (b"\1\2" * 40, "lettre.APZ", "apicrypt"),
        (PGP, "", "pgp"),
        (b"\x85\x01\x0c\x03", "lettre.pdf.gpg", "pgp"),
        (CMS, "smime.p7m", "smime"),
        (bytes.fromhex("3082010006092a864886f70d010703") + b"\0" * 40, "", "smime"),
        (bytes.fromhex("3080060b2a864886f70d0109100117") + b"\0" * 40, "", "smime"),
        (SIGNED, "", "smime-signed"),
        (b"-----BEGIN PKCS7-----\nAAAA", "", "smime"),
        (locked_zip(), "a.zip", "zip"),
        (LOCKED_WORD, "a.docx", "office"),
        (OLD_WORD, "a.doc", None),
        (packed({"a.txt": "x"}), "a.zip", None),
        (word(paragraph("x")), "a.docx", None),
        (b"%PDF-1.4", "a.pdf", None),
        (b"Bonjour", "a.txt", None),
        (b"", "", None),
    ],
)
def test_kinds(data: bytes, name: str, kind: str | None) -> None:
    assert encrypted.kind(data, name) == kind
    if kind not in {None, "office"}:
        assert recognise(data, name).name == "encrypted"


def test_a_locked_file_among_open_ones_is_seen_in_the_directory() -> None:
    made = bytearray(packed({"ouvert.txt": "x", "ferme.txt": "y"}))
    second = made.index(b"PK\x01\x02", made.index(b"PK\x01\x02") + 4)
    made[second + 8] |= 1
    assert encrypted.is_locked_zip(bytes(made))


def test_each_sentence_is_known_again_and_says_one_thing() -> None:
    assert {encrypted.kind_of(sentence) for sentence in encrypted.SENTENCES.values()} == set(encrypted.SENTENCES)
    assert encrypted.kind_of("Autre chose.") is None
    assert all(sentence.endswith(".") for sentence in encrypted.SENTENCES.values())


@pytest.mark.parametrize(
    ("text", "locked"), [(APICRYPT.decode(), True), (PGP.decode(), True), ("Bonjour", False), ("x" * 20_000 + "$APICRYPT", False)]
)
def test_a_mails_own_words(text: str, locked: bool) -> None:
    assert encrypted.in_words(text) is locked


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\x30\x80\x06\x09", b"PK\x03\x04" + b"PK\x01\x02" * 20]))
def test_never_raises(data: bytes, start: bytes) -> None:
    assert encrypted.kind(start + data) in {None, *encrypted.SENTENCES}
