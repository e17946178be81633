"""The directory in force: entries, the words in them, and one row that says which entries are those in force (mssante.md 4.1).

A load adds rows behind `top` and marks those that go with the next revision; one short transaction then moves `top` and `revision`. Who
reads sees an entry where `id <= top and until > revision`: the old directory or the new one whole, whatever was cut between. What the
search itself needs (an FTS5 table, a tsvector) is in `records.search`, the only place that knows the database.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

FOREVER = 2_147_483_647
"""`until` of an entry that nothing has replaced yet."""


class DirectoryState(models.Model):
    """One row (id 1). `loading`: the word of the load that is under way, whose rows no other load touches; "" where none is.
    `entries`, `professionals`: how many the last good extractions held, against which a shorter one is refused."""

    revision = models.BigIntegerField(default=0)
    top = models.BigIntegerField(default=0)
    loading = models.CharField(max_length=32, blank=True)
    entries = models.IntegerField(default=0)
    professionals = models.IntegerField(default=0)
    loaded_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "records"


class DirectoryEntry(models.Model):
    """`domain.directory.Entry` as columns. `digest` stands for its content; `terms` are kept where the index needs them to forget a row."""

    id = models.BigIntegerField(primary_key=True)
    until = models.BigIntegerField(default=FOREVER)
    digest = models.BigIntegerField()
    address = models.CharField(max_length=254)
    type = models.CharField(max_length=3)
    civility = models.CharField(max_length=60, blank=True)
    family = models.CharField(max_length=200, blank=True)
    given = models.CharField(max_length=200, blank=True)
    profession = models.CharField(max_length=200, blank=True)
    speciality = models.CharField(max_length=300, blank=True)
    rpps = models.CharField(max_length=11, blank=True)
    structure = models.CharField(max_length=300, blank=True)
    structure_id = models.CharField(max_length=64, blank=True)
    service = models.CharField(max_length=300, blank=True)
    street = models.CharField(max_length=300, blank=True)
    postcode = models.CharField(max_length=10, blank=True)
    town = models.CharField(max_length=200, blank=True)
    department = models.CharField(max_length=3, blank=True)
    dematerialised = models.CharField(max_length=1, blank=True)
    joined = models.CharField(max_length=1, blank=True)
    terms = models.TextField(blank=True)

    class Meta:
        app_label = "records"
        indexes = [models.Index(fields=["until"], condition=Q(until__lt=FOREVER), name="directory_going")]

    def __repr__(self) -> str:
        return f"<DirectoryEntry {self.pk}>"


class DirectoryWord(models.Model):
    """A word of the directory, for its beginnings and for the correction of typing errors. `backwards`: the same from its end to its
    beginning; `entries`: about how many entries bore it, counted on a sample of what was ever loaded."""

    word = models.CharField(max_length=60, primary_key=True)
    backwards = models.CharField(max_length=60)
    length = models.SmallIntegerField()
    entries = models.IntegerField(default=0)

    class Meta:
        app_label = "records"
        indexes = [
            models.Index(fields=["length", "word"], name="directory_word"),
            models.Index(fields=["length", "backwards"], name="directory_drow"),
        ]


class DirectoryProfessional(models.Model):
    """What the professionals' extraction tells of an RPPS, for entries that do not tell it themselves."""

    rpps = models.BigIntegerField(primary_key=True)
    profession = models.CharField(max_length=200, blank=True)
    speciality = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "records"
