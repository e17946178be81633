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
from vaguemestre.web import comparison, wording

WIDTH, HEIGHT = 960, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 26, 30, 34
MOST_POINTS = histories.SHOWN
"""Points drawn, the last in time: those of one page of the table, which gives the same values."""
MOST_LABELS = 14
FIRST_YEAR, LAST_YEAR = 1900, 2200
SPARK_WIDTH, SPARK_HEIGHT = 74, 20
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2}))?)?)?")


@dataclasses.dataclass(frozen=True, slots=True)
class Spark:
    """A line of the last values, `end` the place of the newest, `level` its gravity."""

    points: str
    end: tuple[str, str]
    level: int


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """`path` is its shape around (x, y); `kind`: normal, high, low or other; `hollow` where it has a comparator, `arrow` then its path."""

    x: str
    y: str
    path: str
    kind: str
    level: int
    hollow: bool
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
class Curve:
    """`line` joins the points; `across` and `up` are the marks of the two axes."""

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


def spark(values: Sequence[Value]) -> Spark | None:
    """A small line of values, oldest first; None for fewer than two numbers."""
    drawn = _numbers(values)
    if len(drawn) < 2:
        return None
    numbers = [number for _, number in drawn]
    low, span = min(numbers), (max(numbers) - min(numbers)) or 1.0
    flat = max(numbers) == min(numbers)
    step = (SPARK_WIDTH - 10) / (len(numbers) - 1)
    places = [
        (_text(4 + n * step), _text(SPARK_HEIGHT / 2 if flat else SPARK_HEIGHT - 4 - (number - low) / span * (SPARK_HEIGHT - 8)))
        for n, number in enumerate(numbers)
    ]
    return Spark(" ".join(f"{x},{y}" for x, y in places), places[-1], comparison.level(drawn[-1][0].result))


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


def _dates(first: dt.datetime, last: dt.datetime) -> list[tuple[dt.datetime, str]]:
    """Marks of the time axis: years, months or days, eight at most."""
    days = (last - first).days
    found: list[tuple[dt.datetime, str]] = []
    if days > 75:
        months = next((k for k in (1, 2, 3, 6, 12, 24, 60, 120, 240) if days / 30.4 / k <= 8), 1200)
        number = first.year * 12 + first.month - 1
        number += -number % months
        while number < 9999 * 12 and (at := dt.datetime(number // 12, number % 12 + 1, 1)) <= last:  # noqa: DTZ001
            if at >= first:
                found.append((at, str(at.year) if months >= 12 else date_format(at, "N Y")))
            number += months
        return found
    step = next((k for k in (1, 2, 5, 10) if days / k <= 8), 15)
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


def draw(values: Sequence[Value]) -> Curve | None:
    """The curve of a series, oldest first; None where fewer than two of its values are numbers with a date."""
    placed = [(value, number, at) for value, number in _numbers(values) if (at := moment(histories.day(value.result))) is not None]
    placed = sorted(placed, key=lambda one: one[2])[-MOST_POINTS:]
    if len(placed) < 2:
        return None
    first, last = placed[0][2], placed[-1][2]
    if last - first < dt.timedelta(days=2):
        first, last = first - dt.timedelta(days=1), last + dt.timedelta(days=1)
    foot, head = _scale([(value, number) for value, number, _ in placed])
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    span = (last - first).total_seconds()

    def x_of(at: dt.datetime) -> float:
        return LEFT + 14 + (at - first).total_seconds() / span * (right - LEFT - 28)

    def y_of(number: float) -> float:
        return bottom - min(max((number - foot) / (head - foot), 0.0), 1.0) * (bottom - TOP)

    places = [y_of(number) for _, number, _ in placed]
    points = []
    for rank, (value, number, at) in enumerate(placed):
        x, y, kind = x_of(at), y_of(number), _kind(value)
        flags = " ".join(str(flag.words) for flag in wording.flags(value.result.flag) if flag.level)
        shown = " ".join(filter(None, (value.text, value.unit, flags)))
        label = value.text[:12] if len(placed) <= MOST_LABELS or rank == len(placed) - 1 else ""
        level, arrow = comparison.level(value.result), _arrow(value.comparator, x, y)
        words = f"{date_format(at, 'd/m/Y')} : {shown}"
        # In a hollow of the line its label stands below, where the line does not cross it.
        below = y > max(places[max(rank - 1, 0)], places[min(rank + 1, len(places) - 1)])
        above = not below or y + 22 > bottom or value.comparator.startswith("<")
        points.append(
            Point(
                _text(x), _text(y - 12 if above else y + 20), _shape(kind, x, y), kind, level, bool(value.comparator), arrow, label, words
            )
        )
    line = " ".join(f"{_text(x_of(at))},{_text(y_of(number))}" for _, number, at in placed)
    bands = _bands([(value, x_of(at)) for value, _, at in placed], LEFT, right, y_of, foot, head)
    up = [Tick(_text(y_of(float(at))), str(number_format(at.normalize() if at else 0, use_l10n=True))) for at in _steps(foot, head)]
    across = [Tick(_text(x_of(at)), words) for at, words in _dates(first, last)]
    return Curve(WIDTH, HEIGHT, line, points, bands, up, across, LEFT, right, TOP, bottom)


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
