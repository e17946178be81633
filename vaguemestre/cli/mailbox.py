"""`vaguemestre mailbox add DIR ADDRESS`: makes a mailbox in the hosted domain, with its folders (RFC 9051 section 2)."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from typing import TYPE_CHECKING

from vaguemestre.domain.address import MAILBOX_TYPES
from vaguemestre.domain.fault import Refused, Unreadable

if TYPE_CHECKING:
    from vaguemestre.records.mailboxes import Mailbox

SUMMARY = "makes a mailbox; prints an application password (not built yet)"


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


def _hosted(domain: str) -> str:
    from vaguemestre.domain.address import domain_of

    try:
        return domain_of(f"postmaster@{domain}")
    except Unreadable:
        raise Refused("vaguemestre.toml: server.domain is no mail domain.") from None


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


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|password")
    add = verbs.add_parser("add", help="makes a mailbox", allow_abbrev=False)
    add.add_argument("directory", metavar="DIR")
    add.add_argument("address", metavar="ADDRESS")
    add.add_argument("--type", required=True, choices=MAILBOX_TYPES, help="PER (a person), ORG (a team) or APP (a program)")
    add.add_argument("--name", required=True, help="whose mailbox it is, for people")
    add.add_argument("--practice", default="", help="the patient base that it shares; default: the domain's own")
    add.add_argument("--rpps", default="", help="RPPS of its holder")
    add.add_argument("--structure", default="", help="identifier of its structure (FINESS, SIRET)")
    password = verbs.add_parser("password", help="prints a new application password (not built yet)", allow_abbrev=False)
    password.add_argument("directory", metavar="DIR")
    password.add_argument("address", metavar="ADDRESS")


def run(args: argparse.Namespace) -> int:
    if args.verb == "password":
        raise Refused("vaguemestre mailbox password is not built yet: it comes with IMAP and submission.")
    from vaguemestre.cli.assemble import open_data

    configuration = open_data(args.directory)
    from vaguemestre.domain.address import domain_of
    from vaguemestre.records import administration

    address = compared(args.address, "ADDRESS")
    hosted = _hosted(configuration.text("server", "domain"))
    if domain_of(address) != hosted:
        raise Refused(f"ADDRESS must be in the domain that this operator hosts, {hosted}.")
    practice = label(args.practice, "--practice", 200) if args.practice else hosted
    structure = label(args.structure, "--structure", 32) if args.structure else ""
    administration.make_mailbox(
        address,
        args.type,
        label(args.name, "--name", 200),
        practice,
        _rpps(args.rpps),
        structure,
        dt.datetime.now(dt.UTC),
    )
    print(f"{address} is ready.")
    return 0
