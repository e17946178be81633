"""What a person decides: one transaction, everything that follows from it, never two filings."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.pipeline.decided import LATER, again, events
from tests.web.world import NOW, World, blood, document, stated


def test_opening_marks_read_for_this_person_alone(world: World) -> None:
    from vaguemestre.pipeline.decisions import keep_unread, open_document
    from vaguemestre.records.models import ReadMark

    letter, roche = world.documents["letter"], world.accounts["roche"]
    open_document(roche, letter, NOW)
    open_document(roche, letter, LATER)
    assert list(ReadMark.objects.values_list("account", "document", "mailbox", "at")) == [(roche.pk, letter.pk, letter.mailbox_id, NOW)]
    assert len(events("document-opened")) == 2
    keep_unread(roche, letter, LATER)
    assert not ReadMark.objects.exists()


def test_settling_files_and_learns(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle
    from vaguemestre.records import chain
    from vaguemestre.records.models import Filing, KnownSender, LocalCode, ReadMark

    homonyms, chart, roche = world.documents["homonyms"], world.patients["P5"], world.accounts["roche"]
    revision = again(world.practices["Cabinet du Moulin"]).revision
    assert settle(roche, homonyms, chart, LATER) == [homonyms.pk]
    now = again(homonyms)
    assert (now.decision, now.rule, now.reason, now.patient, now.filed_at) == ("filed", homonyms.rule, "filed-by-hand", chart, LATER)
    filing = Filing.objects.get(document=homonyms)
    assert (filing.patient, filing.rule, filing.by, filing.at, filing.undone_at) == (chart, "hand", roche, LATER, None)
    assert ["family_name", "equal"] in filing.evidence
    assert KnownSender.objects.get().address == "labo@tilleuls.example"
    assert KnownSender.objects.get().source == "confirmed"
    code = LocalCode.objects.get()
    assert (code.sender, code.code, code.patient, code.confirmed) == ("labo@tilleuls.example", "|B4471", chart, True)
    assert again(world.practices["Cabinet du Moulin"]).revision == revision + 1
    assert events("document-settled") == [("document-settled", f"document:{homonyms.pk}", f"account:{roche.pk}", f"patient:{chart.pk}")]
    assert not ReadMark.objects.exists(), "filing is not reading (promise 10)"
    assert chain.verify() == []


def test_the_null_sender_is_never_known(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle
    from vaguemestre.records.models import KnownSender, LocalCode

    bounced = document(
        world, "null", "roche", sender="", stated=stated("BRETEUIL", "GASTON", None, local_ids=[{"value": "7", "oid": None}])
    )
    settle(world.accounts["roche"], bounced, world.patients["P5"], LATER)
    assert not KnownSender.objects.exists()
    assert not LocalCode.objects.exists()


def test_a_sender_named_by_the_practice_keeps_its_source(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle
    from vaguemestre.records.models import KnownSender

    practice = world.practices["Cabinet du Moulin"]
    KnownSender.objects.create(practice=practice, address="labo@tilleuls.example", source="added", at=NOW)
    settle(world.accounts["roche"], world.documents["homonyms"], world.patients["P5"], LATER)
    assert KnownSender.objects.get().source == "added"


def test_results_join_the_chart_once(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle, undo
    from vaguemestre.records.models import Result

    roche, accueil, chart = world.accounts["roche"], world.accounts["accueil"], world.patients["P2"]
    line = (blood("Ferritine", "FERR 000", "31", "µg/L", "20", "200"),)
    leo = stated("OSTERMANN", "LEO", "2012-06-02")
    one = document(world, "one", "roche", results=line, stated=leo, own=b"same bytes")
    two = document(world, "two", "secretariat", results=line, stated=leo, own=b"same bytes", duplicate_of=one)
    assert sorted(settle(accueil, one, chart, LATER)) == [one.pk, two.pk], "its copy that waits in another mailbox follows"
    assert {again(one).decision, again(two).decision} == {"filed"}
    assert list(Result.objects.filter(patient=chart).values_list("document", flat=True)) == [one.pk]
    three = document(world, "three", "roche", results=line, stated=leo, own=b"same bytes", duplicate_of=one)
    settle(accueil, three, chart, LATER)
    assert Result.objects.filter(patient=chart).count() == 1
    assert sorted(undo(roche, three, LATER)) == [one.pk, two.pk, three.pk]
    assert not Result.objects.filter(patient=chart).exists()


def test_the_records_of_one_file_are_not_copies_of_each_other(world: World) -> None:
    """An HPRIM file of two patients: both documents have the digest of the file. One decision must not take the other along."""
    from vaguemestre.pipeline.decisions import settle

    first = document(world, "r1", "roche", own=b"file", stated=stated("OSTERMANN", "LEO", "2012-06-02"))
    second = document(world, "r2", "roche", own=b"file", stated=stated("OSTERMANN", "LEA", "2012-06-02"))
    type(first).objects.filter(pk=first.pk).update(content_key=first.sha256 + "#1")
    type(first).objects.filter(pk=second.pk).update(content_key=first.sha256 + "#2")
    assert settle(world.accounts["roche"], again(first), world.patients["P2"], LATER) == [first.pk]
    assert again(second).decision == "review"


def test_two_letters_about_one_patient_in_one_file_are_decided_apart(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle, undo

    leo = stated("OSTERMANN", "LEO", "2012-06-02")
    first = document(world, "l1", "roche", own=b"file", stated=leo, text="one letter")
    second = document(world, "l2", "roche", own=b"file", stated=leo, text="another letter")
    type(first).objects.filter(pk=first.pk).update(content_key=first.sha256 + "#1")
    type(first).objects.filter(pk=second.pk).update(content_key=first.sha256 + "#2")
    roche, chart = world.accounts["roche"], world.patients["P2"]
    assert settle(roche, again(first), chart, LATER) == [first.pk]
    assert settle(roche, again(second), chart, LATER) == [second.pk]
    assert undo(roche, again(first), LATER) == [first.pk]
    assert again(second).decision == "filed"


def test_a_copy_that_states_somebody_else_waits(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle

    one = document(world, "c1", "roche", own=b"x", stated=stated("OSTERMANN", "LEO", "2012-06-02"))
    two = document(world, "c2", "roche", own=b"x", stated=stated("OSTERMANN", "LEA", "2012-06-02"))
    assert settle(world.accounts["roche"], one, world.patients["P2"], LATER) == [one.pk]
    assert again(two).decision == "review"


def test_forms_follow_their_document(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle, undo
    from vaguemestre.records.models import Filing

    main = document(world, "main", "roche", stated=stated("OSTERMANN", "LEO", "2012-06-02"))
    form = document(world, "form", "roche", form_of=main, format="pdf")
    settle(world.accounts["roche"], form, world.patients["P2"], LATER)
    assert again(form).patient == again(main).patient == world.patients["P2"]
    assert Filing.objects.filter(document__in=[main, form]).count() == 1
    undo(world.accounts["roche"], form, LATER)
    assert (again(form).decision, again(form).patient) == ("review", None)


def test_a_blocked_document_needs_an_explicit_confirmation(world: World) -> None:
    from vaguemestre.pipeline.decisions import Refusal, settle

    blocked, accueil = world.documents["blocked"], world.accounts["accueil"]
    with pytest.raises(Refusal) as refusal:
        settle(accueil, blocked, world.patients["P1"], LATER)
    assert refusal.value.code == "confirmation-needed"
    assert again(blocked).decision == "blocked"
    settle(accueil, blocked, world.patients["P1"], LATER, confirmed=True)
    assert again(blocked).decision == "filed"


@pytest.mark.parametrize(("ref", "asks"), [("P2", False), ("P3", True), ("P4", True), ("P1", True)])
def test_a_chart_that_clashes_asks_for_confirmation(world: World, ref: str, asks: bool) -> None:
    from vaguemestre.pipeline.decisions import must_confirm

    assert must_confirm(world.documents["twins"], world.patients[ref]) is asks


def test_what_is_not_theirs_is_refused(world: World) -> None:
    from vaguemestre.pipeline.decisions import Refusal, keep_unread, open_document, set_aside, settle, take_back, undo

    theirs, mine = world.documents["homonyms"], world.patients["S1"]
    fabre, admin = world.accounts["fabre"], world.accounts["admin"]
    for account in (fabre, admin):
        for act in (open_document, keep_unread, set_aside, take_back, undo):
            with pytest.raises(Refusal, match="not in the mailboxes"):
                act(account, theirs, LATER)
        with pytest.raises(Refusal, match="not in the mailboxes"):
            settle(account, theirs, mine, LATER, confirmed=True)
    with pytest.raises(Refusal) as refusal:
        settle(fabre, world.documents["other-waiting"], world.patients["P5"], LATER, confirmed=True)
    assert refusal.value.code == "other-practice"


def test_leaving_without_a_chart_and_taking_back(world: World) -> None:
    from vaguemestre.pipeline.decisions import Refusal, set_aside, settle, take_back

    roche, homonyms = world.accounts["roche"], world.documents["homonyms"]
    set_aside(roche, homonyms, LATER)
    assert again(homonyms).set_aside_at == LATER
    for again_ in (lambda: set_aside(roche, homonyms, LATER), lambda: settle(roche, homonyms, world.patients["P5"], LATER)):
        with pytest.raises(Refusal) as refusal:
            again_()
        assert refusal.value.code == "already-set-aside"
    take_back(roche, homonyms, LATER)
    assert again(homonyms).set_aside_at is None
    with pytest.raises(Refusal):
        take_back(roche, homonyms, LATER)
    settle(roche, homonyms, world.patients["P5"], LATER)
    for act in (set_aside, take_back):
        with pytest.raises(Refusal):
            act(roche, homonyms, LATER)


def at_once(*acts: Any) -> list[Any]:
    """Runs the acts in as many threads, let go together; each answer is what it returned or the code of its refusal."""
    from django.db import connection

    from vaguemestre.pipeline.decisions import Refusal

    gate = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def run(position: int) -> None:
        gate.wait()
        try:
            answers[position] = acts[position]()
        except Refusal as refusal:
            answers[position] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_two_people_at_once_never_make_two_filings(world: World) -> None:
    from vaguemestre.pipeline.decisions import settle
    from vaguemestre.records import chain
    from vaguemestre.records.models import Filing

    for turn in range(8):
        paper = document(
            world, f"race-{turn}", "roche", minutes=turn, stated=stated("BRETEUIL", "GASTON", None), own=f"race {turn}".encode()
        )
        people = [world.accounts["roche"], world.accounts["accueil"]] * 2
        charts = [world.patients["P4"], world.patients["P5"]] * 2
        answers = at_once(*(lambda a=a, c=c, p=paper: settle(a, p, c, LATER) for a, c in zip(people, charts, strict=True)))
        assert sorted(map(str, answers)) == sorted([f"[{paper.pk}]", *["already-filed"] * 3])
        filing = Filing.objects.get(document=paper)
        winner = next(n for n, answer in enumerate(answers) if answer == [paper.pk])
        assert (filing.by, filing.patient, again(paper).patient) == (people[winner], charts[winner], charts[winner])
    assert chain.verify() == []


def test_settling_and_leaving_at_once(world: World) -> None:
    from vaguemestre.pipeline.decisions import set_aside, settle, undo

    roche, accueil = world.accounts["roche"], world.accounts["accueil"]
    paper = world.documents["homonyms"]
    answers = at_once(lambda: settle(roche, paper, world.patients["P5"], LATER), lambda: set_aside(accueil, paper, LATER))
    now = again(paper)
    assert (now.decision == "filed") != (now.set_aside_at is not None)
    assert len({"already-filed", "already-set-aside"} & {a for a in answers if isinstance(a, str)}) == 1
    urgent = world.documents["urgent"]
    answers = at_once(lambda: undo(roche, urgent, LATER), lambda: undo(accueil, urgent, LATER))
    assert sorted(map(str, answers)) == sorted([f"[{urgent.pk}]", "not-filed"])


def test_a_decision_that_fails_half_way_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.web.test_access import state
    from vaguemestre.pipeline import decisions
    from vaguemestre.records import chain

    before = state()

    def broken(events: object) -> None:
        raise RuntimeError("the trace cannot be written")

    monkeypatch.setattr(decisions.chain, "append", broken)
    for act in (
        lambda: decisions.settle(world.accounts["roche"], world.documents["homonyms"], world.patients["P5"], LATER),
        lambda: decisions.undo(world.accounts["roche"], world.documents["urgent"], LATER),
        lambda: decisions.set_aside(world.accounts["roche"], world.documents["homonyms"], LATER),
        lambda: decisions.open_document(world.accounts["roche"], world.documents["urgent"], LATER),
    ):
        with pytest.raises(RuntimeError):
            act()
    monkeypatch.undo()
    assert state() == before
    assert chain.verify() == []
