"""The exchanges that professionals opened with patients (mssante.md 3): which message of which mailbox a patient may answer.

What sends calls `opened` for each patient that a message went to, and `closed` when a message ended the exchange
(`domain.patient_address.ends_exchange`); each with the mailbox that answers go to: that of Reply-To, where there is one. Both are called
in the transaction of the act. No trace tells the patient.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection

from vaguemestre.domain.event import Event
from vaguemestre.records import chain
from vaguemestre.records.mailboxes import PatientThread

MOST = 1_000
"""Characters of a Message-ID that are kept and compared."""


def opened(mailbox: int, address: str, message_id: str, now: dt.datetime) -> None:
    """The mailbox with this row number wrote to the patient `address` (comparison form): the patient may answer that message."""
    found, made = PatientThread.objects.get_or_create(
        mailbox_id=mailbox, address=address, message_id=message_id[:MOST], defaults={"opened_at": now}
    )
    if made:
        chain.append([Event(now, "patient-thread-opened", f"mailbox:{mailbox}", "node", f"thread {found.pk}")])


def closed(mailbox: int, address: str, now: dt.datetime) -> int:
    """The mailbox ended the exchange: the patient may answer none of its messages so far. Returns how many that were open."""
    count = PatientThread.objects.filter(mailbox_id=mailbox, address=address, closed_at=None).update(closed_at=now)
    if count:
        chain.append([Event(now, "patient-thread-closed", f"mailbox:{mailbox}", "node", f"{count} messages")])
    return count


def answerable(patient: str, mailboxes: Sequence[str], named: Sequence[str]) -> dict[str, bool]:
    """For each of these mailboxes (addresses) that sent one of the messages `named` to the patient: whether one of them may still be
    answered. All in comparison form, Message-IDs with their brackets."""
    if not mailboxes or not named:
        return {}
    boxes, names = (", ".join(["%s"] * len(many)) for many in (mailboxes, named))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.address, COUNT(*) - COUNT(t.closed_at) FROM records_patientthread t JOIN records_mailbox m ON m.id = t.mailbox_id"
            f" WHERE t.address = %s AND m.address IN ({boxes}) AND t.message_id IN ({names}) GROUP BY m.address",
            [patient, *mailboxes, *(name[:MOST] for name in named)],
        )
        return {address: bool(count) for address, count in cursor.fetchall()}
