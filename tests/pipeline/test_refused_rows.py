"""A value that the database refuses costs its own message, and no other of its batch: at the door, and behind it (promise 2)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.test_worker import Clock, make_worker
from tests.scenes.operators import DOCTOR, LABORATORY
from vaguemestre.domain.envelope import Envelope
from vaguemestre.domain.outcome import Defer, Proceed


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def test_one_refused_at_filing_is_put_off_and_then_given_to_a_person(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of three deliveries bears a row that breaks a rule of its table, while a reading of it is written."""
    from vaguemestre.pipeline import commit
    from vaguemestre.records.models import Delivery

    first, bad, last = given.receive(*[given.report(value=f"0.{k}") for k in (90, 91, 92)])
    file = commit.file

    def broken(owner: str, batch: Sequence[Any], now: Any) -> int:
        # No practice of that number: the database refuses the row, SQLite at once and PostgreSQL at the commit.
        wrong = [
            dataclasses.replace(one, claimed=dataclasses.replace(one.claimed, practice=999))
            if one.claimed.message == bad and not one.failed
            else one
            for one in batch
        ]
        return file(owner, wrong, now)

    monkeypatch.setattr(commit, "file", broken)
    clock = Clock()
    worker = make_worker(given, clock)
    try:
        assert worker.once() == 3
        states = dict(Delivery.objects.values_list("message", "state"))
        assert states == {first: "done", bad: "waiting", last: "done"}
        for _ in range(6):
            clock.now += 100
            worker.once()
    finally:
        worker.close()
    assert Delivery.objects.get(message=bad).state == "failed"


def test_one_refused_at_the_door_puts_off_no_other(given: Given) -> None:
    from django.db import DataError, connection

    from vaguemestre.pipeline import commit
    from vaguemestre.servers.intake import Intake

    batches: list[int] = []

    def receive(batch: list[Any]) -> Any:
        batches.append(len(batch))
        try:
            if any(b"broken" in one.data for one in batch):
                raise DataError
            return commit.receive(given.vault, batch)
        finally:
            connection.close()

    async def main() -> list[Any]:
        loop = asyncio.get_running_loop()
        intake = Intake(loop, receive, lambda: None, lambda refusals: None)
        intake.sessions = lambda: 4
        envelope = Envelope(LABORATORY, (DOCTOR,), NOW, None)
        told = await asyncio.gather(
            *(intake.keep(envelope, f"Subject: {text}\r\n\r\n".encode(), None) for text in ("one", "broken", "two"))
        )
        await loop.run_in_executor(None, intake.close)
        return list(told)

    assert [type(one) for one in asyncio.run(main())] == [Proceed, Defer, Proceed]
    assert batches == [3, 1, 1, 1]


def test_a_long_message_id_is_kept_as_its_index_holds_it(given: Given) -> None:
    from vaguemestre.domain.outcome import Proceed as Kept
    from vaguemestre.inbound.store import Incoming
    from vaguemestre.pipeline import commit
    from vaguemestre.records.models import Message
    from vaguemestre.vault.files import digest

    names = ["".join(chr(0x10000 + (k * 7919) % 0xFFFF) for k in range(1500)), "a" * 1500, "é\x00" * 600]
    batch = [Incoming(digest(n.encode()), n.encode(), n, "import", LABORATORY, (DOCTOR,), NOW) for n in names]
    assert all(isinstance(one, Kept) for one in commit.receive(given.vault, batch))
    kept = list(Message.objects.order_by("pk").values_list("message_id", flat=True))
    assert [name.replace("\ufffd", "\x00") for name in kept] == [names[0][:625], names[1][:1000], names[2][:1000]]
