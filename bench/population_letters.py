"""Letters that name their patient in running text only, as office software writes them: RTF, Word, OpenDocument, HTML.

Written from the description of the formats and not from our readers, which they serve to judge.
"""

from __future__ import annotations

import io
import random
import zipfile
from xml.sax.saxutils import escape

LETTERS = ("rtf", "word", "opendocument", "html")


def _packed(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (2026, 5, 4, 9, 30, 0)), content, kind)
    return out.getvalue()


def rtf(lines: list[str], unicode: bool = False) -> bytes:
    """Letters past ASCII as octets of cp1252 in hexadecimal, or as \\u with a question mark for who cannot."""

    def letter(one: str) -> str:
        if one in "\\{}":
            return "\\" + one
        if one < "\x80":
            return one
        return f"\\u{ord(one)}?" if unicode else "".join(f"\\'{octet:02x}" for octet in one.encode("cp1252", "replace"))

    body = "".join("\\pard " + "".join(map(letter, line)) + "\\par\r\n" for line in lines)
    return ("{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Arial;}}\r\n" + body + "}").encode("ascii")


def word(lines: list[str]) -> bytes:
    """Office Open XML, a paragraph a line."""
    body = "".join(f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>' for line in lines)
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    types = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    document = f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{space}"><w:body>{body}<w:sectPr/></w:body></w:document>'
    return _packed({"[Content_Types].xml": types, "word/document.xml": document})


def opendocument(lines: list[str]) -> bytes:
    """An .odt, a paragraph a line."""
    office, text = "urn:oasis:names:tc:opendocument:xmlns:office:1.0", "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    body = "".join(f"<text:p>{escape(line)}</text:p>" for line in lines)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{office}" xmlns:text="{text}"><office:body>'
        f"<office:text>{body}</office:text></office:body></office:document-content>"
    )
    return _packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def html(lines: list[str]) -> bytes:
    """A page, a paragraph a line."""
    body = "".join(f"<p>{escape(line)}</p>\n" for line in lines)
    return f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>Lettre</title></head><body>\n{body}</body></html>'.encode()


def letter(form: str, lines: list[str], rng: random.Random) -> tuple[str, str, bytes]:
    """(file name, media type, bytes) of a letter; `form`: one of LETTERS."""
    if form == "rtf":
        return "lettre.rtf", "application/rtf", rtf(lines, rng.random() < 0.5)
    if form == "word":
        return "lettre.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", word(lines)
    if form == "opendocument":
        return "lettre.odt", "application/vnd.oasis.opendocument.text", opendocument(lines)
    return "lettre.html", "text/html", html(lines)
