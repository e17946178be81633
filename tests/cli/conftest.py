"""A real data directory for each test, copied from one made by the real command; commands run as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import databases

ROOT = Path(__file__).parent.parent.parent
DOMAIN = "cabinet.demo.example"
BOX = f"dr.zeste@{DOMAIN}"
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Inside = Callable[..., tuple[int, str, str]]


def environment(**more: str) -> dict[str, str]:
    """Ours, without what another test may have set up in this process."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("VAGUEMESTRE_") and k != "DJANGO_SETTINGS_MODULE"}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return kept | {"PYTHONPATH": path} | more


def command(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs `vaguemestre ARGUMENTS`. Whatever it was asked, it keeps the contract: exit 0, 1 or 2, and no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "vaguemestre.cli", *map(str, arguments)],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode in {0, 1, 2}, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    if done.returncode:
        assert done.stderr.strip(), "a sentence says why"
    return done


def script(body: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs Python of a test on a data directory, in a process of its own (one process serves one directory)."""
    done = subprocess.run(
        [sys.executable, "-c", body, *map(str, arguments)],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, _databases: None) -> Path:
    """A demo directory with one mailbox. Its path has a blank."""
    path = tmp_path_factory.mktemp("cli") / "made once"
    done = command("init", path, "--domain", DOMAIN, *databases.arguments())
    assert done.returncode == 0, done.stderr
    done = command("mailbox", "add", path, BOX, "--type", "PER", "--name", "Dr Ève Zeste")
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "the data"
    databases.copy(template, path)
    return path


@pytest.fixture
def run() -> Run:
    return command


@pytest.fixture
def inside(data_directory: Path, capsys: pytest.CaptureFixture[str]) -> Inside:
    """Runs a command in this process, on this process's own data directory with one mailbox: exit code, output, errors. Twenty times
    quicker than a process of its own, for the many ways of being wrong."""
    from vaguemestre.cli.__main__ import main

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert code in {0, 1, 2}
        assert bool(err.strip()) or not code
        assert "unforeseen" not in err
        return code, out, err

    assert call("mailbox", "add", data_directory, BOX, "--type", "PER", "--name", "Dr Ève Zeste")[0] == 0
    return call
