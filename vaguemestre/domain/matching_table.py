"""The filing policy as one table (formats.md 6.5): rules, doubts and vetoes, each a row with a name and a test named after it.

Rules are tried in the order of the table; the first that applies gives the letter. A doubt turns a filing by rule E into a proposal, a
veto anything but an alert into a review. Filing into the wrong chart is the worst harm, so where the text is silent the row files less:

- C is an alert too when the INS is one chart's, the names almost, and the traits are exactly another chart's: a twin's number. It comes
  first: a base where two charts bear one qualified INS, one of them with other traits, files nothing under it.
- A beats G: a homonym's chart does not stop a document whose INS and traits are all another chart's.
- A test's OID and a real one over the same digits are two identities: a doubt, never an alert.
- The chart's NIR is its NIR or, beside it, its INS of type NIR: agreeing with either is agreeing. A NIR whose month the civil status
  does not know (20 to 42, 50 and over) agrees by its year alone.
- The last rows of the doubts are ours: what speaks against rule E though the published row does not name it. Rule A has no doubts.
- P never rests on a birth date that differs by a digit: a parent and a child of one name may be born on such days. Such charts are listed.
- A chart that several warnings, a flag or an undo forbid keeps the name of the first row that applies.

What it cannot know: two persons of one family name, first given name and birth date, of whom only one has a chart, in a document that
bears neither INS nor NIR nor sex nor place that tells them apart.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from vaguemestre.domain import person
from vaguemestre.domain.matching_case import Case, fits_c
from vaguemestre.domain.matching_comparison import Comparison
from vaguemestre.domain.matching_names import distance
from vaguemestre.domain.matching_nouns import DIFFERS, EQUAL, NEAR

NO_FAMILY_NAME = frozenset({"ANONYME", "INCONNU", "INCONNUE", "NN", "NOM", "PATIENT", "SANSNOM", "TEST", "X", "XX", "XXX"})
NO_GIVEN_NAME = NO_FAMILY_NAME | frozenset(
    {
        "BB",
        "BEBE",
        "ENFANT",
        "FILLE",
        "FILS",
        "FOETUS",
        "GARCON",
        "JUMEAU",
        "JUMELLE",
        "M",
        "MADAME",
        "MLLE",
        "MME",
        "MONSIEUR",
        "MR",
        "NE",
        "NEE",
        "NELE",
        "NEELE",
        "NOUVEAUNE",
        "NOUVEAUNEE",
        "NOURRISSON",
        "PRENOM",
        "SANSPRENOM",
        "XY",
    }
)
"""Solid names that stand for one that is not known: two newborns of one mother may both bear them."""

_SAID_TO_BE = ("XSEDISANT", "SEDISANT")
"""How a patient is entered who shows nothing that proves who they are."""

Target = Comparison | None


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """`kind`: rule, doubt or veto. `decision`: what it leads to. `reason`: the word a person's screen puts into a sentence. `target`:
    for a rule, the chart that it files or preselects."""

    kind: str
    name: str
    decision: str
    reason: str
    meaning: str
    applies: Callable[[Case, Target], bool]
    target: Callable[[Case], Target] = lambda _: None


def _alert(case: Case) -> bool:
    if any(fits_c(c) for c in case.comparisons):
        return True
    return bool(case.fits_b) and not case.fits_a and any(c.ins != EQUAL for c in case.exact)


def _only(found: Sequence[Comparison]) -> Target:
    return found[0] if len(found) == 1 else None


def _first_clearly(case: Case) -> Target:
    return _only(case.exact or case.strong)


def _rule_e(case: Case, _: Target) -> bool:
    return len(case.exact) == 1 and not case.fits_b and case.circumstances.sender_known


RULES = (
    Row(
        "rule",
        "C",
        "blocked",
        "identity-alert",
        "The INS of a chart, with a birth date, sex or names that are not its own.",
        lambda k, _: _alert(k),
    ),
    Row(
        "rule",
        "A",
        "filed",
        "same-ins-and-traits",
        "The qualified INS of one chart, with its birth date, sex, birth name and first given name.",
        lambda k, _: len(k.fits_a) == 1,
        lambda k: k.fits_a[0],
    ),
    Row(
        "rule",
        "G",
        "blocked",
        "two-persons",
        "The traits of a chart, and another INS than its own: two persons?",
        lambda k, _: not k.fits_a and any(c.other_ins for c in k.exact),
    ),
    Row(
        "rule",
        "B",
        "proposed",
        "same-ins-near-names",
        "The INS of a chart, and its names but for a slip, their order, or the used name in the place of the birth name.",
        lambda k, _: len(k.fits_b) == 1 and not k.fits_a and all(c in k.fits_b for c in k.exact),
        lambda k: k.fits_b[0],
    ),
    Row(
        "rule",
        "E",
        "filed",
        "same-traits",
        "Family name, first given name and birth date of one chart alone, from a known sender.",
        _rule_e,
        lambda k: k.exact[0],
    ),
    Row(
        "rule",
        "P",
        "proposed",
        "near-traits",
        "One chart is clearly first, but not certain.",
        lambda k, _: not k.fits_a and _first_clearly(k) is not None,
        _first_clearly,
    ),
    Row("rule", "F", "review", "several-charts", "Several charts fit, or only some that resemble.", lambda k, _: bool(k.plausible)),
    Row("rule", "N", "review", "nobody", "No chart resembles.", lambda k, _: True),
)


def _others(case: Case, target: Target) -> list[Comparison]:
    return [c for c in case.comparisons if c is not target]


def _twin(case: Case, target: Target) -> bool:
    """Another chart of the same birth date, a family name at 2 or less, a given name at 2 or less or of the same initial; or whose family
    and given names are those of the document exchanged."""
    if target is None:
        return False
    families = {*case.stated.families, *target.theirs.families}
    firsts = {case.stated.given.first, target.theirs.given.first} - {""}
    for other in _others(case, target):
        if other.date == EQUAL and other.inverted:
            return True
        if other.date != EQUAL or not any(distance(a, b) <= 2 for a in families for b in other.theirs.families):
            continue
        given = other.theirs.given.first
        if not given or any(first[0] == given[0] or distance(first, given) <= 2 for first in firsts):
            return True
    return False


def _local_code(case: Case, target: Target) -> bool:
    used = case.circumstances.local_code_charts | case.circumstances.confirmed_code_charts
    return target is not None and bool(used - {target.chart.id})


def _names_guessed(case: Case, _: Target) -> bool:
    stated = case.patient
    names = (stated.birth_name, stated.used_name, *stated.names_unqualified, stated.first_given_name, *stated.given_names)
    return stated.names_guessed or any("\ufffd" in name for name in names if name)


def _ins_key(case: Case, _: Target) -> bool:
    return "bad-ins-key" in case.circumstances.vetoes or (bool(case.stated.ins) and not person.ins_key_valid(case.stated.ins))


def _nir_elsewhere(case: Case, target: Target) -> bool:
    """A child's chart may bear its parent's NIR: it says nothing of a document that is the parent's."""
    own = target.own_nir if target is not None else ""
    return bool(own) and any(own in c.theirs.nirs and person.nir_is_of_birth_date(own, c.theirs.date) for c in _others(case, target))


def _ins_of_another(case: Case, _: Target) -> bool:
    """The INS is a NIR of another birth date or sex: a parent's, perhaps."""
    stated = case.stated
    if not stated.ins_valid or stated.ins_oid == person.INS_NIA:
        return False
    sexes = {person.nir_sex(stated.ins), stated.sex} - {""}
    return len(sexes) > 1 or not person.nir_is_of_birth_date(stated.ins, stated.date)


def _nir_sex(_: Case, target: Target) -> bool:
    if target is None or not target.own_nir or not target.theirs.sex:
        return False
    return person.nir_sex(target.own_nir) != target.theirs.sex


def _birth_name(_: Case, target: Target) -> bool:
    return target is not None and bool(target.mine.birth and target.theirs.birth) and target.mine.birth != target.theirs.birth


def _placeholder(case: Case, target: Target) -> bool:
    stated = case.stated
    initial = len(stated.given.first) == 1
    given = stated.given.first.rstrip("0123456789")  # JUMEAU 1, BEBE 2
    said = any(name.startswith(_SAID_TO_BE) for name in stated.families)
    return initial or said or given in NO_GIVEN_NAME or not given or not NO_FAMILY_NAME.isdisjoint(stated.families)


DOUBTS = (
    Row("doubt", "twin", "proposed", "twin", "Another chart of the same birth date bears much the same names.", _twin),
    Row(
        "doubt",
        "nir",
        "proposed",
        "nir",
        "The NIR is that of somebody born at the stated date, and is not the chart's.",
        lambda _, t: t is not None and t.nir == DIFFERS,
    ),
    Row("doubt", "local-code", "proposed", "local-code", "This sender used this patient code for another chart.", _local_code),
    Row("doubt", "names-guessed", "proposed", "names-guessed", "The letters of the names were decoded by guess.", _names_guessed),
    Row("doubt", "ins-key", "proposed", "ins-key", "The key of the stated INS is wrong.", _ins_key),
    Row(
        "doubt",
        "ins-differs",
        "proposed",
        "ins-differs",
        "The stated INS is not the chart's INS or NIR, or is of another register.",
        lambda _, t: t is not None and (t.ins == DIFFERS or t.ins_not_nir or (t.ins == NEAR and not t.same_matricule)),
    ),
    Row(
        "doubt",
        "ins-other-chart",
        "proposed",
        "ins-other-chart",
        "The stated INS stands in another chart.",
        lambda k, t: any(c.same_matricule for c in _others(k, t)) and not (t is not None and t.ins == EQUAL),
    ),
    Row("doubt", "ins-of-another", "proposed", "ins-of-another", "The INS is of another birth date or sex.", _ins_of_another),
    Row("doubt", "nir-other-chart", "proposed", "nir-other-chart", "The patient's own NIR stands in another chart.", _nir_elsewhere),
    Row("doubt", "nir-sex", "proposed", "nir-sex", "The patient's own NIR is of the other sex than the chart.", _nir_sex),
    Row("doubt", "birth-name", "proposed", "birth-name", "The stated birth name is not the chart's birth name.", _birth_name),
    Row(
        "doubt",
        "given-names",
        "proposed",
        "given-names",
        "The first given name is the chart's, the others are not, or it is not the first of those listed.",
        lambda k, t: k.stated.given.is_at_odds or (t is not None and t.mine.given.contradicts(t.theirs.given)),
    ),
    Row(
        "doubt",
        "birth-place",
        "proposed",
        "birth-place",
        "The stated birth place is not the chart's.",
        lambda _, t: t is not None and t.place == DIFFERS,
    ),
    Row("doubt", "placeholder-name", "proposed", "placeholder-name", "A name only stands for one that is not known.", _placeholder),
)


def _warned(code: str) -> Callable[[Case, Target], bool]:
    return lambda case, _: code in case.circumstances.vetoes


def _flagged(flag: str) -> Callable[[Case, Target], bool]:
    return lambda _, target: target is not None and flag in target.chart.flags


def _test_identity(case: Case, _: Target) -> bool:
    test = case.stated.ins_oid in person.TEST_OIDS or "test-identity" in case.circumstances.vetoes
    return test and case.circumstances.profile != "demo"


WARNINGS = {
    "several-patients": "The document tells of several patients.",
    "patient-mismatch": "The parts of the message tell of different patients.",
    "hash-mismatch": "The announced digest is not that of the content.",
    "size-mismatch": "The announced size is not that of the content.",
    "truncated": "The message is cut.",
    "missing-end-mark": "No end mark closes the record: it may be cut.",
    "too-large": "The document passes the limits of reading: not all of it was read.",
    "duplicate-name": "Two files of the message bear one name.",
    "unsafe-archive": "The archive is unsound.",
}
"""The reader's warnings that veto; any other that a caller gives does too, as "unforeseen", but those of rows of their own."""

_OWN_ROWS = frozenset({"test-identity", "bad-ins-key", "withdrawn", "returned"})

VETOES = (
    *(Row("veto", code, "review", code, meaning, _warned(code)) for code, meaning in WARNINGS.items()),
    Row(
        "veto",
        "unforeseen",
        "review",
        "unforeseen-warning",
        "The reader warned of something that this table does not know.",
        lambda k, _: any(code not in WARNINGS and code not in _OWN_ROWS for code in k.circumstances.vetoes),
    ),
    Row("veto", "withdrawn", "review", "withdrawn", "Its sender says that it, or one sent before, stands no longer.", _warned("withdrawn")),
    Row("veto", "returned", "review", "returned", "It comes back with a report: the practice sent it.", _warned("returned")),
    Row("veto", "test-identity", "review", "test-identity", "A test or demo identity, in a server of real patients.", _test_identity),
    Row(
        "veto",
        "birth-date",
        "review",
        "birth-date",
        "The birth date is missing, partial, impossible or 1 January 1900.",
        lambda k, _: not k.stated.date,
    ),
    Row("veto", "homonym", "review", "chart-homonym", "The chart is marked as having a homonym.", _flagged("homonym")),
    Row("veto", "doubtful", "review", "chart-doubtful", "The chart's identity is marked doubtful.", _flagged("doubtful")),
    Row("veto", "fictitious", "review", "chart-fictitious", "The chart is marked fictitious.", _flagged("fictitious")),
    Row("veto", "deceased", "review", "chart-deceased", "The chart is marked deceased.", _flagged("deceased")),
    Row(
        "veto",
        "undone",
        "review",
        "undone",
        "This content was taken back from this chart.",
        lambda k, t: t is not None and t.chart.id in k.circumstances.banned,
    ),
)

TABLE = (*RULES, *DOUBTS, *VETOES)

REASONS = {
    **{row.reason: row.meaning for row in TABLE},
    "no-identity": "The document tells of no patient.",
    "only-fuzzy": "Some charts resemble, none is certain.",
    "unknown-sender": "The traits are those of one chart alone, but the practice does not know the sender yet.",
    "running-text": "The identity was found in running text, not in fields.",
    "tightened": "The practice files by hand what this rule would have filed.",
}
"""Every reason that a match may bear, and what it means; the screens put them into French."""
