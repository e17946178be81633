"""Charts, and what a practice learnt that helps to recognise them (formats.md 6.5).

`*_key` are comparison copies (domain.person.comparison) and `*_solid` the same without blanks: names are compared and
searched on those, never by the database's own case folding, which knows no accents.
"""

from __future__ import annotations

from django.db import models


class Patient(models.Model):
    """`birth_date` is YYYY-MM-DD; `flags` blank-separated: homonym doubtful fictitious deceased."""

    practice = models.ForeignKey("records.Practice", on_delete=models.CASCADE, db_index=False)
    ref = models.CharField(max_length=100)
    ins = models.CharField(max_length=15, blank=True)
    ins_oid = models.CharField(max_length=64, blank=True)
    ins_status = models.CharField(max_length=11, default="provisional")
    nir = models.CharField(max_length=15, blank=True)
    birth_name = models.CharField(max_length=100, blank=True)
    used_name = models.CharField(max_length=100, blank=True)
    given_names = models.CharField(max_length=200, blank=True)
    first_given_name = models.CharField(max_length=100, blank=True)
    birth_date = models.CharField(max_length=10)
    sex = models.CharField(max_length=1, blank=True)
    birth_place_code = models.CharField(max_length=5, blank=True)
    flags = models.CharField(max_length=100, blank=True)
    birth_name_key = models.CharField(max_length=100, blank=True)
    used_name_key = models.CharField(max_length=100, blank=True)
    birth_name_solid = models.CharField(max_length=100, blank=True)
    used_name_solid = models.CharField(max_length=100, blank=True)
    given_names_key = models.CharField(max_length=200, blank=True)
    first_given_name_key = models.CharField(max_length=100, blank=True)

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["practice", "ref"], name="patient_ref")]
        indexes = [
            models.Index(fields=["practice", "birth_date"], name="patient_birth_date"),
            models.Index(fields=["practice", "ins"], name="patient_ins"),
            models.Index(fields=["practice", "birth_name_solid"], name="patient_birth_name"),
            models.Index(fields=["practice", "used_name_solid"], name="patient_used_name"),
        ]

    def __repr__(self) -> str:
        return f"<Patient {self.pk}>"

    def __str__(self) -> str:
        return repr(self)


class KnownSender(models.Model):
    """A sender one of whose documents a person confirmed (`source` "confirmed"), or that `senders add` named ("added")."""

    practice = models.ForeignKey("records.Practice", on_delete=models.CASCADE, db_index=False)
    address = models.CharField(max_length=320)
    source = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["practice", "address"], name="known_sender")]


class LocalCode(models.Model):
    """This sender used this local patient code for this chart; `confirmed` once a person said so."""

    practice = models.ForeignKey("records.Practice", on_delete=models.CASCADE, db_index=False)
    sender = models.CharField(max_length=320)
    code = models.CharField(max_length=200)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE)
    confirmed = models.BooleanField(default=False)

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["practice", "sender", "code", "patient"], name="local_code")]


class FilingBan(models.Model):
    """After an undo: no document with this content key is filed by itself for this chart again (promise 10). A key with a colon is no
    content's: it tells another edition, or the sender's number for the patient (`inbound.taken_back`)."""

    practice = models.ForeignKey("records.Practice", on_delete=models.CASCADE, db_index=False)
    content_key = models.CharField(max_length=80)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE)

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["practice", "content_key", "patient"], name="filing_ban")]
