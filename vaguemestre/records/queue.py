"""The queue of deliveries: claim and wake, one of the four modules that differ by variant; both are here, and `records.postgresql.bell`.

A claim is one short transaction; a try is counted there, before the work. New deliveries are claimed many at once; one that was tried
before is claimed alone, so that a message which kills its worker never spends the tries of its neighbours.

Waking: a datagram to each worker's socket in `DIR/run` (SQLite) or NOTIFY (PostgreSQL), and a poll as net: a lost wake-up delays, never
loses. `bell` and `ringer` give the ones of the database in use.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction

from vaguemestre.records.messages import Message

POLL_S = 0.25

_CLAIM = """
UPDATE records_delivery SET owner = %s, lease = %s, tries = tries + 1 WHERE id IN (
  SELECT id FROM records_delivery
  WHERE state = 'waiting' AND lease < %s AND not_before <= %s AND {which}
  ORDER BY id LIMIT %s{lock})
"""
_OWN = """
SELECT d.id, d.mailbox_id, d.tries, b.practice_id, b.address, m.id, m.sha256, m.size, m.channel, m.mail_from, m.sender_trusted,
       m.file_name, m.received_at
FROM records_delivery d JOIN records_message m ON m.id = d.message_id JOIN records_mailbox b ON b.id = d.mailbox_id
WHERE d.state = 'waiting' AND d.owner = %s AND d.lease = %s ORDER BY d.id
"""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Claimed:
    """A delivery taken to be worked on. `received_at` is the database's own form, to be copied as it is."""

    delivery: int
    mailbox: int
    tries: int
    practice: int
    address: str
    message: int
    sha256: str
    size: int
    channel: str
    mail_from: str
    sender_trusted: bool
    file_name: str
    received_at: object

    def __repr__(self) -> str:
        return f"<Claimed {self.delivery}>"


def claim(owner: str, most: int, lease_s: float, now: float) -> list[Claimed]:
    """Takes up to `most` new deliveries, or else one that was tried before. `now` in Unix seconds."""
    lease = now + lease_s
    lock = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    converters = connection.ops.get_db_converters(Message._meta.get_field("received_at").get_col("m"))
    with turn(), transaction.atomic(), connection.cursor() as cursor:
        for which, limit in (("tries = 0", most), ("tries > 0", 1)):
            cursor.execute(_CLAIM.format(which=which, lock=lock), [owner, lease, now, now, limit])
            if cursor.rowcount > 0:
                break
        else:
            return []
        cursor.execute(_OWN, [owner, lease])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    claimed = []
    for row in rows:
        received = row[12]
        for convert in converters:
            received = convert(received, None, connection)
        fields: list[Any] = [*row[:10], bool(row[10]), row[11], received]
        claimed.append(Claimed(*fields))
    return claimed


def waiting() -> bool:
    """Whether any delivery could be claimed now or later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM records_delivery WHERE state = 'waiting' LIMIT 1")
        return cursor.fetchone() is not None


def renew(owner: str, deliveries: list[int], lease: float) -> bool:
    """Keeps a claim alive while a long document is read. False when another has taken one of them over."""
    marks = ", ".join(["%s"] * len(deliveries))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE records_delivery SET lease = %s WHERE state = 'waiting' AND owner = %s AND id IN ({marks})",
            [lease, owner, *deliveries],
        )
        return int(cursor.rowcount) == len(deliveries)


def release(owner: str, deliveries: list[int], not_before: float, *, count: bool = True) -> None:
    """Gives claims back, to be taken again from `not_before` (Unix seconds); without `count` the try is given back too."""
    marks = ", ".join(["%s"] * len(deliveries))
    back = "" if count else ", tries = tries - 1"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE records_delivery SET lease = 0, owner = '', not_before = %s{back} WHERE state = 'waiting' AND owner = %s"
            f" AND id IN ({marks})",
            [not_before, owner, *deliveries],
        )


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Held around the write transactions of the route: on SQLite, one process writes at a time, and one that finds the base locked sleeps
    in growing steps; here it is woken as soon as the other is done. Only a courtesy: who does not take it is held off by the base."""
    directory: Path | None = settings.DATA_DIR
    if connection.vendor != "sqlite" or directory is None:
        yield
        return
    descriptor = os.open(directory / "run" / "turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Bell(Protocol):
    """A worker's end. `wait` returns at a wake-up, or after the poll."""

    def wait(self, seconds: float = POLL_S) -> None: ...

    def close(self) -> None: ...


class Ringer(Protocol):
    """Wakes every worker of the data directory. To be rung after the commit; never raises for what the database does."""

    def ring(self) -> None: ...

    def close(self) -> None: ...


def bell(directory: Path) -> Bell:
    """The bell of a worker of this process. `directory`: DIR/run."""
    if connection.vendor == "postgresql":
        from vaguemestre.records.postgresql.bell import ListeningBell

        return ListeningBell()
    return SocketBell(directory)


def ringer(directory: Path) -> Ringer:
    """What rings the bells. `directory`: DIR/run."""
    if connection.vendor == "postgresql":
        from vaguemestre.records.postgresql.bell import NotifyingRinger

        return NotifyingRinger()
    return SocketRinger(directory)


class SocketBell:
    """A datagram socket in DIR/run."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        self._path = directory / f"worker.{os.getpid()}"
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        with _reached(self._path) as name:
            self._socket.bind(name)

    def wait(self, seconds: float = POLL_S) -> None:
        ready, _, _ = select.select([self._socket], [], [], seconds)
        if ready:
            with contextlib.suppress(BlockingIOError):
                while self._socket.recv(1):
                    pass

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)


class SocketRinger:
    """A datagram to each socket of DIR/run. Sockets left by dead workers are removed as they are met."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)

    def ring(self) -> None:
        for path in self._directory.glob("worker.*"):
            try:
                with _reached(path) as name:
                    self._socket.sendto(b"!", name)
            except (ConnectionRefusedError, FileNotFoundError):
                path.unlink(missing_ok=True)
            except (BlockingIOError, OSError):
                continue

    def close(self) -> None:
        self._socket.close()


@contextlib.contextmanager
def _reached(path: Path) -> Iterator[str]:
    """A name of at most 107 bytes for a socket (the limit of AF_UNIX): long ones are reached through the folder's descriptor."""
    if len(os.fsencode(path)) <= 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
