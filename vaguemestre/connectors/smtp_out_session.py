"""One connection to a next hop: between a socket, TLS over memory, and the engine of `protocols.smtp_client`.

`open` brings it to where a message may be said, `send` carries one, `bye` ends it. None raises for what a peer does: what went wrong is
an `Outcome`. Every wait is bounded, by the shares of RFC 5321 section 4.5.3.2.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import cast

from vaguemestre.connectors.next_hop import Hop
from vaguemestre.crypto import certificates
from vaguemestre.crypto.certificates import Certificate
from vaguemestre.crypto.tls import HandshakeFailed, Identity, SecureLayer
from vaguemestre.domain.fault import Fault
from vaguemestre.protocols.smtp_client import Broken, Client, Fate, Outcome, Ready, Settled, StartTls, Transaction
from vaguemestre.protocols.smtp_client_states import PATIENCE, Asked

CONNECT_S = 30.0
HANDSHAKE_S = 30.0
SLOWEST = 1_000
"""Bytes a second at which a peer must take a message, on the whole."""

logger = logging.getLogger(__name__)


def report_failure(error: BaseException) -> None:
    """Says where an unforeseen failure was, never its text: it may hold an address (promise 5)."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    logger.error("inner failure: %s at %s", type(error).__name__, where)


def _later(reason: str) -> Outcome:
    return Outcome(Fate.LATER, reason)


class Connection(asyncio.Protocol):
    """`hostname`: our name; `timeout_s`: what the RFC calls five minutes. After `open`: `certificate`, `ip`, `tls`."""

    def __init__(self, hop: Hop, identity: Identity, hostname: str, timeout_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._hop = hop
        self._timeout_s = timeout_s
        self._engine = Client(hostname)
        self._transport: asyncio.Transport | None = None
        self._layer: SecureLayer | None = None
        self._secure = self._full = self._ready = False
        self._settled: Settled | None = None
        self._why: Outcome | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._size = 0
        self.identity = identity
        self.carried = 0
        self.certificate: Certificate | None = None
        self.ip = ""
        self.tls = ""

    # What the carrier calls.

    @property
    def usable(self) -> bool:
        """A message may be said now."""
        return self._why is None and self._engine.ready

    @property
    def offers_notices(self) -> bool:
        """The peer takes care of delivery notices (RFC 3461)."""
        return self._secure and "DSN" in self._engine.offered

    async def open(self) -> Outcome | None:
        """Connects, secures and greets; None where all went well, else why not."""
        try:
            async with asyncio.timeout(min(CONNECT_S, self._timeout_s)):
                await self._loop.create_connection(lambda: self, self._hop.host, self._hop.port)
        except socket.gaierror:
            return _later("no-address")
        except ValueError:
            # A name that is none: an empty label, or one too long.
            return _later("no-address")
        except OSError:
            # TimeoutError is one.
            return _later("connect-failed")
        await self._until(lambda: self._ready)
        return self._why

    async def send(self, one: Transaction) -> Settled:
        """Carries one message. Only while `usable`."""
        self._settled = None
        self._size = len(one.data)
        self._ready = False
        self.carried += 1
        try:
            self._engine.send(one)
            self._pump()
        except Exception as error:  # noqa: BLE001 - an inner failure is told as one, and never loses the message
            self._inner(error)
        await self._until(lambda: self._settled is not None)
        settled = self._taken()
        if settled is None:
            return Settled((self._why or _later("connection-lost"),) * len(one.recipients), False)
        # RSET's answer is waited for, where one is due, so that what is kept can be used.
        await self._until(lambda: self._ready)
        return settled

    async def bye(self) -> None:
        """QUIT, its answer for a while, and the end."""
        try:
            if self.usable:
                self._engine.quit()
                self._pump()
                await self._until(lambda: False)
        except Exception as error:  # noqa: BLE001 - it ends all the same
            report_failure(error)
        finally:
            self.abort()

    def abort(self) -> None:
        """Ends it at once."""
        self._engine.lost("connection-lost", self._full)
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of `asyncio.Transport` without being one.
        self._transport = cast(asyncio.Transport, transport)
        # Any byte that waits is told, so that it is known whether the whole content left.
        self._transport.set_write_buffer_limits(0)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = transport.get_extra_info("peername")
        self.ip = str(name[0]) if name else ""
        self._progress()

    def data_received(self, data: bytes) -> None:
        engine, said = self._engine, self._engine.replies
        try:
            if self._layer is None:
                engine.receive(data, self._full)
            elif not self._secure:
                self._handshake(data)
            else:
                plain = self._layer.unwrap(data)
                if plain:
                    engine.receive(plain, self._full)
                if self._layer.closed:
                    engine.lost("connection-lost", self._full)
            if engine.replies != said:
                self._progress()
            self._pump()
        except HandshakeFailed as failed:
            self._send(self._layer.wire() if self._layer is not None else b"")
            self._lost(failed.reason)
        except Exception as error:  # noqa: BLE001 - whatever one connection does
            self._inner(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost("handshake-failed" if self._layer is not None and not self._secure else "connection-lost")
        self._transport = None

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False

    # The conversation.

    def _taken(self) -> Settled | None:
        settled, self._settled = self._settled, None
        return settled

    def _pump(self) -> None:
        while (event := self._engine.next_event()) is not None:
            match event:
                case StartTls():
                    self._start_tls()
                case Ready():
                    self._ready = True
                case Settled():
                    self._settled = event
                case Broken():
                    self._why = event.why
        data = self._engine.outgoing()
        if data:
            self._progress()
            if self._layer is not None:
                self._layer.wrap(data)
                data = self._layer.wire()
            self._send(data)
        if self._why is not None and self._transport is not None:
            self._goodbye()
            # What a peer does not take would keep the connection open for ever.
            (self._transport.abort if self._full else self._transport.close)()
        if self._waiter is not None and not self._waiter.done() and (self._ready or self._settled or self._why):
            self._waiter.set_result(None)

    def _lost(self, reason: str) -> None:
        self._engine.lost(reason, self._full)
        self._pump()

    def _inner(self, error: Exception) -> None:
        report_failure(error)
        if not self._engine.ended:
            self._engine.lost("inner-failure", self._full)
        with contextlib.suppress(Exception):
            self._pump()
        if self._why is None:
            self._why = _later("inner-failure")
        self.abort()

    def _progress(self) -> None:
        """Sets until when the next reply must be whole."""
        awaited = self._engine.awaited
        seconds = PATIENCE[awaited] * self._timeout_s if awaited is not None else self._timeout_s
        if awaited is Asked.CONTENT:
            seconds += self._size / SLOWEST
        self._deadline = self._loop.time() + seconds

    async def _until(self, done: Callable[[], bool]) -> None:
        """Waits for this, for the end of the connection, or until its time is over, which ends it."""
        while not done() and self._why is None:
            self._waiter = self._loop.create_future()
            timer = self._loop.call_at(self._deadline, self._late)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None

    def _late(self) -> None:
        if self._loop.time() < self._deadline:
            # A reply came meanwhile: what is waited for now has its own time. The waiter is woken to set its timer anew.
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)
            return
        self._lost("timeout")
        if self._transport is not None:
            self._transport.abort()

    # TLS.

    def _start_tls(self) -> None:
        host: str | None = self._hop.host
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(self._hop.host)
            host = None  # a name alone may be said (RFC 6066 section 3)
        self._layer = SecureLayer(self.identity.context, server_side=False, hostname=host)
        self._layer.handshake(b"")
        self._send(self._layer.wire())
        self._deadline = self._loop.time() + min(HANDSHAKE_S, self._timeout_s)

    def _handshake(self, data: bytes) -> None:
        layer = self._layer
        assert layer is not None
        done = layer.handshake(data)
        self._send(layer.wire())
        if not done:
            return
        if layer.unwrap(b""):
            # A server speaks after EHLO, not before.
            self._engine.lost("unexpected-reply")
            return
        self._secure = True
        der = layer.certificate
        with contextlib.suppress(Fault):
            # Unreadable is as absent: the message is not said.
            self.certificate = certificates.read(der) if der is not None else None
        self.tls = f"{layer.version} {layer.cipher}".strip()
        self._engine.secured()

    # Bytes out, and the end.

    def _send(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _goodbye(self) -> None:
        if self._layer is not None and self._secure and self._transport is not None and not self._transport.is_closing():
            self._layer.end()
            self._send(self._layer.wire())
