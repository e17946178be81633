"""A message that leaves, and what became of it for each of its recipients (RFC 5321, 4.5.4.1; RFC 3461, 4).

A recipient's states: waiting (kept, not yet carried) -> sent (the next hop answered 2xx to the content, or our own mailbox has it),
bounced (given up, with its reason) or returned (a person took it back). A claim is `owner` and `lease` (Unix seconds); a try is counted
when claimed, before the work. What a later notice tells of a sent one (delivered, read, failed…) is `told`.
"""

from __future__ import annotations

from django.db import models


class Outgoing(models.Model):
    """One message; its octets, as they are sent, are in the vault under `sha256`. `mail_from` "" is the null sender: a notice of ours.
    `mailbox`: whose it is, null for a notice. `ret`, `envid`: asked with MAIL (RFC 3461, 4.3 and 4.4). `expires_at`: Unix seconds."""

    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField()
    message_id = models.CharField(max_length=1000, db_index=True)
    mailbox = models.ForeignKey("records.Mailbox", on_delete=models.SET_NULL, null=True)
    mail_from = models.CharField(max_length=320, blank=True)
    origin = models.CharField(max_length=20)
    ret = models.CharField(max_length=4, blank=True)
    envid = models.CharField(max_length=100, blank=True)
    utf8 = models.BooleanField(default=False)
    eight_bit = models.BooleanField(default=False)
    queued_at = models.DateTimeField(db_index=True)
    expires_at = models.FloatField()

    class Meta:
        app_label = "records"

    def __repr__(self) -> str:
        return f"<Outgoing {self.pk}>"


class Recipient(models.Model):
    """`address` as written, `domain` in comparison form; `channel`: smtp, or local for a mailbox of ours. `reason`: a stable word; `code`
    and `enhanced`: the next hop's reply. `first_failed_at`, `told_delay_at`: Unix seconds, null where it did not happen."""

    outgoing = models.ForeignKey(Outgoing, on_delete=models.CASCADE)
    address = models.CharField(max_length=320)
    domain = models.CharField(max_length=255)
    channel = models.CharField(max_length=5, default="smtp")
    state = models.CharField(max_length=8, default="waiting")
    tries = models.IntegerField(default=0)
    not_before = models.FloatField(default=0)
    owner = models.CharField(max_length=64, blank=True)
    lease = models.FloatField(default=0)
    reason = models.CharField(max_length=100, blank=True)
    code = models.IntegerField(null=True)
    enhanced = models.CharField(max_length=20, blank=True)
    host = models.CharField(max_length=255, blank=True)
    peer_ip = models.CharField(max_length=45, blank=True)
    peer_dn = models.CharField(max_length=1000, blank=True)
    tls = models.CharField(max_length=100, blank=True)
    notify = models.CharField(max_length=40, blank=True)
    orcpt = models.CharField(max_length=500, blank=True)
    first_failed_at = models.FloatField(null=True)
    told_delay_at = models.FloatField(null=True)
    done_at = models.DateTimeField(null=True)
    told = models.CharField(max_length=20, blank=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "records"
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state="waiting"), name="recipient_waiting"),
            models.Index(fields=["state", "id"], name="recipient_state"),
        ]

    def __repr__(self) -> str:
        return f"<Recipient {self.pk} {self.state}>"


class Asked(models.Model):
    """A notice that a sender asked for and that is still to be written: `kind` delivered, for a delivery that is through the pipeline
    (RFC 3461, 5.2.3). Written in the transaction that makes it due, removed in the one that queues the notice."""

    delivery = models.ForeignKey("records.Delivery", on_delete=models.CASCADE)
    kind = models.CharField(max_length=20)

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["delivery", "kind"], name="asked_once")]


class Acknowledged(models.Model):
    """A delivery whose read receipt a person sent (RFC 8098): one at most."""

    delivery = models.OneToOneField("records.Delivery", on_delete=models.CASCADE)
    at = models.DateTimeField()

    class Meta:
        app_label = "records"
