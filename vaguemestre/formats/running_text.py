"""An identity found in running text: a PDF, a letter, a mail's own words. It only ever proposes (formats.md 6.5), so it is taken only
where the text labels it clearly, once, and without contradiction.
"""

from __future__ import annotations

import datetime as dt
import re

from vaguemestre.domain.reading import Ins, StatedPatient

_REACH = 20_000
_STOP = r"(?!(?:Pr[ée]noms?|Noms?|N[ée]+s?|Sexe|Date|INS|NIR|DDN|IPP|le|du)\b)"
_WORD = rf"{_STOP}[A-Za-zÀ-ÖØ-öø-ÿŒœ][A-Za-zÀ-ÖØ-öø-ÿŒœ'’-]{{0,40}}"
_NAME = rf"(?:(?:Le|Du) )?{_WORD}(?: {_WORD}){{0,4}}"
"""LE and DU begin a family name (LE GOFF); past its first word they begin what follows it (né le, le 12 mai)."""


def _labelled(label: str, value: str) -> re.Pattern[str]:
    """`Label : value`, anywhere the label is a word of its own."""
    return re.compile(rf"(?<![^\W\d_]){label}[ \t]*:[ \t]*({value})", re.IGNORECASE)


_BIRTH_NAME = _labelled(r"Nom[ \t]+(?:de[ \t]+naissance|de[ \t]+famille[ \t]+de[ \t]+naissance)", _NAME)
_USED_NAME = _labelled(r"Nom[ \t]+(?:utilis[ée]|d['’]usage|marital)", _NAME)
_FAMILY = _labelled(r"Nom(?:[ \t]+(?:du|de[ \t]+la)[ \t]+patiente?)?", _NAME)
_FIRST = _labelled(r"(?:1er|Premier)[ \t]+pr[ée]nom(?:[ \t]+de[ \t]+naissance)?", _NAME)
_GIVEN = _labelled(
    r"(?<!1er )(?<!remier )Pr[ée]noms?(?:\(s\))?(?:[ \t]+(?:de[ \t]+naissance|du[ \t]+patient|de[ \t]+la[ \t]+patiente))?", _NAME
)
_SEX = _labelled(r"Sexe", r"(?:Masculin|F[ée]minin|M|F|H)\b")
_PLACE = re.compile(
    r"(?:INSEE|commune|lieu)[ \t]+(?:du[ \t]+lieu[ \t]+)?de[ \t]+naissance[ \t]*:[ \t]*([0-9][0-9AB][0-9]{3})\b", re.IGNORECASE
)
_BIRTH = re.compile(
    r"(?:\bN[ée]e?(?:[ \t]?\(e\))?[ \t]+le|\bDate[ \t]+de[ \t]+naissance|\bDDN)[ \t]*:?[ \t]*([0-9]{1,2})[/.-]"
    r"([0-9]{1,2})[/.-]([0-9]{4})(?![0-9])",
    re.IGNORECASE,
)
# "Patient : DUPONT Marie": the family name is in capitals, the given name is not; anything else is not clear
_CAPITALS = r"[A-ZÀ-ÖØ-ÞŒŸ][A-ZÀ-ÖØ-ÞŒŸ'’-]+"
_SMALL = r"[A-ZÀ-ÖØ-ÞŒŸ][a-zß-öø-ÿœ'’]+(?:-[A-ZÀ-ÖØ-ÞŒŸ]?[a-zß-öø-ÿœ'’]+)*"
_PATIENT = re.compile(
    r"\b(?:Patiente?|Concerne|Objet)[ \t]*:[ \t]*(?:(?:M\.|Mme|Mlle|Monsieur|Madame|Mr)[ \t]+)?"
    rf"({_CAPITALS}(?:[ ]{_CAPITALS}){{0,3}})[ ]({_SMALL})(?![A-Za-zÀ-ÿŒœ'’-])"
)
_INS = re.compile(
    r"\bINS(?:-NIR|-NIA)?\b(?:[ \t]*\(?(?:NIR|NIA)\)?)?[ \t]*:?[ \t]*"
    r"([1-478](?:[ ]?[0-9]){4}[ ]?(?:[0-9][ ]?[0-9]|2[ ]?[AB])(?:[ ]?[0-9]){8})(?![0-9])"
)
_OID = re.compile(r"\b1\.2\.250\.1\.213\.1\.4\.(?:8|9|10|11)\b")


def _only(pattern: re.Pattern[str], text: str) -> str | None:
    """The value that the text gives for a label, where every mention agrees."""
    found = {" ".join(m.group(1).split()) for m in pattern.finditer(text)}
    return found.pop() if len(found) == 1 else None


def _birth_date(text: str) -> str | None:
    found = set()
    for day, month, year in _BIRTH.findall(text):
        try:
            found.add(dt.date(int(year), int(month), int(day)).isoformat())
        except ValueError:
            return None
    return found.pop() if len(found) == 1 else None


def named(text: str) -> tuple[StatedPatient, ...]:
    """Everybody whom the text names as its patient ("Patient : DUPONT Marie"), once each, by names alone: where it names several, none
    is its identity, and each may be another than the one that a document bears it for."""
    found = {m.groups() for m in _PATIENT.finditer(text[:_REACH]) if m.group(0)[:7].lower() == "patient"}
    return tuple(
        StatedPatient(names_unqualified=(family,), given_names=(given,), first_given_name=given, from_fields=False)
        for family, given in sorted(found)
    )


def identity(text: str) -> StatedPatient | None:
    """Whom the text clearly says it is about, or None. Raises nothing."""
    text = text[:_REACH]
    birth_name, used_name = _only(_BIRTH_NAME, text), _only(_USED_NAME, text)
    family = _only(_FAMILY, text) if birth_name is None else None
    first, given = _only(_FIRST, text), _only(_GIVEN, text)
    patients = {m.groups() for m in _PATIENT.finditer(text)}
    named = patients.pop() if len(patients) == 1 else None
    if named is not None and birth_name is None and family is None:
        family, given = named[0], given or named[1]
    birth_date = _birth_date(text)
    inses = {m.group(1).replace(" ", "") for m in _INS.finditer(text)}
    oids = set(_OID.findall(text)) if inses else set()
    ins = Ins(inses.pop(), oids.pop()) if len(inses) == 1 and len(oids) == 1 else None
    # several different persons, or nothing that names one
    if len(patients) > 1 or not (birth_name or used_name or family or ins) or not (first or given or birth_date or ins):
        return None
    sex = _only(_SEX, text)
    place = {m.group(1) for m in _PLACE.finditer(text)}
    return StatedPatient(
        ins=ins,
        nir=None,
        birth_name=birth_name,
        used_name=used_name,
        names_unqualified=(family,) if family else (),
        given_names=tuple(given.split()) if given else ((first,) if first else ()),
        first_given_name=first or given,
        birth_date=birth_date,
        sex=None if sex is None else ("F" if sex[0] in "Ff" else "M"),
        birth_place_code=place.pop() if len(place) == 1 else None,
        from_fields=False,
    )
