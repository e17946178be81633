"""Bulk writes: rows by `executemany`, columns and conversions taken from the models' fields (half the CPU of `bulk_create`).

A row is a mapping of field attribute names to values; what it leaves out takes the field's default. The same SQL serves SQLite and
PostgreSQL.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import DataError, IntegrityError, connection, models
from django.db.backends.utils import CursorWrapper

from vaguemestre.records.kept_text import could_hold_refused, kept_value

Convert = Callable[[Any], Any]

OF_A_ROW = (DataError, IntegrityError)
"""What the values of one row raise, and no trouble of the database: who writes many together writes them one by one."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _as_json(value: Any) -> str | None:
    if value is None or value == []:
        return None if value is None else "[]"
    text = _ENCODER.encode(value)
    return _ENCODER.encode(kept_value(value)) if could_hold_refused(text) else text


@functools.lru_cache(maxsize=64)
def _as_moment(value: Any) -> Any:
    """Cached: the rows of a batch mostly share their instants."""
    return connection.ops.adapt_datetimefield_value(value)


@dataclasses.dataclass(frozen=True, slots=True)
class _Plan:
    """How a model's rows are written. `defaults`: by attribute, in the order of the columns, all but the automatic key; `convert`: the
    columns, by place, whose values the database takes in another form."""

    statement: str
    defaults: Mapping[str, Any]
    convert: tuple[tuple[int, Convert], ...]


@functools.cache
def _plan(model: type[models.Model]) -> _Plan:
    fields = [f for f in model._meta.local_concrete_fields if not isinstance(f, models.AutoField)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(f.column)) for f in fields)
    marks = ", ".join(["%s"] * len(fields))
    convert: list[tuple[int, Convert]] = []
    for place, field in enumerate(fields):
        if isinstance(field, models.JSONField):
            convert.append((place, _as_json))
        elif isinstance(field, models.DateTimeField):
            convert.append((place, _as_moment))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"
    return _Plan(statement, {field.attname: field.get_default() for field in fields}, tuple(convert))


def _values(model: type[models.Model], row: Mapping[str, Any]) -> list[Any]:
    plan = _plan(model)
    whole = {**plan.defaults, **row}
    assert len(whole) == len(plan.defaults), f"{model.__name__} has no column {sorted(row.keys() - plan.defaults.keys())}"
    values = list(whole.values())
    for place, convert in plan.convert:
        values[place] = convert(values[place])
    return values


def insert_one(model: type[models.Model], row: Mapping[str, Any], cursor: CursorWrapper | None = None) -> int:
    """Inserts a row and returns its key. Who inserts many hands the cursor of the transaction."""
    with contextlib.nullcontext(cursor) if cursor is not None else connection.cursor() as used:
        used.execute(f"{_plan(model).statement} RETURNING id", _values(model, row))
        return int(used.fetchone()[0])


def insert_many(model: type[models.Model], rows: Iterable[Mapping[str, Any]], *, once: bool = False) -> None:
    """Inserts rows whose keys nobody needs. With `once`, a row that breaks a unique constraint is passed over."""
    values = [_values(model, row) for row in rows]
    if not values:
        return
    tail = " ON CONFLICT DO NOTHING" if once else ""
    with connection.cursor() as cursor:
        cursor.executemany(_plan(model).statement + tail, values)
