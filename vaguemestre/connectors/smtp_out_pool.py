"""The connections kept to one next hop: so many at once, handed from message to message, closed when nobody needs them.

A connection is given back only while a message may still be said on it, under the certificate and authorities in force, and not for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from vaguemestre.connectors.smtp_out_session import Connection
from vaguemestre.crypto.tls import Identity

IDLE_S = 10.0
"""A connection that nobody used for so long says QUIT: the next hop has other guests."""
PARCELS_MOST = 1_000
"""Messages of one connection."""


class Pool:
    """`most` connections at once; `spawn` runs a goodbye beside what waits."""

    def __init__(self, most: int, spawn: Callable[[Coroutine[None, None, None]], None]) -> None:
        self.room = asyncio.Semaphore(most)
        self._spawn = spawn
        self._idle: list[tuple[Connection, asyncio.TimerHandle]] = []

    def take(self, identity: Identity) -> Connection | None:
        """The connection used last that can carry a message under this identity; those that cannot are ended."""
        while self._idle:
            connection, timer = self._idle.pop()
            timer.cancel()
            if connection.usable and connection.identity is identity:
                return connection
            self.end(connection)
        return None

    def give_back(self, connection: Connection, identity: Identity, keep: bool = True) -> None:
        if not (keep and connection.usable and connection.identity is identity and connection.carried < PARCELS_MOST):
            self.end(connection)
            return
        timer = asyncio.get_running_loop().call_later(IDLE_S, self._rest, connection)
        self._idle.append((connection, timer))

    def end(self, connection: Connection) -> None:
        """Says goodbye, in its own time."""
        if connection.usable:
            self._spawn(connection.bye())
        else:
            connection.abort()

    def end_idle(self) -> None:
        while self._idle:
            connection, timer = self._idle.pop()
            timer.cancel()
            self.end(connection)

    def _rest(self, connection: Connection) -> None:
        self._idle = [kept for kept in self._idle if kept[0] is not connection]
        self.end(connection)
