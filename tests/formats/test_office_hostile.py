"""Office files that are cut, nested, endless or packed tighter than any text."""

from __future__ import annotations

import pytest

from tests.corpus.file_build import TYPES, packed, paragraph, word, word_table
from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import office

WHOLE = word(paragraph("Lettre d'essai.") + word_table(("a", "b"), ("c", "d")))

ATTACKS = {
    "nested tables": word("<w:tbl><w:tr><w:tc>" * 20_000 + "</w:tc></w:tr></w:tbl>" * 20_000),
    "nested runs": word("<w:p>" + "<w:smartTag>" * 30_000 + "</w:smartTag>" * 30_000 + "</w:p>"),
    "a bomb": word("<w:p><w:r><w:t>" + "a" * 30_000_000 + "</w:t></w:r></w:p>"),
    "as many paragraphs": word("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 200_000),
    "as many cells": word("<w:tbl><w:tr>" + "<w:tc><w:p/></w:tc>" * 200_000 + "</w:tr></w:tbl>"),
    "an entity": packed(
        {"[Content_Types].xml": TYPES, "word/document.xml": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'}
    ),
    "entities upon entities": packed(
        {"[Content_Types].xml": TYPES, "word/document.xml": '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'}
    ),
    "no document": packed({"[Content_Types].xml": TYPES, "word/else.xml": "<a/>"}),
    "as many parts": packed({"[Content_Types].xml": TYPES, **{f"word/{n}.xml": "<a/>" for n in range(2_000)}}),
    "half an old file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "an old file of nothing but sectors": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 2_000_000,
    "a sheet of one far cell": packed(
        {
            "[Content_Types].xml": TYPES,
            "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets/></workbook>',
            "xl/worksheets/sheet1.xml": '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>',
        }
    ),
    "cells repeated without end": packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
            '<office:body><office:spreadsheet><table:table><table:table-row table:number-rows-repeated="1048576">'
            '<table:table-cell table:number-columns-repeated="16384"><text:p>a</text:p></table:table-cell></table:table-row></table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        },
        stored=("mimetype",),
    ),
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_files_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(office.read, data)
    if isinstance(found, office.Read):
        assert len(found.text) + len(found.html) <= 6_000_000
        assert "root:" not in found.text


def test_cut_anywhere() -> None:
    cut_everywhere(office.read, WHOLE, 300)
