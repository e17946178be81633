"""The syntax of HL7 v2 (ER7): batches, messages, segments, fields, escapes and character sets (HL7 v2.5, chapter 2; formats.md 4.1).

Delimiters are those of each MSH, of whatever characters. Segments end in CR by the standard, in LF or CRLF in most files; a line that
begins no segment goes on the one above, so that text and base64 cut into lines lose nothing, unless it looks like a segment that is
broken: then it is told (`hl7v2_torn`). Each message is decoded by its own MSH-18.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator

from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.domain.reading import Warning
from vaguemestre.formats.charset import Decoded, decode
from vaguemestre.formats.hl7v2_torn import KNOWN, may_be_another

MAX_BYTES = 64_000_000
MAX_MESSAGES = 200
MAX_SEGMENTS = 50_000
"""Of one message, and of one file."""
MAX_FIELDS = 100
MAX_REPEATS = 200
MAX_PARTS = 40
"""Components of a field, and parts of a component."""
MAX_TEXT = 200_000
"""Characters of one value that is text; what is packed in base64 is not text."""

_START = re.compile(rb"(?:^(?:\xef\xbb\xbf)?|[\r\n\x0b\x1c])[ \t\x0b]{0,20}(?=MSH[!-/:-@\[-`{-~])")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}\Z")
_LINE = re.compile(r"\r\n?|\n")
_IN_WORDS = frozenset("+/=,;:.)(-'\"")
_ESCAPED_LENGTH = 2_000
_SHORT = 400
_CHARSETS = {
    "ASCII": "ascii",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-8",
    "UNICODE UTF-32": "utf-8",
    "ISO IR6": "ascii",
    "ISO IR100": "iso8859-1",
    **{f"8859/{n}": f"iso8859-{n}" for n in range(1, 16) if n != 12},
}
"""HL7 table 0211, of a message whose MSH is legible in octets, as wider characters are not; any other is tried by its own name."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_OPEN_FRAME = Warning("missing-end-mark", "The end mark of the block that carries the message is lacking: it may be cut.")
_OPEN_BATCH = Warning("missing-end-mark", "The end of the batch is lacking: it may be cut.")
_COUNT = Warning("truncated", "The batch tells of another number of messages than it holds.")
_CUT = Warning("truncated", "The message stops in the middle of an observation.")
_CONTINUED = Warning("truncated", "The message goes on in another one, which is not read with it.")
_SEGMENTS = Warning("too-large", f"The file holds more than {MAX_SEGMENTS} segments: the rest is not read.")
_MESSAGES = Warning("too-large", f"The file holds more than {MAX_MESSAGES} messages: the rest is not read.")
_GUESSED = Warning("encoding-guessed", "The message does not tell its encoding, or another than its own: it was guessed.")
_SUSPECT = Warning("several-patients", "A broken or unknown segment of the message may begin another patient.")
_UNKNOWN = Warning("unknown-charset", "The message declares a character set that is not known.")


@dataclasses.dataclass(frozen=True, slots=True)
class Marks:
    """The delimiters of one message. "" where it declares none."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    part: str = "&"

    @classmethod
    def of(cls, header: str) -> Marks:
        """Those of an MSH, FHS or BHS, whose fourth character parts its fields. Marks that its second field leaves out are not in use."""
        field = header[3:4] or "|"
        declared = header[4:].split(field, 1)[0][:5]
        component, repetition, escape, part = (declared[n : n + 1] for n in range(4))
        return cls(field, component, repetition, escape, part)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Value:
    """One repetition of a field."""

    raw: str
    marks: Marks
    encoding: str

    def parts(self, component: int) -> list[str]:
        """The parts of a component, counted from 1, escapes undone."""
        found = _split(self._component(component), self.marks.part, MAX_PARTS)
        return [" ".join(self._plain(one).split()) for one in found]

    def part(self, component: int, number: int = 1) -> str:
        """One part of a component, on one line; "" where it is absent or the null value (`""`)."""
        raw, marks = self._component(component), self.marks
        if number == 1 and not (marks.part and marks.part in raw) and not (marks.escape and marks.escape in raw):
            text = raw.strip() if raw.isprintable() and "  " not in raw else " ".join(raw.split())  # nearly all of them
        else:
            found = self.parts(component)
            text = found[number - 1] if number <= len(found) else ""
        return "" if text == '""' else text

    def leads(self, most: int) -> list[str]:
        """The first part of each of the first `most` components, as `part` gives it."""
        raw, marks = self.raw, self.marks
        if len(raw) > _SHORT or not raw.isprintable() or "  " in raw or any(mark and mark in raw for mark in (marks.part, marks.escape)):
            return [self.part(number) for number in range(1, most + 1)]
        found = [one.strip() for one in (raw.split(marks.component, most)[:most] if marks.component else [raw])]  # nearly all of them
        if '""' in raw:
            found = ["" if one == '""' else one for one in found]
        return found + [""] * (most - len(found))

    def rest(self, component: int) -> str:
        """All that stands from a component on, as written."""
        return _nth(self.raw, self.marks.component, component, whole=True)

    def text(self) -> str:
        """The whole as text, lines kept: delimiters that stand unescaped in words are words."""
        return "" if self.raw == '""' else self._plain(self.raw[:MAX_TEXT])

    def components(self) -> int:
        return self.raw.count(self.marks.component) + 1 if self.marks.component else 1

    def _component(self, component: int) -> str:
        raw, mark = self.raw, self.marks.component
        if not mark or mark not in raw:
            return raw[:MAX_TEXT] if component == 1 else ""
        if len(raw) > _SHORT:
            return _nth(raw, mark, component)[:MAX_TEXT]
        found = raw.split(mark, component)
        return found[component - 1] if component <= len(found) else ""

    def _plain(self, text: str) -> str:
        return unescape(text, self.marks, self.encoding)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Segment:
    """One segment: `fields[n]` is its field n as the standard counts, `fields[0]` its name."""

    fields: tuple[str, ...]
    marks: Marks
    encoding: str
    line: str

    @property
    def name(self) -> str:
        return self.fields[0]

    def repeats(self, number: int) -> list[Value]:
        """The repetitions of a field that say something."""
        raw, mark = self._raw(number), self.marks.repetition
        if not mark or mark not in raw:
            return [Value(raw, self.marks, self.encoding)] if raw and not raw.isspace() else []
        return [Value(one, self.marks, self.encoding) for one in raw.split(mark, MAX_REPEATS)[:MAX_REPEATS] if one.strip()]

    def first(self, number: int) -> Value | None:
        """The first repetition of a field that says something."""
        found = self.repeats(number)
        return found[0] if found else None

    def whole(self, number: int) -> Value:
        """A field that does not repeat: a mark of repetition in it is text."""
        return Value(self._raw(number), self.marks, self.encoding)

    def get(self, number: int, component: int = 1, part: int = 1) -> str:
        """One part of the first repetition of a field, "" where it is absent."""
        value = self.first(number)
        return value.part(component, part) if value is not None else ""

    def _raw(self, number: int) -> str:
        return self.fields[number] if number < len(self.fields) else ""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One message, its MSH first. `guessed`: its encoding was. `warnings`: of its syntax."""

    segments: tuple[Segment, ...]
    guessed: bool
    warnings: tuple[Warning, ...]

    @property
    def header(self) -> Segment:
        return self.segments[0]


def _split(text: str, mark: str, most: int) -> list[str]:
    return text.split(mark, most)[:most] if mark else [text]


def _nth(text: str, mark: str, number: int, *, whole: bool = False) -> str:
    """The part of that number, from 1; `whole`: with all that follows it."""
    if not mark:
        return text if number == 1 else ""
    found = text.split(mark, number - 1 if whole else number)
    return found[number - 1] if number <= len(found) else ""


def unescape(text: str, marks: Marks, encoding: str) -> str:
    """The text with its escape sequences undone (HL7 v2.5, 2.7). One that is not known stays as written; highlighting, other character sets
    and a sender's own ones (`H`, `N`, `C`, `M`, `Z`) leave no trace."""
    mark = marks.escape
    if not mark or mark not in text:
        return text
    pieces = text.split(mark)
    out = [pieces[0]]
    place = 1
    while place < len(pieces):
        # a sequence stands between two marks; a mark that opens none is text
        said = _said(pieces[place], marks, encoding) if place + 1 < len(pieces) else None
        if said is None:
            out += (mark, pieces[place])
            place += 1
        else:
            out += (said, pieces[place + 1])
            place += 2
    return "".join(out)


def _said(sequence: str, marks: Marks, encoding: str) -> str | None:
    simple = {"F": marks.field, "S": marks.component, "T": marks.part, "R": marks.repetition, "E": marks.escape, "P": "#", "H": "", "N": ""}
    if sequence in simple:
        return simple[sequence]
    if not sequence or len(sequence) > _ESCAPED_LENGTH:
        return None
    first, rest = sequence[0], sequence[1:]
    if first == "X" and rest and len(rest) % 2 == 0 and re.fullmatch(r"[0-9A-Fa-f]+", rest):
        return bytes.fromhex(rest).decode(encoding, "replace").replace("\0", "")
    if first in "CMZ" and re.fullmatch(r"[0-9A-Za-z]{0,40}", rest):
        return ""
    command = re.fullmatch(r"\.(br|sp|sk|in|ti|fi|nf|ce)\s?([-+]?[0-9]{0,3})", sequence)
    if command is None:
        return None
    times = min(abs(int(command[2])), 20) if command[2].strip("+-") else 1
    if command[1] in {"br", "ce"}:
        return "\n"
    return {"sp": "\n" * max(times, 1), "sk": " " * times}.get(command[1], "")


def messages(data: bytes, charset: str | None = None) -> tuple[tuple[Message, ...], tuple[Warning, ...]]:
    """(messages, warnings of the file around them). `charset` is what the carrier declared, believed where MSH-18 is empty. Raises
    Unreadable where there is no message, and TooLarge."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The message is longer than {MAX_BYTES} bytes.")
    if data.startswith(_UTF_16):
        data, charset = decode(data).text.encode("utf-8"), "utf-8"
    starts = [found.end() for found in itertools.islice(_START.finditer(data), MAX_MESSAGES + 1)]
    if not starts:
        raise Unreadable("The file holds no HL7 v2 message.")
    warnings: dict[Warning, None] = {}
    if len(starts) > MAX_MESSAGES:
        warnings[_MESSAGES] = None
        data = data[: starts.pop()]
    batch = _Batch(_lines(data[: starts[0]].decode("latin-1"))[0])
    found: list[Message] = []
    left = MAX_SEGMENTS
    for start, end in itertools.pairwise([*starts, len(data)]):
        decoded = _decoded(data[start:end], _charset(data[start : start + 2_000], charset))
        lines, cut = _lines(decoded.text, left)
        left -= len(lines)
        if cut:
            warnings[_SEGMENTS] = None
        found.append(_message(lines, decoded, batch))
        if left <= 0:
            warnings[_SEGMENTS] = None
            break
    last = found[-1].segments[-1]
    if last.name == "OBX" and not last.get(11) and not data.endswith((b"\r", b"\n", b"\x1c")):
        warnings[_CUT] = None  # neither its status, which every observation has, nor the end of its line
    # a block of MLLP ends in FS; one that begins and does not end was cut
    if data[: starts[0]].count(b"\x0b") and b"\x1c" not in data[starts[-1] :]:
        warnings[_OPEN_FRAME] = None
    warnings |= dict.fromkeys(batch.warnings(len(found)))
    return tuple(found), tuple(warnings)


def _decoded(octets: bytes, charset: str | None) -> Decoded:
    """A message as text. A character set in which it does not even begin with MSH is not its own."""
    found = decode(octets, charset)
    return found if found.text.startswith("MSH") else dataclasses.replace(decode(octets), unknown=True)


def _charset(start: bytes, carrier: str | None) -> str | None:
    """The character set that MSH-18 declares: its first repetition is that of the message."""
    header = _LINE.split(start.decode("latin-1"), 1)[0]
    marks = Marks.of(header)
    fields = header.split(marks.field)
    told = fields[17] if len(fields) > 17 else ""
    for mark in (marks.repetition, "~", marks.component):
        told = told.split(mark, 1)[0] if mark else told
    told = told.strip()
    return _CHARSETS.get(told.upper(), told) if told else carrier


def _lines(text: str, most: int = MAX_SEGMENTS) -> tuple[list[str], bool]:
    """(the segments as written, whether there were more). Frames are parted off; an ADD segment goes on the one above, as its lines do."""
    found: list[list[str]] = []
    mark = text[3:4] or "|"
    for line in _pieces(text):
        name = line[:3]
        begins = line[3:4] == mark or _begins_otherwise(line)
        if name == "ADD" and begins and found:
            found[-1].append(line[4:])
        elif begins and _SEGMENT.match(name):
            if len(found) >= most:
                return ["".join(one) for one in found], True
            found.append([line])
        elif found:
            found[-1] += ("\n", line)
    return ["".join(one).rstrip() for one in found], False


def _begins_otherwise(line: str) -> bool:
    """Whether a segment begins whose field's mark is not that of the message, or that has no field. Words ("CRP, VIH : ...") and base64
    look like one."""
    if len(line) == 3 and line.startswith("Z"):
        return True
    return line[:3] in KNOWN and (len(line) == 3 or not (line[3].isalnum() or line[3].isspace() or line[3] in _IN_WORDS))


def _pieces(text: str) -> Iterator[str]:
    for line in _LINE.split(text.replace("\x1c", "\r").replace("\x0b", "\r")):
        plain = line.lstrip(" \t\ufeff")
        if plain:
            yield plain


def _message(lines: list[str], decoded: Decoded, batch: _Batch) -> Message:
    marks = Marks.of(lines[0])
    warnings: dict[Warning, None] = {}
    if decoded.guessed:
        warnings[_GUESSED] = None
    if decoded.unknown:
        warnings[_UNKNOWN] = None
    segments: list[Segment] = []
    for line in lines:
        name = line[:3]
        if name in _BATCH:
            batch.add(line)
            continue
        fields = line.split(marks.field, MAX_FIELDS)
        if name == "MSH":
            fields = [fields[0], marks.field, *fields[1:]]
        if name == "DSC" and len(fields) > 1 and fields[1].strip():
            warnings[_CONTINUED] = None
        segments.append(Segment((name, *fields[1:]), marks, decoded.encoding, line))
    if may_be_another([one.name for one in segments], (one.line for one in segments), marks.field):
        warnings[_SUSPECT] = None
    return Message(tuple(segments), decoded.guessed, tuple(warnings))


_BATCH = frozenset({"FHS", "BHS", "BTS", "FTS"})


class _Batch:
    """What the segments around messages tell: whether the batch is whole (HL7 v2.5, 2.10.3)."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = [line for line in lines if line[:3] in _BATCH]

    def add(self, line: str) -> None:
        self._lines.append(line)

    def warnings(self, messages: int) -> list[Warning]:
        """Of a file that holds so many messages."""
        names = [line[:3] for line in self._lines]
        ends = [_number(line) for line in self._lines if line[:3] == "BTS"]
        told = sum(number for number in ends if number is not None)
        found = []
        if names.count("BHS") > names.count("BTS") or names.count("FHS") > names.count("FTS"):
            found.append(_OPEN_BATCH)
        if ends and None not in ends and told != messages:
            found.append(_COUNT)
        batches = [_number(line) for line in self._lines if line[:3] == "FTS"]
        if batches and batches[0] is not None and names.count("BHS") and batches[0] != names.count("BHS"):
            found.append(_COUNT)
        return found


def _number(line: str) -> int | None:
    told = re.match(r"[0-9]{1,9}", line[4:])
    return int(told[0]) if told else None
