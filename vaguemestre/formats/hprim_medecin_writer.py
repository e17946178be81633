"""Writes one HPRIM Médecin letter, strictly, for software that forgives nothing (formats.md 1.1, "Writer" and "RES line").

Twelve header lines, the text, a block of results where there are any, `****FIN****`, `****FINFICHIER****` and nothing else; CRLF;
Windows-1252, or UTF-8 for a recipient known to take it. One patient a file: several in one are how results reach the wrong chart.

What would not be read back as it was said is refused by `Unwritable`, never bent: no transliteration, no cut, no fold. The last check is
our own reader on the written file. Much software shows the text alone, so each result must stand there in words too: `printed` gives them.

Known weaknesses: the format has no place for an INS, a sex, a birth name told as such, or a date, specimen or method of a result; a chapter
whose words do not look like a title (a lone number, a full stop) cannot be written.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence

from vaguemestre.domain.fault import Fault, TooLarge, Unwritable
from vaguemestre.domain.person import ins_key_valid
from vaguemestre.domain.reading import LocalId, Party, Result, StatedPatient
from vaguemestre.formats.hprim_medecin import read
from vaguemestre.formats.hprim_medecin_places import MARK

COLUMNS = 80
"""Of a line of the header and of the text."""
RES_COLUMNS = 255
"""Of a RES line, which no person reads. Ours: no published rule gives one."""
MAX_LINES = 5_000
MAX_WRITTEN_RESULTS = 2_000
MAX_COMMENT_LINES = 200
ENCODINGS = ("cp1252", "utf-8")
FLAGS = (None, "L", "H", "LL", "HH", "N")
STATUSES = ("F", "P", "C", "R", "I", "S", "U", "D", "W", "X")
"""Of HL7 table 0085, which HPRIM borrows."""
_NAME, _CODE, _STREET, _TOWN = 50, 10, 30, 36
_NO_BREAK = "\u00a0\u202f"
_HELD = (
    ("date", "a date"),
    ("specimen", "a specimen"),
    ("method", "a method"),
    ("translations", "a second code"),
)
_SPOKEN_FLAGS = {"L": "bas", "LL": "très bas", "H": "haut", "HH": "très haut"}
_VOID = {"D": "(supprimé)", "W": "(erroné)", "X": "(non rendu)"}
_SPOKEN_STATUSES = {"P": "(provisoire)", "C": "(corrigé)", **_VOID}


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """Who sends or receives. `code`: at most 10 characters without a blank."""

    name: str
    code: str | None = None

    def __repr__(self) -> str:
        return "<Contact>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """What a file says of one patient, no more than the format has places for. `family_name`: birth or used name, which the format does not
    tell apart. `given_name`: the first one. `code`: the sender's own of the patient, with a digit, since one without reads as a title.
    `nir`: 15 characters, its key right. `address`: two lines of 30 columns, then postcode, blank and town. `request`: the number of the
    file. `text`: lines of 80 columns at most, no blank at their ends, none empty at the beginning or the end."""

    family_name: str
    given_name: str
    birth_date: dt.date
    date: dt.date
    sender: Contact
    recipient: Contact
    text: str
    code: str | None = None
    nir: str | None = None
    address: tuple[str, str, str] = ("", "", "")
    request: str = ""
    results: tuple[Result, ...] = ()

    def __repr__(self) -> str:
        return f"Letter(results={len(self.results)})"


def write(letter: Letter, encoding: str = "cp1252") -> bytes:
    """The file. `encoding`: "cp1252", or "utf-8" where the recipient is known to take it. Raises `Unwritable`, or `TooLarge`."""
    if encoding not in ENCODINGS:
        raise Unwritable("A letter is written in Windows-1252 or in UTF-8.")
    most = MAX_LINES * (COLUMNS + 1)
    if len(letter.text) > most or letter.text.count("\n") >= MAX_LINES or len(letter.results) > MAX_WRITTEN_RESULTS:
        raise TooLarge("The letter is too long for one file.")
    block = list(_planned(letter.results))
    lines = [*_header(letter), *_text(letter, block)]
    if block:
        lines += ["****LAB****", *(line if result is not None else f"TEX|{line}" for line, result in block)]
    lines += ["****FIN****", "****FINFICHIER****", ""]
    try:
        data = "\r\n".join(lines).encode(encoding)
    except UnicodeEncodeError:
        raise Unwritable("The letter has a character that its encoding has not.") from None
    _check(letter, data, encoding)
    return data


def printed(results: Sequence[Result]) -> str:
    """The results in words, for the text of their letter: the titles and comments of the block, and a line or two a result."""
    told: list[str] = []
    for line, result in _planned(results):
        told += _spoken(result) if result is not None else [line]
    return "\n".join(told)


def _header(letter: Letter) -> list[str]:
    if letter.nir is not None and (not ins_key_valid(letter.nir) or len(letter.nir) != 15):
        raise Unwritable("The NIR is not of 15 characters with their right key.")
    if letter.code is not None and not any(map(str.isdigit, letter.code)):
        raise Unwritable("The code of the patient has no digit: it would read as a title.")
    if not letter.family_name or not letter.given_name:
        raise Unwritable("A letter tells a family name and a given name.")
    first, second, town = letter.address
    lines = [
        _bounded(letter.code or ".", _CODE, "code of the patient"),
        _bounded(letter.family_name, _NAME, "family name"),
        _bounded(letter.given_name, _NAME, "given name"),
        _bounded(first, _STREET, "address").ljust(_STREET),
        _bounded(second, _STREET, "address").ljust(_STREET),
        _bounded(town, _TOWN, "town").ljust(_TOWN),
        _french(letter.birth_date),
        f"{letter.nir[:13]} {letter.nir[13:]}" if letter.nir else "",
        _bounded(letter.request, COLUMNS, "number of the file"),
        _french(letter.date),
        _contact(letter.sender, "sender"),
        _contact(letter.recipient, "recipient"),
    ]
    if any("|" in line for line in lines):
        raise Unwritable("A line of the header holds a vertical bar.")
    return lines


def _french(day: dt.date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def _contact(contact: Contact, who: str) -> str:
    """Read alike by software that cuts at column 10 and by software that splits at the first blank."""
    if not contact.name:
        raise Unwritable(f"The {who} has no name.")
    if contact.code is not None and (not contact.code or " " in contact.code):
        raise Unwritable(f"The code of the {who} is empty or has a blank.")
    code = _bounded(contact.code or ".", _CODE, f"code of the {who}")
    return _bounded(f"{code:<{_CODE}} {contact.name}", COLUMNS, f"line of the {who}")


def _bounded(text: str, most: int, what: str) -> str:
    """`text` where it is one printable line of at most `most` columns, without blanks at its ends."""
    if len(text) > most:
        raise Unwritable(f"The {what} is longer than {most} characters.")
    if not all(c.isprintable() or c in _NO_BREAK for c in text):
        raise Unwritable(f"The {what} has a character that cannot be printed on one line.")
    if text != text.strip():
        raise Unwritable(f"The {what} begins or ends with a blank.")
    return text


def _text(letter: Letter, block: Sequence[tuple[str, Result | None]]) -> list[str]:
    if not letter.text.strip():
        raise Unwritable("The letter has no text.")
    lines = letter.text.split("\n")
    for line in lines:
        _bounded(line.lstrip(" "), COLUMNS, "line of the text")
        if len(line) > COLUMNS:
            raise Unwritable(f"A line of the text is longer than {COLUMNS} characters.")
        if line.isspace():
            raise Unwritable("A line of the text is of blanks.")
        if MARK.match(line) or line.lstrip().upper().startswith("RES|") or line == "TEX" or line.startswith("TEX|"):
            raise Unwritable("A line of the text reads as a mark of the format.")
    spaced = [_spaced(line) for line in lines]
    told = frozenset(spaced)
    for line, result in block:
        if not (_spaced(line) in told if result is None else _is_told(result, spaced)):
            raise Unwritable("Something of the results does not stand in the text, which is all that some software shows.")
    return lines


def _spaced(line: str) -> str:
    return " ".join(line.split())


def _is_told(result: Result, lines: Sequence[str]) -> bool:
    """Whether a line says the label, and it or the next one the value as a word of its own, and that it was taken back if it was."""
    label, value = _spaced(result.label or ""), _spaced(result.value or "")
    words = [f" {word} " for word in (value, _VOID.get(result.status or "")) if word]
    for place, line in enumerate(lines):
        if label in line:
            near = f" {line} \n {lines[place + 1]} " if place + 1 < len(lines) else f" {line} "
            if all(word in near for word in words):
                return True
    return False


def _planned(results: Sequence[Result]) -> Iterator[tuple[str, Result | None]]:
    """(words, None) for a TEX line, (line, result) for a RES line, in order.

    A chapter is framed (`*** X ***`), a battery underlined (`--- X`), a result under another one is indented: the three looks that the
    reader tells apart by themselves."""
    titles: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    for result in results:
        depth = _depth(result, titles, parents)
        if depth is None:
            if result.chapter is None or len(result.group) > 1:
                raise Unwritable("The headings of a result cannot be written where it stands.")
            if titles[:1] != (result.chapter,) or not result.group:
                yield f"*** {_bounded(result.chapter, COLUMNS - 8, 'chapter')} ***", None
            for battery in result.group:
                yield f"--- {_bounded(battery, COLUMNS - 4, 'heading')}", None
            titles, parents, depth = (result.chapter, *result.group), (), 0
        yield _res(result, depth), result
        parents = (*parents[:depth], result.label) if result.label else ()
        if result.comment is None:
            continue
        if result.comment.count("\n") >= MAX_COMMENT_LINES:
            raise Unwritable("The comment of a result is too long.")
        for line in result.comment.split("\n"):
            yield _bounded(line, COLUMNS - 4, "comment of a result"), None


def _depth(result: Result, titles: tuple[str, ...], parents: tuple[str, ...]) -> int | None:
    """How many results the result stands under where the titles above still hold for it, else None."""
    if (result.chapter,) != (titles[:1] or (None,)) or result.group[: len(titles[1:])] != titles[1:]:
        return None
    under = result.group[len(titles[1:]) :]
    return len(under) if under == parents[: len(under)] else None


def _res(result: Result, depth: int) -> str:
    """Ten fields, fourteen where a second unit is told."""
    for name, what in _HELD:
        if getattr(result, name):
            raise Unwritable(f"The format has no place for {what} of a result.")
    code = result.code
    if code is not None and (code.system is not None or code.label is not None):
        raise Unwritable("A code of a result is the laboratory's own: the format has no place for its system or label.")
    if result.flag not in FLAGS:
        raise Unwritable("The flag of a result is none of the format.")
    if result.status not in STATUSES:
        raise Unwritable("The status of a result is none of the format.")
    kind = "A" if result.number is None else "N"
    fields = [code.code if code else None, kind, result.value, result.unit, result.low, result.high, result.flag, result.status]
    other = result.alternative
    if other is not None:
        fields += [(result.comparator or "") + other.number if other.number else None, other.unit, other.low, other.high]
    line = "|".join(("RES", "  " * depth + _cell(result.label), *map(_cell, fields)))
    if len(line) > RES_COLUMNS:
        raise Unwritable(f"A result is longer than {RES_COLUMNS} characters.")
    return line


def _cell(field: str | None) -> str:
    if field is None:
        return ""
    if "|" in field:
        raise Unwritable("A field of a result holds a vertical bar, which parts the fields.")
    return _bounded(field, RES_COLUMNS, "field of a result")


def _spoken(result: Result) -> list[str]:
    """A result in one line of the text, or its label above the rest where that would be too long."""
    bounds = f"({result.low or ''} - {result.high or ''})" if result.low or result.high else None
    status = result.status or ""
    # how grave a value was says nothing once it is taken back
    marks = (None if status in _VOID else _SPOKEN_FLAGS.get(result.flag or ""), _SPOKEN_STATUSES.get(status))
    rest = " ".join(word for word in (result.value, result.unit, bounds, *marks) if word)
    whole = f"  {result.label or '':<32} {rest}".rstrip()
    return [whole] if len(whole) <= COLUMNS else [f"  {result.label or ''}".rstrip(), f"    {rest}"]


def _check(letter: Letter, data: bytes, encoding: str) -> None:
    """That our own reader gives back all that the letter says, without a doubt."""
    try:
        records = read(data, encoding)
    except Fault:
        raise Unwritable("The letter would not be read as one.") from None
    if len(records) != 1:
        raise Unwritable("The text of the letter would be read as another record.")
    (record,) = records
    patient = StatedPatient(
        nir=letter.nir,
        names_unqualified=(letter.family_name,),
        given_names=tuple(letter.given_name.split()),
        first_given_name=letter.given_name,
        birth_date=letter.birth_date.isoformat(),
        local_ids=(LocalId(letter.code),) if letter.code else (),
    )
    told = (
        ("patient", record.patient, patient),
        ("title", record.title, None),
        ("date", record.date, letter.date.isoformat()),
        ("sender", record.author, Party(name=letter.sender.name, id=letter.sender.code)),
        ("recipient", record.recipient, Party(name=letter.recipient.name, id=letter.recipient.code)),
        ("results", record.results, letter.results),
        ("text", record.text, letter.text),
    )
    for what, found, meant in told:
        if found != meant:
            raise Unwritable(f"The {what} of the letter would be read otherwise.")
    if record.warnings:
        raise Unwritable("The letter would be read with a doubt.")
