"""OpenDocument texts and spreadsheets (.odt, .ods): the words and cells that are seen (OASIS OpenDocument 1.3, parts 3 and 4).

A cell's words are those that the writer stored for the eye. Left out: deleted text, comments, hidden sheets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import blocks, safe_xml
from vaguemestre.formats.blocks import MOST_CELLS, MOST_COLUMNS, Block, Heading, Table
from vaguemestre.formats.office_word import attribute, local
from vaguemestre.formats.plain import MAX_TEXT
from vaguemestre.formats.safe_xml import Element

MOST_ROWS = 5_000
_UNSEEN = frozenset(
    {"tracked-changes", "annotation", "note-citation", "forms", "sequence-decls", "shapes", "table-source", "automatic-styles"}
)
_ROW_HOLDERS = frozenset({"table-rows", "table-header-rows", "table-row-group"})


def read(parts: Mapping[str, bytes]) -> tuple[list[Block], bool]:
    """(blocks in order, whether some were left out). Raises `Unreadable` and `TooLarge`."""
    if "content.xml" not in parts:
        raise Unreadable("The OpenDocument file has no content.")
    root = safe_xml.parse(parts["content.xml"]).root
    reader = _Reader(_hidden_styles(root), _raised_styles(root))
    heads, feet = _margins(parts.get("styles.xml"), reader)
    body = next((one for one in root if local(one) == "body"), None)
    found: list[Block] = []
    if body is not None:
        reader.walk(body, found)
    return [*heads, *found, *reader.notes, *feet], reader.cut


def _hidden_styles(root: Element) -> frozenset[str]:
    """Styles of tables that are not displayed."""
    return frozenset(
        attribute(style, "name") or ""
        for style in root.iter()
        if local(style) == "style" and any(local(one) == "table-properties" and attribute(one, "display") == "false" for one in style)
    )


def _raised_styles(root: Element) -> dict[str, int]:
    """Styles of words above the line (1) or below it (-1)."""
    found = {}
    for style in root.iter():
        if local(style) != "style":
            continue
        place = next((attribute(one, "text-position") or "" for one in style if local(one) == "text-properties"), "").split(" ")[0]
        if place == "super" or (place.endswith("%") and place[:1].isdigit() and place != "0%"):
            found[attribute(style, "name") or ""] = 1
        elif place == "sub" or place.startswith("-"):
            found[attribute(style, "name") or ""] = -1
    return found


def _margins(data: bytes | None, reader: _Reader) -> tuple[list[Block], list[Block]]:
    heads: list[Block] = []
    feet: list[Block] = []
    told: set[str] = set()
    for one in safe_xml.parse(data).root.iter() if data is not None else ():
        name = local(one)
        if not name.startswith(("header", "footer")) or "style" not in str(one.tag) or name.endswith("-style"):
            continue
        here: list[Block] = []
        reader.walk(one, here)
        words = blocks.text_of(here)[0]
        # a sheet's own "Page 1" and name say nothing
        if words and words not in told and attribute(one, "display") != "false":
            told.add(words)
            (heads if name.startswith("header") else feet).extend(here)
    return heads, feet


class _Reader:
    """`cut`: a bound was met; `notes`: what stands below the pages."""

    def __init__(self, hidden: frozenset[str], raised: Mapping[str, int]) -> None:
        self.cut = False
        self.notes: list[Block] = []
        self._hidden = hidden
        self._raised = raised
        self._cells = 0
        self._size = 0

    def walk(self, element: Element, found: list[Block]) -> None:
        for child in element:
            name = local(child)
            if self._size > MAX_TEXT:
                self.cut = True
                return
            if name in {"p", "h"}:
                self._paragraph(child, found)
            elif name == "table":
                self._table(child, found)
            elif name == "list-item":
                inner: list[Block] = []
                self.walk(child, inner)
                found += [f"• {inner[0]}", *inner[1:]] if inner and isinstance(inner[0], str) and inner[0].strip() else inner
            elif name not in _UNSEEN:
                self.walk(child, found)

    def _paragraph(self, element: Element, found: list[Block]) -> None:
        boxes: list[Element] = []
        text = "".join(self._inline(element, boxes))
        self._size += len(text) + 1
        for box in boxes:
            self.walk(box, found)
        found.append(Heading(text) if local(element) == "h" and text.strip() else text)

    def _inline(self, element: Element, boxes: list[Element]) -> Iterator[str]:
        if element.text:
            yield element.text.replace("\n", " ")
        for child in element:
            name = local(child)
            if name == "tab":
                yield "\t"
            elif name == "line-break":
                yield "\n"
            elif name == "s":
                count = attribute(child, "c") or "1"
                yield " " * (min(int(count), 200) if count.isdecimal() and len(count) < 9 else 1)
            elif name == "span":
                place = self._raised.get(attribute(child, "style-name") or "", 0)
                text = "".join(self._inline(child, boxes))
                yield blocks.raised(text) if place > 0 else blocks.lowered(text) if place < 0 else text
            elif name == "note":
                inner: list[Block] = []
                self.walk(child, inner)
                self.notes += inner
            elif name == "text-box":
                boxes.append(child)
            elif name not in _UNSEEN:
                yield from self._inline(child, boxes)
            if child.tail:
                yield child.tail.replace("\n", " ")

    def _table(self, element: Element, found: list[Block]) -> None:
        if (attribute(element, "style-name") or "") in self._hidden:
            return
        rows: list[tuple[str, ...]] = []
        for row in _rows(element):
            cells = self._cells_of(row)
            if not cells:
                continue
            for _ in range(_times(row, "number-rows-repeated")):
                if len(rows) >= MOST_ROWS or self._cells > MOST_CELLS:
                    self.cut = True
                    break
                self._cells += len(cells)
                rows.append(cells)
        if rows:
            broad = max(map(len, rows))
            name = attribute(element, "name") if local_of_parent(element) == "spreadsheet" else None
            if name:
                found.append(Heading(name))
            found.append(Table(tuple(row + ("",) * (broad - len(row)) for row in rows)))

    def _cells_of(self, row: Element) -> tuple[str, ...]:
        """The cells up to the last that holds something."""
        cells: list[str] = []
        for cell in row:
            if local(cell) not in {"table-cell", "covered-table-cell"}:
                continue
            inner: list[Block] = []
            self.walk(cell, inner)
            text = blocks.text_of(inner)[0]
            times = _times(cell, "number-columns-repeated")
            if text and (len(cells) + times > MOST_COLUMNS or self._size > MAX_TEXT):
                self.cut = True
            cells += [text] * min(times, max(MOST_COLUMNS - len(cells), 0))
        while cells and not cells[-1]:
            cells.pop()
        return tuple(cells)


def local_of_parent(element: Element) -> str:
    """The name of the element around another, "" at the top."""
    parent = element.getparent()
    return local(parent) if parent is not None else ""


def _times(element: Element, name: str) -> int:
    told = attribute(element, name) or "1"
    return min(int(told), 1_000_000) if told.isdecimal() and len(told) < 9 and int(told) else 1


def _rows(table: Element) -> Iterator[Element]:
    for child in table:
        name = local(child)
        if name == "table-row":
            yield child
        elif name in _ROW_HOLDERS:
            yield from _rows(child)
