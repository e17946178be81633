"""Whole messages made to go to the wrong chart, one after another: repeats, versions, undoing, several mailboxes and practices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.posted import (
    ENVELOPE,
    JEAN,
    JEAN_PIERRE,
    LEA,
    LEO,
    MOTHER,
    ROOT,
    SENIOR,
    archive,
    cda,
    chart,
    charts_of,
    family,
    hprim,
    mail,
    pages,
    post,
    post_one,
    values,
)
from tests.pipeline.read_as import OFFICE, doctor
from tests.scenes.operators import DOCTOR


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


# Repeats, versions, undoing


def test_the_same_identifiers_and_set_for_everybody_replace_nothing_of_another(given: Given) -> None:
    """Software that numbers every document "1.2.3^1"."""
    refs = family(given)
    sent = [cda(one, ins=one.nir, number=f"{ROOT}.5", set_id=f"{ROOT}.5", version=v, result=r) for one, v, r in
            ((LEO, 1, "1.01"), (LEA, 2, "2.02"), (MOTHER, 3, "3.03"))]  # fmt: skip
    rows = [one for batch in post(given, *(mail(("cr.xml", data)) for data in sent)) for one in batch]
    assert charts_of(rows) == ["LEO", "LEA", "MOTHER"]
    assert {type(row).objects.get(pk=row.pk).superseded_by_id for row in rows} == {None}
    assert [values(refs[ref]) for ref in ("LEO", "LEA", "MOTHER")] == [["1.01"], ["2.02"], ["3.03"]]


def test_a_replacement_that_names_another_takes_nothing_out_of_the_chart(given: Given) -> None:
    refs = family(given)
    (old,) = post_one(given, mail(("cr.xml", cda(LEO, ins=LEO.nir, number=f"{ROOT}.6", result="1.01"))))
    (new,) = post_one(given, mail(("cr.xml", cda(LEA, ins=LEA.nir, replaces=f"{ROOT}.6", result="2.02"))))
    assert charts_of([old, new]) == ["LEO", "LEA"]
    assert type(old).objects.get(pk=old.pk).superseded_by_id is None
    assert (values(refs["LEO"]), values(refs["LEA"])) == (["1.01"], ["2.02"])


def test_equal_reports_of_twins_are_two_documents(given: Given) -> None:
    refs = family(given)
    same = {"number": f"{ROOT}.7", "words": "Examen normal.", "result": "1.00", "pages": pages("Examen normal.")}
    first = post_one(given, mail(("cr.xml", cda(LEO, ins=LEO.nir, **same))))
    second = post_one(given, mail(("cr.xml", cda(LEA, ins=LEA.nir, **same))))
    assert charts_of([first[0], second[0]]) == ["LEO", "LEA"]
    assert second[0].duplicate_of_id is None
    assert (values(refs["LEO"]), values(refs["LEA"])) == (["1.00"], ["1.00"])


def test_a_leaflet_in_the_letters_of_two_patients_moves_neither(given: Given) -> None:
    family(given)
    leaflet = pages("Consignes avant une prise de sang : restez à jeun.")
    alone = post_one(given, mail(("consignes.pdf", leaflet)))
    one = post_one(given, mail(("cr.xml", cda(LEO, ins=LEO.nir, pages=leaflet))))
    other = post_one(given, mail(("cr.xml", cda(LEA, ins=LEA.nir, pages=leaflet))))
    assert charts_of([alone[0], one[0], other[0]]) == [None, "LEO", "LEA"]


def test_a_copy_with_pages_of_another_waits_when_the_document_is_settled(given: Given) -> None:
    """The person saw the report alone; its copy came with a letter of the mother behind it."""
    from vaguemestre.pipeline.decisions import settle

    refs = family(given, ins=False)
    report = cda(LEO, number=f"{ROOT}.8", words="Voir tableau.", result="1.01")
    (first,) = post_one(given, mail(("cr.xml", report)))
    assert first.decision == "proposed", "a twin has a chart"
    of_another = pages("Nom de naissance : ZORBEC", "Prénom : Léa", "Née le 04/05/1990")
    rows = post_one(given, mail(("IHE_XDM.ZIP", archive((report, LEO))), ("a.pdf", of_another), subject=ENVELOPE))
    assert settle(doctor(given), first, refs["LEO"], NOW) == [first.pk]
    assert set(charts_of([type(row).objects.get(pk=row.pk) for row in rows])) == {None}


def test_an_edition_of_what_was_taken_back_does_not_go_there_again(given: Given) -> None:
    """The first was a homonym's, who has no chart; the next versions, whoever sends them, are still not this patient's."""
    from vaguemestre.pipeline.decisions import settle, undo
    from vaguemestre.records.models import Patient

    refs = family(given)
    account = doctor(given)
    (first,) = post_one(given, mail(("cr.xml", cda(MOTHER, set_id=f"{ROOT}.9", number=f"{ROOT}.9.1", result="1.01"))))
    assert charts_of([first]) == ["MOTHER"]
    undo(account, first, NOW)
    later = cda(MOTHER, set_id=f"{ROOT}.9", number=f"{ROOT}.9.2", version=2, result="1.02", words="Corrigé.")
    linked = cda(MOTHER, replaces=f"{ROOT}.9.1", result="1.03", words="Remplacé.")
    (second,), (third,) = post(given, mail(("cr.xml", later)), mail(("cr.xml", linked)), sender="labo@hopital.demo.example")
    assert [(row.patient_id, row.reason) for row in (second, third)] == [(None, "undone")] * 2
    assert values(refs["MOTHER"]) == []
    settle(account, second, Patient.objects.get(ref="MOTHER"), NOW, confirmed=True)
    (fourth,) = post_one(given, mail(("cr.xml", cda(MOTHER, set_id=f"{ROOT}.9", number=f"{ROOT}.9.3", version=3, result="1.04"))))
    assert charts_of([fourth]) == ["MOTHER"], "a person said that they are hers after all"


def test_what_a_laboratory_knows_a_stranger_by_does_not_go_to_the_namesake_again(given: Given) -> None:
    """A homonym without a chart: once a person took a result out, the laboratory's number for that patient is not this chart's."""
    from vaguemestre.pipeline.decisions import undo

    senior = chart(given, "SENIOR", SENIOR)
    (wrong,) = post_one(given, mail(("r.hpr", hprim(SENIOR, value="7.01", code="H77"))))
    assert charts_of([wrong]) == ["SENIOR"]
    undo(doctor(given), wrong, NOW)
    (again,) = post_one(given, mail(("r.hpr", hprim(SENIOR, value="7.02", code="H77"))))
    assert (again.patient_id, again.reason) == (None, "undone")
    (his,) = post_one(given, mail(("r.hpr", hprim(SENIOR, value="1.01", code="S12"))))
    assert charts_of([his]) == ["SENIOR"]
    assert values(senior) == ["1.01"]


def test_a_number_of_the_laboratory_first_used_for_another_is_a_doubt(given: Given) -> None:
    chart(given, "SENIOR", SENIOR)
    chart(given, "JEAN", JEAN)
    assert charts_of(post_one(given, mail(("r.hpr", hprim(SENIOR, code="C1"))))) == ["SENIOR"]
    papers = [hprim(JEAN, code="C1"), hprim(JEAN, code="C2"), hprim(SENIOR, code="C2")]
    poisoned, first, second = post(given, *(mail(("r.hpr", paper)) for paper in papers))
    assert charts_of(poisoned) == [None]
    assert charts_of(first + second) == ["JEAN", None]


# Several mailboxes, practices and channels


def test_two_practices_know_nothing_of_each_other(given: Given) -> None:
    from vaguemestre.records import administration

    other = administration.make_mailbox("dr.fabre@cabinet.demo.example", "PER", "Dr FABRE", "autre cabinet", "", "", NOW)
    mine = chart(given, "SENIOR", SENIOR)
    theirs = chart(given, "THEIRS", SENIOR, mailbox=other)
    rows = post_one_to_each(given, mail(("r.hpr", hprim(SENIOR, value="5.05"))), (DOCTOR, other.address))
    assert sorted((row.practice_id == mine.practice_id, row.patient_id) for row in rows) == [(False, None), (True, mine.pk)]
    assert values(theirs) == [], "their practice does not know the sender"
    assert {row.duplicate_of_id for row in rows} == {None}


def post_one_to_each(given: Given, message: bytes, to: tuple[str, ...]) -> list[Any]:
    return [row for rows in post(given, message, to=to) for row in rows]


def test_a_document_in_two_mailboxes_stands_once_and_is_taken_back_once(given: Given) -> None:
    from vaguemestre.pipeline.decisions import undo

    senior = chart(given, "SENIOR", SENIOR)
    rows = post_one_to_each(given, mail(("r.hpr", hprim(SENIOR, value="6.06"))), (DOCTOR, OFFICE))
    assert charts_of(rows) == ["SENIOR", "SENIOR"]
    assert values(senior) == ["6.06"]
    assert sorted(undo(doctor(given), rows[1], NOW)) == sorted(row.pk for row in rows)
    assert values(senior) == []


def test_a_chart_made_while_the_batch_was_read_is_seen(given: Given) -> None:
    """The twin's chart comes between the reading and the writing."""
    from django.conf import settings

    from vaguemestre.inbound.read import read
    from vaguemestre.pipeline import commit, route
    from vaguemestre.records import queue
    from vaguemestre.records.models import Document, Practice

    chart(given, "JEAN", JEAN)
    message = mail(("r.hpr", hprim(JEAN, given="JEAN")))
    given.receive(message)
    (claimed,) = queue.claim("test", 5, 60, 1_800_000_000.0)
    revision = Practice.objects.get(pk=claimed.practice).revision
    through = route.through(claimed, read(message, "m.eml", "message/rfc822"), route.Rules.of(settings.VAGUEMESTRE), revision)
    assert through.filed[0].match.decision == "filed"
    chart(given, "JP", JEAN_PIERRE)
    commit.file("test", [through], NOW)
    assert charts_of(list(Document.objects.all())) == [None]
