"""HPRIM Santé messages made to go to the wrong chart, none of which may, nor be lost: lost and torn patients, marks exchanged, mergers.

Each attack was tried against the whole path; those that once passed are held by what stops them now.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.posted import (
    JEAN,
    JEAN_PIERRE,
    LEA,
    LEO,
    LEON,
    MOTHER,
    SENIOR,
    Somebody,
    cda,
    chart,
    charts_of,
    family,
    hprim,
    mail,
    pages,
    post_one,
    values,
)
from tests.pipeline.posted_formats import HEAD, held, measured, oru_of, patient_segment, reasons, request, sante, sante_of, words_of
from tests.pipeline.read_as import doctor

HUGO = Somebody("QUINTARD", "HUGO", "2001-11-23", "M", 122, others="LOUIS")
SECOND = patient_segment(HUGO, rank=2)


@pytest.fixture
def given(data_directory: Path) -> Given:
    made = Given(data_directory)
    chart(made, "SENIOR", SENIOR)
    chart(made, "HUGO", HUGO)
    return made


def test_what_is_sound_is_filed(given: Given) -> None:
    chart(given, "MOTHER", MOTHER)
    assert charts_of(post_one(given, mail(("r.hpr", sante_of(SENIOR, value="1.01"))))) == ["SENIOR"]
    cut = patient_segment(SENIOR)
    torn_by_rule = sante(cut[:14], "A|" + cut[14:21], "A|" + cut[21:], request(), measured("1.02"))
    assert charts_of(post_one(given, mail(("r.hpr", torn_by_rule)))) == ["SENIOR"]
    married = patient_segment(MOTHER, names="ZORBEC~ODILE").replace("ODILE||", "ODILE|KERVAL|")
    assert charts_of(post_one(given, mail(("r.hpr", sante(married, request(), measured("3.01")))))) == ["MOTHER"]


# Two patients in one file


@pytest.mark.parametrize(
    "second",
    [SECOND, SECOND[1:], SECOND.lower(), " P" + SECOND[1:], "P " + SECOND[1:], "X" + SECOND[1:], "PP" + SECOND[1:], "Z" + SECOND],
    ids=["sound", "no name", "small letter", "a blank before", "a blank behind", "another letter", "two letters", "a segment of its own"],
)
def test_results_below_a_torn_patient_never_pass_to_the_one_above(given: Given, second: str) -> None:
    held(given, mail(("r.hpr", sante(patient_segment(SENIOR), request(), measured("1.11"), second, request(), measured("2.22")))))


@pytest.mark.parametrize("between", ["", "|", "F", " "])
@pytest.mark.parametrize("above", ["P", "OBR", "OBX", "C", "A"])
def test_a_patient_that_hangs_on_to_another_segment(given: Given, above: str, between: str) -> None:
    first, asked, result = patient_segment(SENIOR), request(), measured("1.11")
    segments = {"P": [first], "OBR": [first, asked], "OBX": [first, asked, result]}.get(above, [first, asked, result, "C|1|L|Vu"])
    if above == "A":
        segments = [first, asked, result, "A|"]
    rows = held(given, mail(("r.hpr", sante(*segments[:-1], segments[-1] + between + SECOND, request(), measured("2.22")))))
    assert reasons(rows) == {"several-patients"}


def test_a_second_patient_whose_segment_is_lost_is_missed_by_the_end(given: Given) -> None:
    lines = [patient_segment(SENIOR), request(), measured("1.11"), request(), measured("2.22")]
    assert reasons(held(given, mail(("r.hpr", sante(*lines, last="L|1||2"))))) == {"truncated"}


def test_the_first_patient_lost(given: Given) -> None:
    held(given, mail(("r.hpr", sante(request(), measured("2.22"), patient_segment(SENIOR), request(), measured("1.11")))))
    held(given, mail(("r.hpr", sante(SECOND[1:], request(), measured("2.22"), patient_segment(SENIOR), request(), measured("1.11")))))


def test_no_record_of_a_file_of_several_is_filed_whatever_parts_them(given: Given) -> None:
    for file in (
        sante_of(SENIOR, value="1.11") + sante_of(HUGO, value="2.22"),
        sante_of(SENIOR, value="1.12") + sante_of(HUGO, value="2.23").replace(b"H|~^\\&|", b"H|^~\\&|").replace(b"~", b"^"),
        sante_of(SENIOR, value="1.13") + oru_of(HUGO, value="2.24"),
        sante_of(SENIOR, value="1.14") + hprim(HUGO, value="2.25").encode("ascii", "replace"),
    ):
        held(given, mail(("r.hpr", file)))


def test_what_stands_below_the_end_is_nobodys(given: Given) -> None:
    held(given, mail(("r.hpr", sante_of(SENIOR) + measured("2.22").encode())))
    held(given, mail(("r.hpr", sante_of(SENIOR) + SECOND.encode() + b"\r\n" + measured("2.22").encode())))


# One patient's segment that tells of two


IDENTITIES: dict[str, dict[str, str]] = {
    "two names": {"names": "TOURNIER~PAUL^QUINTARD~HUGO"},
    "two birth dates": {"born": "19480903^20011123"},
    "two sexes": {"sex": "M^F"},
    "a merger": {"code": "123~456~FU"},
    "no birth date": {"born": ""},
    "a partial birth date": {"born": "194809"},
    "a birth date of zeros": {"born": "19480000"},
    "the 1st of January 1900": {"born": "19000101"},
    "a birth date of another calendar": {"born": "24910903"},
    "a birth date cut": {"born": "1948090"},
    "an initial": {"names": "TOURNIER~P"},
    "no given name": {"names": "TOURNIER"},
    "names exchanged": {"names": "PAUL~TOURNIER"},
    "marks of HL7": {"names": "TOURNIER^PAUL"},
    "a name that stands for none": {"names": "TOURNIER~MONSIEUR"},
    "the INS of a stranger": {"ins": HUGO.nir},
    "the INS with a wrong key": {"ins": SENIOR.nir[:13] + f"{(int(SENIOR.nir[13:]) + 1) % 97:02d}"},
}


@pytest.mark.parametrize("said", IDENTITIES.values(), ids=IDENTITIES)
def test_an_identity_that_lies_by_a_little(given: Given, said: dict[str, str]) -> None:
    held(given, mail(("r.hpr", sante_of(SENIOR, **said))))


def test_another_birth_name_in_its_own_field(given: Given) -> None:
    two = patient_segment(SENIOR).replace("PAUL||", "PAUL|QUINTARD^TOURNIER|")
    assert reasons(held(given, mail(("r.hpr", sante(two, request(), measured("1.11")))))) == {"several-patients"}
    another = patient_segment(SENIOR).replace("PAUL||", "PAUL|QUINTARD|")
    assert reasons(held(given, mail(("r.hpr", sante(another, request(), measured("1.11")))))) == {"birth-name"}


def test_several_social_security_numbers(given: Given) -> None:
    other = Somebody("AUTRE", "PAUL", "1948-09-03", "M", 49).nir
    chart(given, "QUALIFIED", Somebody("VASSEUR", "PAUL", "1948-09-03", "M", 48), ins=True)
    told = f"|{MOTHER.nir}~INS-NIR^{other}~INS-NIR"
    segment = patient_segment(SENIOR, names="VASSEUR~PAUL")
    assert reasons(held(given, mail(("r.hpr", sante(segment[: segment.rindex("|")] + told, request(), measured("1.11")))))) == {"nir"}
    two = f"|{SENIOR.nir}~INS-NIR^{other}~INS-NIR"
    segment = patient_segment(SENIOR)
    rows = held(given, mail(("r.hpr", sante(segment[: segment.rindex("|")] + two, request(), measured("1.12")))))
    assert reasons(rows) == {"several-patients"}


@pytest.mark.parametrize("sex", ["H", "1", "M"])
def test_the_other_sex_however_it_is_written(given: Given, sex: str) -> None:
    claude = Somebody("LANVIN", "CLAUDE", "1948-09-03", "F", 121)
    chart(given, "CLAUDE", claude)
    held(given, mail(("r.hpr", sante_of(claude, sex=sex))))


def test_twins(given: Given) -> None:
    family(given)
    chart(given, "JEAN", JEAN)
    for who, ins in ((LEO, LEA.nir), (LEO, MOTHER.nir), (LEA, LEO.nir), (LEON, LEO.nir), (JEAN_PIERRE, "")):
        held(given, mail(("r.hpr", sante_of(who, ins=ins))))


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman", "latin-1"])
def test_letters_decoded_by_guess(given: Given, encoding: str) -> None:
    chart(given, "LEA", LEA)
    held(given, mail(("r.hpr", sante(patient_segment(LEA), request(), measured("1.11"), encoding=encoding))))


def test_letters_that_were_lost(given: Given) -> None:
    chart(given, "LEA", LEA)
    for name in ("L?A", "L_A", "LA", "L\\XE9\\\u200bA", "L\ufffdA", "LÉΑ"):
        held(given, mail(("r.hpr", sante_of(LEA, names=f"ZORBEC~{name}"))))


@pytest.mark.parametrize("mark", ["T", "D"])
def test_a_message_marked_as_a_test(given: Given, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaguemestre.pipeline import route

    monkeypatch.setattr(route.Rules, "of", classmethod(lambda cls, _: cls("mssante", "AE")))
    marked = sante(patient_segment(SENIOR), request(), measured("1.11"), head=HEAD.replace("|P|H2.3", f"|{mark}|H2.3"))
    assert reasons(held(given, mail(("r.hpr", marked)))) == {"test-identity"}


# What else the message holds


@pytest.mark.parametrize("mark", ["OBX", "C"])
def test_words_that_label_another(given: Given, mark: str) -> None:
    def written(one: Somebody) -> bytes:
        words = words_of(one)
        lines = [f"OBX|{n}|TX|CR~Compte rendu~L||{line}||||||F" for n, line in enumerate(words, 1)]
        said = lines if mark == "OBX" else ["C|1|L|" + "^".join(words)]
        return sante(patient_segment(SENIOR), *said, request(), measured("1.11"))

    assert reasons(held(given, mail(("r.hpr", written(HUGO))))) == {"patient-mismatch"}
    assert charts_of(post_one(given, mail(("r.hpr", written(SENIOR))))) == ["SENIOR"]


def test_messages_side_by_side(given: Given) -> None:
    for beside in (cda(HUGO), oru_of(HUGO), pages(*words_of(HUGO))):
        rows = held(given, mail(("r.hpr", sante_of(SENIOR)), ("b.dat", beside)))
        assert len(rows) == 2, "none hides the other"
    rows = post_one(given, mail(("r.hpr", sante_of(SENIOR, value="1.11")), ("b.hpr", sante_of(HUGO, value="2.22"))))
    assert set(charts_of(rows)) <= {"SENIOR", "HUGO", None}
    assert {row.patient.ref for row in rows if row.patient_id and "HUGO" in str(row.stated)} <= {"HUGO"}


def test_a_message_cut_anywhere_is_never_filed(given: Given) -> None:
    whole = sante_of(SENIOR).replace(b"L|1\r\n", b"")
    for end in range(len(whole) - 60, len(whole), 7):
        held(given, mail(("r.hpr", whole[:end])))


def test_what_was_taken_back_does_not_come_again(given: Given) -> None:
    """The same results by another way, under the laboratory's number for that patient."""
    from vaguemestre.pipeline.decisions import undo

    (wrong,) = post_one(given, mail(("r.hpr", sante_of(SENIOR, value="7.01", code="H77"))))
    assert charts_of([wrong]) == ["SENIOR"]
    undo(doctor(given), wrong, NOW)
    by_other_ways: list[Callable[[], Any]] = [
        lambda: sante_of(SENIOR, value="7.02", code="H77"),
        lambda: hprim(SENIOR, value="7.01", code="H77"),
        lambda: oru_of(SENIOR, value="7.01", ids="H77^^^LABO"),
    ]
    for sent in by_other_ways:
        assert reasons(held(given, mail(("r.dat", sent())))) == {"undone"}
    (his,) = post_one(given, mail(("r.hpr", sante_of(SENIOR, value="1.01", code="S12"))))
    assert charts_of([his]) == ["SENIOR"]
    assert values(his.patient) == ["1.01"]
