"""Documents of which the truth is known: whose they are, and what the filing policy owes them (formats.md 6.5, measured).

A document's truth is decided here, when it is invented, and never by the code it judges. `owner` is the row reference of the only chart
into which it may be filed, "" when there is none. `owed`: "filed" (by itself) or "person".
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence

from bench.population import MEN, WOMEN, Person, people_with, strangers
from bench.population_hprim import LAYOUTS, Layout, hprim, unaccented
from vaguemestre.domain import person as rules
from vaguemestre.domain.reading import Ins, StatedPatient

GUESSED = (Layout(accents=True), Layout(encoding="cp850", accents=True), Layout(encoding="mac_roman", accents=True))
"""Layouts in which accented names can only be guessed."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Written:
    """One document: the bytes of an HPRIM file, or the identity of a structured document whose reader is not asked.

    `kind` names what makes it easy or hard; `known`: the practice knows the sender; `code_of`: the chart for which the sender used the
    document's patient code before; `group`: "A" (qualified INS), "clean" (HPRIM of a known sender, nothing amiss), "hard" or "stranger"."""

    group: str
    kind: str
    owner: str
    owed: str
    data: bytes = b""
    stated: StatedPatient | None = None
    known: bool = True
    profile: str = "demo"
    code_of: str = ""
    vetoes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Written {self.group} {self.kind}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class World:
    """A practice's charts by kind, and strangers."""

    charts: tuple[Person, ...]
    strangers: tuple[Person, ...]

    def of(self, *kinds: str) -> list[Person]:
        return [p for p in self.charts if p.kind in kinds]

    @property
    def alone(self) -> list[Person]:
        """People whom nobody else in the practice resembles."""
        return [p for p in self.charts if p.kind in {"plain", "used-name", "child"} and not p.flags]


def world(seed: int, size: int = 3_000, outside: int = 600) -> World:
    """A practice with more hard people than any real one, one in fifty of its charts flagged."""
    rng = random.Random(seed)
    made = people_with(size, seed, {"twin": 0.04, "homonym": 0.02, "namesake": 0.04, "child": 0.1, "used-name": 0.15})
    charts = tuple(dataclasses.replace(p, flags=(rng.choice(rules.CHART_FLAGS),)) if rng.random() < 0.02 else p for p in made)
    return World(charts, tuple(strangers(outside, seed + 1, charts)))


def structured(p: Person, **changed: object) -> StatedPatient:
    """What a CDA would say of this person, all traits told."""
    told = StatedPatient(
        ins=Ins(p.own_nir, rules.INS_TEST),
        birth_name=p.birth_name,
        used_name=p.used_name or None,
        given_names=p.given_names,
        first_given_name=p.first_given_name,
        birth_date=p.birth_date,
        sex=p.sex,
        birth_place_code=p.birth_place_code,
    )
    return dataclasses.replace(told, **changed)  # type: ignore[arg-type]


def _slip(name: str, rng: random.Random) -> str:
    """One letter dropped or two neighbours exchanged, past the first; a letter added to a short name."""
    if len(name) < 4:
        return name + rng.choice("STE")
    while True:
        at = rng.randrange(1, len(name) - 1)
        slipped = name[:at] + (name[at + 1 :] if rng.random() < 0.5 else name[at + 1] + name[at] + name[at + 2 :])
        if rules.solid(slipped) != rules.solid(name):
            return slipped


class Desk:
    """Writes documents of one world."""

    def __init__(self, of: World, seed: int, size: int = 1_500) -> None:
        self.world = of
        self.rng = random.Random(seed)
        self.size = size

    def _hprim(self, p: Person, given: str | None = None, layout: Layout | None = None, **changed: str) -> bytes:
        subject = dataclasses.replace(p, **changed) if changed else p  # type: ignore[arg-type]
        return hprim(subject, self.size, self.rng, layout, given)

    def _some(self, among: Sequence[Person]) -> Person:
        return self.rng.choice(among)

    def _hard(self, kind: str, p: Person, data: bytes, **more: object) -> Written:
        return Written("hard", kind, p.ref, "person", data, **more)  # type: ignore[arg-type]

    # What must be filed by itself.

    def qualified(self) -> Written:
        """Rule A: from anybody, twins and homonyms included."""
        p = self._some([p for p in self.world.charts if p.ins and not p.flags])
        known = self.rng.random() < 0.3
        return Written("A", f"ins-{p.kind}", p.ref, "filed", stated=structured(p), known=known)

    def clean(self) -> Written:
        p = self._some(self.world.alone)
        shape = self.rng.randrange(5)
        if shape == 0 and p.used_name:
            return Written("clean", "birth-name", p.ref, "filed", self._hprim(p, used_name=""))
        if shape == 1:
            return Written("clean", "blanks-for-hyphens", p.ref, "filed", self._hprim(p, given=p.first_given_name.replace("-", " ")))
        if shape == 2:
            return Written("clean", "all-given-names", p.ref, "filed", self._hprim(p, given=" ".join(p.given_names)))
        return Written("clean", p.kind, p.ref, "filed", self._hprim(p))

    def namesake(self) -> Written:
        """A parent or a child of one name: the birth date tells which."""
        p = self._some([p for p in self.world.of("namesake") if not p.flags])
        return Written("clean", "namesake", p.ref, "filed", self._hprim(p))

    # What must be left to a person, the right chart first.

    def twin(self) -> Written:
        """Under the right name; the policy asks a person where the given names are near."""
        p = self._some([p for p in self.world.of("twin") if not p.flags])
        kin = next(k for k in self.world.charts if k.ref == p.kin)
        near = rules.solid(p.first_given_name)[0] == rules.solid(kin.first_given_name)[0]
        return Written("hard", "twin" if near else "twin-far-name", p.ref, "person" if near else "", self._hprim(p))

    def twin_slip(self) -> Written:
        """A twin's given name with a slip."""
        p = self._some(self.world.of("twin"))
        return self._hard("twin-slip", p, self._hprim(p, given=_slip(unaccented(p.first_given_name), self.rng)))

    def homonym(self) -> Written:
        p = self._some(self.world.of("homonym"))
        return self._hard("homonym", p, self._hprim(p, layout=self.rng.choice([x for x in LAYOUTS if x.nir != "none"])))

    def new_name(self) -> Written:
        """Married since: a name that the practice has not."""
        p = self._some([p for p in self.world.alone if p.sex == "F" and p.kind == "plain"])
        return self._hard("new-name", p, self._hprim(p, used_name=_slip("VERDIMONT", self.rng) + self.rng.choice(("EL", "ET", "IN"))))

    def family_slip(self) -> Written:
        p = self._some(self.world.alone)
        return self._hard("family-slip", p, self._hprim(p, used_name=_slip(unaccented(p.family_name), self.rng)))

    def given_slip(self) -> Written:
        p = self._some(self.world.alone)
        return self._hard("given-slip", p, self._hprim(p, given=_slip(unaccented(p.first_given_name), self.rng)))

    def date_slip(self) -> Written:
        p = self._some(self.world.alone)
        day, shift = int(p.birth_date[8:]), self.rng.choice((-10, -1, 0, 0, 1, 10))
        other = day % 28 + 1 if shift == 0 else min(day, 28)
        date = f"{int(p.birth_date[:4]) + shift}-{p.birth_date[5:8]}{other:02d}"
        return self._hard("date-slip", p, self._hprim(p, birth_date=date))

    def inverted(self) -> Written:
        p = self._some(self.world.alone)
        return self._hard("inverted", p, self._hprim(p, given=unaccented(p.family_name), used_name=p.first_given_name))

    def part_of_name(self) -> Written:
        """JEAN for JEAN-PIERRE."""
        p = self._some([p for p in self.world.alone if "-" in p.first_given_name])
        return self._hard("part-of-name", p, self._hprim(p, given=p.first_given_name.split("-")[0]))

    def unknown_sender(self) -> Written:
        p = self._some(self.world.alone)
        return self._hard("unknown-sender", p, self._hprim(p), known=False)

    def partial_date(self) -> Written:
        p = self._some(self.world.alone)
        return self._hard("partial-date", p, self._hprim(p, birth_date=self.rng.choice(("", "1900-01-01"))))

    def guessed(self) -> Written:
        accented = [p for p in self.world.alone if not p.first_given_name.isascii()]
        p = self._some(accented)
        return self._hard("guessed", p, self._hprim(p, layout=self.rng.choice(GUESSED)))

    def flagged(self) -> Written:
        p = self._some([p for p in self.world.of("plain", "child", "used-name") if p.flags])
        return self._hard("flagged", p, self._hprim(p))

    def code_of_another(self) -> Written:
        p, other = self._some(self.world.alone), self._some(self.world.charts)
        if other.ref == p.ref:
            return self.unknown_sender()
        return self._hard("code-of-another", p, self._hprim(p), code_of=other.ref)

    def cut(self) -> Written:
        p = self._some(self.world.alone)
        return self._hard("cut", p, self._hprim(p, layout=LAYOUTS[0]).split(b"****")[0])

    def announced_otherwise(self) -> Written:
        p = self._some([p for p in self.world.alone if p.ins])
        told = structured(p)
        return Written("hard", "mismatch", p.ref, "person", stated=told, vetoes=(self.rng.choice(("hash-mismatch", "truncated")),))

    def ins_slip(self) -> Written:
        """Rule B."""
        p = self._some([p for p in self.world.alone if p.ins])
        return Written("hard", "ins-slip", p.ref, "person", stated=structured(p, birth_name=_slip(unaccented(p.birth_name), self.rng)))

    def ins_used_name(self) -> Written:
        p = self._some([p for p in self.world.alone if p.ins and p.used_name])
        return Written("hard", "ins-used-name", p.ref, "person", stated=structured(p, birth_name=p.used_name, used_name=None))

    def ins_date_slip(self) -> Written:
        p = self._some([p for p in self.world.alone if p.ins])
        date = f"{int(p.birth_date[:4]) - 1}-{p.birth_date[5:8]}11"
        return Written("hard", "ins-date-slip", p.ref, "person", stated=structured(p, birth_date=date))

    def ins_wrong_key(self) -> Written:
        p = self._some(self.world.alone)
        wrong = p.own_nir[:13] + f"{(int(p.own_nir[13:]) % 97) + 1:02d}"
        return Written("hard", "ins-wrong-key", p.ref, "person", stated=structured(p, ins=Ins(wrong, rules.INS_TEST)))

    def ins_unknown_to_chart(self) -> Written:
        """Rule E holds, the sender is not known."""
        p = self._some([p for p in self.world.alone if not p.ins])
        return Written("hard", "ins-new", p.ref, "person", stated=structured(p), known=False)

    def real_profile(self) -> Written:
        """A test identity in a server of real patients."""
        p = self._some([p for p in self.world.alone if p.ins])
        return Written("hard", "test-identity", p.ref, "person", stated=structured(p), profile="mssante")

    def running_text(self) -> Written:
        p = self._some(self.world.alone)
        told = structured(p, ins=None, sex=None, birth_name=None, names_unqualified=(p.family_name,), from_fields=False)
        return Written("hard", "running-text", p.ref, "person", stated=told)

    # What is nobody's: any filing is a wrong one.

    def stranger(self) -> Written:
        p = self._some([p for p in self.world.strangers if p.kind != "stranger-homonym"])
        return Written("stranger", p.kind, "", "person", self._hprim(p))

    def stranger_homonym(self) -> Written:
        """Name, given name and birth date of a chart: only a number of their own tells them apart."""
        numbered = {p.ref for p in self.world.charts if p.ins or p.nir}
        p = self._some([p for p in self.world.strangers if p.kind == "stranger-homonym" and p.kin in numbered])
        if self.rng.random() < 0.5:
            return Written("stranger", p.kind, "", "person", stated=structured(p))
        return Written("stranger", p.kind, "", "person", self._hprim(p, layout=self.rng.choice([x for x in LAYOUTS if x.nir != "none"])))

    def homonym_untold(self) -> Written:
        """One of two people of one name and birth date, and nothing says which."""
        p = self._some(self.world.of("homonym"))
        return Written("stranger", "homonym-untold", "", "person", self._hprim(p, nir=""))

    def stranger_with_ins(self) -> Written:
        p = self._some([p for p in self.world.strangers if p.kind != "stranger-homonym"])
        return Written("stranger", f"ins-{p.kind}", "", "person", stated=structured(p))

    def stranger_with_code(self) -> Written:
        """A laboratory gave a chart's code to somebody else."""
        p = self._some([p for p in self.world.strangers if p.kind != "stranger-homonym"])
        return Written("stranger", "code-of-chart", "", "person", self._hprim(p), code_of=self._some(self.world.charts).ref)

    def twins_ins(self) -> Written:
        """The INS of one twin over the names of the other: whose is it? Nobody may tell but a person."""
        p = self._some([p for p in self.world.of("twin") if p.ins])
        kin = next(k for k in self.world.charts if k.ref == p.kin)
        return Written("stranger", "twins-ins", "", "person", stated=structured(kin, ins=Ins(p.own_nir, rules.INS_TEST)))

    def parents_ins(self) -> Written:
        """A child's document under the INS of the parent whose card it is on."""
        child = self._some([p for p in self.world.of("child") if p.nir != p.own_nir])
        return Written("stranger", "parents-ins", "", "person", stated=structured(child, ins=Ins(child.nir, rules.INS_TEST)))

    def other_sex(self) -> Written:
        """A chart's name and date, the other sex, a given name of both sexes."""
        p = self._some([p for p in self.world.alone if p.first_given_name in {"CAMILLE", "DOMINIQUE"}] or self.world.alone)
        return Written("stranger", "other-sex", "", "person", stated=structured(p, ins=None, sex="M" if p.sex == "F" else "F"))

    def stranger_twin_near(self) -> Written:
        """A twin without a chart, of a near given name."""
        p = self._some([p for p in self.world.alone if p.kind == "plain"])
        names = [n for n in (*MEN, *WOMEN) if n[0] == p.first_given_name[0] and rules.solid(n) != rules.solid(p.first_given_name)]
        data = self._hprim(p, given=self.rng.choice(names) if names else "ZÉLIE", nir="")
        return Written("stranger", "near-twin", "", "person", data)


HARD: tuple[Callable[[Desk], Written], ...] = (
    Desk.twin,
    Desk.twin_slip,
    Desk.homonym,
    Desk.new_name,
    Desk.family_slip,
    Desk.given_slip,
    Desk.date_slip,
    Desk.inverted,
    Desk.part_of_name,
    Desk.unknown_sender,
    Desk.partial_date,
    Desk.guessed,
    Desk.flagged,
    Desk.code_of_another,
    Desk.cut,
    Desk.announced_otherwise,
    Desk.ins_slip,
    Desk.ins_used_name,
    Desk.ins_date_slip,
    Desk.ins_wrong_key,
    Desk.ins_unknown_to_chart,
    Desk.real_profile,
    Desk.running_text,
)
NOBODYS: tuple[Callable[[Desk], Written], ...] = (
    Desk.stranger,
    Desk.stranger_homonym,
    Desk.homonym_untold,
    Desk.stranger_with_ins,
    Desk.stranger_with_code,
    Desk.twins_ins,
    Desk.parents_ins,
    Desk.other_sex,
    Desk.stranger_twin_near,
)


def documents(of: World, n: int, seed: int, size: int = 1_500) -> list[Written]:
    """`n` documents, no two alike: a quarter by rule A, a quarter clean, the others hard or nobody's, every kind in turn."""
    desk = Desk(of, seed, size)
    made: list[Written] = []
    seen: set[object] = set()
    turn = 0
    while len(made) < n:
        quarter, turn = turn % 4, turn + 1
        if quarter == 0:
            one = desk.qualified()
        elif quarter == 1:
            one = desk.namesake() if turn % 40 == 2 else desk.clean()
        elif quarter == 2:
            one = HARD[turn // 4 % len(HARD)](desk)
        else:
            one = NOBODYS[turn // 4 % len(NOBODYS)](desk)
        key = one.data or (one.stated, one.kind, one.known, one.profile, one.vetoes)
        if key not in seen:
            seen.add(key)
            made.append(one)
    return made
