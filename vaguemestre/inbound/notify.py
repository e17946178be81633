"""`notify`: how grave a document's results are, so that the list marks it (promise 10: `HH LL AA` are marked).

Flags are the sender's own (HL7 table 0078 as HPRIM and CDA use it); nothing is computed from values and bounds here.
"""

from __future__ import annotations

from collections.abc import Iterable

GRAVITY = ("AA", "HH", "LL", "A", "H", "L")
"""Gravest first. AA: panic value. A: abnormal without direction."""


def gravest(flags: Iterable[str | None]) -> str:
    """The gravest of the flags, each possibly several joined by a blank; "" where none is abnormal."""
    seen = {word for flag in flags if flag for word in flag.upper().split()}
    return next((flag for flag in GRAVITY if flag in seen), "")
