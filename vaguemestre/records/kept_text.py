"""Text as both databases keep it: PostgreSQL refuses U+0000 in text and in JSON, and neither takes half of a surrogate pair.

Such a character, which no letter needs, is written as U+FFFD. What it looked like stays in the vault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_REFUSED = re.compile("[\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")
REPLACED = "\ufffd"


def kept(text: str) -> str:
    """The text with each character that cannot be kept as U+FFFD."""
    return _REFUSED.sub(REPLACED, text)


def in_utf8(text: str) -> bytes:
    """The same, as UTF-8: quick where nothing has to be replaced."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return kept(text).encode()
    return kept(text).encode() if b"\0" in data else data


def could_hold_refused(json: str) -> bool:
    """Whether JSON text could hold a character that cannot be kept: written as it is, or as an escape (those of a whole pair count too)."""
    if not json.isascii():
        try:
            json.encode()
        except UnicodeEncodeError:
            return True
    return "\\u" in json and _ESCAPED.search(json) is not None


def kept_value(value: Any) -> Any:
    """A value of JSON with each of its texts, the names included, as `kept`."""
    if isinstance(value, str):
        return kept(value)
    if isinstance(value, Mapping):
        return {kept_value(name): kept_value(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [kept_value(one) for one in value]
    return value
