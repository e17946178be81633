"""Whatever may be written in HPRIM Médecin reads as it was said; whatever else is asked for is refused, by the declared fault alone."""

from __future__ import annotations

import dataclasses
import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.test_hprim_medecin_writer import expected
from vaguemestre.domain.fault import Fault, Unwritable
from vaguemestre.domain.reading import Alternative, Coded, Result
from vaguemestre.formats.hprim_medecin import read
from vaguemestre.formats.hprim_medecin_writer import Contact, Letter, printed, write

NAMES = st.sampled_from(["ZORBEC", "BARZOU-ESSAI", "D'ESSAI", "DE L'ÉTÉ", "LEFÈVRE", "Anne-Cécile", "Noël", "M", "ESSAI " * 8 + "X"])
WORDS = st.sampled_from(
    [
        "Tension 12/8",
        "état général conservé",
        "à revoir",
        "déjà opérée",
        "l'œdème",
        "œil droit",
        "37,5 °C",
        "5 µg",
        "TEXTE",
        "RES",
        "a|b",
        "FIN",
        "***",
        "04/05/1961",
        "10 €",
        "« bien »",
        "patient\u00a0:",
        "Soit 3 mg",
        "A & B",
        "x < 5",
    ]
)
LINES = st.lists(WORDS, max_size=3).map("  ".join) | st.integers(1, 12).map(lambda n: " " * n + "retrait")
DAYS = st.dates(dt.date(1901, 1, 2), dt.date(2030, 12, 31))
CODES = st.none() | st.from_regex(r"[A-Z]{0,4}[0-9]{1,6}", fullmatch=True)
CONTACTS = st.builds(Contact, name=st.sampled_from(["DR ESSAI", "LABORATOIRE DES ESSAIS", "Dr Hélène Essai"]), code=CODES)
NIRS = st.none() | st.sampled_from(["261059999012394", "199119999045682"])
TEXTS = st.lists(LINES, min_size=1, max_size=20).map(lambda lines: "\n".join(["Bonjour.", *lines, "Cordialement."]))
HEADINGS = st.sampled_from([("BIOCHIMIE", ()), ("BIOCHIMIE", ("Ionogramme",)), ("HÉMATOLOGIE", ()), ("HÉMATOLOGIE", ("Numération (NFS)",))])
VALUES = st.sampled_from(
    [
        ("143", None, "143"),
        ("<0.12", "<", "0.12"),
        ("> 90", ">", "90"),
        ("2,40", None, "2.40"),
        ("85*", None, "85"),
        ("Diabète", None, None),
        ("1/80", None, None),
        ("1 000", None, None),
        ("12/03/2024", None, None),
    ]
)


@st.composite
def a_result(draw: st.DrawFn) -> Result:
    (chapter, group), (value, comparator, number) = draw(HEADINGS), draw(VALUES)
    low, high = draw(st.sampled_from([(None, None), ("132", "146"), ("-2", "2"), (None, "5"), ("0.40", None), (None, "Négatif")]))
    code = draw(st.sampled_from(["NA33", "IGET 005", "NF   030", None]))
    other = (
        Alternative(draw(st.sampled_from(["5.05", "88"])), draw(st.sampled_from(["mmol/l", "/mm3", None])), low, "9") if number else None
    )
    return Result(
        chapter=chapter,
        group=group,
        label=draw(st.sampled_from(["Sodium", "Protéine C réactive", "TP"])),
        code=Coded(code, None, None) if code else None,
        value=value,
        comparator=comparator,
        number=number,
        unit=draw(st.sampled_from(["g/l", "%", "/mm3", None])),
        low=low,
        high=high,
        flag=draw(st.sampled_from([None, "L", "H", "LL", "HH", "N"])),
        status=draw(st.sampled_from("FPCDWX")),
        comment=draw(st.sampled_from([None, "Contrôlé.", "Voir remarque\nau verso."])),
        alternative=draw(st.sampled_from([None, other])),
    )


@st.composite
def a_letter(draw: st.DrawFn) -> Letter:
    results = tuple(draw(st.lists(a_result(), max_size=8)))
    text = draw(TEXTS)
    return Letter(
        family_name=draw(NAMES),
        given_name=draw(NAMES),
        birth_date=draw(DAYS),
        date=draw(DAYS),
        sender=draw(CONTACTS),
        recipient=draw(CONTACTS),
        text=f"{text}\n\n{printed(results)}" if results else text,
        code=draw(CODES),
        nir=draw(NIRS),
        address=draw(st.sampled_from([("", "", ""), ("3 RUE DE L'ÉTÉ", "BAT B", "99990 VILLE-ESSAI"), ("", "", "VILLE-ESSAI")])),
        request=draw(st.sampled_from(["", "2024-77", "000123456789"])),
        results=results,
    )


def assert_strict(data: bytes, encoding: str) -> None:
    """The shape of the file, told without our reader."""
    assert data.endswith(b"\r\n****FIN****\r\n****FINFICHIER****\r\n")
    assert data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n")
    lines = data.decode(encoding).split("\r\n")
    assert [n for n, line in enumerate(lines) if line in {"****FIN****", "****FINFICHIER****"}] == [len(lines) - 3, len(lines) - 2]
    assert [len(lines[n]) for n in (3, 4, 5)] == [30, 30, 36]
    assert all(len(line) <= 80 for line in lines if not line.startswith("RES|"))
    assert all(line.count("|") in {9, 13} for line in lines if line.startswith("RES|"))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(a_letter(), st.sampled_from(["cp1252", "utf-8"]))
def test_what_is_written_reads_as_it_was_said(letter: Letter, encoding: str) -> None:
    data = write(letter, encoding)
    assert_strict(data, encoding)
    assert read(data, encoding) == (expected(letter),)


ANY = st.text(max_size=60) | st.sampled_from(["****FIN****", "RES|a|b", "&amp;", "04/05/1961", "\r", "\u2028", ".", "-", ""])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.data(), st.sampled_from(["cp1252", "utf-8"]))
def test_anything_is_written_without_loss_or_refused(data: st.DataObject, encoding: str) -> None:
    letter = data.draw(a_letter())
    name = data.draw(st.sampled_from([field.name for field in dataclasses.fields(Letter) if isinstance(getattr(letter, field.name), str)]))
    letter = dataclasses.replace(letter, **{name: data.draw(ANY)})
    if letter.results:
        spoilt = data.draw(st.sampled_from(["chapter", "label", "value", "unit", "low", "high", "flag", "status", "comment"]))
        first = dataclasses.replace(letter.results[0], **{spoilt: data.draw(ANY)})
        letter = dataclasses.replace(letter, results=(first, *letter.results[1:]))
        try:
            letter = dataclasses.replace(letter, text=printed(letter.results))
        except Fault:
            pass
    try:
        written = write(letter, encoding)
    except Fault as fault:
        assert isinstance(fault, Unwritable)
        return
    assert_strict(written, encoding)
    assert read(written, encoding) == (expected(letter),)
