"""Writes message disposition notifications (RFC 8098; automatic ones by RFC 3834): what a person did with a mail that asked for a receipt.

The words for people are French, then English, and never more than that the mail was displayed: not that it was read or understood. The
third part is the header of the mail in question (RFC 8098, 3, c).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import quopri
from email.utils import format_datetime

from vaguemestre.protocols.dsn_writer import one_line, typed
from vaguemestre.protocols.mime_header import header_facts

SUBJECT = "Accusé de lecture / Read receipt"
_SUBJECT = "=?utf-8?q?Accus=C3=A9_de_lecture_/_Read_receipt?="
_WORDS = (
    "Le message que vous avez envoyé à cette boîte y a été affiché. Rien ne dit qu'il a été lu ou compris.\n\n"
    "The message that you sent to this mailbox was displayed there. This is no proof that it was read or understood.\n"
)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Receipt:
    """`mailbox`: whose receipt it is; `to`: who asked for it; `orcpt`: "type;address" where the sender's server told it; `token`: letters
    and digits that are in no mail before; `original`: the octets of the mail in question."""

    hostname: str
    mailbox: str
    to: str
    token: str
    at: dt.datetime
    original: bytes
    message_id: str = ""
    orcpt: str = ""

    def __repr__(self) -> str:
        return "<Receipt>"


def write(receipt: Receipt) -> bytes:
    """The whole mail, lines ended by CR LF. It is to be sent with the null sender (RFC 8098, 3)."""
    boundary = f"=_{receipt.token}"
    original = receipt.original[: header_facts(receipt.original).body].rstrip(b"\r\n") + b"\r\n"
    encoding = "7bit" if original.isascii() else "8bit"
    message_id = one_line(receipt.message_id, 900)
    named = bool(message_id) and message_id.isascii()
    header = [
        f"Date: {format_datetime(receipt.at)}",
        f"From: <{one_line(receipt.mailbox)}>",
        f"To: <{one_line(receipt.to)}>",
        f"Subject: {_SUBJECT}",
        f"Message-ID: <{receipt.token}@{receipt.hostname}>",
        *([f"In-Reply-To: {message_id}", f"References: {message_id}"] if named else []),
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=disposition-notification; boundary="{boundary}"',
        *([f"Content-Transfer-Encoding: {encoding}"] if encoding == "8bit" else []),
    ]
    kind, _, address = receipt.orcpt.partition(";")
    fields = [
        f"Reporting-UA: {receipt.hostname}; Vaguemestre",
        *([f"Original-Recipient: {one_line(kind)}; {one_line(address)}"] if address and address.isascii() else []),
        f"Final-Recipient: {one_line(typed(receipt.mailbox))}",
        *([f"Original-Message-ID: {message_id}"] if named else []),
        "Disposition: manual-action/MDN-sent-manually; displayed",
        "",
    ]
    words = quopri.encodestring(_WORDS.encode()).replace(b"\n", b"\r\n")
    told = bytearray("\r\n".join([*header, "", ""]).encode("utf-8"))
    for type_, coding, content in (
        ("text/plain; charset=utf-8", "quoted-printable", words),
        ("message/disposition-notification", "7bit", "\r\n".join(fields).encode("ascii", "replace")),
        ("text/rfc822-headers", encoding, original),
    ):
        told += f"--{boundary}\r\nContent-Type: {type_}\r\nContent-Transfer-Encoding: {coding}\r\n\r\n".encode() + content
    told += f"--{boundary}--\r\n".encode()
    return bytes(told)
