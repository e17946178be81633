"""The workers' bell on PostgreSQL: LISTEN on a connection of its own, NOTIFY after the commit; `records.queue` chooses it.

A notice that is lost delays, never loses: the poll is the net. A bell whose connection broke waits its poll, and tries to listen again at
most every RETRY_S, so that a server which is away is not asked four times a second.
"""

from __future__ import annotations

import contextlib
import select
import time

import psycopg
from django.db import Error as DatabaseError
from django.db import connection

from vaguemestre.records.queue import POLL_S

CHANNEL = "vaguemestre_deliveries"
RETRY_S = 2.0


class ListeningBell:
    """A worker's end. `wait` returns at a notice, or after the poll. Its connection is made by the process that waits, never before."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection | None = None
        self._again = 0.0
        self._listen()

    def _listen(self) -> None:
        if time.monotonic() < self._again:
            return
        self._again = time.monotonic() + RETRY_S
        parameters = {**connection.get_connection_params(), "autocommit": True, "connect_timeout": "2"}
        try:
            made = psycopg.connect(**parameters)
        except psycopg.Error:
            return
        try:
            made.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error:
            made.close()
            return
        self._connection = made

    def wait(self, seconds: float = POLL_S) -> None:
        if self._connection is None:
            self._listen()
        if self._connection is None:
            time.sleep(seconds)
            return
        libpq = self._connection.pgconn
        try:
            if self._heard() or not select.select([libpq.socket], [], [], seconds)[0]:
                return
            libpq.consume_input()
            self._heard()
        except (psycopg.Error, OSError, ValueError):
            self.close()
            time.sleep(seconds)

    def _heard(self) -> bool:
        """Takes the notices that came; several wake once."""
        assert self._connection is not None
        heard = False
        while self._connection.pgconn.notifies() is not None:
            heard = True
        return heard

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                self._connection.close()
        self._connection = None


class NotifyingRinger:
    """Wakes every worker that listens, whatever its machine. Must be rung after the commit, on the thread that wrote."""

    def ring(self) -> None:
        # What is written is written: a wake-up that fails only means that the poll finds it.
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])

    def close(self) -> None:
        """Nothing of its own is open."""
