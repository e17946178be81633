"""`vaguemestre directory import|search|refresh DIR …`: the national directory of mailboxes (mssante.md 4.1).

`import` takes the two extractions, plain or in their zip, in one call or one after the other: each is read whole before anything is put in
force, and what it lacks of the other is joined by RPPS.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vaguemestre.domain.fault import Fault, Refused, Unreadable

if TYPE_CHECKING:
    from vaguemestre.formats.directory_extract import Rows, Survey

SUMMARY = "loads the national directory of mailboxes and searches it"
SHOWN = ("address", "type", "civility", "family", "given", "profession", "speciality", "rpps", "structure", "structure_id", "service")
PLACE = ("street", "postcode", "town", "department", "dematerialised")
_KEPT = "The last good directory stays in force."


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="import|search|refresh")
    load = verbs.add_parser("import", help="puts extractions in force instead of the ones before", allow_abbrev=False)
    load.add_argument("directory", metavar="DIR")
    load.add_argument("files", metavar="FILE", nargs="+", help="an extraction or its zip: mailboxes, professionals, or both")
    load.add_argument("--allow-shrunken", action="store_true", help="accept an extraction much shorter than the last good one")
    find = verbs.add_parser("search", help="finds correspondents", allow_abbrev=False)
    find.add_argument("directory", metavar="DIR")
    find.add_argument("words", metavar="WORD", nargs="+", help="name, speciality, town, postcode, department, structure, RPPS, address")
    find.add_argument("--near", default="", metavar="DEPARTMENT", help="its entries first among equals, such as 75, 2A or 971")
    find.add_argument("--limit", type=int, default=30, metavar="N", help="at most N entries (1 to 200)")
    find.add_argument("--json", action="store_true", help="JSON lines")
    again = verbs.add_parser("refresh", help="asks the national directory's API for one correspondent", allow_abbrev=False)
    again.add_argument("directory", metavar="DIR")
    whom = again.add_mutually_exclusive_group(required=True)
    whom.add_argument("--rpps", default="", metavar="RPPS", help="a person, by the 11 digits of the RPPS")
    whom.add_argument("--structure", default="", metavar="FINESS", help="a structure, by the 9 characters of its FINESS")


def _tell(name: str, told: Survey, rows: Rows) -> None:
    if told.encoding == "cp1252":
        print(f"Note: {name} is not in UTF-8; it was read as cp1252.", file=sys.stderr)
    for line in rows.bad:
        print(f"{name}, line {line}: it cannot be used and was left out.", file=sys.stderr)
    if rows.bad_count > len(rows.bad):
        print(f"{name}: and {rows.bad_count - len(rows.bad)} more bad lines.", file=sys.stderr)
    if rows.repeats:
        print(f"Note: {name}: {rows.repeats} further lines of an address met before were left out.", file=sys.stderr)
    if rows.hidden:
        print(f"Note: {name}: {rows.hidden} entries on the red list were left out.", file=sys.stderr)


class Imported:
    """The extractions named on the command line, by kind, and what the settings allow of them."""

    def __init__(self, settings: Mapping[str, int], forced: bool) -> None:
        self._bad_percent, self._shrink_percent, self._forced = settings["bad"], settings["shrink"], forced
        self.mailboxes: list[tuple[str, BinaryIO, Survey]] = []
        self.professionals: list[tuple[str, BinaryIO, Survey]] = []
        self.bad = 0

    def look(self, name: str, file: BinaryIO) -> None:
        from vaguemestre.formats.directory_extract import Kind, survey

        told = survey(file)
        if told is None:
            print(f"Note: {name} holds neither mailboxes nor professionals and was passed over.", file=sys.stderr)
        elif told.kind is Kind.MAILBOXES:
            self.mailboxes.append((name, file, told))
        else:
            self.professionals.append((name, file, told))

    def judge(self, name: str, told: Survey, rows: Rows) -> None:
        """Raises `Unreadable` where too many lines are bad."""
        _tell(name, told, rows)
        self.bad += rows.bad_count
        if rows.bad_count * 100 > rows.seen * self._bad_percent and rows.bad_count > 3:
            raise Unreadable(f"{name}: {rows.bad_count} of {rows.seen} lines cannot be used; the file is refused. {_KEPT}")

    def long_enough(self, what: str, now: int, before: int) -> None:
        """Raises `Unreadable` where an extraction is empty, or much shorter than the last good one."""
        if not now:
            raise Unreadable(f"The extraction holds no {what}. {_KEPT}")
        if now * 100 < before * (100 - self._shrink_percent) and not self._forced:
            raise Unreadable(
                f"The extraction holds {now} {what}, the last good one {before}. {_KEPT} --allow-shrunken takes it all the same."
            )


def load(directory: str, files: Sequence[str], *, forced: bool = False) -> tuple[str, int]:
    """Imports extractions; returns (what was done, in a sentence, and how many lines were bad). Raises `Fault`."""
    import contextlib

    from vaguemestre.cli.assemble import open_data
    from vaguemestre.formats import directory_extract

    configuration = open_data(directory)
    settings = {"bad": configuration.number("directory", "bad_percent"), "shrink": configuration.number("directory", "shrink_percent")}
    imported = Imported(settings, forced)
    with contextlib.ExitStack() as opened:
        for file in files:
            try:
                for name, part in opened.enter_context(directory_extract.parts(Path(file))):
                    imported.look(name, part)
            except OSError as error:
                raise Refused(f"FILE cannot be read: {error.strerror}.") from None
            except Fault as fault:
                raise Unreadable(f"{Path(file).name}: {fault.detail}. {_KEPT}") from None
        if not imported.mailboxes and not imported.professionals:
            raise Unreadable(f"No file holds mailboxes or professionals. {_KEPT}")
        if len(imported.mailboxes) > 1:
            raise Unreadable(f"More than one file holds mailboxes; which is the right one? {_KEPT}")
        try:
            return _load(imported), imported.bad
        except OSError as error:
            raise Refused(f"FILE cannot be read to its end: {error.strerror}. {_KEPT}") from None


def _load(imported: Imported) -> str:
    from vaguemestre.formats import directory_extract
    from vaguemestre.records import directory_load

    state = directory_load.state()
    known = directory_load.known_professionals()
    changed: set[int] = set()
    counts: dict[str, int] = {}
    told = known
    if imported.professionals:
        told = {}
        for name, file, survey in imported.professionals:
            rows = directory_extract.Rows()
            directory_extract.professionals(file, survey, rows, told)
            imported.judge(name, survey, rows)
        imported.long_enough("professionals", len(told), state.professionals)
        counts["professionals"] = len(told)
    now = dt.datetime.now(dt.UTC)
    making = directory_load.Load()
    try:
        if imported.mailboxes:
            name, file, survey = imported.mailboxes[0]
            rows = directory_extract.Rows()
            directory_load.load_mailboxes(making, directory_extract.mailboxes(file, survey, rows), told)
            imported.judge(name, survey, rows)
            imported.long_enough("mailboxes", rows.seen - rows.bad_count - rows.repeats - rows.hidden, state.entries)
        if imported.professionals:
            changed = directory_load.write_professionals(told, known)
        if not imported.mailboxes:
            directory_load.rejoin(making, changed, told)
    except directory_load.Overtaken:
        raise
    except BaseException:
        making.give_up()
        raise
    source = " and ".join(["mailboxes"] * bool(imported.mailboxes) + ["professionals"] * bool(imported.professionals))
    done = making.finish(now, "cli", source, loaded_at=now, **counts)
    more = f" {len(told)} professionals, {len(changed)} of them new, changed or gone." if imported.professionals else ""
    return f"{done.total} mailboxes are in force: {done.added} added or changed, {done.gone} gone or changed, {done.kept} as before.{more}"


def run(args: argparse.Namespace) -> int:
    if args.verb == "import":
        done, bad = load(args.directory, args.files, forced=args.allow_shrunken)
        print(done)
        return 1 if bad else 0
    return _refresh(args) if args.verb == "refresh" else _search(args)


def _refresh(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data
    from vaguemestre.domain.person import rpps

    number, structure = rpps(args.rpps), args.structure.strip().upper()
    if args.rpps and not number:
        raise Refused("--rpps must be an RPPS: 11 digits.")
    if args.structure and not (len(structure) == 9 and structure.isascii() and structure.isalnum()):
        raise Refused("--structure must be a FINESS: 9 characters.")
    configuration = open_data(args.directory)
    from vaguemestre.connectors.directory import Directory
    from vaguemestre.records import directory_load

    base = configuration.text("directory", "api")
    if not base:
        raise Refused("The directory's API is not set: directory.api and directory.api_key in vaguemestre.toml.")
    ca = absolute(args.directory) / configuration.text("directory", "api_ca") if base.startswith("https:") else None
    api = Directory(base, configuration.text("directory", "api_key"), ca)
    told = api.of_person(number) if number else api.of_structure(structure)
    if not told:
        raise Unreadable("The national directory tells no mailbox of that correspondent; nothing was changed.")
    done = directory_load.refresh([(one.entry, one.red_listed) for one in told], number, dt.datetime.now(dt.UTC))
    print(f"{len(told)} mailboxes are told: {done.added} added or changed, {done.gone} gone or changed.")
    return 0


def _search(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import open_data

    if not 1 <= args.limit <= 200:
        raise Refused("--limit must be from 1 to 200.")
    open_data(args.directory)
    from vaguemestre.records.queries.directory import find

    found = find(" ".join(args.words), near=args.near.upper().strip(), limit=args.limit)
    for one in found:
        told = one.entry._asdict()
        if args.json:
            print(json.dumps({**{key: told[key] for key in (*SHOWN, *PLACE)}, "corrected": one.corrected}, ensure_ascii=False))
        else:
            who = " ".join(filter(None, (told["civility"], told["given"], told["family"]))) or told["service"] or told["structure"]
            what = told["speciality"] or told["profession"]
            where = " ".join(filter(None, (told["postcode"], told["town"])))
            print("  ".join(filter(None, (told["address"], told["type"], who, what, told["structure"], where))))
    if not found:
        print("No entry fits.", file=sys.stderr)
    return 0 if found else 1
