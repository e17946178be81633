"""What a laboratory sends of an invented person: an HPRIM Médecin file (formats.md 1.1) in the layouts seen in the field, and its mail.

Written from the description of the format and not from our reader, which it serves to judge.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import random
import unicodedata
from collections.abc import Sequence
from typing import Protocol


class Subject(Protocol):
    """What a document says of a person: `population.Person` gives it."""

    @property
    def family_name(self) -> str: ...
    @property
    def first_given_name(self) -> str: ...
    @property
    def birth_date(self) -> str: ...
    @property
    def nir(self) -> str: ...
    @property
    def local_code(self) -> str: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """How a laboratory writes. `dates`: fr or iso. `nir`: none, 13, 15 or spaced. `accents`: whether names keep theirs."""

    encoding: str = "cp1252"
    ends: str = "\r\n"
    dates: str = "fr"
    nir: str = "spaced"
    accents: bool = False
    extra_line: bool = False
    padded: bool = True
    fields: int = 10
    structured: bool = True


LAYOUTS = (
    Layout(),
    Layout(nir="none"),
    Layout(nir="13", fields=14),
    Layout(encoding="utf-8", accents=True, ends="\n", nir="15"),
    Layout(encoding="utf-8-sig", accents=True),
    Layout(encoding="utf-16", accents=True, nir="none"),
    Layout(encoding="cp850", dates="iso", padded=False),
    Layout(encoding="mac_roman", ends="\r"),
    Layout(encoding="ascii", nir="15", extra_line=True),
    Layout(encoding="cp1252", dates="iso", fields=9, padded=False),
    Layout(encoding="cp1252", fields=15, structured=False),
)
"""Those in which the names are certain: without accents, or in an encoding that the file proves."""

_TESTS = (
    ("HÉMATOLOGIE", "Leucocytes", "LEUC", "G/L", 4.0, 10.0, 2),
    ("HÉMATOLOGIE", "Hématies", "HEMA", "T/L", 4.0, 5.8, 2),
    ("HÉMATOLOGIE", "Hémoglobine", "HEMO", "g/dL", 12.0, 17.0, 1),
    ("HÉMATOLOGIE", "Plaquettes", "PLAQ", "G/L", 150.0, 400.0, 0),
    ("BIOCHIMIE", "Glycémie à jeun", "GLYC", "g/L", 0.7, 1.1, 2),
    ("BIOCHIMIE", "Créatinine", "CREA", "µmol/L", 45.0, 105.0, 0),
    ("BIOCHIMIE", "Potassium", "K", "mmol/L", 3.5, 5.1, 1),
    ("BIOCHIMIE", "Sodium", "NA", "mmol/L", 136.0, 145.0, 0),
    ("BIOCHIMIE", "Cholestérol total", "CHOL", "g/L", 1.5, 2.4, 2),
    ("BIOCHIMIE", "Protéine C réactive", "CRP", "mg/L", 0.0, 5.0, 1),
    ("ENZYMOLOGIE", "ASAT (TGO)", "TGO", "UI/L", 5.0, 40.0, 0),
    ("ENZYMOLOGIE", "ALAT (TGP)", "TGP", "UI/L", 5.0, 41.0, 0),
    ("HORMONOLOGIE", "TSH ultrasensible", "TSH", "mUI/L", 0.4, 4.0, 2),
    ("MARTIAL", "Ferritine", "FERR", "µg/L", 20.0, 300.0, 0),
    ("COAGULATION", "Temps de Quick (TP)", "TP", "%", 70.0, 120.0, 0),
)
_REMARKS = (
    "Technique : spectrophotométrie. Résultat vérifié sur un second tube.",
    "Valeur à rapprocher du contexte clinique et du traitement en cours.",
    "Antériorité non connue du laboratoire à ce jour.",
    "Changement de réactif depuis le dernier compte rendu : intervalles de référence inchangés.",
    "Prélèvement reçu dans le délai prévu, aspect du sérum limpide.",
    "Conseil : contrôle à distance si les signes persistent.",
)


def unaccented(text: str) -> str:
    """As most laboratories write names: capitals without accents."""
    text = text.replace("Œ", "OE").replace("Æ", "AE")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _date(iso: str, how: str) -> str:
    if how == "iso" or len(iso) != 10:
        return iso
    return f"{iso[8:]}/{iso[5:7]}/{iso[:4]}"


def _nir(nir: str, how: str) -> str:
    if how == "none" or not nir:
        return ""
    return {"13": nir[:13], "15": nir}.get(how, f"{nir[:13]} {nir[13:]}".rstrip())


def _header(subject: Subject, layout: Layout, rng: random.Random, given: str | None, code: str | None) -> list[str]:
    family, first = subject.family_name, given or subject.first_given_name
    if not layout.accents:
        family, first = unaccented(family), unaccented(first)
    pad = (lambda text, width: text.ljust(width)) if layout.padded else (lambda text, _: text)
    written = (dt.date(2025, 1, 1) + dt.timedelta(days=rng.randrange(500))).isoformat()
    town = unaccented(rng.choice(("KERVALLON", "SAINTE-AUBE", "MONTREVIL", "PLOUMEZEC", "LA ROCHE-BELLE")))
    return [
        pad(code if code is not None else subject.local_code, 10),
        pad(family, 50),
        pad(first, 50),
        pad(f"{rng.randrange(1, 180)} RUE DU {rng.choice(('MOULIN', 'LAVOIR', 'FOUR', 'PUITS', 'PORT'))}", 30),
        pad(rng.choice((" ", "BATIMENT B", "RESIDENCE DES AJONCS")), 30),
        pad(f"{rng.randrange(1, 96):02d}{rng.randrange(990, 999)} {town}", 36),
        _date(subject.birth_date, layout.dates),
        _nir(subject.nir, layout.nir),
        f"{rng.randrange(10**9):>10d}",
        _date(written, layout.dates),
        f"{'LABO' + str(rng.randrange(10, 99)):<10} LABORATOIRE DES TILLEULS",
        f"{'99999' + str(rng.randrange(10**4, 10**5)):<10} DR ARZUR CAMILLE",
    ]


def _value(rng: random.Random, low: float, high: float, digits: int) -> tuple[str, str]:
    """A value as printed, and its flag."""
    span = high - low
    value = max(0.0, rng.gauss((low + high) / 2, span / 3.2))
    flag = "H" if value > high else "L" if value < low else "N"
    return f"{value:.{digits}f}", flag


def _res(label: str, code: str, value: str, unit: str, low: str, high: str, flag: str, fields: int) -> str:
    cells = ["RES", label, f"{code:<4} 000", "N", value, unit, low, high, flag, "F"]
    return "|".join((cells + [""] * fields)[:fields])


def hprim(
    person: Subject,
    size: int = 10_000,
    rng: random.Random | None = None,
    layout: Layout | None = None,
    given: str | None = None,
    code: str | None = None,
) -> bytes:
    """One file of one record, about `size` bytes and some twelve results. `given` is what line 3 says instead of the first given name,
    `code` what line 1 says instead of the laboratory's code."""
    rng = rng or random.Random(person.local_code)
    layout = layout or rng.choices(LAYOUTS, [6, 3, 2, 3, 1, 1, 1, 1, 1, 1, 1])[0]
    lines = _header(person, layout, rng, given, code)
    if layout.extra_line:
        lines.insert(0, f"{'LABOSOFT 4.2':<40}{'9999900013':<40}{'DR ARZUR CAMILLE':<40}01 0001 0001")
    tests = sorted(rng.sample(_TESTS, min(12, len(_TESTS))), key=_TESTS.index)
    printed, structured, chapter = ["", "COMPTE RENDU D'ANALYSES", ""], [], ""
    for heading, label, mnemonic, unit, low, high, digits in tests:
        if heading != chapter:
            chapter = heading
            printed += ["", heading, "-" * len(heading)]
            structured.append(f"TEX|{heading}")
        value, flag = _value(rng, low, high, digits)
        mark = {"H": "*", "L": "*"}.get(flag, " ")
        printed.append(f"  {label:<32}{mark}{value:>9} {unit:<8} ({low:g} - {high:g})")
        structured.append(_res(label, mnemonic, value, unit, f"{low:g}", f"{high:g}", flag, layout.fields))
        if rng.random() < 0.4:
            structured.append(f"TEX|{rng.choice(_REMARKS)}")
    ends = ["****LAB****", *structured] if layout.structured else structured
    ends += ["****FIN****", "****FINFICHIER****", ""]
    room = size - sum(len(line) + len(layout.ends) for line in (*lines, *printed, *ends))
    width = 2 if layout.encoding == "utf-16" else 1
    room //= width
    while room > 60:
        line = f"{rng.choice(_REMARKS)} Dossier {rng.randrange(10**6):06d}, tube {rng.randrange(100):02d}."
        printed.append(line)
        room -= len(line) + len(layout.ends)
    text = layout.ends.join([*lines, *printed, *ends])
    if layout.encoding == "ascii":
        text = unaccented(text).replace("µ", "u")
    return text.encode(layout.encoding, errors="replace")


def several(records: Sequence[bytes], ends: bytes = b"\r\n") -> bytes:
    """One file of several records of ASCII or cp1252, each closed by its own mark, the file by its."""
    last = b"****FINFICHIER****"
    return b"".join(one.partition(last)[0] for one in records) + last + ends


def mail(
    data: bytes,
    sender: str = "labo@hopital.demo.example",
    recipient: str = "dr.00@cabinet.demo.example",
    rng: random.Random | None = None,
    name: str = "resultats.hpr",
) -> bytes:
    """The mail that bears such a file: a cover text and one attachment. No two have the same Message-ID."""
    rng = rng or random.Random(data)
    unique = f"{rng.getrandbits(96):024x}"
    at = dt.datetime(2026, 5, 4, tzinfo=dt.UTC) + dt.timedelta(seconds=rng.randrange(2_000_000))
    body = base64.encodebytes(data).decode("ascii").replace("\n", "\r\n")
    return (
        f"From: Laboratoire des Tilleuls <{sender}>\r\n"
        f"To: <{recipient}>\r\n"
        f"Subject: Resultats d'analyses\r\n"
        f"Date: {at.strftime('%a, %d %b %Y %H:%M:%S +0000')}\r\n"
        f"Message-ID: <{unique}@{sender.rpartition('@')[2]}>\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="=-{unique}"\r\n'
        "\r\n"
        f"--=-{unique}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n"
        "\r\n"
        "Veuillez trouver ci-joint des résultats. Le laboratoire.\r\n"
        f"--=-{unique}\r\n"
        f'Content-Type: application/octet-stream; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n"
        "\r\n"
        f"{body}"
        f"--=-{unique}--\r\n"
    ).encode()
