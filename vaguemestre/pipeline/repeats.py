"""Which document of the practice another one repeats: asked once for a batch, which then adds its own.

The same content again, by another message, mailbox or channel; the PDF of a document alone, or the document whose PDF came alone before.
The same report in another format (`inbound.one_report`). Never a document that states another person: the same bytes under two names
are for a person to look at.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable

from vaguemestre.domain.reading import StatedPatient
from vaguemestre.inbound import one_report
from vaguemestre.inbound.file import Filed
from vaguemestre.inbound.match import disagree
from vaguemestre.inbound.settle import stated_patient
from vaguemestre.records.queries import charts

_Content = tuple[int, str]
"""A practice, and what makes two of its documents the same one (`inbound.file.content_key`)."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Known:
    """A document that a later one may repeat: the first of all that repeat each other, and the patient that this one states."""

    row: int
    stated: StatedPatient | None

    @classmethod
    def of(cls, original: charts.Original) -> _Known:
        return cls(original.row, stated_patient(original.stated) if original.stated else None)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Report:
    """A report that a later one in another format may repeat."""

    row: int
    format: str
    day: str
    stated: StatedPatient | None

    @classmethod
    def of(cls, known: charts.Report) -> _Report:
        return cls(known.row, known.format, known.day, stated_patient(known.stated) if known.stated else None)


class Repeats:
    """What the records know of the contents of a batch of documents, and what the batch itself adds."""

    def __init__(self, documents: Iterable[tuple[int, Filed]]) -> None:
        own: defaultdict[int, list[str]] = defaultdict(list)
        pages: defaultdict[int, list[str]] = defaultdict(list)
        told: defaultdict[int, list[str]] = defaultdict(list)
        for practice, filed in documents:
            own[practice] += (filed.key, *filed.pages)
            if filed.document.format == "pdf":
                pages[practice].append(filed.key)
            if filed.row["report_key"]:
                told[practice].append(filed.row["report_key"])
        self._own = _asked(own, as_pages=False)
        self._pages = _asked(pages, as_pages=True)
        self._whole: set[_Content] = set()
        asked = {(practice, key): known for practice, keys in told.items() for key, known in charts.reports(practice, keys).items()}
        self._reports = {content: [_Report.of(one) for one in known] for content, known in asked.items()}

    def has(self, practice: int, filed: Filed) -> bool:
        """Whether the practice has had this very content."""
        return (practice, filed.key) in self._own

    def original(self, practice: int, filed: Filed) -> int | None:
        """The first document of all that this one repeats, None where it is new."""
        mine = filed.document.patient
        for key in (filed.key, *filed.pages):
            for known in self._bearers((practice, key), mine):
                if not disagree(mine, known.stated):
                    return known.row
        if filed.document.format == "pdf":
            for known in self._pages.get((practice, filed.key), ()):
                if not disagree(mine, known.stated):
                    return known.row
        return self.in_another_format(practice, filed)

    def in_another_format(self, practice: int, filed: Filed) -> int | None:
        """The first document of the report that this one is, which came in another format."""
        for known in self._reports.get((practice, filed.row["report_key"]), ()):
            if one_report.repeats(filed.document, known.format, known.day, known.stated):
                return known.row
        return None

    def _bearers(self, content: _Content, mine: StatedPatient | None) -> list[_Known]:
        """Documents of a content: the first, and all of them where the first is of somebody else."""
        found = self._own.get(content)
        if not found:
            return []
        if content not in self._whole and disagree(mine, found[0].stated):
            self._whole.add(content)
            found += [_Known.of(one) for one in charts.all_originals(*content)]
        return found

    def add(self, practice: int, filed: Filed, row: int, first: int | None) -> None:
        """This document was written, as a repeat of `first`, which `original` said, or as a new one."""
        known = _Known(row if first is None else first, filed.document.patient)
        if filed.row["report_key"]:
            report = _Report(known.row, filed.document.format, filed.row["date"], filed.document.patient)
            self._reports.setdefault((practice, filed.row["report_key"]), []).append(report)
        self._own.setdefault((practice, filed.key), []).append(known)
        for key in filed.pages:
            self._pages.setdefault((practice, key), []).append(known)


def _asked(contents: dict[int, list[str]], *, as_pages: bool) -> dict[_Content, list[_Known]]:
    return {
        (practice, key): [_Known.of(original)]
        for practice, keys in contents.items()
        for key, original in charts.originals(practice, keys, as_pages=as_pages).items()
    }
