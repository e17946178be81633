"""Two operators for the scenes: a practice that serves, a hospital that sends over mutual TLS. Everything on loopback, made anew."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any

from tests import databases

DOMAIN, PEER = "cabinet.demo.example", "hopital.demo.example"
DOCTOR = f"dr.roche@{DOMAIN}"
LABORATORY = f"labo@{PEER}"


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("VAGUEMESTRE_", "DJANGO_"))}


def command(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs the real command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "vaguemestre.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=120,
    )
    if check:
        assert done.returncode == 0, (arguments[0], done.returncode, done.stderr)
    return done


class Practice:
    """A data directory with one doctor, a peer's certificate and a few patients."""

    def __init__(self, root: Path, database: str | None = None) -> None:
        """`database`: a URL; without it, what the run chose."""
        self.directory = root / "cabinet dentaire"
        more = databases.arguments() if database is None else ["--database", database]
        self.peer = root / "peer"
        command("init", str(self.directory), "--domain", DOMAIN, *more)
        command("pki", "issue", str(self.directory), "--domain", PEER, "--out", str(self.peer))
        command("mailbox", "add", str(self.directory), DOCTOR, "--type", "PER", "--name", "Dr Anne ROCHE")

    def patients(self, text: str) -> None:
        path = self.directory.parent / "patients.csv"
        path.write_text(text, encoding="utf-8")
        command("patients", "import", str(self.directory), str(path), "--mailbox", DOCTOR)

    def known(self, *senders: str) -> None:
        command("senders", "add", str(self.directory), "--mailbox", DOCTOR, *senders)

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in command(*arguments, "--json").stdout.splitlines()]

    def filings(self) -> list[dict[str, Any]]:
        return self.lines("filings", str(self.directory))

    def status(self) -> dict[str, Any]:
        return self.lines("status", str(self.directory))[0]

    @contextlib.contextmanager
    def served(self, *more: str) -> Iterator[Served]:
        served = Served(self, more)
        try:
            yield served
        finally:
            served.stop()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Served:
    """A `serve` of a practice, with its doors."""

    def __init__(self, practice: Practice, more: Sequence[str] = ()) -> None:
        self.practice = practice
        arguments = [
            "serve",
            str(practice.directory),
            "--smtp",
            "127.0.0.1:0",
            "--web",
            "127.0.0.1:0",
            "--submission",
            "off",
            "--imap",
            "off",
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vaguemestre.cli", *arguments, *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            assert self.process.stderr is not None
            raise AssertionError(self.process.stderr.read())
        self.doors = dict(door.split("=", 1) for door in line.split()[1:])

    def context(self) -> ssl.SSLContext:
        peer = self.practice.peer
        context = ssl.create_default_context(cafile=str(peer / "ca.pem"))
        context.check_hostname = False
        context.load_cert_chain(str(peer / "cert.pem"), str(peer / "key.pem"))
        return context

    def client(self) -> smtplib.SMTP:
        host, port = self.doors["smtp"].rsplit(":", 1)
        client = smtplib.SMTP(host, int(port), timeout=30)
        try:
            client.starttls(context=self.context())
            client.ehlo()
        except BaseException:
            client.close()
            raise
        return client

    def workers(self) -> list[int]:
        """Its workers: what it forked that holds a child of its own, the reader."""
        forked = [pid for pid in _children(self.process.pid) if b"granian" not in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return [pid for pid in forked if _children(pid)]

    def kill(self) -> None:
        """The end that nobody announces."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=20)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=15)
        except ValueError:
            self.process.wait(timeout=15)
        return int(self.process.returncode)


def letter(text: str, *, sender: str = LABORATORY, to: str = DOCTOR, name: str = "RESULTAT.HPR", attached: bool = True) -> EmailMessage:
    """A mail with an HPRIM file attached, or in its body."""
    message = EmailMessage()
    message["From"] = f"Laboratoire <{sender}>"
    message["To"] = to
    message["Subject"] = "Résultats"
    message["Date"] = format_datetime(dt.datetime.now(dt.UTC))
    message["Message-ID"] = make_msgid(domain=PEER)
    if attached:
        message.set_content("Bonjour,\nveuillez trouver ci-joint un résultat.\n")
        message.add_attachment(text.replace("\n", "\r\n").encode("cp1252"), maintype="application", subtype="octet-stream", filename=name)
    else:
        message.set_content(text)
    return message


def hprim(name: str, given: str, born: str, nir: str, *, value: str = "0.95", code: str = "12345", flag: str = "") -> str:
    """A small biology report; `born` is JJ/MM/AAAA."""
    return "\n".join(
        [
            code, name, given, "3 rue des Lilas", " ", "99000 VILLEFICTIVE", born, nir, "D2611", "20/11/2026",
            "LABO0001  Laboratoire des Tilleuls", "ROCHE     Dr Anne ROCHE", "",
            "Glycémie à jeun : voir tableau.", "", "****LAB****", "TEX|BIOCHIMIE",
            f"RES|Glycémie à jeun|GLY|N|{value}|g/l|0.74|1.06|{flag}|F", "****FIN****", "****FINFICHIER****", "",
        ]
    )  # fmt: skip


def octets(message: EmailMessage) -> bytes:
    """The message as it travels: lines that end with CR LF."""
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
