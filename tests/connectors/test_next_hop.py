"""Where mail goes next: routes, MX in order, null MX, the implicit one, what is kept and for how long (RFC 5321 5.1, RFC 7505)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import dns.exception
import dns.message
import dns.resolver
import pytest

from tests.connectors.peers import THERE, Peer, World, parcel, run
from vaguemestre.connectors import next_hop
from vaguemestre.connectors.next_hop import DnsResolver, Exchange, Hop, LookupFailed, NextHop, NoSuchDomain
from vaguemestre.domain.configuration import check
from vaguemestre.domain.fault import Refused
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.outbound.deliver import Told


class Zone:
    """A resolver that answers from a table, and counts."""

    def __init__(self, answer: Sequence[Exchange] | Exception, ttl: float = 300.0) -> None:
        self.answer = answer
        self.ttl = ttl
        self.asked = 0

    async def exchanges(self, domain: str) -> tuple[Sequence[Exchange], float]:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, self.ttl


def of(zone: Zone, domain: str = THERE, configured: str = "") -> object:
    return asyncio.run(NextHop(configured, "mail.cabinet.example", 25, zone).of(domain))


def test_the_least_preference_first() -> None:
    found = of(Zone([Exchange(20, "b.example"), Exchange(10, "a.example"), Exchange(30, "c.example")]))
    assert found == Proceed((Hop("a.example", 25), Hop("b.example", 25), Hop("c.example", 25)))


def test_equal_preferences_share_the_load() -> None:
    zone = Zone([Exchange(10, "a.example"), Exchange(10, "b.example")])
    firsts = set()
    for _ in range(64):
        found = of(zone)
        assert isinstance(found, Proceed)
        firsts.add(found.facts[0].host)
    assert firsts == {"a.example", "b.example"}


def test_a_null_mx_is_never_written_to() -> None:
    assert of(Zone([Exchange(0, "")])) == Reject("null-mx")


def test_no_mx_at_all_is_the_domain_itself() -> None:
    assert of(Zone([])) == Proceed((Hop(THERE, 25),))


def test_a_domain_that_does_not_exist_and_dns_that_does_not_answer() -> None:
    assert of(Zone(NoSuchDomain())) == Defer("no-such-domain")
    assert of(Zone(LookupFailed())) == Defer("dns-failure")


def test_our_own_name_and_all_behind_it_are_left_out() -> None:
    records = [Exchange(10, "a.example"), Exchange(20, "MAIL.cabinet.example"), Exchange(20, "b.example"), Exchange(30, "c.example")]
    assert of(Zone(records)) == Proceed((Hop("a.example", 25),))
    assert of(Zone(records[1:])) == Defer("mx-loop")


def test_at_most_so_many_hosts() -> None:
    found = of(Zone([Exchange(n, f"mx{n}.example") for n in range(50)]))
    assert isinstance(found, Proceed)
    assert len(found.facts) == next_hop.HOSTS_MOST


def test_a_route_goes_before_dns() -> None:
    zone = Zone(LookupFailed())
    configured = "Hopital.example=relais.example:2525 autre.example=[2001:db8::1]:25 *=127.0.0.1:2526"
    assert of(zone, THERE, configured) == Proceed((Hop("relais.example", 2525),))
    assert of(zone, "autre.example", configured) == Proceed((Hop("2001:db8::1", 25),))
    assert of(zone, "encore.example", configured) == Proceed((Hop("127.0.0.1", 2526),))
    assert zone.asked == 0


def test_answers_are_kept_within_bounds_and_failures_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1_000.0
    monkeypatch.setattr(next_hop.time, "monotonic", lambda: clock)

    async def scene() -> None:
        nonlocal clock
        for ttl, held in ((300.0, 300.0), (0.0, next_hop.TTL_LEAST), (1e9, next_hop.TTL_MOST)):
            zone = Zone([Exchange(10, "a.example")], ttl)
            hops = NextHop("", "mail.cabinet.example", 25, zone)
            await hops.of(THERE)
            clock += held - 1
            await hops.of(THERE)
            assert zone.asked == 1
            clock += 2
            await hops.of(THERE)
            assert zone.asked == 2
        zone = Zone(LookupFailed())
        hops = NextHop("", "mail.cabinet.example", 25, zone)
        await hops.of(THERE)
        zone.answer = []
        assert await hops.of(THERE) == Proceed((Hop(THERE, 25),))

    asyncio.run(scene())


ANSWERS = {
    "two": ("NOERROR", [f"{THERE}. 60 IN MX 10 MX1.{THERE}.", f"{THERE}. 60 IN MX 5 mx2.{THERE}."]),
    "null": ("NOERROR", [f"{THERE}. 60 IN MX 0 ."]),
    "none": ("NOERROR", []),
    "nxdomain": ("NXDOMAIN", []),
    "servfail": ("SERVFAIL", []),
}


class Answering(asyncio.DatagramProtocol):
    """A name server with one answer."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        code, lines = ANSWERS[self._kind]
        reply = dns.message.make_response(dns.message.from_wire(data), recursion_available=True)
        reply.set_rcode(dns.rcode.from_text(code))
        for line in lines:
            name, ttl, kind, of_type, text = line.split(" ", 4)
            reply.answer.append(dns.rrset.from_text(name, int(ttl), kind, of_type, text))
        self._transport.sendto(reply.to_wire(), addr)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("two", Proceed((Hop(f"mx2.{THERE}", 25), Hop(f"MX1.{THERE}", 25)))),
        ("null", Reject("null-mx")),
        ("none", Proceed((Hop(THERE, 25),))),
        ("nxdomain", Defer("no-such-domain")),
        ("servfail", Defer("dns-failure")),
    ],
)
def test_a_real_name_server(kind: str, found: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_hop, "LOOKUP_S", 1.0)

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Answering(kind), local_addr=("127.0.0.1", 0))
        asked = DnsResolver()
        asked._resolver = dns.asyncresolver.Resolver(configure=False)
        asked._resolver.nameservers = ["127.0.0.1"]
        asked._resolver.port = transport.get_extra_info("sockname")[1]
        assert await NextHop("", "mail.cabinet.example", 25, asked).of(THERE) == found
        transport.close()

    run(scene())


def test_no_name_server_at_all_is_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver, "Resolver", none)
    assert asyncio.run(NextHop("", "mail.cabinet.example", 25).of(THERE)) == Defer("dns-failure")


def test_the_next_host_is_tried_and_the_reason_that_says_most_is_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    first, second = Peer(world.context(), offers=()), Peer(world.context())

    class Both:
        async def of(self, _: str) -> Proceed[tuple[Hop, ...]]:
            return Proceed(tuple(Hop("127.0.0.1", peer.port) for peer in (first, second)))

    async def scene() -> None:
        async with first.listening(), second.listening():
            carrier = world.carrier(first.port)
            carrier._next = Both()  # type: ignore[assignment]
            [report] = await carrier.carry(THERE, parcel())
            assert report.told is Told.DELIVERED
            assert (first.kept, len(second.kept)) == ([], 1)
            second.cut = "GREETING"
            await carrier.close()
            carrier = world.carrier(first.port)
            carrier._next = Both()  # type: ignore[assignment]
            [report] = await carrier.carry(THERE, parcel())
            assert (report.told, report.reason) == (Told.LATER, "starttls-not-offered")
            await carrier.close()

    run(scene())


@pytest.mark.parametrize("routes", ["hopital.example", "hopital.example=mx", "hopital.example=mx:0", "=mx:25", "*=off", "a b=mx:25"])
def test_a_route_that_is_none_is_refused(routes: str) -> None:
    with pytest.raises(Refused, match=r"outgoing\.routes must be"):
        check({"outgoing": {"routes": routes}}, {})
