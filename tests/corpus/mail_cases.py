"""Mails and PDF: what formats.md 9 lists in cases 19, 25 to 30, and the everyday ones."""

from __future__ import annotations

import base64

from tests.corpus import Case, Json, document, message, patient, reading
from tests.corpus.hprim_build import END, HEADER, LUCIE_FACTS, SODIUM, SODIUM_RESULT, build
from tests.corpus.pdfs import encrypted_pdf, scanned_pdf, text_pdf

HPRIM = build(HEADER, ("****LAB****", SODIUM), END)
HPRIM_FACTS: Json = LUCIE_FACTS | {"results": [SODIUM_RESULT]}
TOP = (
    "From: =?utf-8?q?Laboratoire_de_l=27=C3=89t=C3=A9?= <labo@hopital.example>\r\n"
    "To: Dr Essai <dr.essai@cabinet.example>, secretariat@cabinet.example\r\n"
    "Subject: =?iso-8859-1?q?R=E9sultats?= du jour\r\n"
    "Date: Tue, 12 Mar 2024 08:30:00 +0100\r\n"
    "Message-ID: <essai-1@hopital.example>\r\n"
    "X-MSS-NIL: 123-456\r\n"
    "MIME-Version: 1.0\r\n"
)
FACTS: Json = {
    "message_id": "<essai-1@hopital.example>",
    "from": "Laboratoire de l'Été <labo@hopital.example>",
    "to": ["Dr Essai <dr.essai@cabinet.example>", "secretariat@cabinet.example"],
    "subject": "Résultats du jour",
    "date": "2024-03-12T08:30:00+01:00",
    "headers": {"X-MSS-NIL": "123-456"},
}


def part(kind: str, body: bytes, *fields: str, encode: bool = True) -> bytes:
    lines = [f"Content-Type: {kind}", *fields]
    if encode:
        lines.append("Content-Transfer-Encoding: base64")
        body = base64.encodebytes(body).replace(b"\n", b"\r\n")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def multipart(*parts: bytes, kind: str = "mixed", boundary: str = "=_essai", close: bool = True) -> bytes:
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), one) for one in parts)
    end = b"--%s--\r\n" % boundary.encode() if close else b""
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode() + b"Ceci est un message.\r\n" + body + end


def mail(body: bytes, top: str = TOP) -> bytes:
    return top.encode() + body


def attached(name: str, data: bytes, kind: str = "application/octet-stream") -> bytes:
    return part(kind, data, f'Content-Disposition: attachment; filename="{name}"')


COVER = part("text/plain; charset=utf-8", "Bonjour,\r\nci-joint le résultat.\r\n".encode(), "Content-Transfer-Encoding: 8bit", encode=False)
COVER_TEXT = "Bonjour,\nci-joint le résultat."
LETTER_LINES = ["Nom de naissance : ZORBEC", "Prénoms : Lucie Anne", "Née le 04/05/1961", "Sexe : F", "Compte rendu de consultation."]
LETTER = text_pdf(LETTER_LINES)
LETTER_FACTS: Json = {
    "text": "\n".join(LETTER_LINES),
    "patient": patient(birth_name="ZORBEC", given_names=["Lucie", "Anne"], first_given_name="Lucie Anne", birth_date="1961-05-04", sex="F"),
}
CDA = b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><component><structuredBody/></component></ClinicalDocument>'
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


def case(
    name: str, data: bytes, documents: list[Json], warnings: tuple[str, ...] = (), understood: bool = True, **facts: object
) -> tuple[str, Case]:
    expected = reading(f"{name}.eml", "email", documents, warnings, message(**(FACTS | facts)))
    return name, Case(f"{name}.eml", data, expected, understood)


def alone(file: str, data: bytes, kind: str, documents: list[Json], understood: bool = True) -> tuple[str, Case]:
    return file, Case(file, data, reading(file, kind, documents), understood)


INNER = (
    b"From: labo@hopital.example\r\nTo: x@cabinet.example\r\nSubject: interne\r\nMessage-ID: <dedans@hopital.example>\r\n"
    b"MIME-Version: 1.0\r\n"
) + multipart(part("text/plain", b"Texte du laboratoire.", encode=False), attached("resultat.hpr", HPRIM), boundary="dedans")
BODY = b"Bonjour,\r\nvoici le compte rendu.\r\n\r\n" + HPRIM
PLAIN = "Le patient M. Essai a rappelé. À revoir.\r\n".encode()
HTML = (
    b"<html><head><title>x</title><style>p{}</style></head><body><p>Bonjour&nbsp;<b>docteur</b></p><script>alert(1)</script></body></html>"
)
_ENCRYPTED = encrypted_pdf()
_CUT = LETTER[: LETTER.index(b"xref")]

CASES = dict(
    [
        case(
            "hprim-attached",
            mail(multipart(COVER, attached("resultat.hpr", HPRIM))),
            [document("hprim-medecin", ["resultat.hpr"], HPRIM, **HPRIM_FACTS)],
            text=COVER_TEXT,
        ),
        case(
            "hprim-in-body-after-greeting",
            mail(b"Content-Type: text/plain\r\n\r\n" + BODY),
            [document("hprim-medecin", [], BODY, **HPRIM_FACTS)],
            text="Bonjour,\nvoici le compte rendu.",
        ),
        case(
            "pdf-attached",
            mail(multipart(COVER, attached("courrier.pdf", LETTER, "application/pdf"))),
            [document("pdf", ["courrier.pdf"], LETTER, **LETTER_FACTS)],
            text=COVER_TEXT,
        ),
        case(
            "forwarded",
            mail(multipart(COVER, b"Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n" + INNER)),
            [document("hprim-medecin", ["part-2", "resultat.hpr"], HPRIM, **HPRIM_FACTS)],
            text=COVER_TEXT + "\n\nTexte du laboratoire.",
        ),
        case(
            "same-file-twice",
            mail(multipart(COVER, attached("a.hpr", HPRIM), attached("b.hpr", HPRIM))),
            [
                document("hprim-medecin", ["a.hpr"], HPRIM, **HPRIM_FACTS),
                document("hprim-medecin", ["b.hpr"], HPRIM, **(HPRIM_FACTS | {"duplicate_of": 0})),
            ],
            text=COVER_TEXT,
        ),
        case(
            "cut-no-closing-boundary",
            mail(multipart(COVER, attached("resultat.hpr", HPRIM), close=False)),
            [document("hprim-medecin", ["resultat.hpr"], HPRIM, ("truncated",), **HPRIM_FACTS)],
            ("truncated",),
            understood=False,
            text=COVER_TEXT,
        ),
        case(
            "text-alone",
            mail(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + PLAIN),
            [document("text", [], PLAIN, text="Le patient M. Essai a rappelé. À revoir.\n")],
            text="Le patient M. Essai a rappelé. À revoir.",
        ),
        case(
            "html-alone",
            mail(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + HTML),
            [document("html", [], HTML, ("active-content-removed",), text="Bonjour docteur")],
            text="Bonjour docteur",
        ),
        case(
            "alternative-pdf-in-html-branch",
            mail(
                multipart(
                    COVER,
                    multipart(
                        part("text/html; charset=utf-8", HTML),
                        part("image/png", PNG, "Content-ID: <logo>", "Content-Disposition: inline"),
                        part("application/pdf", LETTER, 'Content-Disposition: inline; filename="courrier.pdf"'),
                        kind="related",
                        boundary="interne",
                    ),
                    kind="alternative",
                )
            ),
            [document("pdf", ["courrier.pdf"], LETTER, **LETTER_FACTS)],
            text=COVER_TEXT,
        ),
        case(
            "raw-eight-bit-name",
            mail(multipart(COVER, attached("résultat.hpr", HPRIM))),
            [document("hprim-medecin", ["résultat.hpr"], HPRIM, **HPRIM_FACTS)],
            text=COVER_TEXT,
        ),
        case(
            "name-in-pieces",
            mail(
                multipart(
                    COVER,
                    part(
                        "application/octet-stream",
                        HPRIM,
                        "Content-Disposition: attachment; filename*0*=utf-8''r%C3%A9s;",
                        " filename*1=ultat.hpr",
                    ),
                )
            ),
            [document("hprim-medecin", ["résultat.hpr"], HPRIM, **HPRIM_FACTS)],
            text=COVER_TEXT,
        ),
        case(
            "unknown-charset",
            mail(multipart(part("text/plain; charset=x-unknown", "Été.".encode(), encode=False), attached("a.hpr", HPRIM))),
            [document("hprim-medecin", ["a.hpr"], HPRIM, **HPRIM_FACTS)],
            ("unknown-charset",),
            text="Été.",
        ),
        case(
            "cda-that-says-nothing",
            mail(multipart(COVER, attached("cr.xml", CDA, "text/xml"), attached("a.hpr", HPRIM))),
            [document("cda-n3", ["cr.xml"], CDA), document("hprim-medecin", ["a.hpr"], HPRIM, **HPRIM_FACTS)],
            text=COVER_TEXT,
        ),
        case(
            "date-with-comment",
            mail(b"Content-Type: text/plain\r\n\r\nx", TOP.replace("08:30:00 +0100", "08:30:00 (EDT) -0400")),
            [document("text", [], b"x", text="x")],
            text="x",
            date="2024-03-12T08:30:00-04:00",
        ),
        case(
            "mdn",
            mail(
                multipart(
                    part("text/plain", b"Message lu.", encode=False),
                    b"Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;dr.essai@cabinet.example\r\n"
                    b"Original-Message-ID: <parti@hopital.example>\r\nDisposition: automatic-action/MDN-sent-automatically; processed\r\n",
                    b"Content-Type: message/rfc822\r\n\r\n" + INNER,
                    kind="report; report-type=disposition-notification",
                )
            ),
            [document("text", [], b"Message lu.", text="Message lu.")],
            text="Message lu.",
            report={
                "kind": "mdn",
                "original_message_id": "<parti@hopital.example>",
                "results": [{"recipient": "dr.essai@cabinet.example", "action": "processed", "code": None}],
            },
        ),
        alone("courrier.pdf", LETTER, "pdf", [document("pdf", ["courrier.pdf"], LETTER, **LETTER_FACTS)]),
        alone("numerise.pdf", scanned_pdf(), "pdf", [document("pdf", ["numerise.pdf"], scanned_pdf(), ("unsupported",))]),
        alone("ferme.pdf", _ENCRYPTED, "pdf", [document("encrypted", ["ferme.pdf"], _ENCRYPTED, ("unsupported",))], understood=False),
        alone("coupe.pdf", _CUT, "pdf", [document("pdf", ["coupe.pdf"], _CUT, ("truncated",))], understood=False),
        alone("image.png", PNG, "image", [document("image", ["image.png"], PNG, ("malformed",))], understood=False),
        alone("vide.txt", b"", "unknown", [document("unknown", ["vide.txt"], b"", ("malformed",))], understood=False),
        alone("note.txt", PLAIN, "text", [document("text", ["note.txt"], PLAIN, text="Le patient M. Essai a rappelé. À revoir.\n")]),
        alone(
            "chiffre.apz",
            b"\x01\x02" * 50,
            "encrypted",
            [document("encrypted", ["chiffre.apz"], b"\x01\x02" * 50, ("unsupported",))],
            understood=False,
        ),
    ]
)
