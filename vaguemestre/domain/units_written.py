"""How French laboratories write units, put by hand into UCUM: one table of what stands above the stroke, one of what stands below it.

Case matters: G/l is giga, g/l gram. What could mean two things is in no table: M/mm3 (million or mille), UA (each kit's own), kUA, 109/L (a
lost exponent), index, log alone, all capitals (MG/L, MUI/L).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MICRO = str.maketrans({"µ": "u", "μ": "u"})
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED_TEN = re.compile(r"(?<![0-9])10(?=[⁰¹²³⁴⁵⁶⁷⁸⁹])")
_BLANKS = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")
"""Blanks between two digits stay, and with them the text has no meaning here: "10 9/L" is no 109/L."""

_ABOVE = {
    "g": "g", "kg": "kg", "Kg": "kg", "mg": "mg", "ug": "ug", "mcg": "ug", "ng": "ng", "pg": "pg", "fg": "fg",
    "Eq": "eq", "mEq": "meq", "uEq": "ueq", "meq": "meq", "ueq": "ueq",
    "mOsm": "mosm", "mosm": "mosm", "mOsmol": "mosm", "mosmol": "mosm",
    "kat": "kat", "mkat": "mkat", "ukat": "ukat", "nkat": "nkat",
    "U": "U", "kU": "kU", "mU": "mU", "uU": "uU",
    "L": "L", "l": "L", "dL": "dL", "dl": "dL", "mL": "mL", "ml": "mL", "uL": "uL", "ul": "uL",
    "Giga": "10*9", "giga": "10*9", "Tera": "10*12", "tera": "10*12", "Téra": "10*12", "téra": "10*12",
    "million": "10*6", "millions": "10*6", "Million": "10*6", "Millions": "10*6",
    "mille": "10*3", "Mille": "10*3", "milliers": "10*3", "Milliers": "10*3",
    "copies": "{copies}", "Copies": "{copies}", "cop": "{copies}", "cellules": "{cells}", "Cellules": "{cells}",
    "UFC": "[CFU]", "CFU": "[CFU]", "mm": "mm", "": "",
    **{f"{log}{of}": f"{{Log_{ucum}}}" for log in ("log", "Log", "log10", "Log10") for of, ucum in
       (("copies", "copies"), ("Copies", "copies"), ("cop", "copies"), ("UI", "IU"), ("IU", "IU"))},
    **{f"{prefix}{ui}": f"{prefix}[IU]" for prefix in ("", "k", "m", "u") for ui in ("UI", "U.I.", "U.I", "IU")},
    **{f"{prefix}{mole}": f"{ucum}mol" for prefix, ucum in
       (("", ""), ("m", "m"), ("u", "u"), ("micro", "u"), ("n", "n"), ("p", "p"), ("f", "f")) for mole in ("mol", "mole", "moles")},
}  # fmt: skip
_BELOW = {
    "L": "L", "l": "L", "dL": "dL", "dl": "dL", "100mL": "dL", "100ml": "dL", "mL": "mL", "ml": "mL", "uL": "uL", "ul": "uL", "mm3": "mm3",
    "m3": "m3", "kg": "kg", "Kg": "kg", "g": "g", "mg": "mg", "mol": "mol", "mmol": "mmol", "min": "min", "mn": "min", "h": "h", "m2": "m2",
    "1,73m2": "{1.73_m2}", "1.73m2": "{1.73_m2}", "24h": "d", "24H": "d", "24heures": "d", "j": "d", "jour": "d", "d": "d",
}  # fmt: skip
_WHOLE = {
    "G/L": "10*9/L", "G/l": "10*9/L", "T/L": "10*12/L", "T/l": "10*12/L",
    "mmHg": "mm[Hg]", "pH": "[pH]", "unitépH": "[pH]", "unitéspH": "[pH]", "°C": "Cel", "‰": "[ppth]",
    "ratio": "{ratio}", "Ratio": "{ratio}", "INR": "{INR}", "sansunité": "1", "fl": "fL", "u3": "um3", "u^3": "um3", "bpm": "/min",
    "sec": "s", "sec.": "s", "seconde": "s", "secondes": "s", "Secondes": "s", "mn": "min", "heure": "h", "heures": "h",
    "j": "d", "jour": "d", "jours": "d", "ans": "a",
    **{f"mm{hour}": "mm/h" for hour in ("/1h", "/1èreh", "/1èreheure", "/1reheure", "/1reh", "(1h)", "1h", "1èreheure", "1reheure", "1èreh",
                                        "(1èreheure)", "à1h", "àlapremièreheure", "/1Heure", "/heure")},
}  # fmt: skip
_TEN = re.compile(r"x?10(?:\^|\*{1,2}|[eE]|\()([0-9]{1,2})\)?")
_CREATININE = re.compile(r"(g|mol|mmol)(?:de)?(?:créatinine|creatinine|créat\.?|creat\.?)", re.IGNORECASE)


def _above(part: str) -> str | None:
    ten = _TEN.fullmatch(part)
    return f"10*{ten[1]}" if ten is not None else _ABOVE.get(part)


def _below(part: str) -> str | None:
    creatinine = _CREATININE.fullmatch(part)
    return f"{creatinine[1]}{{creat}}" if creatinine is not None else _BELOW.get(part)


def spelled(text: str) -> Iterator[str]:
    """What the text may be in UCUM, the surest first: from the tables, then as it is. A reader of UCUM has to say whether it is one."""
    plain = _RAISED_TEN.sub("10^", text.strip()).translate(_RAISED).translate(_MICRO)
    joined = _BLANKS.sub("", plain)
    if joined in _WHOLE:
        yield _WHOLE[joined]
        return
    first, *others = joined.split("/")
    parts = [_above(first), *map(_below, others)]
    if joined and None not in parts:
        yield "/".join(part for part in parts if part is not None)
    yield plain
