"""Each file of the corpus gives exactly the reading that was written down for it, in the contract's own JSON."""

from __future__ import annotations

import pytest

from tests.corpus import Case, Json
from tests.corpus.cda_biology_cases import CASES as CDA_BIOLOGY
from tests.corpus.cda_cases import CASES as CDA
from tests.corpus.hprim_cases import CASES as HPRIM
from tests.corpus.letter_cases import CASES as LETTERS
from tests.corpus.mail_cases import CASES as MAILS
from tests.corpus.xdm_cases import CASES as XDM
from vaguemestre.domain.reading_json import pack, public, unpack
from vaguemestre.inbound.read import read

CASES = HPRIM | MAILS | CDA | CDA_BIOLOGY | XDM | LETTERS


def codes(shown: Json) -> Json:
    """The reading with each warning reduced to its code."""
    documents = [d | {"warnings": [w["code"] for w in d["warnings"]]} for d in shown["documents"]]
    return shown | {"documents": documents, "warnings": [w["code"] for w in shown["warnings"]]}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_reading(case: Case) -> None:
    found = read(case.data, case.file)
    assert codes(public(found)) == case.expected
    assert found.understood is case.understood
    assert unpack(pack(found)) == found


def test_there_are_enough() -> None:
    assert len(CASES) >= 120
