from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0008_directory")]
    operations = [
        migrations.CreateModel(
            name="TrustLoad",
            fields=[
                ("revision", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("origin", models.CharField(max_length=8)),
                ("forced", models.BooleanField(default=False)),
                ("generated_at", models.DateTimeField(null=True)),
                ("entries", models.IntegerField()),
                ("added", models.IntegerField()),
                ("removed", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="TrustChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("added", models.BooleanField()),
                ("domain", models.CharField(max_length=255)),
                ("dn", models.CharField(max_length=1000)),
                (
                    "load",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="records.trustload"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RefreshSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=500, unique=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("succeeded_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(default=0)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("since", models.DateTimeField(null=True)),
                ("etag", models.CharField(blank=True, max_length=200)),
                ("modified", models.CharField(blank=True, max_length=60)),
                ("place", models.CharField(blank=True, max_length=64)),
            ],
        ),
    ]
