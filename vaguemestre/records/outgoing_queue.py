"""Claims of recipients that wait to be carried: the same short transaction as `records.queue`, the same SQL on both databases.

A try is counted when claimed, before the work. Those that nobody holds are claimed many at once; one whose claim lapsed, because the
process that held it died, is claimed alone: what kills its carrier never spends the tries of its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction

from vaguemestre.records.outgoing import Recipient
from vaguemestre.records.queue import turn

_READY = "state = 'waiting' AND lease < %s AND not_before <= %s"
_CLAIM = """
UPDATE records_recipient SET owner = %s, lease = %s, tries = tries + 1 WHERE id IN (
  SELECT id FROM records_recipient WHERE {ready} AND {which}{busy} ORDER BY id LIMIT %s{lock}) RETURNING id
"""


def claim(owner: str, most: int, lease_s: float, now: float, busy: Sequence[str] = ()) -> list[Recipient]:
    """Takes up to `most` recipients, with their messages, none of a domain of `busy`. `now` in Unix seconds."""
    beside = f" AND domain NOT IN ({', '.join(['%s'] * len(busy))})" if busy else ""
    lease = now + lease_s
    with connection.cursor() as cursor:
        # Asked first without any lock: an idle queue must not take the turn of those who write.
        cursor.execute(f"SELECT 1 FROM records_recipient WHERE {_READY}{beside} LIMIT 1", [now, now, *busy])
        if cursor.fetchone() is None:
            return []
    lock = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    with turn(), transaction.atomic(), connection.cursor() as cursor:
        for which, limit in (("owner = ''", most), ("owner <> ''", 1)):
            statement = _CLAIM.format(ready=_READY, which=which, busy=beside, lock=lock)
            cursor.execute(statement, [owner, lease, now, now, *busy, limit])
            taken = [row[0] for row in cursor.fetchall()]
            if taken:
                return list(Recipient.objects.filter(pk__in=taken).select_related("outgoing").order_by("pk"))
    return []


def renew(owner: str, lease: float) -> int:
    """Keeps every claim of an owner until `lease` (Unix seconds); returns how many it holds."""
    with turn(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE records_recipient SET lease = %s WHERE state = 'waiting' AND owner = %s", [lease, owner])
        return int(cursor.rowcount)


def release(owner: str, recipients: Sequence[int]) -> None:
    """Gives claims back whose work was not begun: the try is given back too."""
    if not recipients:
        return
    marks = ", ".join(["%s"] * len(recipients))
    with turn(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE records_recipient SET lease = 0, owner = '', tries = tries - 1"
            f" WHERE state = 'waiting' AND owner = %s AND id IN ({marks})",
            [owner, *recipients],
        )


def let_go(owner: str) -> None:
    """Gives every claim of an owner back, their tries counted: its process ends, and whoever comes next need not wait for their lapse."""
    with turn(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE records_recipient SET lease = 0, owner = '' WHERE state = 'waiting' AND owner = %s", [owner])


def held(owner: str, recipients: Sequence[int]) -> set[int]:
    """Which of them this owner still holds; inside a transaction they stay so until its end."""
    marks = ", ".join(["%s"] * len(recipients))
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM records_recipient WHERE state = 'waiting' AND owner = %s AND id IN ({marks}){lock}", [owner, *recipients]
        )
        return {row[0] for row in cursor.fetchall()}
