"""The results of a FHIR report: its Observations, in its order, with all that is told of each (FHIR R4, 10.1 and 10.3; formats.md 4.2).

A panel (`hasMember`) that has no value is a heading; each component is a result of its own. An Observation that names another patient than
its report is not of the report. What was cancelled or entered in error is a result still, with its status: it reads as cancelled and
enters no history. Panels that hold themselves are walked once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from vaguemestre.domain.reading import TAKEN_BACK, Result, StatedPatient, Warning
from vaguemestre.formats import fhir_people
from vaguemestre.formats.cda_values import Quantity, is_unitless
from vaguemestre.formats.fhir_graph import Graph, Node, Resource, said
from vaguemestre.formats.fhir_values import coded, codings, interval, label, time, value

MOST_RESULTS = 20_000
MOST_HEADINGS, MOST_HEADING_WORDS, MAX_HEADING = 8, 1_000, 300
_MOST_RANGES = 50
_MOST_FLAGS = 10
_MOST_NOTES = 50
_MOST_REFERRED = 200
_REFERRED = ("specimen", "encounter", "basedOn", "partOf", "derivedFrom")
_SPELLINGS = str.maketrans({"l": "L", "µ": "u", "μ": "u"})
_MORE = Warning("too-large", f"The document holds more than {MOST_RESULTS} results: the rest is not read.")
_ANOTHER = Warning("several-patients", "A result names another patient than the document: it is not read.")
_PERHAPS = Warning("several-patients", "A result names its patient otherwise than the document does.")
_AROUND = Warning("several-patients", "What a document or a result refers to (specimen, stay, request, image) names another patient.")
_MODIFIED = Warning("unsupported", "An extension changes the sense of a result in a way that is not known: it is shown as words.")
_BESIDE = Warning("unsupported", "A result is about something else than its patient: it is shown as words and is in no history.")
_UNKNOWN = Warning("unsupported", "A result has a value of a kind that is not read.")
_LOST = Warning("malformed", "A result that the document refers to is not in the file.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Place:
    """What stands above a result. `headings`: outermost first. `subject`: the resource whom the document is about, `said` what it says of
    them (`fhir_graph.said`), `patient` whom that states."""

    headings: tuple[str, ...] = ()
    specimen: str | None = None
    date: str | None = None
    status: str | None = None
    subject: Resource | None = None
    said: str = ""
    patient: StatedPatient | None = None

    def under(self, heading: str | None) -> Place:
        """Below one more heading, one said again left out. Beyond the bounds the outer ones stay: each result bears them all."""
        heading = heading[:MAX_HEADING] if heading else None
        last = self.headings[-1].casefold() if self.headings else None
        room = MOST_HEADING_WORDS - sum(map(len, self.headings))
        if not heading or heading.casefold() == last or len(self.headings) >= MOST_HEADINGS or len(heading) > room:
            return self
        return dataclasses.replace(self, headings=(*self.headings, heading))


class Results:
    """Gathers the results of one document. `used`: the members of every Observation that some document of the file has."""

    def __init__(self, graph: Graph, warnings: dict[Warning, None], used: set[int]) -> None:
        self.found: list[Result] = []
        self._graph = graph
        self._warnings = warnings
        self._used = used
        self._read: set[int] = set()

    def __repr__(self) -> str:
        return f"<Results {len(self.found)}>"

    def referred(self, references: Sequence[Node], origin: Resource, place: Place) -> None:
        """Those that `references` are to. Members of a panel that is named as well come under it."""
        named = []
        for reference in references:
            one = self._graph.find(reference, origin)
            if one is None:
                self._warnings[_LOST] = None
            elif one.kind == "Observation":
                named.append(one)
        self.panels(named, place)

    def panels(self, observations: Sequence[Resource], place: Place) -> None:
        """These, each once, panels before what is in them."""
        inner = {
            id(found.members)
            for one in observations
            for member in one.all("hasMember")
            if (found := self._graph.find(member, one)) is not None and found.members is not one.members
        }
        for one in [*(o for o in observations if id(o.members) not in inner), *observations]:
            self._walk(one, place)

    def _walk(self, first: Resource, place: Place) -> None:
        todo = [(first, place)]
        while todo:
            one, above = todo.pop()
            if id(one.members) in self._read:
                continue
            self._read.add(id(one.members))
            if len(self.found) >= MOST_RESULTS:
                self._warnings[_MORE] = None
                return
            if not self._is_of(one, above):
                continue
            self._used.add(id(one.members))
            below = self._observation(one, above)
            members = []
            for reference in one.all("hasMember"):
                member = self._graph.find(reference, one)
                if member is None:
                    self._warnings[_LOST] = None
                elif member.kind == "Observation":
                    members.append((member, below))
            todo.extend(reversed(members))

    def _is_of(self, one: Resource, place: Place) -> bool:
        """Whether it is of the patient of the document, who is told only once in most reports."""
        self.around(one, place)
        subject = one.one("subject")
        if not subject:
            return True
        found = self._graph.find(subject, one)
        if found is not None and place.subject is not None:
            if not self._graph.same(found, place.subject):
                self._warnings[_ANOTHER] = None
                return False
        elif found is not place.subject or said(subject) != place.said:
            self._warnings[_PERHAPS] = None
        if fhir_people.referred(place.patient, subject, self._warnings) != place.patient:
            self._warnings[_PERHAPS] = None
        return True

    def around(self, one: Resource, place: Place) -> None:
        """Holds whom the specimens, stays, requests and images are of that a resource of the document refers to against its patient."""
        references = [reference for name in _REFERRED for reference in one.all(name)]
        references += [*(media.one("link") for media in one.all("media")), *one.one("context").all("encounter")]
        for reference in references[:_MOST_REFERRED]:
            found = self._graph.find(reference, one)
            subject = (found.one("subject") or found.one("patient")) if found is not None else None
            if found is None or not subject:
                continue
            whose = self._graph.find(subject, found)
            if whose is not None and whose.kind != "Patient":
                continue  # a group, a substance, a place
            if whose is not None and place.subject is not None:
                if not self._graph.same(whose, place.subject):
                    self._warnings[_AROUND] = None
            elif whose is not place.subject or said(subject) != place.said:
                self._warnings[_AROUND] = None

    def _is_focused_on(self, reference: Node, one: Resource, place: Place) -> bool:
        """Whether `focus`, by which a result may be about a foetus or a donor (FHIR R4, 10.1.4), is the patient all the same."""
        found = self._graph.find(reference, one)
        return found is not None and place.subject is not None and self._graph.same(found, place.subject)

    def _observation(self, one: Resource, place: Place) -> Place:
        """Adds what it says; gives back what stands above its members."""
        date = time(one, "effectiveDateTime", "effectivePeriod", "effectiveInstant") or place.date
        own = one.text("status")
        status = place.status if place.status in TAKEN_BACK else own or place.status
        specimen = specimen_of(one.one("specimen"), one, self._graph) or place.specimen
        place = dataclasses.replace(place, date=date, specimen=specimen)
        heading = label(one.one("code"))
        components, members = one.all("component"), one.all("hasMember")
        read = self._result(one, one, place, status)
        below = place.under(heading)
        if status in TAKEN_BACK:
            below = dataclasses.replace(below, status=status)
        says = _has_value(one) or read.comment is not None or read.flag is not None
        if says or not (components or members):
            self.found.append(read)
        for component in components:
            if len(self.found) >= MOST_RESULTS:
                self._warnings[_MORE] = None
                break
            self.found.append(self._result(component, one, below, status))
        return below

    def _result(self, node: Node, one: Resource, place: Place, status: str | None) -> Result:
        concept = node.one("code")
        quantity, unread = value(node)
        if unread is not None:
            self._warnings[_UNKNOWN] = None
        beside = [reference for reference in one.all("focus") if not self._is_focused_on(reference, one, place)]
        if one.all("modifierExtension") or node.all("modifierExtension"):
            # a reader that does not know it may not take the value at its word (FHIR R4, 2.4.1.3)
            self._warnings[_MODIFIED] = None
        if beside or one.all("modifierExtension") or node.all("modifierExtension"):
            quantity = Quantity(quantity.text, unit=quantity.unit)
        low, high, remarks = _reference(quantity, [_Range.of(range_) for range_ in node.all("referenceRange")[:_MOST_RANGES]])
        if quantity.text is None:
            remarks.insert(0, label(node.one("dataAbsentReason")))
        if node is one:
            remarks += [note.lines("text") for note in one.all("note")[:_MOST_NOTES]]
        if beside:
            self._warnings[_BESIDE] = None
            remarks.insert(0, f"Ne porte pas sur le patient : {beside[0].text('display') or '?'}")
        codes = codings(concept) if not beside else []
        return Result(
            chapter=place.headings[0] if place.headings else None,
            label=label(concept),
            code=coded(concept) if codes else None,
            value=quantity.text,
            comparator=quantity.comparator,
            number=quantity.number,
            unit=quantity.unit,
            low=low,
            high=high,
            flag=_flags(node.all("interpretation")),
            status=status,
            date=place.date,
            comment="\n".join(filter(None, remarks)) or None,
            group=place.headings[1:],
            specimen=place.specimen,
            method=label(one.one("method")),
            translations=tuple(codes[1:]),
        )


def specimen_of(reference: Node, origin: Resource, graph: Graph) -> str | None:
    """What kind of specimen a reference is to."""
    found = graph.find(reference, origin)
    if found is None or found.kind != "Specimen":
        return reference.text("display")
    return label(found.one("type"))


def _has_value(one: Node) -> bool:
    return any(name.startswith("value") or name == "dataAbsentReason" for name in one.names())


def _flags(concepts: Sequence[Node]) -> str | None:
    """Interpretation codes in order; the words of one that has no code."""
    told = [next((one.code for one in codings(concept) if one.code), None) or label(concept) for concept in concepts[:_MOST_FLAGS]]
    return " ".join(filter(None, told)) or None


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Range:
    """One referenceRange. `kind`: what it delimits where that is not the normal; `whom`: of whom it is, where it says so."""

    found: Quantity
    kind: str | None
    whom: str | None
    words: str | None

    @classmethod
    def of(cls, node: Node) -> _Range:
        kinds = codings(node.one("type"))
        normal = any(one.code == "normal" for one in kinds) or not node.all("type")
        age = interval(node.one("age"))
        of_age = f"{age.text} {age.unit or ''}".strip() if age.text else None
        whom = ", ".join(filter(None, (*map(label, node.all("appliesTo")[:5]), of_age)))
        return cls(interval(node), None if normal else label(node.one("type")) or "?", whom or None, node.lines("text"))

    def remark(self) -> str | None:
        """The range in words."""
        told = self.found.text
        if told is not None and not is_unitless(self.found.unit):
            told = f"{told} {self.found.unit}"
        words = ", ".join(filter(None, (told, self.words if self.words != told else None)))
        of = " ; ".join(filter(None, (self.kind, self.whom)))
        return f"Référence{f' ({of})' if of else ''} : {words}" if words else None


def _reference(quantity: Quantity, ranges: Sequence[_Range]) -> tuple[str | None, str | None, list[str | None]]:
    """(low, high, the rest in words): the normal range in the unit of the result. Where several differ (women and men, by age), nothing
    tells which is the patient's: none is taken."""
    normal = [one for one in ranges if one.found.is_interval and one.kind is None and _same_unit(one.found.unit, quantity.unit)]
    taken = normal if len({(one.found.low, one.found.high) for one in normal}) == 1 else []
    remarks = [None if one in taken and one.words is None and one.whom is None else one.remark() for one in ranges]
    return (taken[0].found.low, taken[0].found.high, remarks) if taken else (None, None, remarks)


def _same_unit(one: str | None, another: str | None) -> bool:
    """Whether a bound's unit is the result's: the same in UCUM, where l and L are one, or untold."""
    if one == another or one is None or (is_unitless(one) and is_unitless(another)):
        return True
    return another is not None and one.translate(_SPELLINGS) == another.translate(_SPELLINGS)
