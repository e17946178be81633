"""What the operators' door must know at each step, from the records and the data directory: the `Facts` of `inbound.accept`.

The trust list is kept in memory and read again when its revision changes; the revocation list when its file changes. Both are looked at
on each call, so that a peer listed or revoked a moment ago is known at the next MAIL, also in a session begun before.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from django.db import connection

from vaguemestre.crypto import certificates, revocation
from vaguemestre.crypto.revocation import Revocation
from vaguemestre.crypto.trust_list import TrustSnapshot, domain_key
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.fault import Fault

MSSANTE_AGE_H = 168


class RecordsFacts:
    """Reads on the caller's thread: each answer is one indexed look-up, or none."""

    def __init__(self, configuration: Configuration, directory: Path) -> None:
        self._hosted = domain_key(configuration.text("server", "domain"))
        self._pki = directory / "pki"
        hours = configuration.number("trust", "max_age_hours")
        if not hours and configuration.text("server", "profile") == "mssante":
            hours = MSSANTE_AGE_H
        self._max_age = dt.timedelta(hours=hours) if hours else None
        self._trust: TrustSnapshot | None = None
        self._trust_revision = -1
        self._revocation: Revocation | None = None
        self._revocation_stamp: tuple[int, int, int] | None = None

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def hosts(self, domain: str) -> bool:
        return domain == self._hosted

    def mailbox(self, address: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM records_mailbox WHERE address = %s", [address])
            return cursor.fetchone() is not None

    def trust(self) -> TrustSnapshot:
        with connection.cursor() as cursor:
            cursor.execute("SELECT revision, COALESCE(generated_at, loaded_at) FROM records_trustlist WHERE id = 1")
            row = cursor.fetchone()
            revision = row[0] if row else 0
            if self._trust is None or revision != self._trust_revision:
                cursor.execute("SELECT domain, dn_key FROM records_trustentry")
                pairs = cursor.fetchall()
                loaded = _moment(row[1]) if row else None
                self._trust = TrustSnapshot.of(pairs, loaded, self._max_age)
                self._trust_revision = revision
        return self._trust

    def revocation(self) -> Revocation:
        path = self._pki / "crl.pem"
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
