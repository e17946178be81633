"""What `import` asks: was this file taken already, is it through, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from vaguemestre.records.models import Delivery, Document, Mailbox, Message


def mailbox_exists(address: str) -> bool:
    """Whether the mailbox (comparison form) is here."""
    return Mailbox.objects.filter(address=address).exists()


def already(sha256: str, mailbox: str) -> int | None:
    """The message that an earlier import of the same file into the same mailbox made."""
    return (
        Delivery.objects.filter(message__sha256=sha256, message__channel="import", mailbox__address=mailbox)
        .values_list("message_id", flat=True)
        .first()
    )


def still_waiting(messages: Sequence[int]) -> bool:
    """Whether any delivery of these messages is not yet through the pipeline."""
    for start in range(0, len(messages), 500):
        part = list(messages[start : start + 500])
        marks = ", ".join(["%s"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT 1 FROM records_delivery WHERE state = 'waiting' AND message_id IN ({marks}) LIMIT 1",
                part,
            )
            if cursor.fetchone() is not None:
                return True
    return False


def told(message: int, mailbox: str) -> dict[str, Any]:
    """The line of `import --json` for a message that is through: message_id, ok, documents, reason."""
    row = Message.objects.only("message_id").get(pk=message)
    delivery = Delivery.objects.filter(message_id=message, mailbox__address=mailbox).first()
    documents = list(Document.objects.filter(delivery=delivery, form_of=None).order_by("pk").only("pk", "unreadable", "content"))
    reason = None
    if delivery is None or delivery.state == "failed":
        reason = "could not be handled and was given to a person"
    for document in documents:
        if reason is None and document.unreadable:
            warnings = document.content.get("warnings") or [{"detail": "its content was not understood"}]
            reason = str(warnings[0]["detail"])
    return {
        "message_id": row.message_id,
        "ok": reason is None,
        "documents": [document.document_id for document in documents],
        "reason": reason,
    }
