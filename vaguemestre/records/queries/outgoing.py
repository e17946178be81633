"""The queue of what leaves, as a person may see it: no subject, no content, no patient's address (it is their INS: masked)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db.models import Count, Q

from vaguemestre.records.outgoing import Recipient

PATIENTS = "patient.mssante.fr"
STATES = ("waiting", "sent", "bounced", "returned")
MOST_LISTED = 500


def masked(address: str) -> str:
    """An address as an administrator may see it."""
    local, at, domain = address.rpartition("@")
    hidden = {PATIENTS, settings.VAGUEMESTRE.text("patients", "domain").lower()}
    return f"…{at}{domain}" if local and domain.lower().rstrip(".") in hidden else address


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One recipient. `next_try_at`: None where none will be made; `busy`: on its way at this moment; `told`: what a later notice said."""

    id: int
    message: int
    message_id: str
    origin: str
    sender: str
    to: str
    state: str
    tries: int
    reason: str
    code: int | None
    enhanced: str
    host: str
    peer_dn: str
    tls: str
    size: int
    queued_at: dt.datetime
    next_try_at: dt.datetime | None
    expires_at: dt.datetime
    done_at: dt.datetime | None
    busy: bool
    told: str

    def __repr__(self) -> str:
        return f"<Line {self.id} {self.state}>"


def line(one: Recipient, now: dt.datetime) -> Line:
    """What is shown of a recipient read with its message."""
    message = one.outgoing
    waits = one.state == "waiting"
    again = dt.datetime.fromtimestamp(max(one.not_before, message.queued_at.timestamp()), dt.UTC) if waits else None
    return Line(
        id=one.pk,
        message=message.pk,
        message_id=message.message_id,
        origin=message.origin,
        sender=masked(message.mail_from),
        to=masked(one.address),
        state=one.state,
        tries=one.tries,
        reason=one.reason,
        code=one.code,
        enhanced=one.enhanced,
        host=one.host,
        peer_dn=one.peer_dn,
        tls=one.tls,
        size=message.size,
        queued_at=message.queued_at,
        next_try_at=again,
        expires_at=dt.datetime.fromtimestamp(message.expires_at, dt.UTC),
        done_at=one.done_at,
        busy=waits and one.lease > now.timestamp(),
        told=one.told,
    )


def recipient(number: int) -> Recipient | None:
    """One recipient with its message."""
    return Recipient.objects.select_related("outgoing").filter(pk=number).first()


def lines(states: Sequence[str], now: dt.datetime, most: int = MOST_LISTED) -> list[Line]:
    """The last `most` recipients of these states, the newest first."""
    found = Recipient.objects.select_related("outgoing").filter(state__in=states).order_by("-pk")[:most]
    return [line(one, now) for one in found]


def counts() -> Mapping[str, int]:
    """`queued_out`, `deferred` (tried in vain, to be tried again), `sent`, `bounced` (given up or given back): recipients of what people
    and programs sent; the notices that this server writes are not counted."""
    return Recipient.objects.exclude(outgoing__mail_from="").aggregate(
        queued_out=Count("pk", filter=Q(state="waiting", first_failed_at=None)),
        sent=Count("pk", filter=Q(state="sent")),
        deferred=Count("pk", filter=Q(state="waiting", first_failed_at__isnull=False)),
        bounced=Count("pk", filter=Q(state__in=["bounced", "returned"])),
    )
