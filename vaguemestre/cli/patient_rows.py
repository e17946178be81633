"""The rows of a patients file (the columns of the command-line contract), checked one by one.

What a row says wrong is told by its line and column, never by its value: the sentence may be kept in a log (promise 5).
A missing column is an empty one; nothing absent is guessed, `ins_oid` included.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from vaguemestre.domain import person
from vaguemestre.domain.fault import Unreadable

COLUMNS = {
    "ref": 100,
    "ins": 15,
    "ins_oid": 64,
    "ins_status": 11,
    "nir": 15,
    "birth_name": 100,
    "used_name": 100,
    "given_names": 200,
    "first_given_name": 100,
    "birth_date": 10,
    "sex": 1,
    "birth_place_code": 5,
    "flags": 100,
}
"""Column -> most characters."""

STATUSES, FLAGS, SEXES = frozenset(person.INS_STATUSES), frozenset(person.CHART_FLAGS), frozenset(person.SEXES)
_BLANKS_MEAN_NOTHING = frozenset({"ins", "nir"})
_PLACE = re.compile(r"[0-9][0-9AB][0-9]{3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST = dt.date(1850, 1, 1)


@dataclasses.dataclass(frozen=True, slots=True)
class BadRow:
    """`line` counts from 1, the header's included; `why` names columns, never values."""

    line: int
    why: str


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class PatientRow:
    """A sound row: the fields of `records.Patient` by name, comparison copies included, without the practice."""

    line: int
    fields: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<PatientRow at line {self.line}>"


class _Wrong(Exception):  # noqa: N818 - stays in this module
    pass


class Table:
    """A patients file: its header is read at once. Raises `Unreadable` where no row can be told."""

    def __init__(self, data: bytes, today: dt.date) -> None:
        self._today = today
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Unreadable("FILE is not UTF-8; save it as CSV UTF-8 and import it again. Nothing was loaded.") from None
        if "\0" in text:
            raise Unreadable("FILE holds NUL bytes: it is no text. Nothing was loaded.")
        if not text.strip():
            raise Unreadable("FILE is empty. Nothing was loaded.")
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        self._names = self._header()
        self.unknown = [_shown(name) for name in self._names if name not in COLUMNS]

    def _header(self) -> list[str]:
        try:
            names = [name.strip().lower() for name in next(row for row in self._reader if row)]
        except (csv.Error, StopIteration):
            raise Unreadable("FILE has no header line that can be read. Nothing was loaded.") from None
        if "ref" not in names:
            raise Unreadable("FILE has no column ref in its first line, which must name the columns. Nothing was loaded.")
        for name in COLUMNS:
            if names.count(name) > 1:
                raise Unreadable(f"FILE has the column {name} twice. Nothing was loaded.")
        return names

    def rows(self) -> Iterator[PatientRow | BadRow]:
        """Each row in order, as a chart's fields or as what is wrong with it."""
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error:
                yield BadRow(line, "its quotes do not match, or a cell is too long")
                continue
            if not any(cell.strip() for cell in cells):
                continue
            try:
                yield PatientRow(line, self._fields(cells))
            except _Wrong as wrong:
                yield BadRow(line, str(wrong))

    def _fields(self, cells: Sequence[str]) -> dict[str, str]:
        if len(cells) > len(self._names) and any(cell.strip() for cell in cells[len(self._names) :]):
            raise _Wrong("it has more cells than the first line has columns")
        values = dict.fromkeys(COLUMNS, "")
        for name, cell in zip(self._names, cells, strict=False):
            if name in values:
                values[name] = _cell(name, cell)
        _check(values, self._today)
        keys = {name: person.comparison(values[name]) for name in ("birth_name", "used_name", "given_names", "first_given_name")}
        if not (keys["birth_name"] or keys["used_name"]):
            raise _Wrong("birth_name or used_name is needed")
        if not (keys["given_names"] or keys["first_given_name"]):
            raise _Wrong("given_names or first_given_name is needed")
        for name, key in keys.items():
            if len(key) > COLUMNS[name]:
                raise _Wrong(f"{name} is too long")
        solids = {f"{name}_solid": person.solid(values[name]) for name in ("birth_name", "used_name")}
        return {**values, **{f"{name}_key": key for name, key in keys.items()}, **solids}


def _delimiter(text: str) -> str:
    first = text.lstrip().splitlines()[0]
    return ";" if first.count(";") > first.count(",") else ","


def _shown(name: str) -> str:
    """A column's name, bounded, for a note."""
    return "".join(letter if letter.isalnum() or letter in "_- " else "?" for letter in name[:40]) or "(no name)"


def _cell(name: str, cell: str) -> str:
    value = "".join(cell.split()) if name in _BLANKS_MEAN_NOTHING else " ".join(cell.split())
    if not value.isprintable():
        raise _Wrong(f"{name} holds control characters")
    if len(value) > COLUMNS[name]:
        raise _Wrong(f"{name} is longer than {COLUMNS[name]} characters")
    return value


def _check(values: dict[str, str], today: dt.date) -> None:
    """Checks and normalises in place the values that have a form."""
    if not values["ref"]:
        raise _Wrong("ref is empty")
    values["birth_date"] = _birth_date(values["birth_date"], today)
    values["sex"] = _among(values["sex"].upper(), SEXES | {""}, "sex must be M, F or U")
    values["ins_status"] = _among(
        values["ins_status"].lower() or "provisional", STATUSES, f"ins_status must be one of {', '.join(sorted(STATUSES))}"
    )
    flags = values["flags"].lower().split()
    for flag in flags:
        _among(flag, FLAGS, f"flags must be among {', '.join(sorted(FLAGS))}")
    values["flags"] = " ".join(dict.fromkeys(flags))
    values["birth_place_code"] = values["birth_place_code"].upper()
    if values["birth_place_code"] and not _PLACE.fullmatch(values["birth_place_code"]):
        raise _Wrong("birth_place_code must be an INSEE code of 5 characters")
    values["ins"] = values["ins"].upper()
    if values["ins"] and not person.ins_key_valid(values["ins"]):
        raise _Wrong("ins must be 15 characters with their right key")
    values["ins_oid"] = values["ins_oid"].lower().removeprefix("urn:oid:")
    if values["ins_oid"] and values["ins_oid"] not in person.INS_OIDS:
        raise _Wrong("ins_oid is not the OID of an INS")
    values["nir"] = values["nir"].upper()
    if values["nir"] and not _nir_valid(values["nir"]):
        raise _Wrong("nir must be 13 characters, or 15 with their right key")


def _nir_valid(nir: str) -> bool:
    plain = person.matricule(nir)
    return len(plain) == 13 or person.ins_key_valid(plain)


def _among(value: str, allowed: frozenset[str], why: str) -> str:
    if value not in allowed:
        raise _Wrong(why)
    return value


def _birth_date(value: str, today: dt.date) -> str:
    if not _DATE.fullmatch(value):
        raise _Wrong("birth_date must be YYYY-MM-DD" if value else "birth_date is empty")
    try:
        date = dt.date.fromisoformat(value)
    except ValueError:
        raise _Wrong("birth_date is no day of the calendar") from None
    # A child born after midnight in Paris is born tomorrow in UTC.
    if not _EARLIEST <= date <= today + dt.timedelta(days=1):
        raise _Wrong("birth_date is before 1850 or to come")
    return value
