"""What a test needs from the machine: absent, the test skips and names the Debian package; under TESTS_REQUIRE=all it fails instead."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def absent(what: str, package: str) -> None:
    """Skips the running test, or fails it where everything is required."""
    message = f"{what} is not on this machine: install the package {package}"
    if os.environ.get("TESTS_REQUIRE") == "all":
        pytest.fail(message)
    pytest.skip(message)


def program(name: str, package: str) -> str:
    """The path of a program, or a skip that names its package."""
    found = shutil.which(name)
    if found is None:
        absent(name, package)
    assert found is not None
    return found


def samples() -> Path:
    """The folder of public samples, or a skip: it never counts as required, since it is no part of the project."""
    folder = Path(__file__).parent.parent.parent / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip("the public samples are not beside the project (../shared/samples)")
    return folder
