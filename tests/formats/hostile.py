"""What every reader owes to a hostile file: a declared fault or a reading, in bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable

from vaguemestre.domain.fault import Fault

SECONDS = 5.0
"""Of CPU for one file, on a shared machine; the pipeline gives ten."""


def within_bounds(reader: Callable[[bytes], object], data: bytes, seconds: float = SECONDS) -> object | None:
    """What the reader gives, None where it refuses as declared. Fails where it takes too long; lets any other error through."""
    began = time.process_time()
    try:
        found = reader(data)
    except Fault as fault:
        assert fault.detail.endswith("."), "a fault says why, in a sentence"
        found = None
    spent = time.process_time() - began
    assert spent < seconds, f"{spent:.1f} s"
    return found


def cut_everywhere(reader: Callable[[bytes], object], data: bytes, most: int = 400) -> None:
    """The file cut at every octet, or at `most` of them."""
    step = max(1, len(data) // most)
    for end in range(0, len(data), step):
        within_bounds(reader, data[:end])
