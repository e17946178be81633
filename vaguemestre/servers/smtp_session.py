"""One connection at the operators' door: between a socket, the engine of `protocols.smtp`, and the stages `accept` and `verify`.

No streams, and no task but the one that keeps a message. 250 is said only after `Keeper.keep` returned (promise 1). An exception of
ours is 451 (promise 2). Every wait, count and size is bounded here or in the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import cast

from vaguemestre.crypto import certificates
from vaguemestre.crypto.certificates import Certificate
from vaguemestre.crypto.standing import Standing, decide_peer
from vaguemestre.crypto.tls import HandshakeFailed, Identity, SecureLayer
from vaguemestre.domain.envelope import Envelope, Peer
from vaguemestre.domain.fault import Fault
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.inbound import accept, answer
from vaguemestre.protocols import replies, smtp
from vaguemestre.protocols.smtp import ChunkAsked, ContentAsked, Message, StartTls, Trouble
from vaguemestre.protocols.smtp_commands import Recipient, Sender
from vaguemestre.protocols.smtp_states import State
from vaguemestre.servers.smtp_envelope import envelope
from vaguemestre.servers.smtp_house import House, decided, report_failure

SLOWEST = 1_000
"""Bytes a second that a peer must send of a message, on the whole, after a first `timeout_s`."""
HANDSHAKE_S = 30.0
LINGER_S = 5.0
"""After a refusal that ends the connection, what the peer still sends is thrown away for so long: a reset would hide the reply."""
CLOSING_S = 10.0
BUFFER_MOST = 65_536
"""Unread bytes of one connection before its reading is paused."""


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, door: House) -> None:
        self._door = door
        self._loop = door.loop
        self._engine = smtp.Engine(door.hostname, door.limits)
        self._transport: asyncio.Transport | None = None
        self._layer: SecureLayer | None = None
        self._identity: Identity | None = None
        self._secure = False
        self._certificate: Certificate | None = None
        self._peer = Peer("", "", "", "", "")
        self._standing: Standing | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._counted = 0
        self._paused = self._write_full = self._eof = self._admitted = False
        self._begun = self._progress = self._loop.time()
        self._content_since = 0.0
        self._transfer = 0
        self._ends_at: float | None = None
        self.ip = ""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of `asyncio.Transport` without being one.
        self._transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self.ip = str(name[0]) if name else ""
        self._peer = Peer(self.ip, "", "", "", "")
        self._admitted = self._door.admit(self)
        if self._admitted:
            self._engine.greet()
        else:
            self._engine.close("too-many-connections")
        self._flush(linger=False)

    def data_received(self, data: bytes) -> None:
        if self._ends_at is not None:
            return
        try:
            if self._layer is None:
                self._engine.receive(data)
            elif not self._secure:
                self._handshake(data)
            else:
                plain = self._layer.unwrap(data)
                if plain:
                    self._engine.receive(plain)
            self._pump()
            if self._layer is not None and self._layer.closed:
                self._peer_ended()
        except HandshakeFailed as failed:
            self._failed(failed.reason)
        except Exception as error:  # noqa: BLE001 - the door stays open whatever one connection does
            report_failure(error)
            self._abort()

    def eof_received(self) -> bool:
        self._peer_ended()
        return self._keeping is not None

    def connection_lost(self, exc: Exception | None) -> None:
        self._ends_at = self._loop.time()
        if self._keeping is None:
            self._door.count(-self._counted)
            self._counted = 0
        if self._admitted:
            self._door.gone(self)
        self._transport = None

    def pause_writing(self) -> None:
        self._write_full = True
        self._throttle()

    def resume_writing(self) -> None:
        self._write_full = False
        self._throttle()

    # What the door calls.

    @property
    def at_work(self) -> bool:
        """A transaction is under way or a message is being kept."""
        return self._keeping is not None or self._engine.busy

    def leave(self) -> None:
        """The service stops: said to the peer, then closed."""
        if self._ends_at is None:
            if self._layer is None or self._secure:
                self._engine.close("shutting-down")
                self._flush()
            else:
                self._abort()

    def abort(self) -> None:
        self._abort()

    def sweep(self, now: float, timeout: float) -> None:
        """Called now and then: ends what takes too long."""
        if self._transport is None:
            return
        if self._ends_at is not None:
            if now >= self._ends_at:
                self._abort()
            return
        if self._keeping is not None:
            return
        if self._layer is not None and not self._secure:
            if now - self._progress > min(timeout, HANDSHAKE_S):
                self._abort()
            return
        reason = ""
        if self._engine.receiving and now - self._content_since > timeout + self._engine.wire / SLOWEST:
            reason = "too-slow"
        if now - self._progress > timeout:
            reason = "idle-timeout"
        if reason:
            self._door.trace(self._peer, reason)
            self._engine.close(reason)
            self._flush(linger=False)

    # The conversation.

    def _pump(self) -> None:
        engine = self._engine
        while (event := engine.next_event()) is not None:
            match event:
                case Message():
                    self._message(event)
                case Sender():
                    self._sender(event)
                case Recipient():
                    self._recipient(event)
                case ContentAsked():
                    self._content(0)
                case ChunkAsked():
                    self._content(event.size)
                case StartTls():
                    self._start_tls()
                case Trouble():
                    self._door.trace(self._peer, event.reason)
        if self._keeping is None:
            self._received()
        self._flush()

    def _received(self) -> None:
        """Counts what came of a message: its time and the memory it holds."""
        engine = self._engine
        if engine.receiving:
            self._progress = self._loop.time()
            if engine.transfers != self._transfer:
                self._transfer = engine.transfers
                self._content_since = self._progress
        self._held(engine.held)
        if engine.held and self._door.held > self._door.held_most:
            engine.abandon("insufficient-storage")
            self._held(0)

    def _held(self, size: int) -> None:
        if size != self._counted:
            self._door.count(size - self._counted)
            self._counted = size

    def _refuse(self, outcome: Defer | Reject) -> None:
        self._door.trace(self._peer, outcome.reason)
        self._engine.refuse(replies.deferral(outcome.reason) if isinstance(outcome, Defer) else replies.rejection(outcome.reason))

    def _peer_outcome(self) -> Proceed[Standing] | Defer | Reject:
        facts = self._door.facts
        authorities = self._identity.authorities if self._identity is not None else ()
        return decided(lambda: decide_peer(self._certificate, authorities, facts.trust(), facts.revocation(), facts.now()))

    def _sender(self, event: Sender) -> None:
        outcome = self._peer_outcome()
        if not isinstance(outcome, Proceed):
            self._refuse(outcome)
            return
        standing = outcome.facts
        allowed = decided(lambda: accept.decide_sender(event.address, standing))
        if not isinstance(allowed, Proceed):
            self._refuse(allowed)
            return
        door = self._door
        room = accept.decide_size(event.size, door.limits.message, door.held, door.held_most)
        if not isinstance(room, Proceed):
            self._refuse(room)
            return
        self._standing = standing
        self._engine.accept()

    def _recipient(self, event: Recipient) -> None:
        facts, postmaster = self._door.facts, self._door.postmaster
        size = self._engine.sender.size if self._engine.sender is not None else 0
        outcome = decided(lambda: accept.decide_recipient(event.address, facts.hosts, facts.mailbox, postmaster, size))
        if isinstance(outcome, Proceed):
            self._engine.accept(outcome.facts)
        else:
            self._refuse(outcome)

    def _content(self, size: int) -> None:
        """Whether there is room for a message, or for `size` more bytes of one."""
        held = self._door.held - self._counted + self._engine.held + size
        if held > self._door.held_most or self._door.held >= self._door.held_most:
            self._refuse(Defer("insufficient-storage"))
            return
        self._engine.accept()

    def _message(self, event: Message) -> None:
        standing, sender = self._standing, self._engine.sender
        assert standing is not None and sender is not None, "no content without an accepted sender"
        facts = self._door.facts
        to = tuple(self._engine.recipients)
        verified = decided(lambda: answer.decide_letter(event.data, standing, sender.address, to, facts, sender.utf8))
        if not isinstance(verified, Proceed):
            self._refuse(verified)
            return
        now = decided(facts.now)
        if isinstance(now, Defer):
            self._refuse(now)
            return
        said = envelope(self._engine, now, self._peer)
        self._held(len(event.data))
        self._keeping = self._loop.create_task(self._keep(said, event.data, verified.facts.message_id))
        self._door.keeping.add(self._keeping)

    async def _keep(self, said: Envelope, data: bytes, message_id: str | None) -> None:
        outcome: Proceed[None] | Defer | Reject
        try:
            outcome = await self._door.keeper.keep(said, data, message_id)
        except Exception as error:  # noqa: BLE001 - an inner failure is a Defer (promise 2)
            report_failure(error)
            outcome = Defer(replies.INNER_FAILURE)
        finally:
            if self._keeping is not None:
                self._door.keeping.discard(self._keeping)
            self._keeping = None
            self._held(0)
        if self._transport is None:
            return
        if isinstance(outcome, Proceed):
            self._engine.accept()
        else:
            self._refuse(outcome if isinstance(outcome, Defer | Reject) else Defer(replies.INNER_FAILURE))
        self._progress = self._loop.time()
        if self._door.stopping:
            self._engine.close("shutting-down")
        try:
            self._pump()
        except Exception as error:  # noqa: BLE001 - the same net as data_received
            report_failure(error)
            self._abort()
        if self._eof:
            self._close()

    # TLS.

    def _start_tls(self) -> None:
        self._flush()
        self._identity = self._door.identity.current
        self._layer = SecureLayer(self._identity.context)
        self._progress = self._loop.time()

    def _handshake(self, data: bytes) -> None:
        layer = self._layer
        assert layer is not None
        done = layer.handshake(data)
        self._send(layer.wire())
        if not done:
            return
        self._secure = True
        self._progress = self._loop.time()
        self._engine.secured()
        der = layer.certificate
        with contextlib.suppress(Fault):
            # Unreadable is as absent: refused at MAIL.
            self._certificate = certificates.read(der) if der is not None else None
        known = self._certificate
        self._peer = Peer(self.ip, known.subject if known else "", known.fingerprint if known else "", layer.version, layer.cipher)
        outcome = self._peer_outcome()
        if not isinstance(outcome, Proceed):
            # Told at MAIL, where a reply can say whether to come again; traced now, should the peer never get there.
            self._door.trace(self._peer, outcome.reason)
        plain = layer.unwrap(b"")
        if plain:
            self._engine.receive(plain)

    def _failed(self, reason: str) -> None:
        self._door.trace(self._peer, reason)
        if self._layer is not None:
            # The alert tells the peer why.
            self._send(self._layer.wire())
        self._close()

    # Bytes out, and the end.

    def _send(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _flush(self, linger: bool = True) -> None:
        data = self._engine.outgoing()
        if data:
            self._progress = self._loop.time()
            if self._layer is not None and self._secure:
                self._layer.wrap(data)
                data = self._layer.wire()
            self._send(data)
        if self._engine.state is State.ENDED and self._ends_at is None:
            self._end(linger and self._engine.disputed)
        else:
            self._throttle()

    def _throttle(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self._ends_at is not None:
            return
        pause = self._write_full or self._engine.buffered > BUFFER_MOST
        if pause != self._paused:
            self._paused = pause
            if pause:
                transport.pause_reading()
            else:
                transport.resume_reading()

    def _end(self, linger: bool) -> None:
        """Closes; lingering, first says so and throws away for a while what the peer still sends."""
        if not linger or self._eof:
            self._close()
            return
        self._ends_at = self._loop.time() + LINGER_S
        self._goodbye()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._paused:
            transport.resume_reading()
        if transport.can_write_eof():
            with contextlib.suppress(OSError, RuntimeError):
                transport.write_eof()

    def _goodbye(self) -> None:
        if self._layer is not None and self._secure:
            self._layer.end()
            self._send(self._layer.wire())

    def _close(self) -> None:
        if self._ends_at is None:
            self._goodbye()
        self._ends_at = self._loop.time() + CLOSING_S
        if self._transport is not None:
            self._transport.close()

    def _abort(self) -> None:
        self._ends_at = self._loop.time()
        if self._transport is not None:
            self._transport.abort()

    def _peer_ended(self) -> None:
        self._eof = True
        if self._keeping is None:
            self._close()
