"""What holds other files: zips and gzips, mails in files and archives, mbox, S/MIME that only signs, files that a result names, and the
notices of qmail."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from typing import Any

from tests.corpus import Case, Json, document
from tests.corpus.cms_build import compressed, signed, streamed
from tests.corpus.file_build import packed, paragraph, winmail, word
from tests.corpus.file_cases import HPRIM, HPRIM_FACTS, LOCKED_WORD, alone, held, in_mail, locked_zip
from tests.corpus.hprim_sante_build import FACTS as SANTE_FACTS
from tests.corpus.hprim_sante_build import SODIUM, SODIUM_RESULT, message
from tests.corpus.mail_cases import COVER, COVER_TEXT, INNER, LETTER, LETTER_FACTS, TOP, attached, mail, multipart, part
from tests.corpus.pdfs import text_pdf
from tests.corpus.xdm_build import archive as xdm_archive

FORK = b"\0\5\x16\7\0\2\0\0"
SEVENZIP = b"7z\xbc\xaf\x27\x1c\0\4" + bytes(60)
RAR = b"Rar!\x1a\x07\x01\0" + bytes(60)
OUTLOOK_MAIL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "__substg1.0_0037001F".encode("utf-16-le")
WORDS = "Texte du laboratoire."
OTHER = text_pdf(["Ordonnance d'essai."])
ENTITY = multipart(COVER, attached("resultat.hpr", HPRIM), boundary="signe")
"""What a signature bears: fields of content alone."""
LOCKED = locked_zip()


def gzipped(data: bytes, name: str = "") -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(name, "wb", 9, out, 0) as written:
        written.write(data)
    return out.getvalue()


def tar(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def pdf(*path: str) -> Json:
    return document("pdf", list(path), LETTER, **LETTER_FACTS)


def hprim(*path: str, warnings: tuple[str, ...] = ()) -> Json:
    return document("hprim-medecin", list(path), HPRIM, warnings, **HPRIM_FACTS)


def words(data: bytes, text: str, *path: str) -> Json:
    return document("text", list(path), data, text=text)


def kept(data: bytes, *path: str, form: str = "unknown", code: str = "unsupported") -> Json:
    return document(form, list(path), data, (code,))


def told(file: str, data: bytes, kind: str = "archive", form: str = "unknown", code: str = "unsupported") -> tuple[str, Case]:
    """A file that is kept as it is, with the reason."""
    return alone(file, data, kind, [kept(data, file, form=form, code=code)], understood=False)


def within(name: str, file: str, data: bytes, documents: list[Json], understood: bool = True, **facts: Any) -> tuple[str, Case]:
    """A mail with a cover and one file."""
    return in_mail(name, mail(multipart(COVER, attached(file, data))), documents, understood, **({"text": COVER_TEXT} | facts))


def smime(name: str, cms: bytes, documents: list[Json], kind: str = "signed-data", warned: bool = True, **facts: Any) -> tuple[str, Case]:
    """A mail that is one S/MIME part."""
    sent = mail(part(f"application/pkcs7-mime; smime-type={kind}; name=smime.p7m", cms, "Content-Disposition: attachment"))
    return in_mail(name, sent, documents, True, ("unsupported",) if warned else (), **facts)


USUAL = xdm_archive(("DOC00001.PDF", LETTER))
TWO = packed({"courrier.pdf": LETTER, "envoi/resultat.hpr": HPRIM})
ONE_LETTER = packed({"dossier/message.eml": INNER})
MBOX = b"".join(b"From labo@hopital.example Tue Mar 12 08:30:00 2024\r\n" + one + b"\r\n\r\n" for one in (INNER, TOP.encode() + COVER))
FIC = "OBX|2|FIC|CR~Compte rendu~L||SERVEUR~CR240312.PDF~PDF"
NAMING = message(SODIUM, FIC)
NAMING_FACTS: Json = SANTE_FACTS | {"results": [SODIUM_RESULT], "text": "Compte rendu : CR240312.PDF (PDF)"}
LINKED: Json = NAMING_FACTS | {"attachments": [held("cr240312.pdf", "application/pdf", LETTER)]}
BARZOU = text_pdf(["Nom de naissance : BARZOU", "Prénoms : Marc", "Né le 30/11/1999", "Sexe : M"])
QMAIL = (
    b"Hi. This is the qmail-send program at relais.cabinet.example.\r\nI'm afraid I wasn't able to deliver your message to the"
    b" following addresses.\r\nThis is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n<labo@hopital.example>:\r\n"
    b"192.0.2.7 does not like recipient.\r\nRemote host said: 550 unknown (#5.1.1)\r\n\r\n<autre@hopital.example>:\r\nNo host.\r\n\r\n"
)
QMAIL_COPY = (
    b"--- Below this line is a copy of the message.\r\n\r\nReturn-Path: <dr.essai@cabinet.example>\r\nFrom: dr.essai@cabinet.example\r\n"
    b"Subject: Courrier\r\nMessage-ID: <parti@cabinet.example>\r\n\r\n"
) + HPRIM
QMAIL_TEXT = QMAIL.decode().replace("\r\n", "\n").strip()

CASES: dict[str, Case] = dict(
    [
        # zip
        alone("envoi.zip", TWO, "archive", [pdf("envoi.zip", "courrier.pdf"), hprim("envoi.zip", "envoi/resultat.hpr")]),
        within("zip-attached", "envoi.zip", TWO, [pdf("envoi.zip", "courrier.pdf"), hprim("envoi.zip", "envoi/resultat.hpr")]),
        alone(
            "ornements.zip",
            packed({
                "README.txt": "Merci.", "__MACOSX/._courrier.pdf": FORK, ".DS_Store": b"\0", "style.css": "p{}", "vue.xsl": "<a/>",
                "courrier.pdf": LETTER,
            }),
            "archive",
            [pdf("ornements.zip", "courrier.pdf")],
        ),
        alone("merci.zip", packed({"README.txt": "Merci."}), "archive", [words(b"Merci.", "Merci.", "merci.zip", "README.txt")]),
        alone(
            "sans-compression.zip",
            packed({"courrier.pdf": LETTER, "ordonnance.pdf": OTHER}, stored=("courrier.pdf", "ordonnance.pdf")),
            "archive",
            [
                pdf("sans-compression.zip", "courrier.pdf"),
                document("pdf", ["sans-compression.zip", "ordonnance.pdf"], OTHER, text="Ordonnance d'essai."),
            ],
        ),
        alone(
            "deux-patients.zip",
            packed({"a.pdf": LETTER, "b.pdf": BARZOU}),
            "archive",
            [
                document("pdf", ["deux-patients.zip", "a.pdf"], LETTER, ("patient-mismatch",), **LETTER_FACTS),
                document(
                    "pdf", ["deux-patients.zip", "b.pdf"], BARZOU, ("patient-mismatch",),
                    text="Nom de naissance : BARZOU\nPrénoms : Marc\nNé le 30/11/1999\nSexe : M",
                    patient=LETTER_FACTS["patient"] | {
                        "birth_name": "BARZOU", "given_names": ["Marc"], "first_given_name": "Marc", "birth_date": "1999-11-30", "sex": "M",
                    },
                ),
            ],
        ),
        alone(
            "zip-dans-zip.zip",
            packed({"dedans.zip": TWO, "IHE_XDM.ZIP": USUAL, "a.hpr.gz": gzipped(HPRIM), "resultat.hpr": HPRIM}),
            "archive",
            [
                kept(TWO, "zip-dans-zip.zip", "dedans.zip"),
                kept(USUAL, "zip-dans-zip.zip", "IHE_XDM.ZIP"),
                kept(gzipped(HPRIM), "zip-dans-zip.zip", "a.hpr.gz"),
                hprim("zip-dans-zip.zip", "resultat.hpr"),
            ],
            understood=False,
        ),
        alone(
            "ferme-dans-zip.zip",
            packed({"ferme.zip": LOCKED, "ferme.docx": LOCKED_WORD, "resultat.hpr": HPRIM}, stored=("ferme.zip",)),
            "archive",
            [
                kept(LOCKED, "ferme-dans-zip.zip", "ferme.zip", form="encrypted"),
                kept(LOCKED_WORD, "ferme-dans-zip.zip", "ferme.docx", form="encrypted"),
                hprim("ferme-dans-zip.zip", "resultat.hpr"),
            ],
            understood=False,
        ),
        alone(
            "lettre.docx.zip", packed({"lettre.docx": word(paragraph("Lettre."))}), "archive",
            [document("office", ["lettre.docx.zip", "lettre.docx"], word(paragraph("Lettre.")), text="Lettre.")],
        ),
        told("vide.zip", b"PK\5\6" + bytes(18), code="malformed"),
        told("coupe.zip", TWO[:-30], code="truncated"),
        told("bombe.zip", packed({"a.txt": b" " * 5_000_000}), code="unsafe-archive"),
        told("trop.zip", packed({f"{n}.txt": "x" for n in range(101)}), code="too-large"),
        # other archives
        alone("resultat.hpr.gz", gzipped(HPRIM), "archive", [hprim("resultat.hpr.gz", "resultat.hpr")]),
        within("gzip-attached", "a.gz", gzipped(LETTER, "courrier.pdf"), [pdf("a.gz", "courrier.pdf")]),
        told("zeros.gz", gzipped(bytes(5_000_000)), code="unsafe-archive"),
        told("coupe.gz", gzipped(HPRIM)[:-9], code="truncated"),
        told("dossier.7z", SEVENZIP),
        told("dossier.rar", RAR),
        told("dossier.tar", tar("courrier.pdf", LETTER)),
        told("dossier.tar.bz2", bz2.compress(b"essai" * 40)),
        told("dossier.xz", lzma.compress(b"essai" * 40)),
        alone("dossier.tgz", gzipped(tar("a.pdf", LETTER)), "archive", [kept(tar("a.pdf", LETTER), "dossier.tgz", "dossier.tar")], False),
        # mails in odd places
        within(
            "eml-as-octets", "transfert.eml", INNER, [hprim("transfert.eml", "resultat.hpr")], text=f"{COVER_TEXT}\n\n{WORDS}",
        ),
        within(
            "eml-in-outlook", "winmail.dat", winmail(("transfert.eml", INNER)), [hprim("winmail.dat", "transfert.eml", "resultat.hpr")],
            text=f"{COVER_TEXT}\n\n{WORDS}",
        ),
        within(
            "eml-in-zip", "envoi.zip", ONE_LETTER, [hprim("envoi.zip", "dossier/message.eml", "resultat.hpr")],
            text=f"{COVER_TEXT}\n\n{WORDS}",
        ),
        alone(
            "un-message.zip", ONE_LETTER, "archive",
            [
                hprim("un-message.zip", "dossier/message.eml", "resultat.hpr"),
                words(WORDS.encode(), WORDS, "un-message.zip", "dossier/message.eml"),
            ],
        ),
        alone(
            "boite.mbox", MBOX, "archive",
            [
                hprim("boite.mbox", "mail-1.eml", "resultat.hpr"),
                words(WORDS.encode(), WORDS, "boite.mbox", "mail-1.eml"),
                document("text", ["boite.mbox", "mail-2.eml"], COVER.partition(b"\r\n\r\n")[2] + b"\r\n\r\n", text=COVER_TEXT + "\n\n\n"),
            ],
        ),
        told("message.msg", OUTLOOK_MAIL, kind="office", form="office"),
        # S/MIME that only signs
        smime("signed", signed(ENTITY), [hprim("smime.p7m", "resultat.hpr")], text=COVER_TEXT),
        smime("signed-stream", streamed(ENTITY), [hprim("smime.p7m", "resultat.hpr")], text=COVER_TEXT),
        smime("compressed", compressed(ENTITY), [hprim("smime.p7m", "resultat.hpr")], "compressed-data", False, text=COVER_TEXT),
        in_mail(
            "signed-of-no-type",
            mail(multipart(COVER, attached("smime.p7m", signed(ENTITY)))), [hprim("smime.p7m", "resultat.hpr")], True, ("unsupported",),
            text=COVER_TEXT,
        ),
        smime(
            "signed-words", signed(b"Content-Type: text/plain; charset=utf-8\r\n\r\nR\xc3\xa9sultat normal."),
            [words("Résultat normal.".encode(), "Résultat normal.", "smime.p7m")], text="Résultat normal.",
        ),
        smime(
            "signed-twice", signed(part("application/pkcs7-mime; name=smime.p7m", streamed(ENTITY))),
            [hprim("smime.p7m", "smime.p7m", "resultat.hpr")], text=COVER_TEXT,
        ),
        alone("courrier.pdf.p7m", signed(LETTER), "archive", [pdf("courrier.pdf.p7m", "courrier.pdf")], warnings=("unsupported",)),
        told("certificats.p7b", signed(None), kind="archive"),
        # files that a result names
        in_mail(
            "file-named-and-sent",
            mail(multipart(COVER, attached("resultat.hpr", NAMING), attached("cr240312.pdf", LETTER))),
            [document("hprim-sante", ["resultat.hpr"], NAMING, **LINKED), pdf("cr240312.pdf")], text=COVER_TEXT,
        ),
        alone(
            "resultat-et-fichier.zip", packed({"r.hpr": NAMING, "pieces/cr240312.pdf": LETTER}), "archive",
            [
                document(
                    "hprim-sante", ["resultat-et-fichier.zip", "r.hpr"], NAMING,
                    **LINKED | {"attachments": [held("pieces/cr240312.pdf", "application/pdf", LETTER)]},
                ),
                pdf("resultat-et-fichier.zip", "pieces/cr240312.pdf"),
            ],
        ),
        in_mail(
            "file-named-and-lacking",
            mail(multipart(COVER, attached("resultat.hpr", NAMING), attached("autre.pdf", LETTER))),
            [document("hprim-sante", ["resultat.hpr"], NAMING, ("malformed",), **NAMING_FACTS), pdf("autre.pdf")], text=COVER_TEXT,
        ),
        # notices of qmail
        in_mail(
            "qmail",
            TOP.encode() + b"\r\n" + QMAIL + QMAIL_COPY,
            [words(QMAIL, QMAIL.decode().replace("\r\n", "\n"))], text=QMAIL_TEXT,
            report={
                "kind": "dsn", "original_message_id": "<parti@cabinet.example>",
                "results": [
                    {"recipient": "labo@hopital.example", "action": "failed", "code": "5.1.1"},
                    {"recipient": "autre@hopital.example", "action": "failed", "code": None},
                ],
            },
        ),
    ]
)  # fmt: skip
