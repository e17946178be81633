"""The media type of a file by its content, from the few that the screens and downloads know (RFC 6838)."""

from __future__ import annotations

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
_IMAGE_TYPES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)


def media_type(data: bytes, name: str = "", declared: str | None = None) -> str:
    """Never raises; application/octet-stream for what is not known."""
    kind = recognise(data, name, declared).name
    if kind == "image":
        return next((t for start, t in _IMAGE_TYPES if data.startswith(start)), UNKNOWN)
    return _MEDIA_TYPES.get(kind, UNKNOWN)
