"""What becomes of a recipient: every outcome, the delays that grow, the notices owed (RFC 3461, 4.1; RFC 5321, 4.5.4.1 and 4.5.5)."""

from __future__ import annotations

import dataclasses

import pytest

from vaguemestre.outbound import track
from vaguemestre.outbound.deliver import Report, Told
from vaguemestre.outbound.track import Schedule, Standing

SCHEDULE = Schedule.of("1 5 15 30 60 120 240", 4)
NOW = 1_800_000_000.0
HOUR = 3600.0
YOUNG = Standing(tries=1, queued_at=NOW - 10, expires_at=NOW + 48 * HOUR)
OLD = dataclasses.replace(YOUNG, tries=6, queued_at=NOW - 5 * HOUR, expires_at=NOW + 43 * HOUR, first_failed_at=NOW - 4 * HOUR)
DEAD = dataclasses.replace(OLD, expires_at=NOW)
DELIVERED, LATER, NEVER = (Report(told, told.value, 250) for told in (Told.DELIVERED, Told.LATER, Told.NEVER))
RELAYED = dataclasses.replace(DELIVERED, relayed=True)


@pytest.mark.parametrize(
    ("report", "standing", "notify", "state", "notice"),
    [
        (DELIVERED, YOUNG, "", "sent", ""),
        (DELIVERED, YOUNG, "SUCCESS", "sent", "relayed"),
        (DELIVERED, YOUNG, "SUCCESS,FAILURE", "sent", "relayed"),
        (RELAYED, YOUNG, "SUCCESS", "sent", ""),
        (DELIVERED, DEAD, "", "sent", ""),
        (LATER, YOUNG, "", "waiting", ""),
        (LATER, OLD, "", "waiting", "delayed"),
        (LATER, OLD, "DELAY", "waiting", "delayed"),
        (LATER, OLD, "FAILURE", "waiting", ""),
        (LATER, OLD, "NEVER", "waiting", ""),
        (LATER, dataclasses.replace(OLD, told_delay_at=NOW - 5), "", "waiting", ""),
        (LATER, DEAD, "", "bounced", "failed"),
        (LATER, DEAD, "NEVER", "bounced", ""),
        (LATER, DEAD, "SUCCESS", "bounced", ""),
        (NEVER, YOUNG, "", "bounced", "failed"),
        (NEVER, YOUNG, "FAILURE", "bounced", "failed"),
        (NEVER, YOUNG, "SUCCESS,DELAY", "bounced", ""),
        (NEVER, YOUNG, "NEVER", "bounced", ""),
    ],
)
def test_each_outcome(report: Report, standing: Standing, notify: str, state: str, notice: str) -> None:
    settled = track.decide(report, dataclasses.replace(standing, notify=notify), NOW, SCHEDULE, 0.5)
    assert (settled.state, settled.notice) == (state, notice)


@pytest.mark.parametrize("report", [DELIVERED, LATER, NEVER])
@pytest.mark.parametrize("standing", [YOUNG, OLD, DEAD])
@pytest.mark.parametrize("notify", ["", "SUCCESS,FAILURE,DELAY"])
def test_the_null_sender_is_told_nothing(report: Report, standing: Standing, notify: str) -> None:
    silent = dataclasses.replace(standing, notify=notify, silent=True)
    assert track.decide(report, silent, NOW, SCHEDULE, 0.5).notice == ""


def test_delays_grow_and_stay_within_a_fifth() -> None:
    middles = [track.delay(tries, SCHEDULE, 0.5) / 60 for tries in range(1, 10)]
    assert middles == pytest.approx([1, 5, 15, 30, 60, 120, 240, 240, 240])
    for tries, middle in enumerate(middles, 1):
        assert track.delay(tries, SCHEDULE, 0.0) == pytest.approx(middle * 60 * 0.8)
        assert track.delay(tries, SCHEDULE, 1.0) == pytest.approx(middle * 60 * 1.2)


def test_the_last_try_is_made_when_the_message_expires() -> None:
    nearly = dataclasses.replace(OLD, tries=9, expires_at=NOW + 60, told_delay_at=NOW)
    settled = track.decide(LATER, nearly, NOW, SCHEDULE, 1.0)
    assert (settled.state, settled.not_before) == ("waiting", NOW + 60)


def test_expired_is_told_as_such_whatever_the_last_reason() -> None:
    assert track.decide(LATER, DEAD, NOW, SCHEDULE, 0.5).reason == track.EXPIRED


def test_the_first_failure_is_remembered() -> None:
    assert track.decide(LATER, YOUNG, NOW, SCHEDULE, 0.5).first_failed_at == NOW
    assert track.decide(LATER, OLD, NOW, SCHEDULE, 0.5).first_failed_at == OLD.first_failed_at


def test_a_carrier_that_answers_too_little_or_too_much_loses_nobody() -> None:
    short = track.answers([DELIVERED], 3)
    assert [one.told for one in short] == [Told.DELIVERED, Told.LATER, Told.LATER]
    assert track.answers([DELIVERED, LATER, NEVER], 2) == (DELIVERED, LATER)


def test_every_reason_of_the_carrier_has_its_words() -> None:
    """The reasons that the code of the way out names are in the table; what a peer refused is told by its code."""
    import re
    from pathlib import Path

    from vaguemestre.outbound import reasons

    package = Path(reasons.__file__).parent.parent
    rooms = [*package.glob("connectors/smtp_out*.py"), *package.glob("connectors/next_hop.py"), *package.glob("protocols/smtp_client*.py")]
    rooms += [package / "outbound" / "permit.py", package / "crypto" / "standing.py"]
    named = set()
    for room in rooms:
        text = room.read_text(encoding="utf-8")
        named |= set(re.findall(r'(?:Defer|Reject|Fate\.\w+,|Told\.\w+,)\(?\s*"([a-z-]+)"', text))
    assert len(named) > 10
    assert named - set(reasons.TABLE) == set()
    for french, english in reasons.TABLE.values():
        assert french != english
        assert french.endswith(".")
        assert english.endswith(".")
    assert reasons.words("of-another-version", 451) == reasons.LATER
    assert reasons.words("of-another-version", 550) == reasons.NEVER
    assert reasons.words("of-another-version") == reasons.UNKNOWN
