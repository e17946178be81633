"""What a stage decides. Outcomes are values, never booleans (promise 2): a stage's `decide` is pure and returns one of these."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Proceed(Generic[T]):
    """Go on, with what was learnt."""

    facts: T


@dataclasses.dataclass(frozen=True, slots=True)
class Defer:
    """Not now. `reason` is a key of `protocols.replies` or a stable kebab-case word; `delay` is how long to wait."""

    reason: str
    delay: dt.timedelta = dt.timedelta(0)


@dataclasses.dataclass(frozen=True, slots=True)
class Reject:
    """Never. `reason` is a key of `protocols.replies`."""

    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Review:
    """A person must decide. `reason` is a stable kebab-case word, `choices` the keys of what they may choose."""

    reason: str
    choices: tuple[str, ...] = ()
