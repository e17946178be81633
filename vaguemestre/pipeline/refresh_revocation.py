"""Refreshes the revocation lists by itself (RFC 5280 section 6.3; mssante.md 2.2, requirement 12): which addresses to ask, what to keep,
what to refuse by name. What is refused or cannot be had changes nothing: the list that is kept serves until its own end.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable, Sequence

from vaguemestre.crypto import revocation
from vaguemestre.domain.fault import Fault, Unreadable
from vaguemestre.inbound.fetch import Source
from vaguemestre.pipeline.refresh import next_try
from vaguemestre.records import trust_lists
from vaguemestre.records.revocation_files import RevocationFiles

SOURCES_MOST = 64
ENDING, ENDED, ABSENT = "crl-ending", "crl-ended", "crl-absent"


def addresses(configured: Iterable[str], files: RevocationFiles, named: bool) -> tuple[str, ...]:
    """The addresses to ask, the configured ones first. `named`: also those that our own certificate, the authorities and the peers met so
    far name; each of them was signed by an authority of ours."""
    found = list(configured)
    if named:
        for certificate in [*files.own(), *files.seen()]:
            found += [one for one in revocation.addresses(certificate) if len(one) <= trust_lists.MOST_NAME]
    return tuple(dict.fromkeys(found))[:SOURCES_MOST]


def refresh_crl(
    name: str, source: Source, files: RevocationFiles, every: dt.timedelta, now: dt.datetime, chance: Callable[[], float] = random.random
) -> str:
    """One try of one address; returns why its list was not taken, "" where it was. Never raises for what the source does."""
    row = trust_lists.source(name)
    known = bool(row.succeeded_at and not row.reason and files.holds(row.place))
    try:
        fetched = source.get(row.etag if known else "", row.modified if known else "")
        if fetched.data is None and not known:
            raise Unreadable("The source says unchanged of what was not asked so.", "unasked-304")
        place = row.place if fetched.data is None else files.keep(fetched.data, now).place
    except (Fault, OSError) as error:
        reason = error.code if isinstance(error, Fault) else "not-written"
        trust_lists.answered(name, now, next_try(row, every, True, now, chance), reason=reason)
        return reason
    trust_lists.answered(
        name,
        now,
        next_try(row, every, False, now, chance),
        etag=fetched.etag[: trust_lists.MOST_ETAG],
        modified=fetched.modified[: trust_lists.MOST_MODIFIED],
        place=place,
    )
    return ""


def judge_ends(ends: Sequence[dt.datetime], alarm: dt.timedelta, now: dt.datetime) -> str:
    """The reason to raise the alarm for, from the ends of the lists in force; "" where all hold well beyond `alarm`."""
    if not ends:
        return ABSENT
    first = min(ends)
    if first <= now:
        return ENDED
    return ENDING if first - now <= alarm else ""


def watch_ends(files: RevocationFiles, alarm: dt.timedelta, now: dt.datetime) -> str:
    """Looks at the ends of the lists in force, and traces when they became alarming or well again; returns the reason."""
    reason = judge_ends(files.current().ends(), alarm, now)
    if trust_lists.source(trust_lists.ENDS).reason != reason:
        trust_lists.answered(trust_lists.ENDS, now, None, reason=reason)
    return reason
