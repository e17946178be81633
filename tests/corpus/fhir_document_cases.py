"""FHIR documents of words and files: DocumentReference with its attachments, clinical documents of sections (formats.md 4.2)."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

from tests.corpus import Json
from tests.corpus.cda_build import document as cda_document
from tests.corpus.cda_build import encoded
from tests.corpus.cda_cases import FACTS as CDA_FACTS
from tests.corpus.fhir_build import (
    DOCTOR,
    Resource,
    as_json,
    base64_of,
    concept,
    div,
    lucie,
    report,
)
from tests.corpus.fhir_expected import (
    ALONE,
    CRP,
    CRP_FOUND,
    GLUCOSE,
    GLUCOSE_FOUND,
    JEAN,
    LUCIE,
    OID_LOINC,
    alone,
    around,
    attachment,
    both,
    here,
    loinc,
)
from tests.corpus.pdfs import text_pdf

_PDF_LINES = ["Compte rendu de consultation.", "Pouls 72, tension 12/8."]
PDF = text_pdf(_PDF_LINES)
_PDF_SHA1 = b64encode(hashlib.sha1(PDF).digest()).decode()


def reference(*contents: Resource, **members: Any) -> Resource:
    """A DocumentReference about Lucie."""
    whole = {
        "resourceType": "DocumentReference",
        "id": "ref",
        "masterIdentifier": {"system": "urn:ietf:rfc3986", "value": "urn:oid:1.2.250.1.999.2.55"},
        "status": "current",
        "type": concept("11490-0", "Lettre de liaison"),
        "subject": {"reference": "Patient/lucie"},
        "date": "2024-03-13T09:00:00+01:00",
        "author": [{"reference": "Practitioner/jean"}],
        "securityLabel": [concept("R", "Restricted", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality")],
        "content": [{"attachment": one} for one in contents],
    } | members
    return {name: value for name, value in whole.items() if value is not None}


REFERENCE: Json = {
    "type": {"code": "11490-0", "system": OID_LOINC, "label": "Lettre de liaison"},
    "title": "Lettre de liaison",
    "date": "2024-03-13T09:00:00+01:00",
    "id": "1.2.250.1.999.2.55",
    "confidentiality": ["R"],
    "patient": LUCIE,
    "author": ALONE,
}
_BY_ADDRESS: Resource = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:6b1d9c00-0000-4000-8000-000000000001",
            "resource": reference(
                {
                    "contentType": "application/pdf",
                    "url": "urn:uuid:6B1D9C00-0000-4000-8000-000000000002",
                    "size": len(PDF),
                    "hash": _PDF_SHA1,
                    "title": "Lettre",
                    "creation": "2024-03-12",
                },
                subject={"reference": "urn:uuid:6b1d9c00-0000-4000-8000-000000000003"},
                author=[{"reference": "#jean"}],
                contained=[DOCTOR],
                relatesTo=[
                    {"code": "appends", "target": {"identifier": {"value": "AUTRE"}}},
                    {"code": "replaces", "target": {"identifier": {"system": "urn:ietf:rfc3986", "value": "urn:oid:1.2.250.1.999.2.54"}}},
                ],
            ),
            "request": {"method": "POST", "url": "DocumentReference"},
        },
        {
            "fullUrl": "urn:uuid:6b1d9c00-0000-4000-8000-000000000002",
            "resource": {"resourceType": "Binary", "contentType": "application/pdf", "data": base64_of(PDF)},
            "request": {"method": "POST", "url": "Binary"},
        },
        {
            "fullUrl": "urn:uuid:6b1d9c00-0000-4000-8000-000000000003",
            "resource": lucie(id=None),
            "request": {"method": "POST", "url": "Patient"},
        },
    ],
}
CDA = encoded(cda_document())
COMPOSITION: Resource = {
    "resourceType": "Composition",
    "id": "doc",
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/composition-clinicaldocument-versionNumber", "valueString": "2"},
    ],
    "identifier": {"system": "urn:oid:1.2.250.1.999.2", "value": "SERIE-9"},
    "status": "final",
    "type": concept("11488-4", "CR de consultation"),
    "subject": {"reference": "Patient/lucie"},
    "date": "2024-03-12",
    "author": [{"reference": "Practitioner/jean"}],
    "title": "Consultation de suivi",
    "confidentiality": "N",
    "custodian": {"reference": "Organization/labo"},
    "relatesTo": [{"code": "replaces", "targetIdentifier": {"system": "urn:oid:1.2.250.1.999.2", "value": "ED-1"}}],
    "section": [
        {
            "title": "Motif",
            "text": div('<p onclick="agir()">Toux <b>sèche</b>.</p><p/><table><tr><td/><td>12/8</td></tr></table>'),
            "section": [{"title": "Détail", "text": div("<p>Depuis trois semaines.</p>")}],
        },
        {"title": "Biologie", "entry": [{"reference": "DiagnosticReport/cr"}, {"reference": "Observation/crp"}]},
    ],
}
_DOCUMENT = around(
    report("glu", conclusion="Bilan sans particularité."),
    GLUCOSE,
    CRP,
    kind="document",
    identifier={"system": "urn:ietf:rfc3986", "value": "urn:uuid:6b1d9c00-0000-4000-8000-0000000000aa"},
)
_DOCUMENT["entry"].insert(0, {"resource": COMPOSITION})
_IN_REPORT = {"chapter": "Biologie", "group": ["CR d'examens biologiques"]}

CASES = dict(
    [
        *both(
            "texte-en-base64",
            around(reference({"contentType": "text/plain; charset=utf-8", "data": base64_of("Chère consœur,\ntout va bien.".encode())})),
            **REFERENCE,
            text="Chère consœur,\ntout va bien.",
            attachments=[attachment("attachment-1.txt", "text/plain", "Chère consœur,\ntout va bien.".encode())],
        ),
        *both(
            "document-ailleurs",
            around(reference({"contentType": "application/pdf", "url": "https://labo.example/Binary/1"})),
            "unsupported",
            understood=False,
            **REFERENCE,
        ),
        *both(
            "empreinte-fausse",
            around(reference({"contentType": "text/plain", "data": base64_of(b"Rien."), "hash": _PDF_SHA1, "size": 6})),
            "size-mismatch",
            "hash-mismatch",
            **REFERENCE,
            text="Rien.",
            attachments=[attachment("attachment-1.txt", "text/plain", b"Rien.")],
        ),
        *both(
            "document-clinique",
            _DOCUMENT,
            "active-content-removed",
            type=loinc("11488-4", "CR de consultation"),
            title="Consultation de suivi",
            date="2024-03-12",
            id="6b1d9c00-0000-4000-8000-0000000000aa",
            set_id="1.2.250.1.999.2^SERIE-9",
            version=2,
            replaces="1.2.250.1.999.2^ED-1",
            confidentiality=["N"],
            patient=LUCIE,
            author=JEAN,
            text=("Motif\nToux sèche.\n\n12/8\n\nDétail\nDepuis trois semaines.\n\nBiologie\n\nConclusion\nBilan sans particularité."),
            results=[
                GLUCOSE_FOUND | _IN_REPORT,
                CRP_FOUND | {"chapter": "Biologie", "date": None},
            ],
        ),
        *alone(
            "pdf-du-lot",
            as_json(_BY_ADDRESS),
            here(
                **(REFERENCE | {"title": "Lettre", "date": "2024-03-12"}),
                replaces="1.2.250.1.999.2.54",
                attachments=[attachment("Lettre.pdf", "application/pdf", PDF)],
            ),
            here(place="Lettre.pdf", form="pdf", data=PDF, text="\n".join(_PDF_LINES), duplicate_of=0),
        ),
        *alone(
            "cda-en-base64",
            as_json(around(reference({"contentType": "text/xml", "data": base64_of(CDA), "title": "lettre.xml"}))),
            here(**REFERENCE | {"title": "lettre.xml"}, attachments=[attachment("lettre.xml", "text/xml", CDA)], duplicate_of=1),
            here(place="lettre.xml", form="cda-n3", data=CDA, **CDA_FACTS),
        ),
    ]
)
