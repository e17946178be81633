"""A message for one mailbox, on its way through the pipeline.

States: waiting (kept, not yet through) -> done, or failed (given to a person after repeated faults). A claim is `owner` and
`lease` (Unix seconds); a try is counted when claimed, before the work. `dsn_notify` and `dsn_orcpt` are the parameters of RCPT (RFC 3461).
"""

from __future__ import annotations

from django.db import models


class Delivery(models.Model):
    message = models.ForeignKey("records.Message", on_delete=models.CASCADE, db_index=False)
    mailbox = models.ForeignKey("records.Mailbox", on_delete=models.CASCADE)
    state = models.CharField(max_length=8, default="waiting")
    tries = models.IntegerField(default=0)
    not_before = models.FloatField(default=0)
    owner = models.CharField(max_length=64, blank=True)
    lease = models.FloatField(default=0)
    reason = models.CharField(max_length=100, blank=True)
    dsn_notify = models.CharField(max_length=40, blank=True)
    dsn_orcpt = models.CharField(max_length=500, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["message", "mailbox"], name="delivery_once")]
        indexes = [models.Index(fields=["id"], condition=models.Q(state="waiting"), name="delivery_waiting")]

    def __repr__(self) -> str:
        return f"<Delivery {self.pk} {self.state}>"
