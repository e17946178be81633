"""A real `SmtpDoor` on a free port with a PKI made on the spot, facts and keeper in memory; and a client over mutual TLS."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvloop

from vaguemestre.crypto import certificates, demo_pki, revocation
from vaguemestre.crypto.demo_pki import Issued
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.configuration import check
from vaguemestre.domain.envelope import Envelope, Peer
from vaguemestre.domain.mailbox import Box
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.servers.smtp import SmtpDoor

NOW = dt.datetime.now(dt.UTC)
HERE = "cabinet.example"
PEER_DOMAIN = "hopital.example"
DOCTOR = "jeanne.martin@cabinet.example"


def message(sender: str = "labo@hopital.example", body: str = "Bonjour\r\n", identifier: str = "1@hopital.example") -> str:
    return f"From: Labo <{sender}>\r\nTo: {DOCTOR}\r\nMessage-ID: <{identifier}>\r\nSubject: essai\r\n\r\n{body}"


@dataclasses.dataclass
class Pki:
    ca: Issued
    directory: Path
    server: Issued
    peers: dict[str, Issued] = dataclasses.field(default_factory=dict)

    @classmethod
    def make(cls, directory: Path) -> Pki:
        directory.mkdir(parents=True, exist_ok=True)
        ca = demo_pki.make_ca(NOW)
        server = demo_pki.issue(ca, NOW, "mail.cabinet.example", names=("localhost", "127.0.0.1"))
        for name, data in {"ca.pem": ca.certificate, "server.pem": server.certificate, "server.key": server.key}.items():
            (directory / name).write_bytes(data)
        return cls(ca, directory, server)

    def peer(self, host: str = "mx.hopital.example", ca: Issued | None = None, **given: Any) -> Issued:
        """Issues a certificate and writes `<host>.pem`, `<host>.key`."""
        issued = demo_pki.issue(ca or self.ca, NOW, host, **given)
        (self.directory / f"{host}.pem").write_bytes(issued.certificate)
        (self.directory / f"{host}.key").write_bytes(issued.key)
        self.peers[host] = issued
        return issued

    def context(self, host: str | None = "mx.hopital.example") -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.directory / "ca.pem"))
        if host is not None:
            context.load_cert_chain(self.directory / f"{host}.pem", self.directory / f"{host}.key")
        return context


@dataclasses.dataclass
class MemoryFacts:
    snapshot: TrustSnapshot
    crl: Revocation
    mailboxes: set[str]
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    broken: bool = False
    boxes: dict[str, Box] = dataclasses.field(default_factory=dict)
    threads: dict[tuple[str, str, str], bool] = dataclasses.field(default_factory=dict)

    def trust(self) -> TrustSnapshot:
        if self.broken:
            raise RuntimeError("secret text of an exception")
        return self.snapshot

    def revocation(self) -> Revocation:
        return self.crl

    def hosts(self, domain: str) -> bool:
        return domain == HERE

    def mailbox(self, address: str) -> Box | None:
        if self.broken:
            raise RuntimeError("secret text of an exception")
        return self.boxes.get(address) or (Box(address) if address in self.mailboxes else None)

    def patients(self) -> str:
        return "patient.example"

    def answerable(self, patient: str, mailboxes: Sequence[str], named: Sequence[str]) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for mailbox in mailboxes:
            states = [self.threads[patient, mailbox, name] for name in named if (patient, mailbox, name) in self.threads]
            found |= {mailbox: any(states)} if states else {}
        return found

    def now(self) -> dt.datetime:
        return self.clock()


class MemoryKeeper:
    def __init__(self) -> None:
        self.kept: list[tuple[Envelope, bytes, str | None]] = []
        self.refusals: list[tuple[Peer | None, str]] = []
        self.answer: Callable[[], Proceed[None] | Defer | Reject] = lambda: Proceed(None)
        self.delay = 0.0

    async def keep(self, envelope: Envelope, data: bytes, message_id: str | None) -> Proceed[None] | Defer | Reject:
        if self.delay:
            await asyncio.sleep(self.delay)
        answer = self.answer()
        if isinstance(answer, Proceed):
            self.kept.append((envelope, data, message_id))
        return answer

    def refused(self, peer: Peer | None, reason: str) -> None:
        self.refusals.append((peer, reason))

    @property
    def reasons(self) -> list[str]:
        return [reason for _, reason in self.refusals]


class Running:
    """The door in a loop of its own thread."""

    def __init__(self, pki: Pki, new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop, **smtp: int) -> None:
        self.pki = pki
        authorities = certificates.read_pem(pki.ca.certificate)
        listed = pki.peers.get("mx.hopital.example") or pki.peer()
        self.key = certificates.read_pem(listed.certificate)[0].key
        self.facts = MemoryFacts(
            TrustSnapshot.of([(PEER_DOMAIN, self.key)]), revocation.read(demo_pki.make_crl(pki.ca, NOW), authorities), {DOCTOR}
        )
        self.authorities = authorities
        self.keeper = MemoryKeeper()
        self.configuration = check({"server": {"domain": HERE}, "smtp": smtp}, {})
        self.loop = new_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.door = self.call(self._make())
        self.host, self.port = self.call(self.door.start("127.0.0.1", 0))

    async def _make(self) -> SmtpDoor:
        return SmtpDoor(self.configuration, self.facts, self.keeper, self.pki.directory)

    def call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def revoke(self, *serials: int, **given: Any) -> None:
        self.facts.crl = revocation.read(demo_pki.make_crl(self.pki.ca, NOW, serials, **given), self.authorities)

    def stop(self, grace_s: float = 0.2) -> None:
        self.call(self.door.stop(grace_s))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def client(self, host: str | None = "mx.hopital.example", tls: bool = True) -> smtplib.SMTP:
        client = smtplib.SMTP(self.host, self.port, local_hostname="mx.hopital.example", timeout=20)
        if tls:
            client.ehlo()
            client.starttls(context=self.pki.context(host))
            client.ehlo()
        return client


@contextlib.contextmanager
def running(directory: Path, **given: Any) -> Iterator[Running]:
    door = Running(Pki.make(directory / "pki"), **given)
    try:
        yield door
    finally:
        door.stop()


class Wire:
    """A client that says exactly what it is told."""

    def __init__(self, door: Running, timeout: float = 10) -> None:
        self.sock: socket.socket = socket.create_connection((door.host, door.port), timeout=timeout)
        self.pending = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reply(self) -> str:
        """The last line of the next reply, or "" at the end of the connection."""
        while True:
            while b"\r\n" not in self.pending:
                try:
                    more = self.sock.recv(65_536)
                except (ssl.SSLError, ConnectionError):
                    more = b""
                if not more:
                    return ""
                self.pending += more
            line, self.pending = self.pending.split(b"\r\n", 1)
            if line[3:4] != b"-":
                return line.decode("ascii")

    def ask(self, data: bytes) -> str:
        self.send(data)
        return self.reply()

    def tls(self, context: ssl.SSLContext, session: ssl.SSLSession | None = None, hello: bool = True) -> ssl.SSLSocket:
        if hello:
            assert self.reply().startswith("220")
            assert self.ask(b"EHLO mx.hopital.example\r\n").startswith("250")
        assert self.ask(b"STARTTLS\r\n").startswith("220")
        self.pending = b""
        secured = context.wrap_socket(self.sock, server_hostname="localhost", session=session)
        self.sock = secured
        return secured


SENDER = f"labo@{PEER_DOMAIN}"
MAIL = f"MAIL FROM:<{SENDER}>\r\n".encode()
OPENING = MAIL + f"RCPT TO:<{DOCTOR}>\r\nDATA\r\n".encode()
BODY = message().encode() + b".\r\n"


@contextlib.contextmanager
def secured(door: Running) -> Iterator[Wire]:
    with Wire(door) as wire:
        wire.tls(door.pki.context())
        assert wire.ask(b"EHLO mx\r\n").startswith("250")
        yield wire


def opened(wire: Wire) -> None:
    assert wire.ask(OPENING)[:3] == "250"
    assert wire.reply()[:3] == "250"
    assert wire.reply()[:3] == "354"


def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come in time"
        time.sleep(0.01)
