"""Subjects as multisets, and what an examination finds."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.crypto import certificates, demo_pki
from vaguemestre.crypto.certificates import Certificate, Finding
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
CA = demo_pki.make_ca(NOW)
AUTHORITIES = certificates.read_pem(CA.certificate)
DAY = dt.timedelta(days=1)


def made(pem: bytes) -> Certificate:
    return certificates.read_pem(pem)[0]


def test_parse_as_the_list_writes_it() -> None:
    assert certificates.parse_dn("CN=mx.hopital.example,OU=399990000000000,O=CH DE L'EXEMPLE,ST=Haute-Garonne (31),C=FR") == [
        ("2.5.4.3", "mx.hopital.example"),
        ("2.5.4.11", "399990000000000"),
        ("2.5.4.10", "CH DE L'EXEMPLE"),
        ("2.5.4.8", "Haute-Garonne (31)"),
        ("2.5.4.6", "FR"),
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (r"CN=a,O=X\, Y", ["a", "X, Y"]),
        ("CN=a,O=X, Y", ["a", "X, Y"]),
        ("CN=a, O=X, Y, C=FR", ["a", "X, Y", "FR"]),
        ('CN=a,O="X, Y",C=FR', ["a", "X, Y", "FR"]),
        (r"O=H\C3\B4pital", ["Hôpital"]),
        ("O=Hôpital", ["Hôpital"]),
        (r"O=A \+ B", ["A + B"]),
        ("O=A + B", ["A + B"]),
        ("CN=a+OU=b,O=c", ["a", "b", "c"]),
        (r"O=\ A\ ,C=FR", [" A ", "FR"]),
        (r"O=A\=B", ["A=B"]),
        ("O=A=B", ["A=B"]),
        ("O=#0C0548C3B4746C", ["Hôtl"]),
        ("2.5.4.10=A,OID.2.5.4.3=b", ["A", "b"]),
        (r"O=A\\,CN=b", ["A\\", "b"]),
        ("O=A;B", ["A;B"]),
    ],
)
def test_values(text: str, values: list[str]) -> None:
    assert [value for _, value in certificates.parse_dn(text)] == values


@pytest.mark.parametrize(
    "other",
    [
        "C=FR,O=CH de l'Été,CN=mx.hopital.example",
        "c = fr , o = ch  de l'ÉTÉ , cn = MX.HOPITAL.EXAMPLE",
        "C=FR+O=CH de l'Été+CN=mx.hopital.example",
        "CN=mx.hopital.example,O=CH de l'E\u0301te\u0301,C=FR",
        "2.5.4.3=mx.hopital.example,2.5.4.10=CH de l'Été,2.5.4.6=FR",
        r"CN=mx.hopital.example,O=CH de l'\C3\89t\C3\A9,C=FR",
        "CN=mx.hopital.example,O=CH de l'Été\u00a0,C=FR",
    ],
)
def test_same_subject(other: str) -> None:
    assert certificates.dn_key(other) == certificates.dn_key("CN=mx.hopital.example,O=CH de l'Été,C=FR")


@pytest.mark.parametrize(
    "other",
    [
        "CN=mx.hopital.example,O=CH de l'Été",
        "CN=mx.hopital.example,O=CH de l'Été,C=FR,C=FR",
        "CN=mx.hopital.example,O=CH de l'Ete,C=FR",
        "CN=CH de l'Été,O=mx.hopital.example,C=FR",
        "CN=mx.hopital.example,O=CH del'Été,C=FR",
        "CN=mx.hopital.example,OU=CH de l'Été,C=FR",
    ],
)
def test_other_subject(other: str) -> None:
    assert certificates.dn_key(other) != certificates.dn_key("CN=mx.hopital.example,O=CH de l'Été,C=FR")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CN",
        "CN=",
        "CN= ,C=FR",
        "=a",
        "XX=a",
        "/C=FR/CN=a",
        "CN=a\\",
        "O=#zz",
        "O=#0C05",
        'O="a',
        'O="a"b',
        r"O=\C3",
        "CN=\ud800",
    ],
)
def test_no_subject(text: str) -> None:
    with pytest.raises(Unreadable):
        certificates.dn_key(text)


def test_a_long_subject_is_refused() -> None:
    with pytest.raises(TooLarge):
        certificates.dn_key("CN=" + "a" * 5000)


TYPES = st.sampled_from(
    [NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.STATE_OR_PROVINCE_NAME, NameOID.SURNAME]
)
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20).filter(lambda v: v.strip() != "")


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.tuples(TYPES, VALUES), min_size=1, max_size=5))
def test_text_and_der_of_one_subject_agree(attributes: list[tuple[ObjectIdentifier, str]]) -> None:
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    text = name.rfc4514_string({NameOID.SURNAME: "SN"})
    assert certificates.dn_key(text) == certificates._key((a.oid.dotted_string, str(a.value)) for a in name)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=60), st.text(alphabet='CNO=,+\\"# aé0C;', max_size=30).map(lambda t: "CN=" + t)))
def test_only_faults_escape_from_a_subject(text: str) -> None:
    try:
        assert len(certificates.dn_key(text)) == 64
    except Fault:
        pass


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.integers(0, 10_000), st.integers(0, 255), st.integers(0, 400))
def test_only_faults_escape_from_a_damaged_certificate(place: int, value: int, cut: int) -> None:
    der = bytearray(made(CA.certificate).x509.public_bytes(serialization.Encoding.DER))
    der[place % len(der)] = value
    damaged = bytes(der[: len(der) - cut]) if cut < 100 else bytes(der)
    try:
        certificates.examine(certificates.read(damaged), AUTHORITIES, NOW)
    except Fault:
        pass


def test_an_issued_certificate() -> None:
    issued = demo_pki.issue(CA, NOW, "mx.hopital.example", organization="CH de l'Été")
    read = made(issued.certificate)
    assert read.key == certificates.dn_key("C=FR,O=CH de l'Été,CN=mx.hopital.example")
    assert read.key == certificates.dn_key(read.subject) == certificates.dn_key(demo_pki.subject_of(issued.certificate))
    assert read.serial == demo_pki.serial_of(issued.certificate)
    assert read.fingerprint == read.x509.fingerprint(hashes.SHA256()).hex()
    assert certificates.examine(read, AUTHORITIES, NOW) is Finding.SOUND
    assert certificates.examine(read, AUTHORITIES, read.not_after) is Finding.SOUND
    assert certificates.examine(read, AUTHORITIES, read.not_after + dt.timedelta(seconds=1)) is Finding.EXPIRED
    assert certificates.examine(read, AUTHORITIES, read.not_before - dt.timedelta(seconds=1)) is Finding.NOT_YET_VALID
    assert repr(read) == f"<Certificate {read.fingerprint[:16]}>"
    assert certificates.read(read.x509.public_bytes(serialization.Encoding.DER)) == read


def test_another_authority_of_the_same_name() -> None:
    other = demo_pki.make_ca(NOW)
    issued = made(demo_pki.issue(other, NOW, "mx.hopital.example").certificate)
    assert certificates.examine(issued, AUTHORITIES, NOW) is Finding.UNTRUSTED
    assert certificates.examine(issued, (*AUTHORITIES, *certificates.read_pem(other.certificate)), NOW) is Finding.SOUND
    assert certificates.examine(issued, (), NOW) is Finding.UNTRUSTED


def test_an_expired_authority() -> None:
    old = demo_pki.make_ca(NOW - 20 * DAY, life=10 * DAY)
    issued = made(demo_pki.issue(old, NOW, "mx.hopital.example").certificate)
    assert certificates.examine(issued, certificates.read_pem(old.certificate), NOW) is Finding.UNTRUSTED


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def build(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *extensions: x509.ExtensionType,
) -> Certificate:
    builder = x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), 7, NOW - DAY, NOW + DAY)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return made(builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


ROOT_KEY, MIDDLE_KEY, LEAF_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
IS_CA = x509.BasicConstraints(ca=True, path_length=None)
ROOT = build("root", "root", ROOT_KEY, ROOT_KEY, IS_CA)
MIDDLE = build("middle", "root", MIDDLE_KEY, ROOT_KEY, IS_CA)


def test_a_chain_of_two_authorities() -> None:
    leaf = build("leaf", "middle", LEAF_KEY, MIDDLE_KEY)
    assert certificates.examine(leaf, (MIDDLE, ROOT), NOW) is Finding.SOUND
    assert [c.subject for c in certificates.issuers(leaf, (ROOT, MIDDLE))] == ["CN=middle", "CN=root"]
    assert certificates.examine(leaf, (MIDDLE,), NOW) is Finding.UNTRUSTED
    assert certificates.examine(leaf, (ROOT,), NOW) is Finding.UNTRUSTED


def test_a_leaf_does_not_issue() -> None:
    leaf = build("leaf", "root", LEAF_KEY, ROOT_KEY)
    below = build("below", "leaf", MIDDLE_KEY, LEAF_KEY)
    assert certificates.examine(below, (ROOT, leaf), NOW) is Finding.UNTRUSTED


def test_authorities_in_a_circle() -> None:
    one = build("one", "two", MIDDLE_KEY, LEAF_KEY, IS_CA)
    two = build("two", "one", LEAF_KEY, MIDDLE_KEY, IS_CA)
    leaf = build("leaf", "one", ROOT_KEY, MIDDLE_KEY)
    assert certificates.examine(leaf, (one, two), NOW) is Finding.UNTRUSTED


@pytest.mark.parametrize(
    ("extension", "finding"),
    [
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), Finding.SOUND),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), Finding.SOUND),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), Finding.WRONG_USAGE),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), Finding.WRONG_USAGE),
        (IS_CA, Finding.WRONG_USAGE),
        (demo_pki._usage(signature=False, authority=True), Finding.WRONG_USAGE),
        (demo_pki._usage(signature=True, authority=False), Finding.SOUND),
    ],
)
def test_usage(extension: x509.ExtensionType, finding: Finding) -> None:
    assert certificates.examine(build("leaf", "root", LEAF_KEY, ROOT_KEY, extension), (ROOT,), NOW) is finding


@pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_unreadable_files(data: bytes) -> None:
    with pytest.raises(Unreadable):
        certificates.read_pem(data)
    with pytest.raises(Unreadable):
        certificates.read(data)


def test_large_files() -> None:
    with pytest.raises(TooLarge):
        certificates.read(b"x" * 40_000)
    with pytest.raises(TooLarge):
        certificates.read_pem(b"x" * 3_000_000)
