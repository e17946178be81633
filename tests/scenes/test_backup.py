"""A copy made under load, and everything in it: the server is killed, the copy is restored elsewhere, verifies, serves on.

Cut at any instant, a backup and a restore leave what every command refuses by name, and nothing that looks whole and is not.
"""

from __future__ import annotations

import collections
import copy
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import databases
from tests.scenes.operators import DOCTOR, LABORATORY, Practice, Served, command, environment, hprim, letter, octets
from tests.scenes.test_sigkill import VALUES, Client

pytestmark = pytest.mark.database

SENDERS = 3
CHART = "ref,birth_name,first_given_name,given_names,birth_date,sex\nP1,MARTEL,LUCIE,LUCIE,1961-03-12,F\n"
KILLS = 4


def restored(practice: Practice, source: Path, directory: Path) -> Practice:
    """The practice of a copy, restored there."""
    command("restore", str(source), str(directory), *databases.arguments())
    elsewhere = copy.copy(practice)
    elsewhere.directory = directory
    return elsewhere


def sound(practice: Practice, *, killed: bool = False) -> int:
    """Asserts that `verify` finds nothing at all, but for the notes that a kill in the middle leaves (objects that no row came to name);
    returns how many messages there are."""
    (found,) = practice.lines("verify", str(practice.directory))
    notes = [one for one in found["notes"] if not (killed and one.startswith("vault: "))]
    assert (found["ok"], found["faults"], notes) == (True, [], [])
    return int(found["messages"])


def settled(practice: Practice) -> None:
    until = time.monotonic() + 60
    while practice.status()["waiting"] and time.monotonic() < until:
        time.sleep(0.2)
    assert practice.status()["waiting"] == 0


def test_a_copy_made_under_load_holds_all_that_was_acknowledged(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    practice.patients(CHART)
    practice.known(LABORATORY)
    served = Served(practice)
    clients = [Client(served, number) for number in range(SENDERS)]
    for client in clients:
        client.start()
    time.sleep(1.5)
    before = [one for client in clients for one in client.acknowledged]
    command("backup", str(practice.directory), str(tmp_path / "copies" / "one"))
    during = sum(len(client.acknowledged) for client in clients) - len(before)
    time.sleep(0.5)
    served.kill()
    for client in clients:
        client.stopping.set()
        client.join(timeout=40)
        assert not client.is_alive()
    assert len(before) > 20
    assert during > 10, "the mail went on while the copy was made"

    elsewhere = restored(practice, tmp_path / "copies" / "one", tmp_path / "restored")
    held = sound(elsewhere)
    assert held >= len(before)
    with elsewhere.served() as again:
        settled(elsewhere)
        client = again.client()
        new = letter(hprim("MARTEL", "LUCIE", "12/03/1961", "2610399990011 77", value=f"0.{next(VALUES):06d}"))
        client.sendmail(LABORATORY, [DOCTOR], octets(new))
        client.quit()
        settled(elsewhere)
        assert again.stop() == 0
    counted = collections.Counter(line["message_id"] for line in elsewhere.filings())
    assert [one for one in [*before, str(new["Message-ID"])] if counted[one] != 1] == []
    assert [one for one, count in counted.items() if count != 1] == []
    assert len(counted) == held + 1
    assert {line["decision"] for line in elsewhere.filings()} == {"filed"}
    assert sound(elsewhere) == held + 1
    # What was copied from goes on too: the copy took nothing away.
    with practice.served():
        settled(practice)
    assert set(before) <= {line["message_id"] for line in practice.filings()}
    assert sound(practice, killed=True) > held


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "vaguemestre.cli", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )


@pytest.fixture
def filled(tmp_path: Path) -> Practice:
    """A practice with some mail."""
    practice = Practice(tmp_path)
    practice.patients(CHART)
    mails = tmp_path / "mails"
    mails.mkdir()
    for k in range(60):
        text = hprim("MARTEL", "LUCIE", "12/03/1961", "2610399990011 77", value=f"0.{next(VALUES):06d}")
        (mails / f"{k}.eml").write_bytes(octets(letter(text)))
    command("import", str(practice.directory), str(mails), "--mailbox", DOCTOR)
    return practice


def test_a_backup_killed_at_any_instant(filled: Practice, tmp_path: Path) -> None:
    begun = time.monotonic()
    command("backup", str(filled.directory), str(tmp_path / "timed"))
    whole = time.monotonic() - begun
    chance = random.Random(5)
    cut = 0
    for turn in range(KILLS):
        dest = tmp_path / f"copy {turn}"
        aside = dest.with_name(dest.name + ".unfinished")
        process = started("backup", str(filled.directory), str(dest))
        if turn < 3:  # at once when it begins to write, then a little later
            until = time.monotonic() + 20
            while not aside.exists() and process.poll() is None and time.monotonic() < until:
                time.sleep(0.001)
            time.sleep(0.04 * turn)
        else:
            time.sleep(whole * chance.uniform(0.3, 1.0))
        process.kill()
        process.wait(timeout=20)
        # The manifest is the last thing written: with it the copy is whole, whether it has got its name or not.
        for name in (dest, aside):
            if (name / "manifest.json").exists():
                assert sound(restored(filled, name, tmp_path / f"whole {turn}")) == 60
        if dest.exists() or (aside / "manifest.json").exists():
            continue
        cut += 1
        for name in (dest, aside):
            done = command("restore", str(name), str(tmp_path / "never"), check=False)
            assert done.returncode == 2
            assert "no whole copy" in done.stderr
            assert not (tmp_path / "never").exists()
        command("backup", str(filled.directory), str(dest))
        assert not aside.exists()
        if turn == 2:
            assert sound(restored(filled, dest, tmp_path / f"again {turn}")) == 60
    assert cut
    assert sound(filled) == 60


def test_a_restore_killed_at_any_instant(filled: Practice, tmp_path: Path) -> None:
    source = tmp_path / "copy"
    command("backup", str(filled.directory), str(source))
    cut = 0
    for turn in range(KILLS):
        directory = tmp_path / f"restored {turn}"
        process = started("restore", str(source), str(directory), *databases.arguments())
        until = time.monotonic() + 20
        while not directory.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(0.25 * turn)
        process.kill()
        process.wait(timeout=20)
        if directory.exists() and not (directory / "restore.unfinished").exists() and any(directory.iterdir()):
            elsewhere = copy.copy(filled)
            elsewhere.directory = directory
            assert sound(elsewhere) == 60
            continue
        cut += 1
        if (directory / "restore.unfinished").exists():
            for arguments in (("status", str(directory)), ("serve", str(directory)), ("restore", str(source), str(directory))):
                done = command(*arguments, check=False)
                assert (done.returncode, "restore" in done.stderr) == (2, True), arguments
        time.sleep(1.0)  # the child of a parent that was killed ends by itself
        shutil.rmtree(directory)
        if turn == 1:
            assert sound(restored(filled, source, directory)) == 60
    assert cut
