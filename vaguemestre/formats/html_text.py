"""The words of an HTML part, and nothing else of it: no script, no style, no image is followed or kept.

libxml2 parses it (it refuses nesting past 256 and fetches nothing); what may be shown of it is the work of `html_clean`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from vaguemestre.domain.reading import Warning
from vaguemestre.formats.charset import decode
from vaguemestre.formats.plain import MAX_TEXT

MAX_BYTES = 4_000_000
_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "object", "svg", "math"})
_LINES = frozenset(
    {"p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "section", "article"}
    | {"header", "footer", "address", "dt", "dd", "hr"}
)
_META = re.compile(rb"<meta[^>]{0,200}charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_:-]{1,40})", re.IGNORECASE)
_ACTIVE = re.compile(rb"<(?:script|iframe|object|embed|form|applet)\b|\bon[a-z]{3,20}\s{0,5}=|javascript:", re.IGNORECASE)
_LONG_TAG = re.compile(r"(<[A-Za-z][^\s>/]{0,40}+)(?=[\s/])(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+")
_VALUE = re.compile(r"\"[^\"]*+\"|'[^']*+'")
MAX_ATTRIBUTES = 500
"""Attributes of one tag: parsers compare each with all before it, so that a hundred thousand would take minutes."""
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")


def read(data: bytes, charset: str | None = None) -> tuple[str, tuple[Warning, ...]]:
    """(text, warnings). Never raises."""
    text, _, warnings = shown(data, charset)
    return text, warnings


def shown(data: bytes, charset: str | None = None, clean: Callable[[str], str] | None = None) -> tuple[str, str, tuple[Warning, ...]]:
    """(text, HTML, warnings): `clean` makes of the parsed tree, well-formed and at most 256 deep, what may be shown of it; without it the
    HTML is "". Never raises."""
    from lxml import etree

    warnings = []
    if len(data) > MAX_BYTES:
        data = data[:MAX_BYTES]
        warnings.append(Warning("too-large", f"The HTML is longer than {MAX_BYTES} bytes: the rest is not shown."))
    if charset is None:
        declared = _META.search(data, 0, 4_096)
        charset = declared.group(1).decode("ascii") if declared else None
    decoded = decode(data, charset)
    if decoded.guessed:
        warnings.append(Warning("encoding-guessed", f"The HTML does not tell its encoding: read as {decoded.encoding}."))
    if decoded.unknown:
        warnings.append(Warning("unknown-charset", "The declared character set is not known."))
    if _ACTIVE.search(data):
        warnings.append(Warning("active-content-removed", "The HTML holds scripts, forms or embedded objects: only its words are kept."))
    markup, crowded = _bounded(decoded.text)
    if crowded:
        warnings.append(Warning("too-large", f"A tag of the HTML has more than {MAX_ATTRIBUTES} attributes: they were left out."))
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(markup.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        return "", "", tuple(warnings)
    shown = clean(etree.tostring(root, method="html", encoding="unicode")) if clean is not None else ""
    return _words(root), shown, tuple(warnings)


def _bounded(markup: str) -> tuple[str, bool]:
    """The HTML without the attributes of tags that have too many, and whether any had."""
    kept: list[str] = []
    at = 0
    for tag in _LONG_TAG.finditer(markup):
        if tag.end() - tag.start() <= 2 * MAX_ATTRIBUTES:
            continue
        if len(_VALUE.sub(" ", tag[0]).replace("/", " ").split()) > MAX_ATTRIBUTES:
            kept += [markup[at : tag.start()], tag[1]]
            at = tag.end()
    return ("".join([*kept, markup[at:]]), True) if kept else (markup, False)


def _words(root: object) -> str:
    from lxml import etree

    out: list[str] = []
    silent = 0
    size = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if tag in _SILENT:
                silent += 1
            if not silent:
                if tag == "br" or tag in _LINES:
                    out.append("\n")
                elif tag in {"td", "th"}:
                    out.append("\t")
                if element.text:
                    out.append(element.text if tag == "pre" else element.text.replace("\n", " "))
                    size += len(element.text)
        else:
            if tag in _SILENT:
                silent -= 1
            if not silent:
                if tag in _LINES:
                    out.append("\n")
                if element.tail:
                    out.append(element.tail.replace("\n", " "))
                    size += len(element.tail)
        if size > MAX_TEXT:
            break
    lines = (_BLANKS.sub(" ", line).strip() for line in "".join(out)[:MAX_TEXT].split("\n"))
    text: list[str] = []
    for line in lines:
        if line or (text and text[-1]):
            text.append(line)
    return "\n".join(text).strip()
