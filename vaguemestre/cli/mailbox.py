"""`vaguemestre mailbox add|list|set|suspend|resume|close|export DIR ...`: mailboxes, first day to last (mssante.md 1.5, 1.8).

A mailbox answers to a number: its holder's RPPS or its structure's. Where none is given, profile demo asks its own register of invented
numbers (`demo_register`), as it asks its own CA for certificates; profile mssante refuses.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vaguemestre.domain.address import MAILBOX_TYPES
from vaguemestre.domain.fault import Refused, Unreadable

if TYPE_CHECKING:
    from vaguemestre.domain.mailbox import Holder
    from vaguemestre.records.mailboxes import Mailbox

SUMMARY = "makes, lists, changes, suspends, closes and exports mailboxes"


def compared(text: str, what: str) -> str:
    """The comparison form of an address that the command line gives as `what`. Raises `Refused`."""
    from vaguemestre.domain import address

    try:
        return address.comparison(text)
    except Unreadable:
        raise Refused(f"{what} is no mail address.") from None


def named(text: str) -> Mailbox:
    """The mailbox that `--mailbox` names. Raises `Refused`."""
    from vaguemestre.records import administration

    return administration.mailbox(compared(text, "--mailbox"))


def label(text: str, what: str, most: int) -> str:
    """A short text for people: blanks folded, no control character. Raises `Refused`."""
    folded = " ".join(text.split())
    if not folded or not folded.isprintable() or len(folded) > most:
        raise Refused(f"{what} must be a printable text of 1 to {most} characters.")
    return folded


def _rpps(text: str) -> str:
    from vaguemestre.domain import person

    if not text.strip():
        return ""
    digits = person.rpps(text)
    if not digits:
        raise Refused("--rpps must be an RPPS: 11 digits.")
    if not person.rpps_key_valid(digits):
        print("Warning: the key of that RPPS is wrong; it was kept as given.", file=sys.stderr)
    return digits


def structure(text: str, what: str) -> str:
    """The number of a structure that the command line gives as `what`, "" for none; a wrong key is only warned about. Raises `Refused`."""
    from vaguemestre.domain import mailbox as rules

    if not text.strip():
        return ""
    number = rules.structure_number(text)
    if not number:
        raise Refused(f"{what} must be a number of at most 32 characters, such as a FINESS (9), a SIREN (9) or a SIRET (14).")
    if not rules.structure_key_valid(number):
        print(f"Warning: {what} is no FINESS, SIREN or SIRET with its right key; it was kept as given.", file=sys.stderr)
    return number


def _holder(args: argparse.Namespace, profile: str, directory: Path) -> tuple[Holder, bool]:
    """The numbers that the new mailbox answers to, and whether one is of the demo's register. The rule itself is that of every profile
    and is held where the mailbox is made."""
    from vaguemestre.domain import mailbox as rules
    from vaguemestre.domain.mailbox import Holder

    given = Holder(_rpps(args.rpps), structure(args.structure, "--structure"), structure(args.answerable, "--answerable"))
    lacking = rules.lacking(args.type, given)
    if not lacking or profile != "demo":
        return given, False
    from vaguemestre.cli.demo_register import invented

    what = lacking[0]
    number = invented(directory, what)
    return Holder(number if what == "rpps" else given.rpps, number if what == "structure" else given.structure, given.answerable), True


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=what, allow_abbrev=False)
    verb.add_argument("directory", metavar="DIR")
    if name != "list":
        verb.add_argument("address", metavar="ADDRESS")
    return verb


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list|set|suspend|resume|close|export|password")
    add = _verb(verbs, "add", "makes a mailbox")
    kinds = "PER (a person), ORG (a team), APP (a program) or CAB (a group practice)"
    add.add_argument("--type", required=True, choices=MAILBOX_TYPES, help=kinds)
    add.add_argument("--name", required=True, help="whose mailbox it is, for people")
    add.add_argument("--practice", default="", help="the patient base that it shares; default: the domain's own")
    add.add_argument("--rpps", default="", help="RPPS of its holder")
    add.add_argument("--structure", default="", help="identifier of its structure (FINESS, SIREN, SIRET)")
    add.add_argument("--answerable", default="", metavar="STRUCTURE", help="the structure that answers for a person without RPPS")
    show = _verb(verbs, "list", "lists the mailboxes")
    show.add_argument("--published", action="store_true", help="only what a directory may show: active, not on the red list")
    show.add_argument("--json", action="store_true", help="JSON lines")
    change = _verb(verbs, "set", "changes particulars; the address and the type never change")
    for name in ("name", "description", "service", "responsible", "structure"):
        change.add_argument(f"--{name}")
    change.add_argument("--quota", type=int, metavar="BYTES", help="what it may hold; 0 = mailboxes.quota_bytes")
    change.add_argument("--red-list", choices=("yes", "no"), help="yes: never published, searched or exported; it still receives")
    for name in ("address", "type"):
        change.add_argument(f"--{name}", dest=f"new_{name}", help="refused: it never changes")
    _verb(verbs, "suspend", "takes no mail for a time: senders try again; nobody opens it")
    _verb(verbs, "resume", "takes mail again")
    _verb(verbs, "close", "closes it for good: senders are told; its mail may be exported for mailboxes.export_days")
    export = _verb(verbs, "export", "writes all its mail (maildir) and its filings (CSV) to a zip file")
    export.add_argument("--out", required=True, metavar="FILE.zip", help="a new file, readable by its owner only")
    _verb(verbs, "password", "prints a new application password (not built yet)")


def run(args: argparse.Namespace) -> int:
    if args.verb == "password":
        raise Refused("vaguemestre mailbox password is not built yet: it comes with IMAP and submission.")
    from vaguemestre.cli.assemble import open_data

    configuration = open_data(args.directory)
    if args.verb == "list":
        return _list(args)
    address = compared(args.address, "ADDRESS")
    if args.verb == "add":
        return _add(args, address, configuration.text("server", "profile"))
    from vaguemestre.records import administration

    box = administration.mailbox(address)
    if args.verb == "export":
        from vaguemestre.cli.mailbox_export import export

        count = export(box, Path(args.out), dt.datetime.now(dt.UTC))
        print(f"{count} messages of {address} are in {args.out}.")
        return 0
    return _act(args, box)


def _add(args: argparse.Namespace, address: str, profile: str) -> int:
    from vaguemestre.cli.assemble import absolute
    from vaguemestre.domain.address import domain_of
    from vaguemestre.records import administration, domains, mailbox_life

    domain = domain_of(address)
    domains.check(domain)
    practice = label(args.practice, "--practice", 200) if args.practice else domain
    name = label(args.name, "--name", 200)
    holder, invented = _holder(args, profile, absolute(args.directory))
    now = dt.datetime.now(dt.UTC)
    mailbox_life.make(address, args.type, name, practice, holder, now, administration.ACTOR, invented=invented)
    print(f"{address} is ready.")
    if invented:
        print("It answers to an invented number of this demo.", file=sys.stderr)
    return 0


def _act(args: argparse.Namespace, box: Mailbox) -> int:
    from vaguemestre.records import mailbox_life
    from vaguemestre.records.administration import ACTOR

    now = dt.datetime.now(dt.UTC)
    if args.verb == "suspend":
        mailbox_life.suspend(box, now, ACTOR)
        print(f"{box.address} is suspended: it takes no mail, senders try again.")
    elif args.verb == "resume":
        mailbox_life.resume(box, now, ACTOR)
        print(f"{box.address} takes mail again.")
    elif args.verb == "close":
        until = mailbox_life.close(box, now, ACTOR)
        print(f"{box.address} is closed; its mail may be exported until {until:%Y-%m-%d}: vaguemestre mailbox export.")
    else:
        changes = {name: getattr(args, name) for name in ("name", "description", "service", "responsible", "quota")}
        changes |= {"address": args.new_address, "type": args.new_type}
        if args.structure is not None:
            changes["structure"] = structure(args.structure, "--structure")
        if args.red_list is not None:
            changes["red_listed"] = args.red_list == "yes"
        wanted = {name: value for name, value in changes.items() if value is not None}
        if not wanted:
            raise Refused("Say what changes: --name, --description, --service, --responsible, --structure, --quota or --red-list.")
        changed = mailbox_life.change(box, wanted, now, ACTOR)
        print(f"{box.address}: {', '.join(changed) if changed else 'nothing'} changed.")
    return 0


def _list(args: argparse.Namespace) -> int:
    from vaguemestre.records.mailboxes import Mailbox
    from vaguemestre.records.queries import service

    boxes = Mailbox.objects.published() if args.published else Mailbox.objects.all()
    for box in service.mailboxes(boxes):
        if not args.json:
            marks = [box.type, box.state, *(["red list"] if box.red_listed else []), *(["invented number"] if box.invented else [])]
            print(f"{box.address}  {', '.join(marks)}  {box.name}")
            continue
        line = {
            **{name: getattr(box, name) for name in ("address", "type", "name", "state", "rpps", "structure", "answerable", "invented")},
            **{name: getattr(box, name) for name in ("description", "service", "responsible", "red_listed", "quota")},
            "used": box.used,
            "aliases": [one.address for one in box.aliases.all()],
            "practice": box.practice.name,
            "created_at": box.created_at.isoformat(timespec="seconds"),
            "last_sign_in": box.last_sign_in.isoformat(timespec="seconds") if box.last_sign_in else None,
            "erase_after": box.erase_after.isoformat(timespec="seconds") if box.erase_after else None,
        }
        print(json.dumps(line, ensure_ascii=False))
    return 0
