"""The child of `serve` that keeps the trust list and the revocation lists fresh: what is asked where, and when. Only it and a person's
command ask the network."""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vaguemestre.domain.configuration import Configuration

if TYPE_CHECKING:
    from vaguemestre.connectors.trust_list import ListSource

TICK_S = 2.0
WATCH_EVERY_S = 60.0


def every(configuration: Configuration) -> dt.timedelta:
    """How often the list is asked for at least."""
    return dt.timedelta(hours=configuration.number("trust", "refresh_hours"))


def list_source(configuration: Configuration, directory: Path) -> ListSource | None:
    """Where the list is fetched; None where it is loaded by hand."""
    from vaguemestre.connectors.trust_list import ListSource

    url = configuration.text("trust", "url")
    return ListSource(url, directory / configuration.text("trust", "ca")) if url else None


def needed(configuration: Configuration) -> bool:
    """Whether there is anything to fetch or to watch."""
    from vaguemestre.pipeline.refresh import ages

    fetched = (
        configuration.text("trust", "url"),
        configuration.text("revocation", "urls"),
        configuration.get("revocation", "distribution_points"),
    )
    return bool(any(fetched) or ages(configuration).alarm)


class _Stop(BaseException):
    """SIGTERM: whatever is waited for is left at once; a transaction begun is rolled back."""


def _stop(*_: object) -> None:
    raise _Stop


def run(configuration: Configuration, directory: Path) -> None:
    """Until SIGTERM. What one turn meets never ends it: a refresher that stops would make the list grow old in silence."""
    signal.signal(signal.SIGTERM, _stop)
    told = ""
    with contextlib.suppress(_Stop):
        turn = turns(configuration, directory)
        while True:
            try:
                turn()
                told = ""
            except Exception as error:  # noqa: BLE001 - the class alone is told, once, and the next turn tries again
                if told != type(error).__name__:
                    told = type(error).__name__
                    print(f"the trust list could not be looked after: {told}", file=sys.stderr, flush=True)
                _let_go()
            time.sleep(TICK_S)


def _let_go() -> None:
    """A connection to the database that failed is opened anew at the next turn."""
    from django.db import connection

    with contextlib.suppress(Exception):
        connection.close()


class CrlSources:
    """The addresses of revocation lists that the settings mean, and how each is asked."""

    def __init__(self, configuration: Configuration, directory: Path) -> None:
        from vaguemestre.records.revocation_files import RevocationFiles

        self.files = RevocationFiles(directory / "pki")
        self.often = dt.timedelta(hours=configuration.number("revocation", "refresh_hours"))
        self.alarm = dt.timedelta(hours=configuration.number("revocation", "alarm_hours"))
        self._ca = directory / configuration.text("trust", "ca")
        self._configured = configuration.text("revocation", "urls").split()
        self._named = bool(configuration.get("revocation", "distribution_points"))
        self._addresses: tuple[str, ...] = ()
        self._looked = float("-inf")

    def addresses(self) -> tuple[str, ...]:
        """Where to ask now: peers met since are among them, within a minute (each look reads their certificates)."""
        from vaguemestre.pipeline import refresh_revocation

        if time.monotonic() - self._looked > WATCH_EVERY_S:
            self._looked = time.monotonic()
            self._addresses = refresh_revocation.addresses(self._configured, self.files, self._named)
        return self._addresses

    def ask(self, address: str, now: dt.datetime) -> str:
        """One try; returns why the list was not taken, "" where it was."""
        from vaguemestre.connectors.revocation import RevocationSource
        from vaguemestre.pipeline import refresh_revocation

        return refresh_revocation.refresh_crl(address, RevocationSource(address, self._ca), self.files, self.often, now)


def watch(configuration: Configuration, crls: CrlSources, now: dt.datetime) -> None:
    """Looks at the age of the trust list and at the ends of the revocation lists, and forgets addresses that are configured no more."""
    from vaguemestre.pipeline import refresh, refresh_revocation
    from vaguemestre.records import trust_lists

    trust_lists.forget(crls.addresses())
    refresh.watch_age(refresh.ages(configuration), now)
    refresh_revocation.watch_ends(crls.files, crls.alarm, now)


def turns(configuration: Configuration, directory: Path) -> Callable[[], None]:
    """One turn of the refresher: asks what is due, and looks at ages and ends once a minute, or when something was asked."""
    from vaguemestre.pipeline import refresh
    from vaguemestre.records.trust_lists import LIST

    source, often, crls = list_source(configuration, directory), every(configuration), CrlSources(configuration, directory)
    watched = float("-inf")

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def turn() -> None:
        nonlocal watched
        asked = False
        if source is not None and refresh.due(LIST, now(), often):
            refresh.refresh_list(source, often, now())
            asked = True
        for address in crls.addresses():
            if refresh.due(address, now(), crls.often):
                crls.ask(address, now())
                asked = True
        if asked or time.monotonic() - watched > WATCH_EVERY_S:
            watched = time.monotonic()
            watch(configuration, crls, now())

    return turn
