"""Calendar entries (iCalendar, RFC 5545; RFC 5546 for what they ask): who, when, where and what for, in words. Nothing here acts on an
entry: no answer is sent, nothing is put into a calendar, no address in it is followed.

The words are French, since they are those of the document on the screen: on the English screens too, which mark them as French. A time in
UTC is told as that of Paris, any other as it is written with its zone. Known weaknesses: a rule of repetition is said to be there and not
worked out; other calendars (RFC 7529) are not read.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import re
import zoneinfo
from collections.abc import Iterator

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import StatedPatient, Warning
from vaguemestre.formats.charset import decode
from vaguemestre.formats.running_text import identity

MAX_BYTES = 4_000_000
MAX_LINES = 50_000
MAX_ENTRIES = 50
MAX_PEOPLE = 50
MAX_DEPTH = 10
MAX_VALUE = 20_000
_SHOWN = frozenset({"VEVENT", "VTODO"})
_LINE = re.compile(
    r"([A-Za-z0-9-]{1,60})((?:;[A-Za-z0-9-]{1,60}=(?:\"[^\"]*\"|[^\";:,]*)(?:,(?:\"[^\"]*\"|[^\";:,]*))*)*):(.*)\Z", re.DOTALL
)
_PARAMETER = re.compile(r";([A-Za-z0-9-]{1,60})=(\"[^\"]*\"|[^\";:,]*)")
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?\Z")
_DURATION = re.compile(r"\+?P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:\d{1,6}S)?)?\Z")
_ESCAPED = re.compile(r"\\([\\;,Nn])")
_ANSWERS = {"ACCEPTED": "accepté", "DECLINED": "refusé", "TENTATIVE": "accepté sous réserve"}
_CUT = Warning("truncated", "The calendar is cut: its end is lacking.")
_MORE = Warning("too-large", f"The calendar holds more than {MAX_ENTRIES} entries: the others are not shown.")
_GUESSED = Warning("encoding-guessed", "The calendar is not in UTF-8: its letters were decoded by guess.")
_BAD = Warning("malformed", "The calendar tells a date that cannot be read: it is shown as written.")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Read:
    """`title`: of the first entry; `date`: when the calendar was made (ISO 8601), not when the appointment is; `text`: every entry."""

    title: str | None
    date: str | None
    text: str
    patient: StatedPatient | None
    warnings: tuple[Warning, ...]

    def __repr__(self) -> str:
        return f"Read(warnings={[w.code for w in self.warnings]!r})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Property:
    name: str
    parameters: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        return _ESCAPED.sub(lambda m: "\n" if m.group(1) in "Nn" else m.group(1), self.value[:MAX_VALUE]).strip()


class _Entry(dict[str, list[_Property]]):
    """The properties of one entry by name."""

    def one(self, name: str) -> _Property | None:
        return next(iter(self.get(name, ())), None)

    def words(self, name: str) -> str:
        found = self.one(name)
        return found.text if found is not None else ""


def read(data: bytes, charset: str | None = None) -> Read:
    """Raises `Unreadable` where it is no calendar or holds no entry, and nothing else."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"The calendar is longer than {MAX_BYTES} octets.", "too-large")
    decoded = decode(data, charset)
    warnings: dict[Warning, None] = {_GUESSED: None} if decoded.guessed else {}
    method, entries = _entries(decoded.text, warnings)
    if not entries:
        raise Unreadable("The calendar holds no appointment.")
    texts = ["\n".join(_told(entry, method, warnings)) for entry in entries]
    text = "\n\n".join(texts)
    stamp = entries[0].one("DTSTAMP")
    return Read(entries[0].words("SUMMARY")[:250] or None, _iso(stamp), text, identity(text), tuple(warnings))


def _lines(text: str) -> Iterator[str]:
    """Lines unfolded (RFC 5545 3.1)."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    for rank, line in enumerate(unfolded.split("\n")):
        if rank >= MAX_LINES:
            return
        if line.strip():
            yield line


def _entries(text: str, warnings: dict[Warning, None]) -> tuple[str, list[_Entry]]:
    method = ""
    found: list[_Entry] = []
    open_: list[str] = []
    now: _Entry | None = None
    for line in _lines(text):
        match = _LINE.match(line.strip("\ufeff"))
        if match is None:
            continue
        name, value = match.group(1).upper(), match.group(3)
        if name == "BEGIN":
            open_.append(value.strip().upper())
            if len(open_) > MAX_DEPTH:
                raise Unreadable("The calendar is nested too deep.", "too-large")
            if open_[-1] in _SHOWN:
                if len(found) >= MAX_ENTRIES:
                    warnings[_MORE] = None
                    break
                now = _Entry()
                found.append(now)
        elif name == "END":
            if open_ and open_[-1] in _SHOWN:
                now = None
            open_ = open_[:-1]
        elif name == "METHOD" and open_ == ["VCALENDAR"]:
            method = value.strip().upper()
        elif now is not None and open_ and open_[-1] in _SHOWN and len(now.setdefault(name, [])) < MAX_PEOPLE:
            # an alarm inside an entry has properties of its own
            parameters = {k.upper(): v.strip('"') for k, v in _PARAMETER.findall(match.group(2))}
            now[name].append(_Property(name, parameters, value))
    if open_ and _MORE not in warnings:
        warnings[_CUT] = None
    return method, found


def _told(entry: _Entry, method: str, warnings: dict[Warning, None]) -> Iterator[str]:
    yield from filter(None, [entry.words("SUMMARY")])
    if method == "CANCEL" or entry.words("STATUS").upper() == "CANCELLED":
        yield "ANNULÉ"
    yield from _when(entry, warnings)
    if entry.one("RRULE") is not None or entry.one("RDATE") is not None:
        yield "Se répète"
    if place := entry.words("LOCATION"):
        yield "Où : " + place.replace("\n", ", ")
    if (organizer := entry.one("ORGANIZER")) is not None:
        yield f"Organisé par : {_person(organizer)}"
    people = [_person(one) for one in entry.get("ATTENDEE", ())]
    if people:
        yield "Avec : " + " ; ".join(people)
    if description := entry.words("DESCRIPTION"):
        yield ""
        yield description


def _person(told: _Property) -> str:
    address = re.sub(r"\Amailto:", "", told.value.strip(), flags=re.IGNORECASE)[:250]
    name = told.parameters.get("CN", "").strip()[:250]
    shown = f"{name} <{address}>" if name and name != address else address
    answer = _ANSWERS.get(told.parameters.get("PARTSTAT", "").upper())
    return f"{shown} ({answer})" if answer else shown


@dataclasses.dataclass(frozen=True, slots=True)
class _Moment:
    at: dt.datetime
    whole_day: bool
    zone: str


def _when(entry: _Entry, warnings: dict[Warning, None]) -> Iterator[str]:
    start, end, due = entry.one("DTSTART"), entry.one("DTEND"), entry.one("DUE")
    if start is None:
        if due is not None:
            yield f"À faire avant le {_shown(due, warnings)}"
        return
    first = _moment(start)
    last = _moment(end) if end is not None else None
    if first is not None and end is None:
        last = _after(first, entry.one("DURATION"))
    if first is None or (last is None and end is not None):
        warnings[_BAD] = None
        yield "Quand : " + " – ".join(one.value[:60] for one in (start, end) if one is not None)
        return
    if last is not None and last.whole_day:
        # the end of a whole day is the day after (RFC 5545 3.6.1)
        last = dataclasses.replace(last, at=last.at - dt.timedelta(days=1))
    if last is None or last.at <= first.at:
        yield f"Quand : {_day(first)}{_hour(first)}{first.zone}"
    elif last.at.date() == first.at.date() and last.zone == first.zone:
        yield f"Quand : {_day(first)}{_hour(first)} – {last.at:%H:%M}{first.zone}"
    else:
        zone = "" if last.zone == first.zone else first.zone
        yield f"Quand : {_day(first)}{_hour(first)}{zone} – {_day(last)}{_hour(last)}{last.zone}"


def _shown(told: _Property, warnings: dict[Warning, None]) -> str:
    found = _moment(told)
    if found is None:
        warnings[_BAD] = None
        return told.value[:60]
    return f"{_day(found)}{_hour(found)}{found.zone}"


def _day(moment: _Moment) -> str:
    return f"{moment.at:%d/%m/%Y}"


def _hour(moment: _Moment) -> str:
    return "" if moment.whole_day else f" {moment.at:%H:%M}"


def _moment(told: _Property) -> _Moment | None:
    match = _MOMENT.match(told.value.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, utc = match.groups()
    try:
        at = dt.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59))  # noqa: DTZ001
        if hour is None:
            return _Moment(at, True, "")
        if utc:
            with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError):
                local = at.replace(tzinfo=dt.UTC).astimezone(zoneinfo.ZoneInfo("Europe/Paris"))
                return _Moment(local.replace(tzinfo=None), False, " (heure de Paris)")
            return _Moment(at, False, " (UTC)")
    except (ValueError, OverflowError):
        return None
    zone = told.parameters.get("TZID", "")[:60]
    return _Moment(at, False, f" ({zone})" if zone and zone != "Europe/Paris" else "")


def _after(start: _Moment, duration: _Property | None) -> _Moment | None:
    match = _DURATION.match(duration.value.strip()) if duration is not None else None
    if match is None:
        return None
    weeks, days, hours, minutes = (int(part or 0) for part in match.groups())
    try:
        return dataclasses.replace(start, at=start.at + dt.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes))
    except OverflowError:
        return None


def _iso(told: _Property | None) -> str | None:
    """A date-time of the calendar; its offset is only known in UTC."""
    match = _MOMENT.match(told.value.strip()) if told is not None else None
    if match is None or match.group(4) is None or not match.group(7):
        return None
    year, month, day, hour, minute, second, _ = match.groups()
    try:
        at = dt.datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second), 59), tzinfo=dt.UTC)
    except ValueError:
        return None
    return at.isoformat()
