"""Every document, where it is filed and why: the lines of `vaguemestre filings`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from vaguemestre.records.documents import Document

PAGE = 500
"""Documents fetched at once: a page by key, so that neither memory nor a long reading transaction grows with the base."""

_FIELDS = (
    "pk",
    "delivery__message__message_id",
    "mailbox__address",
    "format",
    "type_code",
    "type_system",
    "type_label",
    "patient__ref",
    "decision",
    "rule",
    "reason",
    "candidates",
    "duplicate_of",
    "sha256",
    "received_at",
    "filed_at",
)


def _moment(value: dt.datetime | None) -> str | None:
    return None if value is None else value.astimezone(dt.UTC).isoformat(timespec="milliseconds")


def _line(row: dict[str, Any]) -> dict[str, Any]:
    candidates = [candidate["ref"] for candidate in row["candidates"] or []]
    if row["decision"] == "filed":
        patient_ref = row["patient__ref"]
    elif row["decision"] == "proposed":
        patient_ref = candidates[0] if candidates else None
    else:
        patient_ref = None
    coded = {name: row[f"type_{name}"] or None for name in ("code", "system", "label")}
    return {
        "message_id": row["delivery__message__message_id"],
        "mailbox": row["mailbox__address"],
        "document_id": f"D{row['pk']}",
        "format": row["format"],
        "type": coded if any(coded.values()) else None,
        "patient_ref": patient_ref,
        "decision": row["decision"],
        "rule": row["rule"],
        "reason": row["reason"],
        "candidates": candidates,
        "duplicate_of": f"D{row['duplicate_of']}" if row["duplicate_of"] else None,
        "sha256": row["sha256"],
        "received_at": _moment(row["received_at"]),
        "filed_at": _moment(row["filed_at"]),
    }


def filings() -> Iterator[dict[str, Any]]:
    """One line per document and mailbox, by rising row number; the other forms of a document are no lines.

    `type` is the coded value of reading.schema.json or None; moments are ISO 8601 in UTC.
    """
    last = 0
    while True:
        listed = Document.objects.filter(form_of__isnull=True, pk__gt=last)
        rows = list(listed.order_by("pk").values(*_FIELDS)[:PAGE])
        for row in rows:
            yield _line(row)
        if len(rows) < PAGE:
            return
        last = rows[-1]["pk"]
