"""METADATA.XML of an XDM submission: the XDS facts of each document, out of their ebRIM form (IHE ITI TF-3, 4.1 and 4.2; formats.md 3.3).

`read` gives one `Described` a DocumentEntry, in the order of the file. Elements are found by local name, whatever namespace, prefix or
letter case the sender chose, and classifications and identifiers whether they stand in their object or beside it: ebRIM 2.1 and 3.0
and what hand-made writers make of them. Codes, texts and numbers stand as written; dates become ISO 8601 with the precision given.

Known weaknesses: folders are passed over.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from vaguemestre.domain.fault import TooLarge
from vaguemestre.domain.reading import StatedPatient, Warning
from vaguemestre.formats import safe_xml
from vaguemestre.formats.xdm_associations import MAX_VALUES, Associations, uuid
from vaguemestre.formats.xdm_patient import stated

MAX_BYTES = 4_000_000
MAX_DOCUMENTS = 100
MAX_ELEMENTS = 50_000
MAX_DEPTH = 30
"""A SubmitObjectsRequest in its SOAP envelope is 10 deep."""
MAX_FACTS = 100_000
"""Characters of one document's facts; where there are more, only the single texts are kept."""
MAX_TOLD = 500
"""Classifications and identifiers that stand beside one object."""
MAX_LENGTH = 4_000
_CODES = {
    "f0306f51-975f-434e-a61c-c59651d33983": "typeCode",
    "41a5887f-8865-4c09-adf7-e362475b143a": "classCode",
    "a09d5840-386c-46f2-b5ad-9c3699a4309d": "formatCode",
    "f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1": "healthcareFacilityTypeCode",
    "cccf5598-8b07-4b77-a05e-ae952c785ead": "practiceSettingCode",
    "f4f85eac-e6cb-4883-b524-f2705394840f": "confidentialityCode",
    "2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4": "eventCodeList",
    "aa543740-bdda-424e-8c96-df4873be8500": "contentTypeCode",
}
"""classificationScheme -> XDS name (TF-3 table 4.2.5.1-1)."""

_SEVERAL_CODES = frozenset({"confidentialityCode", "eventCodeList"})
_AUTHORS = frozenset({"93606bcf-9494-43ec-9b4e-a7748d1a838d", "a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"})
_IDENTIFIERS = {
    "2e82c1f6-a085-4c72-9da3-8640a32e42ab": "uniqueId",
    "58a6f841-87b3-4a3e-92fd-a8ffeff98427": "patientId",
    "96fdda7c-d067-4183-912e-bf5ee74998a8": "uniqueId",
    "554ac39e-e3fe-47fe-b233-965d2a147832": "sourceId",
    "6b5aea1a-874d-4603-a4bc-96a0a7b38446": "patientId",
}
_OBJECTS = frozenset({"extrinsicobject", "registrypackage"})
_SUBMISSION_SET = "a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
_SLOTS = (
    "hash",
    "size",
    "creationTime",
    "languageCode",
    "serviceStartTime",
    "serviceStopTime",
    "legalAuthenticator",
    "sourcePatientId",
    "repositoryUniqueId",
    "documentAvailability",
)
_SLOT_LISTS = ("sourcePatientInfo", "referenceIdList")
_TIMES = frozenset({"creationTime", "serviceStartTime", "serviceStopTime", "submissionTime"})
_AUTHOR_LISTS = ("authorInstitution", "authorRole", "authorSpecialty", "authorTelecommunication")
_TIME = re.compile(r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?", re.ASCII)
_PART = re.compile(r"(\d{1,3})\|(.*)", re.ASCII | re.DOTALL)

Facts = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Described:
    """One document as its metadata tell of it. `facts`: by XDS name, plain JSON values. `size`: octets announced, None where absent or no
    number, `size_said` where something is announced at all."""

    uri: str | None
    hash: str | None
    size: int | None
    size_said: bool
    media_type: str | None
    facts: Mapping[str, Any]
    patient: StatedPatient | None
    warnings: tuple[Warning, ...]

    def __repr__(self) -> str:
        return f"Described(facts={len(self.facts)}, warnings={[w.code for w in self.warnings]!r})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Submission:
    """What one METADATA.XML tells."""

    documents: tuple[Described, ...]
    warnings: tuple[Warning, ...]

    def __repr__(self) -> str:
        return f"Submission(documents={len(self.documents)})"


def read(data: bytes) -> Submission:
    """The documents that a METADATA.XML describes. Raises the faults of `safe_xml.parse`, `Unreadable` and `TooLarge`."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The metadata have more than {MAX_BYTES} octets.")
    parsed = safe_xml.parse(data)
    registry = _Registry(_plain(parsed.root))
    warnings = list(parsed.warnings)
    if len(registry.documents) > MAX_DOCUMENTS:
        warnings.append(Warning("too-large", f"The metadata describe more than {MAX_DOCUMENTS} documents: the rest is not read."))
    if not registry.documents:
        warnings.append(Warning("malformed", "The metadata describe no document."))
    sets = {identifier: registry.facts_of_set(node) for identifier, node in registry.sets.items()}
    documents = tuple(registry.described(node, sets) for node in registry.documents[:MAX_DOCUMENTS])
    return Submission(documents, tuple(warnings))


def iso(text: str) -> str:
    """An HL7 time (YYYY to YYYYMMDDHHMMSS, with or without offset) as ISO 8601 of the same precision; any other text as it is."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return text
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if hour is None:
        return date
    time = ":".join(part for part in (hour, minute or "00", second) if part) + (fraction or "")
    return f"{date}T{time}" + (f"{zone[:3]}:{zone[3:]}" if zone else "")


@dataclasses.dataclass(slots=True, repr=False, eq=False)
class _Node:
    """An element without its namespace: `name` and the names of `told` in lower case, `text` up to its first child."""

    name: str
    told: dict[str, str]
    text: str
    children: list[_Node]
    within: str


@functools.lru_cache(1_024)
def _bare(tag: object) -> str:
    # comments and processing instructions have a function for a tag
    return tag.rpartition("}")[2].lower()[:100] if isinstance(tag, str) else ""


def _plain(root: Any) -> list[_Node]:
    """Every element, in the order of the file: walked once, since a walk over lxml's own costs more than all that follows."""
    found: list[_Node] = []
    above: list[_Node] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            above.pop()
            continue
        told = {_bare(key): str(value) for key, value in element.items()}
        node = _Node(_bare(element.tag), told, element.text or "", [], above[-1].name if above else "")
        if above:
            above[-1].children.append(node)
        above.append(node)
        found.append(node)
        if len(found) > MAX_ELEMENTS or len(above) > MAX_DEPTH:
            raise TooLarge(f"The metadata have more than {MAX_ELEMENTS} elements or are nested deeper than {MAX_DEPTH}.")
    return found


def _attribute(node: _Node, name: str) -> str | None:
    """An attribute, named in lower case, without blanks around; None where absent or empty."""
    value = node.told.get(name)
    return value.strip()[:MAX_LENGTH] or None if value else None


class _Registry:
    """The objects of one submission and what is told of each, wherever it stands."""

    def __init__(self, nodes: list[_Node]) -> None:
        self.documents: list[_Node] = []
        self.sets: dict[str, _Node] = {}
        self._packages: dict[str, _Node] = {}
        self._told: dict[str, list[_Node]] = {}
        self._associations = Associations()
        for node in nodes:
            name = node.name
            if name == "extrinsicobject":
                self.documents.append(node)
            elif name == "registrypackage":
                self._packages[uuid(_attribute(node, "id"))] = node
            elif name in {"classification", "externalidentifier"}:
                self._tell(node, name)
            elif name == "association":
                kind = (_attribute(node, "associationtype") or "").rpartition(":")[2]
                source, target = _attribute(node, "sourceobject") or "", _attribute(node, "targetobject") or ""
                self._associations.add(kind, source, target, _last(_one(_slots(node).get("NewStatus"))))
        for identifier, node in self._packages.items():
            if any(self._is_set(one) for one in self._about(node)):
                self.sets[identifier] = node
        self.withdrawn = self._associations.withdrawn(_attribute(node, "id") for node in self.documents)

    def _tell(self, node: _Node, name: str) -> None:
        if node.within in _OBJECTS:
            return  # `_about` finds those of an object in it
        about = uuid(_attribute(node, "classifiedobject" if name == "classification" else "registryobject"))
        held = self._told.setdefault(about, [])
        if len(held) < MAX_TOLD:
            held.append(node)

    def _about(self, node: _Node) -> Iterator[_Node]:
        yield from (child for child in node.children if child.name in {"classification", "externalidentifier"})
        identifier = uuid(_attribute(node, "id"))
        if identifier:
            yield from self._told.get(identifier, ())

    @staticmethod
    def _is_set(node: _Node) -> bool:
        if node.name == "classification":
            return uuid(_attribute(node, "classificationnode")) == _SUBMISSION_SET
        return uuid(_attribute(node, "identificationscheme")) == "96fdda7c-d067-4183-912e-bf5ee74998a8"

    def facts_of_set(self, node: _Node) -> Facts:
        """The submission set's own facts, by XDS name."""
        slots = _slots(node)
        facts: Facts = {"entryUUID": _attribute(node, "id")} | _texts(node)
        facts["submissionTime"] = _time(slots.get("submissionTime"))
        facts["intendedRecipient"] = slots.get("intendedRecipient")
        facts |= self._classified(node)
        return _present(facts)

    def described(self, node: _Node, sets: Mapping[str, Facts]) -> Described:
        slots = _slots(node)
        identifier = _attribute(node, "id")
        uri, media_type = _uri(slots.get("URI") or ()), _attribute(node, "mimetype")
        status = self._associations.status(identifier) or _last(_attribute(node, "status"))
        facts: Facts = {"entryUUID": identifier, "mimeType": media_type, "availabilityStatus": status}
        facts["URI"] = uri
        for name in _SLOTS:
            facts[name] = _time(slots.get(name)) if name in _TIMES else _one(slots.get(name))
        for name in _SLOT_LISTS:
            facts[name] = slots.get(name)
        facts |= _texts(node) | self._classified(node)
        facts |= self._associations.facts(identifier)
        facts["withdraws"] = self.withdrawn
        facts["submissionSet"] = self._set_of(identifier, sets)
        patient, warnings = stated(slots.get("sourcePatientId") or (), slots.get("sourcePatientInfo") or (), facts.get("patientId"))
        size = facts["size"]
        number = int(size) if size and re.fullmatch(r"[0-9]{1,15}", size) else None
        weight = sum(map(_weight, facts.values()))
        if weight > MAX_FACTS:
            # descriptions of one identifier share what stands beside them: a few kilobytes must not become hundreds of megabytes
            facts = {name: value for name, value in facts.items() if isinstance(value, str)}
        if weight > MAX_FACTS or _overfull(node):
            warnings = (*warnings, Warning("too-large", "The metadata of the document are longer than is read."))
        return Described(uri, facts["hash"], number, size is not None, media_type, _present(facts), patient, warnings)

    def _set_of(self, identifier: str | None, sets: Mapping[str, Facts]) -> Facts | None:
        of = self._associations.set_of(identifier)
        if of in sets:
            return sets[of]
        return next(iter(sets.values())) if len(sets) == 1 else None

    def _classified(self, node: _Node) -> Facts:
        facts: Facts = {}
        authors: list[Facts] = []
        for one in self._about(node):
            if one.name == "externalidentifier":
                name = _IDENTIFIERS.get(uuid(_attribute(one, "identificationscheme")))
                value = _attribute(one, "value")
                if name and value:
                    facts.setdefault(name, value)
                continue
            scheme = uuid(_attribute(one, "classificationscheme"))
            if scheme in _AUTHORS and len(authors) < MAX_VALUES:
                authors.append(_author(one))
            elif scheme in _CODES:
                name = _CODES[scheme]
                if name not in _SEVERAL_CODES:
                    facts.setdefault(name, _coded(one))
                elif len(facts.setdefault(name, [])) < MAX_VALUES:
                    facts[name].append(_coded(one))
        if authors:
            facts["author"] = authors
        return facts


def _slots(node: _Node) -> dict[str, list[str]]:
    """Slot name -> values, blanks around them left out, empty ones too; a slot told twice is one."""
    found: dict[str, list[str]] = {}
    for slot in node.children:
        if slot.name != "slot":
            continue
        held = found.setdefault(_attribute(slot, "name") or "", [])
        for value in _values(slot):
            text = value.text.strip()
            if text and len(held) < MAX_VALUES:
                held.append(text[:MAX_LENGTH])
    return found


def _values(slot: _Node) -> Iterator[_Node]:
    """Slot/ValueList/Value."""
    return (value for child in slot.children if child.name == "valuelist" for value in child.children if value.name == "value")


def _weight(value: object) -> int:
    """Characters of a fact."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_weight, value.values()))
    return sum(map(_weight, value)) if isinstance(value, list) else 0


def _overfull(node: _Node) -> bool:
    """Whether a slot of the object has more or longer values than are kept."""
    for slot in node.children:
        if slot.name == "slot":
            values = list(_values(slot))
            if len(values) > MAX_VALUES or any(len(value.text) > MAX_LENGTH + 100 for value in values):
                return True
    return False


def _one(values: list[str] | None) -> str | None:
    return values[0] if values else None


def _time(values: list[str] | None) -> str | None:
    return iso(values[0]) if values else None


def _last(text: str | None) -> str | None:
    """urn:oasis:names:tc:ebxml-regrep:StatusType:Approved -> Approved."""
    return text.rpartition(":")[2] or None if text else None


def _uri(values: Iterable[str]) -> str | None:
    """TF-3 4.2.3.2.27: a URI that does not fit one value is cut into `1|...`, `2|...`; some writers cut it without numbers."""
    parts = list(values)
    numbered = [_PART.fullmatch(part) for part in parts]
    if parts and all(numbered):
        parts = [text for _, text in sorted((int(found[1]), found[2]) for found in numbered if found)]
    return "".join(parts) or None


def _localized(node: _Node, name: str) -> str | None:
    """The first non-empty text of Name or Description."""
    for child in node.children:
        if child.name == name:
            for one in child.children:
                if one.name == "localizedstring" and (text := _attribute(one, "value")):
                    return text
    return None


def _texts(node: _Node) -> Facts:
    version = next((_attribute(child, "versionname") for child in node.children if child.name == "versioninfo"), None)
    return {"title": _localized(node, "name"), "comments": _localized(node, "description"), "version": version}


def _coded(node: _Node) -> Facts:
    slots = _slots(node)
    return {
        "code": _attribute(node, "noderepresentation"),
        "system": _system(_one(slots.get("codingScheme"))),
        "label": _localized(node, "name"),
    }


def _system(text: str | None) -> str | None:
    return text.removeprefix("urn:oid:") if text else None


def _author(node: _Node) -> Facts:
    slots = _slots(node)
    facts: Facts = {"authorPerson": _one(slots.get("authorPerson"))}
    for name in _AUTHOR_LISTS:
        facts[name] = slots.get(name)
    return _present(facts)


def _present(facts: Facts) -> Facts:
    """Only what is there: an absent fact has no key."""
    return {name: value for name, value in facts.items() if value not in (None, [], "")}
