"""What an account may see (promise 9). Every query of the screens starts here.

The list of received documents is that of the account's own mailboxes. A chart belongs to the practice: a document filed in it is seen by
every clinical account of the practice, whichever of its mailboxes received it. An admin, or an account that was closed,
sees nothing; nobody sees what a suspended or closed mailbox holds.
"""

from __future__ import annotations

import dataclasses

from django.db.models import Q, QuerySet

from vaguemestre.domain.mailbox import ACTIVE
from vaguemestre.records.accounts import Account
from vaguemestre.records.documents import Document, Result
from vaguemestre.records.mailboxes import Mailbox, Practice
from vaguemestre.records.messages import Message
from vaguemestre.records.patients import Patient


@dataclasses.dataclass(frozen=True, slots=True)
class Visible:
    """Row numbers of what the account belongs to; the querysets below hold what it may see and nothing else."""

    account: int
    mailbox_ids: tuple[int, ...]
    practice_ids: tuple[int, ...]

    @property
    def mailboxes(self) -> QuerySet[Mailbox]:
        return Mailbox.objects.filter(pk__in=self.mailbox_ids)

    @property
    def practices(self) -> QuerySet[Practice]:
        return Practice.objects.filter(pk__in=self.practice_ids)

    @property
    def documents(self) -> QuerySet[Document]:
        return Document.objects.filter(Q(mailbox__in=self.mailbox_ids) | Q(practice__in=self.practice_ids, decision="filed"))

    @property
    def messages(self) -> QuerySet[Message]:
        return Message.objects.filter(delivery__mailbox__in=self.mailbox_ids).distinct()

    @property
    def patients(self) -> QuerySet[Patient]:
        return Patient.objects.filter(practice__in=self.practice_ids)

    @property
    def results(self) -> QuerySet[Result]:
        """The results in the charts of the account's practices."""
        return Result.objects.filter(patient__practice__in=self.practice_ids)


NOTHING = Visible(0, (), ())


def visible(account: Account) -> Visible:
    """What this account may see, read anew at each request: a change of role or mailbox holds at once."""
    if not account.clinical:
        return dataclasses.replace(NOTHING, account=account.pk)
    rows = list(account.mailboxes.filter(state=ACTIVE).order_by("pk").values_list("pk", "practice_id"))
    return Visible(account.pk, tuple(pk for pk, _ in rows), tuple(dict.fromkeys(practice for _, practice in rows)))
