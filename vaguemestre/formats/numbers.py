"""Numbers as laboratories write them in any format: a sign of comparison, digits, a comma or a point (formats.md 1.1 and 2.5).

Nothing is computed and no thousands are inferred: `2.920` is 2.920. Every pattern is bounded.
"""

from __future__ import annotations

import re

NUMBER = r"[-+]?(?:[0-9]{1,30}(?:[.,][0-9]{1,30})?|[.,][0-9]{1,30})"
"""A decimal, without groups."""
COMPARED = rf"(<=|>=|<|>|≤|≥)?\s*({NUMBER})"
"""A decimal behind its sign of comparison, if any: two groups, which `compared` reads."""
_SIGNS = {"≤": "<=", "≥": ">="}


def plain(text: str) -> str:
    """A matched number as the contract writes it: digits as written, a point, no plus sign."""
    return text.replace(",", ".").removeprefix("+")


def compared(match: re.Match[str]) -> tuple[str | None, str]:
    """(comparator, number) of what begins with `COMPARED`."""
    sign = match[1]
    return (_SIGNS.get(sign, sign) if sign else None), plain(match[2])
