"""`vaguemestre filings DIR [--json]`: one line per document and mailbox, in the order of their numbers."""

from __future__ import annotations

import argparse
import json
import sys

SUMMARY = "lists each document, where it was filed and why"
DECISIONS = {"filed": "rangé", "proposed": "à confirmer", "review": "à vérifier", "blocked": "bloqué"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--json", action="store_true", help="JSON lines")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import open_data

    open_data(args.directory)
    from vaguemestre.records.queries.filings import filings

    out = sys.stdout
    if args.json:
        encode = json.JSONEncoder(ensure_ascii=False).encode
        for line in filings():
            out.write(encode(line) + "\n")
        return 0
    form = "{:<10} {:<32} {:<14} {:<12} {:<22} {}\n"
    out.write(form.format("Document", "Boîte", "Format", "État", "Règle", "Dossier"))
    for line in filings():
        state = DECISIONS.get(line["decision"], line["decision"])
        repeat = f" (double de {line['duplicate_of']})" if line["duplicate_of"] else ""
        chart = line["patient_ref"] or "-"
        out.write(form.format(line["document_id"], line["mailbox"], line["format"], state, line["rule"], chart + repeat))
    return 0
