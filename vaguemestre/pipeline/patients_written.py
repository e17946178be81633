"""A message of ours to patients opens the exchange that they may answer, or ends it (mssante.md 3): noted in the commit that queues it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from vaguemestre.domain.address import Address
from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.patient_address import ends_exchange
from vaguemestre.protocols import mime
from vaguemestre.protocols.mime_address import addresses
from vaguemestre.protocols.mime_header import decoded, header_facts
from vaguemestre.records import patient_threads
from vaguemestre.records.models import Mailbox


def note(sender: int, header: bytes, message_id: str, patients: Iterable[str], now: dt.datetime) -> None:
    """`sender`: the row of the mailbox; `header`: the message, of which its header block is read; `patients`: addresses as written."""
    written = [Address.parse(one).comparison for one in patients]
    if not written:
        return
    top = mime.parse(header[: header_facts(header).body])
    mailbox = _answers_go_to(top.raw(b"reply-to")) or sender
    ends = ends_exchange(decoded(top.raw(b"subject") or b""), decoded(top.raw(b"x-mss-mes") or b""))
    for patient in written:
        if ends:
            patient_threads.closed(mailbox, patient, now)
        else:
            patient_threads.opened(mailbox, patient, message_id, now)


def _answers_go_to(reply_to: bytes | None) -> int | None:
    """The row of the mailbox of ours that Reply-To names, None where it names none."""
    for one in addresses(reply_to) if reply_to else []:
        try:
            found = Mailbox.objects.filter(address=Address.parse(one).comparison).first()
        except Unreadable:
            continue
        if found is not None:
            return found.pk
    return None
