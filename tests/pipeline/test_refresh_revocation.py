"""Revocation lists that refresh themselves: what is asked, what outlives an outage and for how long (mssante.md 8, requirement 12)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from tests.pipeline.test_refresh import Scripted, events
from tests.records.test_revocation_files import CA, DAY, NOW, SECOND, URL, crl, peer
from vaguemestre.crypto import certificates
from vaguemestre.crypto.standing import decide_peer
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.fault import Fault
from vaguemestre.domain.outcome import Defer, Proceed
from vaguemestre.inbound.fetch import Fetched
from vaguemestre.records.revocation_files import RevocationFiles

EVERY = dt.timedelta(hours=6)
SECOND_S = dt.timedelta(seconds=1)


def folder(tmp_path: Path) -> RevocationFiles:
    (tmp_path / "ca.pem").write_bytes(CA.certificate + SECOND.certificate)
    return RevocationFiles(tmp_path)


def tried(files: RevocationFiles, says: Any, now: dt.datetime = NOW, name: str = URL) -> tuple[str, Scripted]:
    from vaguemestre.pipeline.refresh_revocation import refresh_crl

    source = Scripted(says)
    return refresh_crl(name, source, files, EVERY, now), source


def test_requirement_12_the_list_outlives_its_host_and_not_its_date(data_directory: Path, tmp_path: Path) -> None:
    """The host is gone: service goes on with the kept list until its last second, then every peer of that issuer is deferred, never
    accepted, never refused for good; a new list ends it.

    Made to fail by: dropping what is kept when a fetch fails; `now <= next_update`; taking an ended list; UNKNOWN that counts as sound.
    """
    files, one = folder(tmp_path), peer()
    authorities = certificates.read_pem(CA.certificate)
    snapshot = TrustSnapshot.of([("hopital.example", one.key)])

    def decided(now: dt.datetime) -> object:
        return decide_peer(one, authorities, snapshot, RevocationFiles(tmp_path).current(), now)

    assert decided(NOW) == Defer("revocation-unknown")
    assert tried(files, Fetched(crl(ends=NOW + DAY)))[0] == ""
    gone = Fault("Nobody there.", "unreachable")
    for hours in (1, 12, 23):
        now = NOW + hours * DAY / 24
        assert tried(files, gone, now)[0] == "unreachable"
        assert isinstance(decided(now), Proceed)
    assert isinstance(decided(NOW + DAY - SECOND_S), Proceed)
    assert decided(NOW + DAY) == Defer("revocation-unknown")
    assert tried(files, Fetched(crl(ends=NOW + DAY)), NOW + DAY)[0] == "crl-ended"
    assert decided(NOW + DAY) == Defer("revocation-unknown")
    assert tried(files, Fetched(crl(begins=NOW + DAY, ends=NOW + 2 * DAY)), NOW + DAY)[0] == ""
    assert isinstance(decided(NOW + DAY), Proceed)
    told = [result for _, result in events("refresh-failed")]
    assert told == ["unreachable", "crl-ended"], "once each, not each try"
    assert [result for _, result in events("refresh-recovered")] == ["crl-ended"]


def test_conditions_only_while_the_list_is_kept(data_directory: Path, tmp_path: Path) -> None:
    files = folder(tmp_path)
    tried(files, Fetched(crl(), '"one"'))
    assert tried(files, Fetched(None, '"one"'))[1].conditions == [('"one"', "")]
    for path in (tmp_path / "crl.d").iterdir():
        path.unlink()
    assert tried(files, Fetched(None))[0] == "unasked-304"
    assert tried(files, Fetched(crl()))[1].conditions == [("", "")]
    assert len(files.current().lists) == 1


def test_what_cannot_be_written_is_told(data_directory: Path, tmp_path: Path) -> None:
    files = folder(tmp_path)
    (tmp_path / "crl.d").write_text("no folder")
    assert tried(files, Fetched(crl()))[0] == "not-written"


def test_the_addresses_that_certificates_name(tmp_path: Path) -> None:
    from vaguemestre.pipeline.refresh_revocation import addresses

    noticing = RevocationFiles(tmp_path, notices=True)
    (tmp_path / "ca.pem").write_bytes(CA.certificate)
    own = peer(points=("http://crl.example/own.crl", "ldap://crl.example/own"))
    from cryptography.hazmat.primitives import serialization

    (tmp_path / "server.pem").write_bytes(own.x509.public_bytes(serialization.Encoding.PEM))
    noticing.current().verdict(peer(points=(URL,)), NOW)
    assert addresses([URL], noticing, named=False) == (URL,)
    assert addresses(["http://first.example/"], noticing, named=True) == ("http://first.example/", "http://crl.example/own.crl", URL)


def test_the_alarm_of_lists_that_end_soon(data_directory: Path, tmp_path: Path) -> None:
    from vaguemestre.pipeline.refresh_revocation import watch_ends

    files = folder(tmp_path)
    assert watch_ends(files, DAY, NOW) == "crl-absent"
    files.keep(crl(ends=NOW + 3 * DAY), NOW)
    assert watch_ends(files, DAY, NOW) == ""
    files.keep(crl(SECOND, ends=NOW + 2 * DAY), NOW)
    assert watch_ends(files, DAY, NOW + DAY - SECOND_S) == ""
    assert watch_ends(files, DAY, NOW + DAY) == "crl-ending"
    assert watch_ends(files, DAY, NOW + DAY + SECOND_S) == "crl-ending"
    assert watch_ends(files, DAY, NOW + 2 * DAY) == "crl-ended"
    assert events("refresh-failed") == [("crl-ends", "crl-absent"), ("crl-ends", "crl-ending"), ("crl-ends", "crl-ended")]


def test_sources_that_are_configured_no_more_raise_no_alarm(data_directory: Path, tmp_path: Path) -> None:
    from vaguemestre.records import trust_lists

    files = folder(tmp_path)
    for name in (URL, "http://other.example/"):
        tried(files, Fault("x", "http-404"), name=name)
    trust_lists.forget([URL])
    assert [one.name for one in trust_lists.sources()] == [URL]
