"""A Reading as JSON, twice: `public` is the contract's object (reading.schema.json), `pack` and `unpack` carry a whole Reading from
one process to another, with the fields that are ours alone.

The transport is made for speed, since a reading crosses a pipe for every message: lists in the order of the dataclasses' fields, a
document's results column by column (a column of absences is one null), and the documents' texts as they are behind the JSON. It is
not pickle: the process that reads hostile bytes must not be able to hand back anything but text, and each value's type is checked.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import operator
import struct
import types
import typing
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeVar

from vaguemestre.domain import units
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

T = TypeVar("T")

_HEAD = struct.Struct("!I")


def _fields(kind: type) -> Any:
    return attrgetter(*(f.name for f in dataclasses.fields(kind)))


def _carried(hint: Any) -> set[type]:
    """The JSON types in which a field of that type travels."""
    if isinstance(hint, types.UnionType):
        return set().union(*map(_carried, typing.get_args(hint)))
    if hint in (str, int, bool, types.NoneType):
        return {hint}
    return {dict} if typing.get_origin(hint) not in (None, tuple) else {list}


class _Shape(typing.Generic[T]):
    """One dataclass on its way: `row` gives an instance's fields, `make` takes them back, `check` refuses what no instance gave."""

    def __init__(self, kind: type[T]) -> None:
        hints = typing.get_type_hints(kind)
        self.names = tuple(f.name for f in dataclasses.fields(typing.cast(Any, kind)))
        self.row = _fields(kind)
        self.make = _maker(kind)
        self.kinds = tuple(frozenset(_carried(hints[name])) for name in self.names)

    def check(self, row: Any) -> list[Any]:
        """The row itself. Raises TypeError."""
        if type(row) is not list or len(row) != len(self.kinds) or not all(map(operator.contains, self.kinds, map(type, row))):
            raise TypeError
        return row

    def plain(self, row: Any) -> T:
        """An instance of a class whose fields are scalars. Raises TypeError."""
        return self.make(*self.check(row))

    def maybe(self, row: Any) -> T | None:
        """As `plain`, or None."""
        return None if row is None else self.make(*self.check(row))


def _maker(kind: type[T]) -> Callable[..., T]:
    """A constructor that takes every field by position. A frozen dataclass assigns each field by a call; this one fills a twin that is
    not frozen, of the same slots, then gives it its class: a fourth of the time, for 18 fields of each result of each message."""
    names = [f.name for f in dataclasses.fields(typing.cast(Any, kind))]
    twin = dataclasses.make_dataclass(kind.__name__, names, bases=kind.__bases__, slots=True, eq=False, repr=False)

    def make(*values: Any) -> T:
        made: Any = twin(*values)
        made.__class__ = kind
        return typing.cast(T, made)

    return make


_ALTERNATIVE = _Shape(Alternative)
_ATTACHMENT = _Shape(Attachment)
_CODED = _Shape(Coded)
_DOCUMENT = _Shape(Document)
_INS = _Shape(Ins)
_LOCAL_ID = _Shape(LocalId)
_MESSAGE = _Shape(MessageFacts)
_PARTY = _Shape(Party)
_RESULT = _Shape(Result)
_PATIENT = _Shape(StatedPatient)
_WARNING = _Shape(Warning)
_SHAPES: dict[type, _Shape[Any]] = {
    Alternative: _ALTERNATIVE,
    Attachment: _ATTACHMENT,
    Coded: _CODED,
    Ins: _INS,
    LocalId: _LOCAL_ID,
    MessageFacts: _MESSAGE,
    Party: _PARTY,
    StatedPatient: _PATIENT,
    Warning: _WARNING,
}
_RESULTS_AT, _TEXT_AT = _DOCUMENT.names.index("results"), _DOCUMENT.names.index("text")
_COUNTED = _RESULT.names.index("label")
"""The column that is always there in full: it tells how many results there are."""
_NONE = tuple(() if list in kinds and types.NoneType not in kinds else None for kinds in _RESULT.kinds)
"""What a column of absences holds."""


def _pack_value(value: Any) -> Any:
    shape = _SHAPES.get(type(value))
    if shape is None:
        raise TypeError(f"{type(value).__name__} has no place in a reading")
    return shape.row(value)


# A reading holds no circle: it is made of immutable values and of what was read from text.
_encode = json.JSONEncoder(default=_pack_value, separators=(",", ":"), check_circular=False).encode


def pack(reading: Reading) -> bytes:
    """The whole reading for `unpack`: the length of an ASCII JSON in 4 bytes, the JSON, then the documents' texts in UTF-8."""
    rows, texts = [], []
    for document in reading.documents:
        row = list(_DOCUMENT.row(document))
        row[_RESULTS_AT] = _columns(document.results)
        row[_TEXT_AT] = ""
        rows.append(row)
        texts.append(document.text.encode("utf-8", "surrogatepass"))
    whole = (reading.file, reading.kind, reading.message, rows, reading.warnings, reading.understood, [*map(len, texts)])
    head = _encode(whole).encode("ascii")
    return b"".join((_HEAD.pack(len(head)), head, *texts))


def _columns(results: tuple[Result, ...]) -> list[tuple[Any, ...] | None]:
    columns = zip(*map(_RESULT.row, results), strict=True)
    count = len(results)
    return [
        None if c.count(absent) == count and place != _COUNTED else c for place, (c, absent) in enumerate(zip(columns, _NONE, strict=False))
    ]


def _texts(values: list[Any]) -> tuple[str, ...]:
    if not {str}.issuperset(map(type, values)):
        raise TypeError
    return tuple(values)


def _each(take: Callable[[Any], T], values: list[Any]) -> tuple[T, ...]:
    return tuple(map(take, values))


def _warnings(values: Any) -> tuple[Warning, ...]:
    if type(values) is not list:
        raise TypeError
    return _each(_WARNING.plain, values)


def _party(v: Any) -> Party:
    name, id_, organization, organization_id, specialty = _PARTY.check(v)
    return Party(name, id_, organization, organization_id, _CODED.maybe(specialty))


def _patient(v: Any) -> StatedPatient | None:
    if v is None:
        return None
    ins, nir, birth, used, unqualified, given, first, date, sex, place, ids, from_fields, guessed = _PATIENT.check(v)
    return StatedPatient(
        ins=_INS.maybe(ins),
        nir=nir,
        birth_name=birth,
        used_name=used,
        names_unqualified=_texts(unqualified),
        given_names=_texts(given),
        first_given_name=first,
        birth_date=date,
        sex=sex,
        birth_place_code=place,
        local_ids=_each(_LOCAL_ID.plain, ids),
        from_fields=from_fields,
        names_guessed=guessed,
    )


_NESTED: dict[str, Callable[[Any], Any]] = {
    "code": _CODED.maybe,
    "alternative": _ALTERNATIVE.maybe,
    "group": _texts,
    "translations": lambda v: _each(_CODED.plain, v),
}
_TAKEN = tuple(_NESTED.get(name) for name in _RESULT.names)


def _results(columns: list[Any]) -> tuple[Result, ...]:
    if not columns:
        return ()
    count = len(columns[_COUNTED])
    if len(columns) != len(_RESULT.kinds):
        raise TypeError
    return tuple(map(_RESULT.make, *map(_column, columns, _RESULT.kinds, _TAKEN, _NONE, itertools.repeat(count))))


def _column(column: Any, kinds: frozenset[type], take: Callable[[Any], Any] | None, absent: Any, count: int) -> Iterable[Any]:
    if column is None:
        return itertools.repeat(absent)
    if type(column) is not list or len(column) != count or not kinds.issuperset(map(type, column)):
        raise TypeError
    return column if take is None else map(take, column)


def _document(v: Any, text: str) -> Document:
    named = dict(zip(_DOCUMENT.names, _DOCUMENT.check(v), strict=True))
    named["path"] = _texts(named["path"])
    named["type"] = _CODED.maybe(named["type"])
    named["confidentiality"] = _texts(named["confidentiality"])
    named["patient"] = _patient(named["patient"])
    named["author"] = None if named["author"] is None else _party(named["author"])
    named["recipients"] = _each(_party, named["recipients"])
    named["results"] = _results(named["results"])
    named["text"] = text
    named["attachments"] = _each(_ATTACHMENT.plain, named["attachments"])
    named["warnings"] = _warnings(named["warnings"])
    return _DOCUMENT.make(*named.values())


def _message(v: Any) -> MessageFacts | None:
    if v is None:
        return None
    message_id, from_, to, subject, date, headers, text, report, reported = _MESSAGE.check(v)
    return MessageFacts(message_id, from_, _texts(to), subject, date, headers, text, report, reported)


def unpack(packed: bytes) -> Reading:
    """The reading that `pack` was given. Raises `Unreadable` for anything else."""
    try:
        end = _HEAD.size + _HEAD.unpack_from(packed)[0]
        file, kind, message, rows, warnings, understood, sizes = json.loads(packed[_HEAD.size : end].decode("ascii"))
        if (type(file), type(kind), type(understood), type(rows), type(sizes)) != (str, str, bool, list, list):
            raise TypeError
        documents = []
        for row, size in zip(rows, sizes, strict=True):
            if type(size) is not int or not 0 <= size <= len(packed) - end:
                raise ValueError
            documents.append(_document(row, packed[end : end + size].decode("utf-8", "surrogatepass")))
            end += size
        if end != len(packed):
            raise ValueError
        return Reading(file, kind, _message(message), tuple(documents), _warnings(warnings), understood)
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError, struct.error):
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
    """One result of the contract as it was read: without `ucum`, which our tables tell of its unit and may tell anew."""
    shown: Json = dict(zip(_RESULT.names, _RESULT.row(result), strict=True))
    shown["code"] = _public_coded(result.code)
    if result.alternative is not None:
        shown["alternative"] = dict(zip(_ALTERNATIVE.names, _ALTERNATIVE.row(result.alternative), strict=True))
    shown["group"] = list(result.group)
    shown["translations"] = [_public_coded(c) for c in result.translations]
    return shown


def _public_ucum(unit: str | None) -> str | None:
    known = units.read(unit) if unit is not None else None
    return known.code if known is not None else None


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
        "results": [public_result(r) | {"ucum": _public_ucum(r.unit)} for r in document.results],
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
