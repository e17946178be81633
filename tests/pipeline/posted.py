"""Whole messages about invented people, posted to a practice and taken through every stage: reading, match, forms, repeats, versions."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from bench.population_envelopes import pdf
from tests.pipeline.given import NOW, Given
from tests.scenes.operators import DOCTOR, LABORATORY
from vaguemestre.domain import person

ROOT = "1.2.250.1.999.7"
ENVELOPE = "XDM/1.0/DDM+Compte rendu"
_serial = itertools.count(1)


class Somebody:
    """An invented person: birth name, first given name, others, ISO birth date, sex; `order` makes the number (commune 990)."""

    def __init__(self, birth: str, given: str, born: str, sex: str, order: int, *, others: str = "", used: str = "") -> None:
        self.birth, self.given, self.born, self.sex, self.used = birth, given, born, sex, used
        self.listed = f"{given} {others}".strip()
        thirteen = f"{1 if sex == 'M' else 2}{born[2:4]}{born[5:7]}99990{order:03d}"
        self.nir = thirteen + person.matricule_key(thirteen)

    def __repr__(self) -> str:
        return "<Somebody>"


def chart(given: Given, ref: str, one: Somebody, *, ins: bool = False, mailbox: Any = None, **changed: str) -> Any:
    """A chart of this person, with the qualified INS or without any number."""
    from vaguemestre.records import administration
    from vaguemestre.records.models import Patient

    practice = (mailbox or given.doctor).practice
    told = {
        "birth_name": one.birth, "used_name": one.used, "given_names": one.listed, "first_given_name": one.given,
        "birth_date": one.born, "sex": one.sex, **changed,
    }  # fmt: skip
    row = Patient(
        practice=practice, ref=ref, **told, birth_name_key=person.comparison(told["birth_name"]),
        birth_name_solid=person.solid(told["birth_name"]), used_name_solid=person.solid(told["used_name"]),
        given_names_key=person.comparison(told["given_names"]), first_given_name_key=person.comparison(told["first_given_name"]),
        **({"ins": one.nir, "ins_oid": person.INS_NIR, "ins_status": "qualified"} if ins else {}),
    )  # fmt: skip
    administration.load_patients(practice, [row], NOW)
    return Patient.objects.get(practice=practice, ref=ref)


def hprim(
    one: Somebody, *, value: str = "0.95", code: str = "", end: str = "****FIN****\n", nir: bool = False, born: str | None = None,
    given: str | None = None, family: str | None = None, words: str = "",
) -> str:  # fmt: skip
    """One record of a laboratory, whose only result is the value."""
    year, month, day = one.born.split("-")
    birth = f"{day}/{month}/{year}" if born is None else born
    head = [
        code, one.used or one.birth if family is None else family, one.given if given is None else given, "3 rue des Lilas", "",
        "99000 VILLEFICTIVE", birth, one.nir if nir else "", f"D{next(_serial)}", "20/11/2026", "LABO0001  Laboratoire des Tilleuls",
        "ROCHE     Dr Anne ROCHE", "", words, "****LAB****", f"RES|Glycémie|GLY|N|{value}|g/l|0.74|1.06||F",
    ]  # fmt: skip
    return "\n".join(head) + "\n" + end


def cda(
    one: Somebody, *, words: str = "Examen sans particularité.", ins: str = "", number: str = "", set_id: str = "", version: int = 1,
    replaces: str = "", pages: bytes = b"", level: int = 3, result: str = "", code: str = "", **changed: str,
) -> bytes:  # fmt: skip
    """A letter or a report about this person; `changed`: what its header says instead (birth, given, listed, born, sex, used)."""
    of = {"birth": one.birth, "given": one.given, "listed": one.listed, "born": one.born, "sex": one.sex, "used": one.used, **changed}
    number = number or f"{ROOT}.{next(_serial)}"
    ids = f'<id root="{person.INS_NIR}" extension="{ins}"/>' if ins else ""
    ids += f'<id root="1.2.250.1.999.9.8" extension="{code}"/>' if code else ""
    used = f'<family qualifier="CL">{escape(of["used"])}</family>' if of["used"] else ""
    first = f'<given qualifier="BR">{escape(of["given"])}</given>' if of["given"] else ""
    sex = f'<administrativeGenderCode code="{of["sex"]}" codeSystem="2.16.840.1.113883.5.1"/>' if of["sex"] else ""
    data = base64.b64encode(pages).decode()
    media = ""
    if pages and level == 3:
        media = (
            '<entry><observationMedia classCode="OBS" moodCode="EVN" ID="COPIE"><value mediaType="application/pdf" representation="B64">'
            f"{data}</value></observationMedia></entry>"
        )
    body = f"<structuredBody><component><section><title>Conclusion</title><text><paragraph>{escape(words)}</paragraph></text>"
    body += f"{_observation(result) if result else ''}{media}</section></component></structuredBody>"
    if level == 1:
        body = f'<nonXMLBody><text mediaType="application/pdf" representation="B64">{data}</text></nonXMLBody>'
    related = f'<relatedDocument typeCode="RPLC"><parentDocument><id root="{replaces}"/></parentDocument></relatedDocument>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><realmCode code="FR"/>'
        '<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><templateId root="1.2.250.1.213.1.1.1.1"/>'
        f'<id root="{number}"/><code code="11502-2" codeSystem="2.16.840.1.113883.6.1" displayName="CR"/><title>CR</title>'
        '<effectiveTime value="20261120101500+0100"/><confidentialityCode code="N"/><languageCode code="fr-FR"/>'
        f'<setId root="{set_id or number}"/><versionNumber value="{version}"/><recordTarget><patientRole>{ids}<patient><name>'
        f'<family qualifier="BR">{escape(of["birth"])}</family>{used}<given>{escape(of["listed"])}</given>{first}</name>{sex}'
        f'<birthTime value="{of["born"].replace("-", "")}"/></patient></patientRole></recordTarget>'
        f"{related if replaces else ''}<component>{body}</component></ClinicalDocument>"
    ).encode()


def _observation(value: str) -> str:
    kind = '<code nullFlavor="NA"/>'
    return (
        f'<entry typeCode="DRIV"><templateId root="1.3.6.1.4.1.19376.1.3.1"/><act classCode="ACT" moodCode="EVN">{kind}'
        '<statusCode code="completed"/><entryRelationship typeCode="COMP"><organizer classCode="BATTERY" moodCode="EVN">'
        f'<templateId root="1.3.6.1.4.1.19376.1.3.1.4"/>{kind}<statusCode code="completed"/><component>'
        '<observation classCode="OBS" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.6"/>'
        '<code code="2345-7" codeSystem="2.16.840.1.113883.6.1" displayName="Glucose"/><statusCode code="completed"/>'
        f'<value xsi:type="PQ" value="{value}" unit="g/L"/></observation></component></organizer></entryRelationship></act></entry>'
    )


def archive(*files: tuple[bytes, Somebody]) -> bytes:
    """IHE_XDM.ZIP; each file with the person whom the metadata name."""
    entries, members = "", {}
    for place, (data, one) in enumerate(files, 1):
        name = f"DOC{place:05d}." + ("PDF" if data.startswith(b"%PDF") else "XML")
        members[f"IHE_XDM/SUBSET01/{name}"] = data
        slots = {
            "URI": [name], "hash": [hashlib.sha1(data, usedforsecurity=False).hexdigest()], "size": [str(len(data))],
            "sourcePatientId": [f"P{place}^^^&1.2.250.1.999.9.8&ISO^PI"],
            "sourcePatientInfo": [
                f"PID-5|{one.birth}^{one.given}^{one.listed}^^^^L", f"PID-7|{one.born.replace('-', '')}", f"PID-8|{one.sex}",
            ],
        }  # fmt: skip
        told = "".join(
            f'<Slot name="{slot}"><ValueList>{"".join(f"<Value>{escape(v)}</Value>" for v in values)}</ValueList></Slot>'
            for slot, values in slots.items()
        )
        media = "application/pdf" if name.endswith("PDF") else "text/xml"
        entries += (
            f'<ExtrinsicObject id="Document{place:02d}" mimeType="{media}"'
            f' objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">{told}</ExtrinsicObject>'
            '<Association id="A{0}" associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"'
            ' sourceObject="SubmissionSet01" targetObject="Document{0:02d}"/>'.format(place)
        )
    members["IHE_XDM/SUBSET01/METADATA.XML"] = (
        '<?xml version="1.0" encoding="UTF-8"?><SubmitObjectsRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">'
        '<RegistryObjectList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><RegistryPackage id="SubmissionSet01"/>'
        '<Classification classifiedObject="SubmissionSet01" id="c1" classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"/>'
        f"{entries}</RegistryObjectList></SubmitObjectsRequest>"
    ).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for path, data in members.items():
            file.writestr(path, data)
    return out.getvalue()


def pages(*lines: str) -> bytes:
    return pdf(list(lines))


def mail(*files: tuple[str, bytes | str], subject: str = "Compte rendu", text: str = "Bonjour,\r\n") -> bytes:
    """Files in a mail; a name that ends in .eml is a forwarded mail."""
    mark = f"=-{next(_serial)}"
    head = (
        f"From: <{LABORATORY}>\r\nTo: <{DOCTOR}>\r\nSubject: {subject}\r\nDate: Fri, 20 Nov 2026 09:30:00 +0100\r\n"
        f"Message-ID: <{next(_serial)}@hopital.demo.example>\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="{mark}"\r\n\r\n--{mark}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}'
    )
    out = head.encode()
    for name, content in files:
        data = content.replace("\n", "\r\n").encode("cp1252") if isinstance(content, str) else content
        if name.endswith(".eml"):
            out += f"\r\n--{mark}\r\nContent-Type: message/rfc822\r\n\r\n".encode() + data
            continue
        out += f'\r\n--{mark}\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"\r\n'.encode()
        out += b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data).replace(b"\n", b"\r\n")
    return out + f"\r\n--{mark}--\r\n".encode()


def post(given: Given, *messages: bytes, to: Sequence[str] = (DOCTOR,), sender: str = LABORATORY) -> list[list[Any]]:
    """Keeps the messages, reads them and files them in one batch; the rows of each delivery, in the order of the messages."""
    from django.conf import settings

    from vaguemestre.inbound.read import read
    from vaguemestre.pipeline import commit, route
    from vaguemestre.records import queue
    from vaguemestre.records.models import Document, Practice

    numbers = given.receive(*messages, to=to, sender=sender)
    claimed = sorted(queue.claim("test", 500, 60, 1_800_000_000.0), key=lambda one: (one.message, one.delivery))
    rules, known = route.Rules.of(settings.VAGUEMESTRE), route.Known()
    pairs = [(one, read(messages[numbers.index(one.message)], "message.eml", "message/rfc822")) for one in claimed]
    known.foresee(pairs)
    revisions = dict(Practice.objects.values_list("pk", "revision"))
    batch = [route.through(one, reading, rules, revisions[one.practice], known) for one, reading in pairs]
    assert commit.file("test", batch, NOW) == len(claimed)
    return [list(Document.objects.filter(delivery=one.delivery).order_by("position")) for one in claimed]


def post_one(given: Given, message: bytes, **more: Any) -> list[Any]:
    (rows,) = post(given, message, **more)
    return rows


def charts_of(rows: Sequence[Any]) -> list[str | None]:
    """The chart of each document, by its reference, None where it waits."""
    return [row.patient.ref if row.patient_id else None for row in rows]


def values(patient: Any) -> list[str]:
    """What stands in the histories of a chart."""
    from vaguemestre.records.models import Result

    return sorted(Result.objects.filter(patient=patient).values_list("value", flat=True))


LEO = Somebody("ZORBEC", "LÉO", "1990-05-04", "M", 11)
LEA = Somebody("ZORBEC", "LÉA", "1990-05-04", "F", 12)
LEON = Somebody("ZORBEC", "LÉON", "1990-05-04", "M", 13)
JEAN = Somebody("BARZOU", "JEAN", "1971-02-09", "M", 21, others="MARIE")
JEAN_PIERRE = Somebody("BARZOU", "JEAN-PIERRE", "1971-02-09", "M", 22)
MOTHER = Somebody("KERVAL", "ODILE", "1962-07-30", "F", 31, used="ZORBEC")
SENIOR = Somebody("TOURNIER", "PAUL", "1948-09-03", "M", 41)
JUNIOR = Somebody("TOURNIER", "PAUL", "1978-09-03", "M", 42)
LONG = (
    "Cher confrère, merci de m'avoir adressé madame Odile Kerval pour une hypertension découverte récemment ; examen cardiaque"
    " normal, traitement commencé ce jour, prochaine consultation dans trois mois avec un enregistrement."
)


def family(given: Given, *, ins: bool = True) -> dict[str, Any]:
    """The charts of two twins and of their mother."""
    return {ref: chart(given, ref, one, ins=ins) for ref, one in (("LEO", LEO), ("LEA", LEA), ("MOTHER", MOTHER))}
