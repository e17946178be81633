"""Killed under load and started again: every acknowledged message is there, once, and everything verifies (promise 1)."""

from __future__ import annotations

import collections
import itertools
import smtplib
import threading
import time
from pathlib import Path

import pytest

from tests.scenes.operators import DOCTOR, LABORATORY, Practice, Served, hprim, letter, octets

pytestmark = pytest.mark.database

SENDERS = 4
KILLS = 3
VALUES = itertools.count(1)
"""No two reports alike: a value drawn at random repeats within a thousand, and makes a true duplicate."""


class Client(threading.Thread):
    """Sends letters until told to stop, and remembers which were acknowledged. What was not is sent again, as a real server would."""

    def __init__(self, served: Served, number: int) -> None:
        super().__init__(daemon=True)
        self.served = served
        self.number = number
        self.stopping = threading.Event()
        self.acknowledged: list[str] = []
        self.unsure: list[bytes] = []

    def run(self) -> None:
        client: smtplib.SMTP | None = None
        try:
            client = self.served.client()
            while not self.stopping.is_set():
                text = hprim("MARTEL", "LUCIE", "12/03/1961", "2610399990011 77", value=f"0.{next(VALUES):06d}")
                message = letter(text)
                data = octets(message)
                self.unsure.append(data)
                client.sendmail(LABORATORY, [DOCTOR], data)
                self.unsure.pop()
                self.acknowledged.append(str(message["Message-ID"]))
        except (smtplib.SMTPException, OSError):
            return
        finally:
            if client is not None:
                client.close()


def test_every_acknowledged_message_is_there_once(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    practice.patients("ref,birth_name,first_given_name,given_names,birth_date,sex\nP1,MARTEL,LUCIE,LUCIE,1961-03-12,F\n")
    practice.known(LABORATORY)
    acknowledged: list[str] = []
    unsure: list[bytes] = []
    for turn in range(KILLS):
        served = Served(practice)
        clients = [Client(served, number) for number in range(SENDERS)]
        for client in clients:
            client.start()
        time.sleep(1.0 + 0.4 * turn)
        served.kill()
        for client in clients:
            client.stopping.set()
            client.join(timeout=40)
            assert not client.is_alive()
            acknowledged += client.acknowledged
            unsure += client.unsure
    assert len(acknowledged) > 20
    with practice.served() as served:
        client = served.client()
        for data in unsure:
            client.sendmail(LABORATORY, [DOCTOR], data)
        client.quit()
        until = time.monotonic() + 60
        while practice.status()["waiting"] and time.monotonic() < until:
            time.sleep(0.2)
        assert served.stop() == 0
    status = practice.status()
    assert status["waiting"] == 0
    assert status["failed"] == 0
    counted = collections.Counter(line["message_id"] for line in practice.filings())
    assert [one for one in acknowledged if counted[one] != 1] == []
    assert [one for one, count in counted.items() if count != 1] == []
    assert len(counted) >= len(acknowledged) + len(unsure)
    for line in practice.filings():
        assert (line["decision"], line["patient_ref"], line["duplicate_of"]) == ("filed", "P1", None)
    assert practice.lines("verify", str(practice.directory)) is not None
