"""`vaguemestre upgrade DIR [--backup DEST]`: brings the database of an older version to this one's schema, by Django's migrations.

Each migration and the note that it was made are one transaction, the last one with the trace of the upgrade: cut at any instant, the
database is of one version or of another that lies between, which every command refuses by name, and the same command again goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
from pathlib import Path

from vaguemestre.cli.assemble import absolute, check_directory, check_filled, check_not_newer, set_up
from vaguemestre.domain.fault import Refused

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


def upgraded() -> int:
    """Applies what a database that is in use lacks, and traces it; returns how many migrations were made. Django must be set up."""
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.db.migrations.executor import MigrationExecutor

    from vaguemestre.records import administration

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    for number, (migration, _) in enumerate(plan, 1):
        # SQLite's tables are made anew by some changes: keys that point at them are looked at when each is done, not before.
        connection.disable_constraint_checking()
        try:
            with transaction.atomic() if migration.atomic else contextlib.nullcontext():
                one = MigrationExecutor(connection)
                one.migrate([(migration.app_label, migration.name)])
                if number == len(plan):
                    administration.upgraded(len(plan), dt.datetime.now(dt.UTC))
        finally:
            connection.enable_constraint_checking()
    if plan:
        call_command("migrate", interactive=False, verbosity=0)  # what comes after all of them: types of content, permissions
    return len(plan)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--backup", metavar="DEST", help="makes a copy there first, as vaguemestre backup does")


def run(args: argparse.Namespace) -> int:
    path = absolute(args.directory)
    check_directory(path)
    set_up(path)
    check_filled()
    check_not_newer(path)
    from vaguemestre.cli.serve_doors import lock

    held = lock(path)  # no writer of the older version may be at work
    try:
        if args.backup is not None:
            from vaguemestre.cli import backup

            copy = backup.make(path, absolute(args.backup), dt.datetime.now(dt.UTC))
            if copy.damaged:
                raise Refused(f"{path} is damaged ({copy.damaged[0]}); it was copied as it is and is left at its version.")
        made = upgraded()
    finally:
        os.close(held)
    print(f"{path} is of this version ({made} changes made).")
    return 0
