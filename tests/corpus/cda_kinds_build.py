"""Parts of the kinds of CDA that a practice receives: what surrounds a document, tables of its narrative, the pair of a file and its
reading."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.corpus import Case
from tests.corpus.cda_build import LOINC, document
from tests.corpus.cda_cases import one

Facts = list[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A document of one kind: its text, its reading, the facts a letter opens with and those about it, written before the reader was.

    `changes`: what is written, what is written instead, and what of the reading changes, as (name, words before, words after)."""

    xml: str
    case: Case
    opening: Facts
    about: Facts
    changes: list[tuple[str, str, tuple[str, str, str]]]


def kind(
    name: str,
    title: str,
    coding: tuple[str, str],
    volet: str,
    body: str,
    text: str,
    *changes: tuple[str, str, tuple[str, str, str]],
    around: str = "",
    opening: Facts | None = None,
    about: Facts | None = None,
    system: str = LOINC,
    warnings: tuple[str, ...] = (),
    **facts: Any,
) -> tuple[str, Kind]:
    """A document of the code and label `coding` and the template `volet`."""
    code, label = coding
    xml = document(
        body,
        title=f"<title>{title}</title>",
        code=f'<code code="{code}" codeSystem="{system}" displayName="{label}"/>',
        template=f'<templateId root="1.2.250.1.213.1.1.1.1"/><templateId root="1.2.250.1.213.1.1.1.{volet}"/>',
        around=around,
    )
    told = {"type": {"code": code, "system": system, "label": label}, "title": title, "text": text} | facts
    called, case = one(f"type-{name}", xml, *warnings, **told)
    return called, Kind(xml, case, opening or [], about or [], list(changes))


def table(heads: str, *rows: str) -> str:
    """A table; cells are parted by `|`."""
    head = "".join(f"<th>{cell.strip()}</th>" for cell in heads.split("|"))
    body = "".join("<tr>" + "".join(f"<td>{cell.strip()}</td>" for cell in row.split("|")) + "</tr>" for row in rows)
    return f'<table border="0"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def person(given: str, family: str, label: str = "", structure: str = "", phone: str = "", holder: str = "assigned") -> str:
    """What an assignedEntity or, `holder` being associated, an associatedEntity holds."""
    organization = "representedOrganization" if holder == "assigned" else "scopingOrganization"
    code = f'<code code="X" codeSystem="1.2.250.1.213.1.1.4.5" displayName="{label}"/>' if label else ""
    tel = f'<telecom value="tel:{phone}" use="WP"/>' if phone else '<telecom nullFlavor="UNK"/>'
    house = f"<{organization}><name>{structure}</name></{organization}>" if structure else ""
    return (
        f'<id root="1.2.250.1.71.4.2.1" extension="899900000033"/>{code}<addr nullFlavor="NASK"/>{tel}'
        f"<{holder}Person><name><prefix>DR</prefix><given>{given}</given><family>{family}</family></name></{holder}Person>{house}"
    )


def participant(type_: str, who: str, function: str = "", label: str = "", time: str = '<time nullFlavor="NA"/>') -> str:
    called = f'<functionCode code="{function}" displayName="{label}"/>' if function else ""
    return f'<participant typeCode="{type_}">{called}{time}<associatedEntity classCode="PROV">{who}</associatedEntity></participant>'


DOCTOR = participant("INF", person("Anne", "MODELE", "Médecin généraliste", "Cabinet du Modèle", "0199000010", "associated"), "PCP", "MT")
DOCTOR_TOLD = ("Médecin traitant", "Anne MODELE, Médecin généraliste, Cabinet du Modèle, tél. 01 99 00 00 10")


def signed(time: str, who: str) -> str:
    return f'<legalAuthenticator><time value="{time}"/><signatureCode code="S"/><assignedEntity>{who}</assignedEntity></legalAuthenticator>'


def relative(kind_: str, link: str, given: str, family: str, phone: str) -> str:
    return (
        f'<informant><relatedEntity classCode="{kind_}"><code code="X" displayName="{link}"/><telecom value="tel:{phone}" use="MC"/>'
        f"<relatedPerson><name><given>{given}</given><family>{family}</family></name></relatedPerson></relatedEntity></informant>"
    )


def act(code: str, low: str, high: str = "", who: str = "", ids: str = "", attributes: str = "") -> str:
    """`code`: as XML."""
    end = f'<high value="{high}"/>' if high else ""
    time = f'<effectiveTime><low value="{low}"/>{end}</effectiveTime>' if low else ""
    by = f'<performer typeCode="PRF"><assignedEntity>{who}</assignedEntity></performer>' if who else ""
    return f"<documentationOf><serviceEvent{attributes}>{ids}{code}{time}{by}</serviceEvent></documentationOf>"


def stay(low: str, high: str, place: str = "", code: str = "", sort: str = "", responsible: str = "") -> str:
    where = f"<location><name>{place}</name></location>" if place else ""
    facility = f'<code code="SA01" codeSystem="1.2.250.1.71.4.2.4" displayName="{sort}"/>' if sort else ""
    head = f"<responsibleParty><assignedEntity>{responsible}</assignedEntity></responsibleParty>" if responsible else ""
    bounds = (f'<low value="{low}"/>' if low else "") + (f'<high value="{high}"/>' if high else "")
    return (
        f"<componentOf><encompassingEncounter>{code}<effectiveTime>{bounds}</effectiveTime>{head}"
        f"<location><healthCareFacility>{facility}{where}</healthCareFacility></location></encompassingEncounter></componentOf>"
    )
