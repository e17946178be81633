"""What the door knows is what the records say now: a list is looked at on each call, a mailbox again within a second."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
ADDRESS = "dr.roche@cabinet.demo.example"


def facts_of(directory: Path) -> Any:
    from vaguemestre.servers.facts import RecordsFacts
    from vaguemestre.settings import load_configuration

    return RecordsFacts(load_configuration(directory), directory)


def test_a_mailbox_is_known_at_once_and_forgotten_within_a_second(data_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    from vaguemestre.records import administration
    from vaguemestre.servers import hosting

    clock = 100.0
    monkeypatch.setattr(hosting.time, "monotonic", lambda: clock)
    known = facts_of(data_directory)
    assert not known.mailbox(ADDRESS)
    administration.make_mailbox(ADDRESS, "PER", "Dr ROCHE", "cabinet", "", "", NOW)
    assert known.mailbox(ADDRESS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE records_mailbox SET address = %s WHERE address = %s", ["gone@cabinet.demo.example", ADDRESS])
    clock += hosting.MAILBOX_S
    assert not known.mailbox(ADDRESS)


def test_the_trust_list_is_that_of_the_records_at_each_call(data_directory: Path) -> None:
    from vaguemestre.records import trust_lists

    known = facts_of(data_directory)
    before = known.trust()
    assert known.trust() is before
    trust_lists.load_trust_list([("hopital.demo.example", "CN=a", "a" * 64, "")], NOW, NOW)
    assert known.trust().domains("a" * 64) == {"hopital.demo.example"}
    trust_lists.load_trust_list([("autre.demo.example", "CN=b", "b" * 64, "")], NOW, NOW)
    assert known.trust().domains("a" * 64) == frozenset()
    assert known.trust().domains("b" * 64) == {"autre.demo.example"}


def test_a_connection_that_was_closed_is_opened_again(data_directory: Path) -> None:
    from django.db import connection

    known = facts_of(data_directory)
    known.trust()
    connection.close()
    assert known.trust() is known.trust()
    assert not known.mailbox(ADDRESS)


def test_a_peer_met_names_where_its_lists_are(data_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where distribution points are wanted, a certificate that the door asks about is put down for the refresher, and only there."""
    import shutil

    from tests.records.test_revocation_files import URL, peer
    from vaguemestre.cli.serve_refresh import CrlSources
    from vaguemestre.domain.configuration import check
    from vaguemestre.servers.facts import RecordsFacts

    shutil.copytree(data_directory / "pki", tmp_path / "pki")
    for wanted, addresses in ((False, ()), (True, (URL,))):
        configuration = check({"revocation": {"distribution_points": wanted}}, {})
        RecordsFacts(configuration, tmp_path).revocation().verdict(peer(points=(URL,)), NOW)
        assert CrlSources(configuration, tmp_path).addresses() == addresses
