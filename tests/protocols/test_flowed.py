"""Paragraphs of format=flowed on one line again, all else as it stands (RFC 3676)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaguemestre.protocols.flowed import unflowed


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", ""),
        ("une ligne", "une ligne"),
        ("le patient \nva mieux", "le patient va mieux"),
        ("un \ndeux \ntrois\nquatre", "un deux trois\nquatre"),
        ("fin \n\nautre", "fin \n\nautre".replace(" \n\n", " \n")),
        (" From lui", "From lui"),
        ("  retrait", " retrait"),
        ("> cité \n> encore\nréponse", "> cité encore\nréponse"),
        (">> deux \n> un", "> > deux \n> un"),
        ("corps \n-- \nDr Essai", "corps \n-- \nDr Essai"),
        ("-- \nDr Essai", "-- \nDr Essai"),
    ],
)
def test_paragraphs(written: str, meant: str) -> None:
    assert unflowed(written) == meant


def test_a_space_may_be_there_for_the_fold_alone() -> None:
    assert unflowed("anti \nviral", delete_space=True) == "antiviral"
    assert unflowed("anti \nviral") == "anti viral"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="a> -\n", max_size=60), st.booleans())
def test_no_word_is_lost(text: str, delete_space: bool) -> None:
    assert unflowed(text, delete_space).replace("\n", "").count("a") == text.count("a")
