"""An import of the directory that is killed in its middle: what was in force stays so, and the next import is whole. Readers see the
old directory meanwhile, then the new one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import databases
from tests.cli.conftest import command, data, environment, template
from tests.formats.test_directory_extract import ORG, text

__all__ = ["data", "template"]
pytestmark = pytest.mark.database
ROWS = 30_000


def rows(directory: Path) -> int:
    with databases.opened(directory) as base:
        return int(base.execute("SELECT count(*) FROM records_directoryentry").fetchone()[0])


def found(directory: Path, word: str) -> list[str]:
    done = command("directory", "search", directory, word, "--limit", "3", "--json")
    return [json.loads(line)["service"] for line in done.stdout.splitlines()]


def test_an_import_that_is_killed_leaves_the_directory_before(data: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_bytes(text(ORG, ORG.replace("urgences@", "b@")))
    new.write_bytes(text(*[ORG.replace("urgences@", f"u{number}@").replace("Urgences", "Maternité") for number in range(ROWS)]))
    assert command("directory", "import", data, old).returncode == 0
    call = [sys.executable, "-m", "vaguemestre.cli", "directory", "import", str(data), str(new)]
    with subprocess.Popen(call, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while rows(data) < 1_000:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.communicate(timeout=30)
    left = rows(data)
    assert 1_000 <= left < ROWS
    assert found(data, "maternite") == []
    assert found(data, "urgences") == ["Urgences", "Urgences"]
    assert command("verify", data).returncode == 0
    assert command("directory", "import", data, new).returncode == 0
    assert rows(data) == ROWS
    assert found(data, "maternite") == ["Maternité"] * 3
    assert found(data, "urgences") == []
