"""The index of the directory's terms: one of the four modules that differ by variant. SQLite has an FTS5 table without content, PostgreSQL
a tsvector column with a GIN index; neither needs an extension or more than the owner's rights.

What is asked is the same on both: every group must be met by one of its terms, a term whole or as the beginning of one. Typing errors are
not the index's affair: `near_words` finds the directory's words that are one error away, by ordinary indexes on words and on words written
backwards. One insertion, loss, change or swap leaves the letters before the middle, or those after it, as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection

from vaguemestre.domain.matching_names import distance
from vaguemestre.records.directory import DirectoryEntry

NEAR_LEAST = 5
"""Letters of a word below which a typing error is not guessed: too many words are one error away."""
NEAR_MOST = 25
NAMED_MOST = 10
BROAD = 10_000
"""Entries from which a beginning is broad."""
_LAST = "\U0010ffff"
_TABLE, _INDEX = "records_directoryentry", "records_directoryindex"
_BEHIND = {
    "directory_address": f"CREATE INDEX IF NOT EXISTS directory_address ON {_TABLE} (address)",
    "directory_rpps": f"CREATE INDEX IF NOT EXISTS directory_rpps ON {_TABLE} (rpps) WHERE rpps <> ''",
    "directory_lexemes": f"CREATE INDEX IF NOT EXISTS directory_lexemes ON {_TABLE} USING gin (lexemes) WITH (fastupdate = off)",
}
"""Indexes that are made behind a first load: a row put into each at its turn would cost several times as much."""
COLUMNS = tuple(str(field.column) for field in DirectoryEntry._meta.local_concrete_fields)
SHOWN = tuple(column for column in COLUMNS if column not in {"until", "digest", "terms"})


class Term(NamedTuple):
    """What one word of a search may be: a whole term, or with `begins` the beginning of one."""

    text: str
    begins: bool = False


Groups = Sequence[Sequence[Term]]


def _postgresql() -> bool:
    return connection.vendor == "postgresql"


def _fts5(groups: Groups) -> str:
    """The groups as FTS5 takes them. Terms hold letters, figures and marks only; quotes are doubled all the same."""
    parts = (" OR ".join('"' + term.text.replace('"', '""') + '"' + ("*" if term.begins else "") for term in group) for group in groups)
    return " AND ".join(f"({part})" for part in parts)


def _tsquery(groups: Groups) -> str:
    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

    parts = (" | ".join(quoted(term.text) + (":*" if term.begins else "") for term in group) for group in groups)
    return " & ".join(f"({part})" for part in parts)


def found(groups: Groups, limit: int) -> list[tuple[Any, ...]]:
    """Entries in force that meet every group, SHOWN columns each, in no order that means anything."""
    shown = ", ".join(f"e.{column}" for column in SHOWN)
    if _postgresql():
        # The index gives them all, then the rows are looked at: a plan by rows in their order would read the whole table where few fit.
        statement = (
            f"WITH hit AS MATERIALIZED (SELECT id FROM {_TABLE} WHERE lexemes @@ %s::tsquery LIMIT {int(limit) * 3})"
            f" SELECT {shown} FROM hit JOIN {_TABLE} e ON e.id = hit.id CROSS JOIN records_directorystate s"
            f" WHERE s.id = 1 AND e.id <= s.top AND e.until > s.revision LIMIT {int(limit)}"
        )
        expression = _tsquery(groups)
    else:
        statement = (
            f"SELECT {shown} FROM {_INDEX} CROSS JOIN {_TABLE} e ON e.id = {_INDEX}.rowid CROSS JOIN records_directorystate s"
            f" WHERE {_INDEX} MATCH %s AND s.id = 1 AND e.id <= s.top AND e.until > s.revision LIMIT {int(limit)}"
        )
        expression = _fts5(groups)
    with connection.cursor() as cursor:
        cursor.execute(statement, [expression])
        return list(cursor.fetchall())


def beginnings(words: Sequence[str]) -> list[tuple[list[Term], bool]]:
    """For each word what it may be the beginning of, and whether that is all of it. Few words are named one by one, a narrow beginning is
    left to the index; of a broad one (`med` begins a quarter of the directory) only the most frequent words are named: the index would put
    together a list of all its entries before it gave the first."""
    if not words:
        return []
    of_one = (
        "SELECT * FROM (SELECT {place} AS place, word, sum(entries) OVER () AS breadth FROM records_directoryword"
        f" WHERE word >= %s AND word < %s ORDER BY entries DESC, word LIMIT {NAMED_MOST + 1}) AS w{{place}}"
    )
    statement = " UNION ALL ".join(of_one.format(place=place) for place in range(len(words)))
    rows: list[list[tuple[str, int]]] = [[] for _ in words]
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for word in words for value in (word, word + _LAST)])
        for place, text, breadth in cursor.fetchall():
            rows[place].append((text, breadth))
    return [_named(word, some) for word, some in zip(words, rows, strict=True)]


def _named(word: str, rows: Sequence[tuple[str, int]]) -> tuple[list[Term], bool]:
    if len(rows) > NAMED_MOST and rows[0][1] <= BROAD:
        return [Term(word, True)], True
    return [Term(word), *(Term(text) for text, _ in rows[:NAMED_MOST] if text != word)], len(rows) <= NAMED_MOST


def near_words(word: str) -> list[str]:
    """The directory's words at one typing error from a word of NEAR_LEAST letters or more, at most NEAR_MOST."""
    if len(word) < NEAR_LEAST or not word.isalpha():
        return []
    half = len(word) // 2
    begins, ends = word[:half], word[half + 1 :][::-1]
    lengths = (len(word) - 1, len(word), len(word) + 1)
    some = "SELECT word FROM records_directoryword WHERE length = %s AND {0} >= %s AND {0} < %s"
    statement = " UNION ".join([some.format("word")] * 3 + [some.format("backwards")] * 3)
    values = [value for part in (begins, ends) for length in lengths for value in (length, part, part + _LAST)]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        near = [row[0] for row in cursor.fetchall() if row[0] != word and distance(word, row[0], 1) == 1]
    return sorted(near)[:NEAR_MOST]


def add(rows: Sequence[Sequence[Any]]) -> None:
    """Writes entries, COLUMNS each, and their terms into the index."""
    with connection.cursor() as cursor:
        if _postgresql():
            cut = len(COLUMNS) - 1
            with cursor.copy(f"COPY {_TABLE} ({', '.join(COLUMNS)}, lexemes) FROM STDIN") as copy:
                for row in rows:
                    lexemes = " ".join(f"'{term}'" for term in row[cut].split())
                    copy.write_row((*row[:cut], "", lexemes))
            return
        marks = ", ".join(["%s"] * len(COLUMNS))
        cursor.executemany(f"INSERT INTO {_TABLE} ({', '.join(COLUMNS)}) VALUES ({marks})", rows)
        cursor.executemany(f"INSERT INTO {_INDEX} (rowid, terms) VALUES (%s, %s)", [(row[0], row[-1]) for row in rows])


def drop(numbers: Sequence[int]) -> None:
    """Forgets entries, in the index too."""
    marks = ", ".join(["%s"] * len(numbers))
    with connection.cursor() as cursor:
        if not _postgresql():
            cursor.execute(f"SELECT id, terms FROM {_TABLE} WHERE id IN ({marks})", numbers)
            gone = [(number, terms) for number, terms in cursor.fetchall()]
            cursor.executemany(f"INSERT INTO {_INDEX} ({_INDEX}, rowid, terms) VALUES ('delete', %s, %s)", gone)
        cursor.execute(f"DELETE FROM {_TABLE} WHERE id IN ({marks})", numbers)


def drop_all() -> None:
    """Forgets every entry, of a directory that was never in force."""
    with connection.cursor() as cursor:
        if not _postgresql():
            cursor.execute(f"INSERT INTO {_INDEX} ({_INDEX}) VALUES ('delete-all')")
        cursor.execute(f"DELETE FROM {_TABLE}")


def _behind() -> Iterable[str]:
    return [name for name in _BEHIND if _postgresql() or name != "directory_lexemes"]


def before_first_load() -> None:
    """Takes away the indexes that `after_load` makes again."""
    with connection.cursor() as cursor:
        for name in _behind():
            cursor.execute(f"DROP INDEX IF EXISTS {name}")


def after_load() -> None:
    """Makes the indexes that are absent, also those that a cut load left so."""
    with connection.cursor() as cursor:
        for name in _behind():
            cursor.execute(_BEHIND[name])
        if _postgresql():
            cursor.execute(f"ANALYZE {_TABLE}")
            cursor.execute("ANALYZE records_directoryword")
