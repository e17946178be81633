"""The operators' door: SMTP over mutual TLS. Listens, counts, sweeps and stops; each connection is a `smtp_session.Session`.

Known weaknesses: no Received field is added (the vault keeps the bytes as they came; peer, TLS and time are in the records).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from pathlib import Path

from vaguemestre.crypto.tls import IdentityFiles
from vaguemestre.crypto.trust_list import domain_key
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.envelope import Peer
from vaguemestre.inbound.accept import Facts, Keeper
from vaguemestre.protocols import smtp
from vaguemestre.servers.smtp_house import Connection, report_failure
from vaguemestre.servers.smtp_session import Session


class SmtpDoor:
    """`pki`: the folder of `server.pem`, `server.key`, `ca.pem`. Raises `Refused` where they cannot be used."""

    def __init__(self, configuration: Configuration, facts: Facts, keeper: Keeper, pki: Path) -> None:
        number = configuration.number
        domain = configuration.text("server", "domain")
        self.facts = facts
        self.keeper = keeper
        self.hostname = domain_key(configuration.text("server", "hostname") or f"mail.{domain}") or "localhost"
        self.postmaster = f"postmaster@{domain}"
        self.limits = smtp.Limits(
            message=number("smtp", "max_message_bytes"),
            recipients=number("smtp", "max_recipients"),
            transactions=number("smtp", "max_transactions"),
            errors=number("smtp", "max_errors"),
        )
        self.held_most = number("smtp", "max_in_memory_bytes")
        self.held = 0
        self.identity = IdentityFiles(pki)
        self.keeping: set[asyncio.Task[None]] = set()
        self.stopping = False
        self._timeout = float(number("smtp", "timeout_s"))
        self._most = number("smtp", "max_sessions")
        self._most_a_peer = number("smtp", "max_sessions_per_peer")
        self._sessions: set[Connection] = set()
        self._of_peer: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._emptied = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listens; port 0 is any free one. Returns where. Raises OSError where it cannot."""
        self.loop = asyncio.get_running_loop()
        self._server = await self.loop.create_server(lambda: Session(self), host, port, backlog=1024)
        self._sweeper = self.loop.create_task(self._sweep())
        at = self._server.sockets[0].getsockname()
        return str(at[0]), int(at[1])

    async def stop(self, grace_s: float) -> None:
        """Accepts no more, lets transactions under way end, and returns within `grace_s` seconds with every connection closed."""
        self.stopping = True
        if self._server is not None:
            self._server.close()
        until = self.loop.time() + grace_s
        for one in list(self._sessions):
            if not one.at_work:
                one.leave()
        try:
            # A part of the time is left for those who are still there to read why they must go.
            await self._gone_before(until - min(1.0, grace_s / 4))
            for one in list(self._sessions):
                one.leave()
            await self._gone_before(until)
        finally:
            for one in list(self._sessions):
                one.abort()
            if self._sweeper is not None:
                self._sweeper.cancel()

    async def _gone_before(self, until: float) -> None:
        while self._sessions and (left := until - self.loop.time()) > 0:
            self._emptied.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), left)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._timeout / 4))
            self.identity.refresh()
            now = self.loop.time()
            for one in list(self._sessions):
                try:
                    one.sweep(now, self._timeout)
                except Exception as error:  # noqa: BLE001 - the others are swept all the same
                    report_failure(error)
                    one.abort()

    def sessions(self) -> int:
        """How many are open."""
        return len(self._sessions)

    # What a session calls.

    def admit(self, session: Connection) -> bool:
        if self.stopping or len(self._sessions) >= self._most or self._of_peer[session.ip] >= self._most_a_peer:
            return False
        self._sessions.add(session)
        self._of_peer[session.ip] += 1
        return True

    def gone(self, session: Connection) -> None:
        if session in self._sessions:
            self._sessions.discard(session)
            self._of_peer[session.ip] -= 1
            if not self._of_peer[session.ip]:
                del self._of_peer[session.ip]
        if not self._sessions:
            self._emptied.set()

    def count(self, change: int) -> None:
        """Bytes of messages in memory, of all sessions."""
        self.held += change

    def trace(self, peer: Peer, reason: str) -> None:
        try:
            self.keeper.refused(peer, reason)
        except Exception as error:  # noqa: BLE001 - mail goes on when a refusal cannot be traced
            report_failure(error)
