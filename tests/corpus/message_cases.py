"""Mails as mails: notices of delivery and of disposition, what comes back with them, fragments, abuses of names, charsets and boundaries
(formats.md 3.2 and 9, cases 26 to 30)."""

from __future__ import annotations

import binascii

from tests.corpus import Case, Json, document
from tests.corpus.mail_cases import COVER, COVER_TEXT, HPRIM, HPRIM_FACTS, TOP, attached, case, mail, multipart, part

NOTICE = "Voici un avis."
NOTICE_PART = part("text/plain; charset=utf-8", NOTICE.encode(), encode=False)
NOTICE_TEXT = "Voici un avis."
NOTICE_DOCUMENT = document("text", [], NOTICE.encode(), text=NOTICE_TEXT)
SENT = (
    b"From: Dr Essai <dr.essai@cabinet.example>\r\nTo: labo@hopital.example\r\nSubject: =?utf-8?q?Courrier_de_l=27=C3=A9t=C3=A9?=\r\n"
    b"Date: Mon, 11 Mar 2024 09:00:00 +0100\r\nMessage-ID: <parti@cabinet.example>\r\nMIME-Version: 1.0\r\n"
) + multipart(COVER, attached("resultat.hpr", HPRIM), boundary="envoi")
COPY = b"Content-Type: message/rfc822\r\n\r\n" + SENT
HEADERS = part("text/rfc822-headers", SENT[: SENT.index(b"MIME-Version")], encode=False)
BACK = document("hprim-medecin", ["resultat.hpr"], HPRIM, **HPRIM_FACTS)


def machine(kind: str, *fields: str) -> bytes:
    """The machine part of a report; "" is a blank line."""
    return f"Content-Type: message/{kind}\r\n\r\n".encode() + "".join(f"{field}\r\n" for field in fields).encode()


def report(kind: str, *parts: bytes) -> bytes:
    return mail(multipart(*parts, kind=f"report; report-type={kind}"))


def dsn(original: str | None, *results: tuple[str, str | None, str | None]) -> Json:
    told = [{"recipient": recipient, "action": action, "code": code} for recipient, action, code in results]
    return {"kind": "dsn", "original_message_id": original, "results": told}


def mdn(original: str | None, recipient: str | None, action: str | None, code: str | None = None) -> Json:
    return {"kind": "mdn", "original_message_id": original, "results": [{"recipient": recipient, "action": action, "code": code}]}


FAILED = machine(
    "delivery-status",
    "Reporting-MTA: dns; relais.cabinet.example",
    "",
    "Original-Recipient: rfc822;labo@hopital.example",
    "Final-Recipient: rfc822; labo@interne.hopital.example",
    "Action: failed",
    "Status: 5.1.1",
    "Diagnostic-Code: smtp; 550 5.1.1 no such user",
)
DISPLAYED = machine(
    "disposition-notification",
    "Reporting-UA: poste; Logiciel 1.0",
    "Final-Recipient: rfc822;labo@hopital.example",
    "Original-Message-ID: <parti@cabinet.example>",
    "Disposition: manual-action/MDN-sent-manually; displayed",
)
REFUSED = machine(
    "disposition-notification",
    "Final-Recipient: rfc822;labo@hopital.example",
    "Original-Recipient: rfc822;labo@hopital.example",
    "Original-Message-ID: <parti@cabinet.example>",
    "Disposition: automatic-action/MDN-sent-automatically; processed/Error: 902^Patient inconnu",
)
REFUSED_SUBJECT = TOP.replace(
    "Subject: =?iso-8859-1?q?R=E9sultats?= du jour", "Subject: =?utf-8?q?=5BKO_Int=C3=A9gration_syst=C3=A8me_!=5D=5B902=5D?= suite"
)
_ALL_MAILS = "<parti@cabinet.example>"


def _uuencoded(data: bytes) -> bytes:
    lines = b"".join(binascii.b2a_uu(data[place : place + 45]) for place in range(0, len(data), 45))
    return b"begin 644 resultat.hpr\n" + lines + b"`\nend\n"


def _named(*fields: str) -> bytes:
    return mail(multipart(COVER, part("application/octet-stream", HPRIM, "Content-Disposition: attachment; " + ";\r\n ".join(fields))))


def _bounded(content_type: str) -> bytes:
    body = b"--=_essai\r\n" + COVER + b"\r\n--=_essai\r\n" + attached("resultat.hpr", HPRIM) + b"\r\n--=_essai--\r\n"
    return TOP.encode() + f"Content-Type: {content_type}\r\n\r\n".encode() + body


def _read(name: str, data: bytes, **facts: object) -> tuple[str, Case]:
    """A mail whose one document is the HPRIM file under its usual name."""
    return case(name, data, [BACK], text=COVER_TEXT, **facts)


FLOWED = "Le patient va \r\nbien. \r\n\r\nÀ revoir.\r\n"
FORWARDED = b"From: a@cabinet.example\r\nTo: b@cabinet.example\r\nSubject: TR\r\nMIME-Version: 1.0\r\n" + multipart(
    COVER, b"Content-Type: message/rfc822\r\n\r\n" + SENT, boundary="milieu"
)
FRAGMENT = b"Suite du compte rendu.\r\n"
_QUOTED = b"Fin du caf=C3"

CASES: dict[str, Case] = dict(
    [
        case(
            "dsn-failed", report("delivery-status", NOTICE_PART, FAILED, COPY), [NOTICE_DOCUMENT], text=NOTICE_TEXT,
            report=dsn(_ALL_MAILS, ("labo@interne.hopital.example", "failed", "5.1.1")),
        ),
        case(
            "dsn-with-headers-only", report("delivery-status", NOTICE_PART, FAILED, HEADERS), [NOTICE_DOCUMENT], text=NOTICE_TEXT,
            report=dsn(_ALL_MAILS, ("labo@interne.hopital.example", "failed", "5.1.1")),
        ),
        case(
            "dsn-with-nothing-back", report("delivery-status", NOTICE_PART, FAILED), [NOTICE_DOCUMENT], text=NOTICE_TEXT,
            report=dsn(None, ("labo@interne.hopital.example", "failed", "5.1.1")),
        ),
        case(
            "dsn-delivered-and-delayed",
            report(
                "delivery-status", NOTICE_PART,
                machine("delivery-status", "Reporting-MTA: dns; a.example", "", "Final-Recipient: rfc822; x@b.example", "Action: delivered",
                        "Status: 2.0.0", "", "Final-Recipient: rfc822; y@b.example", "Action: delayed", "Status: 4.4.1"),
            ),
            [NOTICE_DOCUMENT], text=NOTICE_TEXT,
            report=dsn(None, ("x@b.example", "delivered", "2.0.0"), ("y@b.example", "delayed", "4.4.1")),
        ),
        case(
            "dsn-in-utf-8",
            report(
                "delivery-status", NOTICE_PART,
                part("message/global-delivery-status",
                     "Final-Recipient: utf-8; hélène@b.example\r\nAction: failed\r\nStatus: 5.2.2\r\n".encode()),
            ),
            [NOTICE_DOCUMENT], text=NOTICE_TEXT, report=dsn(None, ("hélène@b.example", "failed", "5.2.2")),
        ),
        case(
            "dsn-without-its-type",
            report("delivery-status", NOTICE_PART, FAILED.replace(b"Content-Type: message/delivery-status\r\n", b""), COPY),
            [NOTICE_DOCUMENT], text=NOTICE_TEXT, report=dsn(_ALL_MAILS, ("labo@interne.hopital.example", "failed", "5.1.1")),
        ),
        case(
            "dsn-of-exim",
            mail(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + NOTICE.encode(),
            TOP + "X-Failed-Recipients: labo@hopital.example\r\n"),
            [document("text", [], NOTICE.encode(), text=NOTICE_TEXT)], text=NOTICE_TEXT,
            report=dsn(None, ("labo@hopital.example", "failed", None)),
        ),
        case(
            "mdn-displayed", report("disposition-notification", NOTICE_PART, DISPLAYED), [NOTICE_DOCUMENT], text=NOTICE_TEXT,
            report=mdn(_ALL_MAILS, "labo@hopital.example", "displayed"),
        ),
        case(
            "mdn-refused-with-the-files-again",
            report("disposition-notification", NOTICE_PART, REFUSED, COPY, attached("resultat.hpr", HPRIM)), [BACK], text=NOTICE_TEXT,
            report=mdn(_ALL_MAILS, "labo@hopital.example", "processed/error", "902"),
        ),
        case(
            "mdn-in-a-mixed-mail",
            mail(multipart(multipart(NOTICE_PART, REFUSED, COPY, kind="report; report-type=disposition-notification", boundary="avis"),
                           attached("resultat.hpr", HPRIM))),
            [BACK], text=NOTICE_TEXT, report=mdn(_ALL_MAILS, "labo@hopital.example", "processed/error", "902"),
        ),
        case(
            "mdn-closed-by-a-dash",
            report("disposition-notification", NOTICE_PART, REFUSED, COPY).replace(b"--=_essai--", "--=_essai\u2014".encode()),
            [document("text", [], NOTICE.encode(), ("truncated",), text=NOTICE_TEXT)], ("truncated",), understood=False, text=NOTICE_TEXT,
            report=mdn(_ALL_MAILS, "labo@hopital.example", "processed/error", "902"),
        ),
        _read("refused-by-its-subject", mail(multipart(COVER, attached("resultat.hpr", HPRIM)), REFUSED_SUBJECT),
              subject="[KO Intégration système !][902] suite"),
        case(
            "report-of-an-unknown-kind", report("autre", NOTICE_PART, COPY),
            [document("hprim-medecin", ["part-2", "resultat.hpr"], HPRIM, **HPRIM_FACTS)], text=NOTICE_TEXT + "\n\n" + COVER_TEXT,
        ),
        case(
            "forwarded-report",
            mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n"
                           + report("disposition-notification", NOTICE_PART, REFUSED, COPY, attached("resultat.hpr", HPRIM)),
                           boundary="dehors")),
            [document("hprim-medecin", ["part-2", "resultat.hpr"], HPRIM, **HPRIM_FACTS)], text=COVER_TEXT + "\n\n" + NOTICE_TEXT,
        ),
        case(
            "forwarded-twice",
            mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + FORWARDED, boundary="dehors")),
            [document("hprim-medecin", ["part-2", "part-2.2", "resultat.hpr"], HPRIM, **HPRIM_FACTS)],
            text="\n\n".join([COVER_TEXT] * 3),
        ),
        case(
            "one-fragment",
            mail(b'Content-Type: message/partial; id="x@hopital.example"; number=2; total=3\r\n\r\n' + FRAGMENT),
            [document("text", ["part-1"], FRAGMENT, ("truncated",), text="Suite du compte rendu.\n")], ("truncated",),
            understood=False, text=None,
        ),
        case(
            "cut-quoted-printable",
            mail(b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + _QUOTED[:-1]),
            [document("text", [], b"Fin du caf=C", ("truncated",), text="Fin du caf=C")], ("truncated",), understood=False,
            text="Fin du caf=C",
        ),
        _read("uuencoded", mail(multipart(COVER, b"Content-Type: application/octet-stream; name=resultat.hpr\r\n"
                                          b"Content-Transfer-Encoding: x-uuencode\r\n\r\n" + _uuencoded(HPRIM)))),
        case(
            "flowed",
            mail(b"Content-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + FLOWED.encode()),
            [document("text", [], FLOWED.encode(), text="Le patient va bien. \nÀ revoir.")], text="Le patient va bien. \nÀ revoir.",
        ),
        case(
            "charset-that-lies",
            mail(b"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + "Été.".encode()),
            [document("text", [], "Été.".encode(), text="Été.")], text="Été.",
        ),
        case(
            "charset-of-no-text",
            mail(b"Content-Type: text/plain; charset=rot13\r\n\r\nBonjour."),
            [document("text", [], b"Bonjour.", ("unknown-charset",), text="Bonjour.")], ("unknown-charset",), text="Bonjour.",
        ),
        _read("name-both-ways", _named("filename=autre.hpr", "filename*=utf-8''resultat.hpr")),
        _read("name-of-encoded-words-in-pieces", _named('filename*0="=?utf-8?q?resul?="', 'filename*1="=?utf-8?q?tat.hpr?="')),
        _read("name-that-turns-around", _named("filename*=utf-8''%2E%2E%2Fres%E2%80%AEultat.h%E2%81%A6pr")),
        _read("name-with-folders", _named('filename="C:\\\\envoi\\\\resultat.hpr"')),
        _read("name-without-its-last-quote", _named('filename="resultat.hpr')),
        _read("boundary-in-pieces", _bounded("multipart/mixed; boundary*0==_; boundary*1=essai")),
        _read("boundary-in-a-charset", _bounded("multipart/mixed; boundary*=us-ascii''%3D%5Fessai")),
        _read("boundary-within-other-quotes", _bounded('multipart/mixed; x="; boundary=faux"; boundary="=_essai"')),
        _read("field-without-a-name", mail(multipart(COVER, attached("resultat.hpr", HPRIM)), TOP + ": rien\r\n")),
        _read("mixed-line-ends", mail(multipart(COVER, attached("resultat.hpr", HPRIM))).replace(b"\r\n--=_essai", b"\n--=_essai")),
        case(
            "copy-in-base64-of-a-mail", mail(part("message/rfc822", mail(multipart(COVER, attached("resultat.hpr", HPRIM))))),
            [document("hprim-medecin", ["part-1", "resultat.hpr"], HPRIM, **HPRIM_FACTS)], text=COVER_TEXT,
        ),
    ]
)  # fmt: skip
