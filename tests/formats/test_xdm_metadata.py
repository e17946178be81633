"""METADATA.XML: every item of formats.md 3.3 by its XDS name, its bounds, and one fact changed at a time."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.xdm_build import (
    DOCUMENT_ID,
    INS,
    INS_OID,
    LOCAL_OID,
    MISSING,
    SCHEMES,
    association,
    coded,
    described,
    metadata,
    slot,
    submission,
)
from tests.corpus.xdm_cases import FIRST, SET_FACTS, facts
from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.domain.reading import Ins, LocalId, StatedPatient
from vaguemestre.formats import xdm_metadata
from vaguemestre.formats.xdm_metadata import Described, iso, read

SET = SET_FACTS["entryUUID"]
LUCIE = StatedPatient(
    ins=Ins(INS, INS_OID),
    birth_name="ZORBEC",
    given_names=("LUCIE", "MARIE"),
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    sex="F",
    local_ids=(LocalId("P000123", LOCAL_OID),),
)
# of b"<a/>", its digest and size written by hand
FACTS = facts("DOC00001.XML", b"<a/>", hash="db9aa86632c6f2cc99684a2dd15d2b64828e7622", size="4")


def one(**told: Any) -> Described:
    uri = told.pop("uri", "DOC00001.XML")
    (found,) = read(metadata(submission(), described(uri, b"<a/>", **told))).documents
    return found


def test_every_item() -> None:
    found = one()
    assert found.facts == FACTS
    assert found.patient == LUCIE
    assert (found.uri, found.hash, found.size, found.size_said, found.media_type) == (
        "DOC00001.XML",
        "db9aa86632c6f2cc99684a2dd15d2b64828e7622",
        4,
        True,
        "text/xml",
    )
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("told", "changed"),
    [
        ({"uri": "AUTRE.XML"}, {"URI": "AUTRE.XML"}),
        ({"digest": "ab"}, {"hash": "ab"}),
        ({"digest": MISSING}, {"hash": None}),
        ({"size": "12"}, {"size": "12"}),
        ({"size": MISSING}, {"size": None}),
        ({"creation": "2024"}, {"creationTime": "2024"}),
        ({"creation": None}, {"creationTime": None}),
        ({"source_id": None}, {"sourcePatientId": None}),
        ({"info": ("PID-8|M",)}, {"sourcePatientInfo": ["PID-8|M"]}),
        ({"title": "Autre & suite"}, {"title": "Autre & suite"}),
        ({"title": None}, {"title": None}),
        ({"comments": "À lire"}, {"comments": "À lire"}),
        ({"mime": "application/pdf"}, {"mimeType": "application/pdf"}),
        ({"unique_id": "1.2^3"}, {"uniqueId": "1.2^3"}),
        ({"unique_id": None}, {"uniqueId": None}),
        ({"patient_id": None}, {"patientId": None}),
        *(
            (
                {"codes": {name: (("X1", "urn:oid:1.2.3", "Essai"),)}},
                {
                    name: [{"code": "X1", "system": "1.2.3", "label": "Essai"}]
                    if name in {"confidentialityCode", "eventCodeList"}
                    else {"code": "X1", "system": "1.2.3", "label": "Essai"}
                },
            )
            for name in SCHEMES
        ),
        ({"codes": {"eventCodeList": ()}}, {"eventCodeList": None}),
        (
            {"extra": association(FIRST, "urn:uuid:aaaaaaaa-0000-4000-8000-000000000009", "RPLC")},
            {"replaces": ["urn:uuid:aaaaaaaa-0000-4000-8000-000000000009"]},
        ),
        ({"extra": association(FIRST, "urn:uuid:aaaaaaaa-0000-4000-8000-000000000009", "HasMember")}, {}),
        ({"extra": association(SET, "urn:uuid:aaaaaaaa-0000-4000-8000-000000000009", "RPLC")}, {}),
        ({"beside": True}, {}),
    ],
)
def test_one_fact_changed_is_that_fact_alone(told: dict[str, Any], changed: dict[str, Any]) -> None:
    assert one(**told).facts == {name: value for name, value in (FACTS | changed).items() if value is not None}


def test_other_prefixes_cases_and_envelopes() -> None:
    plain = metadata(submission(), described("DOC00001.XML", b"<a/>"))
    assert read(plain.replace(b"rim:", b"ns7:").replace(b"xmlns:rim", b"xmlns:ns7")).documents[0].facts == FACTS
    assert read(plain.replace(b"rim:Classification", b"rim:classification")).documents[0].facts == FACTS
    assert read(plain.replace(b"xsd:rim:3.0", b"xsd:rim:2.1")).documents[0].facts == FACTS
    body = plain.partition(b"\n")[2]
    soap = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>' + body + b"</s:Body></s:Envelope>"
    assert read(soap).documents[0].facts == FACTS
    assert read(b"\xef\xbb\xbf" + plain).documents[0].facts == FACTS
    commented = plain.replace(b"<rim:ValueList>", b"<!-- essai --><?pi essai?><rim:ValueList>")
    assert read(commented).documents[0].facts == FACTS


def test_latin_1_octets_said_to_be_utf_8() -> None:
    plain = metadata(submission(), described("DOC00001.XML", b"<a/>"))
    found = read(plain.decode().encode("cp1252"))
    assert found.documents[0].facts == FACTS
    assert [w.code for w in found.warnings] == ["encoding-guessed"]


@pytest.mark.parametrize(
    ("values", "uri"),
    [
        (("DOC00001.XML",), "DOC00001.XML"),
        (("1|DOC0", "2|0001.XML"), "DOC00001.XML"),
        (("2|0001.XML", "1|DOC0"), "DOC00001.XML"),
        (tuple(f"{n}|{n % 10}" for n in range(12, 0, -1)), "123456789012"),
        (("DOC0", "0001.XML"), "DOC00001.XML"),
        (("  DOC00001.XML \n",), "DOC00001.XML"),
        ((), None),
    ],
)
def test_the_uri_in_several_values(values: tuple[str, ...], uri: str | None) -> None:
    assert one(uri=values).uri == uri


@pytest.mark.parametrize(
    ("size", "number"), [("4", 4), ("0", 0), ("4 ", 4), ("-4", None), ("4.0", None), ("four", None), ("9" * 5_000, None), ("٤", None)]
)
def test_sizes(size: str, number: int | None) -> None:
    found = one(size=size)
    assert (found.size, found.size_said) == (number, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2024", "2024"),
        ("202403", "2024-03"),
        ("20240312", "2024-03-12"),
        ("202403121015", "2024-03-12T10:15"),
        ("20240312101500", "2024-03-12T10:15:00"),
        ("20240312101500.25", "2024-03-12T10:15:00.25"),
        ("20240312101500+0100", "2024-03-12T10:15:00+01:00"),
        ("2024-03-12", "2024-03-12"),
        ("hier", "hier"),
        ("", ""),
    ],
)
def test_times(text: str, said: str) -> None:
    assert iso(text) == said


def test_several_submission_sets_in_one_file() -> None:
    told = metadata(
        submission(1, (1,), "1.2.250.1.999.4.1"),
        submission(2, (2,), "1.2.250.1.999.4.2"),
        described("A.XML", b"a", 1),
        described("B.XML", b"b", 2),
        described("C.XML", b"c", 3),
    )
    a, b, c = read(told).documents
    assert a.facts["submissionSet"]["uniqueId"] == "1.2.250.1.999.4.1"
    assert b.facts["submissionSet"]["uniqueId"] == "1.2.250.1.999.4.2"
    # whose it is is not told, and not guessed
    assert "submissionSet" not in c.facts


def test_no_submission_set() -> None:
    found = read(metadata(described("A.XML", b"a"))).documents[0]
    assert "submissionSet" not in found.facts


def test_no_document() -> None:
    found = read(metadata(submission()))
    assert found.documents == ()
    assert [w.code for w in found.warnings] == ["malformed"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no xml",
        b"<a>",
        metadata(described("A.XML", b"a"))[:-40],
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY e "e"><!ENTITY f "&e;&e;&e;&e;&e;&e;">]><a>&f;</a>',
    ],
)
def test_what_is_no_xml_or_bears_a_document_type(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(data)


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" + b" " * xdm_metadata.MAX_BYTES + b"</a>",
        b"<a>" + b"<b/>" * xdm_metadata.MAX_ELEMENTS + b"</a>",
        b"<a>" * 40 + b"</a>" * 40,
    ],
    ids=["octets", "elements", "depth"],
)
def test_bounds(data: bytes) -> None:
    with pytest.raises(TooLarge):
        read(data)


def test_more_documents_than_are_read() -> None:
    found = read(metadata(*(described(f"{n}.XML", b"a", n) for n in range(xdm_metadata.MAX_DOCUMENTS + 1))))
    assert len(found.documents) == xdm_metadata.MAX_DOCUMENTS
    assert [w.code for w in found.warnings] == ["too-large"]


def test_values_longer_or_more_than_are_read_are_told() -> None:
    assert one().warnings == ()
    assert [w.code for w in one(info=tuple(f"PID-3|{n}" for n in range(51))).warnings] == ["too-large"]
    assert [w.code for w in one(info=("PID-8|F" + " " * 10 + "x" * 5_000,)).warnings] == ["too-large"]


def test_objects_without_end_told_of_one_document() -> None:
    """Work is bounded by what is kept of each document, not by the product of documents and what is told of them."""
    many = "".join(coded(FIRST, SCHEMES["eventCodeList"], "X", "1.2", "") for _ in range(5_000))
    told = metadata(*(described(f"{n}.XML", b"a", 1) for n in range(60)), many)
    assert len(told) < xdm_metadata.MAX_BYTES
    began = time.process_time()
    found = read(told)
    assert time.process_time() - began < 3.0
    assert {len(d.facts["eventCodeList"]) for d in found.documents} == {50}


def test_what_descriptions_share_is_not_multiplied() -> None:
    heavy = coded(FIRST, SCHEMES["eventCodeList"], "X", "1.2", "x" * 3_900) * 60
    found = read(metadata(*(described(f"{n}.XML", b"a", 1) for n in range(60)), heavy))
    for one_ in found.documents:
        assert [w.code for w in one_.warnings] == ["too-large"]
        assert len(repr(one_.facts)) < 50_000
        assert one_.facts["uniqueId"] == DOCUMENT_ID
        assert one_.patient == LUCIE


def test_a_slot_named_as_a_fact_of_ours_changes_nothing() -> None:
    plain = metadata(submission(), described("DOC00001.XML", b"<a/>"))
    forged = plain.replace(b"<rim:VersionInfo", slot("typeCode", "X").encode() + slot("submissionSet", "X").encode() + b"<rim:VersionInfo")
    assert read(forged).documents[0].facts == FACTS


def test_nothing_of_it_in_a_repr() -> None:
    assert "ZORBEC" not in repr(read(metadata(described("A.XML", b"a")))) + repr(one())


PLAIN = metadata(submission(), described("DOC00001.XML", b"<a/>"))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.binary(max_size=3)), max_size=5), st.integers(0, len(PLAIN)))
def test_only_declared_faults_escape(changes: list[tuple[int, bytes]], end: int) -> None:
    data = PLAIN
    for place, octets in changes:
        data = data[:place] + octets + data[place + len(octets) :]
    for one_ in (data, data[:end]):
        try:
            read(one_)
        except (Unreadable, TooLarge):
            pass
