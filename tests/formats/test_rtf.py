"""RTF: what is seen is read, each code page, sign, field and table as an old reader shows it; one changed fact changes that fact alone."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.file_build import RTF_HEAD, paragraphs, rtf
from tests.corpus.images import quarters, saved
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.formats import rtf as reader

NAMED = ["Nom de naissance : ZORBEC", "Nom utilisé : BARZOU", "Prénoms : Lucie Anne", "Née le 04/05/1961", "Sexe : F", "Compte rendu."]


def text(body: str, head: str = RTF_HEAD) -> str:
    return reader.read(rtf(body, head)).text


def facts(*changes: tuple[str, str]) -> dict[str, object]:
    lines = list(NAMED)
    for old, new in changes:
        lines = [line.replace(old, new) for line in lines]
    found = reader.read(rtf(paragraphs(*lines)))
    assert found.patient is not None
    return dataclasses.asdict(found.patient) | {"text": found.text, "warnings": found.warnings}


def test_identity_in_running_text_is_never_of_fields() -> None:
    found = facts()
    assert (found["birth_name"], found["used_name"], found["given_names"]) == ("ZORBEC", "BARZOU", ("Lucie", "Anne"))
    assert (found["birth_date"], found["sex"], found["ins"], found["from_fields"]) == ("1961-05-04", "F", None, False)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (("ZORBEC", "ZORBECK"), {"birth_name"}),
        (("BARZOU", "BARZA"), {"used_name"}),
        (("Lucie Anne", "Lise Anne"), {"given_names", "first_given_name"}),
        (("04/05/1961", "05/05/1961"), {"birth_date"}),
        (("Sexe : F", "Sexe : M"), {"sex"}),
        (("Compte rendu.", "Autre lettre."), set()),
    ],
)
def test_one_fact_changes_alone(change: tuple[str, str], changed: set[str]) -> None:
    before, after = facts(), facts(change)
    assert {key for key in before if before[key] != after[key]} == changed | {"text"}


@pytest.mark.parametrize(
    ("head", "body", "seen"),
    [
        (r"{\rtf1\ansi\ansicpg1252", r" \'e9t\'e9 \'80", "été €"),
        (r"{\rtf1\mac", r" \'8et\'8e", "été"),
        (r"{\rtf1\pc", r" \'82t\'82", "été"),
        (r"{\rtf1\pca", r" \'82t\'82 \'d3", "été Ë"),
        (r"{\rtf1\ansi\ansicpg1251", r" \'cf\'e5", "Пе"),
        (r"{\rtf1\ansi\ansicpg932", r" \'93\'fa\'96\'7b", "日本"),
        (
            r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f7\fcharset238 B;}{\f8\fcharset161 C;}}",
            r"\'b3{\f7 \'b3}{\f8 \'e1}",
            "³łα",
        ),
        (r"{\rtf1\ansi\ansicpg65001", r" \'c3\'a9", "é"),
        (r"{\rtf1\ansi", "\\uc1 \\u233?t\\u233\\'e9", "été"),
        (r"{\rtf1\ansi", r"\uc0 \u233 t\u233 ", "été"),
        (r"{\rtf1\ansi", r"\uc1\u55357?\u56832? fin", "😀 fin"),
        (r"{\rtf1\ansi", r"{\uc3 \u8364 EUR}u\u233e.", "€ué."),
    ],
)
def test_letters(head: str, body: str, seen: str) -> None:
    assert reader.read((head + body + "}").encode("ascii")).text == seen


def test_letters_past_ascii_that_were_not_escaped() -> None:
    assert reader.read(rb"{\rtf1\ansi\ansicpg1252 " + "été à Évry".encode("cp1252") + b"}").text == "été à Évry"


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (r"5 {\f1 m}g", "5 µg"),
        (r"5 mg", "5 mg"),
        (r"{\f1\'b3} 3 et {\f1\'a3} 9", "≥ 3 et ≤ 9"),
        (r"5 {\f1\u-3987?}g", "5 µg"),
        ('{\\field{\\*\\fldinst SYMBOL 109 \\\\f "Symbol" \\\\s 10}{\\fldrslt\\f1\\fs20 m}}g', "µg"),
        (r'{\field{\*\fldinst SYMBOL 179 \\f "Symbol"}{\fldrslt}} 3 {\field{\*\fldinst PAGE}{\fldrslt 7}}', "≥ 3 7"),
        (r"10{\super 9}/L, H{\sub 2}O, 1{\super er}", "10⁹/L, H₂O, 1er"),
        (r"10\super 9\nosupersub /L \super 3\plain 4", "10⁹/L ³4"),
    ],
)
def test_signs_that_change_a_dose_or_a_count(body: str, seen: str) -> None:
    assert text(body) == seen


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (r"a{\v caché}b{\deleted supprimé}c\v non\v0 d", "abcd"),
        (r'{\field{\*\fldinst HYPERLINK "http://a.example"}{\fldrslt le lien}}', "le lien"),
        (r"{\*\inconnu rien}{\stylesheet{\s0 Normal;}}vu{\*\bkmkstart x}{\*\bkmkend x}", "vu"),
        (r"a\~b\_c\-d\{e\}\\f", "a\u00a0b-cd{e}\\f"),
        (r"\lquote a\rquote  \ldblquote b\rdblquote  \emdash\endash \bullet\tab x\line y", "‘a’ “b” —–•\tx\ny"),
        (r"{\pntext\f0 1.\tab}Premier\par{\listtext 2.\tab}Second", "1.\tPremier\n2.\tSecond"),
        (r"{\upr{Andr?}{\*\ud{Andr\u233?}}}", "André"),
        (
            r"corps\par{\footnote\pard note\par}{\footer\pard bas\par}{\header\pard haut\par}{\headerf\pard haut\par}fin",
            "haut\ncorps\nfin\nnote\nbas",
        ),
        (
            r"{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt\pard Boîte\par}}{\shprslt{\*\do{\dptxbxtext\pard Boîte\par}}}}texte",
            "Boîte\ntexte",
        ),
        (r"{\*\do\dobxpage{\dptxbxtext\pard Cadre\par}}texte", "Cadre\ntexte"),
        (r"{\field{\*\fldinst FORMCHECKBOX{\*\formfield{\fftype1\ffres1\ffdefres0}}}{\fldrslt}} oui", "☑ oui"),
        (r"{\field{\*\fldinst FORMCHECKBOX{\*\formfield{\fftype1\ffres25\ffdefres0}}}{\fldrslt}} oui", "☐ oui"),
        (r"{\field{\*\fldinst FORMCHECKBOX{\*\formfield{\fftype1\ffres25\ffdefres1}}}{\fldrslt}} oui", "☑ oui"),
        ("un\\\r\ndeux\\par\r\ntro\r\nis", "un\ndeux\ntrois"),
        (r"a\bin3 {}}b", "ab"),
        (r"a\u233\bin3 {}}b", "aéb"),
    ],
)
def test_what_is_seen(body: str, seen: str) -> None:
    assert text(body) == seen


def test_tables_are_rows_and_cells_and_what_follows_is_none() -> None:
    row = r"\trowd\cellx1\cellx2\pard\intbl {0}\cell {1}\cell\row "
    found = reader.read(
        rtf(r"avant\par " + row.replace("{0}", "A").replace("{1}", r"B\par C") + row.replace("{0}", "D").replace("{1}", "<E>"))
    )
    assert found.text == "avant\nA\nB\nC\nD\t<E>"
    assert found.html == "<p>avant</p><table><tbody><tr><td>A</td><td>B<br>C</td></tr><tr><td>D</td><td>&lt;E&gt;</td></tr></tbody></table>"
    after = reader.read(rtf(row.replace("{0}", "A").replace("{1}", "B") + r"\pard fin\par"))
    assert after.html == "<table><tbody><tr><td>A</td><td>B</td></tr></tbody></table><p>fin</p>"
    assert reader.read(rtf(r"\pard sans tableau\par")).html == ""


def test_pictures() -> None:
    png, jpeg = saved(quarters(), "PNG"), saved(quarters(), "JPEG")
    found = reader.read(
        rb"{\rtf1\ansi {\*\shppict{\pict\picw1\pngblip" + b"\r\n" + png.hex().encode() + rb"}}{\nonshppict{\pict\wmetafile8 0102}}"
        rb"{\pict\jpegblip\bin%d " % len(jpeg) + jpeg + b"}fin}"
    )
    assert [(p.name, p.media_type, p.data) for p in found.pictures] == [
        ("image-1.png", "image/png", png),
        ("image-2.jpg", "image/jpeg", jpeg),
    ]
    assert (found.text, found.warnings) == ("fin", ())
    assert [w.code for w in reader.read(rb"{\rtf1\ansi {\pict\emfblip 0102}fin}").warnings] == ["unsupported"]
    assert [w.code for w in reader.read(rb"{\rtf1\ansi {\pict\pngblip 01zz}fin}").warnings] == ["malformed"]


def test_embedded_objects_show_their_result_and_are_never_opened() -> None:
    found = reader.read(rtf(r"{\object\objemb{\*\objclass Excel.Sheet}{\*\objdata 0102}{\result\pard vu\par}}"))
    assert (found.text, [w.code for w in found.warnings]) == ("vu", ["active-content-removed"])


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (rb"{\rtf1\ansi texte", ["truncated"]),
        (rb"{\rtf1\ansi te{\b xte", ["truncated"]),
        (rb"{\rtf1\ansi\ansicpg99 texte}", ["unknown-charset"]),
        (rb"{\rtf1\ansi texte}" + b"\0" * 20, []),
        (b"\xef\xbb\xbf" + rb"{\rtf1\ansi texte}apr\'e8s}}}", []),
    ],
)
def test_doubts(data: bytes, codes: list[str]) -> None:
    found = reader.read(data)
    assert (found.text, [w.code for w in found.warnings]) == ("texte", codes)


@pytest.mark.parametrize("data", [b"", b"texte", b"{\\html}", b"x" * 100 + b"{\\rtf1}"])
def test_what_is_no_rtf_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        reader.read(data)


def test_nesting_is_bounded() -> None:
    with pytest.raises(TooLarge):
        reader.read(rb"{\rtf1" + b"{" * 100_000)
    assert reader.read(rb"{\rtf1 " + b"{" * 300 + b"x" + b"}" * 301).text == "x"


def test_text_tokens_cells_and_pictures_are_bounded() -> None:
    assert [w.code for w in reader.read(rb"{\rtf1 " + b"mot " * 700_000 + b"}").warnings] == ["too-large"]
    assert [w.code for w in reader.read(rb"{\rtf1 " + b"{}" * 600_000 + b"}").warnings] == ["too-large"]
    many = reader.read(rb"{\rtf1 " + rb"{\pict\pngblip 89}" * 60 + b"}")
    assert (len(many.pictures), [w.code for w in many.warnings]) == (50, ["too-large"])
    wide = reader.read(rb"{\rtf1\trowd\intbl " + rb"a\cell " * 200 + rb"\row}")
    assert wide.html.count("<td>") == 100
    with pytest.raises(TooLarge):
        reader.read(rb"{\rtf1 " + b" " * reader.MAX_BYTES)


PIECES = [
    rb"{",
    rb"}",
    rb"\par ",
    rb"\'e9",
    rb"\u233?",
    rb"\bin9 ",
    rb"{\pict\pngblip 8950}",
    rb"{\field{\*\fldinst SYMBOL 9}{\fldrslt x}}",
]
PIECES += [
    rb"\trowd",
    rb"\intbl",
    rb"\cell",
    rb"\row",
    rb"{\shp{\*\shpinst{\shptxt ",
    rb"{\header ",
    rb"{\fonttbl{\f0\fcharset2 Symbol;}}",
    rb"\*",
]
PIECES += [
    rb"\uc99999",
    rb"\ansicpg-5 ",
    rb"\f-3 ",
    b"texte",
    b"\0",
    b"\xff",
    rb"\u-99999 ",
    rb"{\upr{\*\ud ",
    rb"\nestrow",
    rb"{\footnote ",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)), max_size=60))
def test_whatever_comes_only_faults_escape(pieces: list[bytes]) -> None:
    try:
        found = reader.read(rb"{\rtf1\ansi " + b"".join(pieces))
    except Fault:
        return
    assert "\0" not in found.text
    found.text.encode("utf-8")
    assert "ZORBEC" not in repr(found)


def test_a_long_scanned_page_is_one_token_however_many_its_lines() -> None:
    octets = b"\x89PNG" + b"\0" * 12_000_000
    digits = octets.hex().encode()
    lines = b"\r\n".join(digits[start : start + 40] for start in range(0, len(digits), 40))
    found = reader.read(rb"{\rtf1\ansi Avant\par{\pict\pngblip " + lines + b"}fin}")
    assert (found.text, found.warnings, found.pictures[0].data == octets) == ("Avant\nfin", (), True)
