"""An SMTP load client over mutual TLS, cheap in CPU: it shares the cores with what it measures.

A number of sessions send given messages as fast as they are acknowledged; commands of an envelope go in one write (PIPELINING), the
content in another, dots stuffed and bytes joined beforehand. `kept` keeps each session's connection, otherwise each message has its own.
Bounded: a session that hears nothing for `timeout_s` fails, and its message counts as not accepted.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import socket
import ssl
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Message:
    """`data`: the message with CR LF line ends, dots not stuffed."""

    sender: str
    recipient: str
    data: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Acknowledged:
    """`index` in what was sent; `at` and `took` in seconds (`time.perf_counter`); `code` of the last reply, 0 when the connection broke."""

    index: int
    at: float
    took: float
    code: int


class _Connection(asyncio.Protocol):
    """One connection: TLS over memory, replies counted as they come."""

    def __init__(self, context: ssl.SSLContext, loop: asyncio.AbstractEventLoop) -> None:
        self._context = context
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._ready = False
        self._pending = b""
        self._codes: list[int] = []
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self._tls is not None:
            self._in.write(data)
            try:
                if not self._ready:
                    self._tls.do_handshake()
                    self._ready = True
                    self._flush()
                    self._wake()
                data = b""
                while piece := self._tls.read(65_536):
                    data += piece
            except ssl.SSLWantReadError:
                self._flush()
            except ssl.SSLError:
                self._lost = True
                self._wake()
                return
        self._pending += data
        *lines, self._pending = self._pending.split(b"\r\n")
        for line in lines:
            if line[3:4] != b"-":
                self._codes.append(int(line[:3]))
        if len(self._codes) >= self._wanted:
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _flush(self) -> None:
        if self._transport is not None and (data := self._out.read()):
            self._transport.write(data)

    async def _wait(self, timeout_s: float) -> None:
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(timeout_s, self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def write(self, data: bytes) -> None:
        if self._transport is None or self._lost:
            return
        if self._tls is None:
            self._transport.write(data)
        else:
            self._tls.write(data)
            self._flush()

    async def replies(self, count: int, timeout_s: float) -> list[int]:
        """The next `count` codes; fewer where the connection broke or was silent."""
        self._wanted = count
        if len(self._codes) < count and not self._lost:
            await self._wait(timeout_s)
        found, self._codes = self._codes[:count], self._codes[count:]
        return found

    async def start(self, name: str, timeout_s: float) -> bool:
        """Greeting, EHLO, STARTTLS, handshake, EHLO."""
        hello = f"EHLO {name}\r\n".encode("ascii")
        # EHLO is not waited for before STARTTLS is written: one round trip less; the reply to STARTTLS is.
        self.write(hello + b"STARTTLS\r\n")
        if await self.replies(3, timeout_s) != [220, 250, 220]:
            return False
        self._tls = self._context.wrap_bio(self._in, self._out, server_hostname="localhost")
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        if not self._ready and not self._lost:
            await self._wait(timeout_s)
        self.write(hello)
        return await self.replies(1, timeout_s) == [250]

    async def send(self, envelope: bytes, content: bytes, timeout_s: float) -> int:
        """The last code of one message."""
        self.write(envelope)
        codes = await self.replies(3, timeout_s)
        if len(codes) < 3:
            return 0
        if codes[2] != 354:
            return next(code for code in codes if code >= 400)
        self.write(content)
        return (await self.replies(1, timeout_s) or [0])[0]

    def end(self) -> None:
        self.write(b"QUIT\r\n")
        if self._transport is not None:
            self._transport.close()


class Load:
    """`peer`: a folder with `cert.pem`, `key.pem`, `ca.pem`. After `send`, `acknowledged` has one line a message, in order of arrival."""

    def __init__(self, host: str, port: int, peer: Path, sessions: int = 10, kept: bool = True, timeout_s: float = 60.0) -> None:
        self._host, self._port = host, port
        self._sessions = sessions
        self._kept = kept
        self._timeout_s = timeout_s
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.load_verify_locations(peer / "ca.pem")
        self._context.load_cert_chain(peer / "cert.pem", peer / "key.pem")
        # The door's name is not what is measured; its chain is checked all the same.
        self._context.check_hostname = False
        self.acknowledged: list[Acknowledged] = []

    async def _connect(self) -> _Connection | None:
        loop = asyncio.get_running_loop()
        try:
            transport, connection = await loop.create_connection(lambda: _Connection(self._context, loop), self._host, self._port)
        except OSError:
            return None
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if await connection.start("bench.example", self._timeout_s):
            return connection
        transport.abort()
        return None

    async def _session(self, jobs: Iterator[tuple[int, bytes, bytes]]) -> None:
        connection: _Connection | None = None
        for index, envelope, content in jobs:
            began = time.perf_counter()
            code = 0
            if connection is None:
                connection = await self._connect()
            if connection is not None:
                code = await connection.send(envelope, content, self._timeout_s)
            now = time.perf_counter()
            self.acknowledged.append(Acknowledged(index, now, now - began, code))
            if connection is not None and (not self._kept or code in {0, 421}):
                connection.end()
                connection = None
        if connection is not None:
            connection.end()

    async def send(self, messages: Sequence[Message]) -> int:
        """Sends all and returns how many were acknowledged with 250."""
        ready = [
            (
                index,
                f"MAIL FROM:<{m.sender}> SIZE={len(m.data)}\r\nRCPT TO:<{m.recipient}>\r\nDATA\r\n".encode("ascii"),
                (b"." if m.data.startswith(b".") else b"") + m.data.replace(b"\r\n.", b"\r\n..") + b".\r\n",
            )
            for index, m in enumerate(messages)
        ]
        first = len(self.acknowledged)
        jobs = iter(ready)
        await asyncio.gather(*(self._session(jobs) for _ in range(min(self._sessions, len(ready)))))
        return sum(one.code == 250 for one in self.acknowledged[first:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("door", metavar="HOST:PORT")
    parser.add_argument("peer", type=Path, help="folder with cert.pem, key.pem, ca.pem")
    parser.add_argument("sender")
    parser.add_argument("recipient")
    parser.add_argument("--messages", type=int, default=1_000)
    parser.add_argument("--bytes", type=int, default=10_000)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--one-each", action="store_true", help="a connection a message")
    args = parser.parse_args()
    filler = (b"x" * 76 + b"\r\n") * (args.bytes // 78)
    batch = []
    for number in range(args.messages):
        identifier = f"<{number}.{time.time_ns()}@bench.example>"
        head = f"From: {args.sender}\r\nTo: {args.recipient}\r\nMessage-ID: {identifier}\r\nSubject: charge\r\n\r\n"
        batch.append(Message(args.sender, args.recipient, head.encode("ascii") + filler))
    host, _, port = args.door.rpartition(":")
    load = Load(host, int(port), args.peer, args.sessions, not args.one_each)
    began = time.perf_counter()
    accepted = asyncio.run(load.send(batch))
    took = time.perf_counter() - began
    times = [one.took * 1000 for one in load.acknowledged]
    print(
        f"{accepted} of {len(batch)} accepted, {accepted / took:.0f}/s; median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms"
    )
    return 0 if accepted == len(batch) else 1


if __name__ == "__main__":
    raise SystemExit(main())
