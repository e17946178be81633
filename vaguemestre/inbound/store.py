"""`store`: the last stage before 250. Which rows an accepted message becomes, decided without touching anything.

The same bytes from the same envelope sender to the same mailbox are one delivery: a peer that never heard our 250 sends again, and the
doctor must not see the letter twice. The transaction is counted and traced all the same.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping

from vaguemestre.domain.envelope import Notices
from vaguemestre.domain.outcome import Proceed, Reject

UNNAMED = "<{sha256}@none>"
MOST_INDEXED_BYTES = 2_500
"""Of a text in an index: PostgreSQL takes no entry past a third of its page."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Incoming:
    """A message about to be kept. `recipients` in comparison form; `message_id` the header as written, or None where absent.
    `ret`, `envid`, `notices`, `utf8`: as in `domain.envelope.Envelope`."""

    sha256: str
    data: bytes
    message_id: str | None
    channel: str
    mail_from: str
    recipients: tuple[str, ...]
    received_at: dt.datetime
    sender_trusted: bool = False
    peer_ip: str = ""
    peer_dn: str = ""
    peer: str = "cli"
    tls: str = ""
    file_name: str = ""
    ret: str = ""
    envid: str = ""
    notices: Mapping[str, Notices] = dataclasses.field(default_factory=dict)
    utf8: bool = False

    def __repr__(self) -> str:
        return f"<Incoming {self.channel} {len(self.data)} bytes>"


@dataclasses.dataclass(frozen=True, slots=True)
class Storing:
    """What is to be written: the message's row and the mailboxes that get a delivery (none when all had it already); `notices`: by
    mailbox, what its delivery's row keeps of them."""

    message: Mapping[str, object]
    mailboxes: tuple[int, ...]
    repeated: tuple[int, ...]
    notices: Mapping[int, Mapping[str, str]]


def _named(message_id: str) -> str:
    """A Message-ID as its column and its index hold it."""
    return message_id[:1000].encode("utf-8", "surrogatepass")[:MOST_INDEXED_BYTES].decode("utf-8", "ignore")


def decide(incoming: Incoming, mailboxes: Mapping[str, int], delivered: frozenset[int]) -> Proceed[Storing] | Reject:
    """`mailboxes`: row number by address for those recipients that exist; `delivered`: those that already got these same bytes by this
    channel from this sender. Rejects when no recipient exists any more."""
    wanted = dict.fromkeys(mailboxes[address] for address in incoming.recipients if address in mailboxes)
    if len(wanted) < len(set(incoming.recipients)):
        return Reject("mailbox-unknown")
    return Proceed(
        Storing(
            message={
                "sha256": incoming.sha256,
                "size": len(incoming.data),
                "message_id": _named(incoming.message_id or UNNAMED.format(sha256=incoming.sha256)),
                "channel": incoming.channel,
                "mail_from": incoming.mail_from[:320],
                "sender_trusted": incoming.sender_trusted,
                "peer_ip": incoming.peer_ip[:45],
                "peer_dn": incoming.peer_dn[:1000],
                "tls": incoming.tls[:100],
                "file_name": incoming.file_name[:1000],
                "dsn_ret": incoming.ret,
                "dsn_envid": incoming.envid,
                "smtp_utf8": incoming.utf8,
                "received_at": incoming.received_at,
            },
            mailboxes=tuple(m for m in wanted if m not in delivered),
            repeated=tuple(m for m in wanted if m in delivered),
            notices={mailboxes[who]: {"dsn_notify": asked.notify, "dsn_orcpt": asked.orcpt} for who, asked in incoming.notices.items()},
        )
    )
