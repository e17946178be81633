"""Units as French readers write them: UCUM's codes (CDA, HL7 v2, FHIR) are made for machines. What is no UCUM code stays as written.

Only signs change, never what is measured: `10*9/L` is G/L, `umol/L` is µmol/L, `m[IU]/L` is mUI/L.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from vaguemestre.domain import units

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WHOLE = {"10*9/L": "G/L", "10*12/L": "T/L", "{ratio}": "", "1": "", "[pH]": "", "Cel": "°C", "[ppth]": "‰", "10*6/L": "10⁶/L"}
_SIGNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"10[*^](-?[0-9]{1,2})"), lambda m: "10" + m[1].translate(_RAISED)),
    (re.compile(r"\{1\.73_m2\}"), lambda _: "1,73 m²"),
    (re.compile(r"mm\[Hg\]"), lambda _: "mmHg"),
    (re.compile(r"cm\[H2O\]"), lambda _: "cmH₂O"),
    (re.compile(r"\[i?I?U\]"), lambda _: "UI"),
    (re.compile(r"\[CFU\]"), lambda _: "UFC"),
    (re.compile(r"\{(?:Log_)(IU|copies)\}"), lambda m: "log UI" if m[1] == "IU" else "log copies"),
    (re.compile(r"(?<![A-Za-z])u(?=(?:mol|g|L|l|kat|UI|U|eq|osm|m|s)(?![A-Za-z]))"), lambda _: "µ"),
    (re.compile(r"(?<![A-Za-z])([mukn]?)eq(?![A-Za-z])"), lambda m: f"{m[1]}Eq"),
    (re.compile(r"(?<![A-Za-z])([mu]?)osm(?![A-Za-z])"), lambda m: f"{m[1]}Osm"),
    (re.compile(r"(?<=[A-Za-z])([23])(?![0-9])"), lambda m: m[1].translate(_RAISED)),
    (re.compile(r"/(?:d|\(24\.h\))(?![A-Za-z])"), lambda _: "/24 h"),
    (re.compile(r"\{([^{}]{1,30})\}"), lambda m: m[1].replace("_", " ")),
)


@functools.lru_cache(maxsize=1024)
def shown(text: str) -> str:
    """The unit to be read by a person."""
    known = units.read(text)
    if known is None or known.code != text:
        return text
    if text in _WHOLE:
        return _WHOLE[text]
    for sign, written in _SIGNS:
        text = sign.sub(written, text)
    return text
