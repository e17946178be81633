"""`settle`: a stated identity and a chart, trait by trait, for a person who decides; and what they must confirm twice.

Verdicts are those of the filing policy (`domain.matching_comparison`, formats.md 6.5); this only shows and warns, it never files.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from vaguemestre.domain.matching_comparison import Comparison, Identity
from vaguemestre.domain.matching_nouns import ABSENT, DIFFERS, EQUAL, NEAR, Chart
from vaguemestre.domain.reading import Ins, StatedPatient

GRAVE = frozenset({"ins", "birth_date", "sex", "family_name", "given_names"})
"""Traits that two documents of one person do not change: a chart that differs by one asks for a second confirmation."""


class Row(Protocol):
    """A chart as the records keep it (`records.patients.Patient`)."""

    ref: str
    ins: str
    ins_oid: str
    ins_status: str
    nir: str
    birth_name: str
    used_name: str
    given_names: str
    first_given_name: str
    birth_date: str
    sex: str
    birth_place_code: str
    flags: str


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Trait:
    """One line of the comparison. `stated` and `chart` as written, "" when absent; `verdict` is equal, near, differs or absent."""

    name: str
    stated: str
    chart: str
    verdict: str

    def __repr__(self) -> str:
        return f"<Trait {self.name} {self.verdict}>"


def stated_patient(stated: Mapping[str, Any] | None) -> StatedPatient:
    """The identity kept beside a document (`records.documents.Document.stated`) as the policy reads it."""
    told = stated or {}
    ins = told.get("ins") or {}
    return StatedPatient(
        ins=Ins(str(ins["value"]), str(ins.get("oid") or "")) if ins.get("value") else None,
        nir=told.get("nir"),
        birth_name=told.get("birth_name"),
        used_name=told.get("used_name"),
        names_unqualified=tuple(map(str, told.get("names_unqualified") or ())),
        given_names=tuple(map(str, told.get("given_names") or ())),
        first_given_name=told.get("first_given_name"),
        birth_date=told.get("birth_date"),
        sex=told.get("sex"),
        birth_place_code=told.get("birth_place_code"),
        from_fields=bool(told.get("from_fields", True)),
        names_guessed=bool(told.get("names_guessed", False)),
    )


def _chart(row: Row) -> Chart:
    return Chart(
        id=0,
        ref=row.ref,
        ins=row.ins,
        ins_oid=row.ins_oid,
        ins_status=row.ins_status,
        nir=row.nir,
        birth_name=row.birth_name,
        used_name=row.used_name,
        given_names=tuple(row.given_names.split()),
        first_given_name=row.first_given_name,
        birth_date=row.birth_date,
        sex=row.sex,
        birth_place_code=row.birth_place_code,
        flags=frozenset(row.flags.split()),
    )


def _family_words(birth: str, used: str, unqualified: Sequence[str]) -> str:
    named = [birth, used] if used and used != birth else [birth or used]
    return " / ".join(dict.fromkeys(name for name in (*named, *unqualified) if name))


def compare(stated: Mapping[str, Any] | None, row: Row) -> tuple[Trait, ...]:
    """The stated identity against a chart, in the order in which a person reads them; a trait that neither side tells is left out."""
    patient, chart = stated_patient(stated), _chart(row)
    held = Comparison(Identity.stated(patient), chart)
    given = " ".join(patient.given_names) or patient.first_given_name or ""
    traits = (
        Trait(
            "family_name",
            _family_words(patient.birth_name or "", patient.used_name or "", patient.names_unqualified),
            _family_words(row.birth_name, row.used_name, ()),
            held.family,
        ),
        Trait("given_names", given, row.given_names or row.first_given_name, held.given),
        Trait("birth_date", patient.birth_date or "", row.birth_date, held.date),
        Trait("sex", patient.sex or "", row.sex, held.sex),
        Trait("ins", patient.ins.value if patient.ins else "", row.ins, held.ins),
        # The stated number may be a relative's: without one there is nothing to hold the chart's against.
        Trait("nir", patient.nir or "", (row.nir or row.ins) if patient.nir else "", held.nir),
        Trait("birth_place", patient.birth_place_code or "", row.birth_place_code, held.place),
    )
    return tuple(trait for trait in traits if trait.stated or trait.chart)


def grave(traits: Sequence[Trait]) -> tuple[str, ...]:
    """The names of the traits that ask for a second confirmation before this chart is chosen by hand."""
    return tuple(t.name for t in traits if t.verdict == DIFFERS and t.name in GRAVE)


def better_named(traits: Sequence[Trait], others: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the chart's given name is only near and that of another candidate is the very one: twins are one click apart. `others`:
    the other entries of `Document.candidates`."""
    given = next((t.verdict for t in traits if t.name == "given_names"), ABSENT)
    if given != NEAR:
        return False
    told = [dict(one.get("evidence") or ()) for one in others]
    return any(one.get("first_given_name") == EQUAL and one.get("birth_date") == EQUAL for one in told)
