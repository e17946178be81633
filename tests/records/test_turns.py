"""One writer at a time, whatever the database: what is read and then written in one transaction is never lost to another writer."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
WRITERS, TIMES = 4, 15


def test_what_a_transaction_read_is_still_so_when_it_writes(data_directory: Path) -> None:
    """Each writer reads a count and writes it back grown by one, with nothing that locks the row before it writes."""
    from django.db import connection, transaction

    from vaguemestre.records.models import Practice

    practice = Practice.objects.create(name="cabinet")
    failed: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(TIMES):
                with transaction.atomic():
                    read = Practice.objects.values_list("revision", flat=True).get(pk=practice.pk)
                    Practice.objects.filter(pk=practice.pk).update(revision=read + 1)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert Practice.objects.get().revision == WRITERS * TIMES


def test_characters_that_no_database_keeps_are_replaced_in_json(data_directory: Path) -> None:
    """U+0000 and half of a surrogate pair, in a value and in a name; a backslash before a u is no escape, and a whole pair is a letter."""
    from vaguemestre.records import administration, rows
    from vaguemestre.records.models import Delivery, Document, Message

    box = administration.make_mailbox("dr@cabinet.demo.example", "PER", "Dr", "cabinet", "", "", NOW)
    message = Message.objects.create(sha256="0" * 64, size=1, message_id="<x@x>", channel="smtp", received_at=NOW)
    delivery = Delivery.objects.create(message=message, mailbox=box)
    written = {"a\x00b": ["c\x00", "d\ud800e", "\\u0000", "😀é"], "n": [1, 2.5, None, True]}
    values = {
        "delivery_id": delivery.pk, "mailbox_id": box.pk, "practice_id": box.practice_id, "position": 0, "format": "pdf",
        "sha256": "1" * 64, "content_key": "k", "decision": "review", "rule": "F", "reason": "x",
        "received_at": NOW, "content": written, "stated": None,
        "text": "tout va bien",
    }  # fmt: skip
    key = rows.insert_one(Document, values)
    expected = {"a\ufffdb": ["c\ufffd", "d\ufffde", "\\u0000", "😀é"], "n": [1, 2.5, None, True]}
    assert Document.objects.get(pk=key).content == expected


def test_a_search_with_such_characters_answers(data_directory: Path) -> None:
    from vaguemestre.records import administration
    from vaguemestre.records.accounts import Account
    from vaguemestre.records.models import Message, Patient
    from vaguemestre.records.queries import search, tracing
    from vaguemestre.records.queries.visible import visible

    box = administration.make_mailbox("dr@cabinet.demo.example", "PER", "Dr", "cabinet", "", "", NOW)
    account = Account.objects.create(login="roche", role="doctor", created_at=NOW)
    account.mailboxes.set([box])
    Patient.objects.create(practice=box.practice, ref="P1", birth_date="1980-01-01", birth_name="Zeste", birth_name_solid="ZESTE")
    for text in ("ZES\x00", "\x00", "\x0012/03/1961", "1 2610399990011\x00"):
        assert search.patients(visible(account), text) in ([], list(Patient.objects.all()))
    assert tracing.life("<x\x00@x>") is None
    assert not Message.objects.exists()
