"""The life of a mailbox: made, changed, suspended, closed, and its other addresses (mssante.md 1.5, 1.8; requirements 13 to 15).

Each act and its trace are one transaction; `actor` is "cli" or "account:<row number>". An act that makes no sense on what is there raises
`Refused`, and nothing is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum

from vaguemestre.domain import mailbox as rules
from vaguemestre.domain.address import domain_of
from vaguemestre.domain.event import Event
from vaguemestre.domain.fault import Refused
from vaguemestre.domain.mailbox import ACTIVE, CLOSED, SUSPENDED, Holder
from vaguemestre.records import administration, chain, domains
from vaguemestre.records.accounts import Account
from vaguemestre.records.mailboxes import Folder, Mailbox, MailboxAlias

TEXTS = {"name": 200, "description": 500, "service": 200, "responsible": 200}
"""Most characters of the particulars that are words for people."""
QUOTA_MOST = 1 << 50


def _trace(now: dt.datetime, event: str, mailbox: Mailbox, actor: str, result: str) -> None:
    chain.append([Event(now, event, f"mailbox:{mailbox.pk}", actor, result[:100])])


def _only_one(address: str) -> None:
    """Raises `Refused` where an address is two things. Asked after the trace, whose head lets one writer through at a time: what another
    wrote meanwhile is seen."""
    if Mailbox.objects.filter(address=address).exists() and MailboxAlias.objects.filter(address=address).exists():
        raise Refused("That address was taken meanwhile; nothing was changed.", "address-taken")


def _identified(kind: str, holder: Holder) -> None:
    """Raises `Refused` where a mailbox of this type would answer to nobody (requirement 13)."""
    if kind not in rules.RULES:
        raise Refused(f"A mailbox is one of {', '.join(rules.RULES)}.")
    lacking = rules.lacking(kind, holder)
    if lacking:
        raise Refused(f"A mailbox {kind} needs {' or '.join(rules.SPOKEN[name] for name in lacking)}; nothing was made.", "number-lacks")


def make(address: str, kind: str, name: str, practice: str, holder: Holder, now: dt.datetime, actor: str, *, invented: bool) -> Mailbox:
    """A mailbox that answers to `holder`; `invented`: its number is of profile demo's register. `address` in comparison form."""
    _identified(kind, holder)
    with transaction.atomic():
        domains.check(domain_of(address))
        if MailboxAlias.objects.filter(address=address).exists():
            raise Refused("That address is an alias of a mailbox already; nothing was made.", "address-taken")
        made = administration.make_mailbox(address, kind, name, practice, holder.rpps, holder.structure, now)
        Mailbox.objects.filter(pk=made.pk).update(answerable=holder.answerable, invented=invented)
        if actor != administration.ACTOR or invented:
            _trace(now, "mailbox-identified", made, actor, "an invented number of the demo" if invented else "by its holder's numbers")
        _only_one(address)
    made.answerable, made.invented = holder.answerable, invented
    return made


def _value(mailbox: Mailbox, name: str, value: Any) -> Any:
    """A particular as it is kept. Raises `Refused`."""
    if name in rules.UNCHANGING:
        raise Refused(f"The {name} of a mailbox never changes; close this one and make another. Nothing was changed.", "unchanging")
    if name not in rules.CHANGING:
        raise Refused(f"A mailbox has no particular {name} to change; nothing was changed.")
    if name in TEXTS:
        text = " ".join(str(value).split())
        if not text.isprintable() or len(text) > TEXTS[name] or (name == "name" and not text):
            raise Refused(f"The {name} must be a printable text of at most {TEXTS[name]} characters; nothing was changed.", f"{name}-form")
        return text
    if name == "red_listed":
        return bool(value)
    if name == "quota":
        if not isinstance(value, int) or not 0 <= value <= QUOTA_MOST:
            raise Refused("The quota must be a whole number of bytes, 0 for that of the settings; nothing was changed.", "quota-form")
        return value
    number = rules.structure_number(str(value))
    if str(value).strip() and not number:
        raise Refused("The structure must be a number, such as a FINESS, a SIREN or a SIRET; nothing was changed.", "structure-form")
    if number != mailbox.structure:
        _identified(mailbox.type, Holder(mailbox.rpps, number, mailbox.answerable))
    return number


def change(mailbox: Mailbox, changes: Mapping[str, Any], now: dt.datetime, actor: str) -> tuple[str, ...]:
    """Changes particulars of a mailbox (`domain.mailbox.CHANGING`) and returns which were different. The address and the type are refused
    by name (requirement 14)."""
    with transaction.atomic():
        fresh = Mailbox.objects.get(pk=mailbox.pk)
        # What never changes is refused first, by its name.
        ordered = sorted(changes.items(), key=lambda change: change[0] not in rules.UNCHANGING)
        values = {name: _value(fresh, name, value) for name, value in ordered}
        differing = {name: value for name, value in values.items() if getattr(fresh, name) != value}
        if fresh.state == CLOSED and differing:
            raise Refused("That mailbox is closed: nothing of it changes any more.", "mailbox-closed")
        if "structure" in differing:
            # A number that a person gives is no invented one any more, unless the RPPS is.
            differing["invented"] = fresh.invented and bool(fresh.rpps) and fresh.type == "PER"
        if differing:
            Mailbox.objects.filter(pk=fresh.pk).update(**differing)
            _trace(now, "mailbox-changed", fresh, actor, ", ".join(sorted(differing)))
    return tuple(differing)


def _turn(mailbox: Mailbox, wanted: Sequence[str], event: str, now: dt.datetime, actor: str, **values: Any) -> None:
    with transaction.atomic():
        state = Mailbox.objects.filter(pk=mailbox.pk).values_list("state", flat=True).get()
        if state not in wanted:
            raise Refused(f"That mailbox is {state}; nothing was changed.", f"mailbox-{state}")
        Mailbox.objects.filter(pk=mailbox.pk).update(**values)
        _trace(now, event, mailbox, actor, values["state"])


def suspend(mailbox: Mailbox, now: dt.datetime, actor: str) -> None:
    """It takes no mail for a time (450 4.2.1, senders try again) and nobody opens it; it is published no more."""
    _turn(mailbox, (ACTIVE,), "mailbox-suspended", now, actor, state=SUSPENDED)


def resume(mailbox: Mailbox, now: dt.datetime, actor: str) -> None:
    """A suspended mailbox takes mail again and may be opened."""
    _turn(mailbox, (SUSPENDED,), "mailbox-resumed", now, actor, state=ACTIVE)


def close(mailbox: Mailbox, now: dt.datetime, actor: str) -> dt.datetime:
    """For ever: senders are told (550 5.2.1), nobody opens it. Its mail is kept to be exported until the moment that is returned; after
    it retention may erase it. Its address is never given again."""
    until = now + dt.timedelta(days=settings.VAGUEMESTRE.number("mailboxes", "export_days"))
    _turn(mailbox, (ACTIVE, SUSPENDED), "mailbox-closed", now, actor, state=CLOSED, closed_at=now, erase_after=until)
    return until


def add_alias(mailbox: Mailbox, address: str, now: dt.datetime, actor: str) -> None:
    """Another address of a mailbox, in any domain hosted here, in comparison form."""
    with transaction.atomic():
        domains.check(domain_of(address))
        if Mailbox.objects.filter(address=address).exists():
            raise Refused("A mailbox has that address; nothing was changed.", "address-taken")
        if MailboxAlias.objects.filter(address=address).exists():
            raise Refused("That alias is there already; nothing was changed.", "address-taken")
        if Mailbox.objects.filter(pk=mailbox.pk, state=CLOSED).exists():
            raise Refused("That mailbox is closed; nothing was changed.", "mailbox-closed")
        MailboxAlias.objects.create(mailbox=mailbox, address=address, created_at=now)
        _trace(now, "alias-added", mailbox, actor, "added")
        _only_one(address)


def remove_alias(address: str, now: dt.datetime, actor: str) -> None:
    """Mail to that address is refused from now on; what came by it stays."""
    with transaction.atomic():
        found = MailboxAlias.objects.select_related("mailbox").filter(address=address).first()
        if found is None:
            raise Refused("There is no such alias; vaguemestre alias list names those that are.", "alias-absent")
        found.delete()
        _trace(now, "alias-removed", found.mailbox, actor, "removed")


def used(mailbox: Mailbox) -> int:
    """Bytes of all its messages, as counted when they came."""
    return Folder.objects.filter(mailbox=mailbox).aggregate(all=Sum("octets"))["all"] or 0


def recount(mailbox: Mailbox) -> int:
    """Counts the bytes of its folders again from the messages that are there, and returns them. What erases messages calls it, in its own
    transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE records_folder SET octets = COALESCE((SELECT SUM(m.size) FROM records_folderentry e"
            " JOIN records_delivery d ON d.id = e.delivery_id JOIN records_message m ON m.id = d.message_id"
            " WHERE e.folder_id = records_folder.id), 0) WHERE mailbox_id = %s",
            [mailbox.pk],
        )
    return used(mailbox)


def may_sign_in(account: Account) -> bool:
    """Whether this account may sign in: a clinical one needs one active mailbox at least."""
    return not account.clinical or account.mailboxes.filter(state=ACTIVE).exists()


def signed_in(account: Account, now: dt.datetime) -> None:
    """Keeps the moment of the last sign-in of the mailboxes that an account opens (mssante.md 1.8)."""
    Mailbox.objects.filter(account=account, state=ACTIVE).update(last_sign_in=now)
