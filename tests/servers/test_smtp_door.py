"""The door under ill treatment: sizes, slowness, cut connections, failures inside, stopping, and the promise of 250."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.servers.door import BODY, DOCTOR, NOW, OPENING, PEER_DOMAIN, SENDER, Pki, Running, Wire, message, opened, running, secured, until
from vaguemestre.crypto import demo_pki, tls
from vaguemestre.crypto.tls import IdentityFiles
from vaguemestre.domain.fault import Refused
from vaguemestre.domain.outcome import Defer, Proceed, Reject


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as one:
        yield one


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("size", [0, 10_000, 1_000_000, 20_000_000])
def test_messages_of_all_sizes_on_both_loops(tmp_path: Path, new_loop: Callable[[], asyncio.AbstractEventLoop], size: int) -> None:
    with running(tmp_path, new_loop=new_loop) as door:
        client = door.client()
        text = message(body=".line\r\n..two\r\n" + ("y" * 98 + "\r\n") * (size // 100))
        for _ in range(2):
            assert client.sendmail(SENDER, [DOCTOR], text) == {}
        client.quit()
        assert [data for _, data, _ in door.keeper.kept] == [text.encode()] * 2
        until(lambda: door.door.held == 0)


def test_250_comes_after_keep_only(door: Running) -> None:
    door.keeper.delay = 0.3
    with secured(door) as wire:
        opened(wire)
        began = time.monotonic()
        wire.send(BODY + b"NOOP\r\n")
        assert wire.reply().startswith("250 2.0.0 Message kept")
        assert time.monotonic() - began >= 0.29
        assert wire.reply().startswith("250 2.0.0 Ok")
    assert len(door.keeper.kept) == 1


def broken() -> Proceed[None]:
    raise ValueError("secret text of an exception")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (broken, "451 4.3.0"),
        (lambda: Defer("not-in-the-table"), "451 4.3.0"),
        (lambda: Defer("sender-domain"), "451 4.3.0"),
        (lambda: Reject("not-in-the-table"), "451 4.3.0"),
        (lambda: Reject("no-such-mailbox"), "550 5.1.1"),
        (lambda: Defer("insufficient-storage"), "452 4.3.1"),
        (lambda: None, "451 4.3.0"),
    ],
)
def test_what_keep_says_is_told(door: Running, answer: Any, code: str, caplog: pytest.LogCaptureFixture) -> None:
    door.keeper.answer = answer
    with secured(door) as wire:
        opened(wire)
        assert wire.ask(BODY).startswith(code)
        door.keeper.answer = lambda: Proceed(None)
        opened(wire)
        assert wire.ask(BODY).startswith("250")
    assert "secret" not in caplog.text
    assert "Bonjour" not in caplog.text


def test_pipelining_around_starttls(door: Running) -> None:
    """What is injected in clear with STARTTLS is never read (requirement of RFC 3207 section 6)."""
    with Wire(door) as wire:
        assert wire.reply().startswith("220")
        wire.send(b"EHLO mx\r\nSTARTTLS\r\nRSET\r\n" + OPENING)
        assert wire.reply().startswith("250")
        assert wire.reply().startswith("220")
        assert wire.pending == b""
        wire.sock = door.pki.context().wrap_socket(wire.sock, server_hostname="localhost")
        assert wire.ask(OPENING).startswith("503")
        assert wire.reply().startswith("503")
        assert wire.reply().startswith("503")
        wire.send(b"EHLO mx\r\n" + OPENING + BODY + OPENING)
        assert [wire.reply()[:3] for _ in range(8)] == ["250", "250", "250", "354", "250", "250", "250", "354"]
    assert len(door.keeper.kept) == 1


def test_clear_bytes_instead_of_a_handshake(door: Running) -> None:
    with Wire(door) as wire:
        assert wire.reply().startswith("220")
        wire.ask(b"EHLO mx\r\n")
        wire.ask(b"STARTTLS\r\n")
        wire.send(b"MAIL FROM:<a@b.example>\r\n")
        while wire.sock.recv(1000):
            pass
    assert door.keeper.reasons == ["handshake-failed"]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r"])
def test_smuggling_over_the_wire(door: Running, end: bytes) -> None:
    with secured(door) as wire:
        opened(wire)
        wire.send(message().encode()[:-2] + end + OPENING + BODY)
        assert wire.reply().startswith("550 5.5.2")
        assert wire.reply() == ""
    assert door.keeper.kept == []


def test_a_cut_connection_keeps_nothing(door: Running) -> None:
    for how in ("close", "reset", "half"):
        with secured(door) as wire:
            opened(wire)
            wire.send(message().encode())
            if how == "reset":
                wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            if how == "half":
                wire.sock.shutdown(socket.SHUT_WR)
                assert wire.reply() == ""
    until(lambda: not door.door._sessions)
    assert door.keeper.kept == []
    assert door.door.held == 0


def test_a_connection_cut_while_keeping(door: Running) -> None:
    """The message is kept, nobody hears of it, and nothing breaks: the sender will send it again."""
    door.keeper.delay = 0.2
    with secured(door) as wire:
        opened(wire)
        wire.send(BODY)
        time.sleep(0.05)
    until(lambda: len(door.keeper.kept) == 1)
    until(lambda: door.door.held == 0 and not door.door._sessions)


def test_a_peer_that_closes_its_side_hears_the_reply(door: Running) -> None:
    door.keeper.delay = 0.2
    with secured(door) as wire:
        opened(wire)
        wire.send(BODY + b"QUIT\r\n")
        # The socket's own shutdown: SSLSocket's would give up reading as well.
        socket.socket.shutdown(wire.sock, socket.SHUT_WR)
        assert wire.reply().startswith("250 2.0.0")
    assert len(door.keeper.kept) == 1


def test_stopping(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        door.keeper.delay = 0.3
        with secured(door) as idle, secured(door) as busy, secured(door) as keeping, Wire(door) as clear:
            assert clear.reply().startswith("220")
            opened(busy)
            opened(keeping)
            keeping.send(BODY)
            time.sleep(0.05)
            stopping = asyncio.run_coroutine_threadsafe(door.door.stop(5), door.loop)
            assert idle.reply().startswith("421 4.3.2")
            assert clear.reply().startswith("421 4.3.2")
            assert keeping.reply().startswith("250")
            assert keeping.reply().startswith("421 4.3.2")
            with pytest.raises(OSError):
                Wire(door)
            assert busy.ask(BODY).startswith("250")
            assert busy.reply().startswith("421 4.3.2")
            for wire in (idle, busy, keeping, clear):
                wire.sock.close()
            stopping.result(5)
        assert len(door.keeper.kept) == 2


def test_stopping_ends_in_time(tmp_path: Path) -> None:
    with running(tmp_path) as door, secured(door) as stuck, Wire(door) as handshaking:
        opened(stuck)
        stuck.send(message().encode())
        assert handshaking.reply().startswith("220")
        handshaking.ask(b"EHLO mx\r\n")
        handshaking.ask(b"STARTTLS\r\n")
        began = time.monotonic()
        door.call(door.door.stop(1))
        assert time.monotonic() - began < 3
        assert stuck.reply().startswith("421 4.3.2")
        assert door.keeper.kept == []


def test_many_sessions_at_once(tmp_path: Path) -> None:
    """Each message is kept once, whole, under its own envelope."""
    with running(tmp_path, new_loop=uvloop.new_event_loop) as door:
        door.keeper.delay = 0.001

        def send(number: int) -> None:
            client = door.client()
            for turn in range(5):
                name = f"{number}.{turn}@{PEER_DOMAIN}"
                client.sendmail(f"s{number}@{PEER_DOMAIN}", [DOCTOR], message(f"s{number}@{PEER_DOMAIN}", name * 50 + "\r\n", name))
            client.quit()

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(send, range(30)))
        assert len(door.keeper.kept) == 150
        for envelope, data, identifier in door.keeper.kept:
            assert identifier is not None
            assert envelope.mail_from.encode() in data
            assert data.endswith(identifier[1:-1].encode() * 50 + b"\r\n")


def test_new_tls_files_are_taken_and_bad_ones_are_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pki = Pki.make(tmp_path)
    files = IdentityFiles(tmp_path)
    first = files.current
    files.refresh()
    assert files.current is first
    for name, data in (("server.pem", b"damaged"), ("ca.pem", b"damaged")):
        (tmp_path / name).write_bytes(data)
        files.refresh()
        assert files.current is first
    assert "stay" in caplog.text
    renewed = demo_pki.issue(pki.ca, NOW, "mail.cabinet.example")
    for name, data in (("ca.pem", pki.ca.certificate), ("server.pem", renewed.certificate), ("server.key", renewed.key)):
        (tmp_path / name).write_bytes(data)
    os.utime(tmp_path / "ca.pem", ns=(1, 1))
    files.refresh()
    assert files.current is not first


@pytest.mark.parametrize("name", ["ca.pem", "server.pem", "server.key"])
def test_unusable_tls_files_are_refused_by_name(tmp_path: Path, name: str) -> None:
    pki = Pki.make(tmp_path / "pki")
    path = pki.directory / name
    for data in (b"damaged", None):
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(Refused, match=name.split(".", maxsplit=1)[0]):
            IdentityFiles(pki.directory)


def test_random_bytes_do_not_stop_the_door(door: Running) -> None:
    rng = random.Random(7)
    for _ in range(60):
        with Wire(door) as wire, contextlib.suppress(OSError):
            wire.send(rng.randbytes(rng.randrange(1, 2000)))
            wire.sock.shutdown(socket.SHUT_WR)
            while wire.reply():
                pass
    for _ in range(20):
        with secured(door) as wire, contextlib.suppress(OSError):
            wire.send(rng.randbytes(rng.randrange(1, 2000)))
            wire.sock.settimeout(0.2)
            while wire.reply():
                pass
    client = door.client()
    assert client.sendmail(SENDER, [DOCTOR], message()) == {}
    client.quit()
    assert len(door.keeper.kept) == 1


def test_sessions_that_could_be_resumed_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pki = Pki.make(tmp_path)
    pki.peer()
    monkeypatch.setattr(tls, "SESSIONS_MOST", 2)
    files = IdentityFiles(tmp_path)

    def connect() -> None:
        server = tls.SecureLayer(files.current.context)
        client = tls.SecureLayer(pki.context(), server_side=False, hostname="localhost")
        client.handshake(b"")
        server.handshake(client.wire())
        assert client.handshake(server.wire())
        assert server.handshake(client.wire())
        server.end()

    first = files.current
    for _ in range(2):
        connect()
    files.refresh()
    assert files.current is first
    connect()
    files.refresh()
    assert files.current is not first
    assert files.current.context.session_stats()["number"] == 0
    connect()
