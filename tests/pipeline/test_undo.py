"""Undoing a filing: promise 10, and what must be forgotten with it."""

from __future__ import annotations

import pytest

from tests.pipeline.decided import LATER, again
from tests.web.world import NOW, World, document, stated


def test_undoing_takes_everything_back(world: World) -> None:
    from vaguemestre.pipeline.decisions import undo
    from vaguemestre.records import chain
    from vaguemestre.records.models import Filing, FilingBan, KnownSender, LocalCode, Result

    urgent, chart, roche = world.documents["urgent"], world.patients["P1"], world.accounts["roche"]
    practice = world.practices["Cabinet du Moulin"]
    KnownSender.objects.create(practice=practice, address="labo@tilleuls.example", source="confirmed", at=NOW)
    revision = again(practice).revision
    assert Result.objects.filter(patient=chart, document=urgent).count() == 5
    assert undo(roche, urgent, LATER) == [urgent.pk]
    now = again(urgent)
    assert (now.decision, now.rule, now.reason, now.patient, now.filed_at) == ("review", "E:undone", "undone", None, None)
    assert not Result.objects.filter(document=urgent).exclude(patient=None).exists()
    assert Result.objects.filter(patient=chart).count() == 3, "the other document's results stay"
    filing = Filing.objects.get(document=urgent)
    assert (filing.undone_by, filing.undone_at) == (roche, LATER)
    assert list(FilingBan.objects.values_list("practice", "content_key", "patient")) == [(practice.pk, urgent.content_key, chart.pk)]
    assert KnownSender.objects.count() == 1
    assert not LocalCode.objects.exists()
    assert again(practice).revision == revision + 1
    assert chain.verify() == []


def test_a_patient_code_learnt_from_a_wrong_filing_is_forgotten(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle, undo
    from vaguemestre.records.models import LocalCode

    roche, wrong = world.accounts["roche"], world.patients["P4"]
    settle(roche, world.documents["homonyms"], wrong, LATER)
    twin = document(
        world, "same-code", "roche", stated=stated("BRETEUIL", "GASTON", "1948-11-30", local_ids=[{"value": "B4471", "oid": None}])
    )
    settle(roche, twin, wrong, LATER)
    undo(roche, world.documents["homonyms"], LATER)
    assert LocalCode.objects.count() == 1, "another document of this chart bears it"
    undo(roche, twin, LATER)
    assert not LocalCode.objects.exists()


@pytest.mark.parametrize(("rule", "undone"), [("P", "P:undone"), ("F", "F:undone"), ("E:twin", "E:undone"), ("N", "N:undone")])
def test_the_rule_stays_that_of_the_policy(world: World, rule: str, undone: str) -> None:
    from vaguemestre.pipeline.decisions import settle, undo
    from vaguemestre.records.models import Filing

    roche, chart = world.accounts["roche"], world.patients["P5"]
    paper = document(world, "ruled", "roche", rule=rule, reason="twin", stated=stated("BRETEUIL", "GASTON", None))
    form = document(world, "ruled-form", "roche", rule=rule, form_of=paper, format="pdf")
    settle(roche, paper, chart, LATER)
    assert (again(paper).rule, again(form).rule, Filing.objects.get(document=paper).rule) == (rule, rule, "hand")
    undo(roche, again(paper), LATER)
    assert (again(paper).rule, again(form).rule, again(paper).reason) == (undone, undone, "undone")
    settle(roche, again(paper), chart, LATER, confirmed=True)
    assert (again(paper).rule, again(paper).reason) == (undone, "filed-by-hand")


def test_undoing_the_only_confirmation_makes_the_sender_unknown_again(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle, undo
    from vaguemestre.records.models import KnownSender

    roche, chart = world.accounts["roche"], world.patients["P5"]
    gaston = stated("BRETEUIL", "GASTON", None)
    one, two = (document(world, name, "roche", stated=gaston, sender="neuf@tilleuls.example") for name in ("s1", "s2"))
    other = document(world, "s3", "roche", stated=gaston, sender="autre@tilleuls.example")
    for paper in (one, two, other):
        settle(roche, paper, chart, LATER)
    known = KnownSender.objects.order_by("address").values_list("address", flat=True)
    undo(roche, again(one), LATER)
    assert list(known.all()) == ["autre@tilleuls.example", "neuf@tilleuls.example"], "its second document still confirms it"
    undo(roche, again(two), LATER)
    assert list(known.all()) == ["autre@tilleuls.example"]
    settle(roche, again(two), chart, LATER, confirmed=True)
    assert list(known.all()) == ["autre@tilleuls.example", "neuf@tilleuls.example"]


def test_a_confirmation_in_another_practice_keeps_nobody_known_here(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle, undo
    from vaguemestre.records.models import KnownSender

    theirs, ours = world.documents["other-waiting"], world.documents["homonyms"]
    type(ours.delivery.message).objects.update(mail_from="labo@tilleuls.example")
    settle(world.accounts["fabre"], again(theirs), world.patients["S1"], LATER, confirmed=True)
    settle(world.accounts["roche"], again(ours), world.patients["P5"], LATER)
    undo(world.accounts["roche"], again(ours), LATER)
    assert list(KnownSender.objects.values_list("practice", flat=True)) == [theirs.practice_id]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_added_sender_stays_known_after_an_undo(world: World, when: str) -> None:
    from vaguemestre.pipeline.decisions import settle, undo
    from vaguemestre.records.administration import add_senders
    from vaguemestre.records.models import KnownSender

    roche, paper, practice = world.accounts["roche"], world.documents["homonyms"], world.practices["Cabinet du Moulin"]
    if when == "before":
        add_senders(practice, ["labo@tilleuls.example"], NOW)
    settle(roche, paper, world.patients["P5"], LATER)
    if when == "after":
        add_senders(practice, ["labo@tilleuls.example"], LATER)
    undo(roche, again(paper), LATER)
    assert list(KnownSender.objects.values_list("address", "source")) == [("labo@tilleuls.example", "added")]


def test_a_document_may_be_filed_again_by_hand_and_elsewhere(world: World) -> None:
    from vaguemestre.pipeline.decisions import Refusal, settle, undo
    from vaguemestre.records.models import Filing, FilingBan

    roche, homonyms = world.accounts["roche"], world.documents["homonyms"]
    settle(roche, homonyms, world.patients["P4"], LATER)
    undo(roche, homonyms, LATER)
    with pytest.raises(Refusal) as refusal:
        settle(roche, homonyms, world.patients["P4"], LATER)
    assert refusal.value.code == "confirmation-needed"
    settle(roche, homonyms, world.patients["P5"], LATER)
    assert again(homonyms).patient == world.patients["P5"]
    assert Filing.objects.filter(document=homonyms).count() == 2
    contents = FilingBan.objects.exclude(content_key__contains=":")
    assert [(ban.content_key, ban.patient) for ban in contents] == [(homonyms.content_key, world.patients["P4"])]
