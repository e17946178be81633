"""Mailboxes from the first day to the last, on the records: requirements 13, 14 and 15 of mssante.md.

Mutations tried, each of which fails a test here: the rule of numbers left out of `mailbox_life.make`; "address" or "type" taken out of
`UNCHANGING`; the check left out of `Mailbox.save` or of `Mailboxes.update`; `red_listed` left out of `Mailboxes.published`; the state left
out of it, of `visible` or of the transaction that keeps messages; the octets not counted; the look at aliases left out of `make`; the
domain of patients not refused.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import pytest

from vaguemestre.domain.fault import Refused
from vaguemestre.domain.mailbox import Holder

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
DOMAIN = "cabinet.demo.example"
OTHER = "clinique.demo.example"
RPPS, FINESS = "10000000019", "540002698"


def make(address: str = f"dr.roche@{DOMAIN}", kind: str = "PER", **numbers: str) -> Any:
    from vaguemestre.records import mailbox_life

    holder = Holder(**(numbers or {"rpps": RPPS, "structure": FINESS}))
    return mailbox_life.make(address, kind, "Dr ROCHE", "cabinet", holder, NOW, "cli", invented=False)


def fresh(box: Any) -> Any:
    from vaguemestre.records.models import Mailbox

    return Mailbox.objects.get(pk=box.pk)


def traces(event: str) -> list[tuple[str, str, str]]:
    from vaguemestre.records.models import TraceEvent

    return list(TraceEvent.objects.filter(event=event).order_by("sequence").values_list("object", "actor", "result"))


def receive(directory: Path, addresses: tuple[str, ...], data: bytes) -> Any:
    from vaguemestre.inbound.store import Incoming
    from vaguemestre.pipeline import commit
    from vaguemestre.vault.files import Vault

    one = Incoming(hashlib.sha256(data).hexdigest(), data, "<1@hopital.example>", "smtp", "labo@hopital.example", addresses, NOW)
    return commit.receive(Vault(directory / "vault"), [one])[0]


def facts(directory: Path) -> Any:
    from vaguemestre.servers.facts import RecordsFacts
    from vaguemestre.settings import load_configuration

    return RecordsFacts(load_configuration(directory), directory)


@pytest.mark.parametrize(
    ("kind", "numbers", "said"),
    [
        ("PER", {"structure": FINESS}, "the RPPS of its holder or the structure that answers for its holder"),
        ("ORG", {"rpps": RPPS}, "its structure"),
        ("APP", {"answerable": FINESS}, "its structure"),
        ("CAB", {"answerable": FINESS}, "its structure or the RPPS of its holder"),
    ],
)
def test_requirement_13_a_mailbox_that_answers_to_nobody_is_refused(
    data_directory: Path, kind: str, numbers: dict[str, str], said: str
) -> None:
    from vaguemestre.records.models import Mailbox

    with pytest.raises(Refused, match=f"A mailbox {kind} needs {said}"):
        make(kind=kind, **numbers)
    assert not Mailbox.objects.exists()


def test_requirement_13_a_person_without_number_has_a_structure_that_answers(data_directory: Path) -> None:
    assert fresh(make(answerable=FINESS)).answerable == FINESS


@pytest.mark.parametrize(("name", "value"), [("address", f"autre@{DOMAIN}"), ("type", "ORG")])
def test_requirement_14_address_and_type_never_change(data_directory: Path, name: str, value: str) -> None:
    from vaguemestre.records import mailbox_life
    from vaguemestre.records.models import Mailbox

    box = make()
    before = Mailbox.objects.values().get(pk=box.pk)
    with pytest.raises(Refused, match=f"The {name} of a mailbox never changes"):
        mailbox_life.change(box, {"name": "Autre", name: value}, NOW, "cli")
    with pytest.raises(Refused, match=f"The {name} of a mailbox never changes"):
        Mailbox.objects.filter(pk=box.pk).update(**{name: value})
    setattr(box, name, value)
    with pytest.raises(Refused, match=f"The {name} of a mailbox never changes"):
        box.save()
    with pytest.raises(Refused, match=f"The {name} of a mailbox never changes"):
        Mailbox.objects.bulk_update([box], [name])
    assert Mailbox.objects.values().get(pk=box.pk) == before
    assert traces("mailbox-changed") == []


def test_requirement_14_the_rest_changes_and_is_traced_without_its_words(data_directory: Path) -> None:
    from vaguemestre.records import mailbox_life

    box = make()
    changed = mailbox_life.change(
        box, {"name": " Dr  Roche ", "service": "Cardiologie", "quota": 5_000, "description": ""}, NOW, "account:7"
    )
    assert set(changed) == {"name", "service", "quota"}
    assert (fresh(box).name, fresh(box).service, fresh(box).quota) == ("Dr Roche", "Cardiologie", 5_000)
    assert traces("mailbox-changed") == [(f"mailbox:{box.pk}", "account:7", "name, quota, service")]
    with pytest.raises(Refused, match="needs its structure"):
        mailbox_life.change(make(f"labo@{DOMAIN}", "ORG", structure=FINESS), {"structure": ""}, NOW, "cli")
    for wrong in ({"name": ""}, {"name": "x" * 201}, {"quota": -1}, {"structure": "nulle"}, {"rpps": RPPS}, {"state": "active"}):
        with pytest.raises(Refused):
            mailbox_life.change(box, wrong, NOW, "cli")


def test_requirement_15_the_red_list_is_never_published_and_still_receives(data_directory: Path) -> None:
    from vaguemestre.domain.outcome import Proceed
    from vaguemestre.records import mailbox_life
    from vaguemestre.records.models import Mailbox

    box, other = make(), make(f"dr.zeste@{DOMAIN}")
    assert set(Mailbox.objects.published()) == {box, other}
    mailbox_life.change(box, {"red_listed": True}, NOW, "cli")
    assert list(Mailbox.objects.published()) == [other]
    assert facts(data_directory).mailbox(box.address).state == "active"
    assert isinstance(receive(data_directory, (box.address,), b"From: a@b.example\r\n\r\nx\r\n"), Proceed)


def test_suspended_takes_nothing_and_shows_nothing_until_it_is_resumed(data_directory: Path) -> None:
    from vaguemestre.domain.outcome import Proceed, Reject
    from vaguemestre.records import administration, mailbox_life
    from vaguemestre.records.models import Mailbox
    from vaguemestre.records.queries.visible import visible

    box = make()
    account, _ = administration.make_account("roche", "doctor", [box.address], NOW)
    assert visible(account).mailbox_ids == (box.pk,)
    mailbox_life.suspend(box, NOW, "cli")
    assert facts(data_directory).mailbox(box.address).state == "suspended"
    assert receive(data_directory, (box.address,), b"a") == Reject("mailbox-unknown")
    assert visible(account).mailbox_ids == visible(account).practice_ids == ()
    assert not mailbox_life.may_sign_in(account)
    assert not Mailbox.objects.published().exists()
    with pytest.raises(Refused, match="suspended"):
        mailbox_life.suspend(box, NOW, "cli")
    mailbox_life.resume(box, NOW, "cli")
    assert isinstance(receive(data_directory, (box.address,), b"a"), Proceed)
    assert visible(account).mailbox_ids == (box.pk,)
    assert mailbox_life.may_sign_in(account)


def test_closed_is_for_ever(data_directory: Path) -> None:
    from vaguemestre.records import mailbox_life

    box = make()
    until = mailbox_life.close(box, NOW, "cli")
    assert until == NOW + dt.timedelta(days=90)
    assert (fresh(box).state, fresh(box).closed_at, fresh(box).erase_after) == ("closed", NOW, until)
    assert facts(data_directory).mailbox(box.address).state == "closed"
    for act in (mailbox_life.suspend, mailbox_life.resume, mailbox_life.close):
        with pytest.raises(Refused, match="closed"):
            act(box, NOW, "cli")
    with pytest.raises(Refused, match="closed"):
        mailbox_life.change(box, {"name": "Autre"}, NOW, "cli")
    with pytest.raises(Refused, match="closed"):
        mailbox_life.add_alias(box, f"autre@{DOMAIN}", NOW, "cli")
    with pytest.raises(Refused, match="there already"):
        make(box.address)


def test_aliases_lead_to_their_mailbox_and_are_nobody_elses(data_directory: Path) -> None:
    from vaguemestre.domain.outcome import Proceed
    from vaguemestre.inbound.accept import decide_recipient
    from vaguemestre.records import domains, mailbox_life

    box, other = make(), make(f"dr.zeste@{DOMAIN}")
    domains.add(OTHER, NOW, "cli")
    mailbox_life.add_alias(box, f"accueil@{OTHER}", NOW, "cli")
    known = facts(data_directory)
    assert known.mailbox(f"accueil@{OTHER}").address == box.address
    assert decide_recipient(f"ACCUEIL@{OTHER}", known.hosts, known.mailbox, "p@x") == Proceed(box.address)
    for taken in (other.address, f"accueil@{OTHER}", f"a@{'ailleurs.example'}", "279035199018922@patient.mssante.fr"):
        with pytest.raises(Refused):
            mailbox_life.add_alias(other, taken, NOW, "cli")
    with pytest.raises(Refused, match="alias of a mailbox"):
        make(f"accueil@{OTHER}")
    mailbox_life.remove_alias(f"accueil@{OTHER}", NOW, "cli")
    assert facts(data_directory).mailbox(f"accueil@{OTHER}") is None
    with pytest.raises(Refused, match="no such alias"):
        mailbox_life.remove_alias(f"accueil@{OTHER}", NOW, "cli")
    assert [result for _, _, result in traces("alias-added") + traces("alias-removed")] == ["added", "removed"]


def test_what_a_mailbox_holds_is_counted_as_it_comes(data_directory: Path) -> None:
    from vaguemestre.records import mailbox_life
    from vaguemestre.records.models import Folder

    box, other = make(), make(f"dr.zeste@{DOMAIN}")
    receive(data_directory, (box.address, other.address), b"x" * 700)
    receive(data_directory, (box.address,), b"y" * 300)
    receive(data_directory, (box.address,), b"y" * 300)  # the same again is one delivery
    assert (mailbox_life.used(box), mailbox_life.used(other)) == (1_000, 700)
    mailbox_life.change(box, {"quota": 1_000}, NOW, "cli")
    found = facts(data_directory).mailbox(box.address)
    assert (found.quota, found.used) == (1_000, 1_000)
    Folder.objects.filter(mailbox=box).update(octets=5)
    assert mailbox_life.recount(box) == 1_000


def test_several_domains_and_the_one_of_patients_never(data_directory: Path) -> None:
    from vaguemestre.records import domains

    known = facts(data_directory)
    assert known.hosts(DOMAIN)
    assert not known.hosts(OTHER)
    with pytest.raises(Refused, match="domain that this operator hosts"):
        make(f"dr@{OTHER}")
    domains.add(OTHER, NOW, "cli")
    box = make(f"dr@{OTHER}")
    assert facts(data_directory).hosts(OTHER)
    assert facts(data_directory).mailbox(box.address).state == "active"
    domains.suspend(OTHER, NOW, "cli")
    assert facts(data_directory).hosts(OTHER)
    assert facts(data_directory).mailbox(box.address).state == "domain-suspended"
    with pytest.raises(Refused, match="suspended"):
        make(f"autre@{OTHER}")
    domains.resume(OTHER, NOW, "cli")
    domains.suspend(DOMAIN, NOW, "cli")
    assert [(one.name, one.state, one.first) for one in domains.hosted()] == [(DOMAIN, "suspended", True), (OTHER, "active", False)]
    for name in (OTHER, DOMAIN, "patient.mssante.fr"):
        with pytest.raises(Refused):
            domains.add(name, NOW, "cli")
    with pytest.raises(Refused, match="not hosted"):
        domains.suspend("ailleurs.example", NOW, "cli")
    with pytest.raises(Refused, match="patients"):
        make("279035199018922@patient.mssante.fr")


def test_an_administrator_bound_to_a_domain_sees_its_mailboxes_only(data_directory: Path) -> None:
    from vaguemestre.records import administration, domains
    from vaguemestre.records.queries import service

    domains.add(OTHER, NOW, "cli")
    domains.add(f"sous.{OTHER}", NOW, "cli")
    here, there = make(), make(f"dr@{OTHER}")
    make(f"dr@sous.{OTHER}")
    bound, _ = administration.make_account("clinique", "admin", [], NOW, [OTHER])
    whole, _ = administration.make_account("admin", "admin", [], NOW)
    doctor, _ = administration.make_account("dr", "doctor", [here.address, there.address], NOW)
    administration.make_account("autre", "doctor", [here.address], NOW)
    assert list(domains.administered(bound)) == [there]
    assert domains.administered(whole).count() == 3
    assert not domains.administered(doctor).exists()
    [seen] = service.accounts(domains.administered(bound))
    assert (seen.login, [box.address for box in seen.mailboxes.all()]) == ("dr", [there.address])
    with pytest.raises(Refused, match="administers no domain"):
        administration.make_account("x", "doctor", [here.address], NOW, [OTHER])
    with pytest.raises(Refused, match="not hosted"):
        administration.make_account("x", "admin", [], NOW, ["ailleurs.example"])


def test_the_moment_of_the_last_sign_in_is_kept(data_directory: Path) -> None:
    from vaguemestre.records import administration, mailbox_life

    box, other = make(), make(f"dr.zeste@{DOMAIN}")
    account, _ = administration.make_account("roche", "doctor", [box.address], NOW)
    mailbox_life.signed_in(account, NOW)
    assert (fresh(box).last_sign_in, fresh(other).last_sign_in) == (NOW, None)
