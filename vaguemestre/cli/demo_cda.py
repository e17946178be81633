"""Writes the demo's CDA documents: letters of level 1 and 3 and biology reports, for the invented people of `demo_people` (formats.md 2.3
to 2.5). It is no writer for real letters: it knows the demo's hospital and nothing else.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from vaguemestre.cli.demo_people import Person
from vaguemestre.domain.person import INS_DEMO
from vaguemestre.domain.reading import LOINC

RPPS, STRUCTURE, IPP = "1.2.250.1.71.4.2.1", "1.2.250.1.71.4.2.2", "1.2.250.1.999.9.1"
FLAGS, UNITS = "2.16.840.1.113883.5.83", "2.16.840.1.113883.6.8"
CHAPTER, LAB_ENTRY, LAB_OBSERVATION, BATTERY = (
    "1.3.6.1.4.1.19376.1.3.3.2.1",
    "1.3.6.1.4.1.19376.1.3.1",
    "1.3.6.1.4.1.19376.1.3.1.6",
    "1.3.6.1.4.1.19376.1.3.1.4",
)
PDF_COPY = "1.2.250.1.213.1.1.2.243"


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: its LOINC code and label, and the template of its volet ("" for one that is only pages)."""

    code: str
    label: str
    template: str = ""


BIOLOGY = Kind("11502-2", "CR d'examens biologiques", "1.2.250.1.213.1.1.1.55")
DISCHARGE = Kind("11490-0", "Lettre de liaison à la sortie d'un établissement de soins", "1.2.250.1.213.1.1.1.29")
IMAGING = Kind("18748-4", "CR d'imagerie médicale", "1.2.250.1.213.1.1.1.45")
CONSULTATION = Kind("34133-9", "Compte rendu de consultation")
PRESCRIPTION = Kind("57833-6", "Prescription de médicaments")


@dataclasses.dataclass(frozen=True, slots=True)
class Author:
    """`rpps` in 11 digits, `finess` in 9."""

    name: str
    rpps: str
    organization: str
    finess: str


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Heading:
    """What stands in the header. `root` and `series` are OIDs of documents; `day` without hour becomes a time of the morning."""

    kind: Kind
    title: str
    person: Person
    author: Author
    day: dt.date
    root: str
    series: str
    version: int = 1
    replaces: str = ""
    ins: bool = True
    matricule: str = ""
    oid: str = INS_DEMO
    confidentiality: str = "N"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Section:
    """A titled part of a letter: paragraphs, a list, or rows of a table whose first one is its head; then a JPEG and its caption."""

    code: str
    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    image: bytes = b""
    caption: str = ""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Measure:
    """One result: LOINC code, label, number as text with "<" or ">" before it where it is a bound, UCUM unit ("" for words)."""

    code: str
    label: str
    value: str
    unit: str = ""
    low: str = ""
    high: str = ""
    flag: str = ""
    comment: str = ""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Battery:
    title: str
    measures: tuple[Measure, ...]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Chapter:
    code: str
    title: str
    batteries: tuple[Battery, ...]


def _id(root: str, extension: str = "") -> str:
    return f'<id root="{root}"' + (f" extension={quoteattr(extension)}" if extension else "") + "/>"


def _patient(heading: Heading) -> str:
    person = heading.person
    matricule = heading.matricule or person.matricule
    ids = [_id(IPP, f"V{person.matricule[5:13]}")]
    if heading.ins:
        ids.append(_id(heading.oid, matricule))
    used = f'<family qualifier="CL">{escape(person.used_name)}</family>' if person.used_name else ""
    return (
        f'<recordTarget><patientRole>{"".join(ids)}<addr nullFlavor="NASK"/><telecom nullFlavor="NASK"/><patient><name>'
        f'<family qualifier="BR">{escape(person.birth_name)}</family>{used}<given>{escape(person.given_names)}</given>'
        f'<given qualifier="BR">{escape(person.first_given_name)}</given></name>'
        f'<administrativeGenderCode code="{person.sex}" codeSystem="2.16.840.1.113883.5.1"/>'
        f'<birthTime value="{person.birth_date.replace("-", "")}"/>'
        f"<birthplace><place><addr><county>{person.birth_place_code}</county></addr></place></birthplace>"
        "</patient></patientRole></recordTarget>"
    )


def _author(heading: Heading, time: str) -> str:
    author = heading.author
    family, _, given = author.name.partition(" ")
    return (
        f'<author><time value="{time}"/><assignedAuthor>{_id(RPPS, f"8{author.rpps}")}<assignedPerson><name>'
        f"<family>{escape(family)}</family><given>{escape(given)}</given><prefix>DR</prefix></name></assignedPerson>"
        f"<representedOrganization>{_id(STRUCTURE, f'1{author.finess}')}<name>{escape(author.organization)}</name>"
        "</representedOrganization></assignedAuthor></author>"
    )


def _document(heading: Heading, body: str, pages_only: bool) -> bytes:
    time = f"{heading.day:%Y%m%d}0930+0100"
    third = "1.3.6.1.4.1.19376.1.2.20" if pages_only else heading.kind.template
    templates = "".join(f'<templateId root="{root}"/>' for root in ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1", third) if root)
    replaced = ""
    if heading.replaces:
        replaced = f'<relatedDocument typeCode="RPLC"><parentDocument>{_id(heading.replaces)}</parentDocument></relatedDocument>'
    organization = f"{_id(STRUCTURE, f'1{heading.author.finess}')}<name>{escape(heading.author.organization)}</name>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><realmCode code="FR"/>'
        f'<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>{templates}{_id(heading.root)}'
        f'<code code="{heading.kind.code}" codeSystem="{LOINC}" displayName={quoteattr(heading.kind.label)}/>'
        f'<title>{escape(heading.title)}</title><effectiveTime value="{time}"/>'
        f'<confidentialityCode code="{heading.confidentiality}" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="fr-FR"/>'
        f'<setId root="{heading.series}"/><versionNumber value="{heading.version}"/>{_patient(heading)}{_author(heading, time)}'
        f"<custodian><assignedCustodian><representedCustodianOrganization>{organization}"
        f"</representedCustodianOrganization></assignedCustodian></custodian>{replaced}"
        f"<component>{body}</component></ClinicalDocument>"
    ).encode()


def pages(heading: Heading, pdf: bytes) -> bytes:
    """A document of level 1: its body is a PDF."""
    data = base64.b64encode(pdf).decode("ascii")
    body = f'<nonXMLBody><text mediaType="application/pdf" representation="B64">{data}</text></nonXMLBody>'
    return _document(heading, body, True)


def _table(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows[1:])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _section(section: Section) -> str:
    text = "".join(f"<paragraph>{escape(words)}</paragraph>" for words in section.paragraphs)
    if section.items:
        text += f"<list>{''.join(f'<item>{escape(words)}</item>' for words in section.items)}</list>"
    if section.table:
        text += _table(section.table)
    entry = ""
    if section.image:
        text += f'<renderMultiMedia referencedObject="COUPE"><caption>{escape(section.caption)}</caption></renderMultiMedia>'
        data = base64.b64encode(section.image).decode("ascii")
        entry = (
            '<entry><observationMedia classCode="OBS" moodCode="EVN" ID="COUPE">'
            f'<value mediaType="image/jpeg" representation="B64">{data}</value></observationMedia></entry>'
        )
    return (
        f'<component><section><code code="{section.code}" codeSystem="{LOINC}"/><title>{escape(section.title)}</title>'
        f"<text>{text}</text>{entry}</section></component>"
    )


def letter(heading: Heading, sections: Sequence[Section]) -> bytes:
    """A document of level 3 whose sections hold words."""
    return _document(heading, f"<structuredBody>{''.join(map(_section, sections))}</structuredBody>", False)


def _quantity(tag: str, value: str, unit: str) -> str:
    return f"<{tag} value={quoteattr(value)} unit={quoteattr(unit)}/>" if value else ""


def _value(measure: Measure) -> str:
    if not measure.unit:
        return f'<value xsi:type="ST">{escape(measure.value)}</value>'
    if measure.value[0] in "<>":
        bound, tag = measure.value[1:].strip(), "high" if measure.value[0] == "<" else "low"
        return f'<value xsi:type="IVL_PQ"><{tag} value="{bound}" unit={quoteattr(measure.unit)} inclusive="false"/></value>'
    return f'<value xsi:type="PQ" value="{measure.value}" unit={quoteattr(measure.unit)}/>'


def _observation(measure: Measure, time: str, number: int) -> str:
    flag = f'<interpretationCode code="{measure.flag}" codeSystem="{FLAGS}"/>' if measure.flag else ""
    reference = ""
    if measure.low or measure.high:
        bounds = _quantity("low", measure.low, measure.unit) + _quantity("high", measure.high, measure.unit)
        reference = f'<referenceRange><observationRange><value xsi:type="IVL_PQ">{bounds}</value></observationRange></referenceRange>'
    comment = ""
    if measure.comment:
        comment = (
            '<entryRelationship typeCode="SUBJ" inversionInd="true"><act classCode="ACT" moodCode="EVN">'
            '<templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.2"/><code code="48767-8" codeSystem="2.16.840.1.113883.6.1"/>'
            f'<text>{escape(measure.comment)}</text><statusCode code="completed"/></act></entryRelationship>'
        )
    return (
        f'<component><observation classCode="OBS" moodCode="EVN"><templateId root="{LAB_OBSERVATION}"/><id root="{IPP}.{number}"/>'
        f'<code code="{measure.code}" codeSystem="{LOINC}" displayName={quoteattr(measure.label)}/><statusCode code="completed"/>'
        f'<effectiveTime value="{time}"/>{_value(measure)}{flag}{comment}{reference}</observation></component>'
    )


def _chapter(chapter: Chapter, time: str) -> str:
    rows = [("Analyse", "Résultat", "Unité", "Référence")]
    batteries = []
    number = 0
    for battery in chapter.batteries:
        rows.append((battery.title, "", "", ""))
        observations = []
        for measure in battery.measures:
            number += 1
            reference = " – ".join(filter(None, (measure.low, measure.high)))
            rows.append((measure.label, measure.value.replace(".", ","), measure.unit, reference.replace(".", ",")))
            observations.append(_observation(measure, time, number))
        batteries.append(
            f'<component><organizer classCode="BATTERY" moodCode="EVN"><templateId root="{BATTERY}"/>'
            f'<code nullFlavor="NA"><originalText>{escape(battery.title)}</originalText></code><statusCode code="completed"/>'
            f"{''.join(observations)}</organizer></component>"
        )
    return (
        f'<component><section><templateId root="{CHAPTER}"/><code code="{chapter.code}" codeSystem="{LOINC}" '
        f"displayName={quoteattr(chapter.title)}/><title>{escape(chapter.title)}</title><text>{_table(rows)}</text>"
        f'<entry><templateId root="{LAB_ENTRY}"/><act classCode="ACT" moodCode="EVN"><code code="{chapter.code}" codeSystem="{LOINC}"/>'
        f'<statusCode code="completed"/>'
        + "".join(
            f'<entryRelationship typeCode="COMP">{one.removeprefix("<component>").removesuffix("</component>")}</entryRelationship>'
            for one in batteries
        )
        + "</act></entry></section></component>"
    )


def biology(heading: Heading, chapters: Sequence[Chapter], pdf: bytes | None) -> bytes:
    """A biology report of level 3, with the copy in PDF that goes with it."""
    time = f"{heading.day:%Y%m%d}0745+0100"
    copy = ""
    if pdf is not None:
        data = base64.b64encode(pdf).decode("ascii")
        copy = (
            f'<component><section><templateId root="{PDF_COPY}"/><code code="55108-5" codeSystem="{LOINC}"/>'
            "<title>Copie du document</title>"
            '<text><renderMultiMedia referencedObject="COPIE"/></text><entry><observationMedia classCode="OBS" moodCode="EVN" ID="COPIE">'
            f'<value mediaType="application/pdf" representation="B64">{data}</value></observationMedia></entry></section></component>'
        )
    body = f"<structuredBody>{''.join(_chapter(one, time) for one in chapters)}{copy}</structuredBody>"
    return _document(heading, body, False)
