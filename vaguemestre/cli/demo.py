"""`vaguemestre demo`: the main job at a glance.

Makes two operators, sends the hospital's forty messages to the practice over mutual TLS, waits until they are filed, says what was done
with each, and serves the screens. A directory that already holds a demo is taken up where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vaguemestre.cli.demo_people import PATIENTS, PRACTICE
from vaguemestre.domain.fault import Refused

SUMMARY = "shows the main job: two operators, real messages, filed and on screen"

WEB = "127.0.0.1:8080"
READY_S = 90
THROUGH_S = 180
STOP_S = 12


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="DIR", default="demo-data", help="where the demo lives; default: ./demo-data")
    parser.add_argument("--web", metavar="HOST:PORT", help=f"where the screens are; default: {WEB}, or a free port where that one is taken")
    parser.add_argument("--no-browser", action="store_true", help="opens no browser")
    parser.add_argument("--once", action="store_true", help="does all of it, prints what was filed, and exits")


class _Steps:
    """Tells on standard error which step is on: a turning sign on a terminal, a line each elsewhere."""

    def __init__(self) -> None:
        self._live: Any = None
        if sys.stderr.isatty():
            from rich.console import Console

            self._live = Console(stderr=True).status("")

    def __enter__(self) -> _Steps:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, words: str, *, passing: bool = False) -> None:
        """`passing`: a count that only a terminal shows."""
        if self._live is not None:
            self._live.update(words)
        elif not passing:
            print(words, file=sys.stderr, flush=True)


def _web_place(asked: str | None) -> str:
    if asked is not None:
        from vaguemestre.cli.serve_doors import place

        if place(asked, "web") is None:
            raise Refused("--web: the demo needs its screens; say for example 127.0.0.1:0.")
        return asked
    host, _, port = WEB.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            return f"{host}:0"
    return WEB


class _Server:
    """`vaguemestre serve` of the practice, as a child that ends with us. Its standard error goes to DIR/demo/serve.log."""

    def __init__(self, directory: Path, practice: Path, web: str) -> None:
        from vaguemestre.cli.init import child_environment

        self._log = directory / "demo" / "serve.log"
        environment = child_environment()
        host = web.rpartition(":")[0].strip("[]")
        environment.setdefault("VAGUEMESTRE_WEB_HOSTS", " ".join(dict.fromkeys(["localhost", "127.0.0.1", "[::1]", host])))
        doors = ["--smtp", "127.0.0.1:0", "--submission", "off", "--imap", "off", "--web", web]
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "vaguemestre.cli.demo", str(os.getpid()), "serve", str(practice), *doors],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def ready(self) -> dict[str, str]:
        """Where each door is, once all answer. Raises `Refused`."""
        assert self._child.stdout is not None
        until = time.monotonic() + READY_S
        said = b""
        while True:
            left = until - time.monotonic()
            readable, _, _ = select.select([self._child.stdout], [], [], max(0.0, left))
            more = os.read(self._child.stdout.fileno(), 4096) if readable else b""
            if not more:
                raise Refused(f"The practice's server did not start: {self._last_words()}")
            said += more
            for line in said.splitlines(keepends=True):
                if line.startswith(b"ready ") and line.endswith(b"\n"):
                    return dict(door.split("=", 1) for door in line.decode("utf-8", "replace").split()[1:])

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            if lines:
                return lines[-1]
        return f"it said nothing within {READY_S} s."

    def alive(self) -> bool:
        return self._child.poll() is None

    def stop(self) -> None:
        if self.alive():
            self._child.terminate()
            try:
                self._child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()


def _asked(*words: str) -> list[Any]:
    """The JSON lines that one of our commands prints."""
    from vaguemestre.cli.__main__ import dispatch

    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = dispatch([*words, "--json"])
    if code != 0:
        raise Refused(f"vaguemestre {words[0]} failed with exit code {code}.")
    return [json.loads(line) for line in said.getvalue().splitlines()]


def _await_filed(practice: Path, server: _Server, count: int, steps: _Steps) -> None:
    """Returns when every message is through the pipeline. Raises `Refused`."""
    until = time.monotonic() + THROUGH_S
    while True:
        status = _asked("status", str(practice))[0]
        if status["accepted"] >= count and not status["waiting"]:
            return
        if not server.alive():
            raise Refused("The practice's server stopped before its messages were filed; demo/serve.log says why.")
        if time.monotonic() > until:
            raise Refused(f"{status['waiting']} messages were still waiting after {THROUGH_S} s; demo/serve.log may say why.")
        steps.say(f"Lecture et classement… reste {status['waiting']}", passing=True)
        time.sleep(0.2)


WHY = {
    "same-traits": "identité égale, expéditeur connu",
    "twin": "un autre dossier lui ressemble trop",
    "running-text": "identité lue dans le texte seul",
    "unknown-sender": "expéditeur inconnu du cabinet",
    "several-charts": "plusieurs dossiers conviennent",
    "nobody": "aucun dossier ne correspond",
}
"""Short words for the reasons that the demo meets; any other says the sentence of the screens."""


def _people(line: dict[str, Any]) -> str:
    """Whose document it is, by the practice's own list."""
    names = {person.ref: person.spoken_name for person in PATIENTS}
    if line["patient_ref"]:
        return names.get(line["patient_ref"], str(line["patient_ref"]))
    among: dict[str, list[str]] = {}
    for ref in line["candidates"]:
        among.setdefault(names.get(ref, ref), []).append(ref)
    return ", ".join(f"{name} ({' ou '.join(refs)})" for name, refs in among.items()) or "-"


def _why(line: dict[str, Any]) -> str:
    from vaguemestre.web import wording

    if line["duplicate_of"]:
        return "copie d'un document déjà reçu"
    words = WHY.get(line["reason"]) or str(wording.reason(line["reason"], line["rule"]))
    return f"{words} ({line['rule'].partition(':')[0]})"


def rows(filings: Sequence[dict[str, Any]], titles: dict[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """What was received, whose it is, what was decided and why, a row for each line of `filings`, in the order of `titles`."""
    from vaguemestre.web import wording

    places = {name: place for place, name in enumerate(titles)}
    for line in sorted(filings, key=lambda line: places.get(line["message_id"], len(places))):
        decision = str(wording.DECISIONS.get(line["decision"], line["decision"]))
        yield titles.get(line["message_id"], line["format"]), _people(line), decision, _why(line)


def _table(lines: Sequence[tuple[str, str, str, str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("Reçu", "Patient", "Décision", "Pourquoi (règle)"):
        table.add_column(name)
    for line in lines:
        table.add_row(*line)
    Console(width=None if sys.stdout.isatty() else 140, markup=False, highlight=False, emoji=False).print(table)


def _graphical() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli import demo_post, demo_world
    from vaguemestre.cli.assemble import absolute
    from vaguemestre.cli.demo_messages import posts

    web = _web_place(args.web)
    directory = absolute(args.data)
    signal.signal(signal.SIGTERM, _interrupted)
    server: _Server | None = None
    try:
        with _Steps() as steps:
            world = demo_world.open_world(directory)
            if world is None:
                steps.say("Préparation de deux opérateurs, un hôpital et un cabinet…")
                world = demo_world.make_world(directory, dt.datetime.now(dt.UTC))
            letters = {post.message_id(number): (number, post) for number, post in enumerate(posts(world.made_at), 1)}
            waiting = [post.message(number) for name, (number, post) in letters.items() if name not in world.sent]
            steps.say("Démarrage du serveur du cabinet…")
            server = _Server(directory, world.practice, web)
            doors = server.ready()
            if waiting:
                steps.say(f"Envoi de {len(waiting)} messages de l'hôpital au cabinet, en TLS mutuel…")
                host, _, port = doors["smtp"].rpartition(":")
                for name in demo_post.send(world.peer, host, int(port), waiting):
                    world.sent.append(name)
                    world.save()
                    steps.say(f"Envoi… {len(world.sent)} messages acceptés", passing=True)
            steps.say("Lecture, reconnaissance des patients et classement…")
            _await_filed(world.practice, server, len(letters), steps)
            filings = _asked("filings", str(world.practice))
        _table(list(rows(filings, {name: post.what for name, (_, post) in letters.items()})))
        _sum_up(filings)
        if args.once:
            return 0
        return _serve_screens(server, doors["web"], world.accounts, browser=not args.no_browser)
    finally:
        if server is not None:
            # A second Ctrl-C must not leave the server half stopped.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            server.stop()


def _sum_up(filings: Sequence[dict[str, Any]]) -> None:
    filed = sum(line["decision"] == "filed" for line in filings)
    print(f"{PRACTICE.name} : {len(filings)} documents reçus, {filed} classés d'office, {len(filings) - filed} attendent une personne.")


def _serve_screens(server: _Server, web: str, accounts: Sequence[dict[str, str]], *, browser: bool) -> int:
    """Shows where to sign in and as whom, then serves until Ctrl-C or SIGTERM."""
    try:
        _say_where(web, accounts, browser=browser)
        while server.alive():
            time.sleep(0.3)
    except KeyboardInterrupt:
        print()
        return 0
    raise Refused("The practice's server stopped by itself; demo/serve.log says why.")


def _say_where(web: str, accounts: Sequence[dict[str, str]], *, browser: bool) -> None:
    host, _, port = web.rpartition(":")
    url = f"http://{'127.0.0.1' if host in {'0.0.0.0', '[::]'} else host}:{port}/"  # noqa: S104 - only to show a reachable address
    print(f"\nÉcrans : {url}\n")
    for account in accounts:
        print(f"  {account['login']:<14} {account['password']:<30} {account['words']}")
    print("\nCtrl-C pour arrêter ; la même commande reprend cette démonstration.", flush=True)
    if browser and _graphical():
        webbrowser.open(url)


def _serve_as_child(parent: int, words: list[str]) -> int:
    """The server's side: the kernel ends it with the demo, even when the demo is killed."""
    from vaguemestre.cli.__main__ import main
    from vaguemestre.cli.serve import die_with_parent

    die_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        return 1
    return main(words)


if __name__ == "__main__":
    sys.exit(_serve_as_child(int(sys.argv[1]), sys.argv[2:]))
