"""The part of `queries/soundness` that a PostgreSQL server answers: its pages, its indexes, its foreign keys.

SQLite checks its own file; here every row is read to its last byte, which makes the server check the page sums of what it reads (where
`initdb --data-checksums` made it keep them), and what it knows to be broken is asked. That each index agrees with its table is not looked
at: `pg_amcheck` is the server's own tool for it.
"""

from __future__ import annotations

from django.apps import apps
from django.db import DatabaseError, connection
from django.db.models import ForeignKey

_TABLES = "SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY 1"
_INDEXES = (
    "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready) ORDER BY 1"
)
_SUMS = "SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()"


def damaged_pages() -> list[str]:
    """What cannot be read, and what the server knows to be broken; one sentence a fault. Raises a database error where nothing answers."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [row[0] for row in cursor.fetchall()]
        cursor.execute(_INDEXES)
        found += [f"database: the index {row[0]} is not valid" for row in cursor.fetchall()]
        cursor.execute(_SUMS)
        sums = cursor.fetchone()[0]
        if sums:
            found.append(f"database: the server met {sums} pages whose sums were wrong")
    for table in tables:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT sum(length(t::text)) FROM {connection.ops.quote_name(table)} AS t")
        except DatabaseError as error:
            found.append(f"database: the table {table} cannot be read to its end ({type(error).__name__})")
    return found


def broken_keys(most: int) -> list[str]:
    """Rows that point at a row which is not there, at most `most` of each kind: the server refuses them, unless it was told not to look."""
    quote = connection.ops.quote_name
    found = []
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        for field in model._meta.local_concrete_fields:
            if not isinstance(field, ForeignKey):
                continue
            column = str(field.column)
            other = field.related_model._meta.db_table
            pointed = f"o.{quote(str(field.target_field.column))} = t.{quote(column)}"
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT t.ctid::text FROM {quote(table)} t WHERE t.{quote(column)} IS NOT NULL"
                    f" AND NOT EXISTS (SELECT 1 FROM {quote(other)} o WHERE {pointed}) LIMIT {most + 1}"
                )
                rows = cursor.fetchall()
            found += [f"database: row {row[0]} of {table} points at a row of {other} that is absent" for row in rows[:most]]
            if len(rows) > most:
                found.append("database: and more rows point at absent ones")
    return found
