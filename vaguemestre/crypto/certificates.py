"""Certificates of operators: subject, dates, usage and chain (RFC 5280), and subjects written as text (RFC 4514).

The trust list names a certificate by its subject as text, the handshake gives it as DER. Both become the same multiset of
(attribute type, value), values NFC, case-folded, blanks folded (mssante.md 1.3, 1.4): order, case and spelling of the text never
decide. TLS verifies the chain as well; it is verified again here because a resumed connection shows no chain.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from vaguemestre.domain.fault import TooLarge, Unreadable

CERTIFICATE_MOST = 32_768
"""Bytes of one certificate."""
NAME_MOST = 4_000
"""Characters of a subject written as text."""
CHAIN_MOST = 8
Attributes = list[tuple[str, str]]
"""(attribute type as a dotted OID, value)."""

_OIDS = {
    "CN": "2.5.4.3",
    "SN": "2.5.4.4",
    "SURNAME": "2.5.4.4",
    "SERIALNUMBER": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "S": "2.5.4.8",
    "STREET": "2.5.4.9",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "T": "2.5.4.12",
    "TITLE": "2.5.4.12",
    "POSTALCODE": "2.5.4.17",
    "GN": "2.5.4.42",
    "GIVENNAME": "2.5.4.42",
    "ORGANIZATIONIDENTIFIER": "2.5.4.97",
    "UID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
    "E": "1.2.840.113549.1.9.1",
    "EMAIL": "1.2.840.113549.1.9.1",
    "EMAILADDRESS": "1.2.840.113549.1.9.1",
}
_TYPE = re.compile(r"\s*(?:([A-Za-z][A-Za-z0-9-]*)|(?:[oO][iI][dD]\.)?(\d+(?:\.\d+)+))\s*=\s*")
HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
"""What a signature may be made over, of a certificate or of a revocation list."""
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises of a certificate or a list that it cannot read."""


class Verdict(enum.Enum):
    """A check that could not run is UNKNOWN, and UNKNOWN is never SOUND (promise 3)."""

    SOUND = "sound"
    UNSOUND = "unsound"
    UNKNOWN = "unknown"


class Use(enum.Enum):
    """What the holder of a certificate is in a TLS connection, and the extended use that its certificate must allow."""

    CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
    SERVER = ExtendedKeyUsageOID.SERVER_AUTH


class Finding(enum.Enum):
    """What an examination of a certificate found; the values are the reasons of `protocols.replies`."""

    SOUND = "sound"
    EXPIRED = "certificate-expired"
    NOT_YET_VALID = "certificate-not-yet-valid"
    WRONG_USAGE = "certificate-usage"
    UNTRUSTED = "certificate-untrusted"


def _folded(value: str) -> str:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())
    return " ".join(folded.split())


def _key(attributes: Iterable[tuple[str, str]]) -> str:
    canonical = sorted((oid, _folded(value)) for oid, value in attributes)
    return hashlib.sha256(json.dumps(canonical, ensure_ascii=True).encode("ascii")).hexdigest()


def dn_key(dn: str) -> str:
    """64 hexadecimal digits that two texts of the same subject share. Raises `Unreadable` or `TooLarge`."""
    return _key(parse_dn(dn))


def _attribute_type(text: str, at: int) -> tuple[str, int] | None:
    """The attribute type that begins at `at`, up to its `=`, and where its value begins; None where there is none."""
    found = _TYPE.match(text, at)
    if found is None:
        return None
    word, oid = found.groups()
    if word is not None:
        oid = _OIDS.get(word.upper())
    return (oid, found.end()) if oid is not None else None


def _from_ber(digits: str) -> str:
    """`#04024869`: the BER value of RFC 4514 section 2.4, for the string types."""
    try:
        raw = bytes.fromhex(digits)
        encoding = {0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}[
            raw[0]
        ]
        if raw[1] < 0x80:
            start, length = 2, raw[1]
        else:
            start = 2 + (raw[1] & 0x7F)
            length = int.from_bytes(raw[2:start], "big")
        if len(raw) != start + length:
            raise ValueError
        return raw[start:].decode(encoding)
    except (ValueError, IndexError, KeyError):
        raise Unreadable("A subject has a hexadecimal value that is no string.") from None


def _value(text: str, at: int) -> tuple[str, int]:
    """The value that begins at `at`, unescaped, and where its separator stands (or the end).

    A comma or plus that no known attribute type follows belongs to the value: lists are written by hand.
    """
    if text.startswith("#", at):
        end = next((i for i in range(at, len(text)) if text[i] in ",+"), len(text))
        return _from_ber(text[at + 1 : end].strip()), end
    if text.startswith('"', at):
        return _quoted(text, at)
    raw = bytearray()
    kept = 0  # bytes of `raw` that trailing blanks may not be stripped from
    i = at
    while i < len(text):
        c = text[i]
        if c == "\\":
            pair = text[i + 1 : i + 3]
            if re.fullmatch(r"[0-9A-Fa-f]{2}", pair):
                raw.append(int(pair, 16))
                i += 3
            elif i + 1 < len(text):
                raw += text[i + 1].encode("utf-8")
                i += 2
            else:
                raise Unreadable("A subject ends in a backslash.")
            kept = len(raw)
            continue
        if c in ",+" and (_attribute_type(text, i + 1) is not None):
            break
        raw += c.encode("utf-8")
        i += 1
    value = bytes(raw[:kept]) + bytes(raw[kept:]).rstrip()
    try:
        return value.decode("utf-8"), i
    except UnicodeDecodeError:
        raise Unreadable("A subject has escaped bytes that are no UTF-8.") from None


def _quoted(text: str, at: int) -> tuple[str, int]:
    """A value in double quotes, as RFC 2253 allowed."""
    out: list[str] = []
    i = at + 1
    while i < len(text) and text[i] != '"':
        if text[i] == "\\" and i + 1 < len(text):
            i += 1
        out.append(text[i])
        i += 1
    rest = re.match(r"\s*", text[i + 1 :])
    end = i + 1 + (rest.end() if rest else 0)
    if i >= len(text) or (end < len(text) and text[end] not in ",+"):
        raise Unreadable("A subject has quotes without their end.")
    return "".join(out), end


def parse_dn(dn: str) -> Attributes:
    """The attributes of a subject written as text, in its order. Raises `Unreadable` or `TooLarge`."""
    if len(dn) > NAME_MOST:
        raise TooLarge(f"A subject has more than {NAME_MOST} characters.")
    try:
        dn.encode("utf-8")
    except UnicodeEncodeError:
        raise Unreadable("A subject has characters that are no text.") from None
    attributes: Attributes = []
    at = 0
    while True:
        begun = _attribute_type(dn, at)
        if begun is None:
            raise Unreadable("A subject is not a list of attribute types and values.")
        value, at = _value(dn, begun[1])
        if not value.strip():
            raise Unreadable("A subject has an attribute without value.")
        attributes.append((begun[0], value))
        if at >= len(dn):
            return attributes
        at += 1


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """A certificate read. `subject` as text for traces; `fingerprint` SHA-256 of the DER in hexadecimal, which is what two are compared
    by; dates aware, UTC."""

    fingerprint: str
    subject: str = dataclasses.field(compare=False)
    key: str = dataclasses.field(compare=False)
    serial: int = dataclasses.field(compare=False)
    not_before: dt.datetime = dataclasses.field(compare=False)
    not_after: dt.datetime = dataclasses.field(compare=False)
    x509: x509.Certificate = dataclasses.field(compare=False)

    def __repr__(self) -> str:
        return f"<Certificate {self.fingerprint[:16]}>"


def _attributes(name: x509.Name) -> Attributes:
    return [(a.oid.dotted_string, a.value if isinstance(a.value, str) else a.value.hex()) for a in name]


def _made(certificate: x509.Certificate) -> Certificate:
    # The library reads fields when they are asked for: what is used later is asked for now, inside the caller's net.
    if not list(certificate.issuer) or certificate.version is not x509.Version.v3:
        raise ValueError
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        key=_key(_attributes(certificate.subject)),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        serial=certificate.serial_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        x509=certificate,
    )


@functools.lru_cache(maxsize=512)
def read(der: bytes) -> Certificate:
    """A certificate from DER. Raises `Unreadable` or `TooLarge`."""
    if len(der) > CERTIFICATE_MOST:
        raise TooLarge(f"A certificate has more than {CERTIFICATE_MOST} bytes.")
    try:
        return _made(x509.load_der_x509_certificate(der))
    except UNREADABLE:
        raise Unreadable("A certificate cannot be read.") from None


def read_pem(pem: bytes) -> tuple[Certificate, ...]:
    """Every certificate of a PEM file, at least one. Raises `Unreadable` or `TooLarge`."""
    if len(pem) > 64 * CERTIFICATE_MOST:
        raise TooLarge("A file of certificates is too large.")
    try:
        return tuple(_made(c) for c in x509.load_pem_x509_certificates(pem))
    except UNREADABLE:
        raise Unreadable("A file of certificates cannot be read.") from None


@functools.lru_cache(maxsize=512)
def _usage(certificate: Certificate, use: Use) -> Finding:
    """A leaf may speak for this end of TLS: no CA, digitalSignature, clientAuth or serverAuth (RFC 5280 4.2.1.3, .9, .12), each where
    present."""
    try:
        for extension in certificate.x509.extensions:
            match extension.value:
                case x509.BasicConstraints(ca=True):
                    return Finding.WRONG_USAGE
                case x509.KeyUsage(digital_signature=False):
                    return Finding.WRONG_USAGE
                case x509.ExtendedKeyUsage() as uses:
                    if not {use.value, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(uses):
                        return Finding.WRONG_USAGE
    except UNREADABLE:
        return Finding.WRONG_USAGE
    return Finding.SOUND


def _dates(certificate: Certificate, now: dt.datetime) -> Finding:
    if now < certificate.not_before:
        return Finding.NOT_YET_VALID
    return Finding.EXPIRED if now > certificate.not_after else Finding.SOUND


def signs(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether this authority, being one, signed this certificate with a hash of today."""
    try:
        constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not constraints.ca:
            return False
        for extension in authority.extensions:
            if isinstance(extension.value, x509.KeyUsage) and not extension.value.key_cert_sign:
                return False
        algorithm = certificate.signature_hash_algorithm
        if algorithm is not None and not isinstance(algorithm, HASHES):
            return False
        certificate.verify_directly_issued_by(authority)
    except (*UNREADABLE, x509.ExtensionNotFound, InvalidSignature):
        return False
    return True


@functools.lru_cache(maxsize=512)
def _issuers(certificate: Certificate, authorities: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
    """The authorities above a certificate, up to one that is its own issuer; empty where the chain does not end so."""
    chain: list[Certificate] = []
    below = certificate
    while len(chain) < CHAIN_MOST:
        above = next((a for a in authorities if a not in chain and a.x509.subject == below.x509.issuer and signs(a.x509, below.x509)), None)
        if above is None:
            return ()
        chain.append(above)
        if above.x509.subject == above.x509.issuer:
            return tuple(chain)
        below = above
    return ()


def issuers(certificate: Certificate, authorities: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """The authorities that vouch for a certificate, nearest first; empty where it is of none of them."""
    return _issuers(certificate, tuple(authorities))


def examine(certificate: Certificate, authorities: Sequence[Certificate], now: dt.datetime, use: Use = Use.CLIENT) -> Finding:
    """Dates, usage and chain of a peer's certificate, those of its authorities included."""
    found = _dates(certificate, now)
    if found is not Finding.SOUND:
        return found
    chain = issuers(certificate, authorities)
    if not chain or any(_dates(a, now) is not Finding.SOUND for a in chain):
        return Finding.UNTRUSTED
    return _usage(certificate, use)
