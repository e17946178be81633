"""SIGKILL while it sends, again and again: every recipient is reached, what was written down as sent is never sent again, and what is sent
twice is only what was on its way (promise 1, outwards)."""

from __future__ import annotations

import collections
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.pipeline.leaving import Leaving
from tests.scenes.operators import environment

MANY = 120
AT_ONCE = 16


def sent() -> set[str]:
    from django.db import connections

    from vaguemestre.records.models import Recipient

    try:
        return set(Recipient.objects.filter(state="sent").values_list("address", flat=True))
    finally:
        connections.close_all()


def carried(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_nothing_is_lost_and_what_is_sent_stays_sent(data_directory: Path, tmp_path: Path) -> None:
    from vaguemestre.records.models import Recipient

    leaving = Leaving(data_directory)
    leaving.now = time.time()
    for number in range(MANY // 4):
        leaving.submit(to=tuple(f"a{number}.{k}@hopital.demo.example" for k in range(4)))
    sink = tmp_path / "carried"
    kills = 0
    known: set[str] = set()
    for turn in range(12):
        before = len(carried(sink))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.pipeline.killed_sender", str(data_directory), str(sink)], env=environment()
        )
        try:
            until = time.monotonic() + 30
            wanted = before + 12 if turn < 4 else 10**6
            while len(carried(sink)) < wanted and len(sent()) < MANY and time.monotonic() < until:
                time.sleep(0.01)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
        kills += 1
        again = [one for one in carried(sink)[before:] if one in known]
        assert again == [], "what was written down as sent was sent once more"
        known = sent()
        if len(known) == MANY:
            break
        # The claims of the dead lapse.
        Recipient.objects.filter(state="waiting").update(lease=0)
    assert known == set(carried(sink))
    assert len(known) == MANY
    assert kills >= 3
    twice = [one for one, count in collections.Counter(carried(sink)).items() if count > 1]
    assert len(twice) <= kills * AT_ONCE * 4
