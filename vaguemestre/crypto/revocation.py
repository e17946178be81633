"""Is a certificate revoked? Certificate revocation lists, RFC 5280 sections 5 and 6.3.

A list counts only while it is current, signed by an authority of ours, complete and wholly understood. Without one the answer is
UNKNOWN, and the peer is asked to come back later: a check that could not run did not pass (promise 3). A list of one distribution point
covers the certificates that name that point, and no other; delta lists are not used.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from vaguemestre.crypto.certificates import HASHES, UNREADABLE, Certificate, Verdict
from vaguemestre.domain.fault import TooLarge, Unreadable

CRL_MOST = 33_554_432
"""Bytes of a file of revocation lists."""
SKEW = dt.timedelta(minutes=5)
"""A list published by a clock a little ahead of ours is current."""
KNOWN_MOST = 512
"""Certificates whose lists are remembered."""
UNREADABLE_LIST, UNDATED, FOREIGN, UNSIGNED = "crl-unreadable", "crl-undated", "crl-issuer-unknown", "crl-badly-signed"
DELTA, PARTIAL, UNKNOWN_EXTENSION = "crl-delta", "crl-partial", "crl-not-understood"
ENDED, EARLY, OLDER = "crl-ended", "crl-of-tomorrow", "crl-older"
"""Names of refusals."""
_PEM = re.compile(rb"-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----")
_KEYS = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)
_UNDERSTOOD = (x509.AuthorityKeyIdentifier, x509.CRLNumber)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _List:
    """`points`: the distribution points that a partitioned list is the list of, None where it is the issuer's whole; `of_users`,
    `of_authorities`: which certificates it speaks of (RFC 5280 section 5.2.5)."""

    issuer: x509.Name
    this_update: dt.datetime
    next_update: dt.datetime
    serials: frozenset[int]
    number: int | None = None
    points: frozenset[x509.GeneralName] | None = None
    of_users: bool = True
    of_authorities: bool = True

    def covers(self, certificate: Certificate) -> bool:
        """Whether its silence about a certificate of its issuer says that this one is not revoked (RFC 5280 section 6.3.3 b)."""
        try:
            if not (self.of_authorities if _is_authority(certificate.x509) else self.of_users):
                return False
            return self.points is None or bool(self.points & _points(certificate.x509))
        except UNREADABLE:
            return False


def _is_authority(certificate: x509.Certificate) -> bool:
    return any(isinstance(e.value, x509.BasicConstraints) and e.value.ca for e in certificate.extensions)


def _points(certificate: x509.Certificate) -> frozenset[x509.GeneralName]:
    """The names under which a list for all reasons, of the certificate's own issuer, is published (RFC 5280 section 4.2.1.13)."""
    names: set[x509.GeneralName] = set()
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.CRLDistributionPoints):
            for point in extension.value:
                if point.reasons is None and point.crl_issuer is None:
                    names.update(point.full_name or ())
    return frozenset(names)


def addresses(certificate: Certificate) -> tuple[str, ...]:
    """Where a certificate says that the lists of its issuer are: addresses of the web, in order."""
    try:
        named = _points(certificate.x509)
    except UNREADABLE:
        return ()
    found = (one.value for one in named if isinstance(one, x509.UniformResourceIdentifier))
    return tuple(sorted(one for one in found if one.startswith(("http://", "https://"))))


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Revocation:
    """The revocation lists in force. `Revocation()` knows nothing: every verdict is UNKNOWN. `notice`: told of each certificate asked about
    for the first time."""

    lists: tuple[_List, ...] = ()
    notice: Callable[[Certificate], None] | None = dataclasses.field(default=None, compare=False)
    _by_fingerprint: dict[str, tuple[tuple[_List, bool], ...]] = dataclasses.field(default_factory=dict, init=False, compare=False)
    """The lists of a certificate's issuer, and whether each covers it: names are compared once a certificate, not once a message."""

    def __repr__(self) -> str:
        return f"<Revocation of {len(self.lists)} lists>"

    def verdict(self, certificate: Certificate, now: dt.datetime) -> Verdict:
        """SOUND: a current list that covers it does not name it. UNSOUND: a current one of its issuer does. UNKNOWN: there is none."""
        current = [(a, covers) for a, covers in self._of_issuer(certificate) if a.this_update - SKEW <= now < a.next_update]
        if any(certificate.serial in a.serials for a, _ in current):
            return Verdict.UNSOUND
        return Verdict.SOUND if any(covers for _, covers in current) else Verdict.UNKNOWN

    def _of_issuer(self, certificate: Certificate) -> tuple[tuple[_List, bool], ...]:
        known = self._by_fingerprint
        found = known.get(certificate.fingerprint)
        if found is None:
            found = tuple((a, a.covers(certificate)) for a in self.lists if a.issuer == certificate.x509.issuer)
            if len(known) < KNOWN_MOST:
                known[certificate.fingerprint] = found
            if self.notice is not None:
                self.notice(certificate)
        return found

    def ends(self) -> tuple[dt.datetime, ...]:
        """Until when each issuer's and scope's newest list holds, the nearest end first."""
        newest: dict[object, dt.datetime] = {}
        for one in self.lists:
            of = (one.issuer, one.points, one.of_users, one.of_authorities)
            newest[of] = max(one.next_update, newest.get(of, one.next_update))
        return tuple(sorted(newest.values()))

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


def _understood(crl: x509.CertificateRevocationList) -> str:
    """Why a list is not taken, by name: it is a delta, indirect, of some reasons only, or has a critical extension that is not known here.
    "" where it is wholly understood."""
    for extension in crl.extensions:
        value = extension.value
        if isinstance(value, x509.DeltaCRLIndicator):
            return DELTA
        if isinstance(value, x509.IssuingDistributionPoint):
            if value.indirect_crl or value.only_contains_attribute_certs or value.only_some_reasons or value.relative_name:
                return PARTIAL
        elif extension.critical and not isinstance(value, _UNDERSTOOD):
            return UNKNOWN_EXTENSION
    return UNKNOWN_EXTENSION if any(e.critical for revoked in crl for e in revoked.extensions) else ""


def _scope(crl: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    return next((e.value for e in crl.extensions if isinstance(e.value, x509.IssuingDistributionPoint)), None)


def _number(crl: x509.CertificateRevocationList) -> int | None:
    return next((e.value.crl_number for e in crl.extensions if isinstance(e.value, x509.CRLNumber)), None)


def _checked(crl: x509.CertificateRevocationList, authorities: Sequence[Certificate]) -> _List:
    """Raises `Unreadable`, or one of UNREADABLE, where the list cannot be relied on."""
    if crl.next_update_utc is None:
        raise Unreadable("The revocation list does not say until when it holds.", UNDATED)
    if not any(authority.x509.subject == crl.issuer for authority in authorities):
        raise Unreadable("The revocation list is of an issuer that is no authority of ours.", FOREIGN)
    if not isinstance(crl.signature_hash_algorithm, HASHES) or not _key_of(crl.issuer, authorities, crl):
        raise Unreadable("The revocation list is not signed by its issuer as it should be.", UNSIGNED)
    why = _understood(crl)
    if why:
        raise Unreadable("The revocation list is of a kind that is not used here.", why)
    scope = _scope(crl)
    points = frozenset(scope.full_name) if scope is not None and scope.full_name else None
    return _List(
        crl.issuer,
        crl.last_update_utc,
        crl.next_update_utc,
        frozenset(revoked.serial_number for revoked in crl),
        _number(crl),
        points,
        scope is None or not scope.only_contains_ca_certs,
        scope is None or not scope.only_contains_user_certs,
    )


def _read_one(crl: x509.CertificateRevocationList, authorities: Sequence[Certificate]) -> _List | None:
    try:
        return _checked(crl, authorities)
    except (Unreadable, *UNREADABLE):
        return None


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Published:
    """A list that may be kept: `place` names what it is the list of (issuer and scope, 64 hexadecimal digits), `data` its DER."""

    place: str
    data: bytes
    this_update: dt.datetime
    next_update: dt.datetime
    number: int | None
    revoked: int

    def older(self, kept: Published) -> bool:
        """Whether it was published before the one that is kept."""
        numbered = self.number is not None and kept.number is not None and self.number < kept.number
        return numbered or self.this_update < kept.this_update


def published(data: bytes, authorities: Sequence[Certificate], now: dt.datetime | None) -> Published:
    """The one list of a file, PEM or DER, if it is current (`now` None: whatever its dates) and can be relied on. Raises `Unreadable` or
    `TooLarge`, whose code says why."""
    if len(data) > CRL_MOST:
        raise TooLarge(f"The revocation list has more than {CRL_MOST} bytes.")
    blocks = _PEM.findall(data)
    if len(blocks) > 1:
        raise Unreadable("The file holds several revocation lists.", UNREADABLE_LIST)
    try:
        crl = x509.load_pem_x509_crl(blocks[0]) if blocks else x509.load_der_x509_crl(data)
        one = _checked(crl, authorities)
        scope = _scope(crl)
        der = crl.public_bytes(serialization.Encoding.DER)
        of = crl.issuer.public_bytes() + (scope.public_bytes() if scope is not None else b"")
    except UNREADABLE:
        raise Unreadable("The file is no revocation list that can be read.", UNREADABLE_LIST) from None
    if now is not None and one.next_update <= now:
        raise Unreadable("The revocation list has ended.", ENDED)
    if now is not None and one.this_update - SKEW > now:
        raise Unreadable("The revocation list is of the future.", EARLY)
    return Published(hashlib.sha256(of).hexdigest(), der, one.this_update, one.next_update, one.number, len(one.serials))


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
