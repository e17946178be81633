"""The grammar of SMTP commands: RFC 5321 sections 4.1.1 and 4.1.2, SIZE (RFC 1870), 8BITMIME (RFC 6152),
CHUNKING (RFC 3030), DSN (RFC 3461), SMTPUTF8 (RFC 6531).

A line in, a value or the reason of its refusal out. Stricter than the RFC where a peer operator never needs the rest: no source
routes, no blanks inside a path. A reason is a key of `replies.TABLE`. The values of DSN's parameters are read in `smtp_notices`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection

from vaguemestre.domain import address as addresses
from vaguemestre.protocols import smtp_notices

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])+")'
_PATH = re.compile(rf"<(?:({_LOCAL})@({_LABEL}(?:\.{_LABEL})*))?>", re.ASCII)
_UTF8_PATH = re.compile(
    r"<((?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\U0010ffff-]+|\"(?:[ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])+\"))@([^\x00-,/:-@\[-`{-\x7f]+)>"
)
"""RFC 6531 section 3.3; the dots of the local part and the labels are looked at apart."""
_CUT = re.compile(r'<(?:[^">]|"(?:[^"\\]|\\.)*")*+>', re.DOTALL)
"""From an angle bracket to the first closing one that no quotes hold."""
_POSTMASTER = re.compile("<postmaster>", re.IGNORECASE | re.ASCII)
_HELLO = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}", re.ASCII)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\x80-\U0010ffff]+))?", re.ASCII)

LOCAL_MOST, PATH_MOST = 64, 254
"""Octets: RFC 5321 section 4.5.3.1.1; section 4.5.3.1.3 without the angle brackets."""
_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
"""RFC 1870 section 4: a size has at most 20 digits."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sender:
    """MAIL: `address` is "" for the null sender; `size` what SIZE= declares, 0 when absent; `body` 7BIT or 8BITMIME; `ret` FULL, HDRS or
    ""; `envid` decoded, "" when absent; `utf8` where SMTPUTF8 was said. The domain of an address outside ASCII is in A-labels."""

    address: str
    size: int = 0
    body: str = "7BIT"
    ret: str = ""
    envid: str = ""
    utf8: bool = False

    def __repr__(self) -> str:
        return f"<Sender size={self.size}>"


@dataclasses.dataclass(frozen=True, slots=True)
class Recipient:
    """RCPT: `address` as written, or `postmaster` alone (RFC 5321 section 4.5.1); `notify` and `orcpt` as `smtp_notices` gives them, ""
    when absent."""

    address: str
    notify: str = ""
    orcpt: str = ""

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
    if not path.isascii():
        return _utf8_address(path)
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    local, domain = found.groups()
    if local is None:
        return ""
    if len(local) > LOCAL_MOST or len(path) - 2 > PATH_MOST:
        return None
    return f"{local}@{domain}"


def _utf8_address(path: str) -> str | None:
    """An address outside ASCII: normal form C, the domain in A-labels."""
    found = _UTF8_PATH.fullmatch(path)
    if found is None or not path.isprintable():
        return None
    local, domain = found.groups()
    if not local.startswith('"') and "" in local.split("."):
        return None
    exact = addresses.exact(local, domain)
    if exact is None or len(exact[0].encode()) > LOCAL_MOST or len(path.encode()) - 2 > PATH_MOST:
        return None
    return f"{exact[0]}@{exact[1]}" if len(f"{exact[0]}@{exact[1]}".encode()) <= PATH_MOST else None


def _parameters(text: str, known: Collection[str]) -> dict[str, str | None] | Wrong:
    """The parameters of MAIL or RCPT by name in capitals; one that is said twice is refused."""
    found: dict[str, str | None] = {}
    for word in text.split():
        match = _PARAMETER.fullmatch(word)
        name = match.group(1).upper() if match is not None else ""
        if match is None or name in found:
            return Wrong("syntax")
        if name not in known:
            return Wrong("unknown-parameter")
        if not word.isascii() and name != "ORCPT":
            return Wrong("syntax")
        found[name] = match.group(2)
    return found


def sender(argument: str) -> Sender | Wrong:
    """MAIL FROM:<address> [SIZE=n] [BODY=7BIT|8BITMIME] [RET=FULL|HDRS] [ENVID=xtext] [SMTPUTF8]."""
    cut = _path(argument, "FROM:")
    if cut is None:
        return Wrong("bad-sender-syntax")
    address = _address(cut[0])
    if address is None:
        return Wrong("bad-sender-syntax")
    if not cut[1]:
        return Sender(address) if argument.isascii() else Wrong("sender-not-ascii")
    given = _parameters(cut[1], {"SIZE", "BODY", "RET", "ENVID", "SMTPUTF8"})
    if isinstance(given, Wrong):
        return given
    size = _size(given["SIZE"]) if "SIZE" in given else 0
    utf8 = "SMTPUTF8" in given
    # RFC 6531 section 3.6: what is in UTF-8 is 8BITMIME.
    body = (given["BODY"] or "").upper() if "BODY" in given else "8BITMIME" if utf8 else "7BIT"
    ret = smtp_notices.ret(given["RET"]) if "RET" in given else ""
    envid = smtp_notices.envid(given["ENVID"]) if "ENVID" in given else ""
    if size is None or body not in {"7BIT", "8BITMIME"} or ret is None or envid is None or given.get("SMTPUTF8"):
        return Wrong("syntax")
    if not (utf8 or argument.isascii()):
        return Wrong("sender-not-ascii")
    return Sender(address, size, body, ret, envid, utf8)


def _size(value: str | None) -> int | None:
    return int(value) if value is not None and _DIGITS.fullmatch(value) else None


def recipient(argument: str, utf8: bool = False) -> Recipient | Wrong:
    """RCPT TO:<address> [NOTIFY=NEVER|SUCCESS,FAILURE,DELAY] [ORCPT=type;xtext]; `utf8`: MAIL said SMTPUTF8."""
    cut = _path(argument, "TO:")
    if cut is None:
        return Wrong("bad-recipient-syntax")
    if _POSTMASTER.fullmatch(cut[0]):
        address: str | None = "postmaster"
    else:
        address = _address(cut[0])
    if not address:
        return Wrong("bad-recipient-syntax")
    if not (utf8 or argument.isascii()):
        return Wrong("recipient-not-ascii")
    if not cut[1]:
        return Recipient(address)
    given = _parameters(cut[1], {"NOTIFY", "ORCPT"})
    if isinstance(given, Wrong):
        return given
    notify = smtp_notices.notify(given["NOTIFY"]) if "NOTIFY" in given else ""
    orcpt = smtp_notices.orcpt(given["ORCPT"]) if "ORCPT" in given else ""
    if notify is None or orcpt is None:
        return Wrong("syntax")
    return Recipient(address, notify, orcpt)


def verified(argument: str) -> str | None:
    """Why VRFY name [SMTPUTF8] cannot be answered, or None (RFC 6531 section 3.7.4.2)."""
    if not argument:
        return "syntax"
    return None if argument.isascii() or argument.endswith(" SMTPUTF8") else "recipient-not-ascii"


def chunk(argument: str) -> tuple[int, bool] | Wrong:
    """BDAT size [LAST]: octets of the chunk, and whether it is the last (RFC 3030 section 2)."""
    count, _, word = argument.partition(" ")
    size = _size(count)
    if size is None or word.strip(" ").upper() not in {"", "LAST"}:
        return Wrong("chunk-syntax")
    return size, bool(word)
