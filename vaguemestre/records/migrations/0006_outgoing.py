"""The queue of what leaves: messages, their recipients, the notices still to be written."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0005_reports")]
    operations = [
        migrations.CreateModel(
            name="Outgoing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(db_index=True, max_length=64)),
                ("size", models.BigIntegerField()),
                ("message_id", models.CharField(db_index=True, max_length=1000)),
                ("mail_from", models.CharField(blank=True, max_length=320)),
                ("origin", models.CharField(max_length=20)),
                ("ret", models.CharField(blank=True, max_length=4)),
                ("envid", models.CharField(blank=True, max_length=100)),
                ("utf8", models.BooleanField(default=False)),
                ("eight_bit", models.BooleanField(default=False)),
                ("queued_at", models.DateTimeField(db_index=True)),
                ("expires_at", models.FloatField()),
                ("mailbox", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to="records.mailbox")),
            ],
        ),
        migrations.CreateModel(
            name="Asked",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("delivery", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="records.delivery")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("delivery", "kind"), name="asked_once")]},
        ),
        migrations.CreateModel(
            name="Acknowledged",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("delivery", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to="records.delivery")),
            ],
        ),
        migrations.CreateModel(
            name="Recipient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=320)),
                ("domain", models.CharField(max_length=255)),
                ("channel", models.CharField(default="smtp", max_length=5)),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("tries", models.IntegerField(default=0)),
                ("not_before", models.FloatField(default=0)),
                ("owner", models.CharField(blank=True, max_length=64)),
                ("lease", models.FloatField(default=0)),
                ("reason", models.CharField(blank=True, max_length=100)),
                ("code", models.IntegerField(null=True)),
                ("enhanced", models.CharField(blank=True, max_length=20)),
                ("host", models.CharField(blank=True, max_length=255)),
                ("peer_ip", models.CharField(blank=True, max_length=45)),
                ("peer_dn", models.CharField(blank=True, max_length=1000)),
                ("tls", models.CharField(blank=True, max_length=100)),
                ("notify", models.CharField(blank=True, max_length=40)),
                ("orcpt", models.CharField(blank=True, max_length=500)),
                ("first_failed_at", models.FloatField(null=True)),
                ("told_delay_at", models.FloatField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("told", models.CharField(blank=True, max_length=20)),
                ("told_at", models.DateTimeField(null=True)),
                ("outgoing", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="records.outgoing")),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["id"], name="recipient_waiting"),
                    models.Index(fields=["state", "id"], name="recipient_state"),
                ],
            },
        ),
    ]
