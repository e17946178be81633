"""The measurement of formats.md 6.5, on both sides: what is filed wrongly, and what is left over. Run with -s to see the figures.

10,000 documents that state no INS and 10,000 that state one, each a file as it comes, read by our reader.
"""

from __future__ import annotations

import collections
import dataclasses

import pytest

from bench.population_cda import BODIES
from bench.population_documents import World, Written, with_ins, without_ins, world
from bench.population_envelopes import ENVELOPES
from bench.population_letters import LETTERS
from tests.measure.judging import Base, Figures, Opened, figures, judged, opened
from vaguemestre.domain.matching import Match
from vaguemestre.domain.reading import Document

DOCUMENTS = 10_000
MEASUREMENTS = ("without INS", "with INS")
FAMILIES = ("cda", "hprim", "sante", "hl7v2", "fhir")
"""The formats that tell their patient in fields: see `Paper.family`."""
CUT = frozenset({"cut-above", "cut-in-body"})
"""CDA of which the reader understands nothing but whom a whole header names."""

RESEMBLING = {
    "without INS": {"stranger-homonym", "near-twin", "twin-slip-between"},
    "with INS": {"ins-stranger-homonym", "parents-ins"},
}
"""Whose documents may be proposed for another's chart, with its doubt: those who bear its very traits but for what raises that doubt, or
nearly, and a slip between the names of two twins."""


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    base: Base
    written: list[Written]
    opened: list[Opened]
    matches: list[Match]
    figures: Figures

    def of(self, family: str) -> Figures:
        """Over the documents of a format alone."""
        kept = [(one, match) for one, match in zip(self.written, self.matches, strict=True) if one.paper.family == family]
        return figures(self.base, [one for one, _ in kept], [match for _, match in kept])


@pytest.fixture(scope="module")
def practice() -> World:
    return world(seed=20261121)


@pytest.fixture(scope="module", params=MEASUREMENTS)
def measured(request: pytest.FixtureRequest, practice: World) -> Measured:
    written = without_ins(practice, DOCUMENTS, seed=7) if request.param == "without INS" else with_ins(practice, DOCUMENTS, seed=8)
    base = Base(practice)
    found = [opened(one) for one in written]
    matches = [judged(base, one, each) for one, each in zip(written, found, strict=True)]
    whole = Measured(base, written, found, matches, figures(base, written, matches))
    print(f"\n{request.param}: {whole.figures}")
    for family in sorted({one.paper.family for one in written}):
        print(f"{request.param}, {family} alone: {whole.of(family)}")
    return whole


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Which of the two measurements this is."""
    return str(request.node.callspec.params["measured"])


def test_nothing_is_filed_wrongly(measured: Measured) -> None:
    assert measured.figures.wrong == []


def test_qualified_ins_is_filed(measured: Measured, name: str) -> None:
    if name == "without INS":
        assert "A" not in measured.figures.filed
        assert not any(match.rule == "A" for match in measured.matches)
        return
    assert measured.figures.filed["A"][1] == DOCUMENTS / 4
    assert measured.figures.share("A") >= 0.99


@pytest.mark.parametrize("family", FAMILIES)
def test_clean_documents_of_known_senders_are_filed(measured: Measured, name: str, family: str) -> None:
    found = measured.of(family)
    if name == "with INS" and family == "hprim":
        assert "clean" not in found.filed  # HPRIM Médecin has no place for an INS
        return
    assert found.filed["clean"][1] >= DOCUMENTS / 50
    assert found.share("clean") >= 0.95


@pytest.mark.parametrize("family", FAMILIES)
def test_qualified_ins_is_filed_in_every_format_that_has_a_place_for_it(measured: Measured, name: str, family: str) -> None:
    found = measured.of(family)
    if name == "without INS" or family == "hprim":
        assert "A" not in found.filed
        return
    assert found.filed["A"][1] >= DOCUMENTS / 50
    assert found.share("A") >= 0.99


@pytest.mark.parametrize("family", [*FAMILIES, "prose"])
def test_the_right_patient_is_first(measured: Measured, name: str, family: str) -> None:
    found = measured.of(family)
    if name == "with INS" and family == "hprim":
        assert found.documents == 0
        return
    assert found.first[1] >= DOCUMENTS / 200
    assert found.share_first >= 0.95


def test_of_all_that_is_left_to_a_person_the_right_patient_is_first(measured: Measured) -> None:
    assert measured.figures.first[1] >= DOCUMENTS / 10
    assert measured.figures.share_first >= 0.95


def test_every_hard_kind_lists_the_right_patient_first(measured: Measured) -> None:
    """Nine in ten of each kind alone: a kind that is always missed would hide among twenty."""
    first: dict[str, list[bool]] = {}
    for one, match in zip(measured.written, measured.matches, strict=True):
        if match.decision != "filed" and one.owner:
            hit = bool(match.candidates) and match.candidates[0].ref == one.owner
            first.setdefault(one.kind, []).append(hit)
    assert {kind: sum(hits) / len(hits) for kind, hits in first.items() if len(hits) >= 20 and sum(hits) < 0.9 * len(hits)} == {}


def test_what_a_person_must_see_is_not_filed(measured: Measured) -> None:
    found = zip(measured.written, measured.matches, strict=True)
    assert [(one.kind, match.rule) for one, match in found if one.owed == "person" and match.decision == "filed"] == []


def test_a_proposal_seldom_preselects_anothers_chart(measured: Measured, name: str) -> None:
    """A stranger with the very traits of a chart is proposed there with its doubt: nothing else may be."""
    misled = measured.figures.misled
    assert set(misled) <= RESEMBLING[name]
    assert misled.total() < DOCUMENTS * 0.03


def test_documents_are_of_every_kind_and_no_two_alike(measured: Measured, name: str) -> None:
    papers = [one.paper for one in measured.written]
    assert len(papers) == len({paper.data for paper in papers}) == DOCUMENTS
    assert {paper.envelope for paper in papers} == set(ENVELOPES)
    groups, letters = {"clean", "hard", "stranger"}, {match.rule[0] for match in measured.matches}
    in_fields = {"sante", "oru", "mdm", "fhir", "fhir-pages", *BODIES}
    forms = collections.Counter(paper.form for paper in papers)
    assert min(forms[form] for form in in_fields) > DOCUMENTS / 50
    if name == "without INS":
        assert set(forms) == {"hprim", "pdf", "words", *in_fields, *LETTERS}
        assert sum(paper.structured for paper in papers) > DOCUMENTS * 0.2 < forms["hprim"]
        assert sum(paper.record > 0 for paper in papers) > DOCUMENTS / 200
        assert {one.group for one in measured.written} == groups
        assert letters == set("EFNP")
    else:
        assert set(forms) == {"pdf", "words", *in_fields, *LETTERS}
        assert {one.group for one in measured.written} == {"A", *groups}
        assert letters == set("ABCEFGNP")


def _levels(document: Document) -> str:
    return {"cda-n1": "1", "cda-n3": "3"}.get(document.format, document.format)


def test_every_document_was_read_as_what_it_is(measured: Measured) -> None:
    """The figures are of documents that our reader opened, not of some that it passed over."""
    expected = {"text": "1", "pages": "1", "letter": "3", "biology": "3", "hprim": "hprim-medecin", "pdf": "pdf", "words": "text"}
    expected |= {"sante": "hprim-sante", "oru": "hl7v2", "fhir": "fhir", "fhir-pages": "fhir"}
    expected |= {"rtf": "rtf", "word": "office", "opendocument": "office", "html": "html"}
    for one, found in zip(measured.written, measured.opened, strict=True):
        document, form = found.document, one.paper.form
        if one.kind in CUT:
            assert not document.understood, one
            assert {w.code for w in document.warnings} & {"truncated", "malformed"}, one
            assert (document.patient is None) is (one.kind == "cut-above"), one
            continue
        assert document.understood, one
        assert _levels(document) in ({"1", "3"} if form == "mdm" else {expected[form]}), one
        assert document.patient is not None, one
        assert document.patient.from_fields is (one.paper.family != "prose"), one
        results = {"biology": {3}, "oru": {3}, "fhir": {3}, "sante": {4}, "hprim": {0, 12}, "mdm": {0, 3}}.get(form, {0})
        assert len(document.results) in results, one


def test_a_number_is_stated_only_where_the_kind_says_so(measured: Measured, name: str) -> None:
    told = [found.document.patient is not None and found.document.patient.ins is not None for found in measured.opened]
    if name == "without INS":
        assert not any(told)
        return
    without = {one.kind for one, ins in zip(measured.written, told, strict=True) if not ins}
    assert without == {"ins-misplaced", "ins-no-key"}
