from __future__ import annotations

from django.db import migrations, models

FOREVER = 2_147_483_647


def index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE records_directoryentry ADD COLUMN lexemes tsvector")
        schema_editor.execute("CREATE INDEX directory_lexemes ON records_directoryentry USING gin (lexemes) WITH (fastupdate = off)")
    else:
        schema_editor.execute(
            "CREATE VIRTUAL TABLE records_directoryindex USING fts5"
            "(terms, content='', detail=none, columnsize=0, tokenize=\"ascii tokenchars '=#'\")"
        )
    schema_editor.execute("CREATE INDEX directory_address ON records_directoryentry (address)")
    schema_editor.execute("CREATE INDEX directory_rpps ON records_directoryentry (rpps) WHERE rpps <> ''")


def text(length, **more):
    return models.CharField(max_length=length, blank=True, **more)


class Migration(migrations.Migration):
    dependencies = [("records", "0007_mailbox_life")]
    operations = [
        migrations.CreateModel(
            name="DirectoryState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision", models.BigIntegerField(default=0)),
                ("top", models.BigIntegerField(default=0)),
                ("loading", text(32)),
                ("entries", models.IntegerField(default=0)),
                ("professionals", models.IntegerField(default=0)),
                ("loaded_at", models.DateTimeField(null=True)),
                ("refreshed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="DirectoryEntry",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("until", models.BigIntegerField(default=FOREVER)),
                ("digest", models.BigIntegerField()),
                ("address", models.CharField(max_length=254)),
                ("type", models.CharField(max_length=3)),
                ("civility", text(60)),
                ("family", text(200)),
                ("given", text(200)),
                ("profession", text(200)),
                ("speciality", text(300)),
                ("rpps", text(11)),
                ("structure", text(300)),
                ("structure_id", text(64)),
                ("service", text(300)),
                ("street", text(300)),
                ("postcode", text(10)),
                ("town", text(200)),
                ("department", text(3)),
                ("dematerialised", text(1)),
                ("joined", text(1)),
                ("terms", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("until__lt", FOREVER)), fields=["until"], name="directory_going"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DirectoryWord",
            fields=[
                ("word", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("backwards", models.CharField(max_length=60)),
                ("length", models.SmallIntegerField()),
                ("entries", models.IntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["length", "word"], name="directory_word"),
                    models.Index(fields=["length", "backwards"], name="directory_drow"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DirectoryProfessional",
            fields=[
                ("rpps", models.BigIntegerField(primary_key=True, serialize=False)),
                ("profession", text(200)),
                ("speciality", text(300)),
            ],
        ),
        migrations.RunPython(index, migrations.RunPython.noop),
    ]
