"""CDA R2 of the French profile (CI-SIS): header, body, embedded files and results of one document (formats.md 2 and 9, cases 8 to 18).

What the document is is told by the kind of its body, never by its code: a `nonXMLBody` is level 1, a `structuredBody` level 3. A document
inside a stylesheet is found as a descendant of it; the stylesheet is never run.
"""

from __future__ import annotations

import binascii
import dataclasses
import hashlib
import html
import re
import zlib
from collections.abc import Container

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import Attachment, Result, Warning
from vaguemestre.formats import cda_biology, cda_circumstances, cda_header, cda_narrative, charset, html_clean, html_text, safe_xml
from vaguemestre.formats.cda_header import V3, Header
from vaguemestre.formats.media_types import EXTENSIONS, MAGIC, SHAPE
from vaguemestre.formats.plain import MAX_TEXT
from vaguemestre.formats.safe_xml import Element

MAX_EMBEDDED = 200
MAX_EMBEDDED_BYTES = 64_000_000
"""Of all the files in one document, after base64 and decompression."""

_PDF_COPY_SECTION, _PDF_COPY_CODE = "1.2.250.1.213.1.1.2.243", "55108-5"
_EXTENSIONS = {**EXTENSIONS, "image/jpg": ".jpg"}
_HEADER = tuple(field.name for field in dataclasses.fields(Header))
_PAGES, _NO_KIND = frozenset({"application/pdf"}), frozenset[str]()
_UNSAFE = re.compile(r"[^\w.-]+")
_BARE_BASE64 = re.compile(r"\s*(?:JVBERi|e1xydGY|/9j/|iVBORw0KGgo|SUkqA|TU0AK)")
_LATIN = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,400}<\?xml\s[^>]{0,200}?encoding\s{0,5}=\s{0,5}[\"'](?:iso[-_]?8859|latin|windows-12|cp12)", re.IGNORECASE
)
_IN_UTF_8 = Warning("encoding-guessed", "The XML is not in the encoding that it declares: it is UTF-8.")
_SEVERAL_DOCUMENTS = Warning("several-patients", "The file holds several clinical documents: only the first is read.")
_BAD_BASE64 = Warning("malformed", "An embedded file is not whole base64.")
_EMPTY = Warning("malformed", "An embedded file is empty.")
UNREAD_BODY = Warning("unsupported", "The body is of a kind whose words are not read: it is kept as a file.")
_NO_BODY = Warning("malformed", "The document has no body.")
_TOO_MANY = Warning("too-large", f"The document embeds more than {MAX_EMBEDDED} files or {MAX_EMBEDDED_BYTES} bytes: the rest is left out.")
_MORE_RESULTS = Warning("too-large", f"The document holds more than {cda_biology.MOST_RESULTS} results: the rest is not read.")
_BAD_COMPRESSION = Warning("unsupported", "An embedded file is compressed in a way that is not read.")
_REGION = Warning("unsupported", "A region marked on an image is not drawn: the whole image is shown.")
_LONG = Warning("too-large", f"The text is longer than {MAX_TEXT} characters: the rest is not shown.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Embedded:
    """A file inside the document. `rendering`: it is the whole document as pages."""

    name: str
    media_type: str
    data: bytes
    rendering: bool = False


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Read(Header):
    """One CDA document. `level`: cda-n1 (one file as body), cda-n3 (sections) or unknown (no body). `warnings`: of the whole document.
    `html`: its circumstances (`cda_circumstances`), then its words. Others as in `domain.reading`."""

    level: str
    results: tuple[Result, ...]
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    embedded: tuple[Embedded, ...]

    def __repr__(self) -> str:
        return f"<Read {self.level}, {len(self.results)} results, {len(self.embedded)} files, {[w.code for w in self.warnings]!r}>"


def read(data: bytes) -> Read:
    """Raises Unreadable (malformed, truncated, unsupported) and TooLarge, and nothing else."""
    parsed = safe_xml.parse(data)
    documents = parsed.root.iter(f"{V3}ClinicalDocument")
    root = next(documents, None)
    if root is None:
        raise Unreadable("The XML holds no clinical document.")
    warnings = dict.fromkeys(parsed.warnings)
    if next(documents, None) is not None:
        warnings[_SEVERAL_DOCUMENTS] = None
    if _misdeclared(data):
        warnings[_IN_UTF_8] = None
    header = cda_header.read(root, names_guessed=any(w.code == "encoding-guessed" for w in parsed.warnings))
    warnings |= dict.fromkeys(header.warnings)
    files = _Files(warnings)
    structured = root.findall(f"{V3}component/{V3}structuredBody")
    plain = root.findall(f"{V3}component/{V3}nonXMLBody")
    if not structured and not plain:
        warnings[_NO_BODY] = None
    for body in plain:
        files.body(body.find(f"{V3}text"))
    names = files.media(structured)
    narrative = cda_narrative.read(structured, names)
    text, shown = narrative.text, narrative.html
    if not structured:
        text, shown = _plain_body(files.found, warnings)
    results = cda_biology.results(root, narrative.labels) if structured else ()
    warnings |= dict.fromkeys(narrative.warnings)
    if len(results) >= cda_biology.MOST_RESULTS:
        warnings[_MORE_RESULTS] = None
    facts = {name: getattr(header, name) for name in _HEADER} | {"warnings": tuple(warnings)}
    return Read(
        **facts,
        level="cda-n3" if structured else "cda-n1" if plain else "unknown",
        results=results,
        text=text,
        html=cda_circumstances.read(root, header).html + shown,
        attachments=tuple(Attachment(one.name, one.media_type, len(one.data), hashlib.sha256(one.data).hexdigest()) for one in files.found),
        embedded=tuple(files.found),
    )


def _misdeclared(data: bytes) -> bool:
    """Whether a Latin alphabet is declared for what is UTF-8, which proves itself: no name was read by guess, but whoever wrote the file is
    mistaken about it."""
    if _LATIN.match(data, 0, 700) is None or data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plain_body(found: list[Embedded], warnings: dict[Warning, None]) -> tuple[str, str]:
    """(text, HTML) of the bodies that are text. Pages and pictures speak for themselves."""
    texts: list[str] = []
    marked: list[str] = []
    for one in found:
        if one.media_type == "text/plain":
            texts.append(charset.decode(one.data).text.replace("\r\n", "\n").replace("\r", "\n"))
            marked.append(_paragraphs(texts[-1][:MAX_TEXT]))
        elif one.media_type == "text/html":
            words, clean, told = html_text.shown(one.data, None, html_clean.clean)
            texts.append(words)
            marked.append(clean)
            warnings |= dict.fromkeys(told)
        elif one.media_type.endswith(("/rtf", "/xml")):
            warnings[UNREAD_BODY] = None
    text = "\n\n".join(texts).strip()
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        warnings[_LONG] = None
    return text, "".join(marked)


def _paragraphs(text: str) -> str:
    parts = (part.strip("\n") for part in re.split(r"\n[ \t]*\n", text.strip()))
    return "".join(f"<p>{html.escape(part, quote=False).replace(chr(10), '<br/>')}</p>" for part in parts if part.strip())


class _Files:
    """Gathers the embedded files of one document, under one bound of count and bytes."""

    def __init__(self, warnings: dict[Warning, None]) -> None:
        self.found: list[Embedded] = []
        self._warnings = warnings
        self._names: set[str] = set()
        self._room = MAX_EMBEDDED_BYTES

    def body(self, value: Element | None) -> None:
        """The one file that is the whole of a level 1 document."""
        if value is None:
            self._warnings[_NO_BODY] = None
            return
        self._add(value, "nonXMLBody", None)

    def media(self, bodies: list[Element]) -> dict[str, str]:
        """Every observationMedia of the sections. Returns the file name of each by its ID, and by that of a regionOfInterest around it."""
        names: dict[str, str] = {}
        for body in bodies:
            for element in body.iter(f"{V3}observationMedia"):
                value = element.find(f"{V3}value")
                told = element.get("ID")
                if value is None:
                    continue
                name = _UNSAFE.sub("_", told or "")[:80].strip("._") or f"media-{len(self.found) + 1}"
                added = self._add(value, name, _PAGES if _is_pdf_copy(element) else _NO_KIND)
                if added and told:
                    names.setdefault(told, added)
                    # A region is drawn on the image that it holds; the words may name either.
                    for region in element.iterancestors(f"{V3}regionOfInterest"):
                        names.setdefault(region.get("ID") or told, added)
                        self._warnings[_REGION] = None
        return names

    def _add(self, value: Element, name: str, renderings: Container[str] | None) -> str | None:
        """The name under which the file was kept, None where there is none.
        `renderings`: the media types in which it is the whole document, None for any."""
        if len(self.found) >= MAX_EMBEDDED or self._room <= 0:
            self._warnings[_TOO_MANY] = None
            return None
        data = self._data(value)
        if not data:
            self._warnings[_EMPTY] = None
            return None
        if len(data) > self._room:
            self._warnings[_TOO_MANY] = None
            return None
        self._room -= len(data)
        kind = _media_type(value, data)
        extension = _EXTENSIONS.get(kind, ".bin")
        stem = name.removesuffix(extension)
        full = stem + extension
        if full in self._names:
            full = f"{stem}-{len(self.found) + 1}{extension}"
        if full in self._names:
            full = f"media-{len(self.found) + 1}-{len(self._names)}{extension}"
        self._names.add(full)
        self.found.append(Embedded(full, kind, data, renderings is None or kind in renderings))
        return full

    def _data(self, value: Element) -> bytes:
        text = value.text or ""
        if (value.get("representation") or "").strip().upper() != "B64" and not _BARE_BASE64.match(text[:200]):
            return (text if not len(value) else "\n".join(map(str, value.itertext()))).strip().encode("utf-8")
        if len(value):
            # a thumbnail or a reference is not part of the file
            text += "".join(child.tail or "" for child in value)
        try:
            data = binascii.a2b_base64(text)
        except binascii.Error:
            data = self._mended(text)
        except ValueError:
            data = self._mended(text.encode("ascii", "ignore").decode("ascii"))
        return self._inflated(data, (value.get("compression") or "").strip().upper())

    def _mended(self, text: str) -> bytes:
        """base64 cut short: what there is of it, and a warning."""
        self._warnings[_BAD_BASE64] = None
        for padding in ("", "=", "==", "A==", "AAA"):
            try:
                return binascii.a2b_base64(text + padding)
            except ValueError:
                continue
        return b""

    def _inflated(self, data: bytes, compression: str) -> bytes:
        """What `compression` (DF, GZ, ZL) says is believed only of bytes that are not already what they should become."""
        if not compression or any(data.startswith(magic) for magic, _ in MAGIC):
            return data
        window = {"DF": -15, "ZL": 15, "GZ": 31}.get(compression)
        if window is None:
            self._warnings[_BAD_COMPRESSION] = None
            return data
        try:
            inflater = zlib.decompressobj(window)
            inflated = inflater.decompress(data, self._room + 1)
        except zlib.error:
            self._warnings[_BAD_COMPRESSION] = None
            return data
        return inflated


def _media_type(value: Element, data: bytes) -> str:
    declared = (value.get("mediaType") or "")[:200].partition(";")[0].strip().lower()
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    shown = next((kind for magic, kind in MAGIC if kind.startswith("image/") and data.startswith(magic)), None)
    if shown is not None and not declared.startswith("image/"):
        return shown
    if SHAPE.fullmatch(declared) and declared != "application/octet-stream":
        return declared
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), "text/plain" if not declared else "application/octet-stream")


def _is_pdf_copy(media: Element) -> bool:
    """Whether it stands in the section that holds the copy of the document as PDF."""
    section = next(media.iterancestors(f"{V3}section"), None)
    if section is None:
        return False
    for child in section:
        if child.tag == f"{V3}templateId" and child.get("root") == _PDF_COPY_SECTION:
            return True
        if child.tag == f"{V3}code" and child.get("code") == _PDF_COPY_CODE:
            return True
    return False
