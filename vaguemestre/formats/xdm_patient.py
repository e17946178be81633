"""The patient that XDS metadata state, by sourcePatientId and the HL7 v2 fields of sourcePatientInfo (IHE ITI TF-3, 4.2.3.2.22 and 23).

PID-3 and sourcePatientId are CX, PID-5 XPN (L, M or B: the birth name, D: the used one; its third component is the list of birth given
names in France), PID-7 a date, PID-8 the sex, PID-11 of type BDL the place of birth (formats.md 2.3 for the OIDs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vaguemestre.domain.person import INS_OIDS, TEST_OIDS, birth_date_precision, ins_key_valid, matricule
from vaguemestre.domain.reading import Ins, LocalId, StatedPatient, Warning

MAX_IDS = 20
_FIELD = re.compile(r"PID-?(\d{1,2})\|(.*)", re.ASCII | re.DOTALL | re.IGNORECASE)
_BIRTH_TYPES = frozenset({"L", "M", "B"})
_ESCAPES = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
_ESCAPE = re.compile(r"\\([FSTRE])\\")
_PLACE = re.compile(r"[0-9](?:[0-9]|[AB])[0-9]{3}", re.ASCII | re.IGNORECASE)


def stated(
    source_ids: Iterable[str], source_info: Iterable[str], patient_id: str | None
) -> tuple[StatedPatient | None, tuple[Warning, ...]]:
    """Who the metadata say the document is about, None where they say nothing. `patient_id` gives an INS where no other field does."""
    fields: dict[int, list[str]] = {}
    for line in source_info:
        found = _FIELD.fullmatch(line.strip())
        if found:
            fields.setdefault(int(found[1]), []).extend(found[2].split("~"))
    inses, locals_ = _identifiers([*source_ids, *fields.get(3, ())])
    if not inses and patient_id:
        inses, _ = _identifiers([patient_id])
    warnings = _warnings(inses, locals_)
    birth_name, used_name, unqualified, given = _names(fields.get(5, ()))
    patient = StatedPatient(
        ins=inses[0] if inses else None,
        birth_name=birth_name,
        used_name=used_name,
        names_unqualified=unqualified,
        given_names=given[1],
        first_given_name=given[0],
        birth_date=_date(fields.get(7, ())),
        sex=_sex(fields.get(8, ())),
        birth_place_code=_birth_place(fields.get(11, ())),
        local_ids=locals_,
    )
    return (None if patient == StatedPatient() else patient), warnings


def _text(part: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], part).strip()


def _components(field: str, count: int) -> list[str]:
    parts = field.split("^")
    return [_text(part) for part in parts[:count]] + [""] * (count - len(parts))


def _identifiers(fields: Iterable[str]) -> tuple[list[Ins], tuple[LocalId, ...]]:
    """CX: value^^^name&OID&ISO^type. Each once, in order."""
    inses: list[Ins] = []
    others: list[LocalId] = []
    for field in fields:
        # the fourth component is cut before its escapes are undone: its own parts are parted by &
        parts = field.split("^")
        value = _text(parts[0])
        authority = parts[3].split("&") if len(parts) > 3 else []
        oid = _text(authority[1]) if len(authority) > 1 else ""
        if not value:
            continue
        plain = matricule(value)
        if oid in INS_OIDS and len(plain) == 15:
            ins = Ins(plain, oid)
            if ins not in inses:
                inses.append(ins)
        elif len(others) < MAX_IDS and LocalId(value, oid or None) not in others:
            others.append(LocalId(value, oid or None))
    return inses, tuple(others)


def _warnings(inses: list[Ins], others: tuple[LocalId, ...]) -> tuple[Warning, ...]:
    found = []
    if len({ins.oid for ins in inses}) < len(inses):
        found.append(Warning("several-patients", "The metadata of the document bear several national identifiers of one kind."))
    if any(not ins_key_valid(ins.value) for ins in inses) or any(other.oid in INS_OIDS for other in others):
        found.append(Warning("bad-ins-key", "The national identifier in the metadata has a wrong key."))
    if any(ins.oid in TEST_OIDS for ins in inses):
        found.append(Warning("test-identity", "The metadata bear a test or demo identity."))
    return tuple(found)


def _names(fields: Iterable[str]) -> tuple[str | None, str | None, tuple[str, ...], tuple[str | None, tuple[str, ...]]]:
    """(birth name, used name, names of a kind not told, (first given name, given names)) of PID-5."""
    birth = used = None
    unqualified: list[str] = []
    by_rank: dict[int, tuple[str | None, tuple[str, ...]]] = {}
    for field in fields:
        _, first, further, _, _, _, kind = _components(field, 7)
        # the family name's own parts (FN) are cut before escapes are undone
        family = _text(field.partition("^")[0].partition("&")[0])
        if kind in _BIRTH_TYPES:
            rank = 0
            birth = birth or family or None
        elif kind == "D":
            rank = 2
            used = used or family or None
        else:
            rank = 1
            if family and family not in unqualified and len(unqualified) < MAX_IDS:
                unqualified.append(family)
        if first or further:
            by_rank.setdefault(rank, _given(first, further))
    given = by_rank[min(by_rank)] if by_rank else (None, ())
    return birth, used, tuple(unqualified), given


def _given(first: str, further: str) -> tuple[str | None, tuple[str, ...]]:
    heads, rest = tuple(first.split()), tuple(further.split())
    whole = rest if rest[: len(heads)] == heads else heads + rest
    return first or None, whole


def _date(fields: Iterable[str]) -> str | None:
    """The day alone: the hour of a birth has no bearing, and its zone must not move the day (formats.md 9, case 18)."""
    for field in fields:
        digits = re.match(r"[0-9]{8}|[0-9]{6}$|[0-9]{4}$", field.strip())
        if digits and (date := birth_date_precision(digits[0])):
            return date
    return None


def _sex(fields: Iterable[str]) -> str | None:
    return next((sex for field in fields if (sex := _text(field.partition("^")[0]).upper()) in {"M", "F", "U"}), None)


def _birth_place(fields: Iterable[str]) -> str | None:
    for field in fields:
        parts = _components(field, 9)
        if parts[6] == "BDL" and _PLACE.fullmatch(parts[8]):
            return parts[8].upper()
    return None
