"""The PKI of profile `demo`: a CA, certificates of operators, a revocation list. Pure: PEM bytes in and out, `now` given.

Never for profile `mssante`, whose certificates are the IGC Santé's. Keys are ECDSA P-256; a certificate serves both sides of a
connection between operators (serverAuth and clientAuth), as mssante.md 1.3 has it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vaguemestre.domain.fault import Unreadable

CA_LIFE = dt.timedelta(days=3650)
PEER_LIFE = dt.timedelta(days=1095)
"""mssante.md 1.3: certificates live three years."""
CRL_LIFE = dt.timedelta(days=365)
BEFORE = dt.timedelta(minutes=10)
"""Valid from a little before now: clocks differ."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """PEM of a certificate and its private key (PKCS #8, not encrypted)."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "<Issued>"


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _load(ca: Issued) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate(ca.certificate)
        key = serialization.load_pem_private_key(ca.key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unreadable("The demo CA's certificate or key cannot be read.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Unreadable("The demo CA's key is no elliptic curve key.")
    return certificate, key


def _usage(signature: bool, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def make_ca(now: dt.datetime, name: str = "Vaguemestre demo CA", life: dt.timedelta = CA_LIFE) -> Issued:
    """A new self-signed authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Vaguemestre demo"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signature=False, authority=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Issued(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key))


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def issue(
    ca: Issued,
    now: dt.datetime,
    host: str,
    organization: str = "Vaguemestre demo",
    names: Iterable[str] = (),
    life: dt.timedelta = PEER_LIFE,
    not_before: dt.datetime | None = None,
) -> Issued:
    """A certificate of an operator, with subject `CN=<host>,O=<organization>,C=FR`; SAN: `host` and `names` (DNS in ASCII, or IP)."""
    authority, authority_key = _load(ca)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, host[:64]),
        ]
    )
    begins = not_before if not_before is not None else now - BEFORE
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signature=True, authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(n) for n in dict.fromkeys((host, *names))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return Issued(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key))


def subject_of(certificate: bytes) -> str:
    """The subject of a PEM certificate as text (RFC 4514), as the trust list writes it."""
    return x509.load_pem_x509_certificate(certificate).subject.rfc4514_string()


def serial_of(certificate: bytes) -> int:
    """The serial number of a PEM certificate, for `make_crl`."""
    return x509.load_pem_x509_certificate(certificate).serial_number


def revoked_serials(crl: bytes) -> frozenset[int]:
    """The serial numbers that a PEM revocation list names, to make the next one from."""
    try:
        return frozenset(r.serial_number for r in x509.load_pem_x509_crl(crl))
    except (ValueError, TypeError):
        raise Unreadable("The revocation list cannot be read.") from None


def make_crl(
    ca: Issued,
    now: dt.datetime,
    serials: Iterable[int] = (),
    next_update: dt.datetime | None = None,
    this_update: dt.datetime | None = None,
) -> bytes:
    """PEM of a revocation list of the CA, in force from `this_update` (a little before now) to `next_update` (a year on)."""
    authority, key = _load(ca)
    begins = this_update if this_update is not None else now - BEFORE
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.subject)
        .last_update(begins)
        .next_update(next_update if next_update is not None else now + CRL_LIFE)
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    for serial in sorted(set(serials)):
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(begins).build())
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
