"""HPRIM Santé 2.x: messages of results, admissions, requests and payments (formats.md 1.2; H.PR.I.M. Santé 2.0 to 2.4, after ASTM E1238).

A message goes from H to L; each P in it begins a record, the results of another patient perhaps. Results (ORU) are read as data; every
other message is shown field by field, with the standard's own words. A file with several patients is no HPRIM Médecin file whose records
are closed each by its own mark: nothing of it is filed by itself (formats.md 6.5).

Not read: addresses, phones, prices, insurance, the prescriber and the validator, which have no place in the contract; they stay in the
original. A file that an OBX of type FIC names is told, not looked for.
"""

from __future__ import annotations

import dataclasses

from vaguemestre.domain.reading import Coded, Party, Result, StatedPatient, Warning
from vaguemestre.formats import hprim_sante_shown
from vaguemestre.formats.charset import Decoded, decode
from vaguemestre.formats.hprim_sante_patient import parties, party, stated
from vaguemestre.formats.hprim_sante_results import FileName, Observations
from vaguemestre.formats.hprim_sante_segments import Message, Segment, messages
from vaguemestre.formats.hprim_sante_values import moment

MAX_RECORDS = 200
RESULTS = "ORU"
_TITLES = {
    "ADM": "Admission",
    "ORM": "Demande d'examens",
    "REG": "Règlement",
    "FAC": "Facturation",
    "ERR": "Compte rendu d'erreurs",
    "ACK": "Accusé de réception",
}
"""H.6, in the words of the standard."""
_OF_NOBODY = frozenset({"ERR", "ACK"})
"""Messages that need not tell of a patient."""
_TOLD = frozenset({"P", "OBR", "OBX", "C"})
"""What makes a record even below the end mark."""
_TESTS = frozenset({"T", "D"})
"""H.11: test, debugging."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One patient's part of a message. `number` counts from 1; `kind` is H.6 (`ORU`), `type` the same where it is no report of results;
    `id` is the laboratory's number of the request where there is one; `date` that of the message; `files` those that it names;
    `understood`, False in a file that names nobody."""

    number: int
    kind: str
    type: Coded | None
    patient: StatedPatient | None
    title: str | None
    date: str | None
    id: str | None
    author: Party | None
    recipients: tuple[Party, ...]
    results: tuple[Result, ...]
    text: str
    html: str
    files: tuple[FileName, ...]
    warnings: tuple[Warning, ...]
    understood: bool

    def __repr__(self) -> str:
        return f"Record(number={self.number}, kind={self.kind!r}, results={len(self.results)})"


@dataclasses.dataclass(slots=True, repr=False)
class _Part:
    """The segments of one record; `head` is the P, None where none is there; `closed` whether L ends it."""

    header: Segment
    head: Segment | None
    body: list[Segment]
    warnings: list[Warning]
    certain: bool = True


def read(data: bytes, charset: str | None = None) -> tuple[Record, ...]:
    """The records of a file, in order, at least one. Raises `Unreadable`."""
    return records(decode(data, charset))


def records(decoded: Decoded) -> tuple[Record, ...]:
    """As `read`, from text already decoded."""
    found, more = messages(decoded.text)
    common: list[Warning] = []
    if more:
        common.append(Warning("too-large", "The file has too many lines or segments: the rest was not read."))
    if decoded.guessed:
        common.append(Warning("encoding-guessed", f"The file does not tell its encoding: read as {decoded.encoding}."))
    if decoded.unknown:
        common.append(Warning("unknown-charset", "The declared character set is not known."))
    parts = [part for message in found for part in _parts(message)]
    if len(parts) > MAX_RECORDS:
        del parts[MAX_RECORDS:]
        common.append(Warning("too-large", f"The file holds more than {MAX_RECORDS} records: the rest was not read."))
    read_parts = [_record(n, part, decoded.guessed, common) for n, part in enumerate(parts, 1)]
    if any(one.patient is not None for one in read_parts):
        # results of nobody are shown, and a file of which some name their patient is a document
        read_parts = [dataclasses.replace(one, understood=True) for one in read_parts]
    if len(read_parts) > 1 and (len({_identity(one.patient) for one in read_parts}) > 1 or not all(part.certain for part in parts)):
        several = Warning("several-patients", "The file holds records of several patients.")
        read_parts = [dataclasses.replace(one, warnings=(*one.warnings, several)) for one in read_parts]
    return tuple(read_parts)


def _identity(patient: StatedPatient | None) -> StatedPatient | None:
    """What tells one person from another, the sender's code included."""
    return None if patient is None else dataclasses.replace(patient, names_guessed=False)


def _parts(message: Message) -> list[_Part]:
    """The records of a message. What follows L without a header is a record of its own: nobody's, unless it begins with P."""
    header = message.segments[0]
    warnings: list[Warning] = []
    if not message.ended:
        warnings.append(Warning("missing-end-mark", "No end segment closes the message: its end may be lacking."))
    if message.stray or message.after:
        warnings.append(Warning("malformed", "Text after the end segment belongs to no message."))
    if header.text(11).upper() in _TESTS:
        warnings.append(Warning("test-identity", "The message is marked as a test."))
    if message.suspect:
        warnings.append(Warning("several-patients", "A broken or unknown segment of the message may begin another patient."))
    if message.long:
        warnings.append(Warning("too-large", "A field of the message is too long: the rest of it was not read."))
    if any(segment.broken for segment in message.segments):
        warnings.append(Warning("malformed", "Lines of the message begin no segment: they were added to the one above."))
    parts = _cut(header, message.segments[1:], warnings, True)
    parts += _cut(header, [one for one in message.after if one.name in _TOLD], warnings, False)
    parts = _without_empty(parts) or [_Part(header, None, [], warnings)]
    patients = sum(part.head is not None for part in parts)
    if message.count is not None and message.count > patients:
        warnings.append(Warning("truncated", "The message announces more patients than it holds."))
    return parts


def _cut(header: Segment, segments: list[Segment], warnings: list[Warning], certain: bool) -> list[_Part]:
    """One record for each P, and one without for what stands above the first."""
    parts: list[_Part] = []
    for segment in segments:
        if segment.name == "P":
            parts.append(_Part(header, segment, [], warnings, certain))
        elif parts:
            parts[-1].body.append(segment)
        else:
            parts.append(_Part(header, None, [segment], warnings, certain))
    return parts


def _without_empty(parts: list[_Part]) -> list[_Part]:
    """Without the comments that stand above the first P, which go to its record."""
    if len(parts) > 1 and parts[0].head is None and all(one.name == "C" for one in parts[0].body):
        parts[1].body[:0] = parts[0].body
        return parts[1:]
    return parts


def _record(number: int, part: _Part, guessed: bool, common: list[Warning]) -> Record:
    header = part.header
    warnings = [*common, *part.warnings]
    kind = header.first(6)[0].upper()[:20]
    patient = None
    if part.head is not None:
        patient = stated(part.head, guessed, warnings)
        if part.head.broken:
            # what the rest of a broken line said of the patient is not known
            warnings.append(Warning("truncated", "The patient's segment is broken."))
    elif kind not in _OF_NOBODY:
        warnings.append(Warning("malformed", "The record has no patient segment: it tells of no patient."))
    made = header.first(13)[0]
    date = moment(made)
    if made and date is None:
        warnings.append(Warning("malformed", "The time of the message is not a possible date."))
    observations = Observations(sum(segment.name == "OBR" for segment in part.body) > 1)
    is_results = kind == RESULTS or kind not in _TITLES
    if is_results:
        _observe(part.body, observations)
        results, text = observations.end()
        html = ""
    else:
        results = ()
        text, html, more = hprim_sante_shown.shown([part.head, *part.body] if part.head else part.body)
        if more:
            warnings.append(Warning("too-large", "The message has too many fields: the rest is not shown."))
    warnings += observations.warnings()
    recipients = [one for one in (party(header, 9), *(p for s in part.body if s.name == "OBR" for p in parties(s, 28)[:20])) if one]
    return Record(
        number,
        kind,
        Coded(kind, None, _TITLES[kind]) if kind in _TITLES else None,
        patient,
        _TITLES.get(kind) or (observations.requested[0] if len(observations.requested) == 1 else None),
        date,
        observations.numbers[0] if len(observations.numbers) == 1 else None,
        party(header, 4),
        tuple(dict.fromkeys(recipients))[:50],
        results,
        text,
        html,
        tuple(observations.files),
        tuple(dict.fromkeys(warnings)),
        part.head is not None or kind in _OF_NOBODY,
    )


def _observe(body: list[Segment], observations: Observations) -> None:
    for place, segment in enumerate(body):
        if segment.name == "OBR":
            observations.obr(segment)
        elif segment.name == "OBX":
            following = body[place + 1] if place + 1 < len(body) else None
            observations.obx(segment, following if following is not None and following.name == "OBX" else None)
        elif segment.name == "C":
            observations.comment(segment)
