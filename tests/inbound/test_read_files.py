"""Everyday files through the whole stage: who may be proposed, what stands with what, and originals found again by their digest."""

from __future__ import annotations

import pytest

from tests.corpus import cda_build
from tests.corpus.file_build import paragraphs, rtf, winmail, winmail_with_message, word
from tests.corpus.file_cases import CASES, HPRIM, NAMED, WORD, annexed
from tests.corpus.mail_cases import COVER, LETTER, attached, mail, multipart
from tests.corpus.pdfs import text_pdf
from vaguemestre.domain.reading import Reading
from vaguemestre.formats import encrypted
from vaguemestre.inbound.read import read
from vaguemestre.inbound.read_extract import extract

PAGES = text_pdf(["Dossier de consultation."])
CDA = cda_build.encoded(cda_build.document())
LUCIE = rtf(paragraphs(*NAMED, "Compte rendu."))


def shapes(reading: Reading) -> list[tuple[str, str]]:
    return [(one.format, one.path[-1]) for one in reading.documents]


def codes(reading: Reading) -> list[list[str]]:
    return [[w.code for w in one.warnings] for one in reading.documents]


@pytest.mark.parametrize("name", sorted(CASES))
def test_no_everyday_file_names_anyone_in_fields(name: str) -> None:
    """Identity in running text only ever proposes (formats.md 6.5); HPRIM inside winmail.dat has fields of its own."""
    for document in read(CASES[name].data, CASES[name].file).documents:
        if document.patient is not None:
            assert document.patient.from_fields is (document.format == "hprim-medecin")


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_document_and_file_is_found_again_by_its_digest(name: str) -> None:
    case = CASES[name]
    for document in read(case.data, case.file).documents:
        for sha256, size in [(document.sha256, document.size), *((one.sha256, one.size) for one in document.attachments)]:
            assert len(extract(case.data, sha256)[0]) == size


def test_two_persons_in_two_letters_are_told() -> None:
    other = rtf(paragraphs("Nom de naissance : BRISOUX", "Prénoms : Paul", "Né le 01/02/1950", "Sexe : M"))
    found = read(mail(multipart(COVER, attached("a.rtf", LUCIE), attached("b.rtf", other))), "a.eml")
    assert codes(found) == [["patient-mismatch"], ["patient-mismatch"]]
    same = read(mail(multipart(COVER, attached("a.rtf", LUCIE), attached("b.docx", WORD))), "a.eml")
    assert codes(same) == [[], []]


def test_a_pdf_of_another_person_in_a_pdf_is_told() -> None:
    other = text_pdf(["Nom de naissance : BRISOUX", "Prénoms : Paul", "Né le 01/02/1950", "Sexe : M"])
    found = read(annexed(LETTER, ("autre.pdf", other)), "a.pdf")
    assert shapes(found) == [("pdf", "a.pdf"), ("pdf", "autre.pdf")]
    assert all("patient-mismatch" in one for one in codes(found))


def test_a_clinical_document_in_a_pdf_is_a_document_of_its_own() -> None:
    found = read(annexed(PAGES, ("cr.xml", CDA), ("notes.txt", b"rien"), ("resultat.hpr", HPRIM)), "a.pdf")
    assert shapes(found) == [("pdf", "a.pdf"), ("cda-n3", "cr.xml"), ("hprim-medecin", "resultat.hpr")]
    assert [one.duplicate_of for one in found.documents] == [None, None, None]
    assert [one.name for one in found.documents[0].attachments] == ["cr.xml", "notes.txt", "resultat.hpr"]


def test_a_pdf_in_a_pdf_in_a_pdf_is_only_listed() -> None:
    inner = annexed(PAGES, ("fond.pdf", LETTER))
    found = read(annexed(text_pdf(["Couverture."]), ("milieu.pdf", inner)), "a.pdf")
    assert shapes(found) == [("pdf", "a.pdf"), ("pdf", "milieu.pdf")]
    assert [one.name for one in found.documents[1].attachments] == ["fond.pdf"]
    assert extract(annexed(text_pdf(["Couverture."]), ("milieu.pdf", inner)), found.documents[1].attachments[0].sha256)[0] == LETTER


def test_a_pdf_that_kills_the_reader_in_a_pdf_costs_itself() -> None:
    data = annexed(PAGES, ("a.pdf", LETTER))
    found = read(data, "a.pdf", skip={"1": "reader-died"})
    assert [(one.format, one.understood) for one in found.documents] == [("pdf", True), ("pdf", False)]


def test_outlooks_words_are_told_once() -> None:
    cover = "Bonjour,\nci-joint le résultat."
    twice = mail(multipart(COVER, attached("winmail.dat", winmail(("a.pdf", LETTER), words=cover))))
    once = read(twice, "a.eml").message
    assert once is not None
    assert once.text == cover
    silent = mail(multipart(attached("winmail.dat", winmail(("a.pdf", LETTER), rtf_words=rtf(r"\pard Bonjour\par")))))
    told = read(silent, "a.eml").message
    assert told is not None
    assert told.text == "Bonjour"


def test_outlooks_words_alone_are_a_document() -> None:
    found = read(mail(multipart(COVER, attached("winmail.dat", winmail(rtf_words=LUCIE)))), "a.eml")
    assert shapes(found) == [("rtf", "body.rtf")]
    assert found.documents[0].patient is not None


def test_an_empty_outlook_part_is_kept() -> None:
    found = read(winmail(), "winmail.dat")
    assert (shapes(found), codes(found), found.understood, found.kind) == ([("unknown", "winmail.dat")], [["malformed"]], False, "archive")


def test_a_damaged_outlook_part_is_kept_and_told() -> None:
    found = read(b"\x78\x9f\x3e\x22", "winmail.dat")
    assert (shapes(found), codes(found), found.understood) == ([("unknown", "winmail.dat")], [["malformed"]], False)
    cut = read(mail(multipart(COVER, attached("winmail.dat", winmail(("a.pdf", LETTER))[:-40]))), "a.eml")
    assert [w.code for w in cut.warnings] == ["truncated"]
    assert "truncated" in codes(cut)[0]


def test_files_of_messages_in_outlook_parts_are_found_again() -> None:
    data = mail(multipart(COVER, attached("winmail.dat", winmail_with_message("T", winmail(("a.pdf", LETTER))))))
    (document,) = read(data, "a.eml").documents
    assert extract(data, document.sha256) == (LETTER, "application/pdf", "T/a.pdf")


def test_the_rtf_of_a_cda_of_level_one_is_its_text() -> None:
    data = cda_build.encoded(cda_build.document(cda_build.packed(rtf(paragraphs("Lettre de l'été.")), "text/rtf")))
    (document,) = read(data, "a.xml").documents
    assert (document.format, document.text, document.warnings) == ("cda-n1", "Lettre de l'été.", ())
    assert document.patient is not None
    assert document.patient.birth_name == "ZORBEC"
    assert document.patient.from_fields
    broken = cda_build.encoded(cda_build.document(cda_build.packed(rtf("{" * 500), "text/rtf")))
    assert (read(broken, "a.xml").documents[0].text, codes(read(broken, "a.xml"))) == ("", [["unsupported", "too-large"]])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ferme.zip", "zip"),
        ("chiffre.p7m", "smime"),
        ("signe.p7m", "smime-signed"),
        ("ferme.docx", "office"),
        ("pgp-in-body", "pgp"),
        ("apicrypt-in-body", "apicrypt"),
        ("encrypted-smime", "smime"),
    ],
)
def test_what_is_encrypted_says_what_to_do(name: str, kind: str) -> None:
    (document,) = read(CASES[name].data, CASES[name].file).documents
    assert [w.detail for w in document.warnings] == [encrypted.SENTENCES[kind]]


def test_what_is_encrypted_leaves_the_others_of_its_message() -> None:
    found = read(mail(multipart(COVER, attached("a.apz", b"\1\2" * 30), attached("a.hpr", HPRIM))), "a.eml")
    assert shapes(found) == [("encrypted", "a.apz"), ("hprim-medecin", "a.hpr")]
    assert (found.understood, found.documents[1].understood) == (False, True)


def test_an_office_file_of_one_word() -> None:
    (document,) = read(word("<w:p><w:r><w:t>x</w:t></w:r></w:p>"), "a.docx", "application/octet-stream").documents
    assert (document.format, document.text, document.html, document.warnings) == ("office", "x", "", ())
