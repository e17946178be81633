"""The measurement must notice: each row or comparison of the policy, loosened, makes it file wrongly or file what a person must see.

Over every format together, and over each of those that state an INS alone, but for the rows that look at what it does not tell.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence

import pytest

from bench.population_documents import Written, documents, world
from tests.measure.judging import Base, Figures, Opened, figures, judged, opened
from vaguemestre.domain import matching, matching_case, matching_names, matching_table, person
from vaguemestre.domain.matching_comparison import Comparison
from vaguemestre.domain.matching_names import Given
from vaguemestre.domain.matching_nouns import DIFFERS, EQUAL, NEAR

Patch = Callable[[pytest.MonkeyPatch], None]


class Desk:
    """Documents of known truth, read once, and what the policy as it is makes of them."""

    def __init__(self, base: Base, written: Sequence[Written], found: Sequence[Opened]) -> None:
        self.base, self.written, self.found = base, written, found
        self.usual = self._noticed()

    def figures(self) -> Figures:
        matches = [judged(self.base, one, each) for one, each in zip(self.written, self.found, strict=True)]
        return figures(self.base, self.written, matches)

    def _noticed(self) -> collections.Counter[str]:
        """Kinds filed wrongly, or filed by rule A or E though a person must see them."""
        found = self.figures()
        rushed = {kind: count for kind, count in found.not_owed.items() if kind.split()[-1] in {"A", "E"}}
        return collections.Counter(found.wrong) + collections.Counter(rushed)

    def noticed(self) -> collections.Counter[str]:
        """What comes on top of the policy as it is."""
        return self._noticed() - self.usual


@pytest.fixture(scope="module")
def desk() -> Desk:
    of = world(seed=31, size=1_500, outside=300)
    written = documents(of, 3_000, seed=5, size=600)
    return Desk(Base(of), written, [opened(one) for one in written])


@pytest.fixture(scope="module")
def alone(desk: Desk) -> dict[str, Desk]:
    """The documents of each format."""
    found = {}
    for family in ("cda", "hl7v2", "sante", "fhir"):
        kept = [(one, each) for one, each in zip(desk.written, desk.found, strict=True) if one.paper.family == family]
        found[family] = Desk(desk.base, [one for one, _ in kept], [each for _, each in kept])
    return found


def _without(table: str, *names: str) -> Patch:
    known = getattr(matching, table)
    assert set(names) <= {row.name for row in known}
    return lambda patch: patch.setattr(matching, table, tuple(row for row in getattr(matching, table) if row.name not in names))


def _all(*patches: Patch) -> Patch:
    """Where one row guards what another lets through, both are loosened: one alone files nothing wrongly, and the row's own test tells."""

    def loosened(patch: pytest.MonkeyPatch) -> None:
        for one in patches:
            one(patch)

    return loosened


def _verdict(trait: str, wider: Callable[[Comparison], bool]) -> Patch:
    """The trait counts as equal wherever `wider` holds too."""
    kept = Comparison.__dict__[trait].func

    def loosened(self: Comparison) -> str:
        verdict = kept(self)
        return EQUAL if verdict != EQUAL and wider(self) else verdict

    return lambda patch: patch.setattr(Comparison, trait, property(loosened))


def _first_of_several(patch: pytest.MonkeyPatch) -> None:
    rows = []
    for row in matching_table.RULES:
        if row.name == "E":
            changed = matching_table.dataclasses.replace(row, applies=lambda k, _: bool(k.exact) and k.circumstances.sender_known)
            rows.append(changed)
        else:
            rows.append(row)
    patch.setattr(matching, "RULES", tuple(rows))


def _any_sender(patch: pytest.MonkeyPatch) -> None:
    rows = [
        matching_table.dataclasses.replace(row, applies=lambda k, _: len(k.exact) == 1) if row.name == "E" else row
        for row in matching_table.RULES
    ]
    patch.setattr(matching, "RULES", tuple(rows))


def _a_without_traits(patch: pytest.MonkeyPatch) -> None:
    wide = lambda c: c.ins == EQUAL and c.chart.ins_status == "qualified"  # noqa: E731
    patch.setattr(matching_case, "fits_a", wide)
    patch.setattr(matching, "RULES", tuple(row for row in matching_table.RULES if row.name != "C"))


def _text_as_fields(patch: pytest.MonkeyPatch) -> None:
    kept = matching_case.Case.__init__

    def trusting(self: matching_case.Case, patient: object, *others: object) -> None:
        kept(self, matching_table.dataclasses.replace(patient, from_fields=True), *others)  # type: ignore[type-var, arg-type]

    patch.setattr(matching_case.Case, "__init__", trusting)


LOOSENED: dict[str, Patch] = {
    "no twin doubt": _without("DOUBTS", "twin"),
    "no NIR doubt": _without("DOUBTS", "nir"),
    "no local code doubt": _without("DOUBTS", "local-code"),
    "no guessed names doubt": _without("DOUBTS", "names-guessed"),
    "no alert on another's INS": _all(
        _without("RULES", "C"), _without("DOUBTS", "ins-differs", "ins-other-chart", "ins-of-another", "twin")
    ),
    "no alert on two persons": _all(_without("RULES", "G"), _without("DOUBTS", "ins-differs", "birth-place", "nir", "given-names")),
    "no birth date veto": _all(_without("VETOES", "birth-date"), _verdict("date", lambda c: not c.mine.date_told)),
    "birth date by its year": _verdict("date", lambda c: c.mine.date_told[:4] == c.theirs.date_told[:4]),
    "birth date near": _verdict("date", lambda c: sum(a != b for a, b in zip(c.mine.date_told, c.theirs.date_told, strict=False)) <= 1),
    "given name near": _verdict("given", lambda c: c.mine.given.near(c.theirs.given)),
    "given name by its initial": _verdict("given", lambda c: c.mine.given.first[:1] == c.theirs.given.first[:1]),
    "any given name": _verdict("given", lambda _: True),
    "family name near": _verdict(
        "family", lambda c: any(matching_names.distance(a, b) <= 2 for a in c.mine.families for b in c.theirs.families)
    ),
    "any family name": _verdict("family", lambda _: True),
    "any sex": _verdict("sex", lambda c: bool(c.mine.sex)),
    "the first of several": _all(_first_of_several, _without("DOUBTS", "twin")),
    "any sender": _any_sender,
    "INS without traits": _a_without_traits,
    "running text as fields": _text_as_fields,
    "no veto on flagged charts": _without("VETOES", *person.CHART_FLAGS),
    "no veto on test identities": _without("VETOES", "test-identity"),
    "no veto on cut messages": _without("VETOES", "truncated", "missing-end-mark"),
}


NOT_TOLD = frozenset({"no NIR doubt", "running text as fields"})
"""Here these formats state an INS and, but for some HL7 v2, no NIR, and their patient in fields."""
TOO_FEW = {"sante": frozenset({"no twin doubt"}), "fhir": frozenset({"no twin doubt", "birth date by its year", "family name near"})}
"""What only a few documents can show, of the fewer documents of a format."""


@pytest.mark.parametrize("name", LOOSENED)
def test_a_looser_policy_is_noticed(name: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    LOOSENED[name](monkeypatch)
    assert desk.noticed()


@pytest.mark.parametrize("family", ["cda", "hl7v2", "sante", "fhir"])
@pytest.mark.parametrize("name", [name for name in LOOSENED if name not in NOT_TOLD])
def test_a_looser_policy_is_noticed_over_one_format_alone(
    name: str, family: str, alone: dict[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    LOOSENED[name](monkeypatch)
    assert alone[family].noticed() or name in TOO_FEW.get(family, ())


@pytest.mark.parametrize("name", sorted(NOT_TOLD))
def test_what_no_cda_tells_changes_nothing_over_cda_alone(name: str, alone: dict[str, Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    LOOSENED[name](monkeypatch)
    assert not alone["cda"].noticed()


def test_the_policy_as_it_is_files_nothing_wrongly(desk: Desk) -> None:
    found = desk.figures()
    assert (found.wrong, dict(found.not_owed)) == ([], {})


def test_the_words_used_here_exist() -> None:
    assert {EQUAL, NEAR, DIFFERS} == {"equal", "near", "differs"}
    assert Given.of("JEAN", ()).first == "JEAN"
