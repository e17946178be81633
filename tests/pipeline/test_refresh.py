"""The list that refreshes itself: what is taken, what is refused by name, when the alarm is raised (mssante.md 8, requirements 1 to 4).

The source is scripted here; `tests/connectors` holds the real one against a real host, `tests/scenes` the whole.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.crypto.test_trust_list import DN, document, entry
from tests.needs import samples
from vaguemestre.crypto import trust_list
from vaguemestre.crypto.certificates import dn_key
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.inbound.fetch import Fetched

if TYPE_CHECKING:
    from vaguemestre.pipeline.refresh import Refreshed

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
EVERY = 6 * HOUR
GOOD = tuple(f"d{k}.example" for k in range(10))


@dataclasses.dataclass
class Scripted:
    """Gives `says`, or raises it."""

    says: Any
    conditions: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def get(self, etag: str, modified: str) -> Fetched:
        self.conditions.append((etag, modified))
        if isinstance(self.says, Fault):
            raise self.says
        found: Fetched = self.says
        return found


def fetched(*domains: str, generated: dt.datetime = NOW - HOUR, etag: str = "") -> Fetched:
    return Fetched(document(*(entry(one) for one in domains), generated=generated.isoformat()), etag)


def tried(says: Any, now: dt.datetime = NOW, **more: Any) -> tuple[Refreshed, Scripted]:
    from vaguemestre.pipeline import refresh

    source = Scripted(says)
    return refresh.refresh_list(source, EVERY, now, **more), source


def in_force() -> list[Any]:
    from vaguemestre.records.models import TrustEntry, TrustList

    return [list(TrustEntry.objects.order_by("id").values_list()), list(TrustList.objects.values_list())]


def events(name: str) -> list[tuple[str, str]]:
    from vaguemestre.records.models import TraceEvent

    return list(TraceEvent.objects.filter(event=name).order_by("sequence").values_list("object", "result"))


def alarms(directory: Path, now: dt.datetime = NOW, **trust: int) -> list[tuple[str, str]]:
    from vaguemestre.domain.configuration import check
    from vaguemestre.pipeline import refresh, trust_state
    from vaguemestre.records.revocation_files import RevocationFiles

    found = trust_state.state(refresh.ages(check({"trust": trust}, {})), RevocationFiles(directory / "pki"), HOUR, now)
    return [(one.about, one.reason) for one in found.alarms]


def test_requirement_01_the_published_list() -> None:
    """As published its root is not closed and it is refused; closed, it has 619 entries, 516 names, six fields each.

    Made to fail by: `recover=True` in the XML parser; keeping one entry a domain; leaving a field out of `Entry`.
    """
    data = (samples() / "trustlist" / "listeblanchemssante.xml").read_bytes()
    with pytest.raises(Unreadable) as caught:
        trust_list.parse(data)
    assert caught.value.code == trust_list.CUT
    read = trust_list.parse(data + b"</ListeBlancheMSSante>")
    assert (len(read.entries), len({one.domain for one in read.entries}), len(read.pairs())) == (619, 516, 614)
    assert all(all((one.domain, one.dn, one.description, one.responsible, one.support, one.updated_at)) for one in read.entries)


def test_requirement_02_several_certificates_of_one_domain(data_directory: Path) -> None:
    """`15-20.mssante.fr` has five subjects, and the list in force accepts each.

    Made to fail by: a key of the domain alone in `pairs`, in `load_trust_list`, or in `TrustSnapshot.of`.
    """
    from tests.servers.test_facts import facts_of
    from vaguemestre.pipeline.refresh import put_in_force

    data = (samples() / "trustlist" / "listeblanchemssante.xml").read_bytes()
    read = trust_list.parse(data + b"</ListeBlancheMSSante>")
    put_in_force(read, NOW, origin="file")
    subjects = {one.dn for one in read.entries if one.domain == "15-20.mssante.fr"}
    assert len({dn_key(dn) for dn in subjects}) == 5
    snapshot = facts_of(data_directory).trust()
    for dn in subjects:
        assert "15-20.mssante.fr" in snapshot.domains(dn_key(dn))


BAD: dict[str, Any] = {
    "trust-list-cut": document(*(entry(one) for one in GOOD))[:-30],
    "trust-list-empty": document(),
    "trust-list-foreign": b"<!DOCTYPE html><html><body>Maintenance</body></html>",
    "trust-list-shrunken": document(*(entry(one) for one in GOOD[:7])),
    "trust-list-older": document(*(entry(one) for one in GOOD), generated=(NOW - 3 * HOUR).isoformat()),
    "trust-list-of-tomorrow": document(*(entry(one) for one in GOOD), generated=(NOW + 25 * HOUR).isoformat()),
    "http-500": Fault("The host answered 500.", "http-500"),
    "certificate-untrusted": Fault("Another authority.", "certificate-untrusted"),
    "too-large": TooLarge("Too much."),
}


@pytest.mark.parametrize("reason", BAD)
def test_requirement_03_a_bad_list_changes_nothing_and_raises_the_alarm(data_directory: Path, reason: str) -> None:
    """Refused by its name: the list in force is the same to the row, the alarm is there, the trace tells it once, a good list ends it.

    Made to fail by: deleting the entries before the new list is judged; catching `Fault` without `answered`; tracing each try; leaving out
    the shrink check, the date checks or the parser's strictness; keeping the reason after a success.
    """
    assert tried(fetched(*GOOD, etag='"one"'))[0].revision == 1
    before = in_force()
    bad = BAD[reason]
    for again in range(3):
        done, _ = tried(bad if isinstance(bad, Fault) else Fetched(bad, '"bad"'), NOW + again * HOUR / 4)
        assert (done.reason, done.revision) == (reason, None)
        assert done.told
        assert in_force() == before
        assert alarms(data_directory) == [("trust-list", reason)]
    assert events("refresh-failed") == [("trust-list", reason)]
    assert tried(fetched(*GOOD, "new.example", generated=NOW))[0].revision == 2
    assert alarms(data_directory) == []
    assert events("refresh-recovered") == [("trust-list", reason)]


def test_requirement_04_a_stale_list_defers_and_the_alarm_comes_first(data_directory: Path) -> None:
    """Half way the alarm, past the age nothing is sound any more: a Defer (4xx) for a peer of the list and for one that is not, never a
    Reject, never a Proceed. The same list judges mail that goes out.

    Made to fail by: `stale` that compares with `<`; judging the listing before the age in `decide_peer`; an age of `loaded_at` alone.
    """
    from vaguemestre.crypto import certificates, demo_pki, revocation
    from vaguemestre.crypto.standing import decide_peer
    from vaguemestre.crypto.trust_list import TrustSnapshot
    from vaguemestre.domain.configuration import check
    from vaguemestre.domain.outcome import Defer, Proceed
    from vaguemestre.outbound.permit import decide_domain, decide_hop
    from vaguemestre.pipeline import refresh

    ca = demo_pki.make_ca(NOW - HOUR)
    authorities = certificates.read_pem(ca.certificate)
    peer = certificates.read_pem(demo_pki.issue(ca, NOW - HOUR, "mx.hopital.example").certificate)[0]
    crl = revocation.read(demo_pki.make_crl(ca, NOW), authorities)
    read = trust_list.parse(document(entry("hopital.example", peer.subject), generated=NOW.isoformat()))
    refresh.put_in_force(read, NOW, origin="url")
    allowed = refresh.ages(check({"trust": {"max_age_hours": 168}}, {}))
    assert (allowed.most, allowed.alarm) == (168 * HOUR, 84 * HOUR)
    week = {"max_age_hours": 168}
    for hours, reason in ((84, ""), (85, "trust-list-ageing"), (168, "trust-list-ageing"), (169, "trust-list-stale")):
        now = NOW + hours * HOUR
        assert refresh.watch_age(allowed, now) == reason
        assert alarms(data_directory, now, **week) == ([("trust-list", reason)] if reason else [])
        for listed in (peer.key, "x" * 64):
            snapshot = TrustSnapshot.of([("hopital.example", listed)], NOW, allowed.most)
            said = decide_peer(peer, authorities, snapshot, crl, now)
            if reason == "trust-list-stale":
                assert said == Defer("trust-list-stale")
                out = decide_hop("hopital.example", peer, authorities, snapshot, crl, now)
                assert out == decide_domain("hopital.example", snapshot, now) == Defer("trust-list-stale")
            elif listed == peer.key:
                assert isinstance(said, Proceed)
    assert events("refresh-failed") == [("trust-list-age", "trust-list-ageing"), ("trust-list-age", "trust-list-stale")]


def test_no_age_is_demanded_in_demo_and_a_week_in_mssante() -> None:
    from vaguemestre.domain.configuration import check
    from vaguemestre.pipeline.refresh import Ages, ages

    assert ages(check({}, {})) == Ages(None, None)
    assert ages(check({"server": {"profile": "mssante"}}, {})) == Ages(168 * HOUR, 84 * HOUR)
    assert ages(check({"trust": {"alarm_hours": 10, "max_age_hours": 30}}, {})) == Ages(30 * HOUR, 10 * HOUR)


def test_a_list_dated_later_than_its_loading_grows_old_from_its_loading(data_directory: Path) -> None:
    from tests.servers.test_facts import facts_of
    from vaguemestre.records import trust_lists

    trust_lists.load_trust_list([("a.example", "CN=a", "a" * 64, "")], NOW + 9000 * HOUR, NOW)
    assert facts_of(data_directory).trust().as_of == NOW


def test_what_changed_is_kept(data_directory: Path) -> None:
    from vaguemestre.pipeline import trust_state

    tried(fetched(*GOOD))
    assert trust_state.changes() == [], "the first list changes none"
    tried(fetched(*GOOD[1:], "new.example", generated=NOW))
    assert [(one.added, one.domain, one.dn, one.load.origin) for one in trust_state.changes()] == [
        (False, "d0.example", DN, "url"),
        (True, "new.example", DN, "url"),
    ]
    assert [(one.revision, one.entries, one.added, one.removed) for one in trust_state.loads()] == [(2, 10, 1, 1), (1, 10, 10, 0)]
    assert [result for _, result in events("trust-list-loaded")] == [
        "revision 1, 10 entries, 10 added, 0 removed",
        "revision 2, 10 entries, 1 added, 1 removed",
    ]


def test_what_did_not_change_keeps_its_rows(data_directory: Path) -> None:
    from vaguemestre.records.models import TrustEntry

    tried(fetched(*GOOD))
    before = dict(TrustEntry.objects.values_list("domain", "id"))
    tried(fetched(*GOOD[1:], "new.example", generated=NOW))
    after = dict(TrustEntry.objects.values_list("domain", "id"))
    assert {name: before[name] for name in GOOD[1:]} == {name: after[name] for name in GOOD[1:]}
    assert set(after) == {*GOOD[1:], "new.example"}


def test_a_person_may_force_a_shrunken_and_an_older_list(data_directory: Path) -> None:
    tried(fetched(*GOOD))
    assert tried(fetched("d0.example", generated=NOW - 5 * HOUR))[0].reason == "trust-list-shrunken"
    done, source = tried(fetched("d0.example", generated=NOW - 5 * HOUR), forced=True)
    assert (done.reason, done.entries) == ("", 1)
    assert source.conditions == [("", "")]
    assert events("trust-list-loaded")[-1][1].endswith("forced")


def test_nothing_new_is_asked_by_condition(data_directory: Path) -> None:
    tried(fetched(*GOOD, etag='"one"'))
    before = in_force()
    done, source = tried(Fetched(None), NOW + HOUR)
    assert (done.reason, done.revision, source.conditions) == ("", None, [('"one"', "")])
    # The same list sent whole again is no new revision either.
    assert tried(fetched(*GOOD, etag='"two"'), NOW + 2 * HOUR)[0].revision is None
    assert in_force() == before
    # After a failure, or a list loaded by hand, the whole is asked for.
    tried(Fault("x", "http-500"), NOW + 3 * HOUR)
    assert tried(fetched(*GOOD), NOW + 4 * HOUR)[1].conditions == [("", "")]


def test_an_answer_of_unchanged_that_was_not_asked_is_refused(data_directory: Path) -> None:
    assert tried(Fetched(None))[0].reason == "unasked-304"


def test_an_undated_list_is_confirmed_only_whole(data_directory: Path) -> None:
    undated = document(*(entry(one) for one in GOOD)).replace(b"<DateDeGeneration>2026-02-01T10:00:00Z</DateDeGeneration>", b"")
    tried(Fetched(undated, '"one"'))
    done, source = tried(Fetched(undated, '"one"'), NOW + HOUR)
    assert source.conditions == [("", "")]
    assert done.revision == 2, "and is as young as its last loading"


def test_repeats_of_one_entry_do_not_hide_that_a_list_shrank() -> None:
    repeated = document(*[entry("d0.example")] * 10)
    with pytest.raises(trust_list.Shrunken):
        trust_list.parse(repeated, in_force=10)


def test_asked_at_least_daily_and_sooner_after_failures(data_directory: Path) -> None:
    from vaguemestre.pipeline import refresh

    def after(row_failures: int, failed: bool, chance: float) -> dt.timedelta:
        from vaguemestre.records.models import RefreshSource

        return refresh.next_try(RefreshSource(failures=row_failures), EVERY, failed, NOW, lambda: chance) - NOW

    assert (after(0, False, 0.0), after(0, False, 1.0)) == (EVERY * 0.8, EVERY)
    delays = [after(k, True, 1.0) for k in range(8)]
    assert delays[0] == refresh.RETRY
    assert delays == sorted(delays)
    assert max(delays) == refresh.RETRY_MOST
    assert after(10_000, True, 1.0) == refresh.RETRY_MOST
    assert refresh.due("trust-list", NOW, EVERY), "never asked"
    tried(fetched(*GOOD), chance=lambda: 1.0)
    assert not refresh.due("trust-list", NOW + EVERY - HOUR, EVERY)
    assert refresh.due("trust-list", NOW + EVERY, EVERY)
    assert refresh.due("trust-list", NOW - 100 * HOUR, EVERY), "a clock that was set back"
