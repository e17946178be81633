"""From whom a message says it is, against what the certificate proves."""

from __future__ import annotations

import pytest

from vaguemestre.crypto.standing import Standing
from vaguemestre.domain.outcome import Proceed, Reject
from vaguemestre.inbound.verify import Verified, decide_originator

STANDING = Standing(frozenset({"hopital.example", "xn--hpital-ixa.example"}), "CN=mx", "f" * 64)


def decided(header: str) -> Proceed[Verified] | Reject:
    data = f"{header}\r\nMessage-ID: <1@hopital.example>\r\n\r\nbody\r\n".encode()
    return decide_originator(data, STANDING, lambda domain: domain in {"autre.example", "cabinet.example", "hopital.example"})


@pytest.mark.parametrize(
    "header",
    [
        "From: a@hopital.example",
        "From: A <a@HOPITAL.example>, b@xn--hpital-ixa.example",
        'From: "b@hopital.example" <a@hopital.example>',
        'From: "someone@ordinary.example" <a@hopital.example>',
        "From: =?utf-8?q?Caf=C3=A9_=40_midi?= <a@hopital.example>",
        "From: a@hopital.example\r\nSender: x@autre.example\r\nReply-To: x@autre.example",
    ],
)
def test_allowed(header: str) -> None:
    assert decided(header) == Proceed(Verified("<1@hopital.example>"))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("From: a@autre.example", "from-domain"),
        ("From: a@unknown.example", "from-domain"),
        ("From: a@hopital.example, b@autre.example", "from-domain"),
        ("From: a@sub.hopital.example", "from-domain"),
        ("From: g: a@hopital.example, b@autre.example;", "from-domain"),
        ('From: "b@autre.example" <a@hopital.example>', "from-misleading"),
        ('From: "B@AUTRE.Example." <a@hopital.example>', "from-misleading"),
        ("From: =?utf-8?b?YkBhdXRyZS5leGFtcGxl?= <a@hopital.example>", "from-misleading"),
        ("From: (jeanne@cabinet.example) a@hopital.example", "from-misleading"),
        ("From: a@hopital.example\r\nFrom: a@hopital.example", "from-several"),
        ("Subject: x", "from-absent"),
        ("From: a", "from-malformed"),
        ("garbage", "header-malformed"),
    ],
)
def test_refused(header: str, reason: str) -> None:
    assert decided(header) == Reject(reason)


def test_no_repr_shows_anything() -> None:
    assert "hopital" not in repr(Verified("<1@hopital.example>"))
