"""The stage `read`: any file into a Reading, with what every document says of its patient. It reads and never acts (promise 2).

A mail is walked to its last part, forwarded mails included (formats.md 9, cases 26 to 30); each part is recognised by content and
read by its format. What no reader understands is kept as a document that says so. Nothing raises: what goes wrong is a warning of
one sentence, and `understood` tells whether something is lacking.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath

from vaguemestre.domain.fault import Unsupported
from vaguemestre.domain.reading import Document, MessageFacts, Reading, Warning
from vaguemestre.formats import hprim_medecin, plain
from vaguemestre.formats.recognise import Kind, recognise
from vaguemestre.inbound.read_document import Given, Watch, documents, unread
from vaguemestre.inbound.read_identities import differ
from vaguemestre.inbound.read_mail import Leaf, Mail, open_mail
from vaguemestre.protocols import mime

MAX_DOCUMENTS = 200
MAX_TOTAL_TEXT = 10_000_000
MAX_NESTED_MAILS = 8
MAX_BODY_HEADING = 60
"""Lines of greeting that may stand above an HPRIM file in a mail's own text."""
_APICRYPT = "$APICRYPT"
_HPRIM = Kind("hprim-medecin", 100)
_TEXT = Kind("text", 100)
_MISMATCH = Warning("patient-mismatch", "The documents of the message do not tell of the same patient.")
_MEDIA_TYPES = {
    "email": "message/rfc822",
    "pdf": "application/pdf",
    "rtf": "application/rtf",
    "hprim-medecin": "text/plain",
    "text": "text/plain",
    "html": "text/html",
    "xdm": "application/zip",
    "cda": "application/xml",
    "calendar": "text/calendar",
}
_IMAGE_TYPES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)


def read(
    data: bytes,
    name: str,
    media_type: str | None = None,
    *,
    skip: Mapping[str, str] | None = None,
    begin: Callable[[str], None] | None = None,
) -> Reading:
    """What a file holds. `name` is repeated and only hints at the kind; `media_type` may bear a charset parameter; message/rfc822 is
    believed, another only hints. `begin` is told the key of each document before it is read, `skip` gives the keys to pass over with
    their reason: see `read_document.Watch`. Raises nothing but MemoryError."""
    watch = Watch(skip, begin)
    plain_type, charset = _split_type(media_type)
    kind = Kind("email", 100) if plain_type == "message/rfc822" else recognise(data, name, plain_type, charset)
    if kind.name == "email":
        return _mail(data, name, watch)
    given = Given(data, (PurePath(name).name or name,), charset)
    found = documents(given, kind, watch)
    whole = all(d.understood and all(w.code != "truncated" for w in d.warnings) for d in found)
    return Reading(name, kind.name, None, found, (), whole)


def extract(data: bytes, sha256: str) -> tuple[bytes, str, str]:
    """(bytes, media type, file name) of the document with that digest in a message or file, the type by content and the name "" where it
    has none. Raises `Unsupported` where nothing has that digest."""
    if hashlib.sha256(data).hexdigest() == sha256:
        return data, _type_of(data, "", None), ""
    for leaf, content in _every_leaf(data):
        if hashlib.sha256(content).hexdigest() == sha256:
            return content, _type_of(content, leaf.name or "", leaf.media_type), leaf.name or ""
    raise Unsupported("No part of the message has these bytes.")


def _every_leaf(data: bytes) -> Iterator[tuple[Leaf, bytes]]:
    todo = [(mime.parse(data), 0)]
    while todo:
        root, depth = todo.pop()
        mail = open_mail(root)
        yield Leaf(root), root.octets()
        for leaf in mail.leaves:
            yield leaf, leaf.content
            inner = _inner_mail(leaf) if depth < MAX_NESTED_MAILS else None
            if inner is not None:
                todo.append((inner, depth + 1))


def _inner_mail(leaf: Leaf) -> mime.Part | None:
    inner = leaf.mail
    if inner is None and leaf.part.media_type not in {"text/plain", "text/html"}:
        return mime.parse(leaf.content) if recognise(leaf.content, leaf.name or "", leaf.media_type).name == "email" else None
    return inner


def _type_of(data: bytes, name: str, media_type: str | None) -> str:
    kind = recognise(data, name, media_type).name
    if kind == "image":
        return next((t for start, t in _IMAGE_TYPES if data.startswith(start)), "application/octet-stream")
    return _MEDIA_TYPES.get(kind, "application/octet-stream")


def _split_type(media_type: str | None) -> tuple[str | None, str | None]:
    if media_type is None:
        return None, None
    kind, _, rest = media_type.partition(";")
    charset = mime.parameters(b";" + rest.encode("ascii", "replace")).get("charset") if rest else None
    return kind.strip().lower(), charset


@dataclasses.dataclass(slots=True, repr=False)
class _Walk:
    """What was found so far in a mail, its forwarded mails included, and what is left of the budget."""

    watch: Watch
    documents: list[Document] = dataclasses.field(default_factory=list)
    warnings: list[Warning] = dataclasses.field(default_factory=list)
    text_left: int = MAX_TOTAL_TEXT

    def add(self, found: tuple[Document, ...]) -> None:
        for document in found:
            if self.full():
                return
            self.text_left -= len(document.text)
            self.documents.append(document)

    def full(self) -> bool:
        """Whether the budget is spent; says so once."""
        if len(self.documents) < MAX_DOCUMENTS and self.text_left > 0:
            return False
        self.warn("too-large", "The message holds too many documents or too much text: the rest was not read.")
        return True

    def warn(self, code: str, detail: str) -> None:
        if all(w.code != code for w in self.warnings):
            self.warnings.append(Warning(code, detail))


def _mail(data: bytes, name: str, watch: Watch) -> Reading:
    mail = open_mail(mime.parse(data))
    walk = _Walk(watch)
    cover = _open(mail, (), walk, 0)
    truncated = next((w for w in walk.warnings if w.code == "truncated"), None)
    found = _marked(walk.documents, truncated)
    facts = MessageFacts(mail.message_id, mail.from_, mail.to, mail.subject, mail.date, mail.headers, cover, mail.report)
    whole = truncated is None and not any(_lacks(d) for d in found)
    return Reading(name, "email", facts, found, tuple(walk.warnings), whole and any(d.understood for d in found))


def _lacks(document: Document) -> bool:
    """A part of a kind that this version does not read takes nothing from those that it reads; a broken or encrypted one does."""
    return not document.understood and (document.format == "encrypted" or any(w.code != "unsupported" for w in document.warnings))


def _marked(found: list[Document], truncated: Warning | None) -> tuple[Document, ...]:
    """The documents, the message's cut told on each (any may be the one that lacks its end), and so different persons on each that names
    one; repeats pointing to the first."""
    first: dict[tuple[str, str], int] = {}
    mismatch = differ([d.patient for d in found if d.patient is not None])
    marked = []
    for place, document in enumerate(found):
        record = document.path[-1] if document.path and document.path[-1].startswith("#") else ""
        repeat = first.setdefault((document.sha256, record), place)
        told = document.warnings
        if truncated is not None and all(w.code != "truncated" for w in told):
            told = (*told, truncated)
        if mismatch and document.patient is not None:
            told = (*told, _MISMATCH)
        points_to = repeat if repeat != place else None
        unchanged = points_to == document.duplicate_of and told is document.warnings
        marked.append(document if unchanged else dataclasses.replace(document, duplicate_of=points_to, warnings=told))
    return tuple(marked)


def _open(mail: Mail, path: tuple[str, ...], walk: _Walk, depth: int) -> str | None:
    """Adds the documents of a mail, at least one; gives back its cover text."""
    for code, detail in mail.warnings:
        walk.warn(code, detail)
    before = len(walk.documents)
    words: list[str] = []
    for leaf in mail.bodies:
        text = leaf.text
        if hprim_medecin.in_body(text.text):
            walk.add(documents(Given(leaf.content, path, leaf.charset, text, MAX_BODY_HEADING), _HPRIM, walk.watch))
            words.append(hprim_medecin.around(text.text))
        elif _APICRYPT in text.text[:10_000]:
            walk.add((unread(Given(leaf.content, path), "encrypted"),))
        elif hprim_medecin.torn(text.text):
            kind = _HPRIM if hprim_medecin.score(text.text) else _TEXT
            walk.add(documents(Given(leaf.content, path, leaf.charset, text, MAX_BODY_HEADING), kind, walk.watch))
            words.append(text.text.replace("\r\n", "\n").replace("\r", "\n").strip())
        else:
            if text.unknown:
                walk.warn("unknown-charset", "The text of the message declares a character set that is not known.")
            words.append(text.text.replace("\r\n", "\n").replace("\r", "\n").strip())
    html_words: Document | None = None
    if mail.html is not None and not any(words) and len(walk.documents) == before:
        (html_words,) = documents(Given(mail.html.content, path, mail.html.charset), Kind("html", 100), walk.watch)
        words = [html_words.text]
    for leaf in mail.attachments:
        if walk.full():
            break
        told = _attachment(leaf, path, walk, depth)
        if told:
            words.append(told)
    if len(walk.documents) == before:
        walk.add((html_words if html_words is not None else _own_words(mail, path, walk.watch),))
    return "\n\n".join(filter(None, words))[: plain.MAX_TEXT] or None


def _own_words(mail: Mail, path: tuple[str, ...], watch: Watch) -> Document:
    """The text of a mail that holds no other document, as one."""
    told = [leaf for leaf in mail.bodies if leaf.content.strip()] or mail.bodies[:1]
    if not told:
        return Document("text", path, hashlib.sha256(b"").hexdigest())
    (document,) = documents(Given(told[0].content, path, told[0].charset, None), _TEXT, watch)
    if len(told) > 1:
        text = "\n\n".join([document.text.strip(), *(leaf.text.text.strip() for leaf in told[1:])])
        document = dataclasses.replace(document, text=text[: plain.MAX_TEXT])
    return document


def _attachment(leaf: Leaf, path: tuple[str, ...], walk: _Walk, depth: int) -> str | None:
    """Adds the documents of one part; gives back the cover text of a forwarded mail."""
    inside = (*path, leaf.name or f"part-{leaf.part.number or '1'}")
    inner = leaf.mail
    content = leaf.content
    kind = Kind("email", 100) if inner is not None else recognise(content, leaf.name or "", leaf.media_type, leaf.charset)
    if kind.name == "email":
        if depth >= MAX_NESTED_MAILS:
            walk.warn("too-large", "The message is nested too deep: what is below was not read.")
            walk.add((unread(Given(content, inside), "unknown"),))
            return None
        return _open(open_mail(inner if inner is not None else mime.parse(content)), inside, walk, depth + 1)
    walk.add(documents(Given(content, inside, leaf.charset), kind, walk.watch))
    return None
