"""What the operators' door must know at each step, from the records and the data directory: the `Facts` of `inbound.accept`.

The trust list is kept in memory and read again when its revision changes; the revocation lists when their files change. Both are looked at
on each call, so that a peer listed or revoked a moment ago is known at the next MAIL, also in a session begun before. What is hosted here
is believed for a second (`hosting`).
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.trust_list import TrustSnapshot
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.mailbox import Box
from vaguemestre.pipeline.refresh import ages
from vaguemestre.records import patient_threads
from vaguemestre.records.revocation_files import RevocationFiles
from vaguemestre.servers.hosting import Hosting

_REVISION = "SELECT revision, generated_at, loaded_at FROM records_trustlist WHERE id = 1"


class RecordsFacts:
    """Reads on the caller's thread: each answer is one indexed look-up, or none."""

    def __init__(self, configuration: Configuration, directory: Path) -> None:
        self._hosting = Hosting(configuration, self._rows)
        self._max_age = ages(configuration).most
        self._trust: TrustSnapshot | None = None
        self._trust_revision = -1
        self._revocation_files = RevocationFiles(directory / "pki", notices=bool(configuration.get("revocation", "distribution_points")))
        self._cursor: CursorWrapper | None = None
        self._cursor_of: object = None

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def hosts(self, domain: str) -> bool:
        return self._hosting.hosts(domain)

    def mailbox(self, address: str) -> Box | None:
        return self._hosting.mailbox(address)

    def patients(self) -> str:
        return self._hosting.patients

    def answerable(self, patient: str, mailboxes: Sequence[str], named: Sequence[str]) -> Mapping[str, bool]:
        return patient_threads.answerable(patient, mailboxes, named)

    def trust(self) -> TrustSnapshot:
        found = self._rows(_REVISION)
        revision = found[0][0] if found else 0
        if self._trust is None or revision != self._trust_revision:
            pairs = self._rows("SELECT domain, dn_key FROM records_trustentry")
            # A list dated of tomorrow would never grow old: it is then as old as its loading.
            as_of = min(_moment(at) for at in found[0][1:] if at is not None) if found else None
            self._trust = TrustSnapshot.of(pairs, as_of, self._max_age)
            self._trust_revision = revision
        return self._trust

    def _rows(self, query: str, parameters: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
        """All rows of an answer, always read to the end, which ends the look-up. One cursor serves as long as its connection: making one
        costs more than these questions."""
        if self._cursor is None or self._cursor_of is not connection.connection:
            self._cursor = connection.cursor()
            self._cursor_of = connection.connection
        try:
            self._cursor.execute(query, parameters)
            rows: list[tuple[Any, ...]] = self._cursor.fetchall()
        except Exception:
            self._cursor = None
            raise
        return rows

    def revocation(self) -> Revocation:
        return self._revocation_files.current()


def _moment(value: object) -> dt.datetime:
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def allow_reading_in_loop() -> None:
    """Django refuses queries on a thread that runs an event loop; ours are single indexed look-ups, meant there."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
