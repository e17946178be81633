"""Where revocation lists are fetched (RFC 5280 section 4.2.1.13): plain HTTP is enough, since a list is signed and looked at before it is
kept; over https the host is checked against the trust space's own authorities.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from vaguemestre.connectors.bounded_get import get
from vaguemestre.crypto.revocation import CRL_MOST
from vaguemestre.inbound.fetch import Fetched

SECONDS = 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class RevocationSource:
    """The revocation list at `url`. `ca`: PEM of the authorities of an https host."""

    url: str
    ca: Path
    seconds: float = SECONDS

    def get(self, etag: str, modified: str) -> Fetched:
        """The list, or that nothing changed since. Raises `Fault`."""
        asked = {"If-None-Match": etag} if etag else {"If-Modified-Since": modified} if modified else {}
        return get(self.url, self.ca, CRL_MOST, self.seconds, asked)
