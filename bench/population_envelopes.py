"""What a document travels in: a small PDF of words, an IHE XDM archive with its metadata (formats.md 3), a mail, a mail forwarded."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import zipfile
from xml.sax.saxutils import escape, quoteattr

from bench.population_told import Told
from vaguemestre.domain import person as rules

ENVELOPES = ("file", "mail", "xdm", "mail-xdm", "forwarded")
_FOLDERS = ("IHE_XDM/SUBSET01", "IHE_XDM/SUBSET02", "ihe_xdm/Default")
_PATIENT_ID, _UNIQUE_ID = "58a6f841-87b3-4a3e-92fd-a8ffeff98427", "2e82c1f6-a085-4c72-9da3-8640a32e42ab"
_COVER = "Veuillez trouver ci-joint un document. Le secrétariat."


def _french(birth_date: str) -> str:
    return f"{birth_date[8:]}/{birth_date[5:7]}/{birth_date[:4]}" if len(birth_date) == 10 else birth_date


def labelled(told: Told) -> list[str]:
    """The identity in running text, as the heading of a letter says it."""
    lines = [f"Nom de naissance : {told.birth_name}"] if told.birth_name else []
    lines += [f"Nom utilisé : {told.used_name}"] if told.used_name else []
    lines += [f"Nom : {told.family}"] if told.family else []
    lines += [f"Premier prénom : {told.first_given_name}"] if told.first_given_name else []
    lines += [f"Date de naissance : {_french(told.birth_date)}"] if told.birth_date else []
    lines += [f"Sexe : {told.sex}"] if told.sex else []
    return lines + [f"INS : {number} ({oid})" for oid, number in told.ins if oid in rules.INS_OIDS]


def words(told: Told | None, rng: random.Random) -> list[str]:
    """The lines of a letter; `told`: whom its heading names, None for nobody."""
    number = rng.randrange(10**9)
    told_lines = labelled(told) if told is not None else []
    return [
        "Clinique des Essais",
        f"Dossier {number:09d}",
        *told_lines,
        "Cher confrère, je vous remercie de m'avoir adressé votre patient.",
        "L'examen de ce jour ne montre rien de nouveau, le traitement est poursuivi.",
        "Bien confraternellement.",
    ]


def pdf(lines: list[str]) -> bytes:
    """One page of Helvetica in WinAnsi, a line of text each (ISO 32000-1, 7.5 and 9)."""
    shown = "".join(f"<{line.encode('cp1252', 'replace').hex()}> Tj T* " for line in lines)
    content = f"BT /F1 10 Tf 14 TL 60 780 Td {shown}ET".encode("ascii")
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _slot(name: str, *values: str) -> str:
    return f'<Slot name="{name}"><ValueList>{"".join(f"<Value>{escape(value)}</Value>" for value in values)}</ValueList></Slot>'


def _source_patient(told: Told) -> str:
    """sourcePatientId and sourcePatientInfo, in the fields of HL7 v2 PID."""
    given = f"{told.first_given_name}^{' '.join(told.given_names)}"
    names = [f"{told.birth_name}^{given}^^^^L"] if told.birth_name else []
    names += [f"{told.used_name}^{told.first_given_name}^^^^^D"] if told.used_name else []
    names += [f"{told.family}^{given}^^^^U"] if told.family else []
    info = [f"PID-5|{'~'.join(names)}", f"PID-7|{told.birth_date.replace('-', '')}"]
    info += [f"PID-8|{told.sex}"] if told.sex else []
    return _slot("sourcePatientId", f"{told.local_code}^^^&1.2.250.1.999.9.8&ISO^PI") + _slot("sourcePatientInfo", *info)


def _external(scheme: str, value: str) -> str:
    return f'<ExternalIdentifier identificationScheme="urn:uuid:{scheme}" registryObject="Document01" value={quoteattr(value)}/>'


def archive(document: bytes, unique: str, told: Told, rng: random.Random, wrong: str = "") -> bytes:
    """IHE_XDM.ZIP of one document. `unique`: its uniqueId, root^extension; `told`: whom the metadata name; `wrong`: "hash" or "size" where
    they lie about that."""
    name = rng.choice(("DOC00001.XML", "DOC001", "cr.xml"))
    digest = hashlib.sha1(document, usedforsecurity=False).hexdigest()
    digest = digest if wrong != "hash" else digest[::-1]
    size = len(document) + (17 if wrong == "size" else 0)
    slots = _slot("creationTime", "20260504083000") + _slot("languageCode", "fr-FR") + _slot("URI", name)
    slots += _slot("hash", rng.choice((digest, digest.upper()))) + _slot("size", str(size)) + _source_patient(told)
    ins = [f"{number}^^^&{oid}&ISO^NH" for oid, number in told.ins if oid in rules.INS_OIDS]
    externals = _external(_PATIENT_ID, (ins or [f"{told.local_code}^^^&1.2.250.1.999.9.8&ISO^PI"])[0])
    metadata = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<SubmitObjectsRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">'
        '<RegistryObjectList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><RegistryPackage id="SubmissionSet01"/>'
        '<Classification classifiedObject="SubmissionSet01" id="urn:uuid:c0ffee00-0000-4000-8000-000000000001"'
        ' classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"/><ExtrinsicObject id="Document01" mimeType="text/xml"'
        f' objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">{slots}{externals}{_external(_UNIQUE_ID, unique)}'
        '</ExtrinsicObject><Association id="HasMember01" associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"'
        f' sourceObject="SubmissionSet01" targetObject="Document01">{_slot("SubmissionSetStatus", "Original")}</Association>'
        "</RegistryObjectList></SubmitObjectsRequest>"
    )
    folder = rng.choice(_FOLDERS)
    members = {"README.TXT": b"Archive IHE XDM.\r\n", f"{folder}/METADATA.XML": metadata.encode(), f"{folder}/{name}": document}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for path, content in members.items():
            file.writestr(zipfile.ZipInfo(path, (2026, 5, 4, 9, 30, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _part(name: str, media_type: str, data: bytes) -> bytes:
    head = f'Content-Type: {media_type}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")


def mail(attached: list[tuple[str, str, bytes]], rng: random.Random, subject: str = "Compte rendu", cut: bool = False) -> bytes:
    """A cover text and files: (name, media type, bytes). `cut`: the last bytes, the end mark among them, never came."""
    unique = f"{rng.getrandbits(96):024x}"
    head = (
        "From: Clinique des Essais <secretariat@clinique.demo.example>\r\nTo: <dr.00@cabinet.demo.example>\r\n"
        f"Subject: {subject}\r\nDate: Mon, 04 May 2026 09:30:00 +0200\r\nMessage-ID: <{unique}@clinique.demo.example>\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=-{unique}"\r\n\r\n'
    ).encode()
    parts = [f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{_COVER}\r\n".encode()]
    parts += [_part(*one) for one in attached]
    body = b"".join(f"--=-{unique}\r\n".encode() + part for part in parts)
    return head + body + (b"" if cut else f"--=-{unique}--\r\n".encode())


def forwarded(message: bytes, rng: random.Random) -> bytes:
    """The mail of a secretary who sends another on."""
    unique = f"{rng.getrandbits(96):024x}"
    return (
        (
            "From: <accueil@cabinet.demo.example>\r\nTo: <dr.00@cabinet.demo.example>\r\nSubject: TR\r\n"
            f"Message-ID: <{unique}@cabinet.demo.example>\r\n"
            f'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_{unique}"\r\n\r\n'
            f"--=_{unique}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPour vous.\r\n"
            f"--=_{unique}\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"
        ).encode()
        + message
        + f"\r\n--=_{unique}--\r\n".encode()
    )
