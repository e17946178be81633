"""HL7 v2 messages of results (ORU, OUL) and of documents (MDM): each message, each patient in it, is one record (formats.md 4.1).

ANS, "Transmission de documents CDA en HL7 v2"; HL7 v2.5, chapters 3, 7 and 9. A replacement and a withdrawal are told by the trigger event
(T04, T10, T11), by ORC-1 and by OBX-11 of the document; any of them is enough. A replacement that does not name what it replaces, and a
withdrawal, wait for a person. Other messages (admissions, acknowledgements) are shown field by field (`hl7v2_shown`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Sequence

from vaguemestre.domain.reading import Attachment, Coded, Party, Result, StatedPatient, Warning
from vaguemestre.formats import hl7v2_people, hl7v2_results, hl7v2_shown
from vaguemestre.formats.cda_values import moment
from vaguemestre.formats.hl7v2_results import Found, Packed, coded, first, name_of
from vaguemestre.formats.hl7v2_syntax import Message, Segment, Value, messages
from vaguemestre.formats.media_types import media_type
from vaguemestre.formats.plain import MAX_TEXT
from vaguemestre.formats.recognise import recognise

MAX_RECORDS = 200
_REPLACING_EVENTS = frozenset({"T09", "T10"})
_WITHDRAWING_EVENTS = frozenset({"T03", "T04", "T11"})
"""T04 deletes in the French profile; elsewhere it changes a status: in doubt a person looks."""
_REPLACING_ORDERS = frozenset({"RO", "RP", "RU", "RQ"})
_WITHDRAWING_ORDERS = frozenset({"CA", "OC", "CR", "DC", "DR", "OD"})
_STATUSES = {"CA": "Deleted", "OB": "Deprecated", "UN": "Unavailable"}
"""TXA-19 (table 0273) of a document that stands no longer, by the words of XDS."""
_DELETED = "Deleted"
_EXTENSIONS = {
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "application/rtf": ".rtf",
    "application/zip": ".zip",
    "text/html": ".html",
    "text/plain": ".txt",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/tiff": ".tif",
}
_BARE_OID = re.compile(r"[0-2](?:\.[0-9A-Za-z-]{1,64}){3,30}", re.ASCII)
_SEVERAL = Warning("several-patients", "The file tells of several patients.")
_MERGED = Warning("several-patients", "The message says that the record of the patient took in another one (MRG).")
_UNOPENED = Warning("unsupported", "A file in a message that is no report is not opened: the message can be downloaded.")
_FIELDS = Warning("too-large", f"The message has more than {hl7v2_shown.MAX_ROWS} fields: the rest is not shown.")
_NOTHING = Warning("malformed", "The message holds neither a result nor a document.")
_LONG = Warning("too-large", f"The text is longer than {MAX_TEXT} characters: the rest is not shown.")
_TOO_MANY = Warning("too-large", f"The file tells of more than {MAX_RECORDS} patients or messages: the rest is not read.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Embedded:
    """A file in a message, to be read by its own reader. `rendering`: its pages are the whole document."""

    name: str
    media_type: str
    data: bytes
    rendering: bool = False


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One message about one patient. `number`: its rank in the file, from 1; `availability`: what it is worth by its sender, "" where
    nothing is said against it; `replacing`: it takes the place of an earlier one, which `replaces` may name. Others as in
    `domain.reading`."""

    number: int
    type: Coded | None
    title: str | None
    date: str | None
    id: str | None
    replaces: str | None
    replacing: bool
    availability: str
    confidentiality: tuple[str, ...]
    patient: StatedPatient | None
    author: Party | None
    recipients: tuple[Party, ...]
    results: tuple[Result, ...]
    text: str
    html: str
    embedded: tuple[Embedded, ...]
    attachments: tuple[Attachment, ...]
    warnings: tuple[Warning, ...]
    understood: bool

    def __repr__(self) -> str:
        return f"<Record {self.number}, {len(self.results)} results, {len(self.embedded)} files, {[w.code for w in self.warnings]!r}>"


def read(data: bytes, charset: str | None = None) -> tuple[Record, ...]:
    """At least one record. Raises Unreadable and TooLarge, and nothing else."""
    found, around = messages(data, charset)
    parted = [(message, segments) for message in found for segments in _patients(message)]
    if len(parted) > MAX_RECORDS:
        parted, around = parted[:MAX_RECORDS], (*around, _TOO_MANY)
    records = [_record(number, message, segments, around) for number, (message, segments) in enumerate(parted, 1)]
    if _several(records):
        records = [dataclasses.replace(one, warnings=tuple(dict.fromkeys((*one.warnings, _SEVERAL)))) for one in records]
    return tuple(records)


def _patients(message: Message) -> list[tuple[Segment, ...]]:
    """The segments of each patient of a message, its MSH and what stands before the first PID with each."""
    places = [place for place, segment in enumerate(message.segments) if segment.name == "PID"]
    if len(places) < 2:
        return [message.segments]
    head = message.segments[: places[0]]
    ends = [*places[1:], len(message.segments)]
    return [(*head, *message.segments[start:end]) for start, end in zip(places, ends, strict=True)]


def _several(records: Sequence[Record]) -> bool:
    """Whether the records tell of more than one patient, as written: a slip in one of two is a doubt too."""
    told = {
        (one.ins, one.birth_name, one.used_name, one.names_unqualified, one.given_names, one.birth_date, one.sex)
        for one in (record.patient for record in records)
        if one is not None
    }
    return len(told) > 1


def _record(number: int, message: Message, segments: Sequence[Segment], around: Iterable[Warning]) -> Record:
    header = message.header
    warnings = dict.fromkeys((*message.warnings, *around))
    patient, wrong = hl7v2_people.patient(next((one for one in segments if one.name == "PID"), None), message.guessed)
    warnings |= dict.fromkeys(wrong)
    kind, event = header.get(9).upper(), header.get(9, 2).upper()
    names = {one.name for one in segments}
    if "MRG" in names:
        warnings[_MERGED] = None
    read_here = kind in {"ORU", "OUL", "MDM"} or (not kind and not names.isdisjoint({"OBX", "TXA"}))
    txa = next((one for one in segments if one.name == "TXA"), None)
    obrs = [one for one in segments if one.name == "OBR"]
    found = hl7v2_results.read(segments, documents=kind == "MDM" or txa is not None) if read_here else Found()
    embedded, words = _files(found)
    other = None if read_here else hl7v2_shown.shown(segments)
    text = "\n\n".join((*found.words, *words)) if other is None else other.text
    if len(text) > MAX_TEXT:
        warnings[_LONG] = None
    warnings |= found.warnings
    if other is not None:
        warnings |= dict.fromkeys(one for one, applies in ((_FIELDS, other.more), (_UNOPENED, other.packed)) if applies)
    elif not found.results and not text and not embedded and event not in _WITHDRAWING_EVENTS and not found.warnings:
        warnings[_NOTHING] = None
    type_ = _type(txa, obrs, found.files) if other is None else Coded(kind, None, other.kind)
    return Record(
        number=number,
        type=type_,
        title=other.title if other is not None else (type_.label if type_ is not None else None) or _title(obrs),
        date=_date(txa, obrs, header),
        id=_id(segments, txa, obrs) if read_here else None,
        replaces=_entity(first(txa, 13)) if txa is not None else None,
        replacing=read_here and _says(segments, found.files, event, _REPLACING_EVENTS, _REPLACING_ORDERS, {"C"}),
        availability=_availability(segments, found.files, event, txa) if read_here else "",
        confidentiality=tuple(found.masks) + _restricted(txa),
        patient=patient,
        author=hl7v2_people.author(segments, header),
        recipients=hl7v2_people.recipients(segments),
        results=tuple(found.results),
        text=text[:MAX_TEXT],
        html=other.html if other is not None and len(other.html) <= MAX_TEXT else "",
        embedded=embedded,
        attachments=tuple(Attachment(one.name, one.media_type, len(one.data), hashlib.sha256(one.data).hexdigest()) for one in embedded),
        warnings=tuple(warnings),
        understood=_NOTHING not in warnings,
    )


def _files(found: Found) -> tuple[tuple[Embedded, ...], list[str]]:
    """(the files, the texts among them). Pages that stand alone are the whole document as pages."""
    files: list[Embedded] = []
    words: list[str] = []
    for one in found.files:
        told = media_type(one.data)
        if told == "text/plain" and recognise(one.data).name == "text":
            text = one.data.decode("utf-8", "replace").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").strip()
            words.append("\n".join(filter(None, (one.label, text))))
            continue
        files.append(Embedded(f"OBX-{one.rank}{_EXTENSIONS.get(told, '.bin')}", told, one.data))
    if len(files) == 1 and files[0].media_type == "application/pdf":
        files = [dataclasses.replace(files[0], rendering=True)]
    return tuple(files), words


def _type(txa: Segment | None, obrs: Sequence[Segment], files: Sequence[Packed]) -> Coded | None:
    """The kind of document (TXA-2), named by the OBX or OBR that bears the same code; without TXA, that of its one file."""
    told, _ = coded(first(txa, 2)) if txa is not None else (None, ())
    others = [one for one in (*(file.kind for file in files), *(coded(first(obr, 4))[0] for obr in obrs)) if one is not None]
    if told is None:
        kinds = dict.fromkeys(file.kind for file in files if file.kind is not None and file.kind.system is not None)
        return next(iter(kinds)) if len(kinds) == 1 else None
    same = next((one for one in others if one.code == told.code and one.label), None)
    if same is None:
        return told
    return Coded(told.code, told.system or same.system, told.label or same.label)


def _title(obrs: Sequence[Segment]) -> str | None:
    """What was asked for, where that is one thing."""
    names = dict.fromkeys(name for obr in obrs if (name := name_of(first(obr, 4))))
    return next(iter(names)) if len(names) == 1 else None


def _date(txa: Segment | None, obrs: Sequence[Segment], header: Segment) -> str | None:
    """When the document was written (TXA-6, TXA-4) or the results given (OBR-22, the latest); else when the message was (MSH-7)."""
    told = [moment(txa.get(number)) for number in (6, 4)] if txa is not None else []
    given = [date for obr in obrs if (date := moment(obr.get(22)))]
    return next(filter(None, (*told, max(given, default=None), moment(header.get(7)))), None)


def _entity(value: Value | None) -> str | None:
    """An EI, identifier^namespace^OID: an identifier that is an OID is a name by itself, as a CDA bears it."""
    if value is None:
        return None
    identifier, space, oid = value.part(1)[:200], value.part(2)[:200], value.part(3)[:200]
    if not identifier or _BARE_OID.fullmatch(identifier):
        return identifier or None
    return f"{oid or space}^{identifier}" if oid or space else identifier


def _id(segments: Iterable[Segment], txa: Segment | None, obrs: Iterable[Segment]) -> str | None:
    """The document's own number (TXA-12), else the laboratory's for the order (OBR-3, ORC-3), where it is one."""
    if txa is not None and (told := _entity(first(txa, 12))):
        return told
    orcs = [one for one in segments if one.name == "ORC"]
    names = dict.fromkeys(name for one in (*obrs, *orcs) if (name := _entity(first(one, 3))))
    return next(iter(names)) if len(names) == 1 else None


def _says(
    segments: Iterable[Segment], files: Iterable[Packed], event: str, events: frozenset[str], orders: frozenset[str], statuses: set[str]
) -> bool:
    """Whether the trigger event, an order or the status of a file says it."""
    asked = any(one.name == "ORC" and one.get(1).upper() in orders for one in segments)
    return event in events or asked or any(one.status in statuses for one in files)


def _availability(segments: Iterable[Segment], files: Iterable[Packed], event: str, txa: Segment | None) -> str:
    if _says(segments, files, event, _WITHDRAWING_EVENTS, _WITHDRAWING_ORDERS, {"D", "W", "X"}):
        return _DELETED
    return _STATUSES.get(txa.get(19).upper(), "") if txa is not None else ""


def _restricted(txa: Segment | None) -> tuple[str, ...]:
    """TXA-18 (table 0272): R and V are restricted; usual control is not said."""
    told = txa.get(18).upper() if txa is not None else ""
    return (told,) if told in {"R", "V"} else ()
