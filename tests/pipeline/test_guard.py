"""The reading child: a reader that aborts, sleeps, or allocates without end costs bounded time and memory, and the others go on."""

from __future__ import annotations

import os
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from vaguemestre.domain.fault import Unreadable
from vaguemestre.domain.reading import Document, Reading
from vaguemestre.domain.reading_json import pack
from vaguemestre.pipeline import reading_child
from vaguemestre.pipeline.guard import AHEAD, AHEAD_BYTES, ChildDied, Guard, Limits, TookTooLong

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


@pytest.fixture
def patient_guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    """For what is large: a busy machine is not taken for a hanging reader, and the room that this very process takes, which its forked
    child inherits, is not counted as the reader's."""
    monkeypatch.setattr(reading_child, "answer", answer)
    inherited = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    guard = Guard(Limits(seconds=30.0, memory=inherited + (1 << 30)))
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


def test_a_large_message_goes_there_and_back(patient_guard: Guard) -> None:
    word = "a" * 20_000_000
    assert patient_guard.read(word.encode(), "x").documents[0].path == (word,)


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


def file(words: bytes, key: int = 0) -> tuple[int, bytes, str, str | None]:
    return key, words, "x", None


def test_files_are_asked_ahead_and_answered_in_order(guard: Guard) -> None:
    taken: list[int] = []

    def source() -> Iterator[tuple[int, bytes, str, str | None]]:
        for key in range(100):
            taken.append(key)
            yield file(b"w%d" % key, key)

    for count, (key, reading) in enumerate(guard.read_each(source())):
        assert (key, paths(reading)) == (count, [(f"w{count}",)])
        assert len(taken) <= count + AHEAD
    assert len(taken) == 100


def test_no_more_bytes_are_ahead_than_may_be(guard: Guard) -> None:
    taken: list[int] = []

    def source() -> Iterator[tuple[int, bytes, str, str | None]]:
        for key in range(20):
            taken.append(key)
            yield file(b"a" * (AHEAD_BYTES // 2), key)

    readings = guard.read_each(source())
    next(readings)
    assert len(taken) == 2
    assert len(list(readings)) == 19


@pytest.mark.parametrize(("poison", "why"), [("abort", "reader-died"), ("sleep", "reader-too-slow"), ("exit", "reader-died")])
def test_a_death_counts_against_the_file_being_read_and_not_those_asked_ahead(guard: Guard, poison: str, why: str) -> None:
    found = dict(guard.read_each([file(b"a", 0), file(b"b", 1), file(f"c {poison} d".encode(), 2), file(b"e f", 3), file(b"g", 4)]))
    assert [paths(found[k]) for k in (0, 1, 3, 4)] == [[("a",)], [("b",)], [("e",), ("f",)], [("g",)]]
    assert paths(found[2]) == [("c",), (poison, why), ("d",)]


def test_every_second_file_is_poison(guard: Guard) -> None:
    found = dict(guard.read_each(file(b"abort" if key % 2 else b"a", key) for key in range(12)))
    assert [paths(found[k]) for k in range(12)] == [[("abort", "reader-died")] if k % 2 else [("a",)] for k in range(12)]


def test_answers_given_before_a_death_are_not_lost(guard: Guard) -> None:
    """The child dies while its parent is busy: what it answered before is not read again."""
    readings = guard.read_each([file(b"a", 0), file(b"b", 1), file(b"abort", 2), file(b"c", 3)])
    first = next(readings)[1].documents[0].text
    time.sleep(0.3)
    assert next(readings)[1].documents[0].text == first
    assert paths(next(readings)[1]) == [("abort", "reader-died")]
    assert paths(next(readings)[1]) == [("c",)]


def test_a_parent_busy_for_longer_than_a_limit_kills_nobody(guard: Guard) -> None:
    children = set()
    for _, reading in guard.read_each(file(b"a", key) for key in range(3)):
        children.add(reading.documents[0].text)
        time.sleep(1.2)
    assert len(children) == 1


def test_large_frames_cross_without_a_deadlock(patient_guard: Guard) -> None:
    words = [bytes([97 + key]) * (700_000 if key else 30_000_000) for key in range(6)]
    found = dict(patient_guard.read_each(file(word, key) for key, word in enumerate(words)))
    assert [found[key].documents[0].path for key in range(6)] == [(word.decode(),) for word in words]


def test_an_iterator_given_up_leaves_no_answer_behind(guard: Guard) -> None:
    readings = guard.read_each(file(b"w%d" % key, key) for key in range(10))
    next(readings)
    readings.close()
    assert paths(guard.read(b"other", "x")) == [("other",)]


def test_a_renewal_that_fails_leaves_no_answer_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_child, "answer", answer)
    fail = [True]

    def alive() -> None:
        if fail:
            fail.pop()
            raise RuntimeError

    guard = Guard(Limits(seconds=2.0), alive=alive)
    try:
        with pytest.raises(RuntimeError):
            guard.read(b"doze", "x")
        assert paths(guard.read(b"a", "x")) == [("a",)]
    finally:
        guard.close()


@pytest.mark.parametrize("head", [(1 << 63, 9e99, 1 << 63), (0, float("nan"), 1 << 62), (0, float("inf"), 0), (0, -1.0, 5_000)])
def test_a_child_that_lies_about_where_it_is_is_still_ended(monkeypatch: pytest.MonkeyPatch, head: tuple[int, float, int]) -> None:
    def lying(_: Mapping[str, Any], data: bytes, begin: Begin) -> bytes:
        memory = begin.__self__._memory  # type: ignore[attr-defined]
        memory[:] = b"\xff" * len(memory)
        while True:
            struct.pack_into("=QdQ", memory, 0, *head)

    monkeypatch.setattr(reading_child, "answer", lying)
    guard = Guard(Limits(seconds=0.2))
    began = time.monotonic()
    reading = guard.read(b"a", "x")
    guard.close()
    assert not reading.understood
    assert time.monotonic() - began < 10


def test_a_child_that_answers_byte_by_byte_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def dribbling(_: Mapping[str, Any], data: bytes, begin: Begin) -> bytes:
        with socket.socket(fileno=900) as sock:
            sock.sendall(struct.pack("!cI", b"A", 1_000_000))
            while True:
                sock.sendall(b"x")
                time.sleep(0.01)

    monkeypatch.setattr(reading_child, "answer", dribbling)
    guard = Guard(Limits(seconds=0.3))
    began = time.monotonic()
    with pytest.raises(TookTooLong):
        guard.render(b"", 0, 100)
    guard.close()
    assert time.monotonic() - began < 2


def test_a_spawned_child_reads_too() -> None:
    guard = Guard(Limits(), spawn=True)
    try:
        found = [reading.kind for _, reading in guard.read_each([file(b"Bonjour", 0), file(b"Bonsoir", 1)])]
    finally:
        guard.close()
    assert found == ["text", "text"]
