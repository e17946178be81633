"""HL7 v2 messages into the documents of the walk: each record, and the files in it as forms of that one document (formats.md 4.1).

What the envelope says (whom it is about, who may see it, whether it still stands) goes with each file in it as the metadata of an archive
go with its entries: a CDA of another patient than its PID is seen as such.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from vaguemestre.domain.reading import Document, Json, Warning
from vaguemestre.formats import hl7v2
from vaguemestre.formats.hl7v2 import Record
from vaguemestre.formats.recognise import Kind, recognise
from vaguemestre.inbound.read_walk import Given, Walk

_NOT_OPENED = frozenset({"image", "email", "hl7v2", "fhir", "xdm", "archive", "tnef", "unknown"})
"""What the record itself shows, or keeps to be downloaded: a message in a message is not opened again."""
_MAY_TELL_OF_ANOTHER = frozenset({"email", "hl7v2", "fhir", "xdm", "archive", "tnef"})
"""Of these, those that may be of another patient, whom nobody would see."""
_CLOSED = Warning("too-large", "A message or an archive in the message is not opened: what is in it was not read.")
_DOUBTFUL = Warning("patient-mismatch", "The sender says that the identity of the patient is doubtful.")
_OF_ITS_OWN = frozenset({"malformed", "encoding-guessed", "unknown-charset", "unsupported"})
"""Warnings of a record that say nothing of the files in it."""


def add(given: Given, walk: Walk, read: Callable[[Given, Kind, Walk], None]) -> None:
    """Adds the documents of one file; `read` adds those of a file in it, under keys of their own. Raises Unreadable and TooLarge."""
    records = hl7v2.read(given.data, given.charset)
    several = len(records) > 1
    for record in records:
        path = (*given.path, f"#{record.number}") if several else given.path
        before = len(walk.pieces)
        kinds = [recognise(file.data, file.name, file.media_type) for file in record.embedded]
        document = _document(record, given, path)
        if any(kind.name in _MAY_TELL_OF_ANOTHER for kind in kinds):
            document = dataclasses.replace(document, warnings=(*document.warnings, _CLOSED))
        place = walk.add(document, given, "hl7v2")
        if place is None:
            return
        told = tuple(one for one in record.warnings if one.code not in _OF_ITS_OWN)
        if record.patient is not None and not record.patient.from_fields:
            told = (*told, _DOUBTFUL)  # of the files as well, whatever they say themselves
        for file, attachment, kind in zip(record.embedded, record.attachments, kinds, strict=True):
            if kind.name in _NOT_OPENED or walk.full():
                continue
            facts = _facts(record)
            inside = Given(file.data, (*path, file.name), told=told, metadata=facts, patient=record.patient, archived=True)
            inside.sha256 = attachment.sha256
            first = len(walk.pieces)
            read(inside, kind, walk)
            for rank in range(first, len(walk.pieces)):
                piece = walk.pieces[rank]
                if piece.inside is None:
                    document = _of(record, piece.document, rendering=file.rendering)
                    # a letter beside results: behind it they would be in no history, and behind them nobody would see it
                    apart = bool(record.results) and document.format == "cda-n3" and not document.results
                    walk.pieces[rank] = dataclasses.replace(piece, document=document, inside=None if apart else place)
        held = [piece.document for piece in walk.pieces[before:] if piece.is_cda] or [walk.pieces[place].document]
        if record.replacing and not any(map(_names_the_replaced, held)):
            _withdraws(walk, before, record.id or "")


def _document(record: Record, given: Given, path: tuple[str, ...]) -> Document:
    standing = dict(given.metadata) if given.metadata is not None else None
    if record.availability:
        standing = {**(standing or {}), "availabilityStatus": record.availability}
    return Document(
        "hl7v2",
        path,
        given.sha256,
        type=record.type,
        title=record.title,
        date=record.date,
        id=record.id,
        replaces=record.replaces,
        confidentiality=record.confidentiality,
        patient=record.patient,
        author=record.author,
        recipients=record.recipients,
        results=record.results,
        text=record.text,
        html=record.html,
        attachments=record.attachments,
        warnings=(*record.warnings, *(one for one in given.told if one not in record.warnings)),
        metadata=standing,
        size=len(given.data),
        understood=record.understood,
    )


def _of(record: Record, document: Document, *, rendering: bool) -> Document:
    """A file in the record. Where both call it by one number, what the envelope says that it replaces is what it replaces."""
    replaces = document.replaces
    if replaces is None and document.id is not None and document.id == record.id:
        replaces = record.replaces
    return dataclasses.replace(document, replaces=replaces, rendering=rendering and document.format == "pdf")


def _facts(record: Record) -> Json | None:
    """What the envelope says of the files in it, by the names of XDS; None where it is nothing."""
    facts: Json = {}
    if record.availability:
        facts["availabilityStatus"] = record.availability
    if record.confidentiality:
        facts["confidentialityCode"] = list(record.confidentiality)
    return facts or None


def _names_the_replaced(document: Document) -> bool:
    """Whether what it replaces is known by a name, or by an earlier version of its set. Of a record with a CDA, that one is asked: it is
    the form by which the document is known in a chart."""
    return bool(document.replaces) or (bool(document.set_id) and (document.version or 0) > 1)


def _withdraws(walk: Walk, start: int, told: str) -> None:
    """Says of each document of a record that, with it, another that nothing names stands no longer: a person finds which."""
    for rank in range(start, len(walk.pieces)):
        piece = walk.pieces[rank]
        if piece.kind == "pdf" and piece.inside is not None and piece.inside != start:
            continue  # in a CDA, which says it
        metadata = {**(piece.document.metadata or {}), "withdraws": [told]}
        walk.pieces[rank] = dataclasses.replace(piece, document=dataclasses.replace(piece.document, metadata=metadata))
