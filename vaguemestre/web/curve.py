"""Curves of results as geometry: the server computes every coordinate, the templates only write them (no style, no script in the page).

Coordinates are texts with a point, ready for SVG, whatever the language; words and dates are those of the reader. A value with a comparator
is drawn at its bound, hollow, with an arrow towards where it may be.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from django.utils.formats import date_format, number_format

from vaguemestre.records.queries import histories
from vaguemestre.records.queries.histories import Value
from vaguemestre.web import comparison, unit_words, wording

WIDTH, HEIGHT = 960, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 26, 30, 34
NARROW_WIDTH, NARROW_HEIGHT, NARROW_LEFT, NARROW_RIGHT = 360, 260, 46, 10
"""The same on a telephone, where a wide drawing would be cut or too small to read."""
MOST_POINTS = histories.SHOWN
"""Points drawn, the last in time: those of one page of the table, which gives the same values."""
MOST_LABELS, NARROW_LABELS = 14, 6
FIRST_YEAR, LAST_YEAR = 1900, 2200
SPARK_WIDTH, SPARK_HEIGHT = 74, 20
TREND_WIDTH, TREND_HEIGHT = 128, 38
"""The small line of an analysis on the patient's page."""
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2}))?)?)?")


@dataclasses.dataclass(frozen=True, slots=True)
class Dot:
    """A value that is not normal, on a small line."""

    x: str
    y: str
    level: int


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """`path` is its shape, `arrow` that beside it where it has a comparator; `label` stands at (x, y). `names`: its classes, its kind
    (normal, high, low or other), its gravity, and whether it is hollow. `words` are shown on hover, "" where nothing hovers."""

    x: str
    y: str
    path: str
    names: str
    arrow: str
    label: str
    words: str


@dataclasses.dataclass(frozen=True, slots=True)
class Tick:
    at: str
    words: str


@dataclasses.dataclass(frozen=True, slots=True)
class Band:
    """The reference interval around one or more neighbours in time."""

    x: str
    y: str
    width: str
    height: str


@dataclasses.dataclass(frozen=True, slots=True)
class Spark:
    """A small line of the last values, `end` the place of the newest, `level` its gravity, `dots` the abnormal ones before it, `band` the
    reference interval of the newest."""

    width: int
    height: int
    points: str
    end: tuple[str, str]
    level: int
    dots: Sequence[Dot]
    band: Band | None


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """`line` joins the points; `across` and `up` are the marks of the two axes. `narrow`: made for a telephone."""

    narrow: bool
    width: int
    height: int
    line: str
    points: Sequence[Point]
    bands: Sequence[Band]
    up: Sequence[Tick]
    across: Sequence[Tick]
    left: int
    right: int
    top: int
    bottom: int


def moment(text: str) -> dt.datetime | None:
    """When an ISO date or date-time is, its middle where only a month or year is said; None for anything else, a year that no result has
    (it would crush the others) among them."""
    found = _DATE.match(text)
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    year, month, day, hour, minute = (int(part) if part else None for part in found.groups())
    try:
        return dt.datetime(year or 0, month or 7, day or (15 if month else 1), hour or 0, minute or 0)  # noqa: DTZ001 - a place on an axis
    except ValueError:
        return None


def _text(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _numbers(values: Sequence[Value]) -> list[tuple[Value, float]]:
    found = [(value, comparison.decimal(value.number)) for value in values]
    return [(value, float(number)) for value, number in found if number is not None]


def spark(values: Sequence[Value], width: int = SPARK_WIDTH, height: int = SPARK_HEIGHT) -> Spark | None:
    """A small line of values, oldest first, over the reference interval of the newest; None for fewer than two numbers."""
    drawn = _numbers(values)
    if len(drawn) < 2:
        return None
    foot, head = _scale(drawn)
    places = [
        (_text(x), _text(height - 4 - (number - foot) / (head - foot) * (height - 8)))
        for x, (_, number) in zip(_along([value for value, _ in drawn], 4, width - 6), drawn, strict=True)
    ]
    dots = [Dot(*place, level) for place, (value, _) in zip(places[:-1], drawn, strict=False) if (level := comparison.level(value.result))]
    newest = drawn[-1][0]
    low, high = comparison.bounds(newest.low, newest.high)
    top, base = (height - 4 - (min(max(float(bound), foot), head) - foot) / (head - foot) * (height - 8) for bound in
                 (head if high is None else high, foot if low is None else low))  # fmt: skip
    told = (low is not None or high is not None) and base - top >= 0.1
    band = Band("0", _text(top), str(width), _text(base - top)) if told else None
    return Spark(width, height, " ".join(f"{x},{y}" for x, y in places), places[-1], comparison.level(newest.result), dots, band)


def _along(values: Sequence[Value], left: float, right: float) -> list[float]:
    """Where the values stand from left to right: by their time, or one after the other where one has none or all are of one moment."""
    times = [at for value in values if (at := moment(histories.day(value.result))) is not None]
    span = (max(times) - min(times)).total_seconds() if len(times) == len(values) else 0
    if not span:
        return [left + rank * (right - left) / (len(values) - 1) for rank in range(len(values))]
    return [left + (at - min(times)).total_seconds() / span * (right - left) for at in times]


def _kind(value: Value) -> str:
    flags = [word.upper() for word in value.result.flag.split()]
    if any(word in {"H", "HH"} for word in flags):
        return "high"
    if any(word in {"L", "LL"} for word in flags):
        return "low"
    return "other" if comparison.level(value.result) else "normal"


def _shape(kind: str, x: float, y: float) -> str:
    if kind == "high":
        return f"M{_text(x - 7)} {_text(y + 5)}L{_text(x + 7)} {_text(y + 5)}L{_text(x)} {_text(y - 7)}Z"
    if kind == "low":
        return f"M{_text(x - 7)} {_text(y - 5)}L{_text(x + 7)} {_text(y - 5)}L{_text(x)} {_text(y + 7)}Z"
    if kind == "other":
        return f"M{_text(x)} {_text(y - 7)}L{_text(x + 7)} {_text(y)}L{_text(x)} {_text(y + 7)}L{_text(x - 7)} {_text(y)}Z"
    return f"M{_text(x - 4.5)} {_text(y)}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z"


def _arrow(comparator: str, x: float, y: float) -> str:
    if not comparator:
        return ""
    way = 1 if comparator.startswith("<") else -1
    tip = y + 22 * way
    barbs = _text(tip - 5 * way)
    return f"M{_text(x)} {_text(y + 8 * way)}V{_text(tip)}M{_text(x - 4)} {barbs}L{_text(x)} {_text(tip)}L{_text(x + 4)} {barbs}"


def _steps(low: float, high: float) -> list[Decimal]:
    """Four to eight round numbers between two bounds."""
    rough = Decimal(repr(high - low)) / 5
    unit = Decimal(1).scaleb(rough.adjusted())
    step = next((unit * k for k in (1, 2, 5, 10) if unit * k >= rough), unit * 10)
    at = (Decimal(repr(low)) / step).to_integral_value(rounding="ROUND_CEILING") * step
    found: list[Decimal] = []
    while float(at) <= high and len(found) < 12:
        found.append(at)
        at += step
    return found


def _dates(first: dt.datetime, last: dt.datetime, most: int) -> list[tuple[dt.datetime, str]]:
    """Marks of the time axis: years, months or days, about as many as `most`."""
    days = (last - first).days
    found: list[tuple[dt.datetime, str]] = []
    if days > 75:
        months = next((k for k in (1, 2, 3, 6, 12, 24, 60, 120, 240) if days / 30.4 / k <= most), 1200)
        number = first.year * 12 + first.month - 1
        number += -number % months
        while number < 9999 * 12 and (at := dt.datetime(number // 12, number % 12 + 1, 1)) <= last:  # noqa: DTZ001
            if at >= first:
                found.append((at, str(at.year) if months >= 12 else date_format(at, "N Y")))
            number += months
        return found
    step = next((k for k in (1, 2, 5, 10) if days / k <= most), 30 if most < 8 else 15)
    at = dt.datetime(first.year, first.month, first.day)  # noqa: DTZ001
    while at <= last:
        if at >= first:
            found.append((at, date_format(at, "j N")))
        at += dt.timedelta(days=step)
    return found


def _scale(drawn: Sequence[tuple[Value, float]]) -> tuple[float, float]:
    """The numbers at the foot and the top: the values, and the reference intervals where these do not crush them."""
    low, high = min(number for _, number in drawn), max(number for _, number in drawn)
    room = max(high - low, abs(high) * 0.15, abs(low) * 0.15) or 1.0
    for value, _ in drawn:
        for bound in comparison.bounds(value.low, value.high):
            if bound is not None and max(high, float(bound)) - min(low, float(bound)) <= 5 * room:
                low, high = min(low, float(bound)), max(high, float(bound))
    margin = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    foot = low - margin
    return (0.0 if low >= 0 > foot else foot), high + margin


def _words(value: Value, at: dt.datetime) -> str:
    flags = " ".join(str(flag.words) for flag in wording.flags(value.result.flag) if flag.level)
    return f"{at:%d/%m/%Y} : {' '.join(filter(None, (value.text, unit_words.shown(value.unit), flags)))}"


def draw(values: Sequence[Value], *, narrow: bool = False) -> Curve | None:
    """The curve of a series, oldest first; None where fewer than two of its values are numbers with a date."""
    width, height, left = (NARROW_WIDTH, NARROW_HEIGHT, NARROW_LEFT) if narrow else (WIDTH, HEIGHT, LEFT)
    placed = [(value, number, at) for value, number in _numbers(values) if (at := moment(histories.day(value.result))) is not None]
    placed = sorted(placed, key=lambda one: one[2])[-MOST_POINTS:]
    if len(placed) < 2:
        return None
    first, last = placed[0][2], placed[-1][2]
    if last - first < dt.timedelta(days=2):
        first, last = first - dt.timedelta(days=1), last + dt.timedelta(days=1)
    foot, head = _scale([(value, number) for value, number, _ in placed])
    right, bottom = width - (NARROW_RIGHT if narrow else RIGHT), height - BOTTOM
    span = (last - first).total_seconds()

    def x_of(at: dt.datetime) -> float:
        return left + 14 + (at - first).total_seconds() / span * (right - left - 28)

    def y_of(number: float) -> float:
        return bottom - min(max((number - foot) / (head - foot), 0.0), 1.0) * (bottom - TOP)

    places = [y_of(number) for _, number, _ in placed]
    points = []
    for rank, (value, number, at) in enumerate(placed):
        x, y, kind = x_of(at), y_of(number), _kind(value)
        label = value.text[:12] if len(placed) <= (NARROW_LABELS if narrow else MOST_LABELS) or rank == len(placed) - 1 else ""
        # In a hollow of the line its label stands below, where the line does not cross it.
        below = y > max(places[max(rank - 1, 0)], places[min(rank + 1, len(places) - 1)])
        above = not below or y + 22 > bottom or value.comparator.startswith("<")
        names = f"point {kind} level-{comparison.level(value.result)}{' hollow' if value.comparator else ''}"
        path, arrow = _shape(kind, x, y), _arrow(value.comparator, x, y)
        points.append(Point(_text(x), _text(y - 12 if above else y + 20), path, names, arrow, label, "" if narrow else _words(value, at)))
    line = " ".join(f"{_text(x_of(at))},{_text(y_of(number))}" for _, number, at in placed)
    bands = _bands([(value, x_of(at)) for value, _, at in placed], left, right, y_of, foot, head)
    up = [Tick(_text(y_of(float(at))), str(number_format(at.normalize() if at else 0, use_l10n=True))) for at in _steps(foot, head)]
    across = [Tick(_text(x_of(at)), words) for at, words in _dates(first, last, 4 if narrow else 8)]
    return Curve(narrow, width, height, line, points, bands, up, across, left, right, TOP, bottom)


def _bands(
    placed: Sequence[tuple[Value, float]], left: float, right: float, y_of: Callable[[float], float], foot: float, head: float
) -> list[Band]:
    """One rectangle for each run of neighbours with the same interval, each reaching half-way to the next run."""
    runs: list[tuple[tuple[Decimal | None, Decimal | None], float, float]] = []
    for value, x in placed:
        interval = comparison.bounds(value.low, value.high)
        if runs and runs[-1][0] == interval:
            runs[-1] = (interval, runs[-1][1], x)
        else:
            runs.append((interval, x, x))
    found = []
    for n, ((low, high), start, end) in enumerate(runs):
        if low is None and high is None:
            continue
        begin = left if n == 0 else (runs[n - 1][2] + start) / 2
        finish = right if n == len(runs) - 1 else (end + runs[n + 1][1]) / 2
        top = y_of(float(high) if high is not None else head)
        base = y_of(float(low) if low is not None else foot)
        if base - top >= 0.1:
            found.append(Band(_text(begin), _text(top), _text(finish - begin), _text(base - top)))
    return found
