"""The grammar of SMTP commands: RFC 5321 sections 4.1.1 and 4.1.2, SIZE (RFC 1870), 8BITMIME (RFC 6152).

A line in, a value or the reason of its refusal out. Stricter than the RFC where a peer operator never needs the rest: no source
routes, no blanks inside a path. A reason is a key of `replies.TABLE`.
"""

from __future__ import annotations

import dataclasses
import re

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])+")'
_PATH = re.compile(rf"<(?:({_LOCAL})@({_LABEL}(?:\.{_LABEL})*))?>", re.ASCII)
_CUT = re.compile(r'<(?:[^">]|"(?:[^"\\]|\\.)*")*+>', re.DOTALL)
"""From an angle bracket to the first closing one that no quotes hold."""
_POSTMASTER = re.compile("<postmaster>", re.IGNORECASE | re.ASCII)
_HELLO = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}", re.ASCII)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e]+))?", re.ASCII)

LOCAL_MOST, PATH_MOST = 64, 254
"""Octets: RFC 5321 section 4.5.3.1.1; section 4.5.3.1.3 without the angle brackets."""
SIZE_DIGITS = 20
"""RFC 1870 section 4: a size has at most 20 digits."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sender:
    """MAIL: `address` is "" for the null sender; `size` what SIZE= declares, 0 when absent; `body` 7BIT or 8BITMIME."""

    address: str
    size: int = 0
    body: str = "7BIT"

    def __repr__(self) -> str:
        return f"<Sender size={self.size}>"


@dataclasses.dataclass(frozen=True, slots=True)
class Recipient:
    """RCPT: `address` as written, or `postmaster` alone (RFC 5321 section 4.5.1)."""

    address: str

    def __repr__(self) -> str:
        return "<Recipient>"


@dataclasses.dataclass(frozen=True, slots=True)
class Wrong:
    reason: str


def hello(argument: str) -> str | None:
    """The name of the peer, or None where it is neither a domain nor an address literal."""
    return argument if _HELLO.fullmatch(argument) else None


def _path(argument: str, keyword: str) -> tuple[str, str] | None:
    """What follows `FROM:` or `TO:` cut into path and parameters. One blank after the colon is borne: many clients write it."""
    if argument[: len(keyword)].upper() != keyword:
        return None
    rest = argument[len(keyword) :].removeprefix(" ")
    found = _CUT.match(rest)
    if found is None:
        return None
    tail = rest[found.end() :]
    return (found.group(), tail[1:]) if not tail or tail[0] == " " else None


def _address(path: str) -> str | None:
    """The address in a path, "" for `<>`, None where it is malformed or too long."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    local, domain = found.groups()
    if local is None:
        return ""
    if len(local) > LOCAL_MOST or len(path) - 2 > PATH_MOST:
        return None
    return f"{local}@{domain}"


def sender(argument: str) -> Sender | Wrong:
    """MAIL FROM:<address> [SIZE=n] [BODY=7BIT|8BITMIME]."""
    cut = _path(argument, "FROM:")
    if cut is None:
        return Wrong("bad-sender-syntax")
    address = _address(cut[0])
    if address is None:
        return Wrong("bad-sender-syntax")
    size, body = 0, "7BIT"
    seen: set[str] = set()
    for word in cut[1].split():
        found = _PARAMETER.fullmatch(word)
        if found is None:
            return Wrong("syntax")
        name, value = found.group(1).upper(), found.group(2)
        if name in seen:
            return Wrong("syntax")
        seen.add(name)
        if name == "SIZE":
            if value is None or not value.isdigit() or len(value) > SIZE_DIGITS:
                return Wrong("syntax")
            size = int(value)
        elif name == "BODY":
            if value is None or value.upper() not in {"7BIT", "8BITMIME"}:
                return Wrong("syntax")
            body = value.upper()
        else:
            return Wrong("unknown-parameter")
    return Sender(address, size, body)


def recipient(argument: str) -> Recipient | Wrong:
    """RCPT TO:<address>; no parameter is offered yet."""
    cut = _path(argument, "TO:")
    if cut is None:
        return Wrong("bad-recipient-syntax")
    if _POSTMASTER.fullmatch(cut[0]):
        address: str | None = "postmaster"
    else:
        address = _address(cut[0])
    if not address:
        return Wrong("bad-recipient-syntax")
    if cut[1].split():
        return Wrong("unknown-parameter")
    return Recipient(address)
