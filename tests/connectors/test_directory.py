"""The client of the directory's API, against a fake of it on loopback; a refresh of one correspondent by the command."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.formats.test_directory_fhir import bundle, organization, practitioner, telecom
from vaguemestre.connectors import directory
from vaguemestre.connectors.bounded_get import Unfetched
from vaguemestre.domain.fault import Unreadable

BASE = "/fhir/v2"


class Api:
    """Answers by (resource, identifier); keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], bytes] = {}
        self.pages: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.status = 200
        self.url = ""

    def answer(self, path: str, key: str) -> tuple[int, bytes]:
        parts = urlsplit(path)
        self.asked.append((parts.path, key))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if "page" in query:
            return 200, self.pages[query["page"]]
        wanted = query.get("identifier") or query.get("practitioner.identifier", "")
        return self.status, self.answers.get((parts.path.rpartition("/")[2], wanted.rpartition("|")[2]), bundle())


@pytest.fixture
def api() -> Iterator[Api]:
    told = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, data = told.answer(self.path, self.headers.get("ESANTE-API-KEY", ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}{BASE}"
        yield told
        server.shutdown()
        thread.join(10)


def client(api: Api) -> directory.Directory:
    return directory.Directory(api.url, "the-key", None)


def test_a_person_is_asked_for_with_the_key(api: Api) -> None:
    api.answers["Practitioner", "10000000001"] = bundle(practitioner("10000000001", telecom("eve@a.demo.example")))
    assert [one.entry.address for one in client(api).of_person("10000000001")] == ["eve@a.demo.example"]
    assert api.asked == [(f"{BASE}/Practitioner", "the-key"), (f"{BASE}/PractitionerRole", "the-key")]


def test_an_answer_about_somebody_else_is_not_taken(api: Api) -> None:
    api.answers["Practitioner", "10000000001"] = bundle(practitioner("10000000002", telecom("other@a.demo.example")))
    assert client(api).of_person("10000000001") == []


def test_pages_are_followed_on_the_same_host_only(api: Api) -> None:
    first = organization("330000001", telecom("a@ch.demo.example"))
    api.answers["Organization", "330000001"] = bundle(first, following=f"{api.url}?page=2")
    api.pages["2"] = bundle(organization("330000001", telecom("b@ch.demo.example")))
    assert [one.entry.address for one in client(api).of_structure("330000001")] == ["a@ch.demo.example", "b@ch.demo.example"]
    for elsewhere in ("https://elsewhere.example/fhir/v2?page=2", f"{api.url}.elsewhere.example/?page=2", "/etc/passwd"):
        api.answers["Organization", "330000001"] = bundle(first, following=elsewhere)
        with pytest.raises(Unreadable):
            client(api).of_structure("330000001")


def test_pages_without_end_are_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "PAGES_MOST", 3)
    api.answers["Organization", "330000001"] = api.pages["2"] = bundle(following=f"{api.url}?page=2")
    with pytest.raises(Unreadable):
        client(api).of_structure("330000001")
    assert len(api.asked) == 3


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_an_answer_that_is_none_is_a_fault(api: Api, status: int) -> None:
    api.status = status
    with pytest.raises(Unfetched) as raised:
        client(api).of_person("10000000001")
    assert raised.value.code == f"http-{status}"


def test_the_key_is_never_sent_in_clear() -> None:
    with pytest.raises(Unfetched):
        directory.Directory("http://api.demo.example/fhir/v2", "the-key", None)


class TestRefresh:
    """`directory refresh`: what the API tells of one correspondent, in force at once."""

    @pytest.fixture
    def told(self, data_directory: Path, api: Api) -> Api:
        from tests.records.test_directory import PEOPLE, load

        load(PEOPLE)
        return api

    def refresh(self, api: Api, rpps: str = "10000000001") -> tuple[int, int]:
        import datetime as dt

        from vaguemestre.records import directory_load

        found = client(api).of_person(rpps)
        done = directory_load.refresh([(one.entry, one.red_listed) for one in found], rpps, dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
        return done.added, done.gone

    def names(self, text: str) -> list[str]:
        from vaguemestre.records.queries.directory import find

        return [one.entry.address for one in find(text)]

    def test_a_new_mailbox_of_a_known_person(self, told: Api) -> None:
        before = self.names("martineau")
        told.answers["Practitioner", "10000000001"] = bundle(
            practitioner("10000000001", telecom(before[0]), telecom("h.martineau@ch.demo.example"), family="MARTINEAU")
        )
        self.refresh(told)
        assert sorted(self.names("martineau cardiologue")) == sorted([before[0], "h.martineau@ch.demo.example"])
        assert self.refresh(told) == (0, 0), "the same answer again changes nothing"

    def test_a_mailbox_that_is_not_told_any_more_leaves(self, told: Api) -> None:
        told.answers["Practitioner", "10000000001"] = bundle(
            practitioner("10000000001", telecom("new@ch.demo.example"), family="MARTINEAU")
        )
        assert self.refresh(told) == (1, 1)
        assert self.names("martineau") == ["new@ch.demo.example"]

    def test_a_red_listed_one_leaves(self, told: Api) -> None:
        (address,) = self.names("martineau")
        told.answers["Practitioner", "10000000001"] = bundle(practitioner("10000000001", telecom(address, red=True)))
        assert self.refresh(told) == (0, 1)
        assert self.names("martineau") == []
        assert self.names(address) == []

    def test_the_others_stay(self, told: Api) -> None:
        told.answers["Practitioner", "10000000001"] = bundle(practitioner("10000000001", telecom("new@ch.demo.example")))
        self.refresh(told)
        assert len(self.names("martin")) == 2
        assert len(self.names("urgences")) == 1

    def test_not_while_an_import_is_under_way(self, told: Api) -> None:
        from vaguemestre.domain.fault import Refused
        from vaguemestre.records import directory_load

        directory_load.Load()
        with pytest.raises(Refused):
            self.refresh(told)

    def test_the_command(
        self, told: Api, data_directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django.conf import settings

        from vaguemestre.cli.__main__ import main
        from vaguemestre.domain.configuration import check

        told.answers["Practitioner", "10000000001"] = bundle(practitioner("10000000001", telecom("new@ch.demo.example")))
        assert main(["directory", "refresh", str(data_directory), "--rpps", "10000000001"]) == 2
        assert "directory.api" in capsys.readouterr().err
        from vaguemestre import settings as ours

        assert settings.configured
        monkeypatch.setattr(ours, "VAGUEMESTRE", check({"directory": {"api": told.url, "api_key": "the-key"}}, {}))
        assert main(["directory", "refresh", str(data_directory), "--rpps", "810000000001"]) == 0
        assert capsys.readouterr().out == "1 mailboxes are told: 1 added or changed, 1 gone or changed.\n"
        assert main(["directory", "refresh", str(data_directory), "--rpps", "10000000009"]) == 1
        assert main(["directory", "refresh", str(data_directory), "--rpps", "12"]) == 2
        assert main(["directory", "refresh", str(data_directory), "--structure", "1"]) == 2
