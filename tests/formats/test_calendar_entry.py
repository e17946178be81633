"""Calendar entries: who, when, where and what for, in words; nothing in one acts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.file_build import calendar
from vaguemestre.domain.fault import Fault, Unreadable
from vaguemestre.formats import calendar_entry


def lines(*told: str, **how: str) -> list[str]:
    return calendar_entry.read(calendar(*told, **how)).text.split("\n")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (("DTSTART:20240312T073000Z", "DTEND:20240312T081500Z"), "12/03/2024 08:30 – 09:15 (heure de Paris)"),
        (("DTSTART:20240712T073000Z",), "12/07/2024 09:30 (heure de Paris)"),
        (("DTSTART:20240312T233000Z", "DTEND:20240313T001500Z"), "13/03/2024 00:30 – 01:15 (heure de Paris)"),
        (("DTSTART;TZID=Europe/Paris:20240312T083000", "DTEND;TZID=Europe/Paris:20240312T090000"), "12/03/2024 08:30 – 09:00"),
        (("DTSTART;TZID=America/Cayenne:20240312T083000",), "12/03/2024 08:30 (America/Cayenne)"),
        (("DTSTART;TZID=Europe/Paris:20240312T083000", "DURATION:PT45M"), "12/03/2024 08:30 – 09:15"),
        (("DTSTART;TZID=Europe/Paris:20240312T083000", "DURATION:P1DT2H"), "12/03/2024 08:30 – 13/03/2024 10:30"),
        (("DTSTART;VALUE=DATE:20240312", "DTEND;VALUE=DATE:20240313"), "12/03/2024"),
        (("DTSTART;VALUE=DATE:20240312", "DTEND;VALUE=DATE:20240315"), "12/03/2024 – 14/03/2024"),
        (
            ("DTSTART:20240312T083000", "DTEND;TZID=America/Cayenne:20240312T093000"),
            "12/03/2024 08:30 – 12/03/2024 09:30 (America/Cayenne)",
        ),
        (("DTSTART:20240312T083000", "DTEND:20240312T073000"), "12/03/2024 08:30"),
    ],
)
def test_when(told: tuple[str, ...], seen: str) -> None:
    assert lines(*told) == [f"Quand : {seen}"]


def test_dates_that_are_none_are_shown_as_written() -> None:
    for value in ("20241312T083000", "demain", "20240231"):
        found = calendar_entry.read(calendar(f"DTSTART:{value}"))
        assert (found.text, [w.code for w in found.warnings]) == (f"Quand : {value}", ["malformed"])


def test_one_fact_changes_alone() -> None:
    base = {
        "SUMMARY": "Scanner",
        "DTSTART": "20240312T083000",
        "LOCATION": "Salle 2",
        "DESCRIPTION": "À jeun",
        "DTSTAMP": "20240301T090000Z",
    }

    def read(**changes: str) -> tuple[str | None, str | None, list[str]]:
        found = calendar_entry.read(calendar(*(f"{name}:{value}" for name, value in (base | changes).items())))
        return found.title, found.date, found.text.split("\n")

    title, date, text = read()
    assert (title, date) == ("Scanner", "2024-03-01T09:00:00+00:00")
    assert text == ["Scanner", "Quand : 12/03/2024 08:30", "Où : Salle 2", "", "À jeun"]
    assert read(SUMMARY="IRM") == ("IRM", date, ["IRM", *text[1:]])
    assert read(DTSTART="20240313T083000") == (title, date, [text[0], "Quand : 13/03/2024 08:30", *text[2:]])
    assert read(LOCATION="Salle 3") == (title, date, [*text[:2], "Où : Salle 3", *text[3:]])
    assert read(DESCRIPTION="Boire") == (title, date, [*text[:4], "Boire"])
    assert read(DTSTAMP="20240302T090000Z") == (title, "2024-03-02T09:00:00+00:00", text)


def test_folded_escaped_and_quoted() -> None:
    found = lines(
        "SUMMARY:R\\,\\;\\\\\\nB long", " texte", 'ATTENDEE;CN="Zorbec, Paul";ROLE=CHAIR:MAILTO:p@b.example', "ORGANIZER:mailto:o@b.example"
    )
    assert found == ["R,;\\", "B longtexte", "Organisé par : o@b.example", "Avec : Zorbec, Paul <p@b.example>"]


@pytest.mark.parametrize(
    ("part", "seen"), [("ACCEPTED", " (accepté)"), ("DECLINED", " (refusé)"), ("TENTATIVE", " (accepté sous réserve)"), ("X", "")]
)
def test_answers(part: str, seen: str) -> None:
    assert lines(f"ATTENDEE;PARTSTAT={part}:mailto:a@b.example") == [f"Avec : a@b.example{seen}"]


def test_cancelled_repeated_and_due() -> None:
    assert lines("SUMMARY:X", "STATUS:CANCELLED")[1] == "ANNULÉ"
    assert lines("SUMMARY:X", method="CANCEL")[1] == "ANNULÉ"
    assert "ANNULÉ" not in lines("SUMMARY:X", "STATUS:CONFIRMED")
    assert lines("DTSTART:20240312T083000", "RRULE:FREQ=DAILY")[1] == "Se répète"
    assert lines("DUE;VALUE=DATE:20240312", kind="VTODO") == ["À faire avant le 12/03/2024"]


def test_what_is_around_an_entry_is_no_part_of_it() -> None:
    zone = ("BEGIN:VTIMEZONE", "SUMMARY:zone", "END:VTIMEZONE")
    alarm = ("BEGIN:VALARM", "SUMMARY:alarme", "END:VALARM", "LOCATION:ici")
    assert calendar_entry.read(calendar("SUMMARY:X", *alarm, before=zone)).text == "X\nOù : ici"


def test_several_entries() -> None:
    data = calendar("SUMMARY:Un").replace(b"END:VCALENDAR\r\n", b"") + b"BEGIN:VEVENT\r\nSUMMARY:Deux\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    found = calendar_entry.read(data)
    assert (found.title, found.text) == ("Un", "Un\n\nDeux")
    many = calendar_entry.read(data.replace(b"END:VCALENDAR\r\n", b"") + b"BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n" * 200)
    assert (many.text.count("\n\nx"), [w.code for w in many.warnings]) == (48, ["too-large"])


def test_cut_and_guessed() -> None:
    assert [w.code for w in calendar_entry.read(calendar("SUMMARY:X")[:-20]).warnings] == ["truncated"]
    guessed = calendar_entry.read(calendar("SUMMARY:Été").decode().encode("cp1252"))
    assert (guessed.title, [w.code for w in guessed.warnings]) == ("Été", ["encoding-guessed"])


@pytest.mark.parametrize("data", [b"", b"texte", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", b"BEGIN:VCALENDAR\r\n" * 30, b"x" * 4_000_001])
def test_what_holds_no_entry_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        calendar_entry.read(data)


PIECES = ["BEGIN:VEVENT", "END:VEVENT", "DTSTART:20240312T083000Z", "DTEND:99991231T235959Z", "DURATION:P999W", "DURATION:PT99999M"]
PIECES += [
    "DTSTART;TZID=:00010101T000000Z",
    'ATTENDEE;CN="a:b";X=,:mailto:',
    "SUMMARY:ZORBEC",
    "\ud83d",
    "RRULE:",
    "DTSTAMP:0000",
    ";;;:::",
    " suite",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=30))
def test_whatever_comes_only_faults_escape(told: list[str]) -> None:
    data = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *told]).encode("utf-8", "surrogatepass")
    try:
        found = calendar_entry.read(data)
    except Fault:
        return
    assert "ZORBEC" not in repr(found)
