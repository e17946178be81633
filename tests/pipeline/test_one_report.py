"""One report, once: what a laboratory sends as HPRIM, HL7 v2, CDA and PDF, in one message or in several, really written and read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import blood_counts as report
from tests.pipeline import posted
from tests.pipeline.given import NOW, Given
from tests.pipeline.posted import Somebody, archive, chart, mail, post
from tests.pipeline.read_as import doctor
from vaguemestre.inbound.read import read

INES = Somebody("VARZIN", "INES", "1958-02-11", "F", 21)
LOIS = Somebody("VARZIN", "LOIS", "1958-02-11", "F", 22)
"""Her twin."""


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def points(*files: tuple[str, bytes | str], subject: str = "Résultats") -> list[int | None]:
    """For each document of a mail, the one that it is a form of."""
    return [one.duplicate_of for one in read(mail(*files, subject=subject), "m.eml", "message/rfc822").documents]


def formats(*files: tuple[str, bytes | str]) -> list[str]:
    """The formats of the documents that are no other's form."""
    found = read(mail(*files), "m.eml", "message/rfc822").documents
    return [one.format for one in found if one.duplicate_of is None]


def level_one(one: Somebody, lines: tuple[report.Line, ...] = report.LINES, **told: Any) -> bytes:
    return posted.cda(one, level=1, pages=report.pages(one, lines), **told)


# In one message


def test_hprim_with_its_cda() -> None:
    assert points(("R.HPR", report.hprim(INES)), ("cr.xml", report.cda(INES))) == [1, None]


def test_hprim_with_its_cda_and_pages() -> None:
    sent = ("R.HPR", report.hprim(INES)), ("cr.xml", report.cda(INES, pages=report.pages(INES)))
    assert points(*sent) == [1, None, 1]


def test_hprim_with_an_xdm_archive_and_its_announced_copy() -> None:
    pages = report.pages(INES)
    sent = ("IHE_XDM.ZIP", archive((report.cda(INES, pages=pages), INES))), ("cr.pdf", pages), ("R.HPR", report.hprim(INES))
    assert points(*sent, subject="XDM/1.0/DDM+Résultats") == [None, 0, 0, 0]


def test_hl7v2_with_hprim_and_cda() -> None:
    sent = ("R.HPR", report.hprim(INES)), ("r.hl7", report.hl7v2(INES)), ("cr.xml", report.cda(INES))
    assert points(*sent) == [2, 2, None]


def test_hprim_with_pages_that_nothing_announces() -> None:
    assert points(("R.HPR", report.hprim(INES)), ("scan0001.pdf", report.pages(INES))) == [None, 0]
    assert points(("scan0001.pdf", report.pages(INES)), ("r.hl7", report.hl7v2(INES))) == [1, None]


def test_results_as_data_stand_before_a_cda_of_pages() -> None:
    sent = ("cr.xml", level_one(INES)), ("R.HPR", report.hprim(INES))
    assert points(*sent) == [2, 2, None]
    assert formats(*sent) == ["hprim-medecin"]


def test_hprim_without_words_is_known_by_its_figures() -> None:
    assert points(("R.HPR", report.hprim(INES, text=False)), ("cr.xml", report.cda(INES))) == [1, None]


def test_part_of_the_results_is_a_form_of_all_of_them() -> None:
    assert points(("R.HPR", report.hprim(INES, report.LINES[:4])), ("cr.xml", report.cda(INES))) == [1, None]


APART = {
    "another value": (report.hprim(INES, report.with_value(2, "252")), report.cda(INES)),
    "a result more in the HPRIM file": (report.hprim(INES), report.cda(INES, report.LINES[:4])),
    "another unit": (report.hprim(INES, report.with_value(3, "141", unit="mg/l")), report.cda(INES)),
    "two results only, a week of another month": (
        report.hprim(INES, report.LINES[:2], day="20/10/2026"),
        report.cda(INES, report.LINES[:2]),
    ),
    "of another week": (report.hprim(INES, day="01/10/2026"), report.cda(INES)),
    "graver in the HPRIM file": (report.hprim(INES, report.with_value(4, "4.1", flag="HH")), report.cda(INES)),
    "the twin": (report.hprim(LOIS), report.cda(INES)),
    "nobody's birth date": (report.hprim(INES, born=""), report.cda(INES)),
    "other words": (report.hprim(INES) .replace("Conclusion : examens dans les limites habituelles", "Frottis " + " ".join(
        f"observation{k:02d}".translate(str.maketrans("0123456789", "abcdefghij")) for k in range(60))), report.cda(INES)),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART.keys())
def test_kept_apart(one: str, other: bytes) -> None:
    assert points(("R.HPR", one), ("cr.xml", other)) == [None, None]


def test_one_of_two_hprim_files_is_nobody_s_form() -> None:
    sent = ("A.HPR", report.hprim(INES)), ("B.HPR", report.hprim(INES)), ("cr.xml", report.cda(INES))
    assert points(*sent) == [None, None, None]


def test_pages_that_lack_a_value_or_are_somebody_else_s_stay_documents() -> None:
    hprim = ("R.HPR", report.hprim(INES))
    assert points(hprim, ("r.pdf", report.pages(INES, report.LINES[:4]))) == [None, None]
    assert points(hprim, ("r.pdf", report.pages(INES, report.with_value(1, "7.30")))) == [None, None]
    other = Somebody("KOUVERN", "INES", "1958-02-11", "F", 23)
    assert points(hprim, ("r.pdf", report.pages(other))) == [None, None]
    assert points(hprim, ("r.pdf", report.pages(INES)), ("s.pdf", report.pages(INES) + b"\n")) == [None, None, None]


def test_several_records_each_with_its_cda() -> None:
    both = report.hprim(INES) + report.hprim(LOIS, report.with_value(0, "12.9"))
    sent = ("R.HPR", both), ("i.xml", report.cda(INES)), ("l.xml", report.cda(LOIS, report.with_value(0, "12.9")))
    found = read(mail(*sent), "m.eml", "message/rfc822").documents
    assert [one.duplicate_of for one in found] == [2, 3, None, None]


# Whose it is


def test_the_ins_of_the_pages_files_the_report(given: Given) -> None:
    ines = chart(given, "P9", INES, ins=True)
    (rows,) = post(given, mail(("cr.xml", level_one(INES, ins=INES.nir)), ("R.HPR", report.hprim(INES))), sender="inconnu@labo.example")
    main = next(row for row in rows if row.form_of_id is None)
    assert (main.format, main.decision, main.rule, main.patient) == ("hprim-medecin", "filed", "A", ines)
    assert {row.decision for row in rows} == {"filed"}
    assert main.stated["ins"]["value"] == INES.nir, "what was matched is what is shown"
    assert main.content["patient"]["ins"] is None, "what the document says stays what it says"
    assert {result.patient for result in main.result_set.all()} == {ines}


def test_an_ins_that_is_not_hers_is_an_alert_for_the_report(given: Given) -> None:
    chart(given, "P9", INES, ins=True)
    chart(given, "P8", LOIS, ins=True)
    (rows,) = post(given, mail(("cr.xml", level_one(INES, ins=LOIS.nir)), ("R.HPR", report.hprim(INES))))
    assert {row.decision for row in rows} == {"blocked"}


def test_a_code_that_is_another_s_and_the_ins_disagree_goes_to_a_person(given: Given) -> None:
    from vaguemestre.domain.matching import Candidate, Match
    from vaguemestre.inbound.match import leads_elsewhere

    filed = Match("filed", "A", "filed", 7, (Candidate(7, "P7", ()),))
    assert leads_elsewhere(Match("proposed", "P", "one-chart", 8, (Candidate(8, "P8", ()),)), filed)
    assert leads_elsewhere(Match("blocked", "C", "ins-other-traits", None, (Candidate(7, "P7", ()),)), filed)
    assert not leads_elsewhere(Match("review", "F", "several", None, (Candidate(8, "P8", ()), Candidate(7, "P7", ()))), filed)
    assert not leads_elsewhere(Match("review", "N", "nobody", None, ()), filed)


# In several messages


def carried() -> list[int]:
    from vaguemestre.records.models import Result

    return sorted(set(Result.objects.exclude(patient=None).values_list("document", flat=True)))


def send(given: Given, name: str, content: bytes | str) -> Any:
    (rows,) = post(given, mail((name, content)))
    return rows[0]


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "in one batch"])
def test_the_same_report_by_another_way_is_a_repeat(given: Given, together: bool) -> None:
    from vaguemestre.records.queries.filings import filings

    ines = chart(given, "P9", INES)
    messages = [mail(("R.HPR", report.hprim(INES))), mail(("cr.xml", report.cda(INES))), mail(("r.hl7", report.hl7v2(INES)))]
    rows = [one[0] for one in post(given, *messages)] if together else [post(given, one)[0][0] for one in messages]
    assert [row.duplicate_of_id for row in rows] == [None, rows[0].pk, rows[0].pk]
    assert [(row.decision, row.patient) for row in rows] == [("filed", ines)] * 3
    assert carried() == [rows[0].pk], "each value once in the histories"
    assert [line["duplicate_of"] for line in filings()] == [None, f"D{rows[0].pk}", f"D{rows[0].pk}"]


@pytest.mark.parametrize(
    "other",
    [
        report.cda(INES, report.with_value(1, "7.21")),
        report.cda(INES, report.LINES[:4]),
        report.cda(LOIS),
        report.cda(INES).replace(b"20261120101500", b"20261201101500"),
    ],
    ids=["another value", "a value less", "the twin", "another week"],
)
def test_what_says_something_else_is_no_repeat(given: Given, other: bytes) -> None:
    chart(given, "P9", INES)
    first = send(given, "R.HPR", report.hprim(INES))
    second = send(given, "cr.xml", other)
    assert (first.decision, second.duplicate_of_id) == ("filed", None)
    assert len(carried()) == (2 if second.decision == "filed" else 1)


def test_two_files_of_one_format_are_two_editions(given: Given) -> None:
    chart(given, "P9", INES)
    send(given, "R.HPR", report.hprim(INES))
    assert send(given, "R.HPR", report.hprim(INES) + "****FINFICHIER****\n").duplicate_of_id is None


def test_few_figures_are_no_report_to_know_again(given: Given) -> None:
    chart(given, "P9", INES)
    send(given, "R.HPR", report.hprim(INES, report.LINES[:3]))
    assert send(given, "cr.xml", report.cda(INES, report.LINES[:3])).duplicate_of_id is None


def test_an_undo_takes_the_report_back_in_every_format(given: Given) -> None:
    from vaguemestre.pipeline import decisions

    chart(given, "P9", INES)
    first, second = send(given, "R.HPR", report.hprim(INES)), send(given, "cr.xml", report.cda(INES))
    assert sorted(decisions.undo(doctor(given), second, NOW)) == [first.pk, second.pk]
    assert carried() == []
    third = send(given, "r.hl7", report.hl7v2(INES))
    assert third.decision != "filed", "nor does it come back in a third format"
    assert third.rule.endswith(":undone") or third.patient is None


def test_the_bearer_changes_when_the_first_leaves(given: Given) -> None:
    """Two charts: the first arrival waits, the second is filed and bears; when a person files the first too, one of them does."""
    from vaguemestre.pipeline import decisions

    first = send(given, "R.HPR", report.hprim(INES))
    assert first.decision == "review"
    ines = chart(given, "P9", INES)
    second = send(given, "cr.xml", report.cda(INES))
    assert (second.decision, second.duplicate_of_id, carried()) == ("filed", first.pk, [second.pk])
    first.refresh_from_db()
    decisions.settle(doctor(given), first, ines, NOW)
    assert carried() == [first.pk]


def test_a_newer_edition_replaces_the_report_in_every_format(given: Given) -> None:
    from vaguemestre.pipeline import decisions
    from vaguemestre.records.models import Document

    chart(given, "P9", INES)
    first = send(given, "R.HPR", report.hprim(INES))
    second = send(given, "cr.xml", report.cda(INES, set_id="1.2.250.1.999.7.555", number="1.2.250.1.999.7.5551"))
    corrected = report.cda(INES, report.with_value(4, "4.4"), set_id="1.2.250.1.999.7.555", number="1.2.250.1.999.7.5552", version=2)
    third = send(given, "cr.xml", corrected)
    standing = Document.objects.filter(superseded_by=None).values_list("pk", flat=True)
    assert list(standing) == [third.pk]
    assert carried() == [third.pk]
    assert {row.superseded_by_id for row in Document.objects.filter(pk__in=[first.pk, second.pk])} == {third.pk}
    decisions.undo(doctor(given), third, NOW)
    assert set(Document.objects.values_list("superseded_by", flat=True)) == {None}
    assert carried() == [first.pk], "what stands again stands once"


def test_the_report_that_comes_late_in_another_format_is_replaced_too(given: Given) -> None:
    chart(given, "P9", INES)
    send(given, "cr.xml", report.cda(INES, set_id="1.2.250.1.999.7.556", number="1.2.250.1.999.7.5561"))
    corrected = report.cda(INES, report.with_value(4, "4.4"), set_id="1.2.250.1.999.7.556", number="1.2.250.1.999.7.5562", version=2)
    newest = send(given, "cr.xml", corrected)
    late = send(given, "R.HPR", report.hprim(INES))
    late.refresh_from_db()
    assert (late.superseded_by_id, carried()) == (newest.pk, [newest.pk])


def test_the_day_of_the_report_is_needed(given: Given) -> None:
    chart(given, "P9", INES)
    send(given, "R.HPR", report.hprim(INES, day=""))
    assert send(given, "cr.xml", report.cda(INES)).duplicate_of_id is None
