"""Which document bears the results of a report that a chart holds in several formats: one of them, so that a history tells each value once.

Called in the transaction of each act that files such a document, takes it out or lets another edition stand, after its own writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection
from django.db.models import QuerySet

from vaguemestre.domain.reading import Document as Read
from vaguemestre.inbound import one_report
from vaguemestre.inbound.settle import stated_patient
from vaguemestre.records.models import Document, Result

MOST = 50
"""Documents of one key that are looked at in a chart."""


def once(patient: int, rows: Sequence[int]) -> None:
    """Of the reports that these documents are, those that stand in the chart: one of each bears its results, the first received."""
    assert connection.in_atomic_block, "who bears results is written in the transaction of the act that changes it"
    keys = {(practice, key) for practice, key in Document.objects.filter(pk__in=rows).values_list("practice", "report_key") if key}
    for practice, key in sorted(keys):
        standing = list(_with_key(practice, key).filter(patient=patient, decision="filed", superseded_by=None)[:MOST])
        if len({one_report.FAMILIES.get(one.format, "") for one in standing}) < 2:
            _bear(patient, standing)
            continue
        bearers: list[Document] = []
        for one in standing:
            if any(_one_report(one, bearer) for bearer in bearers):
                Result.objects.filter(document=one.pk, patient=patient).update(patient=None)
            else:
                bearers.append(one)
        _bear(patient, bearers)


def in_other_formats(document: Document, patient: int) -> list[Document]:
    """The documents of this chart that are the same report in another format."""
    if not document.report_key:
        return []
    rows = _with_key(document.practice_id, document.report_key).filter(patient=patient, decision="filed").exclude(pk=document.pk)
    return [one for one in rows.select_related("delivery__message")[:MOST] if _one_report(one, document)]


def _with_key(practice: int, key: str) -> QuerySet[Document]:
    return Document.objects.filter(practice=practice, report_key__gt="", report_key=key, form_of=None).order_by("pk")


def _one_report(one: Document, other: Document) -> bool:
    read = Read(one.format, (), one.sha256, date=one.date, patient=stated_patient(one.stated) if one.stated else None)
    return one_report.repeats(read, other.format, other.date, stated_patient(other.stated) if other.stated else None)


def _bear(patient: int, bearers: Sequence[Document]) -> None:
    """Each content bears its results once, however many of its copies are in the chart."""
    copies: defaultdict[str, list[int]] = defaultdict(list)
    for one in bearers:
        copies[one.content_key].append(one.pk)
    for rows in copies.values():
        if not Result.objects.filter(document__in=rows, patient=patient).exists():
            Result.objects.filter(document=rows[0]).update(patient=patient)
