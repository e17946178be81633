"""`vaguemestre queue DIR [list|show ID|retry ID|return ID]`: what leaves and why it waits, with no content and no patient's address."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from vaguemestre.domain.fault import Refused, Unreadable

if TYPE_CHECKING:
    from vaguemestre.domain.configuration import Configuration
    from vaguemestre.records.queries.outgoing import Line

SUMMARY = "shows what is to be sent; tries one again or returns it"
VERBS = ("list", "show", "retry", "return")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("verb", nargs="?", default="list", choices=VERBS, metavar="list|show|retry|return")
    parser.add_argument("id", nargs="?", metavar="ID", help="of one recipient, as list and send print it")
    parser.add_argument("--all", action="store_true", help="list those sent too")
    parser.add_argument("--json", action="store_true", help="JSON lines, one a recipient")


def _public(line: Line) -> dict[str, Any]:
    from vaguemestre.outbound import reasons

    french, english = reasons.words(line.reason, line.code)
    shown = {name: value.isoformat(timespec="seconds") if isinstance(value, dt.datetime) else value for name, value in _fields(line)}
    return {**shown, "id": f"R{line.id}", "message": f"O{line.message}", "words": {"fr": french, "en": english}}


def _fields(line: Line) -> list[tuple[str, Any]]:
    return [(field.name, getattr(line, field.name)) for field in dataclasses.fields(line)]


def _number(text: str | None) -> int:
    digits = (text or "").removeprefix("R").removeprefix("r")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise Refused("ID must be the one of a recipient, such as R12; vaguemestre queue DIR lists them.")
    return int(digits)


def _show(line: Line, as_json: bool) -> None:
    public = _public(line)
    if as_json:
        print(json.dumps(public, ensure_ascii=False))
        return
    code = f" ({line.code} {line.enhanced})".replace(" )", ")") if line.code is not None else ""
    again = f", next try {line.next_try_at:%Y-%m-%d %H:%M} UTC" if line.next_try_at else ""
    sender = line.sender or "(notice)"
    print(f"{public['id']:<8} {line.state:<9} {line.tries:>3}  {sender} -> {line.to}  {public['words']['fr']}{code}{again}")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data

    configuration = open_data(args.directory)
    now = dt.datetime.now(dt.UTC)
    if args.verb == "list":
        if args.id is not None:
            raise Refused("list takes no ID; show ID shows one.")
        from vaguemestre.records.queries import outgoing

        for line in outgoing.lines(outgoing.STATES if args.all else ("waiting", "bounced", "returned"), now):
            _show(line, args.json)
        return 0
    return _one(args, configuration, absolute(args.directory), now)


def _one(args: argparse.Namespace, configuration: Configuration, directory: Any, now: dt.datetime) -> int:
    from vaguemestre.pipeline import outgoing as acts
    from vaguemestre.records import queue
    from vaguemestre.records.queries import outgoing
    from vaguemestre.vault.files import Vault

    number = _number(args.id)
    found = outgoing.recipient(number)
    if found is None:
        raise Unreadable("No recipient has that ID.")
    if args.verb == "retry":
        done = acts.try_again(found, "cli", now.timestamp())
    elif args.verb == "return":
        done = acts.Post(configuration, Vault(directory / "vault")).give_back(found, "cli")
    else:
        done = True
    if not done:
        raise Refused("That recipient does not wait any more, or is being sent right now; nothing was changed.")
    if args.verb != "show":
        with contextlib.closing(queue.ringer(directory / "run" / "outgoing")) as ringer:
            ringer.ring()
        found = outgoing.recipient(number)
    assert found is not None
    _show(outgoing.line(found, now), args.json)
    return 0
