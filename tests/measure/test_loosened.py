"""The measurement must notice: each row or comparison of the policy, loosened, makes it file wrongly or file what a person must see."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.population_documents import Written, documents, world
from tests.measure.judging import Base, as_read, figures, judged
from vaguemestre.domain import matching, matching_case, matching_comparison, matching_table, person
from vaguemestre.domain.matching_comparison import Comparison, Given
from vaguemestre.domain.matching_nouns import DIFFERS, EQUAL, NEAR
from vaguemestre.domain.reading import Document

Patch = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def desk() -> tuple[Base, list[Written], list[Document]]:
    of = world(seed=31, size=1_500, outside=300)
    written = documents(of, 1_000, seed=5, size=600)
    return Base(of), written, [as_read(one) for one in written]


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
        "family", lambda c: any(matching_comparison.distance(a, b) <= 2 for a in c.mine.families for b in c.theirs.families)
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


@pytest.mark.parametrize("name", LOOSENED)
def test_a_looser_policy_is_noticed(name: str, desk: tuple[Base, list[Written], list[Document]], monkeypatch: pytest.MonkeyPatch) -> None:
    base, written, read = desk
    LOOSENED[name](monkeypatch)
    found = figures(base, written, [judged(base, one, document) for one, document in zip(written, read, strict=True)])
    rushed = [kind for kind in found.not_owed if kind.split()[-1] in {"A", "E"}]
    assert found.wrong or rushed


def test_the_policy_as_it_is_files_nothing_wrongly(desk: tuple[Base, list[Written], list[Document]]) -> None:
    base, written, read = desk
    found = figures(base, written, [judged(base, one, document) for one, document in zip(written, read, strict=True)])
    assert (found.wrong, dict(found.not_owed)) == ([], {})


def test_the_words_used_here_exist() -> None:
    assert {EQUAL, NEAR, DIFFERS} == {"equal", "near", "differs"}
    assert Given.of("JEAN", ()).first == "JEAN"
