"""The specimen and the method of a result, as the reading tells them; versions of documents in 64 bits: some senders number them by the
second (20261120081500)."""

from django.db import migrations, models


class Widen(migrations.AlterField):
    """An integer of SQLite has 64 bits whatever its column is called: the table, the largest of all, is not written anew for it."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "sqlite":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    database_backwards = database_forwards


class Migration(migrations.Migration):
    dependencies = [("records", "0003_every_letter")]
    operations = [
        Widen("document", "version", models.BigIntegerField(null=True)),
        migrations.AddField("result", "specimen", models.CharField(blank=True, max_length=300)),
        migrations.AddField("result", "method", models.CharField(blank=True, max_length=300)),
    ]
