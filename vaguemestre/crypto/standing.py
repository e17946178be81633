"""What a peer's certificate proves in the trust space: the same checks for who comes in and whom we go to (mssante.md 1.3; requirements
4, 7, 8, 12). Pure; reasons are words of `protocols.replies`. A check that could not run did not pass (promise 3): it defers.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from vaguemestre.crypto import certificates
from vaguemestre.crypto.certificates import Certificate, Finding, Use, Verdict
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.outcome import Defer, Proceed, Reject


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What a certificate proves: `domains` (comparison form) for which its holder may speak, subject, SHA-256 of its DER."""

    domains: frozenset[str]
    dn: str
    fingerprint: str


def decide_peer(
    certificate: Certificate | None,
    authorities: Sequence[Certificate],
    trust: TrustSnapshot,
    revocation: Revocation,
    now: dt.datetime,
    use: Use = Use.CLIENT,
) -> Proceed[Standing] | Defer | Reject:
    """The certificate itself first, then what may come right later (revocation, list), then whether it is listed. `use`:
    what its holder is here, the client that came or the server that was reached."""
    if certificate is None:
        return Reject("certificate-absent")
    found = certificates.examine(certificate, authorities, now, use)
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
