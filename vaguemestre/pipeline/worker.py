"""A worker: claims, runs, commits, in batches; waits for the bell when there is nothing to do.

It holds a reading child for life, started before the database is opened. An exception nobody foresaw puts a delivery off, and after
`pipeline.tries` tries gives it to a person: it is never dropped (promise 2).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import TypeVar

from django.db import Error as DatabaseError

from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.reading import Document, Reading, Warning
from vaguemestre.pipeline import commit, route
from vaguemestre.pipeline.commit import Through
from vaguemestre.pipeline.guard import Guard, Limits
from vaguemestre.records import queue, rows
from vaguemestre.records.queries import charts
from vaguemestre.records.queue import Claimed
from vaguemestre.vault.files import Vault

T = TypeVar("T")

PATIENCE_S = 2.0

GATHER_S = 0.05
"""After a batch that was not full, before the next claim: under load the claim, the look-ups and the commit then serve more messages, and
alone nobody waits for it."""

DELAYS_S = (1.0, 5.0, 30.0)
"""Before a delivery is tried again after an unforeseen fault."""


def name_of(claimed: Claimed) -> str:
    """The file name under which a message is read: only its ending is looked at."""
    return claimed.file_name or "message.eml"


class _Readings:
    """The readings of a batch, each message's once, asked ahead of their turn."""

    def __init__(self, guard: Guard, vault: Vault, claimed: Sequence[Claimed]) -> None:
        self._guard = guard
        self._vault = vault
        self._messages = {one.message: one for one in claimed}
        self._found: dict[int, Reading] = {}
        self._lost: dict[int, Exception] = {}
        self._coming = self._ask()

    def _ask(self) -> Generator[tuple[int, Reading], None, None]:
        return self._guard.read_each(self._files([one for one in self._messages.values() if one.message not in self._found]))

    def _files(self, messages: Sequence[Claimed]) -> Iterator[tuple[int, bytes, str, str | None]]:
        for one in messages:
            try:
                data = self._vault.read(one.sha256)
            except Exception as lost:  # noqa: BLE001 - it is this message's, raised when its turn comes
                self._lost[one.message] = lost
                continue
            yield one.message, data, name_of(one), "message/rfc822"

    def of(self, one: Claimed) -> Reading:
        """The reading of a message, in the order of the batch. Raises what its own bytes' opening or asking raised."""
        while one.message not in self._found:
            if one.message in self._lost:
                raise self._lost[one.message]
            try:
                message, reading = next(self._coming)
            except Exception:
                # Put off alone: those after it are asked anew.
                self._messages.pop(one.message, None)
                self._coming = self._ask()
                raise
            self._found[message] = reading
        return self._found[one.message]

    def close(self) -> None:
        """Gives up what was asked ahead."""
        self._coming.close()


class Worker:
    """One claim-run-commit loop. `clock` gives Unix seconds."""

    def __init__(self, configuration: Configuration, vault: Vault, name: str, clock: Callable[[], float] = time.time) -> None:
        self._vault = vault
        self._owner = f"{name}.{os.getpid()}"[:64]
        self._clock = clock
        self._batch = configuration.number("pipeline", "batch")
        self._lease_s = configuration.number("pipeline", "lease_s")
        self._tries = configuration.number("pipeline", "tries")
        self._rules = route.Rules.of(configuration)
        self._held: list[int] = []
        self._renewed = 0.0
        self._guard = Guard(Limits.of(configuration), alive=self._keep_claim)
        self._guard.start()

    def _keep_claim(self) -> None:
        """Called while the child works: a claim is renewed at a third of its life."""
        now = self._clock()
        if self._held and now - self._renewed > self._lease_s / 3:
            self._renewed = now
            queue.renew(self._owner, self._held, now + self._lease_s)

    def run(self, bell: queue.Bell, stopping: Callable[[], bool], idle: Callable[[], None] = lambda: None) -> None:
        """Works until `stopping`; a batch begun is finished. `idle` is called when there is nothing to do, before each wait."""
        while not stopping():
            try:
                worked = self.once(stopping)
                if not worked:
                    idle()
            except DatabaseError:
                # The base is locked or full: nothing was promised, the claim lapses or is taken up again.
                self._held = []
                time.sleep(1.0)
                continue
            if not worked:
                bell.wait()
            elif worked < self._batch:
                time.sleep(GATHER_S)

    def once(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """One batch; returns how many deliveries were claimed."""
        now = self._clock()
        claimed = queue.claim(self._owner, self._batch, self._lease_s, now)
        if not claimed:
            return 0
        self._held, self._renewed = [one.delivery for one in claimed], now
        revisions = charts.revisions(list({one.practice for one in claimed}))
        found: list[tuple[Claimed, Reading]] = []
        ready: list[Through] = []
        readings = _Readings(self._guard, self._vault, [one for one in claimed if one.tries <= self._tries])
        began = time.monotonic()
        with contextlib.closing(readings):
            for position, one in enumerate(claimed):
                # What is ready is not kept waiting by a slow message, nor the rest of the batch: another worker may take it.
                if position and (stopping() or time.monotonic() - began > PATIENCE_S):
                    queue.release(self._owner, [late.delivery for late in claimed[position:]], 0, count=False)
                    break
                if one.tries > self._tries:
                    ready.append(route.through(one, given_up(one), self._rules, revisions[one.practice], failed="repeated-faults"))
                    continue
                reading = self._kept(one, partial(readings.of, one))
                if reading is not None:
                    found.append((one, reading))
        known = route.Known()
        known.foresee(found)
        for one, reading in found:
            through = self._kept(one, partial(route.through, one, reading, self._rules, revisions[one.practice], known))
            if through is not None:
                ready.append(through)
        self._commit(ready)
        self._held = []
        return len(claimed)

    def _kept(self, one: Claimed, act: Callable[[], T]) -> T | None:
        """What the act on one delivery gives; None when it failed and the delivery was put off."""
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - one nobody foresaw is a Defer (promise 2); its words may hold content (promise 5)
            _unless_the_base(error)
            delay = DELAYS_S[min(one.tries, len(DELAYS_S)) - 1]
            queue.release(self._owner, [one.delivery], self._clock() + delay)
            self._held.remove(one.delivery)
            return None

    def _commit(self, ready: Sequence[Through]) -> None:
        if not ready:
            return
        now = dt.datetime.fromtimestamp(self._clock(), dt.UTC)
        try:
            commit.file(self._owner, ready, now)
        except Exception as error:  # noqa: BLE001 - one delivery must not keep the others of its batch from being filed
            _unless_the_base(error)
            for one in ready:
                self._commit_alone(one, now)

    def _commit_alone(self, one: Through, now: dt.datetime) -> None:
        try:
            commit.file(self._owner, [one], now)
        except Exception as error:  # noqa: BLE001 - put off; after a few tries it is given to a person
            _unless_the_base(error)
            queue.release(self._owner, [one.claimed.delivery], self._clock() + DELAYS_S[min(one.claimed.tries, len(DELAYS_S)) - 1])

    def close(self) -> None:
        self._guard.close()


def _unless_the_base(error: Exception) -> None:
    """Raises again what is the base's trouble and no delivery's: it is locked, full or away."""
    if isinstance(error, DatabaseError) and not isinstance(error, rows.OF_A_ROW):
        raise error


def given_up(claimed: Claimed) -> Reading:
    """What is filed for a delivery whose handling failed again and again: its bytes as one unread document, for a person."""
    warning = Warning("malformed", "Reading was given up: handling the message failed again and again.")
    name = name_of(claimed)
    document = Document("unknown", (name,), claimed.sha256, warnings=(warning,), size=claimed.size, understood=False)
    return Reading(name, "unknown", None, (document,), (warning,), understood=False)
