"""The fields of an HPRIM Santé OBX segment as a result (formats.md 1.2): value, comparator, unit, reference, flags, code, times.

A value stays as written; a number is read from it only where it is one. A reference comes as one text, in every writing of the
laboratories: `10 - 40`, `[10-40]`, `VR : 4 a 10`, `< 5`, `10 - 40 UI/l`. A lone number is no bound: which one is not told.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import NamedTuple

from vaguemestre.domain.reading import LOINC, Alternative, Coded
from vaguemestre.formats.hprim_medecin_results import bounds, readable, value_of
from vaguemestre.formats.hprim_sante_segments import MAX_PARTS, Segment
from vaguemestre.formats.numbers import NUMBER, plain

MAX_LABEL = 500
_MEMO, _MEMO_LENGTH = 2_048, 120
"""A laboratory writes the same names, units and references in every report: so many are looked at once only."""
_LOINC_NAMES = frozenset({"LN", "LOINC"})
_NO_NUMBERS = frozenset({"CE", "DT", "TS", "TM", "FT", "AD", "PN", "TN", "FIC"})
"""Types of OBX.2 whose values are no measures, digits or not."""
_TIME = re.compile(r"([0-9]{4})([0-9]{2})?([0-9]{2})?(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?(?:[+-][0-9]{4})?", re.ASCII)
_LONGEST_TIME = 30
_ANNOUNCED = re.compile(
    r"(?:(?:v\.?\s?[rnu]\.?|n|norm(?:e|ale)s?|r[ée]f(?:[ée]rences?)?\.?|valeurs?\s(?:de\sr[ée]f[ée]rence|normales?|usuelles?))\s{0,5}[:=]|v\.?r\.?\s)\s{0,5}",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[(\[]\s{0,5}([^()\[\]]{1,100}?)\s{0,5}[)\]]")
_BETWEEN = re.compile(rf"(?:entre|de)\s({NUMBER})\s(?:et|[àa])\s({NUMBER})", re.IGNORECASE)
_FROM = re.compile(rf"({NUMBER})\s{{0,5}}-")
_UP_TO = re.compile(rf"-\s{{1,5}}({NUMBER})")
_NUMBER = re.compile(NUMBER)


def moment(text: str) -> str | None:
    """AAAAMMJJ[HHMM[SS]] as ISO 8601 with the precision it has; None where it is no date. An impossible hour leaves the day."""
    return _moment(text) if 0 < len(text) <= _LONGEST_TIME else None


@functools.lru_cache(512)
def _moment(text: str) -> str | None:
    # the results of a report share a few times
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups()
    if year == "0000":
        return None
    if month in (None, "00"):
        return year
    if day in (None, "00"):
        return f"{year}-{month}" if month <= "12" else None
    try:
        date = dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
    if hour is None or hour > "23" or minute > "59" or (second or "00") > "59":
        return date
    return f"{date}T{hour}:{minute}" + (f":{second}" if second else "")


class Figure(NamedTuple):
    """What one OBX says of its measure. `remark`: a reference that is neither an interval nor words."""

    value: str | None
    comparator: str | None = None
    number: str | None = None
    unit: str | None = None
    low: str | None = None
    high: str | None = None
    alternative: Alternative | None = None
    remark: str | None = None

    def __repr__(self) -> str:
        return "<Figure>"


def figure(segment: Segment) -> Figure:
    """Fields 2, 5, 6 and 7. Two values with two units are one result in a second unit; other repetitions are the lines of one value."""
    kind = segment.text(2).upper()
    values, units, references = segment.repetitions(5), segment.repetitions(6), segment.repetitions(7)
    if kind == "CE":
        told = (_said(segment, one) for one in values)
        return Figure("\n".join(filter(None, told)) or None, unit=unit_of(segment, segment.raw(6)))
    if len(values) == 2 and len(units) == 2 and kind not in _NO_NUMBERS:
        return _in_two_units(segment, values, units, references)
    unit = unit_of(segment, segment.raw(6))
    if kind in {"NM", "SN"}:
        value = readable(segment.text(5)) or None
    else:
        value = "\n".join(readable(segment.plain(one)) for one in values) or None
    comparator, number = (None, None) if kind in _NO_NUMBERS else value_of(value)
    low, high, remark = reference([segment.plain(one) for one in references], unit)
    return Figure(value, comparator, number, unit, low, high, None, remark)


def _in_two_units(segment: Segment, values: list[str], units: list[str], references: list[str]) -> Figure:
    first, second = (readable(segment.plain(one)) for one in values)
    unit, other = (unit_of(segment, one) for one in units)
    comparator, number = value_of(first)
    sign, alternative = value_of(second)
    told = [segment.plain(one) for one in references]
    low, high, remark = reference(told[:1], unit)
    other_low, other_high, _ = reference(told[1:2], other)
    # a second value has no place for a sign of its own
    if sign != comparator:
        alternative = None
    return Figure(first, comparator, number, unit, low, high, Alternative(alternative, other, other_low, other_high), remark)


def _said(segment: Segment, repetition: str) -> str:
    """The label of a coded value, its code where it has none."""
    parts = segment.components(repetition)
    return readable(parts[1] if len(parts) > 1 and parts[1] else parts[0])


def unit_of(segment: Segment, raw: str) -> str | None:
    """Code, or label, of OBX.6. A `^` in `10^9/l` is the unit's own, whatever mark stands for repetitions."""
    if segment.clean and len(raw) <= _MEMO_LENGTH:
        return _unit_again(raw, segment.separators.component)
    return _unit(segment.components(raw))


def _unit(parts: list[str]) -> str | None:
    return readable(next((part for part in parts if part), ""))[:64] or None


@functools.lru_cache(_MEMO)
def _unit_again(raw: str, mark: str) -> str | None:
    return _unit([part.strip() for part in raw.split(mark, MAX_PARTS)])


def reference(told: list[str], unit: str | None) -> tuple[str | None, str | None, str | None]:
    """(low, high, remark) of the repetitions of OBX.7: the first that is an interval or a bound; else their words, in `low`."""
    for text in told:
        known = len(text) + len(unit or "") <= _MEMO_LENGTH
        found = (_interval_again if known else _interval)(readable(text), unit)
        if found is not None:
            return *found, None
    whole = readable(" ; ".join(told)).strip()
    if not whole:
        return None, None, None
    if _NUMBER.fullmatch(whole):
        return None, None, whole
    return whole, None, None


def _interval(text: str, unit: str | None) -> tuple[str | None, str | None] | None:
    text = text.strip()[:200]
    if unit and unit.casefold() in text.casefold():
        text = re.sub(rf"(?<=[\d\s]){re.escape(unit)}(?![\w/])", "", text, flags=re.IGNORECASE).strip()
    announced = _ANNOUNCED.match(text)
    if announced is not None:
        text = text[announced.end() :].strip()
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed is not None:
        text = bracketed[1]
    if not text or _NUMBER.fullmatch(text):
        return None
    between = _BETWEEN.fullmatch(text)
    if between is not None:
        text = f"{between[1]} - {between[2]}"
    up_to, above = _UP_TO.fullmatch(text), _FROM.fullmatch(text)
    if up_to is not None:
        return None, plain(up_to[1])
    if above is not None:
        return plain(above[1]), None
    low, high = bounds(text, None)
    return None if (low, high) == (text, None) else (low, high)


_interval_again = functools.lru_cache(_MEMO)(_interval)


class Analysis(NamedTuple):
    """What an OBX is the observation of. `key`: what tells one from another in a message."""

    key: str
    label: str | None
    code: Coded | None
    translations: tuple[Coded, ...]

    def __repr__(self) -> str:
        return "<Analysis>"


def analysis(segment: Segment) -> Analysis:
    """Field 3."""
    raw = segment.raw(3)
    if segment.clean and len(raw) <= _MEMO_LENGTH:
        return _analysis_again(raw, segment.separators.component)
    return _analysis(segment.components(raw))


def _analysis(parts: list[str]) -> Analysis:
    return Analysis(parts[0], label_of(parts), *coded(parts))


@functools.lru_cache(_MEMO)
def _analysis_again(raw: str, mark: str) -> Analysis:
    return _analysis([part.strip() for part in raw.split(mark, MAX_PARTS)])


def coded(parts: list[str]) -> tuple[Coded | None, tuple[Coded, ...]]:
    """(code, its translations) of `code~label~coding[~code~label~coding]`: the LOINC one first, since it is everybody's. A local coding
    has no OID."""
    found: list[Coded] = []
    for place in range(0, min(len(parts), 6), 3):
        code, label, coding = (*parts[place : place + 3], "", "")[:3]
        if code:
            system = LOINC if coding.upper() in _LOINC_NAMES else None
            found.append(Coded(code[:64], system, readable(label)[:MAX_LABEL] or None))
    if len(found) > 1:
        found.sort(key=lambda one: one.system is None)
    return (found[0] if found else None), tuple(found[1:])


def flags(segment: Segment) -> str | None:
    """OBX.8, its repetitions joined by a blank."""
    told = [segment.plain(one) for one in segment.repetitions(8)]
    return " ".join(told)[:32] or None


def label_of(parts: list[str]) -> str | None:
    """The label of a coded field, else the second coding's, else its code."""
    told = next((part for part in (*parts[1:2], *parts[4:5], parts[0]) if part), "")
    return readable(told)[:MAX_LABEL] or None
