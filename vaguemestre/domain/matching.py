"""Whose document is it? The filing policy of formats.md 6.5, applied: pure, deterministic, no clock, no learned score.

`lookup` says which charts the records must give, `decide` holds them against the stated identity and walks the one table of rules, doubts
and vetoes in `matching_table`; what the text leaves open and how it was closed is said there.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from vaguemestre.domain import person
from vaguemestre.domain.matching_case import Case, closeness
from vaguemestre.domain.matching_comparison import Comparison, Identity
from vaguemestre.domain.matching_nouns import TRAITS, Candidate, Chart, Circumstances, Evidence, Lookup, Match
from vaguemestre.domain.matching_table import DOUBTS, REASONS, RULES, TABLE, VETOES, Row, Target
from vaguemestre.domain.reading import StatedPatient

__all__ = ["REASONS", "TABLE", "TRAITS", "Candidate", "Chart", "Circumstances", "Evidence", "Lookup", "Match", "decide", "lookup"]

MOST_CANDIDATES = 5

_AUTOMATIC = {"AE": frozenset("AE"), "A": frozenset("A"), "E": frozenset("E")}


@functools.lru_cache(maxsize=256)
def lookup(stated: StatedPatient | None) -> Lookup:
    """What the records must be asked. The stated NIR is looked for among INS too: for most adults they are the same digits.

    Kept for a batch's time: it is asked for all its documents together, then for each."""
    if stated is None:
        return Lookup((), (), ())
    mine = Identity.stated(stated)
    nirs = (nir + person.matricule_key(nir) for nir in mine.nirs)
    names = (*mine.families, mine.given.first)
    return Lookup(
        ins=tuple(dict.fromkeys(value for value in (mine.ins, *nirs) if 0 < len(value) <= 15)),
        birth_dates=(mine.date,) if mine.date else (),
        names=tuple(dict.fromkeys(name for name in names if name)),
    )


def decide(stated: StatedPatient | None, charts: Sequence[Chart], circumstances: Circumstances) -> Match:
    """What becomes of one document. `charts`: what the records answered to `lookup`, in any order, others among them or not."""
    if stated is None or _tells_nothing(stated):
        return _without_identity(circumstances)
    case = Case(stated, sorted(_decisive(stated, charts), key=lambda chart: chart.id), circumstances)
    match = _judge(case)
    if match.decision == "filed" or len(case.comparisons) == len(charts):
        return match
    return _judge(Case(stated, sorted(charts, key=lambda chart: chart.id), circumstances))


def _decisive(stated: StatedPatient, charts: Sequence[Chart]) -> list[Chart]:
    """The charts that can file, alert or raise a doubt: those of the stated birth date, INS or NIR. All others only lengthen the list of
    candidates, so that a common name need not be compared a hundred times before a plain filing."""
    mine = Identity.stated(stated)
    numbers = {mine.ins[:13], *mine.nirs} - {""}
    return [
        chart
        for chart in charts
        if (mine.date and _day(chart.birth_date) == mine.date)
        or (numbers and not numbers.isdisjoint((_thirteen(chart.ins), _thirteen(chart.nir))))
    ]


def _day(birth_date: str) -> str:
    return birth_date if len(birth_date) == 10 else person.whole_date(birth_date)


def _thirteen(number: str) -> str:
    """The first 13 characters of an INS or NIR; the records keep them without blanks, which costs nothing to read."""
    return number[:13].upper() if len(number) in {13, 15} else person.matricule(number)[:13]


def _tells_nothing(stated: StatedPatient) -> bool:
    mine = Identity.stated(stated)
    return not (mine.families or mine.given.first or mine.date_told or mine.ins or mine.nirs)


def _without_identity(circumstances: Circumstances) -> Match:
    nobody = Case(StatedPatient(), (), circumstances)
    veto = next((row for row in VETOES if row.name != "birth-date" and row.applies(nobody, None)), None)
    return Match("review", f"N:{veto.name}" if veto else "N", veto.reason if veto else "no-identity", None, ())


def _judge(case: Case) -> Match:
    rule = next(row for row in RULES if row.applies(case, None))
    target = rule.target(case)
    veto = next((row for row in VETOES if row.applies(case, target)), None)
    text = not case.patient.from_fields
    if rule.decision == "blocked" and not text:
        return _match(case, rule.decision, rule.name, rule.reason, None)
    if veto is not None:
        return _match(case, "review", f"{rule.name}:{veto.name}", veto.reason, None)
    if rule.decision == "blocked":
        return _match(case, "review", f"{rule.name}:running-text", "running-text", None)
    if rule.decision == "review":
        return _match(case, "review", rule.name, _why_review(rule, case), None)
    doubt = _doubt(rule, case, target)
    if doubt is not None:
        return _match(case, "proposed", f"{rule.name}:{doubt.name}", doubt.reason, target)
    if rule.decision == "filed" and text:
        return _match(case, "proposed", f"{rule.name}:running-text", "running-text", target)
    if rule.decision == "filed" and rule.name not in _AUTOMATIC.get(case.circumstances.automatic, frozenset()):
        return _match(case, "proposed", f"{rule.name}:tightened", "tightened", target)
    return _match(case, rule.decision, rule.name, _why(rule, case, target), target)


def _doubt(rule: Row, case: Case, target: Target) -> Row | None:
    """The first doubt about a filing by E, or about the same traits from a sender that is not known: a person must see it as well."""
    if rule.name == "E" or (rule.name == "P" and target is not None and target.exact):
        return next((row for row in DOUBTS if row.applies(case, target)), None)
    return None


def _why(rule: Row, case: Case, target: Target) -> str:
    if rule.name == "P" and not case.patient.from_fields:
        return "running-text"
    if rule.name == "P" and target is not None and target.exact:
        return "unknown-sender"
    return rule.reason


def _why_review(rule: Row, case: Case) -> str:
    if rule.name == "F" and len(case.strong) < 2 and len(case.fits_a) < 2:
        return "only-fuzzy"
    return rule.reason


def _match(case: Case, decision: str, rule: str, reason: str, target: Target) -> Match:
    return Match(decision, rule, reason, target.chart.id if target is not None else None, _candidates(case, target, decision))


def _candidates(case: Case, target: Target, decision: str) -> tuple[Candidate, ...]:
    """The target first, then the nearest; equals in the order of their row numbers. A filed document lists the chart it went to."""
    found = [target] if target is not None else []
    if decision != "filed":
        rest: list[Comparison] = [c for c in case.plausible if c is not target]
        found += sorted(rest, key=lambda c: (-closeness(c, case.circumstances), c.chart.id))
    return tuple(Candidate(c.chart.id, c.chart.ref, c.evidence(case.circumstances)) for c in found[:MOST_CANDIDATES])
