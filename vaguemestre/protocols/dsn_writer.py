"""Writes delivery status notifications (RFC 3464 in a multipart/report of RFC 6522; RFC 3461, 6; automatic by RFC 3834).

The words for people are French, then English. The machine part tells each recipient's action, status and the next hop's reply code, never
its words. The mail in question is given back whole only where its sender asked so and it failed (RFC 3461, 4.3), else its header alone.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import quopri
from collections.abc import Sequence
from email.utils import format_datetime

from vaguemestre.protocols.mime_header import header_facts

SUBJECTS = {
    "failed": "Message non remis / Undelivered mail",
    "delayed": "Message en attente / Delayed mail",
    "relayed": "Message transmis / Relayed mail",
    "delivered": "Message remis / Delivered mail",
}
_OPENING = {
    "failed": (
        "Votre message n'a pas pu être remis à ce destinataire. Aucun autre essai ne sera fait.",
        "Your message could not be delivered to this recipient. No other try will be made.",
    ),
    "delayed": (
        "Votre message n'a pas encore pu être remis à ce destinataire. Vous n'avez rien à faire : d'autres essais suivront.",
        "Your message could not be delivered to this recipient yet. You need not do anything: it will be tried again.",
    ),
    "relayed": (
        "Votre message a été accepté par l'opérateur de ce destinataire, qui ne donnera pas d'autre avis de remise.",
        "Your message was accepted by this recipient's operator, which will send no further delivery notice.",
    ),
    "delivered": (
        "Votre message a été remis dans la boîte de ce destinataire.",
        "Your message was delivered to this recipient's mailbox.",
    ),
}


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Told:
    """One recipient. `status`: of RFC 3463; `code`: the next hop's reply, None where none came; `words`: why, in French and English, or
    empty; `orcpt`: "type;address" as the sender wrote it, or "". `until`: when the last try will be made, of a delayed one."""

    address: str
    status: str
    code: int | None = None
    enhanced: str = ""
    host: str = ""
    orcpt: str = ""
    words: tuple[str, str] = ("", "")
    until: dt.datetime | None = None

    def __repr__(self) -> str:
        return f"<Told {self.status}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Notice:
    """`action`: failed, delayed, relayed or delivered, the same for all recipients. `hostname`, `domain`: ours. `to`: the envelope sender
    of the original. `token`: makes the Message-ID and the boundaries, letters and digits that are in no mail before."""

    action: str
    hostname: str
    domain: str
    to: str
    token: str
    at: dt.datetime
    arrived_at: dt.datetime
    recipients: Sequence[Told]
    original: bytes
    full: bool = False
    envid: str = ""
    original_message_id: str = ""

    def __repr__(self) -> str:
        return f"<Notice {self.action} of {len(self.recipients)}>"


def typed(address: str) -> str:
    """An address with its type (RFC 3464, 2.3.2); one outside ASCII in the ASCII form of RFC 6533, 3."""
    if address.isascii():
        return f"rfc822; {address}"
    return "utf-8; " + "".join(c if c.isascii() else f"\\x{{{ord(c):X}}}" for c in address)


def one_line(text: str, most: int = 500) -> str:
    return "".join(c for c in text if c.isprintable())[:most]


def _words(notice: Notice) -> bytes:
    lines: list[str] = []
    for place, opening in enumerate(_OPENING[notice.action]):
        lines += [opening, ""]
        for one in notice.recipients:
            lines.append(f"  <{one_line(one.address)}>")
            if one.words[place]:
                lines.append(f"    {one.words[place]}")
            if one.until is not None:
                lines.append(f"    {('Dernier essai :', 'Last try:')[place]} {one.until:%d/%m/%Y %H:%M} UTC")
        lines += ["", "-- " if place == 0 else ""]
    text = "\r\n".join(lines).encode("utf-8")
    return quopri.encodestring(text.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


def _status(notice: Notice) -> bytes:
    """The machine part."""
    lines = [f"Reporting-MTA: dns; {notice.hostname}", f"Arrival-Date: {format_datetime(notice.arrived_at)}"]
    if notice.envid:
        lines.insert(0, f"Original-Envelope-Id: {one_line(notice.envid)}")
    if notice.original_message_id:
        lines.append(f"X-Original-Message-ID: {one_line(notice.original_message_id, 900)}")
    for one in notice.recipients:
        lines.append("")
        if one.orcpt:
            kind, _, address = one.orcpt.partition(";")
            ascii_form = address if address.isascii() else typed(address).partition("; ")[2]
            lines.append(f"Original-Recipient: {one_line(kind)}; {one_line(ascii_form)}")
        lines += [f"Final-Recipient: {one_line(typed(one.address))}", f"Action: {notice.action}", f"Status: {one.status}"]
        if one.host:
            lines.append(f"Remote-MTA: dns; {one_line(one.host)}")
        if one.code is not None:
            lines.append(f"Diagnostic-Code: smtp; {one.code} {one.enhanced}".rstrip())
        if one.until is not None:
            lines.append(f"Will-Retry-Until: {format_datetime(one.until)}")
    return "\r\n".join([*lines, ""]).encode("ascii", "replace")


def _given_back(notice: Notice) -> tuple[str, bytes]:
    """The original as it is given back: its media type, its octets."""
    if notice.full and notice.action == "failed":
        return "message/rfc822", notice.original
    return "text/rfc822-headers", notice.original[: header_facts(notice.original).body].rstrip(b"\r\n") + b"\r\n"


def write(notice: Notice) -> bytes:
    """The whole mail, lines ended by CR LF. It is to be sent with the null sender (RFC 3464, 2)."""
    boundary = f"=_{notice.token}"
    kind, original = _given_back(notice)
    encoding = "7bit" if original.isascii() else "8bit"
    original_id = one_line(notice.original_message_id, 900)
    references = [f"References: {original_id}"] if original_id and original_id.isascii() else []
    header = [
        f"Date: {format_datetime(notice.at)}",
        f"From: Vaguemestre <postmaster@{notice.domain}>",
        f"To: <{one_line(notice.to)}>",
        f"Subject: {SUBJECTS[notice.action]}",
        f"Message-ID: <{notice.token}@{notice.hostname}>",
        *references,
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        *([f"Content-Transfer-Encoding: {encoding}"] if encoding == "8bit" else []),
    ]
    parts = [
        ("text/plain; charset=utf-8", "quoted-printable", _words(notice)),
        ("message/delivery-status", "7bit", _status(notice)),
        (kind, encoding, original),
    ]
    told = bytearray("\r\n".join([*header, "", ""]).encode("utf-8"))
    for type_, coding, content in parts:
        told += f"--{boundary}\r\nContent-Type: {type_}\r\nContent-Transfer-Encoding: {coding}\r\n\r\n".encode()
        told += content + (b"" if content.endswith(b"\r\n") else b"\r\n")
    told += f"--{boundary}--\r\n".encode()
    return bytes(told)
