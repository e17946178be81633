"""The trust space at the operators' door over real TLS (mssante.md 8, requirements 2, 4, 7, 12)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.door import DOCTOR, NOW, PEER_DOMAIN, SENDER, Running, message, running
from tests.servers.test_smtp_peers import broken_off, refused_at_mail
from vaguemestre.crypto import certificates, demo_pki
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.records.revocation_files import RevocationFiles

DAY = dt.timedelta(days=1)
WHOLE = NOW.replace(microsecond=0)
"""The dates of a list are whole seconds."""


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as one:
        yield one


def test_requirement_02_each_certificate_of_a_domain_is_accepted(door: Running) -> None:
    """Five operators' certificates listed for one domain: each of them delivers; a sixth, of the same CA, does not.

    Made to fail by: a snapshot that keeps one subject a domain; one that keeps one domain a subject.
    """
    hosts = [f"mx{k}.hopital.example" for k in range(5)]
    keys = [certificates.read_pem(door.pki.peer(host).certificate)[0].key for host in hosts]
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, key) for key in keys])
    door.pki.peer("mx5.hopital.example")
    for host in hosts:
        client = door.client(host)
        assert client.sendmail(SENDER, [DOCTOR], message(identifier=f"{host}@x")) == {}
        client.quit()
    assert len(door.keeper.kept) == 5
    client = door.client("mx5.hopital.example")
    assert client.mail(SENDER)[0] == 550
    client.quit()


def test_requirement_04_past_its_age_the_list_defers_all(door: Running) -> None:
    """The clock passes the age in the middle of a connection: 451 at the next MAIL for the listed peer and for one that is not, and at a
    new connection; nothing is kept; young again, mail is accepted.

    Made to fail by: `TrustSnapshot.stale` that says False; judging the list before its age; deciding the peer once a connection.
    """
    door.pki.peer("mx.autre.example")
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, door.key)], NOW, 7 * DAY)
    client = door.client()
    assert client.sendmail(SENDER, [DOCTOR], message()) == {}
    door.revoke(next_update=NOW + 300 * DAY)
    door.facts.clock = lambda: NOW + 7 * DAY + dt.timedelta(seconds=1)
    assert client.mail(SENDER) == (451, b"4.7.0 The trust list is too old, try again later")
    kept = door.keeper.kept.copy()
    door.keeper.kept.clear()
    for host in ("mx.hopital.example", "mx.autre.example"):
        assert refused_at_mail(door, host).startswith("451 4.7.0")
    door.facts.snapshot = TrustSnapshot.of([(PEER_DOMAIN, door.key)], NOW + 7 * DAY, 7 * DAY)
    assert client.sendmail(SENDER, [DOCTOR], message()) == {}
    client.quit()
    assert len(kept) == len(door.keeper.kept) == 1


def test_requirement_07_no_other_expired_or_revoked_certificate(door: Running) -> None:
    """No certificate, another CA's, one of our CA that expired (before the handshake, and in the middle of a connection), one that was
    revoked: each is refused, and nothing is kept.

    Made to fail by: `CERT_OPTIONAL` without the check after it; an authority added to the context; leaving out `_dates`; leaving out
    the UNSOUND branch of `decide_peer`.
    """
    broken_off(door, door.pki.context(None))
    door.pki.peer("faux.hopital.example", ca=demo_pki.make_ca(NOW))
    broken_off(door, door.pki.context("faux.hopital.example"))
    door.pki.peer("vieux.hopital.example", not_before=NOW - 20 * DAY, life=10 * DAY)
    broken_off(door, door.pki.context("vieux.hopital.example"))
    client = door.client()
    assert client.mail(SENDER)[0] == 250
    client.rset()
    door.facts.clock = lambda: NOW + 5000 * DAY
    assert client.mail(SENDER) == (550, b"5.7.0 The client certificate has expired")
    client.quit()
    door.facts.clock = lambda: NOW
    door.keeper.refusals[3:] = []
    door.revoke(demo_pki.serial_of(door.pki.peers["mx.hopital.example"].certificate))
    assert refused_at_mail(door) == "550 5.7.0 The client certificate is revoked"
    assert door.keeper.reasons[:4] == ["certificate-absent", "certificate-untrusted", "certificate-expired", "certificate-revoked"]


def test_requirement_12_the_kept_list_serves_until_its_last_second(door: Running, tmp_path: Path) -> None:
    """What `crl.d` holds is what the door believes: accepted up to the last second, then 454, then accepted again with a newer list; one
    that names the peer is known at the next MAIL of the same connection.

    Made to fail by: not looking at `crl.d` again; `<=` at the end of a list; UNKWHOLEN taken for SOUND.
    """
    pki = door.pki
    files = RevocationFiles(pki.directory)

    def keep(*serials: int, begins: dt.datetime, ends: dt.datetime) -> None:
        files.keep(demo_pki.make_crl(pki.ca, begins, serials, next_update=ends, this_update=begins), begins)
        door.facts.crl = files.current()

    keep(begins=WHOLE, ends=WHOLE + DAY)
    client = door.client()
    for at, code in ((WHOLE + DAY - dt.timedelta(seconds=1), 250), (WHOLE + DAY, 454)):
        door.facts.clock = lambda at=at: at  # type: ignore[misc]
        assert client.mail(SENDER)[0] == code
        client.rset()
    keep(begins=WHOLE + DAY, ends=WHOLE + 2 * DAY)
    assert client.mail(SENDER)[0] == 250
    client.rset()
    serial = demo_pki.serial_of(pki.peers["mx.hopital.example"].certificate)
    keep(serial, begins=WHOLE + DAY + dt.timedelta(minutes=1), ends=WHOLE + 2 * DAY)
    assert client.mail(SENDER) == (550, b"5.7.0 The client certificate is revoked")
    client.quit()
    assert door.keeper.kept == []
