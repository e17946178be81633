"""The end of a message, and every way to smuggle another one behind it."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols.test_smtp_conversations import OPENING, codes, say, secure
from vaguemestre.protocols.smtp import Engine, Limits, Message, Trouble
from vaguemestre.protocols.smtp_content import Content, Verdict
from vaguemestre.protocols.smtp_states import State


def content(engine: Engine, data: bytes, size: int = 0) -> tuple[list[str], list[object]]:
    """Replies and events after DATA, sent in pieces of `size` bytes."""
    say(engine, OPENING)
    lines: list[str] = []
    events: list[object] = []
    for at in range(0, len(data), size or len(data) or 1):
        more, happened = say(engine, data[at : at + (size or len(data))])
        lines += more
        events += happened
    return lines, events


@pytest.mark.parametrize(
    ("wire", "kept"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...\r\n.\r\n", b"..\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a\r\n..b\r\nc.\r\n.\r\n", b"a\r\n.b\r\nc.\r\n"),
        (b"a\r\n..\r\n..\r\n.\r\n", b"a\r\n.\r\n.\r\n"),
        (b"a.\r\n.\r\n", b"a.\r\n"),
        (b"\xe9\x00\xff\r\n.\r\n", b"\xe9\x00\xff\r\n"),
    ],
)
@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_ends_and_dots(wire: bytes, kept: bytes, size: int) -> None:
    lines, events = content(secure(), wire, size)
    assert [event.data for event in events if isinstance(event, Message)] == [kept]
    assert codes(lines) == ["250 2.0.0"]


SMUGGLED = b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nevil\r\n.\r\n"


@pytest.mark.parametrize(
    "end",
    [
        b"\n.\n",
        b"\r.\r",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\r\r\n.\r\n",
        b"\n\r.\r\n",
        b"\r\n.\r\r\n",
        b"\n\n.\r\n",
        b"\r\n\n.\r\n",
        b"\r\n.\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [0, 1, 5])
def test_smuggling_is_refused(end: bytes, size: int) -> None:
    """Whatever another server may take for an end, one message at most is ever seen, and none with a bare CR or LF is kept."""
    engine = secure()
    lines, events = content(engine, b"Subject: x\r\n\r\nhello" + end + SMUGGLED, size)
    assert events == [Trouble("bare-cr-or-lf")]
    assert codes(lines) == ["550 5.5.2"]
    assert engine.state is State.ENDED


@pytest.mark.parametrize("line", [b"NOOP\nNOOP\r\n", b"NOOP\rNOOP\r\n", b"\nNOOP\r\n", b"NOOP\r\r\n", b"NOOP\n", b"RSET\n\r\n"])
@pytest.mark.parametrize("size", [0, 1])
def test_bare_ends_in_commands_close(line: bytes, size: int) -> None:
    engine = secure()
    lines: list[str] = []
    for at in range(0, len(line), size or len(line)):
        lines += say(engine, line[at : at + (size or len(line))])[0]
    assert codes(lines) == ["550 5.5.2"]
    assert engine.state is State.ENDED


@pytest.mark.parametrize("size", [0, 1, 100])
def test_too_large_is_refused_at_its_end_and_not_held(size: int) -> None:
    engine = secure()
    body = b"x" * 98 + b"\r\n"
    say(engine, OPENING)
    for _ in range(15):
        say(engine, body)
        assert engine.held <= 1000
    lines, events = say(engine, b".\r\nNOOP\r\n")
    assert codes(lines) == ["552 5.3.4", "250 2.0.0"]
    assert events == [Trouble("message-too-large")]


def test_the_limit_is_exact_and_counts_no_stuffed_dot() -> None:
    exact = b"x" * 997 + b".\r\n"
    lines, _ = content(secure(), exact + b".\r\n")
    assert codes(lines) == ["250 2.0.0"]
    lines, _ = content(secure(), b".." + b"x" * 997 + b"\r\n.\r\n")
    assert codes(lines) == ["250 2.0.0"]
    lines, _ = content(secure(), b"x" + exact + b".\r\n")
    assert codes(lines) == ["552 5.3.4"]


def test_content_without_end_is_cut() -> None:
    engine = secure()
    say(engine, OPENING)
    sent, lines = 0, []
    while not lines:
        sent += 10_000
        lines, _ = say(engine, b"x" * 9_998 + b"\r\n")
        assert sent < 1_100_000
    assert codes(lines) == ["552 5.3.4"]
    assert engine.state is State.ENDED


def test_abandoned_content_is_answered_at_its_end() -> None:
    engine = secure()
    say(engine, OPENING + b"hello\r\n")
    engine.abandon("insufficient-storage")
    assert engine.held == 0
    lines, events = say(engine, b"more\r\n.\r\n")
    assert codes(lines) == ["452 4.3.1"]
    assert events == [Trouble("insufficient-storage")]
    assert codes(say(engine, OPENING + b"x\r\n.\r\n")[0])[-1] == "250 2.0.0"


def test_two_hundred_kilobytes_cost_little() -> None:
    body = (b"x" * 76 + b"\r\n") * 2564 + b".\r\n"
    best = 1.0
    for _ in range(20):
        began = time.perf_counter()
        one = Content(1_000_000, 2_000_000)
        for at in range(0, len(body), 65_536):
            verdict, _ = one.receive(body[at : at + 65_536])
        best = min(best, time.perf_counter() - began)
        assert verdict is Verdict.SOUND
    assert best < 0.003


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(p % (len(data) + 1) for p in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]


WORDS = st.sampled_from([b"\r\n.\r\n", b"\r\n", b"\r", b"\n", b".", b"..", b"x", b"\r\n..", b"\r\n.x", b"abc", b"y" * 40])


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.lists(WORDS, max_size=30).map(b"".join), st.lists(st.integers(0, 2000), max_size=12))
def test_any_cut_gives_the_same_verdict(data: bytes, places: list[int]) -> None:
    def run(pieces: list[bytes]) -> tuple[Verdict, bytes, bytes]:
        one = Content(100, 300)
        for number, piece in enumerate(pieces):
            verdict, rest = one.receive(piece)
            if verdict is not Verdict.MORE:
                after = rest + b"".join(pieces[number + 1 :])
                stopped = verdict in {Verdict.BARE, Verdict.ENDLESS}
                return verdict, b"" if stopped else after, one.content() if verdict is Verdict.SOUND else b""
        return Verdict.MORE, b"", b""

    assert run(cut(data, places)) == run([data]) == run([data[i : i + 1] for i in range(len(data))])


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.binary(max_size=300).map(lambda b: b.replace(b"\r", b"").replace(b"\n", b"\r\n")))
def test_what_is_stuffed_comes_back(body: bytes) -> None:
    whole = body + b"\r\n"
    wire = (b"\r\n" + whole).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
    _, events = content(secure(Limits()), wire, 7)
    assert [event.data for event in events if isinstance(event, Message)] == [whole]


COMMANDS = st.sampled_from(
    [
        OPENING,
        b"EHLO a\r\n",
        b"HELO a\r\n",
        b"STARTTLS\r\n",
        b"MAIL FROM:<a@b.example>\r\n",
        b"MAIL FROM:<a@b.example> SIZE=5000\r\n",
        b"RCPT TO:<c@d.example>\r\n",
        b"DATA\r\n",
        b"BDAT 3\r\n",
        b"BDAT 4 LAST\r\n",
        b"BDAT 0 LAST\r\n",
        b"BDAT x\r\n",
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 6\r\nRSET\r\n",
        b"x\r\n",
        b".\r\n",
        b"..\r\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"QUIT\r\n",
        b"FOO\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"\xff",
        b"RCPT TO:<>\r\n",
        b"z" * 1100,
    ]
)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.lists(st.one_of(COMMANDS, st.binary(max_size=8)), max_size=25).map(b"".join), st.lists(st.integers(0, 4000), max_size=10))
def test_any_cut_gives_the_same_conversation(data: bytes, places: list[int]) -> None:
    """Whatever is said, however it is cut: the same replies, the same events, each reply of the table, never an exception."""

    def run(pieces: list[bytes]) -> tuple[list[str], list[object]]:
        engine = secure()
        lines: list[str] = []
        events: list[object] = []
        for piece in pieces:
            more, happened = say(engine, piece)
            lines += more
            events += happened
        return lines, [event.data if isinstance(event, Message) else event for event in events]

    lines, events = run([data])
    assert (lines, events) == run(cut(data, places)) == run([data[i : i + 1] for i in range(len(data))])
    assert all(line[:3].isdigit() for line in lines)
