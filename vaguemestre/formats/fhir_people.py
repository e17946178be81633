"""Who a FHIR file names: the patient, by the fields of a Patient alone, and the professionals and structures around.

FHIR R4, 8.1 (Patient), 8.4 to 8.6; FR Core of Interop'Santé (`fr-core-patient-ins`: identifiers by the OIDs of formats.md 2.3, the name
of use `official` is that of birth, the list of given names at birth and the place of birth are extensions). No name of a patient is ever
taken from the words that a reference displays, which are only held against whom it is to. What is `old`, or whose period has ended, is no
trait of today.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence

from vaguemestre.domain.person import INS_NIA, INS_NIR, INS_OIDS, TEST_OIDS, comparison, ins_key_valid, matricule, solid
from vaguemestre.domain.reading import Coded, Ins, LocalId, Party, StatedPatient, Warning
from vaguemestre.formats.cda_values import moment
from vaguemestre.formats.fhir_graph import Graph, Node, Resource
from vaguemestre.formats.fhir_values import codings, label, oid

MAX_IDS = 20
MAX_NAMES = 20
MAX_HOPS = 4
"""Steps from a reference to a person: a role, its practitioner."""

_INS_ORDER = (INS_NIR, INS_NIA, *sorted(TEST_OIDS))
_LETTERS = re.compile(r"[^\W\d_]+")
_SEXES = {"male": "M", "female": "F", "other": "U", "unknown": "U"}
_PLACE = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)
_FORMER = frozenset({"old", "nickname", "anonymous", "temp"})
_PROFESSIONAL, _STRUCTURE = "1.2.250.1.71.4.2.1", "1.2.250.1.71.4.2.2"
_NATIONAL = {
    _PROFESSIONAL: re.compile(r"8([0-9]{11})|0([0-9]{9})", re.ASCII),
    _STRUCTURE: re.compile(r"1([0-9]{9}|2[AB][0-9]{7})|2([0-9]{9})|3([0-9]{14})", re.ASCII),
}
_NATIONAL_NAMES = {_PROFESSIONAL: ("rpps", "adeli"), _STRUCTURE: ("finess", "siret", "siren")}
"""Words in the address of a system, or codes of an identifier's type, under which the same numbers go without their type digit."""
_BAD_KEY = Warning("bad-ins-key", "The national identifier in the document has a wrong key.")
_SEVERAL_INS = Warning("several-patients", "The document bears several national identifiers of one kind.")
_TEST = Warning("test-identity", "The document bears a test or demo identity.")
_DOUBTFUL = Warning("patient-mismatch", "The sender says that the identity of the patient is doubtful.")
_SEVERAL_NAMES = Warning("several-patients", "The patient bears several names of one kind: the first is read.")
_OTHERWISE = Warning("several-patients", "A reference to the patient names somebody else.")
_UNUSED = Warning("patient-mismatch", "The sender says that the record of the patient is no longer in use, or changes its sense.")
_NO_NAME = frozenset({"PATIENT", "PATIENTE", "MONSIEUR", "MADAME", "MADEMOISELLE", "MLLE", "MME", "MR", "LE", "LA", "NE", "NEE"})
_MERGED = Warning("several-patients", "The sender says that the record of the patient was replaced by another.")


def patient(resource: Resource, warnings: dict[Warning, None]) -> StatedPatient | None:
    """The traits of a Patient resource, None where it tells none."""
    ins, others = _identifiers(resource.all("identifier"), warnings)
    birth, used, unqualified, given, first = _names(resource.all("name"))
    stated = StatedPatient(
        ins=ins,
        birth_name=birth,
        used_name=used,
        names_unqualified=unqualified,
        given_names=given,
        first_given_name=first,
        birth_date=_birth_date(resource),
        sex=_SEXES.get((resource.text("gender") or "").lower()),
        birth_place_code=_birth_place(resource),
        local_ids=others,
    )
    if _two_names(resource.all("name")):
        warnings[_SEVERAL_NAMES] = None
    _doubts(resource, warnings)
    return None if stated == StatedPatient() else stated


def named(reference: Node, warnings: dict[Warning, None]) -> StatedPatient | None:
    """Whom a reference names by an identifier alone (FHIR R4, 2.3.0.4 "Logical references")."""
    ins, others = _identifiers(reference.all("identifier"), warnings)
    return StatedPatient(ins=ins, local_ids=others) if ins is not None or others else None


def referred(stated: StatedPatient | None, reference: Node, warnings: dict[Warning, None]) -> StatedPatient | None:
    """Whom a reference is to, held against what it says beside its address: an identifier, or the name that it displays. Its INS is that of
    the patient where the Patient bears none, so that it is weighed."""
    if stated is None or not (reference.all("identifier") or reference.texts("display")):
        return stated
    ins, others = _identifiers(reference.all("identifier"), warnings)
    known = {one.oid for one in stated.local_ids}
    if (ins and stated.ins and ins != stated.ins) or any(one.oid in known and one not in stated.local_ids for one in others):
        warnings[_OTHERWISE] = None
    if _displays_another(reference.text("display") or "", stated):
        warnings[_OTHERWISE] = None
    return stated if ins is None or stated.ins is not None else dataclasses.replace(stated, ins=ins)


def _displays_another(display: str, stated: StatedPatient) -> bool:
    """Whether words name somebody: neither a family nor a given name of the patient, or a family name beside none of the given ones."""
    words = {word for word in _LETTERS.findall(comparison(display)) if len(word) > 1} - _NO_NAME
    families = _words(stated.birth_name, stated.used_name, *stated.names_unqualified)
    given = _words(stated.first_given_name, *stated.given_names)
    if not words or not families or not given:
        return False
    return words.isdisjoint(families | given) or bool(words - families and words.isdisjoint(given))


def _words(*names: str | None) -> set[str]:
    return {word for name in names if name for word in _LETTERS.findall(comparison(name))}


def _two_names(all_: Sequence[Node]) -> bool:
    """Whether two names of one kind, or the given names of two that both are of birth, are not the same: two persons, perhaps."""
    families: dict[str, set[str]] = {}
    firsts: set[str] = set()
    for name in all_[:MAX_NAMES]:
        use = (name.text("use") or "").lower()
        if not _is_of_today(name) and use != "maiden":
            continue
        use = use if use in {"official", "usual", "maiden"} else ""
        families.setdefault(use, set()).add(solid(name.text("family") or ""))
        if use != "usual":
            firsts |= {solid(given) for given in name.texts("given")[:1]}
    return any(len(told - {""}) > 1 for told in (*families.values(), firsts))


def _is_of_today(node: Node) -> bool:
    return (node.text("use") or "").lower() not in _FORMER and not node.one("period").texts("end")


def _birth_date(resource: Resource) -> str | None:
    """A date has no time; one with a time is not taken for it."""
    told = moment(resource.text("birthDate"))
    return told if told is not None and len(told) <= 10 else None


def _identifiers(told: Sequence[Node], warnings: dict[Warning, None]) -> tuple[Ins | None, tuple[LocalId, ...]]:
    """The national identifier, wherever it stands, by its OID; and the others. A real one comes before a test's."""
    found: dict[Ins, None] = {}
    others: dict[LocalId, None] = {}
    misshapen = False
    for one in told:
        value, root = one.text("value"), oid(one.text("system"))
        if value is None or not _is_of_today(one):
            continue
        plain = matricule(value) if root in INS_OIDS else ""
        if root and len(plain) == 15:
            found[Ins(plain, root)] = None
            continue
        misshapen |= root in INS_OIDS
        if len(others) < MAX_IDS:
            others[LocalId(value, root or one.text("system"))] = None
    ordered = sorted(found, key=lambda ins: _INS_ORDER.index(ins.oid))
    if len({ins.oid for ins in ordered}) < len(ordered):
        warnings[_SEVERAL_INS] = None
    if misshapen or any(not ins_key_valid(ins.value) for ins in ordered):
        warnings[_BAD_KEY] = None
    if any(ins.oid in TEST_OIDS for ins in ordered):
        warnings[_TEST] = None
    return (ordered[0] if ordered else None), tuple(others)


_Names = tuple[str | None, str | None, tuple[str, ...], tuple[str, ...], str | None]


def _names(all_: Sequence[Node]) -> _Names:
    """(birth name, used name, names of a kind not told, given names at birth, first given name).

    `official` is the civil status' as FR Core has it, unless a `maiden` name beside it says otherwise: then it is that in use. The given
    names of a name in use have no place in the reading."""
    families: dict[str, str] = {}
    unqualified: list[str] = []
    of_birth: dict[str, tuple[list[str], list[str]]] = {}
    for name in all_[:MAX_NAMES]:
        if not _is_of_today(name) and name.text("use") != "maiden":
            continue
        use = (name.text("use") or "").lower()
        use = use if use in {"official", "usual", "maiden"} else ""
        family, given = name.text("family"), name.texts("given")[:MAX_NAMES]
        if family and use:
            families.setdefault(use, family)
        elif family and family not in unqualified:
            unqualified.append(family)
        if use != "usual" and (given or name.all("extension")):
            listed = name.extension("fr-core-patient-birth-list-given-name", "frcorepatientbirthlistgivenname").text("valueString")
            of_birth.setdefault(use, (listed.replace(",", " ").split() if listed else [], given))
    birth, used = families.get("maiden"), families.get("usual")
    official = families.get("official")
    if birth is None:
        birth = official
    elif used is None and official != birth:
        used = official
    told = next((of_birth[use] for use in ("official", "maiden", "") if use in of_birth), ([], []))
    listed_names, given = told
    words = listed_names or [word for text in given for word in text.replace(",", " ").split()]
    first = given[0] if given else None
    if len(given) == 1 and len(words) > 1 and given[0].replace(",", " ").split() == words:
        first = None  # one text of several names does not tell where the first ends
    return birth, used, tuple(unqualified), tuple(words[:MAX_NAMES]), first


def _birth_place(resource: Resource) -> str | None:
    """The INSEE code in the extension of the place of birth."""
    address = resource.extension("patient-birthplace", "birthplace").one("valueAddress")
    code = address.extension("fr-core-address-insee-code", "fraddressinseecode", "inseecode", "insee-code")
    told = (code.one("valueCoding").text("code") or code.text("valueString") or "").upper()
    return told if _PLACE.fullmatch(told) else None


def _doubts(resource: Resource, warnings: dict[Warning, None]) -> None:
    """What the sender itself says against the identity (FR Core, identity reliability: DOUTE, FICTI; `link`)."""
    for reliability in resource.all("extension"):
        if not (reliability.text("url") or "").lower().endswith("identity-reliability"):
            continue
        said = {code for one in (reliability, *reliability.all("extension")) if (code := one.one("valueCoding").text("code"))}
        if "FICTI" in said:
            warnings[_TEST] = None
        if "DOUTE" in said:
            warnings[_DOUBTFUL] = None
    if resource.flag("active") is False or resource.all("modifierExtension"):
        warnings[_UNUSED] = None
    if any(link.text("type") == "replaced-by" for link in resource.all("link")):
        warnings[_MERGED] = None


def party(references: Iterable[Node], graph: Graph, origin: Resource) -> Party | None:
    """Who stands behind references: the first person, the first structure, else a device; a name that a reference displays where it
    leads nowhere."""
    person: tuple[str | None, str | None, Coded | None] | None = None
    structure: tuple[str | None, str | None] | None = None
    displayed = None
    todo = [(reference, origin, MAX_HOPS) for reference in references][:MAX_IDS]
    device = None
    while todo:
        reference, place, hops = todo.pop(0)
        found = graph.find(reference, place)
        if found is None or hops == 0:
            told = reference.text("display")
            if told is not None and _is_structure(reference):
                structure = structure or (told, None)
            else:
                displayed = displayed or told
        elif found.kind in {"Practitioner", "Person", "RelatedPerson"} and person is None:
            skill = next((one for node in found.all("qualification") for one in codings(node.one("code"))), None)
            person = (_called(found), _national(found, _PROFESSIONAL), skill)
        elif found.kind == "PractitionerRole":
            todo[:0] = [(found.one("practitioner"), found, hops - 1), (found.one("organization"), found, hops - 1)]
            skill = next((one for name in ("specialty", "code") for node in found.all(name) for one in codings(node)), None)
            if skill is not None and person is None:
                inner = graph.find(found.one("practitioner"), found)
                person = (_called(inner), _national(inner, _PROFESSIONAL), skill) if inner is not None else None
        elif found.kind == "Organization" and structure is None:
            structure = (found.text("name"), _national(found, _STRUCTURE))
        elif found.kind == "Device" and device is None:
            device = next((text for one in found.all("deviceName") if (text := one.text("name"))), None) or label(found.one("type"))
    name, number, specialty = person or (None, None, None)
    called, its = structure or (None, None)
    if person is None:
        name = device or (displayed if structure is None else None)
    made = Party(name=name, id=number, organization=called, organization_id=its, specialty=specialty)
    return None if made == Party() else made


def _is_structure(reference: Node) -> bool:
    """Whether a reference that leads nowhere says that it is to a structure."""
    return reference.text("type") == "Organization" or "Organization/" in (reference.text("reference") or "")


def _called(resource: Resource) -> str | None:
    """A professional's name as people say it: given then family name."""
    names = [name for name in resource.all("name") if _is_of_today(name)] or resource.all("name")
    for name in names[:MAX_NAMES]:
        told = [*name.texts("given"), *name.texts("family")[:1]]
        if told:
            return " ".join(told)[:500]
        text = name.text("text")
        if text:
            return text
    return None


def _national(resource: Resource, national: str) -> str | None:
    """The national number without its type digit: by the OID of its system, by the names under which the same number goes without that
    digit, else the first other identifier."""
    other = known = None
    for one in resource.all("identifier")[:MAX_IDS]:
        value, system = one.text("value"), (one.text("system") or "").lower()
        if value is None:
            continue
        if oid(system) == national:
            found = _NATIONAL[national].fullmatch(value)
            return next(filter(None, found.groups())) if found else value
        kinds = {(code.code or "").lower() for code in codings(one.one("type"))}
        if any(name in system or name in kinds for name in _NATIONAL_NAMES[national]):
            known = known or value
        other = other or value
    return known or other
