"""Who an HL7 v2 message is about (PID), who wrote it and for whom (PRT, OBR, TXA): HL7 v2.5, 3.4.2; PRT of v2.7; formats.md 4.1 and 2.3.

An INS counts with its OID alone. `L` is the birth name, as in France, unless one is told as such (`B`, `M`); `D` the used one, whose given
name has no place in the reading. An identity that its sender holds to be doubtful (PID-32) only ever proposes.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence

from vaguemestre.domain.person import INS_OIDS, TEST_OIDS, birth_date_precision, ins_key_valid, matricule, nir_is_of_birth_date, solid
from vaguemestre.domain.reading import Ins, LocalId, Party, StatedPatient, Warning
from vaguemestre.formats.hl7v2_syntax import Segment, Value

MAX_IDS = 20
MAX_LENGTH = 500
MAX_PARTIES = 50

_PLACE = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)
_BIRTH_TIME = re.compile(r"([0-9]{8}|[0-9]{6}|[0-9]{4})(?:(?<=[0-9]{8})(?:[0-9]{2}){1,3}(?:\.[0-9]{1,4})?)?(?:[+-][0-9]{4})?", re.ASCII)
_SEXES = {"M": "M", "H": "M", "1": "M", "F": "F", "2": "F", "U": "U", "O": "U", "A": "U", "N": "U", "I": "U", "X": "U"}
_BIRTH = ("B", "M", "L")
"""Types of birth names (table 0200), the surest first."""
_UNTOLD = frozenset({"", "U"})
_NIR_TYPES = frozenset({"INS", "INS-NIR", "INS-NIA", "INSNIR", "NIR", "SS", "NH", "NI"})
_DOUBTFUL = frozenset(
    {"ANOM", "CACH", "USUR", "DOUA", "DOUT", "DPOT", "COLP", "COLV", "HOMD", "IDRA", "IDVER", "VIDE", "DESA", "DOUB", "FICT", "FILI"}
)
"""PID-32 (table 0445 and IHE PAM France): anonymous, hidden, usurped, doubtful, colliding, homonym, fictitious..."""
_PROFESSIONAL, _STRUCTURE = "1.2.250.1.71.4.2.1", "1.2.250.1.71.4.2.2"
_NATIONAL = {
    _PROFESSIONAL: re.compile(r"8([0-9]{11})|0([0-9]{9})", re.ASCII),
    _STRUCTURE: re.compile(r"1([0-9]{9}|2[AB][0-9]{7})|2([0-9]{9})|3([0-9]{14})", re.ASCII),
}
"""Type digit, then RPPS or ADELI; FINESS, SIREN or SIRET."""
_SEVERAL_TRAITS = Warning("several-patients", "The patient's segment says two things of one person: the first is read.")
_SEVERAL_NIR = Warning("several-patients", "The message bears several social security numbers of one birth date.")
_SEVERAL_INS = Warning("several-patients", "The message bears several national identifiers of one kind.")
_BAD_KEY = Warning("bad-ins-key", "The national identifier in the message has a wrong key.")
_TEST = Warning("test-identity", "The message bears a test or demo identity.")


def patient(pid: Segment | None, guessed: bool = False) -> tuple[StatedPatient | None, tuple[Warning, ...]]:
    """Who a PID names, None where it names nobody. `guessed`: its encoding was a guess."""
    if pid is None:
        return None, ()
    inses, nirs, others, misshapen = _identifiers(pid.repeats(3) or pid.repeats(2))
    elsewhere = [ins for number in (2, 4) for ins in _identifiers(pid.repeats(number))[0]]
    nirs += [told] if (told := matricule(pid.get(19))) else []
    birth, used, unqualified, first, given = _names(pid.repeats(5))
    birth_date = _birth_date(pid.get(7))
    own = list(dict.fromkeys(nir[:13] for nir in nirs if nir_is_of_birth_date(nir, birth_date or "")))
    # a relative's may stand beside the patient's own, which is the one that tells
    nir = next((one for one in nirs if one[:13] in own), None) or next(iter(nirs), None)
    stated = StatedPatient(
        ins=inses[0] if inses else None,
        nir=nir,
        birth_name=birth,
        used_name=used,
        names_unqualified=unqualified,
        given_names=given,
        first_given_name=first,
        birth_date=birth_date,
        sex=_SEXES.get(pid.get(8).upper()),
        birth_place_code=_birth_place(pid.repeats(11)),
        local_ids=others,
    )
    if stated == StatedPatient():
        return None, ()
    doubtful = any(one.part(1).upper() in _DOUBTFUL for one in pid.repeats(32))
    stated = dataclasses.replace(stated, from_fields=not doubtful, names_guessed=guessed)
    wrong = _warnings([*inses, *(ins for ins in elsewhere if ins not in inses)], misshapen)
    if _says_two_things(pid):
        wrong.append(_SEVERAL_TRAITS)
    if len(own) > 1:
        wrong.append(_SEVERAL_NIR)
    return stated, tuple(wrong)


def _says_two_things(pid: Segment) -> bool:
    """Whether its birth date or its sex is told twice, or two names of one kind are: two persons, perhaps."""
    if any(len({one.raw.strip() for one in pid.repeats(number)}) > 1 for number in (7, 8)):
        return True
    families: dict[str, set[str]] = {}
    firsts: dict[str, set[str]] = {}
    for value in pid.repeats(5):
        kind = value.part(7).upper()
        kind = "" if kind in _UNTOLD else kind
        if kind in {*_BIRTH, "D", ""}:
            families.setdefault(kind, set()).add(solid(value.part(1)))
            # a given name in use may be another than that of birth, which bears one whatever the kind of family name beside it
            firsts.setdefault("D" if kind == "D" else "", set()).add(solid(value.part(2) or value.part(3)))
    return any(len(told - {""}) > 1 for told in (*families.values(), *firsts.values()))


def _warnings(inses: Sequence[Ins], misshapen: bool) -> list[Warning]:
    found = []
    if len({ins.oid for ins in inses}) < len(inses):
        found.append(_SEVERAL_INS)
    if misshapen or any(not ins_key_valid(ins.value) for ins in inses):
        found.append(_BAD_KEY)
    if any(ins.oid in TEST_OIDS for ins in inses):
        found.append(_TEST)
    return found


def _identifiers(values: Iterable[Value]) -> tuple[list[Ins], list[str], tuple[LocalId, ...], bool]:
    """(national identifiers, a real one before a test's; NIRs; the others; whether one under the OID of the INS has not its form): CX is
    value^key^scheme^authority&OID&ISO^type."""
    inses: dict[Ins, None] = {}
    others: dict[LocalId, None] = {}
    nirs: list[str] = []
    misshapen = False
    for value in values:
        told, key = value.part(1)[:MAX_LENGTH], value.part(2)
        oid, kind = value.part(4, 2)[:MAX_LENGTH], value.part(5).upper()
        if not told:
            continue
        plain = matricule(told)
        if len(plain) == 13 and re.fullmatch(r"[0-9]{2}", key, re.ASCII):
            plain += key
        if oid in INS_OIDS and len(plain) == 15:
            inses[Ins(plain, oid)] = None
        elif oid not in INS_OIDS and plain and kind in _NIR_TYPES:
            nirs.append(plain)
        else:
            misshapen |= oid in INS_OIDS
            if len(others) < MAX_IDS:
                others[LocalId(told, oid or None)] = None
    ordered = sorted(inses, key=lambda ins: ins.oid in TEST_OIDS)
    return ordered, nirs, tuple(others), misshapen


def _names(values: Iterable[Value]) -> tuple[str | None, str | None, tuple[str, ...], str | None, tuple[str, ...]]:
    """(birth name, used name, names of a kind not told, first given name, given names). XPN is family^given^further given^^^^type; in
    France the third component is the whole list at birth."""
    families: dict[str, str] = {}
    given: dict[str, tuple[str, str]] = {}
    unqualified: list[str] = []
    for value in values:
        kind = value.part(7).upper()
        family, first, further = (value.part(n)[:MAX_LENGTH] for n in (1, 2, 3))
        if kind in _UNTOLD:
            if family and family not in unqualified and len(unqualified) < MAX_IDS:
                unqualified.append(family)
            kind = ""
        elif family:
            families.setdefault(kind, family)
        if first or further:
            given.setdefault(kind, (first, further))
    of_birth = next((kind for kind in _BIRTH if kind in families), None)
    birth = families[of_birth] if of_birth else None
    # beside a maiden name, the legal one is that of use
    used = families.get("D") or (families.get("L") if of_birth != "L" else None)
    told = next((given[kind] for kind in (*_BIRTH, "") if kind in given), ("", ""))
    return birth, (used if used != birth else None), tuple(unqualified), told[0] or None, _given(*told)


def _given(first: str, further: str) -> tuple[str, ...]:
    heads, rest = tuple(first.replace(",", " ").split()), tuple(further.replace(",", " ").split())
    if heads and rest and (solid(rest[0]).startswith(solid(heads[0])) or solid(heads[0]) in map(solid, rest)):
        return rest[:MAX_IDS]  # the whole list, that begins otherwise perhaps: then the names are at odds
    return (rest if rest[: len(heads)] == heads else heads + rest)[:MAX_IDS]


def _birth_date(text: str) -> str | None:
    """The day alone: the hour of a birth has no bearing, and its zone must not move the day (formats.md 9, case 18)."""
    digits = _BIRTH_TIME.fullmatch(text)
    return (birth_date_precision(digits[1]) or None) if digits else None


def _birth_place(values: Iterable[Value]) -> str | None:
    """The INSEE code of the place of birth: the county (9) of an address of type BDL."""
    for value in values:
        code = value.part(9).upper()
        if value.part(7) == "BDL" and _PLACE.fullmatch(code):
            return code
    return None


def professional(value: Value | None) -> tuple[str | None, str | None]:
    """(name as people say it, number) of an XCN: number^family^given^..^authority&OID (9)^..^type (13)."""
    if value is None:
        return None, None
    family, first = value.part(2)[:MAX_LENGTH], value.part(3)[:MAX_LENGTH]
    national = _PROFESSIONAL in {value.part(9, 2), value.part(9)} or value.part(13).upper() in {"RPPS", "IDNPS", "ADELI"}
    number = value.part(1)[:MAX_LENGTH]
    return " ".join(filter(None, (first, family))) or None, _bare(number, _PROFESSIONAL if national else "") or None


def _bare(number: str, oid: str) -> str:
    """A national number without its type digit."""
    found = _NATIONAL[oid].fullmatch(number) if oid else None
    return next(filter(None, found.groups())) if found else number


def _organization(value: Value | None) -> tuple[str | None, str | None]:
    """(name, number) of an XON: name^..^authority&OID (6)^type (7)^..^number (10)."""
    if value is None:
        return None, None
    national = value.part(6, 2) == _STRUCTURE or value.part(7).upper() in {"FINEG", "FINEJ", "FINES", "SIREN", "SIRET"}
    number = value.part(10)[:MAX_LENGTH] or value.part(3)[:MAX_LENGTH]
    return value.part(1)[:MAX_LENGTH] or None, _bare(number, _STRUCTURE if national else "") or None


def _party(person: Value | None, organization: Value | None) -> Party | None:
    name, number = professional(person)
    if person is not None and person.part(13).upper().startswith("INS"):
        number = None  # a patient among the recipients: their INS is no professional's number
    called, its = _organization(organization)
    found = Party(name=name, id=number, organization=called, organization_id=its)
    return None if found == Party() else found


def _participants(segments: Iterable[Segment], role: str) -> list[Party]:
    """Those of a role: PRT-4 is the role, PRT-5 the person, PRT-8 the organization."""
    found: dict[Party, None] = {}
    for segment in segments:
        if segment.name != "PRT" or segment.get(4).upper() != role or segment.get(2).upper() == "DE":
            continue
        person, organization = _first(segment, 5), _first(segment, 8)
        party = _party(person, organization)
        if party is not None and len(found) < MAX_PARTIES:
            found[party] = None
    return list(found)


def _first(segment: Segment, number: int) -> Value | None:
    return next(iter(segment.repeats(number)), None)


def author(segments: Sequence[Segment], header: Segment) -> Party | None:
    """Who sends it: the sender of PRT (SB), else the originator of the document (TXA-9), else who interpreted the results (OBR-32), of the
    sending facility (MSH-4)."""
    senders = _participants(segments, "SB")
    facility = header.get(4)[:MAX_LENGTH] or None
    if senders:
        return senders[0] if senders[0].organization else dataclasses.replace(senders[0], organization=facility)
    name = number = None
    for segment in segments:
        if segment.name == "TXA":
            name, number = professional(_first(segment, 9))
        elif segment.name == "OBR" and (value := _first(segment, 32)) is not None:
            # NDL: its first component is a CNN, number&family&given
            name = " ".join(filter(None, (value.part(1, 3), value.part(1, 2)))) or None
            number = value.part(1) or None
        if name:
            return Party(name=name[: 2 * MAX_LENGTH], id=number, organization=facility)
    return Party(organization=facility) if facility else None


def recipients(segments: Sequence[Segment]) -> tuple[Party, ...]:
    """For whom it is: the recipients of PRT (RCT), else the copies of the results (OBR-28) or of the document (TXA-23)."""
    found = dict.fromkeys(_participants(segments, "RCT"))
    if not found:
        for segment in segments:
            number = {"OBR": 28, "TXA": 23}.get(segment.name)
            for value in segment.repeats(number) if number else ():
                party = _party(value, None)
                if party is not None:
                    found[party] = None
    return tuple(found)[:MAX_PARTIES]
