"""Whom an HPRIM Santé message is about, and who sends it: the P and H segments (formats.md 1.2 and 6.5).

P.5 is the used name where P.6 tells a birth name; alone, of which kind it is is not told. P.11 bears an INS only with its OID: the `INS-C`
and `INS-A` of 2010 were computed by each software and name nobody. P.3, the number at the receiver, is no code of the sender.
"""

from __future__ import annotations

from vaguemestre.domain.person import INS_OIDS, TEST_OIDS, birth_date_precision, ins_key_valid, matricule, nir_is_of_birth_date
from vaguemestre.domain.reading import Ins, LocalId, Party, StatedPatient, Warning
from vaguemestre.formats.hprim_medecin_results import readable
from vaguemestre.formats.hprim_sante_segments import Segment

MAX_NAME = 200
_SEXES = frozenset({"M", "F", "U"})
_OTHER_SEXES = {"H": "M", "1": "M", "2": "F"}
"""As some write them, in words of their own or as the NIR does."""
_MERGER = "FU"
"""P.2 of two records that became one: code~other code~FU."""
_NATIONAL = frozenset(INS_OIDS[oid] for oid in ("1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9"))


def stated(segment: Segment, guessed: bool, warnings: list[Warning]) -> StatedPatient:
    """The patient of a P segment; what is wrong in it is added to `warnings`. `guessed`: the text was decoded by guess."""
    names = segment.first(5)
    family, given, second = (_name(part) for part in (*names, "", "")[:3])
    birth_name = _name(segment.first(6)[0])
    if any(len(set(segment.repetitions(number))) > 1 for number in (5, 6, 7, 8)):
        warnings.append(Warning("several-patients", "The patient's segment says two things of one person: the first is read."))
    if any(part.upper() == _MERGER for part in segment.first(2)[1:]):
        warnings.append(Warning("several-patients", "The message says that the record of the patient took in another one."))
    born = segment.first(7)[0]
    birth_date = birth_date_precision(born[:8]) if len(born) in {4, 6, 8, 12, 14} and born.isdigit() else ""
    if born and not birth_date:
        warnings.append(Warning("malformed", "The date of birth is not a whole possible date."))
    told_sex = segment.first(8)[0].upper()
    sex = _OTHER_SEXES.get(told_sex, told_sex)
    if sex and sex not in _SEXES:
        warnings.append(Warning("malformed", "The sex is none of the format's codes."))
    ins, nir = _national(segment, birth_date, warnings)
    code = segment.first(2)[0]
    told = "".join(filter(None, (family, birth_name, given, second)))
    return StatedPatient(
        ins=ins,
        nir=nir,
        birth_name=birth_name,
        used_name=family if birth_name else None,
        names_unqualified=(family,) if family and not birth_name else (),
        given_names=tuple(f"{given or ''} {second or ''}".split()),
        first_given_name=given,
        birth_date=birth_date or None,
        sex=sex if sex in _SEXES else None,
        local_ids=(LocalId(code[:MAX_NAME]),) if code not in {"", "."} else (),
        names_guessed=guessed and not told.isascii(),
    )


def _name(part: str) -> str | None:
    words = " ".join(readable(part).split())[:MAX_NAME]
    return None if words in {"", "."} else words


def _national(segment: Segment, birth_date: str, warnings: list[Warning]) -> tuple[Ins | None, str | None]:
    """(the INS, a number called INS-NIR that tells no OID) of P.11. Of several such numbers, that of the birth date is the patient's."""
    inses: list[Ins] = []
    nirs: list[str] = []
    for repetition in segment.repetitions(11):
        parts = repetition.split(segment.separators.component, 20)
        words = [sub for part in parts for sub in segment.subs(part)]
        value = matricule(words[0])
        oid = next((word for word in words[1:] if word in INS_OIDS), None)
        if oid is None:
            nirs += [value] if value and any(word.upper() in _NATIONAL for word in words[1:]) else []
        elif len(value) == 15:
            if Ins(value, oid) not in inses:
                inses.append(Ins(value, oid))
        else:
            warnings.append(Warning("bad-ins-key", "The national identifier has not the form of one with its key."))
    if len({one.oid for one in inses}) < len(inses):
        warnings.append(Warning("several-patients", "The patient's segment bears several national identifiers of one kind."))
    if any(not ins_key_valid(one.value) for one in inses):
        warnings.append(Warning("bad-ins-key", "The national identifier has a wrong key."))
    if any(one.oid in TEST_OIDS for one in inses):
        warnings.append(Warning("test-identity", "The document bears a test or demo identity."))
    own = [one for one in nirs if nir_is_of_birth_date(one, birth_date)]
    if len({one[:13] for one in own}) > 1:
        warnings.append(Warning("several-patients", "The patient's segment bears several social security numbers of one birth date."))
    real = [one for one in inses if one.oid not in TEST_OIDS]
    return next(iter(real or inses), None), next(iter(own or nirs), None)


def party(segment: Segment, number: int) -> Party | None:
    """`code~label` of H.4 or H.9. A lone component is the code, and the name too where it is a word."""
    return _party(segment.first(number))


def parties(segment: Segment, number: int) -> list[Party]:
    """The repetitions of `code~label` in a field."""
    found = (_party(segment.components(one)) for one in segment.repetitions(number))
    return [one for one in found if one is not None]


def _party(parts: list[str]) -> Party | None:
    code, label = parts[0][:MAX_NAME], readable(parts[1])[:MAX_NAME] if len(parts) > 1 else ""
    code = "" if code == "." else code
    if not label and any(map(str.isalpha, code)) and not any(map(str.isdigit, code)):
        label = code
    return Party(name=label or None, id=code or None) if code or label else None
