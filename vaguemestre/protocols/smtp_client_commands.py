"""Writes the commands of a transaction: MAIL and RCPT with the parameters that the peer offers, and the content.

RFC 5321 sections 4.1.1 and 4.5.2, SIZE (RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), DSN (RFC 3461 section 4, RFC 6533 section 3),
CHUNKING (RFC 3030). An address is checked whole before it stands in a command: nothing of it can end the line or the path.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from vaguemestre.domain.address import Address
from vaguemestre.domain.fault import Unreadable
from vaguemestre.protocols.smtp_client_replies import size_offered

_PLAIN = re.compile(r"[!-*,-<>-~]", re.ASCII)
_NOTIFY = frozenset({"SUCCESS", "FAILURE", "DELAY"})
_TYPE = re.compile(r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]{1,64}", re.ASCII)
ENVID_MOST, ORCPT_MOST = 100, 500
"""Characters as sent: RFC 3461 sections 4.4 and 4.2."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class To:
    """A recipient; `notify` and `orcpt` as `smtp_notices` reads them, "" where none."""

    address: str
    notify: str = ""
    orcpt: str = ""

    def __repr__(self) -> str:
        return "<To>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Transaction:
    """`data` with CR LF line ends, dots not stuffed; `sender` "" is the null sender."""

    sender: str
    recipients: tuple[To, ...]
    data: bytes
    ret: str = ""
    envid: str = ""
    utf8: bool = False
    eight_bit: bool = False

    def __repr__(self) -> str:
        return f"<Transaction of {len(self.data)} bytes for {len(self.recipients)}>"


@dataclasses.dataclass(frozen=True, slots=True)
class Impossible:
    """Why this message can never go: to this peer, or to any. `enhanced` of RFC 3463 and its registry."""

    reason: str
    enhanced: str


def spoken(address: str) -> bool:
    """Whether an address may stand in a path; "" is the null sender's."""
    if not address:
        return True
    try:
        Address.parse(address)
    except Unreadable:
        return False
    return True


def clean(data: bytes) -> bool:
    """Whether every line ends with CR LF and with nothing else: a lone CR or LF could be taken for an end of the content."""
    ends = data.count(b"\r\n")
    return data.count(b"\n") == ends and data.count(b"\r") == ends


def unsendable(one: Transaction, offered: Mapping[str, str]) -> Impossible | None:
    """What the peer, by what it offers, can never take; None where it can."""
    most = size_offered(offered)
    if most and len(one.data) > most:
        return Impossible("message-too-large", "5.3.4")
    if needs_utf8(one) and "SMTPUTF8" not in offered:
        return Impossible("smtputf8-not-offered", "5.6.7")
    if needs_eight_bit(one) and "8BITMIME" not in offered:
        return Impossible("8bitmime-not-offered", "5.6.3")
    return None


def needs_utf8(one: Transaction) -> bool:
    return one.utf8 or not one.sender.isascii() or not all(to.address.isascii() for to in one.recipients)


def needs_eight_bit(one: Transaction) -> bool:
    return one.eight_bit or not one.data.isascii()


def xtext(text: str) -> str | None:
    """RFC 3461 section 4; None for what is no printable ASCII."""
    if not text.isascii() or not text.isprintable():
        return None
    return "".join(c if _PLAIN.fullmatch(c) else f"+{ord(c):02X}" for c in text)


def _utf8_xtext(text: str) -> str:
    """RFC 6533 section 3, the form that stands in any conversation."""
    return "".join(c if _PLAIN.fullmatch(c) and c != "\\" else f"\\x{{{ord(c):02X}}}" for c in text)


def mail(one: Transaction, offered: Mapping[str, str]) -> bytes:
    """MAIL with what the peer offers. What cannot be said in a parameter is left out: a notice asked for never stops a message."""
    words = [f"MAIL FROM:<{one.sender}>"]
    if "SIZE" in offered:
        words.append(f"SIZE={len(one.data)}")
    if needs_eight_bit(one):
        words.append("BODY=8BITMIME")
    if needs_utf8(one):
        words.append("SMTPUTF8")
    if "DSN" in offered:
        if one.ret in {"FULL", "HDRS"}:
            words.append(f"RET={one.ret}")
        envid = xtext(one.envid) if one.envid else None
        if envid is not None and len(envid) <= ENVID_MOST:
            words.append(f"ENVID={envid}")
    return f"{' '.join(words)}\r\n".encode()


def rcpt(to: To, offered: Mapping[str, str]) -> bytes:
    """RCPT with what the peer offers."""
    words = [f"RCPT TO:<{to.address}>"]
    if "DSN" in offered:
        if to.notify == "NEVER" or (to.notify and _NOTIFY.issuperset(to.notify.split(","))):
            words.append(f"NOTIFY={to.notify}")
        kind, _, first = to.orcpt.partition(";")
        coded = _utf8_xtext(first) if kind == "utf-8" else xtext(first)
        if _TYPE.fullmatch(kind) and coded and len(kind) + 1 + len(coded) <= ORCPT_MOST:
            words.append(f"ORCPT={kind};{coded}")
    return f"{' '.join(words)}\r\n".encode()


def stuffed(data: bytes) -> bytes:
    """The content as DATA wants it: dots at the beginning of lines doubled, the end marked (RFC 5321 section 4.5.2)."""
    body = data.replace(b"\r\n.", b"\r\n..")
    return b"".join((b"." if body[:1] == b"." else b"", body, b"" if not body or body.endswith(b"\r\n") else b"\r\n", b".\r\n"))


def chunk(data: bytes) -> bytes:
    """The content as one chunk, the last (RFC 3030 section 2)."""
    return b"BDAT %d LAST\r\n%b" % (len(data), data)
