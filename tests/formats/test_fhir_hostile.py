"""FHIR made to harm: bounds before the parse, faults that are declared, time that stays in proportion (architecture, promise 8)."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.fhir_build import as_json, as_xml, base64_of, bundle, concept, lucie, observation, quantity, report
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.formats import fhir, fhir_json
from vaguemestre.formats.fhir_json import MAX_DEPTH, MAX_MARKS, Number

WHOLE = bundle(
    lucie(),
    report("glu", conclusion="Sans particularité.", presentedForm=[{"contentType": "text/plain", "data": base64_of(b"Rien.")}]),
    observation("glu", concept("2345-7", "Glucose"), valueQuantity=quantity("5.40", "mmol/L", "mmol/L")),
)
JSON, XML = as_json(WHOLE), as_xml(WHOLE)


def test_numbers_stay_as_written() -> None:
    parsed = fhir_json.parse(b'{"a": 5.40, "b": [1e5, -0.0, 12345678901234567890123456789.10]}')
    assert parsed.root == {"a": "5.40", "b": ["1e5", "-0.0", "12345678901234567890123456789.10"]}
    assert isinstance(parsed.root["a"], Number)


def test_a_number_of_a_million_digits_is_text() -> None:
    assert fhir_json.parse(b'{"a": ' + b"9" * 1_000_000 + b"}").root["a"] == "9" * 1_000_000


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_number_is_refused(number: bytes) -> None:
    with pytest.raises(Unreadable, match="NaN"):
        fhir_json.parse(b'{"a": ' + number + b"}")


@pytest.mark.parametrize("opening", [b'{"a":', b"[", b'{"a":['])
def test_depth_is_counted_before_the_parse(opening: bytes) -> None:
    for times in (MAX_DEPTH + 1, 200_000):
        with pytest.raises(TooLarge):
            fhir_json.parse(b'{"x":' + opening * times)


def test_brackets_in_strings_are_no_depth() -> None:
    assert fhir_json.parse(b'{"a": "' + b"[{" * 5_000 + rb"\"\\" + b'"}').root["a"] == "[{" * 5_000 + '"\\'


def test_depth_at_the_bound_is_read() -> None:
    whole = b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH
    assert fhir_json.parse(whole).root
    with pytest.raises(TooLarge):
        fhir_json.parse(b'{"a":' + whole + b"}")


def test_marks_are_counted_before_the_parse() -> None:
    for inner in (b"1," * (MAX_MARKS + 1), b'"",' * (2 * MAX_MARKS + 1), b"{}" * (MAX_MARKS + 1)):
        tracemalloc.start()
        with pytest.raises(TooLarge):
            fhir_json.parse(b'{"a":[' + inner + b"1]}")
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "malformed"),
        (b"{", "truncated"),
        (JSON[: len(JSON) // 2], "truncated"),
        (XML[: len(XML) // 2], "truncated"),
        (b'{"a": 1} x}', "malformed"),
        (b'{"resourceType": 5}', "malformed"),
        (b'{"resourceType": {"a": 1}}', "malformed"),
        (b'{"a": "\x01"}', "malformed"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Bundle xmlns="http://hl7.org/fhir"/>', "unsupported"),
        (b'<Bundle xmlns="urn:autre"/>', "malformed"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, code: str) -> None:
    with pytest.raises(Fault) as raised:
        fhir.read(data)
    assert raised.value.code == code


def test_halves_of_a_pair_and_controls_reach_nobody() -> None:
    (found,) = fhir.read(rb'{"resourceType": "DiagnosticReport", "conclusion": "a\ud800b\u0000c", "note": [{"text": "\udfff"}]}').documents
    assert found.text.startswith("Conclusion\na\ufffdb\ufffdc")
    found.text.encode("utf-8")
    found.html.encode("utf-8")


def test_a_member_said_twice_is_told() -> None:
    (found,) = fhir.read(b'{"resourceType": "DiagnosticReport", "conclusion": "A", "conclusion": "B"}').documents
    assert ("A" in found.text, "B" in found.text) == (True, False)
    assert [warning.code for warning in found.warnings] == ["duplicate-name"]


def test_a_subject_said_twice_in_xml_is_told() -> None:
    data = XML.replace(
        b'<subject><reference value="Patient/lucie">',
        b'<subject><reference value="Patient/x"/></subject>' * 1 + b'<subject><reference value="Patient/lucie">',
        1,
    )
    assert data != XML
    assert any(warning.code == "several-patients" for warning in fhir.read(data).documents[0].warnings)


def test_results_that_each_list_all_others_are_read_once() -> None:
    members = [{"reference": f"Observation/{n}"} for n in range(200)]
    ring = [observation(str(n), concept(str(n), f"R{n}", None), valueString="x", hasMember=members) for n in range(200)]
    (found,) = fhir.read(as_json(bundle(lucie(), report(*map(str, range(200)), performer=None), *ring))).documents
    assert len(found.results) == 200


def test_bundles_in_bundles_end() -> None:
    whole: dict[str, Any] = bundle(report(conclusion="A", result=None, performer=None, subject=None))
    for _ in range(8):
        whole = bundle(whole)
    (found,) = fhir.read(as_json(whole)).documents
    assert [warning.code for warning in found.warnings] == ["too-large", "malformed"]


def test_files_have_one_bound() -> None:
    form = {"contentType": "text/plain", "data": base64_of(b"x")}
    (found,) = fhir.read(as_json(report(result=None, subject=None, presentedForm=[form] * 300))).documents
    assert len(found.embedded) == 200
    assert "too-large" in [warning.code for warning in found.warnings]


def test_base64_that_is_cut_gives_what_there_is() -> None:
    form = {"contentType": "text/plain", "data": base64_of(b"Tout va bien.")[:-3]}
    (found,) = fhir.read(as_json(report(result=None, subject=None, presentedForm=[form]))).documents
    assert found.text.startswith("Tout va bie")
    assert "malformed" in [warning.code for warning in found.warnings]


def test_documents_have_a_bound() -> None:
    many = [report(id=str(n), result=None, performer=None, subject=None, conclusion="A") for n in range(230)]
    found = fhir.read(as_json(bundle(*many))).documents
    assert len(found) == fhir.MAX_DOCUMENTS
    assert "too-large" in [warning.code for warning in found[0].warnings]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["Patient/lucie", "#a", "Observation/glu", "urn:oid:1.2.250.1.213.1.4.8", "261059999012394", "5.40", "<", "official"]),
)
NAMES = st.sampled_from(
    [
        *(
            "resourceType",
            "id",
            "entry",
            "resource",
            "fullUrl",
            "type",
            "subject",
            "reference",
            "identifier",
            "system",
            "value",
            "name",
            "use",
            "family",
            "given",
            "extension",
        ),
        *(
            "url",
            "birthDate",
            "gender",
            "result",
            "hasMember",
            "component",
            "code",
            "coding",
            "text",
            "div",
            "valueQuantity",
            "valueRange",
            "valueString",
            "low",
            "high",
            "referenceRange",
        ),
        *(
            "contained",
            "section",
            "content",
            "attachment",
            "data",
            "presentedForm",
            "status",
            "meta",
            "versionId",
            "relatesTo",
            "target",
            "note",
            "performer",
            "period",
            "end",
            "effectivePeriod",
        ),
    ]
)
KINDS = st.sampled_from(["Bundle", "Patient", "DiagnosticReport", "Observation", "Composition", "DocumentReference", "Binary", "Other"])
TREES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=6)), max_leaves=40
)


@given(KINDS, st.dictionaries(NAMES, TREES, max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_tree_of_known_names_is_read_or_refused(kind: str, members: dict[str, Any]) -> None:
    whole = {"resourceType": "Bundle", "entry": [{"resource": members | {"resourceType": kind}}]}
    for one in (whole, members | {"resourceType": kind}):
        assert fhir.read(json.dumps(one).encode()).documents


@pytest.mark.parametrize("whole", [JSON, XML], ids=["json", "xml"])
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_changed_octets_raise_only_declared_faults(whole: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(0, 40))
    put: Callable[[], bytes] = lambda: data.draw(st.binary(max_size=20))  # noqa: E731
    try:
        found = fhir.read(whole[:place] + put() + whole[place + length :])
    except Fault:
        return
    assert found.documents
    for one in found.documents:
        (one.text + one.html).encode("utf-8")
