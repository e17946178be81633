"""What is left behind is cleared away, once an hour, by a worker that has nothing to do: files half-written before a crash, sign-ins
that ended; and mail whose time has come, where the settings of [retention] say so. Nothing else that a row knows is ever touched.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.conf import settings

from vaguemestre.domain.fault import Refused
from vaguemestre.pipeline import retention
from vaguemestre.vault.files import Vault

EVERY_S = 3600.0
MOST_ERASED = 2_000
"""Deliveries a round: a worker must be free for the mail that comes."""
ASIDE_AGE_S = 86_400.0
"""A file aside is renamed within seconds: one of yesterday belongs to a crash."""


def sweep(directory: Path, now: float) -> int:
    """Clears what is left behind; returns how many half-written files went. `now` in Unix seconds."""
    from django.contrib.sessions.backends.db import SessionStore

    SessionStore.clear_expired()
    _erase(directory, now)
    return Vault(directory / "vault").sweep_aside(now - ASIDE_AGE_S)


_looked_through: set[Path] = set()
"""The directories whose vault this process looked through for what an earlier one, cut short, left there."""


def _erase(directory: Path, now: float) -> None:
    configuration = settings.VAGUEMESTRE
    days, closed = configuration.number("retention", "messages_days"), bool(configuration.get("retention", "closed_mailboxes"))
    at = dt.datetime.fromtimestamp(now, dt.UTC)
    try:
        due = retention.overdue(at, days, closed, MOST_ERASED) if days or closed else []
        if due:
            retention.erase(directory, due, "node", "retention", at)
        retention.erase_sent(directory, at, configuration.number("retention", "sent_days"), "node", MOST_ERASED)
        if directory not in _looked_through:
            retention.drop_unnamed(directory, now)
            _looked_through.add(directory)
    except Refused:  # a backup is being made: in an hour
        return
