"""For who watches the service: whether it lives, whether it could work, and its counts in Prometheus' text format.

Nothing here tells of a person, a mailbox or a message: counts and ages only (promise 5). `sante` answers anybody, without the database.
The two others answer the addresses of `metrics.allow`, and nobody through a proxy, whose own address would be taken for the asker's.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vaguemestre import __version__
from vaguemestre.pipeline.refresh import as_of
from vaguemestre.records.queries.status import status
from vaguemestre.records.trust import TrustList

FREE_LEAST = 268_435_456
"""Bytes free on the vault's disk below which the service is not ready: the largest message, ten times."""
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
_DOCUMENTS = ("filed", "proposed", "review", "blocked")
_OUTGOING = ("queued_out", "sent", "deferred", "bounced")


def _watcher(request: HttpRequest) -> bool:
    """Whether the asker's own address, not a proxy's, is one that may know."""
    if any(header in request.META for header in _FORWARDED):
        return False
    try:
        asker = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    asker = getattr(asker, "ipv4_mapped", None) or asker
    networks = map(ipaddress.ip_network, settings.VAGUEMESTRE.text("metrics", "allow").split())
    return any(asker in network for network in networks if network.version == asker.version)


def _for_watchers(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def guarded(request: HttpRequest) -> HttpResponse:
        if not _watcher(request):
            raise Http404
        return view(request)

    return guarded


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as the screens answer at all."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError:
        return False


def _free() -> int:
    """Bytes that are free on the vault's disk; 0 where it cannot be written."""
    directory: Path | None = settings.DATA_DIR
    assert directory is not None, "the screens serve a data directory"
    vault = directory / "vault"
    try:
        room = os.statvfs(vault)
        return room.f_bavail * room.f_frsize if os.access(vault, os.W_OK) else 0
    except OSError:
        return 0


@login_not_required
@require_safe
@_for_watchers
def ready(request: HttpRequest) -> HttpResponse:
    """200 where a message could be kept now, else 503; which part is at fault stands in the answer. That the trust list is old defers mail
    and keeps no page closed: it is among the counts."""
    parts = {"database": _database(), "vault": _free() >= FREE_LEAST}
    answer = {"ready": all(parts.values()), **{name: "ok" if sound else "failed" for name, sound in parts.items()}}
    return JsonResponse(answer, status=200 if answer["ready"] else 503)


class _Counts(Collector):
    """Asked anew for each answer: the counts are those of the records, whichever process changed them."""

    def __init__(self, now: dt.datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        counts = status(self._now)
        yield _one("vaguemestre_messages_accepted", "Transactions answered 250 and files imported", counts["accepted"])
        yield _many("vaguemestre_deliveries", "Deliveries by state", "state", {k: counts[k] for k in ("waiting", "failed")})
        yield _many("vaguemestre_documents", "Documents by decision", "decision", {k: counts[k] for k in _DOCUMENTS})
        yield _one("vaguemestre_documents_unreadable", "Documents whose content was not understood", counts["unreadable"])
        yield _many("vaguemestre_outgoing", "Recipients of outgoing messages by state", "state", {k: counts[k] for k in _OUTGOING})
        yield _one("vaguemestre_oldest_waiting_seconds", "Age of the oldest delivery that waits, 0 without any", counts["oldest_waiting_s"])
        yield _one("vaguemestre_vault_free_bytes", "Bytes free on the vault's disk", _free())
        trust = TrustList.objects.filter(id=1).first()
        yield _one(
            "vaguemestre_trust_list_entries", "Pairs of domain and certificate in force, 0 without a list", trust.entries if trust else 0
        )
        age = (self._now - as_of(trust)).total_seconds() if trust else -1
        yield _one("vaguemestre_trust_list_age_seconds", "Age of the trust list in force, -1 without one", age)
        yield _many("vaguemestre_build", "The version that runs", "version", {__version__: 1})


def _one(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _many(name: str, what: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, what, labels=[label])
    for of, value in values.items():
        family.add_metric([of], value)
    return family


@login_not_required
@require_safe
@_for_watchers
def metrics(request: HttpRequest) -> HttpResponse:
    """The counts, in Prometheus' text format 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counts(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=_TEXT)
