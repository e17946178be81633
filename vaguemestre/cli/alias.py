"""`vaguemestre alias add|remove|list DIR`: other addresses of a mailbox, in any domain hosted here (mssante.md 1.5)."""

from __future__ import annotations

import argparse
import datetime as dt
import json

SUMMARY = "adds, removes and lists other addresses of mailboxes"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|remove|list")
    add = verbs.add_parser("add", help="gives a mailbox another address", allow_abbrev=False)
    add.add_argument("directory", metavar="DIR")
    add.add_argument("alias", metavar="ALIAS", help="the new address; nobody has it yet")
    add.add_argument("--mailbox", required=True, metavar="ADDRESS", help="where its mail goes")
    remove = verbs.add_parser("remove", help="takes one away", allow_abbrev=False)
    remove.add_argument("directory", metavar="DIR")
    remove.add_argument("alias", metavar="ALIAS")
    show = verbs.add_parser("list", help="lists them", allow_abbrev=False)
    show.add_argument("directory", metavar="DIR")
    show.add_argument("--json", action="store_true", help="JSON lines: alias, mailbox, at")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import open_data

    open_data(args.directory)
    from vaguemestre.cli.mailbox import compared, named
    from vaguemestre.records import mailbox_life
    from vaguemestre.records.administration import ACTOR
    from vaguemestre.records.mailboxes import MailboxAlias

    now = dt.datetime.now(dt.UTC)
    if args.verb == "add":
        box = named(args.mailbox)
        mailbox_life.add_alias(box, compared(args.alias, "ALIAS"), now, ACTOR)
        print(f"Mail to {compared(args.alias, 'ALIAS')} goes to {box.address}.")
        return 0
    if args.verb == "remove":
        mailbox_life.remove_alias(compared(args.alias, "ALIAS"), now, ACTOR)
        print("That address takes no mail any more.")
        return 0
    for one in MailboxAlias.objects.select_related("mailbox").order_by("address").iterator():
        at = one.created_at.isoformat(timespec="seconds")
        if args.json:
            print(json.dumps({"alias": one.address, "mailbox": one.mailbox.address, "at": at}, ensure_ascii=False))
        else:
            print(f"{one.address}  {one.mailbox.address}")
    return 0
