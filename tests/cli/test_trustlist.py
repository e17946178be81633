"""`trustlist refresh|show|changes`: the list fetched by hand, and what a person is told of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.connectors.web_host import Host, answer, host
from tests.crypto.test_trust_list import DN, document, entry

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
HOUR = dt.timedelta(hours=1)
GOOD = [f"d{k}.example" for k in range(10)]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Host]:
    with host(tmp_path / "web") as one:
        yield one


def listing(*domains: str, generated: dt.datetime = NOW - HOUR) -> bytes:
    return answer(document(*map(entry, domains), generated=generated.isoformat()))


def settings(web: Host) -> dict[str, str]:
    return {"VAGUEMESTRE_TRUST_URL": web.url, "VAGUEMESTRE_TRUST_CA": str(web.ca), "VAGUEMESTRE_TRUST_MAX_AGE_HOURS": "48"}


def shown(run: Run, data: Path, web: Host) -> dict[str, Any]:
    done = run("trustlist", "show", data, "--json", **settings(web))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_fetched_refused_and_shown(run: Run, data: Path, web: Host) -> None:
    assert shown(run, data, web)["state"] == "trust-list-absent"
    web.says = listing(*GOOD)
    assert run("trustlist", "refresh", data, **settings(web)).stdout == "10 entries are in force (revision 1).\n"
    found = shown(run, data, web)
    assert (found["state"], found["entries"], found["domains"], found["subjects"], found["origin"]) == ("sound", 10, 10, 1, "url")
    assert (found["alarm_age_s"], found["max_age_s"], found["alarms"], found["url"]) == (86_400, 172_800, [], web.url)
    assert 3600 <= found["age_s"] < 3600 + 1800
    assert NOW <= dt.datetime.fromisoformat(found["next_at"]) <= NOW + 8 * HOUR
    web.says = listing("d0.example", generated=NOW)
    done = run("trustlist", "refresh", data, **settings(web))
    assert done.returncode == 1
    assert done.stderr.endswith("The last good list stays in force (trust-list-shrunken).\n")
    found = shown(run, data, web)
    assert (found["entries"], found["failures"]) == (10, 1)
    assert [(one["about"], one["reason"]) for one in found["alarms"]] == [("trust-list", "trust-list-shrunken")]
    assert "ALARM" in run("trustlist", "show", data, **settings(web)).stdout
    assert run("trustlist", "refresh", data, "--force", **settings(web)).returncode == 0
    assert shown(run, data, web)["alarms"] == []
    changes = [json.loads(line) for line in run("trustlist", "changes", data, "--json").stdout.splitlines()]
    assert [(one["change"], one["domain"], one["dn"]) for one in changes] == [("removed", name, DN) for name in GOOD[1:]]
    assert run("verify", data).returncode == 0


def test_nowhere_to_fetch_from(run: Run, data: Path) -> None:
    done = run("trustlist", "refresh", data)
    assert done.returncode == 2
    assert "trust.url" in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "http://liste.example/",
        "https://",
        "https://a b/",
        "ftp://a.example/",
        "https://user:word@a.example/",
        "https://a.example:99999/",
        "https://a.example/#x",
    ],
)
def test_an_address_that_is_not_safe_is_refused_at_start(run: Run, data: Path, url: str) -> None:
    done = run("trustlist", "show", data, VAGUEMESTRE_TRUST_URL=url)
    assert done.returncode == 2
    assert "trust.url" in done.stderr.lower().replace("vaguemestre_trust_url", "trust.url")
