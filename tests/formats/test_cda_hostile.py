"""CDA documents that are cut, deep, long, mutated or not what they say: only declared faults escape, in bounded time."""

from __future__ import annotations

import copy
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.corpus.cda_build import (
    document,
    encoded,
    section,
    structured,
    target,
    wrapped,
)
from tests.formats.test_cda import WHOLE, codes, facts, read
from tests.formats.test_cda_golden import shown
from tests.formats.test_cda_narrative import assert_clean
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.domain.person import INS_OIDS
from vaguemestre.formats import cda


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("no CDA", "<a/>", "malformed"),
        ("no namespace", document().replace(' xmlns="urn:hl7-org:v3"', "", 1), "malformed"),
        ("another namespace", document().replace("urn:hl7-org:v3", "urn:hl7-org:v2"), "malformed"),
        ("document type", "<!DOCTYPE ClinicalDocument>" + document(), "unsupported"),
        ("cut", document()[:-400], "truncated"),
    ],
)
def test_what_is_no_cda_is_refused(name: str, text: str, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        cda.read(encoded(text, declared=None))
    assert caught.value.code == code


def test_a_stylesheet_is_never_run() -> None:
    found = read(wrapped(WHOLE))
    assert facts(found) == facts(read(WHOLE))


DEEP = "<content>" * 150 + "fond" + "</content>" * 150
LISTS = "<list><item>" * 85 + "fond" + "</item></list>" * 85
SECTIONS = "<section><title>S</title><component>" * 90 + "<section><text>fond</text></section>" + "</component></section>" * 90


@pytest.mark.parametrize("body", [structured(section("T", DEEP)), structured(section("T", LISTS)), structured(SECTIONS)])
def test_deep_documents_keep_their_words(body: str) -> None:
    found = read(document(body))
    assert found.text.endswith("fond") and "fond" in found.html


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("siblings", structured(section("T", "<br/>" * 120_000))),
        ("rows", structured(section("T", "<table><tbody>" + "<tr><td>x</td></tr>" * 50_000 + "</tbody></table>"))),
        ("cells", structured(section("T", "<table><tr>" + "<td/>" * 100_000 + "</tr></table>"))),
        ("labels", structured(section("T", "".join(f'<content ID="i{n}">x</content>' for n in range(100_000))))),
        ("words", structured(section("T", "&amp;" * 3_000_000))),
        ("blanks", structured(section("T", " \n" * 3_000_000 + "x"))),
        ("ids", None),
        ("sections", structured(*["<section><title>T</title></section>"] * 60_000)),
    ],
)
def test_long_documents_are_read_in_time(name: str, body: str | None) -> None:
    text = document(patient=target(ids="<id root='1' extension='2'/>" * 100_000)) if body is None else document(body)
    start = time.process_time()
    found = read(text)
    assert time.process_time() - start < 5
    assert len(found.text) <= 2_000_100 and len(found.html) < 12_000_000
    if name == "words":
        assert codes(found) == ["too-large"]


PIECES = sorted(set(re.findall(r"<[^>]+>", WHOLE)))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_only_declared_faults_escape(data: st.DataObject) -> None:
    """Tags dropped, doubled, moved and exchanged; attributes spoilt; octets changed."""
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 4))):
        piece = data.draw(st.sampled_from(PIECES))
        other = data.draw(
            st.sampled_from([*PIECES, "", "<a/>", "x", piece * 2, piece.replace('"', "&#34;x", 1), piece.replace("=", "=\n")])
        )
        text = text.replace(piece, other, data.draw(st.integers(1, 2)))
    octets = bytearray(encoded(text))
    for _ in range(data.draw(st.integers(0, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        cda.read(bytes(octets[: data.draw(st.sampled_from([len(octets), len(octets) // 2]))]))
    except (Unreadable, TooLarge) as fault:
        assert isinstance(fault, Fault) and "ZORBEC" not in fault.detail


VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=40), st.from_regex(r"[0-9+. -]{0,30}", fullmatch=True)
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(set(re.findall(r'(?<==")[^"]*(?=")', WHOLE)) - {"urn:hl7-org:v3"})), VALUES)
def test_no_value_makes_it_fall(old: str, new: str) -> None:
    safe = new.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    try:
        found = read(WHOLE.replace(f'"{old}"', f'"{safe}"'))
    except Unreadable:
        return
    assert found.version is None or found.version >= 0


def mutate(root: etree._Element, data: st.DataObject) -> None:
    """One element lost, doubled, moved, renamed, emptied or given another's attributes."""
    elements = [one for one in root.iter() if one is not root]
    if not elements:
        return
    one, other = data.draw(st.sampled_from(elements)), data.draw(st.sampled_from(elements))
    act = data.draw(st.sampled_from(["drop", "double", "move", "rename", "space", "empty", "attributes", "text"]))
    parent = one.getparent()
    assert parent is not None
    if act == "drop":
        parent.remove(one)
    elif act == "double":
        parent.append(copy.deepcopy(one))
    elif act == "move" and one not in other.iterancestors() and one is not other:
        other.append(one)
    elif act == "rename":
        one.tag = other.tag
    elif act == "space":
        one.tag = f"{{urn:x}}{etree.QName(one).localname}"
    elif act == "empty":
        del one[:]
        one.text = None
    elif act == "attributes":
        for name in list(one.attrib):
            del one.attrib[name]
        for name, value in other.attrib.items():
            one.set(name, value)
    elif act == "text":
        one.text = one.tail = data.draw(VALUES)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_becomes_of_its_elements_it_is_read(data: st.DataObject) -> None:
    root = etree.fromstring(encoded(WHOLE))
    for _ in range(data.draw(st.integers(1, 8))):
        mutate(root, data)
    found = cda.read(etree.tostring(root))
    assert_clean(found.html)
    told = shown(found)
    for name in ("id", "set_id", "replaces", "title", "date"):
        assert told[name] is None or (isinstance(told[name], str) and told[name])
    if found.patient is not None:
        assert found.patient.sex in {"M", "F", "U", None}
        assert found.patient.ins is None or (len(found.patient.ins.value) == 15 and found.patient.ins.oid in INS_OIDS)
