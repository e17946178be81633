"""The requests and observations of one HPRIM Santé record, in order: OBR, OBX and their comments into results, words and file names.

Every OBX is a result, but for three: FIC names a file of the same sending; a TX that only bears a title heads what follows; a TX of
several lines (a run of one code, or a long one) is prose, and stands in the record's text under its label.
"""

from __future__ import annotations

import dataclasses

from vaguemestre.domain.reading import NO_VALUE, Result, Warning
from vaguemestre.formats.hprim_medecin_results import MAX_FIELD, MAX_RESULTS, readable
from vaguemestre.formats.hprim_sante_segments import Segment
from vaguemestre.formats.hprim_sante_values import Analysis, Figure, analysis, figure, flags, label_of, moment

MAX_FILES = 200
_LONG = 200
"""Characters from which the value of a TX is prose."""
_MOST_HEADING = 120
_TEXTS = frozenset({"TX", "FT"})
_COMMENT_TEXT = 3


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class FileName:
    """A file that the message names (OBX of type FIC): it comes beside it, in the same sending."""

    label: str | None
    name: str | None
    kind: str | None

    def __repr__(self) -> str:
        return "<FileName>"


@dataclasses.dataclass(slots=True, repr=False)
class _Request:
    """What an OBR says of the observations below it."""

    labels: list[str] = dataclasses.field(default_factory=list)
    date: str | None = None
    status: str | None = None
    specimen: str | None = None
    heading: str | None = None


class Observations:
    """Takes the segments below one P in order. `several`: there are several requests, of which each then heads its results."""

    def __init__(self, several: bool) -> None:
        self._several = several
        self._results: list[Result] = []
        self._text: list[str] = []
        self.files: list[FileName] = []
        self.numbers: list[str] = []
        self.requested: list[str] = []
        self._request = _Request()
        self._last: str = ""
        self._prose: str | None = None
        self.overflow = False
        self.malformed = False

    def obr(self, segment: Segment) -> None:
        """One request."""
        labels = [label for one in segment.repetitions(4) if (label := label_of(segment.components(one)))]
        taken, status = segment.head(7), segment.text(25).upper()
        self._request = _Request(list(dict.fromkeys(labels)), moment(taken), status or None, _specimen(segment))
        self.malformed |= bool(taken) and self._request.date is None
        self.requested += labels[:20]
        number = segment.first(3)
        told = number[1] if len(number) > 1 and number[1] else number[0]
        if told and told not in self.numbers:
            self.numbers.append(told)
        clinical = readable(segment.text(13))
        if clinical:
            self._text.append(clinical)
        self._last, self._prose = "OBR", None

    def obx(self, segment: Segment, following: Segment | None) -> None:
        """One observation; `following`: the OBX next to it, if any."""
        kind = segment.text(2).upper()
        told = analysis(segment)
        if kind == "FIC":
            self._file(segment, told.label)
        elif self._is_heading(segment, kind):
            self._request.heading = told.label
            self._last, self._prose = "heading", None
        elif kind in _TEXTS and self._is_prose(segment, told.key, following):
            self._told(segment, told)
        elif len(self._results) >= MAX_RESULTS:
            self.overflow = True
        else:
            self._result(segment, told)

    def comment(self, segment: Segment) -> None:
        """A C segment: of the result above it, else of the record."""
        words = readable("\n".join(segment.plain(one) for one in segment.repetitions(_COMMENT_TEXT)))
        if not words:
            return
        if self._last != "OBX" or not self._results:
            self._text.append(words)
            return
        last = self._results[-1]
        whole = words if last.comment is None else f"{last.comment}\n{words}"
        self._results[-1] = dataclasses.replace(last, comment=whole[: MAX_FIELD * 4])

    def end(self) -> tuple[tuple[Result, ...], str]:
        """(results, text)."""
        return tuple(self._results), "\n".join(self._text)

    def warnings(self) -> list[Warning]:
        found = []
        if self.overflow:
            found.append(Warning("too-large", "The record has too many results: the rest was not read."))
        if self.malformed:
            found.append(Warning("malformed", "A time of the record is no possible date."))
        return found

    def _file(self, segment: Segment, label: str | None) -> None:
        for one in segment.repetitions(5)[:MAX_FILES]:
            if len(self.files) >= MAX_FILES:
                self.overflow = True
                return
            parts = [part for part in segment.components(one) if part]
            kind = parts[-1] if len(parts) > 1 else None
            name = parts[-2] if len(parts) > 1 else (parts[0] if parts else None)
            self.files.append(FileName(label, name, kind))
            self._text.append(" ".join(filter(None, (f"{label} :" if label else "", name, f"({kind})" if kind else ""))))
        self._last, self._prose = "FIC", None

    @staticmethod
    def _is_heading(segment: Segment, kind: str) -> bool:
        if kind not in _TEXTS or (value := segment.text(5)) not in {"", "."}:
            return False
        return not any(segment.text(n) for n in (6, 7, 8)) and (value == "." or not segment.text(11))

    def _is_prose(self, segment: Segment, key: str, following: Segment | None) -> bool:
        if segment.text(6) or segment.text(7) or segment.text(11).upper() in NO_VALUE or self._withdrawn:
            return False
        value = segment.text(5)
        if "\n" in value or len(value) > _LONG or len(segment.repetitions(5)) > 1 or self._prose == key:
            return True
        alike = following is not None and following.text(2).upper() in _TEXTS and following.head(3) == key
        return alike and following is not None and following.text(5) not in {"", "."}

    def _told(self, segment: Segment, told: Analysis) -> None:
        if self._prose != told.key:
            if self._text:
                self._text.append("")
            if told.label:
                self._text.append(told.label)
        self._text += [readable(segment.plain(one)) for one in segment.repetitions(5)]
        self._last, self._prose = "TX", told.key

    @property
    def _withdrawn(self) -> bool:
        return self._request.status in NO_VALUE

    def _result(self, segment: Segment, of: Analysis) -> None:
        request = self._request
        told: Figure = figure(segment)
        status = segment.text(11).upper() or request.status
        if request.status in NO_VALUE and status not in NO_VALUE:
            status = request.status  # a request that was cancelled takes its results with it
        told_at = segment.head(14)
        obtained = moment(told_at)
        self.malformed |= bool(told_at) and obtained is None
        headings = (self._battery(of.label), request.heading, segment.text(4) or None)
        self._results.append(
            Result(
                chapter=readable(segment.head(15))[:_MOST_HEADING] or None,
                label=of.label,
                code=of.code,
                value=told.value,
                comparator=told.comparator,
                number=told.number,
                unit=told.unit,
                low=told.low,
                high=told.high,
                flag=flags(segment),
                status=status,
                date=request.date or obtained,
                comment=told.remark,
                alternative=told.alternative,
                group=tuple(dict.fromkeys(part[:_MOST_HEADING] for part in headings if part)),
                specimen=request.specimen,
                translations=of.translations,
            )
        )
        self._last, self._prose = "OBX", None

    def _battery(self, label: str | None) -> str | None:
        """What was asked for, where that is not the result itself: one test, or one request of several."""
        labels = self._request.labels
        if len(labels) > 1:
            return ", ".join(labels) if self._several else None
        return labels[0] if labels and labels[0] != label else None


def _specimen(segment: Segment) -> str | None:
    """OBR.15: the label of its first component (`code&label`), else its code, else the next components."""
    found = segment.repetitions(15)
    if not found:
        return None
    for part in found[0].split(segment.separators.component, 20):
        subs = segment.subs(part)
        told = (subs[1] if len(subs) > 1 and subs[1] else subs[0]) if subs else ""
        if told:
            return readable(told)[:300]
    return None
