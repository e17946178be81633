"""Runs documents of known truth through the reader, the `match` stage and the policy, and counts what came of them."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence

from bench.population import Person
from bench.population_documents import World, Written
from vaguemestre.domain.matching import Chart, Lookup, Match
from vaguemestre.domain.person import solid
from vaguemestre.domain.reading import Document
from vaguemestre.inbound.file import local_codes
from vaguemestre.inbound.match import Learnt, decide, of_forms
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


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """The document that a file holds, its other forms, and the codes of what the reader warned of around them."""

    document: Document
    forms: tuple[Document, ...]
    warnings: tuple[str, ...]


def opened(one: Written) -> Opened:
    """What our reader makes of a file. Each of these holds one document, or is meant for one of its records; a letter that only names its
    patient in words may stand beside it, which never files by itself."""
    reading = read(one.paper.data, one.paper.name)
    if one.paper.record:
        main = next(d for d in reading.documents if d.path[-1] == f"#{one.paper.record}")
    else:
        main = next((d for d in reading.documents if d.duplicate_of is None and d.format not in {"pdf", "text"}), reading.documents[0])
    place = reading.documents.index(main)
    forms = tuple(d for d in reading.documents if d.duplicate_of == place)
    return Opened(main, forms, tuple(w.code for w in reading.warnings))


def judged(base: Base, one: Written, found: Opened) -> Match:
    """The decision on one document, taken as the pipeline takes it."""
    codes = frozenset({base.number[one.code_of]}) if one.code_of and local_codes(found.document) else frozenset[int]()
    learnt = Learnt(sender_known=one.known, local_code_charts=codes, confirmed_code_charts=frozenset(), banned=frozenset())
    warnings = (*found.warnings, *of_forms(found.document, found.forms))
    return decide(found.document, warnings, "labo@hopital.demo.example", one.profile, "AE", base.could_fit, learnt)


@dataclasses.dataclass(slots=True)
class Figures:
    """Counts over a set of documents.

    `wrong`: kinds filed into a chart that is not their owner's; `misled`: kinds proposed for one, and how many; `filed`: by group, how many
    went where they must, of how many; `first`: of those left to a person that have an owner, how many list it first, of how many;
    `not_owed`: kinds to which the policy owes something else, with the rule that was taken, and how many."""

    documents: int
    wrong: list[str]
    misled: collections.Counter[str]
    filed: dict[str, tuple[int, int]]
    first: tuple[int, int]
    not_owed: collections.Counter[str]

    def share(self, group: str) -> float:
        done, of = self.filed[group]
        return done / of

    @property
    def share_first(self) -> float:
        return self.first[0] / self.first[1]

    def __str__(self) -> str:
        of = {"A": "rule A filed", "clean": "clean of known senders filed"}
        told = "".join(f"{words} {self.share(group):.1%} of {self.filed[group][1]}; " for group, words in of.items() if group in self.filed)
        return (
            f"{self.documents} documents: wrong {len(self.wrong)}; {told}"
            f"left to a person with the right patient first {self.share_first:.1%} of {self.first[1]}; "
            f"preselected another's chart {self.misled.total()}; not as owed {dict(self.not_owed)}"
        )


def figures(base: Base, documents: Sequence[Written], matches: Sequence[Match]) -> Figures:
    wrong: list[str] = []
    misled, not_owed = collections.Counter[str](), collections.Counter[str]()
    done: dict[str, list[bool]] = collections.defaultdict(list)
    first = []
    for one, match in zip(documents, matches, strict=True):
        chosen = base.ref.get(match.patient or 0, "")
        if match.decision == "filed" and chosen != one.owner:
            wrong.append(one.kind)
        if match.decision == "proposed" and chosen != one.owner:
            misled[one.kind] += 1
        done[one.group].append(match.decision == "filed" and chosen == one.owner)
        if match.decision != "filed" and one.owner:
            first.append(bool(match.candidates) and match.candidates[0].ref == one.owner)
            if not first[-1]:
                not_owed[f"{one.kind} not first"] += 1
        if one.owed and (match.decision == "filed") != (one.owed == "filed"):
            not_owed[f"{one.kind} {match.rule}"] += 1
    filed = {group: (sum(values), len(values)) for group, values in done.items()}
    return Figures(len(documents), wrong, misled, filed, (sum(first), len(first)), not_owed)
