"""The mail domains that this operator hosts, and who administers which (mssante.md 1.1). Each act and its trace are one transaction.

`server.domain` of the settings is the first; the others are rows. The domain of patients is never one of them (mssante.md 3).
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from vaguemestre.domain.address import domain_of
from vaguemestre.domain.event import Event
from vaguemestre.domain.fault import Refused, Unreadable
from vaguemestre.domain.mailbox import ACTIVE, SUSPENDED
from vaguemestre.records import chain
from vaguemestre.records.accounts import Account
from vaguemestre.records.mailboxes import HostedDomain, Mailbox


@dataclasses.dataclass(frozen=True, slots=True)
class Hosted:
    """A domain in comparison form, its state, and whether it is `server.domain`."""

    name: str
    state: str
    first: bool


def _setting(section: str, key: str) -> str:
    text = settings.VAGUEMESTRE.text(section, key)
    try:
        return domain_of(f"a@{text}") if text else ""
    except Unreadable:
        raise Refused(f"vaguemestre.toml: {section}.{key} is no mail domain.") from None


def first() -> str:
    """`server.domain` in comparison form. Raises `Refused`."""
    return _setting("server", "domain")


def patients() -> str:
    """The domain of patients in comparison form, "" where the settings name none. Raises `Refused`."""
    return _setting("patients", "domain")


def hosted() -> tuple[Hosted, ...]:
    """Every domain hosted here, the first one first, then by name."""
    states = dict(HostedDomain.objects.order_by("name").values_list("name", "state"))
    begun = first()
    return tuple(Hosted(name, state, name == begun) for name, state in ({begun: ACTIVE} | states).items() if name)


def check(domain: str) -> None:
    """Raises `Refused` unless a mailbox or an alias may be made in this domain."""
    states = {one.name: one.state for one in hosted()}
    if domain == patients():
        raise Refused("Mailboxes of patients are never made here: their domain is that of Mon espace santé.", "domain-of-patients")
    if domain not in states:
        names = ", ".join(states)
        raise Refused(
            f"The address must be in a domain that this operator hosts: {names}; add one with vaguemestre domain add.", "domain-elsewhere"
        )
    if states[domain] != ACTIVE:
        raise Refused("That domain is suspended; resume it first.", "domain-suspended")


def _row(name: str, now: dt.datetime) -> HostedDomain:
    """The row of a hosted domain, made for the first one when it lacks. Raises `Refused`."""
    found = HostedDomain.objects.filter(name=name).first()
    if found is None and name == first():
        found = HostedDomain.objects.create(name=name, created_at=now)
    if found is None:
        raise Refused("That domain is not hosted here; vaguemestre domain list names those that are.")
    return found


def _trace(now: dt.datetime, event: str, row: HostedDomain, actor: str, result: str) -> None:
    chain.append([Event(now, event, f"domain:{row.pk}", actor, result)])


def add(name: str, now: dt.datetime, actor: str) -> None:
    """Hosts another domain. Raises `Refused`."""
    if name == patients():
        raise Refused("The domain of patients is never hosted here: it is that of Mon espace santé.")
    with transaction.atomic():
        if any(one.name == name for one in hosted()):
            raise Refused("That domain is hosted already; nothing was changed.")
        _trace(now, "domain-added", HostedDomain.objects.create(name=name, created_at=now), actor, ACTIVE)


def _turn(name: str, state: str, event: str, now: dt.datetime, actor: str) -> None:
    with transaction.atomic():
        row = _row(name, now)
        if row.state == state:
            raise Refused(f"That domain is {state} already; nothing was changed.")
        HostedDomain.objects.filter(pk=row.pk).update(state=state)
        _trace(now, event, row, actor, state)


def suspend(name: str, now: dt.datetime, actor: str) -> None:
    """Its mailboxes take no mail until it is resumed: senders try again (450 4.2.1). Raises `Refused`."""
    _turn(name, SUSPENDED, "domain-suspended", now, actor)


def resume(name: str, now: dt.datetime, actor: str) -> None:
    """Its mailboxes take mail again. Raises `Refused`."""
    _turn(name, ACTIVE, "domain-resumed", now, actor)


def appoint(account: Account, names: list[str], now: dt.datetime) -> None:
    """Binds an admin to domains: it sees and changes those only. Called in the transaction that makes the account. Raises `Refused`."""
    account.domains.set([_row(name, now) for name in dict.fromkeys(names)])


def bounds(account: Account) -> tuple[str, ...]:
    """The domains that an admin is bound to; () where it administers the whole operator."""
    return tuple(account.domains.order_by("name").values_list("name", flat=True))


def administered(account: Account) -> QuerySet[Mailbox]:
    """The mailboxes that an account administers: none unless it is an admin, all where it is bound to no domain."""
    if not account.is_active or account.role != "admin":
        return Mailbox.objects.none()
    bound = bounds(account)
    if not bound:
        return Mailbox.objects.all()
    within = Q()
    for name in bound:
        within |= Q(address__endswith=f"@{name}")
    return Mailbox.objects.filter(within)
