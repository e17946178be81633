"""The trust list in force: which certificate may speak for which domain (mssante.md 1.4). Key = (domain, DN). And what changed in it, and
how its sources answered.
"""

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


class TrustLoad(models.Model):
    """A list that was put in force. `origin`: file, url or pki (a peer of the demo CA). `forced`: a person took it although shrunken."""

    revision = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    origin = models.CharField(max_length=8)
    forced = models.BooleanField(default=False)
    generated_at = models.DateTimeField(null=True)
    entries = models.IntegerField()
    added = models.IntegerField()
    removed = models.IntegerField()

    class Meta:
        app_label = "records"


class TrustChange(models.Model):
    """A pair that a load brought or took away. The first list of all changes nothing: there was none to change."""

    load = models.ForeignKey(TrustLoad, on_delete=models.CASCADE, related_name="changes")
    added = models.BooleanField()
    domain = models.CharField(max_length=255)
    dn = models.CharField(max_length=1000)

    class Meta:
        app_label = "records"


class RefreshSource(models.Model):
    """What is fetched again and again: the trust list, revocation lists; and the age of the list, which is watched alike.

    `name`: "trust-list", "trust-list-age", "crl-ends", or the address of a revocation list, which is kept under `place`. `reason`: why the
    last try failed, "" where it did not; `since`: of that reason. `etag`, `modified`: what the source said of the content that was taken,
    for a conditional GET.
    """

    name = models.CharField(max_length=500, unique=True)
    tried_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    reason = models.CharField(max_length=60, blank=True)
    since = models.DateTimeField(null=True)
    etag = models.CharField(max_length=200, blank=True)
    modified = models.CharField(max_length=60, blank=True)
    place = models.CharField(max_length=64, blank=True)

    class Meta:
        app_label = "records"
