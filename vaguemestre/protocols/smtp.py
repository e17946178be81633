"""An SMTP server's side of a conversation without sockets: bytes in, events and bytes out (RFC 5321, 1870, 2034, 2920, 3207, 6152).

    engine.receive(bytes) -> engine.next_event() until None -> engine.outgoing()

Some events ask for a decision (`Sender`, `Recipient`, `ContentAsked`, `Message`): nothing more is read, whatever has come, until
`accept()` or `refuse(reason)`. All else the engine answers by itself, from the tables `smtp_states` and `replies`. What it never
does: raise for what a peer says, keep more than its limits, or see two different conversations in the same bytes cut differently.

Known weaknesses: no CHUNKING, SMTPUTF8 nor DSN yet; source routes are refused (RFC 5321 would ignore them).
"""

from __future__ import annotations

import dataclasses

from vaguemestre.protocols import replies, smtp_commands
from vaguemestre.protocols.smtp_commands import Recipient, Sender, Wrong
from vaguemestre.protocols.smtp_content import Content, Verdict
from vaguemestre.protocols.smtp_states import NEXT, NOT_OFFERED, VERBS, State, Verb, refusal

COMMAND_MOST = 1_024
"""Octets of a command line with its CR LF: 512 of RFC 5321 section 4.5.3.1.4, and room for the parameters of extensions."""
LINE_ENDLESS = 65_536
"""A line longer than this without an end closes the connection."""
IDLE_CHATTER = 100
"""NOOP, RSET, VRFY, HELP, EHLO between two messages before each more counts as an error."""


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


Event = Sender | Recipient | StartTls | ContentAsked | Message | Trouble
_DEAF = frozenset({State.ENDED, State.HANDSHAKE})
"""States in which nothing is read."""
_BUSY = frozenset({State.SENDER, State.RECIPIENTS, State.CONTENT})
_CHATTER = frozenset({Verb.NOOP, Verb.RSET, Verb.VRFY, Verb.HELP, Verb.EHLO, Verb.HELO})


class Engine:
    """One connection. `hostname` is what the greeting and EHLO say."""

    def __init__(self, hostname: str, limits: Limits) -> None:
        self._hostname = hostname
        self._limits = limits
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._asked: Event | None = None
        self._content: Content | None = None
        self._abandoned = replies.INNER_FAILURE
        self._errors = self._chatter = self._refused = self._overflow = self._transactions = 0
        self.state = State.CLEAR
        self.disputed = False
        self.helo = ""
        self.sender: Sender | None = None
        self.recipients: dict[str, None] = {}

    # What the server reads.

    @property
    def asked(self) -> Event | None:
        """The event that waits for `accept` or `refuse`."""
        return self._asked

    @property
    def buffered(self) -> int:
        """Bytes received and not yet read."""
        return len(self._buffer)

    @property
    def held(self) -> int:
        """Bytes of unfinished content in memory."""
        return self._content.held if self._content is not None else 0

    @property
    def wire(self) -> int:
        """Bytes of unfinished content seen."""
        return self._content.wire if self._content is not None else 0

    @property
    def busy(self) -> bool:
        """A transaction is under way."""
        return self.state in _BUSY

    def outgoing(self) -> bytes:
        """Takes what must be sent to the peer."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    # What the server does.

    def greet(self) -> None:
        self._out.append(f"220 {self._hostname} ESMTP ready\r\n".encode("ascii"))

    def receive(self, data: bytes) -> None:
        """Takes bytes of the peer; none is looked at before `next_event`."""
        if self.state not in _DEAF:
            self._buffer += data

    def secured(self) -> None:
        """The TLS handshake is done: all that was said before is forgotten (RFC 3207 section 4.2)."""
        self._buffer.clear()
        self.helo = ""
        self._forget()
        self.state = State.SECURE

    def accept(self, recipient: str | None = None) -> None:
        """Yes to what was asked; `recipient` is how an accepted one is to be remembered, when not as written."""
        asked, self._asked = self._asked, None
        match asked:
            case Sender():
                self.sender = asked
                self.state = State.SENDER
                self._transactions += 1
                self._say("sender-accepted")
            case Recipient():
                self.recipients[recipient or asked.address] = None
                self.state = State.RECIPIENTS
                self._say("recipient-accepted")
            case ContentAsked():
                most = self._limits.message
                self._content = Content(most, 2 * most + 1_048_576)
                self.state = State.CONTENT
                self._say("send-content")
            case Message():
                self._finish()
                self._errors = self._chatter = self._refused = 0
                self._say("kept")

    def refuse(self, reply: replies.Reply) -> None:
        """No to what was asked: a 4xx or 5xx of `replies`."""
        assert reply.code >= 400, "a refusal is 4xx or 5xx"
        asked, self._asked = self._asked, None
        self._out.append(reply.encoded())
        if isinstance(asked, Message):
            self._finish()
        elif isinstance(asked, Recipient):
            self._refused += 1
            if self._refused > self._limits.recipients + self._limits.errors:
                self.close("too-many-errors")
        elif isinstance(asked, Sender):
            self._error_counted()

    def abandon(self, reason: str) -> None:
        """Holds nothing more of the content being received; its end will be answered with `reason`."""
        if self._content is not None:
            self._content.abandon()
            self._abandoned = reason

    def close(self, reason: str) -> None:
        """Says why and ends; what comes next is thrown away. `disputed` tells that the peer did not ask for the end."""
        self._say(reason)
        self._end()
        self.disputed = True

    def next_event(self) -> Event | None:
        """The next event, or None: more bytes, a decision or a handshake is needed, or all is over."""
        while self._asked is None and self.state not in _DEAF:
            if self.state is State.CONTENT:
                if not self._buffer:
                    return None
                event = self._content_event()
            else:
                line = self._line()
                if line is None:
                    return None
                event = Trouble(line) if isinstance(line, str) else self._command(line)
            if event is not None:
                return event
        return None

    # Inside.

    def _say(self, reason: str) -> None:
        self._out.append(replies.line(reason))

    def _forget(self) -> None:
        self.sender = None
        self.recipients = {}
        self._overflow = 0
        self._content = None

    def _finish(self) -> None:
        self._forget()
        self.state = State.GREETED

    def _end(self) -> None:
        self._buffer.clear()
        self._forget()
        self.state = State.ENDED

    def _error_counted(self) -> None:
        self._errors += 1
        if self._errors > self._limits.errors:
            self.close("too-many-errors")

    def _error(self, reason: str) -> Trouble | None:
        """Answers a bad command; the one too many is answered with 421 instead."""
        if self._errors >= self._limits.errors:
            self.close("too-many-errors")
            return Trouble("too-many-errors")
        self._errors += 1
        self._say(reason)
        return None

    def _line(self) -> bytes | str | None:
        """A command line without its CR LF; None while it has no end; a reason where the connection was closed for it."""
        buffer = self._buffer
        feed = buffer.find(b"\n")
        carriage = buffer.find(b"\r", 0, feed if feed >= 0 else len(buffer))
        if 0 <= carriage == feed - 1:
            if feed < LINE_ENDLESS:
                line = bytes(buffer[:carriage])
                del buffer[: feed + 1]
                return line
            reason = "line-endless"
        else:
            # The first CR or LF that is no pair; a CR at the very end may still become one.
            pending = feed < 0 and (carriage < 0 or carriage == len(buffer) - 1)
            if pending and len(buffer) < LINE_ENDLESS:
                return None
            first = min(p for p in (feed, carriage, len(buffer)) if p >= 0)
            reason = "line-endless" if first >= LINE_ENDLESS - 1 else "bare-cr-or-lf"
        self.close(reason)
        return reason

    def _command(self, line: bytes) -> Event | None:
        if len(line) + 2 > COMMAND_MOST:
            return self._error("line-too-long")
        if not line.isascii() or not line.decode("ascii").isprintable():
            return self._error("not-ascii")
        word, _, rest = line.partition(b" ")
        word = word.upper()
        verb = VERBS.get(word)
        if verb is None:
            return self._error("not-offered" if word in NOT_OFFERED else "unknown-command")
        reason = refusal(self.state, verb)
        if reason is not None:
            return self._error(reason)
        argument = rest.decode("ascii").strip(" ")
        if verb in _CHATTER:
            self._chatter += 1
            if self._chatter > IDLE_CHATTER:
                return self._error("too-many-errors")
        match verb:
            case Verb.MAIL:
                return self._mail(argument)
            case Verb.RCPT:
                return self._rcpt(argument)
            case Verb.EHLO | Verb.HELO:
                return self._hello(argument, verb)
            case Verb.NOOP | Verb.HELP:
                self._say("noop" if verb is Verb.NOOP else "help")
                return None
            case Verb.VRFY:
                if not argument:
                    return self._error("syntax")
                self._say("not-verified")
                return None
        if argument:
            return self._error("syntax")
        match verb:
            case Verb.DATA:
                self._asked = ContentAsked()
                return self._asked
            case Verb.RSET:
                self._forget()
                self.state = NEXT[self.state, verb]
                self._say("reset")
            case Verb.STARTTLS:
                # Bytes that came with the command, in clear, are never read: they may be another's (RFC 3207 section 6).
                self._say("start-tls")
                self._buffer.clear()
                self.state = State.HANDSHAKE
                return StartTls()
            case _:
                self._say("bye")
                self._end()
        return None

    def _hello(self, argument: str, verb: Verb) -> Event | None:
        name = smtp_commands.hello(argument)
        if name is None:
            return self._error("syntax")
        self.helo = name
        self._forget()
        clear = self.state in {State.CLEAR, State.CLEAR_GREETED}
        self.state = NEXT[self.state, verb]
        if verb is Verb.HELO:
            self._out.append(f"250 {self._hostname}\r\n".encode("ascii"))
            return None
        words = [self._hostname, "PIPELINING", f"SIZE {self._limits.message}", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if clear:
            words.append("STARTTLS")
        lines = [f"250-{word}\r\n" for word in words[:-1]] + [f"250 {words[-1]}\r\n"]
        self._out.append("".join(lines).encode("ascii"))
        return None

    def _mail(self, argument: str) -> Event | None:
        read = smtp_commands.sender(argument)
        if isinstance(read, Wrong):
            return self._error(read.reason)
        if read.size > self._limits.message:
            return self._error("message-too-large") or Trouble("message-too-large")
        if self._transactions >= self._limits.transactions:
            self.close("too-many-transactions")
            return Trouble("too-many-transactions")
        self._asked = read
        return read

    def _rcpt(self, argument: str) -> Event | None:
        read = smtp_commands.recipient(argument)
        if isinstance(read, Wrong):
            return self._error(read.reason)
        if len(self.recipients) >= self._limits.recipients:
            # No error of the peer's: RFC 5321 section 4.5.3.1.10 lets it send the rest in another transaction. Bounded all the same.
            self._overflow += 1
            if self._overflow > 100 * self._limits.recipients:
                self.close("too-many-errors")
                return Trouble("too-many-errors")
            self._say("too-many-recipients")
            return None
        self._asked = read
        return read

    def _content_event(self) -> Event | None:
        content = self._content
        assert content is not None, "the state says that content is being received"
        chunk = bytes(self._buffer)
        self._buffer.clear()
        verdict, rest = content.receive(chunk)
        match verdict:
            case Verdict.MORE:
                return None
            case Verdict.SOUND:
                self._buffer += rest
                self._asked = Message(content.content())
                self._content = None
                return self._asked
            case Verdict.TOO_LARGE | Verdict.ABANDONED:
                reason = "message-too-large" if verdict is Verdict.TOO_LARGE else self._abandoned
                self._buffer += rest
                self._finish()
                self._say(reason)
                return Trouble(reason)
            case Verdict.BARE:
                self.close("bare-cr-or-lf")
                return Trouble("bare-cr-or-lf")
            case _:
                self.close("message-too-large")
                return Trouble("message-too-large")
