"""BDAT (RFC 3030): octets counted and kept exactly, refused chunks that are never taken for commands, no half message."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols.test_smtp_content import SMUGGLED, cut
from tests.protocols.test_smtp_conversations import codes, say, secure
from vaguemestre.protocols import replies
from vaguemestre.protocols.smtp import ChunkAsked, Engine, Limits, Message, Trouble
from vaguemestre.protocols.smtp_chunks import Chunks
from vaguemestre.protocols.smtp_content import Verdict
from vaguemestre.protocols.smtp_states import State

NAMED = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"


def chunk(octets: bytes, last: bool = False) -> bytes:
    return b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets


def named(limits: Limits | None = None) -> Engine:
    engine = secure(limits) if limits is not None else secure()
    say(engine, NAMED)
    return engine


def kept(events: list[object]) -> list[bytes]:
    return [event.data for event in events if isinstance(event, Message)]


def test_one_chunk_is_a_message() -> None:
    engine = named()
    lines, events = say(engine, b"bdat 7 last\r\nhello\r\nQUIT\r\n")
    assert codes(lines) == ["250 2.0.0", "221 2.0.0"]
    assert events[0] == ChunkAsked(7, True)
    assert kept(events) == [b"hello\r\n"]


@pytest.mark.parametrize("size", [0, 1, 7])
def test_chunks_are_put_together_however_they_are_cut(size: int) -> None:
    octets = b"Subject: x\r\n\r\n.\r\n..dot\r\n\x00\xff\xe9 no end of line"
    wire = NAMED + b"".join(chunk(octets[i : i + 5]) for i in range(0, len(octets), 5)) + chunk(b"", last=True) + b"NOOP\r\n"
    engine = secure()
    lines: list[str] = []
    events: list[object] = []
    for at in range(0, len(wire), size or len(wire)):
        more, happened = say(engine, wire[at : at + (size or len(wire))])
        lines += more
        events += happened
    assert kept(events) == [octets]
    assert codes(lines) == ["250 2.1.0", "250 2.1.5"] + ["250 2.0.0"] * 11
    assert engine.state is State.GREETED
    assert engine.held == 0


def test_a_message_and_the_next_in_one_stream() -> None:
    _, events = say(secure(), (NAMED + chunk(b"one\r\n") + chunk(b"two\r\n", last=True)) * 2 + NAMED + b"DATA\r\nthree\r\n.\r\n")
    assert kept(events) == [b"one\r\ntwo\r\n", b"one\r\ntwo\r\n", b"three\r\n"]


def test_what_looks_like_commands_is_content() -> None:
    _, events = say(named(), chunk(b"\r\n.\r\n" + SMUGGLED, last=True))
    assert kept(events) == [b"\r\n.\r\n" + SMUGGLED]


@pytest.mark.parametrize("word", [b"DATA\r\n", b"MAIL FROM:<x@b.example>\r\n", b"RCPT TO:<x@d.example>\r\n"])
def test_between_chunks_the_message_goes_on(word: bytes) -> None:
    engine = named()
    lines, events = say(engine, chunk(b"one\r\n") + word + b"NOOP\r\n" + chunk(b"two\r\n", last=True))
    assert codes(lines) == ["250 2.0.0", "503 5.5.1", "250 2.0.0", "250 2.0.0"]
    assert kept(events) == [b"one\r\ntwo\r\n"]


def test_bdat_after_data_is_content() -> None:
    _, events = say(named(), b"DATA\r\n" + chunk(b"x\r\n", last=True) + b".\r\n")
    assert kept(events) == [b"BDAT 3 LAST\r\nx\r\n"]


@pytest.mark.parametrize("word", [b"RSET\r\n", b"EHLO a\r\n"])
def test_reset_between_chunks_forgets_all(word: bytes) -> None:
    engine = named()
    _, events = say(engine, chunk(b"x" * 600) + word)
    assert (engine.state, engine.held, engine.recipients) == (State.GREETED, 0, {})
    lines, more = say(engine, chunk(b"RSET\r\n", last=True) + NAMED + chunk(b"y\r\n", last=True))
    assert codes(lines) == ["503 5.5.1", "250 2.1.0", "250 2.1.5", "250 2.0.0"]
    assert kept(events + more) == [b"y\r\n"]


@pytest.mark.parametrize(
    ("before", "code"),
    [(b"", "503 5.5.1"), (b"MAIL FROM:<a@b.example>\r\n", "554 5.5.1"), (NAMED + b"BDAT 0 LAST\r\n", "503 5.5.1")],
)
@pytest.mark.parametrize("size", [0, 1, 9])
def test_out_of_order_its_octets_are_no_commands(before: bytes, code: str, size: int) -> None:
    engine = secure()
    say(engine, before)
    wire = chunk(b"QUIT\r\nMAIL FROM:<evil@b.example>\r\n", last=True) + b"NOOP\r\n"
    lines: list[str] = []
    events: list[object] = []
    for at in range(0, len(wire), size or len(wire)):
        more, happened = say(engine, wire[at : at + (size or len(wire))])
        lines += more
        events += happened
    assert codes(lines) == [code, "250 2.0.0"]
    assert events == []


def test_before_tls_its_octets_are_no_commands_either() -> None:
    engine = Engine("mx.example", Limits())
    lines, events = say(engine, b"EHLO a\r\n" + chunk(b"STARTTLS\r\n", last=True) + b"NOOP\r\n")
    assert codes(lines)[-2:] == ["530 5.7.0", "250 2.0.0"]
    assert events == []


@pytest.mark.parametrize("reason", ["insufficient-storage", "inner-failure"])
def test_after_a_refused_chunk_no_half_message_is_kept(reason: str) -> None:
    """Pipelined: the first is refused, the last must not pass for a whole message, and the next transaction is untouched."""
    engine = named()
    engine.receive(chunk(b"first\r\n") + chunk(b"second\r\n", last=True) + NAMED + chunk(b"whole\r\n", last=True))
    assert engine.next_event() == ChunkAsked(7, False)
    engine.refuse(replies.TABLE[reason])
    lines, events = say(engine, b"")
    assert codes(lines)[1:] == ["503 5.5.1", "250 2.1.0", "250 2.1.5", "250 2.0.0"]
    assert lines[0][:3] == str(replies.TABLE[reason].code)
    assert kept(events) == [b"whole\r\n"]


@pytest.mark.parametrize(
    "octets",
    [b"a\nb\r\n", b"a\rb\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"a\r\n\n", b"a\r\n\r", b"\r\n\r\r\n\n", b"\n\r"],
)
@pytest.mark.parametrize("size", [1, 2, 50])
def test_a_bare_cr_or_lf_is_refused_and_the_connection_goes_on(octets: bytes, size: int) -> None:
    engine = named()
    wire = b"".join(chunk(octets[i : i + size]) for i in range(0, len(octets), size)) + chunk(b"", last=True)
    lines, events = say(engine, wire + NAMED + chunk(b"next\r\n", last=True))
    assert codes(lines)[-3:] == ["250 2.1.0", "250 2.1.5", "250 2.0.0"]
    assert codes(lines).count("550 5.6.0") == 1
    assert Trouble("binary-content") in events
    assert kept(events) == [b"next\r\n"]


@pytest.mark.parametrize("cut_at", range(1, 8))
def test_a_pair_may_be_cut_between_chunks(cut_at: int) -> None:
    octets = b"a\r\n\r\nb\r\n"
    _, events = say(named(), chunk(octets[:cut_at]) + chunk(b"") + chunk(octets[cut_at:], last=True))
    assert kept(events) == [octets]


@pytest.mark.parametrize(
    "argument",
    [b"", b" ", b" x", b" -1", b" +1", b" 1.0", b" 0x1", b" 1 LAST LAST", b" 1 FIRST", b" LAST", b" 1,LAST", b" " + b"1" * 21, b" 1 LASTx"],
)
def test_a_size_that_cannot_be_read_closes(argument: bytes) -> None:
    """What follows cannot be told from commands any more."""
    engine = named()
    lines, events = say(engine, b"BDAT" + argument + b"\r\nMAIL FROM:<evil@b.example>\r\n")
    assert codes(lines) == ["501 5.5.4"]
    assert events == [Trouble("chunk-syntax")]
    assert engine.state is State.ENDED


def test_the_limit_counts_all_chunks_and_is_exact() -> None:
    lines, events = say(named(), chunk(b"x" * 600) + chunk(b"x" * 398 + b"\r\n", last=True))
    assert codes(lines) == ["250 2.0.0"] * 2
    assert [len(data) for data in kept(events)] == [1000]
    engine = named()
    lines, events = say(engine, chunk(b"x" * 600) + chunk(b"x" * 401))
    assert codes(lines) == ["250 2.0.0", "552 5.3.4"]
    assert (engine.held, engine.state) == (0, State.GREETED)
    lines, more = say(engine, chunk(b"\r\n", last=True) + b"NOOP\r\n")
    assert codes(lines) == ["503 5.5.1", "250 2.0.0"]
    assert events[-1] == Trouble("message-too-large")
    assert kept(events + more) == []


def test_a_chunk_too_large_is_not_held_while_it_comes() -> None:
    engine = named()
    assert say(engine, b"BDAT 100000\r\n") == ([], [])
    for _ in range(99):
        assert say(engine, b"x" * 1000) == ([], [])
        assert engine.held == engine.buffered == 0
    assert codes(say(engine, b"x" * 1000)[0]) == ["552 5.3.4"]


@pytest.mark.parametrize("size", [b"1050577", b"9" * 20])
def test_a_chunk_beyond_all_bounds_closes_before_it_is_read(size: bytes) -> None:
    engine = named()
    lines, events = say(engine, b"BDAT " + size + b" LAST\r\nx")
    assert codes(lines) == ["552 5.3.4"]
    assert events == [Trouble("message-too-large")]
    assert engine.state is State.ENDED


def test_an_abandoned_message_is_answered_at_the_end_of_its_chunk() -> None:
    engine = named()
    say(engine, chunk(b"x" * 600) + b"BDAT 10\r\nabc")
    engine.abandon("insufficient-storage")
    assert engine.held == 0
    lines, events = say(engine, b"defghij" + chunk(b"last\r\n", last=True) + NAMED + chunk(b"y\r\n", last=True))
    assert codes(lines) == ["452 4.3.1", "503 5.5.1", "250 2.1.0", "250 2.1.5", "250 2.0.0"]
    assert events[0] == Trouble("insufficient-storage")
    assert kept(events) == [b"y\r\n"]


def test_a_refused_message_ends_its_transaction() -> None:
    engine = named()
    engine.receive(chunk(b"x\r\n", last=True) + NAMED)
    assert engine.next_event() == ChunkAsked(3, True)
    engine.accept()
    assert isinstance(engine.next_event(), Message)
    engine.refuse(replies.TABLE["from-absent"])
    assert codes(say(engine, b"")[0]) == ["550 5.6.0", "250 2.1.0", "250 2.1.5"]


def test_endless_small_chunks_close() -> None:
    engine = named(Limits(errors=20))
    lines, events = say(engine, chunk(b"") * 10_000)
    assert codes(lines)[-1] == "421 4.7.0"
    assert len(lines) < 140
    assert events[-1] == Trouble("too-many-errors")
    engine = named(Limits(errors=20))
    lines, events = say(engine, chunk(b"x") * 10_000)
    assert engine.state is State.ENDED
    assert len(lines) < 140


def test_large_chunks_are_no_chatter() -> None:
    _, events = say(named(Limits()), chunk(b"y" * 510 + b"\r\n") * 2000 + chunk(b"", last=True))
    assert [len(data) for data in kept(events)] == [1_024_000]


def test_two_hundred_kilobytes_cost_little() -> None:
    body = (b"x" * 76 + b"\r\n") * 2564
    best = 1.0
    for _ in range(20):
        began = time.perf_counter()
        one = Chunks()
        one.begin(len(body), True)
        for at in range(0, len(body), 65_536):
            verdict = one.take(bytearray(body[at : at + 65_536]))
        best = min(best, time.perf_counter() - began)
        assert verdict is Verdict.SOUND
        assert one.content() == body
    assert best < 0.003


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"x", b".", b"\xff\x00"]), max_size=20).map(b"".join),
    st.lists(st.integers(0, 100), max_size=6),
)
def test_text_comes_back_whole_and_all_else_is_refused(octets: bytes, places: list[int]) -> None:
    pieces = cut(octets, places)
    _, events = say(named(), b"".join(chunk(piece) for piece in pieces) + chunk(b"", last=True))
    sound = b"\r" not in octets.replace(b"\r\n", b"") and b"\n" not in octets.replace(b"\r\n", b"")
    assert kept(events) == ([octets] if sound else [])
