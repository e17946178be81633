"""The envelope of a message in transit (RFC 5321 section 2.3.1) and what the connection proved of its sender."""

from __future__ import annotations

import dataclasses
import datetime as dt


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """The operator at the other end. `dn` is the certificate's subject, for traces; `fingerprint` its SHA-256 in hex."""

    ip: str
    dn: str
    fingerprint: str
    tls_version: str
    cipher: str
    helo: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """One transaction. `mail_from` is "" for the null sender; addresses keep their case, see `address.comparison`."""

    mail_from: str
    recipients: tuple[str, ...]
    received_at: dt.datetime
    peer: Peer | None
    channel: str = "smtp"

    def __repr__(self) -> str:
        return f"Envelope(channel={self.channel!r}, recipients={len(self.recipients)})"
