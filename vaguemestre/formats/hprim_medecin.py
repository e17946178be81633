"""HPRIM Médecin "texte": header and records (H.PR.I.M. Médecins 3.0 of 1997, and what laboratories send: formats.md 1.1 and 9).

A record is twelve header lines, free text, an optional structured block and an end mark. A file may hold several records, each
another patient's. Nothing in the format says that it is HPRIM, so a header is believed on a score: its dates, NIR and codes
in their places, and the marks that follow.

Known weaknesses: the address and the request number have no place in the contract and stay in the file; a first line without
any digit may be a title, as Médycs writes it, or a patient code: it is kept as both.
"""

from __future__ import annotations

import dataclasses
import re

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import LocalId, Party, Result, StatedPatient, Warning
from vaguemestre.formats.charset import Decoded, decode
from vaguemestre.formats.hprim_medecin_places import (
    EXTRA_LINES,
    HEADER_LINES,
    MARK,
    MAX_RECORDS,
    THRESHOLD,
    VOID,
    Part,
    absent,
    cut,
    date_of,
    find_header,
    first_lines,
    lines_of,
    marks_score,
    nir_of,
)
from vaguemestre.formats.hprim_medecin_results import Block, readable

MAX_LINES = 400_000
_FOREIGN_LINES, _FOREIGN_WORDS = 8, 3
"""Between two results of one record, so many lines that are no results, of which so many say something, may be another's header."""
_LOOSE = re.compile(r"\*{4}(?:LAB|FIN|FINFICHIER)\*{4}|(?:^|[\r\n])RES\|")


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


def score(text: str, reach: int = EXTRA_LINES) -> int:
    """0 where `text` holds no HPRIM header in its first lines, else how sure that is (10 and more)."""
    head = first_lines(text, reach + HEADER_LINES)
    marks = marks_score(text)
    found = find_header(head, 0, reach, marks)
    if found is not None:
        return found[1] + marks
    # a header torn off or unreadable: two of the format's own marks still tell what it is
    return THRESHOLD if marks >= 8 else 0


def in_body(text: str) -> bool:
    """Whether a mail's own text is an HPRIM file (the habit of Apicrypt), maybe below a greeting: a header and a mark are both needed."""
    if not marks_score(text) and "****FINFICHIER****" not in text:
        return False
    head = first_lines(text, 60 + HEADER_LINES)
    return find_header(head, 0, 60, marks_score(text)) is not None


def torn(text: str) -> bool:
    """Whether a text without a header holds marks of the format all the same: an HPRIM file broken on its way, and no letter."""
    return _LOOSE.search(text) is not None


def around(text: str) -> str:
    """The words of a mail above the header of the HPRIM file in it and below its last mark."""
    lines = lines_of(text, MAX_LINES)
    found = find_header(lines, 0, 60, marks_score(text))
    above = lines[: found[0]] if found is not None else []
    last = max((n for n, line in enumerate(lines) if "*" in line and MARK.match(line)), default=len(lines))
    return "\n".join((*above, *lines[last + 1 :])).strip(VOID)


def read(data: bytes, charset: str | None = None, reach: int = EXTRA_LINES) -> tuple[Record, ...]:
    """The records of a file, in order, at least one. `reach`: how many lines may stand before the first header. Raises `Unreadable`."""
    return records(decode(data, charset), reach)


def records(decoded: Decoded, reach: int = EXTRA_LINES) -> tuple[Record, ...]:
    """As `read`, from text already decoded."""
    lines = lines_of(decoded.text, MAX_LINES)
    common: list[Warning] = []
    if len(lines) > MAX_LINES:
        del lines[MAX_LINES:]
        common.append(Warning("too-large", f"The file has more than {MAX_LINES} lines: the rest was not read."))
    if decoded.guessed:
        common.append(Warning("encoding-guessed", f"The file does not tell its encoding: read as {decoded.encoding}."))
    if decoded.unknown:
        common.append(Warning("unknown-charset", "The declared character set is not known."))
    marks = marks_score(decoded.text)
    found = find_header(lines, 0, reach, marks)
    if found is None and marks < 8:
        raise Unreadable("The text has no HPRIM header.")
    if found is not None and any(line.startswith("RES|") or MARK.match(line) for line in lines[: found[0]]):
        found = None  # a record stands above whose own header is not found: it must not vanish
    parts = cut(lines, found[0] if found else None, marks)
    if len(parts) > MAX_RECORDS:
        parts.pop()
        common.append(Warning("too-large", f"The file holds more than {MAX_RECORDS} records: the rest was not read."))
    doubtful = len(parts) > 1 and any(p.start is None or p.mark is None or not p.after_mark for p in parts)
    if doubtful:
        common.append(Warning("several-patients", "The file holds several records, and where one ends is not certain."))
    return tuple(_record(n, part, lines, decoded, common) for n, part in enumerate(parts, 1))


def _record(number: int, part: Part, lines: list[str], decoded: Decoded, common: list[Warning]) -> Record:
    warnings = list(common)
    block = Block()
    free, told = _sorted(lines[part.first : part.end], block)
    results = block.end()
    if block.overflow:
        warnings.append(Warning("too-large", "The record has too many results: the rest was not read."))
    if part.mark is None:
        warnings.append(Warning("missing-end-mark", "No end mark closes the record: its end may be lacking."))
    if part.stray:
        warnings.append(Warning("malformed", "Text after the end mark was passed over."))
    if _torn_between(lines[part.first : part.end]):
        warnings.append(Warning("several-patients", "Results stand below lines that may be the header of another record."))
    text = _text(free, told)
    if part.start is None:
        warnings.append(Warning("malformed", "The record has no header: it tells of no patient."))
        return Record(number, None, None, None, None, None, results, text, tuple(warnings))
    header = [readable(line).strip() for line in lines[part.start : part.start + HEADER_LINES]]
    names_guessed = decoded.guessed and not (lines[part.start + 1] + lines[part.start + 2]).isascii()
    patient, title = _patient(header, names_guessed, warnings)
    date, is_date = date_of(header[9])
    if date is None and not (absent(header[9]) and not is_date):
        warnings.append(Warning("malformed", "The file date of the header is not a whole possible date."))
    return Record(
        number, patient, title, date, _party(lines[part.start + 10]), _party(lines[part.start + 11]), results, text, tuple(warnings)
    )


def _sorted(lines: list[str], block: Block) -> tuple[list[str], list[str]]:
    """(free text, TEX lines without their mark) of a record; its structured lines go to `block`."""
    free: list[str] = []
    told: list[str] = []
    structured = False
    for line in lines:
        if "|" not in line and "*" not in line and not line.startswith("TEX"):
            if not structured or line.strip():
                free.append(line)  # nearly every line of a report
        elif line.startswith("RES|"):
            block.res(line)
        elif line.startswith("TEX") and (len(line) == 3 or line[3] == "|" or not line[3:].strip()):
            block.tex(line[4:])
            told.append(line[4:])
        elif "*" in line and MARK.match(line):
            structured = True
        elif line.lstrip().upper().startswith("RES|"):
            block.res(line.lstrip())
        elif not structured or line.strip():
            free.append(line)
    return free, told


def _torn_between(lines: list[str]) -> bool:
    """Whether results come back after lines that may be a header which was not recognised: without an end mark above them, its results
    would pass to the patient of this record."""
    others, words = 0, 0
    results = False
    for line in lines:
        if line.lstrip()[:4].upper() == "RES|":
            if results and others >= _FOREIGN_LINES and words >= _FOREIGN_WORDS:
                return True
            results, others, words = True, 0, 0
        elif results and not line.startswith("TEX"):
            others += 1
            words += bool(line.strip())
    return False


def _present(text: str) -> str | None:
    return None if text in {"", "."} else text[:200]


def _patient(header: list[str], names_guessed: bool, warnings: list[Warning]) -> tuple[StatedPatient, str | None]:
    code, family, given = _present(header[0]), _present(header[1]), _present(header[2])
    birth, is_date = date_of(header[6])
    if birth is None and (is_date or not absent(header[6])):
        warnings.append(Warning("malformed", "The date of birth of the header is not a whole possible date."))
    nir = nir_of(header[7])
    if nir is None and not absent(header[7]):
        warnings.append(Warning("malformed", "The NIR of the header has not the form of a NIR."))
    title = None
    if code is not None and not any(c.isdigit() for c in code):
        title = code
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
    stated = {_spaced(line) for line in told}
    # only a line with the same last word can say the same: the others need not be compared
    endings = {words.rpartition(" ")[2] for words in stated}
    printed = list(filter(str.strip, free))
    alike = [line for line in printed if line.rsplit(None, 1)[-1] in endings]
    known = {_spaced(line) for line in alike}
    fresh = [line for line in told if line.strip() and _spaced(line) not in known]
    if not fresh:
        return _joined(free)
    if len(alike) == len(printed) and known <= stated:
        return _joined(told)
    return f"{_joined(free)}\n\n{_joined(fresh)}"


def _spaced(line: str) -> str:
    """A line with single blanks between its words."""
    return " ".join(line.split())


def _joined(lines: list[str]) -> str:
    return readable("\n".join(map(str.rstrip, lines))).strip("\n").rstrip()
