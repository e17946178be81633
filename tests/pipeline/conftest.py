"""The practices of the screens' tests, for what people decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.world import World, build


@pytest.fixture
def world(data_directory: Path) -> World:
    return build()
