"""The success notices that senders asked for (RFC 3461, 4.1 and 5.2.3): noted in the transaction that ends a delivery, written and queued
by the process that sends. A notice noted is queued exactly once: its note goes in the commit that queues it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from vaguemestre.outbound.notify_sender import About, Original
from vaguemestre.records.models import Asked
from vaguemestre.vault.files import Vault

DELIVERED = "delivered"
AT_ONCE = 50


def note(deliveries: Sequence[int]) -> None:
    """Notes which of these deliveries, through the pipeline now, owe their sender a notice. In the caller's transaction."""
    if not deliveries:
        return
    marks = ", ".join(["%s"] * len(deliveries))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO records_asked (delivery_id, kind) SELECT d.id, 'delivered' FROM records_delivery d"  # noqa: S608 - marks only
            " JOIN records_message m ON m.id = d.message_id"
            f" WHERE d.id IN ({marks}) AND d.dsn_notify LIKE '%%SUCCESS%%' AND m.mail_from <> '' ON CONFLICT DO NOTHING",
            list(deliveries),
        )


def due() -> list[Asked]:
    """Some of the notices still to be written, oldest first."""
    return list(Asked.objects.select_related("delivery__message", "delivery__mailbox").order_by("pk")[:AT_ONCE])


def told(one: Asked, vault: Vault) -> tuple[Original, About]:
    """What a notice says. The address told is the one that its sender wrote to, where it said it."""
    message = one.delivery.message
    try:
        data = vault.read(message.sha256)
    except Exception:  # noqa: BLE001 - the notice is owed all the same, without the header; `verify` names the damage
        data = b"\r\n"
    original = Original(message.mail_from, data, message.received_at, message.message_id, message.dsn_ret, message.dsn_envid)
    return original, About(one.delivery.mailbox.address, orcpt=one.delivery.dsn_orcpt)
