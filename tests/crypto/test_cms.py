"""The content of signatures and of compressed data: as OpenSSL writes them, cut, lying, nested, packed too tightly (RFC 5652, RFC 3274)."""

from __future__ import annotations

import base64
import subprocess
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.cms_build import (
    COMPRESSED_DATA,
    DATA,
    END,
    ENVELOPED_DATA,
    SIGNED_DATA,
    VERSION,
    ZLIB,
    ber,
    compressed,
    der,
    pieces,
    signed,
    streamed,
)
from tests.needs import program
from vaguemestre.crypto import cms
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable, Unsupported

CONTENT = b"Content-Type: text/plain\r\n\r\n" + "Résultat de l'été.\r\n".encode() * 400
FORMS = {"der": signed(CONTENT), "ber": streamed(CONTENT), "compressed": compressed(CONTENT)}


def code(data: bytes) -> str:
    try:
        cms.opened(data)
    except Fault as fault:
        return fault.code
    return ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("cms")
    (made / "content").write_bytes(CONTENT)
    openssl = program("openssl", "openssl")
    subject = ["-subj", "/CN=Essai", "-days", "2", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", *subject], cwd=made, check=True, capture_output=True)
    return made


@pytest.mark.parametrize("form", ["DER", "PEM"])
@pytest.mark.parametrize("options", [(), ("-stream",), ("-noattr",), ("-nocerts",), ("-keyid",)], ids=lambda one: "".join(one) or "plain")
def test_what_openssl_signs(folder: Path, options: tuple[str, ...], form: str) -> None:
    sign = ["cms", "-sign", "-nodetach", "-binary", "-signer", "cert.pem", "-inkey", "key.pem", "-in", "content", "-outform", form]
    made = subprocess.run([program("openssl", "openssl"), *sign, *options], cwd=folder, check=True, capture_output=True).stdout
    found = cms.opened(made)
    assert (found.content, found.signed) == (CONTENT, True)


def test_what_openssl_signs_apart_holds_nothing(folder: Path) -> None:
    sign = ["cms", "-sign", "-binary", "-signer", "cert.pem", "-inkey", "key.pem", "-in", "content", "-outform", "DER"]
    made = subprocess.run([program("openssl", "openssl"), *sign], cwd=folder, check=True, capture_output=True).stdout
    assert cms.opened(made) == cms.Opened(None, True)


@pytest.mark.parametrize("data", [signed(CONTENT), streamed(CONTENT, 500, certified=False)], ids=["der", "ber"])
def test_openssl_finds_the_same_in_ours(data: bytes, tmp_path: Path) -> None:
    """The structures that tests write are what another program reads."""
    (tmp_path / "in").write_bytes(data)
    asked = ["cms", "-cmsout", "-print", "-inform", "DER", "-in", "in"]
    done = subprocess.run([program("openssl", "openssl"), *asked], cwd=tmp_path, check=False, capture_output=True)
    assert b"pkcs7-signedData" in done.stdout
    assert b"pkcs7-data" in done.stdout


@pytest.mark.parametrize("name", FORMS)
def test_our_own_forms(name: str) -> None:
    found = cms.opened(FORMS[name])
    assert (found.content, found.signed) == (CONTENT, name != "compressed")


@pytest.mark.parametrize("size", [1, 7, 1_000, 100_000])
def test_pieces_of_any_size(size: int) -> None:
    assert cms.opened(streamed(CONTENT, size)).content == CONTENT


def test_an_empty_content_and_certificates_alone() -> None:
    assert cms.opened(signed(b"")).content == b""
    assert cms.opened(streamed(b"")).content == b""
    assert cms.opened(signed(None, [der(0xA0, b"certificat")])) == cms.Opened(None, True)


def test_pieces_within_pieces() -> None:
    inner = der(0x24, b"".join(pieces(CONTENT, 50)))
    within = der(0xA0, ber(0x24, inner + der(0x24, b"".join(pieces(b"fin", 1)))))
    data = der(0x30, SIGNED_DATA + der(0xA0, der(0x30, VERSION + der(0x31, b"") + der(0x30, DATA + within))))
    assert cms.opened(data).content == CONTENT + b"fin"


@pytest.mark.parametrize("wide", [False, True])
def test_armour(wide: bool) -> None:
    letters = base64.encodebytes(FORMS["der"]) if not wide else base64.b64encode(FORMS["der"]) + b"\n"
    for name in (b"PKCS7", b"CMS"):
        armored = b"-----BEGIN %s-----\n%s-----END %s-----\n" % (name, letters, name)
        assert cms.opened(armored).content == CONTENT
        assert cms.opened(armored.replace(b"\n", b"\r\n")).content == CONTENT
    assert code(b"-----BEGIN PKCS7-----\nAAA\n-----END PKCS7-----\n") == "malformed"


@pytest.mark.parametrize("name", FORMS)
def test_cut_at_every_octet_it_gives_nothing(name: str) -> None:
    data = FORMS[name]
    for end in {*range(min(300, len(data))), *range(300, len(data), 97), *range(len(data) - 60, len(data))}:
        with pytest.raises(Unreadable):
            cms.opened(data[:end])


@pytest.mark.parametrize("place", range(40))
def test_lengths_that_lie(place: int) -> None:
    for name, data in FORMS.items():
        for octet in (0, 1, 0x7F, 0x80, 0x81, 0x84, 0x88, 0xFF, data[place] ^ 1):
            changed = data[:place] + bytes([octet]) + data[place + 1 :]
            assert code(changed) in {"", "malformed", "truncated", "unsupported", "too-large", "unsafe-archive"}, (name, place, octet)


def test_other_kinds() -> None:
    with pytest.raises(Unsupported):
        cms.opened(der(0x30, ENVELOPED_DATA + der(0xA0, b"")))
    with pytest.raises(Unsupported):
        cms.opened(compressed(CONTENT, DATA))
    for data in (b"", b"\x30", b"\x30\x80", b"Bonjour", bytes(100)):
        with pytest.raises(Unreadable):
            cms.opened(data)


def test_compressed_too_tightly() -> None:
    assert code(compressed(zlib.compress(bytes(cms.RATIO_FREE)))) == ""
    assert code(compressed(zlib.compress(bytes(cms.RATIO_FREE + 1)))) == "unsafe-archive"
    assert code(compressed(zlib.compress(CONTENT)[:-6])) == "truncated"
    assert code(compressed(b"\x78\x9c\xff\xff")) == "malformed"
    assert code(der(0x30, COMPRESSED_DATA + der(0xA0, der(0x30, VERSION + der(0x30, ZLIB) + der(0x30, DATA))))) == "truncated"


def test_what_hostile_structures_cost() -> None:
    deep = b"\x24\x80" * 500_000
    hostile = {
        "deep": SIGNED_DATA + b"\xa0\x80\x30\x80" + VERSION + b"\x31\x00\x30\x80" + DATA + b"\xa0\x80" + deep,
        "many": SIGNED_DATA + b"\xa0\x80\x30\x80" + VERSION + b"\x31\x00\x30\x80" + DATA + b"\xa0\x80\x24\x80" + b"\4\1a" * 3_000_000,
        "deep set": SIGNED_DATA + b"\xa0\x80\x30\x80" + VERSION + b"\x31\x80" * 500_000,
        "wide set": SIGNED_DATA + b"\xa0\x80\x30\x80" + VERSION + b"\x31\x80" + b"\5\0" * 3_000_000,
        "empty": SIGNED_DATA + b"\xa0\x80\x30\x80" + VERSION + b"\x31\x00\x30\x80" + DATA + b"\xa0\x80\x24\x80" + b"\x24\0" * 3_000_000,
        "behind": SIGNED_DATA + b"\xa0\x80\x30\x80" + VERSION + b"\x31\x00\x30\x80" + DATA + END + b"\x31\0" * 3_000_000,
    }
    for name, inner in hostile.items():
        began = time.process_time()
        with pytest.raises(TooLarge):
            cms.opened(b"\x30\x80" + inner)
        assert time.process_time() - began < 3.0, name
    tracemalloc.start()
    with pytest.raises(TooLarge):
        cms.opened(b"\x30\x80" + hostile["many"])
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()
    with pytest.raises(TooLarge):
        cms.opened(bytes(cms.MAX_BYTES + 1))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.lists(st.tuples(st.integers(0, 150), st.integers(0, 255)), max_size=5), st.binary(max_size=40))
def test_only_faults_escape(name: str, changes: list[tuple[int, int]], after: bytes) -> None:
    data = bytearray(FORMS[name])
    for place, octet in changes:
        data[place] = octet
    for one in (bytes(data) + after, after + bytes(data), after):
        assert code(one) in {"", "malformed", "truncated", "unsupported", "too-large", "unsafe-archive"}


def test_no_repr_tells_of_the_content() -> None:
    assert repr(cms.opened(FORMS["der"])) == f"Opened(size={len(CONTENT)}, signed=True)"
