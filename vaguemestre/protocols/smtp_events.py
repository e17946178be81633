"""What the engine of `protocols.smtp` tells and asks the server, and the bounds it is given. Nothing here shows what a peer wrote."""

from __future__ import annotations

import dataclasses

from vaguemestre.protocols.smtp_commands import Recipient, Sender


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection: `message` bytes of a message; `recipients` of a transaction; counts of `transactions` and `errors`."""

    message: int = 26_214_400
    recipients: int = 100
    transactions: int = 10_000
    errors: int = 20


@dataclasses.dataclass(frozen=True, slots=True)
class StartTls:
    """The peer was told to go on: the next bytes are a handshake. Then `secured()`."""


@dataclasses.dataclass(frozen=True, slots=True)
class ContentAsked:
    """DATA: accept to be sent the content."""


@dataclasses.dataclass(frozen=True, slots=True)
class ChunkAsked:
    """BDAT: accept to take these octets of the message."""

    size: int
    last: bool


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A whole message; accepting it says 250, so keep it first."""

    data: bytes

    def __repr__(self) -> str:
        return f"<Message {len(self.data)} bytes>"


@dataclasses.dataclass(frozen=True, slots=True)
class Trouble:
    """The engine refused something worth a trace (a message, or the whole connection); already answered."""

    reason: str


Event = Sender | Recipient | StartTls | ContentAsked | ChunkAsked | Message | Trouble
