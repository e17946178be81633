"""PDF: its text, its page images, and what active content it holds (read by pypdfium2, a build of PDFium without JavaScript or XFA).

Nothing inside a PDF is executed or extracted to disk. Bounds: pages and characters read, pixels rendered.
Known weakness: the text comes in the order in which the file draws it, which for two columns is not always that of reading.
"""

from __future__ import annotations

import ctypes
import dataclasses
import hashlib
import io
import re
from typing import Any

from vaguemestre.domain.fault import Fault, TooLarge, Unreadable, Unsupported
from vaguemestre.domain.reading import Attachment, StatedPatient, Warning
from vaguemestre.formats.media_types import media_type
from vaguemestre.formats.running_text import identity

MAX_PAGES = 500
MAX_TEXT = 2_000_000
MAX_WIDTH = 3_000
_MAX_PIXELS = 30_000_000
_MAX_ATTACHMENTS = 20
_MAX_ATTACHMENT_BYTES = 20_000_000
_MAX_ATTACHMENTS_BYTES = 40_000_000
"""Of all the files in one PDF."""
_SIGNATURE = b"%PDF-"
_NAME_MARKS = re.compile(r"[/\\\\]")
_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|RichMedia|EmbeddedFile|XFA|SubmitForm)\b")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Read:
    """What a PDF tells. `scanned`: pages but no text. `whole`: every page was read."""

    text: str
    pages: int
    patient: StatedPatient | None
    attachments: tuple[Attachment, ...]
    warnings: tuple[Warning, ...]
    scanned: bool

    def __repr__(self) -> str:
        return f"Read(pages={self.pages}, scanned={self.scanned})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Embedded:
    """A file that the PDF holds. `name`: without folders."""

    name: str
    data: bytes

    def __repr__(self) -> str:
        return f"Embedded({len(self.data)})"


def _open(data: bytes) -> Any:
    import pypdfium2
    from pypdfium2 import raw

    start = data.find(_SIGNATURE, 0, 1_024)
    if start < 0:
        raise Unreadable("The file does not begin as a PDF does.")
    try:
        document = pypdfium2.PdfDocument(data[start:] if start else data)
        # the number of pages is what the file says; a page is only loaded when it is read
        if len(document) < 1:
            raise Unreadable("The PDF has no page.")
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            raise Unsupported("The PDF is protected by a password.") from None
        if _lacks_end(data):
            raise Unreadable("The PDF is cut: its end is lacking and it cannot be opened.", "truncated") from None
        raise Unreadable("The PDF is damaged: it cannot be opened.") from None
    return document


def _lacks_end(data: bytes) -> bool:
    return b"%%EOF" not in data.rstrip(b"\0\r\n\t ")[-2_048:]


def pages(data: bytes) -> int:
    """How many pages. Raises `Unreadable`, or `Unsupported` for an encrypted one."""
    document = _open(data)
    try:
        return len(document)
    finally:
        document.close()


def render(data: bytes, page: int, width: int) -> bytes:
    """Page `page` (from 0) as a PNG about `width` pixels wide (at most 3000). Raises `Unreadable`, `Unsupported`, `TooLarge`."""
    import pypdfium2

    document = _open(data)
    try:
        if not 0 <= page < len(document):
            raise Unreadable("The PDF has no such page.")
        sheet = document[page]
        try:
            broad, high = sheet.get_size()
            if broad <= 0 or high <= 0:
                raise Unreadable("The page has no size.")
            scale = min(max(width, 16), MAX_WIDTH) / broad
            if broad * scale * high * scale > _MAX_PIXELS:
                raise TooLarge("The page is too long to be shown.")
            bitmap = sheet.render(scale=scale, may_draw_forms=False)
            out = io.BytesIO()
            bitmap.to_pil().convert("RGB").save(out, "PNG", compress_level=3)
            bitmap.close()
            return out.getvalue()
        finally:
            sheet.close()
    except (pypdfium2.PdfiumError, ValueError, MemoryError):
        raise Unreadable("The page cannot be drawn.") from None
    finally:
        document.close()


def read(data: bytes) -> Read:
    """The text of every page and what else the file holds. Raises `Unreadable`, or `Unsupported` for an encrypted one."""
    import pypdfium2

    document = _open(data)
    warnings: list[Warning] = []
    texts: list[str] = []
    size = 0
    damaged = False
    try:
        count = len(document)
        if count > MAX_PAGES:
            warnings.append(Warning("too-large", f"The PDF has more than {MAX_PAGES} pages: the others were not read."))
        for number in range(min(count, MAX_PAGES)):
            try:
                told = _page_text(document, number, MAX_TEXT - size)
            except pypdfium2.PdfiumError:
                damaged = True
                continue
            texts.append(told)
            size += len(told)
            if size >= MAX_TEXT:
                warnings.append(Warning("too-large", f"The PDF has more than {MAX_TEXT} characters: the rest was not read."))
                break
        files = _files(document, warnings)
        active = bool(files) or _javascript(document) or _ACTIVE.search(data) is not None
    finally:
        document.close()
    if damaged:
        warnings.append(Warning("malformed", "A page of the PDF is damaged and was not read."))
    if _lacks_end(data):
        warnings.append(Warning("truncated", "The end of the PDF is lacking."))
    if active:
        warnings.append(Warning("active-content-removed", "The PDF holds scripts, forms or embedded files: they are not opened."))
    text = "\f".join(texts).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").replace("\ufffe", "-")
    scanned = not text.strip()
    if scanned:
        warnings.append(Warning("unsupported", "The PDF has no text: its pages are images."))
    attachments = tuple(_attachment(file) for file in files)
    return Read("" if scanned else text.strip(), count, identity(text), attachments, tuple(warnings), scanned)


def _page_text(document: Any, number: int, most: int) -> str:
    sheet = document[number]
    try:
        layer = sheet.get_textpage()
        try:
            return str(layer.get_text_range(0, min(layer.count_chars(), most)) if layer.count_chars() else "")
        finally:
            layer.close()
    finally:
        sheet.close()


def _javascript(document: Any) -> bool:
    from pypdfium2 import raw

    return int(raw.FPDFDoc_GetJavaScriptActionCount(document)) > 0


def embedded(data: bytes) -> tuple[Embedded, ...]:
    """The files that a PDF holds (ISO 32000-1, 7.11.4), in its order: those of `attachments` of `read`. Raises as `read`."""
    document = _open(data)
    try:
        return _files(document, [])
    finally:
        document.close()


def _attachment(file: Embedded) -> Attachment:
    return Attachment(file.name, media_type(file.data, file.name), len(file.data), hashlib.sha256(file.data).hexdigest())


def _files(document: Any, warnings: list[Warning]) -> tuple[Embedded, ...]:
    import pypdfium2
    from pypdfium2 import raw

    found: list[Embedded] = []
    left = _MAX_ATTACHMENTS_BYTES
    damaged = False
    count = int(raw.FPDFDoc_GetAttachmentCount(document))
    for place in range(min(count, _MAX_ATTACHMENTS)):
        try:
            attached = document.get_attachment(place)
            name = _NAME_MARKS.split(str(attached.get_name()).replace("\0", ""))[-1].strip()[:255]
            size = ctypes.c_ulong()
            if not raw.FPDFAttachment_GetFile(attached, None, 0, size) or not size.value:
                damaged = True
                continue
            if size.value > min(left, _MAX_ATTACHMENT_BYTES):
                left = 0
                break
            content = bytes(attached.get_data())
        except (pypdfium2.PdfiumError, Fault, ValueError, MemoryError):
            damaged = True
            continue
        left -= len(content)
        found.append(Embedded(name or f"part-{place + 1}", content))
    if count > _MAX_ATTACHMENTS or left <= 0:
        warnings.append(Warning("too-large", "The PDF holds more or larger files than are listed."))
    if damaged:
        warnings.append(Warning("malformed", "A file in the PDF is empty or damaged: it is not listed."))
    return tuple(found)
