"""Puts a trust list in force and keeps what changed; what its sources answered (mssante.md 1.4, requirements 1 to 4). Each act and its
trace are one transaction: whoever looks sees the list before or the list after, whole (requirement 3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import F

from vaguemestre.domain.event import Event
from vaguemestre.records import chain
from vaguemestre.records.rows import insert_many
from vaguemestre.records.trust import RefreshSource, TrustChange, TrustEntry, TrustList, TrustLoad

LIST, AGE, ENDS = "trust-list", "trust-list-age", "crl-ends"
"""Names of sources: the list's own; its age and the ends of the revocation lists, which are watched like one."""
PERSON, NODE = "cli", "node"
"""Who acts: a person's command, or the refresher."""
MOST_DN, MOST_DESCRIPTION = 1000, 500
"""Characters of a listed subject and of its description that are kept to be shown; peers are known by the key of the whole subject."""
MOST_ETAG, MOST_MODIFIED, MOST_NAME = 200, 60, 500

Row = tuple[str, str, str, str]
"""(domain, DN as written, DN key, description)."""


def _trace(now: dt.datetime, event: str, object_: str, result: str, actor: str = PERSON) -> None:
    chain.append([Event(at=now, event=event, object=object_, actor=actor, result=result)])


def trust_list() -> TrustList | None:
    """The trust list in force, if any was ever loaded."""
    return TrustList.objects.filter(id=1).first()


def load_trust_list(
    entries: Sequence[Row], generated_at: dt.datetime | None, now: dt.datetime, *, origin: str = "file", forced: bool = False
) -> int:
    """Puts a list in force instead of the one before and returns its revision. The caller has checked the entries. Exact repeats of a
    (domain, DN key) are one. Only what differs is written, and is kept as a change unless there was no entry before."""
    wanted = {(domain, key): (dn[:MOST_DN], description[:MOST_DESCRIPTION]) for domain, dn, key, description in reversed(entries)}
    actor = NODE if origin == "url" else PERSON
    with transaction.atomic():
        there = {(row[1], row[2]): row for row in TrustEntry.objects.values_list("id", "domain", "dn_key", "dn", "description")}
        added = [pair for pair in wanted if pair not in there]
        removed = [pair for pair in there if pair not in wanted]
        worded = [TrustEntry(id=there[p][0], dn=w[0], description=w[1]) for p, w in wanted.items() if p in there and there[p][3:] != w]
        gone = [there[pair][0] for pair in removed]
        for at in range(0, len(gone), 500):
            TrustEntry.objects.filter(id__in=gone[at : at + 500]).delete()
        insert_many(TrustEntry, ({"domain": p[0], "dn_key": p[1], "dn": wanted[p][0], "description": wanted[p][1]} for p in added))
        TrustEntry.objects.bulk_update(worded, ["dn", "description"], batch_size=100)
        before = trust_list()
        revision = (before.revision if before else 0) + 1
        TrustList.objects.update_or_create(
            id=1, defaults={"generated_at": generated_at, "loaded_at": now, "entries": len(wanted), "revision": revision}
        )
        load = TrustLoad.objects.create(
            revision=revision, at=now, origin=origin, forced=forced, generated_at=generated_at,
            entries=len(wanted), added=len(added), removed=len(removed),
        )  # fmt: skip
        if there:
            changed = [(True, p[0], wanted[p][0]) for p in added] + [(False, p[0], there[p][3]) for p in removed]
            of = load.revision
            insert_many(TrustChange, ({"load_id": of, "added": way, "domain": domain, "dn": dn} for way, domain, dn in changed))
        told = f"revision {revision}, {len(wanted)} entries, {len(added)} added, {len(removed)} removed{', forced' if forced else ''}"
        _trace(now, "trust-list-loaded", "trust-list:1", told, actor)
    return revision


def list_peer(domain: str, dn: str, dn_key: str, serial: int, now: dt.datetime) -> None:
    """Lists a peer that our demo CA certified, beside those of the list in force."""
    with transaction.atomic():
        held = TrustEntry.objects.exists()
        entry, new = TrustEntry.objects.get_or_create(domain=domain, dn_key=dn_key, defaults={"dn": dn[:MOST_DN]})
        TrustList.objects.get_or_create(id=1, defaults={"loaded_at": now, "entries": 0})
        TrustList.objects.filter(id=1).update(entries=TrustEntry.objects.count(), revision=F("revision") + 1)
        if new:
            force = TrustList.objects.get(id=1)
            load = TrustLoad.objects.create(
                revision=force.revision, at=now, origin="pki", generated_at=force.generated_at, entries=force.entries, added=1, removed=0
            )
            if held:
                TrustChange.objects.create(load=load, added=True, domain=domain, dn=dn[:MOST_DN])
        _trace(now, "peer-issued", f"trust-entry:{entry.pk}", f"serial {serial:x}")


def peer_revoked(serials: Sequence[int], now: dt.datetime) -> None:
    """Traces that certificates of our demo CA were revoked; the CRL under DIR/pki is what revokes them."""
    with transaction.atomic():
        for serial in serials:
            _trace(now, "peer-revoked", "trust-list:1", f"serial {serial:x}")


def source(name: str) -> RefreshSource:
    """What is known of a source; nothing yet is a row that was never tried."""
    return RefreshSource.objects.filter(name=name).first() or RefreshSource(name=name)


def sources() -> Sequence[RefreshSource]:
    """Every source that was tried, by name."""
    return list(RefreshSource.objects.order_by("name"))


def answered(
    name: str,
    now: dt.datetime,
    next_at: dt.datetime | None,
    *,
    reason: str = "",
    etag: str | None = None,
    modified: str | None = None,
    place: str | None = None,
) -> RefreshSource:
    """Notes one try: `reason` "" where it went well. Traced only when the reason changes, so that an outage is two events and not one a
    minute. `etag`, `modified`, `place`: None leaves what is known."""
    with transaction.atomic():
        row, _ = RefreshSource.objects.get_or_create(name=name)
        before = row.reason
        row.tried_at, row.next_at, row.reason = now, next_at, reason
        if reason:
            row.failures += 1
        else:
            row.succeeded_at, row.failures = now, 0
            row.etag = row.etag if etag is None else etag
            row.modified = row.modified if modified is None else modified
            row.place = row.place if place is None else place
        if reason != before:
            row.since = now if reason else None
            event = "refresh-failed" if reason else "refresh-recovered"
            _trace(now, event, name if name in {LIST, AGE, ENDS} else f"crl-source:{row.pk}", reason or before, NODE)
        row.save()
    return row


def forget(names: Sequence[str]) -> None:
    """Drops what is known of revocation sources that are configured no more: an alarm that nobody can end is no alarm."""
    RefreshSource.objects.exclude(name__in=[LIST, AGE, ENDS, *names]).delete()


def differs(pairs: Collection[tuple[str, str]]) -> bool:
    """Whether a list of these (domain, DN key) pairs is another than the one in force."""
    return set(pairs) != set(TrustEntry.objects.values_list("domain", "dn_key"))
