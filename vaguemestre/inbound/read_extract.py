"""The bytes of one document, found again by their digest in the message or file that was kept: what "the original, one click away" gives.

It goes where `read` goes: the parts of a mail, forwarded mails, the files of an XDM archive, the files in a CDA.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Iterator

from vaguemestre.domain.fault import Fault, Unsupported
from vaguemestre.formats.recognise import recognise
from vaguemestre.inbound.read_mail import Leaf, open_mail
from vaguemestre.protocols import mime

MAX_NESTED_MAILS = 8
_MEDIA_TYPES = {
    "email": "message/rfc822",
    "pdf": "application/pdf",
    "rtf": "application/rtf",
    "hprim-medecin": "text/plain",
    "text": "text/plain",
    "html": "text/html",
    "xdm": "application/zip",
    "cda": "application/xml",
    "calendar": "text/calendar",
}
_IMAGE_TYPES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Content:
    data: bytes
    name: str = ""
    media_type: str | None = None

    def __repr__(self) -> str:
        return f"_Content({len(self.data)})"


def extract(data: bytes, sha256: str) -> tuple[bytes, str, str]:
    """(bytes, media type, file name) of the document with that digest in a message or file, the type by content and the name "" where it
    has none. Raises `Unsupported` where nothing has that digest."""
    for _, content in _found(data, {sha256}):
        return content.data, _type_of(content.data, content.name, content.media_type), content.name
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
    closed = [_Content(data)]
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
            yield _Content(leaf.content, leaf.name or "", leaf.media_type)
            inner = _inner_mail(leaf) if depth < MAX_NESTED_MAILS else None
            if inner is not None:
                todo.append((inner, depth + 1))


def _inner_mail(leaf: Leaf) -> mime.Part | None:
    inner = leaf.mail
    if inner is None and leaf.part.media_type not in {"text/plain", "text/html"}:
        return mime.parse(leaf.content) if recognise(leaf.content, leaf.name or "", leaf.media_type).name == "email" else None
    return inner


def _held(content: _Content) -> Iterator[_Content]:
    """The files of an archive, and those in each CDA; nothing of what cannot be opened."""
    kind = recognise(content.data, content.name, content.media_type).name
    try:
        if kind == "xdm":
            from vaguemestre.formats import xdm

            for entry in xdm.read(content.data).entries:
                inside = _Content(entry.data, entry.name.rpartition("/")[2], entry.media_type)
                yield inside
                if recognise(entry.data, entry.name, entry.media_type).name == "cda":
                    yield from _held(inside)
        elif kind == "cda":
            from vaguemestre.formats import cda

            for file in cda.read(content.data).embedded:
                yield _Content(file.data, file.name, file.media_type)
    except Fault:
        return


def _type_of(data: bytes, name: str, media_type: str | None) -> str:
    kind = recognise(data, name, media_type).name
    if kind == "image":
        return next((t for start, t in _IMAGE_TYPES if data.startswith(start)), "application/octet-stream")
    return _MEDIA_TYPES.get(kind, "application/octet-stream")
