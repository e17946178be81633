"""Where the words of an RTF stand: its paragraphs, the cells and rows of its tables, its headers, footers and notes (RTF 1.9.1,
"Table Definitions", "Headers and Footers").
"""

from __future__ import annotations

from vaguemestre.formats.blocks import MOST_CELLS, MOST_COLUMNS, Block, Table


class _Flow:
    """One run of paragraphs and tables."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.paragraph: list[str] = []
        self.cell: list[str] = []
        self.row: list[str] = []
        self.rows: list[tuple[str, ...]] = []
        self.in_table = False

    def end_paragraph(self) -> None:
        text = _joined(self.paragraph)
        self.paragraph = []
        if self.in_table:
            self.cell.append(text)
            return
        self.end_table()
        self.blocks.append(text)

    def end_cell(self) -> None:
        self.cell.append(_joined(self.paragraph))
        self.paragraph = []
        if len(self.row) < MOST_COLUMNS:
            self.row.append("\n".join(self.cell).strip("\n"))
        self.cell = []

    def end_row(self) -> None:
        if self.cell or any(part.strip() for part in self.paragraph):
            self.end_cell()
        if self.row:
            self.rows.append(tuple(self.row))
        self.row = []
        self.in_table = False

    def end_table(self) -> None:
        """What follows is no part of a table."""
        if self.row or self.cell:
            self.end_row()
        if self.rows:
            self.blocks.append(Table(tuple(self.rows)))
            self.rows = []

    def whole(self) -> list[Block]:
        if self.in_table:
            self.end_row()
        if self.paragraph:
            self.end_paragraph()
        self.end_table()
        return self.blocks


class Layout:
    """What the reader fills. `size`: characters so far."""

    def __init__(self) -> None:
        self.size = 0
        self._cells = 0
        self._flow = _Flow()
        self._outer: list[_Flow] = []
        self._aside: dict[str, list[list[Block]]] = {"head": [], "foot": [], "note": []}

    def add(self, text: str) -> None:
        self.size += len(text)
        self._flow.paragraph.append(text)

    def word(self, word: str) -> None:
        """A control word of `rtf_words.LAYOUT`."""
        flow = self._flow
        if word in {"par", "sect", "page", "column"}:
            self.size += 1
            flow.end_paragraph()
        elif word in {"intbl", "trowd"}:
            flow.in_table = True
        elif word == "pard":
            # \intbl is a property of the paragraph, and comes again in each that is in a table
            flow.in_table = False
        elif word == "cell":
            self.size += 1
            self._cells += 1
            if self._cells <= MOST_CELLS:
                flow.end_cell()
            else:
                flow.end_paragraph()
        elif word == "row":
            flow.end_row()
        elif word == "nestcell":
            flow.paragraph.append("\t")
        elif word == "nestrow":
            flow.paragraph.append("\n")

    def enter(self, frame: str) -> None:
        """What follows stands apart: "head", "foot", "note", or "here" for a box beside the paragraph."""
        self._outer.append(self._flow)
        self._flow = _Flow()

    def leave(self, frame: str) -> None:
        found = self._flow.whole()
        if not self._outer:
            return
        self._flow = self._outer.pop()
        if frame == "here":
            # a box is shown above the paragraph that it is fixed to
            if self._flow.in_table or self._flow.row:
                self._flow.cell += [text for block in found for text in _texts(block)]
            else:
                self._flow.end_table()
                self._flow.blocks += found
        elif found not in self._aside[frame]:
            self._aside[frame].append(found)

    def blocks(self) -> list[Block]:
        """Headers, the text, notes, footers; each header and footer once."""
        while self._outer:
            self.leave("here")
        body = self._flow.whole()
        head, note, foot = ([block for one in self._aside[frame] for block in one] for frame in ("head", "note", "foot"))
        return [*head, *body, *note, *foot]


def _joined(parts: list[str]) -> str:
    """The parts of a paragraph; letters outside the first plane come in two halves."""
    text = "".join(parts)
    if any("\ud800" <= c <= "\udfff" for c in text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _texts(block: Block) -> list[str]:
    if isinstance(block, Table):
        return [cell for row in block.rows for cell in row]
    return [block if isinstance(block, str) else block.text]
