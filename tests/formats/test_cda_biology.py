"""Results of a CDA: one changed fact changes that fact alone; the public samples are counted apart; hostile trees raise nothing."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.corpus import Case, Json
from tests.corpus.cda_biology_build import (
    LABORATORY,
    battery,
    between,
    bound,
    chapter,
    coded,
    collection,
    comment,
    entry,
    flag,
    isolate,
    observation,
    pq,
    reference,
    report,
    sub_section,
    value,
    when,
)
from tests.corpus.cda_biology_cases import CASES, SODIUM
from tests.needs import samples
from vaguemestre.domain.reading import Result
from vaguemestre.formats import cda_biology, cda_values
from vaguemestre.formats.cda_biology import MOST_HEADINGS, MOST_RESULTS, results

V3 = "{urn:hl7-org:v3}"
PLAIN = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)


def tree(data: bytes) -> etree._Element:
    """The ClinicalDocument of a file, wherever it stands in it."""
    root = etree.fromstring(data.removeprefix(b"\xef\xbb\xbf").lstrip(), PLAIN)
    return root if root.tag == f"{V3}ClinicalDocument" else next(root.iter(f"{V3}ClinicalDocument"))


def labels(root: etree._Element) -> Callable[[str], str | None]:
    return {one.get("ID"): str(one.xpath("string()")) for one in root.iter(f"{V3}*") if one.get("ID")}.get


def read(data: bytes) -> tuple[Result, ...]:
    root = tree(data)
    return results(root, labels(root))


def shown(result: Result) -> Json:
    """A result as the contract's JSON."""
    return dataclasses.asdict(result) | {"group": list(result.group), "translations": [dataclasses.asdict(t) for t in result.translations]}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_results_of_the_corpus(case: Case) -> None:
    assert [shown(one) for one in read(case.data)] == case.expected["documents"][0]["results"]


WHOLE = report(
    chapter(
        "Biochimie",
        sub_section(
            "Sang",
            entry(
                collection(coded("code", "BLD", "Sang total"), when("20240301")),
                battery(
                    coded("code", "24326-1", "Ionogramme"),
                    observation(
                        coded("code", "2951-2", "Sodium", inside=coded("translation", "NA33", "Natrémie", "1.3.6.1.4.1.99990.2")),
                        pq("143", "mmol/L", '<translation value="3.29" code="g/L"/>'),
                        flag("N"),
                        coded("methodCode", "M1", "Potentiométrie"),
                        comment("Contrôlé."),
                        reference(
                            value(
                                "IVL_PQ",
                                bound("low", "136", "mmol/L", '<translation value="3.13" code="g/L"/>')
                                + bound("high", "145", "mmol/L", '<translation value="3.34" code="g/L"/>'),
                            )
                        ),
                    ),
                    time=when("20240302"),
                ),
                isolate(
                    coded("code", "G1", "Bacillus essayensis"),
                    observation(
                        coded("code", "28-1", "Ampicilline"),
                        value("IVL_PQ", bound("high", "0.128", "ug/mL", inclusive="false")),
                        flag("S"),
                        time="",
                        status="active",
                    ),
                    time=when("20240303"),
                ),
            ),
        ),
    )
)


def facts(found: tuple[Result, ...]) -> dict[str, object]:
    return {f"{n}.{name}": fact for n, one in enumerate(found) for name, fact in dataclasses.asdict(one).items()}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("<title>Biochimie", "<title>Hormones", {"0.chapter", "1.chapter"}),
        ("<title>Sang", "<title>Plasma", {"0.group", "1.group"}),
        ('"Ionogramme"', '"Ions"', {"0.group"}),
        ('"Bacillus essayensis"', '"Coccus probatus"', {"1.group"}),
        ('"Sang total"', '"Urine"', {"0.specimen", "1.specimen"}),
        ('"Sodium"', '"Natrium"', {"0.label", "0.code"}),
        ('"2951-2"', '"2951-3"', {"0.code"}),
        ('"Natrémie"', '"Na"', {"0.translations"}),
        ('"143"', '"143.0"', {"0.value", "0.number"}),
        ('"143" unit="mmol/L"', '"143" unit="mEq/L"', {"0.unit", "0.low", "0.high", "0.comment"}),
        ('"3.29"', '"3.30"', {"0.alternative"}),
        ('"3.13"', '"3.14"', {"0.alternative"}),
        ('"136"', '"135"', {"0.low"}),
        ('"145"', '"146"', {"0.high"}),
        ('"N" codeSystem="2.16.840.1.113883.5.83"/><methodCode', '"H" codeSystem="2.16.840.1.113883.5.83"/><methodCode', {"0.flag"}),
        ('"Potentiométrie"', '"Calcul"', {"0.method"}),
        ("Contrôlé.", "Recontrôlé.", {"0.comment"}),
        ('083000+0100"/><value', '083000+0200"/><value', {"0.date"}),
        ('"20240303"', '"20240304"', {"1.date"}),
        ('"20240302"', '"20240304"', set()),  # the battery's result has its own
        ('"20240301"', '"20240304"', set()),  # and what grew has that of its isolate
        ('"active"', '"aborted"', {"1.status"}),
        ('"0.128"', '"0.129"', {"1.value", "1.number"}),
        ('inclusive="false"', 'inclusive="true"', {"1.value", "1.comparator"}),
        ('"ug/mL"', '"mg/L"', {"1.unit"}),
        ('<interpretationCode code="S"', '<interpretationCode code="R"', {"1.flag"}),
    ],
)
def test_one_fact_changes_alone(old: str, new: str, changed: set[str]) -> None:
    before, text = facts(read(WHOLE)), WHOLE.decode()
    assert text.count(old) == 1
    after = facts(read(text.replace(old, new).encode()))
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == changed


def test_the_side_of_a_bound_is_its_sign() -> None:
    low = read(
        WHOLE.replace(b'<high value="0.128"', b'<low value="0.128"').replace(b'inclusive="false"></high>', b'inclusive="false"></low>')
    )
    assert (low[1].comparator, low[1].number, low[1].value) == (">", "0.128", ">0.128")


@pytest.mark.parametrize("folder", ["cda", "cda-2-41"])
def test_as_many_results_as_observations_in_each_sample(folder: str) -> None:
    counted = 0
    for path in sorted((samples() / folder).glob("*.xml")):
        root = tree(path.read_bytes())
        by_xpath = root.xpath("count(//v:observation[v:templateId/@root=$id])", namespaces={"v": "urn:hl7-org:v3"}, id=LABORATORY)
        found = results(root, labels(root))
        assert len(found) == by_xpath, path.name
        counted += len(found)
    assert counted > 50


def _values(folder: Path) -> list[tuple[str, etree._Element, Result]]:
    pairs = []
    for path in sorted(folder.glob("cda*/*.xml")):
        root = tree(path.read_bytes())
        observations = root.xpath("//v:observation[v:templateId/@root=$id]", namespaces={"v": "urn:hl7-org:v3"}, id=LABORATORY)
        pairs += [(path.name, one, result) for one, result in zip(observations, results(root, labels(root)), strict=True)]
    return pairs


def test_values_of_the_samples_by_an_independent_xpath() -> None:
    """Digits, units, signs, references, flags, codes and methods, observation by observation."""
    seen = 0
    for name, one, result in _values(samples()):

        def at(path: str, one: etree._Element = one) -> str | None:
            return str(one.xpath(f"string({path})", namespaces={"v": "urn:hl7-org:v3"})) or None

        assert result.code is not None and (result.code.code, result.code.system) == (at("v:code/@code"), at("v:code/@codeSystem")), name
        digits = at("v:value/@value") or at("v:value/v:low/@value") or at("v:value/v:high/@value")
        assert result.number == digits, name
        assert result.unit == (at("v:value/@unit") or at("v:value/v:low/@unit") or at("v:value/v:high/@unit")), name
        if digits is None:
            assert result.value, name
        else:
            assert result.value == (result.comparator or "") + digits, name
        assert (result.comparator is not None) == bool(
            one.xpath("v:value/*[self::v:low or self::v:high]", namespaces={"v": "urn:hl7-org:v3"})
        )
        assert result.flag == at("v:interpretationCode/@code"), name
        assert result.low == at("v:referenceRange/v:observationRange/v:value/v:low/@value"), name
        assert result.high == at("v:referenceRange/v:observationRange/v:value/v:high/@value"), name
        assert result.status == at("v:statusCode/@code"), name
        assert result.chapter and result.label, name
        seen += 1
    assert seen > 200


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1979", "1979"),
        ("197903", "1979-03"),
        ("19790328", "1979-03-28"),
        ("19790328+0200", "1979-03-28"),
        ("2024010407", "2024-01-04T07"),
        ("202401040735+0100", "2024-01-04T07:35+01:00"),
        ("20240104073501Z", "2024-01-04T07:35:01+00:00"),
        ("20240104073501.5-0330", "2024-01-04T07:35:01.5-03:30"),
        ("2024-01-04", "2024-01-04"),
        ("2024-01-04T07:35:01+01:00", "2024-01-04T07:35:01+01:00"),
        ("20240104073501+01", "2024-01-04T07:35:01+01:00"),
        ("20240104250000", "2024-01-04"),
        ("202401040735+9900", "2024-01-04T07:35"),
        ("19800000", "1980"),
        ("19800400", "1980-04"),
        ("20240230", None),
        ("00000101", None),
        ("20241301", None),
        ("202413", None),
        ("hier", None),
        ("", None),
        ("2024010407350" * 20, None),
        ("٢٠٢٤٠١٠٤", None),
    ],
)
def test_times(text: str, expected: str | None) -> None:
    assert cda_values.moment(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.20", (None, "5.20")),
        ("-0,5", (None, "-0.5")),
        ("+3", (None, "3")),
        (".5", (None, ".5")),
        ("≤ 7", ("<=", "7")),
        (">=7.0", (">=", "7.0")),
        ("1e3", (None, "1000")),
        ("1.50E-4", (None, "0.000150")),
        ("1e31", (None, None)),
        ("1e999999", (None, None)),
        ("NaN", (None, None)),
        ("Infinity", (None, None)),
        ("1 000", (None, None)),
        ("5-10", (None, None)),
        ("٥", (None, None)),
        ("9" * 31, (None, None)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_numbers(text: str | None, expected: tuple[str | None, str | None]) -> None:
    assert cda_values.number(text) == expected


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
