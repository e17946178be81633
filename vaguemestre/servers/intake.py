"""Between the SMTP door and the one writer: messages that finish while a commit is under way are kept together by the next one.

That is group commit: under load, one fsync of the records and of each vault folder serves many messages. While other sessions than those
that wait are open, the thread lets GATHER_S go by before it commits: a few milliseconds of each, for half the commits of all; with one
session it costs nothing. The writing thread is the only one of its process that touches the database for writing.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from vaguemestre.domain.envelope import Envelope, Peer
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.inbound.store import Incoming
from vaguemestre.records.rows import OF_A_ROW
from vaguemestre.vault.files import digest

Outcome = Proceed[None] | Defer
Receive = Callable[[list[Incoming]], list[Proceed[int] | Reject | Defer]]

GATHER_S = 0.004

logger = logging.getLogger(__name__)


class Intake:
    """Implements the `Keeper` of `inbound.accept`. `receive` keeps a batch (pipeline.commit.receive); `wake` rings the workers after
    commit; `refuse` traces a refusal. `sessions` counts those open now, once the door is there to tell."""

    sessions: Callable[[], int] = staticmethod(lambda: 0)

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        receive: Receive,
        wake: Callable[[], None],
        refuse: Callable[[list[tuple[str, str]]], None],
        most: int = 64,
    ) -> None:
        self._loop = loop
        self._receive = receive
        self._wake = wake
        self._refuse = refuse
        self._most = most
        self._waiting: deque[tuple[Incoming, asyncio.Future[Outcome]]] = deque()
        self._refusals: deque[tuple[str, str]] = deque(maxlen=10_000)
        self._filled = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    async def keep(self, envelope: Envelope, data: bytes, message_id: str | None) -> Outcome:
        """Returns once the message is durable, or says why it is not."""
        peer = envelope.peer
        sha256 = digest(data) if len(data) < 1 << 20 else await self._loop.run_in_executor(None, digest, data)
        incoming = Incoming(
            sha256=sha256,
            data=data,
            message_id=message_id,
            channel=envelope.channel,
            mail_from=envelope.mail_from,
            recipients=envelope.recipients,
            received_at=envelope.received_at,
            peer_ip=peer.ip if peer else "",
            peer_dn=peer.dn if peer else "",
            peer=f"peer:{peer.fingerprint}" if peer else "node",
            tls=f"{peer.tls_version} {peer.cipher}" if peer else "",
            ret=envelope.ret,
            envid=envelope.envid,
            notices=envelope.notices,
            utf8=envelope.utf8,
        )
        future: asyncio.Future[Outcome] = self._loop.create_future()
        with self._filled:
            if self._closing:
                return Defer("shutting-down")
            self._waiting.append((incoming, future))
            self._filled.notify()
        return await future

    def refused(self, peer: Peer | None, reason: str) -> None:
        """Traces a refusal, later and in a batch: never blocks. Beyond 10,000 waiting ones the oldest are let go: a flood of refusals
        must not stop the mail."""
        with self._filled:
            self._refusals.append((f"peer:{peer.fingerprint}" if peer and peer.fingerprint else "peer:none", reason))
            self._filled.notify()

    def _run(self) -> None:
        while True:
            with self._filled:
                while not self._waiting and not self._refusals and not self._closing:
                    self._filled.wait()
                if self._closing and not self._waiting and not self._refusals:
                    return
                others = 0 < len(self._waiting) < min(self._most, self.sessions())
            if others:
                time.sleep(GATHER_S)
            with self._filled:
                batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                refusals = list(self._refusals)
                self._refusals.clear()
            if refusals:
                self._trace(refusals)
            if batch:
                outcomes = self._keep_batch([incoming for incoming, _ in batch])
                self._loop.call_soon_threadsafe(_resolve, [future for _, future in batch], outcomes)

    def _trace(self, refusals: list[tuple[str, str]]) -> None:
        try:
            self._refuse(refusals)
        except Exception as error:  # noqa: BLE001 - mail goes on when a refusal cannot be traced
            logger.error("%d refusals could not be traced: %s", len(refusals), type(error).__name__)

    def _keep_batch(self, batch: list[Incoming]) -> list[Outcome]:
        try:
            kept = self._receive(batch)
        except Exception as error:  # noqa: BLE001 - an inner failure is a Defer, never told to a peer as 5xx (promise 2)
            if isinstance(error, OF_A_ROW) and len(batch) > 1:
                # One message's own values: the others of its batch are not put off for it.
                return [outcome for one in batch for outcome in self._keep_batch([one])]
            logger.error("a batch of %d could not be kept: %s", len(batch), type(error).__name__)
            return [Defer("not-kept")] * len(batch)
        self._wake()
        return [Proceed(None) if isinstance(one, Proceed) else Defer("not-kept") for one in kept]

    def close(self) -> None:
        """Finishes what was handed over, then stops the thread."""
        with self._filled:
            self._closing = True
            self._filled.notify()
        self._thread.join()


def _resolve(futures: list[asyncio.Future[Outcome]], outcomes: list[Outcome]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if not future.done():
            future.set_result(outcome)
