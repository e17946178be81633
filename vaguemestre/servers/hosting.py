"""Which domains and mailboxes are ours, for the door: RFC 5321 section 3.6.2 (no relaying) and mssante.md 1.5, 1.8 and 3.

What is there is believed for a second, since each recipient of each message asks; the transaction that keeps a message looks again.
What is not there is looked for each time. The domain of patients is never hosted here, whatever the rows say.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

from vaguemestre.crypto.trust_list import domain_key
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.mailbox import ACTIVE, Box

MAILBOX_S = 1.0
MAILBOXES_MOST = 10_000
_BOX = (
    "SELECT m.address, m.state, m.quota, (SELECT COALESCE(SUM(f.octets), 0) FROM records_folder f WHERE f.mailbox_id = m.id)"
    " FROM records_mailbox m WHERE m.{}"
)
_OWN = _BOX.format("address = %s")
_ALIAS = _BOX.format("id = (SELECT a.mailbox_id FROM records_mailboxalias a WHERE a.address = %s)")
_DOMAINS = "SELECT name, state FROM records_hosteddomain"

Rows = Callable[[str, Sequence[str] | None], list[tuple[Any, ...]]]


class Hosting:
    """Reads on the caller's thread by `rows`: an answer is at most two indexed look-ups."""

    def __init__(self, configuration: Configuration, rows: Rows) -> None:
        self._rows = rows
        self._first = domain_key(configuration.text("server", "domain")) or ""
        self.patients = domain_key(configuration.text("patients", "domain")) or ""
        self._quota = configuration.number("mailboxes", "quota_bytes")
        self._domains: dict[str, str] = {}
        self._domains_until = 0.0
        self._boxes: dict[str, tuple[float, Box]] = {}

    def hosts(self, domain: str) -> bool:
        """Whether this domain (comparison form) is ours, suspended or not."""
        return domain != self.patients and domain in self._states()

    def mailbox(self, address: str) -> Box | None:
        """The mailbox that mail to this address or alias goes to; None where there is none."""
        now = time.monotonic()
        until, known = self._boxes.get(address, (0.0, None))
        if known is not None and until > now:
            return known
        rows = self._rows(_OWN, [address]) or self._rows(_ALIAS, [address])
        if not rows:
            return None
        own, state, quota, used = rows[0]
        box = Box(own, state, quota or self._quota, int(used))
        if state == ACTIVE and not all(self._active(one) for one in (address, own)):
            box = dataclasses.replace(box, state="domain-suspended")
        if len(self._boxes) >= MAILBOXES_MOST:
            self._boxes.clear()
        self._boxes[address] = now + MAILBOX_S, box
        return box

    def _active(self, address: str) -> bool:
        return self._states().get(address.rpartition("@")[2]) == ACTIVE

    def _states(self) -> dict[str, str]:
        now = time.monotonic()
        if self._domains_until <= now:
            self._domains = {self._first: ACTIVE} | dict(self._rows(_DOMAINS, None))
            self._domains_until = now + MAILBOX_S
        return self._domains
