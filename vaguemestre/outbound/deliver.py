"""`deliver`: what the queue hands to the carrier of a next hop, and what it is told of each recipient (RFC 5321, 3.3 and 4.2; RFC 3461, 5).

The stage decides, from what the carrier told and from the clock, what becomes of each recipient: sent, tried again, given up. The carrier
(`connectors.smtp_out`) only carries: it never decides that a message is lost.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Protocol


class Told(enum.Enum):
    """What one try says of one recipient. DELIVERED: the next hop answered 2xx to the end of the content, and only then; LATER: anything
    that may pass (4xx, no connection, no STARTTLS, a certificate that could not be checked, a list too old); NEVER: the next hop said 5xx
    to this recipient or to this message or offers no way to take it (size, eight bits, addresses in UTF-8), it can be said to nobody (an
    address or line ends that are none), or the recipient's domain is not in the trust space or takes no mail (null MX)."""

    DELIVERED = "delivered"
    LATER = "later"
    NEVER = "never"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Destined:
    """A recipient of a parcel. `address` as written; `notify`, `orcpt`: its parameters of RFC 3461, "" where none were asked."""

    address: str
    notify: str = ""
    orcpt: str = ""

    def __repr__(self) -> str:
        return "<Destined>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Parcel:
    """One message for recipients of one domain. `data`: its octets as they will be sent but for dot-stuffing, lines ended by CRLF.
    `mail_from`: "" is the null sender. `utf8`: needs SMTPUTF8; `eight_bit`: holds octets above 127."""

    data: bytes
    mail_from: str
    recipients: tuple[Destined, ...]
    ret: str = ""
    envid: str = ""
    utf8: bool = False
    eight_bit: bool = False

    def __repr__(self) -> str:
        return f"<Parcel of {len(self.data)} bytes for {len(self.recipients)}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What became of one recipient in one try. `reason`: a stable kebab-case word (`outbound.reasons`); `code` and `enhanced`: the next
    hop's reply, None and "" where none came; `host`: the next hop's name, `peer_dn` its certificate's subject, `tls` version and suite;
    `relayed`: it takes care of the notices asked for (it offers DSN)."""

    told: Told
    reason: str
    code: int | None = None
    enhanced: str = ""
    host: str = ""
    peer_dn: str = ""
    peer_ip: str = ""
    tls: str = ""
    relayed: bool = False

    def __repr__(self) -> str:
        return f"<Report {self.told.value} {self.reason} {self.code}>"


class Carrier(Protocol):
    """Carries parcels to the next hop of a domain over mutual TLS, each on a connection of its own or a kept one. Never raises: what goes
    wrong is a report."""

    async def carry(self, domain: str, parcel: Parcel) -> Sequence[Report]:
        """One report a recipient, in order. `domain` in comparison form."""

    async def close(self) -> None:
        """Ends kept connections with QUIT."""


def reports(parcel: Parcel, report: Report) -> Mapping[str, Report]:
    """The same report for each recipient of a parcel."""
    return {one.address: report for one in parcel.recipients}
