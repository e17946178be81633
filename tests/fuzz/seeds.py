"""What the fuzz starts from: the corpus of the tests, whole and taken apart (the parts of its mails, the entries of its zips, the files in
its base64), each under the kind that it is recognised as."""

from __future__ import annotations

import base64
import binascii
import functools
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from tests.corpus.pdfs import text_pdf
from tests.corpus.test_golden import CASES
from vaguemestre.formats.recognise import recognise
from vaguemestre.protocols import mime

MOST = 120_000
"""Octets of a seed: damage to a larger one is damage to its padding."""
_DEPTH = 4
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4}\s{0,4}){15,100000}[A-Za-z0-9+/=]{0,4}")
_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification"})


@functools.cache
def by_kind() -> dict[str, tuple[bytes, ...]]:
    """Seeds by the kind of `recognise`; the reports of mails by their media type; every mail's head under "head"."""
    found: dict[str, dict[str, bytes]] = {}

    def keep(kind: str, data: bytes) -> None:
        if 0 < len(data) <= MOST:
            found.setdefault(kind, {}).setdefault(hashlib.sha256(data).hexdigest(), data)

    for case in CASES.values():
        for kind, data in _taken_apart(case.data, case.file, "", 0):
            keep(kind, data)
    for lines in (["Nom de naissance : ZORBEC", "Prénom : LUCIE", "Né(e) le : 04/05/1961"], ["Page"] * 30):
        keep("pdf", text_pdf(lines, lines))
    for held in (b"Content-Type: text/plain\r\n\r\nEssai.\r\n", *list(found["email"].values())[:3]):
        keep("cms", signed(held))
        keep("cms", signed(held, endless=True))
        keep("cms", compressed(held))
    for data in list(found["hprim-medecin"].values())[:3]:
        keep("gzip", gzip.compress(data, mtime=0))
    return {kind: tuple(files[name] for name in sorted(files)) for kind, files in found.items()}


def _der(tag: int, *parts: bytes) -> bytes:
    """X.690 8.1, lengths of four octets."""
    content = b"".join(parts)
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def _octets(content: bytes, endless: bool) -> bytes:
    """An OCTET STRING, whole or in pieces without a length."""
    if not endless:
        return _der(0x04, content)
    pieces = (_der(0x04, content[at : at + 100]) for at in range(0, len(content), 100))
    return b"\x24\x80" + b"".join(pieces) + b"\0\0"


_DATA = bytes.fromhex("06092a864886f70d010701")


def signed(content: bytes, endless: bool = False) -> bytes:
    """CMS SignedData with its content, of nobody's signature (RFC 5652 5.1)."""
    inner = _der(0x30, _DATA, _der(0xA0, _octets(content, endless)))
    return _der(0x30, bytes.fromhex("06092a864886f70d010702"), _der(0xA0, _der(0x30, b"\x02\x01\x01", _der(0x31), inner, _der(0x31))))


def compressed(content: bytes) -> bytes:
    """CMS CompressedData (RFC 3274)."""
    inner = _der(0x30, _DATA, _der(0xA0, _der(0x04, zlib.compress(content))))
    method = _der(0x30, bytes.fromhex("060b2a864886f70d0109100308"))
    return _der(0x30, bytes.fromhex("060b2a864886f70d0109100109"), _der(0xA0, _der(0x30, b"\x02\x01\x00", method, inner)))


def of(*kinds: str) -> tuple[bytes, ...]:
    """The seeds of these kinds; of none, all of them."""
    every = by_kind()
    return tuple(data for kind in (kinds or sorted(every)) for data in every.get(kind, ()))


def _taken_apart(data: bytes, name: str, media_type: str, depth: int) -> Iterator[tuple[str, bytes]]:
    kind = media_type if media_type in _REPORTS else recognise(data, name, media_type).name
    yield kind, data
    if depth >= _DEPTH:
        return
    if kind == "email":
        yield "head", data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        for part in mime.parse(data).walk():
            content = part.content()[0]
            if content and content != data and not part.children:
                yield from _taken_apart(content, "", part.media_type, depth + 1)
    elif data.startswith(b"PK"):
        yield from _entries(data, depth)
    for one in _BASE64.finditer(data[: 4 * MOST]):
        try:
            held = base64.b64decode(b"".join(one.group().split()) + b"==")
        except binascii.Error:
            continue
        if recognise(held).name not in {"unknown", "text"}:
            yield from _taken_apart(held, "", "", depth + 1)


def _entries(data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [(one.filename, archive.read(one)) for one in archive.infolist()[:20] if one.file_size <= MOST]
    except Exception:  # a zip of the corpus that is damaged on purpose
        return
    for name, content in inside:
        if name.upper().endswith("METADATA.XML"):
            yield "metadata", content
        yield from _taken_apart(content, name, "", depth + 1)
