"""Everyday files made to go to the wrong chart, or to be lost: letters, pictures, appointments, Outlook's parts, PDF that hold files, mails
in mails and reports that give something back. What their words say only ever proposes; what lies beside them is never filed with them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.file_build import calendar, paragraph, run, winmail, winmail_with_message, word
from tests.corpus.file_cases import annexed
from tests.corpus.images import paper, saved
from tests.corpus.message_cases import FAILED, NOTICE_PART, REFUSED, report
from tests.pipeline.given import Given
from tests.pipeline.posted import (
    ENVELOPE,
    LEA,
    LEO,
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
from tests.pipeline.posted_formats import fhir_of, held, oru_of, reasons, rtf, sante_of, words_of

HUGO = Somebody("QUINTARD", "HUGO", "2001-11-23", "M", 122, others="LOUIS")
PDF_BODY, TEXT_BODY = b"application/pdf", {"rtf": b"text/rtf", "text": b"text/plain", "html": b"text/html"}


@pytest.fixture
def given(data_directory: Path) -> Given:
    made = Given(data_directory)
    chart(made, "SENIOR", SENIOR)
    chart(made, "HUGO", HUGO)
    return made


def appointment(one: Somebody) -> bytes:
    return calendar("UID:1@essai.example", "DTSTART:20261201T090000", "DESCRIPTION:" + "\\n".join(words_of(one)))


def page(one: Somebody) -> bytes:
    return f"<html><body>{'<br>'.join(words_of(one))}</body></html>".encode()


LETTERS: dict[str, tuple[str, Callable[[Somebody], bytes]]] = {
    "RTF": ("lettre.rtf", lambda one: rtf(*words_of(one))),
    "Word": ("lettre.docx", lambda one: word("".join(paragraph(run(line)) for line in words_of(one)))),
    "HTML": ("lettre.html", page),
    "text": ("lettre.txt", lambda one: "\r\n".join(words_of(one)).encode()),
    "calendar": ("rdv.ics", lambda one: appointment(one)),
    "PDF": ("lettre.pdf", lambda one: pages(*words_of(one))),
}
REPORTS: dict[str, Callable[[Somebody], bytes]] = {
    "CDA": lambda one: cda(one, result="1.11"),
    "HPRIM Médecin": lambda one: hprim(one, value="1.11").encode("ascii", "replace"),
    "HPRIM Santé": lambda one: sante_of(one, value="1.11"),
    "HL7 v2": lambda one: oru_of(one, value="1.11"),
    "FHIR": lambda one: fhir_of(one, value="1.11"),
}


@pytest.mark.parametrize(("name", "letter"), LETTERS.values(), ids=LETTERS)
def test_a_letter_never_files_by_its_words(given: Given, name: str, letter: Callable[[Somebody], bytes]) -> None:
    (row,) = held(given, mail((name, letter(SENIOR))))
    assert row.format == name.rpartition(".")[2].replace("docx", "office").replace("txt", "text").replace("ics", "calendar")
    assert [one["ref"] for one in row.candidates[:1]] == ["SENIOR"], "a person is shown whose it may be"


@pytest.mark.parametrize(("name", "letter"), LETTERS.values(), ids=LETTERS)
@pytest.mark.parametrize("report_of", REPORTS.values(), ids=REPORTS)
def test_a_letter_of_another_beside_a_report(
    given: Given, name: str, letter: Callable[[Somebody], bytes], report_of: Callable[[Somebody], bytes]
) -> None:
    rows = held(given, mail(("r.dat", report_of(SENIOR)), (name, letter(HUGO)), subject=ENVELOPE))
    assert len([row for row in rows if row.form_of_id is None]) == 2, "neither hides the other"


def test_a_picture_is_nobodys_whatever_it_is_called(given: Given) -> None:
    picture = saved(paper(), "PNG")
    rows = post_one(given, mail(("r.hl7", oru_of(SENIOR)), ("20261120_CR_TOURNIER_PAUL.png", picture)))
    assert charts_of(rows) == ["SENIOR", None]
    assert rows[1].form_of_id is None


# Bodies of a CDA


@pytest.mark.parametrize("kind", TEXT_BODY)
def test_the_words_of_a_level_1_are_of_another(given: Given, kind: str) -> None:
    def written(one: Somebody) -> bytes:
        body = {"rtf": rtf(*words_of(one)), "text": "\n".join(words_of(one)).encode(), "html": page(one)}[kind]
        return cda(SENIOR, level=1, pages=body).replace(PDF_BODY, TEXT_BODY[kind])

    assert reasons(held(given, mail(("cr.xml", written(HUGO))))) == {"patient-mismatch"}
    assert charts_of(post_one(given, mail(("cr.xml", written(SENIOR))))) == ["SENIOR"]


def test_words_of_every_format_that_label_another(given: Given) -> None:
    for one, filed in ((HUGO, None), (SENIOR, "SENIOR")):
        for sent in (cda(SENIOR, words=" ; ".join(words_of(one))), hprim(SENIOR, words="\n".join(words_of(one))).encode("cp1252")):
            assert charts_of(post_one(given, mail(("r.dat", sent)))) == [filed]


def test_a_first_given_name_that_is_not_the_first_of_those_listed(given: Given) -> None:
    for listed in ("HUGO PAUL", "PAUL-HENRI", "PAULIN"):
        assert reasons(held(given, mail(("cr.xml", cda(SENIOR, listed=listed))))) == {"given-names"}
    assert charts_of(post_one(given, mail(("cr.xml", cda(SENIOR, listed="PAUL HENRI"))))) == ["SENIOR"]


@pytest.mark.parametrize("lost", [1, 20, 60, 200, 400])
def test_a_document_cut_anywhere(given: Given, lost: int) -> None:
    for whole in (cda(SENIOR, result="1.11"), fhir_of(SENIOR)):
        held(given, mail(("r.dat", whole[:-lost])))
    held(given, mail(("IHE_XDM.ZIP", archive((cda(SENIOR), SENIOR))[:-lost])))


# Outlook's part


@pytest.mark.parametrize("first", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("second", ["HL7 v2", "FHIR", "CDA"])
def test_reports_of_two_in_winmail(given: Given, first: Callable[[Somebody], bytes], second: str) -> None:
    packed = winmail(("a.dat", first(SENIOR)), ("b.dat", REPORTS[second](HUGO).replace(b"1.11", b"2.22")))
    rows = held(given, mail(("winmail.dat", packed)))
    assert len([row for row in rows if row.form_of_id is None]) == 2


def test_a_message_in_winmail_and_one_beside(given: Given) -> None:
    inside = mail(("b.hl7", oru_of(HUGO, value="2.22")))
    held(given, mail(("a.hl7", oru_of(SENIOR)), ("winmail.dat", winmail_with_message("m", inside))))
    assert charts_of(post_one(given, mail(("winmail.dat", winmail(("a.hl7", oru_of(SENIOR))))))) == ["SENIOR"]


# Files in a PDF


@pytest.mark.parametrize("held_of", [name for name in REPORTS if name != "HPRIM Médecin"])
def test_a_pdf_of_another_that_holds_a_report(given: Given, held_of: str) -> None:
    around = annexed(pages(*words_of(HUGO)), ("r.dat", REPORTS[held_of](SENIOR)))
    rows = held(given, mail(("a.pdf", around)))
    assert len(rows) == 2, "the report is a document of its own"
    alone = annexed(pages("Copie jointe."), ("r.dat", REPORTS[held_of](SENIOR)))
    assert set(charts_of(post_one(given, mail(("a.pdf", alone))))) == {"SENIOR", None}


def test_reports_of_two_in_one_pdf(given: Given) -> None:
    two = annexed(pages("Copie jointe."), ("a.xml", cda(SENIOR)), ("b.hl7", oru_of(HUGO)))
    assert len(held(given, mail(("a.pdf", two)))) == 3


def test_a_pdf_in_a_pdf_beside_a_report(given: Given) -> None:
    nested = annexed(pages("Lettre."), ("b.pdf", pages(*words_of(HUGO))))
    rows = held(given, mail(("cr.xml", cda(SENIOR)), ("20261120_CR_TOURNIER_PAUL.pdf", nested), subject=ENVELOPE))
    assert {row.format for row in rows} == {"cda-n3", "pdf"}


# Mails in mails


@pytest.mark.parametrize("inside", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("outside", ["HL7 v2", "FHIR", "CDA"])
def test_a_forwarded_mail_of_another(given: Given, inside: Callable[[Somebody], bytes], outside: str) -> None:
    inner = mail(("r.dat", inside(HUGO).replace(b"1.11", b"2.22")), ("a.pdf", pages(*words_of(HUGO))))
    rows = post_one(given, mail(("r.dat", REPORTS[outside](SENIOR)), ("inner.eml", inner)))
    his = [row for row in rows if (row.stated or {}).get("first_given_name") == "HUGO"]
    assert set(charts_of(his)) <= {None, "HUGO"}
    assert {row.format for row in rows} >= {"pdf"} and len(rows) >= 3


def test_records_of_hprim_each_with_its_end_beside_reports(given: Given) -> None:
    """Two records, the second one's person also in a report of another format: the file may be of both, the report is of one."""
    one, other = chart(given, "LEO", LEO), chart(given, "LEA", LEA)
    file = hprim(LEO, value="1.11") + hprim(LEA, value="2.22")
    rows = post_one(given, mail(("r.hpr", file), ("b.hl7", oru_of(SENIOR, value="3.33"))))
    assert set(charts_of(rows)) == {None}
    post_one(given, mail(("r.hpr", file.replace("1.11", "4.44").replace("2.22", "5.55")), ("b.hl7", oru_of(LEA, value="6.66"))))
    assert not {"2.22", "5.55", "6.66"} & set(values(one)) and not {"1.11", "4.44"} & set(values(other))


# What comes back


@pytest.mark.parametrize("kind", ["refused", "failed"])
@pytest.mark.parametrize("paper", REPORTS.values(), ids=REPORTS)
def test_what_a_report_gives_back_is_nobodys_new_document(given: Given, kind: str, paper: Callable[[Somebody], bytes]) -> None:
    import base64

    part = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(paper(SENIOR))
    copy = b"Content-Type: message/rfc822\r\n\r\n" + mail(("r.dat", paper(SENIOR)))
    machine, name = (REFUSED, "disposition-notification") if kind == "refused" else (FAILED, "delivery-status")
    rows = held(given, report(name, NOTICE_PART, machine, copy, part))
    assert reasons(rows) == {"returned"}
    assert charts_of(post_one(given, mail(("r.dat", paper(SENIOR))))) == ["SENIOR"], "the same, sent as a letter"


def test_every_document_is_a_line_or_a_form_of_one(given: Given) -> None:
    """One of each in one mail: nothing is lost."""
    family(given)
    files = [(f"{number}.dat", made(HUGO)) for number, made in enumerate(REPORTS.values())]
    files += [(name, made(HUGO)) for name, made in LETTERS.values()] + [("p.png", saved(paper(), "PNG"))]
    rows = post_one(given, mail(*files, ("IHE_XDM.ZIP", archive((cda(HUGO, words="Autre examen."), HUGO)))))
    assert len(rows) == len(files) + 1
    assert len({row.sha256 for row in rows}) == len(rows)
    assert set(charts_of(rows)) <= {"HUGO", None}
    mains = {row.pk for row in rows if row.form_of_id is None}
    assert {row.form_of_id for row in rows if row.form_of_id is not None} <= mains


BODIES: dict[str, tuple[bytes, Callable[[], bytes]]] = {
    "HL7 v2": (b"text/plain", lambda: oru_of(HUGO)),
    "HPRIM Médecin": (b"text/plain", lambda: hprim(HUGO).encode()),
    "CDA": (b"text/xml", lambda: cda(HUGO)),
    "XDM": (b"application/zip", lambda: archive((cda(HUGO), HUGO))),
    "PDF that holds a CDA": (PDF_BODY, lambda: annexed(pages("Lettre."), ("b.xml", cda(HUGO)))),
}


@pytest.mark.parametrize(("kind", "body"), BODIES.values(), ids=BODIES)
def test_the_body_of_a_level_1_is_a_report_of_another(given: Given, kind: bytes, body: Callable[[], bytes]) -> None:
    held(given, mail(("cr.xml", cda(SENIOR, level=1, pages=body()).replace(PDF_BODY, kind))))


@pytest.mark.parametrize("made", [sante_of, fhir_of], ids=["HPRIM Santé", "FHIR"])
def test_a_report_that_is_the_mails_own_text_is_a_document(given: Given, made: Callable[[Somebody], bytes]) -> None:
    rows = post_one(given, mail(("note.pdf", pages("Bonjour.")), text=made(SENIOR).decode()))
    assert {row.format for row in rows} > {"pdf"}, "the results are lost in the cover text"
