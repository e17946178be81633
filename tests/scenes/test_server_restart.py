"""The database server goes away under load, by a stop and by a crash, and comes back: every acknowledged message is there, once, no
sender was told anything but 4xx, and the program went on by itself (promises 1 and 2).

The server is the test's own: Debian's binaries on a folder of its own, under the account `postgres` where we are root.
"""

from __future__ import annotations

import collections
import itertools
import os
import shutil
import smtplib
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.needs import absent
from tests.scenes.operators import DOCTOR, LABORATORY, Practice, Served, hprim, letter, octets

pytestmark = pytest.mark.postgresql

SENDERS = 3
VALUES = itertools.count(1)


class Server:
    """A PostgreSQL cluster with a socket of its own and no port."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        if not found:
            absent("initdb", "postgresql")
        self._bin = found[-1].parent
        self._folder = folder
        self._as: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            self._as = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "vm", "-E", "UTF8", "--no-locale", "--data-checksums")
        self.start()
        self._run("createdb", "-h", str(folder), "-U", "vm", "records")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    @property
    def url(self) -> str:
        return f"postgresql://vm@/records?host={self._folder}"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as, str(self._bin / program), *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self._folder}"
        self._run("pg_ctl", "-D", self._data, "-l", str(self._folder / "log"), "-w", "-t", "60", "-o", options, "start")

    def stop(self, how: str) -> None:
        """`fast` ends its sessions and stops; `immediate` is a crash."""
        self._run("pg_ctl", "-D", self._data, "-m", how, "-w", "-t", "60", "stop")


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="vm-pg-"))
    try:
        made = Server(folder)
        yield made
        made.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Client(threading.Thread):
    """A sending server: each letter again and again until it is acknowledged. Notes every answer that was none."""

    def __init__(self, served: Served) -> None:
        super().__init__(daemon=True)
        self.served = served
        self.stopping = threading.Event()
        self.acknowledged: list[str] = []
        self.refusals: list[int] = []
        self.faults: list[BaseException] = []

    def run(self) -> None:
        try:
            client: smtplib.SMTP | None = None
            while not self.stopping.is_set():
                message = letter(hprim("MARTEL", "LUCIE", "12/03/1961", "2610399990011 77", value=f"0.{next(VALUES):06d}"))
                while message["Message-ID"] not in self.acknowledged:
                    try:
                        client = client or self.served.client()
                        client.sendmail(LABORATORY, [DOCTOR], octets(message))
                        self.acknowledged.append(str(message["Message-ID"]))
                    except smtplib.SMTPRecipientsRefused as refused:
                        self.refusals += [code for code, _ in refused.recipients.values()]
                        time.sleep(0.1)
                    except smtplib.SMTPServerDisconnected:
                        client = None
                    except smtplib.SMTPResponseException as refused:
                        self.refusals.append(refused.smtp_code)
                        if refused.smtp_code == 421:
                            client = None
                        time.sleep(0.1)
            if client is not None:
                client.close()
        except BaseException as fault:
            self.faults.append(fault)


def test_nothing_is_lost_and_nothing_is_refused_for_good(server: Server, tmp_path: Path) -> None:
    practice = Practice(tmp_path, server.url)
    practice.patients("ref,birth_name,first_given_name,given_names,birth_date,sex\nP1,MARTEL,LUCIE,LUCIE,1961-03-12,F\n")
    practice.known(LABORATORY)
    with (practice.directory / "vaguemestre.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[pipeline]\nlease_s = 15\n")  # what a worker held when the server went away is taken up again
    with practice.served() as served:
        clients = [Client(served) for _ in range(SENDERS)]
        for client in clients:
            client.start()
        for how in ("fast", "immediate"):
            time.sleep(1.5)
            server.stop(how)
            time.sleep(1.5)
            server.start()
        time.sleep(2.0)
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(timeout=40)
            assert not client.is_alive()
        until = time.monotonic() + 90
        while practice.status()["waiting"] and time.monotonic() < until:
            time.sleep(0.3)
        assert served.stop() == 0
    assert [client.faults for client in clients] == [[]] * SENDERS
    refusals = collections.Counter(code for client in clients for code in client.refusals)
    assert refusals, "the server was away, and somebody sent meanwhile"
    assert [code for code in refusals if not 400 <= code < 500] == []
    acknowledged = [one for client in clients for one in client.acknowledged]
    assert len(acknowledged) > 20
    status = practice.status()
    assert (status["waiting"], status["failed"]) == (0, 0)
    counted = collections.Counter(line["message_id"] for line in practice.filings())
    assert [one for one in acknowledged if counted[one] != 1] == []
    assert [one for one, count in counted.items() if count != 1] == []
    assert {line["decision"] for line in practice.filings()} == {"filed"}
    assert practice.lines("verify", str(practice.directory))[0]["ok"]
