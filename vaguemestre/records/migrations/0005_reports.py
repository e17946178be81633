"""What a report's results say, by which it is known again when it comes in another format (inbound.one_report)."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0004_specimens")]

    operations = [
        migrations.AddField("document", "report_key", models.CharField(max_length=64, blank=True, default=""), preserve_default=False),
        migrations.AddIndex(
            "document",
            models.Index(fields=["practice", "report_key"], name="document_report", condition=models.Q(form_of=None, report_key__gt="")),
        ),
    ]
