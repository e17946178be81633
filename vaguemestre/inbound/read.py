"""The stage `read`: any file into a Reading, with what every document says of its patient. It reads and never acts (promise 2).

A mail is walked to its last part, forwarded mails included (formats.md 9, cases 26 to 30); each part is recognised by content and
read by its format. What no reader understands is kept as a document that says so. Nothing raises: what goes wrong is a warning of
one sentence, and `understood` tells whether something is lacking.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import PurePath

from vaguemestre.domain.reading import Document, MessageFacts, Reading, Warning
from vaguemestre.formats import encrypted, hprim_medecin, plain
from vaguemestre.formats.recognise import Kind, recognise
from vaguemestre.formats.running_text import identity
from vaguemestre.inbound import read_files
from vaguemestre.inbound.read_archives import DEEP, recognised
from vaguemestre.inbound.read_document import documents, read_one, unread
from vaguemestre.inbound.read_extract import extract
from vaguemestre.inbound.read_forms import Piece, forms
from vaguemestre.inbound.read_identities import Source, Told, differ
from vaguemestre.inbound.read_mail import Leaf, Mail, open_mail
from vaguemestre.inbound.read_named import OF_ANOTHER, linked
from vaguemestre.inbound.read_walk import MAX_DOCUMENTS, MAX_NESTED_MAILS, MAX_TOTAL_TEXT, Given, Walk, Watch
from vaguemestre.protocols import mime

__all__ = ["MAX_DOCUMENTS", "MAX_TOTAL_TEXT", "extract", "read"]

MAX_BODY_HEADING = 60
"""Lines of greeting that may stand above an HPRIM file in a mail's own text."""
_HEAD = 10_000
_STARTS = re.compile(r"MSH|FHS|BHS|H[^\w\s]|[{<]")
_WRITTEN_OUT = frozenset({"hl7v2", "hprim-sante", "hprim-xml", "fhir"})
"""Reports that some write into a mail's own text."""
_OPENED = frozenset({"cda", "xdm"})
_SOURCES: dict[str, Source] = {"cda": "cda", "hprim-medecin": "hprim", "hprim-sante": "hprim"}
_PUBLIC_KINDS = {"tnef": "archive", "mbox": "archive", "signed": "archive"}
"""Kinds that the contract has no word for, under that which it has."""
_HPRIM = Kind("hprim-medecin", 100)
_TEXT = Kind("text", 100)
_HTML = Kind("html", 100)
_WORD = re.compile(r"[^\W_]{4,40}|[0-9]{1,10}(?:[.,][0-9]{1,6})?")
_FEW_WORDS = 4
"""Words and numbers that only the HTML of a mail says, from which on it says more than its plain text."""
_MISMATCH = Warning("patient-mismatch", "The documents of the message do not tell of the same patient.")


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
    walk = Walk(Watch(skip, begin), open_mail=_mail_within, open_entity=_entity)
    plain_type, charset = _split_type(media_type)
    kind = Kind("email", 100) if plain_type == "message/rfc822" else recognised(data, name, plain_type, charset)
    if kind.name == "email":
        return _mail(data, name, walk)
    documents(Given(data, (PurePath(name).name or name,), charset), kind, walk)
    public = _PUBLIC_KINDS.get(kind.name, kind.name)
    if public == "archive" and walk.pieces and all(piece.document.format == "encrypted" for piece in walk.pieces):
        public = "encrypted"
    return _settled(name, public, walk)


def _split_type(media_type: str | None) -> tuple[str | None, str | None]:
    if media_type is None:
        return None, None
    kind, _, rest = media_type.partition(";")
    charset = mime.parameters(b";" + rest.encode("ascii", "replace")).get("charset") if rest else None
    return kind.strip().lower(), charset


def _mail(data: bytes, name: str, walk: Walk) -> Reading:
    mail = open_mail(mime.parse(data))
    walk.letter = True
    cover = _open(mail, (), walk)
    told = mail.report or walk.report
    report, reported = (told.public, told.reported) if told is not None else (None, None)
    facts = MessageFacts(mail.message_id, mail.from_, mail.to, mail.subject, mail.date, mail.headers, cover, report, reported)
    return _settled(name, "email", walk, facts)


def _settled(name: str, kind: str, walk: Walk, facts: MessageFacts | None = None) -> Reading:
    """The reading, once everything in it is known: the message's cut told on each document (any may be the one that lacks its end), and so
    different persons on each that names one; the forms of one document pointing to the main one."""
    pieces = walk.pieces
    truncated = next((w for w in walk.warnings if w.code == "truncated"), None)
    mismatch = differ(_told(pieces))
    settled = []
    for place, (piece, main) in enumerate(zip(pieces, forms(pieces), strict=True)):
        document, told = piece.document, piece.document.warnings
        if truncated is not None and all(w.code != "truncated" for w in told):
            told = (*told, truncated)
        if place in walk.named:
            beside, lacking = linked(place, walk.named[place], pieces)
            told = (*told, *lacking)
            document = dataclasses.replace(document, attachments=(*document.attachments, *beside))
        if mismatch and OF_ANOTHER not in told and (document.patient is not None or piece.patient is not None):
            told = (*told, _MISMATCH)
        unchanged = main == document.duplicate_of and told is document.warnings
        settled.append(document if unchanged else dataclasses.replace(document, duplicate_of=main, warnings=told))
    found = tuple(settled)
    if facts is None:
        whole = all(d.understood and all(w.code != "truncated" for w in d.warnings) for d in found)
    else:
        whole = truncated is None and not any(_lacks(piece) for piece in pieces) and any(d.understood for d in found)
    return Reading(name, kind, facts, found, tuple(walk.warnings), whole)


def _told(pieces: list[Piece]) -> list[Told]:
    """Every identity of the message."""
    told = [Told(piece.patient, "metadata") for piece in pieces if piece.patient is not None]
    for piece in pieces:
        patient = piece.document.patient
        if patient is not None:
            told.append(Told(patient, _SOURCES.get(piece.kind, "metadata") if patient.from_fields else "running", piece.document.sha256))
    return told


def _lacks(piece: Piece) -> bool:
    """A part of a kind that this version does not read takes nothing from those that it reads; a broken or encrypted one does."""
    document = piece.document
    if document.understood:
        return False
    return document.format == "encrypted" or piece.kind in _OPENED or any(w.code != "unsupported" for w in document.warnings)


def _mail_within(given: Given, walk: Walk) -> None:
    """A mail found in a file, as a forwarded one."""
    if walk.depth > MAX_NESTED_MAILS:
        _too_deep(given, walk)
        return
    words = _open(open_mail(mime.parse(given.data)), given.path, walk)
    if words:
        walk.words.append(words)


def _entity(given: Given, walk: Walk) -> None:
    """What a signature bears, as parts of the mail that bears the signature."""
    mail = open_mail(mime.parse(given.data))
    around = walk.returned
    walk.returned = walk.returned or mail.returned
    if walk.letter and walk.mail == 1 and walk.report is None:
        walk.report = mail.report
    try:
        words = _parts(mail, given.path, walk)
    finally:
        walk.returned = around
    if words:
        walk.words.append(words)


def _too_deep(given: Given, walk: Walk) -> None:
    walk.tell((DEEP,))
    walk.add(unread(given, "unknown"))


def _open(mail: Mail, path: tuple[str, ...], walk: Walk) -> str | None:
    """Adds the documents of a mail, at least one; gives back its cover text."""
    around = walk.mail, walk.subject, walk.returned
    walk.mails += 1
    walk.depth += 1
    # what a mail in a report bears comes back as well
    walk.mail, walk.subject, walk.returned = walk.mails, mail.subject or "", walk.returned or mail.returned
    try:
        return _parts(mail, path, walk)
    finally:
        walk.depth -= 1
        walk.mail, walk.subject, walk.returned = around


def _parts(mail: Mail, path: tuple[str, ...], walk: Walk) -> str | None:
    for code, detail in mail.warnings:
        walk.warn(code, detail)
    before = len(walk.pieces)
    around, walk.words = walk.words, []
    words: list[str] = []
    spoken: list[Leaf] = []
    for leaf in mail.bodies:
        text = leaf.text
        if hprim_medecin.in_body(text.text):
            documents(Given(leaf.content, path, leaf.charset, text, MAX_BODY_HEADING), _HPRIM, walk)
            words.append(hprim_medecin.around(text.text))
        elif encrypted.in_words(text.text):
            walk.add(read_files.locked(Given(leaf.content, path))[0])
        elif hprim_medecin.torn(text.text):
            kind = _HPRIM if hprim_medecin.score(text.text) else _TEXT
            documents(Given(leaf.content, path, leaf.charset, text, MAX_BODY_HEADING), kind, walk)
            words.append(leaf.words.strip())
        elif "ClinicalDocument" in text.text[:_HEAD] and (kind := recognise(leaf.content, "", "text/xml")).name == "cda":
            documents(Given(leaf.content, path), kind, walk)
        elif _STARTS.match(text.text.lstrip()) and (kind := recognise(leaf.content)).name in _WRITTEN_OUT:
            documents(Given(leaf.content, path, leaf.charset), kind, walk)
        else:
            if text.unknown:
                walk.warn("unknown-charset", "The text of the message declares a character set that is not known.")
            words.append(leaf.words.strip())
            spoken.append(leaf)
    html_words: Document | None = None
    if mail.html is not None and any(words):
        html_words = _says_more(mail.html, words, path, walk)
    elif mail.html is not None and (len(walk.pieces) == before or not walk.letter):
        (html_words,) = read_one(Given(mail.html.content, path, mail.html.charset), _HTML, walk)
    if html_words is not None:
        words = [html_words.text]
    for leaf in mail.attachments:
        if walk.full():
            break
        told = _attachment(leaf, path, walk)
        if told:
            words.append(told)
    words += [one for one in walk.words if one not in words]
    walk.words = around
    if len(walk.pieces) == before:
        walk.add(html_words if html_words is not None else _own_words(mail.bodies, path, walk))
    elif not walk.letter and (html_words is not None or any(leaf.content.strip() for leaf in spoken)):
        # where the whole is no mail, nothing else bears the words of a mail in it
        walk.add(html_words if html_words is not None else _own_words(spoken, path, walk))
    return "\n\n".join(filter(None, words))[: plain.MAX_TEXT] or None


def _says_more(html: Leaf, words: Sequence[str], path: tuple[str, ...], walk: Walk) -> Document | None:
    """The HTML text of a mail that bears a plain one too, where it says what this one does not; the plain one stands above it unless all
    of it is said again. Two forms of a text should say the same (RFC 2046, 5.1.4), and some senders put "Bonjour" in one."""
    if not html.content.strip():
        return None
    (document,) = read_one(Given(html.content, path, html.charset), _HTML, walk)
    plain_words = "\n\n".join(filter(None, words))
    said, told = set(_WORD.findall(plain_words.casefold())), set(_WORD.findall(document.text.casefold()))
    if len(told - said) < _FEW_WORDS:
        return None
    if said <= told:
        return document
    text = f"{plain_words}\n\n{document.text}"[: plain.MAX_TEXT]
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in plain_words.split("\n") if one.strip())
    return dataclasses.replace(document, text=text, html=f"{paragraphs}{document.html}"[: plain.MAX_TEXT], patient=identity(text))


def _own_words(bodies: Sequence[Leaf], path: tuple[str, ...], walk: Walk) -> Document:
    """The text of a mail as a document."""
    told = [leaf for leaf in bodies if leaf.content.strip()] or bodies[:1]
    if not told:
        return Document("text", path, hashlib.sha256(b"").hexdigest())
    (document,) = read_one(Given(told[0].content, path, told[0].charset, None), _TEXT, walk)
    if len(told) > 1 or told[0].flowed:
        text = "\n\n".join(leaf.words.strip() for leaf in told)
        document = dataclasses.replace(document, text=text[: plain.MAX_TEXT])
    return document


def _attachment(leaf: Leaf, path: tuple[str, ...], walk: Walk) -> str | None:
    """Adds the documents of one part; gives back the cover text of a forwarded mail."""
    inside = (*path, leaf.name or f"part-{leaf.part.number or '1'}")
    inner = leaf.mail
    content = leaf.content
    kind = Kind("email", 100) if inner is not None else recognised(content, leaf.name or "", leaf.media_type, leaf.charset)
    if kind.name == "email":
        if walk.depth > MAX_NESTED_MAILS:
            _too_deep(Given(content, inside), walk)
            return None
        return _open(open_mail(inner if inner is not None else mime.parse(content)), inside, walk)
    documents(Given(content, inside, leaf.charset), kind, walk)
    return None
