"""Our synthetic files and what must be read in them. Every expectation was written by hand, with the file and before the reader.

`CASES` maps a name to a `Case`. An expectation says what is there; every fact it does not name must be null, [] or "".
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

Json = dict[str, Any]

_EMPTY_DOCUMENT: Json = {
    "type": None,
    "title": None,
    "date": None,
    "id": None,
    "set_id": None,
    "version": None,
    "replaces": None,
    "confidentiality": [],
    "patient": None,
    "author": None,
    "recipients": [],
    "results": [],
    "text": "",
    "attachments": [],
    "duplicate_of": None,
    "warnings": [],
}
_EMPTY_PATIENT: Json = {
    "ins": None,
    "nir": None,
    "birth_name": None,
    "used_name": None,
    "names_unqualified": [],
    "given_names": [],
    "first_given_name": None,
    "birth_date": None,
    "sex": None,
    "birth_place_code": None,
    "local_ids": [],
}
_EMPTY_RESULT: Json = {
    "chapter": None,
    "label": None,
    "code": None,
    "value": None,
    "comparator": None,
    "number": None,
    "unit": None,
    "low": None,
    "high": None,
    "flag": None,
    "status": None,
    "date": None,
    "comment": None,
    "alternative": None,
    "group": [],
    "specimen": None,
    "method": None,
    "translations": [],
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A file, what `read --json` says of it, and whether it is understood (exit 0)."""

    file: str
    data: bytes
    expected: Json
    understood: bool = True


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def patient(**facts: Any) -> Json:
    return _EMPTY_PATIENT | facts


def local(value: str) -> list[Json]:
    return [{"value": value, "oid": None}]


def party(name: str | None, identifier: str | None) -> Json:
    return {"name": name, "id": identifier, "organization": None, "organization_id": None, "specialty": None}


def result(label: str | None, code: str | None, value: str | None, **facts: Any) -> Json:
    coded = None if code is None else {"code": code, "system": None, "label": None}
    return _EMPTY_RESULT | {"label": label, "code": coded, "value": value} | facts


def other(number: str | None, unit: str | None, low: str | None, high: str | None) -> Json:
    return {"number": number, "unit": unit, "low": low, "high": high}


def document(form: str, path: list[str], data: bytes, warnings: tuple[str, ...] = (), **facts: Any) -> Json:
    """`warnings`: codes alone; the sentences are not part of the expectation."""
    return _EMPTY_DOCUMENT | {"format": form, "path": path, "sha256": sha(data), "warnings": list(warnings)} | facts


def message(**facts: Any) -> Json:
    empty = {"message_id": None, "from": None, "to": [], "subject": None, "date": None, "headers": {}, "text": None, "report": None}
    return empty | facts


def reading(file: str, kind: str, documents: list[Json], warnings: tuple[str, ...] = (), message: Json | None = None) -> Json:
    return {"file": file, "kind": kind, "message": message, "documents": documents, "warnings": list(warnings)}
