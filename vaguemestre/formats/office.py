"""Office files: which kind one is, and its words and tables where they can be read (ECMA-376 for Word and Excel; OpenDocument 1.3).

Read in memory through the guarded doors of zip and XML; no macro, formula, link or embedded object is ever opened. The old binary files,
slides and drawings are told by name and left to be downloaded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from vaguemestre.domain.fault import TooLarge, Unreadable, Unsupported
from vaguemestre.domain.reading import StatedPatient, Warning
from vaguemestre.formats import blocks, encrypted, safe_zip
from vaguemestre.formats.blocks import Block
from vaguemestre.formats.running_text import identity

MAX_BYTES = 40_000_000
MAX_PICTURES = 50
MAX_PICTURE_BYTES = 30_000_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OUTLOOK = "__substg1.0_".encode("utf-16-le")
"""The start of a stream of properties, which no other OLE file has (MS-OXMSG 2.2)."""
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
_ACTIVE = Warning("active-content-removed", "The file holds macros or embedded objects: they are not opened.")
_LONG = Warning("too-large", "The file holds more text or cells than are shown.")
_LEFT_OUT = Warning(
    "too-large", f"The file holds more than {MAX_PICTURES} pictures or {MAX_PICTURE_BYTES} octets of them: the rest is left out."
)
_DRAWINGS = Warning("unsupported", "A picture in the file is of a kind that is not shown.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """An image of the file. `name`: its last name in the archive."""

    name: str
    media_type: str
    data: bytes


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Read:
    """What an office file tells; `html` is "" where it holds no table."""

    text: str
    html: str
    patient: StatedPatient | None
    pictures: tuple[Picture, ...]
    warnings: tuple[Warning, ...]

    def __repr__(self) -> str:
        return f"Read(pictures={len(self.pictures)}, warnings={[w.code for w in self.warnings]!r})"


def read(data: bytes) -> Read:
    """Raises `Unreadable` (malformed, truncated, unsafe-archive...), `Unsupported` for what is only to be downloaded, and `TooLarge`."""
    if encrypted.is_locked_office(data):
        raise Unsupported(encrypted.SENTENCES["office"])
    if data.startswith(_OLE) and _OUTLOOK in data:
        raise Unsupported("The file is a mail saved by Outlook (.msg): open it with Outlook, or ask the sender to forward the mail itself.")
    if data.startswith(_OLE):
        raise Unsupported("Office files of before 2007 are not read: the file can be downloaded.")
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The office file is longer than {MAX_BYTES} octets.")
    archive = safe_zip.entries(data)
    if archive.duplicates:
        # which of two files of one name the writer meant is not ours to guess
        raise Unreadable("Two files of the archive have the same name.", "duplicate-name")
    parts = {entry.name: entry.data for entry in archive.entries}
    found, cut = _blocks(parts)
    text, long = blocks.text_of(found)
    warnings = list(archive.warnings)
    if cut or long:
        warnings.append(_LONG)
    if any(name.endswith("vbaProject.bin") or "/embeddings/" in name or name.startswith(("Basic/", "Scripts/")) for name in parts):
        warnings.append(_ACTIVE)
    pictures = _pictures(parts, warnings)
    return Read(text, blocks.html_of(found), identity(text), pictures, tuple(warnings))


def _blocks(parts: Mapping[str, bytes]) -> tuple[list[Block], bool]:
    mime = parts.get("mimetype", b"")[:200].decode("ascii", "replace").strip()
    if mime.startswith(_OPEN_DOCUMENT):
        from vaguemestre.formats import office_open_document

        if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
            raise Unsupported(encrypted.SENTENCES["office"])
        if not mime.removeprefix(_OPEN_DOCUMENT).startswith(("text", "spreadsheet")):
            raise Unsupported("Slides and drawings are not read: the file can be downloaded.")
        return office_open_document.read(parts)
    if "xl/workbook.xml" in parts:
        from vaguemestre.formats import office_sheet

        return office_sheet.read(parts)
    if any(name.startswith("word/") for name in parts):
        from vaguemestre.formats import office_word

        return office_word.read(parts)
    raise Unsupported("Office files of this kind are not read: the file can be downloaded.")


def _pictures(parts: Mapping[str, bytes], warnings: list[Warning]) -> tuple[Picture, ...]:
    found: list[Picture] = []
    size = 0
    for name, data in parts.items():
        if not name.startswith(("word/media/", "xl/media/", "Pictures/")):
            continue
        kind = next((kind for start, kind in _PICTURES if data.startswith(start)), None)
        if kind is None:
            if _DRAWINGS not in warnings:
                warnings.append(_DRAWINGS)
            continue
        size += len(data)
        if len(found) >= MAX_PICTURES or size > MAX_PICTURE_BYTES:
            warnings.append(_LEFT_OUT)
            break
        found.append(Picture(name.rpartition("/")[2], kind, data))
    return tuple(found)
