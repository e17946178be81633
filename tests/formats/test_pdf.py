"""PDF: text, images of pages, locked, cut and hostile files; one changed fact changes that fact alone."""

from __future__ import annotations

import dataclasses
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.corpus.pdfs import encrypted_pdf, scanned_pdf, text_pdf
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable, Unsupported
from vaguemestre.formats import pdf

LINES = [
    "Nom de naissance : ZORBEC   Nom utilisé : BARZOU",
    "Prénoms : Lucie Anne",
    "Premier prénom : Lucie",
    "Née le 04/05/1961",
    "Sexe : F",
    "Code commune de naissance : 99990",
    "INS : 2 61 05 99 990 123 52   OID 1.2.250.1.213.1.4.10",
    "Compte rendu.",
]


def facts(*changes: tuple[str, str]) -> dict[str, object]:
    lines = list(LINES)
    for old, new in changes:
        lines = [line.replace(old, new) for line in lines]
    found = pdf.read(text_pdf(lines))
    assert found.patient is not None
    return dataclasses.asdict(found.patient)


def test_identity_in_running_text() -> None:
    assert facts() == {
        "ins": {"value": "261059999012352", "oid": "1.2.250.1.213.1.4.10"},
        "nir": None,
        "birth_name": "ZORBEC",
        "used_name": "BARZOU",
        "names_unqualified": (),
        "given_names": ("Lucie", "Anne"),
        "first_given_name": "Lucie",
        "birth_date": "1961-05-04",
        "sex": "F",
        "birth_place_code": "99990",
        "local_ids": (),
        "from_fields": False,
        "names_guessed": False,
    }


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (("ZORBEC", "ZORBECK"), {"birth_name"}),
        (("BARZOU", "BARZA"), {"used_name"}),
        (("Lucie Anne", "Lucie Jeanne"), {"given_names"}),
        (("prénom : Lucie", "prénom : Lise"), {"first_given_name"}),
        (("04/05/1961", "05/05/1961"), {"birth_date"}),
        (("Sexe : F", "Sexe : M"), {"sex"}),
        (("99990\n", "99991\n"), set()),
        (("naissance : 99990", "naissance : 99991"), {"birth_place_code"}),
        (("990 123 52", "990 124 51"), {"ins"}),
        (("1.4.10", "1.4.11"), {"ins"}),
        (("Compte rendu.", "Autre."), set()),
        (("04/05/1961", "04/05/61"), {"birth_date"}),
        (("04/05/1961", "31/02/1961"), {"birth_date"}),
    ],
)
def test_one_fact_changes_alone(change: tuple[str, str], changed: set[str]) -> None:
    before, after = facts(), facts(change)
    assert {k for k in before if before[k] != after[k]} == changed


@pytest.mark.parametrize(
    "lines",
    [
        ["Compte rendu sans identité."],
        ["Patient : ZORBEC Lucie", "Patient : BARZOU Marc"],
        ["Nom : ZORBEC", "Nom : BARZOU", "Prénom : Lucie"],
        ["Le patient va bien : ZORBEC"],
        ["Dr ESSAI Marc, né le 01/01/1970 à ESSAI"],
        ["Nom de naissance :", "Prénom :"],
    ],
)
def test_an_unclear_identity_is_none(lines: list[str]) -> None:
    assert pdf.read(text_pdf(lines)).patient is None


PARTICLES = {
    "Nom de naissance : LE GOFF-ESSAI": "LE GOFF-ESSAI",
    "Nom de naissance : Du Plessai": "Du Plessai",
    "Nom de naissance : DE LA ZORBE": "DE LA ZORBE",
    "Nom de naissance : ZORBEC le 12 mai": "ZORBEC",
    "Nom de naissance : ZORBEC du service": "ZORBEC",
    "Nom de naissance : LEGOFFET": "LEGOFFET",
}


@pytest.mark.parametrize(("line", "name"), PARTICLES.items(), ids=PARTICLES.keys())
def test_particles_begin_a_name_and_end_one(line: str, name: str) -> None:
    found = pdf.read(text_pdf([line, "Premier prénom : Lucie", "Née le 04/05/1961"])).patient
    assert found is not None
    assert (found.birth_name, found.first_given_name, found.birth_date) == (name, "Lucie", "1961-05-04")


def test_a_short_form_is_understood() -> None:
    found = pdf.read(text_pdf(["Concerne : Madame ZORBEC-LEFÈVRE Lucie-Anne, née le 04/05/1961"])).patient
    assert found is not None
    assert (found.names_unqualified, found.first_given_name, found.birth_date) == (("ZORBEC-LEFÈVRE",), "Lucie-Anne", "1961-05-04")


def test_pages_and_pictures() -> None:
    data = text_pdf(["un"], ["deux"], ["trois"])
    assert pdf.pages(data) == 3
    assert pdf.read(data).text == "un\fdeux\ftrois"
    picture = Image.open(io.BytesIO(pdf.render(data, 1, 400)))
    assert picture.format == "PNG"
    assert abs(picture.width - 400) <= 1
    assert len(set(picture.convert("L").tobytes())) > 1  # something is drawn
    assert Image.open(io.BytesIO(pdf.render(data, 0, 10**9))).width <= pdf.MAX_WIDTH + 1


@pytest.mark.parametrize("page", [-1, 3, 10**9])
def test_a_page_that_is_not_there(page: int) -> None:
    with pytest.raises(Unreadable):
        pdf.render(text_pdf(["un"], ["deux"], ["trois"]), page, 400)


def test_scanned_pages_are_told() -> None:
    found = pdf.read(scanned_pdf())
    assert found.scanned
    assert [w.code for w in found.warnings] == ["unsupported"]
    assert pdf.render(scanned_pdf(), 0, 200).startswith(b"\x89PNG")


@pytest.mark.parametrize("what", [pdf.read, pdf.pages, lambda data: pdf.render(data, 0, 100)])
def test_a_locked_file_is_a_declared_fault(what: object) -> None:
    with pytest.raises(Unsupported):
        what(encrypted_pdf())  # type: ignore[operator]


def test_active_content_is_told_and_not_run() -> None:
    script = text_pdf(["a"], catalog=b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> ")
    embedded = text_pdf(
        ["a"],
        catalog=b"/Names << /EmbeddedFiles << /Names [(x.txt) 6 0 R] >> >> ",
        extra=(
            b"<< /Type /Filespec /F (x.txt) /UF (x.txt) /EF << /F 7 0 R >> >>",
            b"<< /Type /EmbeddedFile /Length 7 >>\nstream\nbonjour\nendstream",
        ),
    )
    assert [w.code for w in pdf.read(script).warnings] == ["active-content-removed"]
    found = pdf.read(embedded)
    assert [w.code for w in found.warnings] == ["active-content-removed"]
    assert [(a.name, a.size) for a in found.attachments] == [("x.txt", 7)]
    assert pdf.read(text_pdf(["a"])).warnings == ()


def test_bounds() -> None:
    many = pdf.read(text_pdf(*[[f"page {n}"] for n in range(pdf.MAX_PAGES + 5)]))
    assert [w.code for w in many.warnings] == ["too-large"]
    assert many.text.count("\f") == pdf.MAX_PAGES - 1
    long = text_pdf(["x"]).replace(b"[0 0 595 842]", b"[0 0 1 14400]")
    with pytest.raises(TooLarge):
        pdf.render(long, 0, 3000)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_damaged_files_raise_nothing_else(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from([text_pdf(LINES, ["b"]), scanned_pdf()])))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(octets) - 1))
        if data.draw(st.booleans()):
            octets[place] = data.draw(st.integers(0, 255))
        else:
            del octets[place : place + data.draw(st.integers(1, 200))]
        if not octets:
            return
    for what in (pdf.read, pdf.pages, lambda d: pdf.render(d, 0, 100)):
        try:
            what(bytes(octets))
        except Fault:
            pass


@pytest.mark.parametrize(
    "hostile",
    [
        b"%PDF-1.4\n",
        b"%PDF-1.4\n" + b"1 0 obj\n" * 200_000,
        b"%PDF-1.4\n" + b"<<" * 300_000,
        b"%PDF-1.4\n" + b"[" * 1_000_000,
        text_pdf(["x"]).replace(b"/Count 1", b"/Count 999999999"),
        text_pdf(["x"]).replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]"),
        text_pdf(["x"]).replace(b"[0 0 595 842]", b"[0 0 1e9 1e9]"),
        text_pdf(["x"]).replace(b"[0 0 595 842]", b"[0 0 0 0]"),
        text_pdf(["x" * 100_000]),
    ],
    ids=range(9),
)
def test_hostile_files_cost_bounded_time(hostile: bytes) -> None:
    begun = time.process_time()
    for what in (pdf.read, lambda d: pdf.render(d, 0, 200)):
        try:
            what(hostile)
        except Fault:
            pass
    assert time.process_time() - begun < 6
