"""Delivery status notifications: what became of a message, for each recipient (RFC 3464; addresses in UTF-8: RFC 6533), and the notices of
qmail, which are words of a form that a program can read (QSBMF, cr.yp.to/proto/qsbmf.txt).

Reads the machine part, message/delivery-status. Never raises: what is not there is None, what is no status is left out.
"""

from __future__ import annotations

import dataclasses
import re

from vaguemestre.protocols.report_fields import MAX_BYTES, MAX_GROUPS, Group, address, groups, message_id

ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
"""RFC 3464 2.3.3."""
_WORD = re.compile(r"[A-Za-z-]{1,40}")
_STATUS = re.compile(r"(?<![0-9.])[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")
_QMAIL = b"Hi. This is the qmail-send program at "
_BREAK = re.compile(rb"^--- Below this line is a copy of the message\.[ \t]*\r?\n", re.MULTILINE)
_BLANKS = re.compile(rb"\n[ \t\r]*\n")
_REFUSED = re.compile(rb"\s*<([^<>\r\n]{1,320})>:")


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


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Bounce:
    """A notice of qmail: `words`, for people; `copy`, the mail that it gives back, b"" where it gives none."""

    recipients: tuple[Recipient, ...]
    words: bytes
    copy: bytes

    def __repr__(self) -> str:
        return f"Bounce({len(self.recipients)} recipients)"


def bounced(data: bytes) -> Bounce | None:
    """The notice of qmail that the text of a mail is, None for any other text. Of one whose copy does not begin where it should, or that
    names no recipient, everything is words."""
    if not data.startswith(_QMAIL):
        return None
    found = _BREAK.search(data, 0, MAX_BYTES)
    words, copy = (data[: found.start()], data[found.end() :]) if found is not None else (data, b"")
    recipients = tuple(one for one in map(_refused, _BLANKS.split(words[:MAX_BYTES])[1 : MAX_GROUPS + 1]) if one is not None)
    if found is None or not recipients:
        return Bounce((), data, b"")
    return Bounce(recipients, words, copy.lstrip(b"\r\n"))


def _refused(paragraph: bytes) -> Recipient | None:
    """A paragraph that begins with an address and a colon, then says why in words of the server's own."""
    named = _REFUSED.match(paragraph)
    if named is None:
        return None
    status = _STATUS.search(paragraph[named.end() : named.end() + 2_000].decode("latin-1"))
    return Recipient(named[1].decode("utf-8", "replace"), "failed", status.group() if status else None)


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
