"""The data types of FHIR as the reading has them: codes, times, identifiers, quantities, ranges, ratios (FHIR R4, 2.24).

A code system is told by its OID where the address of the system is one or is that of a well-known one; any other is left out, since the
reading names systems by OID. Nothing is computed; digits are kept as written.
"""

from __future__ import annotations

import re

from vaguemestre.domain.reading import LOINC, Coded
from vaguemestre.formats.cda_values import NOTHING, Quantity, is_unitless, moment, number
from vaguemestre.formats.fhir_graph import MAX_LENGTH, MAX_WORDS, Node, line

UCUM = "http://unitsofmeasure.org"
_SYSTEMS = {
    "http://loinc.org": LOINC,
    "http://snomed.info/sct": "2.16.840.1.113883.6.96",
    UCUM: "2.16.840.1.113883.6.8",
    "http://hl7.org/fhir/sid/icd-10": "2.16.840.1.113883.6.3",
    "http://www.whocc.no/atc": "2.16.840.1.113883.6.73",
    "http://terminology.hl7.org/codesystem/v3-observationinterpretation": "2.16.840.1.113883.5.83",
    "http://terminology.hl7.org/codesystem/v3-actcode": "2.16.840.1.113883.5.4",
    "http://terminology.hl7.org/codesystem/v2-0074": "2.16.840.1.113883.12.74",
    "http://terminology.hl7.org/codesystem/v2-0487": "2.16.840.1.113883.12.487",
}
_OID = re.compile(r"urn:oid:([0-2](?:\.(?:0|[1-9][0-9]{0,40})){1,40})", re.IGNORECASE)
_URN = re.compile(r"urn:(?:oid|uuid):(\S{1,200})", re.IGNORECASE)
_VALUES = ("Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range", "Ratio", "Time", "DateTime", "Period", "Decimal")
_ADDRESSES = frozenset({"urn:ietf:rfc3986", "urn:ietf:rfc:3986"})
_MOST_CODES = 20
_SIGNS = frozenset({"<", "<=", ">", ">="})
_BOOLEANS = {True: "oui", False: "non"}


def oid(system: str | None) -> str | None:
    """The OID of a system by its address, None where none is known."""
    if not system:
        return None
    match = _OID.fullmatch(system)
    return match[1] if match else _SYSTEMS.get(system.rstrip("/").lower())


def _coding(node: Node) -> Coded | None:
    code, label = node.text("code"), node.text("display")
    return Coded(code, oid(node.text("system")), label) if code or label else None


def codings(concept: Node) -> list[Coded]:
    """The codes of a concept, LOINC first."""
    found = [one for one in map(_coding, concept.all("coding")[:_MOST_CODES]) if one is not None]
    return found if len(found) < 2 else sorted(found, key=lambda one: one.system != LOINC)


def coded(concept: Node) -> Coded | None:
    """The first code of a concept; its label, where the code bears none, is the concept's own text."""
    found = codings(concept)
    text = concept.text("text")
    if not found:
        return Coded(None, None, text) if text else None
    return found[0] if found[0].label or not text else Coded(found[0].code, found[0].system, text)


def label(concept: Node) -> str | None:
    """What a concept is called: its own text, the name of a code, a code."""
    text = concept.text("text")
    if text is not None:
        return text
    found = codings(concept)
    return next((one.label for one in found if one.label), None) or next((one.code for one in found if one.code), None)


def time(node: Node, *names: str) -> str | None:
    """The first date or time of these names as ISO 8601 with the precision and offset it has, of a period its start, else its end."""
    for name in names:
        found = moment(node.text(name))
        if found is None:
            period = node.one(name) if not node.texts(name) else Node({}, node.doubts)
            found = moment(period.text("start")) or moment(period.text("end"))
        if found is not None:
            return found
    return None


def identifier(node: Node) -> str | None:
    """A business identifier as CDA writes it, root or root^extension (FHIR R4, 2.24.0.11): one that is an address alone
    (`urn:ietf:rfc3986`) is its OID or UUID."""
    value, system = node.text("value"), node.text("system")
    if value is None:
        return None
    if system is None or system.lower() in _ADDRESSES:
        match = _URN.fullmatch(value)
        return match[1] if match else value
    match = _URN.fullmatch(system)
    return f"{match[1] if match else system}^{value}"[:MAX_LENGTH]


def quantity(node: Node) -> Quantity:
    """A Quantity: its digits as written, its sign of comparison before them."""
    written = node.text("value")
    if written is None:
        return NOTHING
    told = node.text("comparator")
    sign, figure = number(written)
    if sign is not None:
        figure = None  # a sign within the digits, which no decimal has: a person reads it
    elif told is not None and told not in _SIGNS:
        figure = None
    comparator = told if told in _SIGNS and figure is not None else None
    return Quantity(f"{told or ''}{written}", comparator, figure, unit(node))


def unit(node: Node) -> str | None:
    """The unit's code in UCUM where it is told, else its words, else its code."""
    code = node.text("code")
    if code is not None and (node.text("system") or "").rstrip("/") == UCUM:
        return code
    return node.text("unit") or code


def interval(node: Node) -> Quantity:
    """A Range: both of its bounds belong to it (FHIR R4, 2.24.0.8)."""
    if not node:
        return NOTHING
    low, high = quantity(node.one("low")), quantity(node.one("high"))
    if low.text is None and high.text is None:
        return NOTHING
    if low.text is not None and high.text is not None:
        if low.unit and high.unit and low.unit != high.unit:
            return Quantity(f"{low.text} {low.unit} - {high.text} {high.unit}")
        return Quantity(f"{low.text} - {high.text}", unit=low.unit or high.unit, low=low.text, high=high.text, is_interval=True)
    bound, sign = (low, ">=") if low.text is not None else (high, "<=")
    if bound.comparator is not None or bound.number is None:
        return Quantity(bound.text, unit=bound.unit)
    return Quantity(f"{sign}{bound.text}", sign, bound.number, bound.unit, None, low.text, high.text, is_interval=True)


def ratio(node: Node) -> Quantity:
    """A Ratio, such as a titre: never one number."""
    above, below = (_with_unit(quantity(node.one(name))) for name in ("numerator", "denominator"))
    if above is None or below is None:
        return Quantity(above)
    return Quantity(f"{above}/{below}")


def _with_unit(told: Quantity) -> str | None:
    if told.text is None:
        return None
    return told.text if is_unitless(told.unit) else f"{told.text} {told.unit}"


def value(node: Node) -> tuple[Quantity, str | None]:
    """(what `value[x]` of an Observation or one of its components says, a name of a kind of value that is not read)."""
    told = [name.removeprefix("value") for name in node.names() if name.startswith("value") and len(name) > 5]
    known = [kind for kind in _VALUES if kind in told]
    if len(known) > 1:
        # one value may be told: which of two is meant, a person sees
        words = [" ".join(filter(None, (one.text, one.unit))) for one in (_value(node, kind) for kind in known)]
        return Quantity(" ; ".join(filter(None, words)) or None), None
    if known:
        return _value(node, known[0]), None
    return NOTHING, told[0] if told else None


def _value(node: Node, kind: str) -> Quantity:
    name = f"value{kind}"
    if kind == "Quantity":
        return quantity(node.one(name))
    if kind == "CodeableConcept":
        return Quantity(label(node.one(name)))
    if kind == "Range":
        return interval(node.one(name))
    if kind == "Ratio":
        return ratio(node.one(name))
    if kind == "Period":
        period = node.one(name)
        start, end = moment(period.text("start")), moment(period.text("end"))
        return Quantity(f"{start} - {end}" if start and end else start or end)
    if kind == "Boolean":
        flag = node.flag(name)
        return Quantity(None if flag is None else _BOOLEANS[flag])
    text = node.lines(name) if kind == "String" else node.text(name)
    if kind in {"Integer", "Decimal"}:
        _, figure = number(text)
        return Quantity(text, None, figure)
    if kind == "DateTime":
        return Quantity(moment(text) or text)
    return Quantity(line(text, MAX_WORDS) if kind != "String" else text)
