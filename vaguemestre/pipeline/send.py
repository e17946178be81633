"""`submit`: a message of ours is taken to be sent (RFC 6409, 3.2 and 8; mssante.md 1.4 and 1.7).

Promise 1 outwards: the vault's fsync, then the rows in one commit, then whoever waits is woken; "accepted" is said after. What is wrong
is refused here, by name, before anything is kept. Recipients whose domain is hosted here are for our own mailboxes and never see SMTP.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable, Sequence

from django.db import connection, transaction

from vaguemestre.crypto.trust_list import domain_key
from vaguemestre.domain.address import Address
from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.event import Event
from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.mailbox import ACTIVE
from vaguemestre.domain.outcome import Defer, Proceed, Reject
from vaguemestre.outbound.deliver import Destined
from vaguemestre.pipeline import patients_written
from vaguemestre.pipeline.refresh import ages, as_of
from vaguemestre.protocols import originator, submitted
from vaguemestre.records import chain, queue, rows
from vaguemestre.records.models import HostedDomain, Mailbox, MailboxAlias, Outgoing, Recipient, TrustEntry, TrustList
from vaguemestre.vault.files import Vault, digest

SMTP, LOCAL = "smtp", "local"
OF_PEOPLE = ("cli", "web", "api", "submission")
"""How a message comes to be sent; a notice of ours is no submission."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every submission. `max_age`: of the trust list, None where it is never too old; `patients`: their domain."""

    hostname: str
    domain: str
    most_bytes: int
    most_recipients: int
    expire_s: float
    max_age: dt.timedelta | None
    patients: str = ""

    @classmethod
    def of(cls, configuration: Configuration) -> Rules:
        domain = domain_key(configuration.text("server", "domain")) or ""
        return cls(
            hostname=configuration.text("server", "hostname") or f"mail.{domain}",
            domain=domain,
            most_bytes=configuration.number("smtp", "max_message_bytes"),
            most_recipients=configuration.number("smtp", "max_recipients"),
            expire_s=configuration.number("outgoing", "expire_hours") * 3600.0,
            max_age=ages(configuration).most,
            patients=domain_key(configuration.text("patients", "domain")) or "",
        )


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Submission:
    """`origin`: one of OF_PEOPLE; `actor`: as in `domain.event`; `ret`, `envid`: asked of notices; `message_id` is found in `data`.
    `mailbox`: the row number of the mailbox that sends, where the way in proved it: `mail_from` must then be its own."""

    data: bytes
    mail_from: str
    recipients: tuple[Destined, ...]
    origin: str = "cli"
    actor: str = "cli"
    mailbox: int | None = None
    ret: str = ""
    envid: str = ""

    def __repr__(self) -> str:
        return f"<Submission of {len(self.data)} bytes for {len(self.recipients)}>"


@dataclasses.dataclass(frozen=True, slots=True)
class Queued:
    """Row numbers: of the message, of its recipients in the order given (one named twice is one)."""

    outgoing: int
    recipients: tuple[int, ...]


Answer = Proceed[Queued] | Reject | Defer


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Goal:
    """Where a recipient's copy goes: `channel` smtp or local."""

    address: str
    domain: str
    channel: str
    notify: str
    orcpt: str

    def __repr__(self) -> str:
        return f"<Goal {self.channel}>"


def hosted(domain: str, rules: Rules) -> bool:
    """Whether a domain (comparison form) is ours."""
    return domain == rules.domain or HostedDomain.objects.filter(name=domain).exists()


def decide_recipient(one: Destined, rules: Rules, now: dt.datetime) -> Proceed[Goal] | Defer | Reject:
    """One recipient: a mailbox of ours, or an address whose domain is in the trust space. That a domain is not in a list too old proves
    nothing (promise 3): it is put off."""
    try:
        address = Address.parse(one.address)
    except Unreadable:
        return Reject("recipient-malformed")
    if hosted(address.domain, rules):
        known = (
            Mailbox.objects.filter(address=address.comparison).exists() or MailboxAlias.objects.filter(address=address.comparison).exists()
        )
        return Proceed(Goal(str(address), address.domain, LOCAL, one.notify, one.orcpt)) if known else Reject("no-such-mailbox")
    if TrustEntry.objects.filter(domain=address.domain).exists():
        return Proceed(Goal(str(address), address.domain, SMTP, one.notify, one.orcpt))
    in_force = TrustList.objects.filter(id=1).first()
    if in_force is None:
        return Defer("trust-list-absent")
    if rules.max_age is not None and now - as_of(in_force) > rules.max_age:
        return Defer("trust-list-stale")
    return Reject("domain-not-listed")


def decide_sender(mail_from: str, mailbox: int | None) -> Proceed[int] | Reject:
    """The mailbox of ours that sends, by its address or an alias: its row number."""
    try:
        compared = Address.parse(mail_from).comparison
    except Unreadable:
        return Reject("sender-not-ours")
    found = Mailbox.objects.filter(address=compared).first() or Mailbox.objects.filter(aliases__address=compared).first()
    if found is None or (mailbox is not None and found.pk != mailbox):
        return Reject("sender-not-ours")
    return Proceed(found.pk) if found.state == ACTIVE else Reject("sender-not-active")


def _decide(submission: Submission, rules: Rules, now: dt.datetime) -> Proceed[tuple[int, tuple[Goal, ...]]] | Reject | Defer:
    if not submission.recipients:
        return Reject("no-recipient")
    if len(submission.recipients) > rules.most_recipients:
        return Reject("too-many-recipients")
    if len(submission.data) > rules.most_bytes:
        return Reject("message-too-large")
    sender = decide_sender(submission.mail_from, submission.mailbox)
    if isinstance(sender, Reject):
        return sender
    if submitted.loops(submission.data, rules.hostname):
        return Reject("mail-loop")
    goals: dict[str, Goal] = {}
    for one in submission.recipients:
        decided = decide_recipient(one, rules, now)
        if not isinstance(decided, Proceed):
            return decided
        goals.setdefault(Address.parse(one.address).comparison, decided.facts)
    return Proceed((sender.facts, tuple(goals.values())))


def submit(vault: Vault, submission: Submission, rules: Rules, now: dt.datetime, woken: Callable[[], None] = lambda: None) -> Answer:
    """Takes a message whole or refuses it whole. When it returns Proceed, the message is durable and `woken` was called. Raises OSError
    or a database error, and then promises nothing."""
    decided = _decide(submission, rules, now)
    if not isinstance(decided, Proceed):
        return decided
    sender, goals = decided.facts
    prepared = submitted.prepare(submission.data, rules.hostname, submission.origin, secrets.token_hex(12), now)
    if len(prepared.data) > rules.most_bytes:
        return Reject("message-too-large")
    utf8 = prepared.utf8 or not all(goal.address.isascii() for goal in goals) or not submission.mail_from.isascii()
    try:
        wrote = originator.read(prepared.data, utf8)
    except originator.Malformed as malformed:
        return Reject(malformed.reason)
    # A next hop refuses a From that is not of our certificate's domains; and nobody writes here under another's name.
    domain = Address.parse(submission.mail_from).domain
    if any(domain_key(one) != domain for one in wrote.domains):
        return Reject("from-domain")
    sha256 = digest(prepared.data)
    with vault.held():
        vault.keep([(sha256, prepared.data)])
        with queue.turn(), transaction.atomic():
            message = {
                "sha256": sha256,
                "size": len(prepared.data),
                "message_id": prepared.message_id[:1000],
                "mailbox_id": sender,
                "mail_from": submission.mail_from,
                "origin": submission.origin,
                "ret": submission.ret,
                "envid": submission.envid,
                "utf8": utf8,
                "eight_bit": prepared.eight_bit,
                "queued_at": now,
                "expires_at": now.timestamp() + rules.expire_s,
            }
            queued = enqueue(message, goals)
            to_patients = [goal.address for goal in goals if goal.domain == rules.patients]
            patients_written.note(sender, prepared.data, prepared.message_id, to_patients, now)
            chain.append([Event(now, "queued", f"outgoing:{queued.outgoing}", submission.actor, f"{len(goals)} recipients")])
    woken()
    return Proceed(queued)


def enqueue(message: dict[str, object], goals: Sequence[Goal]) -> Queued:
    """The rows of a message whose octets are in the vault; within the caller's transaction."""
    with connection.cursor() as cursor:
        outgoing = rows.insert_one(Outgoing, message, cursor)
        recipients = tuple(
            rows.insert_one(
                Recipient,
                {
                    "outgoing_id": outgoing,
                    "address": goal.address,
                    "domain": goal.domain,
                    "channel": goal.channel,
                    "notify": goal.notify,
                    "orcpt": goal.orcpt,
                },
                cursor,
            )
            for goal in goals
        )
    return Queued(outgoing, recipients)
