"""CDA documents in wrong encodings: every word shown as it was written, what was guessed is told, and names by guess are told as such."""

from __future__ import annotations

import pytest

from tests.corpus.cda_build import document, section, structured, target
from tests.formats.test_cda import codes
from vaguemestre.formats import cda

XML = document(
    structured(section("Synthèse", "<paragraph>Très bon état général : à revoir, 12 €.</paragraph>")),
    patient=target(name='<family qualifier="BR">ZORBÈC</family><given>LUCIE</given>'),
)
NOBODY_ACCENTED = document(structured(section("Avis", "<paragraph>Tout va bien.</paragraph>")), author="", recipients="", title="")


def file(encoding: str, declared: str | None, before: bytes = b"", after: str = "\n") -> bytes:
    declaration = "" if declared is None else f'<?xml version="1.0" encoding="{declared}"?>{after}'
    return before + (declaration + XML).encode(encoding)


G, U = ["encoding-guessed"], ["unknown-charset"]
MARK = b"\xef\xbb\xbf"
# name, octets, warnings, whether names were decoded by guess
ROWS = [
    ("UTF-8", file("utf-8", "UTF-8"), [], False),
    ("nothing declared", file("utf-8", None), [], False),
    ("UTF-8 declared, cp1252 in truth", file("cp1252", "UTF-8"), G, True),
    ("nothing declared, cp1252", file("cp1252", None), G, True),
    ("Latin-1 declared, cp1252 in truth", file("cp1252", "ISO-8859-1"), [], False),
    ("Latin-1 declared, UTF-8 in truth: it proves itself", file("utf-8", "ISO-8859-1"), G, False),
    ("windows-1252 declared, UTF-8 in truth", file("utf-8", "windows-1252"), G, False),
    ("Latin-1 declared, UTF-8 and its mark", file("utf-8", "iso-8859-1", MARK), G, False),
    ("UTF-16 with its mark", file("utf-16", "UTF-16"), [], False),
    ("UTF-16 with its mark, nothing declared", file("utf-16", None), [], False),
    ("UTF-16 without, little", file("utf-16-le", "UTF-16"), [], False),
    ("UTF-16 without, big", file("utf-16-be", "UTF-16"), [], False),
    ("UTF-16 in truth, UTF-8 declared", file("utf-16", "UTF-8"), [], False),
    ("UTF-16 declared, UTF-8 in truth", file("utf-8", "UTF-16"), [], False),
    ("mark and declaration", file("utf-8", "UTF-8", MARK), [], False),
    ("declaration after lines", file("utf-8", "UTF-8", b"\r\n\n \t"), [], False),
    ("mark, lines and declaration", file("utf-8", "UTF-8", MARK + b"\n"), [], False),
    ("lines, then Latin-9", file("iso8859-15", "ISO-8859-15", b"\n"), [], False),
    ("unknown", file("utf-8", "x-nulle-part"), U, False),
    ("unknown, cp1252 in truth", file("cp1252", "x-nulle-part"), G, True),
    ("known elsewhere, cp1252 in truth", file("cp1252", "KOI8-R"), G, True),
]


@pytest.mark.parametrize(("name", "data", "warnings", "guessed"), ROWS, ids=[row[0] for row in ROWS])
def test_encoding(name: str, data: bytes, warnings: list[str], guessed: bool) -> None:
    found = cda.read(data)
    assert found.text == "Synthèse\nTrès bon état général : à revoir, 12 €."
    assert found.patient is not None
    assert (found.patient.birth_name, found.patient.names_guessed) == ("ZORBÈC", guessed)
    assert codes(found) == warnings


@pytest.mark.parametrize("declared", ["UTF-8", "ISO-8859-1", "windows-1252", "UTF-16", None])
def test_what_is_ascii_is_no_guess(declared: str | None) -> None:
    declaration = "" if declared is None else f'<?xml version="1.0" encoding="{declared}"?>'
    text = NOBODY_ACCENTED.replace("è", "e").replace("é", "e")
    found = cda.read((declaration + text).encode("ascii"))
    assert codes(found) == [] and found.patient is not None and not found.patient.names_guessed
