"""`vaguemestre trustlist load DIR FILE`: puts a white list in force (mssante.md 1.4), or refuses it and keeps the last good one."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from vaguemestre.domain.fault import Fault, Refused, Unreadable

SUMMARY = "loads a white list (XML) of the operators to trust"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="load")
    load = verbs.add_parser("load", help="puts a list in force instead of the one before", allow_abbrev=False)
    load.add_argument("directory", metavar="DIR")
    load.add_argument("file", metavar="FILE")
    load.add_argument("--allow-shrunken", action="store_true", help="accept a list with far fewer entries than the one in force")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import open_data

    open_data(args.directory)
    from vaguemestre.crypto import trust_list
    from vaguemestre.records import administration

    try:
        with Path(args.file).open("rb") as file:
            data = file.read(trust_list.BYTES_MOST + 1)
    except OSError as error:
        raise Refused(f"FILE cannot be read: {error.strerror}.") from None
    before = administration.trust_list()
    try:
        loaded = trust_list.parse(data, in_force=before.entries if before else 0, forced=args.allow_shrunken)
    except trust_list.Shrunken as shrunken:
        raise Unreadable(f"{shrunken.detail} The last good list stays in force; --allow-shrunken takes this one all the same.") from None
    except Fault as fault:
        raise Unreadable(f"{fault.detail} The last good list stays in force.") from None
    entries = [(entry.domain, entry.dn, entry.dn_key, entry.description) for entry in loaded.pairs().values()]
    revision = administration.load_trust_list(entries, loaded.generated_at, dt.datetime.now(dt.UTC))
    if loaded.left_out:
        print(f"Note: {len(loaded.left_out)} entries cannot be read and were left out.", file=sys.stderr)
    print(f"{len(entries)} entries are in force (revision {revision}).")
    return 0
