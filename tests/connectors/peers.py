"""A carrier with a PKI made on the spot, and next hops that do as they are told: real sockets, real TLS, one loop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaguemestre.connectors.next_hop import Resolver
from vaguemestre.connectors.smtp_out import SmtpCarrier
from vaguemestre.crypto import certificates, demo_pki, revocation
from vaguemestre.crypto.demo_pki import Issued
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.configuration import check
from vaguemestre.outbound.deliver import Destined, Parcel, Report

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
HERE, THERE = "cabinet.example", "hopital.example"
DATA = b"From: a@cabinet.example\r\nTo: b@hopital.example\r\nSubject: essai\r\n\r\n.point\r\nfin\r\n"
WORDS = ("PIPELINING", "SIZE 26214400", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN")


def parcel(*who: str, data: bytes = DATA) -> Parcel:
    names = who or ("b",)
    return Parcel(data, f"a@{HERE}", tuple(Destined(name if "@" in name else f"{name}@{THERE}") for name in names))


@dataclasses.dataclass
class Trust:
    """The facts of a carrier, in memory."""

    snapshot: TrustSnapshot
    crl: Revocation
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)

    def trust(self) -> TrustSnapshot:
        return self.snapshot

    def revocation(self) -> Revocation:
        return self.crl

    def now(self) -> dt.datetime:
        return self.clock()


def key_of(issued: Issued) -> str:
    return certificates.read_pem(issued.certificate)[0].key


class World:
    """Our data directory's `pki`, the peer's certificate, and the facts: the peer is listed for `hopital.example`."""

    def __init__(self, folder: Path, peer_ca: Issued | None = None, **peer: Any) -> None:
        self.folder = folder
        self.ca = demo_pki.make_ca(NOW)
        self.ours = demo_pki.issue(self.ca, NOW, "mail.cabinet.example")
        self.peer = demo_pki.issue(peer_ca or self.ca, NOW, "mx.hopital.example", **peer)
        (folder / "pki").mkdir(parents=True)
        for name, data in {"ca.pem": self.ca.certificate, "server.pem": self.ours.certificate, "server.key": self.ours.key}.items():
            (folder / "pki" / name).write_bytes(data)
        self.trust = Trust(TrustSnapshot.of([(THERE, key_of(self.peer)), (HERE, key_of(self.ours))]), self.crl())

    def crl(self, *serials: int, **given: Any) -> Revocation:
        return revocation.read(demo_pki.make_crl(self.ca, NOW, serials, **given), certificates.read_pem(self.ca.certificate))

    def context(self) -> ssl.SSLContext:
        """The peer's: it wants a certificate of ours."""
        for name, data in {"peer.pem": self.peer.certificate, "peer.key": self.peer.key}.items():
            (self.folder / name).write_bytes(data)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "peer.pem", self.folder / "peer.key")
        context.load_verify_locations(self.folder / "pki" / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def carrier(self, *ports: int, resolver: Resolver | None = None, **outgoing: Any) -> SmtpCarrier:
        """Routed to the first port, where no resolver is given."""
        given: dict[str, Any] = {"timeout_s": 5, **outgoing}
        if ports and resolver is None:
            given.setdefault("routes", f"*=127.0.0.1:{ports[0]}")
        return SmtpCarrier(check({"server": {"domain": HERE}, "outgoing": given}, {}), self.trust, self.folder, resolver)


Answer = bytes | Sequence[bytes]


@dataclasses.dataclass
class Peer:
    """A next hop. `replies`: by verb (`GREETING`, `CONTENT` too), one or in turn, the last repeated; else what is usual. `cut`: closes
    when it hears this verb. `heard`: (over TLS, line) of every command; `kept`: the contents, dots unstuffed."""

    context: ssl.SSLContext
    offers: Sequence[str] = (*WORDS, "STARTTLS")
    replies: Mapping[str, Answer] = dataclasses.field(default_factory=dict)
    cut: str = ""
    silent: str = ""
    heard: list[tuple[bool, bytes]] = dataclasses.field(default_factory=list)
    kept: list[bytes] = dataclasses.field(default_factory=list)
    connections: int = 0
    port: int = 0
    open_now: int = 0
    open_most: int = 0
    delay: float = 0.0

    def __post_init__(self) -> None:
        self._turns: dict[str, int] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def in_clear(self) -> list[bytes]:
        return [line for secure, line in self.heard if not secure]

    @property
    def verbs(self) -> list[str]:
        return [line.split(b" ")[0].strip().upper().decode() for _, line in self.heard]

    def _reply(self, verb: str, usual: bytes) -> bytes:
        given = self.replies.get(verb, usual)
        if isinstance(given, bytes):
            return given
        turn = self._turns.get(verb, 0)
        self._turns[verb] = turn + 1
        return given[min(turn, len(given) - 1)]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure = False

        async def say(verb: str, usual: bytes) -> bytes | None:
            """None where the conversation must end."""
            if self.silent == verb:
                await asyncio.sleep(60)
            if self.cut == verb:
                return None
            reply = self._reply(verb, usual)
            writer.write(reply)
            await writer.drain()
            return reply

        if await say("GREETING", b"220 mx.hopital.example ESMTP\r\n") is None:
            return
        while line := await reader.readline():
            self.heard.append((secure, line))
            verb = line.split(b" ")[0].strip().upper().decode()
            words = [word for word in self.offers if not (secure and word == "STARTTLS")]
            usual = {
                "EHLO": "".join(f"250-{word}\r\n" for word in words).encode() + b"250 HELP\r\n",
                "STARTTLS": b"220 2.0.0 go\r\n",
                "DATA": b"354 go\r\n",
                "BDAT": b"",
                "QUIT": b"221 2.0.0 bye\r\n",
            }.get(verb, b"250 2.0.0 ok\r\n")
            if self.delay and verb == "MAIL":
                await asyncio.sleep(self.delay)
            reply = await say(verb, usual)
            if reply is None or verb == "QUIT":
                return
            if verb == "STARTTLS" and reply.startswith(b"220"):
                await writer.start_tls(self.context)
                secure = True
            if verb == "DATA" and reply.startswith(b"354"):
                if self.cut == "MID-DATA":
                    await reader.readline()
                    return
                content = await reader.readuntil(b"\r\n.\r\n")
                self.kept.append(content[:-3].replace(b"\r\n..", b"\r\n."))
                if await say("CONTENT", b"250 2.0.0 kept\r\n") is None:
                    return
            if verb == "BDAT":
                self.kept.append(await reader.readexactly(int(line.split()[1])))
                if await say("CONTENT", b"250 2.0.0 kept\r\n") is None:
                    return

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        self._writers.add(writer)
        try:
            await self._talk(reader, writer)
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open_now -= 1
            self._writers.discard(writer)
            writer.transport.abort()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Peer]:
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(self._connected(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 26)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=5)


def run(scene: Coroutine[Any, Any, None]) -> None:
    """Bounded in time."""

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await scene

    asyncio.run(bounded())


def once(world: World, peer: Peer, sent: Parcel | None = None, domain: str = THERE, **outgoing: Any) -> list[Report]:
    """One parcel carried to this peer, and everything closed."""
    found: list[Report] = []

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port, **outgoing)
            found.extend(await carrier.carry(domain, sent or parcel()))
            await carrier.close()

    run(scene())
    return found
