"""The entries of a section whose narrative says nothing of them, as lines of French: what, its value, when, how; whatever their template.

HL7 asks that the narrative hold what the entries say. Where software left it empty, what they say would be lost to the reader: each
clinical statement is then a line, those in it below it. What no rule here knows is shown as it is named, never dropped. Results of biology
are read as data (`cda_biology`) and not told here.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

from vaguemestre.formats import cda_times
from vaguemestre.formats.cda_header import V3
from vaguemestre.formats.cda_labels import Labels
from vaguemestre.formats.cda_values import Values, blank, is_unitless
from vaguemestre.formats.safe_xml import Element

_BIOLOGY = frozenset({"1.3.6.1.4.1.19376.1.3.1", "1.3.6.1.4.1.19376.1.3.1.6"})
_STATEMENTS = frozenset(
    f"{V3}{name}" for name in ("observation", "procedure", "act", "substanceAdministration", "supply", "encounter", "organizer")
)
_MEDIA = frozenset({f"{V3}observationMedia", f"{V3}regionOfInterest"})
_SILENT = frozenset(
    f"{V3}{name}" for name in ("templateId", "id", "realmCode", "typeId", "languageCode", "confidentialityCode", "sequenceNumber", "setId")
)
"""Numbers and marks for machines."""
_NAMED = {
    "doseQuantity": "dose",
    "rateQuantity": "débit",
    "maxDoseQuantity": "dose maximale",
    "quantity": "quantité",
    "repeatNumber": "renouvellements",
    "routeCode": "voie",
    "approachSiteCode": "voie d'abord",
    "targetSiteCode": "localisation",
    "methodCode": "méthode",
    "administrationUnitCode": "unité de prise",
    "lotNumberText": "lot",
    "expirationTime": "péremption",
}
_STATES = {
    "active": "en cours",
    "aborted": "interrompu",
    "cancelled": "annulé",
    "suspended": "suspendu",
    "held": "en attente",
    "new": "nouveau",
    "obsolete": "périmé",
    "nullified": "annulé",
}
_UNTOLD = {
    "UNK": "inconnu",
    "NI": "non renseigné",
    "NAV": "non disponible",
    "NASK": "non demandé",
    "ASKU": "demandé, inconnu",
    "MSK": "masqué",
    "NA": "sans objet",
    "NP": "absent",
    "OTH": "autre",
    "NINF": "moins l'infini",
    "PINF": "plus l'infini",
}
_COMMENT = "Commentaire"
_TEXT = f"{V3}text"
_QUALIFIER = f"{V3}qualifier"
_BOUNDS = frozenset(f"{V3}{name}" for name in ("low", "high", "center", "numerator", "denominator"))
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_TRUTHS = {"true": "oui", "false": "non"}
_SAYS_NOTHING = frozenset({"ASSERTION", "48767-8"})
"""Codes of a statement that is its value, and of a comment."""
_WORD = re.compile(r"[^\W_]")
_LONG_WORD = re.compile(r"[^\W\d_]{4,}|\d+")
_MOST_AROUND = 3
"""Sections around a section that are looked at, the nearest first."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Line:
    """`words`: one statement. `media`: the name of the file that it holds. `inner`: the statements in it."""

    words: str
    media: str | None = None
    inner: tuple[Line, ...] = ()


class Entries:
    """Those of one document. `media` gives the file name of each observationMedia by its ID."""

    def __init__(self, labels: Labels, media: Mapping[str, str]) -> None:
        self._reader = _Reader(labels, media)
        self._told: dict[Element, frozenset[str]] = {}

    def untold(self, section: Element, texts: list[Element]) -> tuple[Line, ...]:
        """What the entries of a section say, in order, where its narrative has no word, but for what the narrative of a section around it
        says already; else nothing. `texts`: the narrative. Raises nothing."""
        entries = section.findall(f"{V3}entry")
        if not entries or any(map(_says, texts)):
            return ()
        found = self._reader.of(one for one in entries if not _is_biology(one))
        if not found:
            return ()
        around = [self._words_of(one) for one in itertools.islice(section.iterancestors(f"{V3}section"), _MOST_AROUND)]
        return tuple(_lacking(found, around)) if any(around) else tuple(found)

    def _words_of(self, section: Element) -> frozenset[str]:
        """The words of the narrative of a section, each section's once."""
        if section not in self._told:
            pieces = (str(piece) for text in section.iterchildren(_TEXT) for piece in text.itertext())
            self._told[section] = frozenset(word for piece in pieces for word in _significant(piece))
        return self._told[section]


def _significant(text: str) -> list[str]:
    return [word.casefold() for word in _LONG_WORD.findall(text)]


def _lacking(lines: Iterable[Line], around: list[frozenset[str]]) -> Iterator[Line]:
    """The lines of which these words lack one, or that hold such a line, or a file."""
    for line in lines:
        inner = tuple(_lacking(line.inner, around))
        words = _significant(line.words)
        if inner or line.media or not words or not all(any(word in known for known in around) for word in words):
            yield dataclasses.replace(line, inner=inner)


def _says(text: Element) -> bool:
    return any(_WORD.search(str(piece)) for piece in text.itertext()) or next(text.iter(f"{V3}renderMultiMedia"), None) is not None


class _Reader:
    def __init__(self, labels: Labels, media: Mapping[str, str]) -> None:
        self._values = Values(labels)
        self._media = media

    def of(self, elements: Iterable[Element]) -> list[Line]:
        """The statements that stand in these elements, however deep: `safe_xml` bounds how deep that is."""
        found: list[Line] = []
        for element in elements:
            for child in element:
                if child.tag in _STATEMENTS:
                    found += self._statement(child)
                elif child.tag in _MEDIA:
                    found += self._image(child)
                else:
                    # an extension of somebody's: what is in it counts
                    found += self.of((child,))
        return found

    def _image(self, element: Element) -> list[Line]:
        names = [self._media.get(one.get("ID") or "") for one in element.iter(f"{V3}observationMedia")]
        return [Line("", name) for name in dict.fromkeys(names) if name]

    def _statement(self, element: Element) -> list[Line]:
        parts: dict[object, list[Element]] = {}
        inner: list[Line] = []
        details: list[str] = []
        for child in element:
            parts.setdefault(child.tag, []).append(child)
        name = self._name(element, parts)
        value = self._value(parts.get(f"{V3}value", ()))
        if name == _COMMENT:
            value = _own_words(parts[_TEXT])
        negated = (element.get("negationInd") or "").strip() in {"true", "1"}
        for child in element:
            if child.tag in (f"{V3}code", f"{V3}value"):
                details += [text for one in child.iterchildren(_QUALIFIER) for text in self._qualified(one)]
            elif child.tag in (f"{V3}consumable", f"{V3}product") or child.tag in _SILENT or (child.tag == _TEXT and name == _COMMENT):
                continue
            elif _holds_statement(child):
                inner += self.of((child,))
            else:
                details += [text for text in self._detail(child) if text]
        for child in (*parts.get(f"{V3}consumable", ()), *parts.get(f"{V3}product", ())):
            details += [text for text in self._deep(child) if text != name]
        words = " : ".join(filter(None, (name, value)))
        if negated and words:
            words = f"non : {words}"
        told = list(dict.fromkeys(text for text in details if text != words))
        if told:
            words = f"{words} ({' ; '.join(told)})" if words else " ; ".join(told)
        if element.tag == f"{V3}organizer" and len(inner) == 1 and not told and value is None:
            return inner if inner[0].words else [dataclasses.replace(inner[0], words=words)]
        if not words and not inner:
            return []
        return [Line(words, None, tuple(inner))] if words else inner

    def _name(self, element: Element, parts: Mapping[object, list[Element]]) -> str | None:
        """What the statement is about: the product of a treatment, else its code."""
        for holder in (f"{V3}consumable", f"{V3}product"):
            for one in parts.get(holder, ()):
                found = next(iter(self._deep(one)), None)
                if found is not None:
                    return found
        codes = parts.get(f"{V3}code", ())
        for code in codes:
            if code.get("code") in _SAYS_NOTHING:
                return _COMMENT if code.get("code") == "48767-8" and _own_words(parts.get(_TEXT, ())) else None
            told = self._values.label(code) or blank(code.get("code"))
            if told is not None:
                return told
        return None

    def _value(self, values: Iterable[Element]) -> str | None:
        elements = list(values)
        if not elements:
            return None
        found = self._values.quantity(elements)
        if found.text in _TRUTHS and elements[0].get(_TYPE, "").endswith("BL"):
            return _TRUTHS[found.text]
        if found.text is None:
            return next((_UNTOLD.get(one.get("nullFlavor") or "") for one in elements if one.get("nullFlavor")), None)
        other = found.other
        told = _measured(found.text, found.unit)
        return f"{told} ({_measured(other.number or '', other.unit)})" if other is not None else told

    def _detail(self, element: Element) -> Iterator[str]:
        """What a part of a statement that holds no other says."""
        name = str(element.tag).rpartition("}")[2]
        if name == "statusCode":
            told = _STATES.get((element.get("code") or "").strip().lower())
            if told is not None:
                yield told
        elif name in {"effectiveTime", "time"}:
            told = cda_times.of(element)
            if told is not None:
                yield told
        elif name == "text":
            # a mere pointer is to words that are elsewhere
            words = _own_words((element,))
            if words is not None:
                yield words
        else:
            yield from self._deep(element)

    def _deep(self, element: Element) -> Iterator[str]:
        """Every fact inside an element, named where the name of the part says something."""
        stack = [element]
        while stack:
            one = stack.pop()
            name = str(one.tag).rpartition("}")[2]
            if one.tag in _SILENT or (name == "reference" and "/" not in one.get("value", "")):
                continue
            if name in {"effectiveTime", "time"}:
                told = cda_times.of(one)
            elif name == "telecom":
                told = (one.get("value") or "").strip()[:200].rpartition(":")[2] or None
            elif name in {"name", "addr"} and len(one):
                told = " ".join(" ".join(map(str, one.itertext())).split())[:500] or None
            else:
                told = self._fact(one)
            if told is None:
                stack += reversed(one)
                continue
            called = _NAMED.get(name)
            yield f"{called} : {told}" if called else told
            for inner in one.iterchildren(_QUALIFIER):
                yield from self._qualified(inner)

    def _qualified(self, qualifier: Element) -> Iterator[str]:
        """What a code is further: `latéralité : gauche`, or the value alone where its name has no words."""
        name = self._values.label(qualifier.find(f"{V3}name"))
        for value in qualifier.iterchildren(f"{V3}value"):
            told = self._fact(value)
            if told is not None:
                yield f"{name} : {told}" if name else told

    def _fact(self, element: Element) -> str | None:
        label = self._values.label(element)
        if label is not None:
            return label
        if element.get("value") is not None or any(child.tag in _BOUNDS for child in element):
            return self._value((element,))
        own = " ".join((element.text or "").split()) if not len(element) else ""
        return own[:500] or blank(element.get("code"))


def _is_biology(entry: Element) -> bool:
    """Whether results of biology are in it: with their specimen, battery and comments they are data."""
    return any(one.get("root") in _BIOLOGY for one in entry.iter(f"{V3}templateId"))


def _holds_statement(element: Element) -> bool:
    return any(one.tag in _STATEMENTS or one.tag in _MEDIA for one in element.iter())


def _own_words(texts: Iterable[Element]) -> str | None:
    return next((told for told in (" ".join("".join(map(str, one.itertext())).split())[:16_000] for one in texts) if told), None)


def _measured(text: str, unit: str | None) -> str:
    """A number and its unit; what UCUM only lets be remarked in braces (`{comprimé}`) is told too."""
    if unit is not None and is_unitless(unit):
        unit = unit.strip("{}") if unit != "1" else None
    return cda_times.span(text, unit) or text
