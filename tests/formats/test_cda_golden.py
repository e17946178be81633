"""Each letter of the corpus gives exactly the facts that were written down for it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.corpus import Case, Json
from tests.corpus.cda_cases import CASES
from vaguemestre.domain.reading import Document
from vaguemestre.domain.reading_json import public_document
from vaguemestre.formats import cda


def shown(read: cda.Read) -> Json:
    """The reading as the public JSON says it, each warning reduced to its code."""
    names = {field.name for field in dataclasses.fields(read)} - {"level", "embedded", "html"}
    facts = {name: getattr(read, name) for name in names}
    told = public_document(Document(format=read.level, path=(), sha256="", **facts))
    return told | {"warnings": [one["code"] for one in told["warnings"]]}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_letter(case: Case) -> None:
    expected = case.expected["documents"][0]
    found = shown(cda.read(case.data))
    assert found == expected | {"path": [], "sha256": ""}


def test_there_are_enough() -> None:
    assert len(CASES) >= 30
