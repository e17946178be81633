"""Calendars that are cut, nested, endless or lie about their times."""

from __future__ import annotations

import pytest

from tests.corpus.file_build import calendar
from tests.formats.hostile import cut_everywhere, within_bounds
from vaguemestre.formats import calendar_entry

START = "DTSTART;TZID=Europe/Paris:20240312T083000"
WHOLE = calendar(START, "SUMMARY:Consultation", 'ATTENDEE;CN="Essai; Jean":mailto:jean@essai.example', "DURATION:PT30M")

ATTACKS = {
    "fold upon fold": calendar("SUMMARY:a" + "\r\n b" * 100_000),
    "a line without end": calendar("SUMMARY:" + "a" * 3_000_000),
    "as many lines": calendar(*["X-A:b"] * 120_000),
    "as many entries": calendar(START) * 5_000,
    "nested": b"BEGIN:VCALENDAR\r\n" * 50_000,
    "never ended": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 50_000,
    "ended only": b"BEGIN:VCALENDAR\r\n" + b"END:VEVENT\r\n" * 100_000,
    "parameters": calendar("ATTENDEE" + ";CN=a" * 100_000 + ":mailto:a@b.example"),
    "quotes": calendar("ATTENDEE;CN=" + '"' * 200_001 + ":x"),
    "backslashes": calendar("SUMMARY:" + "\\" * 1_000_000),
    "attendees": calendar(*[f"ATTENDEE:mailto:a{n}@b.example" for n in range(20_000)]),
    "a year of nothing": calendar("DTSTART:00000000T000000Z"),
    "the last day": calendar("DTSTART:99991231T235959Z", "DURATION:P99999999W"),
    "a day that is none": calendar("DTSTART:20240230T250000"),
    "a duration of digits": calendar(START, "DURATION:PT" + "9" * 5_000 + "H"),
    "a zone of nowhere": calendar("DTSTART;TZID=../../etc/passwd:20240312T083000"),
    "NUL": calendar("SUMMARY:a\0b\0") + b"\0" * 1_000_000,
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_files_cost_bounded_time(data: bytes) -> None:
    found = within_bounds(calendar_entry.read, data)
    if isinstance(found, calendar_entry.Read):
        assert len(found.text) <= 4_000_000


def test_cut_anywhere() -> None:
    cut_everywhere(calendar_entry.read, WHOLE)
