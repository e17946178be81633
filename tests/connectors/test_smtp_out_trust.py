"""Whom the carrier gives mail to (mssante.md 1.3, 1.4; requirements 4, 6, 7, 8, 9, 11, 12, 21, outwards): whatever is wrong with a peer,
nothing of the message or of its envelope is said, and the message waits.

Mutations under which these tests fail: `smtp_client` going on to STARTTLS unasked, past a refusal, or past bytes behind the 220 (06);
`client_context` with CERT_NONE and `decide_hop` without `decide_peer`, without dates, use or revocation (07); `decide_hop` without its look
at the domain, `_refuses` asked once a connection only (08); `decide_domain` without the list (09) or its age (04); `_context` with a lower
`minimum_version` or without its suites (11); UNKNOWN taken for SOUND (12).
"""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.connectors.peers import DAY, HERE, NOW, THERE, Peer, World, key_of, once, parcel, run
from vaguemestre.crypto import certificates, demo_pki
from vaguemestre.crypto.demo_pki import Issued
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.tls import client_context
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.outcome import Defer, Proceed
from vaguemestre.outbound.deliver import Destined, Parcel, Told
from vaguemestre.outbound.permit import decide_hop

PATIENT = "patient.mssante.fr"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def waits(world: World, peer: Peer, reason: str) -> None:
    """The message waits for this reason, and nothing of it was said."""
    [report] = once(world, peer)
    assert (report.told, report.reason, report.code) == (Told.LATER, reason, None)
    nothing_said(peer)


def nothing_said(peer: Peer) -> None:
    assert peer.kept == []
    assert {"MAIL", "RCPT", "DATA", "BDAT"}.isdisjoint(peer.verbs)
    heard = b"".join(line for _, line in peer.heard)
    assert b"@" not in heard
    assert all(line.startswith((b"EHLO mail.cabinet.example\r\n", b"STARTTLS", b"QUIT")) for _, line in peer.heard)


# Requirement 4: a list too old, or none.


def test_requirement_04_a_stale_or_absent_list_defers_what_leaves(world: World) -> None:
    listed = [(THERE, key_of(world.peer))]
    world.trust.snapshot = TrustSnapshot.of(listed, NOW - 2 * DAY, DAY)
    peer = Peer(world.context())
    waits(world, peer, "trust-list-stale")
    world.trust.snapshot = TrustSnapshot.of([])
    waits(world, peer, "trust-list-absent")
    assert peer.connections == 0
    world.trust.snapshot = TrustSnapshot.of(listed, NOW - 2 * DAY, 3 * DAY)
    assert once(world, peer)[0].told is Told.DELIVERED


# Requirement 6: STARTTLS.


@pytest.mark.parametrize("offers", [(), ("PIPELINING", "SIZE 26214400", "AUTH PLAIN"), ("STARTTLSX", "X-STARTTLS")])
def test_requirement_06_no_starttls_waits_and_nothing_is_in_clear(world: World, offers: tuple[str, ...]) -> None:
    peer = Peer(world.context(), offers=offers)
    waits(world, peer, "starttls-not-offered")
    assert peer.in_clear == [b"EHLO mail.cabinet.example\r\n"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"454 4.7.0 not now\r\n", "starttls-refused"),
        (b"502 5.5.1 no\r\n", "starttls-refused"),
        (b"250 ok\r\n250 ok\r\n", "starttls-injection"),
        (b"220 go\r\n250-x\r\n250 SIZE\r\n", "starttls-injection"),
    ],
)
def test_requirement_06_starttls_refused_or_forged(world: World, reply: bytes, reason: str) -> None:
    peer = Peer(world.context(), replies={"STARTTLS": reply})
    [report] = once(world, peer)
    assert (report.told, report.reason) == (Told.LATER, reason)
    nothing_said(peer)
    assert peer.in_clear == [b"EHLO mail.cabinet.example\r\n", b"STARTTLS\r\n"]


def test_requirement_06_a_handshake_that_fails_is_not_tried_in_clear(world: World) -> None:
    peer = Peer(world.context(), cut="STARTTLS")
    waits(world, peer, "connection-lost")
    assert peer.connections == 1


# Requirement 7: the peer's certificate.


def test_requirement_07_a_certificate_of_another_authority(tmp_path: Path) -> None:
    world = World(tmp_path, peer_ca=demo_pki.make_ca(NOW))
    waits(world, Peer(world.context()), "certificate-untrusted")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"not_before": NOW - 20 * DAY, "life": 10 * DAY}, "certificate-expired"),
        ({"not_before": NOW + 10 * DAY, "life": 10 * DAY}, "certificate-not-yet-valid"),
    ],
)
def test_requirement_07_a_certificate_out_of_its_time(tmp_path: Path, given: dict[str, dt.datetime], reason: str) -> None:
    world = World(tmp_path, **given)
    waits(world, Peer(world.context()), reason)


def test_requirement_07_a_revoked_certificate(world: World) -> None:
    world.trust.crl = world.crl(demo_pki.serial_of(world.peer.certificate))
    waits(world, Peer(world.context()), "certificate-revoked")


def test_requirement_07_revoked_while_its_connection_is_kept(world: World) -> None:
    peer = Peer(world.context())

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            assert (await carrier.carry(THERE, parcel()))[0].told is Told.DELIVERED
            world.trust.crl = world.crl(demo_pki.serial_of(world.peer.certificate))
            [report] = await carrier.carry(THERE, parcel())
            assert (report.told, report.reason) == (Told.LATER, "certificate-revoked")
            await carrier.close()

    run(scene())
    assert (len(peer.kept), peer.verbs.count("MAIL")) == (1, 1)


def test_requirement_07_a_certificate_meant_for_clients_alone(world: World) -> None:
    world.peer = _reissued(world, ExtendedKeyUsageOID.CLIENT_AUTH)
    world.trust.snapshot = TrustSnapshot.of([(THERE, key_of(world.peer))])
    waits(world, Peer(world.context()), "certificate-usage")


def test_requirement_07_both_checks_stand_by_themselves(world: World) -> None:
    """TLS verifies chain, dates and use, and `decide_hop` again: each is looked at without the other."""
    context = client_context()
    assert (context.verify_mode, context.minimum_version) == (ssl.CERT_REQUIRED, ssl.TLSVersion.TLSv1_2)
    trust, authorities = world.trust, certificates.read_pem(world.ca.certificate)

    def decided(issued: Issued | None, now: dt.datetime = NOW) -> object:
        [read] = certificates.read_pem(issued.certificate) if issued is not None else [None]
        return decide_hop(THERE, read, authorities, trust.trust(), trust.revocation(), now)

    assert isinstance(decided(world.peer), Proceed)
    assert decided(None) == Defer("certificate-absent")
    assert decided(demo_pki.issue(demo_pki.make_ca(NOW), NOW, "mx.hopital.example")) == Defer("certificate-untrusted")
    assert decided(world.peer, NOW + 3_000 * DAY) == Defer("certificate-expired")
    assert decided(world.peer, NOW - DAY) == Defer("certificate-not-yet-valid")
    assert decided(_reissued(world, ExtendedKeyUsageOID.CLIENT_AUTH)) == Defer("certificate-usage")
    assert isinstance(decided(_reissued(world, ExtendedKeyUsageOID.SERVER_AUTH)), Proceed)


def test_requirement_12_revocation_that_cannot_be_known(world: World) -> None:
    peer = Peer(world.context())
    world.trust.crl = Revocation()
    waits(world, peer, "revocation-unknown")
    world.trust.crl = world.crl(this_update=NOW - 2 * DAY, next_update=NOW - DAY)
    waits(world, peer, "revocation-unknown")


def _reissued(world: World, use: x509.ObjectIdentifier) -> Issued:
    """The peer's certificate again, with this extended use alone."""
    old = x509.load_pem_x509_certificate(world.peer.certificate)
    key = serialization.load_pem_private_key(world.ca.key, None)
    builder = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(old.not_valid_before_utc).not_valid_after(old.not_valid_after_utc)
    made = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False).sign(key, hashes.SHA256())  # type: ignore[arg-type]
    return Issued(made.public_bytes(serialization.Encoding.PEM), world.peer.key)


# Requirement 8: the subject, for this very domain.


def test_requirement_08_a_peer_that_is_not_listed(world: World) -> None:
    world.trust.snapshot = TrustSnapshot.of([(THERE, "a" * 64)])
    waits(world, Peer(world.context()), "peer-not-listed")


def test_requirement_08_a_peer_listed_for_another_domain(world: World) -> None:
    world.trust.snapshot = TrustSnapshot.of([(THERE, "a" * 64), (HERE, key_of(world.peer))])
    waits(world, Peer(world.context()), "peer-not-of-domain")


def test_requirement_08_the_domain_is_asked_for_each_message_of_a_kept_connection(world: World) -> None:
    peer = Peer(world.context())
    world.trust.snapshot = TrustSnapshot.of([(THERE, key_of(world.peer)), ("autre.example", "a" * 64)])

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            assert (await carrier.carry(THERE, parcel()))[0].told is Told.DELIVERED
            [report] = await carrier.carry("autre.example", parcel("b@autre.example"))
            assert (report.told, report.reason) == (Told.LATER, "peer-not-of-domain")
            await carrier.close()

    run(scene())
    assert peer.verbs.count("MAIL") == 1


def test_requirement_08_any_of_several_certificates_of_a_domain(world: World) -> None:
    world.trust.snapshot = TrustSnapshot.of([(THERE, "a" * 64), (THERE, key_of(world.peer)), (THERE, "b" * 64)])
    assert once(world, Peer(world.context()))[0].told is Told.DELIVERED


# Requirement 9: the domain.


def test_requirement_09_a_domain_that_is_not_listed_is_never_written_to(world: World) -> None:
    peer = Peer(world.context())
    [report] = once(world, peer, parcel("x@gmail.example"), "gmail.example")
    assert (report.told, report.reason) == (Told.NEVER, "domain-not-listed")
    assert peer.connections == 0


def test_requirement_09_nor_one_below_a_listed_one(world: World) -> None:
    peer = Peer(world.context())
    [report] = once(world, peer, parcel(f"x@service.{THERE}"), f"service.{THERE}")
    assert (report.told, report.reason) == (Told.NEVER, "domain-not-listed")
    assert peer.connections == 0


# Requirement 11: the floor of TLS.


def test_requirement_11_a_peer_of_tls_1_1(world: World) -> None:
    context = world.context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    waits(world, Peer(context), "handshake-failed")


def test_requirement_11_a_suite_that_is_not_of_the_list(world: World) -> None:
    context = world.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-CHACHA20-POLY1305")
    waits(world, Peer(context), "handshake-failed")


def test_requirement_11_tls_1_2_is_enough(world: World) -> None:
    context = world.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    [report] = once(world, Peer(context))
    assert (report.told, report.tls) == (Told.DELIVERED, "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384")


def test_our_own_certificate_is_shown(world: World) -> None:
    context = world.context()
    seen: list[bytes] = []
    peer = Peer(context)

    async def scene() -> None:
        async with peer.listening():
            carrier = world.carrier(peer.port)
            await carrier.carry(THERE, parcel())
            for writer in list(peer._writers):
                seen.append(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
            await carrier.close()

    run(scene())
    assert seen == [ssl.PEM_cert_to_DER_cert(world.ours.certificate.decode())]


# Requirement 21: the patients' domain goes by the same rule, and its addresses are shown nowhere.


def test_requirement_21_the_patients_domain_goes_to_its_listed_peer_alone(world: World, caplog: pytest.LogCaptureFixture) -> None:
    peer = Peer(world.context())
    ins = "279029999000162"
    sent = Parcel(b"Subject: x\r\n\r\n", f"a@{HERE}", (Destined(f"{ins}@{PATIENT}"),))
    world.trust.snapshot = TrustSnapshot.of([(THERE, key_of(world.peer)), (PATIENT, "a" * 64)])
    [report] = once(world, peer, sent, PATIENT)
    assert (report.told, report.reason) == (Told.LATER, "peer-not-of-domain")
    nothing_said(peer)
    world.trust.snapshot = TrustSnapshot.of([(PATIENT, key_of(world.peer))])
    [report] = once(world, peer, sent, PATIENT)
    assert report.told is Told.DELIVERED
    shown = f"{report!r} {sent!r} {sent.recipients!r} {dataclass_text(report)} {caplog.text}"
    assert ins not in shown


def dataclass_text(report: object) -> str:
    return " ".join(str(getattr(report, name)) for name in report.__slots__)  # type: ignore[attr-defined]
