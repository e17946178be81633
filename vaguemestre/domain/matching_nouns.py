"""What the filing policy is told and what it answers (formats.md 6.5). Absent text is "". No repr shows who a patient is (promise 5)."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Chart:
    """A patient of the practice. `birth_date` is YYYY-MM-DD; `ins_status` and `flags` bear the words of `person`."""

    id: int
    ref: str
    ins: str
    ins_oid: str
    ins_status: str
    nir: str
    birth_name: str
    used_name: str
    given_names: tuple[str, ...]
    first_given_name: str
    birth_date: str
    sex: str
    birth_place_code: str
    flags: frozenset[str]

    def __repr__(self) -> str:
        return f"<Chart {self.id}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Circumstances:
    """What is known around a document. Every default is the one that files least.

    `sender`: comparison form of the proven sender. `profile`: demo or mssante. `local_code_charts`: charts for which this sender used this
    local patient code; `confirmed_code_charts`: those that a person confirmed. `banned`: charts that this content was taken back from.
    `vetoes`: codes of the reader's warnings that forbid filing. `automatic`: "AE", "A", "E" or "none"."""

    sender: str = ""
    sender_known: bool = False
    profile: str = "mssante"
    local_code_charts: frozenset[int] = frozenset()
    confirmed_code_charts: frozenset[int] = frozenset()
    banned: frozenset[int] = frozenset()
    vetoes: tuple[str, ...] = ()
    automatic: str = "AE"

    def __repr__(self) -> str:
        return f"Circumstances(sender_known={self.sender_known}, profile={self.profile!r}, automatic={self.automatic!r})"


EQUAL, NEAR, DIFFERS, ABSENT = "equal", "near", "differs", "absent"

TRAITS = (
    "ins",
    "birth_name",
    "used_name",
    "first_given_name",
    "given_names",
    "birth_date",
    "sex",
    "nir",
    "birth_place",
    "local_code",
)
"""What evidence may be about. `birth_name` and `used_name` are the chart's, each held against every stated family name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """`trait` is one of TRAITS, `verdict` equal, near, differs or absent. No values."""

    trait: str
    verdict: str


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """A chart that a person may choose, with what speaks for and against it."""

    chart: int
    ref: str
    evidence: tuple[Evidence, ...]

    def __repr__(self) -> str:
        return f"<Candidate {self.chart}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Match:
    """The decision: filed, proposed, review or blocked.

    `rule` is a letter, and after a colon the doubt or veto that changed what it would have decided. `reason` is a word of
    `matching.REASONS`. `patient` is the chart filed into or preselected, None otherwise. `candidates`: best first, at most 5."""

    decision: str
    rule: str
    reason: str
    patient: int | None
    candidates: tuple[Candidate, ...]

    def __repr__(self) -> str:
        return f"Match({self.decision!r}, rule={self.rule!r}, reason={self.reason!r}, candidates={len(self.candidates)})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Lookup:
    """The charts that the policy must be given: all those whose INS or birth date is among these (leaving one out may hide a twin), and
    those of one of these family names (`person.solid`), where leaving some out only shortens the list of candidates."""

    ins: tuple[str, ...]
    birth_dates: tuple[str, ...]
    names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Lookup(ins={len(self.ins)}, birth_dates={len(self.birth_dates)}, names={len(self.names)})"
