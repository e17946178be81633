"""What each result of a reading must say its unit is in UCUM: the table written by hand in `tests.domain.test_units`."""

from __future__ import annotations

from tests.corpus import Json
from tests.domain.test_units import SPELLINGS, UCUM

KNOWN: dict[str | None, str | None] = {**UCUM, **SPELLINGS, None: None}


def ucum_checked(document: Json) -> Json:
    """The document of a reading without the `ucum` of its results, each of which was held against the table."""
    results = []
    for result in document["results"]:
        assert result["unit"] in KNOWN, f"write what {result['unit']!r} is in tests/domain/test_units.py"
        assert result["ucum"] == KNOWN[result["unit"]]
        results.append({name: told for name, told in result.items() if name != "ucum"})
    return document | {"results": results}
