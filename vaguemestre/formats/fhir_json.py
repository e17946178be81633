"""JSON from outside, parsed under bounds, its numbers as written (RFC 8259; FHIR R4, section 2.6.2 "JSON representation").

What could exhaust the parser is counted before it starts: bytes, strings, marks and nesting. A decimal stays the text that it was
written as (FHIR R4, 2.24.0.1: its precision has a meaning), a number that JSON does not know (NaN) is refused, and a member said twice
in one object, of which two readers may take each another, is read once and told.
"""

from __future__ import annotations

import codecs
import dataclasses
import json
import re
from typing import NoReturn

from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.domain.reading import Warning

Value = dict[str, "Value"] | list["Value"] | str | bool | None
Members = dict[str, Value]

MAX_BYTES = 96_000_000
"""Of one file: base64 is a third longer than what it holds."""
MAX_MARKS = 400_000
"""Objects, arrays, and members or items beyond the first of each: a report of a thousand results has 60,000."""
MAX_DEPTH = 100

TWICE = Warning("duplicate-name", "The FHIR content says something twice that may only be said once: the first is read.")
GUESSED = Warning("encoding-guessed", "The JSON is not UTF-8, which it must be: read as windows-1252.")

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_OTHERS = bytes(sorted(set(range(256)) - set(b"{}[],")))
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""What no text of the records may hold: controls, and halves of a pair that an escape can write alone."""
_BRACKETS = bytes.maketrans(b"[]", b"{}")


class Number(str):
    """A number, as written."""

    __slots__ = ()


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Parsed:
    """`root`: the object at the top. `names_guessed`: its encoding was a guess."""

    root: Members
    warnings: tuple[Warning, ...] = ()
    names_guessed: bool = False

    def __repr__(self) -> str:
        return f"<Parsed {[w.code for w in self.warnings]!r}>"


def parse(data: bytes) -> Parsed:
    """One JSON object. Raises Unreadable (malformed, truncated) and TooLarge, no other."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The JSON is longer than {MAX_BYTES} bytes.")
    data = data.removeprefix(codecs.BOM_UTF8)
    _bound(data)
    text, guessed = _text(data)
    told: dict[Warning, None] = {GUESSED: None} if guessed else {}
    escaped = "\\u" in text

    def members(pairs: list[tuple[str, Value]]) -> Members:
        found: Members = {}
        for name, value in pairs:
            if name in found:
                told[TWICE] = None
                continue
            found[name] = _fit(value) if escaped else value
        return found

    try:
        root = json.loads(text, object_pairs_hook=members, parse_int=Number, parse_float=Number, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        if not data.rstrip().endswith(b"}"):
            raise Unreadable(f"The JSON is cut: it stops at line {error.lineno}.", "truncated") from None
        raise Unreadable(f"The JSON is not well formed at line {error.lineno}.") from None
    except RecursionError:
        raise TooLarge(f"The JSON is nested deeper than {MAX_DEPTH}.") from None
    if not isinstance(root, dict):
        raise Unreadable("The JSON is no object.")
    return Parsed(root, tuple(told), guessed)


def _bound(data: bytes) -> None:
    if data.count(b'"') > 4 * MAX_MARKS:
        raise TooLarge(f"The JSON has more than {2 * MAX_MARKS} strings.")
    marks = _STRING.sub(b"", data).translate(None, _OTHERS)
    if marks.count(b"{") + marks.count(b"[") + marks.count(b",") > MAX_MARKS:
        raise TooLarge(f"The JSON has more than {MAX_MARKS} objects, members and items.")
    depth = 0
    for mark in marks.translate(_BRACKETS, b","):
        depth += 1 if mark == 0x7B else -1
        if depth > MAX_DEPTH:
            raise TooLarge(f"The JSON is nested deeper than {MAX_DEPTH}.")


def _text(data: bytes) -> tuple[str, bool]:
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), True


def _fit(value: Value) -> Value:
    if isinstance(value, str):
        return _UNFIT.sub("\ufffd", value) if not value.isprintable() else value
    return [_fit(one) for one in value] if isinstance(value, list) else value


def _refuse(name: str) -> NoReturn:
    raise Unreadable("The JSON holds a number that is none (NaN or infinity).")
