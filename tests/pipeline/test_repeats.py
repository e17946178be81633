"""One document, once: its forms are one document, and the same one again is seen as such, unless it names another person."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.read_as import LUCIE, OFFICE, PAUL, SODIUM, again, cda, digest, doctor, file_all, file_one, pdf, rendering
from tests.scenes.operators import DOCTOR
from vaguemestre.domain.reading import Attachment, Document, Ins, Warning
from vaguemestre.inbound import taken_back


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def carried() -> list[int]:
    """The documents whose results are in a chart."""
    from vaguemestre.records.models import Result

    return list(Result.objects.exclude(patient=None).order_by("document").values_list("document", flat=True).distinct())


# Forms


def test_forms_whose_document_comes_later(given: Given) -> None:
    from vaguemestre.records.models import Filing
    from vaguemestre.records.queries.filings import filings
    from vaguemestre.records.queries.status import status

    beside, one, main, inside = file_one(
        given,
        pdf("beside", duplicate_of=2),
        cda("level 1", format="cda-n1", results=(), duplicate_of=2),
        cda("level 3", id="1.2.3", set_id="1.2", version=4, replaces="1.2.2", html="<p>Sodium</p>"),
        rendering("inside", of=2),
    )
    assert [row.form_of_id for row in (beside, one, main, inside)] == [main.pk, main.pk, None, main.pk]
    assert {(row.decision, row.rule, row.patient_id, row.filed_at) for row in (beside, one, main, inside)} == {
        ("filed", "E", given.lucie.pk, NOW)
    }
    assert (main.own_id, main.set_id, main.version, main.replaces, main.html) == ("1.2.3", "1.2", 4, "1.2.2", "<p>Sodium</p>")
    assert (main.title, main.date, main.rendering, inside.rendering, beside.rendering) == ("Ionogramme", "2026-11-20", False, True, False)
    assert inside.content["path"] == ["letter.eml", "DOC00001.XML", "nonXMLBody.pdf"]
    assert (beside.sha256, beside.content_key, beside.format) == (digest("beside"), digest("beside"), "pdf")
    assert carried() == [main.pk]
    assert [line["document_id"] for line in filings()] == [f"D{main.pk}"]
    assert status(NOW)["filed"] == Filing.objects.count() == 1


@pytest.mark.parametrize("points", [(1, 2, None), (None, 0, 1), (1, 0, None), (0, None, None), (9, -1, None)])
def test_forms_of_forms_and_circles_leave_every_document_one_main(given: Given, points: tuple[int | None, ...]) -> None:
    rows = file_one(given, *(cda(f"form {k}", duplicate_of=to) for k, to in enumerate(points)))
    mains = {row.pk for row in rows if row.form_of_id is None}
    assert mains
    assert {row.form_of_id for row in rows} - {None} <= mains
    if points in {(1, 2, None), (None, 0, 1)}:
        assert len(mains) == 1


@pytest.mark.parametrize("code", ["hash-mismatch", "patient-mismatch", "truncated"])
def test_what_forbids_filing_a_form_holds_the_document(given: Given, code: str) -> None:
    held = pdf("held", duplicate_of=1, warnings=(Warning(code, "said"),))
    rows = file_one(given, held, cda("whole"))
    assert [(row.decision, row.patient_id) for row in rows] == [("review", None)] * 2
    assert all(row.rule.startswith("E:") for row in rows)
    harmless = pdf("harmless", duplicate_of=1, warnings=(Warning("encoding-guessed", "said"),))
    assert {row.decision for row in file_one(given, harmless, cda("whole too"))} == {"filed"}


def test_a_form_of_somebody_else_holds_the_document(given: Given) -> None:
    rows = file_one(given, cda("Lucie's"), cda("Paul's", format="cda-n1", patient=PAUL, duplicate_of=0))
    assert {row.decision for row in rows} == {"review"}


def test_a_form_follows_a_match_made_again(given: Given) -> None:
    from django.conf import settings

    from vaguemestre.domain.reading import Reading
    from vaguemestre.pipeline import commit, route
    from vaguemestre.records import queue
    from vaguemestre.records.models import Document as Row
    from vaguemestre.records.models import Patient, Practice

    given.receive(given.report())
    (one,) = queue.claim("test", 1, 60, 1_800_000_000.0)
    reading = Reading("letter.eml", "mail", None, (pdf("beside", duplicate_of=1), cda("report")))
    through = route.through(one, reading, route.Rules.of(settings.VAGUEMESTRE), 0)
    Patient.objects.filter(pk=given.lucie.pk).update(flags="homonym")
    Practice.objects.update(revision=7)
    commit.file("test", [through], NOW)
    assert set(Row.objects.values_list("decision", "patient")) == {("review", None)}


# The same content again


def test_a_cda_written_anew_is_the_same_and_another_word_is_not(given: Given) -> None:
    (first,) = file_one(given, cda("one", id="1.1"))
    (second,) = file_one(given, again(cda("one", id="1.1")), to=OFFICE)
    assert (first.duplicate_of_id, second.duplicate_of_id) == (None, first.pk)
    assert second.decision == "filed"
    assert carried() == [first.pk], "the same results once"
    page = Attachment("nonXMLBody.pdf", "application/pdf", 10, digest("page"))
    changes: list[dict[str, Any]] = [
        {"id": "1.2"},
        {"set_id": "9"},
        {"version": 2},
        {"text": "Sodium 141"},
        {"patient": dataclasses.replace(LUCIE, sex=None)},
        {"results": (dataclasses.replace(SODIUM, number="141"),)},
        {"attachments": (page,)},
    ]
    for change in changes:
        (other,) = file_one(given, cda("one", **{"id": "1.1", **change}))
        assert other.duplicate_of_id is None, change


def test_a_repeat_in_the_same_batch(given: Given) -> None:
    report = (cda("report", id="1.1"), rendering("page", of=0))
    one, two, three, four = file_all(given, report, [again(report[0])], [pdf("page")], [pdf("page")])
    first = one[0].pk
    assert [rows[0].duplicate_of_id for rows in (one, two, three, four)] == [None, first, first, first]
    assert one[1].duplicate_of_id is None
    assert carried() == [first]


def test_a_mail_to_two_mailboxes_is_one_document_with_a_copy(given: Given) -> None:
    here, there = file_all(given, [cda("report", set_id="S", version=1), rendering("page", of=0)], to=(DOCTOR, OFFICE))
    assert [here[0].duplicate_of_id, there[0].duplicate_of_id] == [None, here[0].pk]
    assert {here[0].superseded_by_id, there[0].superseded_by_id} == {None}
    assert carried() == [here[0].pk]


@pytest.mark.parametrize("batch", ["together", "apart"])
@pytest.mark.parametrize("alone", ["first", "last"])
def test_the_pdf_alone_and_the_document_that_holds_it(given: Given, alone: str, batch: str) -> None:
    messages = [[pdf("page")], [cda("report", id="1.1"), rendering("page", of=0)], [again(cda("report", id="1.1"))]]
    if alone == "last":
        messages = [messages[1], messages[2], messages[0]]
    if batch == "together":
        rows = [delivery[0] for delivery in file_all(given, *messages)]
    else:
        rows = [file_one(given, *message)[0] for message in messages]
    assert [row.duplicate_of_id for row in rows] == [None, rows[0].pk, rows[0].pk]
    filed = [row.pk for row in rows if row.format == "cda-n3"]
    assert carried() == filed[:1], "the first filed one that has results carries them, even as a repeat"


def test_a_name_that_looks_like_a_rank_makes_no_other_document(given: Given) -> None:
    first, _ = file_one(given, cda("report"), rendering("page", of=0))
    assert file_one(given, pdf("page", path=("letter.eml", "report#1")))[0].duplicate_of_id == first.pk


def test_a_pdf_that_is_no_whole_rendering_tells_nothing(given: Given) -> None:
    file_one(given, cda("report"), pdf("leaflet", duplicate_of=0))
    (alone,) = file_one(given, pdf("leaflet"))
    assert alone.duplicate_of_id is None
    other, _ = file_one(given, cda("another report", id="5"), pdf("leaflet", duplicate_of=0))
    assert (other.duplicate_of_id, other.decision) == (None, "filed")


OTHER_INS = dataclasses.replace(LUCIE, ins=Ins("261039999001177", "1.2.250.1.213.1.4.8"))
SOMEBODY = [
    (LUCIE, PAUL),
    (LUCIE, dataclasses.replace(LUCIE, birth_date="1961-03-13")),
    (LUCIE, dataclasses.replace(LUCIE, birth_name="OSTERMANN")),
    (LUCIE, dataclasses.replace(LUCIE, first_given_name="BERTRAND", given_names=("BERTRAND",))),
    (OTHER_INS, dataclasses.replace(LUCIE, ins=Ins("261039999002274", "1.2.250.1.213.1.4.8"))),
]


@pytest.mark.parametrize(("one", "other"), SOMEBODY)
@pytest.mark.parametrize("batch", ["together", "apart"])
def test_never_when_they_name_two_persons(given: Given, one: Any, other: Any, batch: str) -> None:
    messages = [[pdf("page", patient=patient)] for patient in (one, other, one, other)]
    rows = [d[0] for d in file_all(given, *messages)] if batch == "together" else [file_one(given, *m)[0] for m in messages]
    assert [row.duplicate_of_id for row in rows] == [None, None, rows[0].pk, rows[1].pk]
    main, _ = file_one(given, cda("report", patient=other), rendering("page", of=0))
    assert main.duplicate_of_id == rows[1].pk


@pytest.mark.parametrize("other", [None, LUCIE, dataclasses.replace(LUCIE, birth_date=None), dataclasses.replace(LUCIE, used_name="ROY")])
def test_what_is_left_out_names_nobody_else(given: Given, other: Any) -> None:
    (first,) = file_one(given, pdf("page", patient=LUCIE))
    assert file_one(given, pdf("page", patient=other))[0].duplicate_of_id == first.pk


def test_another_practice_has_its_own(given: Given) -> None:
    from vaguemestre.records import administration

    administration.make_mailbox("dr.fabre@autre.demo.example", "PER", "Dr FABRE", "autre", "", "", NOW)
    file_one(given, cda("report"), rendering("page", of=0))
    there, _ = file_one(given, cda("report"), rendering("page", of=0), to="dr.fabre@autre.demo.example")
    assert there.duplicate_of_id is None
    assert file_one(given, pdf("page"), to="dr.fabre@autre.demo.example")[0].duplicate_of_id == there.pk


# Undoing


@pytest.mark.parametrize("back", ["report", "page", "both"])
def test_undoing_forbids_the_document_and_its_forms_for_that_person(given: Given, back: str) -> None:
    from vaguemestre.pipeline.decisions import undo
    from vaguemestre.records.models import FilingBan

    first, page = file_one(given, cda("report", id="1.1"), rendering("page", of=0))
    (copy,) = file_one(given, again(cda("report", id="1.1")), to=OFFICE)
    assert sorted(undo(doctor(given), copy, NOW)) == [first.pk, copy.pk]
    assert {(fresh(row).decision, fresh(row).patient_id) for row in (first, page, copy)} == {("review", None)}
    assert carried() == []
    assert set(FilingBan.objects.values_list("content_key", "patient")) == {
        (first.content_key, given.lucie.pk),
        (digest("page"), given.lucie.pk),
        *((mark, given.lucie.pk) for mark in taken_back.keys("", (), ["1.1"], "")),
    }
    comes: dict[str, list[Document]] = {
        "report": [again(cda("report", id="1.1"))],
        "page": [pdf("page", patient=LUCIE)],
        "both": [cda("report", id="1.2", text="said otherwise"), rendering("page", of=0)],
    }
    assert {row.decision for row in file_one(given, *comes[back])} <= {"review", "proposed"}
    assert file_one(given, cda("quite another"))[0].decision == "filed"


# Hostile readings


def test_names_and_versions_of_any_size_are_kept_apart(given: Given) -> None:
    long = "1" * 1000
    (one,) = file_one(given, cda("one", id=long + "1", set_id=long, version=10**30))
    (two,) = file_one(given, cda("two", id=long + "2", set_id=long + "x", version=-(10**30), replaces="9" * 100_000))
    assert one.own_id != two.own_id
    assert one.set_id != two.set_id
    assert {len(name) for row in (one, two) for name in (row.own_id, row.set_id)} == {300}
    assert (one.version, two.version) == (2**63 - 1, -(2**63) + 1)
    assert (fresh(one).superseded_by_id, fresh(two).superseded_by_id) == (None, None)
