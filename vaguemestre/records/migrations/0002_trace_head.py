"""The single row of the trace's head."""

from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("records", "TraceHead").objects.create(id=1, count=0, link="")


class Migration(migrations.Migration):
    dependencies = [("records", "0001_first")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
