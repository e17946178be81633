"""The forms of one document: its pages (PDF or image), its text elsewhere in the message, the files that it holds.

The form that says most is the document's own page; the others stand below it, each with its original one click away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from django.urls import reverse

from vaguemestre.records.documents import Document
from vaguemestre.records.queries import record
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web import files, narrative, originals, pictures
from vaguemestre.web.narrative import Story
from vaguemestre.web.pictures import Picture, Sheet


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Form:
    """`pages`: the pages shown, `left` how many more there are. `shown`: open in the page; else folded, one click away. `role`: "pages" for
    the whole of the document as pages, "annex" for a file that it holds, "other" for another writing of it. `anchor`: its id in the page;
    `download`: the address of its bytes; `image`: the picture whose pages these are; `story`: its narrative, where it has no pages."""

    document: Document
    role: str
    name: str
    pages: Sequence[Sheet]
    left: int
    shown: bool
    anchor: str
    download: str
    image: Picture | None = None
    story: Story | None = None


def name(document: Document) -> str:
    """The last name of where it was found, without the folders of an archive."""
    path = document.content.get("path") if isinstance(document.content, dict) else None
    last = str(path[-1]) if isinstance(path, list) and path else ""
    return last.replace("\\", "/").rpartition("/")[2]


def _inside(form: Document, main: Document) -> bool:
    own, outer = form.content.get("path") or [], main.content.get("path") or []
    return bool(outer) and len(own) > len(outer) and own[: len(outer)] == outer


def _paged(document: Document, budget: int) -> tuple[Sequence[Sheet], int, Picture | None]:
    if document.format == "image":
        picture = pictures.own(document, name(document), budget)
        return picture.sheets, picture.left, picture
    count = originals.page_count(document)
    shown = max(min(count, budget), 0)
    return pictures.paper(document, shown), count - shown, None


def _of_images(main: Document, held: Mapping[str, Picture]) -> list[Form]:
    """The images that are the whole body of a CDA of level 1."""
    if main.format != "cda-n1":
        return []
    found = []
    for rank, (called, picture) in enumerate(held.items(), 1):
        if picture.sheets:
            anchor = f"image-{main.pk}-{rank}"
            found.append(Form(main, "pages", called, picture.sheets, picture.left, True, anchor, picture.download, picture))
    return found


def story(document: Document, held: Mapping[str, Picture], shown: Sequence[Form]) -> Story:
    """A document's narrative, with its images in their places; a file that is shown as a form is a link to it, another is a download."""
    anchors = {one.document.sha256: f"#{one.anchor}" for one in shown}
    links = {one.name: anchors.get(one.sha256, one.address) for one in files.of(document)}
    return narrative.told(document.html, held, links)


def of(seen: Visible, main: Document, held: Mapping[str, Picture]) -> list[Form]:
    """The document's own pages first if it is a PDF, an image or a CDA of images (`held`, by name), then its other forms: those that show
    the whole of it, those that it holds, the rest. The same bytes are shown once."""
    found = _of_images(main, held)
    budget = originals.MOST_PAGES - sum(len(one.pages) for one in found)
    if main.format in originals.PAGED:
        pages, left, image = _paged(main, budget)
        if pages:
            found.append(_form(main, "pages", pages, left, True, image))
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
        pages, left, image = _paged(form, budget)
        budget -= len(pages)
        shown = shown and (bool(pages) or bool(left))
        if role == "other" and shown:
            role = "pages"
        found.append(_form(form, role, pages, left, shown, image))
    return found


def _form(document: Document, role: str, pages: Sequence[Sheet], left: int, shown: bool, image: Picture | None) -> Form:
    anchor, download = f"forme-{document.pk}", reverse("stripped" if originals.acts(document) else "original", args=[document.pk])
    told = story(document, pictures.held(document, files.of(document)), ()) if document.html and not pages else None
    return Form(document, role, name(document), pages, left, shown, anchor, download, image, told)
