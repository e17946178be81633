"""winmail.dat: what Outlook packs into one part of a mail (MS-OXTNEF; compressed RTF: MS-OXRTFCP): its words and its attachments.

Only names, types and octets are taken; no rule, form or task in it acts. A message inside is read as one more of these, to a bound.
Bounds: octets, attributes, properties, attachments, depth, octets unpacked. A broken checksum is told, and what was found before the break
is kept.
"""

from __future__ import annotations

import binascii
import dataclasses
import struct
from collections.abc import Iterator

from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.domain.reading import Warning
from vaguemestre.formats.rtf_words import code_page

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_BYTES = 40_000_000
MAX_ATTRIBUTES = 5_000
MAX_PROPERTIES = 2_000
"""Of one list."""
MAX_ATTACHMENTS = 100
"""Of one winmail.dat, those of messages inside included."""
MAX_DEPTH = 4
MAX_RTF = 5_000_000
"""Octets of the words once unpacked."""

_ATTRIBUTE = struct.Struct("<BII")
_MESSAGE_LEVEL, _ATTACHMENT_LEVEL = 1, 2
_CODE_PAGE, _BODY, _MESSAGE_PROPERTIES = 0x00069007, 0x0002800C, 0x00069003
_NEW_ATTACHMENT, _DATA, _TITLE, _ATTACHMENT_PROPERTIES = 0x00069002, 0x0006800F, 0x00018010, 0x00069005
_WORDS, _RTF, _HTML = 0x1000, 0x1009, 0x1013
_CONTENT, _NAME, _LONG_NAME, _MEDIA_TYPE = 0x3701, 0x3704, 0x3707, 0x370E
_OBJECT, _STRING8, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 0x14: 8, 0x40: 8, 0x48: 16, 0: 0, 1: 0}
"""Octets of a property of each type, as padded to four."""
_MESSAGE_INSIDE = bytes.fromhex("0703020000000000c000000000000046")
_PACKED, _UNPACKED = 0x75465A4C, 0x414C454D
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial"
    b"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_RING = 4_096
_BROKEN = Warning("malformed", "The Outlook part (winmail.dat) is damaged: what could be read of it is shown.")
_CUT = Warning("truncated", "The Outlook part (winmail.dat) is cut: its end is lacking.")
_BAD_RTF = Warning("malformed", "The words in the Outlook part (winmail.dat) are damaged.")
_MORE = Warning("too-large", f"The Outlook part (winmail.dat) holds more than {MAX_ATTACHMENTS} files: the rest was not read.")
_DEEP = Warning("too-large", "The Outlook part (winmail.dat) is nested too deep: what is below was not read.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class File:
    """One thing in it: an attachment, or the words (`is_words`), whose name tells their format (body.rtf, body.html, body.txt)."""

    name: str
    data: bytes
    media_type: str | None = None
    charset: str | None = None
    is_words: bool = False

    def __repr__(self) -> str:
        return f"File({len(self.data)})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Read:
    """`files`: the words first, where there are any, then each attachment in order, those of messages inside too."""

    files: tuple[File, ...]
    warnings: tuple[Warning, ...]

    def __repr__(self) -> str:
        return f"Read(files={len(self.files)}, warnings={[w.code for w in self.warnings]!r})"


def read(data: bytes) -> Read:
    """Raises `Unreadable` where it is no TNEF, `TooLarge` past the bounds, and nothing else."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The Outlook part is longer than {MAX_BYTES} octets.")
    if not data.startswith(SIGNATURE) or len(data) < 6:
        raise Unreadable("The file does not begin as an Outlook part does.")
    warnings: dict[Warning, None] = {}
    files = _Message(warnings, 0, [MAX_ATTACHMENTS]).read(data)
    return Read(tuple(files), tuple(warnings))


@dataclasses.dataclass(slots=True)
class _Attachment:
    title: str = ""
    long_name: str = ""
    data: bytes | None = None
    media_type: str | None = None
    message: bytes | None = None
    beyond: bool = False


class _Message:
    def __init__(self, warnings: dict[Warning, None], depth: int, left: list[int]) -> None:
        self._left = left
        self._warnings = warnings
        self._depth = depth
        self._encoding = "cp1252"
        self._bodies: dict[int, bytes] = {}
        self._attachments: list[_Attachment] = []

    def read(self, data: bytes) -> list[File]:
        for level, kind, content in self._attributes(data):
            try:
                self._attribute(level, kind, content)
            except (struct.error, ValueError):
                self._warnings[_BROKEN] = None
        return [*self._words(), *self._files()]

    def _attributes(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        place = 6
        for _ in range(MAX_ATTRIBUTES):
            left = len(data) - place
            if left < _ATTRIBUTE.size:
                if left > 0 and data[place:].strip(b"\0\r\n"):
                    self._warnings[_CUT] = None
                return
            level, kind, size = _ATTRIBUTE.unpack_from(data, place)
            if level not in {_MESSAGE_LEVEL, _ATTACHMENT_LEVEL}:
                if data[place:].strip(b"\0\r\n"):
                    self._warnings[_BROKEN] = None
                return
            place += _ATTRIBUTE.size
            content = data[place : place + size]
            place += size + 2
            if len(content) < size or place > len(data):
                self._warnings[_CUT] = None
            elif sum(content) & 0xFFFF != int.from_bytes(data[place - 2 : place], "little"):
                self._warnings[_BROKEN] = None
            yield level, kind, content
        raise TooLarge(f"The Outlook part has more than {MAX_ATTRIBUTES} attributes.")

    def _attribute(self, level: int, kind: int, content: bytes) -> None:
        if kind == _CODE_PAGE and len(content) >= 4:
            self._encoding = code_page(int.from_bytes(content[:4], "little")) or self._encoding
        elif kind == _NEW_ATTACHMENT:
            self._left[0] -= 1
            if self._left[0] < 0:
                self._warnings[_MORE] = None
            self._attachments.append(_Attachment(beyond=self._left[0] < 0))
        elif level == _MESSAGE_LEVEL:
            if kind == _BODY:
                self._bodies.setdefault(_WORDS, self._string(content).encode())
            elif kind == _MESSAGE_PROPERTIES:
                self._message_properties(content)
        elif self._attachments:
            self._of_attachment(self._attachments[-1], kind, content)

    def _message_properties(self, content: bytes) -> None:
        for name, kind, value in _properties(content):
            if name == _WORDS and kind in {_STRING8, _UNICODE}:
                self._bodies[_WORDS] = self._value(kind, value).encode()
            elif name == _HTML and kind in {_BINARY, _STRING8, _UNICODE}:
                self._bodies[_HTML] = value if kind != _UNICODE else self._value(kind, value).encode()
            elif name == _RTF and kind == _BINARY:
                try:
                    self._bodies[_RTF] = unpacked(value)
                except Unreadable:
                    self._warnings[_BAD_RTF] = None

    def _of_attachment(self, one: _Attachment, kind: int, content: bytes) -> None:
        if kind == _DATA:
            one.data = content
        elif kind == _TITLE:
            one.title = self._string(content)
        elif kind == _ATTACHMENT_PROPERTIES:
            for name, form, value in _properties(content):
                if name in {_NAME, _LONG_NAME} and form in {_STRING8, _UNICODE}:
                    told = self._value(form, value)
                    one.long_name = told if name == _LONG_NAME else one.long_name or told
                elif name == _MEDIA_TYPE and form in {_STRING8, _UNICODE}:
                    one.media_type = self._value(form, value).lower()[:100] or None
                elif name == _CONTENT and form in {_BINARY, _OBJECT} and len(value) > 16:
                    if value.startswith(_MESSAGE_INSIDE):
                        one.message = value[16:]
                    else:
                        one.data = value[16:] if form == _OBJECT else value

    def _string(self, content: bytes) -> str:
        return content.split(b"\0")[0].decode(self._encoding, "replace")

    def _value(self, kind: int, value: bytes) -> str:
        if kind == _UNICODE:
            return value.decode("utf-16-le", "replace").partition("\0")[0]
        return self._string(value)

    def _words(self) -> Iterator[File]:
        """The richest writing of the words: Outlook keeps the same in up to three."""
        html, rtf, words = (self._bodies.get(kind, b"") for kind in (_HTML, _RTF, _WORDS))
        if html.strip():
            yield File("body.html", html, "text/html", None, True)
        elif rtf.strip():
            yield File("body.rtf", rtf, "application/rtf", None, True)
        elif words.strip():
            yield File("body.txt", words, "text/plain", "utf-8", True)

    def _files(self) -> Iterator[File]:
        for rank, one in enumerate(self._attachments, 1):
            if one.beyond:
                return
            name = (one.long_name or one.title).replace("\\", "/").rpartition("/")[2].strip()[:255] or f"part-{rank}"
            if one.message is not None:
                yield from self._inside(name, one.message)
            elif one.data:
                yield File(name, one.data, one.media_type)

    def _inside(self, name: str, data: bytes) -> Iterator[File]:
        if not data.startswith(SIGNATURE):
            yield File(name, data)
        elif self._depth + 1 >= MAX_DEPTH:
            self._warnings[_DEEP] = None
            yield File(name, data)
        else:
            for file in _Message(self._warnings, self._depth + 1, self._left).read(data):
                # the words of a message inside are a letter of their own
                yield dataclasses.replace(file, name=f"{name}/{file.name}"[:255], is_words=False)


def _properties(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(identifier, type, value) of each property of a list (MS-OXTNEF 2.1.3.4); only the first of several values. Raises struct.error or
    ValueError where the list breaks."""
    (count,) = struct.unpack_from("<I", content)
    place = 4
    for _ in range(min(count, MAX_PROPERTIES)):
        kind, name = struct.unpack_from("<HH", content, place)
        place += 4
        if name >= 0x8000:
            place = _past_name(content, place)
        several, kind = bool(kind & 0x1000), kind & ~0x1000
        variable = kind in {_OBJECT, _STRING8, _UNICODE, _BINARY}
        values = 1
        if several or variable:
            (values,) = struct.unpack_from("<I", content, place)
            place += 4
        if not variable:
            if kind not in _FIXED:
                raise ValueError("a type that is not known")
            size = _FIXED[kind] * values
            yield name, kind, content[place : place + size]
            place += size
            continue
        for rank in range(min(values, MAX_PROPERTIES)):
            (size,) = struct.unpack_from("<I", content, place)
            place += 4
            if place + size > len(content):
                raise ValueError("a value past the end of its list")
            if rank == 0:
                yield name, kind, content[place : place + size]
            place += size + -size % 4


def _past_name(content: bytes, place: int) -> int:
    """Where the value of a named property begins."""
    (form,) = struct.unpack_from("<I", content, place + 16)
    place += 20
    if form == 0:
        return place + 4
    size = int(struct.unpack_from("<I", content, place)[0])
    return place + 4 + size + -size % 4


def unpacked(data: bytes) -> bytes:
    """RTF without its compression (MS-OXRTFCP 2.2). Raises `Unreadable`; what is longer than MAX_RTF is cut."""
    if len(data) < 16:
        raise Unreadable("The compressed RTF is cut.", "truncated")
    size, raw, kind, checksum = struct.unpack_from("<IIII", data)
    body = data[16 : size + 4]
    if kind == _UNPACKED:
        return body[: min(raw, MAX_RTF)]
    if kind != _PACKED or (binascii.crc32(body, 0xFFFFFFFF) ^ 0xFFFFFFFF) & 0xFFFFFFFF != checksum:
        raise Unreadable("The compressed RTF is damaged.")
    ring = bytearray(_DICTIONARY.ljust(_RING, b"\0"))
    at = len(_DICTIONARY)
    out = bytearray()
    place, end = 0, len(body)
    most = min(raw, MAX_RTF)
    while place < end and len(out) < most:
        control = body[place]
        place += 1
        for bit in range(8):
            if control >> bit & 1:
                if place + 2 > end:
                    return bytes(out[:most])
                reference = body[place] << 8 | body[place + 1]
                place += 2
                origin = reference >> 4
                if origin == at:
                    return bytes(out[:most])
                for step in range((reference & 15) + 2):
                    octet = ring[(origin + step) % _RING]
                    out.append(octet)
                    ring[at] = octet
                    at = (at + 1) % _RING
            else:
                if place >= end:
                    return bytes(out[:most])
                out.append(body[place])
                ring[at] = body[place]
                at = (at + 1) % _RING
                place += 1
    return bytes(out[:most])
