"""Every sentence of the screens: what the templates and the modules of `web` hand to gettext. Django's own reading of templates, Babel's of
Python.

`python -m tests.web.extract` prints those that the English catalogue lacks, and those that it holds for nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po

WEB = Path(__file__).parent.parent.parent / "vaguemestre" / "web"
CATALOGUE = WEB / "locale" / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS: dict[str, tuple[int, ...] | tuple[tuple[int, str], int] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}

Sentence = tuple[str | None, str]
"""(context or None, sentence)"""


def _sentences(source: str) -> Iterator[Sentence]:
    for _line, function, found, _comments in extract_python(io.BytesIO(source.encode()), list(KEYWORDS), [], {"encoding": "utf-8"}):
        words = [found] if isinstance(found, str) else list(found)
        if function in {"pgettext", "pgettext_lazy"}:
            yield words[0], words[1]
        else:
            yield from ((None, word) for word in words if word)


def used() -> dict[Sentence, list[str]]:
    """Each sentence, and the files that say it."""
    from django.utils.translation.template import templatize

    found: dict[Sentence, list[str]] = {}
    for path in sorted([*WEB.rglob("*.html"), *WEB.rglob("*.py")]):
        source = path.read_text(encoding="utf-8")
        for sentence in _sentences(templatize(source, origin=str(path)) if path.suffix == ".html" else source):
            found.setdefault(sentence, []).append(path.relative_to(WEB).as_posix())
    return found


def catalogue() -> Catalog:
    """The English catalogue as it is in the repository."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


if __name__ == "__main__":
    said = used()
    known = {(message.context, str(message.id)): message for message in catalogue() if message.id} if CATALOGUE.exists() else {}
    for sentence, files in said.items():
        if sentence not in known or not known[sentence].string:
            print("lacks", repr(sentence), files)
    for sentence in known:
        if sentence not in said:
            print("unused", repr(sentence))
