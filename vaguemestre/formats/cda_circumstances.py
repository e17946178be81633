"""What surrounds a CDA document, in French: the act it reports, the stay, those who took part, who signed it, what it answers (CI-SIS
structuration minimale; formats.md 2.3).

Two lists of facts. `opening` is what a letter opens with: the acts and the stay. `about` is what a reader looks up: the general
practitioner, the prescriber, the person of trust, the signature, the numbers of orders and studies. Author and recipients are facts of the
header (`cda_header`). What has a nullFlavor is absent, and what another fact says is not said again.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from html import escape

from vaguemestre.formats import cda_times
from vaguemestre.formats.cda_header import MAX_LENGTH, MAX_PARTIES, V3, Header, coded, person, words
from vaguemestre.formats.cda_values import moment
from vaguemestre.formats.safe_xml import Element

MOST_FACTS = 60
"""Of each list."""

_CCAM = frozenset({"1.2.250.1.213.2.5", "1.2.250.1.215.300.1"})
_DICOM = "1.2.840.10008.2.16.4"
_GENERAL_PRACTITIONER = "Médecin traitant"
_TYPES = {
    "REF": "Prescripteur",
    "REFB": "Demandeur",
    "REFT": "Adressé à",
    "RESP": "Responsable",
    "VRF": "Vérificateur",
    "CON": "Correspondant",
    "DIST": "Remis par",
    "TRC": "Copie à",
    "INF": "Informateur",
}
"""Of participations whose function does not say more."""
_RELATIONS = {
    "NOK": "Personne de confiance",
    "ECON": "Personne à prévenir",
    "CAREGIVER": "Aidant",
    "GUARD": "Représentant légal",
    "GUAR": "Garant",
    "PRS": "Proche",
    "PAT": "Informateur",
    "CON": "Contact",
}
_STAYS = frozenset({"IMP", "ACUTE", "NONAC", "SS", "OBSENC"})
_TYPES_THAT_SAY_MORE = frozenset({"REF", "REFB", "REFT", "VRF", "DIST"})
"""Than a function such as "member of the care team"."""
_BLANKS = re.compile(r"[\s.]+")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Circumstances:
    """Facts in order: what it is, then its words, of which a term may have several."""

    opening: tuple[tuple[str, str], ...] = ()
    about: tuple[tuple[str, str], ...] = ()

    @property
    def html(self) -> str:
        """Both as lists of terms, before the narrative's HTML; "" where there is nothing."""
        return _listed("opening", self.opening) + _listed("about", self.about)


def _listed(name: str, facts: tuple[tuple[str, str], ...]) -> str:
    if not facts:
        return ""
    marks: list[str] = []
    last = None
    for term, told in facts:
        if term != last:
            marks.append(f"<dt>{escape(term, quote=False)}</dt>")
        last = term
        marks.append(f"<dd>{escape(told, quote=False)}</dd>")
    return f'<dl class="{name}">{"".join(marks)}</dl>'


def read(root: Element, header: Header) -> Circumstances:
    """Of a ClinicalDocument element and its header. Raises nothing."""
    parts: dict[str, list[Element]] = {}
    for child in root:
        if child.tag != f"{V3}component":
            parts.setdefault(child.tag.removeprefix(V3) if isinstance(child.tag, str) else "", []).append(child)
    events = [event for one in parts.get("documentationOf", ())[:MAX_PARTIES] for event in one.iterfind(f"{V3}serviceEvent")]
    stays = [stay for one in parts.get("componentOf", ())[:MAX_PARTIES] for stay in one.iterfind(f"{V3}encompassingEncounter")]
    people = _People()
    opening = _acts(events, header, people)
    about: list[tuple[str, str]] = []
    for stay in stays:
        term, told, opens = _stay(stay, header)
        if told:
            (opening if opens else about).append((term, told))
    about += people.all(parts, stays)
    about += _numbers(parts, events)
    return Circumstances(_once(opening), _once(about))


def _once(facts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Each once, those of one term together at its first place."""
    ordered: dict[str, dict[str, None]] = {}
    for term, told in facts:
        ordered.setdefault(term, {})[told] = None
    return tuple((term, told) for term, all_ in ordered.items() for told in all_)[:MOST_FACTS]


def _joined(*parts: str | None, by: str = ", ") -> str:
    return by.join(dict.fromkeys(filter(None, parts)))[: 2 * MAX_LENGTH]


def _plain(text: str | None) -> str:
    return _BLANKS.sub(" ", text or "").strip().casefold()


# acts and stays


def _acts(events: list[Element], header: Header, people: _People) -> list[tuple[str, str]]:
    """What was done, when and by whom. That it was done by the author, or that the document is what it is, is not news."""
    found: list[tuple[str, str]] = []
    author = header.author.name if header.author is not None else None
    known = {_plain(header.title), _plain(header.type.label if header.type is not None else None)}
    for event in events:
        label = _act(event.find(f"{V3}code"))
        when = cda_times.of(event.find(f"{V3}effectiveTime"), since="le", until="le")
        who = [people.told(role) for role in event.iterfind(f"{V3}performer/{V3}assignedEntity")]
        by = _joined(*(one for one in who[:MAX_PARTIES] if one and not _is(one, author)), by=" ; ")
        if (label is None or _plain(label) in known) and not by and _same_day(when, header.date):
            continue
        told = _joined(label, when, f"par {by}" if by else None)
        if told:
            found.append(("Mention" if event.get("classCode") == "INFO" else "Acte", told))
    return found


def _act(code: Element | None) -> str | None:
    """Its name in the French nomenclature where it has one, then the others: what it is elsewhere called, by what means, on what region."""
    if code is None:
        return None
    names: list[str | None] = []
    for one in (code, *code.iterfind(f"{V3}translation")):
        told = coded(one)
        if told is None or told.label is None:
            continue
        if told.system in _CCAM:
            names.insert(0, told.label)
        else:
            names.append(told.label)
    first, *rest = dict.fromkeys(names) or (None,)
    return f"{first} ({', '.join(filter(None, rest))})" if rest else first


def _same_day(when: str | None, date: str | None) -> bool:
    told = cda_times.day(date)
    return when is None or (told is not None and when.startswith(f"le {told}"))


def _stay(stay: Element, header: Header) -> tuple[str, str, bool]:
    """(what it is called, its words, whether a letter opens with it): a stay does, a visit of the same day in the same place does not."""
    kind = coded(stay.find(f"{V3}code"))
    time = stay.find(f"{V3}effectiveTime")
    days = {cda_times.day(moment(one.get("value"))) for one in time} - {None} if time is not None else set()
    in_hospital = (kind is not None and kind.code in _STAYS) or len(days) > 1
    when = cda_times.of(time) if in_hospital else cda_times.of(time, since="le", until="le")
    places: list[str | None] = []
    for facility in stay.iterfind(f"{V3}location/{V3}healthCareFacility"):
        places += [words(facility.find(f"{V3}location/{V3}name")), words(facility.find(f"{V3}serviceProviderOrganization/{V3}name"))]
        sort = coded(facility.find(f"{V3}code"))
        places.append(sort.label if sort is not None else None)
    label = kind.label if kind is not None else None
    told = _joined(label, when, *places)
    if not in_hospital and not any(places) and label is None and _same_day(when, header.date):
        told = ""
    return "Séjour" if in_hospital else "Prise en charge", told, in_hospital


# people


class _People:
    """Who took part. One who is told in full is afterwards told by name."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def all(self, parts: dict[str, list[Element]], stays: list[Element]) -> list[tuple[str, str]]:
        """Those of the header but the author and the recipients; the general practitioner, whom a reader looks for, first."""
        participants = sorted(parts.get("participant", ())[:MAX_PARTIES], key=lambda one: not _is_general_practitioner(one))
        informants = parts.get("informant", ())[:MAX_PARTIES]
        found = [fact for one in participants for fact in self._participant(one)]
        found += _relatives(informants)
        found += self._named("Informateur", (role for one in informants for role in one.iterfind(f"{V3}assignedEntity")))
        for stay in stays:
            for path, term in (("responsibleParty", "Responsable de la prise en charge"), ("encounterParticipant", "Intervenant")):
                found += self._named(term, stay.iterfind(f"{V3}{path}/{V3}assignedEntity"))
        authors = [role for one in parts.get("author", ())[:MAX_PARTIES] for role in one.iterfind(f"{V3}assignedAuthor")]
        found += self._named("Autre auteur", [role for role in authors if role.find(f"{V3}assignedPerson") is not None][1:])
        for name, term in (("dataEnterer", "Saisi par"), ("authenticator", "Validé par"), ("legalAuthenticator", "Signé par")):
            for one in parts.get(name, ())[:MAX_PARTIES]:
                when = cda_times.of(one.find(f"{V3}time"))
                found += [(who, _joined(told, when)) for who, told in self._named(term, one.iterfind(f"{V3}assignedEntity"))]
        return found

    def told(self, role: Element) -> str | None:
        """A professional: name, specialty, structure, telephone."""
        name = specialty = structure = None
        for child in role:
            if child.tag in (f"{V3}assignedPerson", f"{V3}associatedPerson"):
                name = name or person(child.find(f"{V3}name"))
            elif child.tag == f"{V3}code" and specialty is None:
                told = coded(child)
                specialty = told.label if told is not None else None
            elif child.tag in (f"{V3}representedOrganization", f"{V3}scopingOrganization"):
                structure = structure or words(child.find(f"{V3}name"))
        if name is None and structure is None:
            return None
        whole = _joined(name, specialty, structure, _phones(role))
        if name is not None and whole in self._known:
            return name
        self._known.add(whole)
        return whole

    def _named(self, term: str, roles: Iterable[Element]) -> Iterator[tuple[str, str]]:
        return ((term, told) for told in map(self.told, roles) if told)

    def _participant(self, one: Element) -> Iterator[tuple[str, str]]:
        function = one.find(f"{V3}functionCode")
        code = coded(function)
        remark = words(function.find(f"{V3}originalText")) if function is not None else None
        label = code.label if code is not None and code.code is not None else None
        kind = (one.get("typeCode") or "").strip().upper()
        term = _TYPES.get(kind)
        if _is_general_practitioner(one):
            term = _GENERAL_PRACTITIONER
        elif label and (term is None or kind not in _TYPES_THAT_SAY_MORE):
            term = label
        told = _joined(*(self.told(role) for role in one.iterfind(f"{V3}associatedEntity")), by=" ; ")
        when = cda_times.of(one.find(f"{V3}time"), since="le", until="le")
        if told or remark:
            yield term or "Intervenant", _joined(told, remark if remark != label else None, when)


def _is_general_practitioner(participant: Element) -> bool:
    function = participant.find(f"{V3}functionCode")
    return function is not None and function.get("code") == "PCP"


def _relatives(elements: Iterable[Element]) -> Iterator[tuple[str, str]]:
    """Those around the patient; one who is both of trust and to be told is one person."""
    roles: dict[str, dict[str, None]] = {}
    for one in elements:
        for role in one.iterfind(f"{V3}relatedEntity"):
            kind = coded(role.find(f"{V3}code"))
            name, phones = person(role.find(f"{V3}relatedPerson/{V3}name")), _phones(role)
            link = kind.label if kind is not None else None
            if name or phones:
                told = _joined(f"{name} ({link})" if name and link else name or link, phones)
                term = _RELATIONS.get((role.get("classCode") or "").strip().upper(), "Proche")
                roles.setdefault(told, {})[term] = None
    for told, terms in roles.items():
        first, *rest = terms
        yield ", ".join((first, *(term.lower() for term in rest))), told


def _phones(role: Element) -> str | None:
    """The telephone numbers, grouped by two as they are said in France."""
    found: dict[str, None] = {}
    for one in role.iterfind(f"{V3}telecom"):
        scheme, _, number = (one.get("value") or "")[:MAX_LENGTH].strip().partition(":")
        if scheme.lower() == "tel" and number.strip():
            plain = "".join(number.split()).replace(".", "")
            if len(plain) == 10 and plain.isascii() and plain.isdigit():
                number = "\u00a0".join(plain[place : place + 2] for place in range(0, 10, 2))
            found[number.strip()] = None
    return f"tél.\u00a0{', '.join(list(found)[:4])}" if found else None


def _is(told: str, name: str | None) -> bool:
    return name is not None and told.partition(",")[0] == name


# numbers


def _numbers(parts: dict[str, list[Element]], events: list[Element]) -> Iterator[tuple[str, str]]:
    """Of the orders that are answered, of the studies in images; consents."""
    for one in parts.get("inFulfillmentOf", ())[:MAX_PARTIES]:
        for number in one.iterfind(f"{V3}order/*"):
            name = str(number.tag).rpartition("}")[2]
            told = (number.get("extension") or "").strip()[:MAX_LENGTH]
            if told and name in {"id", "accessionNumber"}:
                yield "Numéro de la demande" if name == "id" else "Numéro de l'examen (accession)", told
    for event in events:
        if any(code.get("codeSystem") == _DICOM for code in event.iterfind(f"{V3}code/{V3}translation")):
            roots = ((one.get("root") or "").strip()[:MAX_LENGTH] for one in event.iterfind(f"{V3}id"))
            yield from (("Étude DICOM", root) for root in roots if root)
    for one in parts.get("authorization", ())[:MAX_PARTIES]:
        for code in one.iterfind(f"{V3}consent/{V3}code"):
            told_code = coded(code)
            if told_code is not None and told_code.label is not None:
                yield "Consentement", told_code.label
