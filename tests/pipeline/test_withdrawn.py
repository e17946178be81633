"""What its sender takes back: results without a value in any history, documents that stand no longer left to a person, entries of an
archive that replace each other by their UUIDs."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.read_as import LUCIE, SODIUM, cda, doctor, file_all, file_one, pdf
from tests.pipeline.test_versions import held, newer
from vaguemestre.domain.reading import NO_VALUE, Document
from vaguemestre.inbound.match import withdrawn

OLD, NEW = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def entry(name: str, number: str = OLD, **facts: Any) -> Document:
    """A letter as a PDF of an archive, that names Lucie in fields."""
    return pdf(name, patient=LUCIE, metadata={"entryUUID": f"urn:uuid:{number}", "availabilityStatus": "Approved", **facts})


def outcome(row: Any) -> tuple[str, str]:
    return row.decision, row.rule.partition(":")[2]


# Results


def histories(given: Given) -> list[str]:
    from vaguemestre.records.queries import histories
    from vaguemestre.records.queries.visible import visible

    account = (_accounts() or [doctor(given)])[0]
    chapters = histories.history(visible(account), given.lucie).chapters
    return sorted(result.value for chapter in chapters for line in chapter.lines for result in line.values)


def _accounts() -> list[Any]:
    from vaguemestre.records.models import Account

    return list(Account.objects.all())


@pytest.mark.parametrize("status", NO_VALUE)
def test_a_result_that_does_not_stand_is_in_no_history_and_raises_no_alarm(given: Given, status: str) -> None:
    void = dataclasses.replace(SODIUM, value="999", number="999", flag="HH", status=status)
    kept = dataclasses.replace(SODIUM, value="3.9", number="3.9", label="Potassium", flag="L", status="completed")
    row = file_one(given, cda("mixed", results=(void, kept)))[0]
    assert outcome(row) == ("filed", "")
    assert row.abnormal == "L", "the gravity of what stands alone"
    assert [one.value for one in row.result_set.order_by("position")] == ["999", "3.9"], "both are kept as read"
    assert histories(given) == ["3.9"]


@pytest.mark.parametrize("status", ["completed", "active", None, "F", "P", "C", "finished"])
def test_any_other_status_is_a_value(given: Given, status: str | None) -> None:
    row = file_one(given, cda("one", results=(dataclasses.replace(SODIUM, flag="H", status=status),)))[0]
    assert row.abnormal == "H"
    assert histories(given) == ["140"]


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1])))
def test_a_corrected_report_that_cancels_a_result_takes_it_out(given: Given, order: tuple[int, ...]) -> None:
    told = [
        cda("first", id="1.1", set_id="1", version=1, results=(SODIUM,)),
        cda("second", id="1.2", set_id="1", version=2, results=(dataclasses.replace(SODIUM, status="nullified"),)),
    ]
    file_all(given, *((told[k],) for k in order))
    assert histories(given) == []


# Documents that stand no longer


@pytest.mark.parametrize(
    ("facts", "doubt"),
    [
        ({"availabilityStatus": "Approved"}, False),
        ({"availabilityStatus": "approved"}, False),
        ({"availabilityStatus": "Submitted"}, False),
        ({"availabilityStatus": "Archived"}, False),
        ({"availabilityStatus": ""}, False),
        ({}, False),
        ({"withdraws": []}, False),
        ({"appends": ["x"], "signs": ["x"], "transforms": ["x"], "replaces": ["x"]}, False),
        ({"availabilityStatus": "Deprecated"}, True),
        ({"availabilityStatus": "Deleted"}, True),
        ({"availabilityStatus": "Withdrawn"}, True),
        ({"availabilityStatus": "Approved", "withdraws": ["urn:uuid:x"]}, True),
    ],
)
def test_what_the_metadata_say_of_it(given: Given, facts: dict[str, Any], doubt: bool) -> None:
    told = cda("letter", metadata=facts)
    assert withdrawn(told) is doubt
    row = file_one(given, told)[0]
    assert outcome(row) == (("review", "withdrawn") if doubt else ("filed", ""))
    assert row.reason == ("withdrawn" if doubt else row.reason)
    assert histories(given) == ([] if doubt else ["140"])


def test_a_document_without_metadata_says_nothing() -> None:
    assert not withdrawn(cda("letter"))


def test_another_form_of_it_says_so(given: Given) -> None:
    """The PDF of the mail is the archive's letter: what the archive says of the one holds the other."""
    rows = file_one(given, cda("letter"), pdf("copy", duplicate_of=0, metadata={"availabilityStatus": "Deleted"}))
    assert [outcome(row) for row in rows] == [("review", "withdrawn")] * 2


def test_a_person_decides_and_may_undo(given: Given) -> None:
    from vaguemestre.pipeline import decisions

    row = file_one(given, cda("letter", metadata={"availabilityStatus": "Deprecated"}))[0]
    account = doctor(given)
    decisions.settle(account, row, given.lucie, NOW, confirmed=True)
    assert histories(given) == ["140"]
    decisions.undo(account, type(row).objects.get(pk=row.pk), NOW)
    assert histories(given) == []
    again = file_one(given, cda("letter", metadata={"availabilityStatus": "Approved"}))[0]
    assert again.decision == "review", "never by itself again"


# Entries that replace each other


@pytest.mark.parametrize("turned", [False, True])
def test_a_pdf_replaces_the_entry_that_its_metadata_name(given: Given, turned: bool) -> None:
    told = [(entry("first"),), (entry("second", NEW, replaces=[f"urn:uuid:{OLD.upper()}"]),)]
    rows = [row for (row,) in file_all(given, *(reversed(told) if turned else told))]
    first, second = reversed(rows) if turned else rows
    assert (first.own_id, second.replaces) == (OLD, OLD)
    assert newer(first, second) == [second.pk, None]


def test_undone_it_gives_the_place_back(given: Given) -> None:
    from vaguemestre.pipeline import decisions

    first, second = (row for (row,) in file_all(given, (entry("first"),), (entry("second", NEW, replaces=[OLD]),)))
    decisions.undo(doctor(given), second, NOW)
    assert newer(first, second) == [None, None]


def test_one_that_waits_replaces_nothing(given: Given) -> None:
    first, second = (row for (row,) in file_all(given, (entry("first"),), (held(entry("second", NEW, replaces=[OLD])),)))
    assert (second.decision, newer(first)) == ("review", [None])


@pytest.mark.parametrize(
    ("own", "replaces"),
    [
        # Names within one archive: every archive has its Document01.
        ("Document01", ["Document01"]),
        ("urn:uuid:short", ["urn:uuid:short"]),
        (OLD, ["Document01"]),
        # Several at once, which one version cannot replace.
        (OLD, [OLD, NEW]),
        (OLD, []),
        (OLD, [None]),
        (None, [OLD]),
        ("x" * 100_000, ["x" * 100_000]),
        ("0" * 36, ["0" * 36]),
    ],
)
def test_what_is_no_name_elsewhere_replaces_nothing(given: Given, own: Any, replaces: list[Any]) -> None:
    first = dataclasses.replace(entry("first"), metadata={"entryUUID": own})
    second = dataclasses.replace(entry("second"), metadata={"entryUUID": f"urn:uuid:{NEW}", "replaces": replaces})
    assert newer(*(row for (row,) in file_all(given, (first,), (second,)))) == [None, None]


def test_a_cda_goes_by_its_own_names(given: Given) -> None:
    """The header of a CDA tells its identity and what it replaces: an archive's word does not change them."""
    told = {"entryUUID": f"urn:uuid:{NEW}", "replaces": [f"urn:uuid:{OLD}"]}
    first, second = (row for (row,) in file_all(given, (entry("first"),), (cda("letter", id="1.1", metadata=told),)))
    assert (second.own_id, second.replaces) == ("1.1", "")
    assert newer(first, second) == [None, None]


def test_only_within_one_chart(given: Given) -> None:
    from tests.pipeline.read_as import PAUL

    of_paul = dataclasses.replace(entry("second", NEW, replaces=[OLD]), patient=PAUL)
    assert newer(*(row for (row,) in file_all(given, (entry("first"),), (of_paul,)))) == [None, None]


def test_a_specimen_and_a_method_are_kept_however_long(given: Given) -> None:
    told = dataclasses.replace(SODIUM, specimen="Sang veineux", method="M" * 5_000)
    row = file_one(given, cda("one", results=(told, SODIUM)))[0]
    found = [(one.specimen, one.method) for one in row.result_set.order_by("position")]
    assert found == [("Sang veineux", "M" * 300), ("", "")]


def test_from_the_archive_to_the_doubt() -> None:
    """What the metadata say reaches the policy: of the document, of an earlier one, and where the archive holds nothing else."""
    from tests.corpus import xdm_build as build
    from tests.formats.test_xdm_associations import DELETED, FIRST, update
    from tests.formats.test_xdm_associations import OLD as EARLIER
    from vaguemestre.inbound.read import read

    data = build.cda()
    for target in (FIRST, EARLIER, None):
        extra = (update(target, DELETED),) if target else ()
        told = build.metadata(build.submission(), build.described("DOC00001.XML", data), *extra)
        (found,) = read(build.archive(("DOC00001.XML", data), told=told), "IHE_XDM.zip").documents
        assert found.understood
        assert withdrawn(found) is bool(target)
    alone = build.archive(told=build.metadata(build.submission(members=()), update(EARLIER, DELETED)))
    (found,) = read(alone, "IHE_XDM.zip").documents
    assert not found.understood, "kept and shown to a person, as a file without a document"
