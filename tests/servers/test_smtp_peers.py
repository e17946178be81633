"""Who may speak at the operators' door: certificates, lists, resumed connections (mssante.md requirements 2, 4, 5, 7, 8, 10, 11, 12)."""

from __future__ import annotations

import datetime as dt
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.door import DOCTOR, HERE, NOW, PEER_DOMAIN, Running, Wire, message, running
from vaguemestre.crypto import certificates, demo_pki
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.trust_list import TrustSnapshot

DAY = dt.timedelta(days=1)
SENDER = f"labo@{PEER_DOMAIN}"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as one:
        yield one


def refused_at_mail(door: Running, host: str = "mx.hopital.example") -> str:
    client = door.client(host)
    code, text = client.mail(SENDER)
    assert client.rcpt(DOCTOR)[0] == 503
    client.quit()
    assert door.keeper.kept == []
    return f"{code} {text.decode()}"


def test_nothing_before_tls(door: Running) -> None:
    client = door.client(tls=False)
    client.ehlo()
    assert not client.has_extn("auth")
    assert client.has_extn("starttls")
    assert client.mail(SENDER) == (530, b"5.7.0 Must issue a STARTTLS command first")
    assert client.docmd("DATA")[0] == 530
    client.quit()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_listed_peer(door: Running, version: ssl.TLSVersion) -> None:
    with Wire(door) as wire:
        context = door.pki.context()
        context.minimum_version = context.maximum_version = version
        wire.tls(context)
        assert wire.ask(b"EHLO mx\r\n").startswith("250")
        assert wire.ask(f"MAIL FROM:<{SENDER}>\r\n".encode()).startswith("250 2.1.0")
        assert wire.ask(f"RCPT TO:<{DOCTOR.upper()}>\r\n".encode()).startswith("250 2.1.5")
        assert wire.ask(b"DATA\r\n").startswith("354")
        assert wire.ask(message().encode() + b".\r\n").startswith("250 2.0.0")
    [(envelope, data, identifier)] = door.keeper.kept
    assert data == message().encode()
    assert identifier == "<1@hopital.example>"
    assert (envelope.mail_from, envelope.recipients) == (SENDER, (DOCTOR,))
    peer = envelope.peer
    assert peer is not None
    known = certificates.read_pem(door.pki.peers["mx.hopital.example"].certificate)[0]
    assert (peer.ip, peer.dn, peer.fingerprint, peer.helo) == ("127.0.0.1", known.subject, known.fingerprint, "mx")
    assert peer.tls_version == version.name.replace("_", ".")
    assert peer.cipher


def test_old_tls_and_other_suites_are_refused(door: Running) -> None:
    for change in ("version", "suite"):
        context = door.pki.context()
        if change == "version":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with pytest.warns(DeprecationWarning):
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
        else:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-ECDSA-CHACHA20-POLY1305:DHE-RSA-AES256-GCM-SHA384:AES256-SHA")
        with Wire(door) as wire, pytest.raises((ssl.SSLError, ConnectionError)):
            wire.tls(context)


def broken_off(door: Running, context: ssl.SSLContext) -> None:
    """The handshake fails, now or (TLS 1.3) at the first reading."""
    with Wire(door) as wire:
        try:
            wire.tls(context)
            assert wire.ask(b"EHLO mx\r\n") == ""
        except (ssl.SSLError, ConnectionError):
            pass
    assert door.keeper.kept == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_certificate(door: Running, version: ssl.TLSVersion) -> None:
    context = door.pki.context(None)
    context.maximum_version = version
    broken_off(door, context)
    assert door.keeper.reasons == ["certificate-absent"]


def test_certificate_of_another_authority(door: Running) -> None:
    other = demo_pki.make_ca(NOW)
    door.pki.peer("autre.hopital.example", ca=other)
    broken_off(door, door.pki.context("autre.hopital.example"))
    assert door.keeper.reasons == ["certificate-untrusted"]


def test_expired_and_early_certificates(door: Running) -> None:
    door.pki.peer("vieux.hopital.example", not_before=NOW - 20 * DAY, life=10 * DAY)
    broken_off(door, door.pki.context("vieux.hopital.example"))
    door.pki.peer("jeune.hopital.example", not_before=NOW + 10 * DAY, life=10 * DAY)
    broken_off(door, door.pki.context("jeune.hopital.example"))
    assert door.keeper.reasons == ["certificate-expired", "certificate-not-yet-valid"]


def test_revoked(door: Running) -> None:
    door.revoke(demo_pki.serial_of(door.pki.peers["mx.hopital.example"].certificate))
    assert refused_at_mail(door) == "550 5.7.0 The client certificate is revoked"
    assert "certificate-revoked" in door.keeper.reasons


def test_no_list_of_revocations(door: Running) -> None:
    door.facts.crl = Revocation()
    assert refused_at_mail(door).startswith("454 4.7.0")


def test_expired_list_of_revocations(door: Running) -> None:
    door.revoke(this_update=NOW - 2 * DAY, next_update=NOW - DAY)
    assert refused_at_mail(door).startswith("454 4.7.0")


def test_not_listed(door: Running) -> None:
    door.pki.peer("mx.autre.example")
    assert refused_at_mail(door, "mx.autre.example").startswith("550 5.7.1")


def test_no_trust_list_and_a_stale_one(door: Running) -> None:
    good = door.facts.snapshot
    door.facts.snapshot = TrustSnapshot.of([])
    assert refused_at_mail(door).startswith("451 4.7.0")
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, door.key)], NOW - 8 * DAY, 7 * DAY)
    assert refused_at_mail(door).startswith("451 4.7.0")
    door.facts.snapshot = good
    client = door.client()
    assert client.sendmail(SENDER, [DOCTOR], message()) == {}
    client.quit()


def test_several_certificates_of_one_domain(door: Running) -> None:
    second = door.pki.peer("mx2.hopital.example")
    key = certificates.read_pem(second.certificate)[0].key
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, door.key), (PEER_DOMAIN, key)])
    for host in ("mx.hopital.example", "mx2.hopital.example"):
        client = door.client(host)
        assert client.sendmail(SENDER, [DOCTOR], message()) == {}
        client.quit()
    assert len(door.keeper.kept) == 2


def test_sender_of_another_domain(door: Running) -> None:
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, door.key), ("autre.example", "x" * 64)])
    client = door.client()
    for sender in ("a@autre.example", f"a@sub.{PEER_DOMAIN}", f"a@not{PEER_DOMAIN}", f"a@{HERE}"):
        assert client.mail(sender) == (550, b"5.7.1 The sender's domain does not belong to this certificate")
    assert client.mail("a@HOPITAL.Example")[0] == 250
    client.quit()


def test_the_null_sender_is_checked_by_its_from(door: Running) -> None:
    client = door.client()
    assert client.sendmail("", [DOCTOR], message()) == {}
    with pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail("", [DOCTOR], message("evil@autre.example"))
    assert caught.value.smtp_code == 550
    client.quit()
    [(envelope, _, _)] = door.keeper.kept
    assert envelope.mail_from == ""


def test_recipients(door: Running) -> None:
    client = door.client()
    client.mail(SENDER)
    assert client.rcpt(f"inconnu@{HERE}") == (550, b"5.1.1 No such mailbox")
    assert client.rcpt("someone@autre.example")[0] == 550
    assert client.rcpt("someone@autre.example")[1].startswith(b"5.7.1")
    assert client.rcpt(f"x@{PEER_DOMAIN}")[1].startswith(b"5.7.1")
    assert client.rcpt(f"a%autre.example@{HERE}")[0] == 550
    assert client.docmd("RCPT", "TO:<postmaster>")[0] == 550
    door.facts.mailboxes.add(f"postmaster@{HERE}")
    assert client.docmd("RCPT", "TO:<postmaster>")[0] == 250
    client.quit()


def test_revoked_and_unlisted_in_the_middle_of_a_connection(door: Running) -> None:
    client = door.client()
    assert client.sendmail(SENDER, [DOCTOR], message()) == {}
    door.revoke(demo_pki.serial_of(door.pki.peers["mx.hopital.example"].certificate))
    assert client.mail(SENDER)[0] == 550
    door.revoke()
    assert client.mail(SENDER)[0] == 250
    client.rset()
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, "x" * 64)])
    assert client.mail(SENDER)[0] == 550
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, door.key)])
    door.facts.clock = lambda: NOW + 5000 * DAY
    assert client.mail(SENDER) == (550, b"5.7.0 The client certificate has expired")
    client.quit()
    assert len(door.keeper.kept) == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_resumed_connection_is_checked_again(door: Running, version: ssl.TLSVersion) -> None:
    context = door.pki.context()
    context.minimum_version = context.maximum_version = version

    def mail(session: ssl.SSLSession | None) -> tuple[str, ssl.SSLSession | None, bool]:
        with Wire(door) as wire:
            secured = wire.tls(context, session)
            wire.ask(b"EHLO mx\r\n")
            said = wire.ask(f"MAIL FROM:<{SENDER}>\r\n".encode())
            return said, secured.session, bool(secured.session_reused)

    said, session, reused = mail(None)
    assert said.startswith("250")
    assert not reused
    said, session, reused = mail(session)
    assert said.startswith("250")
    assert reused
    door.revoke(demo_pki.serial_of(door.pki.peers["mx.hopital.example"].certificate))
    said, session, reused = mail(session)
    assert reused
    assert said.startswith("550 5.7.0")
    door.revoke()
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, "x" * 64)])
    said, _, reused = mail(session)
    assert reused
    assert said.startswith("550 5.7.1")


def test_facts_that_fail_are_temporary_and_silent(door: Running, caplog: pytest.LogCaptureFixture) -> None:
    door.facts.broken = True
    assert refused_at_mail(door) == "451 4.3.0 Local error, try again later"
    door.facts.broken = False
    client = door.client()
    client.mail(SENDER)
    door.facts.broken = True
    assert client.rcpt(DOCTOR)[0] == 451
    client.quit()
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (f"From: {SENDER}", 250),
        (f"From: Labo <{SENDER}>, B <b@{PEER_DOMAIN}>", 250),
        (f'From: "x@gmail.example" <{SENDER}>', 250),
        (f"From: {SENDER}, evil@autre.example", 550),
        ("From: evil@autre.example", 550),
        (f"From: {SENDER}\r\nFrom: {SENDER}", 550),
        (f"From: {SENDER}\r\nfrom : evil@autre.example", 550),
        (f"From: g: {SENDER}, evil@autre.example;", 550),
        (f"From: {SENDER}\r\n , evil@autre.example", 550),
        (f"From: evil@autre.example <{SENDER}>", 550),
        (f'From: "evil@autre.example" <{SENDER}>', 550),
        (f"From: =?utf-8?q?evil=40autre=2Eexample?= <{SENDER}>", 550),
        (f"From: {SENDER} (evil@autre.example)", 550),
        (f'From: "jeanne@{HERE}" <{SENDER}>', 550),
        (f"From: <=?utf-8?q?evil=40autre.example=3E?=@{PEER_DOMAIN}>", 550),
        ("From: g:;", 550),
        ("From:", 550),
        ("Subject: none", 550),
        ("Sender: labo@hopital.example", 550),
        (f"not a field\r\nFrom: {SENDER}", 550),
    ],
)
def test_header_from(door: Running, header: str, code: int) -> None:
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, door.key), ("autre.example", "x" * 64)])
    client = door.client()
    client.mail(SENDER)
    client.rcpt(DOCTOR)
    assert client.data(f"{header}\r\nTo: {DOCTOR}\r\n\r\nbody\r\n")[0] == code
    assert client.noop()[0] == 250
    client.quit()
    assert len(door.keeper.kept) == (1 if code == 250 else 0)
