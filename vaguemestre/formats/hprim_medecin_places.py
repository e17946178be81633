"""Where the records of an HPRIM Médecin file begin and end (formats.md 1.1): headers believed on a score, end marks, and what lies between.

A new header without an end mark before it begins a record all the same, and what follows an end mark is a record too, unless it is too
little to be one: results of one patient must never pass to another, and none may vanish.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re

from vaguemestre.formats.hprim_medecin_results import readable

MAX_RECORDS = 200
THRESHOLD = 10
_HIGHEST = 20
"""The score of a header with everything in its place."""
HEADER_LINES = 12
EXTRA_LINES = 3
_STRAY_LINES = 12
"""From so many lines on, what follows an end mark is a record of its own, with or without a header."""
_MOST_STRAYS = 100
"""Pieces passed over after an end mark; what follows so many is a record of its own too, for a person."""
VOID = " \t\r\n\f\u00a0\x1a"
"""What a blank line may hold, the end-of-file mark of DOS included."""
MARK = re.compile(r"\s*\*{2,8}\s*(LAB|FIN|FINFICHIER)\s*\*{2,8}\s*$", re.IGNORECASE)
_DATE = re.compile(r"(?:(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})|(\d{4})-(\d{2})-(\d{2}))$", re.ASCII)
_WHOLE_DATE_LINE = re.compile(r"^[ \t]*(?:\d{2}/\d{2}/\d{4}|\d{4}-\d{2}-\d{2})[ \t]*$", re.ASCII)
_NIR = re.compile(r"[1-478]\d{4}(?:\d\d|2[AB])\d{6}(?:\d\d)?$", re.ASCII)
_POSTCODE = re.compile(r"\s*\d{5}(?:\s|$)", re.ASCII)
_CODE = re.compile(r"[\w./-]{1,15}$")
_FAMILY = re.compile(r"[^\W\d_][^\d|@:;!?=<>*/]{0,49}$")


def date_of(text: str) -> tuple[str | None, bool]:
    """(ISO date, was it a date). `00/00/1980` is the year alone; two-digit years and impossible days give None."""
    match = _DATE.match(text)
    if match is None:
        return None, False
    if match.group(5):
        year, month, day = int(match.group(5)), int(match.group(6)), int(match.group(7))
    else:
        if len(match.group(4)) == 2:
            return None, True
        day, month, year = int(match.group(1)), int(match.group(3)), int(match.group(4))
    if year == 0:
        return None, True
    if day == 0 and month == 0:
        return f"{year:04d}", True
    if day == 0 and 1 <= month <= 12:
        return f"{year:04d}-{month:02d}", True
    try:
        return dt.date(year, month, day).isoformat(), True
    except ValueError:
        return None, True


def nir_of(text: str) -> str | None:
    """13 or 15 characters without blanks, key unchecked; None for another form."""
    compact = "".join(text.split()).replace(".", "").upper()
    return compact if _NIR.match(compact) else None


def absent(text: str) -> bool:
    """Whether a header line tells nothing: blank, or only the dots, dashes or zeros that some software writes."""
    return not text.strip(" \t\u00a0.-_0")


def header_score(lines: list[str], start: int) -> int:
    """How much the twelve lines at `start` look like a header, without what follows them: above 10 with a date of birth and a file date,
    below 0 for prose."""
    if len(lines) < start + HEADER_LINES:
        return -20
    # The date of birth first: of a hostile file's thousand places, nearly all fail here, cheaply.
    birth = lines[start + 6].strip()
    if birth.isalpha():
        return -8
    if date_of(birth)[1]:
        score = 8
    elif absent(birth):
        score = 0
    elif len(birth) <= 12 and any(map(str.isdigit, birth)):
        score = -1  # a broken date: the rest must tell
    else:
        return -8
    header = list(map(str.strip, lines[start : start + HEADER_LINES]))
    if max(map(len, header[:10])) > 90 or any(map(MARK.match, header)) or "|" in "".join(header[:10]):
        return -20
    nir, filed = header[7], header[9]
    if filed:
        score += 4 if date_of(filed)[1] else -4
    if nir_of(nir):
        score += 3
    elif not absent(nir):
        score += -3 if len(nir) > 21 or any(map(str.isalpha, nir)) else 0
    score += 1 if not header[0] or _CODE.match(header[0]) else -3
    score += 2 if _FAMILY.match(readable(header[1])) else -4
    score += 1 if _FAMILY.match(readable(header[2])) else -2
    score += 1 if _POSTCODE.match(header[5]) else 0
    score -= sum([len(line) > 50 for line in header[:9]])
    return score


def lines_of(text: str, most: int = -1) -> list[str]:
    """CRLF, LF and CR alike."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n", most)


def first_lines(text: str, count: int) -> list[str]:
    """At least the first `count` lines of a text, as far as they stand in its first 60 000 characters, then one element or none that
    holds what follows. The few of a header are cut out of the few characters that mostly hold them."""
    lines = lines_of(text[:2_000], count)
    return lines if len(lines) > count else lines_of(text[:60_000], count)


def marks_score(text: str) -> int:
    """What the marks of the format in a text add to the score of a header: 0 for none, 14 for all."""
    score = 0
    if text.rfind("****FIN****") >= 0:  # it ends nearly every file: looked for from there
        score += 6
    if "****LAB****" in text:
        score += 4
    if "\nRES|" in text or "\rRES|" in text:
        score += 4
    return score


def find_header(lines: list[str], start: int, reach: int, marks: int) -> tuple[int, int] | None:
    """(place, score) of the first header within `reach` lines of `start`; the likeliest where several begin within a few lines, since a
    shift by one still looks like one."""
    best: tuple[int, int] | None = None
    for place in range(start, min(start + reach + 1, len(lines) - HEADER_LINES + 1)):
        if best is not None and (place > best[0] + EXTRA_LINES or best[1] >= _HIGHEST):
            break
        score = header_score(lines, place)
        if score > 0 and score + marks >= THRESHOLD and (best is None or score > best[1]):
            best = place, score
    return best


@dataclasses.dataclass(slots=True)
class Part:
    """Lines of one record: header at `start` (None where it has none), text from `first` to before `end`; `mark` is the line of its own
    end mark; `after_mark`: what came before it was closed; `stray`: text after its end mark was passed over."""

    start: int | None
    first: int
    end: int
    mark: int | None
    after_mark: bool
    stray: bool = False


class _LastResult:
    """The line of the file's last result, -1 for none: looked for when it is first asked, once a file."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    @functools.cached_property
    def place(self) -> int:
        return next((n for n in range(len(self._lines) - 1, -1, -1) if self._lines[n].startswith("RES|")), -1)


def cut(lines: list[str], start: int | None, marks: int) -> list[Part]:
    """The records' places. A new header without an end mark before it begins a record all the same: results of one patient must never
    pass to another."""
    parts: list[Part] = []
    last_result = _LastResult(lines)
    first = 0 if start is None else start + HEADER_LINES
    closed = True
    while True:
        mark, following, file_end = _end_of(lines, first)
        stop = following if following is not None else (mark if mark is not None else len(lines))
        if file_end is not None and file_end < stop:
            stop = file_end
        parts.append(Part(start, first, stop, mark if following is None else None, closed))
        if len(parts) > MAX_RECORDS:
            return parts
        if following is not None:
            start, first, closed = following, following + HEADER_LINES, False
            continue
        if mark is None and file_end is None:
            return parts
        after = (mark if mark is not None else file_end or 0) + 1
        found, parts[-1].stray = _next_record(lines, after, marks, last_result)
        if found is None:
            return parts
        start, first = found
        closed = True


def _end_of(lines: list[str], first: int) -> tuple[int | None, int | None, int | None]:
    """From `first`: (line of the end mark, line of a header met before any, line of the file's end mark met before any)."""
    for place in range(first, len(lines)):
        line = lines[place]
        if "*" in line:
            match = MARK.match(line)
            if match:
                kind = match.group(1).upper()
                if kind == "FIN":
                    return place, None, None
                if kind == "FINFICHIER":
                    return None, None, place
        elif (
            6 < len(line) < 40
            and line[:2].strip().isdigit()
            and _WHOLE_DATE_LINE.match(line)
            and place - 6 >= first
            and header_score(lines, place - 6) >= THRESHOLD
            and (date_of(lines[place + 3].strip())[1] or nir_of(lines[place + 1]))
        ):
            return None, place - 6, None
    return None, None, None


def _next_record(lines: list[str], after: int, marks: int, last_result: _LastResult) -> tuple[tuple[int | None, int] | None, bool]:
    """((header or None, first line of text) of what follows an end mark or None where nothing does, whether text was passed over). Blank
    lines between records are skipped only where a header is found below them, since its own first line may be blank."""
    place = after
    ended = stray = False
    passed = 0
    while place < len(lines):
        line = lines[place].strip(VOID)
        if not line:
            place += 1
            continue
        match = MARK.match(line) if "*" in line else None
        if match is not None:
            ended = ended or match.group(1).upper() == "FINFICHIER"
            place += 1
            after = place
            continue
        found = find_header(lines, max(after, place - 1), EXTRA_LINES + 1, marks)
        if found is not None:
            return (found[0], found[0] + HEADER_LINES), stray
        if ended and last_result.place < place:
            return None, stray  # anything may follow the file's end mark
        mark, following, file_end = _end_of(lines, place)
        end = next((n for n in (following, mark, file_end) if n is not None), len(lines))
        if not _is_stray(lines, place, end) or passed >= _MOST_STRAYS:
            return (None, place), stray
        stray = True
        passed += 1
        if following is not None:
            return (following, following + HEADER_LINES), stray
        place = after = end
    return None, stray


def _is_stray(lines: list[str], first: int, end: int) -> bool:
    """Whether these lines, which no header begins, are too few for a record and hold nothing of one: no result, and no date on a line of
    its own, which may be the birth date of a broken header."""
    told = 0
    for place in range(first, end):
        line = lines[place].strip(VOID)
        told += bool(line)
        if told >= _STRAY_LINES or line.upper().startswith(("RES|", "TEX|")) or _WHOLE_DATE_LINE.match(line):
            return False
    return True
