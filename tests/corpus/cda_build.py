"""Builds our own CDA letters, level 1 and 3, of invented people: each part is an argument, as XML, so that a test changes one."""

from __future__ import annotations

import base64
from xml.sax.saxutils import escape, quoteattr

LOINC = "2.16.840.1.113883.6.1"
INS = '<id root="1.2.250.1.213.1.4.8" extension="261059999012394"/>'
IPP = '<id root="1.2.250.1.999.1.1" extension="IPP-0042"/>'
NAME = (
    '<family qualifier="BR">ZORBEC</family><given>LUCIE ANNE-MARIE</given><given qualifier="BR">LUCIE</given>'
    '<family qualifier="CL">BARZOU</family><given qualifier="CL">LULU</given>'
)
SEX = '<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1" displayName="Féminin"/>'
BIRTH = '<birthTime value="19610504"/>'
PLACE = "<birthplace><place><addr><county>99990</county><city>VILLE-ESSAI</city></addr></place></birthplace>"
AUTHOR = """<author><time value="20240312113000+0100"/><assignedAuthor>
<id root="1.2.250.1.71.4.2.1" extension="899900000017"/>
<code code="G15_10/SM26" codeSystem="1.2.250.1.213.1.1.4.5" displayName="Médecin - Qualifié en Médecine Générale (SM)"/>
<assignedPerson><name><prefix>M</prefix><given>Jean</given><family>ESSAI</family><suffix>DR</suffix></name></assignedPerson>
<representedOrganization><id root="1.2.250.1.71.4.2.2" extension="1999900001"/><name>Clinique des Essais</name></representedOrganization>
</assignedAuthor></author>"""
RECIPIENT = """<informationRecipient typeCode="PRCP"><intendedRecipient>
<id root="1.2.250.1.71.4.2.1" extension="899900000025"/>
<informationRecipient><name><family>MODELE</family><given>Anne</given><prefix>MME</prefix></name></informationRecipient>
<receivedOrganization><id root="1.2.250.1.71.4.2.2" extension="1999900019"/><name>Cabinet du Modèle</name></receivedOrganization>
</intendedRecipient></informationRecipient>"""
_OPEN = '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:c="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'


def target(ids: str = INS + IPP, name: str = NAME, sex: str = SEX, birth: str = BIRTH, place: str = PLACE) -> str:
    """A recordTarget. The guardian's name must never be taken for the patient's."""
    return (
        f"<recordTarget><patientRole>{ids}<addr><county>00000</county></addr><patient><name>{name}</name>{sex}{birth}"
        "<guardian><guardianPerson><name><family>TUTEUR</family><given>Paul</given></name></guardianPerson></guardian>"
        f"{place}</patient></patientRole></recordTarget>"
    )


def structured(*sections: str) -> str:
    """The body of a level 3 document."""
    inner = "".join(f"<component>{one}</component>" for one in sections)
    return f"<component><structuredBody>{inner}</structuredBody></component>"


def section(title: str | None, text: str | None = None, *inner: str, code: str = "", entries: str = "") -> str:
    """`text`: the narrative, as XML. `inner`: sections in this one."""
    called = "" if title is None else f"<title>{escape(title)}</title>"
    told = "" if text is None else f"<text>{text}</text>"
    return f"<section>{code}{called}{told}{entries}{''.join(f'<component>{one}</component>' for one in inner)}</section>"


def media(identifier: str | None, data: bytes, kind: str, attributes: str = "") -> str:
    """An observationMedia, in base64."""
    named = "" if identifier is None else f" ID={quoteattr(identifier)}"
    return (
        f'<entry><organizer classCode="CLUSTER" moodCode="EVN"><component><observationMedia{named} classCode="OBS" moodCode="EVN">'
        f'<value mediaType="{kind}" representation="B64"{attributes}>{base64.b64encode(data).decode()}</value>'
        "</observationMedia></component></organizer></entry>"
    )


def plain(content: str, kind: str | None = "text/plain", representation: str | None = "TXT") -> str:
    """The body of a level 1 document, `content` as XML."""
    told = "" if kind is None else f' mediaType="{kind}"'
    told += "" if representation is None else f' representation="{representation}"'
    return f"<component><nonXMLBody><text{told}>{content}</text></nonXMLBody></component>"


def packed(data: bytes, kind: str | None, representation: str | None = "B64") -> str:
    """The body of a level 1 document, in base64 cut in lines."""
    return plain("\n" + base64.encodebytes(data).decode() + "  ", kind, representation)


LETTER = structured(section("Motif", "<paragraph>Toux depuis trois semaines.</paragraph>"))


def document(
    body: str = LETTER,
    *,
    identifier: str = '<id root="1.2.250.1.999.2" extension="L-1"/>',
    code: str = f'<code code="11490-0" codeSystem="{LOINC}" displayName="Lettre de liaison"/>',
    title: str = "<title>Lettre de sortie</title>",
    date: str = '<effectiveTime value="20240312113000+0100"/>',
    confidentiality: str = '<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>',
    series: str = '<setId root="1.2.250.1.999.2.7"/>',
    version: str = '<versionNumber value="1"/>',
    patient: str | None = None,
    author: str = AUTHOR,
    recipients: str = RECIPIENT,
    related: str = "",
    around: str = "",
    template: str = "",
) -> str:
    """A whole ClinicalDocument, without XML declaration. `around`: its circumstances; `template`: the identifier of its kind."""
    return (
        f'{_OPEN}<realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>'
        f'<templateId root="2.16.840.1.113883.2.8.2.1"/>{template}'
        f'{identifier}{code}{title}{date}{confidentiality}<languageCode code="fr-FR"/>'
        f"{series}{version}{target() if patient is None else patient}{author}"
        "<custodian><assignedCustodian><representedCustodianOrganization><name>Gardien des Essais</name>"
        "</representedCustodianOrganization></assignedCustodian></custodian>"
        f"{recipients}{related}{around}{body}</ClinicalDocument>"
    )


def encoded(text: str, encoding: str = "utf-8", declared: str | None = "UTF-8", before: bytes = b"") -> bytes:
    """The file: declaration and text in `encoding`, whatever is `declared`, after the octets `before`."""
    declaration = "" if declared is None else f'<?xml version="1.0" encoding="{declared}"?>\n'
    return before + (declaration + text).encode(encoding)


def wrapped(text: str) -> str:
    """The document inside a stylesheet that presents it, its elements with a prefix."""
    inner = text.replace("</", "</c:").replace("<", "<c:").replace("<c:/c:", "</c:")
    return (
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:c="urn:hl7-org:v3">'
        '<xsl:template match="/"><html><script>document.title = 1</script><xsl:copy-of select="document(&apos;x&apos;)"/></html>'
        "</xsl:template>"
        f"{inner}</xsl:stylesheet>"
    )
