"""The trace chain: each event's link is an HMAC-SHA-256 over the previous link and the event's fields (promise 6).

Fields are length-prefixed before they are signed, so that no two different events give the same bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from collections.abc import Iterable, Iterator

START = "0" * 64


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """One event of the chain as kept: `link` is 64 hex digits."""

    sequence: int
    at: str
    event: str
    object: str
    actor: str
    result: str
    link: str


def link(key: bytes, previous: str, sequence: int, at: str, event: str, object_: str, actor: str, result: str) -> str:
    """The link (64 hex digits) of an event that follows `previous`."""
    fields = (previous, str(sequence), at, event, object_, actor, result)
    encoded = [field.encode() for field in fields]
    material = b"".join(b"%d:%b," % (len(field), field) for field in encoded)
    return hmac.new(key, material, hashlib.sha256).hexdigest()


def seal(key: bytes, count: int, head: str) -> str:
    """What vouches for a published head (64 hex digits): without the key, nobody can publish an earlier one than was ever published."""
    return hmac.new(key, b"head %d %b" % (count, head.encode()), hashlib.sha256).hexdigest()


def faults(key: bytes, links: Iterable[Link], count: int, head: str, published: tuple[int, str] | None) -> Iterator[str]:
    """One sentence a fault, in order. `count` and `head` are the chain's own; `published` is what `trace.head` says, which may be
    behind the chain and never ahead of it; None where that file is absent or unreadable."""
    previous, expected = START, 1
    at_published = START if published is not None and published[0] == 0 else None
    for one in links:
        if one.sequence != expected:
            what = "is missing" if one.sequence > expected else "is out of order"
            yield f"trace: event {expected if one.sequence > expected else one.sequence} {what}"
            expected = one.sequence
        computed = link(key, previous, one.sequence, one.at, one.event, one.object, one.actor, one.result)
        if not hmac.compare_digest(computed, one.link):
            yield f"trace: event {one.sequence} does not follow from the one before it (changed, inserted or moved)"
        previous = one.link
        if published is not None and one.sequence == published[0]:
            at_published = one.link
        expected += 1
    if expected - 1 != count or not hmac.compare_digest(previous, head or START):
        yield f"trace: the chain ends at event {expected - 1} and its head says {count}"
    if published is None:
        if count:
            yield "trace: trace.head is absent or unreadable"
    elif published[0] > count:
        yield f"trace: events {count + 1} to {published[0]} were removed (trace.head is ahead of the chain)"
    elif at_published is None or not hmac.compare_digest(at_published, published[1]):
        yield f"trace: event {published[0]} is not the one that trace.head names"
