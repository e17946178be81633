"""The trace chain: any change, insertion, move or removal is found, the last events included."""

from __future__ import annotations

import dataclasses

import pytest

from vaguemestre.crypto.trace_chain import START, Link, faults, link

KEY = b"k" * 32


def chain(count: int, key: bytes = KEY) -> list[Link]:
    links, previous = [], START
    for sequence in range(1, count + 1):
        fields = (f"2026-01-01T00:00:{sequence:02d}.000+00:00", "received", f"message:{sequence}", "node", "kept")
        previous = link(key, previous, sequence, *fields)
        links.append(Link(sequence, *fields, previous))
    return links


def found(links: list[Link], count: int | None = None, head: str | None = None, published: tuple[int, str] | None = (3, "")) -> list[str]:
    whole = chain(5)
    if published == (3, ""):
        published = (3, whole[2].link)
    return list(faults(KEY, links, 5 if count is None else count, whole[-1].link if head is None else head, published))


def test_a_whole_chain_has_no_fault() -> None:
    assert found(chain(5)) == []
    assert list(faults(KEY, [], 0, "", None)) == []
    assert list(faults(KEY, [], 0, "", (0, START))) == []


@pytest.mark.parametrize("field", ["at", "event", "object", "actor", "result"])
def test_a_changed_field_is_found(field: str) -> None:
    links = chain(5)
    links[1] = dataclasses.replace(links[1], **{field: "autre"})
    assert any("event 2 does not follow" in fault for fault in found(links))


def test_a_removed_event_is_found() -> None:
    links = chain(5)
    del links[2]
    assert any("event 3 is missing" in fault for fault in found(links))


def test_the_last_events_removed_are_found_even_when_the_head_was_set_back() -> None:
    links = chain(5)[:2]
    assert any("events 3 to 5 were removed" in fault for fault in found(links, 2, links[-1].link, (5, chain(5)[-1].link)))


def test_the_last_events_removed_are_found_by_the_head_alone() -> None:
    assert any("ends at event 4" in fault for fault in found(chain(5)[:4]))


def test_reordered_events_are_found() -> None:
    links = chain(5)
    links[1], links[2] = links[2], links[1]
    assert found(links) != []


def test_swapped_contents_are_found() -> None:
    links = chain(5)
    links[1], links[2] = dataclasses.replace(links[2], sequence=2), dataclasses.replace(links[1], sequence=3)
    assert found(links) != []


def test_an_inserted_event_is_found() -> None:
    links = chain(5)
    links.insert(2, dataclasses.replace(links[2], object="message:99"))
    assert found(links) != []


def test_an_event_added_at_the_end_without_the_key_is_found() -> None:
    links = chain(5)
    forged = chain(6, b"x" * 32)[-1]
    assert found([*links, forged], 6, forged.link) != []


def test_a_chain_made_anew_with_another_key_is_found() -> None:
    links = chain(5, b"x" * 32)
    assert found(links, 5, links[-1].link, (5, links[-1].link)) != []


def test_a_head_that_names_another_link_is_found() -> None:
    assert any("is not the one" in fault for fault in found(chain(5), published=(3, "f" * 64)))


def test_an_absent_published_head_is_found() -> None:
    assert any("trace.head is absent" in fault for fault in found(chain(5), published=None))


def test_fields_cannot_flow_into_one_another() -> None:
    assert link(KEY, START, 1, "a", "bc", "d", "e", "f") != link(KEY, START, 1, "ab", "c", "d", "e", "f")
