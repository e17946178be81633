"""Content that only its addressee's own key or password opens: which kind it is, by its marks alone, and the sentence that says what to do
(formats.md 5: S/MIME, RFC 8551; OpenPGP, RFC 9580; Apicrypt v1; zip, APPNOTE 4.4.4; Office, MS-OFFCRYPTO). Nothing is decrypted here.
"""

from __future__ import annotations

import binascii
import re

_CONTENT_INFO = re.compile(
    rb"\x30(?:\x80|[\x00-\x7f]|\x81.|\x82..|\x83...|\x84....)\x06[\x09\x0b]\x2a\x86\x48\x86\xf7\x0d\x01(\x07[\x01-\x06]|\x09\x10\x01.)",
    re.DOTALL,
)
"""The start of a CMS ContentInfo (RFC 5652 3): the object identifier says what is inside."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKED_OLE = "EncryptedPackage".encode("utf-16-le")
_PEM = re.compile(rb"-----BEGIN (?:PKCS7|CMS)-----\s")
_SIGNED, _COMPRESSED = b"\x07\x02", b"\x09\x10\x01\x09"
_PEM_REACH = 200
_PGP = b"-----BEGIN PGP MESSAGE-----"
_APICRYPT = b"$APICRYPT"
_REACH = 65_536
_FLAGS_AT, _ENCRYPTED_FLAG = 6, 0x01
_RECORD = b"PK\x01\x02"
_RECORD_FLAGS_AT, _RECORD_SIZE = 8, 46
_END = b"PK\x05\x06"
_END_REACH = 65_557
"""The end of the directory with the longest comment (APPNOTE 4.3.16)."""
MOST_RECORDS = 1_000

SENTENCES = {
    "apicrypt": "The content is encrypted by Apicrypt v1: open it with Apicem's tool, or ask the sender to send it again by MSSanté.",
    "pgp": "The content is encrypted by OpenPGP: ask the sender to send it again by MSSanté, which encrypts the transport.",
    "smime": "The content is encrypted by S/MIME: ask the sender to send it again by MSSanté, which encrypts the transport.",
    "smime-signed": "The content is inside an S/MIME signature: ask the sender to send it again with a detached signature, or none.",
    "zip": "The archive is protected by a password: ask the sender to send the document again without one.",
    "office": "The office file is protected by a password: ask the sender to send it again without one.",
    "pdf": "The PDF is protected by a password.",
    "other": "The content is encrypted: the sender should send it again by secure mail, in clear.",
}
"""One sentence for each kind. They are the `detail` of a warning, by which the screens know the kind again."""
_KINDS = {sentence: kind for kind, sentence in SENTENCES.items()}


def kind(data: bytes, name: str = "") -> str | None:
    """A key of `SENTENCES` by the marks of the content, then by the name; None for what bears no mark. Never raises."""
    head = data[:_REACH]
    lower = name.lower()
    if _APICRYPT in head or lower.endswith((".apz", ".apz2")):
        return "apicrypt"
    if _PGP in head or lower.endswith((".pgp", ".gpg")):
        return "pgp"
    found = _CONTENT_INFO.match(head)
    if found is not None:
        return "smime-signed" if found.group(1) == _SIGNED else "smime"
    if lower.endswith(".p7m") or _PEM.match(head):
        return "smime"
    if is_locked_office(data):
        return "office"
    return "zip" if is_locked_zip(data) else None


def is_cms(data: bytes) -> bool:
    """Whether it is a CMS structure (DER, BER or PEM), signed or encrypted."""
    return _CONTENT_INFO.match(data) is not None or _PEM.match(data) is not None


def is_opaque(data: bytes) -> bool:
    """Whether it is a CMS structure whose content stands in clear within it: signed, or compressed (RFC 5652 5, RFC 3274)."""
    if _PEM.match(data):
        data = _unarmored(data[:_PEM_REACH])
    found = _CONTENT_INFO.match(data)
    return found is not None and found.group(1) in {_SIGNED, _COMPRESSED}


def _unarmored(head: bytes) -> bytes:
    """The first octets within PEM armour (RFC 7468)."""
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", head.partition(b"\n")[2].partition(b"-----")[0])
    return binascii.a2b_base64(letters[: len(letters) // 4 * 4])


def is_locked_office(data: bytes) -> bool:
    """Whether it is an OLE file that holds an encrypted package (MS-OFFCRYPTO 2.3.4.4)."""
    return data.startswith(_OLE) and _PACKED_OLE in data


def is_locked_zip(data: bytes) -> bool:
    """Whether a file of a zip is encrypted, by its own header or by the directory."""
    if not data.startswith(b"PK\x03\x04"):
        return False
    if len(data) > _FLAGS_AT and data[_FLAGS_AT] & _ENCRYPTED_FLAG:
        return True
    # its own directory, not that of a locked archive among its files, which leaves the others open
    end = data.rfind(_END, max(0, len(data) - _END_REACH))
    size = int.from_bytes(data[end + 12 : end + 16], "little") if end >= 0 else 0
    place = end - size
    for _ in range(MOST_RECORDS):
        if place < 0 or place + _RECORD_SIZE > end or not data.startswith(_RECORD, place):
            return False
        if data[place + _RECORD_FLAGS_AT] & _ENCRYPTED_FLAG:
            return True
        place += _RECORD_SIZE + sum(int.from_bytes(data[at : at + 2], "little") for at in (place + 28, place + 30, place + 32))
    return False


def in_words(text: str) -> bool:
    """Whether a mail's own text is encrypted (inline armour)."""
    return "$APICRYPT" in text[:10_000] or _PGP.decode("ascii") in text[:10_000]


def kind_of(detail: str) -> str | None:
    """The kind that a sentence tells of, None for another sentence."""
    return _KINDS.get(detail)
