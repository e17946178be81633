"""What the narrative of a CDA document writes under an ID: an entry may say its label only by a reference to it (formats.md 2.5)."""

from __future__ import annotations

from lxml import etree

from vaguemestre.formats.cda_header import V3
from vaguemestre.formats.safe_xml import Element

MAX_LABELS = 4_000_000
"""Characters that the labels of one document may have in all."""
_MAX_LABEL = 2_000
_RUNNING = frozenset(f"{V3}{name}" for name in ("content", "sub", "sup"))
"""Elements that end no word."""


class Labels:
    """The narrative words of each ID, on one line; worked out when asked, each once, so that nested IDs cost nothing."""

    def __init__(self) -> None:
        self._elements: dict[str, Element] = {}
        self._known: dict[str, str | None] = {}
        self._room = MAX_LABELS

    def __repr__(self) -> str:
        return f"<Labels of {len(self._elements)} elements>"

    def __call__(self, reference: str) -> str | None:
        """The words of `id` or `#id`, None where no narrative has it."""
        name = reference.strip().removeprefix("#")
        if name in self._known:
            return self._known[name]
        element = self._elements.get(name)
        found = None
        if element is not None and self._room > 0:
            read: list[str] = []
            for piece in _words_of(element):
                read.append(piece[:_MAX_LABEL])
                self._room -= len(piece)
                if self._room <= 0 or sum(map(len, read)) > _MAX_LABEL:
                    break
            found = " ".join("".join(read).split())[:_MAX_LABEL] or None
        self._known[name] = found
        return found

    def add(self, name: str, element: Element) -> None:
        self._elements.setdefault(name, element)


def _words_of(element: Element) -> list[str]:
    """Its text nodes, with a blank where a line, cell or paragraph ends."""
    read: list[str] = []
    for event, one in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            if one.text:
                read.append(one.text)
        elif one is not element:
            if one.tag not in _RUNNING:
                read.append(" ")
            if one.tail:
                read.append(one.tail)
        if len(read) > _MAX_LABEL:
            break
    return read
