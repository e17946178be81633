"""The 30 edge cases that break naive code (formats.md 9), 21 to 30: archives and mails. See `test_edge_cases`."""

from __future__ import annotations

import pytest

from tests.corpus import sha
from tests.corpus import xdm_build as zips
from tests.corpus.mail_cases import COVER, HPRIM, LETTER, TOP, attached, mail, multipart, part
from tests.corpus.pdfs import text_pdf
from tests.corpus.test_edge_cases import PDF, codes, left_to_a_person, names
from vaguemestre.domain.reading import Reading
from vaguemestre.inbound.read import read
from vaguemestre.protocols import mime

IN_SET = "IHE_XDM/SUBSET01/DOC00001.PDF"


def archived(uri: str | list[str], name: str, data: bytes = PDF, **told: str) -> Reading:
    described = zips.metadata(zips.submission(), zips.described(uri, data, **told))
    return read(zips.zipped([zips.file("IHE_XDM/SUBSET01/METADATA.XML", described), zips.file(f"IHE_XDM/SUBSET01/{name}", data)]), "x.zip")


# XDM


@pytest.mark.parametrize(
    "folder", ["IHE_XDM/SUBSET02/", "IHE_XDM/Default/", "ihe_xdm/subset01/", "IHE_XDM\\SUBSET01\\", "envoi/IHE_XDM/SUBSET01/"]
)
def test_21_an_archive_of_any_folders(folder: str) -> None:
    litter = [zips.file("__MACOSX/envoi/IHE_XDM/SUBSET01/._METADATA.XML", b"\0\5\x16\7"), zips.file("envoi/.DS_Store", b"\0")]
    found = read(zips.archive(("DOC00001.PDF", PDF), folder=folder, others=litter), "x.zip")
    assert [(d.format, d.sha256, codes(d), d.metadata is not None) for d in found.documents] == [("pdf", sha(PDF), set(), True)]


def test_21_several_submission_sets() -> None:
    other = text_pdf(["Ordonnance d'essai."])
    two = [
        one
        for number, data in ((1, PDF), (2, other))
        for one in (
            zips.file(f"IHE_XDM/SUBSET0{number}/METADATA.XML", zips.metadata(zips.submission(number), zips.described("D.PDF", data))),
            zips.file(f"IHE_XDM/SUBSET0{number}/D.PDF", data),
        )
    ]
    found = read(zips.zipped(two), "x.zip").documents
    assert [(d.sha256, codes(d)) for d in found] == [(sha(PDF), set()), (sha(other), set())]


def test_22_a_name_borne_twice_is_left_to_a_person() -> None:
    described = zips.metadata(zips.submission(), zips.described("DOC00001.PDF", PDF))
    files = [zips.file("IHE_XDM/SUBSET01/METADATA.XML", described), zips.file(IN_SET, PDF), zips.file(IN_SET, LETTER)]
    found = read(zips.zipped(files), "x.zip")
    assert {d.sha256 for d in found.documents} == {sha(PDF), sha(LETTER)}, "both are shown"
    assert all("duplicate-name" in codes(d) for d in found.documents) and left_to_a_person(found)


@pytest.mark.parametrize(("told", "warned"), [({}, set()), ({"digest": "0" * 40}, {"hash-mismatch"}), ({"size": "12"}, {"size-mismatch"})])
def test_23_a_digest_that_does_not_fit_holds_and_still_shows(told: dict[str, str], warned: set[str]) -> None:
    found = archived("DOC00001.PDF", "DOC00001.PDF", **told)
    (document,) = found.documents
    assert (document.understood, document.text, codes(document)) == (True, "Compte rendu d'essai de plusieurs mots.", warned)
    assert left_to_a_person(found) is bool(warned)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        (["DOC0", "0001.PDF"], "DOC00001.PDF"),
        ("IHE_XDM/SUBSET01/DOC00001.PDF", "DOC00001.PDF"),
        ("Compte%20rendu.PDF", "Compte rendu.PDF"),
        ("doc00001.pdf", "DOC00001.PDF"),
    ],
)
def test_24_a_uri_in_any_form_names_its_file(uri: str | list[str], name: str) -> None:
    (document,) = archived(uri, name).documents
    assert (document.metadata is not None, document.path[-1], codes(document)) == (True, f"IHE_XDM/SUBSET01/{name}", set())


@pytest.mark.parametrize("encoding", ["cp437", "cp850", "cp1252", "utf-8"])
def test_24_a_name_in_any_encoding_is_the_name_told(encoding: str) -> None:
    described = zips.metadata(zips.submission(), zips.described("RÉSUMÉ.PDF", PDF))
    raw = "IHE_XDM/SUBSET01/RÉSUMÉ.PDF".encode(encoding)
    found = read(zips.zipped([zips.file("IHE_XDM/SUBSET01/METADATA.XML", described), zips.Member(raw, PDF)]), "x.zip")
    assert [(d.path[-1], codes(d)) for d in found.documents] == [("IHE_XDM/SUBSET01/RÉSUMÉ.PDF", set())]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/octet-stream", "IHE_XDM.zip"),
        ("application/x-zip-compressed", "IHE_XDM.ZIP"),
        ("application/zip", "IHE_XDM.ZIP;1"),
        ("text/plain", "envoi.bin"),
    ],
)
def test_25_an_archive_of_any_type_and_name(kind: str, name: str) -> None:
    archive = zips.archive(("DOC00001.PDF", PDF))
    sent = mail(multipart(COVER, attached(name, archive, kind)))
    assert [d.path for d in read(sent, "x").documents] == [(name, IN_SET)]
    nested = mail(multipart(COVER, attached("transfert.eml", sent)), TOP.replace("essai-1", "essai-2"))
    assert [d.path for d in read(nested, "x").documents] == [("transfert.eml", name, IN_SET)]


# MIME


def test_26_the_document_of_a_forwarded_mail_is_in_the_inner_one() -> None:
    inner = TOP.replace("essai-1", "dedans").encode() + multipart(COVER, attached("resultat.hpr", HPRIM), boundary="dedans")
    found = read(mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + inner)), "x")
    assert [(d.format, d.path[-1], names(d)) for d in found.documents] == [("hprim-medecin", "resultat.hpr", ("ZORBEC",))]
    assert found.message is not None and found.message.message_id == "<essai-1@hopital.example>"


def test_27_unknown_charsets_and_raw_names() -> None:
    words = part("text/plain; charset=x-unknown", "Été.".encode("cp1252"), encode=False)
    raw = part("application/octet-stream", HPRIM, 'Content-Disposition: attachment; filename="résultat.hpr"')
    found = read(mail(multipart(words, raw)), "x")
    assert found.message is not None and found.message.text == "Été."
    assert {w.code for w in found.warnings} == {"unknown-charset"}
    assert [d.path for d in found.documents] == [("résultat.hpr",)]


@pytest.mark.parametrize(
    "disposition",
    [
        ("Content-Disposition: attachment; filename*0*=utf-8''r%C3%A9s;", " filename*1=ultat.hpr"),
        ("Content-Disposition: attachment", "Content-Type: text/plain; name=ignore"),
        ('Content-Disposition: attachment; filename="=?utf-8?q?r=C3=A9sultat.hpr?="',),
    ],
)
def test_28_names_in_pieces_or_in_encoded_words(disposition: tuple[str, ...]) -> None:
    kind = 'application/octet-stream; name="=?iso-8859-1?q?r=E9sultat.hpr?="'
    found = read(mail(multipart(COVER, part(kind, HPRIM, *disposition))), "x")
    assert [(d.path, d.format) for d in found.documents] == [(("résultat.hpr",), "hprim-medecin")]


def test_28_a_message_without_its_closing_boundary_is_never_filed_by_itself() -> None:
    found = read(mail(multipart(COVER, attached("resultat.hpr", HPRIM), close=False)), "x")
    assert (found.understood, "truncated" in {w.code for w in found.warnings}) == (False, True)
    assert [names(d) for d in found.documents] == [("ZORBEC",)] and left_to_a_person(found)


def test_29_a_date_with_a_comment_keeps_its_zone() -> None:
    odd = TOP.replace("Tue, 12 Mar 2024 08:30:00 +0100", "Wed, 20 Feb 2024 00:19:00 (EDT) -0400")
    found = read(mail(multipart(COVER), odd), "x")
    assert found.message is not None and found.message.date == "2024-02-20T00:19:00-04:00"


def test_30_what_is_signed_is_kept_octet_by_octet() -> None:
    signed = b"Content-Type: text/plain\r\n\r\nligne 1 \r\n\tligne 2\r\n"
    data = mail(multipart(signed, part("application/pkcs7-signature; name=smime.p7s", b"0"), kind="signed"))
    first = mime.parse(data).children[0]
    assert data[first.start : first.end] == signed


@pytest.mark.parametrize("disposition", ["attachment", "inline"])
@pytest.mark.parametrize("kind", ["mixed", "related", "alternative"])
def test_30_no_file_is_skipped_wherever_it_hangs(kind: str, disposition: str) -> None:
    page = part("text/html; charset=utf-8", b"<p>Bonjour</p>")
    pdf = part("application/pdf", LETTER, f'Content-Disposition: {disposition}; filename="courrier.pdf"', "Content-ID: <c>")
    inner = multipart(page, pdf, kind="related", boundary="dedans")
    outlook = attached("winmail.dat", b"\x78\x9f\x3e\x22" + bytes(40), "application/ms-tnef")
    found = read(mail(multipart(COVER, inner, outlook, kind=kind)), "x").documents
    assert {sha(LETTER), sha(b"\x78\x9f\x3e\x22" + bytes(40))} <= {d.sha256 for d in found}
