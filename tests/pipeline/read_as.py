"""Messages that were read as the test says, filed by the route: what the records do of a reading, whatever the formats."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

from tests.pipeline.given import NOW, Given
from tests.scenes.operators import DOCTOR, LABORATORY
from vaguemestre.domain.reading import Document, Reading, Result, StatedPatient

OFFICE = "secretariat@cabinet.demo.example"
LUCIE = StatedPatient(birth_name="MARTEL", first_given_name="LUCIE", given_names=("LUCIE",), birth_date="1961-03-12", sex="F")
PAUL = StatedPatient(birth_name="BRUNEAU", first_given_name="PAUL", given_names=("PAUL",), birth_date="1948-09-02", sex="M")
SODIUM = Result(label="Sodium", value="140", number="140", unit="mmol/L")

_serial = itertools.count(1)


def digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def cda(bytes_: str, **more: Any) -> Document:
    """A level 3 report with one result, about Lucie; `bytes_` stands for its XML."""
    stated = {"patient": LUCIE, "results": (SODIUM,), "text": "Sodium 140", "title": "Ionogramme", "date": "2026-11-20", **more}
    return Document(**{"format": "cda-n3", "path": ("letter.eml", "DOC00001.XML"), "sha256": digest(bytes_), **stated})


def pdf(bytes_: str, **more: Any) -> Document:
    return Document(**{"format": "pdf", "path": ("letter.eml", "copy.pdf"), "sha256": digest(bytes_), **more})


def rendering(bytes_: str, of: int) -> Document:
    """The PDF in the document of that index."""
    return pdf(bytes_, path=("letter.eml", "DOC00001.XML", "nonXMLBody.pdf"), rendering=True, duplicate_of=of)


def file_all(given: Given, *readings: Sequence[Document], to: Sequence[str] = (DOCTOR,), sender: str = LABORATORY) -> list[list[Any]]:
    """Hands over a message for each reading and files them in one batch; the rows of each delivery, in the order of reading."""
    from django.conf import settings

    from vaguemestre.pipeline import commit, route
    from vaguemestre.records import queue
    from vaguemestre.records.models import Document as Row
    from vaguemestre.records.models import Practice

    numbers = given.receive(*(given.report(value=f"1.{next(_serial):04d}") for _ in readings), to=to, sender=sender)
    claimed = queue.claim("test", 500, 60, 1_800_000_000.0)
    rules, known = route.Rules.of(settings.VAGUEMESTRE), route.Known()
    pairs = [(one, Reading("letter.eml", "mail", None, tuple(readings[numbers.index(one.message)]))) for one in claimed]
    known.foresee(pairs)
    revisions = dict(Practice.objects.values_list("pk", "revision"))
    batch = [route.through(one, reading, rules, revisions[one.practice], known) for one, reading in pairs]
    assert commit.file("test", batch, NOW) == len(numbers) * len(to)
    return [list(Row.objects.filter(delivery=one.delivery).order_by("position")) for one in claimed]


def file_one(given: Given, *documents: Document, to: str = DOCTOR, sender: str = LABORATORY) -> list[Any]:
    """The rows of one message of these documents."""
    (rows,) = file_all(given, documents, to=(to,), sender=sender)
    return rows


def again(document: Document, **more: Any) -> Document:
    """The same document, its XML written anew on its way."""
    return dataclasses.replace(document, sha256=digest(f"{document.sha256} written anew"), **more)


def doctor(given: Given) -> Any:
    """An account that sees both mailboxes."""
    from vaguemestre.records.models import Account

    account = Account.objects.create(login="roche", role="doctor", created_at=NOW)
    account.mailboxes.set([given.doctor, given.office])
    return account
