"""Takes the content of DATA out of the stream, chunk by chunk: RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2.

The end is CR LF . CR LF and nothing else. A CR or LF alone anywhere in the content is refused: it is what makes two servers see
two different ends of one message (SMTP smuggling). Dots are unstuffed. No line is ever looked at by itself: `find`, `count` and
`replace` over whole chunks, so that 200 kB cost well under a millisecond. However the bytes are cut, the verdict is the same.
"""

from __future__ import annotations

import enum

_END = b"\r\n.\r\n"
_PREFIXES = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")


class Verdict(enum.Enum):
    """MORE: the end has not come. SOUND: `content()` is the message. TOO_LARGE, ABANDONED: it ended, nothing was kept.
    BARE, ENDLESS: the connection cannot go on. CHUNK, BINARY, SWALLOWED: see `smtp_chunks`."""

    MORE = "more"
    SOUND = "sound"
    TOO_LARGE = "too-large"
    ABANDONED = "abandoned"
    BARE = "bare"
    ENDLESS = "endless"
    CHUNK = "chunk"
    BINARY = "binary"
    SWALLOWED = "swallowed"


class Content:
    """One message being received: at most `limit` bytes are held; past it all is thrown away as it comes, and past `bound` bytes on
    the wire the peer is cut off."""

    __slots__ = ("_abandoned", "_bound", "_carry", "_data", "_limit", "_size", "_wire")

    def __init__(self, limit: int, bound: int) -> None:
        self._limit = limit
        self._bound = bound
        # The CR LF that ended the DATA command is the first of an end that comes at once (RFC 5321 section 4.1.1.4).
        self._carry = b"\r\n"
        # One growing buffer and no list of pieces: a peer that sends two bytes at a time must not cost twenty times its message.
        self._data = bytearray()
        self._size = -2
        self._wire = -2
        self._abandoned = False

    @property
    def held(self) -> int:
        """Bytes in memory."""
        return 0 if self._discarding else max(self._size, 0)

    @property
    def wire(self) -> int:
        """Bytes of content seen, dots still stuffed."""
        return max(self._wire, 0)

    @property
    def _discarding(self) -> bool:
        return self._abandoned or self._size > self._limit

    def abandon(self) -> None:
        """Keeps nothing of this message any more; its end is still looked for."""
        self._abandoned = True
        self._data.clear()

    def content(self) -> bytes:
        """The whole message after SOUND, dots unstuffed, with the CR LF of its last line."""
        return bytes(memoryview(self._data)[2:])

    def take(self, buffer: bytearray) -> Verdict:
        """`receive` for what is in `buffer`, which holds afterwards what follows the end."""
        chunk = bytes(buffer)
        buffer.clear()
        verdict, rest = self.receive(chunk)
        buffer += rest
        return verdict

    def receive(self, chunk: bytes) -> tuple[Verdict, bytes]:
        """What is known after these bytes, and those that follow the end (commands), empty with MORE, BARE and ENDLESS."""
        joined = self._carry + chunk
        dotted = joined.find(b"\r\n.")
        end = joined.find(_END, dotted) if dotted >= 0 else -1
        if end >= 0:
            piece, rest = joined[: end + 2], joined[end + 5 :]
        else:
            carry = next((p for p in _PREFIXES if joined.endswith(p)), b"")
            piece, rest = joined[: len(joined) - len(carry)], b""
            self._carry = carry
        room = self._bound - self._wire
        endless = len(piece) > room
        if endless:
            piece = piece[:room].removesuffix(b"\r")
        pairs = piece.count(b"\r\n")
        if piece.count(b"\r") != pairs or piece.count(b"\n") != pairs:
            self.abandon()
            return Verdict.BARE, b""
        if endless:
            self.abandon()
            return Verdict.ENDLESS, b""
        self._wire += len(piece)
        unstuffed = piece.replace(b"\r\n.", b"\r\n") if dotted >= 0 else piece
        self._size += len(unstuffed)
        if self._discarding:
            self._data.clear()
        else:
            self._data += unstuffed
        if end < 0:
            return Verdict.MORE, b""
        if self._size > self._limit:
            return Verdict.TOO_LARGE, rest
        return (Verdict.ABANDONED if self._abandoned else Verdict.SOUND), rest
