"""Media types (RFC 6838): of a file by its content, from the few that the screens and downloads know; and what the readers of documents
with files in them share: the shape of a type, the endings of names, the octets that files begin with."""

from __future__ import annotations

import re

from vaguemestre.formats import image_kinds
from vaguemestre.formats.recognise import recognise

UNKNOWN = "application/octet-stream"
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
_IMAGE_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "jp2": "image/jp2",
    "heic": "image/heic",
    "avif": "image/avif",
    "dicom": "application/dicom",
    "svg": "image/svg+xml",
}
"""By kind of `image_kinds`."""
SHAPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}", re.ASCII)
EXTENSIONS = {
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/rtf": ".rtf",
    "application/rtf": ".rtf",
    "text/html": ".html",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/tiff": ".tif",
    "image/bmp": ".bmp",
    "image/webp": ".webp",
    "image/jp2": ".jp2",
    "application/dicom": ".dcm",
}
MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "text/rtf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)


def media_type(data: bytes, name: str = "", declared: str | None = None) -> str:
    """Never raises; application/octet-stream for what is not known."""
    kind = recognise(data, name, declared).name
    if kind == "image":
        return _IMAGE_TYPES.get(image_kinds.kind(data), UNKNOWN)
    return _MEDIA_TYPES.get(kind, UNKNOWN)
