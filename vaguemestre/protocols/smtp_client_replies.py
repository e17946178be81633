"""Reads replies out of what a server sends: RFC 5321 sections 4.2 and 4.2.1, enhanced codes of RFC 3463 and RFC 2034.

A reply is bounded in the length of a line, the number of lines and the whole; its lines bear one code and end with CR LF. What is none
is told by a reason: the connection cannot go on, since what follows might answer anything. Of the text nothing is kept but EHLO's
keywords: it may show an address.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence

LINE_MOST = 2_048
"""Octets of a line with its CR LF: 512 of RFC 5321 section 4.5.3.1.5, and room for those who write more."""
LINES_MOST = 100
REPLY_MOST = 32_768
KEYWORDS_MOST = 64

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\r\n\x00]*))?")
_ENHANCED = re.compile(rb"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")
_KEYWORD = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]{0,63})(?:[ =](.*))?")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """`enhanced`: "" where none was said or it is of another class than the code. `lines`: the texts without codes."""

    code: int
    enhanced: str
    lines: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"<Reply {self.code} {self.enhanced}>"


class Reader:
    """Takes replies out of a buffer, one at a time."""

    def __init__(self) -> None:
        self._code = b""
        self._lines: list[bytes] = []
        self._size = 0

    @property
    def begun(self) -> bool:
        """Some lines of a reply came, others must."""
        return bool(self._lines)

    def take(self, buffer: bytearray) -> Reply | str | None:
        """The next reply, a reason why there is none to be had, or None while it is not whole."""
        while True:
            feed = buffer.find(b"\n", 0, LINE_MOST)
            if feed < 0:
                return "reply-endless" if len(buffer) >= LINE_MOST else None
            line = bytes(buffer[: feed + 1])
            del buffer[: feed + 1]
            found = _LINE.fullmatch(line[:-2])
            if not line.endswith(b"\r\n") or found is None or (self._lines and found.group(1) != self._code):
                return "bad-reply"
            self._code = found.group(1)
            self._lines.append(found.group(3) or b"")
            self._size += len(line)
            if found.group(2) != b"-":
                break
            if len(self._lines) >= LINES_MOST or self._size > REPLY_MOST:
                return "reply-endless"
        lines, self._lines, self._size = tuple(self._lines), [], 0
        enhanced = _ENHANCED.match(lines[0])
        code = enhanced.group(1).decode("ascii") if enhanced is not None and enhanced.group(1)[:1] == self._code[:1] else ""
        return Reply(int(self._code), code, lines)


def offers(lines: Sequence[bytes]) -> Mapping[str, str]:
    """What EHLO's reply offers: parameters by keyword in capitals (RFC 5321 section 4.1.1.1). The first line is the greeting."""
    found: dict[str, str] = {}
    for line in lines[1 : KEYWORDS_MOST + 1]:
        match = _KEYWORD.fullmatch(line)
        if match is not None:
            found.setdefault(match.group(1).decode("ascii").upper(), (match.group(2) or b"").decode("ascii", "replace").strip())
    return found


def size_offered(words: Mapping[str, str]) -> int:
    """The largest message that the peer takes (RFC 1870 section 3); 0 where it does not say."""
    text = words.get("SIZE", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0
