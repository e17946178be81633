"""What is PostgreSQL's own: the lock of the writers, a connection that the server closed, the bell, the session."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import databases

pytestmark = pytest.mark.postgresql

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def beside(data_directory: Path) -> Iterator[Any]:
    """A connection beside the program's own, each statement committed."""
    import psycopg

    with psycopg.connect(databases.url_of(data_directory), autocommit=True) as there:
        yield there


def locks(beside: Any) -> int:
    found = beside.execute(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE locktype = 'advisory' AND datname = current_database()"
    )
    return int(found.fetchone()[0])


def end_sessions(beside: Any) -> None:
    """What a restart of the server does to who is connected."""
    beside.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND application_name = 'vaguemestre'"
    )


class TestTheLock:
    def test_held_by_the_outermost_transaction_alone(self, beside: Any) -> None:
        from django.db import transaction

        from vaguemestre.records.models import Practice

        assert Practice.objects.count() == 0
        assert locks(beside) == 0
        with transaction.atomic():
            assert locks(beside) == 1
            with transaction.atomic():
                Practice.objects.create(name="cabinet")
            assert locks(beside) == 1
        assert locks(beside) == 0

    def test_given_back_by_an_act_that_fails(self, beside: Any) -> None:
        from django.db import transaction

        with contextlib.suppress(RuntimeError), transaction.atomic():
            raise RuntimeError
        assert locks(beside) == 0

    def test_reads_and_single_statements_wait_for_nobody(self, beside: Any) -> None:
        from vaguemestre.records.models import Practice
        from vaguemestre.records.postgresql.engine import LOCK

        with beside.transaction():
            beside.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
            Practice.objects.count()

    def test_one_that_does_not_come_is_a_database_error_and_the_next_comes(self, beside: Any) -> None:
        from django.db import OperationalError, connection, transaction

        from vaguemestre.records.models import Practice
        from vaguemestre.records.postgresql.engine import LOCK

        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        with beside.transaction():
            beside.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
            with pytest.raises(OperationalError), transaction.atomic():
                Practice.objects.create(name="never")
        with transaction.atomic():
            Practice.objects.create(name="cabinet")
        assert list(Practice.objects.values_list("name", flat=True)) == ["cabinet"]
        assert connection.get_autocommit()


class TestALostConnection:
    def test_a_transaction_begins_on_a_new_one(self, beside: Any) -> None:
        from django.db import transaction

        from vaguemestre.records.models import Practice

        assert Practice.objects.count() == 0
        end_sessions(beside)
        with transaction.atomic():
            Practice.objects.create(name="cabinet")
        assert Practice.objects.count() == 1

    def test_a_read_fails_once(self, beside: Any) -> None:
        from django.db import DatabaseError

        from vaguemestre.records.models import Practice

        assert Practice.objects.count() == 0
        end_sessions(beside)
        with pytest.raises(DatabaseError):
            Practice.objects.count()
        assert Practice.objects.count() == 0

    def test_in_a_transaction_nothing_of_it_is_kept(self, beside: Any) -> None:
        from django.db import DatabaseError, transaction

        from vaguemestre.records.models import Practice

        with pytest.raises(DatabaseError), transaction.atomic():
            Practice.objects.create(name="lost")
            end_sessions(beside)
            Practice.objects.create(name="never")
        with transaction.atomic():
            Practice.objects.create(name="cabinet")
        assert list(Practice.objects.values_list("name", flat=True)) == ["cabinet"]

    def test_the_door_s_facts_are_known_again(self, beside: Any, data_directory: Path) -> None:
        from django.db import DatabaseError

        from vaguemestre.domain.configuration import check
        from vaguemestre.servers.facts import RecordsFacts

        facts = RecordsFacts(check({"server": {"domain": "cabinet.demo.example"}}, {}), data_directory)
        assert not facts.mailbox("dr@cabinet.demo.example")
        end_sessions(beside)
        with pytest.raises(DatabaseError):
            facts.mailbox("dr@cabinet.demo.example")
        assert not facts.mailbox("dr@cabinet.demo.example")


class TestTheBell:
    @pytest.fixture
    def bell(self, data_directory: Path) -> Iterator[Any]:
        from vaguemestre.records import queue

        made = queue.bell(data_directory / "run")
        yield made
        made.close()

    def waited(self, bell: Any, seconds: float) -> float:
        began = time.monotonic()
        bell.wait(seconds)
        return time.monotonic() - began

    def test_a_ring_wakes_and_silence_lasts_the_poll(self, data_directory: Path, bell: Any) -> None:
        from vaguemestre.records import queue

        ringer = queue.ringer(data_directory / "run")
        ringer.ring()
        assert self.waited(bell, 30) < 10
        assert self.waited(bell, 0.3) >= 0.25
        for _ in range(3):
            ringer.ring()
        assert self.waited(bell, 30) < 10
        ringer.close()

    def test_no_socket_is_left_in_the_directory(self, data_directory: Path, bell: Any) -> None:
        assert not (data_directory / "run" / f"worker.{os.getpid()}").exists()

    def test_a_lost_connection_is_a_slow_poll_then_listens_again(self, beside: Any, data_directory: Path, bell: Any) -> None:
        from vaguemestre.records import queue
        from vaguemestre.records.postgresql import bell as module

        end_sessions(beside)
        assert self.waited(bell, 0.2) < 10
        time.sleep(module.RETRY_S)
        bell.wait(0.01)  # listens again
        bell.wait(0.2)  # and hears what came meanwhile, if anything did
        queue.ringer(data_directory / "run").ring()
        assert self.waited(bell, 30) < 10

    def test_a_ring_that_cannot_be_is_silent(self, beside: Any, data_directory: Path) -> None:
        from vaguemestre.records import queue
        from vaguemestre.records.models import Practice

        ringer = queue.ringer(data_directory / "run")
        assert Practice.objects.count() == 0
        end_sessions(beside)
        ringer.ring()
        ringer.ring()


class TestTheSession:
    def test_a_server_that_says_off_is_overruled(self, beside: Any) -> None:
        from django.db import connection

        connection.close()
        name = beside.execute("SELECT quote_ident(current_database())").fetchone()[0]
        beside.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW synchronous_commit")
                assert cursor.fetchone() == ("on",)
        finally:
            beside.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
            connection.close()

    def test_texts_are_ordered_by_code_point(self, data_directory: Path) -> None:
        from vaguemestre.records.models import Practice

        names = ["a b", "B", "é", "ab", "a-c", "z", "\ufffd", "\U00010000", "_"]
        Practice.objects.bulk_create([Practice(name=name) for name in names])
        assert list(Practice.objects.order_by("name").values_list("name", flat=True)) == sorted(names)

    def test_a_text_keeps_all_but_what_cannot_be_kept(self, data_directory: Path) -> None:
        from vaguemestre.records.models import Practice

        for name in ("a\x00b", "d\udc80e"):
            Practice.objects.create(name=name)
            assert Practice.objects.filter(name=name).count() == 1
        assert sorted(Practice.objects.values_list("name", flat=True)) == ["a\ufffdb", "d\ufffde"]

    def test_no_second_index_of_a_text(self, beside: Any) -> None:
        found = beside.execute("SELECT indexname FROM pg_indexes WHERE tablename LIKE 'records%' AND indexdef LIKE '%pattern_ops%'")
        assert found.fetchall() == []


def test_a_claim_passes_over_what_another_holds(data_directory: Path, beside: Any) -> None:
    """A row that a transaction without our lock holds is neither waited for nor taken."""
    from vaguemestre.records import administration, queue
    from vaguemestre.records.models import Delivery, Message

    box = administration.make_mailbox("dr@cabinet.demo.example", "PER", "Dr", "cabinet", "", "", NOW)
    keys = []
    for k in range(5):
        message = Message.objects.create(sha256=f"{k:064}", size=1, message_id=f"<{k}@x>", channel="smtp", received_at=NOW)
        keys.append(Delivery.objects.create(message=message, mailbox=box).pk)
    with beside.transaction():
        beside.execute("SELECT 1 FROM records_delivery WHERE id = ANY(%s) FOR UPDATE", [keys[:2]])
        assert [one.delivery for one in queue.claim("w0", 2, 60, 1000.0)] == keys[2:4]
    assert [one.delivery for one in queue.claim("w1", 5, 60, 1000.0)] == [keys[0], keys[1], keys[4]]


def test_every_look_up_of_the_route_and_of_the_lists_has_its_index(data_directory: Path) -> None:
    """What a server does with small tables is to read them whole: told not to where it can do otherwise, it reads none so."""
    from django.db import connection

    from vaguemestre.domain.matching import Lookup
    from vaguemestre.records import administration, queue
    from vaguemestre.records.accounts import Account
    from vaguemestre.records.queries import charts, editions, inbox, search
    from vaguemestre.records.queries.editions import Told
    from vaguemestre.records.queries.visible import visible

    box = administration.make_mailbox("dr@cabinet.demo.example", "PER", "Dr", "cabinet", "", "", NOW)
    account = Account.objects.create(login="roche", role="doctor", created_at=NOW)
    account.mailboxes.set([box])
    mine = visible(account)
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        asked.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        queue.claim("w", 3, 60, 1000.0)
        editions.family(1, [Told("a", "s", "b"), Told("c", "t", "")])
        editions.repeating(1, [1, 2], [3])
        charts.originals(1, ["x", "y"])
        charts.originals(1, ["x", "y"], as_pages=True)
        charts.carried(1, "x", 1)
        charts.could_fit(1, [Lookup(ins=("1",), birth_dates=("1980-01-01",), names=("ZESTE",))])
        charts.senders_known(1, ["a@x.example"])
        charts.code_charts([(1, "a@x.example", "1")])
        charts.banned(1, ["x"])
        for which in inbox.LISTS:
            inbox.page(mine, which, inbox.Key(NOW, 5))
        search.patients(mine, "12/03/1961")
        search.patients(mine, "2610399990011")
    plans = []
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        for sql, parameters in asked:
            if sql.split()[0] in {"SELECT", "WITH", "UPDATE"}:
                cursor.execute(f"EXPLAIN {sql}", parameters)
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    connection.close()
    assert len(plans) > 15
    assert [plan for plan in plans if "Seq Scan" in plan] == []
    used = "\n".join(plans)
    for name in (
        "delivery_waiting",
        "document_set",
        "document_own_id",
        "document_replaces",
        "document_content",
        "document_inbox",
    ):
        assert name in used, name
