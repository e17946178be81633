"""RTF 1.9.1 (Microsoft, 2008): the words, tables and pictures of a letter, as an old reader would show them (formats.md 7).

One pass over the octets with a stack of groups. What a reader does not know is passed over by the rules of the format (`\\*`), fields show
their result, the letters of symbol fonts become the signs that are seen (5 mg in "Symbol" is 5 µg), text that was deleted or hidden is left
out. Embedded objects are never opened. Bounds: octets, tokens, depth, characters, pictures.
Known weaknesses: drawings (WMF, EMF) are not shown; numbers that automatic lists compute are those that the writer left for old readers; a
list to choose from shows nothing of itself.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Literal

from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.domain.reading import StatedPatient, Warning
from vaguemestre.formats import blocks, rtf_words, symbol_fonts
from vaguemestre.formats.blocks import Block
from vaguemestre.formats.plain import MAX_TEXT
from vaguemestre.formats.rtf_layout import Layout
from vaguemestre.formats.rtf_pictures import Picture, Pictures
from vaguemestre.formats.running_text import identity

MAX_BYTES = 60_000_000
MAX_TOKENS = 1_000_000
MAX_DEPTH = 400

_TOKEN = re.compile(
    rb"([^\\{}\r\n]+)|\\'([0-9A-Fa-f]{2})|\\([A-Za-z]{1,32})(-?[0-9]{1,10})? ?|([{}])|\\([^A-Za-z'])|[\r\n]+|\\'?", re.DOTALL
)
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f\s]+")
_SYMBOL_FIELD = re.compile(r'\s*SYMBOL\s+(\d{1,5})(?:[^"]{0,60}\\f\s*"([^"]{1,60})")?', re.IGNORECASE)
_UNDEFINED_BOX = 25
"""Of `\\ffres`: the box is as its default says."""
_CUT = Warning("truncated", "The RTF is cut: its end is lacking.")
_OBJECTS = Warning("active-content-removed", "The text holds embedded objects: they are not opened.")
_LONG = Warning("too-large", f"The text is longer than {MAX_TEXT} characters: the rest is not shown.")
_CODE_PAGE = Warning("unknown-charset", "The text declares a code page that is not known: read as windows-1252.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Read:
    """What an RTF tells; `html` is "" where it holds no table."""

    text: str
    html: str
    patient: StatedPatient | None
    pictures: tuple[Picture, ...]
    warnings: tuple[Warning, ...]

    def __repr__(self) -> str:
        return f"Read(pictures={len(self.pictures)}, warnings={[w.code for w in self.warnings]!r})"


Destination = Literal["text", "skip", "shape", "fonts", "picture", "field", "box"]


@dataclasses.dataclass(slots=True)
class _Group:
    """What a closing brace gives back. `skip`: characters that stand for one of `\\u` to an old reader; `font`: its number; `raised`: 1
    above the line, -1 below; `frame`: whether text of a place of its own ends with the group."""

    destination: Destination = "text"
    uc: int = 1
    font: int = 0
    hidden: bool = False
    deleted: bool = False
    raised: int = 0
    frame: str = ""


@dataclasses.dataclass(slots=True)
class _Font:
    encoding: str | None = None
    name: str = ""
    symbolic: bool = False


def read(data: bytes) -> Read:
    """Raises `Unreadable` where it is no RTF, `TooLarge` past the bounds, and nothing else."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The RTF is longer than {MAX_BYTES} octets.")
    start = data.find(b"{\\rtf", 0, 64)
    if start < 0:
        raise Unreadable("The file does not begin as an RTF does.")
    reader = _Reader(data)
    reader.run(start)
    found: list[Block] = reader.layout.blocks()
    text, cut = blocks.text_of(found)
    if cut:
        reader.warn(_LONG)
    return Read(text, blocks.html_of(found), identity(text), tuple(reader.pictures.found), tuple(reader.warnings))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.layout = Layout()
        self.warnings: list[Warning] = []
        self.pictures = Pictures(self.warn)
        self._groups: list[_Group] = []
        self._now = _Group()
        self._fonts: dict[int, _Font] = {}
        self._encoding = "cp1252"
        self._default_font = 0
        self._octets = bytearray()
        self._skip = 0
        self._starred = False
        self._instruction: list[str] = []
        self._symbol = False
        self._box: list[int | None] = [None, None]

    def warn(self, warning: Warning) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)

    def run(self, start: int) -> None:
        place, left, end = start, MAX_TOKENS, len(self.data)
        match = _TOKEN.match
        while place < end:
            found = match(self.data, place)
            if found is None:
                break  # the pattern takes any octet; this is only for the reader of the code
            place = found.end()
            left -= 1
            if left < 0 or self.layout.size > MAX_TEXT:
                self._flush()
                self.warn(_LONG)
                return
            text, octet, word, number, brace, sign = found.groups()
            if text is not None:
                run = _HEXADECIMAL.match(self.data, found.start()) if self._now.destination == "picture" else None
                if run is not None and run.end() > place:
                    # the thousands of lines of a picture are one token
                    text, place = run.group(), run.end()
                self._text(text)
            elif octet is not None:
                self._octet(int(octet, 16))
            elif word is not None:
                place += self._word(word.decode("ascii"), None if number is None else int(number), place)
            elif brace is not None:
                if brace == b"{":
                    self._open()
                elif self._close():
                    return
            elif sign is not None:
                self._sign(sign)
        self._flush()
        self.warn(_CUT)

    def _open(self) -> None:
        self._flush()
        self._skip, self._starred = 0, False
        if len(self._groups) >= MAX_DEPTH:
            raise TooLarge(f"The groups of the RTF are nested more than {MAX_DEPTH} deep.")
        self._groups.append(self._now)
        now = self._now
        self._now = _Group(now.destination, now.uc, now.font, now.hidden, now.deleted, now.raised)

    def _close(self) -> bool:
        """Whether the last group is closed."""
        self._flush()
        self._skip, self._starred = 0, False
        ended, self._now = self._now, self._groups.pop() if self._groups else _Group()
        if ended.destination != self._now.destination:
            self._left(ended.destination)
        if ended.frame:
            self.layout.leave(ended.frame)
        return not self._groups

    def _left(self, destination: Destination) -> None:
        if destination == "picture":
            self.pictures.end()
        elif destination == "field":
            self._field("".join(self._instruction))
            self._instruction = []

    def _field(self, instruction: str) -> None:
        symbol = _SYMBOL_FIELD.match(instruction)
        if symbol is not None:
            # the result of such a field is empty, or the same sign once more
            self.layout.add(symbol_fonts.shown(int(symbol.group(1)), symbol.group(2) or "Symbol"))
            self._symbol = True
        elif "FORMCHECKBOX" in instruction:
            result, default = self._box
            self.layout.add("☑" if (default if result in {None, _UNDEFINED_BOX} else result) else "☐")
        self._box = [None, None]

    # -- characters

    def _text(self, text: bytes) -> None:
        if self._skip:
            dropped = min(self._skip, len(text))
            self._skip -= dropped
            text = text[dropped:]
        self._octets += text

    def _octet(self, octet: int) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._octets.append(octet)

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._starred = True
            return
        if self._skip:
            self._skip -= 1
            return
        shown = {b"~": "\u00a0", b"_": "-", b"\n": "\n", b"\r": "\n", b"\\": "\\", b"{": "{", b"}": "}", b"\t": "\t"}.get(sign)
        if shown is not None:
            self._say(shown)

    def _say(self, text: str) -> None:
        """A character that stands for itself in any code page."""
        self._flush()
        self._put(text)

    def _put(self, text: str) -> None:
        now = self._now
        if now.destination == "text":
            if not now.hidden and not now.deleted:
                self.layout.add(blocks.raised(text) if now.raised > 0 else blocks.lowered(text) if now.raised < 0 else text)
        elif now.destination == "fonts":
            font = self._fonts.setdefault(now.font, _Font())
            font.name = (font.name + text)[:80]
            font.symbolic = font.symbolic or symbol_fonts.is_symbolic(font.name.partition(";")[0])
        elif now.destination == "field" and len(self._instruction) < 200:
            self._instruction.append(text[:500])

    def _flush(self) -> None:
        """The octets gathered so far as characters, in the code page of their font."""
        if not self._octets:
            return
        octets = bytes(self._octets)
        self._octets.clear()
        if self._now.destination == "picture":
            self.pictures.hexadecimal.append(octets)
            return
        if self._now.destination in {"skip", "shape", "box"}:
            return
        font = self._fonts.get(self._now.font)
        if font is not None and font.symbolic and self._now.destination == "text":
            self._put("".join(symbol_fonts.shown(octet, font.name) for octet in octets))
            return
        encoding = (font.encoding if font is not None else None) or self._encoding
        self._put(octets.decode(encoding, "replace").replace("\0", ""))

    def _unicode(self, number: int) -> None:
        code = number + 0x10000 if number < 0 else number
        self._flush()
        self._skip = self._now.uc
        if not 0 < code <= 0xFFFF:
            return
        font = self._fonts.get(self._now.font)
        if 0xF000 <= code <= 0xF0FF:
            self._put(symbol_fonts.shown(code, font.name if font is not None and font.symbolic else "Wingdings"))
        else:
            self._put(chr(code))

    # -- control words

    def _word(self, word: str, number: int | None, place: int) -> int:
        """Does what a control word says; gives back how many octets behind it are its own."""
        starred, self._starred = self._starred, False
        if word == "bin":
            return self._bin(max(number or 0, 0), place)
        if word == "u" and number is not None:
            self._unicode(number)
            return 0
        if self._skip:
            self._skip -= 1
            return 0
        now = self._now
        if starred and word not in rtf_words.STARRED:
            self._flush()
            now.destination = "skip"
            return 0
        character = rtf_words.CHARACTERS.get(word)
        if character is not None:
            self._say(character)
        elif word in rtf_words.DESTINATIONS:
            self._flush()
            self._enter(word)
        elif word in rtf_words.LAYOUT:
            self._flush()
            if now.destination == "text":
                self.layout.word(word)
        elif now.destination == "picture":
            self.pictures.kind = rtf_words.PICTURES.get(word, self.pictures.kind)
        else:
            self._formatting(word, 1 if number is None else number)
        return 0

    def _formatting(self, word: str, number: int) -> None:
        now = self._now
        self._flush()
        if word == "f":
            now.font = number
        elif word in {"fcharset", "cpg"} and now.destination == "fonts":
            self._charset(word, number)
        elif word == "uc":
            now.uc = min(max(number, 0), 16)
        elif word == "v":
            now.hidden = bool(number)
        elif word == "deleted":
            now.deleted = bool(number)
        elif word in {"super", "sub", "nosupersub"}:
            now.raised = {"super": 1, "sub": -1}.get(word, 0) if number else 0
        elif word == "plain":
            now.hidden, now.deleted, now.raised, now.font = False, False, 0, self._default_font
        elif word == "deff":
            self._default_font = now.font = number
        elif word in {"ffres", "ffdefres"}:
            self._box[word == "ffdefres"] = number
        elif word in rtf_words.CODE_PAGES:
            self._encoding = rtf_words.CODE_PAGES[word]
        elif word == "ansicpg":
            known = rtf_words.code_page(number)
            if known is None:
                self.warn(_CODE_PAGE)
            self._encoding = known or "cp1252"

    def _charset(self, word: str, number: int) -> None:
        font = self._fonts.setdefault(self._now.font, _Font())
        if word == "cpg":
            font.encoding = rtf_words.code_page(number) or font.encoding
        elif number == rtf_words.SYMBOL_CHARSET:
            font.symbolic = True
        else:
            font.encoding = rtf_words.CHARSETS.get(number)

    def _enter(self, word: str) -> None:
        """The group becomes one of another place: what it holds is shown there, kept aside or left out."""
        now = self._now
        outer = now.destination
        meant = rtf_words.DESTINATIONS[word]
        if word in rtf_words.REVIVED:
            if outer == "shape":
                now.destination = "text"
                now.frame = "here"
                self.layout.enter("here")
        elif outer in {"skip", "shape", "picture"}:
            return
        elif word == "fldrslt":
            now.destination = "skip" if self._symbol else outer
            self._symbol = False
        elif meant in {"head", "foot", "note"}:
            now.frame = meant
            self.layout.enter(meant)
        elif meant == "object":
            self.warn(_OBJECTS)
        elif meant == "picture":
            now.destination = "picture"
            self.pictures.begin()
        elif meant in {"skip", "shape", "fonts", "field", "box"}:
            if meant == "field":
                self._symbol = False
            now.destination = meant  # type: ignore[assignment] # of the table, whose other words were seen to above

    def _bin(self, count: int, place: int) -> int:
        self._flush()
        count = min(count, len(self.data) - place)
        if self._skip:
            self._skip -= 1
        elif self._now.destination == "picture":
            self.pictures.binary = self.data[place : place + count]
        return count
