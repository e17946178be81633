"""Builds our own laboratory reports (CR-BIO, CDA level 3): a whole header of invented people, and chapters, batteries and results."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

LOINC = "2.16.840.1.113883.6.1"
LABORATORY = "1.3.6.1.4.1.19376.1.3.1.6"
DATE = "20240312083000+0100"

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:c="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<realmCode code="FR"/>
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<templateId root="2.16.840.1.113883.2.8.2.1"/>
<templateId root="1.2.250.1.213.1.1.1.1"/>
<templateId root="1.2.250.1.213.1.1.1.55" extension="2024.01"/>
<id root="2.25.990000000000000000000000000001"/>
<code code="11502-2" codeSystem="2.16.840.1.113883.6.1" displayName="CR d'examens biologiques"/>
<title>Compte rendu de biologie</title>
<effectiveTime value="20240312113000+0100"/>
<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25" displayName="Normal"/>
<languageCode code="fr-FR"/>
<setId root="2.25.990000000000000000000000000002"/>
<versionNumber value="1"/>
<recordTarget><patientRole>
<id root="1.2.250.1.213.1.4.8" extension="261059999012394"/>
<patient>
<name><family qualifier="BR">ZORBEC</family><given>LUCIE ANNE</given><given qualifier="BR">LUCIE</given></name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>
<birthTime value="19610504"/>
<birthplace><place><addr><county>99990</county></addr></place></birthplace>
</patient>
</patientRole></recordTarget>
<author><time value="20240312113000+0100"/><assignedAuthor>
<id root="1.2.250.1.71.4.2.1" extension="899900000017"/>
<assignedPerson><name><family>BIOLOG</family></name></assignedPerson>
<representedOrganization>
<id root="1.2.250.1.71.4.2.2" extension="1999900001"/><name>LABORATOIRE DES ESSAIS</name>
</representedOrganization>
</assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization>
<id root="1.2.250.1.71.4.2.2" extension="1999900001"/><name>LABORATOIRE DES ESSAIS</name>
</representedCustodianOrganization></assignedCustodian></custodian>
<legalAuthenticator><time value="20240312113000+0100"/><signatureCode code="S"/><assignedEntity>
<id root="1.2.250.1.71.4.2.1" extension="899900000017"/>
<assignedPerson><name><family>BIOLOG</family></name></assignedPerson>
</assignedEntity></legalAuthenticator>
<documentationOf><serviceEvent>
<effectiveTime><low value="20240312083000+0100"/></effectiveTime>
<performer typeCode="PRF"><assignedEntity><id root="1.2.250.1.71.4.2.1" extension="899900000017"/></assignedEntity></performer>
</serviceEvent></documentationOf>
<componentOf><encompassingEncounter><effectiveTime value="20240312"/>
<location><healthCareFacility><code code="SA25" codeSystem="1.2.250.1.71.4.2.4"/></healthCareFacility></location>
</encompassingEncounter></componentOf>
<component><structuredBody>
"""
_FOOT = "</structuredBody></component>\n</ClinicalDocument>\n"


def report(*sections: str) -> bytes:
    """A whole document."""
    return (_HEAD + "".join(f"<component>{section}</component>\n" for section in sections) + _FOOT).encode()


def _section(template: str, title: str | None, code: str, inside: tuple[str, ...], words: dict[str, str]) -> str:
    entitled = "" if title is None else f"<title>{escape(title)}</title>"
    narrative = "".join(f'<paragraph><content ID="{name}">{escape(said)}</content></paragraph>' for name, said in words.items())
    told = f"<text>{narrative}</text>" if words else ""
    parts = "".join(f"<component>{one}</component>" if one.startswith("<section") else one for one in inside)
    return f'<section><templateId root="{template}"/>{code}{entitled}{told}{parts}</section>'


def coded(tag: str, code: str | None = None, name: str | None = None, system: str = LOINC, inside: str = "", flavor: str = "") -> str:
    """An element of a coded type."""
    attributes = f" nullFlavor={quoteattr(flavor)}" if flavor else ""
    if code is not None:
        attributes += f" code={quoteattr(code)} codeSystem={quoteattr(system)}"
    if name is not None:
        attributes += f" displayName={quoteattr(name)}"
    return f"<{tag}{attributes}>{inside}</{tag}>"


def refers(name: str) -> str:
    """An original text that points into the narrative."""
    return f'<originalText><reference value="#{name}"/></originalText>'


def chapter(title: str | None, *inside: str, code: str = "", **words: str) -> str:
    """A laboratory chapter; `words`: its narrative, by ID. `inside`: sub-sections or entries."""
    return _section("1.3.6.1.4.1.19376.1.3.3.2.1", title, code, inside, words)


def sub_section(title: str | None, *inside: str, code: str = "", **words: str) -> str:
    return _section("1.3.6.1.4.1.19376.1.3.3.2.2", title, code, inside, words)


def plain_section(title: str | None, *inside: str, **words: str) -> str:
    """A section of any other kind."""
    return _section("1.3.6.1.4.1.19376.1.5.3.1.3.27", title, "", inside, words)


def entry(*inside: str, time: str = "") -> str:
    """The act that holds a chapter's batteries and results."""
    links = "".join(f'<entryRelationship typeCode="COMP">{one}</entryRelationship>' for one in inside)
    return (
        '<entry typeCode="DRIV"><templateId root="1.3.6.1.4.1.19376.1.3.1"/><act classCode="ACT" moodCode="EVN">'
        f'<code code="18719-5" codeSystem="{LOINC}" displayName="Biochimie"/><statusCode code="completed"/>{time}{links}</act></entry>'
    )


def battery(code: str, *inside: str, time: str = "") -> str:
    parts = "".join(f"<component>{one}</component>" for one in inside)
    return (
        '<organizer classCode="BATTERY" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.4"/>'
        f'{code}<statusCode code="completed"/>{time}{parts}</organizer>'
    )


def isolate(germ: str, *inside: str, time: str = "") -> str:
    """`germ`: the `code` element of the microorganism."""
    parts = "".join(f"<component>{one}</component>" for one in inside)
    return (
        '<organizer classCode="CLUSTER" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.5"/>'
        f'<statusCode code="completed"/>{time}<specimen typeCode="SPC"><specimenRole classCode="SPEC">'
        f'<specimenPlayingEntity classCode="MIC">{germ}</specimenPlayingEntity></specimenRole></specimen>{parts}</organizer>'
    )


def collection(specimen: str, time: str = "") -> str:
    """A specimen's collection; `specimen`: its `code` element."""
    return (
        '<procedure classCode="PROC" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.2"/>'
        f'<code code="9050" codeSystem="1.2.250.1.213.2.7" displayName="Ponction veineuse"/>{time}'
        f'<participant typeCode="PRD"><participantRole classCode="SPEC"><playingEntity>{specimen}</playingEntity></participantRole>'
        "</participant></procedure>"
    )


def when(value: str | None = None, **parts: str) -> str:
    """An effectiveTime: a value, or the parts of an interval."""
    if value is not None:
        return f'<effectiveTime value="{value}"/>'
    inside = "".join(f'<{name} value="{one}"/>' for name, one in parts.items())
    return f"<effectiveTime>{inside}</effectiveTime>"


def observation(code: str, *inside: str, time: str | None = None, status: str = "completed", laboratory: bool = True) -> str:
    """One observation; `inside`: what stands behind its time, in order: values, flags, methods, specimens, ranges, comments."""
    template = f'<templateId root="{LABORATORY}"/>' if laboratory else ""
    time = when(DATE) if time is None else time
    told = f'<statusCode code="{status}"/>' if status else ""
    return f'<observation classCode="OBS" moodCode="EVN">{template}{code}{told}{time}{"".join(inside)}</observation>'


def value(kind: str | None, inside: str = "", **attributes: str) -> str:
    """A value of that xsi:type, or of none."""
    typed = "" if kind is None else f" xsi:type={quoteattr(kind)}"
    return f"<value{typed}{''.join(f' {name}={quoteattr(one)}' for name, one in attributes.items())}>{inside}</value>"


def pq(amount: str, unit: str | None = None, inside: str = "") -> str:
    return value("PQ", inside, value=amount) if unit is None else value("PQ", inside, value=amount, unit=unit)


def flag(code: str) -> str:
    return f'<interpretationCode code="{code}" codeSystem="2.16.840.1.113883.5.83"/>'


def between(low: str, high: str, unit: str, kind: str = "N", text: str = "") -> str:
    """A referenceRange with two bounds."""
    return reference(
        (f"<text>{escape(text)}</text>" if text else "") + value("IVL_PQ", bound("low", low, unit) + bound("high", high, unit)), kind
    )


def bound(side: str, amount: str, unit: str, inside: str = "", **attributes: str) -> str:
    more = "".join(f' {name}="{one}"' for name, one in attributes.items())
    return f'<{side} value="{amount}" unit="{unit}"{more}>{inside}</{side}>'


def reference(inside: str, kind: str = "N") -> str:
    """A referenceRange with what its observationRange holds."""
    told = flag(kind) if kind else ""
    return f'<referenceRange typeCode="REFV"><observationRange>{inside}{told}</observationRange></referenceRange>'


def comment(inside: str, link: str = "SUBJ") -> str:
    """`inside`: words, or a reference element."""
    return (
        f'<entryRelationship typeCode="{link}"><act classCode="ACT" moodCode="EVN">'
        '<templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.2"/><code code="48767-8" codeSystem="2.16.840.1.113883.6.1"/>'
        f'<text>{inside}</text><statusCode code="completed"/></act></entryRelationship>'
    )


def quoted(*observations: str) -> str:
    """Earlier results under a new one."""
    return "".join(f'<entryRelationship typeCode="REFR">{one}</entryRelationship>' for one in observations)
