"""Each file of the corpus gives exactly the reading that was written down for it, in the contract's own JSON."""

from __future__ import annotations

import pytest

from tests.corpus import Case, Json
from tests.corpus.archive_cases import CASES as ARCHIVES
from tests.corpus.cda_biology_cases import CASES as CDA_BIOLOGY
from tests.corpus.cda_cases import CASES as CDA
from tests.corpus.cda_kinds_acts import CASES as CDA_ACTS
from tests.corpus.cda_kinds_letters import CASES as CDA_LETTERS
from tests.corpus.fhir_cases import CASES as FHIR
from tests.corpus.file_cases import CASES as FILES
from tests.corpus.hl7v2_cases import CASES as HL7V2
from tests.corpus.hprim_cases import CASES as HPRIM
from tests.corpus.hprim_rarer_cases import CASES as HPRIM_RARER
from tests.corpus.hprim_sante_cases import CASES as HPRIM_SANTE
from tests.corpus.hprim_xml_cases import CASES as HPRIM_XML
from tests.corpus.letter_cases import CASES as LETTERS
from tests.corpus.mail_cases import CASES as MAILS
from tests.corpus.message_cases import CASES as MESSAGES
from tests.corpus.ucum import ucum_checked
from tests.corpus.xdm_cases import CASES as XDM
from vaguemestre.domain.reading_json import pack, public, unpack
from vaguemestre.inbound.read import read

CASES = (
    HPRIM
    | HPRIM_SANTE
    | HPRIM_XML
    | HPRIM_RARER
    | MAILS
    | MESSAGES
    | CDA
    | CDA_BIOLOGY
    | XDM
    | LETTERS
    | HL7V2
    | FHIR
    | FILES
    | ARCHIVES
    | CDA_ACTS
    | CDA_LETTERS
)


def codes(shown: Json) -> Json:
    """The reading with each warning reduced to its code."""
    documents = [ucum_checked(d) | {"warnings": [w["code"] for w in d["warnings"]]} for d in shown["documents"]]
    return shown | {"documents": documents, "warnings": [w["code"] for w in shown["warnings"]]}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_reading(case: Case) -> None:
    found = read(case.data, case.file)
    assert codes(public(found)) == case.expected
    assert found.understood is case.understood
    assert unpack(pack(found)) == found


def test_there_are_enough() -> None:
    assert len(CASES) >= 120
