"""Units as laboratories write them, and what they are in UCUM. The expectations are facts about units, written before the reader."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.needs import samples
from vaguemestre.domain import units
from vaguemestre.domain.reading import Document, Result
from vaguemestre.domain.reading_json import public_document, public_result

SPELLINGS = {
    # mass by volume
    "g/L": "g/L", "g/l": "g/L", "g / l": "g/L", " g/L ": "g/L", "gr/l": None, "g/dL": "g/dL", "g/dl": "g/dL", "g/100ml": "g/dL",
    "g/100 mL": "g/dL", "g/ml": "g/mL", "mg/L": "mg/L", "mg/l": "mg/L", "mg/dl": "mg/dL", "mg/dL": "mg/dL", "mg/100ml": "mg/dL",
    "mg/100 ml": "mg/dL", "mg/ml": "mg/mL", "µg/L": "ug/L", "μg/L": "ug/L", "ug/l": "ug/L", "µg/l": "ug/L", "mcg/L": "ug/L",
    "µg/dL": "ug/dL", "µg/100ml": "ug/dL", "µg/ml": "ug/mL", "μg/mL": "ug/mL", "ng/ml": "ng/mL", "ng/mL": "ng/mL", "ng/l": "ng/L",
    "ng/dL": "ng/dL", "pg/ml": "pg/mL", "pg/mL": "pg/mL", "pg/l": "pg/L", "g/m3": "g/m3", "fg/mL": "fg/mL",
    # amount by volume
    "mol/L": "mol/L", "mmol/l": "mmol/L", "mmol/L": "mmol/L", "mmoles/l": "mmol/L", "mmole/L": "mmol/L", "µmol/L": "umol/L",
    "μmol/l": "umol/L", "umol/L": "umol/L", "umol/l": "umol/L", "µmoles/L": "umol/L", "micromol/L": "umol/L", "nmol/l": "nmol/L",
    "nmol/L": "nmol/L", "pmol/l": "pmol/L", "pmol/L": "pmol/L", "nmol/mL": "nmol/mL", "mmol/dL": "mmol/dL",
    # equivalents are no moles without the ion
    "mEq/l": "meq/L", "mEq/L": "meq/L", "meq/L": "meq/L", "µEq/L": "ueq/L", "mEq/24h": "meq/d",
    "mosm/kg": "mosm/kg", "mOsm/kg": "mosm/kg", "mOsmol/kg": "mosm/kg", "mosmol/L": "mosm/L", "mOsm/L": "mosm/L",
    # international units and enzyme units are two things
    "UI/l": "[IU]/L", "UI/L": "[IU]/L", "U.I./L": "[IU]/L", "IU/L": "[IU]/L", "UI/ml": "[IU]/mL", "UI/mL": "[IU]/mL",
    "mUI/l": "m[IU]/L", "mUI/L": "m[IU]/L", "mIU/L": "m[IU]/L", "mUI/mL": "m[IU]/mL", "µUI/ml": "u[IU]/mL", "μUI/mL": "u[IU]/mL",
    "uUI/mL": "u[IU]/mL", "µIU/mL": "u[IU]/mL", "kUI/L": "k[IU]/L", "kUI/l": "k[IU]/L", "UI/dL": "[IU]/dL", "UI": "[IU]",
    "U/l": "U/L", "U/L": "U/L", "U/ml": "U/mL", "mU/L": "mU/L", "kU/L": "kU/L", "µkat/L": "ukat/L", "nkat/L": "nkat/L", "µU/mL": "uU/mL",
    "kUA/L": None, "UA/mL": None, "UG/mL": None, "UI anti-Xa/mL": None, "anti-Xa": None, "UL": None,
    # counts
    "G/l": "10*9/L", "G/L": "10*9/L", "Giga/l": "10*9/L", "Giga/L": "10*9/L", "giga/L": "10*9/L", "10^9/L": "10*9/L", "10*9/L": "10*9/L",
    "10^9/l": "10*9/L", "10⁹/L": "10*9/L", "10**9/L": "10*9/L", "10E9/L": "10*9/L", "10e9/L": "10*9/L", "x10^9/L": "10*9/L",
    "x 10^9/L": "10*9/L", "10(9)/L": "10*9/L", "109/L": None, "10 9/L": None,
    "T/l": "10*12/L", "T/L": "10*12/L", "Tera/l": "10*12/L", "Téra/L": "10*12/L", "tera/L": "10*12/L", "10^12/L": "10*12/L",
    "10*12/L": "10*12/L", "10¹²/L": "10*12/L", "1012/L": None,
    "/mm3": "/mm3", "/mm³": "/mm3", "/ mm3": "/mm3", "Millions/mm3": "10*6/mm3", "millions/mm3": "10*6/mm3", "Million/mm3": "10*6/mm3",
    "10^6/mm3": "10*6/mm3", "10*6/mm3": "10*6/mm3", "10³/mm³": "10*3/mm3", "10^3/mm3": "10*3/mm3", "10^3/µL": "10*3/uL",
    "10*3/uL": "10*3/uL", "10^6/µL": "10*6/uL", "milliers/mm3": "10*3/mm3", "Mille/mm3": "10*3/mm3", "M/mm3": None, "K/µL": None,
    "M/L": None,
    "/µL": "/uL", "/uL": "/uL", "/μl": "/uL", "/ml": "/mL", "/mL": "/mL", "/L": "/L", "/dL": "/dL", "10^6/mL": "10*6/mL",
    "millions/mL": "10*6/mL", "copies/mL": "{copies}/mL", "copies/ml": "{copies}/mL", "cop/mL": "{copies}/mL", "Copies/mL": "{copies}/mL",
    "log copies/mL": "{Log_copies}/mL", "Log copies/ml": "{Log_copies}/mL", "log10 copies/mL": "{Log_copies}/mL",
    "log UI/mL": "{Log_IU}/mL", "log": None, "log10": None, "UFC/mL": "[CFU]/mL", "UFC/ml": "[CFU]/mL", "germes/mL": None,
    "cellules/mm3": "{cells}/mm3", "cellules/µL": "{cells}/uL",
    # shares, and what has no unit
    "%": "%", " % ": "%", "‰": "[ppth]", "p. cent": None, "ratio": "{ratio}", "Ratio": "{ratio}", "INR": "{INR}", "index": None,
    "indice": None, "sans unité": "1", "mmol/mol": "mmol/mol", "L/L": "L/L", "l/l": "L/L", "g%": None, "mg%": None, "vol%": None,
    # of one cell
    "fl": "fL", "fL": "fL", "µ3": "um3", "µm3": "um3", "µm³": "um3", "pg": "pg", "fg": "fg", "pg/cellule": None,
    # pressure, acidity, temperature
    "mm Hg": "mm[Hg]", "mmHg": "mm[Hg]", "mm[Hg]": "mm[Hg]", "kPa": "kPa", "KPa": None, "[pH]": "[pH]", "pH": "[pH]", "unité pH": "[pH]",
    "unités pH": "[pH]", "°C": "Cel", "Cel": "Cel", "torr": None,
    # clearance, output
    "mL/min": "mL/min", "ml/min": "mL/min", "ml/mn": "mL/min", "mL/min/1,73m2": "mL/min/{1.73_m2}", "mL/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/1,73 m²": "mL/min/{1.73_m2}", "mL/mn/1.73 m2": "mL/min/{1.73_m2}", "ml/min/1,73m²": "mL/min/{1.73_m2}",
    "mL/min/{1.73_m2}": "mL/min/{1.73_m2}", "mL/min/m2": "mL/min/m2", "L/min": "L/min",
    "mg/24h": "mg/d", "mg/24 h": "mg/d", "mg/24H": "mg/d", "mg/24 heures": "mg/d", "mg/j": "mg/d", "mg/jour": "mg/d", "g/24h": "g/d",
    "g/24 h": "g/d", "g/j": "g/d", "g/d": "g/d", "mmol/24h": "mmol/d", "mmol/24 h": "mmol/d", "µmol/24h": "umol/d", "nmol/24h": "nmol/d",
    "mL/24h": "mL/d", "ml/24h": "mL/d", "L/24h": "L/d", "mL": "mL", "ml": "mL", "L": "L", "l": "L", "µg/min": "ug/min",
    # by gram or mole of creatinine
    "g/mol créatinine": "g/mol{creat}", "mg/mmol créatinine": "mg/mmol{creat}", "mg/mmol de créatinine": "mg/mmol{creat}",
    "mg/mmol créat": "mg/mmol{creat}", "mg/mmol créat.": "mg/mmol{creat}", "mg/g créatinine": "mg/g{creat}", "mg/g créat": "mg/g{creat}",
    "mg/g de créatinine": "mg/g{creat}", "µg/g créatinine": "ug/g{creat}", "mg/g Creatinine": "mg/g{creat}", "mg/g{creat}": "mg/g{creat}",
    "mg/mmol": "mg/mmol", "mg/g": "mg/g", "µg/mg": "ug/mg", "mmol/mol créatinine": "mmol/mol{creat}",
    "µmol/mmol créatinine": "umol/mmol{creat}",
    # time, length, weight
    "s": "s", "sec": "s", "sec.": "s", "secondes": "s", "Secondes": "s", "seconde": "s", "min": "min", "mn": "min", "h": "h", "heures": "h",
    "jours": "d", "jour": "d", "j": "d", "ans": "a", "mm": "mm", "mm/h": "mm/h", "mm/1h": "mm/h", "mm/1ère h": "mm/h",
    "mm/1ère heure": "mm/h",
    "mm (1h)": "mm/h", "mm 1ère heure": "mm/h", "mm à 1h": "mm/h", "mm/1re heure": "mm/h", "mm 2e heure": None, "mm/2h": None,
    "kg": "kg", "Kg": "kg", "kg/m2": "kg/m2", "kg/m²": "kg/m2", "cm": "cm", "m2": "m2", "m²": "m2", "/min": "/min", "bpm": "/min",
    "µg/kg": "ug/kg", "mg/kg": "mg/kg", "µg/g": "ug/g", "ng/mg": "ng/mg", "SA": None, "mg": "mg", "g": "g",
    "kU/l": "kU/L", "million/mm3": "10*6/mm3", "ug/mL": "ug/mL", "/champ": None, "u": None,
    # megagrams, gauss, megamoles: what nobody means
    "MG/L": None, "Mg/L": None, "G": None, "T": None, "MMOL/L": None, "MUI/L": None, "U": "U", "M": None, "gL": None, "g/": None, "/": None,
    "g//L": None, "": None, "   ": None, "unité": None, "positif": None, "g/L (sérum)": None, "mmol/L à jeun": None, "voir texte": None,
}  # fmt: skip

UCUM = {
    "1": "1", "[IU]/mL": "[IU]/mL", "[iU]/mL": "[iU]/mL", "m[IU]/L": "m[IU]/L", "{ratio}": "{ratio}", "10*3/uL": "10*3/uL",
    "10^3/uL": "10*3/uL",
    "/[HPF]": "/[HPF]", "{#}/[HPF]": "{#}/[HPF]", "/min": "/min", "kg.m/s2": "kg.m/s2", "g.L-1": "g.L-1", "mg/(24.h)": "mg/(24.h)",
    "mGy.cm": "mGy.cm", "MBq": "MBq", "[diop]": "[diop]", "deg": "deg", "Ohm": "Ohm", "mo": "mo", "wk": "wk", "a": "a", "10*-3": "10*-3",
    "mol/kg": "mol/kg", "umol/min/g": "umol/min/g", "/(10.L)": "/(10.L)", "m/s2": "m/s2", "mV": "mV", "{tbl}": "{tbl}", "%{vol}": "%{vol}",
    "g{creat}": "g{creat}", "10*6.[IU]/L": "10*6.[IU]/L", "ng/mL/h": "ng/mL/h", "ng/(mL.h)": "ng/(mL.h)", "[arb'U]/mL": "[arb'U]/mL",
    "mL/min/{1.73_m2": None, "mL/min/1.73_m2}": None, "[HPF": None, "g/(L": None, "g/L)": None, "g..L": None, "g/.L": None, ".g": None,
    "g L": None, "12.h": None, "mg/(12.h)": None, "10*": None, "10*x": None, "xg": None, "mm[Hg]3x": None, "mCel": None, "m%": None,
    "{a{b}}": None, "g{été}": None, "m[pH]": None, "min2h": None, "ccm": None, "kmin": None, "100": "100", "12": None, "0": None,
    "007": None,
    "30009000": None, "g99999999": None, "10*999": None,
}  # fmt: skip


def test_there_are_enough() -> None:
    assert len(SPELLINGS) >= 150


@pytest.mark.parametrize(("written", "expected"), [*SPELLINGS.items(), *UCUM.items()])
def test_spelling(written: str, expected: str | None) -> None:
    found = units.read(written)
    assert (found.code if found is not None else None) == expected


@pytest.mark.parametrize("code", sorted({code for code in [*SPELLINGS.values(), *UCUM.values()] if code}))
def test_a_code_reads_as_itself(code: str) -> None:
    once = units.read(code)
    assert once is not None
    assert once.code == code
    assert units.read(once.code) == once


# One quantity a row: every pair of a row converts, no pair of two rows does.
ALIKE = (
    ("g/L", "mg/dl", "g/100ml", "µg/mL", "ng/l", "g/m3"),
    ("mmol/L", "µmol/l", "nmol/mL"),
    ("mEq/L", "µEq/L"),
    ("UI/L", "mUI/mL", "µUI/mL", "kUI/L", "[iU]/L"),
    ("U/L", "mU/mL", "kU/L"),
    ("nkat/L", "µkat/L"),
    ("G/L", "/mm3", "10^3/µL", "T/L", "Millions/mm3", "/L"),
    ("copies/mL", "{copies}/L"),
    ("{cells}/mm3", "cellules/µL"),
    ("[CFU]/mL", "UFC/L"),
    ("log copies/mL",),
    ("{Log_copies}/L",),
    ("log UI/mL",),
    ("%",),
    ("‰",),
    ("ratio",),
    ("INR",),
    ("1", "10*3", "100"),
    ("[pH]",),
    ("mm Hg",),
    ("kPa", "Pa"),
    ("mmol/mol", "umol/mmol", "mol/mol"),
    ("mg/g", "µg/mg", "g/kg"),
    ("L/L", "mL/L"),
    ("mg/g créat", "µg/g créatinine"),
    ("mg/mmol", "g/mol"),
    ("g/mol créatinine", "mg/mmol créat"),
    ("mg/24h", "g/j", "g/(24.h)"),
    ("µg/min",),
    ("mL/min", "L/min"),
    ("mL/min/1,73m2", "L/min/{1.73_m2}"),
    ("mL/min/m2",),
    ("mm/h",),
    ("mm", "cm"),
    ("fL", "µm3", "mL", "L"),
    ("pg", "g", "kg"),
    ("s", "ms"),
    ("min",),
    ("h",),
    ("jours",),
    ("mosm/kg",),
    ("mosm/L",),
    ("kg/m2",),
    ("Cel",),
)


def test_what_converts_and_what_never_does() -> None:
    rows = [[units.read(one) for one in row] for row in ALIKE]
    for row, written in zip(rows, ALIKE, strict=True):
        for unit, text in zip(row, written, strict=True):
            assert unit is not None, text
            assert unit.dimension == row[0].dimension, text  # type: ignore[union-attr]
    firsts = [(row[0].dimension, written[0]) for row, written in zip(rows, ALIKE, strict=True)]  # type: ignore[union-attr]
    for (one, a), (other, b) in itertools.combinations(firsts, 2):
        assert one != other, (a, b)


@pytest.mark.parametrize(
    ("number", "unit", "to", "expected"),
    [
        ("1.25", "g/L", "mg/dL", "125"), ("0.98", "g/l", "mg/dl", "98"), ("125", "mg/dL", "g/L", "1.25"),
        ("12.0", "mmol/L", "µmol/L", "12000"),
        ("12.50", "g/dL", "g/L", "125.0"), ("74", "umol/L", "mmol/L", "0.074"), ("6.7", "G/L", "/mm3", "6700"),
        ("6700", "/mm3", "10*9/L", "6.700"),
        ("4.51", "T/L", "Millions/mm3", "4.51"), ("0", "g/L", "mg/L", "0"), ("0.00", "g/L", "mg/L", "0"),
        ("-1.5", "mmol/L", "µmol/L", "-1500"),
        ("2,10", "µUI/mL", "mUI/L", "2.10"), ("1", "L", "fL", "1000000000000000"), ("90", "fL", "µm3", "90"),
        ("1.2", "g/24h", "mg/24h", "1200"), ("5", "g/L", "mmol/L", None), ("5", "%", "ratio", None), ("5", "mEq/L", "mmol/L", None),
        ("5", "UI/L", "U/L", None), ("5", "mm", "mm/h", None), ("abc", "g/L", "mg/L", None), ("1e3", "g/L", "mg/L", "1000000"),
        ("5", "inconnu", "inconnu", None), ("NaN", "g/L", "mg/L", None), ("Infinity", "g/L", "mg/L", None), ("", "g/L", "mg/L", None),
        ("1e999999", "g/L", "mg/L", None), ("9" * 60, "g/L", "mg/L", None), ("1_0", "g/L", "mg/L", None), ("٣", "g/L", "mg/L", None),
    ],
)  # fmt: skip
def test_values_move_their_point_and_nothing_else(number: str, unit: str, to: str, expected: str | None) -> None:
    source, wanted = units.read(unit), units.read(to)
    assert (units.brought(number, source, wanted) if source and wanted else None) == expected


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ("0.70", "70"), ("< 1.10", "< 110"), (">0,5", ">50"), ("<=0.5", "<=50"), ("0.70 - 1.10", "70 - 110"), ("0,7 – 1,1", "70 – 110"),
        ("0.7 à 1.1", "70 à 110"), ("", ""), ("voir texte", ""), ("inf. à 1.10", ""), ("0.7 - x", ""),
    ],
)  # fmt: skip
def test_a_reference_bound_converts_or_is_left_out(bound: str, expected: str) -> None:
    source, wanted = units.read("g/L"), units.read("mg/dL")
    assert source is not None
    assert wanted is not None
    assert units.bound_brought(bound, source, wanted) == expected


FAMILIES = [[unit for text in row if (unit := units.read(text)) is not None] for row in ALIKE if len(row) > 1]
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6) | st.from_regex(
    r"\A-?[0-9]{1,12}(\.[0-9]{1,9})?\Z"
).map(Decimal)


@given(st.sampled_from(FAMILIES).flatmap(lambda row: st.tuples(st.sampled_from(row), st.sampled_from(row))), DECIMALS)
def test_there_and_back_is_exact(pair: tuple[units.Unit, units.Unit], number: Decimal) -> None:
    one, other = pair
    there = units.brought(format(number, "f"), one, other)
    assert there is not None
    assert re.fullmatch(r"-?\d+(\.\d+)?", there)
    back = units.brought(there, other, one)
    assert back is not None
    assert Decimal(back) == number
    assert Fraction(there) * Fraction(other.factor) == Fraction(number) * Fraction(one.factor)


@given(st.text(max_size=80) | st.from_regex(r"\A[a-zA-Z0-9/.*^(){}\[\]%µμ ²³-]{0,30}\Z"))
def test_anything_is_read_or_not_and_never_fails(text: str) -> None:
    found = units.read(text)
    if found is not None:
        assert units.read(found.code) == found
        assert isinstance(found.factor, Decimal)
        assert found.factor > 0


def test_factors_are_decimals() -> None:
    assert [(one.code, one.factor) for one in map(units.read, ("g/L", "mg/dL", "G/L", "/mm3", "umol/L")) if one] == [
        ("g/L", Decimal(1)), ("mg/dL", Decimal("0.01")), ("10*9/L", Decimal("1e9")), ("/mm3", Decimal("1e6")), ("umol/L", Decimal("1e-6")),
    ]  # fmt: skip


def test_a_reading_tells_the_unit_as_written_and_in_ucum() -> None:
    results = tuple(Result(label="x", unit=unit) for unit in ("µg/l", "G/L", "index", None))
    shown = public_document(Document("hprim-medecin", ("a",), "0" * 64, results=results))["results"]
    assert [(one["unit"], one["ucum"]) for one in shown] == [("µg/l", "ug/L"), ("G/L", "10*9/L"), ("index", None), (None, None)]
    # What makes two documents the same one is what was read, not what a table says of it: a table that grows must change no key.
    assert "ucum" not in public_result(results[0])


UNSURE_IN_SAMPLES = {"30009000", "30067000", "30015500"}
"""EDQM codes of packages, which are no units of UCUM."""


def test_every_unit_of_the_samples_is_read_or_knowingly_not() -> None:
    found: set[str] = set()
    for path in sorted([*(samples() / "cda").glob("*.xml"), *(samples() / "cda-2-41").glob("*.xml")]):
        try:
            tree = ElementTree.parse(path)
        except ElementTree.ParseError:
            continue
        found |= {str(one.get("unit")).strip() for one in tree.iter() if one.get("unit")}
    assert len(found) > 40
    assert {text for text in found if units.read(text) is None} == UNSURE_IN_SAMPLES
