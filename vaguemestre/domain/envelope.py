"""The envelope of a message in transit (RFC 5321 section 2.3.1) and what the connection proved of its sender."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """The operator at the other end. `dn` is the certificate's subject, for traces; `fingerprint` its SHA-256 in hex."""

    ip: str
    dn: str
    fingerprint: str
    tls_version: str
    cipher: str
    helo: str = ""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Notices:
    """What the sender asks of delivery notices for one recipient (RFC 3461 sections 4.1, 4.2): `notify` is "", "NEVER" or words among
    SUCCESS, FAILURE, DELAY with commas; `orcpt` is "" or "type;address", decoded."""

    notify: str = ""
    orcpt: str = ""

    def __repr__(self) -> str:
        return "<Notices>"


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """One transaction. `mail_from` is "" for the null sender; addresses keep their case, see `address.comparison`. `ret` and `envid`:
    what MAIL asked of notices (RFC 3461 sections 4.3, 4.4), "" when it did not; `notices`: by recipient, those that asked;
    `utf8`: MAIL said SMTPUTF8 (RFC 6531)."""

    mail_from: str
    recipients: tuple[str, ...]
    received_at: dt.datetime
    peer: Peer | None
    channel: str = "smtp"
    ret: str = ""
    envid: str = ""
    notices: Mapping[str, Notices] = dataclasses.field(default_factory=dict)
    utf8: bool = False

    def __repr__(self) -> str:
        return f"Envelope(channel={self.channel!r}, recipients={len(self.recipients)})"
