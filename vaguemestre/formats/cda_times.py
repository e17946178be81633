"""Times of a CDA document as a French reader writes them: a day and its hour, an interval, how often (HL7 V3 types TS, IVL_TS, PIVL_TS).

Nothing is moved to another zone: a document says its hours as its writer saw them.
"""

from __future__ import annotations

import re

from vaguemestre.formats.cda_header import V3
from vaguemestre.formats.cda_values import moment
from vaguemestre.formats.safe_xml import Element

_PARTS = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?:T(\d{2})(?::(\d{2}))?)?")
_SPANS = {
    "s": ("seconde", "secondes"),
    "min": ("minute", "minutes"),
    "h": ("heure", "heures"),
    "d": ("jour", "jours"),
    "wk": ("semaine", "semaines"),
    "mo": ("mois", "mois"),
    "a": ("an", "ans"),
}
"""Units of duration of UCUM, one and several."""
_MEALS = {
    "AC": "avant les repas",
    "ACM": "avant le petit-déjeuner",
    "ACD": "avant le déjeuner",
    "ACV": "avant le dîner",
    "C": "pendant les repas",
    "CM": "au petit-déjeuner",
    "CD": "au déjeuner",
    "CV": "au dîner",
    "PC": "après les repas",
    "PCM": "après le petit-déjeuner",
    "PCD": "après le déjeuner",
    "PCV": "après le dîner",
    "HS": "au coucher",
    "WAKE": "au réveil",
}
"""HL7 TimingEvent."""


def day(iso: str | None) -> str | None:
    """The day of an ISO time, as precise as it is: `03/2024`."""
    found = _PARTS.match(iso) if iso else None
    return "/".join(part for part in reversed(found.groups()[:3]) if part) if found else None


def instant(iso: str | None) -> str | None:
    """The day, and the hour where it is told: `12/03/2024 à 11 h 30`. Midnight sharp is a day: software writes it for want of an hour."""
    found = _PARTS.match(iso) if iso else None
    if found is None:
        return None
    hour, minute = found[4], found[5]
    if hour is None or (hour, minute or "00") == ("00", "00"):
        return day(iso)
    # an hour is not cut at the end of a line
    return f"{day(iso)} à {int(hour)}\u00a0h\u00a0{minute or ''}".rstrip()


def span(value: str | None, unit: str | None) -> str | None:
    """A duration: `7 jours`, `1 semaine`; a unit that is no duration's stays as written."""
    if not value:
        return None
    one, several = _SPANS.get(unit or "", (unit or "", unit or ""))
    return f"{value} {one if value in {'0', '1'} else several}".rstrip()


def of(element: Element | None, since: str = "depuis le", until: str = "jusqu'au") -> str | None:
    """What an effectiveTime says, None where nothing: `le 12/03/2024`, `du … au …`, `depuis le …`, `toutes les 8 heures`. `since` and
    `until`: the words before a lone bound, which for some acts is their only date."""
    if element is None:
        return None
    parts = {child.tag: child for child in element}
    told = instant(moment(element.get("value")))
    if told is not None:
        return f"le {told}"
    low, high, center = (instant(_value(parts.get(f"{V3}{name}"))) for name in ("low", "high", "center"))
    width = _length(parts.get(f"{V3}width"))
    period = _length(parts.get(f"{V3}period"))
    event = parts.get(f"{V3}event")
    meal = _MEALS.get((event.get("code") or "").strip().upper()) if event is not None else None
    if low is not None and high is not None:
        found = _between(low, high)
    elif low is not None:
        found = f"{since} {low}" if width is None else f"à partir du {low}"
    elif high is not None:
        found = f"{until} {high}"
    else:
        found = f"le {center}" if center is not None else ""
    every = f"toutes les {period}" if period is not None else None
    return ", ".join(filter(None, (found, f"pendant {width}" if width else None, every, meal))) or None


def _between(low: str, high: str) -> str:
    (day_, _, from_), (last, _, to) = low.partition(" à "), high.partition(" à ")
    if low == high:
        return f"le {low}"
    return f"le {day_} de {from_} à {to}" if day_ == last and from_ and to else f"du {low} au {high}"


def _value(element: Element | None) -> str | None:
    return moment(element.get("value")) if element is not None else None


def _length(element: Element | None) -> str | None:
    return span((element.get("value") or "").strip()[:40], (element.get("unit") or "").strip()[:20]) if element is not None else None
