"""Every reader on damaged files of the corpus: only declared faults escape, in bounded time and memory, and every reading keeps the
contract. `make fuzz` runs the same targets for as long as one likes, led by coverage where atheris is installed.
"""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import targets
from tests.fuzz.damage import WAYS, damaged
from tests.fuzz.targets import TARGETS
from vaguemestre.formats import rtf

PACKAGE = Path(__file__).parent.parent.parent / "vaguemestre"
NOT_OF_MAIL = frozenset({"revocation"})
"""Read from elsewhere than from a message, under tests of their own."""
SLOWEST_S = 8.0
"""Of CPU for one file, where the pipeline gives ten seconds."""
EXAMPLES = 150
OTHERWISE = {"read": 300, "mail": 300, "pdf": 60}

DAMAGES = st.lists(st.tuples(st.integers(0, len(WAYS) - 1), st.integers(0, (1 << 24) - 1), st.integers(0, (1 << 16) - 1)), max_size=4)


@contextmanager
def _watched() -> Iterator[None]:
    """Fails what takes too long, in the middle of it where Python is running."""

    def too_slow(*_: object) -> None:
        raise AssertionError("the reader takes too long")

    kept = signal.signal(signal.SIGALRM, too_slow)
    signal.alarm(60)
    began = time.process_time()
    try:
        yield
        assert time.process_time() - began < SLOWEST_S
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, kept)


@pytest.mark.parametrize("name", TARGETS)
def test_only_declared_faults_escape(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds
    assert seeds, "nothing to start from"

    @settings(
        max_examples=OTHERWISE.get(name, EXAMPLES), deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(st.integers(0, len(seeds) - 1), st.integers(0, len(seeds) - 1), DAMAGES)
    def holds(one: int, other: int, damages: list[tuple[int, int, int]]) -> None:
        data = damaged(seeds[one], damages, seeds[other])
        with _watched():
            target(data)

    holds()


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read_as_they_are(name: str) -> None:
    for data in TARGETS[name].seeds if name not in {"read", "recognise"} else ():
        with _watched():
            TARGETS[name](data)


def test_in_little_memory() -> None:
    """Every target in one child of a small address space, on files damaged at random by a fixed seed."""
    command = [sys.executable, "-m", "bench.fuzz", "--plain", "--count", "15", "--seed", "20261122"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    assert {line.split()[0] for line in done.stdout.splitlines()} == set(TARGETS)


def _reads_octets(module: Path) -> bool:
    """Whether it has a `read` of its own whose first argument are the octets of a file."""
    functions = [one for one in ast.parse(module.read_text(encoding="utf-8")).body if isinstance(one, ast.FunctionDef)]
    return any(one.name == "read" and one.args.args and one.args.args[0].arg == "data" for one in functions)


def test_every_reader_has_its_target() -> None:
    readers = {
        file.stem for folder in ("formats", "protocols", "crypto") for file in (PACKAGE / folder).glob("*.py") if _reads_octets(file)
    }
    assert readers - NOT_OF_MAIL <= set(TARGETS)
    assert {"hl7v2", "rtf", "dsn", "calendar_entry"} <= readers


def test_a_reader_that_raises_anything_else_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also behind the guard of the stage, which turns it into a warning."""

    def broken(data: bytes) -> object:
        raise KeyError("not a fault")

    monkeypatch.setattr(rtf, "read", broken)
    with pytest.raises(AssertionError, match="raised what it may not"):
        TARGETS["read"](TARGETS["rtf"].seeds[0])
    with pytest.raises(KeyError):
        targets.Target(broken, ())(b"")
