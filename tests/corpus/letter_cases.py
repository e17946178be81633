"""Whole mails as hospitals and colleagues send them: an XDM archive, the CDA in it, its PDF beside, and what must be kept apart from them
(formats.md 3.2 and 9, cases 12, 19, 21 and 25 to 28)."""

from __future__ import annotations

from typing import Any

from tests.corpus import Case, Json, document, message, patient, reading, sha
from tests.corpus import cda_build as letters
from tests.corpus import xdm_build as build
from tests.corpus.cda_cases import FACTS as STRUCTURED_FACTS
from tests.corpus.hprim_build import END, MARC_FACTS, SECOND
from tests.corpus.hprim_build import build as hprim
from tests.corpus.mail_cases import COVER, COVER_TEXT, FACTS, HPRIM, HPRIM_FACTS, TOP, attached, mail, multipart, part
from tests.corpus.pdfs import text_pdf
from tests.corpus.xdm_cases import LETTER_FACTS, facts

ZIP, DATED = "IHE_XDM.zip", "20240312_consultation_ZORBEC_LUCIE.pdf"
DOC = "IHE_XDM/SUBSET01/DOC00001.XML"
PAGES = text_pdf(["Compte rendu d'essai.", "Sans particularité."])
PAGES_TEXT = "Compte rendu d'essai.\nSans particularité."
OTHER = text_pdf(["Ordonnance d'essai."])
OTHER_TEXT = "Ordonnance d'essai."
ANONYMOUS = text_pdf(["Deux mots."])
NAMED = text_pdf(["Nom de naissance : AUTRE", "Prénoms : Paul", "Né le 01/02/1970"])
NAMED_FACTS: Json = {
    "text": "Nom de naissance : AUTRE\nPrénoms : Paul\nNé le 01/02/1970",
    "patient": patient(birth_name="AUTRE", given_names=["Paul"], first_given_name="Paul", birth_date="1970-02-01"),
}
SCANNED = build.cda(pdf=PAGES)
WRITTEN = build.cda()
SCANNED_FACTS: Json = LETTER_FACTS | {
    "text": "",
    "attachments": [{"name": "nonXMLBody.pdf", "media_type": "application/pdf", "size": len(PAGES), "sha256": sha(PAGES)}],
}
OF_PAUL = build.cda(family="AUTRE", given="PAUL", identifier="1.2.250.1.999.2.78", ins="270029999012390", birth="19700201")
PAUL = patient(
    ins={"value": "270029999012390", "oid": build.INS_OID},
    birth_name="AUTRE",
    given_names=["PAUL"],
    first_given_name="PAUL",
    birth_date="1970-02-01",
    sex="F",
    local_ids=[{"value": "P000123", "oid": build.LOCAL_OID}],
)
ENVELOPE = TOP.replace("=?iso-8859-1?q?R=E9sultats?= du jour", "XDM/1.0/DDM+Consultation")
ANNOUNCED = {"subject": "XDM/1.0/DDM+Consultation"}
ARCHIVE = build.archive(("DOC00001.XML", WRITTEN))
SCANNED_ARCHIVE = build.archive(("DOC00001.XML", SCANNED))
OF_ANOTHER = ("PID-5|AUTRE^PAUL^PAUL^^^^L", "PID-7|19700201")
MARC = hprim(SECOND, ("Texte.",), END)
LEAFLET = text_pdf(["Notice d'information."])


def written(path: list[str], warnings: tuple[str, ...] = (), **told: Any) -> Json:
    return document("cda-n3", path, WRITTEN, warnings, **(LETTER_FACTS | told))


def from_archive(*warnings: str, **told: Any) -> Json:
    return written([ZIP, DOC], warnings, **({"metadata": facts("DOC00001.XML", WRITTEN)} | told))


def scanned(path: list[str], **told: Any) -> Json:
    return document("cda-n1", path, SCANNED, **(SCANNED_FACTS | told))


def pages(path: list[str], main: int | None, data: bytes = PAGES, text: str = PAGES_TEXT, warnings: tuple[str, ...] = ()) -> Json:
    return document("pdf", path, data, warnings, text=text, duplicate_of=main)


def case(name: str, data: bytes, *documents: Json, understood: bool = True, **changed: Any) -> tuple[str, Case]:
    file = f"{name}.eml"
    told = message(**(FACTS | {"text": COVER_TEXT} | changed))
    return f"letter-{name}", Case(file, data, reading(file, "email", list(documents), (), told), understood)


def sent(*parts: bytes, top: str = TOP) -> bytes:
    return mail(multipart(COVER, *parts), top)


def with_leaflet(number: int) -> bytes:
    """A letter of level 3 that embeds a leaflet, each with an id and a set of its own."""
    body = letters.structured(
        letters.section("Motif", "<paragraph>Toux.</paragraph>", entries=letters.media("notice", LEAFLET, "application/pdf"))
    )
    return letters.encoded(
        letters.document(
            body, identifier=f'<id root="1.2.250.1.999.2" extension="L-{number}"/>', series=f'<setId root="1.2.250.1.999.{number}"/>'
        )
    )


def leaflet_facts(number: int) -> Json:
    return STRUCTURED_FACTS | {
        "id": f"1.2.250.1.999.2^L-{number}",
        "set_id": f"1.2.250.1.999.{number}",
        "text": "Motif\nToux.",
        "attachments": [{"name": "notice.pdf", "media_type": "application/pdf", "size": len(LEAFLET), "sha256": sha(LEAFLET)}],
    }


REFUSED = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]>' + WRITTEN.partition(b"?>")[2].lstrip()
INNER = (
    b"From: colle@hopital.example\r\nTo: x@cabinet.example\r\nSubject: XDM/1.0/DDM+Interne\r\nMessage-ID: <dedans@hopital.example>\r\n"
    b"MIME-Version: 1.0\r\n"
) + multipart(part("text/plain", b"Texte du service.", encode=False), attached(ZIP, ARCHIVE), attached("a.pdf", OTHER), boundary="dedans")
UTF16 = b"\xff\xfe" + WRITTEN.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16-le")
BOTH = build.archive(("DOC00001.XML", SCANNED), ("DOC00002.XML", WRITTEN))

CASES = dict(
    (
        case(
            "level-1-and-its-pdf",
            sent(attached(ZIP, SCANNED_ARCHIVE, "application/zip"), attached(DATED, PAGES, "application/pdf"), top=ENVELOPE),
            scanned([ZIP, DOC], metadata=facts("DOC00001.XML", SCANNED)),
            pages([ZIP, DOC, "nonXMLBody.pdf"], 0),
            pages([DATED], 0),
            **ANNOUNCED,
        ),
        case(
            "pdf-before-its-document",
            sent(attached(DATED, PAGES, "application/pdf"), attached(ZIP, SCANNED_ARCHIVE, "application/zip")),
            pages([DATED], 1),
            scanned([ZIP, DOC], metadata=facts("DOC00001.XML", SCANNED)),
            pages([ZIP, DOC, "nonXMLBody.pdf"], 1),
        ),
        case(
            "announced-pdf",
            sent(attached(ZIP, ARCHIVE), attached("courrier.pdf", PAGES), top=ENVELOPE),
            from_archive(),
            pages(["courrier.pdf"], 0),
            **ANNOUNCED,
        ),
        case("dated-pdf", sent(attached(ZIP, ARCHIVE), attached(DATED, PAGES)), from_archive(), pages([DATED], 0)),
        case("any-other-pdf", sent(attached(ZIP, ARCHIVE), attached("courrier.pdf", PAGES)), from_archive(), pages(["courrier.pdf"], None)),
        case(
            "second-letter-beside",
            sent(attached(ZIP, SCANNED_ARCHIVE), attached("copie.pdf", PAGES), attached(DATED, OTHER), top=ENVELOPE),
            scanned([ZIP, DOC], metadata=facts("DOC00001.XML", SCANNED)),
            pages([ZIP, DOC, "nonXMLBody.pdf"], 0),
            pages(["copie.pdf"], 0),
            pages([DATED], None, OTHER, OTHER_TEXT),
            **ANNOUNCED,
        ),
        case(
            "two-pdf-of-which-none-is-told-apart",
            sent(attached(ZIP, ARCHIVE), attached("a.pdf", PAGES), attached("b.pdf", OTHER), top=ENVELOPE),
            from_archive(),
            pages(["a.pdf"], None),
            pages(["b.pdf"], None, OTHER, OTHER_TEXT),
            **ANNOUNCED,
        ),
        case(
            "pdf-of-another-person",
            sent(attached(ZIP, ARCHIVE), attached("courrier.pdf", NAMED), top=ENVELOPE),
            from_archive("patient-mismatch"),
            document("pdf", ["courrier.pdf"], NAMED, ("patient-mismatch",), **NAMED_FACTS),
            **ANNOUNCED,
        ),
        case(
            "pdf-whose-name-is-another-person-s",
            sent(attached(ZIP, ARCHIVE), attached("20240312_consultation_AUTRE_PAUL.pdf", PAGES), top=ENVELOPE),
            from_archive(),
            pages(["20240312_consultation_AUTRE_PAUL.pdf"], None),
            **ANNOUNCED,
        ),
        case(
            "metadata-of-another-person",
            sent(
                attached(
                    ZIP,
                    build.archive(
                        ("DOC00001.XML", WRITTEN),
                        told=build.metadata(
                            build.submission(),
                            build.described(
                                "DOC00001.XML",
                                WRITTEN,
                                patient_id=None,
                                source_id=None,
                                info=("PID-5|AUTRE^PAUL^PAUL^^^^L", "PID-7|19700201"),
                            ),
                        ),
                    ),
                )
            ),
            from_archive(
                "patient-mismatch",
                metadata=facts(
                    "DOC00001.XML",
                    WRITTEN,
                    patientId=None,
                    sourcePatientId=None,
                    sourcePatientInfo=[*OF_ANOTHER],
                ),
            ),
        ),
        case(
            "two-levels-of-one-document",
            sent(attached(ZIP, BOTH)),
            scanned([ZIP, DOC], metadata=facts("DOC00001.XML", SCANNED), duplicate_of=2),
            pages([ZIP, DOC, "nonXMLBody.pdf"], 2),
            written(
                [ZIP, "IHE_XDM/SUBSET01/DOC00002.XML"],
                metadata=facts("DOC00002.XML", WRITTEN, entryUUID="urn:uuid:00000000-0000-4000-8000-000000000002"),
            ),
        ),
        case(
            "two-persons",
            sent(attached("a.xml", WRITTEN, "text/xml"), attached("b.xml", OF_PAUL, "text/xml")),
            written(["a.xml"], ("patient-mismatch",)),
            document("cda-n3", ["b.xml"], OF_PAUL, ("patient-mismatch",), **(LETTER_FACTS | {"patient": PAUL, "id": "1.2.250.1.999.2.78"})),
        ),
        case(
            "hprim-of-the-same-person",
            sent(attached("a.xml", WRITTEN), attached("a.hpr", HPRIM)),
            written(["a.xml"]),
            document("hprim-medecin", ["a.hpr"], HPRIM, **HPRIM_FACTS),
        ),
        case(
            "hprim-of-another-person",
            sent(attached("a.xml", WRITTEN), attached("a.hpr", MARC)),
            written(["a.xml"], ("patient-mismatch",)),
            document("hprim-medecin", ["a.hpr"], MARC, ("patient-mismatch",), **(MARC_FACTS | {"text": "Texte."})),
        ),
        case(
            "leaflet-in-two-letters",
            sent(attached("a.xml", with_leaflet(1)), attached("b.xml", with_leaflet(2)), attached("notice.pdf", LEAFLET)),
            document("cda-n3", ["a.xml"], with_leaflet(1), **leaflet_facts(1)),
            pages(["a.xml", "notice.pdf"], 0, LEAFLET, "Notice d'information."),
            document("cda-n3", ["b.xml"], with_leaflet(2), **leaflet_facts(2)),
            pages(["b.xml", "notice.pdf"], 2, LEAFLET, "Notice d'information."),
            pages(["notice.pdf"], None, LEAFLET, "Notice d'information."),
        ),
        case(
            "forwarded",
            mail(multipart(COVER, b"Content-Type: message/rfc822\r\n\r\n" + INNER)),
            written(["part-2", ZIP, DOC], metadata=facts("DOC00001.XML", WRITTEN)),
            pages(["part-2", "a.pdf"], 0, OTHER, OTHER_TEXT),
            text=COVER_TEXT + "\n\nTexte du service.",
        ),
        case(
            "archive-of-any-type-and-name",
            sent(attached("IHE_XDM.ZIP;1", ARCHIVE, "text/plain")),
            written(["IHE_XDM.ZIP;1", DOC], metadata=facts("DOC00001.XML", WRITTEN)),
        ),
        case("cda-of-any-type-and-name", sent(attached("lettre.txt", WRITTEN, "text/plain")), written(["lettre.txt"])),
        case(
            "cda-in-utf-16",
            sent(attached("lettre.xml", UTF16, "text/xml; charset=utf-8")),
            document("cda-n3", ["lettre.xml"], UTF16, **LETTER_FACTS),
        ),
        case(
            "cda-twice",
            sent(attached("a.xml", WRITTEN), attached("b.xml", WRITTEN)),
            written(["a.xml"]),
            written(["b.xml"], duplicate_of=0),
        ),
        case(
            "archive-cut",
            sent(attached(ZIP, ARCHIVE[:-40]), attached("a.hpr", HPRIM)),
            document("unknown", [ZIP], ARCHIVE[:-40], ("truncated",)),
            document("hprim-medecin", ["a.hpr"], HPRIM, **HPRIM_FACTS),
            understood=False,
        ),
        case(
            "cda-refused",
            sent(attached("a.xml", REFUSED), attached("a.hpr", HPRIM)),
            document("cda-n3", ["a.xml"], REFUSED, ("unsupported",)),
            document("hprim-medecin", ["a.hpr"], HPRIM, **HPRIM_FACTS),
            understood=False,
        ),
    )
)
