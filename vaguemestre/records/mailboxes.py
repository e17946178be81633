"""Practices and their mailboxes; folders with UID, UIDVALIDITY, flags and MODSEQ (RFC 9051 2.3.1.1, RFC 7162), which IMAP and web share."""

from __future__ import annotations

from django.db import models


class Practice(models.Model):
    """A patient base, shared by its mailboxes. `revision` grows whenever charts, known senders or bans change: a match made under
    an older revision is made again before it is filed."""

    name = models.CharField(max_length=200, unique=True)
    revision = models.BigIntegerField(default=0)

    class Meta:
        app_label = "records"

    def __repr__(self) -> str:
        return f"<Practice {self.pk}>"


class Mailbox(models.Model):
    """`address` is the comparison form (lower case); `type` PER, ORG or APP."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT)
    address = models.CharField(max_length=320, unique=True)
    type = models.CharField(max_length=3, choices=[("PER", "PER"), ("ORG", "ORG"), ("APP", "APP")])
    name = models.CharField(max_length=200)
    rpps = models.CharField(max_length=11, blank=True)
    structure = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "records"

    def __repr__(self) -> str:
        return f"<Mailbox {self.pk}>"


class Folder(models.Model):
    """`uid_next` and `mod_seq` are taken in the transaction that adds or changes an entry."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    uid_validity = models.BigIntegerField()
    uid_next = models.BigIntegerField(default=1)
    mod_seq = models.BigIntegerField(default=1)

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
