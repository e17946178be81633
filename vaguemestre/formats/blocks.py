"""Paragraphs and tables of a letter, as text and as HTML of the closed list of tags: what the readers of RTF, Word, Excel and OpenDocument
files have in common once they are read.
"""

from __future__ import annotations

import dataclasses
import html

from vaguemestre.formats.plain import MAX_TEXT

MOST_COLUMNS = 100
MOST_CELLS = 50_000
"""Of one document."""
_RAISED = str.maketrans("0123456789+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_CAN_BE_RAISED = frozenset("0123456789+-=() \u00a0")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Table:
    """`rows`: cells as text, in which a line feed parts paragraphs."""

    rows: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        return f"Table({len(self.rows)})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Heading:
    """A title inside the document."""

    text: str

    def __repr__(self) -> str:
        return "Heading()"


Block = str | Table | Heading


def raised(text: str) -> str:
    """Digits written above the line: 10⁹ must not become 109. Anything but digits and signs is left as it is."""
    return text.translate(_RAISED) if _CAN_BE_RAISED.issuperset(text) else text


def lowered(text: str) -> str:
    """Digits written below the line."""
    return text.translate(_LOWERED) if _CAN_BE_RAISED.issuperset(text) else text


def text_of(blocks: list[Block]) -> tuple[str, bool]:
    """(the text, cut at MAX_TEXT, with at most one empty line between two others; whether it was cut). The cells of a row are parted by
    tabs, or each on lines of its own where one of them has several."""
    lines: list[str] = []
    size = 0
    for block in blocks:
        for line in _lines(block):
            clean = line.rstrip(" \t\u00a0\r")
            if not clean.strip() and (not lines or not lines[-1]):
                continue
            lines.append(clean)
            size += len(clean) + 1
        if size > MAX_TEXT + 1_000:
            break
    text = "\n".join(lines).strip("\n")
    return text[:MAX_TEXT], len(text) > MAX_TEXT


def _lines(block: Block) -> list[str]:
    if isinstance(block, Table):
        found: list[str] = []
        for row in block.rows:
            several = any("\n" in cell.strip() for cell in row)
            found += [line for cell in row for line in cell.strip().split("\n")] if several else ["\t".join(cell.strip() for cell in row)]
        return found
    return (block.text if isinstance(block, Heading) else block).split("\n")


def html_of(blocks: list[Block]) -> str:
    """The same as HTML, "" where there is no table: then the text says all. Cut after the block that passes MAX_TEXT characters."""
    if not any(isinstance(block, Table) for block in blocks):
        return ""
    out: list[str] = []
    size = 0
    for block in blocks:
        if isinstance(block, Table):
            made = _table(block)
        elif isinstance(block, Heading):
            made = f"<h3>{html.escape(block.text)}</h3>"
        else:
            made = f"<p>{_inline(block)}</p>" if block.strip() else ""
        size += len(made)
        if size > MAX_TEXT:
            break
        out.append(made)
    return "".join(out)


def _table(table: Table) -> str:
    rows = ("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return "<table><tbody>" + "".join(rows) + "</tbody></table>"


def _inline(text: str) -> str:
    return html.escape(text.strip("\n"), quote=False).replace("\n", "<br>")
