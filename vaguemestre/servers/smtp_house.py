"""What the connections of one SMTP door share, as they see it, and how a failure of ours is reported."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from vaguemestre.crypto.tls import IdentityFiles
from vaguemestre.domain.envelope import Peer
from vaguemestre.domain.outcome import Defer
from vaguemestre.inbound.accept import Facts, Keeper
from vaguemestre.protocols import replies, smtp

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Connection(Protocol):
    """What the door knows of a connection."""

    ip: str

    @property
    def at_work(self) -> bool: ...
    def leave(self) -> None: ...
    def abort(self) -> None: ...
    def sweep(self, now: float, timeout: float) -> None: ...


class House(Protocol):
    """What all connections of one door share (`servers.smtp.SmtpDoor`)."""

    loop: asyncio.AbstractEventLoop
    facts: Facts
    keeper: Keeper
    identity: IdentityFiles
    hostname: str
    postmaster: str
    limits: smtp.Limits
    held: int
    held_most: int
    keeping: set[asyncio.Task[None]]
    stopping: bool

    def admit(self, session: Connection) -> bool: ...
    def gone(self, session: Connection) -> None: ...
    def count(self, change: int) -> None: ...
    def trace(self, peer: Peer, reason: str) -> None: ...


def report_failure(error: BaseException) -> None:
    """Says where an unforeseen failure was, never its text: it may hold what the peer sent (promise 5)."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    logger.error("inner failure: %s at %s", type(error).__name__, where)


def decided(decide: Callable[[], T]) -> T | Defer:
    """What was decided; an inner failure is a Defer (promise 2)."""
    try:
        return decide()
    except Exception as error:  # noqa: BLE001 - whatever it is
        report_failure(error)
        return Defer(replies.INNER_FAILURE)
