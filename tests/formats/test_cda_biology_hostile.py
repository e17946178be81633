"""Results of hostile reports: any tree is read without a fault, and the work stays in proportion to what was sent."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.corpus.cda_biology_build import (
    LABORATORY,
    between,
    chapter,
    coded,
    comment,
    entry,
    flag,
    observation,
    pq,
    report,
    value,
)
from tests.corpus.cda_biology_expected import SODIUM
from tests.formats.biology_reports import V3, WHOLE, labels, read, tree
from vaguemestre.formats import cda_biology, cda_values
from vaguemestre.formats.cda_biology import MOST_HEADINGS, MOST_RESULTS, results


def test_many_results_are_cut() -> None:
    one = observation(SODIUM, pq("1", "g/L"))
    assert len(read(report(chapter("A", entry(*[one] * (MOST_RESULTS + 5)))))) == MOST_RESULTS


def test_deep_nesting_is_climbed_and_headings_are_bounded() -> None:
    depth = 900
    battery_ = '<organizer classCode="BATTERY"><code displayName="B"/><component>'
    inner = battery_ * depth + observation(SODIUM, pq("1", "g/L")) + "</component></organizer>" * depth
    start = time.process_time()
    (found,) = read(report(chapter("A", entry(inner))))
    assert time.process_time() - start < 2
    assert found.group == ("B",) * MOST_HEADINGS


def test_observations_inside_observations_do_not_multiply() -> None:
    """Each of a thousand nested observations inherits from all above it: the work and the words stay in proportion."""
    depth = 1_000
    inner = ""
    for n in range(depth):
        link = f'<entryRelationship typeCode="COMP">{inner}</entryRelationship>' if inner else ""
        inner = observation(coded("code", str(n), "N" * 400), pq("1", "g/L"), link)
    start = time.process_time()
    found = read(report(chapter("A", entry(inner))))
    assert time.process_time() - start < 2
    assert len(found) == depth
    assert max(sum(map(len, one.group)) for one in found) == 900  # three headings of 300 characters
    assert max(len(heading) for one in found for heading in one.group) == 300


def test_one_long_paragraph_is_not_copied_without_end() -> None:
    """Twenty thousand results that refer to the same long words bring in a bounded number of characters."""
    one = observation(SODIUM, value("ED", '<reference value="#long"/>'))
    root = tree(report(chapter("A", entry(*[one] * 5_000))))
    found = results(root, {"long": "mot " * 250_000}.get)
    assert len(found) == 5_000
    assert found[0].value is not None and len(found[0].value) == cda_values.MAX_WORDS and found[0].value.endswith("…")
    assert sum(len(one.value or "") for one in found) <= cda_values.MOST_REFERRED + cda_values.MAX_WORDS
    assert found[-1].value is None


def test_many_ranges_values_and_comments_stay_in_proportion() -> None:
    one = observation(
        SODIUM,
        *[pq(str(n), f"u{n}") for n in range(5_000)],
        *[comment(f"c{n}") for n in range(5_000)],
        *[between("1", str(n), "g/L") for n in range(5_000)],
        *[flag("H")] * 5_000,
        *[coded("methodCode", "1", f"m{n}") for n in range(5_000)],
    )
    start = time.process_time()
    (found,) = read(report(chapter("A", entry(one))))
    assert time.process_time() - start < 1
    assert len((found.comment or "").splitlines()) <= 70
    assert found.flag == " ".join("H" * 10)


def test_a_template_said_twice_is_one_result() -> None:
    twice = f'<templateId root="{LABORATORY}"/>'.encode()
    assert len(read(WHOLE.replace(twice, twice * 2))) == len(read(WHOLE)) == 2


def test_a_template_said_again_behind_a_nested_observation_is_one_result() -> None:
    template = f'<templateId root="{LABORATORY}"/>'
    nested = observation(SODIUM, pq("1", "g/L"), f'<entryRelationship typeCode="COMP">{observation(SODIUM)}</entryRelationship>', template)
    assert [one.value for one in read(report(chapter("A", entry(nested))))] == ["1", None]


def test_words_are_read_through_marks_and_comments() -> None:
    inside = "un <b xmlns=''>gros</b><!-- non --> mot<?non non?> ici"
    (found,) = read(report(chapter("A", entry(observation(SODIUM, value("ED", inside))))))
    assert found.value == "un gros mot ici"


def test_nested_values_do_not_copy_the_words_of_all_below() -> None:
    depth = 400
    template = f'<templateId root="{LABORATORY}"/>'
    inner = "mot " * 1_000_000
    for _ in range(depth):
        inner = f"<observation>{template}<value>{inner}</value></observation>"
    root = tree(report(chapter("A", entry(inner))))
    start = time.process_time()
    assert len(results(root, {}.get)) == depth
    assert time.process_time() - start < 2


def test_a_template_elsewhere_is_no_result() -> None:
    """On an act, on a section, at the root; a root of another document's namespace."""
    template = f'<templateId root="{LABORATORY}"/>'
    data = report(chapter("A", entry(f"<act>{template}</act>"))).replace(b"<realmCode", f"{template}<realmCode".encode())
    assert read(data) == ()
    assert results(etree.fromstring(b"<a/>"), {}.get) == ()
    assert results(etree.fromstring(WHOLE.replace(b"urn:hl7-org:v3", b"urn:other")), {}.get) == ()


def test_an_address_is_never_looked_up() -> None:
    asked: list[str] = []
    one = [observation(SODIUM, value("ED", f'<reference value="{name}"/>')) for name in ("https://x.example/a", "#a", "b", "#", "  ")]
    results(tree(report(chapter("A", entry(*one)))), lambda name: asked.append(name) or None)
    assert asked == ["a", "b", ""]


NAMES = [
    "ClinicalDocument", "component", "structuredBody", "section", "title", "text", "entry", "act", "organizer", "observation", "procedure",
    "entryRelationship", "code", "translation", "originalText", "reference", "value", "low", "high", "center", "width", "numerator",
    "denominator", "effectiveTime", "statusCode", "interpretationCode", "methodCode", "referenceRange", "observationRange", "specimen",
    "specimenRole", "specimenPlayingEntity", "participant", "participantRole", "playingEntity", "templateId", "name",
]  # fmt: skip
XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"
ATTRIBUTES = {
    "root": [LABORATORY, cda_biology._CHAPTER, cda_biology._ISOLATE, cda_biology._REMARK],
    "value": ["5", "5.0", "NaN", "1e999999", "20240312", "#a", "a", " ", "9" * 300, "<5"],
    "unit": ["g/L", "1", "{x}", "", "mmol/L"],
    "code": ["N", "completed", "48767-8", "2951-2", ""],
    "displayName": ["Sodium", "  ", "é" * 2_000],
    "typeCode": ["REFR", "COMP", "SUBJ", "PRD"],
    "classCode": ["CLUSTER", "BATTERY", "MIC", "SPEC"],
    "inclusive": ["false", "true", "0", "peut-être"],
    "nullFlavor": ["UNK", "TRC", "NI"],
    "negationInd": ["true"],
    "representation": ["B64", "TXT"],
    XSI: ["PQ", "c:PQ", "IVL_PQ", "CD", "ST", "ED", "TS", "IVL_TS", "RTO_PQ_PQ", ":", "_", "x:y:z", ""],
}


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> etree._Element:
    made = etree.Element(V3 + draw(st.sampled_from(NAMES)))
    for name in draw(st.lists(st.sampled_from(sorted(ATTRIBUTES)), max_size=3)):
        made.set(name, draw(st.sampled_from(ATTRIBUTES[name])))
    made.text = draw(st.sampled_from([None, "", "mots", "  \n ", "5"]))
    for _ in range(draw(st.integers(0, 4 if depth < 5 else 0))):
        kind = draw(st.integers(0, 9))
        if kind == 0:
            made.append(etree.Comment("commentaire"))
        elif kind == 1:
            made.append(etree.ProcessingInstruction("go", "now"))
        else:
            made.append(draw(elements(depth + 1)))
    return made


@settings(max_examples=80, deadline=None)
@given(st.lists(elements(), min_size=1, max_size=6))
def test_any_tree_is_read_without_a_fault(parts: list[etree._Element]) -> None:
    """Every kind of element and attribute in any order, each inside an observation of the template."""
    root = etree.Element(f"{V3}ClinicalDocument")
    for part in parts:
        one = etree.SubElement(root, f"{V3}observation")
        etree.SubElement(one, f"{V3}templateId", root=LABORATORY)
        one.append(part)
    found = results(root, {"a": "mots du récit"}.get)
    assert len(found) == root.xpath("count(//v:observation[v:templateId/@root=$id])", namespaces={"v": "urn:hl7-org:v3"}, id=LABORATORY)
    for one in found:
        assert one.number is None or cda_values.number(one.number)[1] == one.number
        assert one.comparator is None or one.number is not None
        for fact in (one.chapter, one.label, one.value, one.unit, one.low, one.high, one.flag, one.date, one.comment, one.specimen):
            assert fact is None or (fact.strip() and len(fact) < 200_000)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_report_is_read_without_a_fault(data: st.DataObject) -> None:
    """Elements of a whole report moved, removed, renamed, their attributes changed."""
    root = tree(WHOLE)
    for _ in range(data.draw(st.integers(1, 12))):
        all_ = list(root.iter(f"{V3}*"))[1:]
        if not all_:
            break
        one = all_[data.draw(st.integers(0, len(all_) - 1))]
        act = data.draw(st.sampled_from(["remove", "rename", "attribute", "text", "move"]))
        if act == "remove":
            one.getparent().remove(one)
        elif act == "rename":
            one.tag = V3 + data.draw(st.sampled_from(NAMES))
        elif act == "attribute":
            name = data.draw(st.sampled_from(sorted(ATTRIBUTES)))
            one.set(name, data.draw(st.sampled_from(ATTRIBUTES[name])))
        elif act == "text":
            one.text = data.draw(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="￾￿"), max_size=20))
        else:
            target = all_[data.draw(st.integers(0, len(all_) - 1))]
            if target is not one and one not in target.iterancestors():
                target.append(one)
    found = results(root, labels(root))
    assert len(found) == root.xpath("count(//v:observation[v:templateId/@root=$id])", namespaces={"v": "urn:hl7-org:v3"}, id=LABORATORY)
