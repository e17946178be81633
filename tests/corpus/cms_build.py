"""CMS structures written octet by octet, in DER or in BER of indefinite length, with no key: nothing verifies a signature here (RFC
5652)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

DATA = bytes.fromhex("06092a864886f70d010701")
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
ENVELOPED_DATA = bytes.fromhex("06092a864886f70d010703")
COMPRESSED_DATA = bytes.fromhex("060b2a864886f70d0109100109")
ZLIB = bytes.fromhex("060b2a864886f70d0109100308")
VERSION = b"\x02\x01\x01"
END = b"\0\0"


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def ber(tag: int, content: bytes) -> bytes:
    """An element of indefinite length."""
    return bytes([tag, 0x80]) + content + END


def pieces(content: bytes, size: int) -> list[bytes]:
    return [der(0x04, content[place : place + size]) for place in range(0, len(content), size)]


def signed(content: bytes | None, behind: Sequence[bytes] = (), kind: bytes = SIGNED_DATA) -> bytes:
    """SignedData in DER around a content, or around none; `behind`: certificates."""
    within = der(0xA0, der(0x04, content)) if content is not None else b""
    inner = VERSION + der(0x31, der(0x30, ZLIB)) + der(0x30, DATA + within) + b"".join(behind) + der(0x31, b"")
    return der(0x30, kind + der(0xA0, der(0x30, inner)))


def streamed(content: bytes, size: int = 1_000, certified: bool = True) -> bytes:
    """SignedData as programs write it that do not know its length before its end; `certified`: what is no certificate stands behind it."""
    within = ber(0xA0, ber(0x24, b"".join(pieces(content, size))))
    inner = (
        VERSION + ber(0x31, der(0x30, ZLIB)) + ber(0x30, DATA + within) + (der(0xA0, b"certificat") if certified else b"") + der(0x31, b"")
    )
    return ber(0x30, SIGNED_DATA + ber(0xA0, ber(0x30, inner)))


def compressed(content: bytes, method: bytes = ZLIB) -> bytes:
    """CompressedData (RFC 3274) around octets that are already packed, or made so."""
    packed = content if content[:1] == b"\x78" else zlib.compress(content)
    inner = b"\x02\x01\x00" + der(0x30, method) + der(0x30, DATA + der(0xA0, der(0x04, packed)))
    return der(0x30, COMPRESSED_DATA + der(0xA0, der(0x30, inner)))
