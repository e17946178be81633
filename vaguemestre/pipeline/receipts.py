"""Read receipts that a sender asked for (RFC 8098, 2.1): sent by a person's act alone, once, never to an automatic mail (RFC 3834, 2)."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import IntegrityError, transaction

from vaguemestre.domain.event import Event
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.outbound.deliver import Destined
from vaguemestre.pipeline import send
from vaguemestre.protocols import mdn_writer, mime
from vaguemestre.protocols.mime_address import addresses
from vaguemestre.protocols.mime_header import header_facts
from vaguemestre.records import chain, queue
from vaguemestre.records.models import Acknowledged, Delivery
from vaguemestre.vault.files import Vault, digest

_LISTS = (b"list-id", b"list-unsubscribe", b"list-post")


def asked_by(data: bytes, mail_from: str) -> str:
    """Whom a receipt of this mail would go to, "" where none may be sent: it was not asked for, was asked for several addresses, or the
    mail is automatic (null sender, Auto-Submitted, of a list, or itself a report)."""
    if not mail_from:
        return ""
    top = mime.parse(data[: header_facts(data).body])
    wanted = addresses(top.raw(b"disposition-notification-to") or b"")
    automatic = (top.raw(b"auto-submitted") or b"no").split(b";")[0].strip().lower() != b"no"
    if len(wanted) != 1 or automatic or any(top.raw(name) is not None for name in _LISTS):
        return ""
    kind = (top.raw(b"content-type") or b"").strip().lower()
    return "" if kind.startswith(b"multipart/report") else wanted[0]


def wanted(vault: Vault, delivery: Delivery) -> bool:
    """Whether a person may send a receipt of this delivery now."""
    if not delivery.message.mail_from or Acknowledged.objects.filter(delivery=delivery).exists():
        return False
    return bool(asked_by(vault.read(delivery.message.sha256), delivery.message.mail_from))


def acknowledge(vault: Vault, delivery: Delivery, rules: send.Rules, actor: str, now: dt.datetime) -> Proceed[int] | Reject | Defer:
    """Queues the receipt: the row of its message. Rejects `receipt-not-asked`, `receipt-sent`, or where it could not go by name."""
    message = delivery.message
    data = vault.read(message.sha256)
    to = asked_by(data, message.mail_from)
    if not to:
        return Reject("receipt-not-asked")
    goal = send.decide_recipient(Destined(to, "NEVER"), rules, now)
    if not isinstance(goal, Proceed):
        return goal
    token = secrets.token_hex(12)
    written = mdn_writer.write(
        mdn_writer.Receipt(
            rules.hostname, delivery.mailbox.address, to, token, now, data,
            "" if message.message_id.endswith("@none>") else message.message_id, delivery.dsn_orcpt,
        )
    )  # fmt: skip
    row: dict[str, object] = {
        "sha256": digest(written),
        "size": len(written),
        "message_id": f"<{token}@{rules.hostname}>",
        "mailbox_id": delivery.mailbox_id,
        "origin": "receipt",
        "mail_from": "",
        "utf8": not to.isascii() or not delivery.mailbox.address.isascii(),
        "eight_bit": not written.isascii(),
        "queued_at": now,
        "expires_at": now.timestamp() + rules.expire_s,
    }
    with vault.held():
        vault.keep([(str(row["sha256"]), written)])
        try:
            with queue.turn(), transaction.atomic():
                # One a delivery, whoever asks at the same moment.
                Acknowledged.objects.create(delivery=delivery, at=now)
                queued = send.enqueue(row, [goal.facts])
                chain.append([Event(now, "receipt-sent", f"delivery:{delivery.pk}", actor, f"outgoing:{queued.outgoing}")])
        except IntegrityError:
            return Reject("receipt-sent")
    return Proceed(queued.outgoing)
