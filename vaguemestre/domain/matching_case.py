"""What the rows of the filing policy look at: a stated identity held against all the charts that could fit (formats.md 6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from vaguemestre.domain.matching_comparison import Comparison, Identity
from vaguemestre.domain.matching_nouns import ABSENT, DIFFERS, EQUAL, NEAR, Chart, Circumstances
from vaguemestre.domain.reading import StatedPatient


def fits_a(c: Comparison) -> bool:
    sound = c.ins == EQUAL and c.mine.ins_valid and c.chart.ins_status == "qualified"
    return sound and c.date == EQUAL and c.sex == EQUAL and c.birth_name_equal and c.given == EQUAL


def fits_b(c: Comparison) -> bool:
    told = c.ins == EQUAL and ABSENT not in {c.family, c.given}
    almost = told and c.name_edits <= 1 and not (c.birth_name_equal and c.given == EQUAL)
    return almost and c.date == EQUAL and c.sex != DIFFERS


def fits_c(c: Comparison) -> bool:
    if not c.same_matricule or c.chart.ins_status != "qualified":
        return False
    return c.date_contradicts or c.sex == DIFFERS or c.name_edits > 1


def strong(c: Comparison) -> bool:
    """Not merely fuzzy: may be preselected when no other chart is."""
    if c.sex == DIFFERS or c.date_contradicts:
        return False
    if c.ins == EQUAL and c.name_edits <= 1:
        return True
    if c.date != EQUAL:
        return False
    return (c.family, c.given) in {(EQUAL, EQUAL), (EQUAL, NEAR), (NEAR, EQUAL)} or c.inverted


def plausible(c: Comparison) -> bool:
    """Worth showing to a person."""
    if c.same_matricule or c.nir == EQUAL or c.inverted:
        return True
    verdicts = (c.date, c.family, c.given)
    if c.date == DIFFERS and (c.family, c.given) != (EQUAL, EQUAL):
        return False
    return EQUAL in verdicts and sum(v in (EQUAL, NEAR) for v in verdicts) >= 2


def closeness(c: Comparison, circumstances: Circumstances) -> int:
    """How near a chart is, for the order of candidates only. Points by trait; never compared with a threshold."""
    points = {EQUAL: 1.0, NEAR: 0.5, ABSENT: 0.0, DIFFERS: -0.5}
    names = 55 * 0.9 if c.inverted else 30 * points[c.family] + 25 * points[c.given]
    total = 100 * max(points[c.ins], -0.4) + 40 * points[c.date] + names + 20 * min(points[c.sex], 0.1) + 4 * points[c.place]
    total += {EQUAL: 60 if c.own_nir else 10, DIFFERS: -10}.get(c.nir, 0)
    total += 35 if c.chart.id in circumstances.confirmed_code_charts else 5 if c.chart.id in circumstances.local_code_charts else 0
    total -= c.name_edits
    return round(10 * total)


class Case:
    """A stated identity, the charts that could fit, and the circumstances: what the rows look at."""

    def __init__(self, patient: StatedPatient, charts: Sequence[Chart], circumstances: Circumstances) -> None:
        self.patient = patient
        self.stated = Identity.stated(patient)
        self.circumstances = circumstances
        self.comparisons = tuple(Comparison(self.stated, chart) for chart in charts)

    def __repr__(self) -> str:
        return f"<Case of {len(self.comparisons)} charts>"

    @cached_property
    def exact(self) -> tuple[Comparison, ...]:
        return tuple(c for c in self.comparisons if c.exact)

    @cached_property
    def fits_a(self) -> tuple[Comparison, ...]:
        return tuple(c for c in self.comparisons if fits_a(c))

    @cached_property
    def fits_b(self) -> tuple[Comparison, ...]:
        return tuple(c for c in self.comparisons if fits_b(c))

    @cached_property
    def strong(self) -> tuple[Comparison, ...]:
        return tuple(c for c in self.comparisons if strong(c))

    @cached_property
    def plausible(self) -> tuple[Comparison, ...]:
        return tuple(c for c in self.comparisons if plausible(c))
