"""The values of DSN's parameters (RFC 3461 section 4, RFC 6533 section 3): what a sender asks of notices, read and decoded.

Each function takes what follows the `=`, None where nothing does, and gives the value or None where it is malformed. An `xtext` is
decoded once, here: what is kept is what the sender meant. Control characters are refused even when encoded (section 4.4: printable
ASCII before encoding): these values will one day be lines of a notice.
"""

from __future__ import annotations

import re

ENVID_MOST, ORCPT_MOST = 100, 500
"""Characters as sent: RFC 3461 sections 4.4 and 4.2."""

_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[2-7][0-9A-F])+", re.ASCII)
"""Section 4: `+` and two hexadecimal capitals stand for one octet, printable here."""
_ENCODED = re.compile(r"\+([0-9A-F]{2})", re.ASCII)
_UTF8 = re.compile(r"(?:[!-*,-<>-\[\]-~\x80-\U0010ffff]|\\x\{[0-9A-F]{2,6}\}|\+[2-7][0-9A-F])+", re.ASCII)
"""An address of type utf-8 (RFC 6533 section 3): in UTF-8 where the conversation is, or characters by their number, `\\x{E9}`."""
_NUMBERED = re.compile(r"\\x\{([0-9A-F]{2,6})\}|\+([0-9A-F]{2})", re.ASCII)
_TYPE = re.compile(r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]+", re.ASCII)
"""An address type is an atom (section 4.2); `=` cannot stand in a parameter's value."""
_REASONS = frozenset({"SUCCESS", "FAILURE", "DELAY"})


def _decoded(text: str) -> str | None:
    if not _XTEXT.fullmatch(text):
        return None
    value = _ENCODED.sub(lambda found: chr(int(found.group(1), 16)), text)
    return value if value.isprintable() else None


def _utf8_decoded(text: str) -> str | None:
    if not _UTF8.fullmatch(text):
        return None
    try:
        value = _NUMBERED.sub(lambda found: chr(int(found.group(1) or found.group(2), 16)), text)
    except (ValueError, OverflowError):
        return None
    return value if value.isprintable() else None


def ret(value: str | None) -> str | None:
    """FULL or HDRS (section 4.3)."""
    word = (value or "").upper()
    return word if word in {"FULL", "HDRS"} else None


def envid(value: str | None) -> str | None:
    """The sender's own name for the transaction, decoded (section 4.4)."""
    return _decoded(value) if value is not None and len(value) <= ENVID_MOST else None


def notify(value: str | None) -> str | None:
    """`NEVER`, or some of SUCCESS, FAILURE and DELAY (section 4.1): in capitals, each once, in the order said."""
    words = list(dict.fromkeys((value or "").upper().split(",")))
    return ",".join(words) if words == ["NEVER"] or _REASONS.issuperset(words) else None


def orcpt(value: str | None) -> str | None:
    """`type;address`, whom the message was first meant for (section 4.2): the type in small letters, the address decoded."""
    if value is None or len(value) > ORCPT_MOST:
        return None
    kind, semicolon, coded = value.partition(";")
    address = _utf8_decoded(coded) if kind.lower() == "utf-8" else _decoded(coded)
    return f"{kind.lower()};{address}" if semicolon and _TYPE.fullmatch(kind) and address is not None else None
