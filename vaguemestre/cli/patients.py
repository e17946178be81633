"""`vaguemestre patients import DIR FILE.csv --mailbox ADDRESS`: loads a practice's charts. The rows are read by `patient_rows`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from vaguemestre.domain.fault import Refused, TooLarge

SUMMARY = "loads a practice's patients from a CSV file"
MOST_BYTES = 256 * 1024 * 1024
ROWS_AT_ONCE = 250
"""Rows of one transaction: under 50 ms each (architecture, row SQLite)."""
MOST_NAMED = 100
"""Bad rows named on standard error; the others are counted."""


def _bytes(name: str) -> bytes:
    path = Path(name)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Refused(f"FILE cannot be read: {error.strerror}.") from None
    if len(data) > MOST_BYTES:
        raise TooLarge(f"FILE is larger than {MOST_BYTES >> 20} MB; import it in parts.")
    return data


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="import")
    load = verbs.add_parser("import", help="loads or updates charts", allow_abbrev=False)
    load.add_argument("directory", metavar="DIR")
    load.add_argument("file", metavar="FILE.csv", help="UTF-8, separated by commas or semicolons, columns by name")
    load.add_argument("--mailbox", required=True, metavar="ADDRESS", help="any mailbox of the practice")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import open_data

    open_data(args.directory)
    from vaguemestre.cli.mailbox import named
    from vaguemestre.cli.patient_rows import BadRow, Table
    from vaguemestre.records import administration
    from vaguemestre.records.patients import Patient

    practice = named(args.mailbox).practice
    now = dt.datetime.now(dt.UTC)
    table = Table(_bytes(args.file), today=now.date())
    added = updated = bad = without_oid = 0
    waiting: list[Patient] = []
    for row in table.rows():
        if isinstance(row, BadRow):
            bad += 1
            if bad <= MOST_NAMED:
                print(f"line {row.line}: {row.why}; this row was not loaded.", file=sys.stderr)
            continue
        without_oid += bool(row.fields["ins"] and not row.fields["ins_oid"])
        waiting.append(Patient(**row.fields))
        if len(waiting) == ROWS_AT_ONCE:
            more = administration.load_patients(practice, waiting, now)
            added, updated, waiting = added + more[0], updated + more[1], []
    more = administration.load_patients(practice, waiting, now)
    added, updated = added + more[0], updated + more[1]
    if bad > MOST_NAMED:
        print(f"and {bad - MOST_NAMED} more bad rows.", file=sys.stderr)
    if table.unknown:
        print(f"Note: columns not known and left out: {', '.join(table.unknown)}.", file=sys.stderr)
    if without_oid:
        print(f"Note: {without_oid} rows have an INS without ins_oid: nothing is filed by INS for them.", file=sys.stderr)
    print(f"{added} added, {updated} updated, {bad} bad rows.")
    return 1 if bad else 0
