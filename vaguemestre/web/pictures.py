"""Images shown in place: where each page of one is fetched, how large it is, and what is to be said where it cannot be shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from django.urls import reverse

from vaguemestre.formats.image import Measured
from vaguemestre.records.documents import Document
from vaguemestre.web import originals
from vaguemestre.web.files import File

PAPER = (1_000, 1_414)
"""What a page is taken for until it is there: A4 of the width at which pages are drawn."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sheet:
    """One page as an image: its address, its number from 1, its width and height in pixels."""

    address: str
    number: int
    width: int
    height: int


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """One image. `sheets`: its pages that are shown, none where it cannot be; `left`: how many more there are. `animated`, `cut`: as in
    `formats.image.Measured`. `download`: the address of the file as it came."""

    name: str
    download: str
    sheets: Sequence[Sheet]
    left: int = 0
    animated: bool = False
    cut: bool = False


def held(document: Document, files: Sequence[File]) -> dict[str, Picture]:
    """The images among the files that a document holds, by name. The pages of all of them together have one bound."""
    images = [one for one in files if one.is_image]
    measured = originals.measured(document, [one.sha256 for one in images])
    budget = originals.MOST_PAGES
    found: dict[str, Picture] = {}
    for one in images:
        place = one.place
        picture = _picture(
            one.name,
            one.address,
            measured.get(one.sha256),
            budget,
            lambda page, place=place: reverse("held-image", args=[document.pk, place, page]),  # type: ignore[misc]
        )
        budget -= len(picture.sheets)
        found.setdefault(one.name, picture)
    return found


def own(document: Document, name: str, budget: int) -> Picture:
    """A document that is an image itself."""
    measured = originals.measured(document, [document.sha256]).get(document.sha256)
    original = reverse("original", args=[document.pk])
    return _picture(name, original, measured, budget, lambda page: reverse("page-image", args=[document.pk, page]))


def paper(document: Document, count: int) -> Sequence[Sheet]:
    """The first pages of a PDF."""
    return [Sheet(reverse("page-image", args=[document.pk, page]), page, *PAPER) for page in range(1, count + 1)]


def _picture(name: str, download: str, measured: Measured | None, budget: int, address: Callable[[int], str]) -> Picture:
    if measured is None:
        return Picture(name, download, ())
    sizes = measured.sizes[: max(budget, 0)]
    sheets = [Sheet(address(page), page, *size) for page, size in enumerate(sizes, 1)]
    return Picture(name, download, sheets, measured.pages - len(sheets), measured.animated, measured.cut)
