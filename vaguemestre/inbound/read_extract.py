"""The bytes of one document, found again by their digest in the message or file that was kept: what "the original, one click away" gives.

It goes where `read` goes: the parts of a mail, mails in mails, files and archives, what stands within a signature, the files in a CDA.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Iterator

from vaguemestre.crypto import cms
from vaguemestre.domain.fault import Fault, Unsupported
from vaguemestre.formats import archive
from vaguemestre.formats.media_types import media_type
from vaguemestre.inbound.read_archives import recognised
from vaguemestre.inbound.read_mail import Leaf, open_mail
from vaguemestre.inbound.read_walk import MAX_NESTED_MAILS
from vaguemestre.protocols import mime

_MAILS = frozenset({"email", "mbox", "signed"})
_ARCHIVES = frozenset({"archive", "xdm"})
MAX_HELD = 4
"""How deep files in files are looked for: a PDF in a CDA in an archive in an Outlook part."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Content:
    data: bytes
    name: str = ""
    media_type: str | None = None
    walked: bool = False
    """Its parts are given beside it."""

    def __repr__(self) -> str:
        return f"_Content({len(self.data)})"


def extract(data: bytes, sha256: str) -> tuple[bytes, str, str]:
    """(bytes, media type, file name) of the document with that digest in a message or file, the type by content and the name "" where it
    has none. Raises `Unsupported` where nothing has that digest."""
    for _, content in _found(data, {sha256}):
        return content.data, media_type(content.data, content.name, content.media_type), content.name
    raise Unsupported("No part of the message has these bytes.")


def extract_each(data: bytes, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """(digest, bytes) of each of the documents and files with these digests, in one walk; nothing of one that is not there."""
    for digest, content in _found(data, wanted):
        yield digest, content.data


def _found(data: bytes, wanted: Collection[str]) -> Iterator[tuple[str, _Content]]:
    left = set(wanted)
    for content in _contents(data):
        digest = hashlib.sha256(content.data).hexdigest()
        if digest in left:
            left.discard(digest)
            yield digest, content
            if not left:
                return


def _contents(data: bytes) -> Iterator[_Content]:
    """Everything in a message or file; what must be opened comes after what lies open."""
    closed = [_Content(data, walked=True)]
    yield closed[0]
    for content in _parts(data):
        yield content
        closed.append(content)
    for content in closed:
        yield from _held(content)


def _parts(data: bytes) -> Iterator[_Content]:
    todo = [(mime.parse(data), 0)]
    while todo:
        root, depth = todo.pop()
        mail = open_mail(root)
        yield _Content(root.octets())
        for leaf in mail.leaves:
            inner = _inner_mail(leaf) if depth < MAX_NESTED_MAILS else None
            yield _Content(leaf.content, leaf.name or "", leaf.media_type, inner is not None)
            if inner is not None:
                todo.append((inner, depth + 1))


def _inner_mail(leaf: Leaf) -> mime.Part | None:
    inner = leaf.mail
    if inner is None and leaf.part.media_type not in {"text/plain", "text/html"}:
        return mime.parse(leaf.content) if recognised(leaf.content, leaf.name or "", leaf.media_type).name == "email" else None
    return inner


def _held(content: _Content, depth: int = 0, mails: int = 0, boxed: bool = False) -> Iterator[_Content]:
    """The files in an archive, an Outlook part, a CDA, a FHIR bundle, a PDF or a letter, and those in them; nothing of what cannot be
    opened. `mails`: mails and signatures around; `boxed`: it is in an archive, in which none is opened."""
    kind = recognised(content.data, content.name, content.media_type).name
    if kind in _MAILS:
        if kind == "email" and content.walked:
            return
        depth, mails = depth - 1, mails + 1
    if (boxed and kind in _ARCHIVES) or mails > MAX_NESTED_MAILS:
        return
    try:
        for inside in _files(content, kind):
            yield inside
            if depth + 1 < MAX_HELD:
                yield from _held(inside, depth + 1, mails, boxed or kind in _ARCHIVES)
    except Fault:
        return


def _files(content: _Content, kind: str) -> Iterator[_Content]:
    if kind == "email":
        yield from _parts(content.data)
    elif kind == "mbox":
        for mail in archive.mails(content.data).files:
            yield _Content(mail.data, mail.name, walked=True)
            yield from _parts(mail.data)
    elif kind == "signed":
        borne = cms.opened(content.data).content
        if borne is not None:
            yield _Content(borne, content.name.removesuffix(".p7m"), walked=True)
            yield from _parts(borne)
    elif kind == "archive":
        for packed in archive.read(content.data, content.name).files:
            yield _Content(packed.data, packed.name.rpartition("/")[2])
    elif kind == "xdm":
        from vaguemestre.formats import xdm

        for entry in xdm.read(content.data).entries:
            yield _Content(entry.data, entry.name.rpartition("/")[2], entry.media_type)
    elif kind == "cda":
        from vaguemestre.formats import cda

        for file in cda.read(content.data).embedded:
            yield _Content(file.data, file.name, file.media_type)
    elif kind == "hl7v2":
        from vaguemestre.formats import hl7v2

        for record in hl7v2.read(content.data):
            for part in record.embedded:
                yield _Content(part.data, part.name, part.media_type)
    elif kind == "fhir":
        from vaguemestre.formats import fhir

        for one in fhir.read(content.data).documents:
            for attached in one.embedded:
                yield _Content(attached.data, attached.name, attached.media_type)
    elif kind == "pdf":
        from vaguemestre.formats import pdf

        for held in pdf.embedded(content.data):
            yield _Content(held.data, held.name)
    elif kind == "tnef":
        from vaguemestre.formats import tnef

        for outlook in tnef.read(content.data).files:
            yield _Content(outlook.data, outlook.name, outlook.media_type)
    elif kind == "rtf":
        from vaguemestre.formats import rtf

        for picture in rtf.read(content.data).pictures:
            yield _Content(picture.data, picture.name, picture.media_type)
    elif kind == "office":
        from vaguemestre.formats import office

        for drawn in office.read(content.data).pictures:
            yield _Content(drawn.data, drawn.name, drawn.media_type)
