"""The stage `read`: every document of any file, nothing raised, everything bounded, nothing told that may not be."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus import Case, sha
from tests.corpus.hprim_build import END, HEADER, POTASSIUM, SECOND, SODIUM, build, head
from tests.corpus.hprim_cases import CASES as HPRIM_CASES
from tests.corpus.mail_cases import CASES as MAIL_CASES
from tests.corpus.mail_cases import COVER, HPRIM, HTML, LETTER, PLAIN, PNG, attached, mail, multipart, part
from tests.corpus.pdfs import text_pdf
from tests.needs import samples
from vaguemestre.domain.fault import Fault, Unreadable
from vaguemestre.domain.reading import Reading
from vaguemestre.domain.reading_json import pack, public, unpack
from vaguemestre.inbound import read as stage
from vaguemestre.inbound import read_document
from vaguemestre.inbound.read import extract, read

CASES = HPRIM_CASES | MAIL_CASES
SCHEMA = Path(__file__).parent / "reading.schema.json"


def codes(reading: Reading) -> set[str]:
    return {w.code for w in (*reading.warnings, *(w for d in reading.documents for w in d.warnings))}


def formats(reading: Reading) -> list[str]:
    return [d.format for d in reading.documents]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_contract_is_kept(case: Case) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(public(read(case.data, case.file)))))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_no_repr_tells_anything(case: Case) -> None:
    found = read(case.data, case.file)
    shown = repr(found) + "".join(map(repr, (*found.documents, found.message, *(r for d in found.documents for r in d.results))))
    for told in ("ZORBEC", "LUCIE", "Lucie", "2610599990123", "SODIUM", "143", "Essai", "essai-1"):
        assert told not in shown


def test_no_detail_tells_anything() -> None:
    for case in CASES.values():
        found = read(case.data, case.file)
        for warning in (*found.warnings, *(w for d in found.documents for w in d.warnings)):
            assert warning.detail.endswith("."), warning
            for told in ("ZORBEC", "Lucie", "261", "1961", "hopital.example"):
                assert told not in warning.detail


def test_transport_refuses_what_is_not_ours() -> None:
    whole = pack(read(CASES["hprim-attached"].data, "a.eml"))
    for packed in (b"", b"[]", b"{}", b"null", whole[:-1], whole.replace(b"[", b"{", 1), b"[" * 100_000, b"\xff"):
        with pytest.raises(Unreadable):
            unpack(packed)


@pytest.mark.parametrize(
    "name", ["hprim-attached", "pdf-attached", "forwarded", "alternative-pdf-in-html-branch", "text-alone", "html-alone"]
)
def test_extract_gives_the_document_back(name: str) -> None:
    data = CASES[name].data
    for document in read(data, "x.eml").documents:
        content, media_type, _ = extract(data, document.sha256)
        assert sha(content) == document.sha256
        assert (
            media_type
            == {"hprim-medecin": "text/plain", "pdf": "application/pdf", "text": "text/plain", "html": "text/html"}[document.format]
        )
    with pytest.raises(Fault):
        extract(data, "0" * 64)
    assert extract(data, sha(data)) == (data, "message/rfc822", "")


def test_extract_names_the_file() -> None:
    assert extract(CASES["pdf-attached"].data, sha(LETTER)) == (LETTER, "application/pdf", "courrier.pdf")
    assert extract(CASES["forwarded"].data, sha(HPRIM)) == (HPRIM, "text/plain", "resultat.hpr")
    picture = mail(multipart(COVER, attached("photo", PNG)))
    assert extract(picture, sha(PNG)) == (PNG, "image/png", "photo")


def test_a_cover_text_beside_a_document_is_none() -> None:
    found = read(mail(multipart(COVER, part("text/html; charset=utf-8", HTML), attached("a.hpr", HPRIM))), "x")
    assert formats(found) == ["hprim-medecin"]


def test_a_large_picture_in_a_html_text_is_a_document() -> None:
    small = part("image/png", PNG, "Content-ID: <a>")
    large = part("image/png", PNG + b"\0" * 40_000, "Content-ID: <b>", 'Content-Disposition: inline; filename="scan.png"')
    found = read(mail(multipart(part("text/html", HTML), small, large, kind="related")), "x")
    assert [d.path for d in found.documents] == [("scan.png",)]


def test_a_forwarded_letter_without_attachment_is_a_document() -> None:
    inner = b"From: a@b.example\r\nSubject: lettre\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + PLAIN
    found = read(mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + inner)), "x")
    assert [(d.format, d.path) for d in found.documents] == [("text", ("part-2",))]
    encoded = part("message/rfc822", inner, 'Content-Disposition: attachment; filename="lettre.eml"')
    assert [d.path for d in read(mail(multipart(COVER, encoded)), "x").documents] == [("lettre.eml",)]
    as_octets = attached("lettre.eml", inner)
    assert [d.path for d in read(mail(multipart(COVER, as_octets)), "x").documents] == [("lettre.eml",)]


def test_names_have_no_folders_and_no_controls() -> None:
    for name in ("../../etc/a.hpr", "C:\\dossier\\a.hpr", "/a.hpr"):
        found = read(mail(multipart(COVER, attached(name, HPRIM))), "x")
        assert found.documents[0].path == ("a.hpr",)


def test_signatures_are_no_documents() -> None:
    signed = multipart(
        multipart(COVER, attached("a.hpr", HPRIM), boundary="x"), part("application/pkcs7-signature; name=smime.p7s", b"0"), kind="signed"
    )
    assert formats(read(mail(signed), "x")) == ["hprim-medecin"]


def test_encrypted_mails_are_told() -> None:
    enveloped = part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"\x30\x80\x06\x09")
    found = read(mail(enveloped), "x")
    assert (formats(found), found.understood, codes(found)) == (["encrypted"], False, {"unsupported"})
    apicrypt = read(mail(b"Content-Type: text/plain\r\n\r\n$APICRYPT\r\nabc\r\n"), "x")
    assert (formats(apicrypt), apicrypt.understood) == (["encrypted"], False)


def test_an_empty_mail_is_one_document() -> None:
    for body in (b"\r\n", b"", multipart(), multipart(part("application/pkcs7-signature", b"x"))):
        assert len(read(mail(body), "x").documents) == 1


def test_a_reader_that_fails_costs_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(given: object) -> object:
        raise RuntimeError("ZORBEC")

    monkeypatch.setitem(read_document._READERS, "pdf", fails)
    found = read(mail(multipart(COVER, attached("a.pdf", LETTER), attached("a.hpr", HPRIM))), "x")
    assert [(d.format, d.understood) for d in found.documents] == [("pdf", False), ("hprim-medecin", True)]
    assert not found.understood
    assert "ZORBEC" not in json.dumps(public(found)["documents"][0])


def test_a_document_that_killed_its_reader_is_passed_over() -> None:
    data = mail(multipart(COVER, attached("a.pdf", LETTER), attached("a.hpr", HPRIM)))
    begun: list[str] = []
    read(data, "x", begin=begun.append)
    assert len(begun) == len(set(begun)) == 2
    again: list[str] = []
    found = read(data, "x", skip={begun[0]: "reader-died"}, begin=again.append)
    assert again == begun[1:]
    assert [(d.format, d.understood) for d in found.documents] == [("pdf", False), ("hprim-medecin", True)]
    assert found.documents[0].sha256 == sha(LETTER)
    slow = read(data, "x", skip={begun[1]: "reader-too-slow"})
    assert [w.code for w in slow.documents[1].warnings] == ["too-large"]


def test_the_declared_type_bears_the_charset() -> None:
    found = read("Été".encode("latin-1"), "x", "text/plain; charset=iso-8859-1")
    assert (found.documents[0].text, codes(found)) == ("Été", set())


def test_every_public_sample_is_kept() -> None:
    for path in sorted(samples().rglob("*")):
        if path.is_file() and path.stat().st_size < 3_000_000:
            found = read(path.read_bytes(), path.name)
            assert found.documents


@pytest.mark.parametrize(
    "hostile",
    [
        mail(multipart(*[attached("a", b"x%d" % n) for n in range(900)])),
        mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 500_000),
        mail(b"Content-Type: message/rfc822\r\n\r\n") + mail(b"Content-Type: message/rfc822\r\n\r\n") * 2_000,
        mail(b"Content-Type: text/html\r\n\r\n" + b"<div>" * 1_000_000),
        mail(b"Content-Type: text/plain\r\n\r\n" + b"****FIN****\r\n" * 300_000),
        mail(b"Content-Type: text/plain\r\n\r\n" + b"\xe9 " * 2_000_000),
        mail(multipart(*[part("text/plain", b"x" * 100_000, encode=False) for _ in range(100)])),
        mail(multipart(*[attached("a.txt", b"x" * 200_000 + b"%d" % n) for n in range(100)])),
        b"Patient : " * 200_000,
        b"INS : " + b"1 " * 1_000_000,
        b"Nom : " + b"A " * 1_000_000,
        b"n" * 5_000_000,
        b"From: " * 1_000_000,
        b"A:\n" * 2_000_000,
        b"<a " * 1_000_000,
        b"H|~^\\&|" * 300_000,
        b"\nH" * 2_000_000,
        b"\xe9 " + b"a" * 5_000_000,
        mail(b"Content-Type: text/plain\r\n\r\n\xe9 " + b"a" * 5_000_000),
        mail(multipart(attached("a.hpr", b"\xe9\r\n" + b"RES|" + b"a b" * 2_000_000))),
        mail(multipart(attached("a" * 500_000, HPRIM))),
        mail(b"Content-Type: text/plain; charset=" + b"x" * 500_000 + b"\r\n\r\nx"),
    ],
    ids=range(22),
)
def test_hostile_files_cost_bounded_time(hostile: bytes) -> None:
    begun = time.process_time()
    found = read(hostile, "x")
    assert time.process_time() - begun < 8
    assert 1 <= len(found.documents) <= stage.MAX_DOCUMENTS
    assert sum(len(d.text) for d in found.documents) <= stage.MAX_TOTAL_TEXT + 2_000_000


HUNGRY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20))
from tests.corpus.hprim_build import HEADER, build
from tests.corpus.mail_cases import attached, mail, multipart
from vaguemestre.inbound.read import read
head = build(HEADER, ("****LAB****", ""))
for data in (
    mail(multipart(attached("a.html", b"<p>a" * 3_000_000))),
    mail(multipart(attached("a.hpr", head + b"RES|A|B|N|1|g|1|2|N|F\\r\\n" * 500_000))),
    mail(multipart(attached("a.hpr", head + b"TEX|ABC\\r\\n" * 1_500_000))),
    (b"From: a\\r\\nTo: b\\r\\nSubject: c\\r\\nContent-Type: message/rfc822\\r\\n\\r\\n") * 200_000,
):
    assert read(data, "x").documents
"""


def test_memory_is_bounded() -> None:
    subprocess.run([sys.executable, "-c", HUNGRY], check=True, timeout=120, cwd=Path(__file__).parents[2])


def test_a_returned_mail_is_reported() -> None:
    status = (
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns;mail.b.example\r\nOriginal-Message-ID: <parti@b.example>\r\n\r\n"
        b"Final-Recipient: rfc822; x@c.example\r\nAction: Failed\r\nStatus: 5.1.1\r\n\r\nFinal-Recipient: rfc822; y@c.example\r\n"
        b"Action: delayed\r\nStatus: 4.2.2\r\n"
    )
    data = mail(
        multipart(COVER, status, part("text/rfc822-headers", b"Subject: x", encode=False), kind="report; report-type=delivery-status")
    )
    found = read(data, "x")
    assert found.message is not None
    assert found.message.report == {
        "kind": "dsn",
        "original_message_id": "<parti@b.example>",
        "results": [
            {"recipient": "x@c.example", "action": "failed", "code": "5.1.1"},
            {"recipient": "y@c.example", "action": "delayed", "code": "4.2.2"},
        ],
    }
    assert formats(found) == ["text"]


def test_a_mail_given_as_such_is_read_as_one() -> None:
    found = read(b"X-Inconnu: a\r\n\r\nTexte.\r\n", "x", "message/rfc822")
    assert (found.kind, found.documents[0].text) == ("email", "Texte.\n")


def test_a_mail_in_a_mail_in_a_mail() -> None:
    data = mail(multipart(COVER, attached("a.hpr", HPRIM), boundary="fond"))
    for depth in range(30):
        data = mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + data, boundary=f"b{depth}"))
    found = read(data, "x")
    assert "too-large" in codes(found)
    assert found.documents
    shallow = mail(multipart(COVER, attached("a.hpr", HPRIM), boundary="fond"))
    for depth in range(6):
        shallow = mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + shallow, boundary=f"b{depth}"))
    assert formats(read(shallow, "x")) == ["hprim-medecin"]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(CASES)), st.data())
def test_damaged_files_raise_nothing(name: str, data: st.DataObject) -> None:
    octets = bytearray(CASES[name].data)
    for _ in range(data.draw(st.integers(1, 6))):
        if not octets:
            break
        place = data.draw(st.integers(0, len(octets) - 1))
        how = data.draw(st.sampled_from(["set", "cut", "end"]))
        if how == "set":
            octets[place] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del octets[place : place + data.draw(st.integers(1, 100))]
        else:
            del octets[place:]
    found = read(bytes(octets), name)
    assert found.documents
    assert unpack(pack(found)) == found
    json.dumps(public(found), ensure_ascii=False).encode("utf-8")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=500), st.text(max_size=20), st.one_of(st.none(), st.text(max_size=30)))
def test_any_octets(octets: bytes, name: str, media_type: str | None) -> None:
    assert read(octets, name, media_type).documents


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.95, 0.999])
@pytest.mark.parametrize("name", ["hprim-attached", "pdf-attached", "forwarded", "alternative-pdf-in-html-branch"])
def test_a_cut_mail_is_never_whole(name: str, share: float) -> None:
    data = CASES[name].data
    body = data.index(b"Content-Type: multipart/") + 200
    found = read(data[: body + int((len(data) - body - 10) * share)], "x.eml")
    assert "truncated" in codes(found)
    assert not found.understood


def letter(name: str = "ZORBEC", born: str | None = "04/05/1961") -> bytes:
    """A PDF that names its patient in running text."""
    return text_pdf([f"Nom de naissance : {name}", "Prénoms : Lucie", *([f"Née le {born}"] if born else []), "Compte rendu."])


TWO = build(HEADER, ("****LAB****", SODIUM, "****FIN****"), SECOND, ("****LAB****", POTASSIUM), END)
BARZOU = letter("BARZOU", "30/11/1999")
OTHER = letter("AUTRE", "01/02/1970")


@pytest.mark.parametrize(
    ("files", "differ"),
    [
        ([HPRIM, LETTER], False),
        ([HPRIM, BARZOU], True),
        ([BARZOU, HPRIM], True),
        ([HPRIM, letter(born="05/05/1961")], True),
        ([HPRIM, letter("AUTRE", None)], True),
        ([HPRIM, letter("Zôrbec", None)], False),
        ([build(head(l7="01/01/1900"), ("Texte.",), END), LETTER], False),
        ([HPRIM, LETTER, BARZOU], True),
        # each record of an HPRIM file is judged alone, and a letter about any of them is in its place
        ([TWO], False),
        ([TWO, LETTER], False),
        ([TWO, BARZOU], False),
        ([TWO, LETTER, BARZOU], False),
        ([TWO, OTHER], True),
        ([HPRIM, build(SECOND, ("Texte.",), END)], False),
        ([LETTER, BARZOU], True),
        ([LETTER, letter(born=None)], False),
        ([LETTER], False),
    ],
    ids=range(17),
)
def test_documents_of_different_persons_are_told(files: list[bytes], differ: bool) -> None:
    parts = [attached(f"{n}.bin", data) for n, data in enumerate((*files, text_pdf(["Notice sans nom."])))]
    found = read(mail(multipart(COVER, *parts)), "x")
    told = [d.patient is not None for d in found.documents if "patient-mismatch" in {w.code for w in d.warnings}]
    bearing = sum(d.patient is not None for d in found.documents)
    assert bearing >= len(files)
    assert told == [True] * (bearing if differ else 0)
    assert found.understood


def test_a_forwarded_mail_is_of_the_same_message() -> None:
    inner = mail(multipart(COVER, attached("a.pdf", BARZOU), boundary="dedans"))
    found = read(mail(multipart(COVER, attached("a.hpr", HPRIM), b"Content-Type: message/rfc822\r\n\r\n" + inner)), "x")
    assert [{w.code for w in d.warnings} for d in found.documents] == [{"patient-mismatch"}] * 2


IDENTITY = "Nom de naissance : ZORBEC\r\nPrénoms : Lucie\r\nNée le 04/05/1961\r\n".encode()
TORN = [
    build(HEADER[:7], END),
    build(HEADER[:7], ("****FINFICHIER****",)),
    build(HEADER[:6], HEADER[7:], ("Texte.",), END),
    build(("****LAB****", SODIUM), END),
    build(("****LAB****", SODIUM)),
    build((SODIUM, POTASSIUM)),
    build((SODIUM,), ("****FIN****",)),
    IDENTITY + b"****FIN****\r\n",
]


@pytest.mark.parametrize("data", TORN, ids=range(len(TORN)))
def test_an_hprim_file_without_its_header_is_told_and_is_nobodys(data: bytes) -> None:
    body = mail(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + data)
    # in a mail's own text it must not pass for the words around another document
    beside = mail(multipart(part("text/plain; charset=utf-8", data, encode=False), attached("a.pdf", LETTER)))
    for found in (read(data, "a.hpr"), read(mail(multipart(COVER, attached("a.hpr", data))), "x"), read(body, "x"), read(beside, "x")):
        broken = found.documents[0]
        assert broken.format in {"text", "hprim-medecin"}
        assert (broken.patient, broken.understood, found.understood) == (None, False, False)
        assert "malformed" in {w.code for w in broken.warnings}
    assert formats(read(beside, "x"))[1:] == ["pdf"]


def test_every_missing_header_line_is_told_or_harmless() -> None:
    """Nothing that bears the format's marks is read as a plain letter, whichever line of its header is lost."""
    for lost in range(len(HEADER)):
        found = read(build(HEADER[:lost], HEADER[lost + 1 :], ("Texte.",), END), "a.hpr")
        (document,) = found.documents
        assert document.format == "hprim-medecin" or not found.understood, lost
