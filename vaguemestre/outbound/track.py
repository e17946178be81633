"""`track`: from what the carrier told of a recipient and from the clock, what becomes of it (RFC 5321, 4.5.4.1), and which notice its
sender is owed (RFC 3461, 4.1 and 5.2). Pure: the clock and chance are arguments.

Nothing is lost by a decision here: what is not delivered is tried again with growing delays until it expires, and then its sender is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from vaguemestre.outbound.deliver import Report, Told

SPREAD = 0.2
"""Of a delay, either way: messages put off together are not tried again together."""
EXPIRED = "expired"


@dataclasses.dataclass(frozen=True, slots=True)
class Schedule:
    """`delays_s`: before the second try, the third…; the last one repeats. `delay_notice_s`: a message that waits longer is told of."""

    delays_s: tuple[float, ...]
    delay_notice_s: float

    @classmethod
    def of(cls, minutes: str, notice_hours: int) -> Schedule:
        """From the settings: minutes, blank-separated, and hours."""
        return cls(tuple(60.0 * int(one) for one in minutes.split()), notice_hours * 3600.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Where a recipient stands when its try ends. `tries` counts this one; instants in Unix seconds. `silent`: its message has the null
    sender, so nothing is ever told of it (RFC 5321, 4.5.5)."""

    tries: int
    queued_at: float
    expires_at: float
    first_failed_at: float | None = None
    told_delay_at: float | None = None
    notify: str = ""
    silent: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Settled:
    """`state`: waiting, sent or bounced. `notice`: "", failed, delayed or relayed, what its sender is to be told now."""

    state: str
    reason: str
    not_before: float
    first_failed_at: float | None
    notice: str = ""


def asked(notify: str, word: str) -> bool:
    """Whether a notice of that kind (SUCCESS, FAILURE, DELAY) is wanted: where nothing was said, failures and delays are."""
    return word in notify.split(",") if notify else word != "SUCCESS"


def delay(tries: int, schedule: Schedule, chance: float) -> float:
    """Seconds before the next try. `chance`: between 0 and 1, drawn for this try."""
    waited = schedule.delays_s[min(tries, len(schedule.delays_s)) - 1]
    return waited * (1 + SPREAD * (2 * chance - 1))


def decide(report: Report, standing: Standing, now: float, schedule: Schedule, chance: float) -> Settled:
    """What becomes of a recipient. A try that failed after its message expired was the last one."""
    if report.told is Told.DELIVERED:
        wanted = not standing.silent and asked(standing.notify, "SUCCESS") and not report.relayed
        return Settled("sent", report.reason, 0, standing.first_failed_at, "relayed" if wanted else "")
    first = now if standing.first_failed_at is None else standing.first_failed_at
    failure = not standing.silent and asked(standing.notify, "FAILURE")
    if report.told is Told.NEVER:
        return Settled("bounced", report.reason, 0, first, "failed" if failure else "")
    if now >= standing.expires_at:
        return Settled("bounced", EXPIRED, 0, first, "failed" if failure else "")
    late = now - standing.queued_at >= schedule.delay_notice_s and standing.told_delay_at is None
    tell = late and not standing.silent and asked(standing.notify, "DELAY")
    # The last try is made when the message expires, not before and not long after.
    again = min(now + delay(standing.tries, schedule, chance), standing.expires_at)
    return Settled("waiting", report.reason, again, first, "delayed" if tell else "")


def answers(reports: Sequence[Report], count: int) -> tuple[Report, ...]:
    """One report a recipient, whatever a carrier answered: what it left out was not told, so it is tried again."""
    missing = Report(Told.LATER, "carrier-silent")
    return (*reports[:count], *[missing] * (count - len(reports)))
