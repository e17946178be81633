"""FHIR R4 in JSON and XML: a bundle or one resource into the documents that it holds (FHIR R4, 3.1 Bundle, 2.42 Composition, 2.39
DocumentReference, 10.3 DiagnosticReport; formats.md 4.2).

A Composition, a DiagnosticReport, a DocumentReference is a document each, unless another of them holds it; Observations that nothing holds
are one for each patient. Whose a document is, its own `subject` tells and nothing else. Other resources are shown by their narrative.
Known weaknesses: recipients are not read (R4 has none in these resources); a bundle in NDJSON is not.
"""

from __future__ import annotations

import codecs
import dataclasses
import re

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import StatedPatient, Warning
from vaguemestre.formats import fhir_json, fhir_xml
from vaguemestre.formats.fhir_document import Found, Maker
from vaguemestre.formats.fhir_graph import Graph, Resource
from vaguemestre.formats.fhir_json import Members

MAX_DOCUMENTS = 200
MAX_BUNDLES = 4
"""Bundles in each other."""
_KIND = re.compile(r"[A-Z][A-Za-z]{1,60}", re.ASCII)
_AROUND = frozenset(
    {"Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Device", "Encounter", "EpisodeOfCare", "Specimen"}
    | {"MessageHeader", "List", "ServiceRequest", "Provenance", "Binary", "Media", "RelatedPerson", "Group", "OperationOutcome"}
    | {
        "Observation",
        "DiagnosticReport",
        "DocumentReference",
        "Composition",
        "Bundle",
        "Person",
        "HealthcareService",
        "Endpoint",
        "Parameters",
    }
)
"""What is read where something refers to it, or is no document."""
_SEVERAL = Warning("several-patients", "The FHIR content holds documents of several patients: each is told apart by its own subject.")
DELETES = Warning("unsupported", "The bundle asks that something sent before be deleted or changed: nothing is.")
_MORE = Warning("too-large", f"The FHIR content holds more than {MAX_DOCUMENTS} documents: the rest is not read.")
_NESTED = Warning("too-large", f"Bundles hold each other deeper than {MAX_BUNDLES}: what is below is not read.")
_EMPTY = Warning("malformed", "The FHIR content holds no document.")
_NOT_DATA = Warning("unsupported", "The FHIR content holds resources of kinds whose data are not read: their words are shown.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Read:
    """One file, at least one document."""

    documents: tuple[Found, ...]

    def __repr__(self) -> str:
        return f"<Read {list(self.documents)!r}>"


def read(data: bytes) -> Read:
    """Raises Unreadable (malformed, truncated, unsupported) and TooLarge, and nothing else."""
    is_json = data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"
    parsed = fhir_json.parse(data) if is_json else fhir_xml.parse(data)
    kind = _kind_of(parsed.root)
    if not kind:
        raise Unreadable("The content does not say which FHIR resource it is.")
    doubts: dict[Warning, None] = dict.fromkeys(parsed.warnings)
    root = Resource(parsed.root, doubts, kind)
    found: list[Found] = []
    _bundle(root, found, doubts, 1) if kind == "Bundle" else found.extend(_documents([root], doubts, None))
    if len(found) > MAX_DOCUMENTS:
        del found[MAX_DOCUMENTS:]
        doubts[_MORE] = None
    told = [one.patient for one in found if one.patient is not None]
    if any(_is_another(one, told[0]) for one in told[1:]):
        doubts[_SEVERAL] = None
    if not found:
        doubts[_EMPTY] = None
        found.append(Found())
    return Read(tuple(_told(one, doubts, parsed.names_guessed) for one in found))


def _is_another(one: StatedPatient, other: StatedPatient) -> bool:
    """Whether two are not one person beyond doubt. An INS may stand alone in a reference."""
    return one.ins != other.ins if one.ins is not None and other.ins is not None else one != other


def _kind_of(members: Members) -> str:
    kind = members.get("resourceType")
    return kind if isinstance(kind, str) and _KIND.fullmatch(kind) else ""


def _told(one: Found, doubts: dict[Warning, None], names_guessed: bool) -> Found:
    """With the warnings of the whole file on each of its documents."""
    patient = one.patient
    if patient is not None and names_guessed:
        patient = dataclasses.replace(patient, names_guessed=True)
    return dataclasses.replace(one, patient=patient, warnings=tuple(dict.fromkeys((*doubts, *one.warnings))))


def _bundle(bundle: Resource, found: list[Found], doubts: dict[Warning, None], depth: int) -> None:
    """The documents of a bundle, whose references lead nowhere outside it, then those of the bundles in it."""
    entries: list[Resource] = []
    for entry in bundle.all("entry"):
        if (entry.one("request").text("method") or "").upper() in {"DELETE", "PATCH"}:
            doubts[DELETES] = None
        inner = entry.one("resource")
        kind = _kind_of(inner.members)
        if kind:
            entries.append(Resource(inner.members, doubts, kind, entry.text("fullUrl") or ""))
    found.extend(_documents(entries, doubts, bundle))
    for one in entries:
        if one.kind == "Bundle":
            if depth >= MAX_BUNDLES:
                doubts[_NESTED] = None
            else:
                _bundle(one, found, doubts, depth + 1)


def _documents(entries: list[Resource], doubts: dict[Warning, None], bundle: Resource | None) -> list[Found]:
    """In the order of the file, each under the resource that it is of."""
    maker = Maker(Graph(entries, doubts), bundle)
    of_document = bundle is not None and bundle.text("type") == "document"
    made: list[tuple[Resource, Found]] = []

    def kind(name: str) -> list[Resource]:
        return [one for one in entries if one.kind == name and not maker.has(one)][: MAX_DOCUMENTS + 1]

    for one in kind("Composition"):
        made.append((one, maker.composition(one, with_rest=of_document)))
    for one in kind("DiagnosticReport"):
        made.append((one, maker.report(one)))
    for one in kind("DocumentReference"):
        made.append((one, maker.reference(one)))
    made += maker.observations([one for one in entries if one.kind == "Observation" and not maker.has(one)], MAX_DOCUMENTS + 1)
    for one in kind("Binary"):
        made.append((one, maker.binary(one)))
    others = [one for one in entries if one.kind not in _AROUND and not maker.has(one)]
    if others and not (of_document and made):
        doubts[_NOT_DATA] = None
        made += maker.others(others[: MAX_DOCUMENTS + 1])
    order = {id(one.members): place for place, one in enumerate(entries)}
    return [document for _, document in sorted(made, key=lambda pair: order[id(pair[0].members)])]
