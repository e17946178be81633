"""The queue's side of sending, without any socket: claim, hand out, write down what was told, write the notices that are owed.

Order of the promise: a notice's octets are in the vault before the one commit that changes its recipients' state and queues it, so a crash
at any instant repeats a try or a notice, and loses neither. A recipient whose 2xx is committed is never tried again; one whose commit was
cut is sent twice, never lost. Nothing here talks to a network; nothing is read from the vault inside a transaction.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import random
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction

from vaguemestre.crypto.trust_list import domain_key
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.event import Event
from vaguemestre.outbound import notify_sender, reasons, track
from vaguemestre.outbound.deliver import Destined, Parcel, Report, Told
from vaguemestre.outbound.notify_sender import About, Original
from vaguemestre.outbound.track import Schedule, Settled, Standing
from vaguemestre.pipeline import asked, send
from vaguemestre.pipeline.hand_over import hand_over
from vaguemestre.pipeline.send import LOCAL, SMTP, Goal, Rules
from vaguemestre.records import chain, outgoing_queue, queue
from vaguemestre.records.models import Asked, Outgoing, Recipient
from vaguemestre.vault.files import Vault, digest


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Load:
    """Claimed recipients of one message and one domain; they travel together."""

    message: Outgoing
    domain: str
    channel: str
    recipients: tuple[Recipient, ...]

    def __repr__(self) -> str:
        return f"<Load of {len(self.recipients)}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Back:
    """A load that came back, with one report a recipient."""

    load: Load
    reports: tuple[Report, ...]

    def __repr__(self) -> str:
        return f"<Back {len(self.reports)}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Due:
    """A notice that is owed: its octets, and the recipients whose state it tells."""

    data: bytes
    recipients: tuple[int, ...]
    row: dict[str, object]
    goal: Goal

    def __repr__(self) -> str:
        return "<_Due>"


class Post:
    """One claimer. `clock` gives Unix seconds, `chance` a number between 0 and 1. Its methods are called by one thread."""

    def __init__(
        self,
        configuration: Configuration,
        vault: Vault,
        name: str = "outgoing",
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.rules = Rules.of(configuration)
        self.schedule = Schedule.of(configuration.text("outgoing", "retry_minutes"), configuration.number("outgoing", "delay_notice_hours"))
        self.lease_s = configuration.number("outgoing", "lease_s")
        self._vault = vault
        self._clock = clock
        self._chance = chance
        # Never the name of a process that died: its claims lapse, they are not ours.
        self._owner = f"{name}.{os.getpid()}.{secrets.token_hex(6)}"[:64]

    def claim(self, most: int, busy: Sequence[str] = ()) -> list[Load]:
        """Up to `most` recipients, as loads; none of a domain of `busy`."""
        groups: defaultdict[tuple[int, str, str], list[Recipient]] = defaultdict(list)
        for one in outgoing_queue.claim(self._owner, most, self.lease_s, self._clock(), busy):
            groups[one.outgoing_id, one.domain, one.channel].append(one)
        return [Load(those[0].outgoing, domain, channel, tuple(those)) for (_, domain, channel), those in groups.items()]

    def release(self, loads: Sequence[Load]) -> None:
        """Gives back loads whose work was not begun."""
        outgoing_queue.release(self._owner, [one.pk for load in loads for one in load.recipients])

    def renew(self) -> None:
        """Keeps every claim for another lease; to be called at a third of its life."""
        outgoing_queue.renew(self._owner, self._clock() + self.lease_s)

    def let_go(self) -> None:
        """Gives every claim back: this process ends."""
        outgoing_queue.let_go(self._owner)

    def parcel(self, load: Load) -> Parcel:
        """What a carrier is given. Raises `vault.files.Damaged` or OSError where the octets cannot be read."""
        message = load.message
        return Parcel(
            data=self._vault.read(message.sha256),
            mail_from=message.mail_from,
            recipients=tuple(Destined(one.address, one.notify, one.orcpt) for one in load.recipients),
            ret=message.ret,
            envid=message.envid,
            utf8=message.utf8,
            eight_bit=message.eight_bit,
        )

    def hand_over(self, load: Load) -> tuple[Report, ...]:
        """Recipients of ours: kept by the same commit as a peer's mail."""
        now = dt.datetime.fromtimestamp(self._clock(), dt.UTC)
        return hand_over(self._vault, load.message, load.recipients, now)

    def settle(self, backs: Sequence[Back]) -> int:
        """Writes down what became of each recipient, in one commit; returns how many are settled for good."""
        now = self._clock()
        decided = {
            one.pk: (one, report, self._decide(back.load.message, one, report, now))
            for back in backs
            for one, report in zip(back.load.recipients, back.reports, strict=True)
        }
        due = [notice for back in backs for notice in self._notices(back.load, decided, now)]
        with self._vault.held():
            if due:
                self._vault.keep([(str(one.row["sha256"]), one.data) for one in due])
            with queue.turn(), transaction.atomic():
                ended = self._write(decided, due, now)
        return ended

    def _decide(self, message: Outgoing, one: Recipient, report: Report, now: float) -> Settled:
        standing = Standing(
            tries=one.tries,
            queued_at=message.queued_at.timestamp(),
            expires_at=message.expires_at,
            first_failed_at=one.first_failed_at,
            told_delay_at=one.told_delay_at,
            notify=one.notify,
            silent=not message.mail_from,
        )
        settled = track.decide(report, standing, now, self.schedule, self._chance())
        if one.channel == LOCAL and settled.notice == "relayed":
            # Our own pipeline tells of the delivery itself (`Asked`), once it is through.
            return dataclasses.replace(settled, notice="")
        return settled

    def _notices(self, load: Load, decided: dict[int, tuple[Recipient, Report, Settled]], now: float) -> list[_Due]:
        kinds: defaultdict[str, list[tuple[Recipient, About]]] = defaultdict(list)
        for recipient in load.recipients:
            _, report, settled = decided[recipient.pk]
            if settled.notice:
                about = About(
                    recipient.address, settled.reason, report.code, report.enhanced, report.host, recipient.orcpt, load.message.expires_at
                )
                kinds[settled.notice].append((recipient, about))
        return [
            self.owed(kind, load.message, [about for _, about in told], tuple(one.pk for one, _ in told), now)
            for kind, told in kinds.items()
        ]

    def owed(self, kind: str, message: Outgoing, about: Sequence[About], recipients: tuple[int, ...], now: float) -> _Due:
        """A notice to the sender of a message of ours."""
        try:
            data = self._vault.read(message.sha256)
        except Exception:  # noqa: BLE001 - its sender is told all the same, without the copy; `verify` names the damage
            data = b"\r\n"
        original = Original(message.mail_from, data, message.queued_at, message.message_id, message.ret, message.envid)
        return self._due(kind, original, about, recipients, now)

    def _due(self, kind: str, original: Original, about: Sequence[About], recipients: tuple[int, ...], now: float) -> _Due:
        rules, at, token = self.rules, dt.datetime.fromtimestamp(now, dt.UTC), secrets.token_hex(12)
        data = notify_sender.notice(kind, original, about, rules.hostname, rules.domain, token, at)
        domain = domain_key(original.mail_from.rpartition("@")[2]) or ""
        channel = LOCAL if send.hosted(domain, rules) else SMTP
        row: dict[str, object] = {
            "sha256": digest(data),
            "size": len(data),
            "message_id": f"<{token}@{rules.hostname}>",
            "origin": "notice",
            "mail_from": "",
            "utf8": not original.mail_from.isascii(),
            "eight_bit": not data.isascii(),
            "queued_at": at,
            "expires_at": now + rules.expire_s,
        }
        return _Due(data, recipients, row, Goal(original.mail_from, domain, channel, "NEVER", ""))

    def _write(self, decided: dict[int, tuple[Recipient, Report, Settled]], due: Sequence[_Due], now: float) -> int:
        at = dt.datetime.fromtimestamp(now, dt.UTC)
        done_at = connection.ops.adapt_datetimefield_value(at)
        ours = outgoing_queue.held(self._owner, list(decided))
        told = {key: one.row for one in due for key in one.recipients}
        events: list[Event] = []
        writes: list[tuple[Any, ...]] = []
        for key, (recipient, report, settled) in decided.items():
            # What was delivered is so even where another process took the claim over: it must not be sent once more.
            if key not in ours and report.told is not Told.DELIVERED:
                continue
            delay_at = now if settled.notice == "delayed" and key in told else recipient.told_delay_at
            ended = done_at if settled.state != "waiting" else None
            writes.append(
                (
                    settled.state, settled.not_before, settled.reason[:100], report.code, report.enhanced[:20], report.host[:255],
                    report.peer_ip[:45], report.peer_dn[:1000], report.tls[:100], settled.first_failed_at, delay_at, ended, key,
                )
            )  # fmt: skip
            events.append(Event(at, _EVENTS[settled.state], f"recipient:{key}", "node", _result(settled, report)))
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE records_recipient SET state = %s, owner = '', lease = 0, not_before = %s, reason = %s, code = %s, enhanced = %s,"
                " host = %s, peer_ip = %s, peer_dn = %s, tls = %s, first_failed_at = %s, told_delay_at = %s, done_at = %s"
                " WHERE id = %s AND state = 'waiting'",
                writes,
            )
        for one in due:
            if all(key in ours for key in one.recipients):
                events.append(_queue_notice(one, at))
        chain.append(events)
        return sum(1 for written in writes if written[0] != "waiting")

    def write_asked(self) -> int:
        """Writes and queues the success notices that are owed to senders; returns how many."""
        noted = asked.due()
        if not noted:
            return 0
        now = self._clock()
        at = dt.datetime.fromtimestamp(now, dt.UTC)
        due = []
        for one in noted:
            original, about = asked.told(one, self._vault)
            due.append((one.pk, self._due(asked.DELIVERED, original, [about], (), now)))
        with self._vault.held():
            self._vault.keep([(str(one.row["sha256"]), one.data) for _, one in due])
            with queue.turn(), transaction.atomic():
                events = [_queue_notice(one, at) for key, one in due if Asked.objects.filter(pk=key).delete()[0]]
                chain.append(events)
        return len(events)

    def give_back(self, recipient: Recipient, actor: str) -> bool:
        """A person takes a waiting recipient back: its sender is told that it failed, as RFC 3461 asks. False where it does not wait any
        more, or is on its way at this very moment."""
        now = self._clock()
        at = dt.datetime.fromtimestamp(now, dt.UTC)
        message = recipient.outgoing
        due = []
        if message.mail_from and track.asked(recipient.notify, "FAILURE"):
            about = About(recipient.address, "returned", orcpt=recipient.orcpt)
            due = [self.owed("failed", message, [about], (recipient.pk,), now)]
        with self._vault.held():
            if due:
                self._vault.keep([(str(one.row["sha256"]), one.data) for one in due])
            with queue.turn(), transaction.atomic():
                changed = Recipient.objects.filter(pk=recipient.pk, state="waiting", lease__lt=now).update(
                    state="returned", reason="returned", done_at=at, owner="", lease=0
                )
                if not changed:
                    return False
                events = [Event(at, "returned", f"recipient:{recipient.pk}", actor, "given-back")]
                chain.append([*events, *(_queue_notice(one, at) for one in due)])
        return True


_EVENTS = {"sent": "sent", "waiting": "deferred", "bounced": "bounced"}


def _result(settled: Settled, report: Report) -> str:
    """The reason, the next hop's code and name: never its words."""
    return " ".join(filter(None, [settled.reason, str(report.code or ""), report.enhanced, report.host]))[:100]


def _queue_notice(one: _Due, at: dt.datetime) -> Event:
    queued = send.enqueue(one.row, [one.goal])
    return Event(at, "queued", f"outgoing:{queued.outgoing}", "node", "notice")


def try_again(recipient: Recipient, actor: str, now: float) -> bool:
    """A person has a waiting recipient tried at once. False where it does not wait any more."""
    with queue.turn(), transaction.atomic():
        changed = Recipient.objects.filter(pk=recipient.pk, state="waiting").update(not_before=0)
        if changed:
            chain.append([Event(dt.datetime.fromtimestamp(now, dt.UTC), "retry-asked", f"recipient:{recipient.pk}", actor, "now")])
    return bool(changed)


def told_words(recipient: Recipient) -> reasons.Words:
    """Why a recipient is where it is, in French and English."""
    return reasons.words(recipient.reason, recipient.code)
