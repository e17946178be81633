"""`vaguemestre trace DIR ID [--json]`: the life of a message or document, with no clinical content (promises 5 and 6)."""

from __future__ import annotations

import argparse
import json

from vaguemestre.domain.fault import Unreadable

SUMMARY = "tells the life of a message or document"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("id", metavar="ID", help="a Message-ID, with or without brackets, or a document_id")
    parser.add_argument("--json", action="store_true", help="JSON lines")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import open_data

    open_data(args.directory)
    from vaguemestre.records.queries.tracing import life

    events = life(args.id)
    if events is None:
        raise Unreadable("No message and no document has that ID.")
    for event in events:
        if args.json:
            print(json.dumps(event, ensure_ascii=False))
        else:
            print(f"{event['at']}  {event['event']:<24} {event['object']:<16} {event['actor']:<16} {event['result']}")
    return 0
