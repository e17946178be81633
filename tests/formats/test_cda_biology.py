"""Results of a CDA: one changed fact changes that fact alone; the public samples are counted apart."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from lxml import etree

from tests.corpus import Case, Json
from tests.corpus.cda_biology_build import LABORATORY
from tests.corpus.cda_biology_cases import CASES
from tests.formats.biology_reports import WHOLE, labels, read, tree
from tests.needs import samples
from vaguemestre.domain.reading import Result
from vaguemestre.formats.cda_biology import results


def shown(result: Result) -> Json:
    """A result as the contract's JSON."""
    return dataclasses.asdict(result) | {"group": list(result.group), "translations": [dataclasses.asdict(t) for t in result.translations]}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_results_of_the_corpus(case: Case) -> None:
    assert [shown(one) for one in read(case.data)] == case.expected["documents"][0]["results"]


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
