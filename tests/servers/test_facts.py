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
    from vaguemestre.servers import facts

    clock = 100.0
    monkeypatch.setattr(facts.time, "monotonic", lambda: clock)
    known = facts_of(data_directory)
    assert not known.mailbox(ADDRESS)
    administration.make_mailbox(ADDRESS, "PER", "Dr ROCHE", "cabinet", "", "", NOW)
    assert known.mailbox(ADDRESS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE records_mailbox SET address = %s WHERE address = %s", ["gone@cabinet.demo.example", ADDRESS])
    clock += facts.MAILBOX_S
    assert not known.mailbox(ADDRESS)


def test_the_trust_list_is_that_of_the_records_at_each_call(data_directory: Path) -> None:
    from vaguemestre.records import administration

    known = facts_of(data_directory)
    before = known.trust()
    assert known.trust() is before
    administration.load_trust_list([("hopital.demo.example", "CN=a", "a" * 64, "")], NOW, NOW)
    assert known.trust().domains("a" * 64) == {"hopital.demo.example"}
    administration.load_trust_list([("autre.demo.example", "CN=b", "b" * 64, "")], NOW, NOW)
    assert known.trust().domains("a" * 64) == frozenset()
    assert known.trust().domains("b" * 64) == {"autre.demo.example"}


def test_a_connection_that_was_closed_is_opened_again(data_directory: Path) -> None:
    from django.db import connection

    known = facts_of(data_directory)
    known.trust()
    connection.close()
    assert known.trust() is known.trust()
    assert not known.mailbox(ADDRESS)
