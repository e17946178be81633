"""What is kept of the revocation lists under DIR/pki: the newest of each issuer and scope, whole, and nothing that cannot be relied on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.crypto.test_revocation import point
from vaguemestre.crypto import certificates, demo_pki
from vaguemestre.crypto.certificates import Certificate, Verdict
from vaguemestre.crypto.demo_pki import Issued
from vaguemestre.domain.fault import Fault
from vaguemestre.records.revocation_files import RevocationFiles

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
CA = demo_pki.make_ca(NOW, "Autorité une")
SECOND = demo_pki.make_ca(NOW, "Autorité deux")
URL = "http://crl.example/1.crl"


def peer(ca: Issued = CA, host: str = "mx.hopital.example", points: tuple[str, ...] = ()) -> Certificate:
    """A certificate that names distribution points."""
    issued = demo_pki.issue(ca, NOW, host)
    if not points:
        return certificates.read_pem(issued.certificate)[0]
    model = x509.load_pem_x509_certificate(issued.certificate)
    authority, key = demo_pki._load(ca)
    builder = x509.CertificateBuilder(authority.subject, model.subject, model.public_key(), model.serial_number, NOW - DAY, NOW + 100 * DAY)
    named = [x509.DistributionPoint([x509.UniformResourceIdentifier(one)], None, None, None) for one in points]
    made = builder.add_extension(x509.CRLDistributionPoints(named), critical=False).sign(key, hashes.SHA256())
    return certificates.read(made.public_bytes(serialization.Encoding.DER))


def crl(ca: Issued = CA, serials: tuple[int, ...] = (), begins: dt.datetime = NOW, ends: dt.datetime = NOW + DAY, **more: object) -> bytes:
    """DER of a list; `points`, `number`, `delta`, `users`, `authorities` as extensions."""
    authority, key = demo_pki._load(ca)
    builder = x509.CertificateRevocationListBuilder(authority.subject, begins, ends)
    number = more.get("number")
    if isinstance(number, int):
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    if more.get("delta"):
        builder = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    scope = {"only_contains_user_certs": bool(more.get("users")), "only_contains_ca_certs": bool(more.get("authorities"))}
    names = more.get("points")
    if isinstance(names, tuple):
        scope["full_name"] = [x509.UniformResourceIdentifier(one) for one in names]  # type: ignore[assignment]
    if any(scope.values()):
        builder = builder.add_extension(point(**scope), critical=True)
    for serial in serials:
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(begins).build())
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@pytest.fixture
def files(tmp_path: Path) -> RevocationFiles:
    (tmp_path / "ca.pem").write_bytes(CA.certificate + SECOND.certificate)
    return RevocationFiles(tmp_path)


def test_kept_and_known_at_once(files: RevocationFiles, tmp_path: Path) -> None:
    one = peer()
    assert files.current().verdict(one, NOW) is Verdict.UNKNOWN
    files.keep(crl(), NOW)
    assert files.current().verdict(one, NOW) is Verdict.SOUND
    files.keep(crl(serials=(one.serial,), begins=NOW + dt.timedelta(minutes=1)), NOW)
    assert files.current().verdict(one, NOW) is Verdict.UNSOUND
    assert len(list((tmp_path / "crl.d").iterdir())) == 1
    assert RevocationFiles(tmp_path).current().verdict(one, NOW) is Verdict.UNSOUND, "another process"


def test_several_issuers(files: RevocationFiles, tmp_path: Path) -> None:
    first, second = peer(), peer(SECOND)
    files.keep(crl(serials=(first.serial,)), NOW)
    assert files.current().verdict(second, NOW) is Verdict.UNKNOWN
    files.keep(crl(SECOND), NOW)
    assert (files.current().verdict(first, NOW), files.current().verdict(second, NOW)) == (Verdict.UNSOUND, Verdict.SOUND)
    assert len(list((tmp_path / "crl.d").iterdir())) == 2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html>", "crl-unreadable"),
        (b"", "crl-unreadable"),
        (crl()[:-1], "crl-unreadable"),
        (crl()[:-1] + bytes([crl()[-1] ^ 1]), "crl-badly-signed"),
        (crl(demo_pki.make_ca(NOW, "Autorité une")), "crl-badly-signed"),
        (crl(demo_pki.make_ca(NOW, "Inconnue")), "crl-issuer-unknown"),
        (crl(delta=True), "crl-delta"),
        (crl(begins=NOW - 3 * DAY, ends=NOW), "crl-ended"),
        (crl(begins=NOW + DAY, ends=NOW + 2 * DAY), "crl-of-tomorrow"),
        (crl(begins=NOW - 2 * DAY), "crl-older"),
        (crl(begins=NOW, number=4), "crl-older"),
        (demo_pki.make_crl(CA, NOW) * 2, "crl-unreadable"),
    ],
)
def test_refused_by_name_and_the_kept_one_stays(files: RevocationFiles, tmp_path: Path, data: bytes, code: str) -> None:
    one = peer()
    files.keep(crl(serials=(one.serial,), begins=NOW - DAY, number=5), NOW)
    [path] = (tmp_path / "crl.d").iterdir()
    before = path.read_bytes()
    with pytest.raises(Fault) as caught:
        files.keep(data, NOW)
    assert caught.value.code == code
    assert [(p, p.read_bytes()) for p in (tmp_path / "crl.d").iterdir()] == [(path, before)]
    assert files.current().verdict(one, NOW) is Verdict.UNSOUND


def test_a_list_of_one_distribution_point_covers_those_that_name_it(files: RevocationFiles) -> None:
    named, other, silent = peer(points=(URL,)), peer(host="b.example", points=("http://crl.example/2.crl",)), peer(host="c.example")
    files.keep(crl(points=(URL, "ldap://crl.example/1")), NOW)
    found = [files.current().verdict(one, NOW) for one in (named, other, silent)]
    assert found == [Verdict.SOUND, Verdict.UNKNOWN, Verdict.UNKNOWN]
    files.keep(crl(points=("http://crl.example/2.crl",), serials=(silent.serial,)), NOW)
    found = [files.current().verdict(one, NOW) for one in (named, other, silent)]
    assert found == [Verdict.SOUND, Verdict.SOUND, Verdict.UNSOUND], "who is named as revoked is, whatever the list covers"


def test_lists_of_users_and_of_authorities_alone(files: RevocationFiles) -> None:
    user, authority = peer(), certificates.read_pem(CA.certificate)[0]
    files.keep(crl(authorities=True), NOW)
    assert (files.current().verdict(user, NOW), files.current().verdict(authority, NOW)) == (Verdict.UNKNOWN, Verdict.SOUND)
    files.keep(crl(users=True), NOW)
    assert files.current().verdict(user, NOW) is Verdict.SOUND


def test_a_point_for_some_reasons_or_of_another_issuer_is_not_the_whole() -> None:
    from vaguemestre.crypto import revocation

    authority, key = demo_pki._load(CA)
    name = [x509.UniformResourceIdentifier(URL)]
    partial = [
        x509.DistributionPoint(name, None, frozenset({x509.ReasonFlags.key_compromise}), None),
        x509.DistributionPoint(name, None, None, [x509.DirectoryName(authority.subject)]),
    ]
    builder = x509.CertificateBuilder(authority.subject, authority.subject, key.public_key(), 77, NOW - DAY, NOW + DAY)
    made = builder.add_extension(x509.CRLDistributionPoints(partial), critical=False).sign(key, hashes.SHA256())
    one = certificates.read(made.public_bytes(serialization.Encoding.DER))
    lists = revocation.read(crl(points=(URL,)), certificates.read_pem(CA.certificate))
    assert len(lists.lists) == 1
    assert lists.verdict(one, NOW) is Verdict.UNKNOWN
    assert revocation.addresses(one) == ()


def test_a_damaged_kept_list_is_unknown_and_replaced(files: RevocationFiles, tmp_path: Path) -> None:
    one = peer()
    files.keep(crl(), NOW)
    [path] = (tmp_path / "crl.d").iterdir()
    path.write_bytes(b"damaged")
    assert RevocationFiles(tmp_path).current().verdict(one, NOW) is Verdict.UNKNOWN
    files.keep(crl(begins=NOW - DAY), NOW)
    assert files.current().verdict(one, NOW) is Verdict.SOUND


def test_another_authority_is_seen_at_once(files: RevocationFiles, tmp_path: Path) -> None:
    one = peer()
    files.keep(crl(), NOW)
    assert files.current().verdict(one, NOW) is Verdict.SOUND
    (tmp_path / "ca.pem").write_bytes(SECOND.certificate)
    assert files.current().verdict(one, NOW) is Verdict.UNKNOWN
    (tmp_path / "ca.pem").unlink()
    assert files.current().verdict(one, NOW) is Verdict.UNKNOWN


def test_certificates_met_are_put_down_once_and_only_where_wanted(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(CA.certificate)
    one = peer(points=(URL,))
    RevocationFiles(tmp_path).current().verdict(one, NOW)
    assert not (tmp_path / "seen.d").exists()
    noticing = RevocationFiles(tmp_path, notices=True)
    for _ in range(2):
        noticing.current().verdict(one, NOW)
    assert noticing.seen() == [one]
    assert [path.name for path in (tmp_path / "seen.d").iterdir()] == [f"{one.fingerprint}.der"]


def test_the_end_that_counts_is_of_the_newest_list(files: RevocationFiles, tmp_path: Path) -> None:
    (tmp_path / "crl.pem").write_bytes(demo_pki.make_crl(CA, NOW, next_update=NOW + DAY))
    files.keep(crl(ends=NOW + 5 * DAY), NOW)
    files.keep(crl(SECOND, ends=NOW + 7 * DAY), NOW)
    assert files.current().ends() == (NOW + 5 * DAY, NOW + 7 * DAY)
    assert len(files.current().lists) == 3
