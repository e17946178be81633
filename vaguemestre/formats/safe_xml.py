"""XML from outside, parsed under bounds: no DTD, no entity, nothing fetched, nothing executed (formats.md 9, cases 8, 9, 11 and 12).

What could make libxml2 work without end is refused before it starts: a document type (its entities grow inside attributes even where
references are not resolved), and more marks than any letter has. Then one parse, with comments and processing instructions left out.
Encodings: a byte-order mark or the declaration says it; bytes that are not the UTF-8 they declare are read as cp1252 and said so.
"""

from __future__ import annotations

import codecs
import dataclasses
import functools
import re

from lxml import etree

from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.domain.reading import Warning

Element = etree._Element

MAX_BYTES = 64_000_000
MAX_MARKS = 500_000
"""Of `<`, and of `=`: more than the elements and attributes that they can open, so that these are bounded before any is made."""
MAX_DEPTH = 200

_DECLARED = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s{0,5}=\s{0,5}[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
_LATIN = frozenset({"cp1252", "iso8859-1", "iso8859-15", "ascii"})
_EIGHT_BITS = frozenset({"cp850", "mac-roman"})
_LIMITS = frozenset({etree.ErrorTypes.ERR_NO_MEMORY, etree.ErrorTypes.ERR_NAME_TOO_LONG, etree.ErrorTypes.ERR_RESOURCE_LIMIT})
_GUESSED = Warning("encoding-guessed", "The XML is not in the encoding that it declares: read as windows-1252.")
_UNKNOWN = Warning("unknown-charset", "The XML declares a character set that is not known: read as UTF-8.")


@dataclasses.dataclass(frozen=True, slots=True)
class Parsed:
    """`root`: the element at the top, whatever it is. `warnings`: about the encoding."""

    root: Element
    warnings: tuple[Warning, ...] = ()

    def __repr__(self) -> str:
        return f"<Parsed {[w.code for w in self.warnings]!r}>"


def parse(data: bytes) -> Parsed:
    """The tree of one XML file. Raises Unreadable (malformed, truncated, or `unsupported` for a document type) and TooLarge, no other."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The XML is longer than {MAX_BYTES} bytes.")
    data, certain, warnings = _eight_bits(data)
    if len(data) > MAX_MARKS and (data.count(b"<") > MAX_MARKS or data.count(b"=") > MAX_MARKS):
        raise TooLarge(f"The XML has more than {MAX_MARKS} elements or attributes.")
    _refuse_document_type(data)
    try:
        return Parsed(_tree(data), warnings)
    except _NotUtf8Error:
        if certain:
            raise Unreadable("The XML is not in the encoding that it declares.") from None
    return Parsed(_tree(_as_latin(data)), (_GUESSED,))


class _NotUtf8Error(Exception):
    """Some octets are not UTF-8: what is read next is a guess."""


def _eight_bits(data: bytes) -> tuple[bytes, bool, tuple[Warning, ...]]:
    """(the same text as UTF-8 octets or believed so, whether that is sure, warnings). Copies only what must change."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or data[:4] in {b"<\0?\0", b"\0<\0?"}:
        encoding = "utf-16-be" if data[:2] in {codecs.BOM_UTF16_BE, b"\0<"} else "utf-16-le"
        try:
            text = data.decode(encoding).removeprefix("\ufeff").lstrip()
            return text.encode("utf-8"), True, ()
        except UnicodeError:
            raise Unreadable("The XML is not the UTF-16 that it looks like.") from None
    data = data.removeprefix(codecs.BOM_UTF8).lstrip()
    declared = _DECLARED.match(data, 0, 400)
    if declared is None:
        return data, False, ()
    try:
        name = codecs.lookup(declared[1].decode("ascii")).name
    except (LookupError, ValueError):
        return data, False, (_UNKNOWN,)
    if name in _LATIN and not data.isascii() and not _is_utf8(data):
        return _as_latin(data, "iso8859-15" if name == "iso8859-15" else "cp1252"), True, ()
    if name in _EIGHT_BITS and not data.isascii():
        return data.decode(name, "replace").encode("utf-8"), True, ()
    known = name in _LATIN or name in _EIGHT_BITS or name in {"utf-8", "utf-8-sig"} or name.startswith("utf-16")
    return data, False, () if known else (_UNKNOWN,)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


_HIGH_OCTETS = bytes(range(0x80, 0x100))


def _as_latin(data: bytes, encoding: str = "cp1252") -> bytes:
    """As UTF-8. A UTF-8 text with a few octets of another kind keeps its own; any other is taken whole as `encoding`."""
    text = data.decode("utf-8", "surrogateescape")
    invalid = len(data) - len(text.encode("utf-8", "ignore"))
    if invalid * 4 > len(data) - len(data.translate(None, _HIGH_OCTETS)):
        return data.decode(encoding, "replace").encode("utf-8")
    single = {0xDC00 + octet: bytes((octet,)).decode(encoding, "replace") for octet in _HIGH_OCTETS}
    return text.translate(single).encode("utf-8")


def _refuse_document_type(data: bytes) -> None:
    """A document type may only stand before the first element, after blanks, instructions and comments."""
    place = 0
    while True:
        while data[place : place + 1].isspace():
            place += 1
        if data.startswith(b"<?", place):
            end = data.find(b"?>", place)
        elif data.startswith(b"<!--", place):
            end = data.find(b"-->", place + 4)
        elif data.startswith(b"<!", place):
            raise Unreadable("The XML has a document type, which is never read.", "unsupported")
        else:
            return
        if end < 0:
            raise Unreadable("The XML ends before its first element.", "truncated")
        place = end + 2


@functools.cache
def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=True,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )


def _tree(data: bytes) -> Element:
    if not data:
        raise Unreadable("The XML is empty.")
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        code, line = getattr(error, "code", None), error.lineno
    except (MemoryError, RecursionError):
        raise TooLarge("The XML needs more memory than one document may have.") from None
    except ValueError:
        raise Unreadable("The XML holds names or characters that no XML may hold.") from None
    else:
        if root is None:
            raise Unreadable("The XML has no element.")
        if root.getroottree().docinfo.internalDTD is not None:
            raise Unreadable("The XML has a document type, which is never read.", "unsupported")
        if _TOO_DEEP(root):
            raise TooLarge(f"The XML is nested deeper than {MAX_DEPTH}.")
        return root
    if not _is_utf8(data):
        raise _NotUtf8Error
    if code in _LIMITS:
        raise TooLarge("The XML is deeper or larger than the parser accepts.")
    if code == etree.ErrorTypes.ERR_TAG_NOT_FINISHED or (data.startswith(b"<") and not data.rstrip().endswith(b">")):
        raise Unreadable(f"The XML is cut: it stops at line {line}.", "truncated")
    raise Unreadable(f"The XML is not well formed at line {line}.")
