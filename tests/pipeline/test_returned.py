"""What comes back with a report of delivery or disposition is never filed by itself, and its page can tell what became of the mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.corpus.mail_cases import COVER, attached, mail, multipart
from tests.corpus.message_cases import FAILED, NOTICE_PART, REFUSED, REFUSED_SUBJECT, report
from tests.pipeline.given import LUCIE, NOW, Given
from tests.pipeline.read_as import cda, doctor, file_one
from tests.scenes.operators import hprim
from vaguemestre.inbound.read import read


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def through(given: Given, data: bytes) -> list[Any]:
    """The rows of a message that is received, read and filed, in their order."""
    from django.conf import settings

    from vaguemestre.pipeline import commit, route
    from vaguemestre.records import queue
    from vaguemestre.records.models import Document, Practice

    given.receive(data)
    (claimed,) = queue.claim("test", 500, 60, 1_800_000_000.0)
    revision = dict(Practice.objects.values_list("pk", "revision"))[claimed.practice]
    one = route.through(claimed, read(data, "letter.eml"), route.Rules.of(settings.VAGUEMESTRE), revision)
    assert commit.file("test", [one], NOW) == 1
    return list(Document.objects.filter(delivery=claimed.delivery).order_by("position"))


def test_the_same_document_is_filed_alone_and_waits_when_it_comes_back(given: Given) -> None:
    sent, back = file_one(given, cda("letter"))[0], file_one(given, cda("other", returned=True))[0]
    assert (sent.decision, sent.rule) == ("filed", "E")
    assert (back.decision, back.rule, back.reason) == ("review", "E:returned", "returned")
    assert back.patient is None
    assert back.candidates, "a person may still choose"


def test_a_form_that_comes_back_holds_its_document(given: Given) -> None:
    rows = file_one(given, cda("letter"), cda("again", returned=True, duplicate_of=0))
    assert [(row.decision, row.reason) for row in rows] == [("review", "returned")] * 2


@pytest.mark.parametrize("kind", ["refusal", "failure", "by-subject", "forwarded"])
def test_a_whole_mail(given: Given, kind: str) -> None:
    paper = attached("resultat.hpr", hprim(*LUCIE).encode("cp1252"))
    copy = b"Content-Type: message/rfc822\r\n\r\n" + mail(multipart(COVER, paper, boundary="envoi"))
    refusal = report("disposition-notification", NOTICE_PART, REFUSED, copy, paper)
    data = {
        "refusal": refusal,
        "failure": report("delivery-status", NOTICE_PART, FAILED, copy),
        "by-subject": mail(multipart(COVER, paper), REFUSED_SUBJECT),
        "forwarded": mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + refusal, boundary="dehors")),
    }[kind]
    plain = through(given, mail(multipart(COVER, paper)))
    assert [row.decision for row in plain] == ["filed"], "the same letter, received as a letter"
    rows = through(given, data)
    assert [row.format for row in rows] == (["text"] if kind == "failure" else ["hprim-medecin"])
    assert {row.decision for row in rows} == {"review"}
    assert {row.reason for row in rows} == {"returned"}
    assert not any(row.patient_id for row in rows)


def test_a_document_keeps_what_its_message_tells_of_another(given: Given) -> None:
    (row,) = through(given, report("delivery-status", NOTICE_PART, FAILED))
    assert row.content["report"] == {
        "kind": "dsn",
        "original_message_id": None,
        "results": [{"recipient": "labo@interne.hopital.example", "action": "failed", "code": "5.1.1"}],
        "subject": "",
        "date": "",
        "label": "",
    }
    assert "report" not in file_one(given, cda("letter"))[0].content


def test_a_person_may_file_it_and_undo(given: Given) -> None:
    from vaguemestre.pipeline import decisions

    row = file_one(given, cda("letter", returned=True))[0]
    account = doctor(given)
    decisions.settle(account, row, given.lucie, NOW, confirmed=True)
    assert type(row).objects.get(pk=row.pk).decision == "filed"
    decisions.undo(account, type(row).objects.get(pk=row.pk), NOW)
    assert type(row).objects.get(pk=row.pk).decision == "review"


def test_no_address_is_in_the_traces(given: Given) -> None:
    from vaguemestre.records.models import TraceEvent

    through(given, report("delivery-status", NOTICE_PART, FAILED))
    told = "".join(f"{one.event} {one.object} {one.actor} {one.result}" for one in TraceEvent.objects.all())
    assert "received" in told
    assert "interne.hopital" not in told
