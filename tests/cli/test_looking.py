"""`status`, `filings`, `trace`: the public JSON, field by field."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.cli import world
from tests.cli.conftest import BOX, Inside, Run, script

FIELDS = [
    "message_id", "mailbox", "document_id", "format", "type", "patient_ref", "decision", "rule", "reason", "candidates", "duplicate_of",
    "sha256", "received_at", "filed_at",
]  # fmt: skip
OTHER = "b@cabinet.demo.example"
WORLD = Path(world.__file__).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lived(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which something has happened; tests of this module only look at it."""
    path = tmp_path_factory.mktemp("looking") / "lived in"
    databases.copy(template, path, lasting=True)
    script(WORLD, path)
    return path


def lines(run: Run, *arguments: object) -> list[dict[str, Any]]:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class TestStatus:
    def test_of_nothing(self, run: Run, data: Path) -> None:
        (counts,) = lines(run, "status", data)
        assert set(counts.values()) == {0}

    def test_every_count(self, run: Run, lived: Path) -> None:
        (counts,) = lines(run, "status", lived)
        age = counts.pop("oldest_waiting_s")
        assert counts == {
            "accepted": 7, "deliveries": 8, "waiting": 2, "failed": 1, "filed": 2, "proposed": 1, "review": 2, "blocked": 1,
            "unreadable": 2, "queued_out": 0, "sent": 0, "deferred": 0, "bounced": 0,
        }  # fmt: skip
        expected = (dt.datetime.now(dt.UTC) - world.NOW).total_seconds() - 6 * 60
        # The clock of the test's machine may stand before the world's.
        assert age == pytest.approx(max(0, expected), abs=60)

    def test_they_add_up_to_the_lines_of_filings(self, run: Run, lived: Path) -> None:
        (counts,) = lines(run, "status", lived)
        assert sum(counts[name] for name in ("filed", "proposed", "review", "blocked")) == len(lines(run, "filings", lived))

    def test_in_french_for_people(self, run: Run, lived: Path) -> None:
        assert "Documents rangés" in run("status", lived).stdout


class TestFilings:
    def test_of_nothing(self, run: Run, data: Path) -> None:
        assert lines(run, "filings", data) == []

    def test_the_fields_and_their_order(self, run: Run, lived: Path) -> None:
        found = lines(run, "filings", lived)
        assert all(list(line) == FIELDS for line in found)
        numbers = [int(line["document_id"].removeprefix("D")) for line in found]
        assert numbers == sorted(numbers)

    def test_one_line_a_document_and_mailbox(self, run: Run, lived: Path) -> None:
        found = lines(run, "filings", lived)
        assert [(line["message_id"], line["mailbox"], line["decision"], line["rule"], line["patient_ref"]) for line in found] == [
            ("<one@hopital.demo.example>", BOX, "filed", "E", "P0"),
            ("<one@hopital.demo.example>", OTHER, "filed", "E", "P0"),
            ("<two@x>", BOX, "proposed", "E:twin", "P1"),
            ("three@x", BOX, "review", "F", None),
            ("<" + "0" * 64 + "@none>", BOX, "blocked", "C", None),
            ("<five@x>", BOX, "review", "N", None),
        ]

    def test_the_rest(self, run: Run, lived: Path) -> None:
        first, repeat, proposed, review, blocked, lost = lines(run, "filings", lived)
        assert first["type"] == {"code": "11502-2", "system": "2.16.840.1.113883.6.1", "label": "CR-BIO"}
        assert repeat["type"] is None
        assert (first["duplicate_of"], repeat["duplicate_of"]) == (None, first["document_id"])
        assert (proposed["candidates"], review["candidates"], blocked["candidates"], lost["candidates"]) == (
            ["P1", "P2"],
            ["P2", "P1"],
            ["P0"],
            [],
        )
        assert first["received_at"] == "2026-11-20T08:01:00.000+00:00"
        assert dt.datetime.fromisoformat(first["filed_at"]).tzinfo is not None
        assert (proposed["filed_at"], first["sha256"], lost["format"]) == (None, "ab" * 32, "unknown")

    def test_in_french_for_people(self, run: Run, lived: Path) -> None:
        out = run("filings", lived).stdout
        assert "à confirmer" in out
        assert "double de D" in out

    def test_more_than_a_page(self, run: Run, data: Path) -> None:
        script(WORLD, data, 1203)
        found = lines(run, "filings", data)
        assert len(found) == 1209
        assert len({line["document_id"] for line in found}) == 1209


class TestTrace:
    def test_of_a_message(self, run: Run, lived: Path) -> None:
        for name in ("<one@hopital.demo.example>", "one@hopital.demo.example"):
            told = lines(run, "trace", lived, name)
            assert [list(event) for event in told] == [["at", "event", "object", "actor", "result"]] * len(told)
            assert [event["event"] for event in told] == ["received", "matched", "filed", "matched", "matched", "filed"]

    def test_of_a_document_begins_with_its_message(self, run: Run, lived: Path) -> None:
        first = lines(run, "filings", lived)[0]["document_id"]
        told = lines(run, "trace", lived, first)
        assert [event["event"] for event in told] == ["received", "matched", "filed"]
        assert told[1]["object"] == f"document:{first[1:]}"

    @pytest.mark.parametrize("name", ["three@x", "<three@x>", "<" + "0" * 64 + "@none>", "0" * 64 + "@none"])
    def test_an_id_as_written_or_made_up(self, run: Run, lived: Path, name: str) -> None:
        assert [event["event"] for event in lines(run, "trace", lived, name)] == ["received", "matched"]

    @pytest.mark.parametrize("name", ["nobody@x", "D999999", "D0", "D" + "9" * 30, "", "<>", "%", "' OR 1=1 --"])
    def test_an_unknown_id(self, inside: Inside, data_directory: Path, name: str) -> None:
        world.main(str(data_directory), 0)
        code, out, _ = inside("trace", data_directory, name, "--json")
        assert (code, out) == (1, "")

    def test_for_people(self, run: Run, lived: Path) -> None:
        assert "received" in run("trace", lived, "three@x").stdout


class TestNoContent:
    def test_status_and_trace_tell_no_patient(self, run: Run, lived: Path) -> None:
        with databases.opened(lived) as base:
            names = {row[0] for row in base.execute("SELECT birth_name FROM records_patient")}
        assert names == {"Zeste"}
        told = "".join(run(*a).stdout for a in (("status", lived), ("filings", lived), ("trace", lived, "three@x"), ("verify", lived)))
        assert "Zeste" not in told
