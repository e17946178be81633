r"""The grammar of HPRIM Santé 2.x: a file into messages, a message into segments, a segment into fields (formats.md 1.2; ASTM E1238).

The separators are those that the `H` segment declares, in this order: component, repetition, escape, sub-component. `H|~^\&|` is common,
`H|\^&~|` and the `^~\&` of HL7 are seen too, so nothing is read by a habit. A segment ends with its line; `A` goes on with the last field
of the segment above it, mid-word if need be. What stands before the first `H` is passed over.

Known weakness: a line that begins no segment is taken for text of the one above it, and that is said. Where it looks like a segment that
lost its name, bears an unknown one, or hangs on to another, it may have begun another patient: nothing of the message is then sure to be of
whom it seems.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable

from vaguemestre.domain.fault import Unreadable

MAX_LINES = 400_000
MAX_SEGMENTS = 100_000
MAX_MESSAGES = 200
MAX_FIELDS = 60
MAX_PARTS = 200
"""Repetitions of a field, components of a repetition: those beyond stay with the last one, as written."""
MAX_TEXT = 64_000
"""Characters of one field: what OBX.5 may hold. A longer one is cut, and that is said."""

SEGMENTS = frozenset({"H", "P", "A", "C", "L", "OBR", "OBX", "FAC", "ACT", "REG", "AP", "AC", "ERR"})
_NAME = re.compile(r"([A-Z][A-Z0-9]{0,2})([^A-Za-z0-9\s])")
_BROKEN_NAME = re.compile(r"\W{0,5}[A-Za-z][A-Za-z0-9]{0,3}\s{0,3}([^\w\s])")
_MARKS_OF_A_SEGMENT, _LONGEST_NAME = 4, 4
_MOST_FIELDS = {"C": 6, "OBX": 20}
"""With room to spare. More of them are two segments of which the line break was lost."""
_HEADER = re.compile(r"H([^A-Za-z0-9\s])([^A-Za-z0-9\s]{2,6}?)\1")
_FRAME = "\x02\x03\x0b\x1a\x1c\ufeff"
"""What transports put around a message: STX, ETX, VT, FS, the end-of-file mark of DOS, a byte-order mark."""
_BLANK = " \t\u00a0" + _FRAME
_FEW_LINES_BREAKS = {".br": "\n", ".sp": "\n", ".ce": "\n", "H": "", "N": ""}


@dataclasses.dataclass(frozen=True, slots=True)
class Separators:
    """As declared; "" for one that is not."""

    field: str
    component: str
    repetition: str
    escape: str = ""
    sub: str = ""


class Segment:
    """One segment, its continuations put back. `fields[0]` is its name, `fields[n]` its field n, with every mark as written. `broken`:
    lines that begin no segment stood below it. `clean`: no escape and no control stands in it, and it is not long, as nearly all are."""

    __slots__ = ("broken", "clean", "fields", "name", "separators")

    def __init__(self, name: str, fields: list[str], separators: Separators, broken: bool = False, clean: bool = False) -> None:
        self.name = name
        self.fields = fields
        self.separators = separators
        self.broken = broken
        self.clean = clean

    def __repr__(self) -> str:
        return f"Segment({self.name!r}, fields={len(self.fields)})"

    def raw(self, number: int) -> str:
        """The field as written, "" where it is absent."""
        return self.fields[number] if number < len(self.fields) else ""

    def repetitions(self, number: int) -> list[str]:
        """The repetitions of a field as written, those that are blank left out."""
        raw = self.fields[number] if number < len(self.fields) else ""
        if not raw:
            return []
        if self.separators.repetition not in raw:
            return [raw] if raw.strip(_BLANK) else []
        return [part for part in raw.split(self.separators.repetition, MAX_PARTS) if part.strip(_BLANK)]

    def components(self, repetition: str) -> list[str]:
        """The components of one repetition as text, "" for an empty one; at least one."""
        parts = repetition.split(self.separators.component, MAX_PARTS)
        return [part.strip() for part in parts] if self.clean else [self.plain(part) for part in parts]

    def first(self, number: int) -> list[str]:
        """The components of the first repetition of a field that is not blank; at least one."""
        found = self.repetitions(number)
        return self.components(found[0]) if found else [""]

    def head(self, number: int) -> str:
        """The first component of the first repetition of a field that is not blank, "" where there is none."""
        found = self.repetitions(number)
        return self.plain(found[0].split(self.separators.component, 1)[0]) if found else ""

    def subs(self, component: str) -> list[str]:
        """The sub-components of a component as written, as text."""
        if not self.separators.sub:
            return [self.plain(component)]
        return [self.plain(part) for part in component.split(self.separators.sub, MAX_PARTS)]

    def text(self, number: int) -> str:
        """The field as one text, its separators as written, "" where it is absent."""
        return self.plain(self.fields[number]) if number < len(self.fields) else ""

    def plain(self, raw: str) -> str:
        """Escape sequences undone, trimmed, at most MAX_TEXT characters."""
        if self.clean:
            return raw.strip()  # its only blanks are usual ones
        return unescaped(raw.strip(_BLANK)[:MAX_TEXT], self.separators).strip(_BLANK)


@dataclasses.dataclass(slots=True)
class Message:
    """`segments`: from H to before L. `after`: what follows L and begins no message. `count`: how many patients L announces, None where
    it tells none. `ended`: whether L was there. `stray`: words stand below L. `long`: a field passes MAX_TEXT. `suspect`: a line may be a
    segment that was broken, the P of another patient perhaps."""

    separators: Separators
    segments: list[Segment] = dataclasses.field(default_factory=list)
    after: list[Segment] = dataclasses.field(default_factory=list)
    count: int | None = None
    ended: bool = False
    stray: bool = False
    long: bool = False
    suspect: bool = False

    def __repr__(self) -> str:
        return f"Message(segments={len(self.segments)}, ended={self.ended})"


def separators(line: str) -> Separators | None:
    """What an H segment declares, None where the line is none. Three marks: the third is the escape where it is a backslash, else the
    separator of sub-components; two: no escape."""
    match = _HEADER.match(line)
    if match is None or len(set(match[2])) < len(match[2]):
        return None
    field, marks = match[1], match[2]
    if len(marks) == 3 and marks[2] != "\\":
        return Separators(field, marks[0], marks[1], "", marks[2])
    return Separators(field, marks[0], marks[1], marks[2:3], marks[3:4])


@functools.lru_cache(32)
def _escapes(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(rf"{mark}([FSRTEHN]|\.(?:br|sp|ce)[+]?[0-9]{{0,3}}|X(?:[0-9A-Fa-f]{{2}}){{1,200}}){mark}")


def unescaped(text: str, marks: Separators) -> str:
    """The text with its escape sequences undone (`\\F\\ \\S\\ \\R\\ \\T\\ \\E\\ \\X..\\ \\.br\\`); what is no sequence stays as written,
    and control characters go."""
    if marks.escape and marks.escape in text:
        known = {"F": marks.field, "S": marks.component, "R": marks.repetition, "T": marks.sub, "E": marks.escape}

        def undone(match: re.Match[str]) -> str:
            told = match[1]
            if told in known:
                return known[told]
            if told[0] == "X":
                return bytes.fromhex(told[1:]).decode("cp1252", "replace")
            return _FEW_LINES_BREAKS[told[:3] if told[0] == "." else told]

        text = _escapes(marks.escape).sub(undone, text)
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c >= " " or c in "\n\t")


def lines_of(text: str) -> tuple[list[str], bool]:
    """(the lines, CRLF, LF and CR alike, without the frames of transports; whether there are more than MAX_LINES)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n", MAX_LINES)
    more = len(lines) > MAX_LINES
    return [line.strip(_FRAME) for line in lines[:MAX_LINES]], more


def messages(text: str) -> tuple[list[Message], bool]:
    """(the messages of a file, at least one; whether it holds more than is read). Raises `Unreadable` where no H segment stands."""
    lines, more = lines_of(text)
    found: list[Message] = []
    current: Message | None = None
    drafts: list[tuple[str, list[str]]] = []
    broken: set[int] = set()
    total = 0
    for line in lines:
        start = line.lstrip(_BLANK)
        if not start:
            continue
        declared = separators(start) if start[0] == "H" else None
        if declared is not None:
            if current is not None:
                _close(current, drafts, broken)
            if total >= MAX_SEGMENTS or len(found) >= MAX_MESSAGES:
                more, current = True, None
                break
            current, drafts, broken = Message(declared), [("H", [start])], set()
            found.append(current)
            total += 1
            continue
        if current is None:
            continue
        match = _NAME.match(start)
        name, mark = match.groups() if match is not None else ("", "")
        if mark != current.separators.field:
            # a line break within a value, or a broken segment
            drafts[-1][1].append("\n" + line)
            broken.add(len(drafts) - 1)
            current.suspect |= _like_a_segment(start, current.separators.field)
        elif name == "A":
            drafts[-1][1].append(start[2:])
        elif total >= MAX_SEGMENTS:
            more = True
            break
        else:
            drafts.append((name, [start]))
            current.suspect |= name not in SEGMENTS and name[0] != "Z"
            total += 1
    if current is not None:
        _close(current, drafts, broken)
    if not found:
        raise Unreadable("The text has no HPRIM Santé header.")
    return found, more


def _like_a_segment(line: str, field: str) -> bool:
    """Whether a line without the name of a segment has the look of one: next to nothing, or a few letters, then one mark again and
    again. The rest of a value that a line break cut begins with its words."""
    if 0 <= line.find(field) <= _LONGEST_NAME and line.count(field) >= _MARKS_OF_A_SEGMENT:
        return True
    match = _BROKEN_NAME.match(line)
    return match is not None and line.count(match[1]) >= _MARKS_OF_A_SEGMENT


def _holds_a_patient(fields: list[str], marks: Separators) -> bool:
    """Whether a P hangs on to a segment of which the line break was lost: the name of P, its rank, a name (P.5) or a birth date (P.7)."""
    own = fields[0][:1] == "Z"  # a sender's own segment has any fields, but not those of a patient
    for place, field in enumerate(fields[:-5]):
        if (place or own) and field[-1:] == "P" and fields[place + 1].isdigit() and len(fields[place + 1]) <= _LONGEST_NAME:
            born = fields[place + 7][:8] if place + 7 < len(fields) else ""
            if marks.component in fields[place + 5] or (len(born) == 8 and born.isdigit()):
                return True
    return False


def _close(message: Message, drafts: Iterable[tuple[str, list[str]]], broken: set[int]) -> None:
    """Puts the segments of a message together, once its lines are known."""
    for place, (name, parts) in enumerate(drafts):
        # words below the end mark are no part of the message
        message.stray |= name == "L" and place in broken
        whole = "".join(parts[:1] if name == "L" else parts)
        fields = whole.split(message.separators.field, MAX_FIELDS)
        escape = message.separators.escape
        clean = len(whole) < MAX_TEXT and whole.isprintable() and not (escape and escape in whole)
        segment = Segment(name, fields, message.separators, place in broken, clean)
        message.suspect |= len(fields) - 1 > _MOST_FIELDS.get(name, MAX_FIELDS)
        message.suspect |= _holds_a_patient(fields, message.separators)
        message.long |= len(whole) > MAX_TEXT and max(map(len, fields)) > MAX_TEXT
        if message.ended:
            message.after.append(segment)
        elif name == "L":
            message.ended = True
            told = segment.text(3)
            message.count = int(told) if told.isascii() and told.isdigit() and len(told) <= 6 else None
        else:
            message.segments.append(segment)
