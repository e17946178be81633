"""A page for each kind that arrives: it answers, it holds what matters, and a fact that changes in the file changes on the page; the line
of the list says what it is, why it waits and, where nothing can be shown, what to do."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.fhir_cases import CASES as FHIR
from tests.corpus.file_build import calendar, excel, open_document, paragraph, paragraphs, rtf, winmail, word
from tests.corpus.file_cases import APICRYPT, CMS, LOCKED_WORD, OLD_WORD, annexed, locked_zip
from tests.corpus.hl7v2_build import LUCIE, file, msh, obx, packed
from tests.corpus.hl7v2_cases import ED, MDM, OBR, ORC, TXA
from tests.corpus.hprim_build import END, HEADER
from tests.corpus.hprim_build import build as hprim
from tests.corpus.hprim_sante_build import SODIUM, message
from tests.corpus.hprim_sante_cases import CASES as SANTE
from tests.corpus.hprim_xml_cases import CASES as XML
from tests.corpus.images import fax, paper, quarters, saved
from tests.corpus.pdfs import encrypted_pdf, scanned_pdf, text_pdf
from tests.corpus.xdm_build import archive
from tests.corpus.xdm_build import cda as letter
from tests.formats.test_image_kinds import AVIF, DICOM, HEIC, SVG
from tests.formats.test_pdf_files import ACTIVE
from tests.web.illustrations import mail
from tests.web.world import World, document

Browser = Callable[..., Any]
OCTETS = "application/octet-stream"
MSG = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "__substg1.0_".encode("utf-16-le")


@pytest.fixture
def vault(data_directory: Path) -> Path:
    return data_directory / "vault"


def waiting(world: World, vault: Path, name: str, data: bytes, rank: int = 0, results: tuple[dict[str, Any], ...] = ()) -> Any:
    """The row of a document that no chart claims, as the stages leave it."""
    from vaguemestre.inbound.file import document_row
    from vaguemestre.inbound.match import Learnt, decide
    from vaguemestre.inbound.read import read

    found = read(data, f"{name}.eml", "message/rfc822").documents[rank]
    nothing = frozenset[int]()
    match = decide(found, (), "a@b.example", "demo", "AE", lambda _: (), Learnt(False, nothing, nothing, nothing))
    row = document_row(found, match, 0, found.sha256)
    used = ("format", "sha256", "content_key", "content", "text", "html", "title", "type_code", "type_label", "unreadable", "rendering")
    told = {key: row[key] for key in (*used, "stated")}
    shown = tuple(_row(one) for one in found.results) or results
    return document(world, name, "roche", decision=match.decision, rule=match.rule, reason=match.reason, data=data, vault=vault,
                    results=shown, subject="Courrier", **told)  # fmt: skip


def _row(one: Any) -> dict[str, Any]:
    told = ("label", "value", "number", "unit", "low", "high", "flag", "chapter")
    return {name: getattr(one, name) or "" for name in told} | {"code": (one.code.code if one.code else "") or ""}


def article(world: World, browser: Browser, vault: Path, name: str, kind: str, data: bytes) -> tuple[Any, str]:
    """(the row, the main part of its page as text)"""
    one = waiting(world, vault, name.replace(".", "-"), mail((name, kind, data)))
    answer = browser("roche").get(f"/documents/{one.pk}/")
    assert answer.status_code == 200
    return one, html.unescape(answer.content.decode().split('<article class="content')[1].split("</article>")[0])


def _sodium(value: str) -> bytes:
    return hprim(HEADER, ("Compte rendu du jour.", "****LAB****", f"RES|SODIUM|NA33|N|{value}|mEq/l|132|146|N|F"), END)


def _orders(value: str) -> bytes:
    return file(msh(), LUCIE, ORC, OBR, obx(1, "NM", "GLY^Glycémie^L", value, "g/L", "0.70-1.10", "N"))


def _xlsx(value: str) -> bytes:
    return excel(("Bilan", f'<row r="1"><c r="A1" t="inlineStr"><is><t>Zinc {value}</t></is></c></row>'))


SHOWN: dict[str, tuple[str, str, Callable[[str], bytes], str, str, str]] = {
    # name of the file, its type, what makes it of a fact, how the page says that fact, the fact, another
    "hprim-medecin": ("r.hpr", OCTETS, _sodium, "{}", "143", "151"),
    "hprim-sante": ("r.hpr", OCTETS, lambda v: message(SODIUM.replace("143", v)), "{}", "143", "151"),
    "hprim-sante-adm": (
        "a.hpr", OCTETS, lambda v: SANTE["sante-an-admission"].data.replace(b"204~B", v.encode() + b"~B"),
        "<th>Localisation</th><td>{} B MED</td>", "204", "205",
    ),
    "hprim-xml": (
        "r.xml", "application/xml", lambda v: XML["hprim-xml-results"].data.replace(b"143", v.encode()),
        "<td>{}</td>", "143", "151",
    ),
    "hl7-oru": ("r.hl7", OCTETS, _orders, "{}", "0.95", "1.42"),
    "hl7-adt": (
        "a.hl7", OCTETS, lambda v: file(msh("ADT^A01^ADT_A01"), LUCIE, f"PV1|1|I|{v}"), "<th>Localisation</th><td>{}</td>", "CHIR", "MED",
    ),
    "hl7-ack": (
        "a.hl7", OCTETS, lambda v: file(msh("ACK^R01^ACK"), f"MSA|{v}|M-0"), "({})</td>", "AA", "AE",
    ),
    "hl7-zam": (
        "z.hl7", OCTETS,
        lambda v: file(msh("ZAM^Z02^ZAM_Z01"), "OBX|1|CWE|ACK_RECEPTION_MSS^x^y|M-7|N", f"ERR|||207|E|{v}^x^SMTPERRORCODE"),
        "(code {})</td>", "550", "552",
    ),
    "rtf": ("l.rtf", "application/rtf", lambda v: rtf(paragraphs(f"Hémoglobine {v} g/L")), "Hémoglobine {} g/L", "121", "99"),
    "docx": ("l.docx", OCTETS, lambda v: word(paragraph(f"Poids {v} kg")), "Poids {} kg", "61", "72"),
    "xlsx": ("t.xlsx", OCTETS, _xlsx, "Zinc {}", "5.1", "6.2"),
    "odt": ("l.odt", OCTETS, lambda v: open_document(f"<text:p>Poids {v} kg</text:p>"), "Poids {} kg", "61", "72"),
    "calendar": (
        "i.ics", "text/calendar", lambda v: calendar(f"DTSTART:{v}T073000Z", "SUMMARY:Réunion"),
        "Quand : 12/{}/2024 08:30", "20240312", "20241112",
    ),
    "winmail": (
        "winmail.dat", "application/ms-tnef", lambda v: winmail(rtf_words=rtf(paragraphs(f"Poids {v} kg"))),
        "Poids {} kg", "61", "72",
    ),
    "html": ("l.html", "text/html", lambda v: f"<html><body><p>Poids <b>{v}</b> kg</p></body></html>".encode(), "<b>{}</b>", "61", "72"),
    "text": ("l.txt", "text/plain", lambda v: f"Poids {v} kg\r\n".encode(), "Poids {} kg", "61", "72"),
    "xdm": ("x.zip", "application/zip", lambda v: archive(("DOC00001.XML", letter(text=f"Poids {v} kg"))), "Poids {} kg", "61", "72"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHOWN)
def test_a_page_says_what_the_file_says(world: World, browser: Browser, vault: Path, kind: str) -> None:
    name, type_, build, said, one, other = SHOWN[kind]
    month = {"20240312": "03", "20241112": "11"}
    told, instead = said.format(month.get(one, one)), said.format(month.get(other, other))
    _, page = article(world, browser, vault, f"un-{name}", type_, build(one))
    assert told in page and instead not in page
    assert "ne se lit pas" not in page
    _, page = article(world, browser, vault, f"deux-{name}", type_, build(other))
    assert instead in page and told not in page


@pytest.mark.parametrize("form", ["json", "xml"])
def test_fhir(world: World, browser: Browser, vault: Path, form: str) -> None:
    data = FHIR[f"fhir-un-resultat-{form}"].data
    for value, other in (("5.40", "6.10"), ("6.10", "5.40")):
        _, page = article(world, browser, vault, f"{value}.{form}", f"application/fhir+{form}", data.replace(b"5.40", value.encode()))
        assert value in page and other not in page


@pytest.mark.parametrize(
    ("name", "type_", "data", "pages"),
    [
        ("a.png", "image/png", saved(quarters(), "PNG"), 1),
        ("a.jpg", "image/jpeg", saved(quarters(), "JPEG"), 1),
        ("a.tif", "image/tiff", fax(paper(), paper()), 2),
        ("a.webp", "image/webp", saved(quarters(), "WEBP"), 1),
        ("a.jp2", "image/jp2", saved(quarters(), "JPEG2000"), 1),
        ("a.pdf", "application/pdf", text_pdf(["Une."], ["Deux."], ["Trois."]), 3),
        ("scan.pdf", "application/pdf", scanned_pdf(), 1),
        ("holding.pdf", "application/pdf", annexed(text_pdf(["Voir."]), ("b.pdf", text_pdf(["Annexe."]))), 1),
        ("active.pdf", "application/pdf", ACTIVE, 1),
    ],
)
def test_pages_are_shown_as_images(world: World, browser: Browser, vault: Path, name: str, type_: str, data: bytes, pages: int) -> None:
    one, page = article(world, browser, vault, name, type_, data)
    found = re.findall(r'<img[^>]* src="(/documents/[0-9]+/pages/[0-9]+\.png)"', page)
    assert len(found) == pages
    answer = browser("roche").get(found[-1])
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG")
    assert browser("fabre").get(found[-1]).status_code == 404
    assert browser("roche").get(f"/documents/{one.pk}/original").content == data


def test_a_document_in_hl7_is_called_by_its_kind(world: World, browser: Browser, vault: Path) -> None:
    for rank, label in enumerate(("Lettre de liaison", "Synthèse médicale")):
        pages = ED.format(packed(text_pdf(["Lettre."]), "APPLICATION", "PDF"))
        data = file(msh(MDM), LUCIE, *(one.replace("Lettre de liaison", label) for one in (TXA, pages)))
        one, _ = article(world, browser, vault, f"{rank}.hl7", OCTETS, data)
        page = html.unescape(browser("roche").get(f"/documents/{one.pk}/").content.decode())
        assert f"BARZOU Lucie <span>{label}</span></h1>" in page


UNSHOWN = {
    "heic": ("IMG_1.HEIC", HEIC, "Cette photo est au format HEIC", "à télécharger"),
    "avif": ("a.avif", AVIF, "Cette image est au format AVIF", "à télécharger"),
    "dicom": ("IM0001.dcm", DICOM, "Cette image d'examen est au format DICOM", "à télécharger"),
    "svg": ("a.svg", SVG, "Ce dessin est au format SVG", "à télécharger"),
    "old-word": ("a.doc", OLD_WORD, "Ce fichier vient d'un Word ou d'un Excel d'avant 2007", "à télécharger"),
    "outlook": ("a.msg", MSG, "Ce fichier est un message enregistré par Outlook", "à télécharger"),
    "unknown": ("a.bin", bytes(range(256)) * 4, "Le type de ce fichier n'est pas reconnu : téléchargez-le", "non reconnu"),
    "empty": ("vide.txt", b"", "Ce fichier est vide : demandez à l'expéditeur", "vide"),
    "zip": ("a.zip", locked_zip(), "Cette archive est protégée par un mot de passe", "chiffré"),
    "smime": ("a.p7m", CMS, "Ce contenu est chiffré par S/MIME", "chiffré"),
    "apicrypt": ("a.txt", APICRYPT, "Ce contenu est chiffré par Apicrypt v1", "chiffré"),
    "docx": ("a.docx", LOCKED_WORD, "Ce fichier bureautique est protégé", "chiffré"),
    "pdf": ("a.pdf", encrypted_pdf(), "Ce PDF est protégé par un mot de passe", "chiffré"),
}


@pytest.mark.parametrize("kind", UNSHOWN)
def test_what_cannot_be_shown_says_what_it_is_and_what_to_do(world: World, browser: Browser, vault: Path, kind: str) -> None:
    name, data, words, mark = UNSHOWN[kind]
    one, page = article(world, browser, vault, name, OCTETS, data)
    assert page.count("note warning") == 1 and page.count(words) == 1, "one sentence says it all"
    assert "n'a pas pu être lu" not in page and "<svg" not in page and "<img" not in page
    assert browser("roche").get(f"/documents/{one.pk}/original").content == data or not data
    listed = row(browser, one)
    assert words in listed and f'<small class="chip warm">{mark}</small>' in listed
    assert "illisible" not in listed and "n'a pas pu être lu" not in listed


def row(browser: Browser, one: Any, word: str = "a-verifier") -> str:
    """The line of a document in a list."""
    answer = browser("roche").get(f"/?liste={word}")
    assert answer.status_code == 200
    lines = html.unescape(answer.content.decode()).split('<li class="row')
    (found,) = [line for line in lines if f'href="/documents/{one.pk}/?' in line]
    return found


@pytest.mark.parametrize(
    ("name", "data", "title", "why"),
    [
        ("a.hl7", file(msh("ACK^R01^ACK"), "MSA|AR|M-0"), "Accusé de réception : refusé", "Un accusé ne parle pas d'un patient"),
        (
            "z.hl7",
            file(msh("ZAM^Z03^ZAM_Z01"), "OBX|1|CWE|ACK_LECTURE_MSS^x^y|M-7|Y"),
            "Accusé de lecture MSSanté : lu ou pris en charge",
            "Un accusé ne parle pas d'un patient",
        ),
        ("a.hl7", file(msh("ADT^A03^ADT_A03"), LUCIE), "Sortie", "Aucun dossier ne correspond."),
        ("i.ics", calendar("DTSTART:20240312T073000Z", "SUMMARY:Réunion"), "Réunion", "Ce rendez-vous ne dit pas"),
        ("a.rtf", rtf(paragraphs("Bonjour")), 'Courrier <small class="kind">RTF</small>', "Le document ne dit pas de quel patient"),
        ("a.png", saved(quarters(), "PNG"), 'Courrier <small class="kind">image</small>', "Une image ne dit pas en toutes lettres"),
    ],
)  # fmt: skip
def test_the_line_of_the_list(world: World, browser: Browser, vault: Path, name: str, data: bytes, title: str, why: str) -> None:
    one = waiting(world, vault, "ligne", mail((name, OCTETS, data)))
    told = re.sub(r"\s*</span>", "</span>", row(browser, one))
    assert f'<span class="what">{title}</span>' in told
    assert f'<span class="why">{why}' in told
    assert "chip warm" not in told


def _returned(world: World, kind: str, action: str, **more: Any) -> Any:
    results = [{"recipient": "labo@hopital.example", "action": action, "code": None}]
    report = {"kind": kind, "original_message_id": None, "results": results, "subject": "", "date": "", "label": "", **more}
    content = {"path": [], "warnings": [], "report": report}
    return document(
        world, action, "roche", reason="returned", format="text", text="Avis.", content=content, author="", subject="Undelivered Mail"
    )


@pytest.mark.parametrize(
    ("kind", "action", "title"),
    [
        ("dsn", "failed", "Non remis : « Courrier de l'été »"),
        ("dsn", "delayed", "Remise retardée : « Courrier de l'été »"),
        ("mdn", "displayed", "Lu : « Courrier de l'été »"),
        ("mdn", "processed", "Pris en charge : « Courrier de l'été »"),
        ("mdn", "processed/error", "Non intégré : « Courrier de l'été »"),
        ("mdn", "x", "Avis sur un envoi : « Courrier de l'été »"),
    ],
)
def test_a_notice_is_named_by_what_became_of_which_mail(world: World, browser: Browser, kind: str, action: str, title: str) -> None:
    one = _returned(world, kind, action, subject="XDM/1.0/DDM+Courrier de l'été")
    told = row(browser, one)
    assert f'<span class="what">{title}</span>' in told and "Undelivered" not in told
    assert "labo@hopital.example" in told.split('class="why"')[1]
    page = html.unescape(browser("roche").get(f"/documents/{one.pk}/").content.decode())
    assert f"<span>{title}</span></h1>" in page


def test_a_notice_of_a_mail_that_is_not_told(world: World, browser: Browser) -> None:
    assert '<span class="what">Lu : un message de votre boîte</span>' in row(browser, _returned(world, "mdn", "displayed"))


def test_two_notices_of_the_same_words_are_no_copies(world: World, browser: Browser) -> None:
    first, second = _returned(world, "mdn", "displayed"), _returned(world, "mdn", "processed")
    second.duplicate_of = first
    second.save()
    assert "copie" not in row(browser, second)
    assert "Copie." not in browser("roche").get(f"/documents/{second.pk}/").content.decode()


def test_the_sentences_of_the_readers_are_those_that_the_screens_know(data_directory: Path) -> None:
    from vaguemestre.web import explained, wording

    package = Path(wording.__file__).parent.parent
    written = "".join(path.read_text() for folder in ("formats", "inbound") for path in (package / folder).glob("*.py"))
    for sentence, code in explained.SENTENCES.items():
        assert f'"{sentence}"' in written, sentence
        assert code in wording.WARNINGS
    assert set(explained._SHORT) <= explained.WHOLE


def test_a_list_costs_no_query_more_for_what_it_explains(world: World, browser: Browser, vault: Path) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = browser("roche")
    client.get("/?liste=a-verifier")
    with CaptureQueriesContext(connection) as before:
        client.get("/?liste=a-verifier")
    for rank in range(4):
        waiting(world, vault, f"vide-{rank}", mail((f"{rank}.heic", OCTETS, HEIC)))
        _returned(world, "mdn", f"displayed{rank}")
    with CaptureQueriesContext(connection) as after:
        client.get("/?liste=a-verifier")
    assert len(after) == len(before)


def test_the_english_screen_says_the_same(world: World, browser: Browser, vault: Path) -> None:
    """Words of the document stay its own, French, and are marked as such; those around it are English."""
    one = waiting(world, vault, "rdv", mail(("i.ics", "text/calendar", calendar("DTSTART:20240312T073000Z", "SUMMARY:Réunion"))))
    two = waiting(world, vault, "photo", mail(("a.heic", OCTETS, HEIC)))
    client = browser("roche")
    client.post("/langue", {"language": "en", "next": "/"})
    page = html.unescape(client.get(f"/documents/{one.pk}/").content.decode())
    assert 'lang="fr">Réunion\nQuand : 12/03/2024' in page and "This appointment does not say which patient it is about." in page
    page = client.get(f"/documents/{two.pk}/").content.decode()
    assert "This photo is in HEIC" in page and "Cette photo" not in page


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ADT", "administratif"),
        ("ACK", "administratif"),
        ("ZAM", "administratif"),
        ("SIU", "administratif"),
        ("OML", "prescriptions"),
        ("VXU", "prevention"),
        ("REF", "courriers"),
        ("", "autres"),
    ],
)
def test_each_message_of_hl7_has_its_kind_in_a_chart(data_directory: Path, code: str, kind: str) -> None:
    from vaguemestre.web import kinds

    assert kinds.kind(code, "hl7v2", 0) == kind
