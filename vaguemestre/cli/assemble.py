"""The only place that chooses a variant: opens a data directory and sets Django up on it.

`settings.py` reads `VAGUEMESTRE_DATA` when it is imported, so one process serves one data directory.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vaguemestre.domain.fault import Refused

if TYPE_CHECKING:
    from vaguemestre.domain.configuration import Configuration

UNFINISHED = "init.unfinished"
"""In the data directory from the first instant of `init` to its last: its presence tells that an init was cut."""
RESTORING = "restore.unfinished"
"""The same, of `restore`."""


def absolute(directory: str | os.PathLike[str]) -> Path:
    """The absolute path of a data directory, links kept as the user named them."""
    return Path(os.path.abspath(directory))  # noqa: PTH100 - Path.absolute keeps ".." as it is


def check_directory(path: Path) -> None:
    """Raises `Refused` unless `path` is a whole data directory that this account may use (its database is not looked at)."""
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        raise Refused(f"{path} does not exist; make a data directory with vaguemestre init.") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None
    if not stat.S_ISDIR(kind):
        raise Refused(f"{path} is not a directory; a data directory is made by vaguemestre init.")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise Refused(f"{path} cannot be used: this account may not read and write it.")
    if (path / RESTORING).exists():
        raise Refused(f"A restore into {path} was cut before its end, or goes on; empty that directory and run vaguemestre restore again.")
    if (path / UNFINISHED).exists():
        raise Refused(f"The init of {path} was cut before its end; remove that directory and run vaguemestre init again.")
    for name in ("web", "trace"):
        key = path / "keys" / name
        if (path / "vaguemestre.toml").exists() and not os.access(key, os.R_OK):
            raise Refused(f"{key} is absent or cannot be read; put it back from a copy, without it the directory cannot be used.")


def set_up(path: Path) -> Configuration:
    """Sets Django up on a data directory whose database may be of any age. Raises `Refused`."""
    before = {name: os.environ.get(name) for name in ("VAGUEMESTRE_DATA", "DJANGO_SETTINGS_MODULE")}
    if "vaguemestre.settings" not in sys.modules:
        os.environ["VAGUEMESTRE_DATA"] = str(path)
        os.environ["DJANGO_SETTINGS_MODULE"] = "vaguemestre.settings"
    try:
        from vaguemestre import settings
    except BaseException:
        # A refused directory must not stay behind in the environment of a program that goes on.
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        raise
    if path != settings.DATA_DIR:
        raise Refused("This process already serves another data directory; one process serves one.")
    import django

    django.setup()
    return settings.VAGUEMESTRE


def check_database() -> str:
    """What to call the database in a sentence. Raises `Refused` where a file is absent or empty (opening it would make another in its
    place), or where a server does not answer or is not one on which the promises hold."""
    from django.db import connection

    if connection.vendor == "postgresql":
        from vaguemestre.records.postgresql import server

        why = server.unfit()
        if why is not None:
            raise Refused(why)
        return "The PostgreSQL database of database.url"
    database = Path(str(connection.settings_dict["NAME"]))
    if not database.is_file():
        raise Refused(f"{database} is absent; put it back from a copy, or check database.url.")
    if not database.stat().st_size:
        raise Refused(f"{database} is empty: it is damaged; put it back from a copy.")
    return str(database)


def check_new_database() -> None:
    """Raises `Refused` unless the server of a data directory that is being made can be used, and its database is empty."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return
    database = check_database()
    from vaguemestre.records.postgresql import server

    if server.holds_tables():
        raise Refused(f"{database} holds tables already; name an empty one, or drop it and make it anew.")


_NO_TABLE = "{database} holds no table: it is damaged or empty; put it back from a copy."


def check_filled() -> None:
    """As `check_database`, and raises `Refused` where it holds nothing: no version ever left one so, what opened an empty file made a
    database of it."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    database = check_database()
    if not MigrationRecorder(connection).applied_migrations():
        raise Refused(_NO_TABLE.format(database=database))


def check_not_newer(path: Path) -> set[tuple[str, str]]:
    """The (app, name) of the migrations that the database lacks, in no order. Raises `Refused` where it holds nothing or has one that this
    version does not know."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    database = check_database()
    loader = MigrationLoader(connection)
    known, applied = set(loader.disk_migrations or {}), set(loader.applied_migrations or {})
    apps = {app for app, _ in known}
    if not applied:
        raise Refused(_NO_TABLE.format(database=database))
    if any(migration not in known for migration in applied if migration[0] in apps):
        raise Refused(f"{path} was written by a newer version of Vaguemestre; use that version or a later one.")
    return known - applied


def _check_schema(path: Path) -> None:
    if check_not_newer(path):
        raise Refused(f"The database of {path} is of an older version; make a copy, stop serve, then run vaguemestre upgrade {path}.")


def open_data(directory: str | os.PathLike[str], *, damaged: bool = False) -> Configuration:
    """Opens a data directory for a command: Django is set up on it and its schema is this version's.

    Returns the checked settings; `django.conf.settings.DATA_DIR` is the absolute path. Raises `Refused` (exit 2): not a data
    directory, unreadable, a wrong setting by its name, a schema older or newer than the code. `damaged`: a database that cannot be
    read is let through, for `verify`, whose work is to say what is wrong with it.
    """
    path = absolute(directory)
    check_directory(path)
    configuration = set_up(path)
    from django.db import DatabaseError

    try:
        _check_schema(path)
    except DatabaseError:
        if not damaged:
            raise Refused(f"The database of {path} cannot be opened: it is damaged or busy; vaguemestre verify says more.") from None
    return configuration
