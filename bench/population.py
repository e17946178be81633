"""Invented French people, as rows of `patients import`, and what laboratories write about them.

The same seed gives the same people. Nobody exists: every matricule has its right key and a commune number 990 to 998, which no French
commune bears, under the OID of tests; every mail domain ends in `.example`. Among them, what makes filing hard: twins, homonyms born the
same day, parents and children of one name, children on a parent's card, married names, compound names, particles, births in Corsica.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.population_hprim import hprim, mail
from vaguemestre.domain import person as rules

__all__ = ["COLUMNS", "Person", "hprim", "mail", "people", "people_with", "write_csv"]

TODAY = dt.date(2026, 6, 1)
"""The day on which these people have their ages: fixed, so that a seed always gives the same world."""

COLUMNS = (
    "ref",
    "ins",
    "ins_oid",
    "ins_status",
    "nir",
    "birth_name",
    "used_name",
    "given_names",
    "first_given_name",
    "birth_date",
    "sex",
    "birth_place_code",
    "flags",
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    """
    BAR BEL BER BOIS BON BRE CAR CHA COR DAL DEL DUR FER FON GAR GIL GUE HAR JOU KER LAM LAN LEF MAL MAR MER MON MOR NOR PEL PER
    PLO PON QUI RAM REN RIV ROC SAL SAU TAR TOU TRE VAL VER VIL ZAN
    """
)
_MIDDLE = _words(
    """
    A BE BI DE DI DRE GE GNO LI LO MA MI NE NI O PI RA RE RO SI TA TE VA VE ZO
    """
)
_LAST = _words(
    """
    BOIS CHAUD DIER DON FAY GUET LARD LEAU LET LIER LON MOND NARD NEAU NET NIER QUIN RAND RAUD RIER RON SEAU SIER SON TEL TIER TON
    VAL VIER ZAC
    """
)
_ACCENTED = {"BEL": "BÉL", "GE": "GÉ", "RE": "RÉ", "BE": "BÉ", "NEAU": "NEAÜ", "DRE": "DRÉ", "CHA": "CHÂ"}

MEN = _words(
    """
    ADRIEN ALAIN ALBERT ALEXANDRE ANDRÉ ANTOINE ARTHUR AUGUSTE BENOÎT BERNARD BRUNO CHARLES CLÉMENT DAMIEN DENIS DIDIER ÉDOUARD
    ÉMILE ÉTIENNE EUGÈNE FABRICE FÉLIX FLORENT FRANCIS FRANÇOIS GASPARD GEORGES GÉRARD GILBERT GUILLAUME HENRI HERVÉ HUGO ISMAËL
    JACQUES JEAN JEAN-BAPTISTE JEAN-LUC JEAN-PIERRE JÉRÔME JOSEPH JULES KARIM LAURENT LÉO LÉON LOUIS LUC MALO MARCEL MARTIN MATHIS
    MAURICE MICHEL NICOLAS NOÉ OLIVIER OSCAR PASCAL PAUL PHILIPPE PIERRE PIERRE-YVES QUENTIN RAPHAËL RAYMOND RÉMI ROBERT ROGER
    SAMIR SIMON STÉPHANE SYLVAIN THÉO THIERRY THOMAS TITOUAN VICTOR VINCENT WILLIAM XAVIER YANN YVES
    """
)
WOMEN = _words(
    """
    ADÈLE AGATHE AGNÈS ALICE AMINATA ANNE ANNE-MARIE ARLETTE BÉATRICE BRIGITTE CAMILLE CAROLINE CATHERINE CÉCILE CHANTAL CHLOÉ
    CLAIRE CLÉMENCE COLETTE DANIELLE DENISE DOMINIQUE ÉLISE ÉLODIE EMMA ÉVELYNE FATIMA FLORENCE FRANÇOISE GENEVIÈVE GHISLAINE
    HÉLÈNE HUGUETTE INÈS IRÈNE ISABELLE JACQUELINE JEANNE JOSIANE JULIE JULIETTE KARINE LÉA LÉONIE LOUISE LUCIE MADELEINE MANON
    MARGAUX MARIE MARIE-CLAUDE MARIE-ODILE MARION MARTHE MATHILDE MAUD MICHÈLE MONIQUE NADINE NATHALIE NINA NOËLLE ODETTE OLGA
    PASCALE PAULINE RACHEL RENÉE ROMANE ROSE SABRINA SANDRINE SIMONE SOLANGE SOPHIE SUZANNE SYLVIE THÉRÈSE VALÉRIE VÉRONIQUE
    VIRGINIE YVONNE ZOÉ
    """
)

_DEPARTMENTS = [f"{n:02d}" for n in range(1, 96) if n != 20]


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Person:
    """An invented person and their chart. `kind` tells why they are hard to file; `kin` is the ref of the twin, homonym or parent.

    `own_nir`: the 15 characters of the person's own number; `nir`: what stands on the card, a parent's for a child."""

    ref: str
    kind: str
    birth_name: str
    given_names: tuple[str, ...]
    birth_date: str
    sex: str
    own_nir: str
    nir: str
    birth_place_code: str
    used_name: str = ""
    kin: str = ""
    ins: str = ""
    ins_oid: str = ""
    ins_status: str = "provisional"
    flags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Person {self.ref} {self.kind}>"

    @property
    def first_given_name(self) -> str:
        return self.given_names[0]

    @property
    def family_name(self) -> str:
        """The one that the person goes by."""
        return self.used_name or self.birth_name

    @property
    def local_code(self) -> str:
        """The laboratory's code for this person, at most 10 characters."""
        return "L" + self.ref[-7:].rjust(7, "0")

    def row(self) -> dict[str, str]:
        """The row of `patients import`."""
        return {
            "ref": self.ref,
            "ins": self.ins,
            "ins_oid": self.ins_oid,
            "ins_status": self.ins_status,
            "nir": self.nir,
            "birth_name": self.birth_name,
            "used_name": self.used_name,
            "given_names": " ".join(self.given_names),
            "first_given_name": self.first_given_name,
            "birth_date": self.birth_date,
            "sex": self.sex,
            "birth_place_code": self.birth_place_code,
            "flags": " ".join(self.flags),
        }


class _Registry:
    """Gives out what no two people share: matricules and pairs of family name and birth date."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.numbers: set[str] = set()
        self.families: set[tuple[str, str]] = set()
        self.people: list[Person] = []

    def ref(self) -> str:
        return f"P{len(self.people) + 1:07d}"

    def family(self) -> str:
        """A family name of three or four syllables, now and then accented, compound, or with a particle or an apostrophe."""
        parts = [self.rng.choice(_FIRST), self.rng.choice(_MIDDLE), self.rng.choice(_LAST)]
        if self.rng.random() < 0.3:
            parts.insert(1, self.rng.choice(_MIDDLE))
        if self.rng.random() < 0.15:
            parts = [_ACCENTED.get(part, part) for part in parts]
        name = "".join(parts)
        shape = self.rng.random()
        if shape < 0.03:
            return f"{self.rng.choice(('DE', 'DE LA', 'DU', 'LE', 'EL', 'BEN'))} {name}"
        if shape < 0.06:
            return f"{name}-{self.rng.choice(_FIRST)}{self.rng.choice(_LAST)}"
        if shape < 0.07:
            return f"{self.rng.choice(('D', 'N', 'L'))}'A{name}"
        return name

    def birth_date(self, youngest: int, oldest: int) -> str:
        """Between two ages in years."""
        return (TODAY - dt.timedelta(days=self.rng.randrange(youngest * 365, oldest * 365))).isoformat()

    def number(self, sex: str, birth_date: str, place: str) -> str:
        """A matricule of that sex, month and place, with its key, given only once."""
        while True:
            thirteen = f"{1 if sex == 'M' else 2}{birth_date[2:4]}{birth_date[5:7]}{place}{self.rng.randrange(1, 999):03d}"
            if thirteen not in self.numbers:
                self.numbers.add(thirteen)
                return thirteen + rules.matricule_key(thirteen)

    def place(self, birth_date: str) -> str:
        """An INSEE code that no commune bears. Corsica has its letters since 1976."""
        department = self.rng.choice(_DEPARTMENTS)
        if self.rng.random() < 0.02:
            department = self.rng.choice(("2A", "2B")) if birth_date >= "1976" else "20"
        return f"{department}{self.rng.randrange(990, 999)}"

    def given(self, sex: str) -> tuple[str, ...]:
        names = MEN if sex == "M" else WOMEN
        return tuple(self.rng.sample(names, self.rng.choice((1, 1, 2, 2, 3))))

    def add(self, kind: str, **known: str | tuple[str, ...]) -> Person:
        """One more person, what is not known of them invented."""
        rng = self.rng
        sex = str(known.get("sex") or rng.choice("MF"))
        date = str(known.get("birth_date") or self.birth_date(18, 95))
        place = str(known.get("birth_place_code") or self.place(date))
        own = self.number(sex, date, place)
        qualified = rng.random() < 0.8
        family = str(known.get("birth_name") or self.family())
        while "birth_name" not in known and (rules.solid(family)[:4], date) in self.families:
            family = self.family()
        self.families.add((rules.solid(family)[:4], date))
        given = known.get("given_names") or self.given(sex)
        assert isinstance(given, tuple)
        one = Person(
            ref=self.ref(),
            kind=kind,
            birth_name=family,
            given_names=given,
            birth_date=date,
            sex=sex,
            own_nir=own,
            nir=str(known.get("nir") or own),
            birth_place_code=place,
            used_name=str(known.get("used_name", "")),
            kin=str(known.get("kin", "")),
            ins=own if qualified else "",
            ins_oid=rules.INS_TEST if qualified else "",
            ins_status="qualified" if qualified else "provisional",
        )
        self.people.append(one)
        return one

    def child(self, parent: Person, kind: str = "child", **known: str | tuple[str, ...]) -> Person:
        """A child of under 16, of the parent's name and on the parent's card."""
        date = str(known.pop("birth_date", "") or self.birth_date(0, 16))
        return self.add(kind, birth_date=date, birth_name=parent.birth_name, nir=parent.own_nir, kin=parent.ref, **known)

    def twins(self, kind: str = "twin") -> tuple[Person, Person]:
        """Two people of one birth: much the same given names for some, quite other ones for others."""
        first = self.add(kind, birth_date=self.birth_date(1, 80))
        near = {"M": ("LÉO", "LÉON"), "F": ("LÉA", "LÉONIE")}[first.sex] if self.rng.random() < 0.3 else ()
        given = near or self.given(first.sex)
        if near:
            first = dataclasses.replace(first, given_names=(near[0], *first.given_names[1:]))
            self.people[-1] = first
            given = (near[1],)
        elif given[0] == first.given_names[0]:
            given = (("LUC", "ADRIEN") if given[0] != "LUC" else ("ADRIEN",)) if first.sex == "M" else ("ZOÉ", "ANNE")
            given = given if given[0] != first.given_names[0] else given[1:]
        shared = {"birth_date": first.birth_date, "birth_name": first.birth_name, "birth_place_code": first.birth_place_code}
        second = self.add(kind, sex=first.sex, given_names=given, kin=first.ref, **shared)
        self.people[-2] = dataclasses.replace(first, kin=second.ref)
        return self.people[-2], second

    def homonyms(self) -> tuple[Person, Person]:
        """Two people of one name, born the same day."""
        first = self.add("homonym")
        given = (first.first_given_name,)
        second = self.add(
            "homonym", birth_date=first.birth_date, birth_name=first.birth_name, given_names=given, sex=first.sex, kin=first.ref
        )
        self.people[-2] = dataclasses.replace(first, kin=second.ref)
        return self.people[-2], second

    def namesakes(self) -> tuple[Person, Person]:
        """A parent and a child of one name."""
        parent = self.add("namesake", birth_date=self.birth_date(45, 90))
        year = int(parent.birth_date[:4]) + 30
        date = (
            f"{year}-{parent.birth_date[5:8]}{min(int(parent.birth_date[8:]), 28):02d}"
            if self.rng.random() < 0.3
            else self.birth_date(16, 20)
        )
        child = self.add(
            "namesake",
            birth_date=date,
            birth_name=parent.birth_name,
            given_names=(parent.first_given_name,),
            sex=parent.sex,
            kin=parent.ref,
        )
        self.people[-2] = dataclasses.replace(parent, kin=child.ref)
        return self.people[-2], child

    def married(self) -> Person:
        """A woman who uses another name than her birth name."""
        return self.add("used-name", sex="F", used_name=self.family())


def people(n: int, seed: int) -> list[Person]:
    """`n` people as a practice has them: mostly plain, with a few of each hard kind."""
    return people_with(n, seed, {"twin": 0.005, "homonym": 0.001, "namesake": 0.01, "child": 0.08, "used-name": 0.12})


def people_with(n: int, seed: int, shares: dict[str, float]) -> list[Person]:
    """`n` people; `shares`: how many of the births (a pair counts for one) are of each hard kind, the others plain adults."""
    registry = _Registry(random.Random(seed))
    rng = registry.rng
    while len(registry.people) < n:
        kind = rng.choices([*shares, "plain"], [*shares.values(), max(0.0, 1 - sum(shares.values()))])[0]
        if kind == "twin":
            registry.twins()
        elif kind == "homonym":
            registry.homonyms()
        elif kind == "namesake":
            registry.namesakes()
        elif kind == "used-name":
            registry.married()
        elif kind == "child" and registry.people:
            adults = [p for p in registry.people[-50:] if p.kind in {"plain", "used-name"}]
            registry.child(rng.choice(adults)) if adults else registry.add("plain")
        else:
            registry.add("plain")
    made = registry.people[:n]
    if made and made[-1].kin and not any(p.ref == made[-1].kin for p in made):
        made[-1] = dataclasses.replace(made[-1], kind="plain", kin="")
    return made


def strangers(n: int, seed: int, known: Sequence[Person]) -> list[Person]:
    """`n` people without a chart, whose numbers nobody of `known` bears; half of them kin or namesakes of somebody known.

    Each is told from every chart by something that a document can say: a given name, a birth date, or their own number."""
    registry = _Registry(random.Random(seed))
    registry.numbers = {p.own_nir[:13] for p in known}
    rng = registry.rng
    while len(registry.people) < n:
        like = rng.choice(known)
        shape = rng.randrange(8)
        if shape == 0:
            names = [g for g in (MEN if like.sex == "M" else WOMEN) if rules.solid(g) not in {rules.solid(x) for x in like.given_names}]
            registry.add(
                "stranger-twin",
                sex=like.sex,
                birth_date=like.birth_date,
                birth_name=like.birth_name,
                given_names=(rng.choice(names),),
                kin=like.ref,
            )
        elif shape == 1:
            registry.add("stranger-namesake", sex=like.sex, birth_name=like.birth_name, given_names=(like.first_given_name,), kin=like.ref)
        elif shape == 2:
            registry.add(
                "stranger-homonym",
                sex=like.sex,
                birth_date=like.birth_date,
                birth_name=like.birth_name,
                given_names=(like.first_given_name,),
                kin=like.ref,
            )
        elif shape == 3 and like.birth_date < "2000":
            registry.child(like, "stranger-child")
        else:
            registry.add("stranger")
    return [dataclasses.replace(p, ref=f"S{p.ref[1:]}", ins=p.own_nir, ins_oid=rules.INS_TEST) for p in registry.people]


def write_csv(rows: Iterable[Person], path: Path) -> None:
    """Writes the rows of `patients import`."""
    with path.open("w", encoding="utf-8", newline="") as sheet:
        writer = csv.DictWriter(sheet, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(one.row() for one in rows)
