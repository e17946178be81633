"""Style sheet and scripts, served from memory under names that change with their content, so that browsers keep them for ever."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

FOLDER = Path(__file__).parent / "static"
TYPES: Mapping[str, str] = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclasses.dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, its type, and twelve hex digits of its SHA-256."""

    data: bytes
    media_type: str
    digest: str


@functools.cache
def assets() -> Mapping[str, Asset]:
    """Every file of `static`, by its path there."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in TYPES:
            data = path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()[:12]
            found[path.relative_to(FOLDER).as_posix()] = Asset(data, TYPES[path.suffix], digest)
    return found


def address(name: str) -> str:
    """The address of a file of `static`."""
    return reverse("asset", args=[assets()[name].digest, name])


@login_not_required
@require_safe
def serve(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """One file; an address of an older version answers with the present file, and is not to be kept."""
    asset = assets().get(name)
    if asset is None:
        raise Http404
    kept = "public, max-age=31536000, immutable" if digest == asset.digest else "no-cache"
    return HttpResponse(asset.data, content_type=asset.media_type, headers={"Cache-Control": kept})
