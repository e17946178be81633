"""`vaguemestre account add DIR LOGIN`: makes a local sign-in (profile demo) and prints its password once."""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys

from vaguemestre.domain.fault import Refused

SUMMARY = "makes a local sign-in and prints its password once (profile demo)"
ROLES = ("doctor", "secretary", "substitute", "admin")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add")
    add = verbs.add_parser("add", help="makes an account", allow_abbrev=False)
    add.add_argument("directory", metavar="DIR")
    add.add_argument("login", metavar="LOGIN", help="letters, digits and . _ @ + -")
    add.add_argument("--role", required=True, choices=ROLES, help="an admin has no clinical access")
    add.add_argument("--mailbox", action="append", default=[], metavar="ADDRESS", help="a mailbox that it reads; may be repeated")
    bound = "a domain that an admin is bound to; may be repeated; none = the whole operator"
    add.add_argument("--domain", action="append", default=[], metavar="DOMAIN", help=bound)


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import open_data

    configuration = open_data(args.directory)
    from vaguemestre.cli import domain
    from vaguemestre.cli.mailbox import compared
    from vaguemestre.records import administration

    if configuration.text("server", "profile") != "demo":
        raise Refused("Local sign-ins exist in profile demo only.")
    if not _LOGIN.fullmatch(args.login):
        raise Refused("LOGIN must be 1 to 100 letters without accents, digits and . _ @ + - and begin with a letter or digit.")
    addresses = [compared(address, "--mailbox") for address in args.mailbox]
    names = [domain.compared(name) for name in args.domain]
    _, password = administration.make_account(args.login, args.role, addresses, dt.datetime.now(dt.UTC), names)
    print(password)
    print("The account is ready; its password, on standard output, is shown this once.", file=sys.stderr)
    return 0
