"""Puts the demo's documents into IHE XDM archives as a hospital's software sends them (formats.md 3.1 to 3.3)."""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile
from xml.sax.saxutils import escape, quoteattr

from vaguemestre.cli.demo_cda import Heading
from vaguemestre.domain.reading import LOINC

DOCUMENT, PACKAGE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1", "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
_FOLDER = "IHE_XDM/SUBSET01"
_WRITTEN = (2026, 1, 5, 9, 30, 0)


def _slot(name: str, *values: str) -> str:
    return f'<Slot name="{name}"><ValueList>{"".join(f"<Value>{escape(value)}</Value>" for value in values)}</ValueList></Slot>'


def _classification(scheme: str, code: str, system: str, label: str) -> str:
    return (
        f'<Classification classificationScheme="urn:uuid:{scheme}" classifiedObject="Document01" nodeRepresentation="{code}">'
        f"{_slot('codingScheme', system)}<Name><LocalizedString value={quoteattr(label)}/></Name></Classification>"
    )


def _external(scheme: str, value: str, label: str) -> str:
    return (
        f'<ExternalIdentifier identificationScheme="urn:uuid:{scheme}" registryObject="Document01" value={quoteattr(value)}>'
        f'<Name><LocalizedString value="{label}"/></Name></ExternalIdentifier>'
    )


def metadata(heading: Heading, name: str, data: bytes, *, sha1: str = "", size: int | None = None) -> bytes:
    """METADATA.XML of one document. `sha1` and `size` where it is to lie about them."""
    person = heading.person
    names = f"{person.birth_name}^{person.first_given_name}^{person.given_names}^^^^L"
    slots = (
        _slot("creationTime", f"{heading.day:%Y%m%d}083000")
        + _slot("languageCode", "fr-FR")
        + _slot("hash", sha1 or hashlib.sha1(data, usedforsecurity=False).hexdigest())
        + _slot("size", str(len(data) if size is None else size))
        + _slot("URI", name)
        + _slot("sourcePatientId", f"V{person.matricule[5:13]}^^^&1.2.250.1.999.9.1&ISO^PI")
        + _slot("sourcePatientInfo", f"PID-5|{names}", f"PID-7|{person.birth_date.replace('-', '')}", f"PID-8|{person.sex}")
    )
    matricule = heading.matricule or person.matricule
    patient = f"{matricule}^^^&{heading.oid}&ISO^NH" if heading.ins else f"V{person.matricule[5:13]}^^^&1.2.250.1.999.9.1&ISO^PI"
    package = uuid.UUID(hashlib.sha256(data).hexdigest()[:32])
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<SubmitObjectsRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">'
        '<RegistryObjectList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">'
        f'<RegistryPackage id="SubmissionSet01">{_slot("submissionTime", f"{heading.day:%Y%m%d}083500")}'
        f'<ExternalIdentifier identificationScheme="urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8" registryObject="SubmissionSet01" '
        f'value="{heading.root}.1"><Name><LocalizedString value="XDSSubmissionSet.uniqueId"/></Name></ExternalIdentifier></RegistryPackage>'
        f'<Classification classifiedObject="SubmissionSet01" classificationNode="{PACKAGE}" id="urn:uuid:{package}"/>'
        f'<ExtrinsicObject id="Document01" mimeType="text/xml" objectType="{DOCUMENT}">{slots}'
        f"<Name><LocalizedString value={quoteattr(heading.title)}/></Name>"
        + _classification("f0306f51-975f-434e-a61c-c59651d33983", heading.kind.code, LOINC, heading.kind.label)
        + _classification("f4f85eac-e6cb-4883-b524-f2705394840f", heading.confidentiality, "2.16.840.1.113883.5.25", "Normal")
        + _external("2e82c1f6-a085-4c72-9da3-8640a32e42ab", heading.root, "XDSDocumentEntry.uniqueId")
        + _external("58a6f841-87b3-4a3e-92fd-a8ffeff98427", patient, "XDSDocumentEntry.patientId")
        + '</ExtrinsicObject><Association id="HasMember01" associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember" '
        f'sourceObject="SubmissionSet01" targetObject="Document01">{_slot("SubmissionSetStatus", "Original")}</Association>'
        "</RegistryObjectList></SubmitObjectsRequest>"
    ).encode()


def archive(heading: Heading, data: bytes, *, sha1: str = "", size: int | None = None) -> bytes:
    """IHE_XDM.ZIP with one CDA document. The same document gives the same bytes."""
    name = "DOC00001.XML"
    members = (
        ("README.TXT", f"Archive IHE XDM.\r\n{heading.author.organization}\r\n".encode()),
        ("INDEX.HTM", b"<!DOCTYPE html><html lang='fr'><title>IHE XDM</title><p>Voir IHE_XDM/SUBSET01.</p></html>"),
        (f"{_FOLDER}/METADATA.XML", metadata(heading, name, data, sha1=sha1, size=size)),
        (f"{_FOLDER}/{name}", data),
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for path, content in members:
            file.writestr(zipfile.ZipInfo(path, _WRITTEN), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
