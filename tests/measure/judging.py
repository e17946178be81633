"""Runs documents of known truth through the reader, the `match` stage and the policy, and counts what came of them."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence

from bench.population import Person
from bench.population_documents import World, Written
from vaguemestre.domain.matching import Chart, Lookup, Match
from vaguemestre.domain.person import solid
from vaguemestre.domain.reading import Document, Warning
from vaguemestre.inbound.match import Learnt, decide
from vaguemestre.inbound.read import read


def chart(number: int, p: Person) -> Chart:
    return Chart(
        id=number,
        ref=p.ref,
        ins=p.ins,
        ins_oid=p.ins_oid,
        ins_status=p.ins_status,
        nir=p.nir,
        birth_name=p.birth_name,
        used_name=p.used_name,
        given_names=p.given_names,
        first_given_name=p.first_given_name,
        birth_date=p.birth_date,
        sex=p.sex,
        birth_place_code=p.birth_place_code,
        flags=frozenset(p.flags),
    )


class Base:
    """The charts of a world behind the three indexes of the records."""

    def __init__(self, world: World) -> None:
        self.charts = [chart(number, p) for number, p in enumerate(world.charts, 1)]
        self.number = {c.ref: c.id for c in self.charts}
        self.ref = {c.id: c.ref for c in self.charts}
        self._by: dict[tuple[str, str], list[Chart]] = collections.defaultdict(list)
        for c in self.charts:
            keys = {("ins", c.ins), ("date", c.birth_date), ("name", solid(c.birth_name)), ("name", solid(c.used_name))}
            for key in keys:
                if key[1]:
                    self._by[key].append(c)

    def could_fit(self, look: Lookup) -> list[Chart]:
        keys = [("ins", v) for v in look.ins] + [("date", v) for v in look.birth_dates] + [("name", v) for v in look.names]
        return list({c.id: c for key in keys for c in self._by.get(key, ())}.values())


def as_read(one: Written) -> Document:
    """The document as our reader gives it, or, where its reader is not asked, with the identity that it states."""
    if one.stated is None:
        [document] = read(one.data, "resultats.hpr").documents
        return document
    warnings = tuple(Warning(code, "Invented by the test.") for code in one.vetoes)
    return Document("cda-n3", ("lettre.xml",), "0" * 64, patient=one.stated, warnings=warnings)


def judged(base: Base, one: Written, document: Document) -> Match:
    """The decision on one document."""
    codes = frozenset({base.number[one.code_of]}) if one.code_of else frozenset()
    learnt = Learnt(sender_known=one.known, local_code_charts=codes, confirmed_code_charts=frozenset(), banned=frozenset())
    return decide(document, (), "labo@hopital.demo.example", one.profile, "AE", base.could_fit, learnt)


@dataclasses.dataclass(slots=True)
class Figures:
    """Counts over a set of documents. `wrong`: kinds filed into a chart that is not their owner's."""

    documents: int
    wrong: list[str]
    misled: int
    filed: dict[str, tuple[int, int]]
    first: tuple[int, int]
    not_owed: collections.Counter[str]

    def share(self, group: str) -> float:
        done, of = self.filed[group]
        return done / of

    def __str__(self) -> str:
        first, left = self.first
        return (
            f"{self.documents} documents: wrong {len(self.wrong)}; rule A filed {self.share('A'):.1%}; "
            f"clean HPRIM filed {self.share('clean'):.1%}; left to a person with the right patient first {first / left:.1%} of {left}; "
            f"preselected another's chart {self.misled}; not as owed {dict(self.not_owed)}"
        )


def figures(base: Base, documents: Sequence[Written], matches: Sequence[Match]) -> Figures:
    wrong, misled, not_owed = [], 0, collections.Counter[str]()
    done: dict[str, list[bool]] = collections.defaultdict(list)
    first = []
    for one, match in zip(documents, matches, strict=True):
        chosen = base.ref.get(match.patient or 0, "")
        if match.decision == "filed" and chosen != one.owner:
            wrong.append(one.kind)
        misled += match.decision == "proposed" and chosen != one.owner
        done[one.group].append(match.decision == "filed" and chosen == one.owner)
        if match.decision != "filed" and one.owner:
            first.append(bool(match.candidates) and match.candidates[0].ref == one.owner)
            if not first[-1]:
                not_owed[f"{one.kind} not first"] += 1
        if one.owed and (match.decision == "filed") != (one.owed == "filed"):
            not_owed[f"{one.kind} {match.rule}"] += 1
    filed = {group: (sum(values), len(values)) for group, values in done.items()}
    return Figures(len(documents), wrong, misled, filed, (sum(first), len(first)), not_owed)
