"""An SMTP server's side of a conversation without sockets: bytes in, events and bytes out.

RFC 5321, 1870, 2034, 2920, 3030, 3207, 3461, 6152, 6531.

    engine.receive(bytes) -> engine.next_event() until None -> engine.outgoing()

Some events ask for a decision (`Sender`, `Recipient`, `ContentAsked`, `ChunkAsked`, `Message`): nothing more is read, whatever has
come, until `accept()` or `refuse(reason)`. All else the engine answers by itself, from the tables `smtp_states` and `replies`. What
it never does: raise for what a peer says, keep more than its limits, or see two different conversations in the same bytes cut
differently.

A BDAT that is refused has its octets read and thrown away before it is answered: they are never taken for commands. It ends its
transaction, so that no later chunk of the same message is taken for a whole one.

Known weaknesses: source routes are refused (RFC 5321 would ignore them).
"""

from __future__ import annotations

from collections.abc import Callable

from vaguemestre.protocols import replies, smtp_commands, smtp_lines
from vaguemestre.protocols.smtp_chunks import Chunks, Swallow
from vaguemestre.protocols.smtp_commands import Recipient, Sender, Wrong
from vaguemestre.protocols.smtp_content import Content, Verdict
from vaguemestre.protocols.smtp_events import ChunkAsked, ContentAsked, Event, Limits, Message, StartTls, Trouble
from vaguemestre.protocols.smtp_states import NEXT, NOT_OFFERED, VERBS, State, Verb, refusal

__all__ = ["ChunkAsked", "ContentAsked", "Engine", "Event", "Limits", "Message", "StartTls", "Trouble"]

IDLE_CHATTER = 100
"""NOOP, RSET, VRFY, HELP, EHLO, BDAT of few octets between two messages before each more counts as an error."""
CHUNK_SMALL = 512
"""A chunk of fewer octets that is not the last is chatter."""


_OFFERED = ("8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "DSN", "SMTPUTF8")
_DEAF = frozenset({State.ENDED, State.HANDSHAKE})
"""States in which nothing is read."""
_BUSY = frozenset({State.SENDER, State.RECIPIENTS, State.CONTENT, State.CHUNK, State.CHUNKED})
_RECEIVING = frozenset({State.CONTENT, State.CHUNK, State.SWALLOW})
_SPOILT = {Verdict.TOO_LARGE: "message-too-large", Verdict.BINARY: "binary-content"}
_CHATTER = frozenset({Verb.NOOP, Verb.RSET, Verb.VRFY, Verb.HELP, Verb.EHLO, Verb.HELO})


class Engine:
    """One connection. `hostname` is what the greeting and EHLO say."""

    def __init__(self, hostname: str, limits: Limits) -> None:
        self._hostname = hostname
        self._limits = limits
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._asked: Event | None = None
        self._content: Content | Chunks | Swallow | None = None
        self._abandoned = replies.INNER_FAILURE
        self._errors = self._chatter = self._refused = self._overflow = self._transactions = 0
        self.state = State.CLEAR
        self.transfers = 0
        self.disputed = False
        self.helo = ""
        self.sender: Sender | None = None
        self.recipients: dict[str, Recipient] = {}

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
        """Bytes of unfinished content seen, those of a refused chunk included."""
        return self._content.wire if self._content is not None else 0

    @property
    def receiving(self) -> bool:
        """What comes now is content, not commands. `transfers` counts how often that began, chunks of one message as one."""
        return self.state in _RECEIVING

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
                # Said twice, one is named once; what was said last of its notices holds.
                self.recipients[recipient or asked.address] = asked
                self.state = State.RECIPIENTS
                self._say("recipient-accepted")
            case ContentAsked():
                self._content = Content(self._limits.message, self._bound)
                self.transfers += 1
                self.state = State.CONTENT
                self._say("send-content")
            case Message():
                self._finish()
                self._errors = self._chatter = self._refused = 0
                self._say("kept")
            case ChunkAsked():
                if not isinstance(self._content, Chunks):
                    self._content = Chunks()
                    self.transfers += 1
                self._content.begin(asked.size, asked.last)
                self.state = State.CHUNK

    def refuse(self, reply: replies.Reply) -> None:
        """No to what was asked: a 4xx or 5xx of `replies`."""
        assert reply.code >= 400, "a refusal is 4xx or 5xx"
        asked, self._asked = self._asked, None
        if isinstance(asked, ChunkAsked):
            self._swallow(asked.size, State.GREETED, lambda: self._out.append(reply.encoded()))
            return
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
            if self._content is not None and self.state is not State.CHUNKED:
                if not self._buffer and self.state is State.CONTENT:
                    return None
                event = self._content_event(self._content)
                if event is None and self.receiving:
                    return None
            else:
                line = smtp_lines.cut(self._buffer)
                if line is None:
                    return None
                if isinstance(line, str):
                    return self._closed(line)
                event = self._command(line)
            if event is not None:
                return event
        return None

    # Inside.

    def _say(self, reason: str) -> None:
        self._out.append(replies.line(reason))

    def _told(self, reason: str) -> Trouble:
        self._say(reason)
        return Trouble(reason)

    def _closed(self, reason: str) -> Trouble:
        self.close(reason)
        return Trouble(reason)

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
            return self._closed("too-many-errors")
        self._errors += 1
        self._say(reason)
        return None

    def _command(self, line: bytes) -> Event | None:
        text = smtp_lines.text(line)
        word = line.partition(b" ")[0].upper()
        if isinstance(text, Wrong):
            return self._error(text.reason) if word != b"BDAT" else self._closed("chunk-syntax")
        verb = VERBS.get(word)
        if verb is None:
            return self._error("not-offered" if word in NOT_OFFERED else "unknown-command")
        reason = refusal(self.state, verb)
        argument = text[len(word) :].strip(" ")
        if verb is Verb.BDAT:
            return self._bdat(argument, reason)
        if reason is not None:
            return self._error(reason)
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
                if (reason := smtp_commands.verified(argument)) is not None:
                    return self._error(reason)
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
        words = [self._hostname, "PIPELINING", f"SIZE {self._limits.message}", *_OFFERED]
        if clear:
            words.append("STARTTLS")
        self._out.append("".join(f"250{' ' if word is words[-1] else '-'}{word}\r\n" for word in words).encode("ascii"))
        return None

    def _mail(self, argument: str) -> Event | None:
        read = smtp_commands.sender(argument)
        if isinstance(read, Wrong):
            return self._error(read.reason)
        if read.size > self._limits.message:
            return self._error("message-too-large") or Trouble("message-too-large")
        if self._transactions >= self._limits.transactions:
            return self._closed("too-many-transactions")
        self._asked = read
        return read

    def _rcpt(self, argument: str) -> Event | None:
        read = smtp_commands.recipient(argument, self.sender is not None and self.sender.utf8)
        if isinstance(read, Wrong):
            return self._error(read.reason)
        if len(self.recipients) >= self._limits.recipients:
            # No error of the peer's: RFC 5321 section 4.5.3.1.10 lets it send the rest in another transaction. Bounded all the same.
            self._overflow += 1
            if self._overflow > 100 * self._limits.recipients:
                return self._closed("too-many-errors")
            self._say("too-many-recipients")
            return None
        self._asked = read
        return read

    def _content_event(self, content: Content | Chunks | Swallow) -> Event | None:
        match content.take(self._buffer):
            case Verdict.SOUND:
                assert not isinstance(content, Swallow), "a refused chunk makes no message"
                self._asked = Message(content.content())
                self._content = None
                return self._asked
            case Verdict.MORE:
                return None
            case Verdict.CHUNK:
                self.state = State.CHUNKED
                self._say("chunk-received")
                return None
            case Verdict.SWALLOWED:
                assert isinstance(content, Swallow), "only a refused chunk is swallowed"
                self._content = None
                self.state = content.after
                return content.answer()
            case Verdict.BARE:
                return self._closed("bare-cr-or-lf")
            case Verdict.ENDLESS:
                return self._closed("message-too-large")
            case verdict:
                reason = _SPOILT.get(verdict, self._abandoned)
                self._finish()
                return self._told(reason)

    @property
    def _bound(self) -> int:
        """Octets of one transfer that are borne, most of them thrown away, before the peer is cut off."""
        return 2 * self._limits.message + 1_048_576

    def _bdat(self, argument: str, reason: str | None) -> Event | None:
        chunk = smtp_commands.chunk(argument)
        if isinstance(chunk, Wrong):
            # How many octets follow is not known: nothing more can be told from a command.
            return self._closed(chunk.reason)
        size, last = chunk
        if size > self._bound:
            return self._closed("message-too-large")
        self._chatter += not last and size < CHUNK_SMALL
        received = self._content.size if isinstance(self._content, Chunks) else 0
        if reason is not None:
            refused = reason
            self._swallow(size, self.state, lambda: self._error(refused))
        elif self._chatter > IDLE_CHATTER:
            self._swallow(size, State.GREETED, lambda: self._error("too-many-errors"))
        elif received + size > self._limits.message:
            self._swallow(size, State.GREETED, lambda: self._told("message-too-large"))
        else:
            self._asked = ChunkAsked(size, last)
        return self._asked

    def _swallow(self, size: int, after: State, answer: Callable[[], Event | None]) -> None:
        """Throws away the octets of a refused chunk, then answers in the state `after`; another one than now ends the transaction."""
        if after is not self.state:
            self._forget()
        self._content = Swallow(size, after, answer)
        self.transfers += 1
        self.state = State.SWALLOW
