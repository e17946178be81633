"""A message of ours for mailboxes of ours: it never leaves. It is kept by the same commit as what a peer sends, channel "local".

Handed over twice after a crash it is one delivery: the same bytes from the same sender by the same channel (`inbound.store`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from vaguemestre.domain.address import Address
from vaguemestre.domain.envelope import Notices
from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.mailbox import CLOSED, Box, unwilling
from vaguemestre.domain.outcome import Proceed
from vaguemestre.inbound.store import Incoming
from vaguemestre.outbound.deliver import Report, Told
from vaguemestre.pipeline import commit
from vaguemestre.protocols import replies
from vaguemestre.records.models import Mailbox, Outgoing, Recipient
from vaguemestre.vault.files import Vault


def _report(told: Told, reason: str) -> Report:
    if told is Told.DELIVERED:
        return Report(told, reason, relayed=True)
    reply = replies.rejection(reason) if told is Told.NEVER else replies.deferral(reason)
    return Report(told, reason, reply.code, reply.enhanced)


def _mailbox(address: str) -> Mailbox | None:
    try:
        compared = Address.parse(address).comparison
    except Unreadable:
        return None
    return Mailbox.objects.filter(address=compared).first() or Mailbox.objects.filter(aliases__address=compared).first()


def _unwilling(mailbox: Mailbox | None, size: int) -> Report | None:
    """Why a mailbox does not take the message now, or ever; None where it takes it."""
    if mailbox is None:
        return _report(Told.NEVER, "mailbox-unknown")
    why = unwilling(Box(mailbox.address, mailbox.state), size)
    if why is None:
        return None
    reason, ever = why
    return _report(Told.NEVER if ever or mailbox.state == CLOSED else Told.LATER, reason)


def hand_over(vault: Vault, message: Outgoing, recipients: Sequence[Recipient], now: dt.datetime) -> tuple[Report, ...]:
    """One report a recipient, in order. Raises OSError, `Damaged` or a database error, and then promises nothing."""
    found = [_mailbox(one.address) for one in recipients]
    refused = [_unwilling(one, message.size) for one in found]
    taken = [(one, box) for one, box, why in zip(recipients, found, refused, strict=True) if why is None and box is not None]
    if taken:
        incoming = Incoming(
            sha256=message.sha256,
            data=vault.read(message.sha256),
            message_id=message.message_id,
            channel="local",
            mail_from=message.mail_from,
            recipients=tuple(dict.fromkeys(box.address for _, box in taken)),
            received_at=now,
            peer="node",
            ret=message.ret,
            envid=message.envid,
            notices={box.address: Notices(one.notify, one.orcpt) for one, box in taken},
            utf8=message.utf8,
        )
        (kept,) = commit.receive(vault, [incoming])
        told = _report(Told.DELIVERED, "delivered-here") if isinstance(kept, Proceed) else _report(Told.LATER, "inner-failure")
        return tuple(why or told for why in refused)
    return tuple(why or _report(Told.LATER, "inner-failure") for why in refused)
