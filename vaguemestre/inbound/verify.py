"""Second stage: does the message itself say it comes from whom the certificate proves? (mssante.md 1.3; requirements 8, 21)

One From field, every address of it within the certificate's domains, whatever the envelope's sender. A name that shows an address
of another domain of the trust space is refused too: it is the name that people read. An ordinary address there deceives nobody.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from vaguemestre.crypto.standing import Standing
from vaguemestre.crypto.trust_list import domain_key
from vaguemestre.domain.outcome import Proceed, Reject
from vaguemestre.protocols import originator


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Verified:
    """What the header gave on the way: the Message-ID as written, or None."""

    message_id: str | None

    def __repr__(self) -> str:
        return "<Verified>"


def decide_originator(data: bytes, standing: Standing, protected: Callable[[str], bool], utf8: bool = False) -> Proceed[Verified] | Reject:
    """From the bytes of a whole message. `protected`: whether a domain (comparison form) is of the trust space or hosted here; `utf8`:
    whether the message came with SMTPUTF8."""
    try:
        read = originator.read(data, utf8)
    except originator.Malformed as malformed:
        return Reject(malformed.reason)
    if any(domain_key(domain) not in standing.domains for domain in read.domains):
        return Reject("from-domain")
    shown = {key for domain in read.shown if (key := domain_key(domain)) is not None}
    if any(protected(domain) for domain in shown - standing.domains):
        return Reject("from-misleading")
    return Proceed(Verified(read.message_id))
