"""Text and HTML of a document that grow together, piece by piece, under one bound: what the writer of a CDA's narrative writes with.

HTML is only ever what is marked here, words are escaped, and what does not fit is left out with a warning while marks stay whole.
"""

from __future__ import annotations

import re
from html import escape

from vaguemestre.domain.reading import Warning
from vaguemestre.formats.plain import MAX_TEXT

MAX_HTML = 4_000_000
"""Characters of HTML kept of one document."""
SECTION_BREAK = "\f"
"""Stands for the empty line before a section in the making; no XML may hold one."""

_BLANKS = re.compile(r"[ \t\r\n\f\v\u00a0]+")
_SPACES = re.compile(r" {2,}")
_LINE_ENDS = re.compile(r"[ \n]*\n[ \n]*")
_TOO_LARGE = Warning("too-large", f"The narrative is longer than {MAX_TEXT} characters: the rest is not shown.")


class Pieces:
    """Two lists of pieces, and the room that is left."""

    def __init__(self) -> None:
        self._html: list[str] = []
        self._text: list[str] = []
        self._room = MAX_TEXT
        self._html_room = MAX_HTML
        self._warnings: dict[Warning, None] = {}

    def _plain(self) -> str:
        """The text: lines without outer blanks, an empty one before each section."""
        text = _LINE_ENDS.sub("\n", _SPACES.sub(" ", "".join(self._text)))
        return text.replace(SECTION_BREAK, "\n").strip()

    def _mark(self, html: str) -> None:
        self._html.append(html)
        self._html_room -= len(html)

    def _line(self, text: str) -> None:
        self._text.append(text)

    def _words(self, text: str | None) -> None:
        if not text:
            return
        if len(text) > self._room:
            text = text[: max(0, self._room)]
            self._warnings[_TOO_LARGE] = None
        if "  " in text or not text.isprintable():  # every blank but the usual one counts as unprintable
            text = _BLANKS.sub(" ", text)
        safe = escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text
        if len(safe) > self._html_room:
            self._warnings[_TOO_LARGE] = None
            safe = ""
            self._html_room = 0
        self._room -= len(text)
        self._text.append(text)
        self._html.append(safe)
        self._html_room -= len(safe)

    def _full(self) -> bool:
        """Whether nothing more is written. Marks that are open are still closed, so that the HTML stays whole."""
        if self._room > 0 and self._html_room > 0:
            return False
        self._warnings[_TOO_LARGE] = None
        return True

    def _named(self, file: str) -> None:
        """A mark that names a file of the document."""
        self._mark('<span class="media">')
        self._line("[")
        self._words(file)
        self._line("]")
        self._mark("</span>")
