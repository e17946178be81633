"""What the door answers about a mailbox: suspended, closed, full, an alias (RFC 5321 3.6.2 and 4.2, RFC 3463 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.door import DOCTOR, MAIL, SENDER, Running, message, running, secured
from vaguemestre.domain.mailbox import Box


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as one:
        yield one


@pytest.mark.parametrize(
    ("box", "size", "said"),
    [
        (Box(DOCTOR, "suspended"), "", "450 4.2.1"),
        (Box(DOCTOR, "domain-suspended"), "", "450 4.2.1"),
        (Box(DOCTOR, "closed"), "", "550 5.2.1"),
        (Box(DOCTOR, "active", 20_000, 19_999), " SIZE=2", "452 4.2.2"),
        (Box(DOCTOR, "active", 20_000, 20_000), "", "452 4.2.2"),
        (Box(DOCTOR, "active", 20_000, 0), " SIZE=20001", "552 5.2.3"),
        (Box(DOCTOR, "active", 20_000, 0), " SIZE=20000", "250 2.1.5"),
    ],
)
def test_each_state_has_its_reply(door: Running, box: Box, size: str, said: str) -> None:
    door.facts.boxes[DOCTOR] = box
    with secured(door) as wire:
        assert wire.ask(MAIL.replace(b"\r\n", f"{size}\r\n".encode())).startswith("250")
        assert wire.ask(f"RCPT TO:<{DOCTOR}>\r\n".encode()).startswith(said)
        assert wire.ask(b"DATA\r\n").startswith("354" if said.startswith("250") else "554")


def test_mail_to_an_alias_is_kept_for_its_mailbox(door: Running) -> None:
    door.facts.boxes["accueil@cabinet.example"] = Box(DOCTOR)
    client = door.client()
    assert client.sendmail(SENDER, ["Accueil@cabinet.example"], message()) == {}
    client.quit()
    [(envelope, _, _)] = door.keeper.kept
    assert envelope.recipients == (DOCTOR,)
