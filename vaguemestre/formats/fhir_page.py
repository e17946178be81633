"""The words of a FHIR document and the files in it: narratives cleaned to the closed list, headings, conclusions, attachments in base64.

FHIR R4, 2.5 (narrative), 2.24.0.6 (Attachment) and 2.36 (Binary). An attachment that is only an address is fetched from nowhere: it is
followed to a Binary of the same file, else told.
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import html
import re

from vaguemestre.domain.fault import Fault
from vaguemestre.domain.reading import Attachment, Warning
from vaguemestre.formats import charset, html_clean, html_text, safe_xml
from vaguemestre.formats.cda import Embedded
from vaguemestre.formats.fhir_graph import Graph, Node, Resource
from vaguemestre.formats.fhir_xml import html_of
from vaguemestre.formats.media_types import EXTENSIONS, MAGIC, SHAPE
from vaguemestre.formats.plain import MAX_TEXT

MAX_EMBEDDED = 200
MAX_EMBEDDED_BYTES = 64_000_000
"""Of all the files in one document, after base64."""
MAX_HTML = 4_000_000
MAX_NARRATIVE = 4_000_000
"""Characters of XHTML that are parsed for one document."""
_MOST_HELD = 500
"""Words that are looked for in those that are there already."""
_HEADINGS = ("h2", "h3", "h4")
_EXTENSIONS = {**EXTENSIONS, "application/hl7-v3+xml": ".xml"}
_CHARSET = re.compile(r"charset\s{0,3}=\s{0,3}\"?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\w.-]+")
_WORD = re.compile(r"\w+")
_PART = re.compile(r"\n[ \t]*\n")
_BAD_BASE64 = Warning("malformed", "An embedded file is not whole base64.")
_EMPTY = Warning("malformed", "An embedded file is empty.")
_TOO_MANY = Warning("too-large", f"The document embeds more than {MAX_EMBEDDED} files or {MAX_EMBEDDED_BYTES} bytes: the rest is left out.")
_ELSEWHERE = Warning("unsupported", "A file of the document is kept elsewhere: it is not fetched.")
_LONG = Warning("too-large", f"The text is longer than {MAX_TEXT} characters: the rest is not shown.")
_HASH = Warning("hash-mismatch", "The digest that the document announces is not that of a file in it.")
_SIZE = Warning("size-mismatch", "The size that the document announces is not that of a file in it.")


class Page:
    """What a document shows, in its order: text and HTML that grow together, and files under one bound of count and bytes. `used`: the
    members of what some document holds."""

    def __init__(self, graph: Graph, warnings: dict[Warning, None], used: set[int]) -> None:
        self.files: list[Embedded] = []
        self._graph = graph
        self._warnings = warnings
        self._texts: list[str] = []
        self._html: list[str] = []
        self._room, self._html_room, self._markup_room = MAX_TEXT, MAX_HTML, MAX_NARRATIVE
        self._looked = 0
        self._bytes = MAX_EMBEDDED_BYTES
        self._names: set[str] = set()
        self._known: set[int] = set()
        self._used = used
        self._bare = " "

    def __repr__(self) -> str:
        return f"<Page {len(self.files)} files>"

    @property
    def text(self) -> str:
        """The whole, plain."""
        return "\n".join(self._texts).strip()

    @property
    def html(self) -> str:
        """The whole, of the closed list of `html_clean`."""
        return "".join(self._html)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The files, as told in the reading."""
        return tuple(Attachment(one.name, one.media_type, len(one.data), hashlib.sha256(one.data).hexdigest()) for one in self.files)

    def heading(self, words: str | None, depth: int = 0) -> None:
        if words:
            mark = _HEADINGS[min(depth, 2)]
            self._add(f"\n{words}" if self._texts else words, f"<{mark}>{html.escape(words, quote=False)}</{mark}>")

    def words(self, text: str | None, heading: str | None = None, depth: int = 0) -> None:
        """Plain words, unless what is there says them already."""
        if not text or self._says(text):
            return
        self.heading(heading, depth)
        parts = (part.strip("\n") for part in _PART.split(text.strip()))
        shown = "".join(f"<p>{html.escape(part, quote=False).replace(chr(10), '<br/>')}</p>" for part in parts if part.strip())
        self._add(text.strip(), shown)

    def narrative(self, holder: Node, heading: str | None = None, depth: int = 0) -> bool:
        """The narrative of a resource or section, under its heading; whether there was one. XHTML may write its marks as XML alone does
        (`<td/>`): it is parsed as XML where it is."""
        text = holder.one("text")
        div = text.whole("div")
        if not div or text.text("status") == "empty":
            return False
        if len(div) > self._markup_room:
            div = div[: self._markup_room]
            self._warnings[_LONG] = None
        self._markup_room -= len(div)
        if not div:
            return False
        with contextlib.suppress(Fault):
            div = html_of(safe_xml.parse(div.encode("utf-8", "replace")).root)
        return self._marked(div.encode("utf-8", "replace"), "utf-8", heading, depth)

    def _marked(self, data: bytes, encoding: str | None, heading: str | None, depth: int) -> bool:
        words, clean, told = html_text.shown(data, encoding, html_clean.clean)
        self._warnings.update(dict.fromkeys(told))
        if not words:
            return False
        self.heading(heading, depth)
        self._add(words, clean)
        return True

    def _says(self, text: str) -> bool:
        self._looked += 1
        words = _bare(text)
        return not words.strip() or (self._looked <= _MOST_HELD and words in self._bare)

    def _add(self, text: str, shown: str) -> None:
        if self._room <= 0:
            self._warnings[_LONG] = None
            return
        if len(text) > self._room or len(shown) > self._html_room:
            self._warnings[_LONG] = None
            shown = "" if len(shown) > self._html_room else shown
            text = text[: max(0, self._room)]
        if self._looked <= _MOST_HELD:
            self._bare += _bare(text)[1:]
        self._texts.append(text)
        self._html.append(shown)
        self._room -= len(text)
        self._html_room -= len(shown)

    def attachment(self, node: Node, origin: Resource, whole: bool = False) -> bool:
        """A file of the document: its own base64, or a Binary of the same file; whether it was there. `whole`: it is all of the document.
        Words are shown as such."""
        title, declared, written = node.text("title"), node.text("contentType"), node.whole("data")
        if written is None:
            address = node.whole("url") or ""
            binary = self._graph.at(address.strip(), origin)
            if binary is None or binary.kind != "Binary":
                if address:
                    self._warnings[_ELSEWHERE] = None
                return False
            if id(binary.members) in self._known:
                return True
            declared, written = declared or binary.text("contentType"), binary.whole("data")
            self._known.add(id(binary.members))
            self._used.add(id(binary.members))
        if len(self.files) >= MAX_EMBEDDED or len(written or "") > self._bytes * 2:
            self._warnings[_TOO_MANY] = None
            return False
        data = self._decoded(written or "")
        if not data:
            self._warnings[_EMPTY] = None
            return False
        if len(data) > self._bytes:
            self._warnings[_TOO_MANY] = None
            return False
        self._bytes -= len(data)
        self._check(node, data)
        kind = media_type(declared, data)
        self.files.append(Embedded(self._called(title, kind), kind, data, whole))
        self._show(data, kind, declared or "")
        return True

    def binary(self, resource: Resource, whole: bool = False) -> bool:
        """A Binary that stands for itself."""
        if id(resource.members) in self._known:
            return True
        self._known.add(id(resource.members))
        self._used.add(id(resource.members))
        return self.attachment(resource, resource, whole)

    def _show(self, data: bytes, kind: str, declared: str) -> None:
        told = _CHARSET.search(declared)
        encoding = told[1] if told else None
        if kind == "text/plain":
            self.words(charset.decode(data, encoding).text.replace("\r\n", "\n").replace("\r", "\n"))
        elif kind in {"text/html", "application/xhtml+xml"}:
            self._marked(data, encoding, None, 0)

    def _decoded(self, written: str) -> bytes:
        try:
            return binascii.a2b_base64(written)
        except ValueError:
            self._warnings[_BAD_BASE64] = None
        plain = written.encode("ascii", "ignore")
        for padding in (b"", b"=", b"==", b"A==", b"AAA"):
            with contextlib.suppress(ValueError):
                return binascii.a2b_base64(plain + padding)
        return b""

    def _check(self, node: Node, data: bytes) -> None:
        """`size` and `hash` as announced: a SHA-1, in base64; some write it in hexadecimal."""
        size, told = node.text("size"), node.text("hash")
        if size is not None and size.isascii() and size.isdigit() and int(size[:20]) != len(data):
            self._warnings[_SIZE] = None
        if told:
            digest = hashlib.sha1(data, usedforsecurity=False)
            shapes = {digest.hexdigest(), binascii.b2a_base64(digest.digest(), newline=False).decode("ascii")}
            shapes.add(binascii.b2a_base64(digest.hexdigest().encode("ascii"), newline=False).decode("ascii"))
            if told not in shapes and told.lower() != digest.hexdigest():
                self._warnings[_HASH] = None

    def _called(self, title: str | None, kind: str) -> str:
        extension = _EXTENSIONS.get(kind, ".bin")
        stem = _UNSAFE.sub("_", title or "")[:80].strip("._").removesuffix(extension) or f"attachment-{len(self.files) + 1}"
        full = stem + extension
        if full in self._names:
            full = f"{stem}-{len(self.files) + 1}{extension}"
        self._names.add(full)
        return full


def _bare(text: str) -> str:
    """The words alone, each between blanks."""
    return f" {' '.join(_WORD.findall(text[:MAX_TEXT].casefold()))} "


def media_type(declared: str | None, data: bytes) -> str:
    """By its first bytes where they tell, else as declared."""
    told = (declared or "").partition(";")[0].strip().lower()
    shown = next((kind for magic, kind in MAGIC if data.startswith(magic)), None)
    if shown is not None and not told.startswith("image/"):
        return shown
    return told if SHAPE.fullmatch(told) else "application/octet-stream"
