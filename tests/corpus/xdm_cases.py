"""XDM archives and their whole readings: layouts, names, digests and refusals of formats.md 3 and 9 (cases 21 to 25).

A document that states nobody by itself (a PDF without an identity) is about whom the metadata name. What the archive as a whole lacks is a
warning of the reading, what one document lacks is its own.
"""

from __future__ import annotations

import hashlib
from typing import Any

from tests.corpus import Case, Json, document, party, patient, reading, sha
from tests.corpus import xdm_build as build
from tests.corpus.pdfs import text_pdf
from tests.corpus.xdm_build import (
    DOCUMENT_ID,
    INS,
    INS_OID,
    LOCAL_OID,
    MISSING,
    SET_ID,
    Member,
    described,
    file,
    metadata,
    submission,
    zipped,
)

FIRST = "urn:uuid:00000000-0000-4000-8000-000000000001"
LOCALS = [{"value": "P000123", "oid": LOCAL_OID}]
LUCIE = patient(
    ins={"value": INS, "oid": INS_OID},
    birth_name="ZORBEC",
    given_names=["LUCIE"],
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    sex="F",
    local_ids=LOCALS,
)
NAMED = LUCIE | {"given_names": ["LUCIE", "MARIE"]}
"""The same person as the metadata state her: they list both given names."""
STATED: Json | None = NAMED
"""Whom a PDF without an identity of its own is about, described by the usual metadata."""
LETTER = build.cda()
LETTER_FACTS: Json = {
    "type": {"code": "34133-9", "system": "2.16.840.1.113883.6.1", "label": "Synthèse"},
    "title": "Lettre de consultation",
    "date": "2024-03-12T10:15:00+01:00",
    "id": DOCUMENT_ID,
    "set_id": SET_ID,
    "version": 1,
    "confidentiality": ["N"],
    "patient": LUCIE,
    "author": party("ALIX ESSAI", "99700000016"),
    "text": "Consultation\nAuscultation sans particularité.",
}
PAGES = text_pdf(["Compte rendu d'essai.", "Sans particularité."])
PAGES_TEXT = "Compte rendu d'essai.\nSans particularité."
OTHER = text_pdf(["Ordonnance d'essai."])
PAGES_FACTS: Json = {"patient": STATED, "text": PAGES_TEXT}
SCANNED_CDA = build.cda(pdf=PAGES)
SET_FACTS: Json = {
    "entryUUID": "urn:uuid:00000000-0000-4000-9000-000000000001",
    "title": "Envoi",
    "submissionTime": "2024-03-12T10:20:00",
    "contentTypeCode": {"code": "04", "system": "1.2.250.1.213.2.2", "label": "Hospitalisation"},
    "uniqueId": "1.2.250.1.999.4.1",
    "sourceId": "1.2.250.1.999.9",
    "patientId": f"{INS}^^^&{INS_OID}&ISO^NH",
    "author": [{"authorPerson": "899700000016^ESSAI^ALIX"}],
}


def facts(uri: str, data: bytes, **changed: Any) -> Json:
    """What the metadata of the builder say of a document; None takes a fact away."""
    told: Json = {
        "entryUUID": FIRST,
        "mimeType": "text/xml",
        "availabilityStatus": "Approved",
        "URI": uri,
        "hash": hashlib.sha1(data).hexdigest(),
        "size": str(len(data)),
        "creationTime": "2024-03-12T10:15:00",
        "languageCode": "fr-FR",
        "serviceStartTime": "2024-03-11",
        "serviceStopTime": "2024-03-12T09:00",
        "legalAuthenticator": "899700000016^ESSAI^ALIX^^^^^^&1.2.250.1.71.4.2.1&ISO^D",
        "sourcePatientId": f"P000123^^^&{LOCAL_OID}&ISO^PI",
        "sourcePatientInfo": [f"PID-3|{INS}^^^&{INS_OID}&ISO^NH", "PID-5|ZORBEC^LUCIE^LUCIE MARIE^^^^L", "PID-7|19610504", "PID-8|F"],
        "title": "Lettre de consultation",
        "version": "1.1",
        "typeCode": {"code": "34133-9", "system": "2.16.840.1.113883.6.1", "label": "Synthèse"},
        "classCode": {"code": "11", "system": "1.2.250.1.213.1.1.4.1", "label": "Synthèses"},
        "formatCode": {
            "code": "urn:ihe:iti:xds-sd:pdf:2008",
            "system": "1.3.6.1.4.1.19376.1.2.3",
            "label": "Document à corps non structuré",
        },
        "healthcareFacilityTypeCode": {"code": "SA07", "system": "1.2.250.1.71.4.2.4", "label": "Cabinet individuel"},
        "practiceSettingCode": {"code": "AMBULATOIRE", "system": "1.2.250.1.213.1.1.4.9", "label": "Ambulatoire"},
        "confidentialityCode": [
            {"code": "N", "system": "2.16.840.1.113883.5.25", "label": "Normal"},
            {"code": "MASQUE_PS", "system": "1.2.250.1.213.1.1.4.13", "label": "Masqué"},
        ],
        "eventCodeList": [{"code": "QZQM001", "system": "1.2.250.1.213.2.5", "label": "Acte d'essai"}],
        "uniqueId": DOCUMENT_ID,
        "patientId": f"{INS}^^^&{INS_OID}&ISO^NH",
        "author": [
            {
                "authorPerson": "899700000016^ESSAI^ALIX^^^^^^&1.2.250.1.71.4.2.1&ISO^D",
                "authorInstitution": ["CABINET DES ESSAIS^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1990000019"],
                "authorRole": ["Médecin traitant"],
                "authorSpecialty": ["SM26^Médecine générale^1.2.250.1.71.4.2.5"],
            }
        ],
        "submissionSet": SET_FACTS,
    } | changed
    return {name: value for name, value in told.items() if value is not None}


def read_as(
    name: str,
    data: bytes,
    documents: list[Json],
    warnings: tuple[str, ...] = (),
    understood: bool = True,
) -> tuple[str, Case]:
    return f"xdm-{name}", Case("IHE_XDM.zip", data, reading("IHE_XDM.zip", "xdm", documents, warnings), understood)


def found(path: str, data: bytes, warnings: tuple[str, ...] = (), form: str = "pdf", **told: Any) -> Json:
    return document(form, ["IHE_XDM.zip", path], data, warnings, **told)


def pdf(path: str, warnings: tuple[str, ...] = (), **told: Any) -> Json:
    """The PDF of one page, described under its own name unless told otherwise."""
    uri = path.rpartition("/")[2]
    return found(path, PAGES, warnings, **({"metadata": facts(uri, PAGES)} | PAGES_FACTS | told))


def one(
    name: str, uri: str | list[str], path: str, raw: bytes | None = None, warnings: tuple[str, ...] = (), **changes: Any
) -> tuple[str, Case]:
    """An archive of one PDF under `path`, described under `uri`; `changes` of its description, and under `said` of the facts read, under
    `stated` of the patient."""
    said, stated = changes.pop("said", {}), changes.pop("stated", STATED)
    content = metadata(submission(), described(uri, PAGES, **changes))
    members = [file("IHE_XDM/SUBSET01/METADATA.XML", content), Member(raw or path.encode(), PAGES)]
    whole = uri if isinstance(uri, str) else "".join(uri)
    return read_as(name, zipped(members), [pdf(path, warnings, metadata=facts(whole, PAGES, **said), patient=stated)])


def refused(name: str, data: bytes, code: str) -> tuple[str, Case]:
    """An archive that is not opened: one document that says why."""
    return read_as(name, data, [document("unknown", ["IHE_XDM.zip"], data, (code,))], understood=False)


ONE = "IHE_XDM/SUBSET01/DOC00001.PDF"
LETTER_PATH = "IHE_XDM/SUBSET01/DOC00001.XML"
USUAL = build.archive(("DOC00001.PDF", PAGES))
SECOND_SET = metadata(submission(unique_id="1.2.250.1.999.4.2"), described("DOC00001.PDF", OTHER))
OLD = "urn:uuid:aaaaaaaa-0000-4000-8000-000000000009"
CORRECTED = build.cda(version=2, replaces="1.2.250.1.999.2.76", text="Corrigé.")
NO_ONE: Json = {"info": (), "source_id": None, "patient_id": None}
TEST_INS = {"info": (f"PID-3|{INS}^^^&1.2.250.1.213.1.4.10&ISO^NH",), "source_id": None, "patient_id": None}


def members(*more: Member, told: bytes = b"") -> bytes:
    """METADATA.XML of the one PDF, that PDF, and others."""
    content = told or metadata(submission(), described("DOC00001.PDF", PAGES))
    return zipped([file("IHE_XDM/SUBSET01/METADATA.XML", content), file(ONE, PAGES), *more])


def standing(status: str) -> bytes:
    """The usual archive of one PDF, whose entry has that status."""
    told = metadata(submission(), described("DOC00001.PDF", PAGES))
    head, entry, rest = told.partition(b"<rim:ExtrinsicObject")
    return members(told=head + entry + rest.replace(b"urn:oasis:names:tc:ebxml-regrep:StatusType:Approved", status.encode(), 1))


UPDATE = (
    '<rim:Association associationType="urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus" sourceObject="urn:uuid:'
    f'00000000-0000-4000-9000-000000000001" targetObject="{OLD}">{build.slot("OriginalStatus", "Approved")}'
    f"{build.slot('NewStatus', 'urn:asip:ci-sis:2010:StatusType:Deleted')}</rim:Association>"
)
LOCKED = members(Member(b"x", b"x", flags=1))

CASES: dict[str, Case] = dict(
    (
        read_as(
            "letter",
            build.archive(("DOC00001.XML", LETTER)),
            [found(LETTER_PATH, LETTER, form="cda-n3", metadata=facts("DOC00001.XML", LETTER), **LETTER_FACTS)],
        ),
        read_as(
            "letter-of-level-1",
            build.archive(("DOC00001.XML", SCANNED_CDA)),
            [
                found(
                    LETTER_PATH,
                    SCANNED_CDA,
                    form="cda-n1",
                    metadata=facts("DOC00001.XML", SCANNED_CDA),
                    **LETTER_FACTS
                    | {
                        "text": "",
                        "attachments": [
                            {"name": "nonXMLBody.pdf", "media_type": "application/pdf", "size": len(PAGES), "sha256": sha(PAGES)}
                        ],
                    },
                ),
                document("pdf", ["IHE_XDM.zip", LETTER_PATH, "nonXMLBody.pdf"], PAGES, text=PAGES_TEXT, duplicate_of=0),
            ],
        ),
        read_as(
            "letter-replaced",
            build.archive(
                ("DOC00001.XML", CORRECTED),
                told=metadata(submission(), described("DOC00001.XML", CORRECTED, extra=build.association(FIRST, OLD, "RPLC"))),
            ),
            [
                found(
                    LETTER_PATH,
                    CORRECTED,
                    form="cda-n3",
                    metadata=facts("DOC00001.XML", CORRECTED, replaces=[OLD]),
                    **LETTER_FACTS | {"version": 2, "replaces": "1.2.250.1.999.2.76", "text": "Consultation\nCorrigé."},
                )
            ],
        ),
        read_as("pdf", USUAL, [pdf(ONE)]),
        read_as(
            "transformed-and-replaced",
            members(told=metadata(submission(), described("DOC00001.PDF", PAGES, extra=build.association(FIRST, OLD, "XFRM_RPLC")))),
            [pdf(ONE, metadata=facts("DOC00001.PDF", PAGES, replaces=[OLD]))],
        ),
        read_as(
            "deprecated",
            standing("urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"),
            [pdf(ONE, metadata=facts("DOC00001.PDF", PAGES, availabilityStatus="Deprecated"))],
        ),
        read_as("deleted-by-d", standing("D"), [pdf(ONE, metadata=facts("DOC00001.PDF", PAGES, availabilityStatus="D"))]),
        read_as(
            "deletes-an-earlier-one",
            members(told=metadata(submission(), described("DOC00001.PDF", PAGES, extra=UPDATE))),
            [pdf(ONE, metadata=facts("DOC00001.PDF", PAGES, withdraws=[OLD]))],
        ),
        one(
            "pdf-of-nobody",
            "DOC00001.PDF",
            ONE,
            **NO_ONE,
            stated=None,
            said={"sourcePatientInfo": None, "sourcePatientId": None, "patientId": None},
        ),
        read_as(
            "letter-and-annex",
            build.archive(("DOC00001.XML", LETTER), ("ANNEXE.PDF", OTHER)),
            [
                found(LETTER_PATH, LETTER, form="cda-n3", metadata=facts("DOC00001.XML", LETTER), **LETTER_FACTS),
                found(
                    "IHE_XDM/SUBSET01/ANNEXE.PDF",
                    OTHER,
                    metadata=facts("ANNEXE.PDF", OTHER, entryUUID="urn:uuid:00000000-0000-4000-8000-000000000002"),
                    patient=STATED,
                    text="Ordonnance d'essai.",
                ),
            ],
        ),
        read_as("default-folder", build.archive(("DOC001", PAGES), folder="IHE_XDM/Default/"), [pdf("IHE_XDM/Default/DOC001")]),
        read_as("lower-case", build.archive(("doc1.pdf", PAGES), folder="ihe_xdm/subset01/"), [pdf("ihe_xdm/subset01/doc1.pdf")]),
        read_as("backslashes", build.archive(("DOC00001.PDF", PAGES), folder="IHE_XDM\\SUBSET01\\"), [pdf(ONE)]),
        read_as(
            "within-a-folder",
            build.archive(
                ("DOC00001.PDF", PAGES),
                folder="envoi/IHE_XDM/SUBSET01/",
                others=(file("__MACOSX/envoi/IHE_XDM/SUBSET01/._METADATA.XML", b"\0\5\x16\7\0\2\0\0"), file("envoi/.DS_Store", b"\0")),
            ),
            [pdf("envoi/" + ONE)],
        ),
        read_as(
            "two-submission-sets",
            members(file("IHE_XDM/SUBSET02/METADATA.XML", SECOND_SET), file("IHE_XDM/SUBSET02/DOC00001.PDF", OTHER)),
            [
                pdf(ONE),
                found(
                    "IHE_XDM/SUBSET02/DOC00001.PDF",
                    OTHER,
                    metadata=facts("DOC00001.PDF", OTHER, submissionSet=SET_FACTS | {"uniqueId": "1.2.250.1.999.4.2"}),
                    patient=STATED,
                    text="Ordonnance d'essai.",
                ),
            ],
        ),
        one("uri-in-pieces", ["DOC0", "0001.PDF"], ONE),
        one("uri-as-a-path", "IHE_XDM/SUBSET01/DOC00001.PDF", ONE),
        one("uri-escaped", "Compte%20rendu.pdf", "IHE_XDM/SUBSET01/Compte rendu.pdf"),
        one("name-cut-to-8-3", "COMPTE_RENDU.PDF", "IHE_XDM/SUBSET01/COMPTE_R.PDF", digest=MISSING, said={"hash": None}),
        one("name-in-cp850", "RÉSULTAT.PDF", "IHE_XDM/SUBSET01/RÉSULTAT.PDF", "IHE_XDM/SUBSET01/RÉSULTAT.PDF".encode("cp850")),
        one("name-in-cp1252", "RÉSUMÉ.PDF", "IHE_XDM/SUBSET01/RÉSUMÉ.PDF", "IHE_XDM/SUBSET01/RÉSUMÉ.PDF".encode("cp1252")),
        one("classified-beside", "DOC00001.PDF", ONE, beside=True),
        one(
            "digest-in-capitals",
            "DOC00001.PDF",
            ONE,
            digest=hashlib.sha1(PAGES).hexdigest().upper(),
            said={"hash": hashlib.sha1(PAGES).hexdigest().upper()},
        ),
        one("digest-wrong", "DOC00001.PDF", ONE, None, ("hash-mismatch",), digest="0" * 40, said={"hash": "0" * 40}),
        one("size-wrong", "DOC00001.PDF", ONE, None, ("size-mismatch",), size="12", said={"size": "12"}),
        one(
            "test-identity",
            "DOC00001.PDF",
            ONE,
            None,
            ("test-identity",),
            **TEST_INS,
            stated=STATED and patient(ins={"value": INS, "oid": "1.2.250.1.213.1.4.10"}),
            said={
                "sourcePatientInfo": [f"PID-3|{INS}^^^&1.2.250.1.213.1.4.10&ISO^NH"],
                "sourcePatientId": None,
                "patientId": None,
            },
        ),
        read_as(
            "changed-after-its-digest",
            members(told=metadata(submission(), described("DOC00001.PDF", OTHER))),
            [pdf(ONE, ("hash-mismatch", "size-mismatch"), metadata=facts("DOC00001.PDF", OTHER))],
        ),
        read_as(
            "no-metadata",
            build.archive(("DOC00001.PDF", PAGES), told=b""),
            [found(ONE, PAGES, ("malformed",), text=PAGES_TEXT)],
            ("malformed",),
        ),
        read_as("metadata-broken", members(told=b"<lcm:Submit"), [found(ONE, PAGES, ("malformed",), text=PAGES_TEXT)], ("malformed",)),
        read_as(
            "metadata-with-a-document-type",
            members(told=b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>'),
            [found(ONE, PAGES, ("malformed",), text=PAGES_TEXT)],
            ("malformed",),
        ),
        read_as(
            "file-absent",
            members(told=metadata(submission(), described("DOC00001.PDF", PAGES), described("ABSENT.PDF", OTHER, 2))),
            [pdf(ONE)],
            ("malformed",),
        ),
        read_as(
            "file-not-named",
            members(file("IHE_XDM/SUBSET01/ANNEXE.PDF", OTHER)),
            [pdf(ONE), found("IHE_XDM/SUBSET01/ANNEXE.PDF", OTHER, ("malformed",), text="Ordonnance d'essai.")],
        ),
        read_as(
            "name-borne-twice",
            members(file(ONE, OTHER)),
            [pdf(ONE, ("duplicate-name",)), found(ONE, OTHER, ("duplicate-name", "malformed"), text="Ordonnance d'essai.")],
            ("duplicate-name",),
        ),
        read_as(
            "stored-and-streamed",
            members(Member(b"README.TXT", b"essai", method=0), Member(b"INDEX.HTM", b"x", descriptor=True)),
            [pdf(ONE)],
        ),
        refused("cut", USUAL[:-30], "truncated"),
        refused("cut-in-the-middle", USUAL[: len(USUAL) // 2], "truncated"),
        read_as("encrypted", LOCKED, [document("encrypted", ["IHE_XDM.zip"], LOCKED, ("unsupported",))], understood=False),
        refused("by-another-method", members(Member(b"x", b"x", method=9)), "unsupported"),
        refused("name-that-leads-out", members(Member(b"../../x", b"x")), "unsafe-archive"),
        refused("link", members(Member(b"x", b"/etc/passwd", outside=0o120777 << 16)), "unsafe-archive"),
        refused("bomb", members(Member(b"x", bytes(5_000_000))), "unsafe-archive"),
        refused("size-that-lies", members(Member(b"x", bytes(5_000), said_size=50)), "unsafe-archive"),
        refused("too-many-entries", members(*(Member(b"%d" % n, b"") for n in range(99))), "too-large"),
        refused("checksum-wrong", members(Member(b"x", b"x", crc=1)), "malformed"),
    )
)
