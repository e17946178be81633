"""Where the trust list is fetched: HTTPS, its host checked against the trust space's own authorities and never the system's (mssante.md
1.4). The list bears no signature: that host is the proof of it.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from vaguemestre.connectors.bounded_get import Unfetched, get
from vaguemestre.crypto.trust_list import BYTES_MOST
from vaguemestre.inbound.fetch import Fetched

SECONDS = 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class ListSource:
    """The list at `url` (https). `ca`: PEM of the authorities of its host."""

    url: str
    ca: Path
    seconds: float = SECONDS

    def get(self, etag: str, modified: str) -> Fetched:
        """The list, or that nothing changed since (RFC 9110 section 13.1). Raises `Fault`."""
        if not self.url.startswith("https://"):
            raise Unfetched("The trust list is fetched over https only.", "bad-address")
        asked = {"If-None-Match": etag} if etag else {"If-Modified-Since": modified} if modified else {}
        return get(self.url, self.ca, BYTES_MOST, self.seconds, asked)
