"""CMS whose content stands in clear within it: opaque signatures and compressed data (RFC 5652 5, RFC 3274, RFC 8551 3.5 and 3.6).

Only the content is taken out. No signature is verified and nothing is decrypted: who sent a message is told by the peer's certificate.
The structure is walked from its start down to the content, in BER or DER (X.690 8.1), each octet once: of what is passed over only the
lengths are read, those of certificates and signatures among it. Bounds: size, depth, number of elements.
"""

from __future__ import annotations

import binascii
import dataclasses
import re
import zlib

from vaguemestre.domain.fault import TooLarge, Unreadable, Unsupported

MAX_BYTES = 50_000_000
MAX_DEPTH = 16
MAX_ELEMENTS = 100_000
"""Pieces of the content, and elements passed over: writers that stream cut by a kilobyte or more."""
MAX_INFLATED = 30_000_000
MAX_RATIO = 100
RATIO_FREE = 1_000_000
"""Octets below which compressed data may be packed tighter than `MAX_RATIO`."""
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_COMPRESSED_DATA = bytes.fromhex("2a864886f70d0109100109")
_ZLIB = bytes.fromhex("2a864886f70d0109100308")
_INTEGER, _OCTETS, _NAME, _SEQUENCE, _SET, _EXPLICIT = 0x02, 0x04, 0x06, 0x30, 0x31, 0xA0
_CONSTRUCTED = 0x20
_PEM = re.compile(rb"\s{0,20}-----BEGIN (?:PKCS7|CMS)-----[ \t]*\r?\n([A-Za-z0-9+/=\s]*)-----END ")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """`content`: the octets within, None where there are none (a detached signature, certificates alone). `signed`: they stood within a
    signature, which nobody verified."""

    content: bytes | None
    signed: bool

    def __repr__(self) -> str:
        return f"Opened(size={len(self.content or b'')}, signed={self.signed})"


def opened(data: bytes) -> Opened:
    """The content of signed or compressed data, in BER, DER or PEM. Raises `Unreadable` (malformed, truncated, unsafe-archive),
    `Unsupported` for another kind, `TooLarge`; nothing else."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The CMS structure has more than {MAX_BYTES} octets.")
    armored = _PEM.match(data)
    if armored is not None:
        letters = re.sub(rb"\s", b"", armored[1])
        try:
            data = binascii.a2b_base64(letters)
        except binascii.Error:
            raise Unreadable("The armour of the CMS structure is damaged.") from None
    walker = _Walker(data)
    walker.enter(_SEQUENCE)
    kind = walker.value(_NAME)
    if kind not in {_SIGNED_DATA, _COMPRESSED_DATA}:
        raise Unsupported("The CMS structure is neither signed nor compressed.")
    walker.enter(_EXPLICIT)
    walker.enter(_SEQUENCE)
    walker.value(_INTEGER)
    method = b""
    if kind == _SIGNED_DATA:
        walker.skip(_SET)
    else:
        walker.enter(_SEQUENCE)
        method = walker.value(_NAME)
        walker.leave()
    walker.enter(_SEQUENCE)
    walker.value(_NAME)
    content = None
    if not walker.at_end():
        walker.enter(_EXPLICIT)
        content = walker.octets()
    walker.leave_all()
    if kind == _SIGNED_DATA:
        return Opened(content, True)
    if method != _ZLIB:
        raise Unsupported("The data are compressed by a method that is not known.")
    return Opened(_inflated(content or b""), False)


class _Walker:
    """A place in BER octets and the ends of the elements around it; an element of indefinite length ends at its mark (X.690 8.1.3.6)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0
        self._ends: list[int | None] = [len(data)]
        self._left = MAX_ELEMENTS

    def enter(self, tag: int) -> None:
        """Goes into the constructed element of that tag which begins here."""
        end = self._header(tag)
        self._ends.append(end)
        if len(self._ends) > MAX_DEPTH:
            raise TooLarge(f"The CMS structure is nested deeper than {MAX_DEPTH}.")

    def leave(self) -> None:
        """Goes behind the element that it is in."""
        end = self._ends.pop()
        if end is not None:
            self._place = end
        else:
            self._to_mark()

    def leave_all(self) -> None:
        """Goes to the end of the whole, which is cut where that is lacking."""
        while len(self._ends) > 1:
            self.leave()

    def value(self, tag: int) -> bytes:
        """The octets of the primitive element of that tag which begins here."""
        end = self._header(tag)
        if end is None:
            raise Unreadable("An element of the CMS structure has no length.")
        found = self._data[self._place : end]
        self._place = end
        return found

    def skip(self, tag: int) -> None:
        """Goes past the element of that tag which begins here."""
        end = self._header(tag)
        if end is None:
            self._to_mark()
        else:
            self._place = end

    def at_end(self) -> bool:
        """Whether the element around holds nothing more."""
        end = self._ends[-1]
        return self._place >= end if end is not None else self._data.startswith(b"\0\0", self._place)

    def octets(self) -> bytes:
        """The octet string that begins here, its pieces put together (X.690 8.7)."""
        pieces: list[memoryview] = []
        view = memoryview(self._data)
        depth = len(self._ends)
        while True:
            while len(self._ends) > depth and self.at_end():
                end = self._ends.pop()
                self._place = self._place + 2 if end is None else end
            if pieces and len(self._ends) == depth:
                break
            constructed = self._data[self._place : self._place + 1] == bytes([_OCTETS | _CONSTRUCTED])
            end = self._header(_OCTETS | _CONSTRUCTED if constructed else _OCTETS)
            if constructed:
                self._ends.append(end)
                pieces.append(view[:0])
                if len(self._ends) > MAX_DEPTH:
                    raise TooLarge(f"The CMS structure is nested deeper than {MAX_DEPTH}.")
                continue
            if end is None:
                raise Unreadable("An element of the CMS structure has no length.")
            pieces.append(view[self._place : end])
            self._place = end
        return b"".join(pieces)

    def _to_mark(self) -> None:
        """Goes behind the mark that ends an element of indefinite length, past all that it holds."""
        open_ones = 1
        while open_ones:
            if self._data.startswith(b"\0\0", self._place):
                self._place += 2
                open_ones -= 1
                continue
            end = self._header(None)
            if end is None:
                open_ones += 1
                if open_ones > MAX_DEPTH:
                    raise TooLarge(f"The CMS structure is nested deeper than {MAX_DEPTH}.")
            else:
                self._place = end

    def _header(self, tag: int | None) -> int | None:
        """Goes behind the tag and length that begin here; gives back the end of the element, None where its length is indefinite."""
        self._left -= 1
        if self._left < 0:
            raise TooLarge(f"The CMS structure has more than {MAX_ELEMENTS} elements.")
        data, place = self._data, self._place
        around = next((end for end in reversed(self._ends) if end is not None), len(data))
        if place + 2 > around:
            raise Unreadable("The CMS structure is cut.", "truncated")
        found, length = data[place], data[place + 1]
        place += 2
        if (tag is not None and found != tag) or found & 0x1F == 0x1F:
            raise Unreadable("The CMS structure is not what it says to be.")
        if length == 0x80:
            if not found & _CONSTRUCTED:
                raise Unreadable("An element of the CMS structure has no length.")
            self._place = place
            return None
        if length > 0x80:
            octets = length & 0x7F
            if octets > 8:
                raise Unreadable("A length in the CMS structure is impossible.")
            length = int.from_bytes(data[place : place + octets], "big")
            place += octets
        self._place = place
        if place + length > around:
            raise Unreadable("The CMS structure is cut.", "truncated")
        return place + length


def _inflated(content: bytes) -> bytes:
    most = min(MAX_INFLATED, max(RATIO_FREE, MAX_RATIO * len(content)))
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(content, most + 1)
    except zlib.error:
        raise Unreadable("The compressed data cannot be inflated.") from None
    if len(found) > most:
        if most == MAX_INFLATED:
            raise TooLarge(f"The compressed data have more than {MAX_INFLATED} octets.")
        raise Unreadable(f"The data are compressed more than {MAX_RATIO} to 1.", "unsafe-archive")
    if not inflater.eof:
        raise Unreadable("The compressed data are cut.", "truncated")
    return found
