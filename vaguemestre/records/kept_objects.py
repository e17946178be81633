"""Which rows name objects of the vault: every table that has a column `sha256`, but for those whose digests are of something else.

A backup copies what these rows name, `verify` looks for it, and an object is dropped only when none of them names it.
"""

from __future__ import annotations

import functools
import heapq
from collections.abc import Iterator

from django.apps import apps
from django.db import connection

OTHERS = frozenset({"records_document"})
"""Tables whose `sha256` is of bytes within a message, which are no object by themselves."""
COLUMN = "sha256"
PAGE = 1000


@functools.cache
def tables() -> tuple[str, ...]:
    """The tables whose rows name objects, of this version's schema."""
    found = [
        model._meta.db_table
        for model in apps.get_app_config("records").get_models()
        if any(field.column == COLUMN for field in model._meta.local_concrete_fields)
    ]
    return tuple(sorted(table for table in found if table not in OTHERS))


def _digests(table: str) -> Iterator[str]:
    last = ""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT DISTINCT {COLUMN} FROM {table} WHERE {COLUMN} > %s ORDER BY {COLUMN} LIMIT {PAGE}", [last])
            page = [str(row[0]) for row in cursor.fetchall()]
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]


def digests() -> Iterator[str]:
    """The SHA-256 of every object that a row names, rising, each once."""
    last = ""
    for one in heapq.merge(*map(_digests, tables())):
        if one != last:
            yield one
            last = one


def named(sha256: str) -> bool:
    """Whether any row names this object."""
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"SELECT 1 FROM {table} WHERE {COLUMN} = %s LIMIT 1", [sha256])
            if cursor.fetchone() is not None:
                return True
    return False
