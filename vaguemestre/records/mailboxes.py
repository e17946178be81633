"""Practices and their mailboxes, the domains that are hosted; folders with UID, UIDVALIDITY, flags and MODSEQ (RFC 9051 2.3.1.1, RFC 7162),
which IMAP and web share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models

from vaguemestre.domain.fault import Refused
from vaguemestre.domain.mailbox import ACTIVE, UNCHANGING


class Practice(models.Model):
    """A patient base, shared by its mailboxes. `revision` grows whenever charts, known senders or bans change: a match made under
    an older revision is made again before it is filed."""

    name = models.CharField(max_length=200, unique=True)
    revision = models.BigIntegerField(default=0)

    class Meta:
        app_label = "records"

    def __repr__(self) -> str:
        return f"<Practice {self.pk}>"


class HostedDomain(models.Model):
    """A mail domain that this operator hosts, in comparison form; `state` active or suspended. `server.domain`, the first one, is hosted
    also without a row: the row is made when there is something to keep about it."""

    name = models.CharField(max_length=253, unique=True)
    state = models.CharField(max_length=9, default=ACTIVE)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "records"

    def __repr__(self) -> str:
        return f"<HostedDomain {self.pk} {self.state}>"


class Mailboxes(models.QuerySet["Mailbox"]):
    """Questions about mailboxes; whatever updates several, their address and type never change (requirement 14)."""

    def update(self, **changes: Any) -> int:
        for name in UNCHANGING:
            if name in changes:
                raise Refused(f"The {name} of a mailbox never changes; nothing was changed.")
        return super().update(**changes)

    def bulk_update(self, objs: Iterable[Mailbox], fields: Iterable[str], batch_size: int | None = None) -> int:
        named = list(fields)
        for name in UNCHANGING:
            if name in named:
                raise Refused(f"The {name} of a mailbox never changes; nothing was changed.")
        return super().bulk_update(objs, named, batch_size)

    def published(self) -> Mailboxes:
        """Those that a directory, a search or an export may show: active, and not on the red list (requirement 15)."""
        return self.filter(state=ACTIVE, red_listed=False)


class Mailbox(models.Model):
    """`address` is the comparison form (lower case); `type` PER, ORG, APP or CAB: neither ever changes. `rpps`, `structure` and
    `answerable` as in `domain.mailbox.Holder`; `invented` where profile demo drew one of them from its register. `quota` in bytes, 0: that
    of the settings. `erase_after`: when a closed mailbox's mail may be erased. `last_sign_in`: of any account that opens it."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT)
    address = models.CharField(max_length=320, unique=True)
    type = models.CharField(max_length=3, choices=[("PER", "PER"), ("ORG", "ORG"), ("APP", "APP"), ("CAB", "CAB")])
    name = models.CharField(max_length=200)
    rpps = models.CharField(max_length=11, blank=True)
    structure = models.CharField(max_length=32, blank=True)
    answerable = models.CharField(max_length=32, blank=True, default="")
    invented = models.BooleanField(default=False)
    description = models.CharField(max_length=500, blank=True, default="")
    service = models.CharField(max_length=200, blank=True, default="")
    responsible = models.CharField(max_length=200, blank=True, default="")
    red_listed = models.BooleanField(default=False)
    quota = models.BigIntegerField(default=0)
    state = models.CharField(max_length=9, default=ACTIVE)
    closed_at = models.DateTimeField(null=True)
    erase_after = models.DateTimeField(null=True)
    last_sign_in = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = Mailboxes.as_manager()

    class Meta:
        app_label = "records"

    def __repr__(self) -> str:
        return f"<Mailbox {self.pk}>"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises `Refused` where the address or the type would change."""
        if not self._state.adding:
            kept = Mailbox.objects.filter(pk=self.pk).values(*UNCHANGING).first() or {}
            for name, value in kept.items():
                if getattr(self, name) != value:
                    raise Refused(f"The {name} of a mailbox never changes; nothing was changed.")
        super().save(*args, **kwargs)


class MailboxAlias(models.Model):
    """Another address, in comparison form, whose mail goes to a mailbox. It is never a mailbox's own."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="aliases")
    address = models.CharField(max_length=320, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "records"

    def __repr__(self) -> str:
        return f"<MailboxAlias {self.pk}>"


class PatientThread(models.Model):
    """A message that a mailbox sent to a patient (comparison form), which the patient may answer until `closed_at`. `message_id`: as
    written, with its brackets, at most 1,000 characters. `mailbox` is the one that answers go to."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE)
    address = models.CharField(max_length=320)
    message_id = models.CharField(max_length=1000)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "records"
        indexes = [models.Index(fields=["mailbox", "address"], name="patient_thread")]

    def __repr__(self) -> str:
        return f"<PatientThread {self.pk}>"


class Folder(models.Model):
    """`uid_next` and `mod_seq` are taken in the transaction that adds or changes an entry, and `octets`, the size of all its messages
    (RFC 8438), is counted there: a quota costs no sum of messages."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    uid_validity = models.BigIntegerField()
    uid_next = models.BigIntegerField(default=1)
    mod_seq = models.BigIntegerField(default=1)
    octets = models.BigIntegerField(default=0)

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["mailbox", "name"], name="folder_name")]


class FolderEntry(models.Model):
    """A delivered message in a folder. `flags`: IMAP flags, blank-separated, system flags with their backslash."""

    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, db_index=False)
    delivery = models.ForeignKey("records.Delivery", on_delete=models.CASCADE)
    uid = models.BigIntegerField()
    mod_seq = models.BigIntegerField()
    flags = models.CharField(max_length=400, blank=True)

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["folder", "uid"], name="folder_uid")]
