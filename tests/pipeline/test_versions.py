"""A new version takes the place of the old one in its chart, whichever comes first, with its results; undone, it gives it back."""

from __future__ import annotations

import dataclasses
import itertools
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.given import NOW, Given
from tests.pipeline.read_as import OFFICE, PAUL, SODIUM, again, cda, doctor, file_all, file_one, pdf, rendering
from tests.scenes.operators import DOCTOR
from vaguemestre.domain.reading import Document, Result, StatedPatient, Warning


@pytest.fixture
def given(data_directory: Path) -> Given:
    return Given(data_directory)


def result(number: str) -> Result:
    return dataclasses.replace(SODIUM, value=number, number=number)


def version(number: int | None, **more: Any) -> Document:
    """A version of one report; its sodium is 140 and its number."""
    said = {"id": f"1.1.{number}", "set_id": "1.1", "version": number, "results": (result(f"14{number}"),), "text": f"version {number}"}
    return cda(f"version {number}", **{**said, **more})


def held(document: Document) -> Document:
    """The same, kept for a person by a warning."""
    return dataclasses.replace(document, warnings=(Warning("hash-mismatch", "said"),))


def newer(*rows: Any) -> list[int | None]:
    return [type(row).objects.get(pk=row.pk).superseded_by_id for row in rows]


def history(given: Given) -> list[str]:
    """The numbers in Lucie's histories."""
    from vaguemestre.records.models import Result as Row

    return sorted(Row.objects.filter(patient=given.lucie).values_list("number", flat=True))


def traced() -> list[tuple[str, str, str, str]]:
    from tests.pipeline.decided import events

    return events("superseded", "stands-again")


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
@pytest.mark.parametrize("batch", ["together", "apart"])
def test_the_newest_stands_whichever_comes_first(given: Given, order: tuple[int, ...], batch: str) -> None:
    from vaguemestre.records import chain

    readings = [[version(number)] for number in order]
    rows = [d[0] for d in file_all(given, *readings)] if batch == "together" else [file_one(given, *one)[0] for one in readings]
    last = rows[order.index(3)]
    assert newer(*rows) == [None if row == last else last.pk for row in rows]
    assert {row.decision for row in rows} == {"filed"}
    assert history(given) == ["143"]
    assert chain.verify() == []


def test_it_is_traced_by_numbers_alone(given: Given) -> None:
    from vaguemestre.pipeline.decisions import undo

    (one,) = file_one(given, version(1))
    (two,) = file_one(given, version(2))
    account = doctor(given)
    undo(account, two, NOW)
    assert traced() == [
        ("superseded", f"document:{one.pk}", "node", f"document:{two.pk}"),
        ("stands-again", f"document:{one.pk}", f"account:{account.pk}", f"patient:{given.lucie.pk}"),
    ]


LINKS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("replaced without a set", {"id": "a"}, {"id": "b", "replaces": "a"}),
    ("replaced in another set", {"id": "a", "set_id": "S", "version": 9}, {"id": "b", "set_id": "T", "version": 1, "replaces": "a"}),
    ("level 3 over level 1", {"set_id": "S", "version": 1, "format": "cda-n1"}, {"set_id": "S", "version": 1}),
    ("level 3 over level 1 by its name", {"id": "a", "format": "cda-n1"}, {"id": "a"}),
    ("equal, but it says so", {"id": "a", "set_id": "S", "version": 1}, {"id": "b", "set_id": "S", "version": 1, "replaces": "a"}),
    ("no version before", {"set_id": "S"}, {"set_id": "S", "version": 1}),
    ("level 1 of a higher version", {"set_id": "S", "version": 1}, {"set_id": "S", "version": 2, "format": "cda-n1"}),
]


@pytest.mark.parametrize(("old", "new"), [pair[1:] for pair in LINKS], ids=[pair[0] for pair in LINKS])
@pytest.mark.parametrize("first", ["old", "new"])
@pytest.mark.parametrize("batch", ["together", "apart"])
def test_however_they_are_linked(given: Given, old: dict[str, Any], new: dict[str, Any], first: str, batch: str) -> None:
    pair = [cda("old", results=(result("140"),), text="old", **old), cda("new", results=(result("150"),), text="new", **new)]
    if first == "new":
        pair.reverse()
    rows = [d[0] for d in file_all(given, *([one] for one in pair))] if batch == "together" else [file_one(given, one)[0] for one in pair]
    before, after = rows if first == "old" else reversed(rows)
    assert newer(before, after) == [after.pk, None]
    assert history(given) == ["150"]


UNLINKED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("other sets", {"id": "a", "set_id": "S", "version": 1}, {"id": "b", "set_id": "T", "version": 2}),
    ("no set", {"id": "a", "version": 1}, {"id": "b", "version": 2}),
    ("equal versions that differ", {"id": "a", "set_id": "S", "version": 1}, {"id": "b", "set_id": "S", "version": 1}),
    ("each replaces the other", {"id": "a", "replaces": "b"}, {"id": "b", "replaces": "a"}),
    ("itself", {"id": "a", "replaces": "a"}, {"id": "b", "replaces": "b"}),
    ("nothing said", {}, {}),
]


@pytest.mark.parametrize(("one", "other"), [pair[1:] for pair in UNLINKED], ids=[pair[0] for pair in UNLINKED])
def test_nothing_is_replaced_by_a_guess(given: Given, one: dict[str, Any], other: dict[str, Any]) -> None:
    (first,) = file_one(given, cda("one", results=(result("140"),), **one))
    (second,) = file_one(given, cda("other", results=(result("150"),), **other))
    assert newer(first, second) == [None, None]
    assert history(given) == ["140", "150"]
    assert traced() == []


def test_a_chain_without_sets_is_followed_to_its_end(given: Given) -> None:
    links = [cda(f"link {k}", id=f"n{k}", replaces=f"n{k - 1}", results=(result(f"{k}"),)) for k in range(6)]
    rows = {k: file_one(given, links[k])[0] for k in (4, 0, 5, 2, 1, 3)}
    assert newer(*(rows[k] for k in range(6))) == [rows[5].pk] * 5 + [None]
    assert history(given) == ["5"]


def test_a_newer_one_that_waits_replaces_nothing_until_it_is_filed(given: Given) -> None:
    from vaguemestre.pipeline.decisions import set_aside, settle, take_back

    account = doctor(given)
    (one,) = file_one(given, version(1))
    (two,) = file_one(given, held(version(2)))
    assert two.decision == "review"
    assert newer(one, two) == [None, None]
    set_aside(account, two, NOW)
    assert newer(one, two) == [None, None]
    take_back(account, two, NOW)
    settle(account, two, given.lucie, NOW, confirmed=True)
    assert newer(one, two) == [two.pk, None]
    assert history(given) == ["142"]
    assert traced()[-1] == ("superseded", f"document:{one.pk}", f"account:{account.pk}", f"document:{two.pk}")


def test_an_older_one_that_is_filed_by_hand_later_stays_behind(given: Given) -> None:
    from vaguemestre.pipeline.decisions import settle

    (one,) = file_one(given, held(version(1)))
    (two,) = file_one(given, version(2))
    settle(doctor(given), one, given.lucie, NOW, confirmed=True)
    assert newer(one, two) == [two.pk, None]
    assert history(given) == ["142"]


def test_only_within_one_chart(given: Given) -> None:
    from vaguemestre.pipeline.decisions import settle, undo

    account = doctor(given)
    (one,) = file_one(given, version(1))
    (two,) = file_one(given, version(2, patient=PAUL, replaces="1.1.1"))
    assert (two.patient_id, newer(one, two)) == (given.paul.pk, [None, None])
    assert history(given) == ["141"]
    undo(account, two, NOW)
    settle(account, type(two).objects.get(pk=two.pk), given.lucie, NOW, confirmed=True)
    assert newer(one, two) == [two.pk, None]
    undo(account, type(two).objects.get(pk=two.pk), NOW)
    settle(account, type(two).objects.get(pk=two.pk), given.paul, NOW, confirmed=True)
    assert newer(one, two) == [None, None]
    assert history(given) == ["141"]


def test_undoing_the_newer_one_gives_the_older_one_back(given: Given) -> None:
    from vaguemestre.pipeline.decisions import undo

    account = doctor(given)
    one, two, three = (file_one(given, version(number))[0] for number in (1, 2, 3))
    assert newer(one, two, three) == [three.pk, three.pk, None]
    undo(account, three, NOW)
    assert newer(one, two, three) == [two.pk, None, None]
    assert history(given) == ["142"]
    undo(account, type(two).objects.get(pk=two.pk), NOW)
    assert newer(one, two, three) == [None, None, None]
    assert history(given) == ["141"]


def test_undoing_the_older_one_changes_nothing_for_the_newer_one(given: Given) -> None:
    from vaguemestre.pipeline.decisions import settle, undo

    account = doctor(given)
    one, two = (file_one(given, version(number))[0] for number in (1, 2))
    undo(account, type(one).objects.get(pk=one.pk), NOW)
    assert newer(one, two) == [None, None]
    assert history(given) == ["142"]
    settle(account, type(one).objects.get(pk=one.pk), given.lucie, NOW, confirmed=True)
    assert newer(one, two) == [two.pk, None]
    assert history(given) == ["142"]


def test_undoing_the_link_between_two_parts_them(given: Given) -> None:
    from vaguemestre.pipeline.decisions import settle, undo

    account = doctor(given)
    links = [cda(f"link {k}", id=f"n{k}", replaces=f"n{k - 1}", results=(result(f"{k}"),)) for k in range(3)]
    one, two, three = (file_one(given, link)[0] for link in links)
    undo(account, type(two).objects.get(pk=two.pk), NOW)
    assert newer(one, two, three) == [None, None, None]
    assert history(given) == ["0", "2"]
    settle(account, type(two).objects.get(pk=two.pk), given.lucie, NOW, confirmed=True)
    assert newer(one, two, three) == [three.pk, three.pk, None]
    assert history(given) == ["2"]


def test_copies_in_several_mailboxes_go_and_come_back_together(given: Given) -> None:
    from vaguemestre.pipeline.decisions import undo

    account, both = doctor(given), (DOCTOR, OFFICE)
    (here,), (there,) = file_all(given, [version(1)], to=both)
    (new_here,), (new_there,) = file_all(given, [version(2)], to=both)
    (late,) = file_one(given, again(version(1)), to=OFFICE)
    assert newer(here, there, late) == [new_here.pk, new_there.pk, new_there.pk]
    assert newer(new_here, new_there) == [None, None]
    assert history(given) == ["142"]
    assert sorted(undo(account, new_there, NOW)) == [new_here.pk, new_there.pk]
    assert newer(here, there, late, new_here, new_there) == [None] * 5
    assert history(given) == ["141"], "once, whatever its copies"
    assert sorted(undo(account, type(late).objects.get(pk=late.pk), NOW)) == [here.pk, there.pk, late.pk]
    assert history(given) == []


def test_a_copy_of_the_standing_one_carries_nothing_twice(given: Given) -> None:
    file_one(given, version(2))
    file_one(given, version(1))
    file_one(given, again(version(2)), to=OFFICE)
    file_one(given, again(version(1)), to=OFFICE)
    assert history(given) == ["142"]


def test_versions_with_their_forms(given: Given) -> None:
    """The PDF of the first version comes alone, the second with its level 1: one line each, one history."""
    (page,) = file_one(given, pdf("page 1", patient=dataclasses.replace(version(1).patient or StatedPatient())))
    one, inside = file_one(given, version(1), rendering("page 1", of=0))
    flat, two = file_one(given, version(2, format="cda-n1", results=(), duplicate_of=1), version(2))
    assert (one.duplicate_of_id, inside.form_of_id, flat.form_of_id) == (page.pk, one.pk, two.pk)
    assert newer(page, one, inside, flat, two) == [two.pk, two.pk, None, None, None]
    assert history(given) == ["142"]


LUCIES = version(1).patient


@pytest.mark.parametrize("order", list(itertools.permutations(["page", "one", "two"])))
@pytest.mark.parametrize("batch", ["together", "apart"])
def test_the_pdf_of_an_edition_alone_goes_with_it(given: Given, order: tuple[str, ...], batch: str) -> None:
    from vaguemestre.pipeline.decisions import settle, undo

    account = doctor(given)
    comes = {
        "page": [pdf("page 1", patient=LUCIES)],
        "one": [version(1), rendering("page 1", of=0)],
        "two": [version(2), rendering("page 2", of=0)],
    }
    readings = [comes[name] for name in order]
    filed = file_all(given, *readings) if batch == "together" else [file_one(given, *one) for one in readings]
    page, one, two = (filed[order.index(name)][0] for name in ("page", "one", "two"))
    assert newer(page, one, two) == [two.pk, two.pk, None]
    undo(account, type(two).objects.get(pk=two.pk), NOW)
    assert newer(page, one, two) == [None, None, None]
    settle(account, type(two).objects.get(pk=two.pk), given.lucie, NOW, confirmed=True)
    assert newer(page, one, two) == [two.pk, two.pk, None]
    undo(account, type(one).objects.get(pk=one.pk), NOW)
    assert newer(page, one, two) == [None, None, None], "nothing filed says any more whose pages these are"
    settle(account, type(one).objects.get(pk=one.pk), given.lucie, NOW, confirmed=True)
    undo(account, type(page).objects.get(pk=page.pk), NOW)
    assert newer(page, one, two) == [None, two.pk, None]
    settle(account, type(page).objects.get(pk=page.pk), given.lucie, NOW, confirmed=True)
    assert newer(page, one, two) == [two.pk, two.pk, None]
    assert history(given) == ["142"]


def test_a_page_that_two_editions_share_stands_with_the_newer_one(given: Given) -> None:
    (page,) = file_one(given, pdf("page", patient=LUCIES))
    one, _ = file_one(given, version(1), rendering("page", of=0))
    two, _ = file_one(given, version(2), rendering("page", of=0))
    assert newer(page, one, two) == [None, two.pk, None]


def test_it_stays_in_the_lists(given: Given) -> None:
    from vaguemestre.records.queries.filings import filings
    from vaguemestre.records.queries.status import status
    from vaguemestre.records.queries.visible import visible

    rows = [file_one(given, version(number))[0] for number in (1, 2)]
    assert [line["document_id"] for line in filings()] == [f"D{row.pk}" for row in rows]
    assert {(line["decision"], line["patient_ref"], line["duplicate_of"]) for line in filings()} == {("filed", "P1", None)}
    assert status(NOW)["filed"] == 2
    chart = visible(doctor(given)).documents.filter(patient=given.lucie, decision="filed", form_of=None)
    assert set(chart) == set(rows)


def test_two_workers_that_file_two_versions_at_once(given: Given) -> None:
    """Each commits in its own transaction; whichever is second sees the first."""
    from django.conf import settings
    from django.db import connection

    from vaguemestre.domain.reading import Reading
    from vaguemestre.pipeline import commit, route
    from vaguemestre.records import queue
    from vaguemestre.records.models import Document as Row

    rules = route.Rules.of(settings.VAGUEMESTRE)
    failures: list[BaseException] = []
    for turn in range(4):
        given.receive(*(given.report(value=f"9.{turn}{k}") for k in range(6)))
        claimed = queue.claim("test", 6, 60, 1_800_000_000.0)
        readings = [Reading("x", "mail", None, (version(k, set_id=f"S{turn}", id=f"{turn}.{k}"),)) for k in range(6)]
        throughs = [route.through(one, reading, rules, 0) for one, reading in zip(claimed, readings, strict=True)]
        barrier = threading.Barrier(6)

        def write(one: Any, barrier: threading.Barrier = barrier) -> None:
            try:
                barrier.wait(10)
                commit.file("test", [one], NOW)
            except BaseException as failure:
                failures.append(failure)
            finally:
                connection.close()

        threads = [threading.Thread(target=write, args=(one,)) for one in throughs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        rows = list(Row.objects.filter(set_id=f"S{turn}").order_by("version"))
        assert len(rows) == 6
        assert [row.superseded_by_id for row in rows] == [rows[5].pk] * 5 + [None]
    assert history(given) == ["145"] * 4


# The cost of it


def _plans(statements: list[tuple[str, list[Any]]]) -> list[str]:
    from django.db import connection

    found = []
    with connection.cursor() as cursor:
        for sql, parameters in statements:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
            found += [row[3] for row in cursor.fetchall()]
    return found


def test_every_look_up_is_by_an_index(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    from vaguemestre.records.queries import charts, editions
    from vaguemestre.records.queries.editions import Told

    if connection.vendor != "sqlite":
        pytest.skip("the plans are SQLite's")
    asked: list[tuple[str, list[Any]]] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        asked.append((sql, list(parameters)))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        editions.family(1, [Told("a", "s", "b"), Told("c", "t", "")])
        editions.repeating(1, [1, 2], [3])
        charts.originals(1, ["x", "y"])
        charts.originals(1, ["x", "y"], as_pages=True)
        charts.all_originals(1, "x")
        charts.carried(1, "x", 1)
    plans = _plans(asked)
    used = " ".join(plans)
    assert all(name in used for name in ("document_set", "document_own_id", "document_replaces", "document_content")), plans
    assert not [plan for plan in plans if plan.startswith("SCAN") and "records_document" in plan], plans
    assert not [plan for plan in plans if plan.split()[:2] == ["SCAN", "d"]], plans


def test_a_set_without_end_is_looked_at_in_part(given: Given) -> None:
    """A sender that numbers everything alike: what is asked and what is written stay bounded, and what stands is the newest."""
    from vaguemestre.records.queries import editions
    from vaguemestre.records.queries.editions import Told

    rows = [d[0] for d in file_all(given, *([version(number)] for number in range(1, 151)))]
    (late,) = file_one(given, version(151))
    (older,) = file_one(given, version(0))
    assert len(editions.family(given.lucie.pk, [Told("", "1.1", "")])) == editions.MOST_EDITIONS
    assert newer(late, older) == [None, late.pk]
    assert newer(rows[-1]) == [late.pk]
    assert None not in newer(*rows)
