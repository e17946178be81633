"""One piece of content into its documents: recognised by what it holds, read by its format, kept in any case.

`_READERS` and `_CONTAINERS` are the tables: a kind that is in neither is kept, and said not to be known. Each
document has its own key in the watch, so that one which kills its reader costs itself: an archive, each file in it, each PDF in a CDA.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from vaguemestre.domain.fault import Fault
from vaguemestre.domain.reading import Document, Warning
from vaguemestre.formats import encrypted, hprim_medecin, pdf, plain
from vaguemestre.formats.recognise import Kind
from vaguemestre.formats.running_text import identity
from vaguemestre.inbound import read_archives, read_cut, read_files
from vaguemestre.inbound.read_identities import same_given_name, same_person
from vaguemestre.inbound.read_walk import Given, Walk

_UNREAD = "The format of the file is not known."
_OWN_FORMAT = frozenset({"fhir", "hl7v2", "hprim-medecin", "hprim-sante", "hprim-xml", "pdf", "text", "html"}) | {
    "rtf",
    "image",
    "calendar",
    "office",
    "encrypted",
    "unknown",
}
_CDA_LEVELS = frozenset({"cda-n1", "cda-n3"})
_SAID_ONCE = frozenset({"test-identity", "bad-ins-key"})
"""What metadata only repeat of the document that they describe."""
_PDF = Kind("pdf", 100)
_FAULTS = frozenset({"malformed", "too-large", "truncated", "unsupported", "unsafe-archive"})


def documents(given: Given, kind: Kind, walk: Walk) -> None:
    """Adds at least one document to the walk, unless its budget is spent. Foreseen or not, no fault of a reader passes, lack of memory
    excepted: the guard of the process sees to it."""
    if walk.full():
        return
    container = _CONTAINERS.get(kind.name)
    if container is None:
        for rank, document in enumerate(read_one(given, kind, walk)):
            place = walk.add(_described(document, given), given, kind.name)
            if place is not None and given.names:
                walk.named[place] = given.names[rank]
            if place is not None and kind.name == "pdf" and document.attachments:
                _guarded(lambda place=place: read_files.held_by_pdf(given, place, walk, read_one, documents), given, kind)  # type: ignore[misc]
        return
    passed_over = walk.watch.next()
    if passed_over is not None:
        walk.add(_described(_passed_over(given, kind, passed_over), given), given, kind.name)
        return
    failed = _guarded(lambda: container(given, walk), given, kind)
    if failed is not None:
        walk.add(_described(read_cut.named(failed, given, kind), given), given, kind.name)


def read_one(given: Given, kind: Kind, walk: Walk) -> tuple[Document, ...]:
    """At least one document, of content that holds no other; added to nothing."""
    passed_over = walk.watch.next()
    if passed_over is not None:
        return (_passed_over(given, kind, passed_over),)
    if kind.name == "pdf":
        known = walk.pages.get(given.sha256)
        if known is not None:
            return tuple(dataclasses.replace(document, path=given.path) for document in known)
    given.decoded = given.decoded or kind.decoded
    reader = _READERS.get(kind.name)
    if reader is None:
        return (unread(given, kind.name),)
    found: list[Document] = []
    failed = _guarded(lambda: found.extend(reader(given)), given, kind)
    read = (failed,) if failed is not None else tuple(found)
    if kind.name == "pdf":
        walk.pages[given.sha256] = read
    return read


def _guarded(act: Callable[[], None], given: Given, kind: Kind) -> Document | None:
    """What stands for a document whose reading failed, or None."""
    try:
        act()
    except Fault as fault:
        locked = encrypted.kind_of(fault.detail) is not None
        code = fault.code if fault.code in _FAULTS else "malformed"
        return _failed(given, "encrypted" if locked else _format_of(kind.name, given.data), Warning(code, fault.detail))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a reader's bug must cost one document, never the message
        return _failed(given, _format_of(kind.name, given.data), Warning("malformed", "The content could not be read."))
    return None


def _passed_over(given: Given, kind: Kind, why: str) -> Document:
    slow = why == "reader-too-slow"
    told = "Reading it takes too long." if slow else "Reading it stopped in the middle, twice."
    return _failed(given, _format_of(kind.name, b""), Warning("too-large" if slow else "malformed", told))


def _described(document: Document, given: Given) -> Document:
    """The document with what the archive says of it. Whom its metadata name is whom it is about where it names nobody in fields of its own,
    but only to be proposed: metadata are no fields of the document (formats.md 6.5). What its own words say against that is seen once all
    is read."""
    if not given.archived:
        return document
    codes = {w.code for w in document.warnings} & _SAID_ONCE
    warnings = (*document.warnings, *(w for w in given.told if w.code not in codes and w not in document.warnings))
    patient = document.patient
    # twins share all but their given names: what the words say of another one must be seen
    agree = patient is not None and same_person(patient, given.patient) and same_given_name(patient, given.patient)
    if document.understood and (patient is None or (not patient.from_fields and agree)):
        patient = dataclasses.replace(given.patient, from_fields=False) if given.patient is not None else patient
    return dataclasses.replace(document, warnings=warnings, metadata=given.metadata, patient=patient)


def unread(given: Given, kind: str) -> Document:
    """A document of a kind that is recognised and not read."""
    if not given.data:
        return _failed(given, "unknown", Warning("malformed", "The file is empty."))
    return _failed(given, _format_of(kind, given.data), Warning("unsupported", _UNREAD))


def _failed(given: Given, form: str, warning: Warning) -> Document:
    return Document(form, given.path, given.sha256, warnings=(warning,), size=len(given.data), understood=False)


def _format_of(kind: str, data: bytes) -> str:
    """The contract's format of a kind: a CDA's level by its body; what only holds others is "unknown"."""
    if kind == "cda":
        if b"nonXMLBody" in data:
            return "cda-n1"
        return "cda-n3" if b"structuredBody" in data else "unknown"
    return kind if kind in _OWN_FORMAT else "unknown"


def _xdm(given: Given, walk: Walk) -> None:
    """The files of an archive, each read under a key of its own."""
    from vaguemestre.formats import xdm

    if walk.boxed:
        walk.add(_described(_failed(given, "unknown", xdm.NESTED), given), given, "xdm")
        return
    archive = xdm.read(given.data)
    if not walk.affords(sum(len(entry.data) for entry in archive.entries)):
        walk.add(_failed(given, "unknown", read_archives.MUCH), given, "xdm")
        return
    walk.tell(archive.warnings)
    before = len(walk.pieces)
    walk.boxed = True
    try:
        for entry in archive.entries:
            inside = Given(
                entry.data,
                (*given.path, entry.name),
                told=entry.warnings,
                metadata=entry.metadata,
                patient=entry.patient,
                archived=True,
            )
            read_archives.hold(inside, read_archives.recognised(entry.data, entry.name, entry.media_type), walk, documents)
    finally:
        walk.boxed = False
    if len(walk.pieces) == before and not walk.full():
        walk.add(_failed(given, "unknown", Warning("malformed", "The archive holds no document.")), given, "xdm")


def _cda(given: Given, walk: Walk) -> None:
    """A CDA, then each PDF in it, read under a key of its own."""
    from vaguemestre.formats import cda

    found = cda.read(given.data)
    document = Document(
        found.level if found.level in _CDA_LEVELS else "unknown",
        given.path,
        given.sha256,
        type=found.type,
        title=found.title,
        date=found.date,
        id=found.id,
        set_id=found.set_id,
        version=found.version,
        replaces=found.replaces,
        confidentiality=found.confidentiality,
        patient=found.patient,
        author=found.author,
        recipients=found.recipients,
        results=found.results,
        text=found.text[: plain.MAX_TEXT],
        attachments=found.attachments,
        warnings=found.warnings,
        size=len(given.data),
        html=found.html[: plain.MAX_TEXT],
        understood=found.level in _CDA_LEVELS,
    )
    if document.format == "cda-n1" and not document.text:
        text, html, doubts = read_files.words_of_level_one(file.data for file in found.embedded)
        document = dataclasses.replace(
            document,
            text=text,
            html=document.html + html,
            warnings=(*(w for w in document.warnings if not text or w != cda.UNREAD_BODY), *doubts),
        )
    place = walk.add(_described(document, given), given, "cda")
    if place is None:
        return
    for file, told in zip(found.embedded, found.attachments, strict=True):
        if walk.full():
            return
        inside = Given(file.data, (*given.path, file.name), held=given.held)
        inside.sha256 = told.sha256
        if file.media_type == "application/pdf":
            for one in read_one(inside, _PDF, walk):
                walk.add(dataclasses.replace(one, rendering=file.rendering), None, "pdf", place)
                if one.attachments:
                    _guarded(lambda inside=inside: read_files.held_by_pdf(inside, place, walk, read_one, documents), inside, _PDF)  # type: ignore[misc]
        else:
            read_files.held_by_cda(inside, walk, documents)


def _fhir(given: Given, walk: Walk) -> None:
    from vaguemestre.inbound import read_fhir

    read_fhir.add(given, walk, {*_READERS, *_CONTAINERS}, _described)


def _winmail(given: Given, walk: Walk) -> None:
    read_files.winmail(given, walk, documents)


def _archive(given: Given, walk: Walk) -> None:
    read_archives.opened(given, walk, documents)


def _mbox(given: Given, walk: Walk) -> None:
    read_archives.mails(given, walk, documents)


def _mail(given: Given, walk: Walk) -> None:
    assert walk.open_mail is not None, "the walk of a file knows how mails are opened"
    walk.open_mail(given, walk)


def _signed(given: Given, walk: Walk) -> None:
    read_archives.signed(given, walk, documents)


def _hl7v2(given: Given, walk: Walk) -> None:
    from vaguemestre.inbound import read_hl7v2

    read_hl7v2.add(given, walk, documents)


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


def _hprim_sante(given: Given) -> tuple[Document, ...]:
    from vaguemestre.formats import hprim_sante

    records = hprim_sante.records(given.decoded) if given.decoded is not None else hprim_sante.read(given.data, given.charset)
    several = len(records) > 1
    given.names = tuple(tuple(dict.fromkeys(file.name for file in record.files if file.name)) for record in records)
    return tuple(
        Document(
            "hprim-sante",
            (*given.path, f"#{record.number}") if several else given.path,
            given.sha256,
            type=record.type,
            title=record.title,
            date=record.date,
            id=record.id,
            patient=record.patient,
            author=record.author,
            recipients=record.recipients,
            results=record.results,
            text=record.text[: plain.MAX_TEXT],
            warnings=record.warnings,
            size=len(given.data),
            understood=record.understood,
            html=record.html[: plain.MAX_TEXT],
        )
        for record in records
    )


def _hprim_xml(given: Given) -> tuple[Document, ...]:
    from vaguemestre.formats import hprim_xml

    found = hprim_xml.read(given.data)
    return (
        Document(
            "hprim-xml",
            given.path,
            given.sha256,
            title=found.title,
            date=found.date,
            id=found.id,
            patient=found.patient,
            author=found.author,
            recipients=(found.recipient,) if found.recipient else (),
            text=found.text[: plain.MAX_TEXT],
            warnings=found.warnings,
            size=len(given.data),
            html=found.html[: plain.MAX_TEXT],
        ),
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
    from vaguemestre.formats import html_clean, html_text

    text, html, warnings = html_text.shown(given.data, given.charset, html_clean.clean)
    size = len(given.data)
    return (Document("html", given.path, given.sha256, patient=identity(text), text=text, warnings=warnings, size=size, html=html),)


_READERS: dict[str, Callable[[Given], tuple[Document, ...]]] = {
    "hprim-medecin": _hprim_medecin,
    "hprim-sante": _hprim_sante,
    "hprim-xml": _hprim_xml,
    "pdf": _pdf,
    "text": _text,
    "html": _html,
    "rtf": read_files.rtf,
    "office": read_files.office,
    "calendar": read_files.calendar,
    "image": read_files.image,
    "encrypted": read_files.locked,
}
"""What is read into documents of its own bytes."""
_CONTAINERS: dict[str, Callable[[Given, Walk], None]] = {
    "xdm": _xdm,
    "cda": _cda,
    "fhir": _fhir,
    "hl7v2": _hl7v2,
    "tnef": _winmail,
    "archive": _archive,
    "mbox": _mbox,
    "email": _mail,
    "signed": _signed,
}
"""What holds other documents, which are added as they are read."""
