"""`vaguemestre senders add|list DIR --mailbox ADDRESS`: the senders that a practice knows (formats.md 6.5, rule E)."""

from __future__ import annotations

import argparse
import datetime as dt
import json

SUMMARY = "adds to or lists the senders that a practice knows"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list")
    add = verbs.add_parser("add", help="makes senders known", allow_abbrev=False)
    add.add_argument("directory", metavar="DIR")
    add.add_argument("--mailbox", required=True, metavar="ADDRESS", help="any mailbox of the practice")
    add.add_argument("senders", metavar="SENDER", nargs="+", help="mail address of a sender")
    show = verbs.add_parser("list", help="lists them", allow_abbrev=False)
    show.add_argument("directory", metavar="DIR")
    show.add_argument("--mailbox", required=True, metavar="ADDRESS", help="any mailbox of the practice")
    show.add_argument("--json", action="store_true", help="JSON lines: address, source (added or confirmed), at")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import open_data

    open_data(args.directory)
    from vaguemestre.cli.mailbox import compared, named
    from vaguemestre.records import administration
    from vaguemestre.records.patients import KnownSender

    practice = named(args.mailbox).practice
    if args.verb == "add":
        addresses = [compared(text, f"SENDER number {place}") for place, text in enumerate(args.senders, 1)]
        new = administration.add_senders(practice, addresses, dt.datetime.now(dt.UTC))
        print(f"{new} added, {len(set(addresses)) - new} known before.")
        return 0
    for sender in KnownSender.objects.filter(practice=practice).order_by("address").iterator():
        at = sender.at.isoformat(timespec="seconds")
        if args.json:
            print(json.dumps({"address": sender.address, "source": sender.source, "at": at}, ensure_ascii=False))
        else:
            print(f"{sender.address}  {sender.source}  {at}")
    return 0
