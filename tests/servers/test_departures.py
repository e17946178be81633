"""The loop that sends, with a carrier that a test scripts: slow, failing, silent, cut; nothing is lost and no domain waits for another."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.leaving import OFFICE, Leaving, report, states
from tests.scenes.operators import LABORATORY

SLOW = "lent.demo.example"


class Scripted:
    """A carrier that answers as `answer` says; it remembers what it was given."""

    def __init__(self, answer: Callable[[str, Any], Any]) -> None:
        self.answer = answer
        self.carried: list[str] = []
        self.away: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.closed = False

    async def carry(self, domain: str, parcel: Any) -> Sequence[Any]:
        self.away[domain] += 1
        self.most[domain] = max(self.most[domain], self.away[domain])
        try:
            self.carried += [one.address for one in parcel.recipients]
            found = self.answer(domain, parcel)
            if isinstance(found, BaseException):
                raise found
            if asyncio.iscoroutine(found):
                found = await found
            return list(found)
        finally:
            self.away[domain] -= 1

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def leaving(data_directory: Path) -> Leaving:
    from vaguemestre.records import trust_lists

    made = Leaving(data_directory)
    trust_lists.list_peer(SLOW, "CN=slow", "cd" * 32, 2, made.at())
    return made


def delivered(_: str, parcel: Any) -> list[Any]:
    return [report("delivered", code=250)] * len(parcel.recipients)


def drive(
    leaving: Leaving, carrier: Scripted, until: Callable[[], bool], *, post: Any = None, grace: float = 1.0, **more: Any
) -> list[int]:
    """Runs the loop until `until`, at most ten seconds; the rings of the workers' bell."""
    import time

    from vaguemestre.servers.departures import Departures

    rings: list[int] = []

    async def main() -> None:
        departures = Departures(
            post or leaving.post(),
            carrier,
            lambda: time.sleep(0.02),
            lambda: rings.append(1),
            more.get("at_once", 50),
            more.get("per_domain", 4),
        )
        task = asyncio.get_running_loop().create_task(departures.run(grace))
        ends = time.monotonic() + 10
        try:
            while not await asyncio.to_thread(_asked, until):
                assert time.monotonic() < ends, "the loop did not get there in time"
                await asyncio.sleep(0.02)
        finally:
            departures.stop()
            await task

    asyncio.run(main())
    return rings


def _asked(until: Callable[[], bool]) -> bool:
    from django.db import connections

    try:
        return until()
    finally:
        connections.close_all()


def all_in(state: str) -> Callable[[], bool]:
    return lambda: all(one == state for _, one in states())


def test_everything_leaves_once(leaving: Leaving) -> None:
    for number in range(40):
        leaving.submit(to=(f"a{number}@hopital.demo.example",))
    carrier = Scripted(delivered)
    drive(leaving, carrier, all_in("sent"))
    assert sorted(carrier.carried) == sorted(address for address, _ in states())
    assert carrier.closed


def test_a_slow_domain_never_holds_the_others(leaving: Leaving) -> None:
    for number in range(60):
        leaving.submit(to=(f"a{number}@{SLOW}",))
    for number in range(10):
        leaving.submit(to=(f"b{number}@hopital.demo.example",))

    def answer(domain: str, parcel: Any) -> Any:
        async def never() -> list[Any]:
            await asyncio.sleep(30)
            return []

        return never() if domain == SLOW else delivered(domain, parcel)

    carrier = Scripted(answer)
    drive(leaving, carrier, lambda: all(state == "sent" for address, state in states() if SLOW not in address), grace=0.1)
    assert carrier.most[SLOW] == 4, "no more than per_domain"
    from vaguemestre.records.models import Recipient

    assert not Recipient.objects.exclude(owner="").exists(), "what was on its way at the end is given back at once"
    assert Recipient.objects.filter(domain=SLOW, tries=0).count() == 56, "what never left is no try"


@pytest.mark.parametrize("failure", [RuntimeError("dr.roche@cabinet.demo.example"), OSError("x"), KeyError("x")])
def test_a_carrier_that_breaks_its_promise_is_later(leaving: Leaving, failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    from vaguemestre.records.models import Recipient

    leaving.submit()
    drive(leaving, Scripted(lambda *_: failure), lambda: Recipient.objects.get().reason == "inner-failure")
    assert states() == [(LABORATORY, "waiting")]
    assert "dr.roche" not in caplog.text
    assert type(failure).__name__ in caplog.text


def test_a_carrier_that_answers_nothing_is_later(leaving: Leaving) -> None:
    from vaguemestre.records.models import Recipient

    leaving.submit()
    drive(leaving, Scripted(lambda *_: []), lambda: Recipient.objects.get().reason == "carrier-silent")
    assert states() == [(LABORATORY, "waiting")]


def test_a_message_whose_octets_are_lost_waits(leaving: Leaving) -> None:
    from vaguemestre.records.models import Outgoing, Recipient

    leaving.submit()
    leaving.vault.drop(Outgoing.objects.get().sha256)
    carrier = Scripted(delivered)
    drive(leaving, carrier, lambda: Recipient.objects.get().reason == "inner-failure")
    assert (states(), carrier.carried) == ([(LABORATORY, "waiting")], [])


def test_our_own_mailboxes_and_their_workers_are_told(leaving: Leaving) -> None:
    leaving.submit(to=(OFFICE,))
    carrier = Scripted(delivered)
    assert drive(leaving, carrier, all_in("sent"))
    assert carrier.carried == []


@pytest.mark.sqlite
def test_a_base_that_is_away_costs_no_report(leaving: Leaving, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that could not be written is written later: what was delivered is never sent again for it."""
    from django.db import OperationalError

    from vaguemestre.servers import departures

    monkeypatch.setattr(departures, "TROUBLE_S", 0.05)
    leaving.submit()
    post = leaving.post()
    settle, failures = post.settle, iter([OperationalError("locked"), OperationalError("locked"), OSError(5, "x"), sqlite3.Warning])

    def sometimes(backs: Any) -> int:
        failure = next(failures)
        if isinstance(failure, Exception):
            raise failure
        return int(settle(backs))

    monkeypatch.setattr(post, "settle", sometimes)
    carrier = Scripted(delivered)
    drive(leaving, carrier, all_in("sent"), post=post)
    assert carrier.carried == [LABORATORY]
