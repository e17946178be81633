"""`match`: whose document is it? Gathers what the policy table of `domain.matching` must know of one document, and asks it.

Identity of a document without one of its own (a text, a picture) is nobody's: the mail's subject and the file names only ever propose,
and this version does not read them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from vaguemestre.domain import matching
from vaguemestre.domain.matching import Chart, Circumstances, Lookup, Match
from vaguemestre.domain.matching_comparison import Identity
from vaguemestre.domain.reading import Document, StatedPatient
from vaguemestre.formats import running_text
from vaguemestre.formats.xdm_associations import STANDING
from vaguemestre.inbound.read_identities import other_given_name, same_person

VETOING = frozenset(
    {
        "hash-mismatch",
        "size-mismatch",
        "truncated",
        "missing-end-mark",
        "several-patients",
        "patient-mismatch",
        "duplicate-name",
        "unsafe-archive",
        "too-large",
        "bad-ins-key",
        "test-identity",
    }
)
"""Warnings of a reader that the policy weighs (formats.md 6.5 and 9, cases 2, 3 and 28): vetoes, or doubts where its table says so."""

_LABELLED = 20_000
"""Characters of a text in which its labels are looked for."""
_NAME_LABELS = ("rénom", "renom", "om de naissance", "RÉNOM", "RENOM", "OM DE NAISSANCE")
_BIRTH_LABELS = ("naissance", "né le", "née le", "(e) le", "ddn")
"""Those in lower case. Without one of each, a text labels nobody."""

WITHDRAWN, RETURNED = "withdrawn", "returned"
"""Beside them: what the metadata of an archive say of a document (see `withdrawn`), and that it comes back with a report."""


@dataclasses.dataclass(frozen=True, slots=True)
class Learnt:
    """What the practice knows around one document: see `matching.Circumstances`."""

    sender_known: bool
    local_code_charts: frozenset[int]
    confirmed_code_charts: frozenset[int]
    banned: frozenset[int]


def withdrawn(document: Document) -> bool:
    """Whether the archive says of the document that it stands no longer (deprecated, deleted), or with it that one sent before does not.
    What to do with either is not written in any paragraph of formats.md: a person decides."""
    facts = document.metadata or {}
    status = str(facts.get("availabilityStatus") or "").lower()
    return bool(status and status not in STANDING) or bool(facts.get("withdraws"))


def _forbids(document: Document) -> list[str]:
    codes = [w.code for w in document.warnings if w.code in VETOING]
    if document.returned:
        codes.append(RETURNED)
    return [*codes, WITHDRAWN] if withdrawn(document) else codes


def vetoes(document: Document, message_warnings: Sequence[str]) -> tuple[str, ...]:
    """The codes that forbid filing by itself, those of the message around it included, each once, in order."""
    around = (code for code in message_warnings if code in VETOING or code in {WITHDRAWN, RETURNED})
    return tuple(dict.fromkeys([*_forbids(document), *around]))


def disagree(one: StatedPatient | None, other: StatedPatient | None) -> bool:
    """Whether two documents cannot be of one person: another INS, another whole birth date, no family name in common, or another first
    given name. What either leaves out says nothing."""
    if one is None or other is None or one == other:
        return False
    mine, theirs = Identity.stated(one), Identity.stated(other)
    told = ((mine.ins, theirs.ins), (mine.date, theirs.date))
    if any(a and b and a != b for a, b in told):
        return True
    if mine.families and theirs.families and not set(mine.families) & set(theirs.families):
        return True
    return other_given_name(mine.given, theirs.given)


def names_another(patient: StatedPatient | None, text: str) -> bool:
    """Whether a text names as its patient somebody else than this one: no word of a family name in common, or another given name."""
    if patient is None or "atient" not in text:
        return False
    mine = Identity.stated(patient)
    words = frozenset().union(*mine.family_words)
    for one in running_text.named(text):
        its = Identity.stated(one)
        if (words and words.isdisjoint(*its.family_words)) or other_given_name(mine.given, its.given):
            return True
    return False


def labels_another(patient: StatedPatient | None, text: str) -> bool:
    """Whether a text labels names and a birth date, as a letter does those of its patient, which are not this one's: words dictated into
    the record that was open on the screen."""
    if patient is None:
        return False
    words = text[:_LABELLED]
    if not any(label in words for label in _NAME_LABELS):
        return False  # as nearly all: to look for every label costs more than the rest of the match
    if not any(label in words.lower() for label in _BIRTH_LABELS):
        return False
    told = running_text.identity(text)
    return told is not None and told.birth_date is not None and disagree(patient, told)


def of_forms(document: Document, forms: Sequence[Document]) -> tuple[str, ...]:
    """What the other forms of a document bring against filing it: their vetoing warnings, and another person."""
    codes = [code for form in forms for code in _forbids(form)]
    mine = document.patient
    if any(disagree(mine, form.patient) or _speaks_of_another(mine, form.text) for form in forms):
        codes.append("patient-mismatch")
    return tuple(codes)


def _speaks_of_another(patient: StatedPatient | None, text: str) -> bool:
    return names_another(patient, text) or labels_another(patient, text)


def names_better(document: Document, forms: Sequence[Document]) -> int | None:
    """Which of its forms tells the INS of its patient where the document, an HPRIM file, tells none: it is one report with its CDA, and
    one person, so that the policy may use all that is told of them. None where no form does, or several tell different ones."""
    mine = document.patient
    if mine is None or mine.ins is not None or not mine.from_fields:
        return None
    telling = [
        place
        for place, form in enumerate(forms)
        if form.patient is not None and form.patient.ins is not None and form.patient.from_fields and same_person(mine, form.patient)
    ]
    return telling[0] if len({forms[place].patient for place in telling}) == 1 else None


def leads_elsewhere(own: Match, found: Match) -> bool:
    """Whether what a document itself tells leads to other charts than that in which its form's INS would file it, or to an alert."""
    charts = {candidate.chart for candidate in own.candidates} | ({own.patient} if own.patient is not None else set())
    return own.decision == "blocked" or (bool(charts) and found.patient not in charts)


def decide(
    document: Document,
    message_warnings: Sequence[str],
    sender: str,
    profile: str,
    automatic: str,
    charts: Callable[[Lookup], Sequence[Chart]],
    learnt: Learnt,
) -> Match:
    """The match of one document. `charts` answers the look-up of the policy."""
    told = vetoes(document, message_warnings)
    if _speaks_of_another(document.patient, document.text) and "patient-mismatch" not in told:
        told = (*told, "patient-mismatch")  # its words are about somebody else than its header
    circumstances = Circumstances(
        sender=sender,
        sender_known=learnt.sender_known,
        profile=profile,
        local_code_charts=learnt.local_code_charts,
        confirmed_code_charts=learnt.confirmed_code_charts,
        banned=learnt.banned,
        vetoes=told,
        automatic=automatic,
    )
    if not document.understood and document.patient is None:
        return Match("review", "N", "unreadable", None, ())
    look = matching.lookup(document.patient)
    found = charts(look) if look.ins or look.birth_dates or look.names else ()
    return matching.decide(document.patient, found, circumstances)
