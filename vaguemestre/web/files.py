"""The files that a CDA, a PDF or a letter holds in itself, as its reading told them. Their bytes are taken out of the message when somebody
asks for them.
"""

from __future__ import annotations

import dataclasses
import re

from django.urls import reverse

from vaguemestre.records.documents import Document

MOST = 200
"""Files of one document that are looked at; its reader keeps no more."""
_HOLDING = frozenset({"cda-n1", "cda-n3", "hl7v2", "fhir", "pdf", "rtf", "office"})
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class File:
    """`place`: its rank in the document, from 1, which is its number in an address."""

    document: Document
    place: int
    name: str
    media_type: str
    sha256: str

    def __repr__(self) -> str:
        return f"<File {self.place} of {self.document!r}>"

    @property
    def is_image(self) -> bool:
        """Whether it is said to be one; its bytes may be anything."""
        return self.media_type.startswith("image/")

    @property
    def address(self) -> str:
        """Where it is downloaded."""
        return reverse("file", args=[self.document.pk, self.place])


def of(document: Document) -> list[File]:
    """In the order of the document. What a row holds was told by a process that had read hostile bytes: only what has the shape of a file
    is taken, each at its place."""
    told = document.content.get("attachments") if isinstance(document.content, dict) else None
    if document.format not in _HOLDING or not isinstance(told, list):
        return []
    found = []
    for place, one in enumerate(told[:MOST], 1):
        if not isinstance(one, dict):
            continue
        name, media_type, sha256 = one.get("name"), one.get("media_type"), one.get("sha256")
        if isinstance(media_type, str) and isinstance(sha256, str) and _DIGEST.match(sha256):
            found.append(File(document, place, name if isinstance(name, str) else "", media_type, sha256))
    return found


def at(document: Document, place: int) -> File | None:
    """The file at that place, None where there is none."""
    return next((one for one in of(document) if one.place == place), None)
