"""What a laboratory sends of invented people as HPRIM Santé (formats.md 1.2): a message of results, one P segment each.

Written from the description of the format and not from our reader, which it serves to judge.
"""

from __future__ import annotations

import dataclasses
import random

from bench.population_hprim import unaccented
from bench.population_told import Told
from vaguemestre.domain import person as rules

_OBSERVED = (
    ("NA", "Sodium", "mmol/l", 132.0, 146.0, 0),
    ("K", "Potassium", "mmol/l", 3.5, 5.1, 1),
    ("GLY", "Glycémie", "g/l", 0.7, 1.1, 2),
    ("CREA", "Créatinine", "µmol/l", 45.0, 105.0, 0),
    ("HB", "Hémoglobine", "g/dl", 12.0, 17.0, 1),
    ("CRP", "Protéine C réactive", "mg/l", 0.0, 5.0, 1),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Writing:
    """How a laboratory writes. `marks`: component, repetition, escape and sub-component, declared in H; `birth`: whether P.6 tells the
    birth name where it is the only one; `accents`: whether names keep theirs; `width`: where a P segment is cut and goes on in an A, 0 for
    nowhere."""

    marks: str = "~^\\&"
    ends: str = "\r\n"
    encoding: str = "cp1252"
    accents: bool = False
    birth: bool = False
    width: int = 0
    version: str = "H2.3~C"


WRITINGS = (
    Writing(),
    Writing(birth=True),
    Writing(encoding="utf-8", accents=True, ends="\n", birth=True),
    Writing(encoding="utf-8-sig", accents=True),
    Writing(marks="^~\\&", encoding="ascii", version="H2.4~C"),
    Writing(width=40),
    Writing(width=64, ends="\r", birth=True),
)
"""Those in which the names are certain."""
GUESSED = Writing(accents=True)
"""Accented names in an encoding that the file does not tell."""
NUMBERED = tuple(dataclasses.replace(one, birth=True) for one in WRITINGS)
"""Those that tell what rule A asks for."""


def _letters(name: str, writing: Writing) -> str:
    return name if writing.accents else unaccented(name)


def _p(rank: int, told: Told, writing: Writing) -> str:
    component, repetition, _, inner = writing.marks
    family = told.used_name or told.birth_name or told.family
    birth = told.birth_name if told.used_name or writing.birth else ""
    if not told.used_name and not told.birth_name:
        birth = ""
    first, rest = told.first_given_name, told.given_names[1:]
    first, rest = (first or " ".join(told.given_names[:1])), (rest if told.given_names[:1] == (told.first_given_name,) else ())
    names = [family, first, " ".join(rest)]
    while names and not names[-1]:
        names.pop()
    numbers = [
        component.join((number, f"{'INS-NIR' if oid in rules.INS_OIDS else 'INS-C'}{inner}{oid}", "20240101")) for oid, number in told.ins
    ]
    town = component.join(("3 RUE DES ESSAIS", "", "VILLE-ESSAI", "", "99990"))
    fields = [
        "P",
        str(rank),
        told.local_code,
        "",
        "",
        component.join(_letters(name, writing) for name in names),
        _letters(birth, writing),
        told.birth_date.replace("-", ""),
        told.sex,
        "",
        town,
        repetition.join(numbers),
        "0199000000",
    ]
    return "|".join(fields)


def _continued(segment: str, width: int) -> list[str]:
    """A segment longer than a line, cut in the middle of a word (A segments)."""
    if not width or len(segment) <= width:
        return [segment]
    return [segment[:width], *(f"A|{segment[at : at + width]}" for at in range(width, len(segment), width))]


def _observations(rng: random.Random, day: str, component: str) -> list[str]:
    number = rng.randrange(10**9)
    lines = [
        f"OBR|1|D-{number}|E-{number}|BIO{component}BIOCHIMIE{component}L|R||{day}0805||||N|||{day}0930|SANG{component}Sang|||||||{day}1500|||F"
    ]
    for rank, (code, label, unit, low, high, digits) in enumerate(rng.sample(_OBSERVED, 4), 1):
        value = rng.uniform(low, high)
        lines.append(
            f"OBX|{rank}|NM|{code}{component}{label}{component}L||{value:.{digits}f}|{unit}|{low:g} - {high:g}|N|||F|||{day}1455|BIOCH"
        )
        if rng.random() < 0.2:
            lines.append(f"C|1|L|Contrôlé, tube {rng.randrange(100)}.")
    return lines


def sante(patients: tuple[Told, ...], rng: random.Random, writing: Writing | None = None, *, cut: bool = False) -> bytes:
    """One message. `patients`: a P with its results each; `cut`: the end mark never came."""
    writing = writing or rng.choice(WRITINGS)
    component = writing.marks[0]
    day = f"202605{rng.randrange(1, 29):02d}"
    sender = component.join(("LAB01", "LABORATOIRE DES ESSAIS"))
    receiver = component.join(("CAB07", "CABINET DES ESSAIS"))
    number = rng.randrange(10**8)
    version = writing.version.replace("~", component)
    lines = [f"H|{writing.marks}|{number:08d}.HPR||{sender}||ORU|||{receiver}||P|{version}|{day}1530"]
    for rank, told in enumerate(patients, 1):
        lines += _continued(_p(rank, told, writing), writing.width)
        lines += _observations(rng, day, component)
    text = writing.ends.join([*lines, *([] if cut else [f"L|1||{len(patients)}|{len(lines) + 1}"]), ""])
    if writing.encoding == "ascii":
        text = unaccented(text).replace("µ", "u")
    return text.encode(writing.encoding, "replace")
