"""Refreshes the trust list by itself: when to ask, what to take, what to refuse by name, when to raise the alarm (mssante.md 1.4,
requirements 3 and 4).

A source is asked at least daily, with a jitter so that operators do not all come at once; a failure is tried again sooner. What is
refused changes nothing: the list in force stays, the reason is kept for the administrator, and it is traced once. The list's age is
watched apart: well before it is too old to be believed, the alarm is raised, whatever the source answers.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Callable

from vaguemestre.crypto import trust_list
from vaguemestre.crypto.trust_list import TrustDocument
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.fault import Fault, Unreadable
from vaguemestre.inbound.fetch import Source
from vaguemestre.records import trust_lists
from vaguemestre.records.trust import RefreshSource, TrustList

MSSANTE_AGE_H = 168
RETRY = dt.timedelta(minutes=5)
RETRY_MOST = dt.timedelta(hours=1)
AHEAD = dt.timedelta(hours=1)
"""A list dated later than our clock by more than this is refused: it would hide how old it is."""
OLDER, LATER = "trust-list-older", "trust-list-of-tomorrow"
AGEING, STALE, ABSENT = "trust-list-ageing", "trust-list-stale", "trust-list-absent"


@dataclasses.dataclass(frozen=True, slots=True)
class Refreshed:
    """How one try ended. `reason` "" where it went well, with the `revision` put in force, or None where nothing was new; else the reason
    and a sentence in `told`."""

    reason: str = ""
    told: str = ""
    revision: int | None = None
    entries: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Ages:
    """`most`: older than this a list defers all mail, None = never; `alarm`: older than this the alarm is raised, None = never."""

    most: dt.timedelta | None
    alarm: dt.timedelta | None


def ages(configuration: Configuration) -> Ages:
    """The ages that the settings mean: `trust.max_age_hours` 0 is a week in profile mssante; `trust.alarm_hours` 0 is half of it."""
    most = configuration.number("trust", "max_age_hours")
    if not most and configuration.text("server", "profile") == "mssante":
        most = MSSANTE_AGE_H
    alarm = configuration.number("trust", "alarm_hours") or most / 2
    return Ages(dt.timedelta(hours=most) if most else None, dt.timedelta(hours=alarm) if alarm else None)


def as_of(force: TrustList) -> dt.datetime:
    """From when the list in force is: its generation, or its loading where that is not said or lies later."""
    return min(force.generated_at or force.loaded_at, force.loaded_at)


def judge_age(force: TrustList | None, allowed: Ages, now: dt.datetime) -> str:
    """The reason to raise the alarm for, "" where the list in force is young enough."""
    if force is None or not force.entries:
        return ABSENT
    age = now - as_of(force)
    if allowed.most is not None and age > allowed.most:
        return STALE
    return AGEING if allowed.alarm is not None and age > allowed.alarm else ""


def judge(data: bytes, force: TrustList | None, now: dt.datetime, forced: bool = False) -> TrustDocument:
    """The list that was fetched, if it may replace the one in force. `forced`: a person takes a shrunken or older one knowingly. Raises
    `Fault`."""
    document = trust_list.parse(data, in_force=force.entries if force else 0, forced=forced)
    generated = document.generated_at
    if generated is not None and generated > now + AHEAD:
        raise Unreadable("The trust list says that it was generated in the future.", LATER)
    if not forced and force is not None and force.generated_at is not None and (generated is None or generated < force.generated_at):
        raise Unreadable("The trust list is older than the one in force, or does not say when it was generated.", OLDER)
    return document


def put_in_force(document: TrustDocument, now: dt.datetime, *, origin: str, forced: bool = False) -> int:
    """Puts a list that was judged in force; returns its revision."""
    rows = [(one.domain, one.dn, one.dn_key, one.description) for one in document.pairs().values()]
    return trust_lists.load_trust_list(rows, document.generated_at, now, origin=origin, forced=forced)


def next_try(
    row: RefreshSource, every: dt.timedelta, failed: bool, now: dt.datetime, chance: Callable[[], float] = random.random
) -> dt.datetime:
    """When to ask again: within `every`, never later; after failures in a row sooner, with growing delays. Both with a jitter."""
    wait = min(RETRY * 2 ** min(row.failures, 10), RETRY_MOST, every) if failed else every
    return now + wait * (0.8 + 0.2 * chance())


def refresh_list(
    source: Source, every: dt.timedelta, now: dt.datetime, *, forced: bool = False, chance: Callable[[], float] = random.random
) -> Refreshed:
    """One try: asks the source, and puts its list in force if it may be. Never raises for what the source does. `forced` asks for the whole
    list whatever is known of it."""
    row, force = trust_lists.source(trust_lists.LIST), trust_lists.trust_list()
    # After a list was loaded by hand, or refused, what the source said of an earlier content is no reason to take nothing.
    # A list that bears no date grows old from its loading: only the whole of it says that it still holds.
    dated = force is not None and force.generated_at is not None
    known = bool(row.succeeded_at and not row.reason and not forced and dated and force and force.loaded_at <= row.succeeded_at)
    try:
        fetched = source.get(row.etag if known else "", row.modified if known else "")
        if fetched.data is None and not known:
            raise Unreadable("The source of the trust list says unchanged of what was not asked so.", "unasked-304")
        document = None if fetched.data is None else judge(fetched.data, force, now, forced)
    except Fault as fault:
        trust_lists.answered(trust_lists.LIST, now, next_try(row, every, True, now, chance), reason=fault.code)
        return Refreshed(fault.code, fault.detail)
    again = next_try(row, every, False, now, chance)
    if document is None:
        trust_lists.answered(trust_lists.LIST, now, again)
        return Refreshed(entries=force.entries if force else 0)
    same = dated and force is not None and force.generated_at == document.generated_at
    if same and not forced and not trust_lists.differs(document.pairs()):
        revision = None
    else:
        revision = put_in_force(document, now, origin="url", forced=forced)
    trust_lists.answered(
        trust_lists.LIST, now, again, etag=fetched.etag[: trust_lists.MOST_ETAG], modified=fetched.modified[: trust_lists.MOST_MODIFIED]
    )
    return Refreshed(revision=revision, entries=len(document.pairs()))


def watch_age(allowed: Ages, now: dt.datetime) -> str:
    """Looks at the age of the list in force, and traces it when it became alarming or well again; returns the reason."""
    reason = judge_age(trust_lists.trust_list(), allowed, now)
    if trust_lists.source(trust_lists.AGE).reason != reason:
        trust_lists.answered(trust_lists.AGE, now, None, reason=reason)
    return reason


def due(name: str, now: dt.datetime, every: dt.timedelta) -> bool:
    """Whether a source is to be asked now. A date further away than any delay of ours is of a clock that was wrong."""
    at = trust_lists.source(name).next_at
    return at is None or now >= at or at - now > every
