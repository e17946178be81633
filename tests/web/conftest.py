"""A browser without a screen for the screens' tests, and the usual world."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.world import World, build

if TYPE_CHECKING:
    from django.test import Client


@pytest.fixture
def world(data_directory: Path) -> World:
    """Two practices, see `tests.web.world.build`."""
    return build(data_directory / "vault")


@pytest.fixture
def browser(world: World) -> Callable[..., Client]:
    """`browser("roche")` is a client signed in as that account, `browser()` an anonymous one."""
    from django.test import Client

    def make(login: str | None = None, **more: Any) -> Client:
        client = Client(headers={"host": "127.0.0.1"}, **more)
        if login is not None:
            client.force_login(world.accounts[login])
        return client

    return make
