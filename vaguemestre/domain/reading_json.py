"""A Reading as JSON, twice: `public` is the contract's object (reading.schema.json), `pack` and `unpack` carry a whole Reading from
one process to another, with the fields that are ours alone.

The transport is lists in the order of the dataclasses' fields, since a reading crosses a pipe for every message. It is JSON and
not pickle: the process that reads hostile bytes must not be able to hand back anything but text.
"""

from __future__ import annotations

import dataclasses
import json
from operator import attrgetter
from typing import Any

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import (
    Alternative,
    Attachment,
    Coded,
    Document,
    Ins,
    Json,
    LocalId,
    MessageFacts,
    Party,
    Reading,
    Result,
    StatedPatient,
    Warning,
)


def _fields(kind: type) -> Any:
    return attrgetter(*(f.name for f in dataclasses.fields(kind)))


_ALTERNATIVE = _fields(Alternative)
_ATTACHMENT = _fields(Attachment)
_CODED = _fields(Coded)
_DOCUMENT = _fields(Document)
_INS = _fields(Ins)
_LOCAL_ID = _fields(LocalId)
_MESSAGE = _fields(MessageFacts)
_PARTY = _fields(Party)
_READING = _fields(Reading)
_RESULT = _fields(Result)
_PATIENT = _fields(StatedPatient)
_WARNING = _fields(Warning)
_PACKERS = {
    Alternative: _ALTERNATIVE,
    Attachment: _ATTACHMENT,
    Coded: _CODED,
    Document: _DOCUMENT,
    Ins: _INS,
    LocalId: _LOCAL_ID,
    MessageFacts: _MESSAGE,
    Party: _PARTY,
    Result: _RESULT,
    StatedPatient: _PATIENT,
    Warning: _WARNING,
}
_RESULT_NAMES = tuple(f.name for f in dataclasses.fields(Result))
_WARNING_NAMES = ("code", "detail")


def _pack_value(value: Any) -> Any:
    packer = _PACKERS.get(type(value))
    if packer is None:
        raise TypeError(f"{type(value).__name__} has no place in a reading")
    return packer(value)


def pack(reading: Reading) -> bytes:
    """The whole reading as ASCII JSON, for `unpack`."""
    return json.dumps(_READING(reading), default=_pack_value, separators=(",", ":")).encode("ascii")


def _coded(v: Any) -> Coded | None:
    return None if v is None else Coded(*v)


def _party(v: Any) -> Party | None:
    return None if v is None else Party(v[0], v[1], v[2], v[3], _coded(v[4]))


def _warnings(v: Any) -> tuple[Warning, ...]:
    return tuple(Warning(*w) for w in v)


def _patient(v: Any) -> StatedPatient | None:
    if v is None:
        return None
    ins, nir, birth, used, unqualified, given, first, date, sex, place, ids, from_fields, guessed = v
    return StatedPatient(
        ins=None if ins is None else Ins(*ins),
        nir=nir,
        birth_name=birth,
        used_name=used,
        names_unqualified=tuple(unqualified),
        given_names=tuple(given),
        first_given_name=first,
        birth_date=date,
        sex=sex,
        birth_place_code=place,
        local_ids=tuple(LocalId(*i) for i in ids),
        from_fields=from_fields,
        names_guessed=guessed,
    )


def _result(v: list[Any]) -> Result:
    if v[2] is not None:
        v[2] = Coded(*v[2])
    if v[13] is not None:
        v[13] = Alternative(*v[13])
    v[14] = tuple(v[14])
    v[17] = tuple(Coded(*c) for c in v[17])
    return Result(*v)


def _document(v: Any) -> Document:
    named = dict(zip((f.name for f in dataclasses.fields(Document)), v, strict=True))
    named["path"] = tuple(named["path"])
    named["type"] = _coded(named["type"])
    named["confidentiality"] = tuple(named["confidentiality"])
    named["patient"] = _patient(named["patient"])
    named["author"] = _party(named["author"])
    named["recipients"] = tuple(p for p in map(_party, named["recipients"]) if p is not None)
    named["results"] = tuple(map(_result, named["results"]))
    named["attachments"] = tuple(Attachment(*a) for a in named["attachments"])
    named["warnings"] = _warnings(named["warnings"])
    return Document(**named)


def _message(v: Any) -> MessageFacts | None:
    if v is None:
        return None
    facts = MessageFacts(*v)
    return dataclasses.replace(facts, to=tuple(facts.to))


def unpack(packed: bytes) -> Reading:
    """The reading that `pack` was given. Raises `Unreadable` for anything else."""
    try:
        file, kind, message, documents, warnings, understood = json.loads(packed)
        return Reading(file, kind, _message(message), tuple(map(_document, documents)), _warnings(warnings), understood)
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError):
        raise Unreadable("The packed reading is not one of ours.") from None


def _public_coded(coded: Coded | None) -> Json | None:
    return None if coded is None else {"code": coded.code, "system": coded.system, "label": coded.label}


def _public_warning(warning: Warning) -> Json:
    return {"code": warning.code, "detail": warning.detail}


def public_party(party: Party | None) -> Json | None:
    """One author or recipient of the contract."""
    if party is None:
        return None
    return {
        "name": party.name,
        "id": party.id,
        "organization": party.organization,
        "organization_id": party.organization_id,
        "specialty": _public_coded(party.specialty),
    }


def public_patient(patient: StatedPatient | None) -> Json | None:
    """The patient of the contract, without what is ours."""
    if patient is None:
        return None
    return {
        "ins": None if patient.ins is None else {"value": patient.ins.value, "oid": patient.ins.oid},
        "nir": patient.nir,
        "birth_name": patient.birth_name,
        "used_name": patient.used_name,
        "names_unqualified": list(patient.names_unqualified),
        "given_names": list(patient.given_names),
        "first_given_name": patient.first_given_name,
        "birth_date": patient.birth_date,
        "sex": patient.sex,
        "birth_place_code": patient.birth_place_code,
        "local_ids": [{"value": i.value, "oid": i.oid} for i in patient.local_ids],
    }


def public_result(result: Result) -> Json:
    """One result of the contract."""
    shown: Json = dict(zip(_RESULT_NAMES, _RESULT(result), strict=True))
    shown["code"] = _public_coded(result.code)
    if result.alternative is not None:
        shown["alternative"] = dict(zip(("number", "unit", "low", "high"), _ALTERNATIVE(result.alternative), strict=True))
    shown["group"] = list(result.group)
    shown["translations"] = [_public_coded(c) for c in result.translations]
    return shown


def public_document(document: Document) -> Json:
    """One document of the contract."""
    shown: Json = {
        "format": document.format,
        "path": list(document.path),
        "type": _public_coded(document.type),
        "title": document.title,
        "date": document.date,
        "id": document.id,
        "set_id": document.set_id,
        "version": document.version,
        "replaces": document.replaces,
        "confidentiality": list(document.confidentiality),
        "patient": public_patient(document.patient),
        "author": public_party(document.author),
        "recipients": [public_party(r) for r in document.recipients],
        "results": [public_result(r) for r in document.results],
        "text": document.text,
        "attachments": [{"name": a.name, "media_type": a.media_type, "size": a.size, "sha256": a.sha256} for a in document.attachments],
        "sha256": document.sha256,
        "duplicate_of": document.duplicate_of,
        "warnings": [_public_warning(w) for w in document.warnings],
    }
    if document.metadata is not None:
        shown["metadata"] = dict(document.metadata)
    return shown


def _public_message(facts: MessageFacts | None) -> Json | None:
    if facts is None:
        return None
    return {
        "message_id": facts.message_id,
        "from": facts.from_,
        "to": list(facts.to),
        "subject": facts.subject,
        "date": facts.date,
        "headers": dict(facts.headers or {}),
        "text": facts.text,
        "report": None if facts.report is None else dict(facts.report),
    }


def public(reading: Reading) -> Json:
    """The object of reading.schema.json."""
    return {
        "file": reading.file,
        "kind": reading.kind,
        "message": _public_message(reading.message),
        "documents": [public_document(d) for d in reading.documents],
        "warnings": [_public_warning(w) for w in reading.warnings],
    }
