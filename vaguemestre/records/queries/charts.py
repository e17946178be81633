"""What the filing policy asks of the records: charts that could fit, and what the practice learnt of the sender and the bytes.

Each question is asked for many documents at once: a batch costs a few statements, not a few for each of its documents.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from vaguemestre.domain.matching import Chart, Lookup
from vaguemestre.records.documents import Document

MOST_CHARTS = 200
"""Charts looked at for one document. A common name in a large base is cut here only among those that share neither INS nor birth date."""

MOST_VALUES = 400
"""Values asked in one statement, far fewer than either database takes; one document's may be more."""

MOST_BEARERS = 50

_COLUMNS = (
    "id, ref, ins, ins_oid, ins_status, nir, birth_name, used_name, given_names, first_given_name, birth_date, sex, birth_place_code, flags"
)
_ALL = f"SELECT '{{column}}', {{column}}, {_COLUMNS} FROM records_patient WHERE practice_id = %s AND {{column}} IN ({{marks}})"
_FIRST = (
    f"SELECT '{{column}}', {{column}}, {_COLUMNS} FROM ("
    f"SELECT {{column}}, {_COLUMNS}, row_number() OVER (PARTITION BY {{column}} ORDER BY id) AS place"
    f" FROM records_patient WHERE practice_id = %s AND {{column}} IN ({{marks}})) AS named_{{column}} WHERE place <= {MOST_CHARTS}"
)
_LOOKED_FOR = {"ins": _ALL, "birth_date": _ALL, "birth_name_solid": _FIRST, "used_name_solid": _FIRST}
"""The statement that finds charts by each column, each by its own index; of one name, only those of the lowest row numbers."""

Code = tuple[int, str, str]
"""A local patient code: the practice that knows it, its owner (`inbound.file.code_owner`), the code."""


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    """The values, each once, one statement's at a time."""
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), MOST_VALUES):
        yield wanted[start : start + MOST_VALUES]


def _chart(row: Sequence[Any]) -> Chart:
    return Chart(
        id=row[0],
        ref=row[1],
        ins=row[2],
        ins_oid=row[3],
        ins_status=row[4],
        nir=row[5],
        birth_name=row[6],
        used_name=row[7],
        given_names=tuple(row[8].split()),
        first_given_name=row[9],
        birth_date=row[10],
        sex=row[11],
        birth_place_code=row[12],
        flags=frozenset(row[13].split()),
    )


def _wanted(look: Lookup) -> dict[str, tuple[str, ...]]:
    """What a look-up asks of each column."""
    return {"ins": look.ins, "birth_date": look.birth_dates, "birth_name_solid": look.names, "used_name_solid": look.names}


def could_fit(practice: int, looks: Iterable[Lookup]) -> dict[Lookup, list[Chart]]:
    """For each look-up, charts of the practice that share an INS, a birth date or a family name with it, in no order."""
    found: dict[Lookup, list[Chart]] = {}
    part: list[Lookup] = []
    values = 0
    for look in dict.fromkeys(looks):
        more = sum(map(len, _wanted(look).values()))
        if part and values + more > MOST_VALUES:
            found |= _fitting(practice, part)
            part, values = [], 0
        part.append(look)
        values += more
    return found | _fitting(practice, part)


def _fitting(practice: int, looks: Sequence[Lookup]) -> dict[Lookup, list[Chart]]:
    asked: dict[str, dict[str, None]] = {column: {} for column in _LOOKED_FOR}
    for look in looks:
        for column, values in _wanted(look).items():
            asked[column].update((value, None) for value in values if value)
    arms = [_LOOKED_FOR[column].format(column=column, marks=_marks([*values])) for column, values in asked.items() if values]
    charts: dict[int, Chart] = {}
    keys: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    parameters: list[Any] = [one for values in asked.values() if values for one in (practice, *values)]
    if arms:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(arms), parameters)
            for column, value, *row in cursor.fetchall():
                keys[column, value].append(row[0])
                if row[0] not in charts:
                    charts[row[0]] = _chart(row)
    return {look: [charts[key] for key in _keys(look, keys)] for look in looks}


def _keys(look: Lookup, keys: Mapping[tuple[str, str], Sequence[int]]) -> Iterable[int]:
    """The charts of one look-up, each once. Several names together give no more than one."""
    found: dict[int, None] = {}
    for column, values in _wanted(look).items():
        here = [key for value in values for key in keys.get((column, value), ())]
        if _LOOKED_FOR[column] is _FIRST and len(here) > MOST_CHARTS:
            here = sorted(here)[:MOST_CHARTS]
        found.update(dict.fromkeys(here))
    return found


def senders_known(practice: int, senders: Iterable[str]) -> frozenset[str]:
    """Those of these senders (comparison form) that the practice knows; nobody ("") is not."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        for part in _parts(sender for sender in senders if sender):
            cursor.execute(
                f"SELECT address FROM records_knownsender WHERE practice_id = %s AND address IN ({_marks(part)})",
                [practice, *part],
            )
            found.update(row[0] for row in cursor.fetchall())
    return frozenset(found)


def code_charts(codes: Iterable[Code]) -> dict[Code, dict[int, bool]]:
    """For each local patient code in use, the charts that it was used for, and whether a person confirmed it. Nobody ("") owns none."""
    owners: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for practice, owner, code in codes:
        if owner:
            owners[practice, owner].append(code)
    found: defaultdict[Code, dict[int, bool]] = defaultdict(dict)
    with connection.cursor() as cursor:
        for (practice, owner), owned in owners.items():
            for part in _parts(owned):
                cursor.execute(
                    "SELECT code, patient_id, confirmed FROM records_localcode"
                    f" WHERE practice_id = %s AND sender = %s AND code IN ({_marks(part)})",
                    [practice, owner, *part],
                )
                for code, patient, confirmed in cursor.fetchall():
                    found[practice, owner, code][patient] = bool(confirmed)
    return dict(found)


def banned(practice: int, content_keys: Iterable[str]) -> dict[str, frozenset[int]]:
    """By content, the charts from which a document with this content was taken back; a content that never was is left out."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        for part in _parts(content_keys):
            cursor.execute(
                f"SELECT content_key, patient_id FROM records_filingban WHERE practice_id = %s AND content_key IN ({_marks(part)})",
                [practice, *part],
            )
            for key, patient in cursor.fetchall():
                found[key].add(patient)
    return {key: frozenset(patients) for key, patients in found.items()}


_OF_CONTENT = (
    "(SELECT {column} FROM records_document d WHERE d.practice_id = %s AND d.content_key = asked.content_key AND {which}"
    " ORDER BY d.id LIMIT 1)"
)
_ITSELF = _OF_CONTENT.format(column="d.id", which="d.form_of_id IS NULL")
_AS_PAGES = _OF_CONTENT.format(column="d.form_of_id", which="d.form_of_id IS NOT NULL AND d.rendering")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Original:
    """What a repeat of a content would be a duplicate of: `row`, the first document of all that repeat each other; `stated`, the patient
    that the one of this content names, as `records.Document.stated`."""

    row: int
    stated: Mapping[str, Any] | None

    def __repr__(self) -> str:
        return f"<Original {self.row}>"


def originals(practice: int, content_keys: Iterable[str], *, as_pages: bool = False) -> dict[str, Original]:
    """By content, the first document of the practice that bears it, or, `as_pages`, that has a form of this content which shows the whole
    of it. A new content is left out."""
    firsts: dict[str, int] = {}
    with connection.cursor() as cursor:
        for part in _parts(content_keys):
            cursor.execute(
                f"WITH asked (content_key) AS (VALUES {', '.join(['(%s)'] * len(part))})"
                f" SELECT asked.content_key, {_AS_PAGES if as_pages else _ITSELF} FROM asked",
                [*part, practice],
            )
            firsts.update((key, first) for key, first in cursor.fetchall() if first is not None)
    if not firsts:
        return {}
    rows = {
        row.pk: Original(row.duplicate_of_id or row.pk, row.stated) for row in _stating(Document.objects.filter(pk__in=firsts.values()))
    }
    return {key: rows[first] for key, first in firsts.items()}


def all_originals(practice: int, content_key: str) -> list[Original]:
    """The first documents of the practice with this content, for the rare one whose first bearer is of another person; at most
    MOST_BEARERS are looked at."""
    rows = Document.objects.filter(practice=practice, content_key=content_key, form_of=None).order_by("pk")
    return [Original(row.duplicate_of_id or row.pk, row.stated) for row in _stating(rows)[:MOST_BEARERS]]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Report:
    """A report that the practice has, by what its results say. `row`: the first document of all that repeat it; `format` and `day` of the
    document that was found, `stated` its patient."""

    row: int
    format: str
    day: str
    stated: Mapping[str, Any] | None

    def __repr__(self) -> str:
        return f"<Report {self.row}>"


def reports(practice: int, report_keys: Iterable[str]) -> dict[str, list[Report]]:
    """By what their results say (`inbound.one_report.figures_key`), the reports of the practice, at most MOST_BEARERS of each, first
    received first; a new one is left out."""
    found: defaultdict[str, list[Report]] = defaultdict(list)
    for part in _parts(report_keys):
        rows = Document.objects.filter(practice=practice, report_key__gt="", report_key__in=part, form_of=None).order_by("pk")
        for row in rows.values_list("report_key", "pk", "duplicate_of_id", "format", "date", "stated"):
            if len(found[row[0]]) < MOST_BEARERS:
                found[row[0]].append(Report(row[2] or row[1], row[3], row[4], row[5]))
    return dict(found)


def _stating(rows: QuerySet[Document]) -> QuerySet[Document]:
    return rows.only("pk", "duplicate_of_id", "stated")


def carried(practice: int, content_key: str, patient: int) -> bool:
    """Whether a filed document with this content already carries its results into this chart's histories."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM records_document WHERE practice_id = %s AND content_key = %s AND patient_id = %s AND decision = 'filed'"
            " AND form_of_id IS NULL LIMIT 1",
            [practice, content_key, patient],
        )
        return cursor.fetchone() is not None


def revisions(practices: Sequence[int]) -> dict[int, int]:
    """The revision of each practice: a match made under an older one is made again before it is filed."""
    marks = ", ".join(["%s"] * len(practices))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, revision FROM records_practice WHERE id IN ({marks})", list(practices))
        return dict(cursor.fetchall())
