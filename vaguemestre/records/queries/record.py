"""One patient's chart: the documents filed in it, their forms, versions and repeats, and how each came there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, QuerySet, When

from vaguemestre.records.documents import Document, Filing, ReadMark
from vaguemestre.records.patients import FilingBan, Patient
from vaguemestre.records.queries.visible import Visible

DOCUMENTS = 60
"""Entries of a chart shown on one page."""
LOOKED_AT = 2_000
"""Documents of one chart that are sorted, the last received."""
_ENTRY = ("pk", "date", "undated", "type_code", "format", "results_count", "superseded_by_id", "duplicate_of_id")


@dataclasses.dataclass(frozen=True, slots=True)
class Outline:
    """What decides where a document stands in a chart, without its words."""

    pk: int
    day: str
    type_code: str
    format: str
    results: int


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A document that stands, with the versions that it replaced and its repeats, newest first."""

    outline: Outline
    versions: tuple[int, ...]
    copies: tuple[int, ...]


def outline(visible: Visible, patient: Patient) -> list[Entry]:
    """The chart as entries, newest first by the documents' own dates, then by reception. What is folded under a document which the chart
    does not hold, or under one that is folded itself, goes under the one that stands, or stands by itself."""
    rows = visible.documents.filter(patient=patient, decision="filed", form_of=None).order_by("-received_at", "-pk")
    # When it was received is asked for those without a date alone: to read an instant costs more than the rest of the row.
    rows = rows.annotate(undated=Case(When(date="", then=F("received_at"))))
    found = {row[0]: row for row in rows.values_list(*_ENTRY)[:LOOKED_AT]}
    versions: dict[int, list[int]] = {}
    copies: dict[int, list[int]] = {}
    for pk, row in found.items():
        top = _top(found, pk)
        if top != pk:
            (versions if row[6] in found else copies).setdefault(top, []).append(pk)
    standing = [row for pk, row in found.items() if _top(found, pk) == pk]
    # The sort is stable: of one day's documents, the last received comes first.
    standing.sort(key=lambda row: row[1][:10] or row[2].date().isoformat(), reverse=True)
    return [
        Entry(
            Outline(row[0], row[1][:10] or row[2].date().isoformat(), row[3], row[4], row[5]),
            tuple(versions.get(row[0], ())),
            tuple(copies.get(row[0], ())),
        )
        for row in standing
    ]


def _top(found: Mapping[int, tuple[Any, ...]], pk: int) -> int:
    """The document under which this one is folded, itself where it stands. A circle of rows, which nothing should write, stands."""
    seen = {pk}
    at = pk
    while True:
        above = next((one for one in found[at][6:8] if one in found), None)
        if above is None:
            return at
        if above in seen:
            return pk
        seen.add(above)
        at = above


def documents(visible: Visible, numbers: Sequence[int]) -> dict[int, Document]:
    """These documents by row number, of those that the account may see; each bears `is_read`."""
    mark = ReadMark.objects.filter(account=visible.account, document=OuterRef("pk"))
    rows = visible.documents.filter(pk__in=numbers).annotate(is_read=Exists(mark)).select_related("delivery__message", "mailbox")
    return {row.pk: row for row in rows.defer("content", "text", "html", "candidates", "stated")}


FORMS = 20
"""Other forms of one document, versions or copies, that are looked at."""


def _light(visible: Visible) -> QuerySet[Document]:
    return visible.documents.select_related("delivery__message", "mailbox").defer("text", "html", "candidates")


def forms(visible: Visible, document: Document) -> Sequence[Document]:
    """The other forms of this document in its message, in the message's order, with their text."""
    rows = visible.documents.filter(form_of=document.pk).select_related("delivery__message", "mailbox").defer("candidates")
    return list(rows.order_by("position", "pk")[:FORMS])


def standing(visible: Visible, document: Document) -> Document | None:
    """The version that replaced this document, if the account may see it."""
    return _light(visible).filter(pk=document.superseded_by_id).first() if document.superseded_by_id else None


def replaced(visible: Visible, document: Document) -> Sequence[Document]:
    """The versions that this document replaced, newest first; the repeats of one are left out."""
    rows = _light(visible).filter(superseded_by=document.pk, form_of=None, duplicate_of=None)
    return list(rows.order_by(F("version").desc(nulls_last=True), "-received_at", "-pk")[:FORMS])


def first(visible: Visible, document: Document) -> Document | None:
    """The document of which this one is a repeat, if the account may see it."""
    return _light(visible).filter(pk=document.duplicate_of_id).first() if document.duplicate_of_id else None


def repeats(visible: Visible, document: Document) -> Sequence[Document]:
    """The later arrivals of this document, newest first."""
    return list(_light(visible).filter(duplicate_of=document.pk, form_of=None).order_by("-received_at", "-pk")[:FORMS])


def filing(document: Document) -> Filing | None:
    """The act that filed this document, while it stands."""
    return Filing.objects.filter(document=document, undone_at=None).select_related("by").order_by("-pk").first()


def last_undone(document: Document) -> Filing | None:
    """The last act of filing that a person undid."""
    return (
        Filing.objects.filter(document=document, undone_at__isnull=False)
        .select_related("undone_by", "patient")
        .order_by("-undone_at")
        .first()
    )


def banned(document: Document) -> frozenset[int]:
    """Row numbers of the charts from which these bytes were taken out once."""
    rows = FilingBan.objects.filter(practice=document.practice_id, content_key=document.content_key)
    return frozenset(rows.values_list("patient_id", flat=True))
