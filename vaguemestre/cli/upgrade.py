"""`vaguemestre upgrade DIR`: brings the database of an older version to this one's schema, by Django's migrations."""

from __future__ import annotations

import argparse
import datetime as dt
import os
from pathlib import Path

from vaguemestre.cli.assemble import absolute, check_directory, check_filled, set_up

SUMMARY = "brings a data directory of an older version to this one's schema"


def migrate(path: Path) -> int:
    """Applies what is missing and returns how many migrations were. Django must be set up on `path`."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        call_command("migrate", interactive=False, verbosity=0)
    database = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor == "sqlite" and database.is_file() and path in database.parents:
        os.chmod(database, 0o600)  # noqa: PTH101
    return missing


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")


def run(args: argparse.Namespace) -> int:
    path = absolute(args.directory)
    check_directory(path)
    set_up(path)
    check_filled()
    from vaguemestre.cli.serve_doors import lock
    from vaguemestre.records import administration

    held = lock(path)  # no writer of the older version may be at work
    missing = migrate(path)
    os.close(held)
    if missing:
        administration.upgraded(missing, dt.datetime.now(dt.UTC))
    print(f"{path} is of this version ({missing} changes made).")
    return 0
