"""What a hospital or a laboratory sends of an invented person as CDA R2 (formats.md 2): level 1 and 3, a CR-BIO, headers as software writes
them in the field, by the book or not.

Written from the description of the format and not from our reader, which it serves to judge.
"""

from __future__ import annotations

import base64
import dataclasses
import random
import unicodedata
from xml.sax.saxutils import escape, quoteattr

from bench.population_hprim import unaccented
from bench.population_told import Told

LOINC, UNKNOWN_KIND = "2.16.840.1.113883.6.1", '<code nullFlavor="NA"/>'
DOCUMENTS = "1.2.250.1.999.9.8.2"
BODIES = ("text", "pages", "letter", "biology")
"""Level 1 with words or with a PDF, level 3 with sections, level 3 of biology."""
_KINDS = {
    "text": ("34133-9", "Compte rendu de consultation", "1.3.6.1.4.1.19376.1.2.20"),
    "pages": ("18748-4", "CR d'imagerie médicale", "1.3.6.1.4.1.19376.1.2.20"),
    "letter": ("11490-0", "Lettre de liaison à la sortie", "1.2.250.1.213.1.1.1.29"),
    "biology": ("11502-2", "CR d'examens biologiques", "1.2.250.1.213.1.1.1.55"),
}
_WORDS = (
    "Patient revu ce jour, état général conservé, pas de plainte nouvelle.",
    "Traitement poursuivi sans changement, prochain rendez-vous dans six mois.",
    "Examen clinique sans particularité, tension artérielle équilibrée.",
    "Contrôle biologique conseillé dans un mois, à la diligence du médecin traitant.",
    "Imagerie sans lésion suspecte, stabilité par rapport à l'examen précédent.",
)
_TESTS = (
    ("2345-7", "Glucose", "g/L", 0.7, 1.1, 2),
    ("2160-0", "Créatinine", "umol/L", 45, 105, 0),
    ("2823-3", "Potassium", "mmol/L", 3.5, 5.1, 1),
    ("718-7", "Hémoglobine", "g/dL", 12, 17, 1),
    ("1988-5", "Protéine C réactive", "mg/L", 0, 5, 1),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Habit:
    """How a piece of software writes a header.

    `given`: "both" (the list in one element and the first one told), "list" (in one element), "several" (one element each), "first" alone.
    `families`: "BR" and CL, "SP" for the used name, "plain" (one family name without qualifier). `letters`: "kept", "bare" (no accents),
    "title", "decomposed", "blanks" (for hyphens). `hour`: the birth has an hour. `sex`, `place`: whether they are told. `ins_first`: the
    INS stands before the local numbers. `wrapped`: inside a stylesheet, elements with a prefix. `encoding`: the one declared too, but
    "cp1252" stands under a declaration of UTF-8."""

    given: str = "both"
    families: str = "BR"
    letters: str = "kept"
    hour: bool = False
    sex: bool = True
    place: bool = True
    ins_first: bool = False
    wrapped: bool = False
    encoding: str = "utf-8"


HABITS = (
    Habit(),
    Habit(ins_first=True, letters="bare"),
    Habit(given="several", letters="title"),
    Habit(given="list", encoding="utf-8-sig"),
    Habit(given="first", place=False),
    Habit(families="SP", letters="blanks", hour=True),
    Habit(letters="decomposed", ins_first=True),
    Habit(given="several", families="SP", encoding="iso-8859-1"),
    Habit(given="list", hour=True, place=False),
    Habit(wrapped=True, ins_first=True),
    Habit(encoding="utf-16", letters="bare", place=False),
)
"""Those that say all that rule A asks for."""
SPARING = (Habit(families="plain", given="first", place=False), Habit(sex=False), Habit(families="plain", sex=False, letters="title"))
"""Those that leave some of it out, and are enough for rule E."""
MISDECLARED = Habit(encoding="cp1252")


def _letters(name: str, how: str) -> str:
    if how == "bare":
        return unaccented(name)
    if how == "title":
        return name.title()
    if how == "decomposed":
        return unicodedata.normalize("NFD", name)
    return name.replace("-", " ") if how == "blanks" else name


def _element(tag: str, text: str, qualifier: str = "") -> str:
    told = f' qualifier="{qualifier}"' if qualifier else ""
    return f"<{tag}{told}>{escape(text)}</{tag}>" if text else ""


def _name(told: Told, habit: Habit) -> str:
    birth, used, family = (_letters(name, habit.letters) for name in (told.birth_name, told.used_name, told.family))
    if habit.families == "plain":
        families = _element("family", family or used or birth)
    else:
        families = _element("family", birth, "BR") + _element("family", used, "CL" if habit.families == "BR" else "SP")
        families += _element("family", family)
    listed = [_letters(name, habit.letters) for name in told.given_names]
    first = _letters(told.first_given_name, habit.letters)
    if habit.given == "several":
        given = "".join(_element("given", name) for name in listed)
    elif habit.given == "first":
        given = _element("given", first, "BR")
    else:
        given = _element("given", " ".join(listed))
        given += _element("given", first, "BR") if habit.given == "both" else ""
    # which of them comes first has no meaning
    return f"<name>{given}{families}</name>" if habit.ins_first else f"<name>{families}{given}</name>"


def _id(root: str, extension: str = "") -> str:
    return f'<id root="{root}"' + (f" extension={quoteattr(extension)}" if extension else "") + "/>"


def record_target(told: Told, habit: Habit) -> str:
    """The `recordTarget` element."""
    ids = [_id("1.2.250.1.999.9.8", told.local_code)] if told.local_code else []
    numbers = [_id(root, number) for root, number in told.ins]
    ids = [*numbers, *ids] if habit.ins_first else [*ids, *numbers]
    born = told.birth_date.replace("-", "")
    if habit.hour and len(born) == 8:
        born += "0735+0100"
    birth = f'<birthTime value="{born}"/>' if born else '<birthTime nullFlavor="UNK"/>'
    sex = told.sex if habit.sex else ""
    gender = f'<administrativeGenderCode code="{sex}" codeSystem="2.16.840.1.113883.5.1"/>' if sex else ""
    guardian = ""
    if told.guardian[0]:
        called = _element("family", told.guardian[0], "BR") + _element("given", told.guardian[1], "BR")
        guardian = f'<guardian><addr nullFlavor="NASK"/><guardianPerson><name>{called}</name></guardianPerson></guardian>'
    place = told.birth_place_code if habit.place else ""
    birthplace = f"<birthplace><place><addr><county>{place}</county><city>VILLE-ESSAI</city></addr></place></birthplace>" if place else ""
    return (
        f'<recordTarget><patientRole>{"".join(ids) or _id("1.2.250.1.999.9.8")}<addr nullFlavor="NASK"/><telecom nullFlavor="NASK"/>'
        f"<patient>{_name(told, habit)}{gender}{birth}{guardian}{birthplace}</patient></patientRole></recordTarget>"
    )


def _section(title: str, words: str, inside: str = "", opening: str = "") -> str:
    return f"<component><section>{opening}<title>{title}</title><text>{words}</text>{inside}</section></component>"


def _paragraph(words: str) -> str:
    return f"<paragraph>{escape(words)}</paragraph>"


def _biology(rng: random.Random) -> str:
    rows, observations = [], []
    for code, label, unit, low, high, digits in rng.sample(_TESTS, 3):
        value = f"{rng.uniform(low, high):.{digits}f}"
        rows.append(f"<tr><td>{label}</td><td>{value}</td><td>{unit}</td></tr>")
        observations.append(
            '<component><observation classCode="OBS" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.6"/>'
            f'<code code="{code}" codeSystem="{LOINC}" displayName="{label}"/><statusCode code="completed"/>'
            f'<value xsi:type="PQ" value="{value}" unit="{unit}"/><referenceRange><observationRange><value xsi:type="IVL_PQ">'
            f'<low value="{low}" unit="{unit}"/><high value="{high}" unit="{unit}"/></value></observationRange></referenceRange>'
            "</observation></component>"
        )
    entry = (
        '<entry typeCode="DRIV"><templateId root="1.3.6.1.4.1.19376.1.3.1"/><act classCode="ACT" moodCode="EVN">'
        f'{UNKNOWN_KIND}<statusCode code="completed"/><entryRelationship typeCode="COMP"><organizer classCode="BATTERY" moodCode="EVN">'
        f'<templateId root="1.3.6.1.4.1.19376.1.3.1.4"/>{UNKNOWN_KIND}<statusCode code="completed"/>{"".join(observations)}'
        "</organizer></entryRelationship></act></entry>"
    )
    table = f"<table><tbody>{''.join(rows)}</tbody></table>"
    return _section("Biochimie", table, entry, '<templateId root="1.3.6.1.4.1.19376.1.3.3.2.1"/>')


def _body(kind: str, rng: random.Random, pdf: bytes) -> str:
    if kind == "text":
        return (
            f'<nonXMLBody><text mediaType="text/plain" representation="TXT">{escape(" ".join(rng.sample(_WORDS, 3)))}</text></nonXMLBody>'
        )
    data = base64.encodebytes(pdf).decode("ascii")
    if kind == "pages":
        return f'<nonXMLBody><text mediaType="application/pdf" representation="B64">{data}</text></nonXMLBody>'
    sections = _biology(rng) if kind == "biology" else ""
    if kind == "letter":
        sections = "".join(_section(title, _paragraph(rng.choice(_WORDS))) for title in ("Motif", "Synthèse", "Conclusion"))
    if pdf:
        media = (
            '<entry><observationMedia classCode="OBS" moodCode="EVN" ID="COPIE"><value mediaType="application/pdf" representation="B64">'
            f"{data}</value></observationMedia></entry>"
        )
        sections += _section("Copie", '<renderMultiMedia referencedObject="COPIE"/>', media, '<templateId root="1.2.250.1.213.1.1.2.243"/>')
    return f"<structuredBody>{sections}</structuredBody>"


def cda(patients: tuple[Told, ...], habit: Habit, body: str, number: int, rng: random.Random, pdf: bytes = b"") -> bytes:
    """One document, about 2 kB beside its PDF. `patients`: one, or several of which nothing tells who is meant; `body`: one of BODIES;
    `number`: its own under DOCUMENTS; `pdf`: the pages, or their copy beside sections."""
    code, label, third = _KINDS[body]
    written = f"202605{rng.randrange(1, 29):02d}{rng.randrange(8, 19):02d}{rng.randrange(60):02d}+0200"
    templates = "".join(f'<templateId root="{root}"/>' for root in ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1", third))
    structure = '<id root="1.2.250.1.71.4.2.2" extension="1999900001"/><name>CLINIQUE DES ESSAIS</name>'
    inner = (
        '<realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>'
        f'{templates}{_id(DOCUMENTS, str(number))}<code code="{code}" codeSystem="{LOINC}" displayName={quoteattr(label)}/>'
        f'<title>{escape(label)}</title><effectiveTime value="{written}"/><confidentialityCode code="N"/><languageCode code="fr-FR"/>'
        f'<setId root="1.2.250.1.999.9.8.3" extension="{number}"/><versionNumber value="1"/>'
        f"{''.join(record_target(one, habit) for one in patients)}"
        f'<author><time value="{written}"/><assignedAuthor>{_id("1.2.250.1.71.4.2.1", "899900000017")}<assignedPerson><name>'
        f"<given>JEAN</given><family>ESSAI</family></name></assignedPerson><representedOrganization>{structure}</representedOrganization>"
        "</assignedAuthor></author><custodian><assignedCustodian><representedCustodianOrganization>"
        f"{structure}</representedCustodianOrganization></assignedCustodian></custodian><component>{_body(body, rng, pdf)}</component>"
    )
    spaces = 'xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    text = f"<ClinicalDocument {spaces}>{inner}</ClinicalDocument>"
    if habit.wrapped:
        prefixed = text.replace("<", "<c:").replace("<c:/", "</c:").replace("xmlns=", "xmlns:c=").replace(':type="', ':type="c:')
        text = (
            '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><html/></xsl:template>'
            f"{prefixed}</xsl:stylesheet>"
        )
    declared = {"cp1252": "UTF-8", "utf-8-sig": "UTF-8"}.get(habit.encoding, habit.encoding.upper())
    return f'<?xml version="1.0" encoding="{declared}"?>\n{text}'.encode(habit.encoding, "xmlcharrefreplace")
