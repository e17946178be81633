"""What leaves, kept moving: claims loads, has a carrier take each to its next hop, and writes down what became of them, in batches.

One thread does all that touches the database (`pipeline.outgoing.Post`), so what comes back meanwhile is settled together by one commit.
A slow domain never takes the places of the others: past `per_domain` on their way, its loads are given back and it is left out of the
next claims. A report that could not be written is kept and written again: the claim is renewed until it is.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from django.db import Error as DatabaseError
from django.db import connections

from vaguemestre.outbound import track
from vaguemestre.outbound.deliver import Carrier, Report, Told
from vaguemestre.pipeline.outgoing import Back, Load, Post
from vaguemestre.pipeline.send import LOCAL

T = TypeVar("T")

GATHER_S = 0.004
"""Let go by before a commit: what comes back together is written together."""
TROUBLE_S = 1.0
"""Before the base is asked again after it failed."""

logger = logging.getLogger(__name__)


class Departures:
    """The loop of the process "outgoing". `listen` waits for a wake-up on a thread of its own, or a quarter of a second; `wake` rings the
    workers when mailboxes of ours were given something."""

    def __init__(
        self, post: Post, carrier: Carrier, listen: Callable[[], None], wake: Callable[[], None], at_once: int, per_domain: int
    ) -> None:
        self._post = post
        self._carrier = carrier
        self._listen = listen
        self._wake = wake
        self._at_once = at_once
        self._per_domain = per_domain
        self._writer = ThreadPoolExecutor(1, "outgoing")
        self._ear = ThreadPoolExecutor(1, "outgoing-bell")
        self._away: dict[asyncio.Task[None], Load] = {}
        self._backs: list[Back] = []
        self._stirred = asyncio.Event()
        self._stop = asyncio.Event()
        self._renewed = 0.0

    def stop(self) -> None:
        """Nothing more is claimed; `run` returns when what is on its way has come back, or is given up."""
        self._stop.set()
        self._stirred.set()

    async def run(self, grace_s: float) -> None:
        """Works until `stop`, then waits at most `grace_s` for what is on its way."""
        loop = asyncio.get_running_loop()
        self._renewed = loop.time()
        hearing = loop.create_task(self._hear())
        try:
            while not self._stop.is_set():
                try:
                    await self._turn()
                except (DatabaseError, OSError) as error:
                    _tell(error)
                    await asyncio.sleep(TROUBLE_S)
                    self._stirred.set()
        finally:
            hearing.cancel()
            await self._end(grace_s)
            with contextlib.suppress(asyncio.CancelledError):
                await hearing
            await loop.run_in_executor(None, self._writer.shutdown)
            await loop.run_in_executor(None, self._ear.shutdown)

    async def _turn(self) -> None:
        await self._stirred.wait()
        await asyncio.sleep(GATHER_S)
        self._stirred.clear()
        await self._settle()
        await self._renew()
        if await self._do(self._post.write_asked):
            self._stirred.set()
        await self._claim()

    async def _do(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, act)

    async def _hear(self) -> None:
        self._stirred.set()
        while True:
            await asyncio.get_running_loop().run_in_executor(self._ear, self._listen)
            self._stirred.set()

    async def _renew(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._away and now - self._renewed > self._post.lease_s / 3:
            self._renewed = now
            await self._do(self._post.renew)

    async def _claim(self) -> None:
        free = self._at_once - len(self._away)
        if free <= 0 or self._stop.is_set():
            return
        there = collections.Counter(load.domain for load in self._away.values())
        busy = [domain for domain, count in there.items() if count >= self._per_domain]
        loads = await self._do(lambda: self._post.claim(free, busy))
        if not self._away:
            self._renewed = asyncio.get_running_loop().time()
        over: list[Load] = []
        for load in loads:
            if there[load.domain] >= self._per_domain:
                over.append(load)
                continue
            there[load.domain] += 1
            task = asyncio.get_running_loop().create_task(self._carry(load))
            self._away[task] = load
            task.add_done_callback(self._came)
        if over:
            await self._do(lambda: self._post.release(over))
        if loads:
            # There may be more: those of other domains, or what waited behind this claim.
            self._stirred.set()

    def _came(self, task: asyncio.Task[None]) -> None:
        self._away.pop(task, None)
        self._stirred.set()

    async def _carry(self, load: Load) -> None:
        """Ends with one report a recipient in `_backs`, whatever happens."""
        try:
            if load.channel == LOCAL:
                reports = await self._do(lambda: self._post.hand_over(load))
                await self._do(self._wake)
            else:
                parcel = await self._do(lambda: self._post.parcel(load))
                reports = track.answers(await self._carrier.carry(load.domain, parcel), len(load.recipients))
        except Exception as error:  # noqa: BLE001 - one nobody foresaw is told as later (promise 2)
            _tell(error)
            reports = _all_later(load)
        self._backs.append(Back(load, reports))

    async def _settle(self) -> None:
        backs, self._backs = self._backs, []
        if not backs:
            return
        try:
            await self._do(lambda: self._post.settle(backs))
        except (DatabaseError, OSError):
            # One of them must not keep the others from being written; what the base itself refuses is written when it is back.
            await self._settle_each(backs)
        self._stirred.set()

    async def _settle_each(self, backs: list[Back]) -> None:
        for place, back in enumerate(backs):
            try:
                await self._do(lambda one=back: self._post.settle([one]))  # type: ignore[misc]
            except (DatabaseError, OSError):
                self._backs = [*backs[place:], *self._backs]
                raise

    async def _end(self, grace_s: float) -> None:
        if self._away:
            await asyncio.wait(list(self._away), timeout=grace_s)
        for task in list(self._away):
            task.cancel()
        if self._away:
            await asyncio.wait(list(self._away), timeout=1.0)
        with contextlib.suppress(DatabaseError, OSError):
            await self._settle()
        with contextlib.suppress(DatabaseError, OSError):
            await self._do(self._post.let_go)
        await self._do(connections.close_all)
        await self._carrier.close()


def _all_later(load: Load) -> tuple[Report, ...]:
    return (Report(Told.LATER, "inner-failure"),) * len(load.recipients)


def _tell(error: BaseException) -> None:
    """Says where a failure was, never its text: it may hold an address (promise 5)."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    logger.error("outgoing: %s at %s", type(error).__name__, where)
