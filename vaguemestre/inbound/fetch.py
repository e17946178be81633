"""What a list of the trust space is fetched through: the shape of a source and of what it gives (RFC 9110 section 13: conditions).

Declared here, below the connectors that ask the network and the pipeline that decides what is taken.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Fetched:
    """What a source gave: `data` None where nothing changed since `etag` or `modified`, which are "" where it named none."""

    data: bytes | None
    etag: str = ""
    modified: str = ""

    def __repr__(self) -> str:
        return f"<Fetched {'unchanged' if self.data is None else len(self.data)}>"


class Source(Protocol):
    """Gives a file over the network, bounded in bytes and in time."""

    def get(self, etag: str, modified: str) -> Fetched:
        """Raises `Fault` whose code is the reason to be told."""
