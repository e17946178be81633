"""HL7 v2 messages through the route: filed by their PID, replaced by their numbers, withdrawn only by a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.corpus.cda_build import document as cda
from tests.corpus.cda_build import encoded, target
from tests.corpus.hl7v2_build import file, msh, obx, packed
from tests.corpus.pdfs import text_pdf
from tests.pipeline.given import Given
from tests.pipeline.read_as import doctor, file_one
from vaguemestre.inbound.read import read

LUCIE = "PID|1||42^^^LABO||MARTEL^LUCIE^LUCIE^^^^L||19610312|F"
PAUL = "PID|1||43^^^LABO||BRUNEAU^PAUL^PAUL^^^^L||19480902|M"
OBR = "OBR|1||L-24-1^LABO|IONO^Ionogramme^L|||20260311081500+0100"
SODIUM = obx(1, "NM", "2951-2^Sodium^LN", "140", "mmol/L", "136-145", "N")
FIRST, SECOND = "1.2.250.1.999.2.1001", "1.2.250.1.999.2.1002"


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def send(given: Given, *segments: str, kind: str = "ORU^R01", number: str = "M-1", who: str = LUCIE) -> Any:
    """The rows of one message, in order."""
    return file_one(given, *read(file(msh(kind, number=number), who, *segments), "essai.hl7").documents)


def txa(own: str, parent: str = "") -> str:
    return f"TXA|1|11490-0^Lettre de liaison^LN|TEXT|20260312||||||||{own}|{parent}||||AU"


def letter(given: Given, words: str, own: str, parent: str = "", kind: str = "MDM^T02") -> Any:
    data = text_pdf([words])
    return send(given, txa(own, parent), obx(1, "ED", "11490-0^Lettre de liaison^LN", packed(data)), kind=kind)


def outcome(row: Any) -> tuple[str, str]:
    return row.decision, row.rule.partition(":")[2]


def test_results_are_filed_and_enter_the_histories(given: Given) -> None:
    (row,) = send(given, OBR, SODIUM)
    assert outcome(row) == ("filed", "") and row.patient == given.lucie
    (result,) = row.result_set.all()
    assert (result.patient, result.code, result.number, result.unit) == (given.lucie, "2951-2", "140", "mmol/L")


def test_the_same_results_sent_again_are_a_repeat(given: Given) -> None:
    (first,) = send(given, OBR, SODIUM)
    (again,) = send(given, OBR, SODIUM, number="M-2")
    assert again.duplicate_of == first and again.sha256 != first.sha256
    assert [one.patient for one in again.result_set.all()] == [None]


def test_pages_go_with_their_message(given: Given) -> None:
    main, pages = letter(given, "Lettre.", FIRST)
    assert outcome(main) == ("filed", "") and pages.form_of == main and pages.rendering


def test_a_new_edition_takes_the_place_of_the_one_it_names(given: Given) -> None:
    (old, _), (new, _) = letter(given, "Avant.", FIRST), letter(given, "Après.", SECOND, FIRST, "MDM^T10")
    old.refresh_from_db()
    assert outcome(new) == ("filed", "") and old.superseded_by == new


def test_a_cda_replaced_by_its_envelope(given: Given) -> None:
    def sent(own: str, words: str, parent: str = "", kind: str = "MDM^T02") -> Any:
        who = target(
            ids='<id root="1.2.250.1.999.1.1" extension="42"/>',
            name='<family qualifier="BR">MARTEL</family><given>LUCIE</given><given qualifier="BR">LUCIE</given>',
            birth='<birthTime value="19610312"/>',
            place="",
        )
        data = encoded(cda(identifier=f'<id root="{own}"/>', series="", version="", title=f"<title>{words}</title>", patient=who))
        return send(given, txa(own, parent), obx(1, "ED", "11490-0^Lettre^LN", packed(data)), kind=kind)

    first, second = sent(FIRST, "Avant"), sent(SECOND, "Après", FIRST, "MDM^T10")
    old, new = (next(row for row in rows if row.form_of is None) for rows in (first, second))
    old.refresh_from_db()
    assert (old.format, outcome(new), old.superseded_by) == ("cda-n3", ("filed", ""), new)


def test_a_deletion_waits_for_a_person_and_takes_nothing(given: Given) -> None:
    (kept, _), (deleting, _) = letter(given, "Lettre.", FIRST), letter(given, "Lettre.", FIRST, kind="MDM^T04")
    kept.refresh_from_db()
    assert (kept.decision, kept.superseded_by) == ("filed", None)
    assert outcome(deleting) == ("review", "withdrawn") and deleting.duplicate_of is None


def test_a_correction_that_names_nothing_waits_for_a_person(given: Given) -> None:
    (row,) = send(given, "ORC|RO||L-24-1^LABO", OBR, SODIUM)
    assert outcome(row) == ("review", "withdrawn")


def test_several_patients_wait_for_a_person(given: Given) -> None:
    rows = send(given, OBR, SODIUM, PAUL, OBR, SODIUM)
    assert [outcome(row) for row in rows] == [("review", "several-patients")] * 2


def test_an_identity_in_doubt_only_proposes(given: Given) -> None:
    (row,) = send(given, OBR, SODIUM, who=LUCIE + "|" * 24 + "DOUA")
    assert row.decision == "proposed" and row.patient is None


def test_a_cancelled_result_is_in_no_history(given: Given) -> None:
    (row,) = send(given, OBR, SODIUM.replace("||F", "||D"), obx(2, "NM", "2823-3^Potassium^LN", "4.1", "mmol/L"))
    from vaguemestre.records.queries import histories
    from vaguemestre.records.queries.visible import visible

    assert [one.status for one in row.result_set.order_by("position")] == ["D", "F"]
    told = histories.history(visible(doctor(given)), given.lucie).chapters
    assert [value.value for chapter in told for line in chapter.lines for value in line.values] == ["4.1"]
