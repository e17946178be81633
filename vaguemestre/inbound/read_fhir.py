"""A FHIR bundle or resource into the documents of the walk, each with the files in it read as forms of it (formats.md 4.2)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection

from vaguemestre.domain.reading import Document, Warning
from vaguemestre.formats import fhir, plain
from vaguemestre.formats.fhir_document import Found
from vaguemestre.formats.recognise import recognise
from vaguemestre.inbound.read_document import documents
from vaguemestre.inbound.read_walk import Given, Walk

_NO_FORM = frozenset({"text", "html", "image", "email", "hl7v2", "fhir", "xdm", "archive", "tnef", "unknown"})
"""What the document itself shows, or keeps to be downloaded: a message in a message is not opened again."""

_MAY_TELL_OF_ANOTHER = frozenset({"email", "hl7v2", "fhir", "xdm", "archive", "tnef"})
"""Of these, those that may be of another patient, whom nobody would see."""
_CLOSED = Warning("too-large", "A message or an archive in the document is not opened: what is in it was not read.")


def add(given: Given, walk: Walk, readable: Collection[str], described: Callable[[Document, Given], Document]) -> None:
    """Adds the documents of one file, the files in each under keys of their own. `readable`: the kinds that have a reader; `described`:
    what an archive around says of a document. Raises Unreadable and TooLarge."""
    found = fhir.read(given.data).documents
    several = len(found) > 1
    for number, one in enumerate(found, 1):
        path = (*given.path, f"#{number}") if several else given.path
        document = described(_document(one, given, path), given)
        if one.withdrawn is not None:
            document = dataclasses.replace(document, metadata={**(document.metadata or {}), "availabilityStatus": one.withdrawn})
        if fhir.DELETES in one.warnings:
            # which document that is, a person finds
            document = dataclasses.replace(document, metadata={**(document.metadata or {}), "withdraws": [""]})
        kinds = [recognise(file.data, file.name, file.media_type) for file in one.embedded]
        if any(kind.name in _MAY_TELL_OF_ANOTHER for kind in kinds):
            document = dataclasses.replace(document, warnings=(*document.warnings, _CLOSED))
        told = given if one.source is None or given.archived else Given(given.data, given.path, patient=one.source)
        place = walk.add(document, told, "fhir")
        if place is None:
            return
        for file, attachment, kind in zip(one.embedded, one.attachments, kinds, strict=True):
            if kind.name not in readable or kind.name in _NO_FORM or walk.full():
                continue
            inside = Given(file.data, (*path, file.name))
            inside.sha256 = attachment.sha256
            before = len(walk.pieces)
            documents(inside, kind, walk)
            for rank, piece in enumerate(walk.pieces[before:], before):
                if piece.inside is None:
                    form = dataclasses.replace(piece.document, rendering=file.rendering and piece.document.format == "pdf")
                    walk.pieces[rank] = dataclasses.replace(piece, document=form, inside=place)


def _document(one: Found, given: Given, path: tuple[str, ...]) -> Document:
    return Document(
        "fhir",
        path,
        given.sha256,
        type=one.type,
        title=one.title,
        date=one.date,
        id=one.id,
        set_id=one.set_id,
        version=one.version,
        replaces=one.replaces,
        confidentiality=one.confidentiality,
        patient=one.patient,
        author=one.author,
        results=one.results,
        text=one.text[: plain.MAX_TEXT],
        attachments=one.attachments,
        warnings=one.warnings,
        size=len(given.data),
        understood=one.understood,
        html=one.html[: plain.MAX_TEXT],
    )
