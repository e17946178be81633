"""Delivery status notifications: what became of a message, for each recipient (RFC 3464; addresses in UTF-8: RFC 6533).

Reads the machine part, message/delivery-status. Never raises: what is not there is None, what is no status is left out.
"""

from __future__ import annotations

import dataclasses
import re

from vaguemestre.protocols.report_fields import Group, address, groups, message_id

ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
"""RFC 3464 2.3.3."""
_WORD = re.compile(r"[A-Za-z-]{1,40}")
_STATUS = re.compile(r"(?<![0-9.])[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Recipient:
    """`address`: Final-Recipient, else Original-Recipient. `action`: in lower case, one of ACTIONS where the sender kept to them.
    `status`: of RFC 3463, such as 5.1.1, from its own field, else from the peer's reply in Diagnostic-Code."""

    address: str
    action: str | None
    status: str | None

    def __repr__(self) -> str:
        return f"Recipient(action={self.action!r}, status={self.status!r})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class DeliveryStatus:
    """`original_message_id` is no field of RFC 3464, but many write it; the returned header tells it otherwise."""

    original_message_id: str | None
    recipients: tuple[Recipient, ...]

    def __repr__(self) -> str:
        return f"DeliveryStatus({len(self.recipients)} recipients)"


def looks(data: bytes) -> bool:
    """Whether a part that does not say its type bears the fields of one recipient."""
    return any(("final-recipient" in g or "original-recipient" in g) and "action" in g for g in groups(data))


def read(data: bytes) -> DeliveryStatus:
    """The content of a message/delivery-status, without its transfer encoding."""
    found = groups(data)
    original = next((g["original-message-id"] for g in found if g.get("original-message-id")), None)
    recipients = tuple(one for one in map(_recipient, found) if one is not None)
    return DeliveryStatus(message_id(original), recipients)


def _recipient(group: Group) -> Recipient | None:
    told = address(group, "final-recipient") or address(group, "original-recipient")
    if told is None:
        return None
    action = _WORD.match(group.get("action", ""))
    status = _STATUS.search(group.get("status", "")) or _STATUS.search(group.get("diagnostic-code", ""))
    return Recipient(told, action.group().lower() if action else None, status.group() if status else None)
