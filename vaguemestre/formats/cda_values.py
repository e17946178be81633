"""The data types of CDA R2 as text: quantities, intervals, ratios, coded values, words and times, whatever type they claim.

HL7 V3 data types, release 1; formats.md 2.5 and 9 (cases 13, 14, 18, 20). A value is read by its shape (an attribute, two bounds,
a code, words): the `xsi:type` is a QName with any prefix, may be missing or wrong, and only tells whether digits are a number.
Nothing is computed but an exponent written out (`1.2E+5`). Every reading is bounded and none raises.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import itertools
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from lxml import etree

from vaguemestre.domain.reading import Alternative, Coded
from vaguemestre.formats import numbers

Element = etree._Element
Labels = Callable[[str], str | None]

MAX_LABEL = 500
MAX_WORDS = 16_000
MOST_REFERRED = 4_000_000
"""Characters that references may bring in all: ten thousand results may point to the same long paragraph."""

SPACE = "{urn:hl7-org:v3}"
_ORIGINAL, _REFERENCE, _TRANSLATION = f"{SPACE}originalText", f"{SPACE}reference", f"{SPACE}translation"
_LOW, _HIGH, _CENTER, _WIDTH = f"{SPACE}low", f"{SPACE}high", f"{SPACE}center", f"{SPACE}width"
_ABOVE, _BELOW = f"{SPACE}numerator", f"{SPACE}denominator"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_TOLD_NUMBERS = frozenset(("PQ", "REAL", "INT", "MO", "PQR"))
_NUMBERS = _TOLD_NUMBERS | {""}
_TIMES = frozenset(("TS", "PIVL", "EIVL"))
_TRACES = "traces"
_SIMPLE = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?")
_NUMBER = re.compile(numbers.COMPARED)
_SCIENTIFIC = re.compile(r"[-+]?[0-9]{1,30}(?:\.[0-9]{1,30})?[eE][-+]?(?:[0-2]?[0-9]|30)")
_TIME = re.compile(
    r"([0-9]{4})-?([0-9]{2})?-?([0-9]{2})?(?:[T ]?([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?)?"
    r"\s*(Z|[-+][0-9]{2}(?::?[0-9]{2})?)?"
)
_MOST_NODES = 4_000
_LONGEST_TIME = _LONGEST_TYPE = 40
_FURTHEST = 14 * 60


class Quantity(NamedTuple):
    """What a value says. `text` as written, `<` and `>` of an interval with one bound before its digits; `unit` in UCUM, as written;
    `low` and `high`: the bounds of an interval, as written; `bounds_other` the same in a second unit."""

    text: str | None = None
    comparator: str | None = None
    number: str | None = None
    unit: str | None = None
    other: Alternative | None = None
    low: str | None = None
    high: str | None = None
    bounds_other: Alternative | None = None
    is_interval: bool = False

    def __repr__(self) -> str:
        return "<Quantity>"


NOTHING = Quantity()


def blank(text: str | None) -> str | None:
    """The text on one line without outer blanks, or None where nothing is left."""
    if not text:
        return None
    # nearly all are short and printable: every blank but the usual one counts as unprintable
    return (text.strip() if "  " not in text and text.isprintable() else " ".join(text.split())) or None


def children(element: Element) -> list[Element]:
    """Its elements. lxml gives a slice in less than half the time that iterating takes."""
    return element[:]  # type: ignore[index, return-value]


def told(element: Element, name: str, most: int = MAX_LABEL) -> str | None:
    """An attribute on one line, cut; None where it is absent or blank."""
    text = element.get(name)
    if not text:
        return None
    text = blank(text)
    return text if text is None or len(text) <= most else _cut(text, most)


def number(text: str | None) -> tuple[str | None, str | None]:
    """(comparator, number) of a text that is one decimal, else (None, None). A comma is a point; an exponent up to 30 is written out."""
    if text is None or len(text) > 70:
        return None, None
    if _SIMPLE.fullmatch(text):
        return None, text
    match = _NUMBER.fullmatch(text)
    if match:
        return numbers.compared(match)
    if _SCIENTIFIC.fullmatch(text):
        return None, format(Decimal(text), "f")
    return None, None


def moment(text: str | None) -> str | None:
    """An HL7 time (`202101040735+0100`, `1979`) as ISO 8601 with the precision and zone it has; None where it is no date. A date is
    never moved by its zone; a month or day of 00 is one not told; an impossible hour leaves the day."""
    return _moment(text) if text is not None and len(text) <= _LONGEST_TIME else None


@functools.lru_cache(512)
def _moment(text: str) -> str | None:
    # the results of a report share a few times
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if year == "0000":
        return None
    if month in (None, "00"):
        return year
    if day in (None, "00"):
        return f"{year}-{month}" if "01" <= month <= "12" else None
    try:
        datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    date = f"{year}-{month}-{day}"
    if hour is None or hour > "23" or (minute or "00") > "59" or (second or "00") > "59":
        return date
    clock = ":".join(part for part in (hour, minute, second) if part)
    return f"{date}T{clock}{f'.{fraction}' if fraction else ''}{_offset(zone)}"


def _offset(zone: str | None) -> str:
    if zone is None:
        return ""
    if zone == "Z":
        return "+00:00"
    digits = zone[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return f"{zone[0]}{digits[:2]}:{digits[2:]}" if digits[2:] < "60" and minutes <= _FURTHEST else ""


def _kind(element: Element) -> tuple[str, str]:
    """(the family, the type) that a value claims: IVL and PQ of `hl7:IVL_PQ`, "" and PQ of `PQ`."""
    name = element.get(_TYPE) or ""
    return _kind_again(name) if len(name) <= _LONGEST_TYPE else _kind_of(name)


def _kind_of(name: str) -> tuple[str, str]:
    family, _, last = name.strip().rpartition(":")[2].upper().rpartition("_")
    return family, last


_kind_again = functools.lru_cache(64)(_kind_of)


class Values:
    """Reads the values of one document; `labels` gives the narrative words of an ID."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._left = MOST_REFERRED

    def words(self, element: Element | None, most: int = MAX_LABEL) -> str | None:
        """The words inside an element, on one line, else those of the narrative that it refers to."""
        if element is None:
            return None
        return _cut(blank(_inner(element)), most) or self._referred(element, most)

    def lines(self, element: Element | None) -> str | None:
        """As `words`, its lines kept. Content in base64 that is no text is not words: None."""
        if element is None:
            return None
        if (element.get("representation") or "").strip().upper() == "B64":
            return None
        lines = [line for line in map(blank, _inner(element).splitlines()) if line]
        return _cut("\n".join(lines) or None, MAX_WORDS) or self._referred(element, MAX_WORDS)

    def label(self, element: Element | None, most: int = MAX_LABEL) -> str | None:
        """What a coded element is called: its display name, its original text, the narrative it refers to, a translation's name."""
        if element is None:
            return None
        name = told(element, "displayName", most)
        if name is not None:
            return name
        translated = None
        for child in children(element):
            if child.tag == _ORIGINAL:
                name = name or self.words(child, most)
            elif child.tag == _TRANSLATION and translated is None:
                translated = told(child, "displayName", most)
        return name or translated

    def coded(self, element: Element | None) -> Coded | None:
        """A code with its system (an OID) and its own display name; None where it bears neither code nor name."""
        if element is None:
            return None
        code, name = told(element, "code"), told(element, "displayName")
        if code is None and name is None:
            return None
        return Coded(code, told(element, "codeSystem"), name)

    def translations(self, element: Element | None) -> tuple[Coded, ...]:
        """The other codes beside a code, at most 20."""
        if element is None or not len(element):
            return ()
        found = [self.coded(child) for child in element.iterchildren(_TRANSLATION)]
        return tuple([one for one in found if one is not None][:20])

    def time(self, element: Element | None) -> str | None:
        """An effectiveTime: its value, else the low, center or high of its interval."""
        if element is None:
            return None
        found = moment(element.get("value"))
        if found is None and len(element):
            for part in (_LOW, _CENTER, _HIGH):
                child = element.find(part)
                found = moment(child.get("value")) if child is not None else None
                if found is not None:
                    break
        return found

    def quantity(self, elements: Sequence[Element]) -> Quantity:
        """What the values of one observation say together: nearly always there is one. Two of the same sense in two units are one
        result and its alternative; any other several are words joined by ` ; `."""
        if len(elements) == 1:
            return self.one(elements[0])
        all_ = [one for one in map(self.one, elements[:50]) if one.text is not None]
        if not all_:
            return NOTHING
        first = all_[0]
        if len(all_) == 1:
            return first
        second = all_[1]
        both = first.number is not None and second.number is not None and first.comparator == second.comparator
        if len(all_) == 2 and both and first.unit != second.unit and first.other is None:
            return first._replace(other=Alternative(second.number, second.unit))
        return Quantity(_cut(" ; ".join(" ".join(filter(None, (one.text, one.unit))) for one in all_), MAX_WORDS))

    def one(self, element: Element) -> Quantity:
        """What one value says."""
        family, last = _kind(element)
        parts: dict[object, Element] = {}
        if len(element):
            for child in children(element):
                parts.setdefault(child.tag, child)
            if _LOW in parts or _HIGH in parts or _CENTER in parts:
                return self._interval(parts, last)
            if _ABOVE in parts or _BELOW in parts:
                return self._ratio(parts)
        text = blank(element.get("value"))
        if text is not None or last in _TOLD_NUMBERS:
            return self._figure(element, text, family, last)
        name = self.label(element)
        if name is None:
            if last == "ST":
                name = self.words(element, MAX_WORDS)
            elif _ORIGINAL not in parts:
                name = self.lines(element)
            name = name or told(element, "code")
        if name is None and element.get("nullFlavor") == "TRC":
            name = _TRACES
        return Quantity(name) if name is not None else NOTHING

    def _figure(self, element: Element, text: str | None, family: str, last: str) -> Quantity:
        text = text or blank(element.text) or self.label(element)
        unit = self._unit(element)
        other = self._other(element)
        if text is None:
            traces = _TRACES if element.get("nullFlavor") == "TRC" else None
            return Quantity(traces, unit=unit, other=other) if traces or other or unit else NOTHING
        if last in _TIMES or family in _TIMES:
            return Quantity(moment(text) or _cut(text, MAX_LABEL))
        comparator, figure = number(text) if last in _NUMBERS else (None, None)
        return Quantity(_cut(text, MAX_WORDS), comparator, figure, unit, other)

    def _interval(self, parts: dict[object, Element], last: str) -> Quantity:
        low, low_unit = self._bound(parts.get(_LOW), last)
        high, high_unit = self._bound(parts.get(_HIGH), last)
        if low is None and high is None:
            center, unit = self._bound(parts.get(_CENTER), last)
            if center is None:
                return NOTHING
            comparator, figure = number(center) if last in _NUMBERS else (None, None)
            return Quantity(center, comparator, figure, unit, self._other(parts[_CENTER]))
        width, _ = self._bound(parts.get(_WIDTH), last)
        if low is not None and high is not None:
            if low_unit and high_unit and low_unit != high_unit:
                return Quantity(f"{low} {low_unit} - {high} {high_unit}")
            first, second = self._other(parts[_LOW]), self._other(parts[_HIGH])
            other = None
            if first is not None and second is not None and first.unit == second.unit:
                other = Alternative(None, first.unit, first.number, second.number)
            return Quantity(f"{low} - {high}", None, None, low_unit or high_unit, None, low, high, other, is_interval=True)
        side, text, unit = (_LOW, low, low_unit) if low is not None else (_HIGH, high, high_unit)
        if width is not None:
            # the other bound is told, but as a sum that nobody wrote
            return Quantity(f"{text} ({width})", unit=unit)
        sign = ("<" if side == _HIGH else ">") + ("" if _excluded(parts[side]) else "=")
        own, figure = number(text) if last in _NUMBERS else (None, None)
        if own is not None:
            figure = None  # `low value="<5"`: two signs, a person reads it
        other = self._other(parts[side])
        beyond = None
        if other is not None:
            beyond = dataclasses.replace(other, number=None, **{"low" if side == _LOW else "high": other.number})
        comparator = sign if figure is not None else None
        return Quantity(f"{sign}{text}", comparator, figure, unit, other, low, high, beyond, is_interval=True)

    def _bound(self, element: Element | None, last: str) -> tuple[str | None, str | None]:
        if element is None:
            return None, None
        text = told(element, "value")
        if text is None:
            return None, None
        return (moment(text) or text) if last in _TIMES else text, self._unit(element)

    def _ratio(self, parts: dict[object, Element]) -> Quantity:
        sides = []
        for name in (_ABOVE, _BELOW):
            text, unit = self._bound(parts.get(name), "")
            sides.append(None if text is None else f"{text} {unit}" if unit and not is_unitless(unit) else text)
        above, below = sides
        if above is None or below is None:
            return Quantity(above)
        return Quantity(f"{above}/{below}")

    def _unit(self, element: Element) -> str | None:
        return told(element, "unit") or told(element, "currency")

    def _other(self, element: Element) -> Alternative | None:
        """The first translation of a quantity that has a number; its unit stands in `unit` or, as the type PQR has it, in `code`."""
        if not len(element):
            return None
        for child in element.iterchildren(_TRANSLATION):
            _, figure = number(blank(child.get("value")))
            if figure is not None:
                return Alternative(figure, self._unit(child) or blank(child.get("code")) or self.label(child))
        return None

    def _referred(self, element: Element, most: int) -> str | None:
        reference = element.find(_REFERENCE) if len(element) else None
        name = blank(reference.get("value")) if reference is not None else None
        # some documents forget the mark; an address is never followed
        if name is None or len(name) > MAX_LABEL or "/" in name or self._left <= 0:
            return None
        words = self._labels(name.removeprefix("#"))
        found = _cut(blank(words[: 2 * most]), most) if words is not None else None
        self._left -= len(found or "")
        return found


def _cut(text: str | None, most: int) -> str | None:
    return text if text is None or len(text) <= most else f"{text[: most - 1]}…"


def _inner(element: Element) -> str:
    """The text in an element, its tags left out; no more than can be kept, since elements nest and each asks for its own."""
    if not len(element):
        return (element.text or "")[: 2 * MAX_WORDS]
    pieces, left = [], 2 * MAX_WORDS
    for event, one in itertools.islice(etree.iterwalk(element, ("start", "end", "comment", "pi")), _MOST_NODES):
        text = one.text if event == "start" else one.tail if one is not element else None
        if text:
            pieces.append(text[:left])
            left -= len(text)
            if left <= 0:
                break
    return "".join(pieces)


def is_unitless(unit: str | None) -> bool:
    """Whether a unit says nothing: absent, `1`, or a remark in braces alone."""
    return unit is None or unit == "1" or (unit[0] == "{" and unit[-1] == "}")


def _excluded(bound: Element) -> bool:
    """HL7: a bound belongs to its interval unless it says no."""
    return (bound.get("inclusive") or "").strip().lower() in {"false", "0"}
