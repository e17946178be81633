"""A practice of known people, with more hard ones than any real one, and the strangers about whom letters come too."""

from __future__ import annotations

import dataclasses
import random
from functools import cached_property

from bench.population import Person, people_with, strangers
from vaguemestre.domain import person as rules

ALONE = frozenset({"plain", "used-name", "child"})


@dataclasses.dataclass(frozen=True, repr=False)
class World:
    """A practice's charts by kind, and strangers."""

    charts: tuple[Person, ...]
    strangers: tuple[Person, ...]

    def of(self, *kinds: str) -> list[Person]:
        return [p for p in self.charts if p.kind in kinds]

    @cached_property
    def alone(self) -> list[Person]:
        """People whom nobody else in the practice resembles."""
        return [p for p in self.charts if p.kind in ALONE and not p.flags]


def world(seed: int, size: int = 3_000, outside: int = 600) -> World:
    """A practice one in fifty of whose charts is flagged, with INS of every register, some of them not qualified."""
    rng = random.Random(seed)
    made = people_with(size, seed, {"twin": 0.04, "homonym": 0.02, "namesake": 0.04, "child": 0.1, "used-name": 0.15})
    flagged = [dataclasses.replace(p, flags=(rng.choice(rules.CHART_FLAGS),)) if rng.random() < 0.02 else p for p in made]
    charts = tuple(_registered(p, rng) if p.ins else p for p in flagged)
    return World(charts, tuple(strangers(outside, seed + 1, charts)))


def _registered(p: Person, rng: random.Random) -> Person:
    """Their INS in one of the four registers. Of those whom nobody resembles, some have it from an identity document or a teleservice
    alone, and some a provisional number (NIA), which no card bears."""
    oid = rng.choices((rules.INS_TEST, rules.INS_DEMO, rules.INS_NIR, rules.INS_NIA), (6, 1, 3, 1))[0]
    if p.kind not in ALONE:
        return dataclasses.replace(p, ins_oid=rules.INS_NIR if oid == rules.INS_NIA else oid)
    status = rng.choices(("qualified", "validated", "recovered"), (18, 1, 1))[0]
    if oid != rules.INS_NIA:
        return dataclasses.replace(p, ins_oid=oid, ins_status=status)
    thirteen = {"1": "7", "2": "8"}[p.own_nir[0]] + p.own_nir[1:13]
    number = thirteen + rules.matricule_key(thirteen)
    card = "" if p.nir == p.own_nir else p.nir
    return dataclasses.replace(p, own_nir=number, ins=number, nir=card, ins_oid=oid, ins_status=status)
