"""HPRIM XML that is cut, nested or endless, and XML that is more than it says."""

from __future__ import annotations

import pytest

from tests.corpus.hprim_xml_cases import CASES
from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import hprim_xml

WHOLE = next(iter(CASES.values())).data
OPEN = b'<evenementsServeurActes xmlns="http://www.hprim.org/hprimXML">'
CLOSE = b"</evenementsServeurActes>"

ATTACKS = {
    "nested": OPEN + b"<a>" * 100_000,
    "nested and closed": OPEN + b"<a>" * 50_000 + b"</a>" * 50_000 + CLOSE,
    "as many elements": OPEN + b"<a>1</a>" * 300_000 + CLOSE,
    "as many patients": OPEN + b"<patient><nomUsuel>A</nomUsuel></patient>" * 20_000 + CLOSE,
    "as many attributes": OPEN + b"<a " + b" ".join(b'b%d="1"' % n for n in range(100_000)) + b"/>" + CLOSE,
    "a value without end": OPEN + b"<nomUsuel>" + b"A" * 8_000_000 + b"</nomUsuel>" + CLOSE,
    "an entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + OPEN + b"&b;" + CLOSE,
    "prefixes": OPEN + b'<a xmlns:b="' + b"c" * 1_000_000 + b'"/>' + CLOSE,
    "comments": OPEN + b"<!-- -->" * 300_000 + CLOSE,
    "instructions before it": b"<?a b?>" * 100_000 + OPEN + CLOSE,
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_files_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(hprim_xml.read, data)
    if isinstance(found, hprim_xml.Read):
        assert "root:" not in found.text


def test_cut_anywhere() -> None:
    cut_everywhere(hprim_xml.read, WHOLE)
