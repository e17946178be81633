"""Documents of which the truth is known: whose they are, and what the filing policy owes them (formats.md 6.5, measured).

Every one is a file as it comes, to be read by our reader: HPRIM Médecin, HPRIM Santé, CDA of level 1 and 3, CR-BIO, HL7 v2 of results and
of documents, FHIR, letters in PDF, in words and of office software, bare or in an XDM archive, a mail, a forwarded mail, some of them cut.
"""

from __future__ import annotations

from collections.abc import Callable

from bench import population_kinds as kinds
from bench import population_kinds_ins as kinds_ins
from bench.population_desk import Desk, Paper, Written
from bench.population_world import World, world

__all__ = ["Desk", "Paper", "World", "Written", "documents", "with_ins", "without_ins", "world"]

MIXED = ("hprim", "cda", "sante", "oru", "hprim", "cda", "mdm", "fhir")
"""The forms of documents that state no INS: the two that practices get most, twice as often as each of the others."""


def without_ins(of: World, n: int, seed: int, size: int = 1_500) -> list[Written]:
    """`n` documents that state no INS, no two alike: half clean, a quarter hard, a quarter nobody's, every kind in turn, in each form of
    MIXED in turn."""
    desk = Desk(of, seed, size)

    def one(turn: int) -> Written:
        form, quarter, rank = MIXED[turn % len(MIXED)], turn // len(MIXED) % 4, turn // (4 * len(MIXED))
        if quarter == 0:
            return kinds.HARD[rank % len(kinds.HARD)](desk, form)
        if quarter == 1:
            return kinds.NOBODYS[rank % len(kinds.NOBODYS)](desk, form)
        if rank % 20 == 1:
            return kinds.record_of_several(desk, form)
        return kinds.namesake(desk, form) if rank % 10 == 0 else kinds.clean(desk, form)

    return _unlike(n, one)


def with_ins(of: World, n: int, seed: int) -> list[Written]:
    """`n` documents that state an INS, no two alike: a quarter by rule A, a quarter clean for rule E, the others hard or nobody's, every
    kind in turn."""
    desk = Desk(of, seed)

    def one(turn: int) -> Written:
        quarter, rank = turn % 4, turn // 4
        among = (None, kinds_ins.CLEAN, kinds_ins.HARD, kinds_ins.NOBODYS)[quarter]
        return kinds_ins.qualified(desk) if among is None else among[rank % len(among)](desk)

    return _unlike(n, one)


def documents(of: World, n: int, seed: int, size: int = 1_500) -> list[Written]:
    """`n` documents, half of them with an INS."""
    return [*without_ins(of, n - n // 2, seed, size), *with_ins(of, n // 2, seed + 1)]


def _unlike(n: int, write: Callable[[int], Written]) -> list[Written]:
    made: list[Written] = []
    seen: set[bytes] = set()
    turn = 0
    while len(made) < n:
        one, turn = write(turn), turn + 1
        if one.paper.data not in seen:
            seen.add(one.paper.data)
            made.append(one)
    return made
