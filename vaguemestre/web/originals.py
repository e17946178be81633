"""A document's own bytes: its pages as images, itself and its message to download. What opens bytes runs in a guarded child.

A download is never shown in place: it is an attachment of a neutral type, whatever the sender called it.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from vaguemestre.domain.fault import Fault
from vaguemestre.pipeline.guard import ChildDied, Guard, Limits, TookTooLong
from vaguemestre.records.documents import Document
from vaguemestre.records.queries.visible import Visible
from vaguemestre.vault.files import Vault
from vaguemestre.web.access import clinical, document_or_404, trace
from vaguemestre.web.page_cache import PageCache

WIDTH = 1_000
"""Pixels of a page image."""
MOST_PAGES = 60
"""Pages shown of one document; the rest is in the download."""
_PATIENCE = 5.0
"""Seconds that a request waits for the reading child: its threads are few, and the rest of the screens needs them."""
_GIVEN_UP_FOR = 600.0
_MOST_GIVEN_UP = 1_000
_RANK = re.compile(r"#\d{1,6}$")
_UNSAFE = re.compile(r"[^\w .,()+@-]", re.UNICODE)

T = TypeVar("T")

_turn = threading.Lock()
_given_up: dict[str, float] = {}
"""Digests of documents that ended or outlasted the reading child, until when nobody tries again: a hostile PDF of sixty pages must not
hold it sixty times."""


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


@require_safe
@clinical
def page(request: HttpRequest, seen: Visible, number: int, page: int) -> HttpResponse:
    """One page as a PNG."""
    document = document_or_404(request, seen, number)
    if document.format != "pdf" or page > MOST_PAGES:
        raise Http404
    key = f"{document.sha256}.{page}.{WIDTH}.png"
    image = _cache().get(key)
    if image is None:
        try:
            data, _, _ = _own_bytes(document)
            image = _guarded(document.sha256, lambda guard: guard.render(data, page - 1, WIDTH))
        except Fault:
            raise Http404 from None
        _cache().put(key, image)
    return HttpResponse(image, content_type="image/png", headers={"Cache-Control": "private, max-age=600"})


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
