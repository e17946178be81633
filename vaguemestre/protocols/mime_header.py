"""Header fields of a mail into values: words encoded by RFC 2047, parameters by RFC 2231, dates of RFC 5322 3.3, and the quick look at
the top header block that the SMTP door needs.

The standard library decodes the encoded words; raw 8-bit octets, which it turns into U+FFFD, are read as UTF-8 or cp1252 here.
"""

from __future__ import annotations

import binascii
import codecs
import dataclasses
import datetime as dt
import functools
import re

MAX_BLOCK = 1_000_000
MAX_VALUE = 20_000
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_WORD = re.compile(r"=\?([A-Za-z0-9_.:-]{1,40})(?:\*[A-Za-z0-9-]{1,20})?\?([bBqQ])\?([^?]{0,4000})\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t]*(?:\r?\n[ \t]+)*(?==\?[A-Za-z0-9_.:*-]{1,60}\?[bBqQ]\?)")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]+")
_DIRECTIONS = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Invisible characters that turn what stands beside them around (Unicode UAX 9) or hide in it: `fdp.exe` must not read `exe.pdf`."""
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape", "utf-7"}
)
PARAMETER = re.compile(
    rb';\s*([A-Za-z0-9!#$%&\'+^_`{|}~.-]{1,60}(?:\*\d{1,3})?\*?)\s*=\s*(?:"((?:[^"\\]|\\.){0,4000})"|"?([^;\s"][^;\r\n]{0,1000}))',
    re.DOTALL,
)
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_BACKSLASH = re.compile(rb'\\(["\\])')
_DATE = re.compile(
    r"(?:[A-Za-z]{2,9},?\s*)?(\d{1,2})[ \t-]+([A-Za-z]{3})[A-Za-z]{0,6}\.?[ \t-]+(\d{4}|\d{2})"
    r"[ \t]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?"
    r"((?:[ \t]*\([^()]{0,40}\))*)[ \t]*([+-]\d{4}|[A-Za-z]{1,4}(?![A-Za-z]))?"
)
_MONTHS = {m: i for i, m in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}
_ZONES = {
    "ut": 0,
    "gmt": 0,
    "utc": 0,
    "z": 0,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
    "cet": 1,
    "cest": 2,
}


def raw_text(value: bytes) -> str:
    """Octets of a header as text: UTF-8 where they are, else cp1252. Unfolded, without control characters."""
    value = value[:MAX_VALUE]
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("cp1252", "replace")
    return _FOLD.sub("", text) if "\n" in text else text


def _one_line(text: str) -> str:
    """Without control characters nor those that turn the direction of writing, single blanks between the words."""
    return " ".join((text if text.isprintable() else _DIRECTIONS.sub("", _CONTROLS.sub(" ", text))).split())


def _in_charset(octets: bytes, charset: str) -> str | None:
    """The octets as text in the charset of an encoded word or parameter, or in UTF-8 where that is no charset of texts; None where neither
    fits."""
    for name in (_codec(charset), "utf-8"):
        if name is not None:
            try:
                return octets.decode(name)
            except (UnicodeError, ValueError, OverflowError):
                continue
    return None


@functools.lru_cache(64)
def _codec(charset: str) -> str | None:
    """The codec of a charset that texts are sent in. Python's others may be slow, raise anything, or give lone surrogates."""
    try:
        info = codecs.lookup(charset)
    except (LookupError, ValueError):
        return None
    return info.name if getattr(info, "_is_text_encoding", True) and info.name not in _NO_CHARSETS else None


def _word_octets(how: str, told: str) -> bytes | None:
    """What an encoded word bears (RFC 2047 4), or None where its base64 is none."""
    if how in "qQ":
        return binascii.a2b_qp(told.encode("ascii", "replace"), header=True)
    try:
        return binascii.a2b_base64(told + "=" * (-len(told) % 4))
    except (binascii.Error, ValueError):
        return None


def _word(match: re.Match[str]) -> str:
    octets = _word_octets(match.group(2), match.group(3))
    if octets is None:
        return match.group()
    text = _in_charset(octets, match.group(1))
    return octets.decode("cp1252", "replace") if text is None else text


def decoded(value: bytes) -> str:
    """A header's text with its encoded words decoded, on one line."""
    text = raw_text(value)
    if "=?" in text:
        text = _BETWEEN_WORDS.sub(r"\1", text)
        text = _RUN.sub(_run, text)
    return _one_line(text)


def _run(match: re.Match[str]) -> str:
    """Encoded words one after the other: a character cut between two of one charset (forbidden, but sent) is whole again once their octets
    are joined."""
    words = _WORD.findall(match.group())
    if len(words) > 1 and len({(charset.lower(), how.lower()) for charset, how, _ in words}) == 1:
        pieces = [_word_octets(how, told) for _, how, told in words]
        octets = b"".join(piece for piece in pieces if piece is not None)
        name = _codec(words[0][0])
        if name is not None and None not in pieces:
            try:
                return octets.decode(name)
            except (UnicodeError, ValueError, OverflowError):
                pass
    return _WORD.sub(_word, match.group())


_RUN = re.compile(r"(?:=\?[A-Za-z0-9_.:*-]{1,60}\?[bBqQ]\?[^?]{0,4000}\?=)+")


def parameters(value: bytes) -> dict[str, str]:
    """The parameters of a Content-Type or Content-Disposition, names in lower case, continuations and encodings of RFC 2231 undone,
    encoded words (which RFC 2047 forbids there, but everybody sends) decoded. A backslash only quotes `"` and itself, since unquoted
    folders (`C:\\a`) are sent. The first of a repeated name counts."""
    found: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for match in PARAMETER.finditer(value, 0, MAX_VALUE):
        name = match.group(1).decode("ascii").lower()
        told = match.group(2)
        if told is None:
            told = match.group(3).rstrip()
        elif b"\\" in told:
            told = _BACKSLASH.sub(rb"\1", told)
        base, star, rank = name.partition("*")
        if not star:
            found.setdefault(name, decoded(told))
            continue
        encoded = name.endswith("*")
        index = rank.rstrip("*")
        pieces.setdefault(base, {}).setdefault(int(index) if index else 0, (told, encoded))
    for base, parts in pieces.items():
        # RFC 2231 is the better of two where both are given, RFC 6266 4.3
        found[base] = _continued(parts) or found.get(base, "")
    return found


def _continued(parts: dict[int, tuple[bytes, bool]]) -> str:
    """Where a piece is lacking, the others are joined: the end of a file name says its kind."""
    charset = "utf-8"
    octets = b""
    for place, index in enumerate(sorted(parts)):
        told, encoded = parts[index]
        if encoded:
            if place == 0 and told.count(b"'") >= 2:
                name, _, told = told.split(b"'", 2)
                charset = name.decode("ascii", "replace") or charset
            told = _PERCENT.sub(_percent, told)
        octets += told
    if b"=?" in octets and not any(b"'" in told or b"%" in told for told, encoded in parts.values() if encoded):
        return decoded(octets)  # both ways at once
    text = _in_charset(octets, charset)
    return _one_line(raw_text(octets) if text is None else text)


def _percent(match: re.Match[bytes]) -> bytes:
    return bytes([int(match.group(1), 16)])


def date(value: bytes) -> str | None:
    """RFC 5322 date as ISO 8601, with its offset where it gives one, in numbers or as an old zone name; None for what is no date."""
    match = _DATE.search(raw_text(value[:200]))
    if match is None:
        return None
    month = _MONTHS.get(match.group(2).lower())
    if month is None:
        return None
    year = int(match.group(3))
    if len(match.group(3)) == 2:
        year += 2000 if year < 50 else 1900  # RFC 5322 4.3
    zone = match.group(8)
    if zone is None and match.group(7):
        inside = match.group(7).strip(" \t()").lower()
        zone = inside if inside in _ZONES else None
    offset: dt.timezone | None = None
    if zone is not None and zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        if int(zone[3:5]) > 59 or minutes >= 24 * 60:
            return None
        offset = dt.timezone(dt.timedelta(minutes=minutes if zone[0] == "+" else -minutes))
    elif zone is not None and zone.lower() in _ZONES:
        offset = dt.timezone(dt.timedelta(hours=_ZONES[zone.lower()]))
    second = min(int(match.group(6) or 0), 59)  # a leap second has no place in ISO times of Python
    try:
        return dt.datetime(year, month, int(match.group(1)), int(match.group(4)), int(match.group(5)), second, tzinfo=offset).isoformat()
    except ValueError:
        return None


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class HeaderFacts:
    """What the SMTP door looks at. `message_id`: as written, unfolded and trimmed. `from_`, `return_path`: every such field, raw and
    trimmed. `complete`: the block ended within the limit. `body`: offset of the body."""

    message_id: str | None
    from_: list[bytes]
    return_path: list[bytes]
    body: int
    complete: bool

    def __repr__(self) -> str:
        return f"HeaderFacts(from={len(self.from_)}, complete={self.complete})"


_FACT = re.compile(rb"^(from|message-id|return-path)[ \t]*:((?:[^\n]*\n[ \t])*[^\n]*)", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"\n\r?\n")


def header_facts(data: bytes, limit: int = MAX_BLOCK) -> HeaderFacts:
    """The few fields of the top header block that a door judges, wherever they stand above the first blank line, even after a line that
    is no field: no reader behind us can see a From that was not seen here. Never raises."""
    if data.startswith((b"\n", b"\r\n")):
        return HeaderFacts(None, [], [], 1 if data[0] == 10 else 2, True)
    match = _END.search(data, 0, limit)
    complete = match is not None or len(data) <= limit
    stop, body = (match.start() + 1, match.end()) if match is not None else (min(len(data), limit),) * 2
    message_id: str | None = None
    found: dict[bytes, list[bytes]] = {b"from": [], b"return-path": []}
    for field in _FACT.finditer(data, 0, stop):
        name = field.group(1).lower()
        value = field.group(2).strip()
        if name != b"message-id":
            found[name].append(value)
        elif message_id is None:
            message_id = "".join(raw_text(value).split("\n")).strip()[:998] or None
    return HeaderFacts(message_id, found[b"from"], found[b"return-path"], body, complete)
