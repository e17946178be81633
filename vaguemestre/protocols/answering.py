"""What a message says it answers: In-Reply-To and References (RFC 5322 section 3.6.4), and whether it is a report (RFC 6522 section 3).

Of a header block that `originator` has read: well formed, its lines ended by CR LF.
"""

from __future__ import annotations

import dataclasses
import re

from vaguemestre.protocols import mime_address
from vaguemestre.protocols.originator import HEADER_MOST

NAMED_MOST = 200
"""Message-IDs of one header that are looked at, the last ones: a thread's newest stand at the end of References."""

_FIELD = re.compile(rb"^(from|in-reply-to|references|content-type)[ \t]*:((?:[^\r]|\r\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_NAMED = re.compile(rb"<[^<>\s]{1,996}>")
_REPORT = re.compile(rb"\s*multipart/report\s*(?:;|$)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Answering:
    """`from_`: the addresses of From; `named`: the Message-IDs of In-Reply-To and References, with their brackets; `report`: whether it is
    a delivery status or a disposition notification."""

    from_: tuple[str, ...]
    named: tuple[str, ...]
    report: bool

    def __repr__(self) -> str:
        return f"<Answering {len(self.named)} named>"


def read(data: bytes) -> Answering:
    """From the bytes of a whole message. Raises `Unreadable` and `TooLarge` where the addresses of From have no single certain meaning."""
    end = data.find(b"\r\n\r\n", 0, HEADER_MOST)
    block = data[: end if end >= 0 else HEADER_MOST]
    found: dict[bytes, list[bytes]] = {b"from": [], b"in-reply-to": [], b"references": [], b"content-type": []}
    for field in _FIELD.finditer(block):
        found[field.group(1).lower()].append(field.group(2))
    raw = b" ".join(found[b"references"] + found[b"in-reply-to"])
    named = dict.fromkeys(name.decode("utf-8", "replace") for name in _NAMED.findall(raw)[-NAMED_MOST:])
    addresses = tuple(address for value in found[b"from"] for address in mime_address.addresses(value))
    report = len(found[b"content-type"]) == 1 and _REPORT.match(found[b"content-type"][0]) is not None
    return Answering(addresses, tuple(named), report)
