"""May this domain be written to, and may this peer be given its mail? (mssante.md 1.3, 1.4; requirements 4, 7, 8, 9, 12, 21)

Both are decided before anything of an envelope is said, and again for each message of a kept connection. The name of the host proves
nothing: the subject of the peer's certificate must be listed for the recipients' domain. A check that could not run did not pass
(promise 3): it defers. A refusal of a peer never loses the message: another try, another day, may find the right one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from vaguemestre.crypto.certificates import Certificate, Use
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.standing import Standing, decide_peer
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.outcome import Defer, Proceed, Reject


class Facts(Protocol):
    """What must be known of the trust space. Every method is called in the event loop: cheap, or answered from memory."""

    def trust(self) -> TrustSnapshot:
        """The list in force."""

    def revocation(self) -> Revocation:
        """The revocation lists in force."""

    def now(self) -> dt.datetime:
        """Aware."""


def decide_domain(domain: str, trust: TrustSnapshot, now: dt.datetime) -> Proceed[None] | Defer | Reject:
    """A domain (comparison form) outside the trust space is never written to; whether it is one is known of a current list alone."""
    if trust.absent():
        return Defer("trust-list-absent")
    if trust.stale(now):
        return Defer("trust-list-stale")
    return Proceed(None) if domain in trust.listed else Reject("domain-not-listed")


def decide_hop(
    domain: str,
    certificate: Certificate | None,
    authorities: Sequence[Certificate],
    trust: TrustSnapshot,
    revocation: Revocation,
    now: dt.datetime,
) -> Proceed[Standing] | Defer:
    """The peer that was reached, for the recipients' domain: whatever is wrong with it is "not now"."""
    found = decide_peer(certificate, authorities, trust, revocation, now, Use.SERVER)
    if isinstance(found, Reject):
        return Defer(found.reason)
    if isinstance(found, Proceed) and domain not in found.facts.domains:
        return Defer("peer-not-of-domain")
    return found
