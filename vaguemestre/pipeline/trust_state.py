"""How the trust space stands, for an administrator: the list in force, its age, the alarms, the last changes (mssante.md 1.4)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from vaguemestre.pipeline import refresh, refresh_revocation
from vaguemestre.pipeline.refresh import Ages
from vaguemestre.records import trust_lists
from vaguemestre.records.revocation_files import RevocationFiles
from vaguemestre.records.trust import RefreshSource, TrustChange, TrustEntry, TrustLoad

SOUND = "sound"


@dataclasses.dataclass(frozen=True, slots=True)
class Alarm:
    """`about`: "trust-list", "revocation" or the address of a revocation list.
    `since`: when it was first noticed, None where nothing looked yet."""

    about: str
    reason: str
    since: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """`state`: sound, or the reason of `refresh.judge_age`. Counts of pairs, of domains and of certificate subjects. `source`: how the
    list's address answered, None where it was never asked."""

    state: str
    revision: int
    entries: int
    domains: int
    subjects: int
    origin: str
    generated_at: dt.datetime | None
    loaded_at: dt.datetime | None
    age: dt.timedelta | None
    allowed: Ages
    source: RefreshSource | None
    alarms: tuple[Alarm, ...]
    ends: tuple[dt.datetime, ...]
    """Of the revocation lists in force, the newest of each issuer and scope, the nearest end first."""
    crl_sources: tuple[RefreshSource, ...]


def state(allowed: Ages, files: RevocationFiles, crl_alarm: dt.timedelta, now: dt.datetime) -> State:
    """The whole of it, judged now: an alarm is told even where no refresher runs. `crl_alarm`: a revocation list that ends within it raises
    the alarm."""
    force = trust_lists.trust_list()
    load = TrustLoad.objects.order_by("-revision").first()
    known = {one.name: one for one in trust_lists.sources()}
    reason = refresh.judge_age(force, allowed, now)
    alarms: list[Alarm] = []
    if reason:
        watched = known.get(trust_lists.AGE)
        alarms.append(Alarm(trust_lists.LIST, reason, watched.since if watched and watched.reason == reason else None))
    ends = files.current().ends()
    ending = refresh_revocation.judge_ends(ends, crl_alarm, now)
    if ending:
        watched = known.get(trust_lists.ENDS)
        alarms.append(Alarm("revocation", ending, watched.since if watched and watched.reason == ending else None))
    judged = {trust_lists.AGE, trust_lists.ENDS}
    alarms += [Alarm(one.name, one.reason, one.since) for one in known.values() if one.reason and one.name not in judged]
    return State(
        state=reason or SOUND,
        revision=force.revision if force else 0,
        entries=force.entries if force else 0,
        domains=TrustEntry.objects.values("domain").distinct().count(),
        subjects=TrustEntry.objects.values("dn_key").distinct().count(),
        origin=load.origin if load else "",
        generated_at=force.generated_at if force else None,
        loaded_at=force.loaded_at if force else None,
        age=max(now - refresh.as_of(force), dt.timedelta()) if force else None,
        allowed=allowed,
        source=known.get(trust_lists.LIST),
        alarms=tuple(alarms),
        ends=ends,
        crl_sources=tuple(one for one in known.values() if one.name not in {*judged, trust_lists.LIST}),
    )


def loads(most: int = 50) -> Sequence[TrustLoad]:
    """The last lists put in force, newest first."""
    return list(TrustLoad.objects.order_by("-revision")[:most])


def changes(most: int = 500) -> Sequence[TrustChange]:
    """The last pairs that came or went, newest first, by domain within one load."""
    return list(TrustChange.objects.select_related("load").order_by("-load_id", "domain", "dn", "added")[:most])
