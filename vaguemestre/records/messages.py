"""A message as it arrived: one row per accepted transaction or imported file; its bytes are in the vault under `sha256`."""

from __future__ import annotations

from django.db import models


class Message(models.Model):
    """`mail_from` is the envelope sender, proven by the peer's certificate when channel is smtp; for import, Return-Path or From.
    `sender_trusted` is True where the senders count as known for one import. `dsn_ret`, `dsn_envid` and `smtp_utf8`
    are the parameters of MAIL (RFC 3461, RFC 6531). `read_at` and the four fields after it are filled by the `read` stage."""

    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField()
    message_id = models.CharField(max_length=1000, db_index=True)
    channel = models.CharField(max_length=10)
    mail_from = models.CharField(max_length=320, blank=True)
    sender_trusted = models.BooleanField(default=False)
    peer_ip = models.CharField(max_length=45, blank=True)
    peer_dn = models.CharField(max_length=1000, blank=True)
    tls = models.CharField(max_length=100, blank=True)
    file_name = models.CharField(max_length=1000, blank=True)
    dsn_ret = models.CharField(max_length=4, blank=True)
    dsn_envid = models.CharField(max_length=100, blank=True)
    smtp_utf8 = models.BooleanField(default=False)
    received_at = models.DateTimeField(db_index=True)
    read_at = models.DateTimeField(null=True)
    header_from = models.CharField(max_length=1000, blank=True)
    subject = models.TextField(blank=True)
    sent_at = models.CharField(max_length=40, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        app_label = "records"

    def __repr__(self) -> str:
        return f"<Message {self.pk}>"
