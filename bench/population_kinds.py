"""The kinds of documents that state no INS, each as HPRIM Médecin and as CDA, and what the filing policy owes them (formats.md 6.5).

A document's truth is decided here, when it is invented, from the published policy, and never by the code it judges.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from bench.population import MEN, WOMEN, Person
from bench.population_desk import Desk, Written
from bench.population_envelopes import ENVELOPES
from bench.population_hprim import unaccented
from bench.population_told import alike, date_slip, slip, told
from vaguemestre.domain import person as rules

Kind = Callable[[Desk, str], Written]
"""Writes one document at a desk, as "hprim" or "cda"; where only one form can be of the kind, it is that one."""
ARCHIVED = tuple(name for name in ENVELOPES if "xdm" in name)


def near_kin(desk: Desk, p: Person) -> bool:
    """Whether a twin's given name has the same initial."""
    return rules.solid(p.first_given_name)[0] == rules.solid(desk.by_ref[p.kin].first_given_name)[0]


def told_apart(desk: Desk, p: Person) -> bool:
    """Whether neither of two twins bears the first given name of the other among their own: one who goes by it would be taken for them."""
    kin = desk.by_ref[p.kin]
    return p.first_given_name not in kin.given_names and kin.first_given_name not in p.given_names


def new_name(rng: random.Random) -> str:
    """A family name that no chart bears."""
    return slip("VERDIMONT", rng) + rng.choice(("EL", "ET", "IN"))


# Clean: of a known sender, nothing amiss. To be filed by rule E.


def clean(desk: Desk, form: str) -> Written:
    p = desk.alone()
    says = desk.says(p)
    kind = p.kind
    shape = desk.rng.randrange(6)
    if shape == 0 and p.used_name:
        kind, says = "birth-name", says.named(p.birth_name)
    elif shape == 1 and p.used_name:
        kind, says = "used-name-alone", says.changed(birth_name="", used_name=p.used_name)
    elif shape == 2:
        given = tuple(name.replace("-", " ") for name in p.given_names)
        kind, says = "blanks-for-hyphens", says.changed(given_names=given, first_given_name=given[0])
    elif shape == 3:
        first = " ".join(p.given_names) if form == "hprim" else p.first_given_name
        kind, says = "all-given-names", says.changed(given_names=p.given_names, first_given_name=first)
    elif shape == 4 and form == "cda" and p.sex == "F":
        # the birth name is the chart's, whatever name came since
        kind, says = "other-used-name", told(p, used_name=new_name(desk.rng))
        return desk.owed("clean", kind, p, desk.cda(says))
    return desk.owed("clean", kind, p, desk.write(form, says))


def namesake(desk: Desk, form: str) -> Written:
    """A parent or a child of one name: the birth date tells which."""
    p = desk.of_kind("namesake")
    return desk.owed("clean", "namesake", p, desk.write(form, desk.says(p)))


# Hard: to be left to a person, the right chart first.


def twin(desk: Desk, form: str) -> Written:
    """Under the right name; the policy asks a person where the given names are near."""
    p = desk.of_kind("twin")
    near = near_kin(desk, p)
    return desk.owed("hard", "twin" if near else "twin-far-name", p, desk.write(form, desk.says(p)), "person" if near else "open")


def twin_slip(desk: Desk, form: str) -> Written:
    """A slip of LÉON may be one of LÉO as well: then it is nobody's."""
    p = desk.of_kind("twin")
    slipped = slip(unaccented(p.first_given_name), desk.rng)
    paper = desk.write(form, told(p).called(slipped))
    if alike(slipped, unaccented(desk.by_ref[p.kin].first_given_name)):
        return desk.nobodys("twin-slip-between", paper)
    return desk.owed("hard", "twin-slip", p, paper)


def homonym(desk: Desk, form: str) -> Written:
    p = desk.of_kind("homonym")
    return desk.owed("hard", "homonym", p, desk.write(form, desk.says(p), apart=True))


def married_since(desk: Desk, form: str) -> Written:
    """Under a name alone that the practice has not."""
    p = desk.alone_with("wives", lambda p: p.sex == "F" and p.kind == "plain")
    says = told(p, birth_name="", used_name=new_name(desk.rng))
    return desk.owed("hard", "new-name", p, desk.write(form, says))


def family_slip(desk: Desk, form: str) -> Written:
    p = desk.alone()
    return desk.owed("hard", "family-slip", p, desk.write(form, told(p).named(slip(unaccented(p.family_name), desk.rng))))


def given_slip(desk: Desk, form: str) -> Written:
    p = desk.alone()
    return desk.owed("hard", "given-slip", p, desk.write(form, told(p).called(slip(unaccented(p.first_given_name), desk.rng))))


def other_day(desk: Desk, form: str) -> Written:
    p = desk.alone()
    return desk.owed("hard", "date-slip", p, desk.write(form, desk.says(p, birth_date=date_slip(p.birth_date, desk.rng))))


def inverted(desk: Desk, form: str) -> Written:
    """Family and given name exchanged."""
    p = desk.alone()
    return desk.owed("hard", "inverted", p, desk.write(form, told(p).named(p.first_given_name).called(unaccented(p.family_name))))


def part_of_name(desk: Desk, form: str) -> Written:
    """JEAN for JEAN-PIERRE."""
    p = desk.alone_with("compound", lambda p: "-" in p.first_given_name)
    return desk.owed("hard", "part-of-name", p, desk.write(form, told(p).called(p.first_given_name.split("-")[0])))


def unknown_sender(desk: Desk, form: str) -> Written:
    p = desk.alone()
    return desk.owed("hard", "unknown-sender", p, desk.write(form, desk.says(p)), known=False)


def partial_date(desk: Desk, form: str) -> Written:
    p = desk.alone()
    shapes = ("", "1900-01-01") if form == "hprim" else ("", "1900-01-01", p.birth_date[:7], p.birth_date[:4])
    return desk.owed("hard", "partial-date", p, desk.write(form, desk.says(p, birth_date=desk.rng.choice(shapes))))


def guessed(desk: Desk, form: str) -> Written:
    """The letters of the given name are not certain."""
    p = desk.alone_with("accented", lambda p: not p.first_given_name.isascii())
    return desk.owed("hard", "guessed", p, desk.write(form, desk.says(p), guessed=True))


def flagged(desk: Desk, form: str) -> Written:
    p = desk.some("flagged", lambda: [p for p in desk.world.of("plain", "child", "used-name") if p.flags])
    return desk.owed("hard", "flagged", p, desk.write(form, desk.says(p)))


def code_of_another(desk: Desk, form: str) -> Written:
    p, other = desk.alone(), desk.chart()
    if other.ref == p.ref:
        return unknown_sender(desk, form)
    return desk.owed("hard", "code-of-another", p, desk.write(form, desk.says(p)), code_of=other.ref)


def cut(desk: Desk, form: str) -> Written:
    p = desk.alone()
    return desk.owed("hard", "cut", p, desk.write(form, desk.says(p), cut=True))


def newborn(desk: Desk, form: str) -> Written:
    """Before there was a given name."""
    p = desk.alone_with("children", lambda p: p.kind == "child")
    return desk.owed("hard", "newborn", p, desk.write(form, desk.guarded(p, told(p).called("BÉBÉ"))))


def mismatch(desk: Desk, _: str) -> Written:
    """An archive whose metadata lie about the file."""
    p, rng = desk.alone(), desk.rng
    paper = desk.cda(desk.says(p), envelope=rng.choice(ARCHIVED), wrong=rng.choice(("hash", "size")))
    return desk.owed("hard", "mismatch", p, paper)


def running_text(desk: Desk, _: str) -> Written:
    p = desk.alone()
    return desk.owed("hard", "running-text", p, desk.prose(told(p)))


# Nobody's: any filing is a wrong one.


def stranger(desk: Desk, form: str) -> Written:
    p = desk.stranger()
    return desk.nobodys(p.kind, desk.write(form, told(p)))


def stranger_homonym(desk: Desk, form: str) -> Written:
    """Name, given name and birth date of a chart: only a number or a birth place of their own tells them apart."""

    def tells(p: Person) -> bool:
        kin = desk.by_ref[p.kin]
        numbered = bool(kin.nir or (kin.ins and kin.ins_oid != rules.INS_NIA))
        return numbered if form == "hprim" else kin.birth_place_code != p.birth_place_code

    p = desk.some(f"homonyms {form}", lambda: [p for p in desk.world.strangers if p.kind == "stranger-homonym" and tells(p)])
    return desk.nobodys(p.kind, desk.write(form, told(p), apart=True))


def homonym_untold(desk: Desk, form: str) -> Written:
    """One of two people of one name and birth date, and nothing says which."""
    p = desk.of_kind("homonym")
    says = told(p, nir="", birth_place_code="").called(p.first_given_name)
    return desk.nobodys("homonym-untold", desk.write(form, says))


def stranger_with_code(desk: Desk, form: str) -> Written:
    """A laboratory gave a chart's code to somebody else."""
    return desk.nobodys("code-of-chart", desk.write(form, told(desk.stranger())), code_of=desk.chart().ref)


def other_sex(desk: Desk, _: str) -> Written:
    """A chart's name and date, the other sex, a given name of both sexes where there is one."""
    p = desk.alone_with("two sexes", lambda p: p.first_given_name in {"CAMILLE", "DOMINIQUE"})
    return desk.nobodys("other-sex", desk.cda(told(p, sex="M" if p.sex == "F" else "F")))


def twin_without_chart(desk: Desk, form: str) -> Written:
    """Of a near given name, born the same day at the same place."""
    p = desk.alone_with("plain", lambda p: p.kind == "plain")
    names = [n for n in (*MEN, *WOMEN) if n[0] == p.first_given_name[0] and rules.solid(n) != rules.solid(p.first_given_name)]
    says = told(p, nir="").called(desk.rng.choice(names) if names else "ZÉLIE")
    return desk.nobodys("near-twin", desk.write(form, says))


def two_patients(desk: Desk, _: str) -> Written:
    """Two record targets: nothing tells whose it is."""
    p, other = desk.alone(), desk.chart()
    says = told(p) if p.ref != other.ref else told(desk.stranger())
    return desk.nobodys("two-patients", desk.cda(says, beside=(told(other),)))


def metadata_of_another(desk: Desk, _: str) -> Written:
    """The archive says that the document is of one person, the document that it is of another."""
    p, other = desk.alone(), desk.stranger()
    return desk.nobodys("metadata-of-another", desk.cda(told(p), envelope=desk.rng.choice(ARCHIVED), metadata=told(other)))


def pages_of_another(desk: Desk, _: str) -> Written:
    """The PDF in the document names another person than its header."""
    p, other = desk.alone(), desk.stranger()
    return desk.nobodys("pages-of-another", desk.cda(told(p), pages=told(other)))


def _twin(desk: Desk) -> Person:
    return desk.some("twins apart", lambda: [p for p in desk.world.of("twin") if not p.flags and told_apart(desk, p)])


def metadata_of_twin(desk: Desk, _: str) -> Written:
    """The archive says that the document is one twin's, the document that it is the other's."""
    p = _twin(desk)
    paper = desk.cda(told(p), envelope=desk.rng.choice(ARCHIVED), metadata=told(desk.by_ref[p.kin]))
    return desk.nobodys("metadata-of-twin", paper)


def pages_of_twin(desk: Desk, _: str) -> Written:
    """The header is one twin's, the PDF the other's."""
    p = _twin(desk)
    return desk.nobodys("pages-of-twin", desk.cda(told(p), pages=told(desk.by_ref[p.kin])))


HARD: tuple[Kind, ...] = (
    twin,
    twin_slip,
    homonym,
    married_since,
    family_slip,
    given_slip,
    other_day,
    inverted,
    part_of_name,
    unknown_sender,
    partial_date,
    guessed,
    flagged,
    code_of_another,
    cut,
    newborn,
    mismatch,
    running_text,
)
NOBODYS: tuple[Kind, ...] = (
    stranger,
    stranger_homonym,
    homonym_untold,
    stranger_with_code,
    other_sex,
    twin_without_chart,
    two_patients,
    metadata_of_another,
    pages_of_another,
    metadata_of_twin,
    pages_of_twin,
)
