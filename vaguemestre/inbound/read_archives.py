"""What holds other files: archives, mbox files, mails within files, and S/MIME whose content stands in clear within its signature
(formats.md 3.4, 5.1 and 9, cases 21 to 26). Each file is read by its own reader, as a document of its own with its path.

An archive within an archive is told, not opened. What a file of an archive is about is told by its own octets alone: nothing in it is a
form of what stands beside it, but the same octets twice. What is said of a mail, such as a digest that does not fit, holds for all in it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from vaguemestre.crypto import cms
from vaguemestre.domain.fault import Fault
from vaguemestre.domain.reading import Document, Warning
from vaguemestre.formats import archive, encrypted, recognise
from vaguemestre.formats.recognise import Kind
from vaguemestre.formats.xdm import NESTED
from vaguemestre.inbound.read_walk import MAX_NESTED_MAILS, Given, Walk
from vaguemestre.protocols import mime

Open = Callable[[Given, Kind, Walk], None]
_HOLDERS = frozenset({"archive", "xdm", "email", "mbox", "signed", "tnef"})
"""Kinds whose documents are found one by one: what is said of the file goes to each of them."""
_ENDING = re.compile(r"\.(?:p7m|p7s|p7z)\Z", re.IGNORECASE)
_HEAD = 20_000
_EMPTY = Warning("malformed", "The archive holds no document.")
MUCH = Warning("too-large", "The archives of the message hold too much together: this one was not opened.")
_UNVERIFIED = Warning("unsupported", "The content was taken out of an S/MIME signature, which was not verified.")
DEEP = Warning("too-large", "The message is nested too deep: what is below was not read.")
_NO_CONTENT = Warning("unsupported", "The file bears certificates or a detached signature, and no document.")


def recognised(data: bytes, name: str = "", media_type: str | None = None, charset: str | None = None) -> Kind:
    """As `recognise`, and two kinds more that only a walk opens: `signed`, S/MIME whose content stands in clear within it; `mbox`, several
    mails one after the other."""
    kind = recognise.recognise(data, name, media_type, charset)
    if kind.name == "encrypted" and encrypted.is_opaque(data):
        return Kind("signed", kind.score)
    if kind.name == "email" and archive.mails(data).files:
        return Kind("mbox", kind.score)
    return kind


def opened(given: Given, walk: Walk, open_: Open) -> None:
    """The files of a zip, or the one of a gzip. Raises Fault."""
    if walk.boxed:
        _told(given, walk, NESTED, "archive")
        return
    found = archive.read(given.data, given.path[-1] if given.path else "")
    if not walk.affords(sum(len(file.data) for file in found.files)):
        _told(given, walk, MUCH, "archive")
        return
    walk.tell(found.warnings)
    before = len(walk.pieces)
    with walk.inside_archive():
        for file in found.files:
            inside = Given(file.data, (*given.path, file.name), told=(*given.told, *file.warnings), archived=True)
            hold(inside, recognised(file.data, file.name), walk, open_)
    if len(walk.pieces) == before and not walk.full():
        _told(given, walk, _EMPTY, "archive")


def mails(given: Given, walk: Walk, open_: Open) -> None:
    """The mails of an mbox file, each as one. Raises Fault."""
    found = archive.mails(given.data)
    walk.tell(found.warnings)
    for file in found.files:
        open_(Given(file.data, (*given.path, file.name)), Kind("email", 100), walk)


def signed(given: Given, walk: Walk, open_: Open) -> None:
    """The content of a signature or of compressed data: a MIME entity as parts of the mail that bears it, any other content as a file. One
    that cannot be taken out is told as closed."""
    if walk.depth > MAX_NESTED_MAILS:
        _told(given, walk, DEEP, "signed")
        return
    try:
        found = cms.opened(given.data)
    except Fault:
        sentence = encrypted.SENTENCES["smime-signed"]
        document = Document("encrypted", given.path, given.sha256, size=len(given.data), understood=False)
        walk.add(dataclasses.replace(document, warnings=(Warning("unsupported", sentence), *given.told)), given, "encrypted")
        return
    if found.content is None:
        _told(given, walk, _NO_CONTENT, "signed")
        return
    if found.signed:
        walk.tell((_UNVERIFIED,))
    walk.depth += 1
    try:
        if _is_entity(found.content):
            assert walk.open_entity is not None, "the walk of a file knows how mails are opened"
            before = len(walk.pieces)
            walk.open_entity(Given(found.content, given.path), walk)
            _spread(given, walk, before)
        else:
            name = _ENDING.sub("", given.path[-1]) if given.path else ""
            inside = dataclasses.replace(given, data=found.content, path=(*given.path, name or "part-1"), decoded=None)
            hold(inside, recognised(found.content, name), walk, open_)
    finally:
        walk.depth -= 1


def _is_entity(content: bytes) -> bool:
    """Whether it is what RFC 8551 3.1 has signed, a MIME entity, and not a file by itself (lettre.pdf.p7m)."""
    root = mime.parse(content[:_HEAD])
    return any(root.raw(name) is not None for name in (b"content-type", b"content-transfer-encoding", b"mime-version"))


def hold(given: Given, kind: Kind, walk: Walk, open_: Open) -> None:
    """Reads a file of an archive; what the archive says of one that holds others goes to each document found in it."""
    before = len(walk.pieces)
    open_(given, kind, walk)
    if kind.name in _HOLDERS:
        _spread(given, walk, before)


def _spread(given: Given, walk: Walk, before: int) -> None:
    for rank in range(before, len(walk.pieces)):
        piece = walk.pieces[rank]
        document = piece.document
        told = (*document.warnings, *(one for one in given.told if one not in document.warnings))
        metadata = document.metadata if document.metadata is not None else given.metadata
        walk.pieces[rank] = dataclasses.replace(
            piece,
            patient=piece.patient or given.patient,
            document=dataclasses.replace(document, warnings=told, metadata=metadata),
        )


def _told(given: Given, walk: Walk, warning: Warning, kind: str) -> None:
    """A file that is kept as it is, with the reason."""
    told = (warning, *(one for one in given.told if one != warning))
    document = Document("unknown", given.path, given.sha256, warnings=told, metadata=given.metadata, size=len(given.data), understood=False)
    walk.add(document, given, kind)
