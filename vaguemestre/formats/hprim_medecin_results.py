"""The structured block of an HPRIM Médecin record: RES and TEX lines into results (formats.md 1.1, "RES line"; 9, cases 3 to 6).

RES lines are the data. TEX lines are a human copy of them: around a RES they repeat it, comment on it or announce the next
chapter, and nothing but their look tells which. A TEX line that cannot be told apart becomes a comment of the result above,
never a title, and is in the record's text anyway.
"""

from __future__ import annotations

import dataclasses
import functools
import html
import re
from decimal import Decimal, InvalidOperation

from vaguemestre.domain.reading import Alternative, Coded, Result
from vaguemestre.formats.numbers import COMPARED, NUMBER, compared, plain

MAX_RESULTS = 20_000
MAX_FIELD = 4_000
_MEMO, _MEMO_LENGTH = 2_048, 120
"""A laboratory has some hundred labels, titles and stock remarks, and writes them in every record: so many are looked at once only."""
_VALUE = re.compile(rf"{COMPARED}\s*\*{{0,3}}")
_STARRED = re.compile(rf"\*{{1,3}}\s*({NUMBER})")
_INTERVAL = re.compile(rf"({NUMBER})\s*(?:-|à|a|/|;|\.\.)\s*({NUMBER})", re.IGNORECASE)
_LOOSE_INTERVAL = re.compile(rf"({NUMBER})\s+(-)\s*({NUMBER})")
_OR_EQUAL = r"(?:érieure?|\.)?(?: ?ou [ée]gale?)? ?[àa]"
_BOUND = re.compile(rf"(<=|>=|<|>|≤|≥|inf{_OR_EQUAL}|sup{_OR_EQUAL})\s*({NUMBER})", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
_SPACED = re.compile(r"^\W*(?:[A-ZÀ-Ý0-9]['’.]? )+[A-ZÀ-Ý0-9]\W*$")
_MARK = re.compile(r"^(?:\*+\+*|[-=_~]{2,}|#+)\s*|\s*(?:\*+|[-=_~]{2,}|#+)$")
_FRAME = re.compile(r"\*\*|\*\+|[-=_~]{2}|##|\*.*\*$")
_WIDE_BLANK = re.compile(r" {2,}")
_LONE_NUMBER = re.compile(r"(?:^|\s)[<>=]?\s?\d+(?:[.,]\d+)?(?=\s|$|%)")
_INDENT = re.compile(r"[ \t\u00a0]*(?:[-–•]+[ \t\u00a0]*|[.>]+[ \t\u00a0]+)*")
_INDENTS = frozenset(" \t\u00a0-–•.>")


def readable(text: str) -> str:
    """Entities and `<br />` of the laboratories' files as characters: once, so that `&amp;lt;` stays `&lt;`."""
    if "&" in text:
        text = _ENTITY.sub(lambda m: html.unescape(m.group()), text)
    if "<" in text:
        text = _BREAK.sub("\n", text)
    return text


def _field(text: str) -> str | None:
    return readable(text).strip()[:MAX_FIELD] or None


def _fields(line: str) -> list[str | None]:
    """The first fourteen fields of a RES line, trimmed, None where empty or absent."""
    raw = line.split("|", 14)[:14]
    if "&" in line or "<" in line or len(line) > MAX_FIELD:
        fields = [_field(f) for f in raw]
    else:
        fields = [f.strip() or None for f in raw]
    return fields if len(fields) == 14 else fields + [None] * (14 - len(fields))


def _simple(text: str) -> bool:
    """Digits with at most one point inside: the form of nearly all values, and cheaper to tell than by a pattern."""
    return text[0] != "." and text[-1] != "." and text.replace(".", "", 1).isdigit() and text.isascii()


def value_of(value: str | None) -> tuple[str | None, str | None]:
    """(comparator, number) of a value that is one number, `85*` and `< 0.12` included; (None, None) for any other. Thousands are
    never inferred: `2.920` is 2.920."""
    if value is None:
        return None, None
    if len(value) <= 30 and _simple(value):
        return None, value
    match = _VALUE.fullmatch(value)
    if match:
        return compared(match)
    match = _STARRED.fullmatch(value)
    return None, plain(match.group(1)) if match else None


def _is_interval(low: str, high: str) -> bool:
    try:
        return Decimal(low) <= Decimal(high)
    except InvalidOperation:
        return False


def bounds(low: str | None, high: str | None) -> tuple[str | None, str | None]:
    """The reference interval. One field may hold all of it: `2.20-2.60`, `-2 - 2`, `< 5`, `inf. à 5`. A reference in words stays as
    written, in the field where it was."""
    if low is not None and high is not None:
        return _bare(low), _bare(high)
    whole = low if low is not None else high
    if whole is None:
        return None, None
    match = _INTERVAL.fullmatch(whole) or _LOOSE_INTERVAL.fullmatch(whole)
    if match:
        first, last = plain(match.group(1)), plain(match.group(match.lastindex or 2))
        if _is_interval(first, last):
            return first, last
    match = _BOUND.fullmatch(whole)
    if match:
        bound = plain(match.group(2))
        return (None, bound) if match.group(1)[0] in "<≤iI" else (bound, None)
    return (_bare(low), None) if low is not None else (None, _bare(whole))


_PLAIN = re.compile(NUMBER)


def _bare(text: str) -> str:
    if "," not in text and text[0] != "+":
        return text
    return plain(text) if _PLAIN.fullmatch(text) else text


def _is_number(text: str | None) -> bool:
    return text is not None and (_simple(text) or _PLAIN.fullmatch(text) is not None)


def _second(fields: list[str | None], comparator: str | None) -> Alternative | None:
    """Fields 10 to 13, whose order is ambiguous: value, unit, low, high, or value, low, high. A number in field 11 is a bound."""
    if fields[10] is None:
        return None
    sign, figure = value_of(fields[10])
    if sign != comparator:
        figure = None
    if _is_number(fields[11]) or (fields[11] is not None and _INTERVAL.fullmatch(fields[11])):
        low, high = bounds(fields[11], fields[12])
        return Alternative(figure, None, low, high)
    low, high = bounds(fields[12], fields[13])
    return Alternative(figure, fields[11], low, high)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


_folded_again = functools.lru_cache(_MEMO)(_folded)


def _fold(text: str) -> str:
    """Small letters, single blanks."""
    return _folded_again(text) if len(text) <= _MEMO_LENGTH else _folded(text)


def _says(told: str, figure: str) -> bool:
    """Whether one word of a folded line is that number or word, `*` and the kind of point aside."""
    told = told.replace(",", ".")
    return figure in told and any(word.strip("*") == figure for word in told.split())


@dataclasses.dataclass(frozen=True, slots=True)
class _Title:
    """`rank` tells a chapter from a battery by its look: letter-spaced or framed, centred or marked, at the margin."""

    text: str
    rank: int


def _title(line: str) -> _Title | None:
    """A section title: capitals, or framed by `**` or `---`. None for any other line."""
    text = line.strip()
    if not 2 <= len(text) <= 80:
        return None
    return _title_of(text, len(line) - len(line.lstrip()) >= 8)


@functools.lru_cache(_MEMO)
def _title_of(text: str, indented: bool) -> _Title | None:
    bare = _MARK.sub("", _MARK.sub("", text)).strip()
    if sum(c.isalpha() for c in bare) < 2:
        return None
    words = _WIDE_BLANK.split(bare)
    if len(bare) > 4 and all(_SPACED.match(word) or len(word) == 1 for word in words):
        return _Title(" ".join(word.replace(" ", "") for word in words), 0)
    capitals = bare == bare.upper()
    framed = bare != text and (capitals or _FRAME.match(text) is not None)
    if not capitals and not framed:
        return None
    if _LONE_NUMBER.search(bare) or bare.endswith(".") or (len(words) > 1 and not framed):
        return None
    # a closing bracket is of the words, not of the frame
    if framed and not text[0].isalnum() and not (text[-1].isalnum() or text[-1] in ")]"):
        return _Title(bare, 0)
    return _Title(bare, 1 if framed or indented else 2)


def _status(text: str | None) -> str | None:
    """A code of one letter in capitals, so that what was taken back is known as such however it is typed (`domain.reading.NO_VALUE`)."""
    return text.upper() if text is not None and len(text) == 1 else text


@dataclasses.dataclass(slots=True, repr=False)
class _Draft:
    """A result of which comments and another unit may still follow. `fields`: those of its RES line."""

    chapter: str | None
    group: tuple[str, ...]
    label: str | None
    fields: list[str | None]
    comparator: str | None
    number: str | None
    alternative: Alternative | None
    comment: str | None = None

    def finished(self) -> Result:
        """The result, once nothing more can follow."""
        fields = self.fields
        low, high = bounds(fields[6], fields[7])
        return Result(
            chapter=self.chapter,
            label=self.label,
            code=Coded(fields[2], None, None) if fields[2] else None,
            value=fields[4],
            comparator=self.comparator,
            number=self.number,
            unit=fields[5],
            low=low,
            high=high,
            flag=fields[8],
            status=_status(fields[9]),
            comment=self.comment,
            alternative=self.alternative,
            group=self.group,
        )


class Block:
    """Takes the lines of one record in order and gives its results."""

    def __init__(self) -> None:
        self._drafts: list[_Draft] = []
        self.overflow = False
        self._pending: list[str] = []
        self._titles: list[_Title] = []
        self._parents: list[tuple[int, str]] = []

    def tex(self, text: str) -> None:
        """One TEX line without its mark."""
        if len(self._pending) < MAX_RESULTS:
            self._pending.append(text)

    def res(self, line: str) -> None:
        """One RES line, whole."""
        fields = _fields(line)
        if not any(fields[1:]):
            return
        if len(self._drafts) >= MAX_RESULTS:
            self.overflow = True
            return
        label = fields[1]
        if label is not None and label.casefold().strip(" :=-") == "soit" and self._same_in_other_unit(fields):
            self._close(None)
            return
        indent = 0
        if label is not None and line[4] in _INDENTS:
            # blanks and dashes before a label put it under the one above that has fewer
            written = line.split("|", 2)[1]
            mark = _INDENT.match(written)
            if mark is not None:
                indent, label = mark.end(), _field(written[mark.end() :]) or label
        self._close(fields, label)
        while self._parents and self._parents[-1][0] >= indent:
            self._parents.pop()
        group = tuple([title.text for title in self._titles[1:]] + [name for _, name in self._parents])
        if label is not None:
            self._parents.append((indent, label))
        comparator, figure = value_of(fields[4])
        chapter = self._titles[0].text if self._titles else None
        self._drafts.append(_Draft(chapter, group, label, fields, comparator, figure, _second(fields, comparator)))

    def end(self) -> tuple[Result, ...]:
        """The results, once the record is over."""
        self._close(None)
        return tuple([draft.finished() for draft in self._drafts])

    def _same_in_other_unit(self, fields: list[str | None]) -> bool:
        if not self._drafts or self._drafts[-1].alternative is not None or fields[4] is None:
            return False
        last = self._drafts[-1]
        sign, figure = value_of(fields[4])
        low, high = bounds(fields[6], fields[7])
        last.alternative = Alternative(figure if sign == last.comparator else None, fields[5], low, high)
        return True

    def _close(self, following: list[str | None] | None, label: str | None = None) -> None:
        """Shares the TEX lines since the last RES between it (comments) and the next one (titles, its human copy)."""
        lines = self._pending
        if not lines:
            return
        self._pending = []
        if following is not None:
            lines = self._without_copy_of_next(lines, label, following[4])
            lines = self._take_titles(lines)
        if not self._drafts or not lines:
            return
        last = self._drafts[-1]
        if self._repeats(lines[0], last.label, last.fields[4]):
            lines = lines[1:]
        comment = "\n".join([t for t in (readable(line).strip() for line in lines) if any(map(str.isalnum, t))])
        if comment:
            whole = comment if last.comment is None else f"{last.comment}\n{comment}"
            last.comment = whole[: MAX_FIELD * 4]

    @staticmethod
    def _repeats(line: str, label: str | None, value: str | None) -> bool:
        """Whether a line says a result for human eyes: its label first, then its value."""
        if not label:
            return False
        told = _fold(readable(line))
        if not told.startswith(_fold(label).rstrip(".")):
            return False
        return value is None or _folded(value).split(" ")[0].replace(".", ",") in told.replace(".", ",")

    def _without_copy_of_next(self, lines: list[str], label: str | None, value: str | None) -> list[str]:
        """Without the line that says the next result for human eyes, nor what follows it (its other unit)."""
        begins = None if label is None else _fold(label).rstrip(".")
        figure = None if value is None else _folded(value).replace(",", ".")
        told = 0
        for place in range(len(lines) - 1, -1, -1):
            if not lines[place].strip():
                continue
            told += 1
            if told > 4:
                break
            line = _fold(readable(lines[place]))
            if (begins is not None and line.startswith(begins)) or (told <= 2 and figure is not None and _says(line, figure)):
                return lines[:place]
        return lines

    def _take_titles(self, lines: list[str]) -> list[str]:
        """Takes the titles that end `lines` (the two nearest: chapter and battery) and gives back the lines above them."""
        found: list[_Title] = []
        end = len(lines)
        while end and len(found) < 2:
            line = readable(lines[end - 1])
            if any(map(str.isalnum, line)):
                title = _title(line)
                if title is None:
                    break
                found.append(title)
            end -= 1
        if not found:
            return lines
        self._parents.clear()
        above: _Title | None = None
        for title in reversed(found):
            if above is None or title.rank < above.rank:
                while self._titles and self._titles[-1].rank >= title.rank:
                    self._titles.pop()
            self._titles.append(title)
            above = title
        return lines[:end]
