"""One FHIR resource, with what it refers to, as one document: its facts, its words, its results, its files (FHIR R4, 2.39, 2.42, 10.3).

The patient of a document is the Patient that its `subject` refers to inside the file, or the identifier that this reference bears; where a
DocumentReference only tells whom its source knew (`sourcePatientInfo`), that proposes and never files.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from vaguemestre.domain.reading import Attachment, Coded, Party, Result, StatedPatient, Warning
from vaguemestre.formats import fhir_people
from vaguemestre.formats.cda import Embedded
from vaguemestre.formats.fhir_graph import Graph, Node, Resource, said
from vaguemestre.formats.fhir_page import Page
from vaguemestre.formats.fhir_results import Place, Results, specimen_of
from vaguemestre.formats.fhir_values import coded, codings, identifier, label, time
from vaguemestre.formats.fhir_versions import replaced, superseded

MAX_SECTIONS = 500
MAX_SECTION_DEPTH = 20
_MOST_COMPARED = 20
_MOST_NOTES = 50
_WITHDRAWN = frozenset({"entered-in-error", "cancelled", "superseded"})
_LABORATORY = frozenset({"lab", "laboratory"})
"""Categories that say of a report no more than that it is one of biology."""
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)
_SEVERAL_SUBJECTS = Warning("several-patients", "The document names more than one patient: the first is shown.")
_ANOTHER = Warning("several-patients", "A part of the document is about another than its patient: its results are not read.")
_NOTHING = Warning("malformed", "The document holds nothing to show.")
_MODIFIED = Warning("unsupported", "An extension changes the sense of the document in a way that is not known.")
_MORE_SECTIONS = Warning("too-large", f"The document has more than {MAX_SECTIONS} sections or nests them deeper than {MAX_SECTION_DEPTH}.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Found:
    """One document. `withdrawn`: the status in which its sender says that it stands no longer. `source`: whom its metadata name beside its
    subject. Others as in `domain.reading`."""

    type: Coded | None = None
    title: str | None = None
    date: str | None = None
    id: str | None = None
    set_id: str | None = None
    version: int | None = None
    replaces: str | None = None
    confidentiality: tuple[str, ...] = ()
    patient: StatedPatient | None = None
    source: StatedPatient | None = None
    author: Party | None = None
    results: tuple[Result, ...] = ()
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    embedded: tuple[Embedded, ...] = ()
    withdrawn: str | None = None
    warnings: tuple[Warning, ...] = ()

    @property
    def understood(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.text or self.html or self.results or self.embedded)

    def __repr__(self) -> str:
        return f"<Found {len(self.results)} results, {len(self.embedded)} files, {[w.code for w in self.warnings]!r}>"


class _Making:
    """One document as it grows."""

    def __init__(self, maker: Maker, origin: Resource, subject: Node) -> None:
        self.warnings: dict[Warning, None] = {}
        self.page = Page(maker.graph, self.warnings, maker.used)
        self.results = Results(maker.graph, self.warnings, maker.used)
        self.patient, self.subject = maker.subject(subject, origin, self.warnings)
        self.said = said(subject)
        told = origin.text("status")
        self._status = told if told in _WITHDRAWN else None
        self.results.around(origin, self.place())
        if origin.all("modifierExtension") or origin.text("implicitRules"):
            self.warnings[_MODIFIED] = None

    def place(self) -> Place:
        """What stands above all that it holds."""
        return Place(subject=self.subject, said=self.said, status=self._status, patient=self.patient)


class Maker:
    """Makes the documents of one bundle. `used`: what some document holds, by the identity of its members."""

    def __init__(self, graph: Graph, bundle: Resource | None) -> None:
        self.graph = graph
        self.used: set[int] = set()
        self._bundle = bundle
        self._superseded = superseded(graph.entries, graph)

    def __repr__(self) -> str:
        return f"<Maker {self.graph!r}>"

    def has(self, resource: Resource) -> bool:
        """Whether some document holds it."""
        return id(resource.members) in self.used

    def subject(self, told: Node, origin: Resource, warnings: dict[Warning, None]) -> tuple[StatedPatient | None, Resource | None]:
        """(whom a reference names, the resource that it is to)."""
        found = self.graph.find(told, origin)
        if found is not None:
            stated = fhir_people.patient(found, warnings) if found.kind == "Patient" else None
            return fhir_people.referred(stated, told, warnings), found
        return fhir_people.named(told, warnings), None

    def composition(self, one: Resource, with_rest: bool) -> Found:
        """A clinical document. `with_rest`: what its bundle holds beside and nothing refers to belongs to it: the bundle is the document
        (FHIR R4, 3.3)."""
        self.used.add(id(one.members))
        making = _Making(self, one, self._subject_of(one))
        sections = [(section, 0, making.place()) for section in one.all("section")][::-1]
        if not sections:
            making.page.narrative(one)
        count = 0
        while sections:
            section, depth, place = sections.pop()
            count += 1
            if count > MAX_SECTIONS or depth > MAX_SECTION_DEPTH:
                making.warnings[_MORE_SECTIONS] = None
                continue
            below = self._section(section, depth, place, one, making)
            sections += [(inner, depth + 1, below) for inner in section.all("section")][::-1]
        if with_rest:
            self._rest(making)
        bundled = identifier(self._bundle.one("identifier")) if with_rest and self._bundle is not None else None
        own = next(filter(None, map(identifier, one.all("identifier"))), None)
        found = self._found(
            making,
            one,
            type=coded(one.one("type")),
            title=one.text("title") or label(one.one("type")),
            date=time(one, "date"),
            id=bundled or own,
            set_id=own if bundled else None,
            replaces=replaced(one, self.graph),
            author=fhir_people.party([*one.all("author"), *one.all("custodian")], self.graph, one),
        )
        number = one.extension("composition-clinicaldocument-versionnumber").text("valueString")
        return dataclasses.replace(found, version=_version(number) if number else found.version)

    def _section(self, section: Node, depth: int, place: Place, one: Resource, making: _Making) -> Place:
        title = section.text("title") or label(section.one("code"))
        below = place.under(title)
        shown = making.page.narrative(section, title, depth)
        if not shown:
            making.page.heading(title, depth)
            making.page.words(label(section.one("emptyReason")))
        focus = self.graph.find(section.one("focus"), one)
        if section.all("focus") and (focus is None or making.subject is None or not self.graph.same(focus, making.subject)):
            making.warnings[_ANOTHER] = None
            return below
        observations = []
        for reference in section.all("entry"):
            entry = self.graph.find(reference, one)
            if entry is None or (id(entry.members) in self.used and entry.kind != "Observation"):
                continue
            if entry.kind == "Observation":
                observations.append(entry)
            elif entry.kind == "DiagnosticReport":
                self._report(entry, below, making, narrative=not shown)
            elif entry.kind == "DocumentReference":
                self._files(entry, making)
            elif entry.kind == "Binary":
                making.page.binary(entry)
            elif entry.kind == "Media":
                making.page.attachment(entry.one("content"), entry)
                self.used.add(id(entry.members))
            else:
                self.used.add(id(entry.members))
                if not shown:
                    making.page.narrative(entry)
        making.results.panels(observations, below)
        return below

    def _rest(self, making: _Making) -> None:
        """Reports, files and results of the document's bundle that no section refers to, where they are of its patient."""
        left = [one for one in self.graph.entries if not self.has(one) and self._is_of(one, making)]
        for one in left:
            if one.kind == "DiagnosticReport":
                self._report(one, making.place(), making, narrative=True)
        for one in left:
            if one.kind == "DocumentReference":
                self._files(one, making)
        making.results.panels([one for one in left if one.kind == "Observation" and not self.has(one)], making.place())

    def _is_of(self, one: Resource, making: _Making) -> bool:
        subject = one.one("subject")
        found = self.graph.find(subject, one)
        return found is not None and making.subject is not None and self.graph.same(found, making.subject)

    def report(self, one: Resource) -> Found:
        """A report of results."""
        making = _Making(self, one, self._subject_of(one))
        self._report(one, making.place(), making, narrative=True)
        performers = [*one.all("resultsInterpreter"), *one.all("performer")]
        return self._found(
            making,
            one,
            type=coded(one.one("code")),
            title=label(one.one("code")),
            date=time(one, "issued", "effectiveDateTime", "effectivePeriod"),
            id=next(filter(None, map(identifier, one.all("identifier"))), None),
            author=fhir_people.party(performers, self.graph, one),
        )

    def _report(self, one: Resource, place: Place, making: _Making, narrative: bool) -> None:
        if not self._agrees(one, making):
            return
        self.used.add(id(one.members))
        if narrative:
            making.page.narrative(one)
        making.page.words(one.lines("conclusion"), "Conclusion", 1)
        if one.text("conclusion") is None:
            making.page.words("\n".join(filter(None, map(label, one.all("conclusionCode")))), "Conclusion", 1)
        for note in one.all("note")[:_MOST_NOTES]:
            making.page.words(note.lines("text"))
        for form in one.all("presentedForm"):
            making.page.attachment(form, one, whole=place.said == making.said and not place.headings)
        for link in one.all("media"):
            media = self.graph.find(link.one("link"), one)
            if media is not None and media.kind == "Media":
                self.used.add(id(media.members))
                making.page.attachment(media.one("content"), media)
        specimens = {specimen_of(reference, one, self.graph) for reference in one.all("specimen")[:50]}
        status = one.text("status")
        categories = [_name(concept) for concept in one.all("category") if not _is_laboratory(concept)]
        below = place.under(next(filter(None, categories), None)).under(label(one.one("code")))
        below = dataclasses.replace(
            below,
            specimen=specimens.pop() if len(specimens) == 1 else None,
            date=time(one, "effectiveDateTime", "effectivePeriod") or place.date,
            status=status if status in _WITHDRAWN else place.status,
        )
        making.results.referred(one.all("result"), one, below)

    def _agrees(self, one: Resource, making: _Making) -> bool:
        subject = one.one("subject")
        found = self.graph.find(subject, one)
        fhir_people.referred(making.patient, subject, making.warnings)
        making.results.around(one, making.place())
        if not subject or (found is making.subject and (found is not None or said(subject) == making.said)):
            return True
        if found is not None and making.subject is not None and self.graph.same(found, making.subject):
            return True
        making.warnings[_ANOTHER] = None
        return False

    def reference(self, one: Resource) -> Found:
        """A document of which this says what it is, and that it holds or points to."""
        making = _Making(self, one, self._subject_of(one))
        self._files(one, making)
        contents = [content.one("attachment") for content in one.all("content")]
        context = one.one("context")
        source = self._source(context, one, making)
        if making.patient is None and making.subject is None and source is not None:
            making.patient, source = dataclasses.replace(source, from_fields=False), None
        author = [*one.all("author"), *one.all("authenticator"), *one.all("custodian")]
        found = self._found(
            making,
            one,
            type=coded(one.one("type")),
            title=next((title for node in contents if (title := node.text("title"))), None)
            or one.text("description")
            or label(one.one("type")),
            date=next((date for node in contents if (date := time(node, "creation"))), None) or time(one, "date", "created", "indexed"),
            id=identifier(one.one("masterIdentifier")) or next(filter(None, map(identifier, one.all("identifier"))), None),
            replaces=replaced(one, self.graph),
            author=fhir_people.party(author, self.graph, one),
            source=source,
        )
        if one.text("docStatus") in _WITHDRAWN and found.withdrawn is None:
            found = dataclasses.replace(found, withdrawn=one.text("docStatus"))
        return found

    def _source(self, context: Node, one: Resource, making: _Making) -> StatedPatient | None:
        found = self.graph.find(context.one("sourcePatientInfo"), one)
        return fhir_people.patient(found, making.warnings) if found is not None and found.kind == "Patient" else None

    def _files(self, one: Resource, making: _Making) -> None:
        if not self._agrees(one, making):
            return
        self.used.add(id(one.members))
        contents = one.all("content")
        for content in contents:
            making.page.attachment(content.one("attachment"), one, whole=len(contents) == 1)
        if not making.page.files:
            making.page.narrative(one)

    def observations(self, left: Sequence[Resource], most: int) -> list[tuple[Resource, Found]]:
        """Results that no report holds: one document for each patient, under its first."""
        groups: dict[tuple[int, str], tuple[Resource, list[Resource]]] = {}
        whose: dict[int, Resource] = {}
        for one in left:
            subject = one.one("subject")
            found = self.graph.find(subject, one)
            if found is None:
                key = 0, repr(subject.members)
            else:
                # each may contain a copy of one patient
                known = next((place for place, other in list(whose.items())[:_MOST_COMPARED] if self.graph.same(found, other)), None)
                key = id(found.members) if known is None else known, ""
                whose.setdefault(key[0], found)
            groups.setdefault(key, (one, []))[1].append(one)
        made = []
        for first, members in list(groups.values())[:most]:
            if all(map(self.has, members)):
                continue
            making = _Making(self, first, first.one("subject"))
            making.results.panels(members, making.place())
            author = fhir_people.party([node for one in members[:20] for node in one.all("performer")], self.graph, first)
            date = time(first, "issued", "effectiveDateTime", "effectivePeriod", "effectiveInstant")
            own = identifier(first.one("identifier")) if len(members) == 1 and first.all("identifier") else None
            made.append((first, self._found(making, None, date=date, id=own, author=author)))
        return made

    def binary(self, one: Resource) -> Found:
        """A file that nothing refers to: nobody's."""
        making = _Making(self, one, Node({}, one.doubts))
        making.page.binary(one, whole=True)
        return self._found(making, None)

    def others(self, left: Sequence[Resource]) -> list[tuple[Resource, Found]]:
        """Resources of other kinds, by their narrative, one document each."""
        made = []
        for one in left:
            self.used.add(id(one.members))
            making = _Making(self, one, self._subject_of(one))
            making.page.narrative(one)
            title = label(one.one("code")) or one.text("title") or one.kind
            made.append((one, self._found(making, one, title=title, date=time(one, "authoredOn", "issued", "date", "recordedDate"))))
        return made

    def _subject_of(self, one: Resource) -> Node:
        told = one.all("subject") or one.all("patient")
        if len(told) > 1:
            one.doubts[_SEVERAL_SUBJECTS] = None
        return told[0] if told else Node({}, one.doubts)

    def _found(self, making: _Making, one: Resource | None, **facts: object) -> Found:
        """The document made, with what the resource that it is of says in general."""
        found = Found(
            patient=making.patient,
            results=tuple(making.results.found),
            text=making.page.text,
            html=making.page.html,
            attachments=making.page.attachments,
            embedded=tuple(making.page.files),
        )
        if one is not None:
            status = one.text("status")
            codes = [code for node in (one.one("meta"),) for code in _security(node.all("security"))]
            codes += [code for concept in one.all("securityLabel") for code in _security(concept.all("coding"))]
            codes += one.texts("confidentiality")
            found = dataclasses.replace(
                found,
                confidentiality=tuple(dict.fromkeys(codes))[:20],
                version=_version(one.one("meta").text("versionId")),
                withdrawn=status if status in _WITHDRAWN else "superseded" if id(one.members) in self._superseded else None,
            )
        if not found.understood and not making.warnings:
            making.warnings[_NOTHING] = None
        return dataclasses.replace(found, **facts, warnings=tuple(making.warnings))  # type: ignore[arg-type]


def _security(all_: Sequence[Node]) -> list[str]:
    """Codes of confidentiality, and those by which French documents are masked."""
    return [code for node in all_ if (code := node.text("code"))]


def _version(text: str | None) -> int | None:
    return int(text) if text is not None and _WHOLE.fullmatch(text) else None


def _name(concept: Node) -> str | None:
    """What a concept is called, where it is in words."""
    return concept.text("text") or next((one.label for one in codings(concept) if one.label), None)


def _is_laboratory(concept: Node) -> bool:
    codes = {(one.code or "").lower() for one in codings(concept)}
    return bool(codes & _LABORATORY) or (label(concept) or "").lower() in _LABORATORY
