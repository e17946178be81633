"""The child of `serve` that sends: the queue's loop, the carrier of other operators, the bell that says that something was queued."""

from __future__ import annotations

import signal
from pathlib import Path

from vaguemestre.domain.configuration import Configuration


def run(configuration: Configuration, directory: Path, grace_s: float) -> None:
    """Until SIGTERM; then what is on its way has `grace_s` to come back."""
    import asyncio

    import uvloop

    from vaguemestre.connectors.smtp_out import SmtpCarrier
    from vaguemestre.pipeline.outgoing import Post
    from vaguemestre.records import queue
    from vaguemestre.servers.departures import Departures
    from vaguemestre.servers.facts import RecordsFacts, allow_reading_in_loop
    from vaguemestre.vault.files import Vault

    allow_reading_in_loop()

    async def main() -> None:
        (directory / "run").mkdir(mode=0o700, exist_ok=True)
        bell = queue.bell(directory / "run" / "outgoing")
        workers = queue.ringer(directory / "run")
        departures = Departures(
            Post(configuration, Vault(directory / "vault")),
            SmtpCarrier(configuration, RecordsFacts(configuration, directory), directory),
            bell.wait,
            workers.ring,
            configuration.number("outgoing", "at_once"),
            configuration.number("outgoing", "per_domain"),
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, departures.stop)
        try:
            await departures.run(grace_s)
        finally:
            bell.close()
            workers.close()

    uvloop.run(main())
