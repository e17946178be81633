"""A practice in the test's data directory, and messages handed to it as the door would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.scenes.operators import DOCTOR, LABORATORY, hprim, letter, octets

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
LUCIE = ("MARTEL", "LUCIE", "12/03/1961", "2610399990011 77")
PAUL = ("BRUNEAU", "PAUL", "02/09/1948", "1480999990022 09")


class Given:
    """The practice of Dr Roche: two mailboxes, two patients, one known sender."""

    def __init__(self, directory: Path) -> None:
        from vaguemestre.records import administration
        from vaguemestre.records.models import Patient
        from vaguemestre.vault.files import Vault

        self.directory = directory
        self.vault = Vault(directory / "vault")
        self.doctor = administration.make_mailbox(DOCTOR, "PER", "Dr ROCHE", "cabinet", "", "", NOW)
        self.office = administration.make_mailbox("secretariat@cabinet.demo.example", "ORG", "Secrétariat", "cabinet", "", "", NOW)
        self.lucie = self.patient("P1", "MARTEL", "LUCIE", "1961-03-12", "F")
        self.paul = self.patient("P2", "BRUNEAU", "PAUL", "1948-09-02", "M")
        administration.add_senders(self.doctor.practice, [LABORATORY], NOW)
        assert Patient.objects.count() == 2

    def patient(self, ref: str, name: str, given: str, born: str, sex: str, flags: str = "") -> Any:
        from vaguemestre.domain.person import comparison, solid
        from vaguemestre.records import administration
        from vaguemestre.records.models import Patient

        chart = Patient(
            practice=self.doctor.practice, ref=ref, birth_name=name, given_names=given, first_given_name=given, birth_date=born, sex=sex,
            flags=flags, birth_name_key=comparison(name), birth_name_solid=solid(name), given_names_key=comparison(given),
            first_given_name_key=comparison(given),
        )  # fmt: skip
        administration.load_patients(self.doctor.practice, [chart], NOW)
        return Patient.objects.get(practice=self.doctor.practice, ref=ref)

    def receive(self, *messages: bytes, to: Sequence[str] = (DOCTOR,), sender: str = LABORATORY, channel: str = "smtp") -> list[int]:
        """Row numbers of the messages kept."""
        from vaguemestre.domain.outcome import Proceed
        from vaguemestre.inbound.store import Incoming
        from vaguemestre.pipeline import commit
        from vaguemestre.protocols.mime_header import header_facts
        from vaguemestre.vault.files import digest

        batch = [Incoming(digest(m), m, header_facts(m).message_id, channel, sender, tuple(to), NOW) for m in messages]
        kept = commit.receive(self.vault, batch)
        rows = []
        for one in kept:
            assert isinstance(one, Proceed)
            rows.append(one.facts)
        return rows

    def report(self, person: tuple[str, str, str, str] = LUCIE, **more: str) -> bytes:
        return octets(letter(hprim(*person, **{"code": person[0], **more})))
