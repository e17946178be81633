"""HPRIM Santé: one changed fact changes that fact alone; separators, escapes and references by a table; an independent count finds all."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.corpus.hprim_sante_build import OBR, POTASSIUM, SECOND, SODIUM, H, L, P, build, message
from tests.corpus.hprim_sante_cases import CASES
from vaguemestre.domain.fault import Unreadable
from vaguemestre.formats import hprim_sante
from vaguemestre.formats.hprim_sante_segments import Separators, separators, unescaped
from vaguemestre.formats.hprim_sante_values import moment, reference

INS_FIELD = "261059999012394~1.2.250.1.213.1.4.8"
PATIENT = P.replace("~99990||", f"~99990|{INS_FIELD}|").replace("~~MME||", "~~MME|BARZOU|")
GLUCOSE = "OBX|3|NM|GLY~Glucose~L~2345-7~Glucose~LN|1|0.91^5.05|g/l^mmol/l|0.74 - 1.06^4.11 - 5.88|N|||F|||202403121455|BIOCH"
FILE = "OBX|4|FIC|CR~Compte rendu~L||SERVEUR~CR1.PDF~PDF"
WHOLE = (H, PATIENT, OBR, "C|1|L|A jeun", SODIUM, "C|1|L|Controle", POTASSIUM, GLUCOSE, FILE, L)


def facts(data: bytes) -> dict[str, object]:
    """Every fact of a one-record file, by a flat name."""
    (record,) = hprim_sante.read(data)
    assert record.patient is not None
    found: dict[str, object] = {f"patient.{k}": v for k, v in dataclasses.asdict(record.patient).items()}
    for n, result in enumerate(record.results):
        found |= {f"{n}.{k}": v for k, v in dataclasses.asdict(result).items()}
    return found | {k: v for k, v in dataclasses.asdict(record).items() if k not in {"patient", "results"}}


BEFORE = facts(build(*WHOLE))


@pytest.mark.parametrize(
    ("place", "old", "new", "changed"),
    [
        (0, "LAB00012.HPR", "LAB00013.HPR", set()),
        (0, "LAB01~", "LAB02~", {"author"}),
        (0, "~CABINET DES ESSAIS", "~AUTRE CABINET", {"recipients"}),
        (0, "202403121530", "202403121531", {"date"}),
        (0, "H2.3~C", "H2.1~L", set()),
        (1, "P000123", "P000124", {"patient.local_ids"}),
        (1, "CAB-77", "CAB-78", set()),
        (1, "ZORBEC", "ZORBAC", {"patient.used_name"}),
        (1, "BARZOU", "BARZOI", {"patient.birth_name"}),
        (1, "LUCIE", "LUCE", {"patient.first_given_name", "patient.given_names"}),
        (1, "~ANNE", "~ANNA", {"patient.given_names"}),
        (1, "MME", "MLLE", set()),
        (1, "19610504", "19610505", {"patient.birth_date"}),
        (1, "|F||3 RUE", "|M||3 RUE", {"patient.sex"}),
        (1, "3 RUE DES ESSAIS", "4 RUE DES ESSAIS", set()),
        (1, "1.4.8", "1.4.9", {"patient.ins"}),
        (1, "0199000000", "0199000001", set()),
        (2, "240312077", "240312078", {"id"}),
        (2, "~IONOGRAMME~", "~IONO SANG~", {"title", "0.group", "1.group", "2.group"}),
        (2, "202403120805", "202403120806", {"0.date", "1.date", "2.date"}),
        (2, "Sang veineux", "Serum", {"0.specimen", "1.specimen", "2.specimen"}),
        (2, "DOC1~DR ESSAI", "DOC9~DR AUTRE", set()),
        (2, "202403121500|||F", "202403121500|||P", set()),
        (3, "A jeun", "Non a jeun", {"text"}),
        (4, "|143|", "|144|", {"0.value", "0.number"}),
        (4, "|143|", "|<143|", {"0.value", "0.comparator"}),
        (4, "mmol/l", "mEq/l", {"0.unit"}),
        (4, "132 - ", "131 - ", {"0.low"}),
        (4, " - 146", " - 147", {"0.high"}),
        (4, "|N|||F", "|L|||F", {"0.flag"}),
        (4, "|N|||F", "|N|||C", {"0.status"}),
        (4, "BIOCH", "HEMAT", {"0.chapter"}),
        (4, "~Sodium~", "~Natremie~", {"0.label", "0.code"}),
        (4, "|NA~", "|NA2~", {"0.code"}),
        (4, "202403121455", "202403121456", set()),
        (5, "Controle", "Controle deux fois", {"0.comment"}),
        (6, "|5.0|", "|5.1|", {"1.value", "1.number"}),
        (7, "|1|0.91", "|2|0.91", {"2.group"}),
        (7, "5.05", "5.06", {"2.alternative"}),
        (7, "2345-7", "2339-0", {"2.code"}),
        (7, "GLY~Glucose~L", "GLU~Glucose~L", {"2.translations"}),
        (8, "CR1.PDF", "CR2.PDF", {"files", "text"}),
    ],
)
def test_one_fact_changes_alone(place: int, old: str, new: str, changed: set[str]) -> None:
    assert WHOLE[place].count(old) == 1
    after = facts(build(*WHOLE[:place], WHOLE[place].replace(old, new), *WHOLE[place + 1 :]))
    assert {k for k in BEFORE if BEFORE[k] != after[k]} == changed


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (r"H|~^\&|x", Separators("|", "~", "^", "\\", "&")),
        (r"H|^~\&|x", Separators("|", "^", "~", "\\", "&")),
        (r"H|\^&~|x", Separators("|", "\\", "^", "&", "~")),
        (r"H!~^\&!x", Separators("!", "~", "^", "\\", "&")),
        (r"H|~^\|x", Separators("|", "~", "^", "\\", "")),
        ("H|~^&|x", Separators("|", "~", "^", "", "&")),
        ("H|~^|x", Separators("|", "~", "^", "", "")),
        (r"H|~^\&#|x", Separators("|", "~", "^", "\\", "&")),
        ("H|~|x", None),
        ("H|~~^&|x", None),
        ("Hier|~^&|x", None),
        ("H||||x", None),
        ("OBX|~^&|x", None),
        ("H", None),
    ],
)
def test_separators_are_those_declared(header: str, expected: Separators | None) -> None:
    assert separators(header) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (r"a\F\b", "a|b"),
        (r"a\S\b\R\c\T\d\E\e", "a~b^c&d\\e"),
        (r"\X41E9\t", "Aét"),
        (r"\X4\t", r"\X4\t"),
        (r"un\.br\deux\.sp2\trois", "un\ndeux\ntrois"),
        (r"C:\dossier\fichier", r"C:\dossier\fichier"),
        (r"seul\ ", "seul\\ "),
        (r"\H\gras\N\ ", "gras "),
        ("a\x07b\tc", "ab\tc"),
        (r"\E\F\E", r"\F\E"),
    ],
)
def test_escapes(raw: str, expected: str) -> None:
    assert unescaped(raw, Separators("|", "~", "^", "\\", "&")) == expected


def test_without_an_escape_nothing_is_one() -> None:
    assert unescaped(r"a\F\b", Separators("|", "~", "^")) == r"a\F\b"


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("10 - 40", None, ("10", "40", None)),
        ("4.10-5.70", None, ("4.10", "5.70", None)),
        ("-2 - 2", None, ("-2", "2", None)),
        ("4,5 à 10", None, ("4.5", "10", None)),
        ("vr : 4 a  10000", "/mm3", ("4", "10000", None)),
        ("VR 4-10", None, ("4", "10", None)),
        ("N: 10-40", None, ("10", "40", None)),
        ("Norme : < 5", None, (None, "5", None)),
        ("[0.40 - 4.00]", "mUI/l", ("0.40", "4.00", None)),
        ("(10 - 40)", None, ("10", "40", None)),
        ("10 - 40 UI/l", "UI/l", ("10", "40", None)),
        ("10 g/l - 40 g/l", "g/l", ("10", "40", None)),
        ("< 5", None, (None, "5", None)),
        (">= 60", None, ("60", None, None)),
        ("inférieur à 5", None, (None, "5", None)),
        ("entre 3 et 5", None, ("3", "5", None)),
        ("de 3 à 5", None, ("3", "5", None)),
        ("10 -", None, ("10", None, None)),
        ("- 40", None, (None, "40", None)),
        ("40", None, (None, None, "40")),
        ("-40", None, (None, None, "-40")),
        ("40 UI/l", "UI/l", ("40 UI/l", None, None)),
        ("40 - 10", None, ("40 - 10", None, None)),
        ("4 000 - 10 000", None, ("4 000 - 10 000", None, None)),
        ("Négatif", None, ("Négatif", None, None)),
        ("H : 13-17 F : 12-16", None, ("H : 13-17 F : 12-16", None, None)),
        ("", None, (None, None, None)),
    ],
)
def test_a_reference_in_every_writing(text: str, unit: str | None, expected: tuple[str | None, str | None, str | None]) -> None:
    assert reference([text], unit) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("20240312", "2024-03-12"),
        ("202403121530", "2024-03-12T15:30"),
        ("20240312153045", "2024-03-12T15:30:45"),
        ("202403122530", "2024-03-12"),
        ("20240300", "2024-03"),
        ("202403", "2024-03"),
        ("2024", "2024"),
        ("20240230", None),
        ("20241300", None),
        ("00000101", None),
        ("12/03/2024", None),
        ("hier", None),
        ("", None),
    ],
)
def test_moments(told: str, expected: str | None) -> None:
    assert moment(told) == expected


def test_every_observation_of_the_corpus_is_found() -> None:
    """Counted by a pattern that knows nothing of the reader: a line that begins with OBX, but for files, titles and prose."""
    for name, case in CASES.items():
        lines = re.split(rb"[\r\n]+", case.data)
        marks = [re.match(rb"OBX(.)\d+\1(\w+)\1", line) for line in lines]
        counted = sum(mark is not None and mark[2] not in {b"FIC", b"TX"} for mark in marks)
        assert sum(len(record.results) for record in hprim_sante.read(case.data)) == counted, name


def test_the_results_of_one_never_pass_to_another() -> None:
    data = build(H, P, OBR, SODIUM, SECOND, POTASSIUM, "C|1|L|du second", "L|1||2")
    first, second = hprim_sante.read(data)
    assert [r.label for r in first.results] == ["Sodium"]
    assert [r.label for r in second.results] == ["Potassium"]
    assert (first.results[0].comment, second.results[0].comment) == (None, "du second")
    # the request of the first patient says nothing of the second's
    assert (second.results[0].date, second.results[0].specimen, second.results[0].group) == ("2024-03-12T14:55", None, ())


BROKEN = (
    "p|2|P000777|||BARZOU~MARC||19991130|M",
    "?P|2|P000777|||BARZOU~MARC||19991130",
    "P2|2|P000777|||BARZOU~MARC",
    "P |2|P000777|||BARZOU~MARC",
    "PID|2|x",
    " |2|P000777|||BARZOU~MARC||19991130|M",
    "P^2^P000777^^^BARZOU",
    f"{SODIUM}{SECOND}",
    f"C|1|L|Remarque{SECOND}",
)


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("above", [OBR, SODIUM])
def test_a_broken_segment_may_begin_another_patient(broken: str, above: str) -> None:
    found = hprim_sante.read(build(H, P, above, broken, OBR, POTASSIUM, L))
    assert all("several-patients" in {w.code for w in record.warnings} for record in found)


@pytest.mark.parametrize(
    "harmless", ["suite du commentaire, sans rien", "soit - en tout - deux", "ZXX|1|a|b|c|d", "AP|1|a|b|c|d", "FAC|1|2|3|4|5"]
)
def test_other_lines_begin_nobody(harmless: str) -> None:
    (record,) = hprim_sante.read(message(SODIUM, "C|1|L|Remarque", harmless))
    assert "several-patients" not in {w.code for w in record.warnings}


def test_a_comment_below_the_end_is_of_nobody() -> None:
    first, second = hprim_sante.read(build(H, P, OBR, SODIUM, L, "C|1|L|d'un autre"))
    assert (first.results[0].comment, first.text) == (None, "")
    assert (second.patient, second.text) == (None, "d'un autre")
    assert all("several-patients" in {w.code for w in record.warnings} for record in (first, second))


@pytest.mark.parametrize("kind", ["ADM", "ORM", "REG", "FAC"])
def test_only_reports_have_results(kind: str) -> None:
    (record,) = hprim_sante.read(message(SODIUM, h=H.replace("|ORU|", f"|{kind}|")))
    assert (record.kind, record.results) == (kind, ())
    assert "Sodium" in record.text
    assert "143" in record.html
    assert record.patient is not None


def test_what_is_shown_is_escaped() -> None:
    (record,) = hprim_sante.read(message(h=H.replace("|ORU|", "|ADM|"), p=P.replace("ZORBEC", "<script>x</script>")))
    assert "<script" not in record.html
    assert "&lt;script&gt;x&lt;/script&gt;" in record.html


def test_names_decoded_by_guess_say_so() -> None:
    named = P.replace("ZORBEC", "LEFÈVRE")
    guessed, told = (hprim_sante.read(message(SODIUM, p=named, encoding=e))[0].patient for e in ("cp850", "utf-8"))
    assert guessed is not None
    assert told is not None
    assert (guessed.names_guessed, told.names_guessed) == (True, False)
    (plain,) = hprim_sante.read(message(SODIUM, obr=OBR.replace("IONOGRAMME", "GLYCÉMIE"), encoding="cp850"))
    assert plain.patient is not None
    assert not plain.patient.names_guessed


def test_two_numbers_of_one_kind_are_two_patients() -> None:
    doubled = P.replace("~99990||", "~99990|261059999012394~1.2.250.1.213.1.4.8^199119999045682~1.2.250.1.213.1.4.8|")
    (record,) = hprim_sante.read(message(SODIUM, p=doubled))
    assert [w.code for w in record.warnings] == ["several-patients"]


def test_no_repr_tells_who_it_is_about() -> None:
    (record,) = hprim_sante.read(message(SODIUM, FILE))
    told = " ".join(map(repr, (record, record.patient, record.author, record.files, *record.results)))
    assert not re.search("ZORBEC|LUCIE|Sodium|143|CR1|ESSAIS", told)


@pytest.mark.parametrize("text", ["", "Bonjour", "P|1|x\rOBX|1|NM|NA||143", "H|", "Hier, |~^&| fut beau", "\x00" * 50])
def test_what_has_no_header_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        hprim_sante.read(text.encode())
