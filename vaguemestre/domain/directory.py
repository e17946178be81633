"""The national directory of mailboxes: what one entry holds, and the words under which people look for it (mssante.md 1.6, 4.1).

An entry is found by its terms: plain lower-case words without accents, `=word` for a word of the holder's family name, `#75` for the
department. Titles of professions and specialities bring the words of every day with them, so that "cardiologue" finds "Cardiologie et
maladies vasculaires" and "orl" finds "O.R.L et chirurgie cervico-faciale".
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from typing import NamedTuple

FAMILY_MARK, DEPARTMENT_MARK = "=", "#"
EMPTY_WORDS = frozenset(("a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "sur", "sous"))
MOST_TERMS = 60
TERMS_VERSION = "1"
"""Part of every digest: another way of making terms makes every entry new at the next import."""

_WORD = re.compile(r"[^\W_]+")
_COMBINING = re.compile("[\u0300-\u036f]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
_SAINT = {"st": "saint", "ste": "sainte"}
_EVERY_DAY = {
    "generale": ("generaliste",),
    "radio": ("radiologue", "radiologie"),
    "anesthesie": ("anesthesiste",),
    "reanimation": ("reanimateur",),
    "chirurgie": ("chirurgien",),
    "neurochirurgie": ("neurochirurgien",),
    "interne": ("interniste",),
    "vasculaire": ("angiologue",),
    "ophtalmologie": ("ophtalmologiste",),
    "geriatrie": ("geriatre",),
    "urgence": ("urgentiste",),
    "urgences": ("urgentiste",),
    "dentiste": ("dentaire",),
    "kinesitherapeute": ("kine", "kinesitherapie"),
    "biologie": ("biologiste", "laboratoire"),
    "pharmacien": ("pharmacie",),
    "infirmier": ("infirmiere",),
    "oncologie": ("cancerologie", "cancerologue"),
    "stomatologie": ("stomatologiste",),
    "obstetrique": ("obstetricien",),
}


class Entry(NamedTuple):
    """One mailbox as the directory tells it; absent texts are "". `type` PER, ORG, APP or CAB; `address` in comparison form; `rpps` 11
    digits; `postcode` 5; `department` its code (`75`, `2A`, `971`); `dematerialised` Y, N or ""; `joined`: J where profession and
    speciality are those that the professionals' extraction told of this RPPS, "" where the entry tells its own."""

    address: str
    type: str
    civility: str
    family: str
    given: str
    profession: str
    speciality: str
    rpps: str
    structure: str
    structure_id: str
    service: str
    street: str
    postcode: str
    town: str
    department: str
    dematerialised: str
    joined: str

    def __repr__(self) -> str:
        return f"<Entry {self.type}>"


def digest(entry: Entry) -> int:
    """A whole number of 63 bits that stands for the entry's whole content."""
    told = "\x1f".join((TERMS_VERSION, *entry)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big") >> 1


def _split(text: str) -> list[str]:
    """Words in comparison, lower case; letters that stand alone side by side are one word: "O.R.L" gives "orl"."""
    plain = text.lower()
    if not plain.isascii():
        plain = _COMBINING.sub("", unicodedata.normalize("NFKD", plain.translate(_LIGATURES)))
    found: list[str] = []
    letters = ""
    for word in _WORD.findall(plain):
        if len(word) == 1 and word.isalpha():
            letters += word
            continue
        if letters:
            found.append(letters)
            letters = ""
        found.append(_SAINT.get(word, word))
    if letters:
        found.append(letters)
    return found


@functools.lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """The words of a name or a place, in order."""
    return tuple(_split(text))


@functools.lru_cache(maxsize=65_536)
def _telling(text: str) -> tuple[str, ...]:
    """The words of a title, without those that say nothing."""
    return tuple(word for word in _split(text) if word not in EMPTY_WORDS and len(word) > 1)


@functools.lru_cache(maxsize=4_096)
def title_words(title: str) -> tuple[str, ...]:
    """The words of a profession or a speciality, and those of every day that stand for it."""
    found = list(_telling(title))
    for word in tuple(found):
        found += _EVERY_DAY.get(word, ())
        if word.endswith("logie"):
            found.append(word[:-5] + "logue")
        elif word.endswith("iatrie"):
            found.append(word[:-2] + "e")
    return tuple(dict.fromkeys(found))


@functools.lru_cache(maxsize=65_536)
def _family_terms(family: str) -> tuple[str, ...]:
    plain = words(family)
    if len(plain) > 1:
        plain = (*plain, "".join(plain))
    return (*plain, *(FAMILY_MARK + word for word in plain))


@functools.lru_cache(maxsize=65_536)
def _given_terms(given: str) -> tuple[str, ...]:
    plain = words(given)
    return (*plain, "".join(plain)) if len(plain) > 1 else plain


def department_of(postcode: str) -> str:
    """The department's code of a French postcode, "" for what is none: Corsica is parted at 202, overseas ones have three figures."""
    if len(postcode) != 5 or not (postcode.isascii() and postcode.isdigit()):
        return ""
    if postcode.startswith(("97", "98")):
        return postcode[:3]
    if postcode.startswith("20"):
        return "2A" if postcode < "20200" else "2B"
    return postcode[:2]


def terms(entry: Entry) -> str:
    """The terms of an entry, each once, blank-separated."""
    found = [
        *_family_terms(entry.family),
        *_given_terms(entry.given),
        *title_words(entry.speciality),
        *title_words(entry.profession),
        *_telling(entry.town),
        *_telling(entry.structure),
        *_telling(entry.service),
    ]
    if entry.postcode:
        found.append(entry.postcode.lower())
    if entry.department:
        found.append(DEPARTMENT_MARK + entry.department.lower())
    return " ".join(list(dict.fromkeys(found))[:MOST_TERMS])
