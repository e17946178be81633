"""Two of our servers: one sends by its queue, the other keeps, reads and files; and back. Every end is told to the sender (promise 1)."""

from __future__ import annotations

import contextlib
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.scenes.operators import DOCTOR, DOMAIN, LABORATORY, PEER, Practice, Served, command, hprim, letter, octets

pytestmark = pytest.mark.database

LUCIE = ("MARTEL", "LUCIE", "12/03/1961", "2610399990011 77")
LIST = """<?xml version="1.0" encoding="UTF-8"?>
<ListeBlancheMSSante xmlns="https://listeblanche.mssante.fr/schema"><ListeDomaines><Domaine><Nom>{domain}</Nom>
<DNCertificatOperateur>{dn}</DNCertificatOperateur></Domaine></ListeDomaines></ListeBlancheMSSante>
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def set_route(directory: Path, port: int) -> None:
    path = directory / "vaguemestre.toml"
    text = path.read_text(encoding="utf-8").partition("\n[outgoing]")[0]
    path.write_text(f'{text}\n[outgoing]\nroutes = "*=127.0.0.1:{port}"\n', encoding="utf-8")


class Hospital(Practice):
    """The other operator: its certificate is of the practice's CA, and each has the other in its trust list."""

    def __init__(self, root: Path, practice: Practice) -> None:
        from vaguemestre.crypto import certificates

        self.directory = root / "hopital"
        self.peer = practice.peer
        command("init", str(self.directory), "--domain", PEER, *databases.arguments())
        command("mailbox", "add", str(self.directory), LABORATORY, "--type", "ORG", "--name", "Laboratoire")
        pki = self.directory / "pki"
        for name, source in {
            "server.pem": practice.peer / "cert.pem",
            "server.key": practice.peer / "key.pem",
            "ca.pem": practice.peer / "ca.pem",
            "crl.pem": practice.directory / "pki" / "crl.pem",
        }.items():
            shutil.copyfile(source, pki / name)
        own = certificates.read_pem((practice.directory / "pki" / "server.pem").read_bytes())[0]
        listed = root / "liste.xml"
        listed.write_text(LIST.format(domain=DOMAIN, dn=own.subject), encoding="utf-8")
        command("trustlist", "load", str(self.directory), str(listed))


class Both:
    def __init__(self, root: Path) -> None:
        self.practice = Practice(root)
        self.practice.patients("ref,birth_name,first_given_name,given_names,birth_date,sex\nP1,MARTEL,LUCIE,LUCIE,1961-03-12,F\n")
        self.practice.known(LABORATORY)
        self.hospital = Hospital(root, self.practice)
        self.port = 0
        self.root = root

    def announce(self) -> None:
        """Chooses where the practice will listen: a port that no earlier connection holds."""
        self.port = free_port()
        set_route(self.hospital.directory, self.port)

    @contextlib.contextmanager
    def served_practice(self) -> Iterator[Served]:
        with self.practice.served("--smtp", f"127.0.0.1:{self.port}") as served:
            yield served

    def send(self, operator: Practice, data: bytes, sender: str, to: str) -> list[str]:
        path = self.root / "lettre.eml"
        path.write_bytes(data)
        return command("send", str(operator.directory), str(path), "--from", sender, "--to", to).stdout.split()

    def state(self, operator: Practice, number: str) -> dict[str, Any]:
        return operator.lines("queue", str(operator.directory), "show", number)[0]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("two"))


def eventually(look: Callable[[], Any], seconds: float = 20.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def test_a_report_goes_from_one_queue_to_the_others_record(both: Both) -> None:
    both.announce()
    with both.served_practice(), both.hospital.served():
        message = letter(hprim(*LUCIE))
        (number,) = both.send(both.hospital, octets(message), LABORATORY, DOCTOR)
        assert eventually(lambda: both.state(both.hospital, number)["state"] == "sent"), both.state(both.hospital, number)
        line = both.state(both.hospital, number)
        assert (line["code"], line["host"]) == (250, "127.0.0.1")
        assert DOMAIN in line["peer_dn"]
        assert line["tls"].startswith("TLSv1.")
        filed = eventually(lambda: [one for one in both.practice.filings() if one["message_id"] == message["Message-ID"]])
        assert [(one["decision"], one["patient_ref"]) for one in filed] == [("filed", "P1")]
        assert both.hospital.status()["sent"] == 1
        unknown, before = f"personne@{DOMAIN}", both.hospital.status()
        (number,) = both.send(both.hospital, octets(letter(hprim(*LUCIE))), LABORATORY, unknown)
        assert eventually(lambda: both.state(both.hospital, number)["state"] == "bounced"), both.state(both.hospital, number)
        line = both.state(both.hospital, number)
        assert (line["code"], line["enhanced"]) == (550, "5.1.1")
        assert eventually(lambda: both.hospital.status()["accepted"] == before["accepted"] + 1), "the notice is in the sender's mailbox"
        assert both.hospital.status()["bounced"] == 1
    for operator in (both.practice, both.hospital):
        assert operator.lines("verify", str(operator.directory))[0]["ok"]


def test_a_peer_that_is_down_is_waited_for_and_a_killed_sender_forgets_nothing(both: Both) -> None:
    both.announce()
    message = letter(hprim(*LUCIE, value="0.77"))
    hospital = Served(both.hospital)
    try:
        (number,) = both.send(both.hospital, octets(message), LABORATORY, DOCTOR)
        assert eventually(lambda: both.state(both.hospital, number)["reason"] == "connect-failed")
        assert both.hospital.status()["deferred"] == 1
    finally:
        hospital.kill()
    with both.served_practice(), both.hospital.served():
        command("queue", str(both.hospital.directory), "retry", number)
        assert eventually(lambda: both.state(both.hospital, number)["state"] == "sent"), both.state(both.hospital, number)
        filed = eventually(lambda: [one for one in both.practice.filings() if one["message_id"] == message["Message-ID"]])
        assert len(filed) == 1
