"""What the writer of HPRIM Médecin sends is, octet by octet, the strict form; what it cannot say without loss it refuses."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from typing import Any

import pytest

from vaguemestre.domain.fault import TooLarge, Unwritable
from vaguemestre.domain.reading import Alternative, Coded, LocalId, Party, Result, StatedPatient
from vaguemestre.formats.hprim_medecin import Record, read
from vaguemestre.formats.hprim_medecin_writer import MAX_LINES, MAX_WRITTEN_RESULTS, Contact, Letter, printed, write

LETTER = Letter(
    family_name="ZORBEC",
    given_name="LUCIE",
    birth_date=dt.date(1961, 5, 4),
    date=dt.date(2024, 3, 12),
    sender=Contact("LABORATOIRE DES ESSAIS", "LABO000001"),
    recipient=Contact("DR ESSAI", "DOC001"),
    text="Cher confrère,\n\nTension 12/8, état général conservé.",
    code="P000123",
    nir="261059999012394",
    address=("3 RUE DES ESSAIS", "", "99990 VILLE-ESSAI"),
    request="2024-77",
)
# each line as the format asks for it, its padding counted by hand: 30, 30 and 36 columns of address, 10 of code and a blank
WRITTEN = (
    b"P000123\r\n"
    b"ZORBEC\r\n"
    b"LUCIE\r\n"
    b"3 RUE DES ESSAIS              \r\n"
    b"                              \r\n"
    b"99990 VILLE-ESSAI                   \r\n"
    b"04/05/1961\r\n"
    b"2610599990123 94\r\n"
    b"2024-77\r\n"
    b"12/03/2024\r\n"
    b"LABO000001 LABORATOIRE DES ESSAIS\r\n"
    b"DOC001     DR ESSAI\r\n"
    b"Cher confr\xe8re,\r\n"
    b"\r\n"
    b"Tension 12/8, \xe9tat g\xe9n\xe9ral conserv\xe9.\r\n"
    b"****FIN****\r\n"
    b"****FINFICHIER****\r\n"
)
NOTHING_KNOWN = dataclasses.replace(
    LETTER, code=None, nir=None, address=("", "", ""), request="", sender=Contact("DR ALIX BENCH"), text="Vu."
)
SODIUM = Result(
    chapter="BIOCHIMIE",
    group=("Ionogramme",),
    label="Sodium",
    code=Coded("NA33", None, None),
    value="143",
    number="143",
    unit="mEq/l",
    low="132",
    high="146",
    flag="N",
    status="F",
)
CREATININE = Result(
    chapter="BIOCHIMIE",
    group=("Ionogramme",),
    label="Créatinine",
    code=Coded("C33", None, None),
    value="<8.3",
    comparator="<",
    number="8.3",
    unit="mg/l",
    low="6.0",
    high="11.0",
    flag="L",
    status="C",
    comment="Tube contrôlé le jour même.",
    alternative=Alternative("73.5", "umol/l", "53.1", "97.4"),
)
LEUCOCYTES = Result(chapter="HÉMATOLOGIE (NFS)", label="Leucocytes", value="5.1", number="5.1", unit="G/l", status="F")
NEUTROPHILS = Result(chapter="HÉMATOLOGIE (NFS)", group=("Leucocytes",), label="Neutrophiles", value="hémolysé", status="X")
RESULTS = (SODIUM, CREATININE, LEUCOCYTES, NEUTROPHILS)
PRINTED = (
    "*** BIOCHIMIE ***\n"
    "--- Ionogramme\n"
    "  Sodium                           143 mEq/l (132 - 146)\n"
    "  Créatinine                       <8.3 mg/l (6.0 - 11.0) bas (corrigé)\n"
    "Tube contrôlé le jour même.\n"
    "*** HÉMATOLOGIE (NFS) ***\n"
    "  Leucocytes                       5.1 G/l\n"
    "  Neutrophiles                     hémolysé (non rendu)"
)
BLOCK = (
    "****LAB****\r\n"
    "TEX|*** BIOCHIMIE ***\r\n"
    "TEX|--- Ionogramme\r\n"
    "RES|Sodium|NA33|N|143|mEq/l|132|146|N|F\r\n"
    "RES|Créatinine|C33|N|<8.3|mg/l|6.0|11.0|L|C|<73.5|umol/l|53.1|97.4\r\n"
    "TEX|Tube contrôlé le jour même.\r\n"
    "TEX|*** HÉMATOLOGIE (NFS) ***\r\n"
    "RES|Leucocytes||N|5.1|G/l||||F\r\n"
    "RES|  Neutrophiles||A|hémolysé|||||X\r\n"
    "****FIN****\r\n"
    "****FINFICHIER****\r\n"
)


def changed(**facts: Any) -> Letter:
    return dataclasses.replace(LETTER, **facts)


def expected(letter: Letter) -> Record:
    """What a reader must say of a letter, written from the format and not from the reader."""
    patient = StatedPatient(
        nir=letter.nir,
        names_unqualified=(letter.family_name,),
        given_names=tuple(letter.given_name.split()),
        first_given_name=letter.given_name,
        birth_date=letter.birth_date.isoformat(),
        local_ids=(LocalId(letter.code),) if letter.code else (),
    )
    sender, recipient = (Party(name=one.name, id=one.code) for one in (letter.sender, letter.recipient))
    return Record(1, patient, None, letter.date.isoformat(), sender, recipient, letter.results, letter.text, ())


def test_a_letter() -> None:
    assert write(LETTER) == WRITTEN


def test_a_letter_in_utf8() -> None:
    assert write(LETTER, "utf-8") == WRITTEN.decode("cp1252").encode()


def test_what_is_not_known_is_absent() -> None:
    lines = write(NOTHING_KNOWN).decode("cp1252").split("\r\n")
    assert lines[:12] == [
        ".",
        "ZORBEC",
        "LUCIE",
        " " * 30,
        " " * 30,
        " " * 36,
        "04/05/1961",
        "",
        "",
        "12/03/2024",
        ".          DR ALIX BENCH",
        "DOC001     DR ESSAI",
    ]
    assert lines[12:] == ["Vu.", "****FIN****", "****FINFICHIER****", ""]


def test_results() -> None:
    assert printed(RESULTS) == PRINTED
    letter = changed(text=f"Cher confrère,\n\n{PRINTED}", results=RESULTS)
    above = WRITTEN[: WRITTEN.index(b"Cher")] + f"Cher confrère,\n\n{PRINTED}\n".replace("\n", "\r\n").encode("cp1252")
    assert write(letter) == above + BLOCK.encode("cp1252")
    (found,) = read(write(letter), "windows-1252")
    assert found == expected(letter)


def test_a_long_result_takes_two_lines_of_the_text() -> None:
    long = dataclasses.replace(LEUCOCYTES, chapter=None, label="L" * 60, value="V" * 40, number=None)
    assert printed((long,)) == f"  {'L' * 60}\n    {'V' * 40} G/l"
    letter = changed(text=printed((long,)), results=(long,))
    assert read(write(letter)) == (expected(letter),)


def test_headings_begin_and_end_where_they_were() -> None:
    in_other = dataclasses.replace(SODIUM, group=("Enzymes",), label="ASAT", flag="HH", status="D")
    in_none = dataclasses.replace(SODIUM, group=(), label="CRP", status="P")
    alone = dataclasses.replace(SODIUM, chapter=None, group=(), label="Aspect", value="Limpide", number=None)
    results = (alone, SODIUM, in_other, in_none, LEUCOCYTES, NEUTROPHILS, dataclasses.replace(NEUTROPHILS, label="Lymphocytes"), SODIUM)
    letter = changed(text=printed(results), results=results)
    assert read(write(letter), "cp1252") == (expected(letter),)
    assert "  ASAT                             143 mEq/l (132 - 146) (supprimé)" in letter.text.split("\n")
    assert "  CRP                              143 mEq/l (132 - 146) (provisoire)" in letter.text.split("\n")


def _told(*results: Result) -> dict[str, Any]:
    return {"results": results, "text": printed(results)}


ANOTHER = "\n".join(line.rstrip() for line in WRITTEN.decode("cp1252").split("\r\n")[:15])
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "name too long": ("family name is longer than 50", {"family_name": "Z" * 51}),
    "name in two lines": ("family name has a character", {"family_name": "ZOR\nBEC"}),
    "name with a bar": ("vertical bar", {"family_name": "ZOR|BEC"}),
    "name with an entity": ("patient of the letter", {"family_name": "ZORB&eacute;C"}),
    "name of a dot": ("patient of the letter", {"given_name": "."}),
    "no name": ("family name", {"family_name": ""}),
    "no given name": ("given name", {"given_name": ""}),
    "blank before a name": ("begins or ends", {"given_name": " LUCIE"}),
    "code too long": ("code of the patient is longer", {"code": "P0000000123"}),
    "code that reads as a title": ("no digit", {"code": "BIOLOGIE"}),
    "nir without key": ("NIR", {"nir": "2610599990123"}),
    "nir with a wrong key": ("NIR", {"nir": "261059999012352"}),
    "nir with blanks": ("NIR", {"nir": "2610599990123 94"}),
    "address too long": ("address is longer than 30", {"address": ("3 RUE " + "X" * 25, "", "")}),
    "town too long": ("town is longer than 36", {"address": ("", "", "99990 " + "X" * 31)}),
    "sender without a name": ("sender has no name", {"sender": Contact("", "LABO1")}),
    "sender's code with a blank": ("code of the sender", {"sender": Contact("LABO", "LA BO")}),
    "recipient's code too long": ("code of the recipient is longer than 10", {"recipient": Contact("DR ESSAI", "prenom.nomlong")}),
    "recipient too long": ("line of the recipient is longer than 80", {"recipient": Contact("D" * 70)}),
    "no text": ("no text", {"text": " \n"}),
    "line of 81": ("longer than 80", {"text": "x" * 81}),
    "line of 81 with its blanks": ("longer than 80", {"text": " " * 41 + "x" * 40}),
    "tab": ("cannot be printed", {"text": "a\tb"}),
    "blank at the end of a line": ("begins or ends", {"text": "a \nb"}),
    "line of blanks": ("of blanks", {"text": "a\n  \nb"}),
    "empty line at the end": ("text of the letter", {"text": "a\n"}),
    "end mark in the text": ("mark of the format", {"text": "a\n ****FIN****\nb"}),
    "result in the text": ("mark of the format", {"text": "RES|a|b|N|1"}),
    "TEX in the text": ("mark of the format", {"text": "a\nTEX|b"}),
    "entity in the text": ("text of the letter", {"text": "seuil &lt; 5"}),
    "break in the text": ("text of the letter", {"text": "a<br />b"}),
    "no place in Windows-1252": ("character that its encoding", {"text": "2 ≤ 3"}),
    "another header in the text": ("another record", {"text": "Bonjour.\n" + ANOTHER}),
    "result not told": (
        "does not stand in the text",
        {"results": (LEUCOCYTES,), "text": "*** HÉMATOLOGIE (NFS) ***\nLeucocytes : voir ci-dessous"},
    ),
    "title not told": ("does not stand in the text", {"results": (LEUCOCYTES,), "text": "Leucocytes 5.1"}),
    "value told as a part of another": (
        "does not stand in the text",
        {"results": (dataclasses.replace(LEUCOCYTES, value="1", number="1"),), "text": "*** HÉMATOLOGIE (NFS) ***\nLeucocytes 5.1 G/l"},
    ),
    "cancelled, and told as if it stood": (
        "does not stand in the text",
        {"results": (dataclasses.replace(LEUCOCYTES, status="D"),), "text": "*** HÉMATOLOGIE (NFS) ***\nLeucocytes 5.1 G/l"},
    ),
    "bar in a result": ("vertical bar", {"results": (dataclasses.replace(SODIUM, unit="a|b"),)}),
    "two lines in a result": ("cannot be printed", {"results": (dataclasses.replace(SODIUM, value="a\nb"),)}),
    "result of 256": ("longer than 255", {"results": (dataclasses.replace(SODIUM, code=Coded("C" * 230, None, None)),)}),
    "date of a result": ("a date", {"results": (dataclasses.replace(SODIUM, date="2024-03-12"),)}),
    "specimen": ("a specimen", {"results": (dataclasses.replace(SODIUM, specimen="Sang"),)}),
    "method": ("a method", {"results": (dataclasses.replace(SODIUM, method="Colorimétrie"),)}),
    "second code": ("second code", {"results": (dataclasses.replace(SODIUM, translations=(Coded("1", "2", None),)),)}),
    "national code": ("laboratory's own", {"results": (dataclasses.replace(SODIUM, code=Coded("2951-2", "2.16.840.1.113883.6.1", None)),)}),
    "flag": ("flag", {"results": (dataclasses.replace(SODIUM, flag="+"),)}),
    "no status": ("status", {"results": (dataclasses.replace(SODIUM, status=None),)}),
    "status of a CDA": ("status", {"results": (dataclasses.replace(SODIUM, status="completed"),)}),
    "three headings": ("headings", {"results": (dataclasses.replace(SODIUM, group=("A", "B")),)}),
    "heading without a chapter": ("headings", {"results": (dataclasses.replace(SODIUM, chapter=None),)}),
    "out of its chapter": ("headings", {"results": (SODIUM, dataclasses.replace(SODIUM, chapter=None, group=()))}),
    "chapter that is no title": ("results of the letter", _told(dataclasses.replace(LEUCOCYTES, chapter="VITAMINE B 12"))),
    "number that is not the value's": ("results of the letter", _told(dataclasses.replace(LEUCOCYTES, number="5.2"))),
    "second value without a figure": (
        "results of the letter",
        _told(dataclasses.replace(LEUCOCYTES, alternative=Alternative(None, "g/l"))),
    ),
    "comment that reads as a title": ("results of the letter", _told(dataclasses.replace(LEUCOCYTES, comment="A CONTROLER"), LEUCOCYTES)),
    "endless comment": ("too long", {"results": (dataclasses.replace(LEUCOCYTES, comment="a\n" * 10_000),)}),
    "empty line in a comment": ("results of the letter", _told(dataclasses.replace(LEUCOCYTES, comment="a\n\nb"))),
    "label that reads as indented": ("results of the letter", _told(dataclasses.replace(LEUCOCYTES, label="- Autre"))),
    "label that reads as another unit": ("results of the letter", _told(LEUCOCYTES, dataclasses.replace(LEUCOCYTES, label="soit"))),
    "decimal comma in a bound": ("results of the letter", _told(dataclasses.replace(LEUCOCYTES, low="3,5", high="5"))),
}


@pytest.mark.parametrize(("why", "facts"), REFUSED.values(), ids=REFUSED.keys())
def test_what_would_be_lost_is_refused(why: str, facts: dict[str, Any]) -> None:
    letter = changed(**facts)
    with pytest.raises(Unwritable) as refused:
        write(letter)
    assert why in refused.value.detail
    assert refused.value.code == "unwritable"
    assert "ZORB" not in refused.value.detail


def test_what_utf8_alone_can_say() -> None:
    letter = changed(text="2 ≤ 3", family_name="ŽORBEC")
    with pytest.raises(Unwritable):
        write(letter)
    assert read(write(letter, "utf-8")) == (expected(letter),)
    with pytest.raises(Unwritable):
        write(letter, "utf-16")


def test_its_size_is_bounded() -> None:
    with pytest.raises(TooLarge):
        write(changed(text="x\n" * MAX_LINES))
    with pytest.raises(TooLarge):
        write(changed(text="x" * 500_000))
    with pytest.raises(TooLarge):
        write(changed(results=(SODIUM,) * (MAX_WRITTEN_RESULTS + 1)))


def test_the_longest_letter_costs_bounded_time() -> None:
    begun = time.process_time()
    untold = dataclasses.replace(LEUCOCYTES, chapter=None, label="a", value="b", number=None, flag=None)
    with pytest.raises(Unwritable):
        write(changed(text="\n".join(["a"] * (MAX_LINES - 1)), results=(untold,) * MAX_WRITTEN_RESULTS))
    told = tuple(dataclasses.replace(untold, label=f"L{n}", value=str(n), number=str(n)) for n in range(MAX_WRITTEN_RESULTS))
    letter = changed(text=printed(told), results=told)
    assert read(write(letter)) == (expected(letter),)
    assert time.process_time() - begun < 8


def test_no_repr_tells_anything() -> None:
    for shown in (repr(LETTER), repr(LETTER.sender), repr(changed(results=RESULTS))):
        assert "ZORBEC" not in shown and "ESSAI" not in shown and "2610" not in shown
