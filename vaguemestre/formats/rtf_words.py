"""The control words of RTF 1.9.1 that a reader of words must know, and the code pages of its fonts."""

from __future__ import annotations

import codecs
import functools

CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "softline": "",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": "\u2003",
    "enspace": "\u2002",
    "qmspace": "\u2005",
    "zwj": "",
    "zwnj": "",
    "ltrmark": "",
    "rtlmark": "",
}
"""Words that stand for a character."""

LAYOUT = frozenset({"par", "sect", "page", "column", "cell", "row", "nestcell", "nestrow", "trowd", "intbl", "pard"})

DESTINATIONS = (
    dict.fromkeys(
        [
            "colortbl",
            "stylesheet",
            "info",
            "filetbl",
            "template",
            "private",
            "xe",
            "rxe",
            "txe",
            "tc",
            "tcn",
            "ftnsep",
            "ftnsepc",
            "ftncn",
            "aftnsep",
            "aftnsepc",
            "aftncn",
            "nonshppict",
            "shprslt",
            "falt",
            "panose",
            "fname",
            "listname",
            "listtable",
            "revtbl",
            "objdata",
            "objclass",
            "objname",
            "objalias",
            "objsect",
            "bkmkstart",
            "bkmkend",
            "nextfile",
            "atnid",
            "atnauthor",
            "mmathPr",
            "sp",
            "sn",
            "sv",
            "datafield",
            "fldtype",
            "nonesttables",
        ],
        "skip",
    )
    | {"fonttbl": "fonts", "pict": "picture", "fldinst": "field", "object": "object"}
    | {"shpinst": "shape", "do": "shape", "upr": "shape", "shptxt": "text", "dptxbxtext": "text", "ud": "text"}
    | dict.fromkeys(("header", "headerl", "headerr", "headerf"), "head")
    | dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "foot")
    | {"footnote": "note", "shppict": "text", "result": "text", "fldrslt": "text", "formfield": "box"}
)
"""Words that say where their group belongs."""

REVIVED = frozenset({"shptxt", "dptxbxtext", "ud"})
"""What is shown of a shape, or of a text written twice."""

STARRED = frozenset({"shpinst", "do", "ud", "upr", "shptxt", "fldinst", "shppict", "formfield", "footnote", "nesttableprops"})
"""Destinations that begin with `\\*` and are not passed over."""

PICTURES = {
    "pngblip": "image/png",
    "jpegblip": "image/jpeg",
    "emfblip": "drawing",
    "wmetafile": "drawing",
    "macpict": "drawing",
    "dibitmap": "drawing",
    "wbitmap": "drawing",
}

CODE_PAGES = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}

SYMBOL_CHARSET = 2
CHARSETS = {
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
"""`\\fcharset` to a code page; 0 and 1 are that of the text."""

_OTHER_PAGES = {10000: "mac_roman", 65001: "utf-8", 936: "gbk", 28591: "latin-1", 28605: "iso8859-15", 0: "cp1252"}


@functools.cache
def code_page(number: int) -> str | None:
    """The codec of a Windows code page, None where it is not known."""
    name = _OTHER_PAGES.get(number) or f"cp{number}"
    if not 0 <= number <= 65_001:
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
