"""What the service tells of itself: to whom, and nothing of anybody."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.web.world import World
from vaguemestre.domain.configuration import check
from vaguemestre.domain.fault import Refused

Browser = Callable[..., Any]
WATCHED = ("/pret", "/metriques")


def counts(client: Any) -> dict[tuple[str, ...], float]:
    answer = client.get("/metriques")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = text_string_to_metric_families(answer.content.decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_whoever_asks_learns_that_it_lives(browser: Browser) -> None:
    answer = browser().get("/sante", REMOTE_ADDR="203.0.113.9")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_it_lives_without_its_database(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import Error, connection

    client = browser()

    def gone(*_: object) -> None:
        raise Error

    monkeypatch.setattr(connection, "cursor", gone)
    assert client.get("/sante").status_code == 200
    answer = client.get("/pret")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "database": "failed", "vault": "ok"})


def test_ready_when_all_is_there(browser: Browser) -> None:
    assert browser().get("/pret").json() == {"ready": True, "database": "ok", "vault": "ok"}


def test_a_vault_that_is_gone_is_not_ready(browser: Browser, data_directory: Path) -> None:
    client = browser()
    os.rename(data_directory / "vault", data_directory / "vault.gone")
    try:
        answer = client.get("/pret")
        assert (answer.status_code, answer.json()["vault"]) == (503, "failed")
    finally:
        os.rename(data_directory / "vault.gone", data_directory / "vault")


@pytest.mark.parametrize("address", WATCHED)
@pytest.mark.parametrize(
    "asker",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"REMOTE_ADDR": "::ffff:203.0.113.9"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"},
    ],
    ids=["a stranger", "a stranger by IPv6", "nobody", "by a proxy", "by another", "by a third"],
)
def test_only_the_allowed_are_answered(browser: Browser, address: str, asker: dict[str, str]) -> None:
    assert browser().get(address, **asker).status_code == 404


@pytest.mark.parametrize("asker", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_allowed(browser: Browser, asker: str) -> None:
    assert browser().get("/metriques", REMOTE_ADDR=asker).status_code == 200


def test_the_counts_are_those_of_the_records(world: World, browser: Browser) -> None:
    from vaguemestre.records.models import Document, Message

    found = counts(browser())
    assert found["vaguemestre_messages_accepted",] == Message.objects.count()
    for decision in ("filed", "proposed", "review", "blocked"):
        listed = Document.objects.filter(form_of=None, decision=decision).count()
        assert found["vaguemestre_documents", decision] == listed
    assert sum(found["vaguemestre_documents", one] for one in ("filed", "review")) > 0
    assert found["vaguemestre_vault_free_bytes",] > 0


def test_the_age_of_the_trust_list(browser: Browser) -> None:
    from vaguemestre.records.models import TrustList

    hour = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    client = browser()
    TrustList.objects.all().delete()
    assert counts(client)["vaguemestre_trust_list_age_seconds",] == -1
    TrustList.objects.create(id=1, generated_at=hour, loaded_at=hour, entries=619)
    found = counts(client)
    assert 3_600 <= found["vaguemestre_trust_list_age_seconds",] < 3_700
    assert found["vaguemestre_trust_list_entries",] == 619


def test_nobody_is_named(world: World, browser: Browser) -> None:
    client = browser()
    told = "".join(client.get(address).content.decode() for address in WATCHED)
    assert "@" not in told
    for patient in world.patients.values():
        assert patient.birth_name not in told and (not patient.ins or patient.ins not in told)
    for mailbox in world.mailboxes.values():
        assert mailbox.address not in told


def test_what_may_be_allowed_is_checked() -> None:
    assert check({"metrics": {"allow": "10.0.0.0/8 ::1"}}, {}).text("metrics", "allow") == "10.0.0.0/8 ::1"
    with pytest.raises(Refused, match=r"metrics\.allow"):
        check({"metrics": {"allow": "partout"}}, {})
