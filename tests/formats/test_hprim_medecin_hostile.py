"""HPRIM Médecin files that are cut, endless, or hold records in records."""

from __future__ import annotations

import pytest

from tests.corpus.hprim_build import END, HEADER, SODIUM, build, lab
from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import hprim_medecin

WHOLE = lab(SODIUM)
HEAD = "\r\n".join(HEADER).encode() + b"\r\n"

ATTACKS = {
    "lines without end": HEAD + b"a\r\n" * 600_000,
    "a line without end": HEAD + b"a" * 8_000_000,
    "marks without end": HEAD + b"****LAB****\r\n" * 200_000,
    "records without end": WHOLE * 3_000,
    "ends without end": HEAD + b"****FIN****\r\n" * 300_000,
    "results without end": HEAD + b"****LAB****\r\n" + b"RES|A|B|N|1|g|0|2|N|F\r\n" * 150_000,
    "fields without end": HEAD + b"****LAB****\r\nRES" + b"|a" * 1_000_000,
    "stars": b"*" * 3_000_000,
    "stars on lines": (b"*" * 12 + b"\r\n") * 200_000,
    "blank lines": b"\r\n" * 2_000_000,
    "ends of all kinds": HEAD.replace(b"\r\n", b"\r\r\n\n") * 500,
    "NUL": HEAD + b"\0" * 5_000_000,
    "a header of headers": HEAD * 20_000,
    "dates": b"12/03/2024\r\n" * 300_000,
    "half UTF-16": b"\xff\xfe" + WHOLE,
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_files_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(hprim_medecin.read, data)
    if isinstance(found, tuple):
        assert len(found) <= 200
    text = data.decode("latin-1")
    within_bounds(lambda _: (hprim_medecin.score(text), hprim_medecin.in_body(text), hprim_medecin.torn(text)), data)


def test_cut_anywhere() -> None:
    cut_everywhere(hprim_medecin.read, build(HEADER, ("Texte.",), END) + WHOLE)
