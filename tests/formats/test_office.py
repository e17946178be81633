"""Word, Excel and OpenDocument files: what is seen is read, one changed fact changes alone, nothing in them acts, all is bounded."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.file_build import WORD, excel, margin, open_document, packed, paragraph, run, word, word_table
from tests.corpus.file_cases import LOCKED_WORD, OLD_WORD
from tests.corpus.images import quarters, saved
from vaguemestre.domain.fault import Fault, Unsupported
from vaguemestre.formats import office, office_sheet

NAMED = ["Nom de naissance : ZORBEC", "Prénoms : Lucie Anne", "Née le 04/05/1961", "Sexe : F", "Compte rendu."]
MAKERS = {
    "docx": lambda lines: word("".join(paragraph(line) for line in lines)),
    "odt": lambda lines: open_document("".join(f"<text:p>{line}</text:p>" for line in lines)),
    "xlsx": lambda lines: excel(
        ("A", "".join(f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{line}</t></is></c></row>' for n, line in enumerate(lines, 1)))
    ),
    "ods": lambda lines: open_document(
        "<table:table>"
        + "".join(f"<table:table-row><table:table-cell><text:p>{line}</text:p></table:table-cell></table:table-row>" for line in lines)
        + "</table:table>",
        kind="spreadsheet",
    ),
}


def text(data: bytes) -> str:
    return office.read(data).text


def codes(data: bytes) -> list[str]:
    return [warning.code for warning in office.read(data).warnings]


def facts(kind: str, *changes: tuple[str, str]) -> dict[str, object]:
    lines = list(NAMED)
    for old, new in changes:
        lines = [line.replace(old, new) for line in lines]
    found = office.read(MAKERS[kind](lines))
    assert found.patient is not None
    assert found.text == "\n".join(lines)
    return dataclasses.asdict(found.patient) | {"warnings": found.warnings}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (("ZORBEC", "ZORBECK"), {"birth_name"}),
        (("Lucie Anne", "Lise Anne"), {"given_names", "first_given_name"}),
        (("04/05/1961", "05/05/1961"), {"birth_date"}),
        (("Sexe : F", "Sexe : M"), {"sex"}),
        (("Compte rendu.", "Autre."), set()),
    ],
)
def test_one_fact_changes_alone(kind: str, change: tuple[str, str], changed: set[str]) -> None:
    before, after = facts(kind), facts(kind, change)
    assert {key for key in before if before[key] != after[key]} == changed
    assert before["from_fields"] is False


def test_what_word_shows_and_hides() -> None:
    sup, sub = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
    check = '<w:r><w:fldChar><w:ffData><w:checkBox><w:default w:val="1"/>{}</w:checkBox></w:ffData></w:fldChar></w:r>'
    symbol = '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>'
    body = (
        paragraph(run("10"), run("9", sup), run("/L H"), run("2", sub), run("O"))
        + paragraph(run("5 "), run("m", symbol), run("g "), '<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>', run(" 3"))
        + paragraph(run("vu"), run("caché", "<w:vanish/>"), run("revu", '<w:vanish w:val="0"/>'))
        + f"<w:p><w:del>{run('supprimé')}</w:del><w:ins>{run('ajouté')}</w:ins><w:moveFrom>{run('parti')}</w:moveFrom></w:p>"
        + paragraph("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>")
        + paragraph("Liste", properties="<w:numPr/>")
        + paragraph(run("lien", "")).replace("<w:r>", "<w:hyperlink><w:r>").replace("</w:r>", "</w:r></w:hyperlink>")
        + f"<w:sdt><w:sdtContent>{paragraph('encadré')}</w:sdtContent></w:sdt>"
        + "<w:p><w:r><w:fldChar/><w:instrText>PAGE</w:instrText></w:r></w:p>"
        + paragraph(check.format(""), run(" oui"))
        + paragraph(check.format('<w:checked w:val="0"/>'))
    )
    assert text(word(body)).split("\n") == [
        "10⁹/L H₂O",
        "5 µg ≥ 3",
        "vurevu",
        "ajouté",
        "a\tb",
        "c-d",
        "• Liste",
        "lien",
        "encadré",
        "",
        "☑ oui",
        "☐",
    ]


def test_boxes_are_read_once_and_notes_and_margins_too() -> None:
    box = f"<w:txbxContent>{paragraph('Cadre')}</w:txbxContent>"
    mark = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    both = f"<mc:AlternateContent {mark}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    body = paragraph(f"<w:r>{both}</w:r>", "texte")
    notes = f'<w:footnote w:type="separator">{paragraph("---")}</w:footnote><w:footnote w:id="2">{paragraph("une note")}</w:footnote>'
    parts = {
        "word/header1.xml": margin("hdr", paragraph("haut")),
        "word/header2.xml": margin("hdr", paragraph("haut")),
        "word/footer1.xml": margin("ftr", paragraph("bas")),
        "word/footnotes.xml": margin("footnotes", notes),
        "word/comments.xml": margin("comments", paragraph("un commentaire")),
    }
    assert text(word(body, **parts)) == "haut\nCadre\ntexte\nune note\nbas"


def test_tables_as_html_with_nothing_that_acts() -> None:
    found = office.read(word(paragraph("Titre", properties='<w:pStyle w:val="Heading1"/>') + word_table(("A<b>", "B"), ("C", ""))))
    assert found.html == "<h3>Titre</h3><table><tbody><tr><td>A&lt;b&gt;</td><td>B</td></tr><tr><td>C</td><td></td></tr></tbody></table>"
    assert office.read(word(paragraph("sans tableau"))).html == ""


def test_the_text_may_be_in_a_part_of_another_name_and_in_the_strict_form() -> None:
    strict = f'<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"><w:body>{paragraph("strict")}</w:body></w:document>'
    links = '<Relationships><Relationship Type="http://a.example/officeDocument" Target="/word/autre.xml"/></Relationships>'
    assert text(packed({"[Content_Types].xml": "<T/>", "_rels/.rels": links, "word/autre.xml": strict})) == "strict"


def sheet(cells: str, formats: str = "", strings: tuple[str, ...] = ()) -> str:
    return text(excel(("A", f'<row r="1">{cells}</row>'), strings=strings, styles=formats))


@pytest.mark.parametrize(
    ("number", "code", "value", "seen"),
    [
        ("0", "", "139", "139"),
        ("0", "", "5.0999999999999996", "5.1"),
        ("2", "", "0.12345", "0.12345"),
        ("0", "", "1E-3", "0.001"),
        ("0", "", "1.5E+20", "1.5E+20"),
        ("9", "", "7.0999999999999994E-2", "7.1 %"),
        ("14", "", "45363", "12/03/2024"),
        ("14", "", "1", "31/12/1899"),
        ("22", "", "45363.354166666664", "12/03/2024 08:30"),
        ("20", "", "0.354166666666666", "08:30"),
        ("164", "dd/mm/yyyy", "45363", "12/03/2024"),
        ("164", "[$-40C]d mmmm yyyy;@", "45363", "12/03/2024"),
        ("164", '0.0" mmol/L"', "5.5", "5.5"),
        ("164", '0.00" %"', "5.5", "5.5"),
        ("164", "h:mm", "0.5", "12:00"),
        ("164", "General", "12", "12"),
        ("14", "", "-5", "-5"),
        ("0", "", "texte", "texte"),
        ("0", "", "NaN", "NaN"),
    ],
)
def test_numbers_as_they_are_stored_and_dates_as_they_are_seen(number: str, code: str, value: str, seen: str) -> None:
    custom = f'<numFmts><numFmt numFmtId="{number}" formatCode="{code.replace(chr(34), "&quot;")}"/></numFmts>' if code else ""
    assert sheet(f'<c r="A1" s="1"><v>{value}</v></c>', f'{custom}<cellXfs><xf numFmtId="0"/><xf numFmtId="{number}"/></cellXfs>') == seen


def test_dates_counted_from_1904() -> None:
    data = excel(("A", '<row><c s="0"><v>43901</v></c></row>'), styles='<cellXfs><xf numFmtId="14"/></cellXfs>')
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(b"<sheets>", b'<workbookPr date1904="1"/><sheets>'))
    assert text(out.getvalue()) == "12/03/2024"


def test_each_kind_of_cell() -> None:
    cells = (
        '<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>7</v></c><c r="C1" t="b"><v>1</v></c><c r="D1" t="e"><v>#N/A</v></c>'
        '<c r="E1" t="str"><f>A1&amp;B1</f><v>calculé</v></c><c r="G1"><f>1+1</f><v>2</v></c>'
    )
    assert sheet(cells, strings=("partagé",)) == "partagé\t\tVRAI\t#N/A\tcalculé\t\t2"


def test_sheets_in_order_hidden_ones_left_out() -> None:
    row = '<row r="5"><c r="C5"><v>{}</v></c></row>'
    data = excel(("Un", row.format(1)), ("Caché", row.format(2)), ("Trois", row.format(3)), hidden=("Caché",))
    assert text(data) == "Un\n1\nTrois\n3"
    found = office.read(data)
    assert (
        found.html
        == "<h3>Un</h3><table><tbody><tr><td>1</td></tr></tbody></table><h3>Trois</h3><table><tbody><tr><td>3</td></tr></tbody></table>"
    )


def test_rows_columns_and_repeats_are_bounded() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, office_sheet.MOST_ROWS + 10))
    data = excel(("A", rows))
    assert (text(data).count("\n") + 1, codes(data)) == (office_sheet.MOST_ROWS, ["too-large"])
    far = excel(("A", '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>'))
    assert (text(far), codes(far)) == ("1", ["too-large"])
    cell = '<table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
    repeated = open_document(
        f'<table:table><table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row></table:table>', "spreadsheet"
    )
    assert codes(repeated) == ["too-large"]
    assert text(repeated).count("x") <= 60_000


def test_what_open_document_shows_and_hides() -> None:
    styles = '<style:style style:name="S1"><style:text-properties style:text-position="super 58%"/></style:style>'
    hidden = '<style:style style:name="T1"><style:table-properties table:display="false"/></style:style>'
    body = (
        "<text:tracked-changes><text:deletion><text:p>supprimé</text:p></text:deletion></text:tracked-changes>"
        '<text:h>Titre</text:h><text:p>10<text:span text:style-name="S1">9</text:span>/L<text:line-break/>suite</text:p>'
        "<text:list><text:list-item><text:p>un</text:p></text:list-item></text:list>"
        "<text:p><draw:frame><draw:text-box><text:p>Cadre</text:p></draw:text-box></draw:frame>texte<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>une note</text:p></text:note-body></text:note></text:p>"
        '<table:table table:style-name="T1"><table:table-row><table:table-cell><text:p>caché</text:p></table:table-cell></table:table-row>'
        "</table:table>"
    )
    assert text(open_document(body, automatic=styles + hidden)) == "Titre\n10⁹/L\nsuite\n• un\nCadre\ntexte\nune note"


def test_pictures_and_what_is_never_opened() -> None:
    png = saved(quarters(), "PNG")
    found = office.read(
        word(paragraph("x"), **{"word/media/image1.png": png, "word/media/image2.emf": b"\1\0\0\0", "word/embeddings/a.xlsx": b"PK"})
    )
    assert [(p.name, p.media_type, p.data) for p in found.pictures] == [("image1.png", "image/png", png)]
    assert sorted(w.code for w in found.warnings) == ["active-content-removed", "unsupported"]
    outside = (
        '<Relationships><Relationship TargetMode="External" Target="http://a.example/x.dotm" Type="t/attachedTemplate"/></Relationships>'
    )
    assert codes(word(paragraph("x"), **{"word/_rels/settings.xml.rels": outside})) == []


@pytest.mark.parametrize(
    "data",
    [
        OLD_WORD,
        LOCKED_WORD,
        packed({"[Content_Types].xml": "<T/>", "ppt/presentation.xml": "<p/>"}),
        packed({"mimetype": "application/vnd.oasis.opendocument.presentation", "content.xml": "<p/>"}, ("mimetype",)),
        open_document("", **{"META-INF/manifest.xml": "<m><encryption-data/></m>"}),
    ],
)
def test_what_is_only_to_be_downloaded(data: bytes) -> None:
    with pytest.raises(Unsupported):
        office.read(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (packed({"[Content_Types].xml": "<T/>", "word/styles.xml": "<s/>"}), "malformed"),
        (word("<w:p>"), "malformed"),
        (word("")[:-30], "truncated"),
        (packed({"[Content_Types].xml": "<T/>", "word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "unsupported"),
        (packed({f"word/{n}.xml": "" for n in range(150)}), "too-large"),
        (packed({"word/document.xml": b"<a>" + b" " * 29_000_000 + b"</a>"}), "unsafe-archive"),
        (word("<w:sdt>" * 300 + "</w:sdt>" * 300), "too-large"),
        (b"PK\x03\x04" + b"x" * office.MAX_BYTES, "too-large"),
        (packed({"mimetype": "application/vnd.oasis.opendocument.text"}), "malformed"),
        (packed({"xl/workbook.xml": f'<workbook xmlns="{WORD}"/>'}), "malformed"),
    ],
)
def test_hostile_files(data: bytes, code: str) -> None:
    with pytest.raises(Fault) as told:
        office.read(data)
    assert told.value.code == code


SOUND = [
    word(paragraph("Bonjour") + word_table(("a", "b"))),
    excel(("A", '<row r="1"><c r="A1" s="1"><v>1</v></c></row>')),
    MAKERS["ods"](NAMED),
]
TAGS = [
    "<w:p>",
    "</w:p>",
    "<w:tbl><w:tr><w:tc/>",
    '<w:sym w:char="FFFF"/>',
    "<w:r><w:rPr>",
    "<row>",
    '<c r="ZZZ9999999"><v>1e999</v></c>',
    "texte",
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SOUND), st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), max_size=6))
def test_whatever_comes_only_faults_escape(sound: bytes, changes: list[tuple[int, int]]) -> None:
    made = bytearray(sound)
    for place, octet in changes:
        made[place % len(made)] = octet
    try:
        office.read(bytes(made))
    except Fault:
        return


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TAGS), max_size=30), st.sampled_from(["docx", "xlsx", "odt"]))
def test_whatever_xml_comes_only_faults_escape(tags: list[str], kind: str) -> None:
    body = "".join(tags)
    data = word(body) if kind == "docx" else excel(("A", body)) if kind == "xlsx" else open_document(body)
    try:
        found = office.read(data)
    except Fault:
        return
    assert "texte" not in repr(found)
