"""The reading child: a reader that aborts, sleeps, or allocates without end costs bounded time and memory, and the others go on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import Document, Reading
from vaguemestre.domain.reading_json import pack
from vaguemestre.pipeline import reading_child
from vaguemestre.pipeline.guard import ChildDied, Guard, Limits, TookTooLong

Begin = Callable[[str], None]


def answer(head: Mapping[str, Any], data: bytes, begin: Begin) -> bytes:
    """A reader of documents named by the words of the data, some of which are poison."""
    documents = []
    for rank, word in enumerate(data.decode().split()):
        if str(rank) in head["skip"]:
            documents.append(Document("unknown", (word, head["skip"][str(rank)]), "0" * 64))
            continue
        begin(str(rank))
        act(word)
        documents.append(Document("text", (word,), "0" * 64, text=str(os.getpid())))
    return pack(Reading("file", "email", None, tuple(documents)))


def act(word: str) -> None:
    if word.startswith("abort"):
        os.abort()
    if word.startswith("sleep"):
        time.sleep(60)
    if word.startswith("doze"):
        time.sleep(0.8)
    if word.startswith("spin"):
        while True:
            pass
    if word.startswith("allocate"):
        held = []
        while True:
            held.append(bytearray(1 << 20))
    if word.startswith("raise"):
        raise ValueError("DUPONT Marie")
    if word.startswith("exit"):
        os._exit(0)


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    monkeypatch.setattr(reading_child, "answer", answer)
    guard = Guard(Limits(seconds=1.0, memory=1 << 30))
    yield guard
    guard.close()


def paths(reading: Reading) -> list[tuple[str, ...]]:
    return [document.path for document in reading.documents]


def test_one_child_reads_many_files(guard: Guard) -> None:
    children = {guard.read(b"a b", "x").documents[1].text for _ in range(20)}
    assert len(children) == 1
    assert children != {str(os.getpid())}


@pytest.mark.parametrize(
    ("poison", "why"), [("abort", "reader-died"), ("sleep", "reader-too-slow"), ("spin", "reader-too-slow"), ("exit", "reader-died")]
)
def test_after_the_second_death_the_document_is_passed_over_and_the_others_go_on(guard: Guard, poison: str, why: str) -> None:
    began = time.monotonic()
    reading = guard.read(f"a {poison} b".encode(), "x")
    assert paths(reading) == [("a",), (poison, why), ("b",)]
    assert time.monotonic() - began < 6


def test_a_reader_that_allocates_without_end_dies_of_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_child, "answer", answer)
    guard = Guard(Limits(seconds=30.0, memory=1 << 30))
    reading = guard.read(b"a allocate b", "x")
    assert paths(reading) == [("a",), ("allocate", "reader-died"), ("b",)]
    guard.close()


def test_two_poisons_in_one_message(guard: Guard) -> None:
    assert paths(guard.read(b"abort1 a abort2 b", "x")) == [("abort1", "reader-died"), ("a",), ("abort2", "reader-died"), ("b",)]


def test_a_message_of_nothing_but_poison_is_bounded_in_time_as_a_whole(guard: Guard) -> None:
    began = time.monotonic()
    reading = guard.read((" ".join(f"sleep{k}" for k in range(50))).encode(), "x")
    assert time.monotonic() - began < 14
    assert {path[-1] for path in paths(reading)} == {"reader-too-slow"}
    assert len(reading.documents) == 50


def test_a_message_too_slow_as_a_whole_keeps_what_was_quick(guard: Guard) -> None:
    """Each document under its own limit, all together far over: the quick ones are read, the slow ones and the rest are named."""
    began = time.monotonic()
    reading = guard.read(b"a " + b" ".join(b"doze%d" % k for k in range(12)) + b" z", "x")
    assert time.monotonic() - began < 14
    assert paths(reading)[0] == ("a",)
    assert {path[-1] for path in paths(reading)[1:]} == {"reader-too-slow"}
    assert len(reading.documents) == 14


def test_the_next_message_is_read_after_a_death(guard: Guard) -> None:
    guard.read(b"abort", "x")
    assert paths(guard.read(b"a", "x")) == [("a",)]


def test_an_unforeseen_exception_is_told_without_its_words(guard: Guard) -> None:
    reading = guard.read(b"raise", "x")
    assert not reading.understood
    assert "DUPONT" not in str([w.detail for w in reading.warnings])
    assert reading.warnings[0].code == "malformed"


def test_a_child_killed_between_two_messages_is_replaced(guard: Guard) -> None:
    first = guard.read(b"a", "x").documents[0].text
    os.kill(int(first), signal.SIGKILL)
    time.sleep(0.1)
    reading = guard.read(b"a", "x")
    assert paths(reading) == [("a",)]
    assert reading.documents[0].text != first


def test_a_large_message_goes_there_and_back(guard: Guard) -> None:
    word = "a" * 20_000_000
    assert guard.read(word.encode(), "x").documents[0].path == (word,)


def test_the_parent_is_told_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_child, "answer", answer)
    beats: list[int] = []
    guard = Guard(Limits(seconds=2.0), alive=lambda: beats.append(1))
    try:
        guard.read(b"sleep", "x")
    finally:
        guard.close()
    assert len(beats) >= 4


def test_the_child_holds_no_descriptor_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    def listing(head: Mapping[str, Any], data: bytes, begin: Begin) -> bytes:
        names = " ".join(os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}"))
        return pack(Reading("file", "email", None, (Document("text", ("x",), "0" * 64, text=names),)))

    monkeypatch.setattr(reading_child, "answer", listing)
    with open(__file__) as held:
        guard = Guard(Limits())
        try:
            text = guard.read(b"a", "x").documents[0].text
        finally:
            guard.close()
        assert held.name not in text


def test_faults_of_extract_and_render_are_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(head: Mapping[str, Any], data: bytes, begin: Begin) -> bytes:
        if head["what"] == "extract":
            raise Unreadable("no such part")
        if head["page"] == 1:
            os.abort()
        time.sleep(60)
        return b""

    monkeypatch.setattr(reading_child, "answer", refuse)
    guard = Guard(Limits(seconds=0.5))
    try:
        with pytest.raises(Unreadable):
            guard.extract(b"", "0" * 64)
        with pytest.raises(ChildDied):
            guard.render(b"", 1, 100)
        with pytest.raises(TookTooLong):
            guard.render(b"", 2, 100)
    finally:
        guard.close()
