"""Units of results: what a laboratory wrote, as UCUM (The Unified Code for Units of Measure, 2.1), only where it is sure.

Two units compare where they are of one dimension. What is counted, collected or named (copies, creatinine, 24 hours) is part of a
dimension here, so are each arbitrary unit, % and the length of a time: less compares than UCUM would allow, and each factor is a power of
ten. A value is brought to another unit by moving its point: no digit is lost or rounded. Mass and amount never meet, nor do UI and U, nor
mEq and mmol; a logarithm compares with nothing but itself. The spellings are in `units_written`.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from decimal import Decimal

from vaguemestre.domain.units_written import spelled

Dimension = tuple[tuple[str, int], ...]
"""(base, exponent), in order of their bases. A base that stands above and below alike stays, with 0: g/g is no L/L."""

MOST_CHARACTERS = 64
_MOST_DIGITS = 40
_PREFIXES = {"G": 9, "M": 6, "k": 3, "h": 2, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """`code`: UCUM, case sensitive; `power`: the factor to the base units of its dimension (g, mol, L, m, m2...) as a power of ten."""

    code: str
    dimension: Dimension
    power: int

    @property
    def factor(self) -> Decimal:
        return Decimal((0, (1,), self.power))


# UCUM's atoms in the letters of health: base, power of ten to it, the prefixes that people mean (Mg/L is always a slip for mg/L).
_METRIC = {
    "g": ("mass", 0, "kdcmunpf"), "L": ("volume", 0, "dcmunpf"), "mol": ("amount", 0, "munpf"), "m": ("length", 0, "kdcmun"),
    "s": ("s", 0, "mun"), "eq": ("equivalent", 0, "mun"), "osm": ("osmole", 0, "mu"), "U": ("U", 0, "kmun"), "kat": ("katal", 0, "munp"),
    "[IU]": ("IU", 0, "Mkmun"), "[iU]": ("IU", 0, "Mkmun"), "Pa": ("pressure", 0, "Mkhm"), "Bq": ("Bq", 0, "GMk"), "Gy": ("Gy", 0, "cmun"),
    "Sv": ("Sv", 0, "mun"), "Hz": ("Hz", 0, "Mk"), "V": ("V", 0, "kmun"), "A": ("A", 0, "mun"), "Ohm": ("Ohm", 0, "Mkm"),
    "J": ("J", 0, "Mkm"), "W": ("W", 0, "kmu"), "N": ("N", 0, "mu"), "cal": ("cal", 0, "k"), "eV": ("eV", 0, "Mk"), "bar": ("bar", 0, "m"),
}  # fmt: skip
_ALONE = (
    "min", "h", "d", "wk", "mo", "a", "deg", "Cel", "%", "mm[Hg]", "cm[H2O]", "[pH]", "[CFU]", "[PFU]", "[FFU]", "[arb'U]", "[beth'U]",
    "[GPL'U]", "[MPL'U]", "[APL'U]", "[HPF]", "[LPF]", "[ppth]", "[ppm]", "[ppb]", "[diop]", "[drp]", "[in_i]", "[ft_i]", "[lb_av]",
    "[oz_av]", "[degF]", "[Ch]",
)  # fmt: skip
"""Atoms that take no prefix, each of its own dimension. m[Hg] has two definitions in use, so it does not compare with Pa."""
_ATOMS = {
    "l": ("volume", 0),
    **{code: (base, power) for code, (base, power, _) in _METRIC.items()},
    **{code: (code, 0) for code in _ALONE},
} | {prefix + code: (base, power + _PREFIXES[prefix]) for code, (base, power, prefixes) in _METRIC.items() for prefix in prefixes}
_ATOMS |= {f"{prefix}l": _ATOMS[f"{prefix}L"] for prefix in _METRIC["L"][2]}

_TOKEN = re.compile(
    r"(?P<operator>[/.()])|(?P<ten>10[*^](?P<times>[+-]?[0-9]{1,2})|(?P<integer>10{0,9}(?![0-9*^])))"
    r"|(?P<atom>%|(?:[A-Za-z]|\[[A-Za-z0-9_']+\])+)(?P<exponent>-?[1-9](?![0-9]))?|(?P<annotation>\{[!-z|~]*\})"
)
_OF_A_DAY = "(24.h)"


class _Unread(Exception):  # noqa: N818 - never leaves this module
    """The text is no unit in UCUM."""


class _Parser:
    """UCUM's grammar (2.1, paragraph 6): terms of components, joined by "." and "/", read from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens: list[re.Match[str]] = []
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                raise _Unread
            self.tokens.append(token)
            at = token.end()
        self.at = 0
        self.exponents: dict[str, int] = {}
        self.power = 0
        self.code: list[str] = []

    def _peek(self, operators: str) -> str:
        found = self.tokens[self.at]["operator"] if self.at < len(self.tokens) else None
        return found if found is not None and found in operators else ""

    def _take(self, operators: str) -> str:
        found = self._peek(operators)
        if found:
            self.at += 1
            self.code.append(found)
        return found

    def whole(self) -> None:
        self.term(-1 if self._take("/") else 1, 1)
        if self.at != len(self.tokens):
            raise _Unread

    def term(self, sign: int, outer: int) -> None:
        """`outer`: the sign of the parenthesis in which it stands; `sign`: that of the first component."""
        self.component(sign * outer)
        while operator := self._take("./"):
            self.component(outer if operator == "." else -outer)

    def component(self, sign: int) -> None:
        if self._take("("):
            self.term(1, sign)
            if not self._take(")"):
                raise _Unread
            return
        if self.at == len(self.tokens) or self.tokens[self.at]["operator"]:
            raise _Unread
        token = self.tokens[self.at]
        self.at += 1
        if token["annotation"]:
            self._count(token["annotation"], sign)
            return
        if token["atom"]:
            self._atom(token["atom"], token["exponent"], sign)
        else:
            self.power += sign * (int(token["times"]) if token["times"] else len(token["integer"]) - 1)
            self.code.append(token[0].replace("^", "*"))
        if self.at < len(self.tokens) and self.tokens[self.at]["annotation"]:
            self._count(self.tokens[self.at]["annotation"], sign)
            self.at += 1

    def _atom(self, atom: str, exponent: str | None, sign: int) -> None:
        if atom not in _ATOMS:
            raise _Unread
        base, power = _ATOMS[atom]
        times = sign * int(exponent or 1)
        self.power += power * times
        if base == "length" and abs(times) in {2, 3}:
            # m3 is 1,000 L
            base, times, more = ("area", times // 2, 0) if abs(times) == 2 else ("volume", times // 3, times)
            self.power += more
        self.exponents[base] = self.exponents.get(base, 0) + times
        self.code.append((f"{atom[:-1]}L" if base == "volume" and atom.endswith("l") else atom) + (exponent or ""))

    def _count(self, annotation: str, sign: int) -> None:
        self.exponents[annotation] = self.exponents.get(annotation, 0) + sign
        self.code.append(annotation)


def _ucum(text: str) -> Unit | None:
    parser = None
    try:
        parser = _Parser(text.replace(_OF_A_DAY, "d"))
        parser.whole()
    except _Unread:
        return None
    if abs(parser.power) > _MOST_DIGITS or max(map(abs, parser.exponents.values()), default=0) > 9:
        return None
    code = text if _OF_A_DAY in text else "".join(parser.code)
    if any(base.casefold().startswith("{log") for base in parser.exponents):
        return Unit(code, ((code, 1),), 0)
    return Unit(code, tuple(sorted(parser.exponents.items())), parser.power)


@functools.lru_cache(maxsize=4096)
def _read(text: str) -> Unit | None:
    for told in spelled(text):
        unit = _ucum(told)
        if unit is not None:
            return unit
    return None


def read(text: str) -> Unit | None:
    """The unit that this text surely means, else None."""
    return _read(text) if 0 < len(text) <= MOST_CHARACTERS else None


_NUMBER = r"[+-]?[0-9]+(?:[.,][0-9]+)?"
_DECIMAL = re.compile(rf"{_NUMBER}(?:[eE][+-]?[0-9]{{1,3}})?")
_BOUND = re.compile(rf"(?P<before>[<>≤≥]?=?\s*)(?P<low>{_NUMBER})(?:(?P<between>\s*[-–]\s*|\s+à\s+)(?P<high>{_NUMBER}))?")


def brought(number: str, one: Unit, other: Unit) -> str | None:
    """A decimal of the unit `one` as one of the unit `other`, exactly and with its own digits; None for two dimensions or no number."""
    if one.dimension != other.dimension or len(number) > _MOST_DIGITS or _DECIMAL.fullmatch(number) is None:
        return None
    sign, digits, exponent = Decimal(number.replace(",", ".")).as_tuple()
    moved = int(exponent) + one.power - other.power
    if abs(moved) > _MOST_DIGITS:
        return None
    if not any(digits):
        moved = min(moved, 0)
    return format(Decimal((sign, digits, moved)), "f")


def bound_brought(bound: str, one: Unit, other: Unit) -> str:
    """A bound of a reference interval (0.70, < 1.10, 0.70 - 1.10) in the unit `other`; "" where it is written in another way, since a
    number of one unit must not stand beside a value of another."""
    found = _BOUND.fullmatch(bound.strip())
    if found is None:
        return ""
    low = brought(found["low"], one, other)
    if low is None or found["high"] is None:
        return "" if low is None else found["before"] + low
    high = brought(found["high"], one, other)
    return "" if high is None else found["before"] + low + found["between"] + high
