"""The vault: what is kept is durable in order, once, whole; what is damaged is named."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from vaguemestre.vault.files import Damaged, Vault, digest


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    data = bytes(range(256)) * 100
    vault.keep([(digest(data), data), (digest(b""), b"")])
    assert vault.read(digest(data)) == data
    assert vault.read(digest(b"")) == b""
    assert vault.check(digest(data)) is None
    assert sorted(vault.digests()) == sorted([digest(data), digest(b"")])


def test_an_object_begins_with_a_version_byte_and_is_private(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.keep([(digest(b"lettre"), b"lettre")])
    path = vault.path(digest(b"lettre"))
    assert path.read_bytes() == b"\x01lettre"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.keep([(digest(b"lettre"), b"lettre")])
    vault.path(digest(b"lettre")).write_bytes(b"\x02lettre")
    with pytest.raises(Damaged):
        vault.read(digest(b"lettre"))


def test_damage_is_named(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.keep([(digest(b"a"), b"a"), (digest(b"b"), b"b")])
    vault.path(digest(b"a")).write_bytes(b"\x01x")
    vault.path(digest(b"b")).unlink()
    assert "not those of its name" in (vault.check(digest(b"a")) or "")
    assert "not in the vault" in (vault.check(digest(b"b")) or "")


def test_the_same_bytes_are_one_object_and_a_short_one_is_written_again(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.keep([(digest(b"abc"), b"abc"), (digest(b"abc"), b"abc")])
    path = vault.path(digest(b"abc"))
    path.write_bytes(b"\x01a")
    vault.keep([(digest(b"abc"), b"abc")])
    assert path.read_bytes() == b"\x01abc"


def test_a_write_that_fails_is_told_and_leaves_nothing_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        vault.keep([(digest(b"abc"), b"abc")])
    assert not vault.path(digest(b"abc")).exists()


def test_half_written_files_are_swept(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.keep([(digest(b"abc"), b"abc")])
    (tmp_path / "aside" / "half").write_bytes(b"\x01ha")
    assert vault.sweep_aside(older_than=(tmp_path / "aside" / "half").stat().st_mtime + 1) == 1
    assert list((tmp_path / "aside").iterdir()) == []


def test_several_writers_of_the_same_object_at_once(tmp_path: Path) -> None:
    data = os.urandom(200_000)
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(20):
                Vault(tmp_path).keep([(digest(data), data)])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Vault(tmp_path).check(digest(data)) is None


def test_one_failing_write_of_a_batch_is_told_and_the_others_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [(digest(data), data) for data in (b"a", b"b", b"c", b"d")]
    write = Vault._write_aside
    ended: list[str] = []

    def failing(self: Vault, name: str, data: bytes) -> Path:
        if data in {b"b", b"d"}:  # one on a thread of the pool, one on the caller's
            raise OSError(28, "No space left on device")
        made = write(self, name, data)
        ended.append(name)
        return made

    monkeypatch.setattr(Vault, "_write_aside", failing)
    with pytest.raises(OSError, match="No space"):
        Vault(tmp_path, writers=3).keep(batch)
    assert sorted(ended) == sorted(digest(data) for data in (b"a", b"c"))
    monkeypatch.undo()
    vault = Vault(tmp_path, writers=3)
    vault.keep(batch)
    assert [vault.check(name) for name, _ in batch] == [None] * 4
