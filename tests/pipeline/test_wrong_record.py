"""The wrong patient is the worst harm (promise 4): whole messages made to go to the wrong chart, none of which may.

Each attack was tried against the whole path; those that once passed are marked by what now stops them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import Given
from tests.pipeline.posted import (
    ENVELOPE,
    JEAN,
    JEAN_PIERRE,
    JUNIOR,
    LEA,
    LEO,
    LEON,
    LONG,
    MOTHER,
    ROOT,
    SENIOR,
    Somebody,
    archive,
    cda,
    chart,
    charts_of,
    family,
    hprim,
    mail,
    pages,
    post_one,
    values,
)
from vaguemestre.domain import person


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


# What a sound message does, so that the attacks below are held for their reasons


def test_what_is_sound_is_filed(given: Given) -> None:
    family(given)
    chart(given, "SENIOR", SENIOR)
    assert charts_of(post_one(given, mail(("cr.xml", cda(LEO, ins=LEO.nir))))) == ["LEO"]
    assert charts_of(post_one(given, mail(("r.hpr", hprim(SENIOR, value="1.01"))))) == ["SENIOR"]
    assert charts_of(post_one(given, mail(("IHE_XDM.ZIP", archive((cda(LEA, ins=LEA.nir), LEA)))))) == ["LEA"]
    letter = cda(LEA, ins=LEA.nir, pages=pages("Patient : ZORBEC Léa", "Nom de naissance : ZORBEC"), words="Copie jointe.")
    assert charts_of(post_one(given, mail(("cr.xml", letter)))) == ["LEA", "LEA"]
    assert values(given.patient("P9", "AUTRE", "ANNE", "1950-01-02", "F")) == []


# HPRIM: results that pass to the record above


@pytest.mark.parametrize("lost", range(8))
def test_results_below_a_torn_header_and_no_end_mark_never_pass_to_the_record_above(given: Given, lost: int) -> None:
    first = chart(given, "SENIOR", SENIOR)
    chart(given, "JEAN", JEAN)
    below = hprim(JEAN, value="9.99", nir=True, code="B22").split("\n")
    del below[lost]
    rows = post_one(given, mail(("r.hpr", hprim(SENIOR, value="0.95", end="") + "\n".join(below))))
    assert set(charts_of(rows)) == {None}
    assert values(first) == []


@pytest.mark.parametrize("end", ["", "****FIN****\n"])
def test_a_record_without_birth_date_never_gives_its_results_to_the_one_above(given: Given, end: str) -> None:
    first = chart(given, "SENIOR", SENIOR)
    rows = post_one(given, mail(("r.hpr", hprim(SENIOR, value="0.95", end=end) + hprim(LEO, value="9.99", born=""))))
    assert "9.99" not in values(first)
    assert charts_of(rows) == (["SENIOR", None] if end else [None])


def test_each_record_of_a_file_goes_to_its_own(given: Given) -> None:
    one, other = chart(given, "SENIOR", SENIOR), chart(given, "JUNIOR", JUNIOR)
    rows = post_one(
        given, mail(("r.hpr", hprim(SENIOR, value="1.11") + hprim(JUNIOR, value="2.22")), ("a.pdf", pages("Patient : ZORBEC Léo")))
    )
    assert (values(one), values(other)) in ([["1.11"], ["2.22"]], ([], []), (["1.11"], ["2.22"]))
    assert rows[-1].patient_id is None


# One message of several persons


def test_a_form_of_a_twin_never_hides_behind_a_filed_document(given: Given) -> None:
    """Two CDA of careless ids, levels 1 and 3, of JEAN and JEAN-PIERRE born together: a part of a compound name is another name."""
    chart(given, "JEAN", JEAN, ins=True)
    three = cda(JEAN, ins=JEAN.nir, number=f"{ROOT}.1", words="Bilan de Jean.")
    one = cda(JEAN_PIERRE, number=f"{ROOT}.1", level=1, pages=pages("Consultation du jour."))
    rows = post_one(given, mail(("a.xml", three), ("b.xml", one)))
    mine = next(row for row in rows if row.stated and row.stated["first_given_name"] == "JEAN-PIERRE")
    assert mine.form_of_id is None
    assert mine.patient_id is None


def test_pages_that_name_several_patients_hold_the_document(given: Given) -> None:
    family(given)
    for others in (["Patient : ZORBEC Léo", "Patiente : ZORBEC Léa"], ["Patient : ZORBEC Léo", "Patient : TOURNIER Paul"]):
        rows = post_one(given, mail(("cr.xml", cda(LEO, ins=LEO.nir, pages=pages(*others)))))
        assert set(charts_of(rows)) == {None}
        assert rows[0].reason == "patient-mismatch"


@pytest.mark.parametrize("words", ["Patiente : Mme ZORBEC Léa", "Patient : TOURNIER Paul, suivi en ville"])
def test_words_about_another_hold_the_report_that_bears_them(given: Given, words: str) -> None:
    """Dictated into the record that was open on the screen."""
    family(given)
    chart(given, "JEAN", JEAN)
    assert charts_of(post_one(given, mail(("cr.xml", cda(LEO, ins=LEO.nir, words=words))))) == [None]
    assert charts_of(post_one(given, mail(("r.hpr", hprim(JEAN, words=words))))) == [None]
    assert charts_of(post_one(given, mail(("r.hpr", hprim(JEAN, value="2.2", words="Patient : BARZOU Jean"))))) == ["JEAN"]


def test_a_letter_of_another_announced_as_the_copy_is_a_document_of_its_own(given: Given) -> None:
    """Its words name the mother without a label, and the report has too few words of its own to be held against."""
    family(given)
    packed = archive((cda(LEO, ins=LEO.nir, words="Voir tableau.", result="1.01"), LEO))
    rows = post_one(given, mail(("IHE_XDM.ZIP", packed), ("courrier.pdf", pages(*LONG.split(";"))), subject=ENVELOPE))
    letter = next(row for row in rows if row.format == "pdf")
    assert (letter.form_of_id, letter.patient_id) == (None, None)


@pytest.mark.parametrize("named", [(LEO, LEA), (LEA, LEO)])
def test_an_archive_of_two_whose_metadata_are_exchanged_is_held(given: Given, named: tuple[Somebody, Somebody]) -> None:
    family(given)
    first, second = cda(LEO, ins=LEO.nir), cda(LEA, ins=LEA.nir)
    rows = post_one(given, mail(("IHE_XDM.ZIP", archive((first, named[0]), (second, named[1])))))
    assert set(charts_of(rows)) == {None}


def test_metadata_alone_never_file(given: Given) -> None:
    family(given)
    rows = post_one(given, mail(("IHE_XDM.ZIP", archive((pages("Compte rendu sans nom."), LEO)))))
    assert charts_of(rows) == [None]


def test_a_forwarded_mail_of_another_keeps_its_own_documents_apart(given: Given) -> None:
    family(given)
    inner = mail(("IHE_XDM.ZIP", archive((cda(LEA, ins=LEA.nir, words="Voir tableau."), LEA))), ("a.pdf", pages(LONG)), subject=ENVELOPE)
    rows = post_one(given, mail(("cr.xml", cda(LEO, ins=LEO.nir)), ("inner.eml", inner)))
    assert not any(row.patient_id and row.patient.given_names != (row.stated or {}).get("first_given_name") for row in rows)
    assert all(row.patient_id is None for row in rows if row.format == "pdf")


@pytest.mark.parametrize("words", ["<p style='display:none'>Patient : ZORBEC Léa</p>Patient : ZORBEC Léo", "Patient : ZORBEC Léo"])
def test_a_letter_in_html_never_files(given: Given, words: str) -> None:
    family(given, ins=False)
    body = f"<html><body>{words}, né le 04/05/1990. Nom de naissance : ZORBEC. Prénom : Léo</body></html>"
    assert set(charts_of(post_one(given, mail(("lettre.html", body.encode()))))) == {None}


def test_a_text_of_another_beside_a_report_is_never_filed_with_it(given: Given) -> None:
    family(given)
    text = "Nom de naissance : KERVAL\r\nPrénom : Odile\r\nNé(e) le 30/07/1962\r\n".encode()
    rows = post_one(given, mail(("cr.xml", cda(LEO, ins=LEO.nir)), ("note.txt", text), ("ZORBEC_LEO.jpg", b"\xff\xd8\xff\xe0" + b"0" * 99)))
    assert all(row.patient_id is None for row in rows if row.format in {"text", "image"})
    assert {row.patient.ref for row in rows if row.patient_id} <= {"LEO"}


# Identities that lie by a little


NUMBERS: list[tuple[str, Somebody, dict[str, Any]]] = [
    ("the mother's INS in the child's letter", LEO, {"ins": MOTHER.nir}),
    ("the twin's INS", LEO, {"ins": LEA.nir}),
    ("the father's INS, of the same names", JUNIOR, {"ins": SENIOR.nir}),
    ("the INS of a stranger", LEO, {"ins": LEON.nir}),
    ("zero-width characters in the INS", LEO, {"ins": LEA.nir[:5] + "\u200b" + LEA.nir[5:]}),
    ("digits of another script", LEO, {"ins": LEA.nir.translate({ord("0") + n: 0xFF10 + n for n in range(10)})}),
    ("a wrong key", LEO, {"ins": LEO.nir[:13] + f"{(int(LEO.nir[13:]) + 1) % 97:02d}"}),
]


@pytest.mark.parametrize(("who", "said"), [case[1:] for case in NUMBERS], ids=[case[0] for case in NUMBERS])
@pytest.mark.parametrize("ins", [True, False])
def test_the_number_of_another_never_files(given: Given, who: Somebody, said: dict[str, Any], ins: bool) -> None:
    family(given, ins=ins)
    chart(given, "SENIOR", SENIOR, ins=True)
    chart(given, "JUNIOR", JUNIOR)
    assert charts_of(post_one(given, mail(("cr.xml", cda(who, **said))))) == [None]


NAMES: list[tuple[str, dict[str, Any]]] = [
    ("an initial", {"given": "L.", "listed": "L."}),
    ("a Cyrillic letter", {"given": "LÉО", "listed": "LÉО"}),
    ("no birth date", {"born": ""}),
    ("a birth date of zeros", {"born": "19900000"}),
    ("the first of January 1900", {"born": "1900-01-01"}),
    ("the day and the month exchanged", {"born": "1990-04-05"}),
    ("another sex", {"sex": "F"}),
    ("names exchanged", {"birth": "LÉO", "given": "ZORBEC", "listed": "ZORBEC"}),
    ("the twin's name first in the list", {"given": "", "listed": "LÉA LÉO"}),
    ("nobody's given name", {"given": "NOUVEAU-NÉ", "listed": "NOUVEAU-NÉ"}),
    ("said to be", {"birth": "X SE DISANT ZORBEC"}),
]


@pytest.mark.parametrize("said", [case[1] for case in NAMES], ids=[case[0] for case in NAMES])
def test_doubtful_names_go_to_a_person(given: Given, said: dict[str, Any]) -> None:
    chart(given, "LEO", LEO)
    assert charts_of(post_one(given, mail(("cr.xml", cda(LEO, **said))))) == [None]


@pytest.mark.parametrize("given_name", ["JUMEAU 1", "BÉBÉ 2", "NÉ", "FILS", "MME", "NOUVEAU NÉ"])
def test_a_newborn_without_a_name_never_meets_another_of_the_same_day(given: Given, given_name: str) -> None:
    """Another newborn of that family name and day may be entered in the same way; only one has a chart."""
    nobody = Somebody("ZORBEC", given_name, "2026-11-18", "M", 51)
    chart(given, "BABY", nobody)
    assert charts_of(post_one(given, mail(("r.hpr", hprim(nobody))))) == [None]


def test_those_who_say_who_they_are_without_proof_are_left_to_a_person(given: Given) -> None:
    unknown = Somebody("X SE DISANT ZORBEC", "MARC", "1990-05-04", "M", 52)
    chart(given, "X", unknown)
    assert charts_of(post_one(given, mail(("cr.xml", cda(unknown))))) == [None]


def test_two_who_bear_each_others_names_are_told_apart_by_a_person(given: Given) -> None:
    """MARTIN LUCIEN and LUCIEN MARTIN, born the same day: a header whose two lines are exchanged names the other one exactly."""
    one, other = Somebody("MARTIN", "LUCIEN", "1980-03-02", "M", 61), Somebody("LUCIEN", "MARTIN", "1980-03-02", "M", 62)
    chart(given, "ONE", one)
    chart(given, "OTHER", other)
    assert charts_of(post_one(given, mail(("r.hpr", hprim(one, family="LUCIEN", given="MARTIN"))))) == [None]


@pytest.mark.parametrize("told", [JEAN, JEAN_PIERRE])
def test_compound_names_of_twins_are_left_to_a_person(given: Given, told: Somebody) -> None:
    chart(given, "JEAN", JEAN)
    chart(given, "JP", JEAN_PIERRE)
    for paper in (("r.hpr", hprim(told, value="3.3")), ("cr.xml", cda(told))):
        assert charts_of(post_one(given, mail(paper))) == [None]


def test_a_twin_without_a_chart_is_not_filed_under_the_others_name(given: Given) -> None:
    chart(given, "JEAN", JEAN)
    assert charts_of(
        post_one(
            given,
            mail(("cr.xml", cda(JEAN_PIERRE))),
        )
    ) == [None]
    assert charts_of(post_one(given, mail(("r.hpr", hprim(JEAN_PIERRE))))) == [None]


def test_a_provisional_number_then_another_never_moves_to_a_relative(given: Given) -> None:
    family(given)
    thirteen = "7" + LEO.nir[1:13]
    nia = thirteen + person.matricule_key(thirteen)
    provisional = cda(LEA, ins="").replace(b"<patientRole>", f'<patientRole><id root="{person.INS_NIA}" extension="{nia}"/>'.encode(), 1)
    assert charts_of(post_one(given, mail(("cr.xml", provisional)))) == [None]
