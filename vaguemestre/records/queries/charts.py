"""What the filing policy asks of the records: charts that could fit, and what the practice learnt of the sender and the bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from vaguemestre.domain.matching import Chart, Lookup

MOST_CHARTS = 200
"""Charts looked at for one document. A common name in a large base is cut here only among those that share neither INS nor birth date."""

_COLUMNS = (
    "id, ref, ins, ins_oid, ins_status, nir, birth_name, used_name, given_names, first_given_name, birth_date, sex, birth_place_code, flags"
)


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


def could_fit(practice: int, look: Lookup) -> list[Chart]:
    """Charts of the practice that share an INS, a birth date or a family name with the document: each by its own index."""
    found: dict[int, Chart] = {}
    columns = {"ins": look.ins, "birth_date": look.birth_dates, "birth_name_solid": look.names, "used_name_solid": look.names}
    with connection.cursor() as cursor:
        for column, asked in columns.items():
            values = tuple(value for value in asked if value)
            if not values:
                continue
            marks = ", ".join(["%s"] * len(values))
            # +id: ordered by the column's value, lest SQLite walk the whole table in its order instead of using the name's index.
            limit = f" ORDER BY +id LIMIT {MOST_CHARTS}" if column.endswith("_solid") else ""
            cursor.execute(
                f"SELECT {_COLUMNS} FROM records_patient WHERE practice_id = %s AND {column} IN ({marks}){limit}",
                [practice, *values],
            )
            for row in cursor.fetchall():
                found.setdefault(row[0], _chart(row))
    return list(found.values())


def sender_known(practice: int, sender: str) -> bool:
    """Whether this sender (comparison form) is known to the practice; nobody is not."""
    if not sender:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM records_knownsender WHERE practice_id = %s AND address = %s", [practice, sender])
        return cursor.fetchone() is not None


def code_charts(practice: int, sender: str, codes: Sequence[str]) -> tuple[frozenset[int], frozenset[int]]:
    """Charts for which this sender used one of these local patient codes: all, and those a person confirmed."""
    if not sender or not codes:
        return frozenset(), frozenset()
    marks = ", ".join(["%s"] * len(codes))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT patient_id, confirmed FROM records_localcode WHERE practice_id = %s AND sender = %s AND code IN ({marks})",
            [practice, sender, *codes],
        )
        rows = cursor.fetchall()
    return frozenset(row[0] for row in rows), frozenset(row[0] for row in rows if row[1])


def banned(practice: int, content_key: str) -> frozenset[int]:
    """Charts from which a document with this content was taken back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT patient_id FROM records_filingban WHERE practice_id = %s AND content_key = %s", [practice, content_key])
        return frozenset(row[0] for row in cursor.fetchall())


def revisions(practices: Sequence[int]) -> dict[int, int]:
    """The revision of each practice: a match made under an older one is made again before it is filed."""
    marks = ", ".join(["%s"] * len(practices))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, revision FROM records_practice WHERE id IN ({marks})", list(practices))
        return dict(cursor.fetchall())
