"""The door's decisions, one by one, as values."""

from __future__ import annotations

import datetime as dt

import pytest

from vaguemestre.crypto import certificates, demo_pki, revocation
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.standing import Standing, decide_peer
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.mailbox import Box
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.inbound.accept import comparison, decide_recipient, decide_sender, decide_size

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
CA = demo_pki.make_ca(NOW)
AUTHORITIES = certificates.read_pem(CA.certificate)
PEER = certificates.read_pem(demo_pki.issue(CA, NOW, "mx.hopital.example").certificate)[0]
TRUST = TrustSnapshot.of([("Hopital.example", PEER.key), ("labo.example", PEER.key), ("autre.example", "k")])
SOUND = revocation.read(demo_pki.make_crl(CA, NOW), AUTHORITIES)
STANDING = Standing(frozenset({"hopital.example", "xn--hpital-ixa.example"}), PEER.subject, PEER.fingerprint)


def test_a_peer_in_order() -> None:
    expected = Standing(frozenset({"hopital.example", "labo.example"}), PEER.subject, PEER.fingerprint)
    assert decide_peer(PEER, AUTHORITIES, TRUST, SOUND, NOW) == Proceed(expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"certificate": None}, Reject("certificate-absent")),
        ({"authorities": ()}, Reject("certificate-untrusted")),
        ({"now": NOW + 4000 * DAY}, Reject("certificate-expired")),
        ({"now": NOW - DAY}, Reject("certificate-not-yet-valid")),
        ({"certificate": AUTHORITIES[0]}, Reject("certificate-usage")),
        ({"revocation": Revocation()}, Defer("revocation-unknown")),
        ({"revocation": revocation.read(demo_pki.make_crl(CA, NOW, next_update=NOW), AUTHORITIES)}, Defer("revocation-unknown")),
        ({"revocation": revocation.read(demo_pki.make_crl(CA, NOW, [PEER.serial]), AUTHORITIES)}, Reject("certificate-revoked")),
        ({"trust": TrustSnapshot.of([])}, Defer("trust-list-absent")),
        ({"trust": TrustSnapshot.of([("hopital.example", PEER.key)], NOW - 2 * DAY, DAY)}, Defer("trust-list-stale")),
        ({"trust": TrustSnapshot.of([("hopital.example", "another")])}, Reject("peer-not-listed")),
    ],
)
def test_a_peer_out_of_order(change: dict[str, object], expected: Defer | Reject) -> None:
    usual = {"certificate": PEER, "authorities": AUTHORITIES, "trust": TRUST, "revocation": SOUND, "now": NOW}
    assert decide_peer(**(usual | change)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["", "a@hopital.example", "A@HOPITAL.Example", '"x@y"@hopital.example', "a@xn--hpital-ixa.example"])
def test_senders_of_the_certificate(address: str) -> None:
    assert decide_sender(address, STANDING) == Proceed(None)


@pytest.mark.parametrize(
    "address",
    [
        "a@autre.example",
        "a@sub.hopital.example",
        "a@hopital.example.autre.example",
        "a@xhopital.example",
        "a",
        "a@",
        '"a@hopital.example"@x.example',
    ],
)
def test_other_senders(address: str) -> None:
    assert decide_sender(address, STANDING) == Reject("sender-domain")


def test_sizes() -> None:
    assert decide_size(100, 100, 0, 1000) == Proceed(None)
    assert decide_size(101, 100, 0, 1000) == Reject("message-too-large")
    assert decide_size(100, 100, 901, 1000) == Defer("insufficient-storage")
    assert decide_size(0, 100, 1000, 1000) == Proceed(None)


def recipient(address: str) -> Proceed[str] | Defer | Reject:
    known = {name: Box(name) for name in ("jeanne@cabinet.example", "postmaster@cabinet.example")}
    return decide_recipient(address, lambda domain: domain == "cabinet.example", known.get, "postmaster@cabinet.example")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("jeanne@cabinet.example", Proceed("jeanne@cabinet.example")),
        ("JEANNE@Cabinet.Example", Proceed("jeanne@cabinet.example")),
        ("postmaster", Proceed("postmaster@cabinet.example")),
        ("autre@cabinet.example", Reject("no-such-mailbox")),
        ("jeanne@autre.example", Reject("no-relay")),
        ("jeanne@sub.cabinet.example", Reject("no-relay")),
        ("jeanne%autre.example@cabinet.example", Reject("no-such-mailbox")),
        ("jeanne@cabinet.example@autre.example", Reject("no-relay")),
        ("jeanne@", Reject("no-relay")),
        ("@cabinet.example", Reject("no-relay")),
    ],
)
def test_recipients(address: str, expected: Proceed[str] | Reject) -> None:
    assert recipient(address) == expected


def test_comparison() -> None:
    assert comparison("Jean.É@HÔPITAL.example") == "jean.é@xn--hpital-ixa.example"
    assert comparison("jean") is None
    assert comparison("jean@nodot") is None
