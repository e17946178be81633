"""What a laboratory or a hospital sends of an invented person as HL7 v2 (formats.md 4.1): results (ORU^R01), and a document (MDM^T02) that
holds a CDA.

Written from the description of the format and not from our reader, which it serves to judge.
"""

from __future__ import annotations

import base64
import dataclasses
import random

from bench.population_hprim import unaccented
from bench.population_told import Told
from vaguemestre.domain import person as rules

_TESTS = (
    ("GLY", "Glycémie", "2339-0", "g/L", 0.7, 1.1, 2),
    ("K", "Potassium", "2823-3", "mmol/L", 3.5, 5.1, 1),
    ("NA", "Sodium", "2951-2", "mmol/L", 136.0, 145.0, 0),
    ("CRP", "Protéine C réactive", "1988-5", "mg/L", 0.0, 5.0, 1),
    ("HB", "Hémoglobine", "718-7", "g/dL", 12.0, 17.0, 1),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Sending:
    """How a piece of software writes. `given`: "both" (the first one, and the list as the third component), "rest" (the others there) or
    "first" alone. `typed`: whether names bear their type. `ins_first`: the INS stands before the local number. `nir`: whether PID-19 tells
    the NIR of the card; `place`, `sex`: whether they are told; `hour`: the birth has one. `charset`: MSH-18, and `encoding` the octets."""

    given: str = "both"
    typed: bool = True
    ins_first: bool = False
    nir: bool = False
    place: bool = True
    sex: bool = True
    hour: bool = False
    accents: bool = True
    charset: str = "UNICODE UTF-8"
    encoding: str = "utf-8"
    ends: str = "\r"


SENDINGS = (
    Sending(),
    Sending(ins_first=True, ends="\n"),
    Sending(given="rest", charset="8859/1", encoding="iso-8859-1"),
    Sending(given="first", nir=True, ends="\r\n"),
    Sending(hour=True, accents=False, charset=""),
    Sending(place=False, nir=True, charset="8859/15", encoding="iso-8859-15"),
)
"""Those that say all that rule A asks for."""
SPARING = (Sending(typed=False, given="first"), Sending(sex=False), Sending(typed=False, sex=False, nir=True))
"""Those that leave some of it out, and are enough for rule E."""
TELLING = tuple(one for one in SENDINGS if one.place)
MISDECLARED = Sending(charset="", encoding="cp1252")


def _names(told: Told, sending: Sending) -> str:
    first, listed = told.first_given_name, " ".join(told.given_names)
    third = {"both": listed, "rest": " ".join(told.given_names[1:]), "first": ""}[sending.given]
    if told.given_names[:1] != (first,):
        third = listed if sending.given == "both" else ""
    if not sending.typed:
        return f"{told.family_name}^{first}^{third}".rstrip("^")
    names = [f"{told.birth_name}^{first}^{third}^^^^L"] if told.birth_name else []
    names += [f"{told.used_name}^{first}^^^^^D"] if told.used_name else []
    names += [f"{told.family}^{first}^{third}^^^^U"] if told.family else []
    if not told.birth_name and not told.family and told.used_name:
        names = [f"{told.used_name}^{first}^{third}^^^^D"]
    return "~".join(names)


def pid(rank: int, told: Told, sending: Sending) -> str:
    """The PID segment."""
    local = [f"{told.local_code}^^^CLINIQUE&1.2.250.1.999.9.8&ISO^PI"] if told.local_code else []
    numbers = [
        f"{number}^^^ASIP-SANTE-INS-NIR&{oid}&ISO^INS^^20240101" if oid in rules.INS_OIDS else f"{number}^^^INS-C&{oid}&ISO^INS-C"
        for oid, number in told.ins
    ]
    identifiers = "~".join([*numbers, *local] if sending.ins_first else [*local, *numbers])
    born = told.birth_date.replace("-", "")
    if sending.hour and len(born) == 8:
        born += "0735+0100"
    places = "1 RUE DE L'ESSAI^^VILLE-ESSAI^^99000^FRA^H"
    if sending.place and told.birth_place_code:
        places += f"~^^^^^^BDL^^{told.birth_place_code}"
    fields = [""] * 33
    fields[0], fields[1], fields[3], fields[5] = "PID", str(rank), identifiers, _names(told, sending)
    fields[7], fields[8], fields[11] = born, told.sex if sending.sex else "", places
    fields[19] = told.nir if sending.nir else ""
    fields[32] = "VALI" if any(oid in rules.INS_OIDS for oid, _ in told.ins) else "PROV"
    segment = "|".join(fields)
    return segment if sending.accents else unaccented(segment)


def _head(kind: str, told: tuple[Told, ...], sending: Sending, rng: random.Random) -> list[list[str]]:
    """MSH, then for each patient the segments that tell of them."""
    at = f"202605{rng.randrange(1, 29):02d}{rng.randrange(8, 19):02d}{rng.randrange(60):02d}00+0200"
    msh = f"MSH|^~\\&|LABO|CLINIQUE DES ESSAIS|CABINET|VILLE|{at}||{kind}|M-{rng.randrange(10**12)}|P|2.5|||||FRA|{sending.charset}"
    groups = [[msh]]
    for rank, one in enumerate(told, 1):
        segments = [pid(rank, one, sending)]
        if one.guardian[0]:
            segments.append(f"NK1|1|{one.guardian[0]}^{one.guardian[1]}^^^^^L|PAR^Parent^HL70063")
        groups.append([*segments, "PV1|1|N"])
    return groups


def _written(segments: list[str], sending: Sending) -> bytes:
    return sending.ends.join([*segments, ""]).encode(sending.encoding, "replace")


def _data(content: bytes, kind: str, sub: str) -> str:
    return f"^{kind}^{sub}^Base64^{base64.b64encode(content).decode('ascii')}"


def oru(patients: tuple[Told, ...], rng: random.Random, sending: Sending | None = None, pages: bytes = b"") -> bytes:
    """Results of some analyses. `patients`: a PID with its results each; `pages`: the report as a PDF beside them."""
    sending = sending or rng.choice(SENDINGS)
    [msh], *people = _head("ORU^R01^ORU_R01", patients, sending, rng)
    segments = [msh]
    for about in people:
        number = rng.randrange(10**9)
        segments += [*about, f"ORC|RE|{number}^CABINET|L-{number}^LABO"]
        segments.append(
            f"OBR|1|{number}^CABINET|L-{number}^LABO|BIO^Biochimie^L|||20260503081500+0200|||||||||||||||20260504100000+0200||HM|F"
        )
        for rank, (code, label, loinc, unit, low, high, digits) in enumerate(rng.sample(_TESTS, 3), 1):
            value = f"{rng.uniform(low, high):.{digits}f}"
            segments.append(f"OBX|{rank}|NM|{code}^{label}^L^{loinc}^{label}^LN||{value}|{unit}|{low:g}-{high:g}|N|||F")
        if pages:
            segments.append(f"OBX|4|ED|11502-2^CR d'examens biologiques^LN||{_data(pages, 'application', 'pdf')}||||||F")
    return _written(segments, sending)


def mdm(told: Told, content: bytes, unique: str, rng: random.Random, sending: Sending | None = None) -> bytes:
    """A document of the French profile: `content` is the CDA, `unique` its identifier, `told` whom the PID names."""
    sending = sending or rng.choice(SENDINGS)
    [msh], about = _head("MDM^T02^MDM_T02", (told,), sending, rng)
    number = rng.randrange(10**9)
    segments = [msh, "EVN||20260504100000+0200", *about, f"ORC|NW|{number}^CABINET", f"OBR|1|{number}^CABINET||34133-9^Compte rendu^LN"]
    segments.append(f"TXA|1|34133-9^Compte rendu^LN|TEXT|20260504100000+0200||||||||{unique}||||||AU")
    segments.append(f"OBX|1|ED|34133-9^Compte rendu^LN||{_data(content, 'TEXT', 'XML')}||||||F")
    return _written(segments, sending)
