"""Characters that a database refuses, typed or sent by a program: each page answers, none fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

CHARACTERS = ["ROU\x00", "\x00\x00", "\x00 12/03/1961", "%00", "\ufffe\U0010ffff", "é" * 4000]


@pytest.mark.parametrize("text", CHARACTERS)
def test_a_search_answers(browser: Callable[..., Client], text: str) -> None:
    assert browser("roche").post("/recherche", {"q": text}).status_code == 200


@pytest.mark.parametrize("text", CHARACTERS)
def test_a_sign_in_is_refused_and_no_more(browser: Callable[..., Client], text: str) -> None:
    answer: Any = browser().post("/connexion", {"login": text, "password": text})
    assert answer.status_code == 200
    assert answer.wsgi_request.user.is_anonymous


@pytest.mark.parametrize("text", ["a\x00b", "x" * 500])
def test_a_sign_in_that_a_program_made_up_is_none(browser: Callable[..., Client], text: str) -> None:
    client = browser()
    client.cookies["sessionid"] = text
    assert client.get("/").status_code == 302
