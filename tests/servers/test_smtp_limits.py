"""Every limit of the operators' door: sizes, memory, silence, slowness, counts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.door import BODY, DOCTOR, MAIL, SENDER, Running, Wire, opened, running, secured, until


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as one:
        yield one


def test_size_declared(door: Running) -> None:
    with secured(door) as wire:
        assert wire.ask(f"MAIL FROM:<{SENDER}> SIZE=26214401\r\n".encode()).startswith("552 5.3.4")
        assert wire.ask(f"MAIL FROM:<{SENDER}> SIZE=26214400\r\n".encode()).startswith("250")


def test_size_actual(tmp_path: Path) -> None:
    with running(tmp_path, max_message_bytes=10_000) as door, secured(door) as wire:
        opened(wire)
        for _ in range(50):
            wire.send(b"x" * 998 + b"\r\n")
        until(lambda: door.door.held == 0)
        assert wire.ask(b".\r\n").startswith("552 5.3.4")
        opened(wire)
        assert wire.ask(BODY).startswith("250")
        opened(wire)
        with contextlib.suppress(OSError):
            for _ in range(3_000):
                wire.send(b"x" * 998 + b"\r\n")
        assert wire.reply().startswith("552 5.3.4")
        assert wire.reply() == ""
        assert len(door.keeper.kept) == 1


def test_memory_of_all_sessions_is_bounded(tmp_path: Path) -> None:
    with running(tmp_path, max_in_memory_bytes=30_000_000) as door:
        with secured(door) as one, secured(door) as two:
            opened(one)
            for _ in range(250):
                one.send((b"x" * 998 + b"\r\n") * 100)
            until(lambda: door.door.held > 24_000_000)
            assert two.ask(f"MAIL FROM:<{SENDER}> SIZE=10000000\r\n".encode()).startswith("452 4.3.1")
            assert two.ask(MAIL).startswith("250")
            assert two.ask(f"RCPT TO:<{DOCTOR}>\r\n".encode()).startswith("250")
            assert two.ask(b"DATA\r\n").startswith("354")
            for _ in range(100):
                two.send((b"x" * 998 + b"\r\n") * 100)
            assert two.ask(b".\r\n").startswith("452 4.3.1")
            assert door.door.held <= 30_000_000
            one.send(b"\r\n")
        until(lambda: door.door.held == 0)
        assert door.keeper.kept == []


def test_silence_and_slowness_end(tmp_path: Path) -> None:
    with running(tmp_path, timeout_s=1) as door:
        with Wire(door) as silent:
            assert silent.reply().startswith("220")
            assert silent.reply().startswith("421 4.4.2")
            assert silent.reply() == ""
        with Wire(door) as dripping:
            assert dripping.reply().startswith("220")
            with contextlib.suppress(OSError):
                for _ in range(100):
                    dripping.send(b"x")
                    time.sleep(0.05)
            assert dripping.reply().startswith("421 4.4.2")
        with secured(door) as slow:
            opened(slow)
            with contextlib.suppress(OSError):
                for _ in range(100):
                    slow.send(b"x")
                    time.sleep(0.05)
            assert slow.reply() == "421 4.4.2 Data comes too slowly, closing"
        with Wire(door) as never:
            assert never.reply().startswith("220")
            never.ask(b"EHLO mx\r\n")
            never.ask(b"STARTTLS\r\n")
            assert never.sock.recv(10) == b""
        until(lambda: not door.door._sessions)
        assert door.keeper.reasons == ["idle-timeout", "idle-timeout", "too-slow"]


def test_a_slow_keeper_is_waited_for(tmp_path: Path) -> None:
    with running(tmp_path, timeout_s=1) as door:
        door.keeper.delay = 2
        with secured(door) as wire:
            opened(wire)
            assert wire.ask(BODY).startswith("250")


def test_a_peer_that_never_reads_is_not_fed_for_ever(tmp_path: Path) -> None:
    with running(tmp_path, timeout_s=2, max_errors=1000) as door, secured(door) as wire:
        wire.sock.settimeout(0.5)
        with contextlib.suppress(OSError):
            for _ in range(2_000):
                wire.send(b"VRFY someone\r\n" * 1000)
        until(lambda: not door.door._sessions, 10)


def test_an_endless_line(door: Running) -> None:
    with secured(door) as wire:
        with contextlib.suppress(OSError):
            for _ in range(200):
                wire.send(b"x" * 10_000)
        assert wire.reply().startswith("421 4.7.0")
        assert wire.reply() == ""


def test_too_many_errors_and_recipients(tmp_path: Path) -> None:
    with running(tmp_path, max_errors=3) as door, secured(door) as wire:
        wire.send(MAIL + f"RCPT TO:<{DOCTOR}>\r\n".encode() * 10_000)
        assert wire.reply().startswith("250 2.1.0")
        assert [wire.reply()[:9] for _ in range(10_000)] == ["250 2.1.5"] * 10_000
        assert wire.ask(b"DATA\r\n").startswith("354")
        assert wire.ask(BODY).startswith("250")
        assert door.keeper.kept[0][0].recipients == (DOCTOR,)
        assert [wire.ask(b"FOO\r\n")[:3] for _ in range(4)] == ["500", "500", "500", "421"]
        assert wire.reply() == ""


def test_connections_are_counted(tmp_path: Path) -> None:
    with running(tmp_path, max_sessions=5, max_sessions_per_peer=3) as door:
        with contextlib.ExitStack() as stack:
            wires = [stack.enter_context(Wire(door)) for _ in range(3)]
            assert all(wire.reply().startswith("220") for wire in wires)
            for _ in range(3):
                with Wire(door) as more:
                    assert more.reply().startswith("421 4.7.0")
                    assert more.reply() == ""
            wires[0].send(b"QUIT\r\n")
            until(lambda: len(door.door._sessions) == 2)
            with Wire(door) as again:
                assert again.reply().startswith("220")
        until(lambda: not door.door._sessions)
        assert not door.door._of_peer


def test_transactions_are_counted(tmp_path: Path) -> None:
    with running(tmp_path, max_transactions=2) as door, secured(door) as wire:
        for _ in range(2):
            opened(wire)
            assert wire.ask(BODY).startswith("250")
        assert wire.ask(MAIL).startswith("421")
        assert wire.reply() == ""
