"""Each HPRIM Santé and HPRIM XML file of the corpus is recognised and gives exactly the reading that was written down for it."""

from __future__ import annotations

import pytest

from tests.corpus import Case, Json
from tests.corpus.hprim_sante_cases import CASES as SANTE
from tests.corpus.hprim_xml_cases import CASES as XML
from tests.corpus.ucum import ucum_checked
from vaguemestre.domain.reading_json import public
from vaguemestre.formats.recognise import recognise
from vaguemestre.inbound.read import read

CASES = SANTE | XML


def _codes(shown: Json) -> Json:
    """The reading with each warning reduced to its code."""
    return shown | {"documents": [ucum_checked(d) | {"warnings": [w["code"] for w in d["warnings"]]} for d in shown["documents"]]}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_reading(case: Case) -> None:
    found = read(case.data, case.file)
    assert _codes(public(found)) == case.expected
    assert found.understood is case.understood


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("name", ["", "fichier.pdf"])
def test_content_decides_whatever_the_name(case: Case, name: str) -> None:
    assert recognise(case.data, name).name == case.expected["kind"]


def test_there_are_enough() -> None:
    assert len(SANTE) >= 40
    assert len(XML) >= 8
