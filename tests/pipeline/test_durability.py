"""Promise 1, recorded in order: every 250 follows the file's fsync, its rename, the folder's fsync and a commit that waits for the disk
(SQLite: synchronous=FULL; PostgreSQL: synchronous_commit=on).

What the program does to the disk is recorded as it happens. The test is then shown to be able to fail: each of the four is taken out in
turn, and the record no longer keeps the promise.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vaguemestre.domain.envelope import Envelope
from vaguemestre.domain.outcome import Proceed
from vaguemestre.vault.files import Vault, digest

MESSAGES = [f"Message-ID: <{k}@hopital.demo.example>\r\n\r\nlettre {k}\r\n".encode() for k in range(12)]


@dataclasses.dataclass
class Record:
    """What happened, in order: ("fsync", path) ("rename", source, target) ("fsync-folder", path) ("commit", mode) ("250", sha256)."""

    steps: list[tuple[str, ...]] = dataclasses.field(default_factory=list)

    def faults(self, sha256: str) -> list[str]:
        """Which part of the promise does not hold for a message that was answered."""
        answered = self.steps.index(("250", sha256))
        before = self.steps[:answered]
        renames = [k for k, step in enumerate(before) if step[0] == "rename" and step[2].endswith(sha256)]
        if not renames:
            return ["no rename into place before 250"]
        source, target, renamed = before[renames[0]][1], before[renames[0]][2], renames[0]
        found = []
        if ("fsync", source) not in before[:renamed]:
            found.append("no fsync of the file before its rename")
        folders = [k for k, step in enumerate(before) if step == ("fsync-folder", str(Path(target).parent)) and k > renamed]
        if not folders:
            found.append("no fsync of the folder after the rename")
        commits = [k for k, step in enumerate(before) if step[0] == "commit" and k > (folders[0] if folders else renamed)]
        if not commits:
            found.append("no commit after the vault and before 250")
        elif before[commits[0]][1] not in {"2", "on"}:
            found.append("the commit did not wait for the disk")
        return found


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> Iterator[Record]:
    made = Record()
    fsync, rename = os.fsync, os.rename

    def spy_fsync(descriptor: int) -> None:
        fsync(descriptor)
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        made.steps.append(("fsync-folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "fsync", path))

    def spy_rename(source: Any, target: Any, **more: Any) -> None:
        rename(source, target, **more)
        made.steps.append(("rename", str(source), str(target)))

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(os, "rename", spy_rename)
    yield made


def keep_all(record: Record, directory: Path, address: str) -> None:
    """Twelve sessions at once hand a message over, as the door does; each answer is noted as it comes."""
    from django.db import connection

    from vaguemestre.pipeline import commit
    from vaguemestre.servers.intake import Intake

    directory.mkdir()
    vault = Vault(directory, writers=4)

    def receive(batch: list[Any]) -> Any:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous" if connection.vendor == "sqlite" else "SHOW synchronous_commit")
            mode = str(cursor.fetchone()[0])
        raw = connection.connection

        class Watched:
            """The raw connection, its commits noted once they are done."""

            def __getattr__(self, name: str) -> Any:
                return getattr(raw, name)

            def __setattr__(self, name: str, value: Any) -> None:
                setattr(raw, name, value)

            def commit(self) -> None:
                raw.commit()
                record.steps.append(("commit", mode))

        connection.connection = Watched()  # type: ignore[assignment]
        try:
            return commit.receive(vault, batch)
        finally:
            connection.connection = raw
            connection.close()  # this thread's own: nobody else can

    async def session(intake: Intake, data: bytes) -> None:
        envelope = Envelope("labo@hopital.demo.example", (address,), dt.datetime.now(dt.UTC), None)
        outcome = await intake.keep(envelope, data, None)
        assert isinstance(outcome, Proceed)
        record.steps.append(("250", digest(data)))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        intake = Intake(loop, receive, lambda: None, lambda refusals: None)
        await asyncio.gather(*(session(intake, data) for data in MESSAGES))
        await loop.run_in_executor(None, intake.close)

    asyncio.run(main())


def mailbox() -> str:
    from vaguemestre.records import administration

    address = "dr.roche@cabinet.demo.example"
    administration.make_mailbox(address, "PER", "Dr ROCHE", "cabinet", "", "", dt.datetime.now(dt.UTC))
    return address


def faults(record: Record) -> set[str]:
    return {fault for data in MESSAGES for fault in record.faults(digest(data))}


def test_every_250_follows_what_it_promises(data_directory: Path, tmp_path: Path, record: Record) -> None:
    keep_all(record, tmp_path / "vault", mailbox())
    assert faults(record) == set()
    assert sum(step[0] == "250" for step in record.steps) == len(MESSAGES)


def test_one_commit_serves_several_sessions(data_directory: Path, tmp_path: Path, record: Record) -> None:
    keep_all(record, tmp_path / "vault", mailbox())
    assert sum(step[0] == "commit" for step in record.steps) < len(MESSAGES)


def without_file_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    spied = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: spied(fd) if stat.S_ISDIR(os.fstat(fd).st_mode) else None)


def without_folder_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vault, "_sync_folder", lambda self, folder: None)


def without_rename(monkeypatch: pytest.MonkeyPatch) -> None:
    def straight(self: Vault, items: Any) -> None:
        for sha256, data in items:
            self._folder(self.path(sha256).parent)
            self.path(sha256).write_bytes(b"\x01" + data)

    monkeypatch.setattr(Vault, "keep", straight)


def without_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.pipeline import commit

    monkeypatch.setattr(
        commit, "receive", lambda vault, batch: (vault.keep([(m.sha256, m.data) for m in batch]), [Proceed(1)] * len(batch))[1]
    )


def with_a_lighter_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    wrapper: Any = type(connection._connections[connection._alias])  # type: ignore[attr-defined]
    connect = wrapper.get_new_connection

    def lighter(self: Any, parameters: Any) -> Any:
        made = connect(self, parameters)
        made.execute("PRAGMA synchronous=NORMAL" if self.vendor == "sqlite" else "SET synchronous_commit = off")
        if self.vendor != "sqlite":
            made.commit()
        return made

    monkeypatch.setattr(wrapper, "get_new_connection", lighter)


def with_the_commit_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.pipeline import commit

    receive = commit.receive

    def reversed_(vault: Vault, batch: Any) -> Any:
        later: list[Any] = []

        class Late:
            held = vault.held

            def keep(self, items: Any) -> None:
                later.extend(items)

        outcomes = receive(Late(), batch)  # type: ignore[arg-type]
        vault.keep(later)
        return outcomes

    monkeypatch.setattr(commit, "receive", reversed_)


@pytest.mark.parametrize(
    ("taken_out", "expected"),
    [
        (without_file_fsync, "no fsync of the file before its rename"),
        (without_folder_fsync, "no fsync of the folder after the rename"),
        (without_rename, "no rename into place before 250"),
        (without_commit, "no commit after the vault and before 250"),
        (with_the_commit_first, "no commit after the vault and before 250"),
        (with_a_lighter_commit, "the commit did not wait for the disk"),
    ],
)
def test_the_record_shows_when_one_is_taken_out(
    data_directory: Path,
    tmp_path: Path,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    taken_out: Callable[[pytest.MonkeyPatch], None],
    expected: str,
) -> None:
    address = mailbox()
    taken_out(monkeypatch)
    keep_all(record, tmp_path / "vault", address)
    assert expected in faults(record)
