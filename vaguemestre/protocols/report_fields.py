"""The fields of the machine part of a report: groups of header fields parted by blank lines (RFC 3464 2.1, RFC 8098 3.1), and the two
values that notices of delivery and of disposition share: an address with its type, and a Message-ID.

Bounded before it is split; what is no field is passed over. Never raises.
"""

from __future__ import annotations

import re

from vaguemestre.protocols.mime_header import decoded, raw_text

MAX_BYTES = 1_000_000
MAX_GROUPS = 200
"""The first group tells of the message, each of the others of one recipient."""
MAX_FIELDS = 100
"""Fields of one group."""
MAX_ADDRESS = 320
MAX_MESSAGE_ID = 998

Group = dict[str, str]
"""Fields by lower-case name; the first of a repeated name counts."""

_FIELD = re.compile(rb"([!-9;-~]{1,76})[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)")
_BLANK = re.compile(rb"\n[ \t]*(?=\n)")
_COMMENT = re.compile(r"\s*\([^()]{0,200}\)")
_TYPE = re.compile(r"\s*([A-Za-z0-9-]{1,40})\s*;\s*")
_UNICODE = re.compile(r"\\x\{[0-9A-Fa-f]{1,6}\}")


def groups(data: bytes) -> tuple[Group, ...]:
    """The groups that hold at least one field, in order."""
    data = data[:MAX_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found: list[Group] = []
    for block in _BLANK.split(data):
        group: Group = {}
        place = 0
        while place < len(block) and len(group) < MAX_FIELDS:
            match = _FIELD.match(block, place)
            if match is None:
                place = block.find(b"\n", place) + 1 or len(block)
                continue
            place = match.end()
            group.setdefault(match.group(1).decode("ascii").lower(), text(match.group(2)))
        if group:
            found.append(group)
            if len(found) > MAX_GROUPS:
                break
    return tuple(found)


def text(value: bytes) -> str:
    """A value on one line, encoded words decoded (RFC 3464 2.1.2 allows them in free text)."""
    return decoded(value) if value.strip() else ""


def address(group: Group, name: str) -> str | None:
    """The address of a field such as Final-Recipient, without its type, comments and brackets; None where there is none. An address of
    type utf-8 has its characters written `\\x{E9}` undone (RFC 6533 3)."""
    told = group.get(name)
    if not told:
        return None
    kind = _TYPE.match(told)
    bare = told[kind.end() :] if kind is not None else told
    if not bare.startswith('"'):
        bare = _COMMENT.sub("", bare)
    bare = bare.strip()
    if kind is not None and kind.group(1).lower() == "utf-8":
        bare = _UNICODE.sub(_character, bare)
    if bare.startswith("<") and bare.endswith(">"):
        bare = bare[1:-1].strip()
    return bare[:MAX_ADDRESS] or None


def _character(match: re.Match[str]) -> str:
    code = int(match.group()[3:-1], 16)
    character = chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""
    return character if character.isprintable() else ""


def message_id(value: str | None) -> str | None:
    """A Message-ID as written."""
    return (value or "").strip()[:MAX_MESSAGE_ID] or None


def own_message_id(value: bytes | None) -> str | None:
    """The Message-ID of a header field as written."""
    return None if value is None else message_id("".join(raw_text(value).splitlines()))
