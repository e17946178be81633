"""The demo whole, as a new user runs it: real processes, real mutual TLS, and what its patient list expects of each message."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from vaguemestre.cli.demo_messages import posts
from vaguemestre.cli.demo_people import ACCOUNTS, HOSPITAL, PATIENTS
from vaguemestre.cli.demo_world import STATE, open_world

COMMAND = [sys.executable, "-m", "vaguemestre.cli"]
LIMIT_S = 240


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VAGUEMESTRE_", "DJANGO_", "DISPLAY", "WAYLAND"))}
    return kept | dict(extra or {})


def vaguemestre(*words: str, extra: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], env=environment(extra), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


def lines(*words: str) -> list[dict[str, Any]]:
    done = vaguemestre(*words, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A demo made by `--once`, in a path with a space."""
    directory = tmp_path_factory.mktemp("a demo") / "demo data"
    return directory, vaguemestre("demo", "--data", str(directory), "--web", "127.0.0.1:0", "--once")


def test_once_does_all_of_it_and_says_what_was_filed(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = demo
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "41 documents reçus, 27 classés d'office, 14 attendent une personne" in done.stdout
    assert re.search(r"PETITJEAN Robert +Classé", done.stdout)
    assert re.search(r"MARTEL Jeanne \(T-0104 ou T-0105\) +À vérifier", done.stdout)


def test_each_message_became_what_the_patient_list_expects(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, _ = demo
    world = open_world(directory)
    assert world is not None
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines("filings", str(world.practice)):
        found.setdefault(line["message_id"], []).append(line)
    everything = posts(world.made_at)
    assert set(found) == {post.message_id(number) for number, post in enumerate(everything, 1)}
    for number, post in enumerate(everything, 1):
        got = found[post.message_id(number)]
        assert [line["mailbox"] for line in got] == [post.to] * len(post.expected)
        for line, expected in zip(got, post.expected, strict=True):
            assert (line["decision"], line["patient_ref"]) == (expected.decision, expected.ref), post.what
            if expected.candidates:
                assert set(line["candidates"]) == set(expected.candidates), post.what
            assert bool(line["duplicate_of"]) == (post.repeats is not None), post.what
        if post.repeats:
            [first] = found[everything[post.repeats - 1].message_id(post.repeats)]
            assert got[0]["duplicate_of"] == first["document_id"]
    status = lines("status", str(world.practice))[0]
    assert (status["accepted"], status["waiting"], status["failed"], status["unreadable"]) == (40, 0, 0, 1)


def test_both_operators_verify(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, _ = demo
    for operator in (directory, directory / "demo" / "hospital"):
        done = vaguemestre("verify", str(operator))
        assert done.returncode == 0, (operator, done.stdout, done.stderr)


def test_nothing_of_a_patient_is_in_the_server_s_log_or_the_trace(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, _ = demo
    said = (directory / "demo" / "serve.log").read_text(encoding="utf-8")
    for number, post in enumerate(posts(open_world(directory).made_at), 1):  # type: ignore[union-attr]
        said += vaguemestre("trace", str(directory), post.message_id(number), "--json").stdout
    assert said.count("\n") > 40
    for person in PATIENTS:
        for trait in (
            person.birth_name,
            person.used_name or person.birth_name,
            person.matricule,
            person.birth_date,
            person.french_birth_date,
        ):
            assert trait not in said


def test_the_passwords_are_for_the_owner_alone(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, _ = demo
    assert (directory / "demo" / STATE).stat().st_mode & 0o077 == 0
    assert directory.stat().st_mode & 0o077 == 0


class Running:
    """A `demo` that serves; `said` is its standard output so far."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "demo", *words],
            env=environment({"PYTHONUNBUFFERED": "1"}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # A shell has what it runs in the background ignore Ctrl-C, and the suite's own children with it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self.said = ""

    def until(self, words: str) -> None:
        assert self.process.stdout is not None
        limit = time.monotonic() + LIMIT_S
        while words not in self.said:
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, limit - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            assert more, f"it ended or fell silent after: {self.said[-500:]} {self._errors()}"
            self.said += more.decode()

    def _errors(self) -> str:
        self.process.kill()
        assert self.process.stderr is not None
        return self.process.stderr.read().decode(errors="replace")[-1000:]

    @property
    def web(self) -> tuple[str, int]:
        found = re.search(r"http://([\d.]+):(\d+)/", self.said)
        assert found
        return found[1], int(found[2])


@contextlib.contextmanager
def running(*words: str) -> Iterator[Running]:
    demo = Running(*words)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.process.kill()
        demo.process.communicate()


def answers(place: tuple[str, int]) -> bool:
    connection = http.client.HTTPConnection(*place, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status in {200, 302}
    except OSError:
        return False
    finally:
        connection.close()


def test_the_same_command_takes_the_demo_up_again_and_ctrl_c_ends_it(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, _ = demo
    with running("--data", str(directory), "--web", "127.0.0.1:0", "--no-browser") as again:
        again.until("Ctrl-C")
        assert "41 documents reçus" in again.said
        for account in ACCOUNTS:
            assert re.search(rf"{re.escape(account.login)} +\S{{12,}}", again.said)
        assert answers(again.web)
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(20) == 0
        assert not answers(again.web)
    status = lines("status", str(directory))[0]
    assert status["accepted"] == 40


def test_a_killed_demo_takes_its_server_with_it(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, _ = demo
    with running("--data", str(directory), "--web", "127.0.0.1:0", "--no-browser") as again:
        again.until("Ctrl-C")
        web = again.web
        again.process.kill()
        again.process.wait(20)
        until = time.monotonic() + 20
        while answers(web) and time.monotonic() < until:
            time.sleep(0.1)
        assert not answers(web)


def test_a_second_demo_on_the_same_directory_says_why_not(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, _ = demo
    with running("--data", str(directory), "--web", "127.0.0.1:0", "--no-browser") as first:
        first.until("Ctrl-C")
        done = vaguemestre("demo", "--data", str(directory), "--web", "127.0.0.1:0", "--once")
        assert done.returncode == 2
        assert "already served" in done.stderr
        first.process.terminate()
        assert first.process.wait(20) == 0


def test_a_directory_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine", encoding="utf-8")
    done = vaguemestre("demo", "--data", str(tmp_path), "--once")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["letters.txt"]


def test_a_preparation_that_was_cut_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / STATE).write_text(json.dumps({"ready": False, "made_at": "2026-01-01T00:00:00+00:00", "accounts": [], "sent": []}))
    (tmp_path / "keys").mkdir()
    (tmp_path / "init.unfinished").write_text("")
    (tmp_path / "mine").write_text("kept")
    assert open_world(tmp_path) is None
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["demo", "mine"]


@pytest.mark.parametrize("state", ["", "[]", "{}", '{"ready": "yes"}', "\x00"])
def test_a_damaged_state_is_one_sentence(tmp_path: Path, state: str) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / STATE).write_text(state)
    done = vaguemestre("demo", "--data", str(tmp_path), "--once")
    assert done.returncode == 2
    assert "damaged" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("place", ["nowhere", "127.0.0.1", "127.0.0.1:99999", "off", ":8080"])
def test_a_wrong_place_for_the_screens_is_refused_before_anything_is_made(tmp_path: Path, place: str) -> None:
    done = vaguemestre("demo", "--data", str(tmp_path / "demo"), "--web", place, "--once")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "demo").exists()


def test_the_hospital_is_no_more_trusted_once_revoked(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Last: the demo's peer is refused at its next message once the practice's CA revoked it."""
    directory, _ = demo
    assert vaguemestre("pki", "revoke", str(directory), "--domain", HOSPITAL.domain).returncode == 0
    state = json.loads((directory / "demo" / STATE).read_text(encoding="utf-8"))
    state["sent"] = state["sent"][:-1]
    (directory / "demo" / STATE).write_text(json.dumps(state), encoding="utf-8")
    done = vaguemestre("demo", "--data", str(directory), "--web", "127.0.0.1:0", "--once")
    assert done.returncode == 2
    assert re.search(r"could not send|answered [45]\d\d", done.stderr)
    assert lines("status", str(directory))[0]["accepted"] == 40
