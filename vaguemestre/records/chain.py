"""Appends to the trace chain inside the caller's transaction, publishes its head after commit, and checks it (promise 6).

The chain has one row of head (count, link). It is advanced first, so two writers of one node never take the same place: SQLite's
IMMEDIATE transactions and PostgreSQL's row lock both make the second wait.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import functools
import hmac
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from vaguemestre.crypto import trace_chain
from vaguemestre.domain.event import Event

_INSERT = "INSERT INTO records_traceevent (sequence, at, event, object, actor, result, link) VALUES (%s, %s, %s, %s, %s, %s, %s)"
_keys: dict[str, bytes] = {}


def _directory() -> Path:
    directory: Path | None = settings.DATA_DIR
    assert directory is not None, "traces need a data directory"
    return directory


def _key() -> bytes:
    path = str(_directory() / "keys" / "trace")
    if path not in _keys:
        _keys[path] = Path(path).read_bytes().strip()
    return _keys[path]


@functools.lru_cache(maxsize=64)
def _written(at: dt.datetime) -> str:
    """Cached: the events of a batch mostly share their instant."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds")


def append(events: Sequence[Event]) -> None:
    """Adds events to the chain. Must be called inside `transaction.atomic()`, in the transaction of the act that they tell."""
    if not events:
        return
    assert connection.in_atomic_block, "a trace is appended in the transaction of its act"
    key = _key()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE records_tracehead SET count = count + %s WHERE id = 1", [len(events)])
        cursor.execute("SELECT count, link FROM records_tracehead WHERE id = 1")
        count, previous = cursor.fetchone()
        sequence = count - len(events)
        previous = previous or trace_chain.START
        rows = []
        for event in events:
            sequence += 1
            at = _written(event.at)
            previous = trace_chain.link(key, previous, sequence, at, event.event, event.object, event.actor, event.result)
            rows.append((sequence, at, event.event, event.object, event.actor, event.result, previous))
        cursor.executemany(_INSERT, rows)
        cursor.execute("UPDATE records_tracehead SET link = %s WHERE id = 1", [previous])
    head, first = (sequence, previous), sequence == len(events)
    transaction.on_commit(lambda: publish(*head, first=first))


def publish(count: int, link: str, *, first: bool = False) -> None:
    """Writes the head beside the database, after commit; never moves it back (several processes publish). Only the `first` one of a chain
    makes the file: one that was removed or damaged stays so, for `verify` to find."""
    flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if first else 0)
    try:
        descriptor = os.open(_directory() / "trace.head", flags, 0o600)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        known = (0, "") if first else _parsed(os.pread(descriptor, 400, 0))
        if known is not None and known[0] < count:
            os.pwrite(descriptor, f"{count:020d} {link} {trace_chain.seal(_key(), count, link)}\n".encode(), 0)
    finally:
        os.close(descriptor)


def _parsed(raw: bytes) -> tuple[int, str] | None:
    with contextlib.suppress(ValueError, UnicodeDecodeError):
        count, link, seal = raw.decode("ascii").split()
        if hmac.compare_digest(seal, trace_chain.seal(_key(), int(count), link)):
            return int(count), link
    return None


def published() -> tuple[int, str] | None:
    """What `trace.head` says, or None where it is absent or not one of ours."""
    try:
        return _parsed((_directory() / "trace.head").read_bytes())
    except OSError:
        return None


def _links(last: int) -> Iterator[trace_chain.Link]:
    """The events up to `last`, a part at a time: the chain only grows, so no lock is held while it is read."""
    after = 0
    while after < last:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sequence, at, event, object, actor, result, link FROM records_traceevent"
                " WHERE sequence > %s AND sequence <= %s ORDER BY sequence LIMIT 5000",
                [after, last],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        for row in rows:
            yield trace_chain.Link(*row)
        after = rows[-1][0]


def verify() -> list[str]:
    """One sentence a fault; empty when the chain is whole. `trace.head` is read first: the chain may grow meanwhile, it may not shrink."""
    head_file = published()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count, link FROM records_tracehead WHERE id = 1")
        row = cursor.fetchone()
        if row is None:
            return ["trace: the chain has no head"]
        found = list(trace_chain.faults(_key(), _links(row[0]), row[0], row[1], head_file))
        cursor.execute(
            "SELECT min(sequence), max(sequence) FROM records_traceevent"
            " WHERE sequence < 1 OR sequence > (SELECT count FROM records_tracehead WHERE id = 1)"
        )
        lowest, highest = cursor.fetchone()
    if lowest is not None:
        found.append(f"trace: events {lowest} to {highest} are outside the chain (inserted)")
    return found
