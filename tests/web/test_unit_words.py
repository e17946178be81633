"""Units as a French reader knows them; what is no UCUM is left as the laboratory wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaguemestre.domain import units
from vaguemestre.web.unit_words import shown

SHOWN = {
    "umol/L": "µmol/L", "ug/L": "µg/L", "u[IU]/mL": "µUI/mL", "m[IU]/L": "mUI/L", "k[IU]/L": "kUI/L", "[IU]/L": "UI/L", "U/L": "U/L",
    "10*9/L": "G/L", "10*12/L": "T/L", "10*3/mm3": "10³/mm³", "10*6/L": "10⁶/L", "/mm3": "/mm³", "mL/min/{1.73_m2}": "mL/min/1,73 m²",
    "mm[Hg]": "mmHg", "meq/L": "mEq/L", "mosm/kg": "mOsm/kg", "{copies}/mL": "copies/mL", "{Log_copies}/mL": "log copies/mL",
    "{Log_IU}/mL": "log UI/mL", "[CFU]/mL": "UFC/mL", "mg/d": "mg/24 h", "{ratio}": "", "1": "", "[pH]": "", "Cel": "°C", "%": "%",
    "g/L": "g/L", "mmol/L": "mmol/L", "fL": "fL", "um3": "µm³", "ukat/L": "µkat/L", "cm2": "cm²", "ng/mL": "ng/mL", "s": "s", "10*9": "10⁹",
}  # fmt: skip
WRITTEN = ["g/l", "Giga/l", "UI/l", "µmol/l", "/mm3 ", "u/l", "unité", "10^9/L", "umol/l", "", "ml/min/1,73m2", "x" * 200]


@pytest.mark.parametrize(("code", "words"), SHOWN.items())
def test_codes_of_ucum_are_put_into_words(code: str, words: str) -> None:
    known = units.read(code)
    assert known is not None and known.code == code
    assert shown(code) == words


@pytest.mark.parametrize("text", WRITTEN)
def test_what_a_laboratory_wrote_stays(text: str) -> None:
    assert shown(text) == text


@given(st.text(max_size=30))
def test_no_text_is_lost(text: str) -> None:
    assert shown(text) or text in {"", "{ratio}", "1", "[pH]"}
