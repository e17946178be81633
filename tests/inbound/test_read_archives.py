"""Archives, mails in odd places and signatures through the whole stage: nothing is hidden, nothing joins two patients, no veto is escaped,
and originals are found again by their digest."""

from __future__ import annotations

import time

import pytest

from tests.corpus import sha
from tests.corpus import xdm_build as xdm
from tests.corpus.archive_cases import CASES, FIC, NAMING, QMAIL, QMAIL_COPY, gzipped
from tests.corpus.cms_build import compressed, signed, streamed
from tests.corpus.file_build import packed, winmail
from tests.corpus.hprim_build import END, HEADER, SODIUM, build
from tests.corpus.hprim_sante_build import P, message
from tests.corpus.mail_cases import COVER, COVER_TEXT, HPRIM, INNER, LETTER, TOP, attached, mail, multipart, part
from tests.corpus.message_cases import COPY, NOTICE_PART, REFUSED, report
from tests.corpus.pdfs import text_pdf
from vaguemestre.domain.reading import Document, Reading
from vaguemestre.domain.reading_json import pack, unpack
from vaguemestre.formats import archive, encrypted
from vaguemestre.inbound import read_walk
from vaguemestre.inbound.match import vetoes
from vaguemestre.inbound.read import read
from vaguemestre.inbound.read_extract import extract

CDA = xdm.cda()
OTHER_CDA = xdm.cda(family="BRISOUX", given="PAUL", identifier="1.2.250.1.999.2.78", ins="150029999012353", birth="19500201")
PAGES = text_pdf(["Compte rendu d'essai."])
ENTITY = multipart(COVER, attached("resultat.hpr", HPRIM), boundary="signe")


def shapes(found: Reading) -> list[tuple[str, str]]:
    return [(one.format, one.path[-1]) for one in found.documents]


def codes(document: Document) -> list[str]:
    return [w.code for w in document.warnings]


def forbidden(found: Reading) -> list[bool]:
    """Of each document, whether a veto keeps it from being filed by itself."""
    return [bool(vetoes(one, [w.code for w in found.warnings])) for one in found.documents]


def smime(cms: bytes) -> bytes:
    return mail(part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", cms))


def sent(*files: tuple[str, bytes]) -> bytes:
    return mail(multipart(COVER, *(attached(name, data) for name, data in files)))


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_document_and_file_is_found_again_by_its_digest(name: str) -> None:
    case = CASES[name]
    for document in read(case.data, case.file).documents:
        for sha256, size in [(document.sha256, document.size), *((one.sha256, one.size) for one in document.attachments)]:
            if size:
                assert len(extract(case.data, sha256)[0]) == size


# --- archives


def test_two_patients_in_fields_of_two_files_hold_both() -> None:
    found = read(sent(("dossier.zip", packed({"a.xml": CDA, "b.xml": OTHER_CDA}))), "x.eml")
    assert [codes(one) for one in found.documents] == [["patient-mismatch"]] * 2
    assert forbidden(found) == [True, True]


def test_hprim_files_of_several_patients_are_judged_each_alone() -> None:
    second = build((*HEADER[:1], "BRISOUX", "PAUL", *HEADER[3:]), ("****LAB****", SODIUM), END)
    found = read(sent(("dossier.zip", packed({"a.hpr": HPRIM, "b.hpr": second}))), "x.eml")
    assert [one.patient.names_unqualified for one in found.documents if one.patient] == [("ZORBEC",), ("BRISOUX",)]
    assert forbidden(found) == [False, False]


def test_nothing_in_an_archive_is_a_form_of_what_stands_beside_it() -> None:
    copy = text_pdf(["Consultation", "Auscultation sans particularité."])
    dated = "20240312_Lettre_ZORBEC_LUCIE.pdf"
    announced = TOP.replace("Subject: =?iso-8859-1?q?R=E9sultats?= du jour", "Subject: XDM/1.0/DDM+Lettre ZORBEC")
    beside = mail(multipart(COVER, attached("lettre.xml", CDA), attached(dated, copy)), announced)
    assert [one.duplicate_of for one in read(beside, "x.eml").documents] == [None, 0], "in a mail it is a copy"
    within = mail(multipart(COVER, attached("a.zip", packed({"lettre.xml": CDA, dated: copy}))), announced)
    assert [one.duplicate_of for one in read(within, "x.eml").documents] == [None, None]
    split = mail(multipart(COVER, attached("lettre.xml", CDA), attached("a.zip", packed({dated: copy}))), announced)
    assert [one.duplicate_of for one in read(split, "x.eml").documents] == [None, None]


def test_the_same_octets_in_an_archive_and_beside_it_are_one_document() -> None:
    found = read(sent(("a.hpr", HPRIM), ("a.zip", packed({"b.hpr": HPRIM}))), "x.eml")
    assert [one.duplicate_of for one in found.documents] == [None, 0]


def test_an_archive_within_an_archive_is_told_however_it_got_there() -> None:
    inner = packed({"a.hpr": HPRIM})
    usual = xdm.archive(("DOC00001.PDF", PAGES))
    for carrier in (sent(("b.zip", inner)), winmail(("b.zip", inner)), signed(inner), sent(("b.zip", usual))):
        name = "porteur.p7m" if carrier.startswith(b"\x30") else "porteur"
        found = read(packed({name: carrier}), "a.zip")
        assert [(one.format, codes(one)) for one in found.documents if one.format != "text"] == [("unknown", ["unsupported"])]
        assert "within the archive" in found.documents[0].warnings[0].detail
    found = read(xdm.archive(("A.ZIP", inner), ("IHE_XDM.ZIP", usual), ("A.GZ", gzipped(HPRIM))), "x.zip")
    assert [(one.format, codes(one), one.metadata is not None) for one in found.documents] == [("unknown", ["unsupported"], True)] * 3


def test_an_archive_that_holds_itself_is_opened_once() -> None:
    """Every archive looks alike to the reader: whatever lies in one is not opened, so that no quine goes on."""
    data = packed({"a.hpr": HPRIM})
    for _ in range(30):
        data = packed({"dedans.zip": data, "IHE_XDM/x": b"1"})
    began = time.process_time()
    found = read(data, "a.zip")
    assert time.process_time() - began < 1.0
    assert shapes(found)[0] == ("unknown", "dedans.zip")


def test_what_all_archives_give_together_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_walk, "MAX_INFLATED", len(HPRIM) + 10)
    one = packed({"a.hpr": HPRIM})
    found = read(sent(("a.zip", one), ("b.zip", one), ("c.zip", xdm.archive(("D.HPR", HPRIM)))), "x.eml")
    assert [(d.format, codes(d)) for d in found.documents] == [
        ("hprim-medecin", []),
        ("unknown", ["too-large"]),
        ("unknown", ["too-large"]),
    ]
    assert not found.understood


def test_a_file_that_kills_its_reader_costs_itself() -> None:
    data = packed({"a.pdf": LETTER, "b.hpr": HPRIM})
    assert [one.understood for one in read(data, "a.zip", skip={"1": "reader-died"}).documents] == [False, True]
    (whole,) = read(data, "a.zip", skip={"0": "reader-too-slow"}).documents
    assert (whole.sha256, codes(whole), whole.understood) == (sha(data), ["too-large"], False)


def test_a_name_borne_twice_holds_every_document_of_the_message() -> None:
    data = xdm.zipped([xdm.Member(b"a.hpr", HPRIM), xdm.Member(b"A.HPR", HPRIM + b"\r\n")])
    assert forbidden(read(sent(("a.zip", data)), "x.eml")) == [True, True]


@pytest.mark.parametrize("kind", ["7z", "rar", "tar", "bzip2", "xz"])
def test_what_is_not_opened_says_what_it_is(kind: str) -> None:
    case = next(one for one in CASES.values() if archive.kind(one.data) == kind)
    assert [w.detail for w in read(case.data, case.file).documents[0].warnings] == [archive.SENTENCES[kind]]


def test_a_locked_xdm_says_what_to_do() -> None:
    locked = xdm.zipped([xdm.file("IHE_XDM/SUBSET01/METADATA.XML", b"x", flags=1)])
    (document,) = read(sent(("IHE_XDM.zip", locked)), "x.eml").documents
    assert (document.format, [w.detail for w in document.warnings]) == ("encrypted", [encrypted.SENTENCES["zip"]])


# --- what an archive says of a mail holds for what the mail bears


def test_a_wrong_digest_of_a_mail_holds_its_documents() -> None:
    told = xdm.metadata(xdm.submission(), xdm.described("A.EML", INNER, digest="0" * 40))
    found = read(xdm.archive(("A.EML", INNER), told=told), "x.zip")
    assert shapes(found) == [("hprim-medecin", "resultat.hpr"), ("text", "IHE_XDM/SUBSET01/A.EML")]
    assert ["hash-mismatch" in codes(one) for one in found.documents] == [True, True]


@pytest.mark.parametrize("status", ["Deprecated", "urn:asip:ci-sis:2010:StatusType:Deleted", "D"])
def test_a_mail_that_stands_no_longer_takes_its_documents_with_it(status: str) -> None:
    said = b'status="urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"'
    told = xdm.metadata(xdm.submission(), xdm.described("A.EML", INNER))
    head, entry, tail = told.partition(b"<rim:ExtrinsicObject")
    told = head + entry + tail.replace(said, f'status="{status}"'.encode(), 1)
    found = read(xdm.archive(("A.EML", INNER), told=told), "x.zip")
    assert all("withdrawn" in vetoes(one, ()) for one in found.documents)


def test_a_person_named_by_metadata_is_held_against_what_a_mail_bears() -> None:
    other = mail(multipart(COVER, attached("autre.xml", OTHER_CDA)))
    found = read(xdm.archive(("A.EML", other)), "x.zip")
    assert all("patient-mismatch" in codes(one) for one in found.documents if one.patient is not None)
    assert any(one.patient is not None for one in found.documents)


# --- mails in files


def test_words_of_mails_in_files_are_shown_with_the_mail_around() -> None:
    found = read(sent(("a.zip", packed({"un.eml": INNER, "deux.eml": INNER.replace(b"Texte", b"Suite")}))), "x.eml")
    assert found.message is not None
    assert found.message.text == f"{COVER_TEXT}\n\nTexte du laboratoire.\n\nSuite du laboratoire."
    assert [one.format for one in found.documents] == ["hprim-medecin", "hprim-medecin"]


def test_html_words_of_a_mail_in_an_archive_are_a_document() -> None:
    page = mail(multipart(part("text/html; charset=utf-8", b"<p>Bonjour</p>"), attached("a.hpr", HPRIM)))
    assert shapes(read(packed({"m.eml": page}), "a.zip")) == [("hprim-medecin", "a.hpr"), ("html", "m.eml")]


def test_an_hprim_text_in_a_mail_in_an_archive_is_one_document() -> None:
    body = mail(b"Content-Type: text/plain\r\n\r\nBonjour,\r\n\r\n" + HPRIM)
    assert shapes(read(packed({"m.eml": body}), "a.zip")) == [("hprim-medecin", "m.eml")]


def test_mails_within_mails_are_bounded_and_told() -> None:
    data = INNER
    for _ in range(20):
        data = sent(("dedans.eml", data))
    found = read(data, "x.eml")
    assert [(d.format, codes(d)) for d in found.documents] == [("unknown", ["unsupported"])]
    assert "too-large" in [w.code for w in found.warnings]
    outlook = INNER
    for _ in range(20):
        outlook = sent(("winmail.dat", winmail(("dedans.eml", outlook))))
    assert "too-large" in [w.code for w in read(outlook, "x.eml").warnings]


def test_a_damaged_mail_of_an_mbox_is_found_again() -> None:
    data = CASES["boite.mbox"].data
    second = data.rindex(b"From labo@")
    damaged = data[: second + 60] + bytes(30) + data[second + 60 :]
    for document in read(damaged, "boite.mbox").documents:
        assert len(extract(damaged, document.sha256)[0]) == document.size


# --- S/MIME


def test_fifty_signatures_one_around_the_other() -> None:
    content = ENTITY
    for _ in range(50):
        content = part("application/pkcs7-mime; name=smime.p7m", signed(content), "Content-Transfer-Encoding: binary", encode=False)
    found = read(mail(content), "x.eml")
    assert [one.format for one in found.documents] == ["unknown"]
    assert [codes(one) for one in found.documents] == [["too-large"]]
    bare = HPRIM
    for _ in range(50):
        bare = signed(bare)
    (document,) = read(bare, "resultat.hpr" + ".p7m" * 50).documents
    assert codes(document) == ["too-large"]


@pytest.mark.parametrize("made", [signed, streamed, compressed])
def test_a_cut_signature_gives_nothing_and_is_kept(made: object) -> None:
    cms = made(ENTITY)  # type: ignore[operator]
    for end in (60, len(cms) // 2, len(cms) - 1):
        (document,) = read(smime(cms[:end]), "x.eml").documents
        assert (document.format, document.understood, document.sha256) == ("encrypted", False, sha(cms[:end]))


def test_what_is_cut_within_a_signature_holds_the_message() -> None:
    found = read(smime(signed(multipart(COVER, attached("resultat.hpr", HPRIM), boundary="signe", close=False))), "x.eml")
    assert "truncated" in [w.code for w in found.warnings]
    assert forbidden(found) == [True]


def test_a_report_within_a_signature_is_a_report_and_what_it_bears_comes_back() -> None:
    inner = report("disposition-notification", NOTICE_PART, REFUSED, COPY, attached("rendu.hpr", HPRIM))
    entity = inner[inner.index(b"Content-Type:") :]
    found = read(smime(signed(entity)), "x.eml")
    assert found.message is not None
    assert found.message.report is not None
    assert found.message.report["results"] == [{"recipient": "labo@hopital.example", "action": "processed/error", "code": "902"}]
    assert [one.returned for one in found.documents] == [True]
    assert forbidden(found) == [True]
    forwarded = read(sent(("avis.eml", smime(signed(entity)))), "x.eml")
    assert forwarded.message is not None
    assert forwarded.message.report is None, "of a mail that another one bears, only the words are told"
    assert [one.returned for one in forwarded.documents] == [True]


def test_a_subject_that_gives_back_a_document_holds_what_is_signed_below_it() -> None:
    top = TOP.replace("Subject: =?iso-8859-1?q?R=E9sultats?= du jour", "Subject: [KO Int=E9gration] suite")
    found = read(mail(part("application/pkcs7-mime", signed(ENTITY)), top), "x.eml")
    assert forbidden(found) == [True]


def test_signed_content_is_of_the_mail_that_bears_it() -> None:
    """The copy of the envelope is known again when both stand within the signature; nothing is told as verified."""
    dated = "20240312_Lettre_ZORBEC_LUCIE.pdf"
    copy = text_pdf(["Consultation", "Auscultation sans particularité."])
    found = read(smime(signed(multipart(attached("lettre.xml", CDA), attached(dated, copy), boundary="signe"))), "x.eml")
    assert [one.duplicate_of for one in found.documents] == [None, 0]
    assert [(w.code, "not verified" in w.detail) for w in found.warnings] == [("unsupported", True)]
    assert unpack(pack(found)) == found


def test_a_whole_mail_within_a_signature() -> None:
    found = read(smime(signed(INNER)), "x.eml")
    assert shapes(found) == [("hprim-medecin", "resultat.hpr")]


def test_two_patients_in_two_signatures_hold_both() -> None:
    both = mail(multipart(COVER, attached("a.xml.p7m", signed(CDA)), attached("b.xml.p7m", signed(OTHER_CDA))))
    assert forbidden(read(both, "x.eml")) == [True, True]


# --- files that a result names


def listed(found: Reading) -> list[str | None]:
    return [one.name for one in found.documents[0].attachments]


def test_a_file_named_is_listed_once_whatever_its_case_and_stays_a_document() -> None:
    found = read(sent(("r.hpr", NAMING), ("CR240312.pdf", PAGES), ("cr240312.PDF", PAGES)), "x.eml")
    assert listed(found) == ["CR240312.pdf"]
    assert [one.duplicate_of for one in found.documents] == [None, None, 1]
    assert codes(found.documents[0]) == []


def test_two_files_of_the_name_are_told_and_none_is_listed() -> None:
    found = read(sent(("r.hpr", NAMING), ("cr240312.pdf", PAGES), ("CR240312.PDF", LETTER)), "x.eml")
    assert (listed(found), codes(found.documents[0])) == ([], ["malformed"])


@pytest.mark.parametrize(
    "lines",
    [
        ("Nom de naissance : BARZOU", "Prénoms : Marc", "Né le 30/11/1999"),
        ("Nom de naissance : ZORBEC", "Prénoms : Lucien", "Né le 04/05/1961"),
    ],
)
def test_a_file_of_another_person_or_of_a_twin_is_not_listed(lines: tuple[str, ...]) -> None:
    found = read(sent(("r.hpr", NAMING), ("cr240312.pdf", text_pdf(list(lines)))), "x.eml")
    assert listed(found) == []
    assert codes(found.documents[0]) == ["patient-mismatch"]
    assert forbidden(found)[0]


def test_a_file_of_another_mail_or_archive_is_not_the_one_named() -> None:
    for other in (("transfert.eml", sent(("cr240312.pdf", PAGES))), ("a.zip", packed({"cr240312.pdf": PAGES}))):
        found = read(sent(("r.hpr", NAMING), other), "x.eml")
        assert (listed(found), codes(found.documents[0])) == ([], ["malformed"])


def test_records_of_two_patients_list_each_its_own_file() -> None:
    second = message("OBX|1|FIC|CR||b.pdf~PDF", p=P.replace("ZORBEC~LUCIE~ANNE", "BARZOU~MARC"))
    first = message("OBX|1|FIC|CR||a.pdf~PDF")
    found = read(sent(("r.hpr", first + second), ("a.pdf", PAGES), ("b.pdf", text_pdf(["Autre."]))), "x.eml")
    assert [[one.name for one in d.attachments] for d in found.documents] == [["a.pdf"], ["b.pdf"], [], []]
    assert all("several-patients" in codes(one) for one in found.documents[:2])


def test_names_are_bounded() -> None:
    many = message(*(FIC.replace("CR240312", f"F{n}") for n in range(1_000)))
    began = time.process_time()
    found = read(sent(("r.hpr", many), *((f"f{n}.pdf", b"%PDF-") for n in range(150))), "x.eml")
    assert time.process_time() - began < 5.0
    assert len(found.documents[0].attachments) <= 200


# --- notices of qmail


def test_a_notice_of_qmail_gives_no_document_of_its_copy() -> None:
    found = read(TOP.encode() + b"\r\n" + QMAIL + QMAIL_COPY, "x.eml")
    assert [(one.format, one.patient, one.returned) for one in found.documents] == [("text", None, True)]
    assert forbidden(found) == [True]
    assert found.message is not None
    assert found.message.reported is not None
    assert found.message.reported["subject"] == "Courrier"


def test_a_notice_of_qmail_in_another_form_is_all_words_and_held() -> None:
    for words in (QMAIL + HPRIM, QMAIL[:90] + b"\r\n\r\n" + QMAIL_COPY):
        found = read(TOP.encode() + b"\r\n" + words, "x.eml")
        assert found.message is not None
        assert found.message.report is None
        assert all(one.returned for one in found.documents)
        assert all(forbidden(found))
        assert any("ZORBEC" in one.text or one.patient is not None for one in found.documents), "nothing of it is hidden"


def test_no_warning_of_these_tells_of_a_person() -> None:
    for case in CASES.values():
        found = read(case.data, case.file)
        told = " ".join(w.detail for one in found.documents for w in one.warnings) + repr(found) + repr(found.documents)
        assert not any(word in told for word in ("ZORBEC", "Lucie", "courrier", "cr240312", "resultat.hpr", "labo@"))
