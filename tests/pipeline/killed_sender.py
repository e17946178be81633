"""A process that sends by the real queue and is killed by the test: `python -m tests.pipeline.killed_sender DIR FILE`. Its carrier writes
each address to FILE before it answers, as a next hop that keeps what it accepts."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Sink:
    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def carry(self, domain: str, parcel: Any) -> Sequence[Any]:
        from vaguemestre.outbound.deliver import Report, Told

        await asyncio.sleep(0.002)
        os.write(self._descriptor, "".join(f"{one.address}\n" for one in parcel.recipients).encode())
        await asyncio.sleep(0.002)
        return [Report(Told.DELIVERED, "delivered", 250)] * len(parcel.recipients)

    async def close(self) -> None:
        os.close(self._descriptor)


def main(directory: str, path: str) -> None:
    from vaguemestre.cli.assemble import open_data

    configuration = open_data(directory)
    from vaguemestre.pipeline.outgoing import Post
    from vaguemestre.servers.departures import Departures
    from vaguemestre.vault.files import Vault

    async def run() -> None:
        post = Post(configuration, Vault(Path(directory) / "vault"))
        await Departures(post, Sink(Path(path)), lambda: time.sleep(0.01), lambda: None, 16, 16).run(1.0)

    asyncio.run(run())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
