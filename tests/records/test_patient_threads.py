"""Exchanges with patients on the records: what was opened may be answered until it is closed, by that patient and to that mailbox only."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.records.test_mailbox_life import DOMAIN, facts, make, traces

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
PATIENT = "279035199018922@patient.mssante.fr"


def test_opened_answered_closed_opened_again(data_directory: Path) -> None:
    from django.db import transaction

    from vaguemestre.records import patient_threads

    box, other = make(), make(f"dr.zeste@{DOMAIN}")
    both, known = (box.address, other.address), facts(data_directory)
    assert known.answerable(PATIENT, both, ["<1@x>"]) == {}
    with transaction.atomic():
        for _ in range(2):
            patient_threads.opened(box.pk, PATIENT, "<1@x>", NOW)
        patient_threads.opened(box.pk, PATIENT, "<2@x>", NOW)
        patient_threads.opened(other.pk, PATIENT, "<3@x>", NOW)
    assert known.answerable(PATIENT, both, ["<1@x>", "<0@x>"]) == {box.address: True}
    assert known.answerable(PATIENT, both, ["<1@x>", "<3@x>"]) == {box.address: True, other.address: True}
    assert known.answerable(f"1{PATIENT}", both, ["<1@x>"]) == {}
    assert known.answerable(PATIENT, both, []) == {}
    with transaction.atomic():
        assert patient_threads.closed(box.pk, PATIENT, NOW) == 2
        assert patient_threads.closed(box.pk, PATIENT, NOW) == 0
    assert known.answerable(PATIENT, both, ["<1@x>", "<2@x>", "<3@x>"]) == {box.address: False, other.address: True}
    with transaction.atomic():
        patient_threads.opened(box.pk, PATIENT, "<4@x>", NOW)
    assert known.answerable(PATIENT, both, ["<1@x>", "<4@x>"]) == {box.address: True}
    assert len(traces("patient-thread-opened")) == 4
    assert not any("279035" in word for row in traces("patient-thread-opened") + traces("patient-thread-closed") for word in row)


def test_the_domain_of_patients_is_that_of_the_settings_and_never_hosted(data_directory: Path) -> None:
    from django.db import connection

    known = facts(data_directory)
    assert known.patients() == "patient.mssante.fr"
    with connection.cursor() as cursor:
        sql = "INSERT INTO records_hosteddomain (name, state, created_at) VALUES (%s, 'active', '2026-01-01 00:00:00+00:00')"
        cursor.execute(sql, ["patient.mssante.fr"])
    assert not known.hosts("patient.mssante.fr")
