"""The laboratory results of a CDA: every observation of the laboratory's template, in document order, with all that is told of it.

IHE PaLM Sharing Laboratory Reports as the French volet CR-BIO has it; formats.md 2.5. A result is an observation with templateId
1.3.6.1.4.1.19376.1.3.1.6, in whatever section, act, battery or isolate it lies, in whatever kind of document. Observations of a
chapter without that template are earlier results quoted under a new one (`REFR`): they were, or will be, reported by their own
document, have no reference and no flag, and stay in the narrative, lest a past value pass for one of today.
What was cancelled is a result still, with its status: it reads as cancelled and enters no history (`domain.reading.NO_VALUE`).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from vaguemestre.domain.reading import NO_VALUE, WITHDRAWN, Alternative, Result
from vaguemestre.formats.cda_values import NOTHING, SPACE, Element, Labels, Quantity, Values, blank, children, is_unitless

MOST_RESULTS = 20_000
"""No more are read. The caller says so when it gets that many."""
MOST_HEADINGS, MOST_HEADING_WORDS = 8, 1_000
_MAX_HEADING = 300
_MOST_COMMENTS = 20
_MOST_RANGES = 50
_RESULT = "1.3.6.1.4.1.19376.1.3.1.6"
_CHAPTER = "1.3.6.1.4.1.19376.1.3.3.2.1"
_ISOLATE = "1.3.6.1.4.1.19376.1.3.1.5"
_REMARK, _REMARK_CODE = "1.3.6.1.4.1.19376.1.5.3.1.4.2", "48767-8"
_TEMPLATE_ID = f"{SPACE}templateId"
_OBSERVATION = f"{SPACE}observation"
_SECTION = f"{SPACE}section"
_ACT = f"{SPACE}act"
_ORGANIZER = f"{SPACE}organizer"
_PROCEDURE = f"{SPACE}procedure"
_LINK = f"{SPACE}entryRelationship"
_COMPONENT = f"{SPACE}component"
_SPECIMEN = f"{SPACE}specimen"
_CODE = f"{SPACE}code"
_TITLE = f"{SPACE}title"
_VALUE = f"{SPACE}value"
_TIME = f"{SPACE}effectiveTime"
_STATUS = f"{SPACE}statusCode"
_FLAG = f"{SPACE}interpretationCode"
_METHOD = f"{SPACE}methodCode"
_RANGE = f"{SPACE}referenceRange"
_TEXT = f"{SPACE}text"
_CRITERION = f"{SPACE}observationRange"
_PARTICIPANT = f"{SPACE}participant"
_ROLE = f"{SPACE}participantRole"
_ENTITY = f"{SPACE}playingEntity"
_SPECIMEN_ROLE = f"{SPACE}specimenRole"
_SPECIMEN_ENTITY = f"{SPACE}specimenPlayingEntity"
_NAME = f"{SPACE}name"
_SPELLINGS = str.maketrans({"l": "L", "µ": "u", "μ": "u"})
_BETWEEN = re.compile(r"[\s\-–—:;.()\[\]]|\b(?:à|a|et|de|entre)\b")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Place:
    """What an element hands down to the results under it."""

    chapter: str | None = None
    in_laboratory: bool = False
    group: tuple[str, ...] = ()
    specimen: str | None = None
    date: str | None = None
    status: str | None = None

    def under(self, *headings: str | None) -> tuple[str, ...]:
        """The group below further headings. Beyond the bounds the outer ones stay: each result bears them all."""
        group, room = list(self.group), MOST_HEADING_WORDS - sum(map(len, self.group))
        for heading in headings:
            if heading and len(group) < MOST_HEADINGS and len(heading) <= room:
                group.append(heading)
                room -= len(heading)
        return tuple(group)

    def status_of(self, own: str | None) -> str | None:
        """The status of an act in here that says `own` of itself. What was withdrawn is so with all that it holds; a battery that was
        interrupted or suspended (`aborted`, `held`) still has the results that say of themselves that they are complete."""
        return self.status if self.status in WITHDRAWN or own is None else own


def results(root: Element, labels: Labels) -> tuple[Result, ...]:
    """The results of a ClinicalDocument, at most MOST_RESULTS, in document order. `labels` gives the narrative words of an ID
    (without `#`), or None. Raises nothing."""
    return _Reader(root, labels).all()


class _Reader:
    """One document's walk. Elements that hold results are looked at once each, and climbed without recursion."""

    def __init__(self, root: Element, labels: Labels) -> None:
        self._root = root
        self._values = Values(labels)
        self._places: dict[Element, _Place] = {}

    def all(self) -> tuple[Result, ...]:
        """The document's results."""
        found: dict[Element, Result] = {}
        for template in self._root.iter(_TEMPLATE_ID):
            if template.get("root") != _RESULT:
                continue
            one = template.getparent()
            # a template said twice is one observation still
            if one is None or one.tag != _OBSERVATION or one in found:
                continue
            found[one] = self._result(one)
            if len(found) >= MOST_RESULTS:
                break
        return tuple(found.values())

    def _result(self, one: Element) -> Result:
        place = self._place(one.getparent())
        parts = _parts(one)
        code = _first(parts, _CODE)
        coded = self._values.coded(code)
        quantity = self._values.quantity(parts.get(_VALUE, ()))
        if one.get("negationInd") in ("true", "1") and quantity.text is not None:
            # the document denies this value: it must read so, and draw no curve
            quantity = Quantity(f"non : {quantity.text}", unit=quantity.unit)
        criteria = [inner for element in parts.get(_RANGE, ())[:_MOST_RANGES] for inner in children(element) if inner.tag == _CRITERION]
        low, high, alternative, remarks = _reference(quantity, [self._range(inner) for inner in criteria[:_MOST_RANGES]])
        remarks += self._comments(parts)
        specimen, isolate = self._specimen(parts.get(_SPECIMEN, ()), isolate=False)
        date = self._values.time(_first(parts, _TIME))
        return Result(
            chapter=place.chapter,
            label=coded.label if coded is not None and coded.label is not None else self._values.label(code),
            code=coded,
            value=quantity.text,
            comparator=quantity.comparator,
            number=quantity.number,
            unit=quantity.unit,
            low=low,
            high=high,
            flag=self._joined(parts.get(_FLAG, ())),
            status=place.status_of(_status(_first(parts, _STATUS))),
            date=date if date is not None else place.date,
            comment="\n".join(remarks) or None,
            alternative=alternative,
            group=place.under(isolate) if isolate else place.group,
            specimen=specimen or place.specimen,
            method=self._methods(parts.get(_METHOD, ())),
            translations=self._values.translations(code),
        )

    def _range(self, criterion: Element) -> _Range:
        parts: dict[object, Element] = {}
        for child in children(criterion):
            parts.setdefault(child.tag, child)
        value, flag = parts.get(_VALUE), parts.get(_FLAG)
        return _Range(
            self._values.one(value) if value is not None else NOTHING,
            (blank(flag.get("code")) or self._values.label(flag)) if flag is not None else None,
            self._values.lines(parts.get(_TEXT)),
        )

    def _joined(self, flags: Sequence[Element]) -> str | None:
        """Interpretation codes in order; the name of one that has no code."""
        return " ".join([told for flag in flags[:10] if (told := blank(flag.get("code")) or self._values.label(flag))]) or None

    def _methods(self, methods: Sequence[Element]) -> str | None:
        if not methods:
            return None
        return ", ".join(dict.fromkeys(name for name in map(self._values.label, methods[:5]) if name)) or None

    def _comments(self, parts: dict[object, list[Element]]) -> list[str]:
        """What the laboratory wrote on this result: comment acts in it and words of its own text (not a mere pointer to its line)."""
        found: list[str | None] = []
        for link in parts.get(_LINK, ()):
            if len(found) >= _MOST_COMMENTS:
                break
            for inner in children(link):
                if inner.tag in (_ACT, _OBSERVATION) and self._is_comment(inner):
                    found.append(self._values.lines(inner.find(_TEXT)))
        for text in parts.get(_TEXT, ())[:1]:
            if blank(text.text):
                found.append(self._values.lines(text))
        return [words for words in found if words]

    def _is_comment(self, act: Element) -> bool:
        if self._has(act, _REMARK):
            return True
        code = act.find(_CODE)
        return code is not None and code.get("code") == _REMARK_CODE

    def _has(self, element: Element, template: str) -> bool:
        return any(child.get("root") == template for child in element.iterchildren(_TEMPLATE_ID))

    def _place(self, element: Element | None) -> _Place:
        """What holds for the children of `element`, from the outermost section down to it."""
        climbed: list[Element] = []
        place = _Place()
        while element is not None:
            known = self._places.get(element)
            if known is not None:
                place = known
                break
            climbed.append(element)
            if element is self._root:
                break
            element = element.getparent()
        for one in reversed(climbed):
            place = self._places[one] = self._below(one, place)
        return place

    def _below(self, element: Element, place: _Place) -> _Place:
        tag = element.tag
        if tag == _SECTION:
            return self._below_section(element, place)
        if tag == _LINK:
            # neither the date nor the withdrawal of today's result is that of an earlier one quoted under it
            return dataclasses.replace(place, date=None, status=None) if element.get("typeCode") == "REFR" else place
        if tag not in (_ACT, _ORGANIZER, _OBSERVATION, _PROCEDURE):
            return place
        specimen, date = self._collected(element)
        group, own = place.group, None
        if tag in (_ORGANIZER, _OBSERVATION):
            heading = self._values.label(element.find(_CODE), _MAX_HEADING)
            own, isolate = self._specimen(
                list(element.iterchildren(_SPECIMEN)), isolate=element.get("classCode") == "CLUSTER" or self._has(element, _ISOLATE)
            )
            group = place.under(heading, own, isolate)
        status = place.status_of(_status(element.find(_STATUS)))
        return dataclasses.replace(
            place,
            status=status if status in NO_VALUE else None,
            group=group,
            specimen=own or specimen or place.specimen,
            date=self._values.time(element.find(_TIME)) or date or place.date,
        )

    def _below_section(self, section: Element, place: _Place) -> _Place:
        title = self._values.words(section.find(_TITLE), _MAX_HEADING)
        heading = title or self._values.label(section.find(_CODE), _MAX_HEADING)
        if not place.in_laboratory and self._has(section, _CHAPTER):
            return _Place(chapter=heading, in_laboratory=True)
        if place.chapter is None and not place.group:
            return dataclasses.replace(place, chapter=heading)
        above = place.group[-1] if place.group else place.chapter
        if title is None and heading is not None and above is not None and heading.casefold() == above.casefold():
            # a sub-section without a title, of its chapter's own code, is no heading
            return place
        return dataclasses.replace(place, group=place.under(heading))

    def _specimen(self, specimens: Sequence[Element], isolate: bool) -> tuple[str | None, str | None]:
        """(specimen, isolate) that an act names itself: a microorganism is no specimen but what grew in it."""
        for one in specimens[:5]:
            role = one.find(_SPECIMEN_ROLE)
            entity = role.find(_SPECIMEN_ENTITY) if role is not None else None
            if entity is None:
                continue
            label = self._values.label(entity.find(_CODE), _MAX_HEADING)
            label = label or self._values.words(entity.find(_NAME), _MAX_HEADING)
            if label is not None:
                return (None, label) if isolate or entity.get("classCode") == "MIC" else (label, None)
        return None, None

    def _collected(self, element: Element) -> tuple[str | None, str | None]:
        """(specimen, date) of the collections that an act holds, each None where several disagree."""
        labels: dict[str, None] = {}
        dates: dict[str, None] = {}
        for link in children(element):
            if link.tag not in (_COMPONENT, _LINK):
                continue
            for procedure in children(link):
                if procedure.tag != _PROCEDURE:
                    continue
                date = self._values.time(procedure.find(_TIME))
                if date is not None:
                    dates[date] = None
                for label in self._collected_in(procedure):
                    labels[label] = None
                if len(labels) > 1 and len(dates) > 1:
                    return None, None
        return (next(iter(labels)) if len(labels) == 1 else None), (next(iter(dates)) if len(dates) == 1 else None)

    def _collected_in(self, procedure: Element) -> list[str]:
        found = []
        for participant in procedure.iterchildren(_PARTICIPANT):
            role = participant.find(_ROLE)
            entity = role.find(_ENTITY) if role is not None else None
            if role is None or entity is None or (role.get("classCode") not in ("SPEC", None) and participant.get("typeCode") != "PRD"):
                continue
            label = self._values.label(entity.find(_CODE), _MAX_HEADING)
            if label is not None:
                found.append(label)
        own, _ = self._specimen(list(procedure.iterchildren(_SPECIMEN)), isolate=False)
        return [*found, own] if own is not None else found


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Range:
    """One observationRange: its value, the kind of results that it delimits (N: normal) and its words."""

    found: Quantity
    kind: str | None
    words: str | None

    @property
    def is_normal(self) -> bool:
        return self.found.is_interval and self.kind in (None, "N")

    def remark(self) -> str | None:
        """The range in words, with what its own words add."""
        found = self.found
        if found.text is None:
            return self.words
        unit = f" {found.unit}" if found.unit and not is_unitless(found.unit) else ""
        kind = f" ({self.kind})" if self.kind not in (None, "N") else ""
        words = f", {self.words}" if self.words is not None and not self.repeats() else ""
        return f"Référence{kind} : {found.text}{unit}{words}"

    def repeats(self) -> bool:
        """Whether the words only say the interval again."""
        found = self.found
        if not found.is_interval or self.words is None:
            return found.is_interval or self.words == found.text
        left = self.words.replace(",", ".")
        for part in (found.low, found.high, found.unit):
            if part:
                left = left.replace(part.replace(",", "."), "", 1)
        return not _BETWEEN.sub("", left)


def _reference(quantity: Quantity, ranges: Sequence[_Range]) -> tuple[str | None, str | None, Alternative | None, list[str]]:
    """(low, high, other unit, remarks): the interval of normal results in the unit of the result, and the one in its other unit. Where
    several differ (women and men, by age), nothing tells which is the patient's: none is taken. What is not taken stays as words."""
    other = quantity.other
    if not ranges:
        return None, None, other, []
    if len(ranges) == 1 and other is None:  # nearly every result
        (one,) = ranges
        if one.is_normal and _same_unit(one.found.unit, quantity.unit):
            return one.found.low, one.found.high, None, [one.words] if one.words and not one.repeats() else []
    normal = [one for one in ranges if one.is_normal]
    main = [one for one in normal if _same_unit(one.found.unit, quantity.unit)]
    taken = main if _agree(main) else []
    low, high = (taken[0].found.low, taken[0].found.high) if taken else (None, None)
    if other is not None:
        beside = [one for one in normal if one.found.unit and one not in main and _same_unit(one.found.unit, other.unit)]
        if _agree(beside):
            taken = taken + beside
            other = dataclasses.replace(other, low=beside[0].found.low, high=beside[0].found.high)
        elif not beside and _agree(main or normal):
            beyond = (main or normal)[0].found.bounds_other
            if beyond is not None and beyond.unit is not None and _same_unit(beyond.unit, other.unit):
                other = dataclasses.replace(other, low=beyond.low, high=beyond.high)
    remarks = [one.remark() if one not in taken else None if one.repeats() else one.words for one in ranges]
    return low, high, other, [words for words in remarks if words]


def _agree(ranges: Sequence[_Range]) -> bool:
    return len({(one.found.low, one.found.high) for one in ranges}) == 1


def _same_unit(one: str | None, another: str | None) -> bool:
    """Whether a bound's unit is the result's: the same in UCUM, where l and L are one, or untold."""
    if one == another or one is None or (is_unitless(one) and is_unitless(another)):
        return True
    return another is not None and one.translate(_SPELLINGS) == another.translate(_SPELLINGS)


def _status(element: Element | None) -> str | None:
    """An ActStatus: some write it in capitals."""
    code = blank(element.get("code")) if element is not None else None
    return code.lower() if code is not None else None


def _parts(element: Element) -> dict[object, list[Element]]:
    """Its children by their tags."""
    parts: dict[object, list[Element]] = {}
    for child in children(element):
        known = parts.get(child.tag)
        if known is None:
            parts[child.tag] = [child]
        else:
            known.append(child)
    return parts


def _first(parts: dict[object, list[Element]], tag: str) -> Element | None:
    found = parts.get(tag)
    return found[0] if found else None
