"""The header of a CDA document: what it is, whom it is about, who wrote it and for whom (CI-SIS structuration minimale, formats.md 2.3).

Everything is found by its kind (root OID, qualifier, type code), never by its place. What has a nullFlavor is absent.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator

from vaguemestre.domain.person import INS_NIA, INS_NIR, INS_OIDS, TEST_OIDS, ins_key_valid, matricule
from vaguemestre.domain.reading import Coded, Ins, LocalId, Party, StatedPatient, Warning
from vaguemestre.formats.cda_values import moment
from vaguemestre.formats.safe_xml import Element

V3 = "{urn:hl7-org:v3}"
MAX_IDS = 20
MAX_PARTIES = 50
MAX_NAMES = 20
MAX_LENGTH = 500
"""Characters of one fact: a longer name or title is cut."""

_PROFESSIONAL = "1.2.250.1.71.4.2.1"
_STRUCTURE = "1.2.250.1.71.4.2.2"
_NATIONAL = {
    _PROFESSIONAL: re.compile(r"8([0-9]{11})|0([0-9]{9})", re.ASCII),
    _STRUCTURE: re.compile(r"1([0-9]{9}|2[AB][0-9]{7})|2([0-9]{9})|3([0-9]{14})", re.ASCII),
}
"""Type digit, then RPPS or ADELI; FINESS, SIREN or SIRET. Internal numbers (types 3 to 6) stay as written."""
_SEXES = {"M": "M", "F": "F", "U": "U", "UN": "U", "UNK": "U", "I": "U", "O": "U"}
_PLACE = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)
_INS_ORDER = (INS_NIR, INS_NIA, *sorted(TEST_OIDS))
_SEVERAL_TARGETS = Warning("several-patients", "The document names more than one patient: the first is shown.")
_SEVERAL_INS = Warning("several-patients", "The document bears several national identifiers of one kind.")
_BAD_KEY = Warning("bad-ins-key", "The national identifier in the document has a wrong key.")
_BAD_VERSION = Warning("malformed", "The version of the document is no whole number: whether it replaces another is not known by it.")
_MOST_DIGITS = 100
_INT = re.compile(rf"([+-]?[0-9]{{1,{_MOST_DIGITS}}})(?:\.0{{1,9}})?", re.ASCII)
_TEST = Warning("test-identity", "The document bears a test or demo identity.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Header:
    """The facts of a header, by the names of the public contract."""

    type: Coded | None
    title: str | None
    date: str | None
    id: str | None
    set_id: str | None
    version: int | None
    replaces: str | None
    confidentiality: tuple[str, ...]
    patient: StatedPatient | None
    author: Party | None
    recipients: tuple[Party, ...]
    warnings: tuple[Warning, ...]


def read(root: Element, names_guessed: bool = False) -> Header:
    """The header of a ClinicalDocument element. `names_guessed`: its encoding was a guess. Raises nothing."""
    parts: dict[str, list[Element]] = {}
    for child in root:
        if child.tag != f"{V3}component":
            parts.setdefault(child.tag, []).append(child)

    def all_(name: str) -> list[Element]:
        return parts.get(V3 + name, [])

    kind = next(filter(None, map(coded, all_("code"))), None)
    title = next(filter(None, map(words, all_("title"))), None)
    patient, warnings = _patient(all_("recordTarget"))
    version, wrong = _version(all_("versionNumber"))
    if patient is not None and names_guessed:
        patient = dataclasses.replace(patient, names_guessed=True)
    return Header(
        type=kind,
        title=title or (kind.label if kind is not None else None),
        date=next(filter(None, map(_time, all_("effectiveTime"))), None),
        id=next(filter(None, map(_joined, all_("id"))), None),
        set_id=next(filter(None, map(_joined, all_("setId"))), None),
        version=version,
        replaces=_replaced(all_("relatedDocument")),
        confidentiality=tuple(dict.fromkeys(filter(None, (_attribute(one, "code") for one in all_("confidentialityCode")[:MAX_IDS])))),
        patient=patient,
        author=_author(all_("author")[:MAX_PARTIES]),
        recipients=_recipients(all_("informationRecipient")),
        warnings=(*warnings, *wrong),
    )


def coded(element: Element | None) -> Coded | None:
    """A code with its system and label; None where it says nothing. The label may only be in its originalText."""
    if element is None:
        return None
    code, label = _attribute(element, "code"), _attribute(element, "displayName")
    if label is None and len(element):
        label = words(element.find(f"{V3}originalText"))
    return Coded(code, _attribute(element, "codeSystem"), label) if code or label else None


def words(element: Element | None) -> str | None:
    """The words of an element on one line, None where there are none."""
    if element is None:
        return None
    text = element.text if not len(element) else "".join(_pieces(element))
    return _line(text)


def _pieces(element: Element) -> Iterator[str]:
    room = 4 * MAX_LENGTH
    for piece in map(str, element.itertext()):
        yield piece[:room]
        room -= len(piece)
        if room <= 0:
            return


def _line(text: str | None) -> str | None:
    return " ".join(text[: 4 * MAX_LENGTH].split())[:MAX_LENGTH] or None if text else None


def _attribute(element: Element, name: str) -> str | None:
    value = element.get(name)
    return value[:MAX_LENGTH].strip() or None if value else None


def _time(element: Element) -> str | None:
    return moment(element.get("value"))


def _whole(element: Element) -> int | None:
    """A version: an INT, however long (some number their versions by the second), zeros before it or after its point left out."""
    found = _INT.fullmatch((element.get("value") or "").strip()[: 2 * _MOST_DIGITS])
    return int(found[1]) if found is not None else None


def _version(elements: list[Element]) -> tuple[int | None, tuple[Warning, ...]]:
    """The version, and what is wrong where one is told and is none."""
    version = next((n for n in map(_whole, elements) if n is not None), None)
    doubtful = version is None and any((one.get("value") or "").strip() for one in elements)
    return version, (_BAD_VERSION,) if doubtful else ()


def _joined(element: Element) -> str | None:
    """root, or root^extension."""
    root, extension = _attribute(element, "root"), _attribute(element, "extension")
    if root and extension:
        return f"{root}^{extension}"
    return root or extension


def _replaced(related: Iterable[Element]) -> str | None:
    """The id of the document that this one replaces (typeCode RPLC)."""
    for one in related:
        if (one.get("typeCode") or "").strip().upper() == "RPLC":
            for parent in one.iterfind(f"{V3}parentDocument/{V3}id"):
                found = _joined(parent)
                if found:
                    return found
    return None


def _patient(targets: list[Element]) -> tuple[StatedPatient | None, tuple[Warning, ...]]:
    warnings = [_SEVERAL_TARGETS] if len(targets) > 1 else []
    if not targets:
        return None, ()
    roles = targets[0].findall(f"{V3}patientRole")
    if not roles:
        return None, tuple(warnings)
    people = roles[0].findall(f"{V3}patient")
    if (len(roles) > 1 or len(people) > 1) and not warnings:
        warnings.append(_SEVERAL_TARGETS)
    ins, others = _identifiers(roles[0].findall(f"{V3}id"), warnings)
    facts: dict[str, list[Element]] = {}
    for child in people[0] if people else ():
        facts.setdefault(child.tag, []).append(child)
    birth, used, unqualified, given, first = _names(facts.get(f"{V3}name", []))
    patient = StatedPatient(
        ins=ins,
        birth_name=birth,
        used_name=used,
        names_unqualified=unqualified,
        given_names=given,
        first_given_name=first,
        birth_date=next(filter(None, map(_time, facts.get(f"{V3}birthTime", []))), None),
        sex=next(filter(None, map(_sex, facts.get(f"{V3}administrativeGenderCode", []))), None),
        birth_place_code=_birth_place(facts.get(f"{V3}birthplace", [])),
        local_ids=others,
    )
    return (None if patient == StatedPatient() else patient), tuple(warnings)


def _identifiers(elements: list[Element], warnings: list[Warning]) -> tuple[Ins | None, tuple[LocalId, ...]]:
    """The national identifier, wherever it stands, and the others. A real one comes before a test's."""
    found: dict[Ins, None] = {}
    others: dict[LocalId, None] = {}
    misshapen = False
    for element in elements:
        root, value = _attribute(element, "root"), _attribute(element, "extension")
        if not value and root not in INS_OIDS and element.get("nullFlavor") is None:
            value, root = root, None
        if not value:
            continue
        plain = matricule(value) if root in INS_OIDS else ""
        if root and len(plain) == 15:
            found[Ins(plain, root)] = None
        else:
            misshapen |= root in INS_OIDS
            if len(others) < MAX_IDS:
                others[LocalId(value, root)] = None
    ordered = sorted(found, key=lambda ins: _INS_ORDER.index(ins.oid))
    if len({ins.oid for ins in ordered}) < len(ordered) and _SEVERAL_TARGETS not in warnings:
        warnings.append(_SEVERAL_INS)
    if misshapen or any(not ins_key_valid(ins.value) for ins in ordered):
        warnings.append(_BAD_KEY)
    if any(ins.oid in TEST_OIDS for ins in ordered):
        warnings.append(_TEST)
    return (ordered[0] if ordered else None), tuple(others)


def _names(names: Iterable[Element]) -> tuple[str | None, str | None, tuple[str, ...], tuple[str, ...], str | None]:
    """(birth name, used name, names of a kind not told, given names, first given name).

    `BR` is of birth, `CL` used, `SP` the used name of older documents. Given names without qualifier are the list at birth, in one element
    or several; where there is none, the given names of birth are what is listed. A used given name has no place in the reading."""
    families: dict[str, str] = {}
    unqualified: list[str] = []
    listed: list[str] = []
    first: list[str] = []
    for name in names:
        for part in name:
            text = words(part)
            if text is None:
                continue
            kinds = (part.get("qualifier") or "").upper().split()
            if part.tag == f"{V3}family":
                told = [kind for kind in kinds if kind in {"BR", "CL", "SP"}]
                for kind in told:
                    families.setdefault(kind, text)
                if not told and text not in unqualified and len(unqualified) < MAX_NAMES:
                    unqualified.append(text)
            elif part.tag == f"{V3}given" and len(listed) + len(first) < MAX_NAMES:
                if not kinds:
                    listed.append(text)
                elif "BR" in kinds:
                    first.append(text)
    given = [word for text in (listed or first) for word in text.replace(",", " ").split()][:MAX_NAMES]
    told_first = first[0] if first else None
    if told_first is None and listed and (len(listed) > 1 or len(given) == 1):
        told_first = listed[0]
    return families.get("BR"), families.get("CL") or families.get("SP"), tuple(unqualified), tuple(given), told_first


def _sex(element: Element) -> str | None:
    return _SEXES.get((element.get("code") or "").strip().upper())


def _birth_place(elements: Iterable[Element]) -> str | None:
    """The INSEE code of the place of birth, in addr/county."""
    for element in elements:
        for county in element.iterfind(f"{V3}place/{V3}addr/{V3}county"):
            code = (words(county) or "").upper()
            if _PLACE.fullmatch(code):
                return code
    return None


def person(name: Element | None) -> str | None:
    """A professional's name as people say it: given then family name, whichever is written first; titles are left out."""
    if name is None:
        return None
    given = [words(part) for part in name.iterfind(f"{V3}given")]
    family = [words(part) for part in name.iterfind(f"{V3}family")]
    told = [text for text in (*given, *family) if text and any(map(str.isalnum, text))]
    return " ".join(told)[:MAX_LENGTH] if told else words(name) if not len(name) else None


def _national(elements: Iterable[Element], oid: str) -> str | None:
    """The national number, without its type digit, else the first other identifier."""
    other = None
    for element in elements:
        value = _attribute(element, "extension")
        if element.get("root") == oid and value:
            found = _NATIONAL[oid].fullmatch(value)
            return next(filter(None, found.groups())) if found else value
        other = other or value or _attribute(element, "root")
    return other


def _party(role: Element, someone: Element | None, organization: Element | None, device: str | None = None) -> Party | None:
    name = person(someone.find(f"{V3}name")) if someone is not None else None
    called = number = None
    if organization is not None:
        called, number = words(organization.find(f"{V3}name")), _national(organization.iterfind(f"{V3}id"), _STRUCTURE)
    party = Party(
        name=name or device,
        id=_national(role.iterfind(f"{V3}id"), _PROFESSIONAL),
        organization=called,
        organization_id=number,
        specialty=coded(role.find(f"{V3}code")),
    )
    return None if party == Party() else party


def _author(authors: list[Element]) -> Party | None:
    """The first author who is a person, else the first one: a device."""
    roles = [role for author in authors for role in author.iterfind(f"{V3}assignedAuthor")]
    roles.sort(key=lambda role: role.find(f"{V3}assignedPerson") is None)
    for role in roles:
        device = role.find(f"{V3}assignedAuthoringDevice")
        called = None
        if device is not None:
            model, software = words(device.find(f"{V3}manufacturerModelName")), words(device.find(f"{V3}softwareName"))
            called = " ".join(dict.fromkeys(text for text in (model, software) if text)) or None
        found = _party(role, role.find(f"{V3}assignedPerson"), role.find(f"{V3}representedOrganization"), called)
        if found is not None:
            return found
    return None


def _recipients(elements: list[Element]) -> tuple[Party, ...]:
    """The intended recipients, primary ones (PRCP, which is also the default) before copies (TRC)."""
    ordered = sorted(elements[:MAX_PARTIES], key=lambda one: (one.get("typeCode") or "PRCP").strip() != "PRCP")
    found = []
    for element in ordered:
        for role in element.iterfind(f"{V3}intendedRecipient"):
            party = _party(role, role.find(f"{V3}informationRecipient"), role.find(f"{V3}receivedOrganization"))
            if party is not None:
                found.append(party)
    return tuple(found[:MAX_PARTIES])
