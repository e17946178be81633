"""What the operators' door must know at each step, from the records and the data directory: the `Facts` of `inbound.accept`.

The trust list is kept in memory and read again when its revision changes; the revocation list when its file changes. Both are looked at
on each call, so that a peer listed or revoked a moment ago is known at the next MAIL, also in a session begun before. That a mailbox
exists is believed for a second: the transaction that keeps the message looks again.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from vaguemestre.crypto import certificates, revocation
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.trust_list import TrustSnapshot, domain_key
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.fault import Fault

MSSANTE_AGE_H = 168
MAILBOX_S = 1.0
MAILBOXES_MOST = 10_000
_REVISION = "SELECT revision, COALESCE(generated_at, loaded_at) FROM records_trustlist WHERE id = 1"


class RecordsFacts:
    """Reads on the caller's thread: each answer is one indexed look-up, or none."""

    def __init__(self, configuration: Configuration, directory: Path) -> None:
        self._hosted = domain_key(configuration.text("server", "domain"))
        self._pki = directory / "pki"
        self._crl = self._pki / "crl.pem"
        hours = configuration.number("trust", "max_age_hours")
        if not hours and configuration.text("server", "profile") == "mssante":
            hours = MSSANTE_AGE_H
        self._max_age = dt.timedelta(hours=hours) if hours else None
        self._trust: TrustSnapshot | None = None
        self._trust_revision = -1
        self._revocation: Revocation | None = None
        self._revocation_stamp: tuple[int, int, int] | None = None
        self._mailboxes: dict[str, float] = {}
        self._cursor: CursorWrapper | None = None
        self._cursor_of: object = None

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def hosts(self, domain: str) -> bool:
        return domain == self._hosted

    def mailbox(self, address: str) -> bool:
        now = time.monotonic()
        if self._mailboxes.get(address, 0.0) > now:
            return True
        exists = bool(self._rows("SELECT 1 FROM records_mailbox WHERE address = %s", [address]))
        if exists:
            if len(self._mailboxes) >= MAILBOXES_MOST:
                self._mailboxes.clear()
            self._mailboxes[address] = now + MAILBOX_S
        return exists

    def trust(self) -> TrustSnapshot:
        found = self._rows(_REVISION)
        revision = found[0][0] if found else 0
        if self._trust is None or revision != self._trust_revision:
            pairs = self._rows("SELECT domain, dn_key FROM records_trustentry")
            loaded = _moment(found[0][1]) if found else None
            self._trust = TrustSnapshot.of(pairs, loaded, self._max_age)
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
        path = self._crl
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        except OSError:
            stamp = None
        if self._revocation is None or stamp != self._revocation_stamp:
            self._revocation = self._load(path)
            self._revocation_stamp = stamp
        return self._revocation

    def _load(self, path: Path) -> Revocation:
        """An unreadable list is a list that could not be looked at: every verdict under it is Unknown."""
        try:
            data = path.read_bytes()
            authorities = certificates.read_pem((self._pki / "ca.pem").read_bytes())
        except (OSError, Fault):
            data, authorities = b"", ()
        return revocation.read(data, authorities)


def _moment(value: object) -> dt.datetime:
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def allow_reading_in_loop() -> None:
    """Django refuses queries on a thread that runs an event loop; ours are single indexed look-ups, meant there."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
