"""HPRIM Santé and HPRIM XML from somebody who means harm: only declared faults come out, memory stays bounded, nothing vanishes unsaid."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.hprim_sante_build import OBR, POTASSIUM, SECOND, SODIUM, H, L, P, build, message
from tests.corpus.hprim_sante_cases import CASES as SANTE
from tests.corpus.hprim_xml_cases import CASES as XML
from tests.corpus.hprim_xml_cases import EVENT, HEADER, NAMESPACE
from tests.corpus.hprim_xml_cases import build as xml
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.formats import hprim_sante, hprim_sante_segments, hprim_sante_shown, hprim_xml
from vaguemestre.formats.hprim_medecin_results import MAX_RESULTS
from vaguemestre.inbound.match import VETOING
from vaguemestre.inbound.read import read

MEGABYTE = 1_000_000


def codes(record: hprim_sante.Record) -> list[str]:
    return [w.code for w in record.warnings]


def peak(data: bytes) -> int:
    """Octets at most held while reading a file of HPRIM Santé."""
    tracemalloc.start()
    try:
        hprim_sante.read(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_more_results_than_are_read() -> None:
    (record,) = hprim_sante.read(message(*[SODIUM] * (MAX_RESULTS + 1)))
    assert len(record.results) == MAX_RESULTS
    assert codes(record) == ["too-large"]


def test_more_records_than_are_read() -> None:
    found = hprim_sante.read(build(H, *[P] * (hprim_sante.MAX_RECORDS + 1), L))
    assert len(found) == hprim_sante.MAX_RECORDS
    assert all("too-large" in codes(record) for record in found)


def test_more_messages_than_are_read() -> None:
    found = hprim_sante.read(build(*[H, P, L] * (hprim_sante_segments.MAX_MESSAGES + 1)))
    assert len(found) == hprim_sante_segments.MAX_MESSAGES
    assert all("too-large" in codes(record) for record in found)


def test_more_segments_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hprim_sante_segments, "MAX_SEGMENTS", 5)
    (record,) = hprim_sante.read(message(SODIUM, SODIUM, SODIUM))
    assert len(record.results) == 2
    # the end was not reached: that it is there is not known
    assert set(codes(record)) == {"too-large", "missing-end-mark"}


def test_more_lines_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hprim_sante_segments, "MAX_LINES", 4)
    (record,) = hprim_sante.read(message(SODIUM, SODIUM))
    assert len(record.results) == 1
    assert set(codes(record)) == {"too-large", "missing-end-mark"}


def test_a_field_without_end() -> None:
    (record,) = hprim_sante.read(message(f"OBX|1|ST|RMQ~R~L||{'x' * 2 * MEGABYTE}||||||F"))
    assert len(record.results[0].value or "") == hprim_sante_segments.MAX_TEXT
    assert codes(record) == ["too-large"]


def test_values_beyond_the_counted_repetitions_are_kept() -> None:
    told = "^".join(f"v{n}" for n in range(500))
    (record,) = hprim_sante.read(message(f"OBX|1|ST|RMQ~R~L||{told}||||||F"))
    value = record.results[0].value or ""
    assert all(f"v{n}" in value for n in (0, 199, 200, 499))


@pytest.mark.parametrize(
    "body",
    [
        "A|x\r\n" * 200_000,
        "stray\n" * 200_000,
        "C|1|L|c\r\n" * 90_000,
        "|" * MEGABYTE,
        "OBX|1|ST|X||" + "^" * MEGABYTE,
        "OBX|1|ST|X||" + "~" * MEGABYTE,
        "OBX|1|ST|X||" + "&" * MEGABYTE,
        "OBX|1|ST|X||" + "\\X41" * 200_000,
        "OBX|1|ST|X||" + "\\F\\" * 200_000,
        "OBX|1|NM|X||1|u|" + "1-" * 200_000,
        "OBX|1|NM|X||1|" + "u" * MEGABYTE + "|1 - 2",
        "OBR|1||" + "~" * 1000 + "|" + "a~b^" * 100_000,
        "P|2|" + "~" * MEGABYTE,
        "L|1||" + "9" * MEGABYTE,
        "L|1||²",
        "H|~^\\&|\r\n" * 60_000,
        "OBX|1|FIC|X||" + "a~b^" * 100_000 + "\r\n",
    ],
    ids=range(17),
)
def test_memory_follows_the_size_of_the_file(body: str) -> None:
    data = build(H, P, OBR) + body.encode()
    assert peak(data) < 90 * MEGABYTE


def test_the_table_of_an_admission_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hprim_sante_shown, "MAX_ROWS", 30)
    (record,) = hprim_sante.read(build(H.replace("|ORU|", "|ADM|"), P, *["AP|1|a|b|c|d"] * 500, L))
    assert record.html.count("<tr>") == 30
    assert "too-large" in codes(record)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_only_declared_faults_escape(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from([case.data for case in (SANTE | XML).values()])))
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(octets) - 1))
        act = data.draw(st.sampled_from(["set", "insert", "delete", "cut"]))
        if act == "set":
            octets[place] = data.draw(st.sampled_from([*b"|~^\\&HPAL\r\n \x000!<>", 0xE9, 0x82]))
        elif act == "insert":
            octets[place:place] = data.draw(st.sampled_from([b"|", b"\r\n", b"A|", b"P|1|", b"L|1\r\n", b"\\F\\", b"H|^~\\&|\r\n", b"<a>"]))
        elif act == "delete":
            del octets[place : place + data.draw(st.integers(1, 30))]
        else:
            del octets[place:]
        if not octets:
            break
    for reader in (hprim_sante.read, hprim_xml.read):
        try:
            reader(bytes(octets))
        except (Unreadable, TooLarge) as fault:
            assert isinstance(fault, Fault)
            assert "ZORBEC" not in fault.detail
    shown = read(bytes(octets), "x")
    assert shown.documents
    for document in shown.documents:
        assert all("ZORBEC" not in w.detail and "LUCIE" not in w.detail for w in document.warnings)


TWO = build(H, P, OBR, SODIUM, SECOND, OBR, POTASSIUM, "L|1")


def _broken() -> Iterator[bytes]:
    """A file of two patients with one octet or two lost, or one changed, each in turn; one line joined to the next, doubled, quoted."""
    for place in range(len(TWO)):
        for new in (b"", b" ", b"\n", b"|", b"p", b"x"):
            yield TWO[:place] + new + TWO[place + 1 :]
        yield TWO[:place] + TWO[place + 2 :]
    lines = TWO.split(b"\r\n")
    for place in range(len(lines)):
        for new in (
            [lines[place]] * 2,
            [b"> " + lines[place]],
            [b"   " + lines[place]],
            [lines[place] + b" " + b"".join(lines[place + 1 : place + 2])],
        ):
            yield b"\r\n".join((*lines[:place], *new, *lines[place + 1 :]))


def test_no_result_passes_to_another_unsaid() -> None:
    """The second patient's result never stands as the first's without a warning that forbids filing."""
    for data in _broken():
        try:
            found = hprim_sante.read(data)
        except Unreadable:
            continue
        for record in found:
            first = record.patient is not None and record.patient.birth_date == "1961-05-04"
            if first and any(result.number == "5.0" for result in record.results):
                assert set(codes(record)) & VETOING, data


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_octets_behind_a_header(octets: bytes) -> None:
    found = hprim_sante.read(build(H, P) + octets)
    assert found[0].patient is not None
    assert [record.number for record in found] == list(range(1, len(found) + 1))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x xmlns="' + NAMESPACE.encode() + b'">&a;</x>', "unsupported"),
        (xml("evenementsPatients", HEADER, EVENT)[:-40], "truncated"),
        (b'<x xmlns="urn:autre"/>', "malformed"),
        (b"", "malformed"),
        (xml("evenementsPatients", "<a>" * 300, "</a>" * 300), "too-large"),
        (xml("evenementsPatients", "<a/>" * 600_000), "too-large"),
    ],
    ids=["document-type", "cut", "no-element", "empty", "deep", "many"],
)
def test_xml_that_is_refused(data: bytes, code: str) -> None:
    with pytest.raises((Unreadable, TooLarge)) as caught:
        hprim_xml.read(data)
    assert caught.value.code == code


def test_a_long_xml_is_shown_in_part_and_says_so() -> None:
    found = hprim_xml.read(xml("evenementsPatients", HEADER, "<piece>", "<ligne>x</ligne>" * 6_000, "</piece>"))
    assert found.html.count("<tr>") == hprim_xml.MAX_ROWS
    assert [w.code for w in found.warnings] == ["too-large"]
    long = hprim_xml.read(xml("evenementsPatients", HEADER, f"<piece>{'QUJD' * 1_000}</piece>"))
    assert len(long.text) < 5_000
    assert [w.code for w in long.warnings] == ["too-large"]
