"""What a laboratory takes back in an HPRIM Médecin file (RES, field 9) is kept as read, and is in no history."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.corpus.hprim_rarer_cases import CASES
from tests.pipeline.given import Given
from tests.pipeline.read_as import LUCIE, file_one
from tests.pipeline.test_withdrawn import histories
from vaguemestre.inbound.read import read


def test_deleted_wrong_and_undone_results_are_in_no_history(data_directory: Path) -> None:
    given = Given(data_directory)
    case = CASES["cancelled-and-corrected"]
    (document,) = read(case.data, case.file).documents
    (row,) = file_one(given, dataclasses.replace(document, patient=LUCIE))
    assert row.decision == "filed"
    assert [(one.label, one.status) for one in row.result_set.order_by("position")] == [
        ("Sodium", "D"), ("Potassium", "W"), ("Chlore", "X"), ("Calcium", "C"), ("Fer", "P"), ("Zinc", "D"),
    ]  # fmt: skip
    assert row.abnormal == "", "HH of what was taken back alarms nobody"
    assert histories(given) == ["12", "2.30"]
