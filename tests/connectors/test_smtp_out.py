"""The carrier over real sockets: what is delivered, what waits, what ends, and that nothing is said where it may not be."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
from pathlib import Path

import pytest
import uvloop

from tests.connectors.peers import DATA, HERE, NOW, THERE, Peer, World, once, parcel, run
from vaguemestre.crypto import demo_pki
from vaguemestre.outbound.deliver import Destined, Parcel, Told


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_good_peer_gets_the_message_as_it_is(world: World) -> None:
    peer = Peer(world.context())
    [report] = once(world, peer)
    assert (report.told, report.reason, report.code, report.enhanced) == (Told.DELIVERED, "delivered", 250, "2.0.0")
    assert peer.kept == [DATA]
    assert (report.host, report.peer_ip, report.relayed) == ("127.0.0.1", "127.0.0.1", True)
    assert "CN=mx.hopital.example" in report.peer_dn
    assert report.tls.startswith("TLSv1.3 ")
    assert peer.verbs == ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert peer.in_clear == [b"EHLO mail.cabinet.example\r\n", b"STARTTLS\r\n"]


def test_by_one_chunk(world: World) -> None:
    peer = Peer(world.context(), offers=("PIPELINING", "CHUNKING", "STARTTLS"))
    [report] = once(world, peer)
    assert (report.told, report.relayed) == (Told.DELIVERED, False)
    assert peer.kept == [DATA]
    assert "BDAT" in peer.verbs


def test_on_uvloop(world: World) -> None:
    peer = Peer(world.context())

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            big = DATA + b"x" * 70 + b"\r\n" + b"y" * 3_000_000 + b"\r\n"
            for data in (DATA, big):
                [report] = await carrier.carry(THERE, parcel(data=data))
                assert report.told is Told.DELIVERED
            assert peer.kept == [DATA, big]
            peer.cut = "MID-DATA"
            [report] = await carrier.carry(THERE, parcel(data=big * 8))
            assert (report.told, report.reason) == (Told.LATER, "connection-lost")
            peer.cut = "CONTENT"
            [report] = await carrier.carry(THERE, parcel())
            assert (report.told, report.reason) == (Told.LATER, "cut-after-content")
            await carrier.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scene(), 30))


# Per recipient, and again.


def test_each_recipient_its_own_report_in_order(world: World) -> None:
    peer = Peer(world.context(), replies={"RCPT": [b"550 5.1.1 no\r\n", b"250 ok\r\n", b"451 4.2.1 later\r\n"]})
    reports = once(world, peer, parcel("x", "y", "z"))
    assert [(r.told, r.reason, r.code) for r in reports] == [
        (Told.NEVER, "recipient-refused", 550),
        (Told.DELIVERED, "delivered", 250),
        (Told.LATER, "recipient-deferred", 451),
    ]


@pytest.mark.parametrize(
    ("verb", "reply", "told", "reason"),
    [
        ("MAIL", b"451 4.3.0 later\r\n", Told.LATER, "sender-deferred"),
        ("MAIL", b"550 5.7.1 no\r\n", Told.NEVER, "sender-refused"),
        ("DATA", b"452 4.3.1 later\r\n", Told.LATER, "content-deferred"),
        ("CONTENT", b"451 4.3.0 later\r\n", Told.LATER, "content-deferred"),
        ("CONTENT", b"554 5.6.0 no\r\n", Told.NEVER, "content-refused"),
        ("CONTENT", b"421 4.3.2 bye\r\n", Told.LATER, "peer-closing"),
        ("GREETING", b"554 no service\r\n", Told.LATER, "greeting-refused"),
        ("EHLO", b"550 who?\r\n", Told.LATER, "ehlo-refused"),
        ("RCPT", b"2\x00\r\n", Told.LATER, "bad-reply"),
        ("RCPT", b"250-" + b"a" * 3_000, Told.LATER, "reply-endless"),
        ("RCPT", b"250-a\r\n" * 200, Told.LATER, "reply-endless"),
        ("CONTENT", b"354 again\r\n", Told.LATER, "unexpected-reply"),
    ],
)
def test_what_a_reply_makes_of_a_message(world: World, verb: str, reply: bytes, told: Told, reason: str) -> None:
    [report] = once(world, Peer(world.context(), replies={verb: reply}))
    assert (report.told, report.reason) == (told, reason)


def test_later_then_taken_on_the_same_connection(world: World) -> None:
    peer = Peer(world.context(), replies={"RCPT": [b"450 4.2.1 later\r\n", b"250 2.1.5 ok\r\n"]})

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            assert [(await carrier.carry(THERE, parcel()))[0].told for _ in range(2)] == [Told.LATER, Told.DELIVERED]
            await carrier.close()

    run(scene())
    assert peer.connections == 1
    assert peer.kept == [DATA]


# Cuts.


@pytest.mark.parametrize(
    ("cut", "reason"),
    [
        ("GREETING", "connection-lost"),
        ("EHLO", "connection-lost"),
        ("STARTTLS", "connection-lost"),
        ("MAIL", "connection-lost"),
        ("RCPT", "connection-lost"),
        ("DATA", "connection-lost"),
        ("CONTENT", "cut-after-content"),
    ],
)
def test_a_peer_that_closes_at_each_step(world: World, cut: str, reason: str) -> None:
    [report] = once(world, Peer(world.context(), cut=cut))
    assert (report.told, report.reason, report.code) == (Told.LATER, reason, None)


@pytest.mark.parametrize(
    ("silent", "reason"),
    [("GREETING", "timeout"), ("EHLO", "timeout"), ("MAIL", "timeout"), ("DATA", "timeout"), ("CONTENT", "cut-after-content")],
)
def test_a_peer_that_falls_silent(world: World, silent: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = world.carrier
    monkeypatch.setattr(world, "carrier", lambda *ports, **given: _hasty(carrier(*ports, **given)))
    [report] = once(world, Peer(world.context(), silent=silent))
    assert (report.told, report.reason) == (Told.LATER, reason)


def _hasty(carrier: object) -> object:
    carrier._timeout_s = 0.5  # type: ignore[attr-defined]
    return carrier


def test_nobody_there(world: World) -> None:
    async def scene() -> None:
        async with Peer(world.context()).listening() as peer:
            port = peer.port
        carrier = world.carrier(port)
        [report] = await carrier.carry(THERE, parcel())
        assert (report.told, report.reason, report.host) == (Told.LATER, "connect-failed", "127.0.0.1")
        await carrier.close()

    run(scene())


# Kept connections.


def test_connections_are_kept_and_bounded(world: World) -> None:
    peer = Peer(world.context(), delay=0.02)

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port, connections_per_host=3)
            reports = await asyncio.gather(*(carrier.carry(THERE, parcel()) for _ in range(20)))
            assert [one.told for [one] in reports] == [Told.DELIVERED] * 20
            assert (peer.connections, peer.open_most) == (3, 3)
            await carrier.close()
            assert peer.verbs.count("QUIT") == 3

    run(scene())


def test_an_idle_connection_says_goodbye(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.connectors import smtp_out_pool

    monkeypatch.setattr(smtp_out_pool, "IDLE_S", 0.05)
    peer = Peer(world.context())

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            await carrier.carry(THERE, parcel())
            while peer.open_now:
                await asyncio.sleep(0.01)
            assert peer.verbs[-1] == "QUIT"
            [report] = await carrier.carry(THERE, parcel())
            assert report.told is Told.DELIVERED
            await carrier.close()

    run(scene())
    assert peer.connections == 2


@pytest.mark.parametrize("how", ["cut", "421"])
def test_a_kept_connection_that_the_peer_left_is_replaced(world: World, how: str) -> None:
    peer = Peer(world.context(), replies={"MAIL": [b"250 ok\r\n", b"421 4.4.2 idle\r\n", b"250 ok\r\n"]} if how == "421" else {})

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            await carrier.carry(THERE, parcel())
            if how == "cut":
                for writer in list(peer._writers):
                    writer.transport.abort()
            [report] = await carrier.carry(THERE, parcel())
            assert report.told is Told.DELIVERED
            await carrier.close()

    run(scene())
    assert (peer.connections, len(peer.kept)) == (2, 2)


def test_a_message_cut_after_its_content_is_not_said_twice_by_the_carrier(world: World) -> None:
    peer = Peer(world.context())

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            await carrier.carry(THERE, parcel())
            peer.cut = "CONTENT"
            [report] = await carrier.carry(THERE, parcel())
            assert (report.told, report.reason) == (Told.LATER, "cut-after-content")
            await carrier.close()

    run(scene())
    assert (peer.connections, len(peer.kept)) == (1, 2)


def test_421_to_the_content_of_a_kept_connection_is_told_and_not_said_again(world: World) -> None:
    peer = Peer(world.context(), replies={"CONTENT": [b"250 2.0.0 kept\r\n", b"421 4.3.2 bye\r\n"]})

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            await carrier.carry(THERE, parcel())
            [report] = await carrier.carry(THERE, parcel())
            assert (report.told, report.reason, report.code) == (Told.LATER, "peer-closing", 421)
            await carrier.close()

    run(scene())
    assert (peer.connections, len(peer.kept)) == (1, 2)


def test_after_close_nothing_is_said(world: World) -> None:
    peer = Peer(world.context())

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            await carrier.close()
            [report] = await carrier.carry(THERE, parcel())
            assert (report.told, report.reason) == (Told.LATER, "shutting-down")

    run(scene())
    assert peer.connections == 0


def test_our_new_certificate_is_shown_on_a_new_connection(world: World) -> None:
    """The kept ones, made under the old one, are ended."""
    peer = Peer(world.context())

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            await carrier.carry(THERE, parcel())
            renewed = demo_pki.issue(world.ca, NOW, "mail.cabinet.example")
            (world.folder / "pki" / "server.key").write_bytes(renewed.key)
            (world.folder / "pki" / "server.pem").write_bytes(renewed.certificate)
            carrier._looked_at = 0.0
            [report] = await carrier.carry(THERE, parcel())
            assert report.told is Told.DELIVERED
            await carrier.close()

    run(scene())
    assert (peer.connections, peer.verbs.count("QUIT")) == (2, 2)


def test_a_carry_that_is_broken_off_spoils_its_connection(world: World) -> None:
    peer = Peer(world.context(), silent="DATA")

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port, connections_per_host=1)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(carrier.carry(THERE, parcel()), 0.5)
            peer.silent = ""
            [report] = await carrier.carry(THERE, parcel())
            assert report.told is Told.DELIVERED
            await carrier.close()

    run(scene())
    assert peer.connections == 2


def test_many_recipients_go_a_hundred_at_a_time(world: World) -> None:
    peer = Peer(world.context())
    reports = once(world, peer, parcel(*(f"p{n}" for n in range(250))))
    assert [one.told for one in reports] == [Told.DELIVERED] * 250
    assert (len(peer.kept), peer.connections) == (3, 1)


def test_a_recipient_of_another_domain_is_never_sent_there(world: World) -> None:
    peer = Peer(world.context())
    reports = once(world, peer, Parcel(DATA, f"a@{HERE}", (Destined(f"b@{THERE}"), Destined(f"c@{HERE}"))))
    assert [(one.told, one.reason) for one in reports] == [(Told.LATER, "inner-failure")] * 2
    assert peer.connections == 0


def test_a_failure_of_ours_is_later_and_tells_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise RuntimeError("secret b@hopital.example")

    facts = dataclasses.replace(world.trust)
    world.trust = facts
    facts.trust = broken  # type: ignore[method-assign,assignment]
    peer = Peer(world.context())
    [report] = once(world, peer)
    assert (report.told, report.reason) == (Told.LATER, "inner-failure")
    assert "inner failure: RuntimeError" in caplog.text
    assert "hopital.example" not in caplog.text


def test_the_peer_that_refuses_our_certificate(world: World, tmp_path: Path) -> None:
    World(tmp_path / "stranger")
    world.context()
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(world.folder / "peer.pem", world.folder / "peer.key")
    theirs.load_verify_locations(tmp_path / "stranger" / "pki" / "ca.pem")
    theirs.verify_mode = ssl.CERT_REQUIRED
    peer = Peer(theirs)
    [report] = once(world, peer)
    assert report.told is Told.LATER
    assert report.reason in {"handshake-failed", "connection-lost"}
    assert peer.kept == []
