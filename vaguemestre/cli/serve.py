"""`vaguemestre serve DIR`: runs everything.

One supervisor without threads forks what works: the operators' door, the workers (each with its reading child), and starts the screens.
Children open their own database connections after the fork. One that dies is started again; when the supervisor dies, the kernel ends
the others, so that nothing half of us goes on serving.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import math
import os
import select
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from vaguemestre.cli import serve_outgoing, serve_refresh
from vaguemestre.cli.serve_doors import lock, place, reserve, shown
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.fault import Fault, Refused

SUMMARY = "runs everything: the operators' door, the workers, the screens"

LATER = ("submission", "imap")
"""Doors of the contract that this version lacks."""

GRACE_S = 8.0
WRITERS = 8
READY_S = 60.0
PR_SET_PDEATHSIG = 1
CRL_EVERY_S = 3600.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR")
    for door, what in (("smtp", "operators' door"), ("submission", "not built yet"), ("imap", "not built yet"), ("web", "screens")):
        parser.add_argument(f"--{door}", metavar="HOST:PORT", help=f"{what}; port 0 = any free port, off = closed")
    parser.add_argument("--workers", type=int, metavar="N", help="reading and filing processes")


def die_with_parent(how: int) -> None:
    """Has the kernel send `how` to this process when its parent dies (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, how, 0, 0, 0)


class Child:
    """A process of ours: what to run, and since when. A start that fails at once is tried again after a growing delay."""

    def __init__(self, name: str, body: Callable[[], None], death: int) -> None:
        self.name = name
        self._body = body
        self._death = death
        self.pid = 0
        self.again_at = 0.0
        self._begun = 0.0
        self._delay = 0.2

    def start(self) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        self._begun = time.monotonic()
        pid = os.fork()
        if pid:
            self.pid = pid
            return
        code = 70
        try:
            die_with_parent(self._death)
            if os.getppid() != parent:
                os._exit(70)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._body()
            code = 0
        except BaseException as error:  # noqa: BLE001 - a child's last words: a fault's own sentence, else the class alone
            with contextlib.suppress(Exception):
                told = error.detail if isinstance(error, Fault) else type(error).__name__
                print(f"{self.name}: {told}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)

    def ended(self) -> None:
        """Notes that it died; a child that lived long starts again at once."""
        self.pid = 0
        if time.monotonic() - self._begun > 30:
            self._delay = 0.2
        self.again_at = time.monotonic() + self._delay
        self._delay = min(self._delay * 2, 10.0)

    def signal(self, what: int) -> None:
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, what)


def _smtp(configuration: Configuration, directory: Path, host: str, port: int, report: int) -> None:
    import asyncio

    import uvloop

    from vaguemestre.pipeline import commit
    from vaguemestre.records import queue
    from vaguemestre.servers.facts import RecordsFacts, allow_reading_in_loop
    from vaguemestre.servers.intake import Intake
    from vaguemestre.servers.refusals import trace_refusals
    from vaguemestre.servers.smtp import SmtpDoor
    from vaguemestre.vault.files import Vault

    allow_reading_in_loop()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        vault, ringer = Vault(directory / "vault", writers=WRITERS), queue.ringer(directory / "run")
        facts = RecordsFacts(configuration, directory)
        intake = Intake(loop, lambda batch: commit.receive(vault, batch), ringer.ring, trace_refusals)
        door = SmtpDoor(configuration, facts, intake, directory / "pki")
        intake.sessions = door.sessions
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        at = await door.start(host, port)
        os.write(report, f"{at[0]} {at[1]}\n".encode())
        os.close(report)
        await stop.wait()
        await door.stop(GRACE_S - 2)
        await loop.run_in_executor(None, intake.close)

    uvloop.run(main())


def _worker(configuration: Configuration, directory: Path, number: int) -> None:
    from vaguemestre.pipeline.sweep import EVERY_S, sweep
    from vaguemestre.pipeline.worker import Worker
    from vaguemestre.records import queue
    from vaguemestre.vault.files import Vault

    stopping = False
    swept = -math.inf

    def idle() -> None:
        nonlocal swept
        if number == 0 and time.monotonic() - swept > EVERY_S:
            swept = time.monotonic()
            sweep(directory, time.time())

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    worker = Worker(configuration, Vault(directory / "vault"), f"worker{number}")
    bell = queue.bell(directory / "run")
    try:
        worker.run(bell, lambda: stopping, idle)
    finally:
        bell.close()
        worker.close()


def _web(host: str, port: int) -> None:
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1",
        "--blocking-threads", "4", "--no-ws", "--log-level", "warning", "--respawn-failed-workers",
        "--backlog", "512", "--http", "1", "--workers-kill-timeout", "5", "vaguemestre.web.wsgi:application",
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRANIAN_")}
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.dup2(2, 1)  # granian logs on standard output, where only the ready line belongs
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own interpreter


class Supervisor:
    """Starts the children, waits until their doors answer, keeps them alive, and ends them in order."""

    def __init__(self, configuration: Configuration, directory: Path) -> None:
        self._configuration = configuration
        self._directory = directory
        self.children: list[Child] = []
        self.stopping = False
        self._refreshed = time.monotonic()

    def run(self, doors: dict[str, tuple[str, int] | None], workers: int) -> int:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self._refresh_crl()
        reserved: list[socket.socket] = []
        ready: list[str] = []
        smtp, web = doors["smtp"], doors["web"]
        web_at: tuple[str, int] | None = None
        if web is not None:
            sock, web_port = reserve(*web, "--web")
            reserved.append(sock)
            web_at = (web[0], web_port)
            self.children.append(Child("web", lambda: _web(web[0], web_port), signal.SIGTERM))
        for number in range(workers):
            body = _bound(self._configuration, self._directory, number)
            self.children.append(Child(f"worker {number}", body, signal.SIGKILL))
        departures = lambda: serve_outgoing.run(self._configuration, self._directory, GRACE_S - 2)  # noqa: E731 - a child's body
        self.children.append(Child("outgoing", departures, signal.SIGKILL))
        if serve_refresh.needed(self._configuration):
            refresher = lambda: serve_refresh.run(self._configuration, self._directory)  # noqa: E731 - a child's body
            self.children.append(Child("refresher", refresher, signal.SIGKILL))
        if smtp is not None:
            ready.append(f"smtp={self._start_smtp(*smtp)}")
        for child in self.children:
            if not child.pid:
                child.start()
        try:
            if web_at is not None:
                self._await_web(web_at)
                ready.append(f"web={shown(*web_at)}")
            if not self.stopping:
                print(" ".join(["ready", *ready]), flush=True)
            while not self.stopping:
                self._watch()
        finally:
            self._end()
            for sock in reserved:
                sock.close()
        return 0

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _start_smtp(self, host: str, port: int) -> str:
        """Starts the operators' door and returns where it listens. A later restart binds the same port."""
        sock, number = reserve(host, port, "--smtp")
        sock.close()
        receive, report = os.pipe()
        child = Child("smtp", lambda: _smtp(self._configuration, self._directory, host, number, report), signal.SIGKILL)
        self.children.append(child)
        child.start()
        os.close(report)
        ready, _, _ = select.select([receive], [], [], READY_S)
        said = os.read(receive, 200).decode() if ready else ""
        os.close(receive)
        if not said:
            self._end()
            raise Refused(f"--smtp: the operators' door on {host}:{number} did not open; the line above says why.")
        at_host, _, at_port = said.strip().rpartition(" ")
        child._body = lambda: _smtp(self._configuration, self._directory, host, int(at_port), os.open(os.devnull, os.O_WRONLY))
        return shown(at_host, int(at_port))

    def _await_web(self, at: tuple[str, int]) -> None:
        """Returns when the screens answer, whatever they answer."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(at[0], at[0])  # noqa: S104 - any address is reached by the local one
        until = time.monotonic() + READY_S
        while not self.stopping:
            with contextlib.suppress(OSError):
                try:
                    urllib.request.urlopen(f"http://{shown(host, at[1])}/", timeout=5).close()
                    return
                except urllib.error.HTTPError:
                    return
            if time.monotonic() > until:
                raise Refused(f"--web: the screens on {shown(*at)} did not answer; the lines above say why.")
            self._reap()
            time.sleep(0.05)

    def _reap(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for child in self.children:
                if child.pid == pid:
                    child.ended()

    def _watch(self) -> None:
        time.sleep(0.2)
        self._reap()
        now = time.monotonic()
        for child in self.children:
            if not child.pid and now >= child.again_at and not self.stopping:
                print(f"{child.name} ended and is started again", file=sys.stderr, flush=True)
                child.start()
        if now - self._refreshed > CRL_EVERY_S:
            self._refresh_crl()

    def _refresh_crl(self) -> None:
        """Profile demo: its own CA publishes a new list before the old one ends. A failure leaves the old one: never no list."""
        self._refreshed = time.monotonic()
        if self._configuration.text("server", "profile") != "demo":
            return
        from vaguemestre.cli import pki

        try:
            pki.refresh_crl(self._directory)
        except Exception as error:  # noqa: BLE001 - mail is deferred once the old list ends, never accepted unchecked
            print(f"the revocation list could not be renewed: {type(error).__name__}", file=sys.stderr, flush=True)

    def _end(self) -> None:
        """Doors first, so that nothing new comes; then what works; what does not end in time is killed."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        until = time.monotonic() + GRACE_S
        while any(child.pid for child in self.children) and time.monotonic() < until:
            self._reap()
            time.sleep(0.02)
        for child in self.children:
            if child.pid:
                print(f"{child.name} did not end in time and is killed", file=sys.stderr, flush=True)
                child.signal(signal.SIGKILL)
        for child in self.children:
            if child.pid:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child.pid, 0)


def _bound(configuration: Configuration, directory: Path, number: int) -> Callable[[], None]:
    return lambda: _worker(configuration, directory, number)


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data

    directory = absolute(args.directory)
    configuration = open_data(directory)
    workers = args.workers if args.workers is not None else configuration.number("pipeline", "workers")
    if not 0 <= workers <= 64:
        raise Refused("--workers must be between 0 and 64.")
    doors = {
        "smtp": place(args.smtp or configuration.text("smtp", "listen"), "smtp"),
        "web": place(args.web or configuration.text("web", "listen"), "web"),
    }
    for later in LATER:
        asked = getattr(args, later)
        if asked:
            place(asked, later)
        if asked != "off":
            print(f"{later}: this version has no such door; it is left out of the ready line.", file=sys.stderr, flush=True)
    held = lock(directory)
    _preload()
    try:
        return Supervisor(configuration, directory).run(doors, workers)
    finally:
        os.close(held)


def _preload() -> None:
    """What every child needs is imported once, before the forks, so that its pages are shared; no connection stays open."""
    import gc

    from django.db import connections

    import vaguemestre.inbound.read
    import vaguemestre.pipeline.worker
    import vaguemestre.servers.departures
    import vaguemestre.servers.intake  # noqa: F401

    connections.close_all()
    gc.collect()
    gc.freeze()
