"""A mail as a tree of parts, by offsets into its own bytes (RFC 5322, RFC 2045, RFC 2046).

One pass finds header blocks and boundary lines; nothing is copied or decoded until it is asked for, so that reading, IMAP and
signatures work on the octets as they came. Everything is bounded: size of a header block, count of fields and parts, depth.
What breaks the grammar is a defect in the tree, never an exception.

Known weakness: a body of type message/rfc822 that is itself encoded (RFC 2046 5.2.1 forbids it) is a leaf, and its reader parses it as a
message of its own.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from vaguemestre.protocols.mime_address import addresses, shown
from vaguemestre.protocols.mime_header import MAX_VALUE, PARAMETER, HeaderFacts, date, decoded, header_facts, parameters, raw_text

__all__ = [
    "HeaderFacts",
    "Part",
    "addresses",
    "date",
    "decode_body",
    "decoded",
    "header_facts",
    "parameters",
    "parse",
    "raw_text",
    "shown",
]

MAX_HEADER_BYTES = 1_000_000
MAX_FIELDS = 5_000
MAX_PARTS = 1_000
MAX_DEPTH = 30
MAX_DELIMITERS = 20_000
MAX_PIECES = 1_000
MAX_BOUNDARY = 200

UNCLOSED = "unclosed-multipart"
"""The closing boundary of a multipart is lacking: the message was cut, or never ended."""
NO_BOUNDARY = "multipart-without-boundary"
NO_PARTS = "multipart-without-parts"
HEADER_TOO_LONG = "header-too-long"
BROKEN_HEADER = "broken-header"
TOO_MANY_PARTS = "too-many-parts"
TOO_DEEP = "too-deep"
BAD_BASE64 = "bad-base64"
CUT_BASE64 = "cut-base64"
CUT_QUOTED = "cut-quoted-printable"
CUT_UUENCODE = "cut-uuencode"
CUT = frozenset({CUT_BASE64, CUT_QUOTED, CUT_UUENCODE})
"""The end of what a transfer encoding bears is lacking."""
UNKNOWN_ENCODING = "unknown-transfer-encoding"

_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*((?:[^\n]*(?:\n(?=[ \t])|))*)", re.ASCII)
_TYPE = re.compile(rb"\s*([A-Za-z0-9!#$&^_.+-]{1,127})\s*/\s*([A-Za-z0-9!#$&^_.+-]{1,127})")
_BOUNDARY = re.compile(rb";\s*boundary\s*=\s*(?:\"((?:[^\"\\]|\\.){0,200})\"|([^;\s\"]{1,200}))", re.IGNORECASE | re.DOTALL)
_CUT_QUOTED = re.compile(rb"=[0-9A-Fa-f]\Z")
_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\n]{0,1000}\n", re.MULTILINE)
_BASE64_OCTETS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n"
_UUENCODE = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
CHANGING = frozenset({"base64", "quoted-printable", *_UUENCODE})
_UNCHANGING = frozenset({"", "7bit", "8bit", "binary"})


class Part:
    """One node. Offsets are into the message's bytes: header block [start, header_end), body [body, end).

    `fields`: (lower-case name, value start, value end) in order, the value as written with its folding. `media_type`: lower case,
    text/plain where absent (message/rfc822 in a digest). `number`: "1.2" as IMAP counts (RFC 9051 6.4.5), "" for the whole."""

    __slots__ = ("body", "children", "data", "defects", "encoding", "end", "fields", "header_end", "media_type", "number", "start")

    def __init__(self, data: bytes, start: int, end: int, number: str, default: str) -> None:
        self.data = data
        self.start = start
        self.end = end
        self.number = number
        self.children: list[Part] = []
        self.defects: list[str] = []
        self.fields: list[tuple[bytes, int, int]] = []
        self.media_type = default
        self.encoding = ""
        self.header_end, self.body = self._header(end)
        value = self.raw(b"content-type")
        if value is not None:
            match = _TYPE.match(value)
            # RFC 2045 5.2: a type that cannot be understood is text/plain
            self.media_type = (match.group(1) + b"/" + match.group(2)).decode("ascii").lower() if match else "text/plain"
        value = self.raw(b"content-transfer-encoding")
        if value is not None:
            self.encoding = value.strip()[:40].decode("ascii", "replace").lower().split(";")[0].split("(")[0].strip().strip('"')

    def __repr__(self) -> str:
        return f"Part({self.number!r}, {self.media_type!r}, {len(self.children)} children, {self.defects!r})"

    def _header(self, end: int) -> tuple[int, int]:
        data, start = self.data, self.start
        if data.startswith(b"\n", start):
            return start, min(start + 1, end)
        if data.startswith(b"\r\n", start):
            return start, min(start + 2, end)
        most = min(end, start + MAX_HEADER_BYTES)
        match = _BLANK_LINE.search(data, start, most)
        if match is not None:
            stop, body = match.start() + 1, match.end()
        elif most < end:
            self.defects.append(HEADER_TOO_LONG)
            cut = data.rfind(b"\n", start, most) + 1
            stop = body = cut if cut > start else most
        else:
            stop = body = end
        place = start
        if data.startswith(b"From ", start):  # the envelope line of an mbox file
            place = data.find(b"\n", start, stop) + 1 or stop
        fields = self.fields
        while place < stop:
            match = _FIELD.match(data, place, stop)
            if match is None or len(fields) >= MAX_FIELDS:
                if len(fields) >= MAX_FIELDS:
                    self.defects.append(HEADER_TOO_LONG)
                    return stop, body
                if BROKEN_HEADER not in self.defects:
                    self.defects.append(BROKEN_HEADER)
                following = data.find(b"\n", place, stop) + 1 or stop
                if data[place] in b" \t:" or (data.startswith(b"From ", place) and following < stop):
                    place = following  # a fold of nothing, a field without a name, a stray envelope line: passed over
                    continue
                # RFC 5322 wants a blank line first; what is no field begins the body, as other readers take it
                return place, place
            first, last = match.span(2)
            place = last + 1
            fields.append((match.group(1).lower(), first, last - 1 if data[last - 1] == 13 else last))
        return stop, body

    def raw(self, name: bytes) -> bytes | None:
        """The first field of that lower-case name, as written (folded), or None."""
        for field, start, end in self.fields:
            if field == name:
                return self.data[start:end]
        return None

    def all_raw(self, name: bytes) -> list[bytes]:
        """Every field of that lower-case name, as written."""
        return [self.data[start:end] for field, start, end in self.fields if field == name]

    def octets(self) -> bytes:
        """The body as transported."""
        return self.data[self.body : self.end]

    def content(self) -> tuple[bytes, tuple[str, ...]]:
        """(the body without its transfer encoding, defects found in it). Never raises."""
        return decode_body(self.octets(), self.encoding)

    def walk(self) -> Iterator[Part]:
        """This part and all below, in order."""
        todo = [self]
        while todo:
            part = todo.pop()
            yield part
            todo.extend(reversed(part.children))

    def all_defects(self) -> list[str]:
        """The defects of the whole tree, content not decoded."""
        return [defect for part in self.walk() for defect in part.defects]


def decode_body(octets: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    """(content, defects) of a body in a transfer encoding (RFC 2045 6). What cannot be decoded is given as far as it goes."""
    if encoding == "base64":
        return _base64(octets)
    if encoding == "quoted-printable":
        # a soft line break lacks its line end where a boundary follows: only a digit too few tells a cut
        return binascii.a2b_qp(octets), (CUT_QUOTED,) if _CUT_QUOTED.search(octets, max(0, len(octets) - 2)) else ()
    if encoding in _UUENCODE:
        return _uuencode(octets)
    return octets, () if encoding in _UNCHANGING else (UNKNOWN_ENCODING,)


def _uuencode(octets: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The lines between `begin` and `end` (POSIX.1 uuencode); the octets as they stand where there is no such line."""
    begun = _BEGIN.search(octets)
    if begun is None:
        return octets, (UNKNOWN_ENCODING,)
    found: list[bytes] = []
    for written in octets[begun.end() :].split(b"\n"):
        line = written.rstrip(b"\r")
        if line == b"end":
            return b"".join(found), ()
        if not line:
            continue
        try:
            found.append(binascii.a2b_uu(line))
        except binascii.Error:
            # some writers pad a line beyond what its first letter counts
            counted = ((line[0] - 32) & 63) * 4 + 5
            try:
                found.append(binascii.a2b_uu(line[: counted // 3 + 1]))
            except binascii.Error:
                break
    return b"".join(found), (CUT_UUENCODE,)


def _base64(octets: bytes) -> tuple[bytes, tuple[str, ...]]:
    padding = octets.find(b"=")
    if padding >= 0 and octets[padding:].strip(b"= \t\r\n"):
        return _base64_pieces(octets)
    defects: tuple[str, ...] = ()
    try:
        content = binascii.a2b_base64(octets)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
        # three quarters of a group of four are still bytes; one letter alone is none
        content = binascii.a2b_base64(letters[: len(letters) // 4 * 4])
        rest = letters[len(letters) // 4 * 4 :]
        if len(rest) > 1:
            content += binascii.a2b_base64(rest + b"=" * (4 - len(rest)))
        defects = (CUT_BASE64,)
    if octets.translate(None, _BASE64_OCTETS):
        defects = (*defects, BAD_BASE64)
    return content, defects


def _base64_pieces(octets: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Several base64 texts one after the other, each with its own padding (some senders encode by blocks), or a footer after the end."""
    if octets.count(b"=") > MAX_PIECES:
        return _base64(octets.replace(b"=", b""))[0], (BAD_BASE64,)
    pieces: list[bytes] = []
    defects = {BAD_BASE64}
    for place, piece in enumerate(re.split(rb"=+", octets)):
        letters = re.sub(rb"\s", b"", piece)
        if not letters:
            continue
        if place and letters.translate(None, _BASE64_OCTETS):
            break  # words added below the end by a gateway
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", letters)
        if len(letters) % 4 == 1:
            letters = letters[:-1]
            defects.add(CUT_BASE64)
        pieces.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
    return b"".join(pieces), tuple(sorted(defects))


def parse(data: bytes) -> Part:
    """The tree of a whole message. Never raises; time and memory are bounded by the size and by the limits above."""
    if b"\n" not in data[:MAX_HEADER_BYTES] and b"\r" in data[:MAX_HEADER_BYTES]:
        data = data.replace(b"\r", b"\n")  # an old Macintosh file: same length, so the offsets hold
    root = Part(data, 0, len(data), "", "text/plain")
    budget = [MAX_PARTS, MAX_DELIMITERS]
    # (part, depth): an explicit stack, since nesting is the sender's choice
    todo = [(root, 0)]
    while todo:
        part, depth = todo.pop()
        kind = part.media_type
        if kind.startswith("multipart/"):
            if depth >= MAX_DEPTH:
                part.defects.append(TOO_DEEP)
                continue
            _split(part, budget)
        elif kind in {"message/rfc822", "message/global"} and part.encoding not in CHANGING:
            if depth >= MAX_DEPTH:
                part.defects.append(TOO_DEEP)
                continue
            if budget[0] <= 0:
                part.defects.append(TOO_MANY_PARTS)
                continue
            budget[0] -= 1
            part.children.append(Part(data, part.body, part.end, f"{part.number}.m", "text/plain"))
        todo.extend((child, depth + 1) for child in part.children)
    return root


def boundary_of(part: Part) -> bytes | None:
    """The boundary of a multipart, without its quotes."""
    value = part.raw(b"content-type")
    if value is None:
        return None
    match = _BOUNDARY.search(value)
    if match is not None and b'"' in value[: match.start()]:
        # perhaps within the quotes of another parameter: each is looked at in turn
        named = (one for one in PARAMETER.finditer(value, 0, MAX_VALUE) if one.group(1).lower() == b"boundary")
        quoted = next(named, None)
        match = _BOUNDARY.match(value, quoted.start()) if quoted is not None else None
    if match is None:
        in_pieces = parameters(value).get("boundary", "") if b"*" in value else ""  # RFC 2231
        return in_pieces[:MAX_BOUNDARY].encode().rstrip(b" \t") or None
    boundary = match.group(1)
    if boundary is None:
        boundary = match.group(2)
    elif b"\\" in boundary:
        boundary = re.sub(rb"\\(.)", rb"\1", boundary, flags=re.DOTALL)
    return re.sub(rb"\r?\n", b"", boundary).rstrip(b" \t") or None


def _split(part: Part, budget: list[int]) -> None:
    """Finds the children of a multipart between its boundary lines (RFC 2046 5.1.1)."""
    boundary = boundary_of(part)
    if boundary is None:
        part.defects.append(NO_BOUNDARY)
        return
    data, end = part.data, part.end
    mark = b"--" + boundary
    size = len(mark)
    default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
    opened = -1
    place = part.body
    at_start = True
    while True:
        if at_start and data.startswith(mark, place):
            found = place
        else:
            found = data.find(b"\n" + mark, place, end)
            if found < 0:
                break
            found += 1
        at_start = False
        budget[1] -= 1
        if budget[1] < 0:
            part.defects.append(TOO_MANY_PARTS)
            return
        after = found + size
        closing = data.startswith(b"--", after)
        if closing:
            after += 2
        line_end = data.find(b"\n", after, end)
        rest = data[after : line_end if line_end >= 0 else end]
        if rest.strip(b" \t\r"):
            place = found  # only blanks may follow: this is another boundary that begins alike
            continue
        if opened >= 0 and (closing or found > opened):  # the same line twice opens one part
            stop = found - 1
            if stop > opened and data[stop - 1] == 13:
                stop -= 1
            if not _add(part, opened, max(opened, stop), default, budget):
                return
        if closing:
            if not part.children:
                part.defects.append(NO_PARTS)
            return
        opened = line_end + 1 if line_end >= 0 else end
        # the line end before the next boundary belongs to it: look from the one that ends this line
        place = opened - 1 if line_end >= 0 else end
    if opened >= 0:
        part.defects.append(UNCLOSED)
        _add(part, opened, end, default, budget)
    else:
        part.defects.append(NO_PARTS)
        part.defects.append(UNCLOSED)


def _add(part: Part, start: int, end: int, default: str, budget: list[int]) -> bool:
    if budget[0] <= 0:
        part.defects.append(TOO_MANY_PARTS)
        return False
    budget[0] -= 1
    prefix = part.number.removesuffix(".m")
    number = f"{prefix}.{len(part.children) + 1}" if prefix else str(len(part.children) + 1)
    part.children.append(Part(part.data, start, end, number, default))
    return True
