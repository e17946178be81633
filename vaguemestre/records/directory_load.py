"""Puts an extraction in force: only what changed is written, in short transactions that nobody sees, then one that moves the directory on.

A load that was cut, refused or overtaken by another leaves rows that nobody sees; the next one clears them first. Mail goes on meanwhile:
no transaction is longer than that of ROWS_AT_ONCE rows, but for the making of an index behind a first load.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from vaguemestre.domain.directory import Entry, digest, terms
from vaguemestre.domain.event import Event
from vaguemestre.domain.fault import Refused
from vaguemestre.records import chain, search
from vaguemestre.records.directory import FOREVER, DirectoryEntry, DirectoryProfessional, DirectoryState

ROWS_AT_ONCE = 4_000
DROPPED_AT_ONCE = 500
WORD_LEAST, WORD_MOST = 3, 60
SAMPLED = 16
"""Of so many entries one is counted for the frequency of words."""
_ENTRY = DirectoryEntry._meta.db_table
_COLUMNS = ", ".join(Entry._fields)


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did, in entries: `added` (new, or changed), `gone` (left, or as they were before a change), `kept` as they were."""

    added: int
    gone: int
    kept: int
    revision: int

    @property
    def total(self) -> int:
        return self.added + self.kept


class Overtaken(Refused):
    """Another load began meanwhile; this one left the directory as it was."""

    def __init__(self) -> None:
        super().__init__("Another load of the directory began meanwhile; this one was given up and changed nothing.", "overtaken")


def state() -> DirectoryState:
    """The one row, made where it is absent."""
    found, _ = DirectoryState.objects.get_or_create(id=1)
    return found


def _batches(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class Load:
    """One load, from `begin` to `finish`. Nothing is seen before `finish` returns; whoever gives up calls `give_up`, or nothing at all."""

    def __init__(self) -> None:
        self._word = secrets.token_hex(8)
        with transaction.atomic():
            before = state()
            DirectoryState.objects.filter(id=1).update(loading=self._word)
        self.before = before
        self._clear()
        self.first = before.top == 0
        if self.first:
            search.before_first_load()
        self._top = before.top
        self._words: set[str] = set()
        self._counts: collections.Counter[str] = collections.Counter()
        self._waiting: list[tuple[Any, ...]] = []
        self._leaving: list[int] = []
        self.added = self.gone = 0

    def _act(self, act: Callable[[], None]) -> None:
        """One short transaction of this load, if no other began meanwhile."""
        with transaction.atomic():
            if not DirectoryState.objects.filter(id=1, loading=self._word).exists():
                raise Overtaken
            act()

    def _clear(self) -> None:
        """What a load that was cut left behind: rows past the top, marks of a revision that never came, rows gone since."""
        if not self.before.top:
            self._act(search.drop_all)
        while True:
            left = self._numbers("id > %s", self.before.top)
            if not left:
                break
            self._act(lambda left=left: search.drop(left))  # type: ignore[misc]
        marked = DirectoryEntry.objects.filter(until__gt=self.before.revision, until__lt=FOREVER)
        while numbers := list(marked.values_list("pk", flat=True)[:ROWS_AT_ONCE]):
            self._act(lambda numbers=numbers: self._mark(numbers, FOREVER))  # type: ignore[misc]
        self._purge(self.before.revision)

    def _numbers(self, where: str, value: int) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {_ENTRY} WHERE {where} LIMIT {DROPPED_AT_ONCE}", [value])
            return [row[0] for row in cursor.fetchall()]

    def _purge(self, revision: int) -> None:
        while gone := self._numbers(f"until < {FOREVER} AND until <= %s", revision):
            self._act(lambda gone=gone: search.drop(gone))  # type: ignore[misc]

    @staticmethod
    def _mark(numbers: Sequence[int], until: int) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {_ENTRY} SET until = %s WHERE id = %s", [(until, number) for number in numbers])

    def in_force(self) -> dict[int, int]:
        """Digest -> number of each entry in force."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT digest, id FROM {_ENTRY} WHERE id <= %s AND until > %s", [self.before.top, self.before.revision])
            return {row[0]: row[1] for batch in iter(lambda: cursor.fetchmany(10_000), []) for row in batch}

    def add(self, entry: Entry, mark: int) -> None:
        """An entry that the next directory holds and this one does not; `mark` its digest."""
        self._top += 1
        self.added += 1
        told = terms(entry)
        every = told.split()
        self._words.update(every)
        if self._top % SAMPLED == 0:
            self._counts.update(every)
        self._waiting.append((self._top, FOREVER, mark, *entry, told))
        if len(self._waiting) == ROWS_AT_ONCE:
            self._write()

    def leave(self, number: int) -> None:
        """An entry of this directory that the next one does not hold."""
        self.gone += 1
        self._leaving.append(number)
        if len(self._leaving) == ROWS_AT_ONCE:
            self._write()

    def _write(self) -> None:
        waiting, leaving = self._waiting, self._leaving
        self._waiting, self._leaving = [], []

        def act() -> None:
            if waiting:
                search.add(waiting)
            if leaving:
                self._mark(leaving, self.before.revision + 1)

        if waiting or leaving:
            self._act(act)

    def _write_words(self) -> None:
        """The directory's words; one that nobody bears any more stays, and finds nothing."""
        wanted = sorted(word for word in self._words if WORD_LEAST <= len(word) <= WORD_MOST and word.isalpha())
        rows = ((word, word[::-1], len(word), SAMPLED * self._counts[word]) for word in wanted)
        statement = (
            "INSERT INTO records_directoryword AS known (word, backwards, length, entries) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (word) DO UPDATE SET entries = known.entries + excluded.entries"
        )
        for batch in _batches(rows, ROWS_AT_ONCE):

            def act(batch: list[Any] = batch) -> None:
                with connection.cursor() as cursor:
                    cursor.executemany(statement, batch)

            self._act(act)

    def give_up(self) -> None:
        """Leaves the directory as it was before this load."""
        self._waiting, self._leaving = [], []
        self._clear()
        search.after_load()
        DirectoryState.objects.filter(id=1, loading=self._word).update(loading="")

    def finish(self, now: dt.datetime, actor: str, source: str, **counts: Any) -> Loaded:
        """Puts the new directory in force. `source`: what was loaded, for the trace; `counts`: columns of the state to set."""
        self._write()
        self._write_words()
        if self.first or self.added:
            search.after_load()
        kept = int(self.before.entries) - self.gone
        revision = self.before.revision
        if self.added or self.gone:
            revision += 1

        def act() -> None:
            told = {"revision": revision, "top": self._top, "entries": kept + self.added, **counts}
            DirectoryState.objects.filter(id=1).update(**told)
            result = f"revision {revision}, {source}: {self.added} added, {self.gone} gone, {kept} kept"
            chain.append([Event(now, "directory-loaded", "directory:1", actor, result)])

        self._act(act)
        self._purge(revision)
        DirectoryState.objects.filter(id=1, loading=self._word).update(loading="")
        return Loaded(self.added, self.gone, kept, revision)


def known_professionals() -> dict[int, tuple[str, str]]:
    """RPPS -> (profession, speciality), as the last good extraction told."""
    shared: dict[tuple[str, str], tuple[str, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT rpps, profession, speciality FROM records_directoryprofessional")
        rows = (row for batch in iter(lambda: cursor.fetchmany(10_000), []) for row in batch)
        return {rpps: shared.setdefault((profession, speciality), (profession, speciality)) for rpps, profession, speciality in rows}


def joined(entry: Entry, professionals: Mapping[int, tuple[str, str]]) -> Entry:
    """The entry, with what the professionals' extraction tells of its RPPS where it tells neither profession nor speciality itself, or only
    the profession."""
    if entry.speciality or not entry.rpps:
        return entry
    profession, speciality = professionals.get(int(entry.rpps), ("", ""))
    if not speciality and (entry.profession or not profession):
        return entry
    return entry._replace(profession=entry.profession or profession, speciality=speciality, joined="S" if entry.profession else "J")


def load_mailboxes(load: Load, entries: Iterable[Entry], professionals: Mapping[int, tuple[str, str]]) -> None:
    """Compares a whole extraction with the directory in force and writes what differs; `load.finish` puts it in force."""
    before = load.in_force()
    for told in entries:
        entry = joined(told, professionals)
        mark = digest(entry)
        if before.pop(mark, None) is None:
            load.add(entry, mark)
    for number in before.values():
        load.leave(number)


def write_professionals(told: Mapping[int, tuple[str, str]], before: Mapping[int, tuple[str, str]]) -> set[int]:
    """Keeps what an extraction tells, and returns the RPPS of which it tells something else than before. Nobody searches in these rows:
    they are written in short transactions, and a cut one is made good by the next import."""
    changed = {rpps for rpps, pair in told.items() if before.get(rpps) != pair}
    gone = before.keys() - told.keys()
    statement = (
        "INSERT INTO records_directoryprofessional (rpps, profession, speciality) VALUES (%s, %s, %s)"
        " ON CONFLICT (rpps) DO UPDATE SET profession = excluded.profession, speciality = excluded.speciality"
    )
    table = DirectoryProfessional._meta.db_table
    if not before and connection.vendor == "postgresql":
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} (rpps, profession, speciality) FROM STDIN") as copy,
        ):
            for rpps in sorted(changed):
                copy.write_row((rpps, *told[rpps]))
        return changed
    for batch in _batches(sorted(changed), ROWS_AT_ONCE):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, [(rpps, *told[rpps]) for rpps in batch])
    for batch in _batches(sorted(gone), ROWS_AT_ONCE):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(f"DELETE FROM {table} WHERE rpps = %s", [(rpps,) for rpps in batch])
    return changed | gone


def rejoin(load: Load, changed: set[int], professionals: Mapping[int, tuple[str, str]]) -> None:
    """Writes anew the entries in force of which the professionals' extraction tells something else than before."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, digest, {_COLUMNS} FROM {_ENTRY} WHERE id <= %s AND until > %s AND rpps <> ''"
            " AND (joined <> '' OR speciality = '')",
            [load.before.top, load.before.revision],
        )
        # Read whole before the first is written: what is read must not be what this load adds.
        rows = [row for batch in iter(lambda: cursor.fetchmany(10_000), []) for row in batch if int(row[2 + _RPPS]) in changed]
    for number, mark, *told in rows:
        entry = Entry(*told)
        bare = {"": entry, "J": entry._replace(profession="", speciality="", joined=""), "S": entry._replace(speciality="", joined="")}
        again = joined(bare[entry.joined], professionals)
        fresh = digest(again)
        if fresh != mark:
            load.add(again, fresh)
            load.leave(number)


def _stored(where: str, value: str) -> list[tuple[int, int, Entry]]:
    """(number, digest, entry) of entries in force."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.id, e.digest, {', '.join('e.' + name for name in Entry._fields)} FROM {_ENTRY} e, records_directorystate s"
            f" WHERE {where} AND s.id = 1 AND e.id <= s.top AND e.until > s.revision ORDER BY e.id",
            [value],
        )
        return [(number, mark, Entry(*told)) for number, mark, *told in cursor.fetchall()]


def _over(told: Entry, known: Entry) -> Entry:
    """What is told now over what was known: a field that is not told stays."""
    return Entry(*(new or old for new, old in zip(told, known, strict=True)))


def refresh(told: Sequence[tuple[Entry, bool]], rpps: str, now: dt.datetime) -> Loaded:
    """Brings the entries of one person (`rpps`) or of one structure ("") to what the directory's API tells: (entry, whether red-listed).
    A red-listed one leaves; one of the person that is not told any more leaves too. Raises `Refused` while a load is under way."""
    if state().loading:
        raise Refused("An import of the directory is under way, or was cut; let it end, or run it again, and refresh then.", "loading")
    load = Load()
    try:
        own = _stored("e.rpps = %s AND e.rpps <> ''", rpps) if rpps else []
        going = {number for number, _, _ in own}
        for entry, red in told:
            known = _stored("e.address = %s", entry.address)
            going.update(number for number, _, _ in known)
            if red:
                continue
            named = entry._replace(rpps=rpps) if rpps else entry
            if known:
                named = _over(named, known[0][2])
            elif own:
                # Another mailbox of a person whom the directory knows: the same name and profession, at another place.
                named = _over(named, own[0][2]._replace(**dict.fromkeys(_OF_A_PLACE, "")))
            mark = digest(named)
            same = {number for number, before, _ in known if before == mark}
            going -= same
            if not same:
                load.add(named, mark)
        for number in sorted(going):
            load.leave(number)
    except BaseException:
        load.give_up()
        raise
    return load.finish(now, "cli", "one correspondent", refreshed_at=now)


_OF_A_PLACE = ("structure", "structure_id", "service", "street", "postcode", "town", "department", "dematerialised")
_RPPS = Entry._fields.index("rpps")
