"""What is left behind is cleared away, once an hour, by a worker that has nothing to do: files half-written before a crash, sign-ins
that ended. Nothing that a row knows is ever touched.
"""

from __future__ import annotations

from pathlib import Path

from vaguemestre.vault.files import Vault

EVERY_S = 3600.0
ASIDE_AGE_S = 86_400.0
"""A file aside is renamed within seconds: one of yesterday belongs to a crash."""


def sweep(directory: Path, now: float) -> int:
    """Clears what is left behind; returns how many half-written files went. `now` in Unix seconds."""
    from django.contrib.sessions.backends.db import SessionStore

    SessionStore.clear_expired()
    return Vault(directory / "vault").sweep_aside(now - ASIDE_AGE_S)
