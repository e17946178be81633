"""Excel files (.xlsx, .xlsm): the cells of each sheet that is shown, as they are stored (ECMA-376-1, part 18).

Dates and shares are written as they are seen, other numbers with all their digits: a format that rounds would change a result. Formulas
give the value that was stored with them, none is computed.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Iterator, Mapping, Sequence

from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import safe_xml
from vaguemestre.formats.blocks import MOST_CELLS, MOST_COLUMNS, Block, Heading, Table
from vaguemestre.formats.office_word import attribute, local
from vaguemestre.formats.plain import MAX_TEXT
from vaguemestre.formats.safe_xml import Element

MOST_ROWS = 5_000
"""Of one sheet."""
MOST_SHEETS = 50
_DATES = frozenset({14, 15, 16, 17, 22, *range(27, 32), 34, 35, 36, *range(50, 59)})
_TIMES = frozenset({18, 19, 20, 21, 32, 33, 45, 46, 47})
_SHARES = frozenset({9, 10})
_SPOKEN = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})\Z")
_LAST_DAY = 2_958_465


def read(parts: Mapping[str, bytes]) -> tuple[list[Block], bool]:
    """(a heading and a table for each sheet, whether something was left out). Raises `Unreadable` and `TooLarge`."""
    workbook = safe_xml.parse(parts["xl/workbook.xml"]).root
    links = _links(parts)
    sheets = [one for one in workbook.iter() if local(one) == "sheet" and attribute(one, "state") in {None, "visible"}]
    since_1904 = any(local(one) == "workbookPr" and attribute(one, "date1904") in {"1", "true"} for one in workbook)
    book = _Book(_strings(parts.get("xl/sharedStrings.xml")), _formats(parts.get("xl/styles.xml")), since_1904)
    found: list[Block] = []
    for sheet in sheets[:MOST_SHEETS]:
        data = parts.get(links.get(attribute(sheet, "id") or "", ""))
        if data is None:
            continue
        rows = book.rows(safe_xml.parse(data).root)
        if rows:
            found += [Heading((sheet.get("name") or "").strip()), Table(rows)] if len(sheets) > 1 else [Table(rows)]
    if not sheets:
        raise Unreadable("The Excel file has no sheet.")
    return found, book.cut or len(sheets) > MOST_SHEETS


def _links(parts: Mapping[str, bytes]) -> dict[str, str]:
    data = parts.get("xl/_rels/workbook.xml.rels")
    if data is None:
        raise Unreadable("The Excel file does not tell where its sheets are.")
    found = {}
    for link in safe_xml.parse(data).root:
        target = link.get("Target") or ""
        found[link.get("Id") or ""] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _words(element: Element) -> str:
    """The runs of a text, without the reading aids of Japanese."""
    return "".join(
        one.text or "" for one in element.iter() if local(one) == "t" and (parent := one.getparent()) is not None and local(parent) != "rPh"
    )


def _strings(data: bytes | None) -> list[str]:
    return [] if data is None else [_words(one) for one in safe_xml.parse(data).root if local(one) == "si"]


def _formats(data: bytes | None) -> list[str]:
    """For each style "date", "time", "moment", "share" or ""."""
    if data is None:
        return []
    root = safe_xml.parse(data).root
    codes = {attribute(one, "numFmtId"): attribute(one, "formatCode") or "" for one in root.iter() if local(one) == "numFmt"}
    styles = next((one for one in root if local(one) == "cellXfs"), None)
    return [] if styles is None else [_format(attribute(one, "numFmtId") or "0", codes) for one in styles]


def _format(number: str, codes: Mapping[str | None, str]) -> str:
    known = int(number) if number.isdecimal() and len(number) < 6 else 0
    code = codes.get(number)
    if code is None:
        return (
            "moment" if known == 22 else "date" if known in _DATES else "time" if known in _TIMES else "share" if known in _SHARES else ""
        )
    bare = _SPOKEN.sub("", code).lower()
    days, hours = (
        bool(re.search("[dy]|m{3}", bare) or (re.search("m", bare) and not re.search("[hs]", bare))),
        bool(re.search("[hs]", bare)),
    )
    if "general" in bare or not (days or hours):
        return "share" if "%" in bare else ""
    return "moment" if days and hours else "date" if days else "time"


class _Book:
    """`cut`: a bound was met."""

    def __init__(self, strings: Sequence[str], formats: Sequence[str], since_1904: bool) -> None:
        self.cut = False
        self._strings = strings
        self._formats = formats
        self._first_day = dt.datetime(1904, 1, 1) if since_1904 else dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a wall clock
        self._cells = 0
        self._size = 0

    def rows(self, sheet: Element) -> tuple[tuple[str, ...], ...]:
        """The rows that hold something, from the first column that does, all of one length."""
        found: list[dict[int, str]] = []
        for row in (one for data in sheet if local(data) == "sheetData" for one in data):
            cells = dict(self._row(row))
            if cells and len(found) >= MOST_ROWS:
                self.cut = True
                break
            if cells:
                found.append(cells)
        if not found:
            return ()
        first, last = min(min(cells) for cells in found), max(max(cells) for cells in found)
        return tuple(tuple(cells.get(column, "") for column in range(first, last + 1)) for cells in found)

    def _row(self, row: Element) -> Iterator[tuple[int, str]]:
        column = -1
        for cell in row:
            reference = _REFERENCE.match(cell.get("r") or "")
            column = _column(reference.group(1)) if reference is not None else column + 1
            text = self._value(cell)
            if not text:
                continue
            if self._cells >= MOST_CELLS or column >= MOST_COLUMNS or self._size > MAX_TEXT:
                self.cut = True
                continue
            self._cells += 1
            self._size += len(text)
            yield column, text

    def _value(self, cell: Element) -> str:
        kind = cell.get("t") or "n"
        if kind == "inlineStr":
            return _words(cell).strip()
        value = next((one.text or "" for one in cell if local(one) == "v"), "").strip()
        if kind == "s":
            place = int(value) if value.isdecimal() and len(value) < 9 else -1
            return self._strings[place].strip() if 0 <= place < len(self._strings) else ""
        if kind == "b":
            return {"1": "VRAI", "0": "FAUX"}.get(value, value)
        if kind != "n" or not value:
            return value
        style = cell.get("s") or ""
        place = int(style) if style.isdecimal() and len(style) < 6 else 0
        return self._number(value, self._formats[place] if place < len(self._formats) else "")

    def _number(self, value: str, form: str) -> str:
        try:
            number = float(value)
            exact = decimal.Decimal(repr(number))
        except (ValueError, decimal.InvalidOperation):
            return value
        if not exact.is_finite():
            return value
        if form == "share" and abs(number) < 1e6:
            return f"{_plain(exact * 100)} %"
        if form in {"date", "moment", "time"} and 0 <= number < _LAST_DAY:
            at = self._first_day + dt.timedelta(seconds=round(number * 86_400))
            if form == "time":
                hours, rest = divmod(round(number * 86_400), 3_600)
                return f"{hours:02d}:{rest // 60:02d}"
            whole = form == "date" or (at.hour, at.minute) == (0, 0)
            return at.strftime("%d/%m/%Y") if whole else at.strftime("%d/%m/%Y %H:%M")
        return _plain(exact)


def _plain(number: decimal.Decimal) -> str:
    """Without exponent where that is legible; no digits but those that Excel kept (15 of them)."""
    short = number.normalize()
    return format(short, "f") if -12 < short.adjusted() < 15 else str(short)


def _column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1
