"""The carrier: SMTP to the other operators over mutual TLS (mssante.md 1.3, 1.4; requirements 4 to 9, 11, 12, 21; RFC 5321, RFC 3207).

A domain of the trust list, its next hop, a connection kept or made, the peer's certificate held against the list for that very domain,
and only then the envelope. Nothing is ever said in clear but EHLO, and no try is less strict than another. Whatever goes wrong is a
report that lets the message be sent again; only a 5xx to it, a domain out of the trust space, or a message that the next hop cannot take
ends it.

Known weaknesses: a message is in memory whole, and once more in cipher while it leaves; a next hop that is down is tried again for each
message that comes for it, its attempts spaced by the queue alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path

from vaguemestre.connectors.next_hop import Hop, NextHop, Resolver
from vaguemestre.connectors.smtp_out_pool import Pool
from vaguemestre.connectors.smtp_out_session import Connection, report_failure
from vaguemestre.crypto.tls import IdentityFiles, client_context
from vaguemestre.crypto.trust_list import domain_key
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.outcome import Defer, Reject
from vaguemestre.outbound.deliver import Destined, Parcel, Report, Told
from vaguemestre.outbound.permit import Facts, decide_domain, decide_hop
from vaguemestre.protocols.smtp_client import Fate, Outcome, Settled, To, Transaction

RECIPIENTS_MOST = 100
"""Of one transaction: what every server takes (RFC 5321 section 4.5.3.1.8)."""
CLOSE_S = 5.0
_TOLD = {Fate.DELIVERED: Told.DELIVERED, Fate.LATER: Told.LATER, Fate.NEVER: Told.NEVER}
_NOTHING_SAID = frozenset({"peer-closing", "connection-lost", "timeout"})
"""Ends of a kept connection that the peer had left behind."""
_UNREACHED = frozenset({"connect-failed", "no-address", "timeout", "connection-lost"})
"""Reasons that say less than any other, where several hosts were tried."""


class SmtpCarrier:
    """`outbound.deliver.Carrier`. `directory`: the data directory, of whose `pki` both certificates and authorities are taken. Raises
    `Refused` where they cannot be used; nothing else raises."""

    def __init__(self, configuration: Configuration, facts: Facts, directory: Path, resolver: Resolver | None = None) -> None:
        text, number = configuration.text, configuration.number
        name = text("server", "hostname") or f"mail.{text('server', 'domain')}"
        self._hostname = domain_key(name) or "localhost"
        self._facts = facts
        self._identity = IdentityFiles(directory / "pki", client_context)
        self._looked_at = 0.0
        self._next = NextHop(text("outgoing", "routes"), self._hostname, number("outgoing", "port"), resolver)
        self._most = number("outgoing", "connections_per_host")
        self._timeout_s = float(number("outgoing", "timeout_s"))
        self._pools: dict[Hop, Pool] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def carry(self, domain: str, parcel: Parcel) -> Sequence[Report]:
        """One report a recipient, in order. `domain` in comparison form."""
        reports: list[Report] = []
        try:
            for part in _parts(parcel.recipients):
                reports += await self._part(domain, parcel, part)
        except Exception as error:  # noqa: BLE001 - an inner failure loses nothing (promise 2)
            report_failure(error)
            left = len(parcel.recipients) - len(reports)
            reports += [Report(Told.LATER, "inner-failure")] * left
        return reports

    async def close(self) -> None:
        """Ends kept connections with QUIT."""
        self._closed = True
        for pool in self._pools.values():
            pool.end_idle()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=CLOSE_S)
        for task in list(self._leaving):
            task.cancel()

    # Inside.

    async def _part(self, domain: str, parcel: Parcel, recipients: Sequence[Destined]) -> Sequence[Report]:
        allowed = decide_domain(domain, self._facts.trust(), self._facts.now())
        if isinstance(allowed, Defer | Reject):
            return [_refused(allowed)] * len(recipients)
        if any(domain_key(one.address.rpartition("@")[2]) != domain for one in recipients):
            # Its certificate would be held against another domain's: ours to mend, and nothing is sent.
            return [Report(Told.LATER, "inner-failure")] * len(recipients)
        found = await self._next.of(domain)
        if isinstance(found, Defer | Reject):
            return [_refused(found)] * len(recipients)
        to = tuple(To(one.address, one.notify, one.orcpt) for one in recipients)
        one = Transaction(parcel.mail_from, to, parcel.data, parcel.ret, parcel.envid, parcel.utf8, parcel.eight_bit)
        told = Report(Told.LATER, "connect-failed")
        for hop in found.facts:
            tried = await self._host(hop, domain, one)
            if not isinstance(tried, Report):
                return tried
            # Of several that failed, what is told is the one that says most.
            if told.reason in _UNREACHED:
                told = tried
        return [told] * len(recipients)

    async def _host(self, hop: Hop, domain: str, one: Transaction) -> Sequence[Report] | Report:
        """What became of each recipient, or why this host was not even told of the message."""
        pool = self._pools.setdefault(hop, Pool(self._most, self._spawn))
        try:
            async with asyncio.timeout(self._timeout_s):
                await pool.room.acquire()
        except TimeoutError:
            return Report(Told.LATER, "too-many-connections", host=hop.host)
        try:
            return await self._carried(pool, hop, domain, one)
        finally:
            pool.room.release()

    async def _carried(self, pool: Pool, hop: Hop, domain: str, one: Transaction) -> Sequence[Report] | Report:
        self._refresh()
        identity = self._identity.current
        if self._closed:
            return Report(Told.LATER, "shutting-down", host=hop.host)
        while (kept := pool.take(identity)) is not None:
            with _held(kept):
                refused = self._refuses(kept, hop, domain)
                settled = await kept.send(one) if refused is None else None
            pool.give_back(kept, identity, refused is None and not self._closed)
            if settled is None:
                assert refused is not None
                return refused
            if not _left_behind(kept, settled):
                return [_report(outcome, kept, hop) for outcome in settled.outcomes]
        made = Connection(hop, identity, self._hostname, self._timeout_s)
        with _held(made):
            why = await made.open()
            if why is not None:
                return _report(why, made, hop)
            refused = self._refuses(made, hop, domain)
            settled = await made.send(one) if refused is None else None
        pool.give_back(made, identity, refused is None and not self._closed)
        if settled is None:
            assert refused is not None
            return refused
        return [_report(outcome, made, hop) for outcome in settled.outcomes]

    def _refuses(self, connection: Connection, hop: Hop, domain: str) -> Report | None:
        """Why this peer may not be given this domain's mail now, or None where it may. Asked for every message: a certificate may be
        revoked, or taken off the list, while its connection is kept."""
        facts = self._facts
        found = decide_hop(domain, connection.certificate, connection.identity.authorities, facts.trust(), facts.revocation(), facts.now())
        if not isinstance(found, Defer):
            return None
        return _report(Outcome(Fate.LATER, found.reason), connection, hop)

    def _refresh(self) -> None:
        """New certificate files are looked for once a second."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= 1.0:
            self._looked_at = now
            self._identity.refresh()

    def _spawn(self, goodbye: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(goodbye)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


@contextlib.contextmanager
def _held(connection: Connection) -> Iterator[None]:
    """A connection whose use is broken off is in the middle of something: nobody may have it after."""
    try:
        yield
    except BaseException:
        connection.abort()
        raise


def _left_behind(kept: Connection, settled: Settled) -> bool:
    """Whether a kept connection was gone already, so that nothing but an envelope can have been said: worth a new one."""
    return not kept.usable and all(o.fate is Fate.LATER and o.reason in _NOTHING_SAID for o in settled.outcomes) and not settled.content


def _report(outcome: Outcome, connection: Connection, hop: Hop) -> Report:
    certificate = connection.certificate
    return Report(
        _TOLD[outcome.fate],
        outcome.reason,
        outcome.code,
        outcome.enhanced,
        hop.host,
        certificate.subject if certificate is not None else "",
        connection.ip,
        connection.tls,
        connection.offers_notices,
    )


def _refused(outcome: Defer | Reject) -> Report:
    return Report(Told.LATER if isinstance(outcome, Defer) else Told.NEVER, outcome.reason)


def _parts(recipients: Sequence[Destined]) -> Iterator[Sequence[Destined]]:
    for start in range(0, len(recipients), RECIPIENTS_MOST):
        yield recipients[start : start + RECIPIENTS_MOST]
