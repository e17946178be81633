"""CDA and XDM through the stage `read`: one key a document, budgets, originals given back, pages read once, mail HTML made harmless."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus import cda_build, sha, xdm_build
from tests.corpus.letter_cases import ARCHIVE, CASES, INNER, PAGES, SCANNED, SCANNED_ARCHIVE, WRITTEN, ZIP
from tests.corpus.mail_cases import COVER, HPRIM, attached, mail, multipart, part
from tests.corpus.pdfs import text_pdf
from vaguemestre.domain.fault import Fault
from vaguemestre.domain.reading import Document, Reading
from vaguemestre.domain.reading_json import pack, unpack
from vaguemestre.formats import cda, html_clean, pdf, xdm
from vaguemestre.inbound import read as stage
from vaguemestre.inbound import read_walk
from vaguemestre.inbound.read import extract, read

MAIL = mail(multipart(COVER, attached(ZIP, SCANNED_ARCHIVE), attached("a.pdf", PAGES), attached("a.hpr", HPRIM)))
TWO = xdm_build.archive(("DOC00001.XML", SCANNED), ("DOC00002.XML", xdm_build.cda(identifier="1.2.250.1.999.2.79")))


def formats(reading: Reading) -> list[str]:
    return [d.format for d in reading.documents]


def keys(data: bytes, skip: dict[str, str] | None = None, name: str = "x") -> tuple[list[str], tuple[Document, ...]]:
    begun: list[str] = []
    found = read(data, name, skip=skip, begin=begun.append)
    return begun, found.documents


def test_a_file_alone_is_of_its_kind() -> None:
    assert [read(data, "x").kind for data in (WRITTEN, ARCHIVE, b"\xff\xfe" + WRITTEN.decode().encode("utf-16-le"))] == [
        "cda",
        "xdm",
        "cda",
    ]
    assert read(SCANNED, "x.xml").documents[1].path == ("x.xml", "nonXMLBody.pdf")
    assert [d.rendering for d in read(SCANNED, "x.xml").documents] == [False, True]


def test_an_archive_is_told_by_its_name_where_its_content_does_not() -> None:
    bare = xdm_build.zipped([xdm_build.file("LETTRE.XML", WRITTEN)])
    assert (read(bare, "IHE_XDM.ZIP").kind, formats(read(bare, "IHE_XDM.ZIP"))) == ("xdm", ["cda-n3"])
    assert read(bare, "autre.zip").kind == "archive"


def test_octets_before_an_archive_do_not_hide_it() -> None:
    found = read(xdm_build.zipped([xdm_build.file("IHE_XDM/SUBSET01/A.XML", WRITTEN)], prefix=b"\r\n\r\n"), "x.bin")
    assert (found.kind, formats(found)) == ("xdm", ["cda-n3"])


def test_every_document_has_a_key() -> None:
    """Archive, CDA, its PDF; the PDF beside; the HPRIM file."""
    begun, documents = keys(MAIL)
    assert begun == ["0", "1", "2", "3", "4"]
    assert [d.format for d in documents] == ["cda-n1", "pdf", "pdf", "hprim-medecin"]


@pytest.mark.parametrize(
    ("key", "left"),
    [
        ("0", [("unknown", False), ("pdf", True), ("hprim-medecin", True)]),
        ("1", [("unknown", False), ("pdf", True), ("hprim-medecin", True)]),
        ("2", [("cda-n1", True), ("pdf", False), ("pdf", True), ("hprim-medecin", True)]),
        ("3", [("cda-n1", True), ("pdf", True), ("pdf", False), ("hprim-medecin", True)]),
    ],
)
def test_what_kills_its_reader_costs_itself(key: str, left: list[tuple[str, bool]]) -> None:
    begun, documents = keys(MAIL, {key: "reader-died"})
    assert key not in begun
    assert [(d.format, d.understood) for d in documents] == left


def test_a_document_of_an_archive_costs_only_itself() -> None:
    _, documents = keys(TWO, {"1": "reader-died"})
    assert [(d.path[-1], d.format, d.understood) for d in documents] == [
        ("IHE_XDM/SUBSET01/DOC00001.XML", "unknown", False),
        ("IHE_XDM/SUBSET01/DOC00002.XML", "cda-n3", True),
    ]
    assert documents[0].metadata is not None
    assert documents[0].patient is None


@pytest.mark.parametrize("place", [(cda, "read"), (xdm, "read")], ids=["cda", "xdm"])
def test_a_reader_that_fails_costs_its_document(place: tuple[object, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(data: bytes) -> object:
        raise RuntimeError("ZORBEC")

    monkeypatch.setattr(place[0], place[1], fails)
    found = read(MAIL, "x")
    assert [d.format for d in found.documents][-2:] == ["pdf", "hprim-medecin"]
    assert not found.understood
    assert [[w.detail for w in d.warnings] for d in found.documents[:1]] == [["The content could not be read."]]


def test_the_same_pages_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read_as_pdf: list[bytes] = []
    real = pdf.read

    def noted(data: bytes) -> pdf.Read:
        read_as_pdf.append(data)
        return real(data)

    monkeypatch.setattr(pdf, "read", noted)
    found = read(MAIL, "x")
    assert read_as_pdf == [PAGES]
    assert [(d.path, d.text, d.rendering) for d in found.documents if d.format == "pdf"] == [
        ((ZIP, "IHE_XDM/SUBSET01/DOC00001.XML", "nonXMLBody.pdf"), "Compte rendu d'essai.\nSans particularité.", True),
        (("a.pdf",), "Compte rendu d'essai.\nSans particularité.", False),
    ]


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_document_is_given_back(name: str) -> None:
    data = CASES[name].data
    for document in read(data, "x.eml").documents:
        content, _, _ = extract(data, document.sha256)
        assert sha(content) == document.sha256
        for file in document.attachments:
            assert len(extract(data, file.sha256)[0]) == file.size
    with pytest.raises(Fault):
        extract(data, "0" * 64)


def test_what_is_given_back_has_its_type_and_name() -> None:
    assert extract(MAIL, sha(SCANNED)) == (SCANNED, "application/xml", "DOC00001.XML")
    assert extract(mail(multipart(COVER, attached(ZIP, SCANNED_ARCHIVE))), sha(PAGES)) == (PAGES, "application/pdf", "nonXMLBody.pdf")
    assert extract(SCANNED, sha(PAGES)) == (PAGES, "application/pdf", "nonXMLBody.pdf")
    assert extract(SCANNED_ARCHIVE, sha(PAGES)) == (PAGES, "application/pdf", "nonXMLBody.pdf")
    forwarded = mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + INNER))
    assert extract(forwarded, sha(WRITTEN)) == (WRITTEN, "application/xml", "DOC00001.XML")


def test_what_cannot_be_opened_hides_nothing_else() -> None:
    data = mail(multipart(COVER, attached(ZIP, SCANNED_ARCHIVE[:-40]), attached("a.xml", SCANNED[:-40]), attached("b.xml", SCANNED)))
    assert extract(data, sha(PAGES))[0] == PAGES


def test_documents_are_counted_inside_archives_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_walk, "MAX_DOCUMENTS", 3)
    begun: list[str] = []
    found = read(mail(multipart(COVER, attached(ZIP, TWO), attached("b.zip", TWO))), "x", begin=begun.append)
    assert formats(found) == ["cda-n1", "pdf", "cda-n3"]
    assert [w.code for w in found.warnings] == ["too-large"]
    assert len(begun) == 4


def test_text_is_counted_inside_archives_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "Walk", functools.partial(read_walk.Walk, text_left=100))
    found = read(mail(multipart(COVER, attached(ZIP, TWO), attached("b.zip", TWO))), "x")
    assert formats(found) == ["cda-n1", "pdf", "cda-n3"]
    assert [w.code for w in found.warnings] == ["too-large"]


def test_a_cda_without_a_name_is_no_cover_text() -> None:
    found = read(mail(part("text/plain; charset=utf-8", WRITTEN)), "x")
    assert (formats(found), found.message.text if found.message else "") == (["cda-n3"], None)


def test_the_narrative_travels() -> None:
    found = read(MAIL, "x")
    whole = read(ARCHIVE, "x")
    assert "<p>" in whole.documents[0].html
    for reading in (found, whole):
        assert unpack(pack(reading)) == reading


def test_metadata_alone_only_propose_the_patient_of_a_scan() -> None:
    archive = xdm_build.archive(("DOC00001.PDF", text_pdf(["Sans nom."])))
    (document,) = read(archive, ZIP).documents
    assert document.patient is not None
    assert (document.patient.birth_name, document.patient.from_fields) == ("ZORBEC", False)
    named = xdm_build.archive(("DOC00001.PDF", text_pdf(["Nom de naissance : AUTRE", "Prénoms : Paul", "Né le 01/02/1970"])))
    (document,) = read(named, ZIP).documents
    assert document.patient is not None
    assert (document.patient.birth_name, document.patient.from_fields) == ("AUTRE", False)
    assert "patient-mismatch" in {w.code for w in document.warnings}
    agreeing = xdm_build.archive(("DOC00001.PDF", text_pdf(["Nom de naissance : ZORBEC", "Prénoms : Lucie", "Née le 04/05/1961"])))
    (document,) = read(agreeing, ZIP).documents
    assert document.patient is not None
    assert (document.patient.from_fields, {w.code for w in document.warnings}) == (False, set())


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>un <b>deux</b></p>", "<p>un <b>deux</b></p>"),
        ("<p style='color:red' onclick='x()' class='a' id='b'>un</p>", "<p>un</p>"),
        ("<img src='https://ailleurs.example/a.png'>mot", "mot"),
        ("<a href='https://ailleurs.example/'>lien</a>", "lien"),
        ("<p><a href='javascript:x()'>lien</a></p>", "<p>lien</p>"),
        ("<table background='https://a.example/x'><tr><td colspan='2' bgcolor='red'>a</td></tr></table>", None),
        ("<style>@import url(https://a.example)</style>mot", "mot"),
        ("<script>x()</script>mot", "mot"),
        ("<svg><script>x()</script></svg>mot", "mot"),
        ("<form action='https://a.example'><input name='a'>mot</form>", "mot"),
        ("<iframe srcdoc='<script>x()</script>'></iframe>mot", "mot"),
        ("<link rel='stylesheet' href='https://a.example'><meta http-equiv='refresh' content='0;https://a.example'>mot", "mot"),
        ("<math><mtext><style><img src=x onerror=x()></style></mtext></math>mot", "mot"),
        ("<p>&lt;script&gt;</p>", "<p>&lt;script&gt;</p>"),
        ("<noscript><p title='</noscript><img src=x onerror=x()>'></noscript>mot", None),
    ],
)
def test_the_html_of_a_mail_is_harmless(html: str, shown: str | None) -> None:
    (document,) = read(mail(part("text/html; charset=utf-8", html.encode())), "x").documents
    assert document.format == "html"
    if shown is not None:
        assert document.html.replace("\n", "") in {shown, f"<p>{shown}</p>"}
    tags = [tag.lstrip("/").partition(" ") for tag in re.findall(r"<([^>]*)>", document.html)]
    assert {name.rstrip("/") for name, _, _ in tags} <= html_clean.TAGS
    assert {attribute for _, _, attribute in tags} <= {"", 'colspan="2"'}


@pytest.mark.parametrize(
    "html",
    [
        b"<div>" * 200_000,
        b"<b><i>" * 200_000,
        b"<table>" * 200_000,
        b"<td>" * 250_000,
        b"<a x=" + b"'" * 1_000_000,
        b"<p" * 300_000,
        b"".join(b"<font color=%d>" % n for n in range(60_000)),
        b"<a href=x>" * 100_000,
        b"<b>" * 250 + b"<p>" * 100_000,
    ],
    ids=range(9),
)
def test_hostile_html_is_cleaned_in_bounded_time(html: bytes) -> None:
    begun = time.process_time()
    read(mail(part("text/html", html)), "x")
    assert time.process_time() - begun < 5


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(["<p>", "</p>", "<b x='", "'>", "<script>", "</script>", "&lt;", "<!--", "-->", "<svg>", "<", "é", "\0"]),
        max_size=30,
    )
)
def test_cleaning_is_final(pieces: list[str]) -> None:
    once = html_clean.clean("".join(pieces))
    assert html_clean.clean(once) == once


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(CASES)), st.data())
def test_damaged_letters_raise_nothing(name: str, data: st.DataObject) -> None:
    octets = bytearray(CASES[name].data)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(octets) - 1))
        if data.draw(st.booleans()):
            octets[place] = data.draw(st.integers(0, 255))
        else:
            del octets[place : place + data.draw(st.integers(1, 100))]
    found = read(bytes(octets), name)
    assert found.documents
    assert unpack(pack(found)) == found


def test_the_facts_of_a_forwarded_mail_are_those_of_the_mail_around_it() -> None:
    found = read(mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + INNER)), "x")
    assert found.message is not None
    assert found.message.from_ == "Laboratoire de l'Été <labo@hopital.example>"
    assert (found.message.message_id, found.message.subject) == ("<essai-1@hopital.example>", "Résultats du jour")


HUNGRY = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
from tests.corpus import cda_build, xdm_build
from vaguemestre.inbound.read import read
for data in (
    xdm_build.zipped([xdm_build.Member(b"IHE_XDM/SUBSET01/%d.XML" % n, b"<a>" * 3_000_000) for n in range(6)]),
    cda_build.encoded(cda_build.document(cda_build.packed(b"%PDF-" + bytes(20_000_000), "application/pdf"))),
    cda_build.encoded(cda_build.document(cda_build.structured(cda_build.section("a", "<paragraph>a</paragraph>" * 150_000)))),
):
    assert read(data, "x").documents
"""


def test_memory_is_bounded() -> None:
    subprocess.run([sys.executable, "-c", HUNGRY], check=True, timeout=120, cwd=Path(__file__).parents[2])


def test_a_cda_of_11_mb_is_read() -> None:
    content = b"%PDF-1.4\n" + bytes(range(256)) * 33_000
    data = cda_build.encoded(cda_build.document(cda_build.packed(content, "application/pdf")))
    assert len(data) > 11_000_000
    document, pages = read(data, "x").documents
    assert (document.format, pages.sha256, pages.duplicate_of, pages.rendering) == ("cda-n1", sha(content), 0, True)
