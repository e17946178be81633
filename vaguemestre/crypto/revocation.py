"""Is a certificate revoked? Certificate revocation lists, RFC 5280 sections 5 and 6.3.

A list counts only while it is current, signed by an authority of ours, complete and wholly understood. Without one the answer is
UNKNOWN, and the peer is asked to come back later: a check that could not run did not pass (promise 3).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from vaguemestre.crypto.certificates import HASHES, UNREADABLE, Certificate, Verdict

CRL_MOST = 33_554_432
"""Bytes of a file of revocation lists."""
SKEW = dt.timedelta(minutes=5)
"""A list published by a clock a little ahead of ours is current."""
KNOWN_MOST = 512
"""Certificates whose lists are remembered."""
_PEM = re.compile(rb"-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----")
_KEYS = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)
_UNDERSTOOD = (x509.AuthorityKeyIdentifier, x509.CRLNumber)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _List:
    issuer: x509.Name
    this_update: dt.datetime
    next_update: dt.datetime
    serials: frozenset[int]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Revocation:
    """The revocation lists in force. `Revocation()` knows nothing: every verdict is UNKNOWN."""

    lists: tuple[_List, ...] = ()
    _by_fingerprint: dict[str, tuple[_List, ...]] = dataclasses.field(default_factory=dict, init=False, compare=False)
    """The lists of a certificate's issuer: names are compared once a certificate, not once a message."""

    def __repr__(self) -> str:
        return f"<Revocation of {len(self.lists)} lists>"

    def verdict(self, certificate: Certificate, now: dt.datetime) -> Verdict:
        """SOUND: a current list of its issuer does not name it. UNSOUND: one does. UNKNOWN: there is none."""
        current = [a for a in self._of_issuer(certificate) if a.this_update - SKEW <= now < a.next_update]
        if not current:
            return Verdict.UNKNOWN
        return Verdict.UNSOUND if any(certificate.serial in a.serials for a in current) else Verdict.SOUND

    def _of_issuer(self, certificate: Certificate) -> tuple[_List, ...]:
        known = self._by_fingerprint
        found = known.get(certificate.fingerprint)
        if found is None:
            found = tuple(a for a in self.lists if a.issuer == certificate.x509.issuer)
            if len(known) < KNOWN_MOST:
                known[certificate.fingerprint] = found
        return found

    def next_update(self) -> dt.datetime | None:
        """The first end among the lists, for an alarm before it comes."""
        return min((a.next_update for a in self.lists), default=None)


def _key_of(issuer: x509.Name, authorities: Sequence[Certificate], crl: x509.CertificateRevocationList) -> bool:
    """Whether an authority of this name, allowed to, signed the list."""
    for authority in authorities:
        if authority.x509.subject != issuer:
            continue
        if any(isinstance(e.value, x509.KeyUsage) and not e.value.crl_sign for e in authority.x509.extensions):
            continue
        key = authority.x509.public_key()
        if isinstance(key, _KEYS) and crl.is_signature_valid(key):
            return True
    return False


def _understood(crl: x509.CertificateRevocationList) -> bool:
    """False for an indirect, partial or delta list, and for any critical extension that is not known here."""
    for extension in crl.extensions:
        value = extension.value
        if isinstance(value, x509.IssuingDistributionPoint):
            partial = (
                value.indirect_crl
                or value.only_contains_ca_certs
                or value.only_contains_attribute_certs
                or value.only_some_reasons
                or value.full_name
                or value.relative_name
            )
            if partial:
                return False
        elif isinstance(value, x509.DeltaCRLIndicator) or (extension.critical and not isinstance(value, _UNDERSTOOD)):
            return False
    return all(not e.critical for revoked in crl for e in revoked.extensions)


def _read_one(crl: x509.CertificateRevocationList, authorities: Sequence[Certificate]) -> _List | None:
    try:
        if crl.next_update_utc is None or not isinstance(crl.signature_hash_algorithm, HASHES):
            return None
        if not _key_of(crl.issuer, authorities, crl) or not _understood(crl):
            return None
        serials = frozenset(revoked.serial_number for revoked in crl)
        return _List(crl.issuer, crl.last_update_utc, crl.next_update_utc, serials)
    except UNREADABLE:
        return None


def read(data: bytes, authorities: Sequence[Certificate]) -> Revocation:
    """The lists of a file, PEM (several) or DER (one), that can be relied on; the others are left out. Never raises for bad bytes."""
    if len(data) > CRL_MOST:
        return Revocation()
    blocks = _PEM.findall(data)
    lists: list[_List] = []
    for block in blocks or [data]:
        try:
            crl = x509.load_pem_x509_crl(block) if blocks else x509.load_der_x509_crl(block)
        except UNREADABLE:
            continue
        one = _read_one(crl, authorities)
        if one is not None:
            lists.append(one)
    return Revocation(tuple(lists))
