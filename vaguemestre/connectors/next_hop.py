"""Where the mail of a domain goes next: a configured route, else its MX records (RFC 5321 section 5.1, RFC 7505).

The answer says which hosts to try, never whom to trust: DNS is not believed for that, the certificate is (`outbound.permit`). Answers are
kept as long as they say, within bounds; failures are not kept.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from vaguemestre.domain.outcome import Defer, Proceed, Reject

LOOKUP_S = 15.0
TTL_LEAST, TTL_MOST = 10.0, 3_600.0
KEPT_MOST = 2_000
HOSTS_MOST = 5
"""Hosts tried for one message."""


@dataclasses.dataclass(frozen=True, slots=True)
class Hop:
    """A server to go to."""

    host: str
    port: int


@dataclasses.dataclass(frozen=True, slots=True)
class Exchange:
    """One MX record; `host` without its last dot, "" is the null MX."""

    preference: int
    host: str


class NoSuchDomain(Exception):  # noqa: N818 - an answer, no fault
    """The domain does not exist."""


class LookupFailed(Exception):  # noqa: N818 - an answer, no fault
    """DNS did not answer."""


class Resolver(Protocol):
    """Asks for MX records."""

    async def exchanges(self, domain: str) -> tuple[Sequence[Exchange], float]:
        """The records, none where the domain has no MX, and how many seconds they hold. Raises `NoSuchDomain` or `LookupFailed`."""


class DnsResolver:
    """The machine's own resolvers."""

    def __init__(self) -> None:
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def exchanges(self, domain: str) -> tuple[Sequence[Exchange], float]:
        try:
            if self._resolver is None:
                self._resolver = dns.asyncresolver.Resolver()
            answer = await self._resolver.resolve(
                dns.name.from_text(f"{domain}."), dns.rdatatype.MX, raise_on_no_answer=False, lifetime=LOOKUP_S
            )
        except dns.resolver.NXDOMAIN:
            raise NoSuchDomain from None
        except (dns.exception.DNSException, OSError):
            raise LookupFailed from None
        found = [Exchange(one.preference, one.exchange.to_text(omit_final_dot=True).rstrip(".")) for one in answer.rrset or ()]
        return found, max(0.0, answer.expiration - time.time())


def routes(text: str) -> Mapping[str, Hop]:
    """`domain=host:port` words, `*` for every other domain, as the settings' table checked them."""
    found: dict[str, Hop] = {}
    for word in text.split():
        domain, _, place = word.partition("=")
        host, _, port = place.rpartition(":")
        found[domain.lower()] = Hop(host.removeprefix("[").removesuffix("]"), int(port))
    return found


class NextHop:
    """`hostname`: our own name, to which no mail of ours is sent; `port`: of hosts that MX records name."""

    def __init__(self, configured: str, hostname: str, port: int, resolver: Resolver | None = None) -> None:
        self._routes = routes(configured)
        self._hostname = hostname.lower()
        self._port = port
        self._resolver: Resolver = resolver if resolver is not None else DnsResolver()
        self._kept: dict[str, tuple[float, tuple[Exchange, ...]]] = {}

    async def of(self, domain: str) -> Proceed[tuple[Hop, ...]] | Defer | Reject:
        """The servers to try, in order; `domain` in comparison form."""
        route = self._routes.get(domain) or self._routes.get("*")
        if route is not None:
            return Proceed((route,))
        try:
            records = await self._records(domain)
        except NoSuchDomain:
            return Defer("no-such-domain")
        except LookupFailed:
            return Defer("dns-failure")
        if not records:
            # The implicit MX: the domain's own address, only where it has no MX at all (RFC 5321 section 5.1).
            return Proceed((Hop(domain, self._port),))
        if all(not one.host for one in records):
            return Reject("null-mx")
        ours = min((one.preference for one in records if one.host.lower() == self._hostname), default=None)
        usable = [one for one in records if one.host and (ours is None or one.preference < ours)]
        if not usable:
            return Defer("mx-loop")
        # Equal preferences in any order, so that load is shared.
        usable.sort(key=lambda one: (one.preference, random.random()))  # noqa: S311 - no secret
        return Proceed(tuple(Hop(one.host, self._port) for one in usable[:HOSTS_MOST]))

    async def _records(self, domain: str) -> tuple[Exchange, ...]:
        now = time.monotonic()
        kept = self._kept.get(domain)
        if kept is not None and kept[0] > now:
            return kept[1]
        try:
            async with asyncio.timeout(LOOKUP_S + 5):
                found, ttl = await self._resolver.exchanges(domain)
        except TimeoutError:
            raise LookupFailed from None
        records = tuple(found)
        if len(self._kept) >= KEPT_MOST:
            self._kept.clear()
        self._kept[domain] = (now + min(max(ttl, TTL_LEAST), TTL_MOST), records)
        return records
