"""First stage: may this peer speak, for this sender, to this mailbox, at this size? (mssante.md 1.3, 1.4; requirements 4, 7, 8, 10, 12, 19)

Every `decide_*` is pure: facts in, an outcome out, reasons from `protocols.replies`. The peer is decided when the handshake is
done and again at each MAIL, so that a certificate revoked or taken off the list is refused in a connection that goes on or is
resumed. A check that could not run did not pass (promise 3): it defers.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Protocol

from vaguemestre.crypto import certificates
from vaguemestre.crypto.certificates import Certificate, Finding, Verdict
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.trust_list import TrustSnapshot, domain_key
from vaguemestre.domain.address import folded
from vaguemestre.domain.envelope import Envelope, Peer
from vaguemestre.domain.outcome import Defer, Proceed, Reject


class Facts(Protocol):
    """What the door must know. Every method is called in the event loop: cheap, or answered from memory."""

    def trust(self) -> TrustSnapshot:
        """The list in force."""

    def revocation(self) -> Revocation:
        """The revocation lists in force."""

    def hosts(self, domain: str) -> bool:
        """Whether this domain (comparison form) is hosted here."""

    def mailbox(self, address: str) -> bool:
        """Whether this mailbox (comparison form) exists here."""

    def now(self) -> dt.datetime:
        """Aware."""


class Keeper(Protocol):
    """What the door gives messages to."""

    async def keep(self, envelope: Envelope, data: bytes, message_id: str | None) -> Proceed[None] | Defer:
        """Returns once the bytes are fsynced in the vault and the rows committed (promise 1)."""

    def refused(self, peer: Peer | None, reason: str) -> None:
        """To be traced; must not block."""


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What a certificate proves: `domains` (comparison form) for which its holder may speak, subject, SHA-256 of its DER."""

    domains: frozenset[str]
    dn: str
    fingerprint: str


def decide_peer(
    certificate: Certificate | None, authorities: Sequence[Certificate], trust: TrustSnapshot, revocation: Revocation, now: dt.datetime
) -> Proceed[Standing] | Defer | Reject:
    """The certificate itself first, then what may come right later (revocation, list), then whether it is listed."""
    if certificate is None:
        return Reject("certificate-absent")
    found = certificates.examine(certificate, authorities, now)
    if found is not Finding.SOUND:
        return Reject(found.value)
    verdict = revocation.verdict(certificate, now)
    if verdict is Verdict.UNSOUND or any(
        revocation.verdict(above, now) is Verdict.UNSOUND for above in certificates.issuers(certificate, authorities)
    ):
        return Reject("certificate-revoked")
    if verdict is not Verdict.SOUND:
        return Defer("revocation-unknown")
    if trust.absent():
        return Defer("trust-list-absent")
    if trust.stale(now):
        return Defer("trust-list-stale")
    domains = trust.domains(certificate.key)
    if not domains:
        return Reject("peer-not-listed")
    return Proceed(Standing(domains, certificate.subject, certificate.fingerprint))


def decide_sender(address: str, standing: Standing) -> Proceed[None] | Reject:
    """MAIL FROM: of the certificate's domains, or the null sender "" (RFC 5321 section 4.5.5; its From field is checked all the same)."""
    if not address:
        return Proceed(None)
    domain = domain_key(address.rpartition("@")[2])
    return Proceed(None) if domain is not None and domain in standing.domains else Reject("sender-domain")


def decide_size(declared: int, most: int, held: int, held_most: int) -> Proceed[None] | Defer | Reject:
    """SIZE= against the largest message and against what all connections together hold in memory (RFC 1870 section 6.1)."""
    if declared > most:
        return Reject("message-too-large")
    return Defer("insufficient-storage") if held + declared > held_most else Proceed(None)


def comparison(address: str) -> str | None:
    """The comparison form of a mail address: lower case, normal form C, domain in A-labels; None where its domain is none."""
    local, _, domain = address.rpartition("@")
    key = domain_key(domain)
    return f"{folded(local)}@{key}" if key is not None and local else None


def decide_recipient(address: str, hosts: Callable[[str], bool], mailbox: Callable[[str], bool], postmaster: str) -> Proceed[str] | Reject:
    """RCPT TO: a mailbox of ours, given back in comparison form. `postmaster`: the address that a bare <postmaster> means."""
    compared = comparison(postmaster if "@" not in address else address)
    if compared is None or not hosts(compared.rpartition("@")[2]):
        return Reject("no-relay")
    return Proceed(compared) if mailbox(compared) else Reject("no-such-mailbox")
