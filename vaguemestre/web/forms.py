"""The forms of one document: the pages of its PDF, its text elsewhere in the message, the files that it holds.

The form that says most is the document's own page; the others stand below it, each with its original one click away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from vaguemestre.records.documents import Document
from vaguemestre.records.queries import record
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web import originals


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Form:
    """`pages`: numbers of the pages shown, `left` how many more there are. `shown`: open in the page; else folded, one click away.
    `role`: "pages" for the whole of the document as pages, "annex" for a file that it holds, "other" for another writing of it."""

    document: Document
    role: str
    name: str
    pages: Sequence[int]
    left: int
    shown: bool


def name(document: Document) -> str:
    """The last name of where it was found, without the folders of an archive."""
    path = document.content.get("path") if isinstance(document.content, dict) else None
    last = str(path[-1]) if isinstance(path, list) and path else ""
    return last.replace("\\", "/").rpartition("/")[2]


def _inside(form: Document, main: Document) -> bool:
    own, outer = form.content.get("path") or [], main.content.get("path") or []
    return bool(outer) and len(own) > len(outer) and own[: len(outer)] == outer


def _paged(document: Document, budget: int) -> tuple[Sequence[int], int]:
    count = originals.page_count(document)
    shown = min(count, budget)
    return range(1, shown + 1), count - shown


def of(seen: Visible, main: Document) -> list[Form]:
    """The document's own pages first if it is a PDF, then its other forms: those that show the whole of it, those that it holds, the rest.
    The same bytes are shown once."""
    found: list[Form] = []
    budget = originals.MOST_PAGES
    if main.format == "pdf":
        pages, left = _paged(main, budget)
        if pages:
            found.append(Form(main, "pages", name(main), pages, left, shown=True))
            budget -= len(pages)
    seen_bytes = {main.sha256}
    ranked = sorted(record.forms(seen, main), key=lambda form: (not form.rendering, not _inside(form, main), form.position))
    for form in ranked:
        if form.sha256 in seen_bytes:
            continue
        seen_bytes.add(form.sha256)
        role = "pages" if form.rendering else "annex" if _inside(form, main) else "other"
        # Another writing of what is already shown as pages is folded; an annex never is: nothing else says what it says.
        shown = role != "other" or not any(one.role == "pages" for one in found)
        pages, left = _paged(form, budget)
        budget -= len(pages)
        shown = shown and (bool(pages) or bool(left))
        if role == "other" and shown:
            role = "pages"
        found.append(Form(form, role, name(form), pages, left, shown))
    return found
