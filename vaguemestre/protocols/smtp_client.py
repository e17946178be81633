"""An SMTP client's side of a conversation without sockets: bytes in, events and bytes out.

RFC 5321, 1870, 2034, 2920, 3030, 3207, 3461, 6152, 6531.

    client.receive(bytes) -> client.next_event() until None -> client.outgoing()

`StartTls` asks for the handshake, then `secured()`; `Ready` allows `send(transaction)`; `Settled` has one `Outcome` a recipient, and a
`Ready` follows where the connection goes on; `Broken` ends the session. Before TLS nothing but EHLO, STARTTLS and QUIT is ever said:
there is no way from the clear states to MAIL (mssante.md 1.3; requirement 6).

DELIVERED is said of one thing alone: a 2xx reply to the end of the content, that came after the whole content left. A reply that comes
before what it would answer ends the session: it may be an answer made up beforehand, or another's bytes (RFC 3207 section 6).

Known weaknesses: a message of more octets than the peer's SIZE is given up without a try; no message is converted to seven bits.
"""

from __future__ import annotations

import dataclasses
import enum
from collections import deque
from collections.abc import Mapping

from vaguemestre.protocols import smtp_client_commands as commands
from vaguemestre.protocols.smtp_client_commands import To, Transaction
from vaguemestre.protocols.smtp_client_replies import Reader, Reply, offers
from vaguemestre.protocols.smtp_client_states import GIVEN_UP, NEXT, REFUSED, Answer, Asked, Step

__all__ = ["Broken", "Client", "Fate", "Outcome", "Ready", "Settled", "StartTls", "To", "Transaction"]


class Fate(enum.StrEnum):
    """What one try makes of a recipient."""

    DELIVERED = "delivered"
    LATER = "later"
    NEVER = "never"


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """`code` and `enhanced`: the peer's reply, None and "" where none came."""

    fate: Fate
    reason: str
    code: int | None = None
    enhanced: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class StartTls:
    """The peer waits for the handshake: no byte of it was read before it began."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ready:
    """A transaction may begin."""


@dataclasses.dataclass(frozen=True, slots=True)
class Settled:
    """A transaction ended: one outcome a recipient, in order. `content`: the content, or some of it, was said."""

    outcomes: tuple[Outcome, ...]
    content: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Broken:
    """The session is over, and why."""

    why: Outcome


Event = StartTls | Ready | Settled | Broken

_BYE = b"QUIT\r\n"


class Client:
    """One connection. `hostname`: our name in EHLO."""

    def __init__(self, hostname: str) -> None:
        self._hello = f"EHLO {hostname}\r\n".encode("ascii")
        self._buffer = bytearray()
        self._reader = Reader()
        self._out: list[bytes] = []
        self._events: deque[Event] = deque()
        self._awaited: deque[tuple[Asked, int]] = deque([(Asked.GREETING, 0)])
        self._script: deque[tuple[Asked, int, bytes]] = deque()
        self._secure = self._handshaking = self._unsent = False
        self._one: Transaction | None = None
        self._outcomes: list[Outcome | None] = []
        self._content_left = self._sender_taken = False
        self.offered: Mapping[str, str] = {}
        self.replies = 0
        self.ended = False

    # What the connection calls.

    @property
    def awaited(self) -> Asked | None:
        """What the next reply answers; None where none is due."""
        return self._awaited[0][0] if self._awaited else None

    @property
    def ready(self) -> bool:
        """A transaction may begin now."""
        return self._secure and not (self.ended or self._awaited or self._one or self._buffer or self._reader.begun)

    def receive(self, data: bytes, unsent: bool = False) -> None:
        """Bytes that came. `unsent`: bytes of ours still wait to be written, so that no reply can be to the last of them."""
        if self.ended:
            return
        if self._handshaking:
            self._break(Outcome(Fate.LATER, "starttls-injection"))
            return
        self._unsent = unsent or bool(self._out)
        self._buffer += data
        while not self.ended and not self._handshaking:
            found = self._reader.take(self._buffer)
            if found is None:
                return
            if isinstance(found, str):
                self._break(Outcome(Fate.LATER, found))
            else:
                self._reply(found)

    def next_event(self) -> Event | None:
        return self._events.popleft() if self._events else None

    def outgoing(self) -> bytes:
        """Takes what must be sent."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def secured(self) -> None:
        """The handshake is done. What the peer offered in clear is forgotten (RFC 3207 section 4.2)."""
        assert self._handshaking, "no handshake was asked for"
        self._handshaking, self._secure = False, True
        self.offered = {}
        self._ask(Asked.HELLO_SECURE, self._hello)

    def send(self, one: Transaction) -> None:
        """Begins a transaction; only when `ready`. What can never go is settled at once, without a word to the peer."""
        assert self.ready, "no transaction may begin"
        assert one.recipients, "a transaction has recipients"
        self._one, self._outcomes = one, [None] * len(one.recipients)
        self._content_left = self._sender_taken = False
        never = commands.unsendable(one, self.offered)
        if not commands.clean(one.data):
            never = commands.Impossible("content-bare-cr-or-lf", "5.6.0")
        if never is None and not commands.spoken(one.sender):
            never = commands.Impossible("address-malformed", "5.1.7")
        if never is not None:
            self._settle_rest(Outcome(Fate.NEVER, never.reason, None, never.enhanced))
            self._settled()
            return
        self._script.append((Asked.MAIL, 0, commands.mail(one, self.offered)))
        for place, to in enumerate(one.recipients):
            if to.address and commands.spoken(to.address):
                self._script.append((Asked.RCPT, place, commands.rcpt(to, self.offered)))
            else:
                self._outcomes[place] = Outcome(Fate.NEVER, "address-malformed", None, "5.1.3")
        if len(self._script) == 1:
            self._script.clear()
            self._settled()
            return
        self._advance()

    def quit(self) -> None:
        """Says goodbye; `Broken` comes when the peer answered. Only between transactions."""
        if not self.ended and self._one is None and not self._handshaking:
            self._ask(Asked.QUIT, _BYE)

    def lost(self, reason: str, unsent: bool = False) -> None:
        """The connection ended, or is given up, for this reason. A cut after the whole content is one of its own: the peer may have the
        message, and it will be sent again, since a duplicate is better than a loss."""
        if not self.ended:
            self._break(Outcome(Fate.LATER, "cut-after-content" if self._content_left and not (unsent or self._out) else reason))

    # Inside.

    def _ask(self, asked: Asked, data: bytes, place: int = 0) -> None:
        self._awaited.append((asked, place))
        self._out.append(data)

    def _advance(self) -> None:
        """Says the next command, or with PIPELINING all that are ready (RFC 2920 section 3.1); then the content is asked for."""
        if not self._script and not self._awaited:
            self._content()
            return
        pipelining = "PIPELINING" in self.offered
        while self._script and (pipelining or not self._awaited):
            asked, place, data = self._script.popleft()
            self._ask(asked, data, place)

    def _break(self, why: Outcome) -> None:
        if self._one is not None:
            self._settle_rest(why)
            self._events.append(Settled(tuple(o for o in self._outcomes if o is not None), self._content_left))
            self._one = None
        self._events.append(Broken(why))
        self._awaited.clear()
        self._script.clear()
        self._buffer.clear()
        self._out.clear()
        self.ended = True

    def _settle_rest(self, outcome: Outcome) -> None:
        self._outcomes = [found or outcome for found in self._outcomes]

    def _settled(self) -> None:
        """The transaction is over and the connection goes on."""
        self._events.append(Settled(tuple(o for o in self._outcomes if o is not None), self._content_left))
        self._one = None
        self._content_left = False
        if not self._awaited:
            self._events.append(Ready())

    def _reply(self, reply: Reply) -> None:
        if not self._awaited:
            # Nobody asked: a peer that leaves says 421; anything else would be taken for the answer to what is asked next.
            leaving = reply.code == 421
            self._break(Outcome(Fate.LATER, "peer-closing" if leaving else "unexpected-reply", reply.code if leaving else None))
            return
        asked, place = self._awaited.popleft()
        self.replies += 1
        answer = Answer.LEAVING if reply.code == 421 else Answer(f"{reply.code // 100}xx")
        step = NEXT.get((asked, answer))
        told = Outcome(Fate.LATER, REFUSED.get((asked, answer), "peer-closing"), reply.code, reply.enhanced)
        match step:
            case None:
                self._break(Outcome(Fate.LATER, "unexpected-reply", reply.code, reply.enhanced))
            case Step.HANG_UP | Step.END:
                self._break(told)
            case Step.GIVE_UP:
                self._break(Outcome(Fate.LATER, GIVEN_UP[asked], reply.code, reply.enhanced))
            case Step.GREET:
                self._ask(Asked.HELLO, self._hello)
            case Step.SECURE:
                if "STARTTLS" in offers(reply.lines):
                    self._ask(Asked.STARTTLS, b"STARTTLS\r\n")
                else:
                    self._break(Outcome(Fate.LATER, "starttls-not-offered"))
            case Step.HANDSHAKE:
                self._start_tls()
            case Step.READY:
                self.offered = offers(reply.lines)
                self._events.append(Ready())
            case Step.CLEARED:
                self._events.append(Ready())
            case Step.TAKEN:
                self._taken(asked)
            case Step.REFUSED:
                self._refused(asked, place, dataclasses.replace(told, fate=Fate.NEVER if answer is Answer.NEVER else Fate.LATER))
            case Step.SEND:
                self._send_content()
            case Step.DELIVERED:
                self._delivered(reply)

    def _start_tls(self) -> None:
        if self._buffer:
            # Bytes in the clear behind the 220: they would be read as if they had come over TLS (RFC 3207 section 6).
            self._break(Outcome(Fate.LATER, "starttls-injection"))
            return
        self._handshaking = True
        self._events.append(StartTls())

    def _taken(self, asked: Asked) -> None:
        self._sender_taken = self._sender_taken or asked is Asked.MAIL
        self._advance()

    def _refused(self, asked: Asked, place: int, told: Outcome) -> None:
        if asked is Asked.RCPT:
            if self._outcomes[place] is None:
                self._outcomes[place] = _too_many(told) if any(found is None for found in self._outcomes[:place]) else told
        else:
            self._settle_rest(told)
            self._script.clear()
        if asked is Asked.CONTENT:
            self._settled()
        else:
            self._advance()

    def _content(self) -> None:
        """Every answer to the envelope came: the content goes to those who are left, or nothing does."""
        one = self._one
        assert one is not None
        if all(self._outcomes) or not self._sender_taken:
            # What the peer still remembers of the envelope is taken back.
            self._ask(Asked.RSET, b"RSET\r\n")
            self._settled()
        elif "CHUNKING" in self.offered:
            self._leave(commands.chunk(one.data))
        else:
            self._ask(Asked.DATA, b"DATA\r\n")

    def _send_content(self) -> None:
        assert self._one is not None
        self._leave(commands.stuffed(self._one.data))

    def _leave(self, content: bytes) -> None:
        if self._buffer or self._reader.begun:
            # A reply is here already that would be taken for the answer to the content.
            self._break(Outcome(Fate.LATER, "unexpected-reply"))
            return
        self._content_left = True
        self._ask(Asked.CONTENT, content)

    def _delivered(self, reply: Reply) -> None:
        if self._unsent:
            self._break(Outcome(Fate.LATER, "unexpected-reply", reply.code, reply.enhanced))
            return
        self._settle_rest(Outcome(Fate.DELIVERED, "delivered", reply.code, reply.enhanced))
        self._settled()


def _too_many(told: Outcome) -> Outcome:
    """552 to RCPT after another was taken means too many, and passes (RFC 5321 section 4.5.3.1.10)."""
    if told.code in {452, 552} and told.enhanced in {"", "4.5.3", "5.5.3"}:
        return dataclasses.replace(told, fate=Fate.LATER, reason="too-many-recipients")
    return told
