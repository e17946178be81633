"""The narrative of a CDA document (section/title/text) as plain text and as HTML of a closed list, in one walk (formats.md 2.2 and 2.5).

The HTML is written here from the meaning of each element, never copied: no attribute of the input reaches it but the two counts of a
cell's span, every word is escaped, a link keeps its words alone, an image leaves a mark with the name of the file that holds it.
Unknown elements keep their words; those of scripts and of embedded objects are dropped.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping

from vaguemestre.domain.reading import Warning
from vaguemestre.formats import cda_entries
from vaguemestre.formats.cda_header import V3, words
from vaguemestre.formats.cda_labels import Labels
from vaguemestre.formats.cda_pieces import SECTION_BREAK, Pieces
from vaguemestre.formats.safe_xml import Element

TAGS = frozenset(
    {"h2", "h3", "h4", "p", "ul", "ol", "li", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
    | {"b", "i", "u", "sub", "sup", "br", "span"}
)
CLASSES = frozenset({"media", "caption", "footnote", "link"})
"""Values of a span's class: a mark that names an attached file; a heading of a list, image or paragraph; a note; a link's words."""
ATTRIBUTES: Mapping[str, frozenset[str]] = {"th": frozenset({"colspan", "rowspan"}), "td": frozenset({"colspan", "rowspan"})}
"""Beside `class` of a span. This, TAGS and CLASSES are what a page may let through."""

MAX_SPAN = 100
MAX_DEPTH = 60

_SILENT = frozenset({"script", "style", "iframe", "object", "embed", "applet", "form", "svg", "math"})
_PARAGRAPHS = frozenset({"paragraph", "p", "div", "h1", "h2", "h3", "h4", "h5", "h6"})
_LISTS = frozenset({"list", "ul", "ol"})
_ROWS = frozenset({"thead", "tbody", "tfoot"})
_CELLS = frozenset({"th", "td"})
_BLOCKS = _PARAGRAPHS | _LISTS | {"table"}
_INLINE_TAGS = {"sub": "sub", "sup": "sup", "b": "b", "strong": "b", "i": "i", "em": "i", "u": "u"}
_SPANS = {"footnote": "footnote", "linkHtml": "link", "a": "link", "caption": "caption"}
_HEADINGS = ("h2", "h3", "h4")
_ACTIVE = Warning("active-content-removed", "The narrative holds scripts, forms or embedded objects: only its words are kept.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Narrative:
    """`text`: the sections' titles and words, plain. `html`: the same, of the closed list. `labels`: the words of each ID."""

    text: str
    html: str
    labels: Labels
    warnings: tuple[Warning, ...]


def read(bodies: list[Element], media: Mapping[str, str]) -> Narrative:
    """The narrative of structuredBody elements. `media` gives the file name of each observationMedia by its ID. Raises nothing."""
    writer = _Writer(media)
    for body in bodies:
        for component in body:
            for section in (component,) if component.tag == _SECTION else component:
                if section.tag == _SECTION:
                    writer.section(section, 0)
    return writer.result()


_COMPONENT, _SECTION, _TITLE, _TEXT, _CODE = f"{V3}component", f"{V3}section", f"{V3}title", f"{V3}text", f"{V3}code"


@functools.lru_cache(maxsize=1024)
def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


class _Writer(Pieces):
    """In a block, stray words become paragraphs; inline, a block becomes lines."""

    def __init__(self, media: Mapping[str, str]) -> None:
        super().__init__()
        self._media = media
        self._labels = Labels()
        self._unsaid = cda_entries.Entries(self._labels, media)
        self._actions: dict[str, Callable[[Element, int], None]] = {
            "table": self._table,
            **dict.fromkeys(_PARAGRAPHS, self._paragraph),
            **dict.fromkeys(_LISTS, self._list),
        }

    def result(self) -> Narrative:
        return Narrative(self._plain(), "".join(self._html), self._labels, tuple(self._warnings))

    def section(self, section: Element, depth: int) -> None:
        """Its title, its text, what only its entries say, then the sections in it. A title that only the code tells is used where there are
        words below it."""
        title = code = None
        texts: list[Element] = []
        inner: list[Element] = []
        for child in section:
            tag = child.tag
            if tag == _TITLE:
                title = title if title is not None else child
            elif tag == _TEXT:
                texts.append(child)
            elif tag == _CODE:
                code = child
            elif tag == _COMPONENT:
                inner.extend(one for one in child if one.tag == _SECTION)
        called = words(title)
        entries = self._unsaid.untold(section, texts)
        if called is None and (texts or entries) and code is not None:
            called = (code.get("displayName") or "").strip()
        if called:
            heading = _HEADINGS[min(depth, 2)]
            self._mark(f"<{heading}>")
            self._line(f"\n{SECTION_BREAK}")
            self._words(called)
            self._line("\n")
            self._mark(f"</{heading}>")
        for text in texts:
            self._note(text)
            self._block(text, 0)
        self._entries(entries)
        for one in inner:
            self.section(one, depth + 1)

    def _entries(self, lines: tuple[cda_entries.Line, ...]) -> None:
        """What only the entries say, as a list in lists."""
        if not lines or self._full():
            return
        self._mark("<ul>")
        for line in lines:
            self._mark("<li>")
            self._line("\n- ")
            self._words(line.words)
            if line.media:
                self._named(line.media)
            self._entries(line.inner)
            self._mark("</li>")
        self._mark("</ul>")
        self._line("\n")

    # blocks

    def _note(self, element: Element) -> None:
        name = element.get("ID")
        if name:
            self._labels.add(name, element)

    def _block(self, element: Element, depth: int) -> None:
        """What stands in a section, an item or a cell: blocks, and runs of words between them, each a paragraph."""
        run: list[Element] = []
        lead: str | None = element.text
        for child in element:
            name = _local(child.tag)
            if name in _BLOCKS and depth < MAX_DEPTH:
                self._run(lead, run, depth)
                if self._full():
                    return
                self._actions[name](child, depth + 1)
                run, lead = [], child.tail
            else:
                run.append(child)
        self._run(lead, run, depth)

    def _run(self, lead: str | None, run: list[Element], depth: int) -> None:
        if not run and (not lead or lead.isspace()):
            return
        marks, pieces = len(self._html), len(self._text)
        self._mark("<p>")
        self._words(lead)
        for child in run:
            self._inline(child, depth + 1)
        if all(not piece or piece.isspace() for piece in self._text[pieces:]):
            del self._html[marks:], self._text[pieces:]
            return
        self._mark("</p>")
        self._line("\n")

    def _paragraph(self, element: Element, depth: int) -> None:
        self._note(element)
        if any(_local(child.tag) in _BLOCKS for child in element):
            self._block(element, depth)
            return
        self._mark("<p>")
        self._styled(element, depth)
        self._mark("</p>")
        self._line("\n")

    def _caption(self, element: Element, depth: int) -> None:
        for child in element:
            if _local(child.tag) == "caption":
                self._mark("<p>")
                self._inline(child, depth + 1, tail=False)
                self._mark("</p>")
                self._line("\n")

    def _list(self, element: Element, depth: int) -> None:
        self._note(element)
        self._caption(element, depth)
        ordered = (element.get("listType") or "").strip().lower() == "ordered" or _local(element.tag) == "ol"
        mark = "ol" if ordered else "ul"
        self._mark(f"<{mark}>")
        number = 0
        self._stray(element.text, "li")
        for child in element:
            if self._full():
                break
            if _local(child.tag) != "caption":
                number += 1
                self._mark("<li>")
                self._line(f"\n{number}. " if ordered else "\n- ")
                if _local(child.tag) in {"item", "li"}:
                    self._note(child)
                    self._cell(child, depth + 1)
                else:
                    self._inline(child, depth + 1, tail=False)
                self._mark("</li>")
            self._stray(child.tail, "li")
        self._mark(f"</{mark}>")
        self._line("\n")

    def _stray(self, text: str | None, *marks: str, starts: str = "", ends: str = "\n") -> None:
        """Words where none may stand, in a list or between cells."""
        if text and not text.isspace():
            self._mark("".join(f"<{mark}>" for mark in marks))
            self._line(starts)
            self._words(text)
            self._mark("".join(f"</{mark}>" for mark in reversed(marks)))
            self._line(ends)

    def _table(self, element: Element, depth: int) -> None:
        self._note(element)
        self._mark("<table>")
        self._line("\n")
        captions = [child for child in element if _local(child.tag) == "caption"]
        if captions:
            self._mark("<caption>")
            for child in captions:
                self._note(child)
                self._styled(child, depth)
            self._mark("</caption>")
            self._line("\n")
        self._stray(element.text, "tr", "td")
        for child in element:
            if self._full():
                break
            name = _local(child.tag)
            if name in _ROWS:
                self._note(child)
                self._mark(f"<{name}>")
                self._stray(child.text, "tr", "td")
                for row in child:
                    self._row(row, depth + 1)
                    self._stray(row.tail, "tr", "td")
                self._mark(f"</{name}>")
            elif name in {"col", "colgroup"}:
                self._stray("".join(map(str, child.itertext())), "tr", "td")
            elif name != "caption":
                self._row(child, depth + 1)
            self._stray(child.tail, "tr", "td")
        self._mark("</table>")
        self._line("\n")

    def _row(self, row: Element, depth: int) -> None:
        if self._full():
            return
        self._mark("<tr>")
        if _local(row.tag) != "tr":
            self._mark("<td>")
            self._inline(row, depth, tail=False)
            self._mark("</td>")
        else:
            self._note(row)
            self._stray(row.text, "td", ends=" ")
            bold = "bold" in (row.get("styleCode") or "").lower()
            first = True
            for cell in row:
                name = _local(cell.tag)
                mark = name if name in _CELLS else "td"
                if not first:
                    self._line(" | ")
                first = False
                self._mark(f"<{mark}{_span(cell)}>{'<b>' if bold else ''}")
                if name in _CELLS:
                    self._note(cell)
                    self._cell(cell, depth + 1)
                else:
                    self._inline(cell, depth + 1, tail=False)
                self._mark(f"{'</b>' if bold else ''}</{mark}>")
                if cell.tail:
                    self._stray(cell.tail, "td", starts=" | ", ends="")
        self._mark("</tr>")
        self._line("\n")

    def _cell(self, cell: Element, depth: int) -> None:
        """A cell or an item: inline where it can be, else blocks. In plain text a cell stays on its row's line."""
        before = len(self._text)
        if len(cell) and depth < MAX_DEPTH and any(_local(child.tag) in _BLOCKS for child in cell):
            self._block(cell, depth)
        else:
            self._styled(cell, depth)
        if _local(cell.tag) in _CELLS:
            # mostly one piece already
            whole = self._text[before] if len(self._text) == before + 1 else "".join(self._text[before:])
            self._text[before:] = [whole.strip() if "  " not in whole and whole.isprintable() else " ".join(whole.split())]

    # inline

    def _styled(self, element: Element, depth: int) -> None:
        """The words of an element, in the styles of its styleCode."""
        style = element.get("styleCode")
        opened = ""
        if style:
            low = style.lower()
            opened = "b" if "bold" in low else ""
            opened += "i" if "italic" in low or "emphasis" in low else ""
            opened += "u" if "underline" in low else ""
        if opened:
            self._mark("".join(f"<{mark}>" for mark in opened))
        self._words(element.text)
        for child in element if len(element) else ():  # a cell mostly holds words alone
            if self._full():
                break
            self._inline(child, depth + 1)
        if opened:
            self._mark("".join(f"</{mark}>" for mark in reversed(opened)))

    def _inline(self, element: Element, depth: int, tail: bool = True) -> None:
        name = _local(element.tag)
        self._note(element)
        if name == "br":
            self._mark("<br/>")
            self._line("\n")
            self._styled(element, depth)
        elif name == "content":
            self._styled(element, depth)
        elif name in _SILENT:
            self._warnings[_ACTIVE] = None
        elif name == "renderMultiMedia":
            self._multimedia(element, depth)
        elif name in _SPANS or name in _INLINE_TAGS:
            mark = _INLINE_TAGS.get(name, "span")
            self._mark(f'<span class="{_SPANS[name]}">' if mark == "span" else f"<{mark}>")
            self._styled(element, depth)
            self._mark(f"</{mark}>")
        elif name in _BLOCKS or name in {"item", "li", "tr"}:
            self._mark("<br/>")
            self._line("\n")
            self._styled(element, depth)
        else:
            if name in _CELLS:
                self._words(" ")
            self._styled(element, depth)
        if tail:
            self._words(element.tail)

    def _multimedia(self, element: Element, depth: int) -> None:
        self._styled(element, depth)
        for name in (element.get("referencedObject") or "").split()[:20]:
            called = self._media.get(name.removeprefix("#"))
            if called:
                self._named(called)


def _span(cell: Element) -> str:
    found = ""
    for name in ("colspan", "rowspan"):
        value = cell.get(name)
        if value and len(value) < 6 and value.isascii() and value.isdigit() and int(value) > 1:
            found += f' {name}="{min(int(value), MAX_SPAN)}"'
    return found
