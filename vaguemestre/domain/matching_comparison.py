"""One stated identity held against one chart, trait by trait (formats.md 6.5). Names: `matching_names`; what follows: `matching_table`."""

from __future__ import annotations

import dataclasses
import functools
from functools import cached_property

from vaguemestre.domain import person
from vaguemestre.domain.matching_names import Given, distance, few_edits, remembered, solid, words_of
from vaguemestre.domain.matching_nouns import ABSENT, DIFFERS, EQUAL, NEAR, Chart, Circumstances, Evidence
from vaguemestre.domain.reading import StatedPatient

_matricule = remembered(person.matricule)
_ins_key_valid = remembered(person.ins_key_valid)


def _sex(text: str) -> str:
    return text if text in {"M", "F"} else ""


@remembered
def _birth_date(text: str) -> str:
    """A birth date in ISO with the precision it has, "" where it tells nothing."""
    text = text.strip()
    if person.whole_date(text):
        return person.known_birth_date(text)
    digits = text[:10].replace("-", "")
    return person.birth_date_precision(digits) or person.birth_date_precision(digits[:6])


_known_birth_date = remembered(person.known_birth_date)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """The comparison copy of an identity, stated or a chart's. `date` is whole or ""; `date_told` may be partial."""

    birth: str
    used: str
    families: tuple[str, ...]
    family_words: tuple[frozenset[str], ...]
    given: Given
    date: str
    date_told: str
    sex: str
    ins: str
    ins_oid: str
    ins_valid: bool
    nirs: frozenset[str]
    place: str

    @staticmethod
    @functools.lru_cache(maxsize=256)
    def stated(patient: StatedPatient) -> Identity:
        """Kept for a batch's time: the look-up asks it first, the decision after the records answered."""
        names = (patient.birth_name, patient.used_name, *patient.names_unqualified)
        nir = _matricule(patient.nir or "")[:13]
        return Identity._of(
            patient.birth_name or "",
            patient.used_name or "",
            tuple(name for name in names if name),
            Given.of(patient.first_given_name or "", patient.given_names),
            patient.birth_date or "",
            patient.sex or "",
            (patient.ins.value, patient.ins.oid) if patient.ins else ("", ""),
            frozenset({nir} if nir else ()),
            patient.birth_place_code or "",
        )

    @classmethod
    def chart(cls, chart: Chart) -> Identity:
        ins = "" if chart.ins_oid == person.INS_NIA else chart.ins
        nirs = {_matricule(chart.nir)[:13], _matricule(ins)[:13]}
        return cls._of(
            chart.birth_name,
            chart.used_name,
            tuple(name for name in (chart.birth_name, chart.used_name) if name),
            Given.of(chart.first_given_name, chart.given_names),
            chart.birth_date,
            chart.sex,
            (chart.ins, chart.ins_oid),
            frozenset(nirs - {""}),
            chart.birth_place_code,
        )

    @classmethod
    def _of(
        cls,
        birth: str,
        used: str,
        families: tuple[str, ...],
        given: Given,
        date: str,
        sex: str,
        ins: tuple[str, str],
        nirs: frozenset[str],
        place: str,
    ) -> Identity:
        told = _birth_date(date)
        value = _matricule(ins[0]) or "".join(ins[0].split()).upper()
        words = tuple(frozenset(words_of(name)) for name in families)
        return cls(
            birth=solid(birth),
            used=solid(used),
            families=tuple(dict.fromkeys(s for s in map(solid, families) if s)),
            family_words=tuple(w for w in words if w),
            given=given,
            date=_known_birth_date(told),
            date_told=told,
            sex=_sex(sex),
            ins=value,
            ins_oid=ins[1],
            ins_valid=ins[1] in person.INS_OIDS and _ins_key_valid(value),
            nirs=nirs,
            place=place.strip().upper(),
        )


class Comparison:
    """One chart against the stated identity. Verdicts are equal, near, differs or absent; everything is worked out once, when asked."""

    def __init__(self, stated: Identity, chart: Chart) -> None:
        self.chart = chart
        self.mine = stated
        self.theirs = Identity.chart(chart)

    def __repr__(self) -> str:
        return f"<Comparison with chart {self.chart.id}>"

    @cached_property
    def ins(self) -> str:
        """Equal with its OID; near: the same digits, an OID missing or another."""
        if not self.mine.ins or not self.theirs.ins:
            return ABSENT
        if self.mine.ins != self.theirs.ins:
            return DIFFERS
        return EQUAL if self.mine.ins_oid == self.theirs.ins_oid and self.mine.ins_oid in person.INS_OIDS else NEAR

    @cached_property
    def same_matricule(self) -> bool:
        """The same digits, and nothing says that they are another register's: a test's OID against a real one does."""
        if not self.mine.ins or self.mine.ins != self.theirs.ins:
            return False
        oids = {self.mine.ins_oid, self.theirs.ins_oid} - {""}
        return len(oids) < 2 or not oids & person.TEST_OIDS

    @cached_property
    def other_ins(self) -> bool:
        """Both have a qualified or valid INS, and they differ."""
        sound = self.chart.ins_status == "qualified" or _ins_key_valid(self.theirs.ins)
        return self.ins == DIFFERS and self.mine.ins_valid and sound

    @cached_property
    def family(self) -> str:
        """Birth and used names each against both."""
        if not self.mine.families or not self.theirs.families:
            return ABSENT
        if set(self.mine.families) & set(self.theirs.families):
            return EQUAL
        slip = any(few_edits(one, other) for one in self.mine.families for other in self.theirs.families)
        return NEAR if slip or self._compound else DIFFERS

    @property
    def _compound(self) -> bool:
        """One name is part of the other's (DUPONT, DUPONT-MARTIN), or is birth and used name together."""
        theirs = (*self.theirs.family_words, frozenset().union(*self.theirs.family_words))
        mine = (*self.mine.family_words, frozenset().union(*self.mine.family_words))
        return any((a <= b or b <= a) and any(len(word) > 2 for word in a & b) for a in mine for b in theirs)

    def family_against(self, theirs: str) -> str:
        """Every stated family name against one name of the chart."""
        if not self.mine.families or not theirs:
            return ABSENT
        if theirs in self.mine.families:
            return EQUAL
        return NEAR if any(few_edits(one, theirs) for one in self.mine.families) else DIFFERS

    @cached_property
    def birth_name_equal(self) -> bool:
        return bool(self.mine.birth) and self.mine.birth == self.theirs.birth

    @cached_property
    def given(self) -> str:
        mine, theirs = self.mine.given, self.theirs.given
        if not mine.first or not theirs.first:
            return ABSENT
        if mine.equals(theirs):
            return EQUAL
        return NEAR if mine.near(theirs) else DIFFERS

    @cached_property
    def inverted(self) -> bool:
        """Family and given name exchanged."""
        return self.mine.given.first in self.theirs.families and self.theirs.given.first in self.mine.families

    @cached_property
    def date(self) -> str:
        """Whole dates only are equal. Near: a partial one that agrees, day and month exchanged, or one digit."""
        mine, theirs = self.mine.date_told, self.theirs.date_told
        if not mine or not theirs:
            return ABSENT
        if self.mine.date and self.mine.date == self.theirs.date:
            return EQUAL
        if len(mine) < 10 or len(theirs) < 10:
            short, long = sorted((mine, theirs), key=len)
            return NEAR if long.startswith(short) else DIFFERS
        swapped = mine[:4] == theirs[:4] and mine[5:7] == theirs[8:] and mine[8:] == theirs[5:7]
        return NEAR if swapped or sum(a != b for a, b in zip(mine, theirs, strict=False)) == 1 else DIFFERS

    @cached_property
    def date_contradicts(self) -> bool:
        whole = bool(self.mine.date and self.theirs.date)
        return self.date == DIFFERS or (whole and self.date != EQUAL)

    @cached_property
    def sex(self) -> str:
        if not self.mine.sex or not self.theirs.sex:
            return ABSENT
        return EQUAL if self.mine.sex == self.theirs.sex else DIFFERS

    @cached_property
    def nir(self) -> str:
        """Near: it differs, and its year and month are not the patient's: a relative's, which says nothing."""
        if not self.mine.nirs or not self.theirs.nirs:
            return ABSENT
        if self.mine.nirs & self.theirs.nirs:
            return EQUAL
        return DIFFERS if self.own_nir else NEAR

    @cached_property
    def own_nir(self) -> str:
        """The stated NIR where its year and month are those of the stated birth date; "" otherwise."""
        return next((nir for nir in self.mine.nirs if person.nir_is_of_birth_date(nir, self.mine.date)), "")

    @cached_property
    def ins_not_nir(self) -> bool:
        """The stated INS is a NIR, and the chart has another NIR of its own: a relative's says nothing."""
        own = {nir for nir in self.theirs.nirs if person.nir_is_of_birth_date(nir, self.theirs.date)}
        return self.mine.ins_valid and self.mine.ins_oid != person.INS_NIA and bool(own) and self.mine.ins[:13] not in own

    @cached_property
    def place(self) -> str:
        if not self.mine.place or not self.theirs.place:
            return ABSENT
        return EQUAL if self.mine.place == self.theirs.place else DIFFERS

    @cached_property
    def exact(self) -> bool:
        """Family name, first given name and whole birth date equal, and sex where both tell it: the traits of rules E and G."""
        return self.date == EQUAL and self.family == EQUAL and self.given == EQUAL and self.sex != DIFFERS

    @cached_property
    def name_edits(self) -> int:
        """How far the names are from those of rule A, a name that one side lacks counting nothing: 0 equal; 1 what rule B allows."""
        return self._family_edits + self._given_edits

    @property
    def _family_edits(self) -> int:
        if self.family in (EQUAL, ABSENT):
            return 0
        return min(distance(one, other) for one in self.mine.families for other in self.theirs.families)

    @property
    def _given_edits(self) -> int:
        mine, theirs = self.mine.given, self.theirs.given
        if self.given in (EQUAL, ABSENT) or mine.reordered(theirs):
            return 0
        return distance(mine.first, theirs.first)

    def evidence(self, circumstances: Circumstances) -> tuple[Evidence, ...]:
        """What a person is shown, in the order of TRAITS; a trait that neither side tells is left out."""
        code = ABSENT
        if circumstances.local_code_charts or circumstances.confirmed_code_charts:
            mine = circumstances.local_code_charts | circumstances.confirmed_code_charts
            code = EQUAL if self.chart.id in mine else DIFFERS
        listed = ABSENT
        mine_listed, their_listed = self.mine.given.listed, self.theirs.given.listed
        if mine_listed and their_listed:
            same = mine_listed == their_listed
            listed = EQUAL if same else (DIFFERS if self.mine.given.contradicts(self.theirs.given) else NEAR)
        verdicts = (
            ("ins", self.ins, bool(self.mine.ins or self.theirs.ins)),
            ("birth_name", self.family_against(self.theirs.birth), bool(self.mine.families or self.theirs.birth)),
            ("used_name", self.family_against(self.theirs.used), bool(self.theirs.used)),
            ("first_given_name", self.given, bool(self.mine.given.first or self.theirs.given.first)),
            ("given_names", listed, len(mine_listed) > 1 and len(their_listed) > 1),
            ("birth_date", self.date, bool(self.mine.date_told or self.theirs.date_told)),
            ("sex", self.sex, bool(self.mine.sex or self.theirs.sex)),
            ("nir", self.nir, bool(self.mine.nirs)),
            ("birth_place", self.place, bool(self.mine.place)),
            ("local_code", code, code != ABSENT),
        )
        return tuple(Evidence(trait, verdict) for trait, verdict, told in verdicts if told)
