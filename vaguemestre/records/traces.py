"""The trace: one chain per node, each link keyed (crypto.trace_chain); appended in the transaction of the act (promise 6)."""

from __future__ import annotations

from django.db import models


class TraceEvent(models.Model):
    """`sequence` counts from 1 without gaps. No clinical content in any field."""

    sequence = models.BigIntegerField(primary_key=True)
    at = models.CharField(max_length=32)
    event = models.CharField(max_length=40)
    object = models.CharField(max_length=40, db_index=True)
    actor = models.CharField(max_length=100)
    result = models.CharField(max_length=100)
    link = models.CharField(max_length=64)

    class Meta:
        app_label = "records"


class TraceHead(models.Model):
    """One row (id 1): count and last link, taken and advanced in the same transaction as the events."""

    count = models.BigIntegerField(default=0)
    link = models.CharField(max_length=64, blank=True)

    class Meta:
        app_label = "records"
