"""The trust list in force: which certificate may speak for which domain (mssante.md 1.4). Key = (domain, DN)."""

from __future__ import annotations

from django.db import models


class TrustList(models.Model):
    """One row (id 1): when the list in force was generated and loaded, and its count, against which a shrunken one is refused."""

    generated_at = models.DateTimeField(null=True)
    loaded_at = models.DateTimeField()
    entries = models.IntegerField()
    revision = models.BigIntegerField(default=0)

    class Meta:
        app_label = "records"


class TrustEntry(models.Model):
    """`dn` as written; `dn_key` its canonical comparison form (crypto.certificates.dn_key)."""

    domain = models.CharField(max_length=255)
    dn = models.CharField(max_length=1000)
    dn_key = models.CharField(max_length=64, db_index=True)
    description = models.CharField(max_length=500, blank=True)

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["domain", "dn_key"], name="trust_pair")]
