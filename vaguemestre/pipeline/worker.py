"""A worker: claims, runs, commits, in batches; waits for the bell when there is nothing to do.

It holds a reading child for life, started before the database is opened. An exception nobody foresaw puts a delivery off, and after
`pipeline.tries` tries gives it to a person: it is never dropped (promise 2).
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Sequence

from django.db import Error as DatabaseError

from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.reading import Document, Reading, Warning
from vaguemestre.pipeline import commit, route
from vaguemestre.pipeline.commit import Through
from vaguemestre.pipeline.guard import Guard, Limits
from vaguemestre.records import queue
from vaguemestre.records.queries import charts
from vaguemestre.records.queue import Claimed
from vaguemestre.vault.files import Vault

PATIENCE_S = 2.0

DELAYS_S = (1.0, 5.0, 30.0)
"""Before a delivery is tried again after an unforeseen fault."""


def name_of(claimed: Claimed) -> str:
    """The file name under which a message is read: only its ending is looked at."""
    return claimed.file_name or "message.eml"


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

    def once(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """One batch; returns how many deliveries were claimed."""
        now = self._clock()
        claimed = queue.claim(self._owner, self._batch, self._lease_s, now)
        if not claimed:
            return 0
        self._held, self._renewed = [one.delivery for one in claimed], now
        revisions = charts.revisions(list({one.practice for one in claimed}))
        ready: list[Through] = []
        readings: dict[int, Reading] = {}
        senders = route.Senders()
        began = time.monotonic()
        for position, one in enumerate(claimed):
            # What is ready is not kept waiting by a slow message, nor the rest of the batch: another worker may take it.
            if position and (stopping() or time.monotonic() - began > PATIENCE_S):
                queue.release(self._owner, [late.delivery for late in claimed[position:]], 0, count=False)
                break
            through = self._through(one, readings, revisions[one.practice], senders)
            if through is not None:
                ready.append(through)
        self._commit(ready)
        self._held = []
        return len(claimed)

    def _through(self, one: Claimed, readings: dict[int, Reading], revision: int, senders: route.Senders) -> Through | None:
        """One delivery through read, match and file; None when it was put off."""
        if one.tries > self._tries:
            return route.through(one, given_up(one), self._rules, revision, failed="repeated-faults")
        try:
            if one.message not in readings:
                readings[one.message] = self._guard.read(self._vault.read(one.sha256), name_of(one), "message/rfc822")
            return route.through(one, readings[one.message], self._rules, revision, senders)
        except DatabaseError:
            raise
        except Exception:  # noqa: BLE001 - an exception nobody foresaw is a Defer (promise 2); its words may hold content (promise 5)
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
        except DatabaseError:
            raise
        except Exception:  # noqa: BLE001 - one delivery must not keep the others of its batch from being filed
            for one in ready:
                self._commit_alone(one, now)

    def _commit_alone(self, one: Through, now: dt.datetime) -> None:
        try:
            commit.file(self._owner, [one], now)
        except DatabaseError:
            raise
        except Exception:  # noqa: BLE001 - put off; after a few tries it is given to a person
            queue.release(self._owner, [one.claimed.delivery], self._clock() + DELAYS_S[min(one.claimed.tries, len(DELAYS_S)) - 1])

    def close(self) -> None:
        self._guard.close()


def given_up(claimed: Claimed) -> Reading:
    """What is filed for a delivery whose handling failed again and again: its bytes as one unread document, for a person."""
    warning = Warning("malformed", "Reading was given up: handling the message failed again and again.")
    name = name_of(claimed)
    document = Document("unknown", (name,), claimed.sha256, warnings=(warning,), size=claimed.size, understood=False)
    return Reading(name, "unknown", None, (document,), (warning,), understood=False)
