"""A message that is submitted, made fit to be sent (RFC 6409, 8; RFC 5321, 4.4 and 6.3): ended lines, the fields that it lacks, our trace
field and our loop mark; blind copies' names are taken out (RFC 5322, 3.6.3). What it says is never touched.

Known weakness: a line that is no field ends the header for this module; what follows is left as it is.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from email.utils import format_datetime

from vaguemestre.protocols.mime_header import header_facts

HOPS_MOST = 30
"""Received fields of a message before it is taken for a loop."""
_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)
_DATE = re.compile(rb"^date[ \t]*:", re.IGNORECASE | re.MULTILINE)
_BLIND = re.compile(rb"^(?:resent-)?bcc[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE)
_LOOP = re.compile(rb"^x-loop[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_BARE = re.compile(rb"\r\n|\r|\n")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Prepared:
    """`data`: as it will be sent. `message_id`: as written, or the one it was given. `eight_bit`: octets above 127 anywhere; `utf8`: in
    its header, so that it needs SMTPUTF8 (RFC 6531, 3.1)."""

    data: bytes
    message_id: str
    eight_bit: bool
    utf8: bool

    def __repr__(self) -> str:
        return f"<Prepared {len(self.data)} bytes>"


def loops(data: bytes, hostname: str) -> bool:
    """Whether a message went round: too many hops, or it bears the mark of this very host, which has sent it before."""
    header = data[: header_facts(data).body]
    marks = {value.strip().lower() for value in _LOOP.findall(header)}
    return len(_RECEIVED.findall(header)) >= HOPS_MOST or hostname.encode().lower() in marks


def prepare(data: bytes, hostname: str, origin: str, token: str, at: dt.datetime) -> Prepared:
    """`origin`: how it came to us, a word; `token`: letters and digits that were given to no message before."""
    whole = _BARE.sub(b"\r\n", data)
    facts = header_facts(whole)
    header, body = whole[: facts.body], whole[facts.body :]
    header = _BLIND.sub(b"", header)
    added = [
        f"Received: by {hostname} with {origin} id {token}; {format_datetime(at)}",
        f"X-Loop: {hostname}",
    ]
    message_id = facts.message_id
    if message_id is None:
        message_id = f"<{token}@{hostname}>"
        added.append(f"Message-ID: {message_id}")
    if not _DATE.search(header):
        added.append(f"Date: {format_datetime(at)}")
    sent = "\r\n".join([*added, ""]).encode("ascii") + header + body
    if not sent.endswith(b"\r\n"):
        sent += b"\r\n"
    return Prepared(sent, message_id, not sent.isascii(), not header.isascii())
