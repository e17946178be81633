"""One piece of content that is no mail into its documents: recognised by what it holds, read by its format, kept in any case.

`_READERS` and `_UNREAD` are the two tables: a kind is in the first once it is read, in the second until then.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping

from vaguemestre.domain.fault import Fault, Unsupported
from vaguemestre.domain.reading import Document, Warning
from vaguemestre.formats import hprim_medecin, pdf, plain
from vaguemestre.formats.charset import Decoded
from vaguemestre.formats.recognise import Kind
from vaguemestre.formats.running_text import identity

_UNREAD = {
    "cda": "CDA documents are not read by this version.",
    "xdm": "XDM archives are not opened by this version.",
    "archive": "Archives are not opened by this version.",
    "hprim-sante": "HPRIM Santé messages are not read by this version.",
    "hprim-xml": "HPRIM XML messages are not read by this version.",
    "hl7v2": "HL7 v2 messages are not read by this version.",
    "fhir": "FHIR resources are not read by this version.",
    "rtf": "RTF texts are not read by this version.",
    "image": "An image holds no text to read.",
    "calendar": "Calendar entries are not read by this version.",
    "office": "Office documents are not opened.",
    "encrypted": "The content is encrypted: the sender should send it again by secure mail, in clear.",
    "unknown": "The format of the file is not known.",
}
_OWN_FORMAT = frozenset({"hprim-medecin", "pdf", "text", "html", *_UNREAD}) - {"cda", "xdm", "archive"}


@dataclasses.dataclass(slots=True, repr=False)
class Given:
    """A document's bytes and what is known of them before reading. `decoded`: its text, where recognising it needed that. `reach`: lines
    that may stand before an HPRIM header."""

    data: bytes
    path: tuple[str, ...]
    charset: str | None = None
    decoded: Decoded | None = None
    reach: int = 3

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Watch:
    """What a guarded reading is told and tells: the key of each document as its reading begins ("0", "1"... in the order of the file), and
    the keys to pass over with the reason (`reader-died`, `reader-too-slow`)."""

    def __init__(self, skip: Mapping[str, str] | None = None, begin: Callable[[str], None] | None = None) -> None:
        self._skip = skip or {}
        self._begin = begin
        self._count = 0

    def next(self) -> str | None:
        """Begins one more document; the reason to pass it over, or None."""
        key = str(self._count)
        self._count += 1
        if key in self._skip:
            return self._skip[key]
        if self._begin is not None:
            self._begin(key)
        return None


def documents(given: Given, kind: Kind, watch: Watch) -> tuple[Document, ...]:
    """At least one document. Foreseen or not, no fault of a reader passes, lack of memory excepted: the guard of the process sees to it."""
    passed_over = watch.next()
    if passed_over is not None:
        slow = passed_over == "reader-too-slow"
        told = "Reading it takes too long." if slow else "Reading it stopped in the middle, twice."
        return (_failed(given, _format_of(kind.name, b""), Warning("too-large" if slow else "malformed", told)),)
    given.decoded = given.decoded or kind.decoded
    reader = _READERS.get(kind.name)
    if reader is None:
        return (unread(given, kind.name),)
    try:
        return reader(given)
    except Fault as fault:
        locked = isinstance(fault, Unsupported) and kind.name == "pdf"
        code = fault.code if fault.code in {"malformed", "too-large", "truncated", "unsupported"} else "malformed"
        return (_failed(given, "encrypted" if locked else _format_of(kind.name, given.data), Warning(code, fault.detail)),)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a reader's bug must cost one document, never the message
        return (_failed(given, _format_of(kind.name, given.data), Warning("malformed", "The content could not be read.")),)


def unread(given: Given, kind: str) -> Document:
    """A document of a kind that is recognised and not read."""
    if not given.data:
        return _failed(given, "unknown", Warning("malformed", "The file is empty."))
    return _failed(given, _format_of(kind, given.data), Warning("unsupported", _UNREAD.get(kind, _UNREAD["unknown"])))


def _failed(given: Given, form: str, warning: Warning) -> Document:
    return Document(form, given.path, given.sha256, warnings=(warning,), size=len(given.data), understood=False)


def _format_of(kind: str, data: bytes) -> str:
    """The contract's format of a kind: a CDA's level by its body; what only holds others is "unknown"."""
    if kind == "cda":
        if b"nonXMLBody" in data:
            return "cda-n1"
        return "cda-n3" if b"structuredBody" in data else "unknown"
    return kind if kind in _OWN_FORMAT else "unknown"


def _hprim_medecin(given: Given) -> tuple[Document, ...]:
    if given.decoded is not None:
        records = hprim_medecin.records(given.decoded, given.reach)
    else:
        records = hprim_medecin.read(given.data, given.charset, given.reach)
    several = len(records) > 1
    # results of nobody: shown, but the file lacks what makes them a document
    headed = any(record.patient is not None for record in records)
    digest = given.sha256
    return tuple(
        Document(
            "hprim-medecin",
            (*given.path, f"#{record.number}") if several else given.path,
            digest,
            title=record.title,
            date=record.date,
            patient=record.patient,
            author=record.author,
            recipients=(record.recipient,) if record.recipient else (),
            results=record.results,
            text=record.text[: plain.MAX_TEXT],
            warnings=record.warnings,
            size=len(given.data),
            understood=headed,
        )
        for record in records
    )


def _pdf(given: Given) -> tuple[Document, ...]:
    found = pdf.read(given.data)
    return (
        Document(
            "pdf",
            given.path,
            given.sha256,
            patient=found.patient,
            text=found.text,
            attachments=found.attachments,
            warnings=found.warnings,
            size=len(given.data),
        ),
    )


def _text(given: Given) -> tuple[Document, ...]:
    text, patient, warnings = plain.read(given.data, given.charset)
    if hprim_medecin.torn(text):
        # names found in what is left of it must not stand for the header that is lacking
        broken = Warning("malformed", "The text bears marks of an HPRIM file whose header is lacking or broken.")
        told = (*warnings, broken)
        return (Document("text", given.path, given.sha256, text=text, warnings=told, size=len(given.data), understood=False),)
    return (Document("text", given.path, given.sha256, patient=patient, text=text, warnings=warnings, size=len(given.data)),)


def _html(given: Given) -> tuple[Document, ...]:
    from vaguemestre.formats import html_text

    text, warnings = html_text.read(given.data, given.charset)
    return (Document("html", given.path, given.sha256, patient=identity(text), text=text, warnings=warnings, size=len(given.data)),)


_READERS: dict[str, Callable[[Given], tuple[Document, ...]]] = {
    "hprim-medecin": _hprim_medecin,
    "pdf": _pdf,
    "text": _text,
    "html": _html,
}
