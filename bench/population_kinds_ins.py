"""The kinds of documents that state an INS, and what the filing policy owes them (formats.md 6.5). HPRIM Médecin has no place for one:
these are CDA, HPRIM Santé, HL7 v2 and FHIR, and letters that say it in their text.

A document's truth is decided here, when it is invented, from the published policy, and never by the code it judges.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.population import Person
from bench.population_cda import HABITS, MISDECLARED, SPARING
from bench.population_desk import Desk, Written
from bench.population_hprim import unaccented
from bench.population_kinds import ARCHIVED, paged, surrounded, told_apart
from bench.population_told import date_slip, slip, told, with_ins
from vaguemestre.domain import person as rules

Kind = Callable[[Desk], Written]
OBSOLETE = "1.2.250.1.213.1.4.2"
"""INS-C, whose numbers are of another kind: no INS stands under it."""


def _qualified(p: Person) -> bool:
    return p.ins_status == "qualified"


def _one_with_ins(desk: Desk) -> Person:
    return desk.alone_with("qualified", _qualified)


def _one_without(desk: Desk) -> Person:
    return desk.alone_with("no INS", lambda p: not p.ins)


def _form(desk: Desk, *forms: str) -> str:
    return desk.rng.choice(forms)


def _where(desk: Desk, p: Person) -> str:
    """A profile in which the register of this chart counts."""
    return "demo" if p.ins_oid in rules.TEST_OIDS or desk.rng.random() < 0.5 else "mssante"


# Rule A.


def qualified(desk: Desk) -> Written:
    """From anybody, twins and homonyms included. The sender's own codes and a guessed encoding raise doubts about rule E alone."""
    p = desk.some("rule A", lambda: [p for p in desk.world.charts if _qualified(p) and not p.flags])
    shape, known = desk.rng.randrange(10), desk.rng.random() < 0.3
    says = desk.guarded(p, with_ins(p, used_name=desk.rng.choice((p.used_name, ""))))
    kind, code_of, habit = p.kind, "", None
    if shape == 0:
        kind, code_of = "code-of-another", desk.chart().ref
    elif shape == 1:
        kind, habit = "misdeclared", MISDECLARED
    return desk.owed("A", f"ins-{kind}", p, desk.bearing(says, habit), known=known, profile=_where(desk, p), code_of=code_of)


# Clean: rule A lacks something that rule E does not ask for, and the sender is known.


def new_to_chart(desk: Desk) -> Written:
    """The practice has no INS yet."""
    p = _one_without(desk)
    says = desk.guarded(p, with_ins(p))
    form = _form(desk, "cda", "cda", "sante", "oru", "mdm", "fhir")
    paper = desk.cda(says, desk.rng.choice((*HABITS, *SPARING))) if form == "cda" else desk.message(form, (says,), sparing=True)
    return desk.owed("clean", "ins-new", p, paper)


def not_qualified(desk: Desk) -> Written:
    """The chart's own INS comes from an identity document or a teleservice alone."""
    p = desk.alone_with("not qualified", lambda p: p.ins and not _qualified(p))
    return desk.owed("clean", f"ins-{p.ins_status}", p, desk.bearing(desk.guarded(p, with_ins(p))), profile=_where(desk, p))


def no_sex(desk: Desk) -> Written:
    p = _one_with_ins(desk)
    return desk.owed("clean", "ins-no-sex", p, desk.bearing(with_ins(p, sex="")), profile=_where(desk, p))


def under_another_oid(desk: Desk) -> Written:
    """The number stands where no INS does."""
    p = _one_with_ins(desk)
    return desk.owed("clean", "ins-misplaced", p, desk.bearing(with_ins(p, ins=((OBSOLETE, p.ins),))), profile=_where(desk, p))


# Hard: to be left to a person, the right chart first.


def family_slip(desk: Desk) -> Written:
    """Rule B, or C where the slip is longer."""
    p = _one_with_ins(desk)
    return desk.owed("hard", "ins-slip", p, desk.bearing(with_ins(p).named(slip(unaccented(p.birth_name), desk.rng))))


def given_slip(desk: Desk) -> Written:
    p = _one_with_ins(desk)
    return desk.owed("hard", "ins-given-slip", p, desk.bearing(with_ins(p).called(slip(unaccented(p.first_given_name), desk.rng))))


def given_order(desk: Desk) -> Written:
    """The given name that the person goes by first, as many hospitals write it."""
    p = desk.alone_with("two given", lambda p: _qualified(p) and len(p.given_names) > 1)
    turned = (*p.given_names[1:], p.first_given_name)
    says = with_ins(p, given_names=turned, first_given_name=turned[0])
    return desk.owed("hard", "ins-given-order", p, desk.bearing(says))


def used_as_birth_name(desk: Desk) -> Written:
    p = desk.alone_with("married", lambda p: _qualified(p) and p.used_name)
    return desk.owed("hard", "ins-used-name", p, desk.bearing(with_ins(p).named(p.used_name)))


def other_day(desk: Desk) -> Written:
    """Rule C."""
    p = _one_with_ins(desk)
    return desk.owed("hard", "ins-date-slip", p, desk.bearing(with_ins(p, birth_date=date_slip(p.birth_date, desk.rng))))


def sex_slip(desk: Desk) -> Written:
    """Rule C."""
    p = _one_with_ins(desk)
    return desk.owed("hard", "ins-sex-slip", p, desk.bearing(with_ins(p, sex="M" if p.sex == "F" else "F")))


def partial_date(desk: Desk) -> Written:
    p = _one_with_ins(desk)
    date = desk.rng.choice(("", "1900-01-01", p.birth_date[:7], p.birth_date[:4]))
    return desk.owed("hard", "ins-partial-date", p, desk.bearing(with_ins(p, birth_date=date)))


def wrong_key(desk: Desk) -> Written:
    p = desk.alone()
    number = p.ins or p.own_nir
    wrong = number[:13] + f"{(int(number[13:]) % 97) + 1:02d}"
    return desk.owed("hard", "ins-wrong-key", p, desk.bearing(with_ins(p, ins=((p.ins_oid or rules.INS_TEST, wrong),))))


def no_key(desk: Desk) -> Written:
    p = desk.alone()
    return desk.owed("hard", "ins-no-key", p, desk.bearing(with_ins(p, ins=((p.ins_oid or rules.INS_TEST, p.own_nir[:13]),))))


def new_from_unknown_sender(desk: Desk) -> Written:
    p = _one_without(desk)
    return desk.owed("hard", "ins-new", p, desk.bearing(with_ins(p)), known=False)


def not_qualified_from_unknown_sender(desk: Desk) -> Written:
    p = desk.alone_with("not qualified", lambda p: p.ins and not _qualified(p))
    return desk.owed("hard", f"ins-{p.ins_status}", p, desk.bearing(with_ins(p)), known=False)


def test_identity(desk: Desk) -> Written:
    """In a server of real patients."""
    p = desk.alone_with("tests", lambda p: p.ins_oid in rules.TEST_OIDS)
    return desk.owed("hard", "test-identity", p, desk.bearing(with_ins(p)), profile="mssante")


def test_for_real(desk: Desk) -> Written:
    """The digits of the chart under the OID of tests, the chart's being real, or the other way round: two identities."""
    p = desk.alone_with("NIR", lambda p: _qualified(p) and p.ins_oid in {rules.INS_NIR, rules.INS_TEST})
    oid = rules.INS_TEST if p.ins_oid == rules.INS_NIR else rules.INS_NIR
    return desk.owed("hard", "ins-test-for-real", p, desk.bearing(with_ins(p, ins=((oid, p.ins),))))


def register_of_provisional(desk: Desk) -> Written:
    """The digits of the chart under the other of the two real registers. The policy does not say whether they differ."""
    p = desk.alone_with("real", lambda p: _qualified(p) and p.ins_oid not in rules.TEST_OIDS)
    oid = rules.INS_NIA if p.ins_oid == rules.INS_NIR else rules.INS_NIR
    return desk.owed("hard", "ins-other-register", p, desk.bearing(with_ins(p, ins=((oid, p.ins),))), "open")


def final_number(desk: Desk) -> Written:
    """Rule G: the chart has the provisional number, the document the one that came after it."""
    p = desk.alone_with("NIA", lambda p: _qualified(p) and p.ins_oid == rules.INS_NIA)
    thirteen = {"7": "1", "8": "2"}[p.ins[0]] + p.ins[1:13]
    says = with_ins(p, ins=((rules.INS_NIR, thirteen + rules.matricule_key(thirteen)),))
    return desk.owed("hard", "ins-final-number", p, desk.bearing(says))


def flagged(desk: Desk) -> Written:
    p = desk.some("flagged with INS", lambda: [p for p in desk.world.charts if p.flags and _qualified(p)])
    return desk.owed("hard", "ins-flagged", p, desk.bearing(with_ins(p)))


def mismatch(desk: Desk) -> Written:
    p = _one_with_ins(desk)
    wrong = desk.rng.choice(("hash", "size"))
    if _form(desk, "cda", "fhir") == "fhir":
        return desk.owed("hard", "ins-mismatch", p, desk.message("fhir", (with_ins(p),), wrong=wrong))
    return desk.owed("hard", "ins-mismatch", p, desk.cda(with_ins(p), envelope=desk.rng.choice(ARCHIVED), wrong=wrong))


def cut(desk: Desk) -> Written:
    p = _one_with_ins(desk)
    form = _form(desk, "cda", "sante", "oru", "mdm", "fhir")
    if form == "cda":
        return desk.owed("hard", "ins-cut", p, desk.cda(with_ins(p), envelope="mail", cut=True))
    return desk.owed("hard", "ins-cut", p, desk.message(form, (with_ins(p),), cut=True))


def running_text(desk: Desk) -> Written:
    p = _one_with_ins(desk)
    return desk.owed("hard", "ins-running-text", p, desk.prose(with_ins(p)), known=desk.rng.random() < 0.5)


# Nobody's: any filing is a wrong one.


def stranger(desk: Desk) -> Written:
    p = desk.stranger()
    return desk.nobodys(f"ins-{p.kind}", desk.bearing(with_ins(p)))


def stranger_homonym(desk: Desk) -> Written:
    """Name, given name and birth date of a chart: only the number, and the birth place where it is told, are another's. Where the chart has
    no number of its own, the place alone tells."""

    def tells(p: Person) -> bool:
        kin = desk.by_ref[p.kin]
        return bool(kin.ins) or kin.nir == kin.own_nir or kin.birth_place_code != p.birth_place_code

    p = desk.some("homonyms with INS", lambda: [p for p in desk.world.strangers if p.kind == "stranger-homonym" and tells(p)])
    kin = desk.by_ref[p.kin]
    if kin.ins and desk.rng.random() < 0.5:
        return desk.nobodys("ins-stranger-homonym", desk.bearing(with_ins(p)))
    habits = HABITS if kin.ins or kin.nir == kin.own_nir else tuple(habit for habit in HABITS if habit.place)
    return desk.nobodys("ins-stranger-homonym", desk.cda(with_ins(p), desk.rng.choice(habits)))


def twins_ins(desk: Desk) -> Written:
    """The INS of one twin over the names of the other: whose is it? Nobody may tell but a person."""
    p = desk.some("twins with INS", lambda: [p for p in desk.world.of("twin") if p.ins])
    return desk.nobodys("twins-ins", desk.bearing(with_ins(desk.by_ref[p.kin], ins=((p.ins_oid, p.ins),))))


def parents_ins(desk: Desk) -> Written:
    """A child's document under the INS of the parent whose card it is on."""
    child = desk.some("on a card", lambda: [p for p in desk.world.of("child") if p.nir not in {"", p.own_nir}])
    number = with_ins(desk.by_ref[child.kin]).ins
    return desk.nobodys("parents-ins", desk.bearing(desk.guarded(child, with_ins(child, ins=number))))


def ins_of_another(desk: Desk) -> Written:
    """The wrong line was clicked: one patient's INS over the traits of another."""
    p = desk.alone()
    other = desk.some("rule A", lambda: [p for p in desk.world.charts if _qualified(p) and not p.flags])
    if other.birth_date == p.birth_date:
        return stranger(desk)
    return desk.nobodys("ins-of-another", desk.bearing(told(p, ins=((other.ins_oid, other.ins),))))


def two_numbers(desk: Desk) -> Written:
    """The INS of two people in one header."""
    p, other = _one_with_ins(desk), desk.stranger()
    return desk.nobodys("two-ins", desk.bearing(with_ins(p, ins=((p.ins_oid, p.ins), (p.ins_oid, other.own_nir)))))


def two_patients(desk: Desk) -> Written:
    p, other = _one_with_ins(desk), desk.stranger()
    form = _form(desk, "cda", "sante", "oru", "mdm", "fhir")
    if form == "cda":
        return desk.nobodys("ins-two-patients", desk.cda(with_ins(p), beside=(with_ins(other),)))
    return desk.nobodys("ins-two-patients", desk.message(form, (with_ins(p), with_ins(other))))


def metadata_of_another(desk: Desk) -> Written:
    p, other = _one_with_ins(desk), desk.stranger()
    paper = surrounded(desk, _form(desk, "cda", "mdm"), with_ins(p), with_ins(other))
    return desk.nobodys("ins-metadata-of-another", paper)


def pages_of_another(desk: Desk) -> Written:
    p, other = _one_with_ins(desk), desk.stranger()
    return desk.nobodys("ins-pages-of-another", paged(desk, _form(desk, "cda", "mdm", "oru", "fhir"), with_ins(p), told(other)))


def _twin(desk: Desk) -> Person:
    return desk.some(
        "twins for rule A", lambda: [p for p in desk.world.of("twin") if _qualified(p) and not p.flags and told_apart(desk, p)]
    )


def metadata_of_twin(desk: Desk) -> Written:
    """Under the INS of one twin, in an archive whose metadata are the other's: with an INS where that one has one."""
    p = _twin(desk)
    kin = desk.by_ref[p.kin]
    paper = surrounded(desk, _form(desk, "cda", "mdm"), with_ins(p), with_ins(kin) if kin.ins else told(kin))
    return desk.nobodys("ins-metadata-of-twin", paper)


def pages_of_twin(desk: Desk) -> Written:
    """Under the INS of one twin, the PDF being the other's."""
    p = _twin(desk)
    return desk.nobodys("ins-pages-of-twin", paged(desk, _form(desk, "cda", "mdm", "oru", "fhir"), with_ins(p), told(desk.by_ref[p.kin])))


CLEAN: tuple[Kind, ...] = (new_to_chart, not_qualified, no_sex, under_another_oid)
HARD: tuple[Kind, ...] = (
    family_slip,
    given_slip,
    given_order,
    used_as_birth_name,
    other_day,
    sex_slip,
    partial_date,
    wrong_key,
    no_key,
    new_from_unknown_sender,
    not_qualified_from_unknown_sender,
    test_identity,
    test_for_real,
    register_of_provisional,
    final_number,
    flagged,
    mismatch,
    cut,
    running_text,
)
NOBODYS: tuple[Kind, ...] = (
    stranger,
    stranger_homonym,
    twins_ins,
    parents_ins,
    ins_of_another,
    two_numbers,
    two_patients,
    metadata_of_another,
    pages_of_another,
    metadata_of_twin,
    pages_of_twin,
)
