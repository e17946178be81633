"""HPRIM Médecin: one changed fact changes that fact alone; prose is never taken for it; nothing but declared faults comes out."""

from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.hprim_build import END, HEADER, build, head
from tests.corpus.hprim_cases import CASES
from vaguemestre.domain.fault import Fault
from vaguemestre.formats import hprim_medecin
from vaguemestre.formats import hprim_medecin_places as places
from vaguemestre.formats.hprim_medecin import Record
from vaguemestre.formats.hprim_medecin_results import bounds, value_of

BLOCK = ("****LAB****", "RES|SODIUM|NA33|N|143|mEq/l|132|146|N|F", "RES|CRP|CRP|N|<0.12|mg/l||5|N|F|2|nmol/l|1|3")


def facts(data: bytes) -> dict[str, object]:
    """Every fact of a one-record file, by a flat name."""
    (record,) = hprim_medecin.read(data)
    assert record.patient is not None
    found: dict[str, object] = {f"patient.{k}": v for k, v in dataclasses.asdict(record.patient).items()}
    for n, result in enumerate(record.results):
        found |= {f"{n}.{k}": v for k, v in dataclasses.asdict(result).items()}
    found |= {k: v for k, v in dataclasses.asdict(record).items() if k not in {"patient", "results"}}
    return found


@pytest.mark.parametrize(
    ("header", "block", "changed"),
    [
        ({"l1": "P999"}, {}, {"patient.local_ids"}),
        ({"l2": "AUTRE"}, {}, {"patient.names_unqualified"}),
        ({"l3": "ANNE MARIE"}, {}, {"patient.first_given_name", "patient.given_names"}),
        ({"l4": "9 RUE NEUVE"}, {}, set()),
        ({"l6": "99991 AILLEURS"}, {}, set()),
        ({"l7": "05/05/1961"}, {}, {"patient.birth_date"}),
        ({"l8": "2610599990124"}, {}, {"patient.nir"}),
        ({"l9": "12345"}, {}, set()),
        ({"l10": "13/03/2024"}, {}, {"date"}),
        ({"l11": "LABO000002 LABORATOIRE DES ESSAIS"}, {}, {"author"}),
        ({"l12": "DOC0000001 DR AUTRE"}, {}, {"recipient"}),
        ({}, {"|143|": "|144|"}, {"0.value", "0.number"}),
        ({}, {"|132|": "|131|"}, {"0.low"}),
        ({}, {"|146|": "|147|"}, {"0.high"}),
        ({}, {"|N|F|2": "|L|F|2"}, {"1.flag"}),
        ({}, {"|N|F|2": "|N|P|2"}, {"1.status"}),
        ({}, {"<0.12": ">0.12"}, {"1.value", "1.comparator"}),
        ({}, {"nmol/l": "pmol/l"}, {"1.alternative"}),
        ({}, {"|NA33|": "|NA34|"}, {"0.code"}),
        ({}, {"|SODIUM|": "|NATREMIE|"}, {"0.label"}),
    ],
)
def test_one_fact_changes_alone(header: dict[str, str], block: dict[str, str], changed: set[str]) -> None:
    before = facts(build(HEADER, ("Texte.",), BLOCK, END))
    lines = [*BLOCK]
    for old, new in block.items():
        assert sum(old in line for line in lines) == 1
        lines = [line.replace(old, new) for line in lines]
    after = facts(build(head(**header), ("Texte.",), tuple(lines), END))
    assert {k for k in before if before[k] != after[k]} == changed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bonjour,\n\nVoici le résultat attendu.\n\nCordialement,\nDr Essai\n" * 5,
        # twelve short lines with a date where a birth date would stand, and nothing else of a header
        "Lettre du service\nMonsieur\nsuivi depuis longtemps\nvoici la suite\n\n\n12/03/2024\nNous l'avons revu ce jour\nbien\n"
        "qui va bien\n\nSalutations\n",
        "RES|ceci|est|un|tableau\nRES|de|points\n",
        "****FIN****\n",
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n",
        "\n" * 50,
        "a,b,c\n1,2,3\n" * 30,
        "\n".join(f"{n:02d}/01/2024 rendez-vous" for n in range(1, 29)),
        "\n".join(f"{n:02d}/01/2024" for n in range(1, 29)),
    ],
)
def test_ordinary_text_is_no_hprim(text: str) -> None:
    assert hprim_medecin.score(text) == 0
    assert not hprim_medecin.in_body(text)
    with pytest.raises(Fault):
        hprim_medecin.read(text.encode())


def test_body_needs_a_mark() -> None:
    without = "\r\n".join((*HEADER, "Texte.")).encode().decode()
    assert not hprim_medecin.in_body(without)
    assert hprim_medecin.in_body(without + "\r\n****FIN****\r\n")
    assert hprim_medecin.in_body("Bonjour,\r\n\r\n" * 10 + without + "\r\n****FIN****\r\n")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("2.20-2.60", None, ("2.20", "2.60")),
        ("-2 - 2", None, ("-2", "2")),
        ("-5--1", None, ("-5", "-1")),
        ("-5 - -1", None, ("-5", "-1")),
        ("2,20 à 2,60", None, ("2.20", "2.60")),
        (None, "2.20-2.60", ("2.20", "2.60")),
        ("-2", None, ("-2", None)),
        ("<5", None, (None, "5")),
        (None, "<5", (None, "5")),
        (">= 40", None, ("40", None)),
        ("inférieur à 5", None, (None, "5")),
        ("inf. à 5", None, (None, "5")),
        ("6-2", None, ("6-2", None)),
        ("négatif", None, ("négatif", None)),
        ("1", "2", ("1", "2")),
        (None, None, (None, None)),
    ],
)
def test_bounds(low: str | None, high: str | None, expected: tuple[str | None, str | None]) -> None:
    assert bounds(low, high) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", (None, "0")),
        ("007.500", (None, "007.500")),
        ("1.", (None, None)),
        (".5", (None, ".5")),
        ("5,0", (None, "5.0")),
        ("+3", (None, "3")),
        ("-3", (None, "-3")),
        ("≤ 5", ("<=", "5")),
        (">=5", (">=", "5")),
        ("*85", (None, "85")),
        ("85 **", (None, "85")),
        ("1/80", (None, None)),
        ("12/03/2024", (None, None)),
        ("1 000", (None, None)),
        ("²", (None, None)),
        ("١٢", (None, None)),
        ("1e5", (None, None)),
        ("1" * 40, (None, None)),
        ("positif", (None, None)),
        (None, (None, None)),
    ],
)
def test_values(value: str | None, expected: tuple[str | None, str | None]) -> None:
    assert value_of(value) == expected


def test_a_patient_never_gets_the_results_of_another() -> None:
    """Whatever line is lost between two records, the second one's results are not the first one's."""
    other = head(l1="P000777", l2="BARZOU", l3="MARC", l7="30/11/1999", l8="")
    lines = [
        *HEADER,
        "****LAB****",
        "RES|A|A|N|1|u|||N|F",
        "****FIN****",
        *other,
        "****LAB****",
        "RES|B|B|N|2|u|||N|F",
        "****FIN****",
        "****FINFICHIER****",
    ]
    for lost in range(len(lines)):
        kept = [line for n, line in enumerate(lines) if n != lost]
        records = hprim_medecin.records(hprim_medecin.decode("\r\n".join(kept).encode()))
        for record in records:
            names = record.patient.names_unqualified if record.patient else ()
            labels = {r.label for r in record.results}
            certain = not any(w.code in {"several-patients", "missing-end-mark"} for w in record.warnings)
            if certain and names:
                assert labels <= ({"A"} if names == ("ZORBEC",) else {"B"}), lost
            assert labels != {"A", "B"}, lost


def test_short_records_in_a_body_are_all_read() -> None:
    other = head(l1="P000777", l2="BARZOU", l3="MARC", l7="30/11/1999", l8="", l10="")
    body = build(("Bonjour,", ""), other, ("a", "****FIN****"), HEADER, ("b",), END)
    found = hprim_medecin.read(body, reach=60)
    assert [r.patient and r.patient.names_unqualified for r in found] == [("BARZOU",), ("ZORBEC",)]
    damaged = build(("Bonjour,", ""), head(l2="?", l3="?", l7="?", l10="?"), ("RES|A|A|N|1", "****FIN****"), HEADER, ("RES|B|B|N|2",), END)
    found = hprim_medecin.read(damaged, reach=60)
    assert [(r.patient is not None, [x.label for x in r.results]) for r in found] == [(False, ["A"]), (True, ["B"])]
    assert all("several-patients" in {w.code for w in r.warnings} for r in found)


def _told(*parts: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """(text, codes of the warnings) of each record."""
    return [(r.text, [w.code for w in r.warnings]) for r in hprim_medecin.read(build(*parts))]


def test_a_few_words_after_an_end_mark_are_no_record() -> None:
    other = head(l1="P000777", l2="BARZOU", l3="MARC", l7="30/11/1999", l8="")
    fin, words = ("****FIN****",), ("mot",) * 11
    passed_over = ("Texte.", ["malformed"])
    assert _told(HEADER, ("Texte.",), fin, words, ("****FINFICHIER****",)) == [passed_over]
    assert _told(HEADER, ("Texte.",), fin, words, fin, words, fin) == [passed_over]
    assert _told(HEADER, ("Texte.",), fin, words) == [passed_over]
    # the record below them is found, and is not the one that is warned
    assert _told(HEADER, ("Texte.",), fin, words, fin, other, ("b",), END) == [passed_over, ("b", [])]
    assert _told(HEADER, ("Texte.",), fin, words, other, ("b",), END) == [passed_over, ("b", [])]
    assert _told(HEADER, ("a",), fin, other, ("Texte.",), fin, ("mot",), END) == [("a", []), passed_over]


@pytest.mark.parametrize(
    "kept", [("mot",) * 12, ("mot", "RES|A|A|N|1|g"), ("TEX|mot",), ("BARZOU", "MARC", "30/11/1999", "Texte court.")], ids=range(4)
)
def test_what_may_be_a_record_after_an_end_mark_is_kept(kept: tuple[str, ...]) -> None:
    records = hprim_medecin.read(build(HEADER, ("Texte.", "****FIN****"), kept, END))
    assert [r.patient is not None for r in records] == [True, False]
    assert all("several-patients" in {w.code for w in r.warnings} for r in records)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bonjour,\n****FIN****\n", True),
        ("Bonjour, ****FINFICHIER****", True),
        ("a\r****LAB****\r", True),
        ("RES|A|A|N|1", True),
        ("a\rRES|A|A|N|1", True),
        ("Le code RES| au milieu.", False),
        ("**** FIN DU TEXTE ****", False),
        ("", False),
    ],
)
def test_marks_without_header_are_seen(text: str, expected: bool) -> None:
    assert hprim_medecin.torn(text) is expected


def test_too_many_records_are_told() -> None:
    records = hprim_medecin.read(build(HEADER, ("****FIN****", "")) * (hprim_medecin.MAX_RECORDS + 1))
    assert len(records) == hprim_medecin.MAX_RECORDS
    assert [w.code for w in records[0].warnings] == ["too-large"]
    whole = hprim_medecin.read(build(HEADER, ("****FIN****", "")) * hprim_medecin.MAX_RECORDS)
    assert (len(whole), whole[0].warnings) == (hprim_medecin.MAX_RECORDS, ())


def _safe(data: bytes) -> tuple[Record, ...]:
    try:
        return hprim_medecin.read(data)
    except Fault:
        return ()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(CASES)), st.data())
def test_damaged_files_raise_nothing_else(name: str, data: st.DataObject) -> None:
    octets = bytearray(CASES[name].data)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(octets) - 1))
        how = data.draw(st.sampled_from(["set", "cut", "insert", "repeat"]))
        if how == "set":
            octets[place] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del octets[place : place + data.draw(st.integers(1, 60))]
        elif how == "insert":
            octets[place:place] = data.draw(
                st.sampled_from([b"|", b"\r\n", b"****FIN****\r\n", b"RES|", b"&#0;", b"\0", b"\xff\xfe", b"04/05/1961\r\n"])
            )
        else:
            octets[place:place] = octets[place : place + 200]
        if not octets:
            return
    for record in _safe(bytes(octets)):
        assert "\0" not in record.text


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=600))
def test_any_octets(octets: bytes) -> None:
    _safe(octets)
    _safe(build(HEADER) + b"\r\n" + octets)


@pytest.mark.parametrize(
    "hostile",
    [
        b"RES|" * 500_000,
        b"RES|a\r\n" * 200_000,
        b"TEX|" + b"A " * 500_000 + b"\r\nRES|a|b|N|1\r\n",
        b"TEX|A\r\n" * 100_000 + b"RES|a|b|N|1\r\n",
        b"****FIN****\r\n" * 50_000,
        b"****FINFICHIER****\r\n" + b"****FIN****\r\nx\r\n" * 150_000 + b"RES|a|b|N|1\r\n",
        (build(HEADER, ("****FIN****", ""))) * 3_000,
        b"\r" * 1_000_000,
        b"04/05/1961\r\n" * 100_000,
        b"RES|x|y|N|" + b"1" * 1_000_000 + b"|u|" + b"-" * 100_000 + b"\r\n",
        b"RES|" + b"- " * 200_000 + b"|y|N|1\r\n",
        b"RES|" + b"&lt;" * 200_000 + b"|y|N|1\r\n",
        b"\xe9" * 1_000_000,
        (b"\xe9\x82 " * 100_000) + b"\r\n",
        b"<br" + b" " * 500_000 + b"\r\n",
    ],
    ids=range(15),
)
def test_hostile_files_cost_bounded_time(hostile: bytes) -> None:
    begun = time.process_time()
    _safe(build(HEADER, ("****LAB****", "")) + hostile)
    _safe(hostile)
    assert time.process_time() - begun < 4


@pytest.mark.parametrize(
    ("header", "text", "charset", "guessed"),
    [
        (head(l3="Hélène"), "", None, True),
        (head(l3="Hélène"), "", "iso-8859-1", False),
        (HEADER, "opéré", None, False),
        (head(l3="H&eacute;l&egrave;ne"), "opéré", None, False),
        (head(l12="DOC0000001 DR LEFÈVRE"), "", None, False),
    ],
)
def test_names_decoded_by_guess_are_told(header: tuple[str, ...], text: str, charset: str | None, guessed: bool) -> None:
    (record,) = hprim_medecin.read(build(header, (text,), END, encoding="cp1252"), charset)
    assert record.patient is not None
    assert record.patient.names_guessed is guessed


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("width", [0, 10, 164, 165, 166, 167, 168, 1_000, 10_000])
def test_the_first_lines_are_those_of_the_whole_text_wherever_it_is_cut(ends: str, width: int) -> None:
    text = ends.join("x" * (width + n % 3) for n in range(40))
    count = 15
    found = places.first_lines(text, count)
    complete = text[:60_000].count(ends)
    assert found[: min(count, complete)] == places.lines_of(text)[: min(count, complete)]
    assert len(found) <= count + 1


@pytest.mark.parametrize(
    ("free", "told", "text"),
    [
        (["A  b\tc", ""], ["a", " A b c "], "a\n A b c"),
        (["A b", "", "C d"], ["C  d", "", "A b", "e"], "C  d\n\nA b\ne"),
        (["A b", "C d"], ["C d", "A\u00a0b"], "A b\nC d"),
        (["A b", "x d"], ["C d", "A b"], "A b\nx d\n\nC d"),
    ],
)
def test_what_only_the_tex_lines_say_is_added_once(free: list[str], told: list[str], text: str) -> None:
    assert hprim_medecin._text(free, told) == text
