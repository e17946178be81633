"""The readers of everyday files into documents: RTF, Office, calendars, images, what is encrypted, Outlook's winmail.dat, the files that a
PDF holds. Their identity comes from running text at most, so that it only ever proposes (formats.md 6.5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Protocol

from vaguemestre.domain.fault import Fault, TooLarge
from vaguemestre.domain.reading import Attachment, Document, StatedPatient, Warning
from vaguemestre.formats import encrypted, image_kinds, plain
from vaguemestre.formats.recognise import Kind, recognise
from vaguemestre.inbound.read_archives import recognised
from vaguemestre.inbound.read_walk import Given, Walk

_PICTURE = Warning("unsupported", "An image holds no text to read.")
_READ_IN_PDF = frozenset({"cda", "hprim-medecin", "hprim-sante", "hl7v2", "fhir", "rtf", "xdm"})
"""Kinds that are documents of their own beside the PDF that holds them. A PDF in it is a form of it, anything else is only listed."""
_READ_IN_CDA = _READ_IN_PDF - {"rtf"} | {"hprim-xml", "archive", "tnef", "email"}
MAX_IN_PDF = 20

Open = Callable[[Given, Kind, Walk], None]


class _Words(Protocol):
    """What the readers of letters give."""

    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def patient(self) -> StatedPatient | None: ...
    @property
    def warnings(self) -> tuple[Warning, ...]: ...
    @property
    def pictures(self) -> Iterable[_Picture]: ...


class _Picture(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def data(self) -> bytes: ...


def _letter(given: Given, form: str, found: _Words) -> tuple[Document, ...]:
    attachments = tuple(Attachment(p.name, p.media_type, len(p.data), hashlib.sha256(p.data).hexdigest()) for p in found.pictures)
    return (
        Document(
            form,
            given.path,
            given.sha256,
            patient=found.patient,
            text=found.text,
            html=found.html,
            attachments=attachments,
            warnings=found.warnings,
            size=len(given.data),
        ),
    )


def rtf(given: Given) -> tuple[Document, ...]:
    """Raises Fault."""
    from vaguemestre.formats import rtf as reader

    return _letter(given, "rtf", reader.read(given.data))


def office(given: Given) -> tuple[Document, ...]:
    """Raises Fault; what is protected by a password is told as encrypted."""
    from vaguemestre.formats import office as reader

    try:
        return _letter(given, "office", reader.read(given.data))
    except Fault as fault:
        if fault.detail == encrypted.SENTENCES["office"]:
            return locked(given, "office")
        raise


def calendar(given: Given) -> tuple[Document, ...]:
    """Raises Fault."""
    from vaguemestre.formats import calendar_entry

    found = calendar_entry.read(given.data, given.charset)
    return (
        Document(
            "calendar",
            given.path,
            given.sha256,
            title=found.title,
            date=found.date,
            patient=found.patient,
            text=found.text[: plain.MAX_TEXT],
            warnings=found.warnings,
            size=len(given.data),
        ),
    )


def image(given: Given) -> tuple[Document, ...]:
    """An image is understood where it can be shown, as a PDF of images is; its words are not read. Raises Fault for a damaged one."""
    from vaguemestre.formats import image as reader

    kind = image_kinds.kind(given.data)
    if kind not in image_kinds.SHOWN:
        unshown = Warning("unsupported", image_kinds.SENTENCES[kind])
        return (Document("image", given.path, given.sha256, warnings=(unshown,), size=len(given.data), understood=False),)
    measured = reader.measure(given.data, 1_000, 1)
    told = [_PICTURE]
    if measured.cut:
        told.append(Warning("malformed", "A page of the image is damaged: those before it are shown."))
    return (Document("image", given.path, given.sha256, warnings=tuple(told), size=len(given.data)),)


def locked(given: Given, kind: str | None = None) -> tuple[Document, ...]:
    """What only its addressee's key or a password opens, with the sentence that says what to do."""
    name = given.path[-1] if given.path else ""
    sentence = encrypted.SENTENCES[kind or encrypted.kind(given.data, name) or "other"]
    warning = Warning("unsupported", sentence)
    return (Document("encrypted", given.path, given.sha256, warnings=(warning,), size=len(given.data), understood=False),)


def winmail(given: Given, walk: Walk, open_: Open) -> None:
    """What Outlook packed into one part: each file by its own reader. Its words are those of the mail around it; where the whole is no
    mail, or there is nothing else in the part, they are a document. Raises Fault."""
    from vaguemestre.formats import tnef

    found = tnef.read(given.data)
    walk.tell(found.warnings)
    attachments = [file for file in found.files if not file.is_words]
    for file in found.files:
        if file.is_words and attachments and walk.letter:
            walk.words.append(_words(file))
            continue
        inside = Given(file.data, (*given.path, file.name), file.charset)
        open_(inside, recognised(file.data, file.name, file.media_type, file.charset), walk)
    if not found.files:
        empty = Warning("malformed", "The Outlook part (winmail.dat) holds neither words nor files.")
        walk.add(Document("unknown", given.path, given.sha256, warnings=(empty,), size=len(given.data), understood=False), given, "tnef")


def _words(file: object) -> str:
    """The words that Outlook kept of a mail, as text; "" where they cannot be read."""
    from vaguemestre.formats import html_text, tnef
    from vaguemestre.formats import rtf as reader

    assert isinstance(file, tnef.File)
    try:
        if file.name.endswith(".html"):
            return html_text.read(file.data)[0]
        if file.name.endswith(".rtf"):
            return reader.read(file.data).text
    except Fault:
        return ""
    return plain.read(file.data, file.charset)[0].strip()


def held_by_pdf(given: Given, place: int, walk: Walk, read_one: Callable[[Given, Kind, Walk], tuple[Document, ...]], open_: Open) -> None:
    """The files that a PDF holds, once each: a PDF as a form of it, a clinical document as one of its own. Those in a PDF in a PDF are only
    listed with it. Raises Fault."""
    from vaguemestre.formats import pdf

    if given.held:
        return
    for file in pdf.embedded(given.data)[:MAX_IN_PDF]:
        kind = recognise(file.data, file.name)
        if kind.name not in _READ_IN_PDF and kind.name != "pdf":
            continue
        inside = Given(file.data, (*given.path, file.name), held=True)
        if kind.name != "pdf":
            open_(inside, kind, walk)
            continue
        for one in read_one(inside, kind, walk):
            walk.add(one, None, "pdf", place)


def held_by_cda(given: Given, walk: Walk, open_: Open) -> None:
    """A file in a CDA that is a report, whatever it is called, is a document of its own: it may be about somebody else."""
    kind = recognise(given.data, given.path[-1])
    if kind.name in _READ_IN_CDA and not given.held:
        given.held = True
        open_(given, kind, walk)


def words_of_level_one(files: Iterable[bytes]) -> tuple[str, str, tuple[Warning, ...]]:
    """(text, HTML, warnings) of the RTF that is the whole body of a CDA; empty where there is none or it cannot be read."""
    from vaguemestre.formats import rtf as reader

    for data in files:
        if recognise(data).name != "rtf":
            continue
        try:
            found = reader.read(data)
        except TooLarge as fault:
            return "", "", (Warning("too-large", fault.detail),)
        except Fault as fault:
            return "", "", (Warning("malformed", fault.detail),)
        return found.text, found.html, found.warnings
    return "", "", ()
