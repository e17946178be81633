"""The kinds of documents that state no INS, each in every format that can be of the kind, and what the filing policy owes them
(formats.md 6.5).

A document's truth is decided here, when it is invented, from the published policy, and never by the code it judges.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

from bench.population import MEN, WOMEN, Person
from bench.population_desk import Desk, Paper, Written
from bench.population_envelopes import ENVELOPES, mail
from bench.population_hprim import unaccented
from bench.population_told import Told, alike, date_slip, slip, told
from vaguemestre.domain import person as rules

Kind = Callable[[Desk, str], Written]
"""Writes one document at a desk, as one of FORMS; where that form cannot be of the kind, it is as CDA."""
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
    elif shape == 1 and p.used_name and form in {"hprim", "cda", "sante"}:
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
    form = "hprim" if form == "sante" else form  # which has a place for neither number nor birth place
    return desk.owed("hard", "homonym", p, desk.write(form, desk.says(p), apart=True))


def used_name_typed(desk: Desk, form: str) -> Written:
    """Under the name in use alone, told as such: the given name beside it may be the one that the person goes by."""
    form = form if form in {"oru", "fhir"} else "oru"
    p = desk.alone_with("married", lambda p: p.used_name)
    return desk.owed("hard", "used-name-typed", p, desk.write(form, told(p, birth_name="")), "open")


def record_of_several(desk: Desk, form: str) -> Written:
    """A file of two or three patients: HPRIM Médecin closes each by its own mark, and each is judged alone; nothing of another is filed."""
    p = desk.alone()
    others = tuple(told(desk.stranger() if desk.rng.random() < 0.3 else desk.alone()) for _ in range(desk.rng.choice((1, 2))))
    if form in {"sante", "oru", "fhir"}:
        return desk.owed("hard", "one-of-several", p, desk.message(form, (told(p), *others), sparing=True), "person")
    return desk.owed("clean", "record-of-several", p, desk.records(told(p), others))


def married_since(desk: Desk, form: str) -> Written:
    """Under a name alone that the practice has not; of no kind that is told, where a name told as that of use would bear a given name of
    use."""
    p = desk.alone_with("wives", lambda p: p.sex == "F" and p.kind == "plain")
    name = new_name(desk.rng)
    says = (
        told(p, birth_name="", used_name=name) if form in {"hprim", "cda", "sante"} else told(p, birth_name="", used_name="", family=name)
    )
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


def mismatch(desk: Desk, form: str) -> Written:
    """An archive whose metadata, or a reference that, lies about the file."""
    p, rng = desk.alone(), desk.rng
    wrong = rng.choice(("hash", "size"))
    if form == "fhir":
        return desk.owed("hard", "mismatch", p, desk.message("fhir", (desk.says(p),), wrong=wrong))
    paper = desk.cda(desk.says(p), envelope=rng.choice(ARCHIVED), wrong=wrong)
    return desk.owed("hard", "mismatch", p, paper)


def cut_inside(desk: Desk, _: str) -> Written:
    """A CDA of which the end is lacking, alone or in a mail cut in the middle of it. Cut above its body it names nobody yet: it is
    nobody's."""
    p, rng = desk.alone(), desk.rng
    whole = desk.cda(desk.says(p), envelope="file")
    width = 2 if whole.data.startswith((b"\xff\xfe", b"\xfe\xff")) else 1
    named = whole.data.rindex("recordTarget>".encode("utf-16-le" if width == 2 else "ascii"))
    above = rng.random() < 0.5
    end = rng.randrange(named // 3, named) if above else rng.randrange(named + 60 * width, len(whole.data) - 30)
    data, name, envelope = whole.data[:end], whole.name, "file"
    if rng.random() < 0.5:
        message = mail([(whole.name, "text/xml", data)], rng, cut=True)
        data, name, envelope = message.rstrip(b"=\r\n"), "message.eml", "mail"
    paper = dataclasses.replace(whole, data=data, name=name, envelope=envelope)
    return desk.nobodys("cut-above", paper) if above else desk.owed("hard", "cut-in-body", p, paper)


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

    form = "cda" if form == "sante" else form  # which has a place for neither number nor birth place

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


def other_sex(desk: Desk, form: str) -> Written:
    """A chart's name and date, the other sex, a given name of both sexes where there is one."""
    p = desk.alone_with("two sexes", lambda p: p.first_given_name in {"CAMILLE", "DOMINIQUE"})
    says = told(p, sex="M" if p.sex == "F" else "F")
    return desk.nobodys("other-sex", desk.cda(says) if form in {"hprim", "cda"} else desk.message(form, (says,)))


def twin_without_chart(desk: Desk, form: str) -> Written:
    """Of a near given name, born the same day at the same place."""
    p = desk.alone_with("plain", lambda p: p.kind == "plain")
    names = [n for n in (*MEN, *WOMEN) if n[0] == p.first_given_name[0] and rules.solid(n) != rules.solid(p.first_given_name)]
    says = told(p, nir="").called(desk.rng.choice(names) if names else "ZÉLIE")
    return desk.nobodys("near-twin", desk.write(form, says))


def two_patients(desk: Desk, form: str) -> Written:
    """Two record targets, segments or Patient resources, in a document: nothing tells whose it is."""
    p, other = desk.alone(), desk.chart()
    says = told(p) if p.ref != other.ref else told(desk.stranger())
    if form in {"sante", "oru", "fhir", "mdm"}:
        return desk.nobodys("two-patients", desk.message(form, (says, told(other))))
    return desk.nobodys("two-patients", desk.cda(says, beside=(told(other),)))


def surrounded(desk: Desk, form: str, says: Told, around: Told) -> Paper:
    """What stands around the document is of another: the metadata of an archive, the PID of a message."""
    if form in {"mdm", "oru"}:
        return desk.message("mdm", (says,), around=around)
    return desk.cda(says, envelope=desk.rng.choice(ARCHIVED), metadata=around)


def paged(desk: Desk, form: str, says: Told, pages: Told) -> Paper:
    """The PDF in the document names another person than its header."""
    if form in {"mdm", "oru", "fhir"}:
        return desk.message(form, (says,), pages=pages)
    return desk.cda(says, pages=pages)


def metadata_of_another(desk: Desk, form: str) -> Written:
    p, other = desk.alone(), desk.stranger()
    return desk.nobodys("metadata-of-another", surrounded(desk, form, told(p), told(other)))


def pages_of_another(desk: Desk, form: str) -> Written:
    p, other = desk.alone(), desk.stranger()
    return desk.nobodys("pages-of-another", paged(desk, form, told(p), told(other)))


def _twin(desk: Desk) -> Person:
    return desk.some("twins apart", lambda: [p for p in desk.world.of("twin") if not p.flags and told_apart(desk, p)])


def metadata_of_twin(desk: Desk, form: str) -> Written:
    """Around it one twin is named, in it the other."""
    p = _twin(desk)
    return desk.nobodys("metadata-of-twin", surrounded(desk, form, told(p), told(desk.by_ref[p.kin])))


def pages_of_twin(desk: Desk, form: str) -> Written:
    """The header is one twin's, the PDF the other's."""
    p = _twin(desk)
    return desk.nobodys("pages-of-twin", paged(desk, form, told(p), told(desk.by_ref[p.kin])))


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
    cut_inside,
    used_name_typed,
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
