"""First stage: may this peer speak, for this sender, to this mailbox, at this size? (mssante.md 1.3 to 1.5; requirements 4, 7, 8, 10, 12,
15, 19)

Every `decide_*` is pure: facts in, an outcome out, reasons from `protocols.replies`. The peer (`crypto.standing`) is decided when the
handshake is done and again at each MAIL, so that a certificate revoked or taken off the list is refused in a connection that goes on
or is resumed. A check that could not run did not pass (promise 3): it defers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.standing import Standing
from vaguemestre.crypto.trust_list import TrustSnapshot, domain_key
from vaguemestre.domain.address import folded
from vaguemestre.domain.envelope import Envelope, Peer
from vaguemestre.domain.mailbox import Box, unwilling
from vaguemestre.domain.outcome import Defer, Proceed, Reject


class Facts(Protocol):
    """What the door must know. Every method is called in the event loop: cheap, or answered from memory."""

    def trust(self) -> TrustSnapshot:
        """The list in force."""

    def revocation(self) -> Revocation:
        """The revocation lists in force."""

    def hosts(self, domain: str) -> bool:
        """Whether this domain (comparison form) is hosted here."""

    def mailbox(self, address: str) -> Box | None:
        """The mailbox that mail to this address or alias (comparison form) goes to; None where there is none."""

    def patients(self) -> str:
        """The domain of patients (comparison form), "" for none."""

    def answerable(self, patient: str, mailboxes: Sequence[str], named: Sequence[str]) -> Mapping[str, bool]:
        """As `inbound.answer.Threads`."""

    def now(self) -> dt.datetime:
        """Aware."""


class Keeper(Protocol):
    """What the door gives messages to."""

    async def keep(self, envelope: Envelope, data: bytes, message_id: str | None) -> Proceed[None] | Defer:
        """Returns once the bytes are fsynced in the vault and the rows committed (promise 1)."""

    def refused(self, peer: Peer | None, reason: str) -> None:
        """To be traced; must not block."""


def decide_sender(address: str, standing: Standing) -> Proceed[None] | Reject:
    """MAIL FROM: of the certificate's domains, or the null sender "" (RFC 5321 section 4.5.5; its From field is checked all the same)."""
    if not address:
        return Proceed(None)
    domain = domain_key(address.rpartition("@")[2])
    return Proceed(None) if domain is not None and domain in standing.domains else Reject("sender-domain")


def decide_size(declared: int, most: int, held: int, held_most: int) -> Proceed[None] | Defer | Reject:
    """SIZE= against the largest message and against what all connections together hold in memory (RFC 1870 section 6.1)."""
    if declared > most:
        return Reject("message-too-large")
    return Defer("insufficient-storage") if held + declared > held_most else Proceed(None)


def comparison(address: str) -> str | None:
    """The comparison form of a mail address: lower case, normal form C, domain in A-labels; None where its domain is none."""
    local, _, domain = address.rpartition("@")
    key = domain_key(domain)
    return f"{folded(local)}@{key}" if key is not None and local else None


def decide_recipient(
    address: str, hosts: Callable[[str], bool], mailbox: Callable[[str], Box | None], postmaster: str, size: int = 0
) -> Proceed[str] | Defer | Reject:
    """RCPT TO: a mailbox of ours that takes a message of `size` bytes (0: not declared), given back in comparison form, an alias as the
    mailbox it stands for. `postmaster`: the address that a bare <postmaster> means."""
    compared = comparison(postmaster if "@" not in address else address)
    if compared is None or not hosts(compared.rpartition("@")[2]):
        return Reject("no-relay")
    box = mailbox(compared)
    if box is None:
        return Reject("no-such-mailbox")
    why = unwilling(box, size)
    if why is None:
        return Proceed(box.address)
    return Reject(why[0]) if why[1] else Defer(why[0])
