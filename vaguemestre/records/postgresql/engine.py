"""Django's engine for PostgreSQL, with one writer at a time.

The acts of the program were written for SQLite's IMMEDIATE transactions: each reads, decides and writes knowing that nobody else writes
meanwhile (the places of a trace chain, who was first with a content, which edition stands). Here each outermost `transaction.atomic` begins
by taking one lock of the whole database, `pg_advisory_xact_lock`, which its end gives back after its changes can be seen. Under READ
COMMITTED each statement after it sees all that the holders before committed: the same guarantee, by the same code.

What it costs: one more statement a transaction, and writers that wait for each other as on SQLite, so one flush of the server's log
serves one transaction; what is gathered in one (the door's group commit, a worker's batch) is what makes the rate. Reads outside
`atomic` take no lock and wait for nobody. A lock not given within LOCK_S raises `OperationalError`, as SQLite's timeout does.

A connection that the server closed (a restart, a failover) is opened anew: at the lock at once, since nothing was done yet; elsewhere
by the next use, after one error. Texts are written by `records.kept_text`.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.backends.postgresql import base, operations, schema
from django.db.backends.postgresql.operations import get_json_dumps
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.types.json import Jsonb

from vaguemestre.records.kept_text import could_hold_refused, in_utf8, kept_value

LOCK = 0x56414755
"""The key of the one lock ("VAGU"). Such locks are each database's own."""
LOCK_S = 20
IDLE_S = 60
"""A transaction whose process says nothing for so long is ended by the server: a process that was stopped must not stop the others."""

_SESSION = f"-c timezone=UTC -c lock_timeout={LOCK_S * 1000} -c idle_in_transaction_session_timeout={IDLE_S * 1000}"
# Where the server or the role says off, a commit would be told before it is durable (promise 1); the stronger ones stay.
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"


class TextDumper(Dumper):
    """A text as the server takes it, without type, as psycopg's own."""

    def dump(self, obj: str) -> bytes:
        return in_utf8(obj)


@functools.cache
def _adapters(template: AdaptersMap) -> AdaptersMap:
    own = AdaptersMap(template)
    own.register_dumper(str, TextDumper)
    return own


class DatabaseOperations(operations.DatabaseOperations):
    def adapt_json_value(self, value: Any, encoder: type[json.JSONEncoder] | None) -> Any:
        dumps = get_json_dumps(encoder)

        def written(told: Any) -> str:
            text = str(dumps(told))
            return str(dumps(kept_value(told))) if could_hold_refused(text) else text

        return Jsonb(value, dumps=written)


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    def _create_like_index_sql(self, model: Any, field: Any) -> None:
        """None: Django adds a second index to each indexed text, for prefixes where names are not ordered by code point; ours are."""
        return


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        parameters["context"] = _adapters(parameters["context"])
        parameters["options"] = _SESSION
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        made = super().get_new_connection(conn_params)
        try:
            made.autocommit = True
            made.execute(_DURABLE)
            made.autocommit = False
        except BaseException:
            made.close()
            raise
        return made

    def lost(self) -> bool:
        """Whether the server closed the connection that was open here."""
        return self.connection is not None and bool(self.connection.closed)

    def ensure_connection(self) -> None:
        if not self.in_atomic_block and self.lost():
            self.close()
        super().ensure_connection()

    def set_autocommit(self, autocommit: bool, *args: Any, **more: Any) -> None:
        try:
            super().set_autocommit(autocommit, *args, **more)
        except (OperationalError, InterfaceError):
            if autocommit:
                raise
            again = self.lost()
            # The transaction that was begun must not stay open behind a wrapper that knows of none.
            self.close()
            if not again:
                raise
            try:
                super().set_autocommit(autocommit, *args, **more)
            except (OperationalError, InterfaceError):
                self.close()
                raise

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs leave it out
        if not autocommit:
            with self.wrap_database_errors:
                self.connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
