"""Associations of an XDM submission and the status of its entries: each read as what it is, none followed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.xdm_build import association, described, metadata, slot, submission
from vaguemestre.formats import xdm_metadata
from vaguemestre.formats.xdm_associations import MAX_VALUES, Associations

FIRST = "urn:uuid:00000000-0000-4000-8000-000000000001"
SECOND = "urn:uuid:00000000-0000-4000-8000-000000000002"
SET = "urn:uuid:00000000-0000-4000-9000-000000000001"
OLD, OLDER = "urn:uuid:aaaaaaaa-0000-4000-8000-000000000009", "urn:uuid:aaaaaaaa-0000-4000-8000-00000000000A"
DELETED = "urn:asip:ci-sis:2010:StatusType:Deleted"
KEYS = ("availabilityStatus", "replaces", "appends", "transforms", "signs", "withdraws")


def facts(*extra: str, status: str = "", documents: int = 1) -> list[dict[str, Any]]:
    """What the metadata say of each document beside others."""
    told = [described(f"DOC0000{n}.XML", b"<a/>", number=n) for n in range(1, documents + 1)]
    written = metadata(submission(members=range(1, documents + 1)), *told, *extra)
    if status:
        said = b'status="urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"'
        before, _, entry = written.partition(b"<rim:ExtrinsicObject")
        assert said in entry
        written = before + b"<rim:ExtrinsicObject" + entry.replace(said, f'status="{status}"'.encode(), 1)
    return [{key: one.facts[key] for key in KEYS if key in one.facts} for one in xdm_metadata.read(written).documents]


def update(target: str, status: str) -> str:
    """An UpdateAvailabilityStatus of the submission set."""
    return (
        f'<rim:Association associationType="urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus" sourceObject="{SET}"'
        f' targetObject="{target}">{slot("OriginalStatus", "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved")}'
        f"{slot('NewStatus', status)}</rim:Association>"
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("RPLC", "replaces"), ("XFRM_RPLC", "replaces"), ("APND", "appends"), ("apnd", "appends"), ("XFRM", "transforms"),
        ("signs", "signs"), ("SIGNS", "signs"),
    ],
)  # fmt: skip
def test_each_kind_is_its_fact_alone(kind: str, name: str) -> None:
    assert facts(association(FIRST, OLD, kind)) == [{"availabilityStatus": "Approved", name: [OLD]}]


@pytest.mark.parametrize("kind", ["HasMember", "IsSnapshotOf", "SubmitAssociation", "", "RPLCX"])
def test_other_kinds_say_nothing(kind: str) -> None:
    assert facts(association(FIRST, OLD, kind)) == [{"availabilityStatus": "Approved"}]


def test_several_of_several() -> None:
    extra = (association(FIRST, OLD, "RPLC"), association(FIRST, OLDER, "RPLC"), association(SECOND, FIRST, "APND"))
    assert facts(*extra, documents=2) == [
        {"availabilityStatus": "Approved", "replaces": [OLD, OLDER]},
        {"availabilityStatus": "Approved", "appends": [FIRST]},
    ]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated", "Deprecated"),
        (DELETED, "Deleted"),
        ("urn:asip:ci-sis:2010:StatusType:Archived", "Archived"),
        ("Deprecated", "Deprecated"),
    ],
)
def test_the_status_of_an_entry(status: str, word: str) -> None:
    assert facts(status=status) == [{"availabilityStatus": word}]


def test_a_submission_that_takes_back_what_it_brings() -> None:
    assert facts(update(FIRST, DELETED)) == [{"availabilityStatus": "Deleted"}]
    assert facts(update(FIRST.upper().replace("URN:UUID:", "urn:uuid:"), DELETED)) == [{"availabilityStatus": "Deleted"}]


def test_a_submission_that_takes_back_what_was_sent_before() -> None:
    told = {"availabilityStatus": "Approved", "withdraws": [OLD]}
    assert facts(update(OLD, DELETED), documents=2) == [told, told]


def test_one_that_archives_or_brings_back_takes_nothing_back() -> None:
    for status in ("urn:asip:ci-sis:2010:StatusType:Archived", "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"):
        assert facts(update(OLD, status)) == [{"availabilityStatus": "Approved"}]


def test_of_two_words_on_one_entry_the_doubt_stays() -> None:
    approved = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
    for order in ((approved, DELETED), (DELETED, approved)):
        assert facts(*(update(OLD, one) for one in order))[0]["withdraws"] == [OLD]


def test_an_update_without_a_target_or_a_status_is_nothing() -> None:
    assert facts(update("", DELETED), update(OLD, "")) == [{"availabilityStatus": "Approved"}]


def test_a_thousand_targets_are_bounded() -> None:
    many = [f"urn:uuid:{n:08d}-0000-4000-8000-000000000009" for n in range(1_000)]
    (found,) = facts(*(association(FIRST, one, "APND") for one in many), *(update(one, DELETED) for one in many))
    assert found["appends"] == many[:MAX_VALUES]
    assert found["withdraws"] == many[:MAX_VALUES]


WORDS = st.sampled_from(["", "a", "A", "urn:uuid:a", " b ", "c"])
KINDS = st.sampled_from(["HasMember", "RPLC", "XFRM_RPLC", "APND", "XFRM", "signs", "UpdateAvailabilityStatus", "", "é"])


@given(st.lists(st.tuples(KINDS, WORDS, WORDS, st.none() | WORDS | st.sampled_from(["Approved", "Deleted"])), max_size=30))
def test_whatever_is_associated(told: list[tuple[str, str, str, str | None]]) -> None:
    found = Associations()
    for one in told:
        found.add(*one)
    for name in ("a", "b", "c", "", None):
        assert isinstance(found.set_of(name), str)
        assert all(len(values) <= MAX_VALUES for values in found.facts(name).values())
    assert not {one.strip().lower().removeprefix("urn:uuid:") for one in found.withdrawn(["a", "b", None])} & {"a", "b", ""}
