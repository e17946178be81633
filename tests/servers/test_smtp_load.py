"""The load client says truly what was accepted: a bench that miscounts measures nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.smtp_load import Load, Message
from tests.servers.door import DOCTOR, PEER_DOMAIN, Running, message, running
from vaguemestre.domain.outcome import Defer


def peer(door: Running) -> Path:
    folder = door.pki.directory
    issued = door.pki.peers["mx.hopital.example"]
    (folder / "cert.pem").write_bytes(issued.certificate)
    (folder / "key.pem").write_bytes(issued.key)
    return folder


def batch(count: int) -> list[Message]:
    return [Message(f"labo@{PEER_DOMAIN}", DOCTOR, message(body=f".{n}\r\n..\r\n", identifier=f"{n}@x").encode()) for n in range(count)]


@pytest.mark.parametrize("kept", [True, False])
def test_every_message_is_sent_once_as_it_is(tmp_path: Path, kept: bool) -> None:
    with running(tmp_path) as door:
        load = Load(door.host, door.port, peer(door), sessions=4, kept=kept)
        sent = batch(30)
        assert asyncio.run(load.send(sent)) == 30
        assert sorted(data for _, data, _ in door.keeper.kept) == sorted(one.data for one in sent)
        assert sorted(one.index for one in load.acknowledged) == list(range(30))
        assert all(one.code == 250 and one.took > 0 for one in load.acknowledged)


def test_what_is_refused_or_lost_does_not_count(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        load = Load(door.host, door.port, peer(door), sessions=2)
        door.keeper.answer = lambda: Defer("insufficient-storage")
        assert asyncio.run(load.send(batch(4))) == 0
        assert {one.code for one in load.acknowledged} == {452}
        assert asyncio.run(load.send([Message(f"labo@{PEER_DOMAIN}", "inconnu@cabinet.example", b"x\r\n")])) == 0
        assert load.acknowledged[-1].code == 550
    assert asyncio.run(Load(door.host, door.port, peer(door)).send(batch(2))) == 0
