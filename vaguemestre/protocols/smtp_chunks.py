"""Takes a message out of the chunks of BDAT: RFC 3030 section 2. Octets are counted, so there is no end to look for and no dot to unstuff.

BINARYMIME is not offered, so what the chunks make together is text as DATA would carry it (RFC 6152): a CR or LF alone, within a chunk
or between two, spoils the message. Unlike in DATA it cannot hide another message, so the connection goes on. All other octets, and a
last line without its end, are kept as they came.
"""

from __future__ import annotations

from collections.abc import Callable

from vaguemestre.protocols.smtp_content import Verdict
from vaguemestre.protocols.smtp_events import Event
from vaguemestre.protocols.smtp_states import State


class Chunks:
    """One message being received. Who calls `begin` has checked that `size` and the new chunk together are within bounds."""

    __slots__ = ("_abandoned", "_binary", "_data", "_last", "_left", "_pending", "size", "wire")

    def __init__(self) -> None:
        self._data = bytearray()
        self._left = 0
        self._last = False
        # A CR at the end of what came: its LF may come next.
        self._pending = False
        self._binary = self._abandoned = False
        self.size = 0
        """Octets declared until now, the chunk that is coming included."""
        self.wire = 0
        """Octets that came."""

    @property
    def held(self) -> int:
        """Bytes in memory."""
        return len(self._data)

    def abandon(self) -> None:
        """Keeps nothing of this message any more; the rest of its chunk is still counted."""
        self._abandoned = True
        self._data.clear()

    def begin(self, size: int, last: bool) -> None:
        """A chunk of `size` octets comes next."""
        self._left = size
        self._last = last
        self.size += size

    def content(self) -> bytes:
        """The whole message after SOUND, as it came."""
        return bytes(self._data)

    def take(self, buffer: bytearray) -> Verdict:
        """Takes what belongs to this chunk out of `buffer` and leaves what follows it. MORE: octets are still to come. CHUNK: it came
        whole, others follow. SOUND: it was the last. BINARY, ABANDONED: it came whole, and nothing of the message was kept."""
        piece = buffer[: self._left]
        del buffer[: len(piece)]
        self._left -= len(piece)
        self.wire += len(piece)
        if not (self._binary or self._abandoned):
            self._keep(piece)
        if self._left:
            return Verdict.MORE
        if self._last and self._pending:
            self._spoil()
        if self._binary:
            return Verdict.BINARY
        if self._abandoned:
            return Verdict.ABANDONED
        return Verdict.SOUND if self._last else Verdict.CHUNK

    def _keep(self, piece: bytearray) -> None:
        if not piece:
            return
        # The CR and LF that belong to pairs: those within the piece, and the one that a CR at the end of what came before begins.
        pairs = piece.count(b"\r\n")
        joined = self._pending and piece.startswith(b"\n")
        pending = piece.endswith(b"\r")
        if (self._pending and not joined) or piece.count(b"\n") != pairs + joined or piece.count(b"\r") != pairs + pending:
            self._spoil()
            return
        self._pending = pending
        self._data += piece

    def _spoil(self) -> None:
        self._binary = True
        self._data.clear()


class Swallow:
    """The octets of a chunk that was refused: they go by and are not kept, then `answer` is given in the state `after`."""

    __slots__ = ("_left", "after", "answer", "wire")
    held = 0

    def __init__(self, size: int, after: State, answer: Callable[[], Event | None]) -> None:
        self._left = size
        self.after = after
        self.answer = answer
        self.wire = 0

    def abandon(self) -> None:
        """There is nothing to let go."""

    def take(self, buffer: bytearray) -> Verdict:
        """MORE or SWALLOWED; leaves in `buffer` what follows the chunk."""
        here = min(self._left, len(buffer))
        del buffer[:here]
        self._left -= here
        self.wire += here
        return Verdict.MORE if self._left else Verdict.SWALLOWED
