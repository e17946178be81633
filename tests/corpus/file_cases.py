"""Everyday files: RTF, Word, Excel, OpenDocument, winmail.dat, calendars, images, PDF that hold files, and what is encrypted."""

from __future__ import annotations

import io

from tests.corpus import Case, Json, document, message, patient, reading, sha
from tests.corpus.file_build import (
    calendar,
    excel,
    margin,
    open_document,
    packed,
    paragraph,
    paragraphs,
    rtf,
    run,
    winmail,
    winmail_with_message,
    word,
    word_table,
)
from tests.corpus.hprim_build import END, HEADER, LUCIE_FACTS, SODIUM, SODIUM_RESULT, build
from tests.corpus.images import fax, quarters, saved
from tests.corpus.mail_cases import COVER, COVER_TEXT, FACTS, LETTER, LETTER_FACTS, attached, mail, multipart
from tests.corpus.pdfs import text_pdf

HPRIM = build(HEADER, ("****LAB****", SODIUM), END)
HPRIM_FACTS: Json = LUCIE_FACTS | {"results": [SODIUM_RESULT]}
LUCIE: Json = patient(birth_name="ZORBEC", given_names=["Lucie", "Anne"], first_given_name="Lucie Anne", birth_date="1961-05-04", sex="F")
NAMED = ("Nom de naissance : ZORBEC", "Prénoms : Lucie Anne", "Née le 04/05/1961", "Sexe : F")


def alone(
    file: str, data: bytes, kind: str, documents: list[Json], understood: bool = True, warnings: tuple[str, ...] = ()
) -> tuple[str, Case]:
    return file, Case(file, data, reading(file, kind, documents, warnings), understood)


def one(file: str, data: bytes, kind: str, warnings: tuple[str, ...] = (), understood: bool = True, **facts: object) -> tuple[str, Case]:
    return alone(file, data, kind, [document(kind, [file], data, warnings, **facts)], understood)


def annexed(pages: bytes, *files: tuple[str, bytes]) -> bytes:
    """A PDF that holds files, written without their dates so that its bytes are always the same."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pages)) as opened:
        for name, data in files:
            held = pikepdf.AttachedFileSpec(opened, data, filename=name, mod_date="", creation_date="")
            opened.attachments[name] = held
        opened.save(out, static_id=True)
    return out.getvalue()


def locked_zip() -> bytes:
    """A zip whose headers say that its file is encrypted."""
    made = bytearray(packed({"courrier.pdf": b"x" * 60}, stored=("courrier.pdf",)))
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


RTF_LETTER = rtf(paragraphs(*NAMED, r"{\b Compte rendu} de l'été."))
RTF_RESULTS = rtf(
    r"\trowd\cellx2000\cellx4000\pard\intbl Leucocytes\cell 7,2 10{\super 9}/L\cell\row\pard\plain Zinc 12 {\f1 m}mol/L ({\f1\'a3} 18)\par"
)
_PNG = saved(quarters(), "PNG")
RTF_PICTURE = rtf(paragraphs("Cicatrice du 12 mars.") + r"{\*\shppict{\pict\pngblip " + _PNG.hex() + "}}")
RTF_CUT = rtf(paragraphs("Compte rendu."))[:-1]
RTF_OBJECT = rtf(paragraphs("Voir le tableau.") + r"{\object\objemb{\*\objdata 0105}{\result \pard Tableau vu\par}}")
WORD = word("".join(paragraph(line) for line in (*NAMED, "Compte rendu de l'été.")))
WORD_RESULTS = word(
    paragraph("Bilan", properties='<w:pStyle w:val="Titre1"/>')
    + word_table(("Analyse", "Résultat"), ("Sodium", "139 mmol/L"))
    + paragraph(run("10"), run("9", '<w:vertAlign w:val="superscript"/>'), run("/L"), run("caché", "<w:vanish/>"))
    + f"<w:p><w:del>{run('supprimé')}</w:del><w:ins>{run('ajouté')}</w:ins></w:p>",
    word__header1_xml=margin("hdr", paragraph("Clinique de l'Été")),
    word__footer1_xml=margin("ftr", paragraph("Page de garde")),
)
WORD_MACRO = word(paragraph("Lettre."), **{"word/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
EXCEL = excel(
    (
        "Bilan",
        '<row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c></row>'
        '<row r="3"><c r="B3" t="inlineStr"><is><t>HbA1c</t></is></c><c r="C3" s="1"><v>7.0999999999999994E-2</v></c></row>'
        '<row r="4"><c r="B4" t="str"><v>Date</v></c><c r="C4" s="2"><v>45363</v></c></row>'
        '<row r="5"><c r="B5" t="str"><v>Zinc</v></c><c r="C5"><v>5.0999999999999996</v></c></row>',
    ),
    strings=("Analyse", "Résultat"),
    styles='<cellXfs><xf numFmtId="0"/><xf numFmtId="10"/><xf numFmtId="14"/></cellXfs>',
)
OPEN_TEXT = open_document(
    "".join(f"<text:p>{line}</text:p>" for line in (*NAMED, "Compte<text:tab/>rendu<text:s text:c='2'/>bref.")),
    styles="<office:master-styles><style:master-page><style:header><text:p>Clinique de l'Été</text:p></style:header></style:master-page>"
    "</office:master-styles>",
)
OPEN_SHEET = open_document(
    '<table:table table:name="Bilan"><table:table-row><table:table-cell><text:p>Sodium</text:p></table:table-cell>'
    '<table:table-cell table:number-columns-repeated="2"><text:p>139</text:p></table:table-cell>'
    '<table:table-cell table:number-columns-repeated="900"/></table:table-row>'
    '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row></table:table>',
    kind="spreadsheet",
)
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "WordDocument".encode("utf-16-le")
LOCKED_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le")
MEETING = calendar(
    "DTSTAMP:20240301T090000Z",
    "UID:1@hopital.example",
    "DTSTART:20240312T073000Z",
    "DTEND:20240312T081500Z",
    "SUMMARY:Réunion de concertation\\, digestif",
    "LOCATION:Salle 2\\nBâtiment B",
    "ORGANIZER;CN=Dr Essai:mailto:dr.essai@cabinet.example",
    'ATTENDEE;PARTSTAT=ACCEPTED;CN="Zorbec, Paul":mailto:p.zorbec@hopital.exam',
    " ple",
    "BEGIN:VALARM",
    "DESCRIPTION:rappel",
    "END:VALARM",
)
MEETING_TEXT = (
    "Réunion de concertation, digestif\nQuand : 12/03/2024 08:30 – 09:15 (heure de Paris)\nOù : Salle 2, Bâtiment B\n"
    "Organisé par : Dr Essai <dr.essai@cabinet.example>\nAvec : Zorbec, Paul <p.zorbec@hopital.example> (accepté)"
)
CANCELLED = calendar("DTSTART;VALUE=DATE:20240312", "DTEND;VALUE=DATE:20240314", "SUMMARY:Congrès", method="CANCEL")
OUTLOOK = winmail(("courrier.pdf", LETTER), ("resultat.hpr", HPRIM), words="Bonjour,\nvoici les pièces.")
OUTLOOK_WORDS = winmail(rtf_words=RTF_LETTER)
OUTLOOK_NESTED = winmail_with_message("Transfert", winmail(("courrier.pdf", LETTER), words="Pour suite."))
HOLDING = annexed(text_pdf(["Dossier de consultation, voir les pièces jointes."]), ("annexe.pdf", LETTER), ("photo.png", _PNG))
CMS = bytes.fromhex("308006092a864886f70d010703a080") + b"\0" * 40
SIGNED = bytes.fromhex("308006092a864886f70d010702a080") + b"\0" * 40
PGP = b"-----BEGIN PGP MESSAGE-----\n\nhQEMA0000\n-----END PGP MESSAGE-----\n"
APICRYPT = b"Bonjour,\r\n$APICRYPT v1\r\nabcdef\r\n"


def held(name: str, kind: str, data: bytes) -> Json:
    return {"name": name, "media_type": kind, "size": len(data), "sha256": sha(data)}


def in_mail(
    name: str, data: bytes, documents: list[Json], understood: bool = True, warnings: tuple[str, ...] = (), **facts: object
) -> tuple[str, Case]:
    expected = reading(f"{name}.eml", "email", documents, warnings, message(**(FACTS | facts)))
    return name, Case(f"{name}.eml", data, expected, understood)


CASES = dict(
    [
        one("lettre.rtf", RTF_LETTER, "rtf", text="\n".join((*NAMED, "Compte rendu de l'été.")), patient=LUCIE),
        one("resultats.rtf", RTF_RESULTS, "rtf", text="Leucocytes\t7,2 10⁹/L\nZinc 12 µmol/L (≤ 18)"),
        one("photo.rtf", RTF_PICTURE, "rtf", text="Cicatrice du 12 mars.", attachments=[held("image-1.png", "image/png", _PNG)]),
        one("coupe.rtf", RTF_CUT, "rtf", ("truncated",), understood=False, text="Compte rendu."),
        one("objet.rtf", RTF_OBJECT, "rtf", ("active-content-removed",), text="Voir le tableau.\nTableau vu"),
        one("lettre.docx", WORD, "office", text="\n".join((*NAMED, "Compte rendu de l'été.")), patient=LUCIE),
        one(
            "bilan.docx",
            WORD_RESULTS,
            "office",
            text="Clinique de l'Été\nBilan\nAnalyse\tRésultat\nSodium\t139 mmol/L\n10⁹/L\najouté\nPage de garde",
        ),
        one("macro.docm", WORD_MACRO, "office", ("active-content-removed",), text="Lettre."),
        one("bilan.xlsx", EXCEL, "office", text="Analyse\tRésultat\nHbA1c\t7.1 %\nDate\t12/03/2024\nZinc\t5.1"),
        one("lettre.odt", OPEN_TEXT, "office", text="\n".join(("Clinique de l'Été", *NAMED, "Compte\trendu  bref.")), patient=LUCIE),
        one("bilan.ods", OPEN_SHEET, "office", text="Bilan\nSodium\t139\t139"),
        one("ancien.doc", OLD_WORD, "office", ("unsupported",), understood=False),
        one(
            "reunion.ics",
            MEETING,
            "calendar",
            title="Réunion de concertation, digestif",
            date="2024-03-01T09:00:00+00:00",
            text=MEETING_TEXT,
        ),
        one("annule.ics", CANCELLED, "calendar", title="Congrès", text="Congrès\nANNULÉ\nQuand : 12/03/2024 – 13/03/2024"),
        one("photo.png", _PNG, "image", ("unsupported",)),
        one("fax.tif", fax(), "image", ("unsupported",)),
        one("photo.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "image", ("malformed",), understood=False),
        alone("ferme.zip", locked_zip(), "encrypted", [document("encrypted", ["ferme.zip"], locked_zip(), ("unsupported",))], False),
        alone("chiffre.p7m", CMS, "encrypted", [document("encrypted", ["chiffre.p7m"], CMS, ("unsupported",))], False),
        alone("signe.p7m", SIGNED, "encrypted", [document("encrypted", ["signe.p7m"], SIGNED, ("unsupported",))], False),
        alone("ferme.docx", LOCKED_WORD, "office", [document("encrypted", ["ferme.docx"], LOCKED_WORD, ("unsupported",))], False),
        alone(
            "annexes.pdf",
            HOLDING,
            "pdf",
            [
                document(
                    "pdf",
                    ["annexes.pdf"],
                    HOLDING,
                    ("active-content-removed",),
                    text="Dossier de consultation, voir les pièces jointes.",
                    attachments=[held("annexe.pdf", "application/pdf", LETTER), held("photo.png", "image/png", _PNG)],
                ),
                document("pdf", ["annexes.pdf", "annexe.pdf"], LETTER, duplicate_of=0, **LETTER_FACTS),
            ],
        ),
        alone(
            "winmail.dat",
            OUTLOOK_WORDS,
            "archive",
            [
                document(
                    "rtf",
                    ["winmail.dat", "body.rtf"],
                    RTF_LETTER,
                    text="\n".join((*NAMED, "Compte rendu de l'été.")),
                    patient=LUCIE,
                )
            ],
        ),
        in_mail(
            "outlook",
            mail(multipart(COVER, attached("winmail.dat", OUTLOOK, "application/ms-tnef"))),
            [
                document("pdf", ["winmail.dat", "courrier.pdf"], LETTER, **LETTER_FACTS),
                document("hprim-medecin", ["winmail.dat", "resultat.hpr"], HPRIM, **HPRIM_FACTS),
            ],
            text=COVER_TEXT + "\n\nBonjour,\nvoici les pièces.",
        ),
        in_mail(
            "outlook-forwarded",
            mail(multipart(COVER, attached("winmail.dat", OUTLOOK_NESTED, "application/ms-tnef"))),
            [
                document("text", ["winmail.dat", "Transfert/body.txt"], b"Pour suite.", text="Pour suite."),
                document("pdf", ["winmail.dat", "Transfert/courrier.pdf"], LETTER, **LETTER_FACTS),
            ],
            text=COVER_TEXT,
        ),
        in_mail(
            "pgp-in-body",
            mail(b"Content-Type: text/plain\r\n\r\n" + PGP),
            [document("encrypted", [], PGP, ("unsupported",))],
            understood=False,
        ),
        in_mail(
            "apicrypt-in-body",
            mail(b"Content-Type: text/plain\r\n\r\n" + APICRYPT),
            [document("encrypted", [], APICRYPT, ("unsupported",))],
            understood=False,
        ),
        in_mail(
            "encrypted-smime",
            mail(multipart(COVER, attached("smime.p7m", CMS, "application/pkcs7-mime; smime-type=enveloped-data"))),
            [document("encrypted", ["smime.p7m"], CMS, ("unsupported",))],
            understood=False,
            text=COVER_TEXT,
        ),
        in_mail(
            "invitation",
            mail(multipart(COVER, attached("invite.ics", MEETING, "text/calendar; method=REQUEST"))),
            [
                document(
                    "calendar",
                    ["invite.ics"],
                    MEETING,
                    title="Réunion de concertation, digestif",
                    date="2024-03-01T09:00:00+00:00",
                    text=MEETING_TEXT,
                )
            ],
            text=COVER_TEXT,
        ),
    ]
)
