"""Message disposition notifications: what a recipient, or their software, did with a message (RFC 8098).

Reads the machine part, message/disposition-notification. The French space writes a failed integration as the modifier
`error: <code>^<libellé>` (mssante.md 2.5); the field Error of RFC 8098 3.2.7 is taken where the modifier tells nothing more. Never raises:
what is not there is None.
"""

from __future__ import annotations

import dataclasses
import re

from vaguemestre.protocols.report_fields import Group, address, groups, message_id

TYPES = frozenset({"displayed", "deleted", "dispatched", "processed", "denied", "failed"})
"""RFC 8098 3.2.6.2, and those of RFC 3798 and 2298 that old software still sends."""
MAX_LABEL = 500
_DISPOSITION = re.compile(r"(?:[^;]{0,200};)?\s*([A-Za-z-]{1,40})\s*(?:/\s*(.{0,1000}))?", re.DOTALL)
_ERROR = re.compile(r"\s*(error|failure)\b\s*[:,]?\s*(.*)", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"\s*([A-Za-z0-9._-]{1,40})\s*(?:\^(.*)|\Z)", re.DOTALL)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Disposition:
    """`recipient`: Final-Recipient, else Original-Recipient. `type`: in lower case, one of TYPES where the sender kept to them. `failed`:
    the modifier says an error; `code` and `label` are then what it tells."""

    original_message_id: str | None
    recipient: str | None
    type: str | None
    failed: bool = False
    code: str | None = None
    label: str | None = None

    def __repr__(self) -> str:
        return f"Disposition(type={self.type!r}, failed={self.failed})"


def looks(data: bytes) -> bool:
    """Whether a part that does not say its type bears the fields of a disposition."""
    return any("disposition" in g for g in groups(data)) and any("final-recipient" in g or "original-message-id" in g for g in groups(data))


def read(data: bytes) -> Disposition:
    """The content of a message/disposition-notification, without its transfer encoding. A blank line within it parts nothing."""
    told: Group = {}
    for group in reversed(groups(data)):
        told |= group
    match = _DISPOSITION.match(told.get("disposition", ""))
    kind = match.group(1).lower() if match else None
    error = _ERROR.match(match.group(2)) if match is not None and match.group(2) else None
    failed = error is not None or kind == "failed"
    words = (error.group(2).strip() if error is not None else "") or (told.get("error") or told.get("failure") or "" if failed else "")
    code = _CODE.match(words)
    label = (code.group(2) or "" if code is not None else words).strip()
    return Disposition(
        original_message_id=message_id(told.get("original-message-id")),
        recipient=address(told, "final-recipient") or address(told, "original-recipient"),
        type=kind,
        failed=failed,
        code=code.group(1) if code is not None else None,
        label=label[:MAX_LABEL] or None,
    )
