"""What an administrator writes: mailboxes, accounts, charts, known senders. Each act and its trace are one transaction.

Every function takes `now` (aware) and raises `Refused` when the act makes no sense on what is there; then nothing is written.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F

from vaguemestre.domain.event import Event
from vaguemestre.domain.fault import Refused
from vaguemestre.records import chain, domains
from vaguemestre.records.accounts import CLINICAL, Account
from vaguemestre.records.mailboxes import Folder, Mailbox, Practice
from vaguemestre.records.patients import KnownSender, Patient
from vaguemestre.records.trust import TrustList

ACTOR = "cli"
FOLDERS = ("INBOX", "Sent", "Trash", "Archive")
LOGIN_CLASH = "An account of that login is there already; choose another."
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without i, l, o, 0 and 1, which are read for one another."""


def _trace(now: dt.datetime, event: str, object_: str, result: str) -> None:
    chain.append([Event(at=now, event=event, object=object_, actor=ACTOR, result=result)])


def begin(profile: str, now: dt.datetime) -> None:
    """The first rows of a new data directory: in profile demo an empty trust list in force; in mssante none, so all mail waits."""
    with transaction.atomic():
        if profile == "demo":
            TrustList.objects.get_or_create(id=1, defaults={"loaded_at": now, "entries": 0})
        _trace(now, "directory-made", "directory:1", profile)


def upgraded(changes: int, now: dt.datetime) -> None:
    """Traces that the schema was brought to this version's by so many changes."""
    with transaction.atomic():
        _trace(now, "schema-upgraded", "directory:1", f"{changes} changes")


def mailbox(address: str) -> Mailbox:
    """The mailbox of an address in comparison form. Raises `Refused`."""
    found = Mailbox.objects.select_related("practice").filter(address=address).first()
    if found is None:
        raise Refused("There is no mailbox of that address; make it with vaguemestre mailbox add.")
    return found


def make_mailbox(address: str, type_: str, name: str, practice: str, rpps: str, structure: str, now: dt.datetime) -> Mailbox:
    """The rows of a mailbox with its folders; `mailbox_life.make` decides whether it may be made, and is what commands and screens call.
    `address` in comparison form; `practice` is made when it is first named."""
    with transaction.atomic():
        if Mailbox.objects.filter(address=address).exists():
            raise Refused("A mailbox of that address is there already; nothing was changed.")
        shared, is_new = Practice.objects.get_or_create(name=practice)
        made = Mailbox.objects.create(
            practice=shared, address=address, type=type_, name=name, rpps=rpps, structure=structure, created_at=now
        )
        # RFC 9051 2.3.1.1: greater than any that a deleted folder of that name had; the seconds since 1970 are.
        validity = int(now.timestamp())
        Folder.objects.bulk_create([Folder(mailbox=made, name=folder, uid_validity=validity) for folder in FOLDERS])
        if is_new:
            _trace(now, "practice-made", f"practice:{shared.pk}", "made")
        _trace(now, "mailbox-made", f"mailbox:{made.pk}", type_)
    return made


def new_password() -> str:
    """A readable random password of 99 bits: five groups of four characters."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(5))


def make_account(login: str, role: str, addresses: Sequence[str], now: dt.datetime, administers: Sequence[str] = ()) -> tuple[Account, str]:
    """A local sign-in and its password, which is kept nowhere but as Django's hash. `addresses` in comparison form; `administers`: the
    domains that an admin is bound to, none for the whole operator."""
    if role not in CLINICAL and addresses:
        raise Refused("An admin has no clinical access: leave --mailbox out.")
    if role in CLINICAL and not addresses:
        raise Refused(f"A {role} reads at least one mailbox: name it with --mailbox.")
    if role in CLINICAL and administers:
        raise Refused(f"A {role} administers no domain: leave --domain out.")
    password = new_password()
    made = Account(login=login, role=role, created_at=now)
    made.set_password(password)  # slow by intent, so before the transaction
    with transaction.atomic():
        # Two logins that differ by case alone would be taken for one another.
        if Account.objects.filter(login__iexact=login).exists():
            raise Refused(LOGIN_CLASH)
        mailboxes = [mailbox(address) for address in dict.fromkeys(addresses)]
        made.save()
        made.mailboxes.set(mailboxes)
        domains.appoint(made, list(administers), now)
        bound = f", {len(set(administers))} domains" if administers else ""
        _trace(now, "account-made", f"account:{made.pk}", f"{role}, {len(mailboxes)} mailboxes{bound}")
    return made, password


def _changed(practice: Practice) -> None:
    """A match made before this change is made again before it is filed."""
    Practice.objects.filter(pk=practice.pk).update(revision=F("revision") + 1)


def add_senders(practice: Practice, addresses: Sequence[str], now: dt.datetime) -> int:
    """Makes senders known to a practice and returns how many were not yet. `addresses` in comparison form."""
    with transaction.atomic():
        known = set(KnownSender.objects.filter(practice=practice, address__in=addresses).values_list("address", flat=True))
        new = [address for address in dict.fromkeys(addresses) if address not in known]
        if new:
            KnownSender.objects.bulk_create([KnownSender(practice=practice, address=address, source="added", at=now) for address in new])
            _changed(practice)
            _trace(now, "senders-added", f"practice:{practice.pk}", f"{len(new)} senders")
        # One that a person's confirmation made known is now named too: undoing that confirmation must leave it known.
        KnownSender.objects.filter(practice=practice, address__in=addresses, source="confirmed").update(source="added")
    return len(new)


_PATIENT_FIELDS = [field.name for field in Patient._meta.concrete_fields if field.name not in {"id", "practice", "ref"}]


def load_patients(practice: Practice, patients: Iterable[Patient], now: dt.datetime) -> tuple[int, int]:
    """Adds charts, or updates those of the same `ref`; returns how many were (added, updated).

    One short transaction: the caller hands over a few hundred at a time. A chart named twice takes its last row.
    """
    by_ref: dict[str, Patient] = {}
    for patient in patients:
        patient.practice = practice
        by_ref[patient.ref] = patient
    if not by_ref:
        return 0, 0
    with transaction.atomic():
        there = Patient.objects.filter(practice=practice, ref__in=by_ref).count()
        Patient.objects.bulk_create(
            by_ref.values(), update_conflicts=True, unique_fields=["practice", "ref"], update_fields=_PATIENT_FIELDS
        )
        _changed(practice)
        added = len(by_ref) - there
        _trace(now, "patients-imported", f"practice:{practice.pk}", f"{added} added, {there} updated")
    return added, there
