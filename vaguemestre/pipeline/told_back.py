"""What a notice that arrives tells of a mail that we sent: matched by its Message-ID and its recipient, and only for the mailbox that sent
it (RFC 3464, 2.3; RFC 8098, 3.2). It is shown; it never sends anything again and never brings a state back.

Known weakness: whoever may write to that mailbox can claim such a thing, as everywhere in mail; so it is kept beside the state, not in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from vaguemestre.domain.address import Address
from vaguemestre.domain.event import Event
from vaguemestre.domain.fault import Unreadable
from vaguemestre.records.models import Recipient

WORDS: Mapping[tuple[str, str], str] = {
    ("dsn", "delayed"): "delayed",
    ("dsn", "relayed"): "relayed",
    ("dsn", "expanded"): "relayed",
    ("dsn", "delivered"): "delivered",
    ("dsn", "failed"): "failed",
    ("mdn", "processed"): "integrated",
    ("mdn", "dispatched"): "integrated",
    ("mdn", "displayed"): "read",
    ("mdn", "deleted"): "deleted",
    ("mdn", "failed"): "refused",
}
RANKS = ("", "delayed", "relayed", "delivered", "failed", "integrated", "deleted", "read", "refused")
"""From what says least to what says most: a late notice never hides one that said more."""


def _word(kind: str, action: str) -> str:
    if kind == "mdn" and action.endswith("/error"):
        return "refused"
    return WORDS.get((kind, action), "")


def _compared(address: str) -> str:
    try:
        return Address.parse(address).comparison
    except Unreadable:
        return ""


def _names(one: Recipient) -> set[str]:
    """Every address under which a notice may speak of a recipient."""
    return {_compared(one.address), _compared(one.orcpt.partition(";")[2])} - {""}


def note(mailbox: int, contents: Iterable[Mapping[str, Any]], now: dt.datetime) -> list[Event]:
    """Writes what the reports among these contents of documents tell, in the caller's transaction; the events to trace. `mailbox`: the
    one to which they came."""
    reports = [content["report"] for content in contents if content.get("report")]
    events: list[Event] = []
    for told in reports[:1]:
        original = told.get("original_message_id")
        results = [one for one in told.get("results", ()) if one.get("recipient") and one.get("action")]
        if not original or not results:
            continue
        sent = list(
            Recipient.objects.filter(outgoing__message_id=original[:1000], outgoing__mailbox_id=mailbox, state="sent").order_by("pk")
        )
        for one in results:
            word, name = _word(told["kind"], one["action"]), _compared(one["recipient"])
            for recipient in sent:
                if word and name in _names(recipient) and RANKS.index(word) > RANKS.index(recipient.told):
                    recipient.told, recipient.told_at = word, now
                    recipient.save(update_fields=["told", "told_at"])
                    events.append(Event(now, "told-back", f"recipient:{recipient.pk}", "node", word))
    return events
