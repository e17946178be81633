"""A document's own bytes: its pages and the images in it, drawn anew; itself, the files in it and its message to download. What opens
bytes runs in a guarded child, and no image is ever sent to a browser as it came.

A download is never shown in place: it is an attachment of a neutral type, whatever the sender called it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from vaguemestre.domain.fault import Fault
from vaguemestre.formats.image import Measured
from vaguemestre.pipeline.guard import ChildDied, Guard, Limits, TookTooLong
from vaguemestre.records.documents import Document
from vaguemestre.records.queries.visible import Visible
from vaguemestre.vault.files import Vault
from vaguemestre.web import files
from vaguemestre.web.access import clinical, document_or_404, trace
from vaguemestre.web.page_cache import PageCache

WIDTH = 1_000
"""Pixels of a page image."""
MOST_PAGES = 60
"""Pages shown of one document, and of the images in it; the rest is in the download."""
_UNKNOWN = Measured(((WIDTH, 750),), 1)
PAGED = frozenset({"pdf", "image"})
"""Formats of which a document is pages."""
_PATIENCE = 5.0
"""Seconds that a request waits for the reading child: its threads are few, and the rest of the screens needs them."""
_GIVEN_UP_FOR = 600.0
_MOST_GIVEN_UP = 1_000
_RANK = re.compile(r"#\d{1,6}$")
_SENTENCE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="440" height="44" viewBox="0 0 440 44"><rect width="440" height="44" fill="#fff4e0"/>'
    '<text x="14" y="27" font-family="sans-serif" font-size="15" fill="#593800">{}</text></svg>'
)
_UNSAFE = re.compile(r"[^\w .,()+@-]", re.UNICODE)

T = TypeVar("T")

_turn = threading.Lock()
_given_up: dict[str, float] = {}
"""Digests of documents, with what was asked of them where only that is at fault, that ended or outlasted the reading child, until when
nobody tries again: a hostile PDF of sixty pages must not hold it sixty times."""


@functools.cache
def _guard() -> Guard:
    return Guard(Limits.of(settings.VAGUEMESTRE), spawn=True)


def _directory() -> Path:
    directory: Path | None = settings.DATA_DIR
    assert directory is not None, "the screens serve a data directory"
    return directory


@functools.cache
def _vault() -> Vault:
    return Vault(_directory() / "vault")


@functools.cache
def _cache() -> PageCache:
    return PageCache(_directory() / "cache")


def _guarded(sha256: str, ask: Callable[[Guard], T]) -> T:
    """Asks the one reading child of this process about a document; others wait their turn. Raises Fault."""
    if _given_up.get(sha256, 0.0) > time.monotonic():
        raise TookTooLong("reading this document was given up a moment ago")
    if not _turn.acquire(timeout=_PATIENCE):
        raise TookTooLong("the reader is busy")
    try:
        try:
            return ask(_guard())
        except ChildDied:
            # It may have died between two documents: only a second death is this one's.
            return ask(_guard())
    except (ChildDied, TookTooLong):
        if len(_given_up) >= _MOST_GIVEN_UP:
            _given_up.clear()
        _given_up[sha256] = time.monotonic() + _GIVEN_UP_FOR
        raise
    finally:
        _turn.release()


def _message_bytes(document: Document) -> bytes:
    return _vault().read(document.delivery.message.sha256)


def _own_bytes(document: Document) -> tuple[bytes, str, str]:
    """(bytes, media type, name) of the document itself, as it was in its message. Raises Fault."""
    data = _message_bytes(document)
    return _guarded(document.sha256, lambda guard: guard.extract(data, document.sha256))


def page_count(document: Document) -> int:
    """How many pages a PDF has; 0 for another format, or for a PDF that cannot be opened."""
    if document.format != "pdf":
        return 0
    key = f"{document.sha256}.pages"
    kept = _cache().get(key)
    if kept is not None and kept.isdigit():
        return int(kept)
    try:
        data, _, _ = _own_bytes(document)
        count = _guarded(document.sha256, lambda guard: guard.pages(data))
    except Fault:
        return 0
    _cache().put(key, str(count).encode())
    return count


def measured(document: Document, digests: Sequence[str]) -> dict[str, Measured]:
    """The images with these digests in the document's message, as they are drawn; nothing of one that cannot be shown, nor of those past
    the number that is looked at. Where the reader is busy or gave up on one of them, each is taken for one page: whether it can be shown
    is seen when that is fetched."""
    found: dict[str, Measured] = {}
    asked: list[str] = []
    for sha256 in list(dict.fromkeys(digests))[:MOST_PAGES]:
        kept = _cache().get(f"{sha256}.{WIDTH}.image")
        known = _read(kept) if kept is not None else None
        if known is not None:
            found[sha256] = known
        else:
            asked.append(sha256)
    if not asked:
        return found
    try:
        data = _message_bytes(document)
        told = _guarded(f"{document.sha256}.images", lambda guard: guard.measure(data, asked, WIDTH, MOST_PAGES))
    except Fault:
        return found | dict.fromkeys(asked, _UNKNOWN)
    for sha256, one in told.items():
        _cache().put(f"{sha256}.{WIDTH}.image", json.dumps(dataclasses.asdict(one)).encode())
    return found | told


def _read(kept: bytes) -> Measured | None:
    try:
        return Measured.of(json.loads(kept))
    except ValueError:
        return None


def _drawn(document: Document, sha256: str, page: int) -> HttpResponse:
    """A page of the file with that digest as a PNG; where it cannot be drawn, one sentence in its place."""
    key = f"{sha256}.{page}.{WIDTH}.png"
    image = _cache().get(key)
    if image is None:
        try:
            data = _message_bytes(document)
            data, _, _ = _guarded(sha256, lambda guard: guard.extract(data, sha256))
            image = _guarded(f"{sha256}.drawn", lambda guard: guard.render(data, page - 1, WIDTH))
        except Fault:
            return _unshown()
        _cache().put(key, image)
    return HttpResponse(image, content_type="image/png", headers={"Cache-Control": "private, max-age=600"})


def _unshown() -> HttpResponse:
    """A browser shows it where the image would stand, since it is one, and takes the answer for what it is, a 404."""
    words = gettext("Cette image ne peut pas être montrée : téléchargez l'original.")
    return HttpResponse(format_html(_SENTENCE, words), content_type="image/svg+xml", status=404)


@require_safe
@clinical
def page(request: HttpRequest, seen: Visible, number: int, page: int) -> HttpResponse:
    """One page as a PNG."""
    document = document_or_404(request, seen, number)
    if document.format not in PAGED or page > MOST_PAGES:
        raise Http404
    return _drawn(document, document.sha256, page)


@require_safe
@clinical
def held_image(request: HttpRequest, seen: Visible, number: int, place: int, page: int) -> HttpResponse:
    """One page of an image that the document holds, as a PNG."""
    document = document_or_404(request, seen, number)
    file = files.at(document, place)
    if file is None or not file.is_image or page > MOST_PAGES:
        raise Http404
    return _drawn(document, file.sha256, page)


def _attachment(data: bytes, media_type: str, name: str) -> HttpResponse:
    """A download that no browser opens in place: attachment, neutral type, the name stripped of anything that is no letter."""
    response = HttpResponse(data, content_type="application/pdf" if media_type == "application/pdf" else "application/octet-stream")
    safe = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")[-120:] or "document"
    plain = safe.encode("ascii", "ignore").decode() or "document"
    response["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe)}"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_safe
@clinical
def original(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """The document's own bytes; the whole message where they cannot be taken out of it."""
    document = document_or_404(request, seen, number)
    name, media_type = "", "application/octet-stream"
    data = b""
    with contextlib.suppress(Fault):
        data, media_type, name = _own_bytes(document)
    if not data:
        return message(request, number=number)
    trace(request, "document-downloaded", f"document:{document.pk}", "original")
    return _attachment(data, media_type, _RANK.sub("", name) or f"{document.document_id}.bin")


def acts(document: Document) -> bool:
    """Whether a PDF holds scripts, forms or files, so that a copy without them is offered."""
    told = document.content.get("warnings") if isinstance(document.content, dict) else None
    codes = [one.get("code") for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return document.format == "pdf" and "active-content-removed" in codes


@require_safe
@clinical
def stripped(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """A PDF written anew without what acts in it; 404 where that cannot be."""
    document = document_or_404(request, seen, number)
    if not acts(document):
        raise Http404
    try:
        data, media_type, name = _own_bytes(document)
        data = _guarded(f"{document.sha256}.strip", lambda guard: guard.strip(data))
    except Fault:
        raise Http404 from None
    trace(request, "document-downloaded", f"document:{document.pk}", "stripped")
    return _attachment(data, media_type, name or f"{document.document_id}.pdf")


@require_safe
@clinical
def file(request: HttpRequest, seen: Visible, number: int, place: int) -> HttpResponse:
    """A file that the document holds, as it came."""
    document = document_or_404(request, seen, number)
    told = files.at(document, place)
    if told is None:
        raise Http404
    try:
        data = _message_bytes(document)
        found, media_type, _ = _guarded(told.sha256, lambda guard: guard.extract(data, told.sha256))
    except Fault:
        raise Http404 from None
    trace(request, "document-downloaded", f"document:{document.pk}", "file")
    return _attachment(found, media_type, told.name or f"{document.document_id}-{place}.bin")


@require_safe
@clinical
def message(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """The whole message as it was received: its mailbox's, not the chart's, since it may hold other patients' documents."""
    document = document_or_404(request, seen, number)
    if document.mailbox_id not in seen.mailbox_ids:
        trace(request, "access-refused", f"message:{document.delivery.message_id}", "not-visible")
        raise Http404
    try:
        data = _message_bytes(document)
    except Fault:
        raise Http404 from None
    trace(request, "document-downloaded", f"document:{document.pk}", "message")
    return _attachment(data, "application/octet-stream", f"{document.document_id}.eml")
