"""Everyday files written octet by octet from what they are to say: RTF, Word, Excel, OpenDocument, winmail.dat, calendars."""

from __future__ import annotations

import binascii
import io
import struct
import zipfile
from xml.sax.saxutils import escape

RTF_HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\froman\fcharset2 Symbol;}}{\colortbl;\red0\green0\blue0;}"
    r"{\*\generator Essai 1.0;}{\info{\title Ne se montre pas}{\author Essai}}"
)


def rtf(body: str, head: str = RTF_HEAD) -> bytes:
    """An RTF of that body; letters past ASCII become the octets of cp1252."""
    out = bytearray()
    for letter in head + body + "}":
        out += letter.encode("ascii") if letter < "\x80" else b"\\'%02x" % letter.encode("cp1252")[0]
    return bytes(out)


def paragraphs(*lines: str) -> str:
    return "".join(rf"\pard {line}\par " for line in lines)


def packed(files: dict[str, str | bytes], stored: tuple[str, ...] = ()) -> bytes:
    """A zip of these files, of fixed dates."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            kind = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (2024, 3, 12, 8, 0, 0)), data, kind)
    return out.getvalue()


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(*runs: str, properties: str = "") -> str:
    made = "".join(one if one.startswith("<") else run(one) for one in runs)
    return f"<w:p><w:pPr>{properties}</w:pPr>{made}</w:p>"


def word_table(*rows: tuple[str, ...]) -> str:
    made = "".join("<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in rows)
    return f"<w:tbl><w:tblPr/>{made}</w:tbl>"


def word(body: str, **more: str | bytes) -> bytes:
    """A .docx of that body; `more`: other parts, "__" in their names for slashes and "_xml" for the ending."""
    top = f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{WORD}"><w:body>{body}<w:sectPr/></w:body></w:document>'
    files: dict[str, str | bytes] = {"[Content_Types].xml": TYPES, "word/document.xml": top}
    return packed(files | {name.replace("__", "/").replace("_xml", ".xml"): data for name, data in more.items()})


def margin(kind: str, body: str) -> str:
    """A header ("hdr"), footer ("ftr") or list of notes of a .docx."""
    return f'<w:{kind} xmlns:w="{WORD}">{body}</w:{kind}>'


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def excel(*sheets: tuple[str, str], strings: tuple[str, ...] = (), styles: str = "", hidden: tuple[str, ...] = ()) -> bytes:
    """An .xlsx of (name, rows as XML)."""
    states = dict.fromkeys(hidden, ' state="hidden"')
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"{states.get(name, "")}/>' for n, (name, _) in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{LINKS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in range(1, len(sheets) + 1)
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{LINKS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{links}</Relationships>",
        "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}">' + "".join(f"<si><t>{escape(one)}</t></si>" for one in strings) + "</sst>",
        "xl/styles.xml": f'<styleSheet xmlns="{SHEET}">{styles}</styleSheet>',
    }
    for n, (_, rows) in enumerate(sheets, 1):
        files[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>'
    return packed(files)


OPEN = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for short, long in (("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"), ("draw", "drawing"))
)


def open_document(body: str, kind: str = "text", styles: str = "", automatic: str = "", **more: str) -> bytes:
    """An .odt or .ods of that body."""
    content = (
        f"<office:document-content {OPEN}><office:automatic-styles>{automatic}</office:automatic-styles><office:body><office:{kind}>{body}"
    )
    files: dict[str, str | bytes] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f"{content}</office:{kind}></office:body></office:document-content>",
        "styles.xml": f"<office:document-styles {OPEN}>{styles}</office:document-styles>",
    }
    return packed(files | {name.replace("__", "/").replace("_xml", ".xml"): data for name, data in more.items()}, ("mimetype",))


# -- winmail.dat (MS-OXTNEF)


def _attribute(level: int, kind: int, content: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def _string(text: str) -> bytes:
    return text.encode("cp1252") + b"\0"


def mapi(*properties: tuple[int, int, bytes]) -> bytes:
    """A list of variable properties: (identifier, type, value)."""
    out = struct.pack("<I", len(properties))
    for name, kind, value in properties:
        out += struct.pack("<HHII", kind, name, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def packed_rtf(data: bytes) -> bytes:
    """RTF as Outlook packs it, of literals alone but for the mark of the end (MS-OXRTFCP 2.2.2)."""
    body = bytearray()
    at = 207
    for start in range(0, len(data), 8):
        piece = data[start : start + 8]
        if len(piece) < 8:
            break
        body += b"\0" + piece
        at = (at + 8) % 4096
    rest = data[len(data) & ~7 :]
    at = (at + len(rest)) % 4096
    body += bytes([1 << len(rest)]) + rest + struct.pack(">H", at << 4)
    checksum = binascii.crc32(bytes(body), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return struct.pack("<IIII", len(body) + 12, len(data), 0x75465A4C, checksum & 0xFFFFFFFF) + bytes(body)


def winmail(*files: tuple[str, bytes], rtf_words: bytes = b"", words: str = "", html: bytes = b"") -> bytes:
    """A winmail.dat with these attachments and words."""
    out = b"\x78\x9f\x3e\x22\x01\x00" + _attribute(1, 0x00089006, struct.pack("<I", 0x10000))
    out += _attribute(1, 0x00069007, struct.pack("<II", 1252, 0)) + _attribute(1, 0x00018004, _string("Résultats"))
    bodies = [(0x1009, 0x102, packed_rtf(rtf_words))] if rtf_words else []
    bodies += [(0x1013, 0x102, html)] if html else []
    bodies += [(0x1000, 0x1F, words.encode("utf-16-le") + b"\0\0")] if words else []
    if bodies:
        out += _attribute(1, 0x00069003, mapi(*bodies))
    for name, data in files:
        out += _attribute(2, 0x00069002, b"\0" * 14) + _attribute(2, 0x00018010, _string(name[:8].upper()))
        out += _attribute(2, 0x0006800F, data) + _attribute(2, 0x00069005, mapi((0x3707, 0x1F, name.encode("utf-16-le") + b"\0\0")))
    return out


def winmail_with_message(name: str, inside: bytes) -> bytes:
    """A winmail.dat that holds a message as an object."""
    out = b"\x78\x9f\x3e\x22\x01\x00" + _attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
    content = bytes.fromhex("0703020000000000c000000000000046") + inside
    properties = mapi((0x3701, 0x0D, content), (0x3707, 0x1F, name.encode("utf-16-le") + b"\0\0"))
    return out + _attribute(2, 0x00069002, b"\0" * 14) + _attribute(2, 0x00069005, properties)


# -- calendars (RFC 5545)


def calendar(*lines: str, method: str = "REQUEST", kind: str = "VEVENT", before: tuple[str, ...] = ()) -> bytes:
    """One entry of these lines."""
    around = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Essai//FR", f"METHOD:{method}", *before, f"BEGIN:{kind}")
    return "".join(f"{line}\r\n" for line in (*around, *lines, f"END:{kind}", "END:VCALENDAR")).encode()
