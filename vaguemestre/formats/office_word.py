"""Word files (.docx, .docm): the words of headers, text, boxes, notes and footers as they are seen (ECMA-376-1, part 17).

Names are compared without their namespace, so that the strict and the transitional forms read alike. Left out: deleted and hidden text,
comments, field codes. Known weakness: numbers of automatic lists are not computed, a bullet stands in their place.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import blocks, safe_xml, symbol_fonts
from vaguemestre.formats.blocks import MOST_CELLS, MOST_COLUMNS, Block, Heading, Table
from vaguemestre.formats.plain import MAX_TEXT
from vaguemestre.formats.safe_xml import Element

_MAIN = "word/document.xml"
_ASIDE = re.compile(r"word/(header|footer|footnotes|endnotes)(\d{0,4})\.xml\Z")
_UNSEEN = frozenset(
    {"del", "moveFrom", "Fallback", "instrText", "delText", "commentReference", "rPr", "sectPr", "tblPr", "trPr", "tcPr", "pPrChange"}
)
_HEADING = re.compile(r"(?:heading|titre|title)\s?\d?\Z", re.IGNORECASE)
_OFF = frozenset({"0", "false", "off", "none"})
_SEPARATORS = frozenset({"separator", "continuationSeparator", "continuationNotice"})


def read(parts: Mapping[str, bytes]) -> tuple[list[Block], bool]:
    """(blocks in order, whether some were left out). Raises `Unreadable` and `TooLarge`."""
    main = _main(parts)
    if main not in parts:
        raise Unreadable("The Word file has no text.")
    reader = _Reader()
    aside: dict[str, list[Block]] = {"header": [], "footer": [], "footnotes": [], "endnotes": []}
    told: set[tuple[str, str]] = set()
    for name in sorted(parts):
        found = _ASIDE.match(name)
        if found is None:
            continue
        kind = found.group(1)
        read_here = reader.blocks(safe_xml.parse(parts[name]).root)
        words = blocks.text_of(read_here)[0]
        if words and (kind, words) not in told:
            told.add((kind, words))
            aside[kind] += read_here
    body = reader.blocks(safe_xml.parse(parts[main]).root)
    return [*aside["header"], *body, *aside["footnotes"], *aside["endnotes"], *aside["footer"]], reader.cut


def _main(parts: Mapping[str, bytes]) -> str:
    """The name of the part that holds the text, which is `word/document.xml` but for odd writers."""
    if _MAIN in parts or "_rels/.rels" not in parts:
        return _MAIN
    for link in safe_xml.parse(parts["_rels/.rels"]).root.iter():
        if str(link.get("Type", "")).endswith("/officeDocument"):
            return posixpath.normpath(str(link.get("Target", "")).lstrip("/"))
    return _MAIN


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def attribute(element: Element, name: str) -> str | None:
    """The value of an attribute whatever its namespace."""
    for key, value in element.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def _is_on(properties: Element | None, name: str) -> bool:
    if properties is None:
        return False
    for one in properties:
        if local(one) == name:
            return (attribute(one, "val") or "1") not in _OFF
    return False


def _child(element: Element, name: str) -> Element | None:
    return next((one for one in element if local(one) == name), None)


class _Reader:
    """`cut`: the bounds of cells or characters were met."""

    def __init__(self) -> None:
        self.cut = False
        self._cells = 0
        self._size = 0

    def blocks(self, root: Element) -> list[Block]:
        found: list[Block] = []
        self._walk(root, found)
        return found

    def _walk(self, element: Element, found: list[Block]) -> None:
        for child in element:
            name = local(child)
            if self._size > MAX_TEXT:
                self.cut = True
                return
            if name == "p":
                self._paragraph(child, found)
            elif name == "tbl":
                found.append(self._table(child))
            elif name in {"footnote", "endnote"} and attribute(child, "type") in _SEPARATORS:
                continue
            elif name not in _UNSEEN:
                self._walk(child, found)

    def _table(self, element: Element) -> Table:
        rows: list[tuple[str, ...]] = []
        for row in _below(element, "tr"):
            cells: list[str] = []
            for cell in _below(row, "tc"):
                self._cells += 1
                if self._cells > MOST_CELLS or len(cells) >= MOST_COLUMNS:
                    self.cut = True
                    break
                inner: list[Block] = []
                self._walk(cell, inner)
                cells.append(blocks.text_of(inner)[0])
            rows.append(tuple(cells))
        return Table(tuple(rows))

    def _paragraph(self, element: Element, found: list[Block]) -> None:
        properties = _child(element, "pPr")
        boxes: list[Element] = []
        text = "".join(self._inline(element, boxes))
        self._size += len(text) + 1
        for box in boxes:
            # a box is shown above the paragraph that it is fixed to
            self._walk(box, found)
        style = _child(properties, "pStyle") if properties is not None else None
        if style is not None and text.strip() and _HEADING.match(attribute(style, "val") or ""):
            found.append(Heading(text))
        elif properties is not None and _child(properties, "numPr") is not None and text.strip():
            found.append(f"• {text}")
        else:
            found.append(text)

    def _inline(self, element: Element, boxes: list[Element]) -> Iterator[str]:
        for child in element:
            name = local(child)
            if name == "t":
                yield child.text or ""
            elif name == "r":
                yield from self._run(child, boxes)
            elif name == "tab":
                yield "\t"
            elif name in {"br", "cr"}:
                yield "\n"
            elif name == "noBreakHyphen":
                yield "-"
            elif name == "sym":
                code = attribute(child, "char") or ""
                if re.fullmatch(r"[0-9A-Fa-f]{1,4}", code):
                    yield symbol_fonts.shown(int(code, 16), attribute(child, "font") or "")
            elif name == "checkBox":
                yield "☑" if _is_on(child, "checked") or (_child(child, "checked") is None and _is_on(child, "default")) else "☐"
            elif name == "txbxContent":
                boxes.append(child)
            elif name not in _UNSEEN and name != "pPr":
                yield from self._inline(child, boxes)

    def _run(self, element: Element, boxes: list[Element]) -> Iterator[str]:
        properties = _child(element, "rPr")
        if _is_on(properties, "vanish"):
            return
        text = "".join(self._inline(element, boxes))
        place = _child(properties, "vertAlign") if properties is not None else None
        font = _child(properties, "rFonts") if properties is not None else None
        told = attribute(place, "val") if place is not None else None
        if font is not None and symbol_fonts.is_symbolic(attribute(font, "ascii") or ""):
            name = attribute(font, "ascii") or ""
            text = "".join(symbol_fonts.shown(ord(c), name) if c < "\x80" or "\uf000" <= c <= "\uf0ff" else c for c in text)
        yield blocks.raised(text) if told == "superscript" else blocks.lowered(text) if told == "subscript" else text


def _below(element: Element, wanted: str) -> Iterator[Element]:
    """The rows of a table or cells of a row, through the wrappers that may stand between."""
    for child in element:
        name = local(child)
        if name == wanted:
            yield child
        elif name in {"sdt", "sdtContent", "ins", "customXml", "smartTag", "AlternateContent", "Choice"}:
            yield from _below(child, wanted)
