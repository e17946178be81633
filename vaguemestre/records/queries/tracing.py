"""The life of a message or document, told from the trace: the lines of `vaguemestre trace`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from vaguemestre.records.deliveries import Delivery
from vaguemestre.records.documents import Document
from vaguemestre.records.messages import Message
from vaguemestre.records.outgoing import Outgoing, Recipient
from vaguemestre.records.traces import TraceEvent

_DOCUMENT_ID = re.compile(r"D([1-9][0-9]{0,17})", re.IGNORECASE)
_AT_ONCE = 500


def _objects(identifier: str) -> list[str] | None:
    """The trace objects of an ID; None where nothing has it."""
    text = identifier.strip()
    if match := _DOCUMENT_ID.fullmatch(text):
        own = Document.objects.filter(pk=int(match[1])).values_list("pk", "form_of", "delivery", "delivery__message").first()
        if own is not None:
            # What happens to a document is traced once, whatever its forms.
            document, main, delivery, message = own
            return [f"message:{message}", f"delivery:{delivery}", f"document:{main or document}"]
        erased = f"document:{int(match[1])}"
        if TraceEvent.objects.filter(object=erased).exists():
            return [erased]
    bare = text.removeprefix("<").removesuffix(">")
    if not bare:
        return None
    # The same Message-ID may have come more than once: all of its lives are told.
    messages = list(Message.objects.filter(message_id__in=[text, bare, f"<{bare}>"]).values_list("pk", flat=True))
    sent = list(Outgoing.objects.filter(message_id__in=[text, bare, f"<{bare}>"]).values_list("pk", flat=True))
    if not messages and not sent:
        return None
    recipients = Recipient.objects.filter(outgoing__in=sent).values_list("pk", flat=True)
    deliveries = Delivery.objects.filter(message__in=messages).values_list("pk", flat=True)
    documents = Document.objects.filter(delivery__message__in=messages).values_list("pk", flat=True)
    return [
        *(f"message:{pk}" for pk in messages),
        *(f"delivery:{pk}" for pk in deliveries),
        *(f"document:{pk}" for pk in documents),
        *(f"outgoing:{pk}" for pk in sent),
        *(f"recipient:{pk}" for pk in recipients),
    ]


def _parts(objects: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(objects), _AT_ONCE):
        yield objects[start : start + _AT_ONCE]


def life(identifier: str) -> list[dict[str, str]] | None:
    """Events in order, each `at, event, object, actor, result`; None where no message and no document has that ID.

    `identifier`: a Message-ID with or without brackets, or a document_id. A document's life begins with its message's.
    """
    objects = _objects(identifier)
    if objects is None:
        return None
    columns = ("sequence", "at", "event", "object", "actor", "result")
    rows = [row for part in _parts(objects) for row in TraceEvent.objects.filter(object__in=part).values(*columns)]
    rows.sort(key=lambda row: row["sequence"])
    return [{name: row[name] for name in columns[1:]} for row in rows]
