"""The part of `queries/soundness` that a PostgreSQL server answers: its pages, its indexes, its foreign keys.

SQLite checks its own file; here every row is read to its last byte, which makes the server check the page sums of what it reads (where
`initdb --data-checksums` made it keep them), and what it knows to be broken is asked. That each index agrees with its table is not looked
at: `pg_amcheck` is the server's own tool for it.
"""

from __future__ import annotations

from django.db import DatabaseError, connection

_TABLES = "SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY 1"
_INDEXES = (
    "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready) ORDER BY 1"
)
_SUMS = "SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()"
_KEYS = (
    "SELECT c.conrelid::regclass::text, quote_ident(a.attname), c.confrelid::regclass::text, quote_ident(b.attname)"
    " FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
    " JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]"
    " WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace ORDER BY 1, 2"
)


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
    found = []
    with connection.cursor() as cursor:
        cursor.execute(_KEYS)
        for table, column, other, key in cursor.fetchall():
            cursor.execute(
                f"SELECT t.ctid::text FROM {table} t WHERE t.{column} IS NOT NULL"
                f" AND NOT EXISTS (SELECT 1 FROM {other} o WHERE o.{key} = t.{column}) LIMIT {most + 1}"
            )
            rows = cursor.fetchall()
            found += [f"database: row {row[0]} of {table} points at a row of {other} that is absent" for row in rows[:most]]
            if len(rows) > most:
                found.append("database: and more rows point at absent ones")
    return found
