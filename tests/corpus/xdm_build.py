"""XDM archives written octet by octet: METADATA.XML, INDEX.HTM, README.TXT, documents, with any fault asked for. Invented people only.

`Zip` writes a zip record by record, so that a test can make each header lie; `described` and `metadata` write ebRIM; `archive` puts the
usual archive together, each part changeable.
"""

from __future__ import annotations

import dataclasses
import hashlib
import struct
import zlib
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

INS = "261059999012394"
INS_OID = "1.2.250.1.213.1.4.8"
LOCAL_OID = "1.2.250.1.999.1"
FOLDER = "IHE_XDM/SUBSET01/"
DOCUMENT_ID = "1.2.250.1.999.2.77"
SET_ID = "1.2.250.1.999.3.5"
_STAMP = (0, 0x5A21)


@dataclasses.dataclass(frozen=True)
class Member:
    """A record of a zip. What stands in `local_*`, `said_*` or `crc` contradicts what is true; `raw` is the name as octets."""

    raw: bytes
    data: bytes
    method: int = 8
    flags: int = 0
    packed: bytes | None = None
    said_size: int | None = None
    said_packed: int | None = None
    crc: int | None = None
    local_raw: bytes | None = None
    local_size: int | None = None
    local_method: int | None = None
    outside: int = 0
    zip64: bool = False
    descriptor: bool = False
    offset: int | None = None


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def zipped(
    members: Sequence[Member],
    prefix: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
    zip64: bool = False,
    shifted: bool = True,
    shared: bool = False,
) -> bytes:
    """A zip. `count`: the number of entries announced. `shifted`: offsets do not count the prefix. `shared`: every record points to the
    first entry's octets."""
    out, directory = bytearray(prefix), bytearray()
    base = len(prefix) if shifted else 0
    first = None
    for member in members:
        packed = member.packed if member.packed is not None else (deflated(member.data) if member.method == 8 else member.data)
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        size = len(member.data) if member.said_size is None else member.said_size
        length = len(packed) if member.said_packed is None else member.said_packed
        flags = member.flags | (8 if member.descriptor else 0)
        place = len(out) - base
        first = place if first is None else first
        if not (shared and place != first):
            local_size = size if member.local_size is None else member.local_size
            seen = (0, 0, 0) if member.descriptor else (crc, length, local_size)
            extra = b""
            if member.zip64:
                extra = struct.pack("<2H2Q", 1, 16, size, length)
                seen = (crc, 0xFFFFFFFF, 0xFFFFFFFF)
            raw = member.raw if member.local_raw is None else member.local_raw
            method = member.method if member.local_method is None else member.local_method
            out += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, flags, method, *_STAMP, *seen, len(raw), len(extra)) + raw + extra
            out += packed
            if member.descriptor:
                out += struct.pack("<4s3L", b"PK\x07\x08", crc, length, size)
        at = (first if shared else place) if member.offset is None else member.offset
        told, extra = (length, size, at), b""
        if member.zip64:
            extra = struct.pack("<2H3Q", 1, 24, size, length, at)
            told = (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
        directory += struct.pack(
            "<4s6H3L5H2L",
            b"PK\x01\x02",
            0x0314,
            20,
            flags,
            member.method,
            *_STAMP,
            crc,
            told[0],
            told[1],
            len(member.raw),
            len(extra),
            0,
            0,
            0,
            member.outside,
            told[2],
        )
        directory += member.raw + extra
    start = len(out) - base
    announced = len(members) if count is None else count
    out += directory
    if zip64:
        end = len(out) - base
        out += struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, announced, announced, len(directory), start)
        out += struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
        out += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, len(comment))
    else:
        out += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, announced, announced, len(directory), start, len(comment))
    return bytes(out + comment)


def cda(
    family: str = "ZORBEC",
    given: str = "LUCIE",
    identifier: str = DOCUMENT_ID,
    ins: str = INS,
    ins_oid: str = INS_OID,
    title: str = "Lettre de consultation",
    text: str = "Auscultation sans particularité.",
    birth: str = "19610504",
    version: int = 1,
    replaces: str | None = None,
    pdf: bytes | None = None,
) -> bytes:
    """A small CDA: of level 1 around a PDF, else of level 3 with one section."""
    import base64

    related = (
        f'<relatedDocument typeCode="RPLC"><parentDocument><id root="{replaces}"/></parentDocument></relatedDocument>' if replaces else ""
    )
    if pdf is None:
        body = (
            '<structuredBody><component><section><code code="10164-2" codeSystem="2.16.840.1.113883.6.1"/>'
            f"<title>Consultation</title><text><paragraph>{escape(text)}</paragraph></text></section></component></structuredBody>"
        )
    else:
        content = base64.b64encode(pdf).decode()
        body = f'<nonXMLBody><text mediaType="application/pdf" representation="B64">{content}</text></nonXMLBody>'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<templateId root="2.16.840.1.113883.2.8.2.1"/><templateId root="1.2.250.1.213.1.1.1.1"/>
<id root="{identifier}"/>
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Synthèse"/>
<title>{escape(title)}</title><effectiveTime value="20240312101500+0100"/>
<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="fr-FR"/>
<setId root="{SET_ID}"/><versionNumber value="{version}"/>
<recordTarget><patientRole><id root="{ins_oid}" extension="{ins}"/><id root="{LOCAL_OID}" extension="P000123"/>
<patient><name><given>{escape(given)}</given><given qualifier="BR">{escape(given)}</given>
<family qualifier="BR">{escape(family)}</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>
<birthTime value="{birth}"/></patient></patientRole></recordTarget>
<author><time value="20240312101500+0100"/><assignedAuthor><id root="1.2.250.1.71.4.2.1" extension="899700000016"/>
<assignedPerson><name><family>ESSAI</family><given>ALIX</given></name></assignedPerson></assignedAuthor></author>
{related}<component>{body}</component></ClinicalDocument>
""".encode()


def slot(name: str, *values: str) -> str:
    listed = "".join(f"<rim:Value>{escape(value)}</rim:Value>" for value in values)
    return f"<rim:Slot name={quoteattr(name)}><rim:ValueList>{listed}</rim:ValueList></rim:Slot>"


def named(tag: str, text: str | None) -> str:
    if text is None:
        return ""
    return f'<rim:{tag}><rim:LocalizedString xml:lang="fr-FR" value={quoteattr(text)}/></rim:{tag}>'


def coded(about: str, scheme: str, code: str, system: str, label: str) -> str:
    identifier = hashlib.sha256((about + scheme + code).encode()).hexdigest()[:32]
    return (
        f'<rim:Classification id="urn:uuid:{identifier}" classificationScheme="urn:uuid:{scheme}" classifiedObject="{about}"'
        f' nodeRepresentation="{code}">{slot("codingScheme", system)}{named("Name", label)}</rim:Classification>'
    )


def identified(about: str, scheme: str, value: str, name: str) -> str:
    return (
        f'<rim:ExternalIdentifier registryObject="{about}" identificationScheme="urn:uuid:{scheme}" value={quoteattr(value)}>'
        f"{named('Name', name)}</rim:ExternalIdentifier>"
    )


SCHEMES = {
    "typeCode": "f0306f51-975f-434e-a61c-c59651d33983",
    "classCode": "41a5887f-8865-4c09-adf7-e362475b143a",
    "formatCode": "a09d5840-386c-46f2-b5ad-9c3699a4309d",
    "healthcareFacilityTypeCode": "f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1",
    "practiceSettingCode": "cccf5598-8b07-4b77-a05e-ae952c785ead",
    "confidentialityCode": "f4f85eac-e6cb-4883-b524-f2705394840f",
    "eventCodeList": "2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4",
}
CODES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "typeCode": (("34133-9", "2.16.840.1.113883.6.1", "Synthèse"),),
    "classCode": (("11", "1.2.250.1.213.1.1.4.1", "Synthèses"),),
    "formatCode": (("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3", "Document à corps non structuré"),),
    "healthcareFacilityTypeCode": (("SA07", "1.2.250.1.71.4.2.4", "Cabinet individuel"),),
    "practiceSettingCode": (("AMBULATOIRE", "1.2.250.1.213.1.1.4.9", "Ambulatoire"),),
    "confidentialityCode": (("N", "2.16.840.1.113883.5.25", "Normal"), ("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué")),
    "eventCodeList": (("QZQM001", "1.2.250.1.213.2.5", "Acte d'essai"),),
}
PATIENT_INFO = (
    f"PID-3|{INS}^^^&{INS_OID}&ISO^NH",
    "PID-5|ZORBEC^LUCIE^LUCIE MARIE^^^^L",
    "PID-7|19610504",
    "PID-8|F",
)
MISSING = "missing"


def described(
    uri: str | Sequence[str] | None,
    data: bytes,
    number: int = 1,
    digest: str | None = None,
    size: str | None = None,
    patient_id: str | None = f"{INS}^^^&{INS_OID}&ISO^NH",
    source_id: str | None = f"P000123^^^&{LOCAL_OID}&ISO^PI",
    info: Sequence[str] = PATIENT_INFO,
    title: str | None = "Lettre de consultation",
    comments: str | None = None,
    mime: str = "text/xml",
    codes: dict[str, tuple[tuple[str, str, str], ...]] | None = None,
    unique_id: str | None = DOCUMENT_ID,
    creation: str | None = "20240312101500",
    beside: bool = False,
    extra: str = "",
) -> str:
    """A DocumentEntry. `beside`: classifications and identifiers stand outside of their object."""
    about = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
    uris = (uri,) if isinstance(uri, str) else (uri or ())
    slots = slot("URI", *uris) if uris else ""
    if digest != MISSING:
        slots += slot("hash", digest or hashlib.sha1(data).hexdigest())
    if size != MISSING:
        slots += slot("size", size or str(len(data)))
    if creation:
        slots += slot("creationTime", creation)
    slots += slot("languageCode", "fr-FR") + slot("serviceStartTime", "20240311") + slot("serviceStopTime", "202403120900")
    slots += slot("legalAuthenticator", "899700000016^ESSAI^ALIX^^^^^^&1.2.250.1.71.4.2.1&ISO^D")
    if source_id:
        slots += slot("sourcePatientId", source_id)
    if info:
        slots += slot("sourcePatientInfo", *info)
    told = (
        f'<rim:Classification classificationScheme="urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d" classifiedObject="{about}"'
        ' nodeRepresentation="">'
        + slot("authorInstitution", "CABINET DES ESSAIS^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1990000019")
        + slot("authorPerson", "899700000016^ESSAI^ALIX^^^^^^&1.2.250.1.71.4.2.1&ISO^D")
        + slot("authorRole", "Médecin traitant")
        + slot("authorSpecialty", "SM26^Médecine générale^1.2.250.1.71.4.2.5")
        + "</rim:Classification>"
    )
    for name, several in (CODES | (codes or {})).items():
        told += "".join(coded(about, SCHEMES[name], *one) for one in several)
    if unique_id:
        told += identified(about, "2e82c1f6-a085-4c72-9da3-8640a32e42ab", unique_id, "XDSDocumentEntry.uniqueId")
    if patient_id:
        told += identified(about, "58a6f841-87b3-4a3e-92fd-a8ffeff98427", patient_id, "XDSDocumentEntry.patientId")
    return (
        f'<rim:ExtrinsicObject id="{about}" mimeType="{mime}" objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"'
        f' status="urn:oasis:names:tc:ebxml-regrep:StatusType:Approved">{slots}{named("Name", title)}{named("Description", comments)}'
        f'<rim:VersionInfo versionName="1.1"/>{"" if beside else told}</rim:ExtrinsicObject>{told if beside else ""}{extra}'
    )


def submission(number: int = 1, members: Sequence[int] = (1,), unique_id: str = "1.2.250.1.999.4.1") -> str:
    about = f"urn:uuid:00000000-0000-4000-9000-{number:012d}"
    told = (
        f'<rim:RegistryPackage id="{about}" status="urn:oasis:names:tc:ebxml-regrep:StatusType:Approved">'
        + slot("submissionTime", "20240312102000")
        + named("Name", "Envoi")
        + f'<rim:Classification classificationScheme="urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d" classifiedObject="{about}">'
        + slot("authorPerson", "899700000016^ESSAI^ALIX")
        + "</rim:Classification>"
        + coded(about, "aa543740-bdda-424e-8c96-df4873be8500", "04", "1.2.250.1.213.2.2", "Hospitalisation")
        + identified(about, "96fdda7c-d067-4183-912e-bf5ee74998a8", unique_id, "XDSSubmissionSet.uniqueId")
        + identified(about, "554ac39e-e3fe-47fe-b233-965d2a147832", "1.2.250.1.999.9", "XDSSubmissionSet.sourceId")
        + identified(about, "6b5aea1a-874d-4603-a4bc-96a0a7b38446", f"{INS}^^^&{INS_OID}&ISO^NH", "XDSSubmissionSet.patientId")
        + "</rim:RegistryPackage>"
        + f'<rim:Classification classifiedObject="{about}" classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"/>'
    )
    for member in members:
        told += association(about, f"urn:uuid:00000000-0000-4000-8000-{member:012d}", "HasMember")
    return told


def association(source: str, target: str, kind: str) -> str:
    prefix = "urn:oasis:names:tc:ebxml-regrep:AssociationType:" if kind == "HasMember" else "urn:ihe:iti:2007:AssociationType:"
    return (
        f'<rim:Association associationType="{prefix}{kind}" sourceObject="{source}" targetObject="{target}">'
        f"{slot('SubmissionSetStatus', 'Original')}</rim:Association>"
    )


def metadata(*objects: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"'
        ' xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><rim:RegistryObjectList>'
        + "".join(objects)
        + "</rim:RegistryObjectList></lcm:SubmitObjectsRequest>\n"
    ).encode()


README = Member(b"README.TXT", b"Archive d'essai.\r\n")
INDEX = Member(b"INDEX.HTM", b"<html><body><a href='IHE_XDM/SUBSET01/DOC00001.XML'>Document</a><script>1</script></body></html>")


def file(name: str, data: bytes, **told: object) -> Member:
    return Member(name.encode(), data, **told)  # type: ignore[arg-type]


def archive(
    *documents: tuple[str, bytes], folder: str = FOLDER, told: bytes | None = None, others: Sequence[Member] = (README, INDEX)
) -> bytes:
    """The usual archive: each document described under its own name. `told`: another METADATA.XML, b"" for none."""
    if told is None:
        entries = [described(name, data, number) for number, (name, data) in enumerate(documents, 1)]
        told = metadata(submission(members=range(1, len(documents) + 1)), *entries)
    members = [*others]
    if told:
        members.append(file(folder + "METADATA.XML", told))
    return zipped([*members, *(file(folder + name, data) for name, data in documents)])
