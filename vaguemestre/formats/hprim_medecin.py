"""HPRIM Médecin "texte": header and records (H.PR.I.M. Médecins 3.0 of 1997, and what laboratories send: formats.md 1.1 and 9).

A record is twelve header lines, free text, an optional structured block and an end mark. A file may hold several records, each
another patient's. Nothing in the format says that it is HPRIM, so a header is believed on a score: its dates, NIR and codes
in their places, and the marks that follow.

Known weaknesses: the address and the request number have no place in the contract and stay in the file; a first line without
any digit is taken for a title, as Médycs writes it, and not for a patient code.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import LocalId, Party, Result, StatedPatient, Warning
from vaguemestre.formats.charset import Decoded, decode
from vaguemestre.formats.hprim_medecin_results import Block, readable

MAX_RECORDS = 200
MAX_LINES = 400_000
THRESHOLD = 10
_HEADER_LINES = 12
_EXTRA_LINES = 3
_VOID = " \t\r\n\f\u00a0\x1a"
"""What a blank line may hold, the end-of-file mark of DOS included."""
_MARK = re.compile(r"\s*\*{2,8}\s*(LAB|FIN|FINFICHIER)\s*\*{2,8}\s*$", re.IGNORECASE)
_DATE = re.compile(r"(?:(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})|(\d{4})-(\d{2})-(\d{2}))$", re.ASCII)
_WHOLE_DATE_LINE = re.compile(r"^[ \t]*(?:\d{2}/\d{2}/\d{4}|\d{4}-\d{2}-\d{2})[ \t]*$", re.ASCII)
_NIR = re.compile(r"[1-478]\d{4}(?:\d\d|2[AB])\d{6}(?:\d\d)?$", re.ASCII)
_POSTCODE = re.compile(r"\s*\d{5}(?:\s|$)", re.ASCII)
_CODE = re.compile(r"[\w./-]{1,15}$")
_FAMILY = re.compile(r"[^\W\d_][^\d|@:;!?=<>*/]{0,49}$")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One patient's record. `number` counts from 1; `date` is the file date, not the sampling date; `cut` when no end mark closes it."""

    number: int
    patient: StatedPatient | None
    title: str | None
    date: str | None
    author: Party | None
    recipient: Party | None
    results: tuple[Result, ...]
    text: str
    warnings: tuple[Warning, ...]

    def __repr__(self) -> str:
        return f"Record(number={self.number}, results={len(self.results)})"


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


def _absent(text: str) -> bool:
    return not text.strip(" \t\u00a0.-_0")


def header_score(lines: list[str], start: int) -> int:
    """How much the twelve lines at `start` look like a header, without what follows them: above 10 with a date of birth and a file date,
    below 0 for prose."""
    if len(lines) < start + _HEADER_LINES:
        return -20
    header = [line.strip() for line in lines[start : start + _HEADER_LINES]]
    if any(len(line) > 90 or "|" in line for line in header[:10]) or any(_MARK.match(line) for line in header):
        return -20
    birth, nir, filed = header[6], header[7], header[9]
    if date_of(birth)[1]:
        score = 8
    elif _absent(birth):
        score = 0
    elif len(birth) <= 12 and any(c.isdigit() for c in birth):
        score = -1  # a broken date: the rest must tell
    else:
        return -8
    if filed:
        score += 4 if date_of(filed)[1] else -4
    if nir_of(nir):
        score += 3
    elif not _absent(nir):
        score += -3 if any(c.isalpha() for c in nir) or len(nir) > 21 else 0
    score += 1 if not header[0] or _CODE.match(header[0]) else -3
    score += 2 if _FAMILY.match(readable(header[1])) else -4
    score += 1 if _FAMILY.match(readable(header[2])) else -2
    score += 1 if _POSTCODE.match(header[5]) else 0
    score -= sum(len(line) > 50 for line in header[:9])
    return score


def _lines(text: str, most: int = -1) -> list[str]:
    """CRLF, LF and CR alike."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n", most)


def _marks_score(text: str) -> int:
    score = 0
    if "****FIN****" in text:
        score += 6
    if "****LAB****" in text:
        score += 4
    if "\nRES|" in text or "\rRES|" in text:
        score += 4
    return score


def _find_header(lines: list[str], start: int, reach: int, marks: int) -> tuple[int, int] | None:
    """(place, score) of the first header within `reach` lines of `start`; the likeliest where several begin within a few lines, since a
    shift by one still looks like one."""
    best: tuple[int, int] | None = None
    for place in range(start, min(start + reach + 1, len(lines) - _HEADER_LINES + 1)):
        if best is not None and place > best[0] + _EXTRA_LINES:
            break
        score = header_score(lines, place)
        if score > 0 and score + marks >= THRESHOLD and (best is None or score > best[1]):
            best = place, score
    return best


def score(text: str, reach: int = _EXTRA_LINES) -> int:
    """0 where `text` holds no HPRIM header in its first lines, else how sure that is (10 and more)."""
    head = _lines(text[:60_000], reach + 40)
    marks = _marks_score(text)
    found = _find_header(head, 0, reach, marks)
    if found is not None:
        return found[1] + marks
    # a header torn off or unreadable: two of the format's own marks still tell what it is
    return THRESHOLD if marks >= 8 else 0


def in_body(text: str) -> bool:
    """Whether a mail's own text is an HPRIM file (the habit of Apicrypt), maybe below a greeting: a header and a mark are both needed."""
    if not _marks_score(text) and "****FINFICHIER****" not in text:
        return False
    head = _lines(text[:60_000], 100)
    return _find_header(head, 0, 60, _marks_score(text)) is not None


def around(text: str) -> str:
    """The words of a mail above the header of the HPRIM file in it and below its last mark."""
    lines = _lines(text, MAX_LINES)
    found = _find_header(lines, 0, 60, _marks_score(text))
    above = lines[: found[0]] if found is not None else []
    last = max((n for n, line in enumerate(lines) if "*" in line and _MARK.match(line)), default=len(lines))
    return "\n".join((*above, *lines[last + 1 :])).strip(_VOID)


def read(data: bytes, charset: str | None = None, reach: int = _EXTRA_LINES) -> tuple[Record, ...]:
    """The records of a file, in order, at least one. `reach`: how many lines may stand before the first header. Raises `Unreadable`."""
    return records(decode(data, charset), reach)


def records(decoded: Decoded, reach: int = _EXTRA_LINES) -> tuple[Record, ...]:
    """As `read`, from text already decoded."""
    lines = _lines(decoded.text, MAX_LINES)
    common: list[Warning] = []
    if len(lines) > MAX_LINES:
        del lines[MAX_LINES:]
        common.append(Warning("too-large", f"The file has more than {MAX_LINES} lines: the rest was not read."))
    if decoded.guessed:
        common.append(Warning("encoding-guessed", f"The file does not tell its encoding: read as {decoded.encoding}."))
    if decoded.unknown:
        common.append(Warning("unknown-charset", "The declared character set is not known."))
    marks = _marks_score(decoded.text)
    found = _find_header(lines, 0, reach, marks)
    if found is None and marks < 8:
        raise Unreadable("The text has no HPRIM header.")
    if found is not None and any(line.startswith("RES|") or _MARK.match(line) for line in lines[: found[0]]):
        found = None  # a record stands above whose own header is not found: it must not vanish
    parts = _cut(lines, found[0] if found else None, marks)
    if len(parts) > MAX_RECORDS:
        parts.pop()
        common.append(Warning("too-large", f"The file holds more than {MAX_RECORDS} records: the rest was not read."))
    doubtful = len(parts) > 1 and any(p.start is None or p.mark is None or not p.after_mark for p in parts)
    if doubtful:
        common.append(Warning("several-patients", "The file holds several records, and where one ends is not certain."))
    return tuple(_record(n, part, lines, decoded, common) for n, part in enumerate(parts, 1))


@dataclasses.dataclass(slots=True)
class _Part:
    """Lines of one record: header at `start` (None where it has none), text from `first` to before `end`; `mark` is the line of its own
    end mark; `after_mark`: what came before it was closed."""

    start: int | None
    first: int
    end: int
    mark: int | None
    after_mark: bool


def _cut(lines: list[str], start: int | None, marks: int) -> list[_Part]:
    """The records' places. A new header without an end mark before it begins a record all the same: results of one patient must never
    pass to another."""
    parts: list[_Part] = []
    first = 0 if start is None else start + _HEADER_LINES
    closed = True
    while True:
        mark, following, file_end = _end_of(lines, first)
        stop = following if following is not None else (mark if mark is not None else len(lines))
        if file_end is not None and file_end < stop:
            stop = file_end
        parts.append(_Part(start, first, stop, mark if following is None else None, closed))
        if len(parts) > MAX_RECORDS:
            return parts
        if following is not None:
            start, first, closed = following, following + _HEADER_LINES, False
            continue
        if mark is None and file_end is None:
            return parts
        after = (mark if mark is not None else file_end or 0) + 1
        found = _next_record(lines, after, marks)
        if found is None:
            return parts
        start, first, closed = found


def _end_of(lines: list[str], first: int) -> tuple[int | None, int | None, int | None]:
    """From `first`: (line of the end mark, line of a header met before any, line of the file's end mark met before any)."""
    for place in range(first, len(lines)):
        line = lines[place]
        if "*" in line:
            match = _MARK.match(line)
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


def _next_record(lines: list[str], after: int, marks: int) -> tuple[int | None, int, bool] | None:
    """(header or None, first line of text, True) of what follows an end mark, or None where nothing does. Blank lines between records are
    skipped only where a header is found below them, since its own first line may be blank."""
    place = after
    ended = False
    while place < len(lines):
        line = lines[place].strip(_VOID)
        if not line:
            place += 1
            continue
        match = _MARK.match(line)
        if match is None:
            break
        ended = ended or match.group(1).upper() == "FINFICHIER"
        place += 1
        after = place
    else:
        return None
    begin = max(after, place - 1)
    found = _find_header(lines, begin, _EXTRA_LINES + 1, marks)
    if found is not None:
        return found[0], found[0] + _HEADER_LINES, True
    if ended and not any(line.startswith("RES|") for line in lines[place:]):
        return None  # anything may follow the file's end mark
    return None, place, True


def _record(number: int, part: _Part, lines: list[str], decoded: Decoded, common: list[Warning]) -> Record:
    warnings = list(common)
    block = Block()
    free: list[str] = []
    told: list[str] = []
    structured = False
    for line in lines[part.first : part.end]:
        if line.startswith("RES|"):
            block.res(line)
        elif line.startswith("TEX") and (len(line) == 3 or line[3] == "|" or not line[3:].strip()):
            block.tex(line[4:])
            told.append(line[4:])
        elif "*" in line and _MARK.match(line):
            structured = True
        elif line.lstrip().upper().startswith("RES|"):
            block.res(line.lstrip())
        elif not structured or line.strip():
            free.append(line)
    results = block.end()
    if block.overflow:
        warnings.append(Warning("too-large", "The record has too many results: the rest was not read."))
    if part.mark is None:
        warnings.append(Warning("missing-end-mark", "No end mark closes the record: its end may be lacking."))
    text = _text(free, told)
    if part.start is None:
        warnings.append(Warning("malformed", "The record has no header: it tells of no patient."))
        return Record(number, None, None, None, None, None, results, text, tuple(warnings))
    header = [readable(line).strip() for line in lines[part.start : part.start + _HEADER_LINES]]
    names_guessed = decoded.guessed and not (lines[part.start + 1] + lines[part.start + 2]).isascii()
    patient, title = _patient(header, names_guessed, warnings)
    date, is_date = date_of(header[9])
    if date is None and not (_absent(header[9]) and not is_date):
        warnings.append(Warning("malformed", "The file date of the header is not a whole possible date."))
    return Record(
        number, patient, title, date, _party(lines[part.start + 10]), _party(lines[part.start + 11]), results, text, tuple(warnings)
    )


def _present(text: str) -> str | None:
    return None if text in {"", "."} else text[:200]


def _patient(header: list[str], names_guessed: bool, warnings: list[Warning]) -> tuple[StatedPatient, str | None]:
    code, family, given = _present(header[0]), _present(header[1]), _present(header[2])
    birth, is_date = date_of(header[6])
    if birth is None and (is_date or not _absent(header[6])):
        warnings.append(Warning("malformed", "The date of birth of the header is not a whole possible date."))
    nir = nir_of(header[7])
    if nir is None and not _absent(header[7]):
        warnings.append(Warning("malformed", "The NIR of the header has not the form of a NIR."))
    title = None
    if code is not None and not any(c.isdigit() for c in code):
        code, title = None, code
    patient = StatedPatient(
        nir=nir,
        names_unqualified=(family,) if family else (),
        given_names=tuple(given.split()) if given else (),
        first_given_name=given,
        birth_date=birth,
        local_ids=(LocalId(code),) if code else (),
        names_guessed=names_guessed,
    )
    return patient, title


def _party(line: str) -> Party | None:
    """Code and label: cut at column 10 where a blank stands there and none inside the code, else at the first blank."""
    line = readable(line)
    code, label = line[:10].strip(), line[11:].strip()
    if len(line) <= 10 or line[10].strip() or not code or " " in code:
        code, _, label = line.strip().partition(" ")
    name, identifier = _present(label.strip()), _present(code)
    return Party(name=name, id=identifier) if name or identifier else None


def _text(free: list[str], told: list[str]) -> str:
    """The free text, then what only the TEX lines say: they mostly repeat it, and none of both may be lost."""
    if not any(map(str.strip, told)):
        return _joined(free)
    if not any(map(str.strip, free)):
        return _joined(told)
    known = {" ".join(line.split()) for line in free}
    fresh = [line for line in told if " ".join(line.split()) not in known and line.strip()]
    stated = {" ".join(line.split()) for line in told}
    if fresh and not [line for line in free if line.strip() and " ".join(line.split()) not in stated]:
        return _joined(told)
    return _joined(free) if not fresh else f"{_joined(free)}\n\n{_joined(fresh)}"


def _joined(lines: list[str]) -> str:
    return readable("\n".join(line.rstrip() for line in lines)).strip("\n").rstrip()
