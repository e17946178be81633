"""Which documents of one message are forms of one, and which must be kept apart. Each row changes one thing."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import pytest

from vaguemestre.domain.reading import Document, Ins, Result, StatedPatient
from vaguemestre.inbound.read_forms import Piece, forms

LUCIE = StatedPatient(
    ins=Ins("261059999012352", "1.2.250.1.213.1.4.8"),
    birth_name="ZORBEC",
    given_names=("LUCIE",),
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    sex="F",
)
PAUL = dataclasses.replace(LUCIE, ins=None, birth_name="AUTRE", birth_date="1970-02-01", sex="M")
NAMELESS = StatedPatient(sex="F")
READ_IN_TEXT = StatedPatient(names_unqualified=("ZORBEC",), birth_date="1961-05-04", from_fields=False)
PAUL_IN_TEXT = StatedPatient(names_unqualified=("AUTRE",), from_fields=False)
LONG = "Consultation du 12 mars 2024 pour toux persistante depuis trois semaines, auscultation claire, radiographie normale, pas de fièvre."
REWORDED = LONG.replace("claire", "nette").replace("\n", " ").upper()
UNLIKE = "Ordonnance bizone : kinésithérapie respiratoire, douze séances, renouvelable une fois, soins infirmiers, pansements, bandes."
XDM = "XDM/1.0/DDM+Consultation"
DATED = "20240312_consultation_ZORBEC_LUCIE.pdf"


def doc(form: str, content: str, *path: str, **facts: Any) -> Document:
    return Document(form, path or (content,), hashlib.sha256(content.encode()).hexdigest(), **facts)


def n1(content: str = "n1", **facts: Any) -> Document:
    return doc("cda-n1", content, **({"id": "1.1", "set_id": "1.9", "version": 1, "patient": LUCIE} | facts))


def n3(content: str = "n3", **facts: Any) -> Document:
    return doc("cda-n3", content, **({"id": "1.3", "set_id": "1.9", "version": 1, "patient": LUCIE, "text": LONG} | facts))


def pdf(content: str = "pages", name: str = "a.pdf", **facts: Any) -> Document:
    return doc("pdf", content, name, **facts)


def piece(document: Document, **facts: Any) -> Piece:
    return Piece(document, **({"mail": 1, "kind": document.format[:3]} | facts))


def rendering(inside: int, content: str = "pages", **facts: Any) -> Piece:
    return piece(pdf(content, rendering=True, **facts), inside=inside)


def leaflet(inside: int, content: str = "leaflet") -> Piece:
    return piece(pdf(content), inside=inside)


JOINED = {
    "alone": ([piece(n3())], [None]),
    "same bytes": ([piece(pdf()), piece(pdf())], [None, 0]),
    "same bytes in a forwarded mail": ([piece(pdf()), piece(pdf(), mail=2)], [None, 0]),
    "embedded pages": ([piece(n1()), rendering(0)], [None, 0]),
    "embedded leaflet": ([piece(n3()), leaflet(0)], [None, 0]),
    "the pages in the mail too": ([piece(n1()), rendering(0), piece(pdf())], [None, 0, 0]),
    "the pages come first": ([piece(pdf()), piece(n1()), rendering(1)], [1, None, 1]),
    "the leaflet of one letter in the mail too": ([piece(n3()), leaflet(0), piece(pdf("leaflet"))], [None, 0, 0]),
    "level 1 with level 3 of one edition": ([piece(n1()), rendering(0), piece(n3())], [2, 2, None]),
    "level 1 with level 3 of one id": (
        [piece(n1(id="1.3", set_id=None, version=None)), piece(n3(set_id=None, version=None))],
        [1, None],
    ),
    "level 1 with level 3 of the same pages": (
        [piece(n1(set_id=None)), rendering(0), piece(n3(set_id=None)), rendering(2)],
        [2, 2, None, 2],
    ),
    "the same letter written again": ([piece(n3("one")), piece(n3("other"))], [None, 0]),
    "the same persons, INS in one only": ([piece(n1(patient=dataclasses.replace(LUCIE, ins=None))), piece(n3())], [1, None]),
    "announced copy": ([piece(n3(), subject=XDM), piece(pdf(), subject=XDM)], [None, 0]),
    "announced copy of a failed transfer": (
        [piece(n3(), subject=f"[KO Intégration système !][E12] {XDM}"), piece(pdf(), subject=f"[KO Intégration système !][E12] {XDM}")],
        [None, 0],
    ),
    "dated copy": ([piece(n3()), piece(pdf(name=DATED))], [None, 0]),
    "dated copy beside an annex": ([piece(n3()), piece(pdf("annex")), piece(pdf(name=DATED))], [None, None, 0]),
    "dated copy that names the same person": ([piece(n3()), piece(pdf(name=DATED, patient=READ_IN_TEXT))], [None, 0]),
    "dated copy in other words enough": ([piece(n3()), piece(pdf(name=DATED, text=REWORDED))], [None, 0]),
    "dated copy drawn again": ([piece(n1()), rendering(0, text=LONG), piece(pdf("again", DATED, text=REWORDED))], [None, 0, 0]),
    "dated copy of two levels": ([piece(n1()), piece(n3()), piece(pdf(name=DATED))], [1, None, 1]),
    "dated copy of an archived PDF": (
        [piece(pdf("within", "DOC1.PDF", patient=LUCIE), archived=True), piece(pdf("beside", DATED))],
        [None, 0],
    ),
    "used name in the file name": (
        [piece(n3(patient=dataclasses.replace(LUCIE, used_name="BARZOU"))), piece(pdf(name=DATED.replace("ZORBEC", "BARZOU")))],
        [None, 0],
    ),
}

APART = {
    "two PDF": [piece(pdf("a")), piece(pdf("b"))],
    "HPRIM records of one file": [piece(doc("hprim-medecin", "f", "f", "#1")), piece(doc("hprim-medecin", "f", "f", "#2"))],
    "two CDA of one person": [piece(n3(set_id="1.8")), piece(n3("other", id="1.4"))],
    "two versions": [piece(n3()), piece(n3("other", version=2))],
    "two versions of one id": [piece(n3()), piece(n3("other", id="1.3", version=2))],
    "level 1 and 3, two persons": [piece(n1(patient=PAUL)), piece(n3())],
    "level 1 and 3, another sex": [piece(n1(patient=dataclasses.replace(LUCIE, sex="M"))), piece(n3())],
    "level 1 and 3, another INS": [
        piece(n1(patient=dataclasses.replace(LUCIE, ins=Ins("261059999012449", "1.2.250.1.213.1.4.8")))),
        piece(n3()),
    ],
    "level 1 and 3, nobody named": [piece(n1(patient=None)), piece(n3())],
    "level 1 and 3, too little told": [piece(n1(patient=NAMELESS)), piece(n3())],
    "one set without a version": [piece(n1(version=None)), piece(n3(version=None))],
    "one id, two contents": [piece(n3()), piece(n3("other", text="Autre."))],
    "one id, two lists of results": [piece(n3()), piece(n3("other", results=(Result(label="SODIUM"),)))],
    "PDF beside two CDA": [piece(n3()), piece(n3("other", id="1.4", set_id=None)), piece(pdf(name=DATED))],
    "PDF with any name": [piece(n3()), piece(pdf())],
    "PDF of another person": [piece(n3(), subject=XDM), piece(pdf(patient=PAUL_IN_TEXT), subject=XDM)],
    "dated PDF of another person": [piece(n3()), piece(pdf(name=DATED, patient=PAUL_IN_TEXT))],
    "PDF of another person than the metadata": [
        piece(n3(patient=None), archived=True, patient=LUCIE),
        piece(pdf(name=DATED, patient=PAUL_IN_TEXT)),
    ],
    "PDF whose name is another's": [piece(n3()), piece(pdf(name="20240312_consultation_AUTRE_PAUL.pdf"))],
    "two dated PDF": [piece(n3()), piece(pdf("a", DATED)), piece(pdf("b", DATED))],
    "two announced PDF": [piece(n3(), subject=XDM), piece(pdf("a"), subject=XDM), piece(pdf("b"), subject=XDM)],
    "announced, in other words": [piece(n3(), subject=XDM), piece(pdf(text=UNLIKE), subject=XDM)],
    "announced in the mail around": [piece(n3(), mail=2), piece(pdf(), subject=XDM)],
    "subject that only quotes the mark": [piece(n3(), subject=f"Re: {XDM}"), piece(pdf(), subject=f"Re: {XDM}")],
    "PDF that was not read": [piece(n3()), piece(pdf(name=DATED, understood=False))],
    "a CDA that was not read": [piece(n3(understood=False)), piece(pdf(name=DATED))],
}


@pytest.mark.parametrize(("pieces", "expected"), JOINED.values(), ids=JOINED.keys())
def test_joined(pieces: list[Piece], expected: list[int | None]) -> None:
    assert list(forms(pieces)) == expected


@pytest.mark.parametrize("pieces", APART.values(), ids=APART.keys())
def test_kept_apart(pieces: list[Piece]) -> None:
    assert list(forms(pieces)) == [None] * len(pieces)


def test_nothing_at_all() -> None:
    assert forms([]) == ()


def test_a_leaflet_of_two_letters_joins_nothing() -> None:
    pieces = [piece(n3(set_id="1.8")), leaflet(0), piece(n3("other", id="1.4")), leaflet(2), piece(pdf("leaflet"))]
    assert forms(pieces) == (None, 0, None, 2, None)


def test_pages_of_two_persons_join_nothing() -> None:
    pieces = [piece(n1()), rendering(0), piece(n1("other", patient=PAUL)), rendering(2), piece(pdf())]
    assert forms(pieces) == (None, 0, None, 2, None)


def test_a_second_letter_beside_the_copy() -> None:
    pieces = [piece(n1(), subject=XDM), rendering(0), piece(pdf(), subject=XDM), piece(pdf("second", DATED), subject=XDM)]
    assert forms(pieces) == (None, 0, 0, None)


def test_other_pages_beside_a_letter_that_has_its_own() -> None:
    """Scanned, and so without words to compare: it may be a second letter."""
    pieces = [piece(n1(), subject=XDM), rendering(0), piece(pdf("second", DATED), subject=XDM)]
    assert forms(pieces) == (None, 0, None)
    unlike = [piece(n1(), subject=XDM), rendering(0, text=LONG), piece(pdf("second", DATED, text=UNLIKE), subject=XDM)]
    assert forms(unlike) == (None, 0, None)


def test_a_level_1_goes_to_one_of_two_editions_only() -> None:
    """Of two level 3 that contradict each other, neither hides the other."""
    pieces = [piece(n1(id="1.3")), piece(n3()), piece(n3("other", text="Autre."))]
    assert forms(pieces) == (1, None, None)


def test_what_was_read_comes_before_what_was_not() -> None:
    broken = dataclasses.replace(doc("cda-n3", "same"), understood=False)
    assert forms([piece(broken), piece(doc("text", "same"))]) == (1, None)


def test_many_documents_cost_bounded_time() -> None:
    pieces = [piece(n3(f"c{n}", id=f"1.{n}", set_id=None)) for n in range(200)]
    assert forms(pieces) == (None,) * 200
    same = [piece(n3(f"c{n}")) for n in range(200)]
    assert forms(same) == (None, *([0] * 199))
