"""What a PostgreSQL server must be for the promises to hold on it, and why it cannot be used when it cannot.

Each sentence begins with the name of the setting and shows neither user, host nor password.
"""

from __future__ import annotations

from django.db import DatabaseError, NotSupportedError, OperationalError, connection

SETTING = "database.url"
# Names are searched by ranges and lists are ordered in the order of code points, as SQLite's (queries/search).
_CODE_POINTS = "('B' < 'a' AND 'a-c' < 'ab' AND 'z' < U&'\\00E9' AND U&'\\FFFD' < U&'\\+010000')"
_FACTS = (
    "SELECT current_setting('server_encoding'), current_setting('fsync'), current_setting('full_page_writes'),"
    " current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery(), current_setting('synchronous_commit')"
)
_TABLES = (
    "SELECT count(*) FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
)


def unfit() -> str | None:
    """Why the database of `database.url` cannot be used, None when it can."""
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute(_FACTS)
            encoding, fsync, whole_pages, read_only, durable = cursor.fetchone()
            if encoding != "UTF8":
                return f"{SETTING}: the database is not in UTF-8; make it with ENCODING 'UTF8'."
            cursor.execute(f"SELECT {_CODE_POINTS}")
            ordered = cursor.fetchone()[0]
            cursor.execute("SELECT current_schema() IS NOT NULL AND has_schema_privilege(current_schema(), 'CREATE')")
            writable = cursor.fetchone()[0]
    except NotSupportedError:
        return f"{SETTING}: the PostgreSQL server is too old; version 14 or later is needed."
    except DatabaseError:
        return _unreachable()
    if not ordered:
        return f"{SETTING}: the database does not order texts by code point; make it with TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'."
    if "off" in {fsync, whole_pages, durable}:
        return f"{SETTING}: the PostgreSQL server has fsync or full_page_writes off, so that nothing on it is durable; set them on."
    if read_only:
        return f"{SETTING}: the PostgreSQL server is a standby or read-only; name the primary, or add target_session_attrs=read-write."
    if not writable:
        return f"{SETTING}: the user may not make tables in the database; make it the database's owner."
    return None


def _unreachable() -> str:
    import psycopg
    from psycopg.pq import PGconn, Ping

    told = {name: str(value) for name, value in connection.get_connection_params().items() if name in {"host", "port", "connect_timeout"}}
    answer = PGconn.ping(psycopg.conninfo.make_conninfo(**told).encode())
    if answer == Ping.REJECT:
        return f"{SETTING}: the PostgreSQL server is starting or stopping; try again in a moment."
    if answer != Ping.OK:
        return f"{SETTING}: no PostgreSQL server answers there; start it, or check the host and the port."
    if _no_such_database():
        return f"{SETTING}: the PostgreSQL server has no database of that name; make it with createdb (docs/operations.md says how)."
    return f"{SETTING}: the PostgreSQL server refuses the connection; check the user, the password and what pg_hba.conf allows."


def _no_such_database() -> bool:
    import psycopg

    parameters = connection.get_connection_params()
    try:
        with psycopg.connect(**{**parameters, "dbname": "postgres", "cursor_factory": None}) as other:
            found = other.execute("SELECT 1 FROM pg_database WHERE datname = %s", [connection.settings_dict["NAME"]])
            return found.fetchone() is None
    except (psycopg.Error, OperationalError):
        return False


def holds_tables() -> bool:
    """Whether there is anything in the database already."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return int(cursor.fetchone()[0]) > 0
