"""Sound, unsound, and all the ways not to know."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.crypto import certificates, demo_pki, revocation
from vaguemestre.crypto.certificates import Verdict
from vaguemestre.crypto.revocation import Revocation

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
CA = demo_pki.make_ca(NOW)
AUTHORITIES = certificates.read_pem(CA.certificate)
PEER = certificates.read_pem(demo_pki.issue(CA, NOW, "mx.hopital.example").certificate)[0]
OTHER = certificates.read_pem(demo_pki.issue(CA, NOW, "mx.autre.example").certificate)[0]
DAY = dt.timedelta(days=1)


def verdict(pem: bytes, now: dt.datetime = NOW) -> Verdict:
    return revocation.read(pem, AUTHORITIES).verdict(PEER, now)


def test_a_current_list() -> None:
    assert verdict(demo_pki.make_crl(CA, NOW)) is Verdict.SOUND
    pem = demo_pki.make_crl(CA, NOW, [PEER.serial, 5])
    assert verdict(pem) is Verdict.UNSOUND
    assert revocation.read(pem, AUTHORITIES).verdict(OTHER, NOW) is Verdict.SOUND
    assert demo_pki.revoked_serials(pem) == {PEER.serial, 5}


def test_no_list() -> None:
    assert Revocation().verdict(PEER, NOW) is Verdict.UNKNOWN
    assert Revocation().next_update() is None
    for data in (b"", b"x", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", CA.certificate, b"\x30\x80"):
        assert verdict(data) is Verdict.UNKNOWN


def test_dates() -> None:
    pem = demo_pki.make_crl(CA, NOW, next_update=NOW + DAY)
    assert verdict(pem, NOW + DAY - dt.timedelta(seconds=1)) is Verdict.SOUND
    assert verdict(pem, NOW + DAY) is Verdict.UNKNOWN
    assert verdict(pem, NOW - DAY) is Verdict.UNKNOWN
    assert revocation.read(pem, AUTHORITIES).next_update() == NOW + DAY
    # An expired list is not believed even where it names the certificate: the answer is "later" as for any missing check.
    assert verdict(demo_pki.make_crl(CA, NOW, [PEER.serial], next_update=NOW + DAY), NOW + 2 * DAY) is Verdict.UNKNOWN


def test_another_authority_signed_it() -> None:
    other = demo_pki.make_ca(NOW)
    assert verdict(demo_pki.make_crl(other, NOW)) is Verdict.UNKNOWN
    assert revocation.read(demo_pki.make_crl(CA, NOW), ()).verdict(PEER, NOW) is Verdict.UNKNOWN


def test_several_lists_in_one_file() -> None:
    old = demo_pki.make_crl(CA, NOW, next_update=NOW + DAY)
    new = demo_pki.make_crl(CA, NOW, [PEER.serial], next_update=NOW + 9 * DAY)
    assert verdict(old + b"junk\n" + new) is Verdict.UNSOUND
    assert verdict(b"\n" + new + old) is Verdict.UNSOUND


def test_der() -> None:
    der = x509.load_pem_x509_crl(demo_pki.make_crl(CA, NOW)).public_bytes(serialization.Encoding.DER)
    assert verdict(der) is Verdict.SOUND


def built(*extensions: tuple[x509.ExtensionType, bool], entry: x509.ExtensionType | None = None) -> bytes:
    authority, key = demo_pki._load(CA)
    builder = x509.CertificateRevocationListBuilder(authority.subject, NOW - DAY, NOW + DAY)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    revoked = x509.RevokedCertificateBuilder().serial_number(5).revocation_date(NOW - DAY)
    if entry is not None:
        revoked = revoked.add_extension(entry, critical=True)
    return builder.add_revoked_certificate(revoked.build()).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def point(**given: object) -> x509.IssuingDistributionPoint:
    usual: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(usual | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pem", "expected"),
    [
        (built(), Verdict.SOUND),
        (built((point(only_contains_user_certs=True), True)), Verdict.SOUND),
        (built((point(indirect_crl=True), True)), Verdict.UNKNOWN),
        (built((point(only_contains_ca_certs=True), True)), Verdict.UNKNOWN),
        (built((point(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})), True)), Verdict.UNKNOWN),
        (built((point(full_name=[x509.UniformResourceIdentifier("http://crl.example/1")]), True)), Verdict.UNKNOWN),
        (built((x509.DeltaCRLIndicator(3), True)), Verdict.UNKNOWN),
        (built((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)), Verdict.UNKNOWN),
        (built((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False)), Verdict.SOUND),
        (built(entry=x509.CertificateIssuer([x509.DNSName("autre.example")])), Verdict.UNKNOWN),
    ],
)
def test_lists_that_are_not_wholly_understood(pem: bytes, expected: Verdict) -> None:
    assert verdict(pem) is expected


def test_an_authority_that_may_not_sign_lists() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "root")])
    usage = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, NOW - DAY, NOW + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    crl = x509.CertificateRevocationListBuilder(name, NOW - DAY, NOW + DAY).sign(key, hashes.SHA256())
    authority = certificates.read_pem(certificate.public_bytes(serialization.Encoding.PEM))
    assert revocation.read(crl.public_bytes(serialization.Encoding.PEM), authority).lists == ()


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_is_never_another_sound_list(place: int, change: int) -> None:
    """Signed bytes cannot be changed; the few that are not signed (the signature's own) make it invalid."""
    der = bytearray(x509.load_pem_x509_crl(demo_pki.make_crl(CA, NOW, [PEER.serial])).public_bytes(serialization.Encoding.DER))
    der[place % len(der)] ^= change
    assert revocation.read(bytes(der), AUTHORITIES).verdict(PEER, NOW) is not Verdict.SOUND
