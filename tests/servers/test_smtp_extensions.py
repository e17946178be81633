"""The extensions at a real door: delivery notices (RFC 3461), chunks (RFC 3030), UTF-8 addresses (RFC 6531)."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.door import BODY, DOCTOR, SENDER, Running, Wire, message, opened, running, secured, until
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.envelope import Notices

MAIL = f"MAIL FROM:<{SENDER}>".encode()
RCPT = f"RCPT TO:<{DOCTOR}>".encode()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as one:
        yield one


def test_what_is_asked_of_notices_comes_with_the_envelope(door: Running) -> None:
    second = "accueil@cabinet.example"
    door.facts.mailboxes.add(second)
    client = door.client()
    assert client.has_extn("dsn")
    options = ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Premier+2Bsuivi@ailleurs.example"]
    client.sendmail(SENDER, [DOCTOR.upper()], message(), ["RET=HDRS", "ENVID=n+3D1"], options)
    client.sendmail(SENDER, [DOCTOR, second], message())
    client.quit()
    asked, plain = (envelope for envelope, _, _ in door.keeper.kept)
    assert (asked.ret, asked.envid) == ("HDRS", "n=1")
    assert asked.notices == {DOCTOR: Notices("SUCCESS,FAILURE", "rfc822;Premier+suivi@ailleurs.example")}
    assert (plain.ret, plain.envid, plain.notices, plain.recipients) == ("", "", {}, (DOCTOR, second))


def test_one_transaction_leaves_nothing_to_the_next(door: Running) -> None:
    with secured(door) as wire:
        for end in (b"RSET\r\n", b"EHLO mx\r\n"):
            assert wire.ask(MAIL + b" RET=FULL ENVID=first\r\n").startswith("250")
            assert wire.ask(RCPT + b" NOTIFY=NEVER\r\n").startswith("250")
            assert wire.ask(end).startswith("250")
        assert wire.ask(MAIL + b"\r\n").startswith("250")
        assert wire.ask(RCPT + b"\r\n").startswith("250")
        assert wire.ask(b"DATA\r\n").startswith("354")
        assert wire.ask(BODY).startswith("250")
    [(envelope, _, _)] = door.keeper.kept
    assert (envelope.ret, envelope.envid, envelope.notices) == ("", "", {})


def test_a_wrong_parameter_is_refused_and_the_transaction_goes_on(door: Running) -> None:
    with secured(door) as wire:
        assert wire.ask(MAIL + b" RET=SOME\r\n").startswith("501 5.5.4")
        assert wire.ask(MAIL + b" RET=FULL\r\n").startswith("250")
        assert wire.ask(RCPT + b" NOTIFY=NEVER,DELAY\r\n").startswith("501 5.5.4")
        assert wire.ask(RCPT + b" NOTIFY=DELAY\r\n").startswith("250")
        assert wire.ask(b"DATA\r\n").startswith("354")
        assert wire.ask(BODY).startswith("250")
    [(envelope, _, _)] = door.keeper.kept
    assert envelope.notices == {DOCTOR: Notices("DELAY")}


def chunk(octets: bytes, last: bool = False) -> bytes:
    return b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets


def named(wire: Wire) -> None:
    assert wire.ask(MAIL + b"\r\n").startswith("250")
    assert wire.ask(RCPT + b"\r\n").startswith("250")


@pytest.mark.parametrize("size", [100, 70_000, 3_000_000])
def test_a_message_in_chunks_is_kept_as_it_is(door: Running, size: int) -> None:
    data = message(body=".\r\n..x\r\n" + "y" * 10_000_000).encode() + b"\x00\xff"
    data = data[: size * 40]
    with secured(door) as wire:
        for _ in range(2):
            named(wire)
            wire.send(b"".join(chunk(data[at : at + size]) for at in range(0, len(data), size)) + chunk(b"", last=True))
            replies = [wire.reply() for _ in range(-(-len(data) // size))]
            assert all(reply.startswith("250 2.0.0 Octets") for reply in replies)
            assert wire.reply().startswith("250 2.0.0 Message kept")
    assert [kept for _, kept, _ in door.keeper.kept] == [data, data]
    until(lambda: door.door.held == 0)


def test_the_header_is_checked_before_250(door: Running) -> None:
    with secured(door) as wire:
        named(wire)
        assert wire.ask(chunk(message("x@autre.example").encode(), last=True)).startswith("550 5.7.1")
        named(wire)
        assert wire.ask(chunk(b"Subject: x\r\n\r\nx\r\n", last=True)).startswith("550 5.6.0")
        named(wire)
        assert wire.ask(chunk(message().encode(), last=True)).startswith("250")
    assert door.keeper.reasons == ["from-domain", "from-absent"]
    assert len(door.keeper.kept) == 1


@pytest.mark.parametrize("how", ["close", "reset", "half"])
@pytest.mark.parametrize("sent", [b"BDAT 500", b"BDAT 500\r\n", b"BDAT 500 LAST\r\n" + b"x" * 499, chunk(message().encode())])
def test_a_connection_cut_within_or_between_chunks_keeps_nothing(door: Running, how: str, sent: bytes) -> None:
    with secured(door) as wire:
        named(wire)
        assert wire.ask(chunk(b"x" * 700)).startswith("250")
        wire.send(sent)
        until(lambda: door.door.held >= 700)
        if how == "reset":
            wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        if how == "half":
            wire.sock.shutdown(socket.SHUT_WR)
            while wire.reply():
                pass
    until(lambda: not door.door._sessions)
    assert door.keeper.kept == []
    assert door.door.held == 0


def test_memory_of_chunks_is_counted_and_bounded(tmp_path: Path) -> None:
    with running(tmp_path, max_in_memory_bytes=30_000_000) as door, secured(door) as one, secured(door) as two:
        named(one)
        assert one.ask(chunk(b"x" * 24_000_000)).startswith("250")
        assert door.door.held == 24_000_000
        named(two)
        # Declared beyond the room that is left: refused without being held.
        assert two.ask(chunk(b"x" * 7_000_000)).startswith("452 4.3.1")
        assert door.door.held == 24_000_000
        assert two.ask(chunk(b"y\r\n", last=True)).startswith("503")
        named(two)
        assert two.ask(chunk(b"x" * 5_000_000)).startswith("250")
        # Each may have declared what there was room for when it did: the one that makes it too much is let go.
        one.send(b"BDAT 900000\r\n")
        two.send(b"BDAT 900000\r\n")
        one.send(b"x" * 900_000)
        assert one.reply().startswith("250")
        two.send(b"x" * 900_000)
        assert two.reply().startswith("452 4.3.1")
        assert one.ask(b"RSET\r\n").startswith("250")
        assert two.ask(chunk(b"y\r\n", last=True)).startswith("503")
        until(lambda: door.door.held == 0)
        assert door.keeper.kept == []


def test_silence_and_slowness_within_chunks_end(tmp_path: Path) -> None:
    with running(tmp_path, timeout_s=1) as door:
        for before, reason in ((MAIL + b"\r\n" + RCPT + b"\r\nBDAT 5000\r\n", "too-slow"), (b"BDAT 5000\r\n", "too-slow")):
            with secured(door) as slow:
                slow.send(before)
                with contextlib.suppress(OSError):
                    for _ in range(100):
                        slow.send(b"x")
                        time.sleep(0.05)
                while (said := slow.reply()).startswith("250"):
                    pass
                assert said.startswith("421 4.4.2")
            assert door.keeper.reasons[-1] == reason
        with secured(door) as silent:
            named(silent)
            assert silent.ask(chunk(b"x" * 600)).startswith("250")
            assert silent.reply().startswith("421 4.4.2")
        assert door.keeper.reasons[-1] == "idle-timeout"
        until(lambda: door.door.held == 0)


def test_stopping_between_chunks_lets_the_message_end(tmp_path: Path) -> None:
    with running(tmp_path) as door, secured(door) as wire:
        named(wire)
        data = message().encode()
        assert wire.ask(chunk(data[:50])).startswith("250")
        door.loop.call_soon_threadsafe(lambda: setattr(door, "ending", door.loop.create_task(door.door.stop(5))))
        until(lambda: door.door.stopping)
        assert wire.ask(chunk(data[50:], last=True)).startswith("250")
        assert wire.reply().startswith("421 4.3.2")
        assert [kept for _, kept, _ in door.keeper.kept] == [data]


def test_data_and_chunks_on_one_connection(door: Running) -> None:
    with secured(door) as wire:
        opened(wire)
        assert wire.ask(BODY).startswith("250")
        named(wire)
        wire.send(chunk(BODY[:-3], last=True) + MAIL + b"\r\n" + RCPT + b"\r\nDATA\r\n")
        assert [wire.reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        assert wire.ask(BODY).startswith("250")
    assert [kept for _, kept, _ in door.keeper.kept] == [BODY[:-3]] * 3


HOSPITAL = "hôpital.example"
A_LABELS = HOSPITAL.encode("idna").decode()


@pytest.mark.parametrize("listed", [HOSPITAL, A_LABELS])
@pytest.mark.parametrize("written", [HOSPITAL, A_LABELS, "ho\u0302pital.example", "Hôpital.Example"])
def test_a_domain_is_one_however_it_is_written(door: Running, listed: str, written: str) -> None:
    """In the list of trust, in MAIL and in From."""
    door.facts.snapshot = TrustSnapshot.of([(listed.encode("idna").decode(), door.key)])
    door.facts.mailboxes.add("hélène@cabinet.example")
    data = message(f"léa@{written}").encode()
    with secured(door) as wire:
        assert wire.ask(f"MAIL FROM:<léa@{written}> SMTPUTF8\r\n".encode()).startswith("250")
        assert wire.ask("RCPT TO:<HE\u0301LE\u0300NE@cabinet.example>\r\n".encode()).startswith("250")
        assert wire.ask(b"DATA\r\n").startswith("354")
        assert wire.ask(data + b".\r\n").startswith("250")
    [(envelope, kept, _)] = door.keeper.kept
    assert (envelope.mail_from, envelope.recipients, envelope.utf8) == (f"léa@{A_LABELS}", ("hélène@cabinet.example",), True)
    assert kept == data


def test_another_domain_stays_another(door: Running) -> None:
    with secured(door) as wire:
        for domain in (HOSPITAL, "hopita\u0301l.example", "h\u043epital.example"):
            assert wire.ask(f"MAIL FROM:<léa@{domain}> SMTPUTF8\r\n".encode()).startswith("550 5.7.1")
        assert wire.ask(MAIL + b" SMTPUTF8\r\n").startswith("250")
        assert wire.ask("RCPT TO:<hélène@cabinet.example>\r\n".encode()).startswith("550 5.1.1")
        assert wire.ask("RCPT TO:<hélène@cabinét.example>\r\n".encode()).startswith("550 5.7.1")
        assert wire.ask(RCPT + b"\r\n").startswith("250")
        assert wire.ask(b"DATA\r\n").startswith("354")
        assert wire.ask(message("léa@h\u043epital.example").encode() + b".\r\n").startswith("550 5.7.1")
    assert door.keeper.kept == []


def test_a_from_outside_ascii_needs_the_parameter(door: Running) -> None:
    data = message("léa@hopital.example").encode() + b".\r\n"
    with secured(door) as wire:
        opened(wire)
        assert wire.ask(data).startswith("550 5.6.0")
        assert wire.ask(MAIL + b" SMTPUTF8 BODY=8BITMIME\r\n").startswith("250")
        assert wire.ask(RCPT + b"\r\n").startswith("250")
        assert wire.ask(b"BDAT %d LAST\r\n" % (len(data) - 3) + data[:-3]).startswith("250")
    [(envelope, kept, _)] = door.keeper.kept
    assert (envelope.mail_from, envelope.utf8, kept) == (SENDER, True, data[:-3])
