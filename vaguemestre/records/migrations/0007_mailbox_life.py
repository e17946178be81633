"""Domains, aliases, states, red list and quotas of mailboxes; the threads that were opened with patients (mssante.md 1.5, 1.8 and 3)."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


_OCTETS = """
    UPDATE records_folder SET octets = COALESCE((
        SELECT SUM(m.size) FROM records_folderentry e
        JOIN records_delivery d ON d.id = e.delivery_id JOIN records_message m ON m.id = d.message_id
        WHERE e.folder_id = records_folder.id), 0)
"""
_TYPES = [("PER", "PER"), ("ORG", "ORG"), ("APP", "APP"), ("CAB", "CAB")]


def _key():
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    dependencies = [("records", "0006_outgoing")]

    operations = [
        migrations.CreateModel(
            "HostedDomain",
            [
                _key(),
                ("name", models.CharField(max_length=253, unique=True)),
                ("state", models.CharField(default="active", max_length=9)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.AlterField("mailbox", "type", models.CharField(choices=_TYPES, max_length=3)),
        migrations.AddField("mailbox", "answerable", models.CharField(blank=True, default="", max_length=32)),
        migrations.AddField("mailbox", "invented", models.BooleanField(default=False)),
        migrations.AddField("mailbox", "description", models.CharField(blank=True, default="", max_length=500)),
        migrations.AddField("mailbox", "service", models.CharField(blank=True, default="", max_length=200)),
        migrations.AddField("mailbox", "responsible", models.CharField(blank=True, default="", max_length=200)),
        migrations.AddField("mailbox", "red_listed", models.BooleanField(default=False)),
        migrations.AddField("mailbox", "quota", models.BigIntegerField(default=0)),
        migrations.AddField("mailbox", "state", models.CharField(default="active", max_length=9)),
        migrations.AddField("mailbox", "closed_at", models.DateTimeField(null=True)),
        migrations.AddField("mailbox", "erase_after", models.DateTimeField(null=True)),
        migrations.AddField("mailbox", "last_sign_in", models.DateTimeField(null=True)),
        migrations.AddField("folder", "octets", models.BigIntegerField(default=0)),
        migrations.CreateModel(
            "MailboxAlias",
            [
                _key(),
                ("address", models.CharField(max_length=320, unique=True)),
                ("created_at", models.DateTimeField()),
                (
                    "mailbox",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="aliases", to="records.mailbox"),
                ),
            ],
        ),
        migrations.CreateModel(
            "PatientThread",
            [
                _key(),
                ("address", models.CharField(max_length=320)),
                ("message_id", models.CharField(max_length=1000)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("mailbox", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="records.mailbox")),
            ],
            options={"indexes": [models.Index(fields=["mailbox", "address"], name="patient_thread")]},
        ),
        migrations.AddField("account", "domains", models.ManyToManyField(blank=True, to="records.hosteddomain")),
        migrations.RunSQL(_OCTETS, migrations.RunSQL.noop),
    ]
