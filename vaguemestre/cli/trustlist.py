"""`vaguemestre trustlist load|refresh|show|changes DIR`: the white list in force (mssante.md 1.4), put there or refused by name; the last
good one stays.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaguemestre.domain.fault import Fault, Refused, Unreadable

if TYPE_CHECKING:
    from vaguemestre.domain.configuration import Configuration

SUMMARY = "loads, fetches and shows the white list of the operators to trust"
STAYS = "The last good list stays in force"
CHANGES_MOST = 100_000


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="load|refresh|show|changes")
    load = verbs.add_parser("load", help="puts a list in force instead of the one before", allow_abbrev=False)
    load.add_argument("directory", metavar="DIR")
    load.add_argument("file", metavar="FILE")
    fetch = verbs.add_parser("refresh", help="fetches the list and the revocation lists now", allow_abbrev=False)
    fetch.add_argument("directory", metavar="DIR")
    for one in (load, fetch):
        one.add_argument(
            "--allow-shrunken", "--force", action="store_true", help="accept a list with far fewer entries than the one in force, or older"
        )
    show = verbs.add_parser("show", help="tells the list in force, its age and the alarms", allow_abbrev=False)
    changes = verbs.add_parser("changes", help="tells which pairs came and went, newest first", allow_abbrev=False)
    for one in (show, changes):
        one.add_argument("directory", metavar="DIR")
        one.add_argument("--json", action="store_true", help="one JSON object" if one is show else "JSON lines")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data

    configuration = open_data(args.directory)
    if args.verb == "load":
        return _load(args.file, args.allow_shrunken)
    if args.verb == "refresh":
        return _refresh(configuration, absolute(args.directory), args.allow_shrunken)
    if args.verb == "show":
        return _show(configuration, absolute(args.directory), args.json)
    return _changes(args.json)


def _load(name: str, forced: bool) -> int:
    from vaguemestre.crypto import trust_list
    from vaguemestre.pipeline import refresh
    from vaguemestre.records import trust_lists

    try:
        with Path(name).open("rb") as file:
            data = file.read(trust_list.BYTES_MOST + 1)
    except OSError as error:
        raise Refused(f"FILE cannot be read: {error.strerror}.") from None
    before = trust_lists.trust_list()
    try:
        loaded = trust_list.parse(data, in_force=before.entries if before else 0, forced=forced)
    except trust_list.Shrunken as shrunken:
        raise Unreadable(f"{shrunken.detail} {STAYS}; --allow-shrunken takes this one all the same.") from None
    except Fault as fault:
        raise Unreadable(f"{fault.detail} {STAYS}.") from None
    revision = refresh.put_in_force(loaded, dt.datetime.now(dt.UTC), origin="file", forced=forced)
    if loaded.left_out:
        print(f"Note: {len(loaded.left_out)} entries cannot be read and were left out.", file=sys.stderr)
    print(f"{len(loaded.pairs())} entries are in force (revision {revision}).")
    return 0


def _refresh(configuration: Configuration, directory: Path, forced: bool) -> int:
    """The list and the revocation lists, each whether it is due or not; one that is refused does not stop the others."""
    from vaguemestre.cli import serve_refresh
    from vaguemestre.pipeline import refresh

    source, crls = serve_refresh.list_source(configuration, directory), serve_refresh.CrlSources(configuration, directory)
    if source is None and not crls.addresses():
        raise Refused("Neither trust.url nor a revocation list's address is set: there is nothing to fetch; load a file, or set them.")
    now = dt.datetime.now(dt.UTC)
    wrong: list[str] = []
    if source is not None:
        done = refresh.refresh_list(source, serve_refresh.every(configuration), now, forced=forced)
        if done.reason:
            wrong.append(f"{done.told} {STAYS} ({done.reason}).")
        elif done.revision is None:
            print(f"Nothing is new: the {done.entries} entries stay in force.")
        else:
            print(f"{done.entries} entries are in force (revision {done.revision}).")
    for address in crls.addresses():
        reason = crls.ask(address, now)
        if reason:
            wrong.append(f"The revocation list of {address} was not taken ({reason}); the one that is kept serves until its end.")
        else:
            print(f"The revocation list of {address} is the newest.")
    serve_refresh.watch(configuration, crls, now)
    if wrong:
        raise Unreadable(" ".join(wrong))
    return 0


def _at(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds") if moment else None


def _seconds(span: dt.timedelta | None) -> int | None:
    return int(span.total_seconds()) if span is not None else None


def _show(configuration: Configuration, directory: Path, as_json: bool) -> int:
    from vaguemestre.pipeline import refresh, trust_state
    from vaguemestre.records.revocation_files import RevocationFiles

    files = RevocationFiles(directory / "pki")
    crl_alarm = dt.timedelta(hours=configuration.number("revocation", "alarm_hours"))
    found = trust_state.state(refresh.ages(configuration), files, crl_alarm, dt.datetime.now(dt.UTC))
    source = found.source
    told: dict[str, Any] = {
        "state": found.state,
        "revision": found.revision,
        "entries": found.entries,
        "domains": found.domains,
        "subjects": found.subjects,
        "origin": found.origin or None,
        "generated_at": _at(found.generated_at),
        "loaded_at": _at(found.loaded_at),
        "age_s": _seconds(found.age),
        "alarm_age_s": _seconds(found.allowed.alarm),
        "max_age_s": _seconds(found.allowed.most),
        "url": configuration.text("trust", "url") or None,
        "tried_at": _at(source.tried_at) if source else None,
        "succeeded_at": _at(source.succeeded_at) if source else None,
        "next_at": _at(source.next_at) if source else None,
        "failures": source.failures if source else 0,
        "revocation_ends": [_at(one) for one in found.ends],
        "revocation_sources": [
            {
                "url": one.name,
                "tried_at": _at(one.tried_at),
                "succeeded_at": _at(one.succeeded_at),
                "next_at": _at(one.next_at),
                "failures": one.failures,
                "reason": one.reason or None,
            }
            for one in found.crl_sources
        ],
        "alarms": [{"about": one.about, "reason": one.reason, "since": _at(one.since)} for one in found.alarms],
    }
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    for name, value in told.items():
        if not isinstance(value, list):
            print(f"{name:<13} {'-' if value is None else value}")
    for end in found.ends:
        print(f"revocation    a list until {_at(end)}")
    for alarm in found.alarms:
        print(f"ALARM         {alarm.about}: {alarm.reason}, since {_at(alarm.since) or 'now'}")
    return 0


def _changes(as_json: bool) -> int:
    from vaguemestre.pipeline import trust_state

    for one in trust_state.changes(CHANGES_MOST):
        load = one.load
        if as_json:
            told = {
                "at": _at(load.at), "revision": load.revision, "origin": load.origin, "change": "added" if one.added else "removed",
                "domain": one.domain, "dn": one.dn,
            }  # fmt: skip
            print(json.dumps(told, ensure_ascii=False))
        else:
            print(f"{_at(load.at)}  revision {load.revision}  {'+' if one.added else '-'} {one.domain}  {one.dn}")
    return 0
