"""`vaguemestre domain add|list|suspend|resume DIR`: the mail domains that this operator hosts (mssante.md 1.1, 1.4).

Peers take mail of a domain only from a certificate that the trust list pairs with it: `list` says whether the list in force pairs each of
ours with our own certificate, DIR/pki/server.pem. In profile demo, where the list is our own, `add` enters that pair.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

from vaguemestre.domain.fault import Fault, Refused

if TYPE_CHECKING:
    from vaguemestre.crypto.certificates import Certificate

SUMMARY = "adds, lists and suspends the mail domains hosted here"
VERBS = {"add": "hosts another domain", "suspend": "its mailboxes take no mail for a time", "resume": "they take mail again"}


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list|suspend|resume")
    for name, what in VERBS.items():
        verb = verbs.add_parser(name, help=what, allow_abbrev=False)
        verb.add_argument("directory", metavar="DIR")
        verb.add_argument("domain", metavar="DOMAIN")
    show = verbs.add_parser("list", help="lists them, and whether the trust list pairs them with our certificate", allow_abbrev=False)
    show.add_argument("directory", metavar="DIR")
    show.add_argument("--json", action="store_true", help="JSON lines: domain, state, first, listed, mailboxes")


def compared(text: str) -> str:
    """The comparison form of a mail domain. Raises `Refused`."""
    from vaguemestre.domain.address import domain_of
    from vaguemestre.domain.fault import Unreadable

    try:
        return domain_of(f"a@{text}")
    except Unreadable:
        raise Refused("DOMAIN is no mail domain, such as cabinet.demo.example.") from None


def _own(path: Path) -> Certificate | None:
    """Our server's certificate; None where there is none yet, or none that can be read."""
    from vaguemestre.crypto import certificates

    try:
        return certificates.read_pem((path / "pki" / "server.pem").read_bytes())[0]
    except (OSError, IndexError, Fault):
        return None


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data

    configuration = open_data(args.directory)
    path = absolute(args.directory)
    from vaguemestre.records import domains
    from vaguemestre.records.administration import ACTOR

    if args.verb == "list":
        return _list(path, as_json=args.json)
    name, now = compared(args.domain), dt.datetime.now(dt.UTC)
    if args.verb == "add":
        domains.add(name, now, ACTOR)
        own = _own(path)
        if configuration.text("server", "profile") == "demo" and own is not None:
            from vaguemestre.records.trust_lists import list_peer

            list_peer(name, own.subject, own.key, own.serial, now)
        print(f"{name} is hosted; make its mailboxes with vaguemestre mailbox add.")
    elif args.verb == "suspend":
        domains.suspend(name, now, ACTOR)
        print(f"{name} is suspended: its mailboxes take no mail, senders try again.")
    else:
        domains.resume(name, now, ACTOR)
        print(f"{name} takes mail again.")
    return 0


def _list(path: Path, *, as_json: bool) -> int:
    from vaguemestre.records import domains
    from vaguemestre.records.mailboxes import Mailbox
    from vaguemestre.records.trust import TrustEntry

    own = _own(path)
    for one in domains.hosted():
        listed = own is not None and TrustEntry.objects.filter(domain=one.name, dn_key=own.key).exists()
        count = Mailbox.objects.filter(address__endswith=f"@{one.name}").count()
        line = {"domain": one.name, "state": one.state, "first": one.first, "listed": listed, "mailboxes": count}
        if as_json:
            print(json.dumps(line, ensure_ascii=False))
        else:
            pair = "in the trust list" if listed else "not in the trust list"
            print(f"{one.name}  {one.state}{', the first' if one.first else ''}  {count} mailboxes  {pair}")
    return 0
