"""`vaguemestre status DIR [--json]`: how many messages and documents are where."""

from __future__ import annotations

import argparse
import datetime as dt
import json

SUMMARY = "counts messages and documents by state"
WORDS = {
    "accepted": "Messages reçus",
    "deliveries": "Remises aux boîtes",
    "waiting": "En attente de lecture",
    "failed": "Remises confiées à une personne après des pannes",
    "filed": "Documents rangés",
    "proposed": "À confirmer",
    "review": "À vérifier",
    "blocked": "Bloqués (alerte d’identité)",
    "unreadable": "Dont illisibles",
    "queued_out": "À envoyer",
    "sent": "Envoyés",
    "deferred": "Envois à réessayer",
    "bounced": "Envois refusés",
    "oldest_waiting_s": "Plus longue attente (secondes)",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import open_data

    open_data(args.directory)
    from vaguemestre.records.queries.status import status

    counts = status(dt.datetime.now(dt.UTC))
    if args.json:
        print(json.dumps(counts))
        return 0
    width = max(map(len, WORDS.values()))
    for name, words in WORDS.items():
        print(f"{words:<{width}}  {counts[name]:>9}")
    return 0
