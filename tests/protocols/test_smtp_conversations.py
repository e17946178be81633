"""Golden conversations with the engine: what the peer says, what it is told."""

from __future__ import annotations

import pytest

from vaguemestre.protocols import replies
from vaguemestre.protocols.smtp import ContentAsked, Engine, Limits, Message, StartTls, Trouble
from vaguemestre.protocols.smtp_commands import Recipient, Sender
from vaguemestre.protocols.smtp_states import NEXT, REFUSED, State, Verb, refusal

EHLO_CLEAR = [
    "250-mx.example",
    "250-PIPELINING",
    "250-SIZE 1000",
    "250-8BITMIME",
    "250-ENHANCEDSTATUSCODES",
    "250-CHUNKING",
    "250-DSN",
    "250-SMTPUTF8",
    "250 STARTTLS",
]
EHLO_SECURE = [*EHLO_CLEAR[:-2], "250 SMTPUTF8"]
OPENING = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
LIMITS = Limits(message=1000, recipients=3, transactions=5, errors=4)


def clear(limits: Limits = LIMITS) -> Engine:
    return Engine("mx.example", limits)


def secure(limits: Limits = LIMITS) -> Engine:
    engine = clear(limits)
    engine.receive(b"EHLO a.example\r\nSTARTTLS\r\n")
    assert engine.next_event() == StartTls()
    engine.secured()
    engine.receive(b"EHLO a.example\r\n")
    assert engine.next_event() is None
    engine.outgoing()
    return engine


def say(engine: Engine, data: bytes, refuse: str = "") -> tuple[list[str], list[object]]:
    """Replies and events; everything asked is accepted, or all is refused for one reason."""
    engine.receive(data)
    events: list[object] = []
    while (event := engine.next_event()) is not None:
        events.append(event)
        if engine.asked is not None:
            if refuse:
                engine.refuse(replies.TABLE[refuse])
            else:
                engine.accept()
    return engine.outgoing().decode("ascii").splitlines(), events


def codes(lines: list[str]) -> list[str]:
    return [line[:9].strip() if line[4:5].isdigit() and line[5:6] == "." else line[:3] for line in lines]


def test_greeting() -> None:
    engine = clear()
    engine.greet()
    assert engine.outgoing() == b"220 mx.example ESMTP ready\r\n"


def test_one_message_with_pipelining() -> None:
    engine = secure()
    lines, events = say(engine, b"MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
    assert codes(lines) == ["250 2.1.0", "250 2.1.5", "354"]
    assert events == [Sender("a@b.example", 100, "8BITMIME"), Recipient("c@d.example"), ContentAsked()]
    lines, events = say(engine, b"Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n")
    assert codes(lines) == ["250 2.0.0", "221 2.0.0"]
    [kept] = events
    assert isinstance(kept, Message)
    assert kept.data == b"Subject: x\r\n\r\n.dot\r\n"
    assert engine.state is State.ENDED
    assert not engine.disputed


def test_two_messages_on_one_connection_share_nothing() -> None:
    engine = secure()
    _, first = say(engine, OPENING + b"one\r\n.\r\n")
    assert engine.sender is None
    assert engine.recipients == {}
    lines, _ = say(engine, b"DATA\r\n")
    assert codes(lines) == ["503 5.5.1"]
    _, second = say(engine, b"MAIL FROM:<>\r\nRCPT TO:<e@f.example>\r\nDATA\r\ntwo\r\n.\r\n")
    assert second[:2] == [Sender(""), Recipient("e@f.example")]
    assert [m.data for m in (*first, *second) if isinstance(m, Message)] == [b"one\r\n", b"two\r\n"]


def test_ehlo_and_helo() -> None:
    lines, _ = say(clear(), b"EHLO a.example\r\n")
    assert lines == EHLO_CLEAR
    lines, _ = say(secure(), b"ehlo [192.0.2.1]\r\n")
    assert lines == EHLO_SECURE
    lines, _ = say(secure(), b"HELO a.example\r\n")
    assert lines == ["250 mx.example"]
    lines, _ = say(secure(), b"EHLO\r\nEHLO a b\r\n")
    assert codes(lines) == ["501 5.5.4", "501 5.5.4"]


@pytest.mark.parametrize("command", [b"MAIL FROM:<a@b.example>", b"RCPT TO:<a@b.example>", b"DATA", b"RSET", b"VRFY a", b"HELP"])
@pytest.mark.parametrize("hello", [b"", b"EHLO a\r\n"])
def test_nothing_before_tls(command: bytes, hello: bytes) -> None:
    engine = clear()
    lines, events = say(engine, hello + command + b"\r\n")
    assert codes(lines)[-1] == "530 5.7.0"
    assert events == []


@pytest.mark.parametrize("command", [b"AUTH PLAIN AGEAYg==", b"ATRN x", b"ETRN x", b"EXPN x"])
def test_not_offered(command: bytes) -> None:
    assert codes(say(secure(), command + b"\r\n")[0]) == ["502 5.5.1"]
    assert not any("AUTH" in line for line in EHLO_SECURE)


def test_what_came_with_starttls_is_never_read() -> None:
    engine = clear()
    lines, events = say(engine, b"EHLO a\r\nSTARTTLS\r\nEHLO injected\r\nMAIL FROM:<a@b.example>\r\n")
    assert lines[-1].startswith("220 2.0.0")
    assert events == [StartTls()]
    engine.receive(b"RSET\r\nMAIL FROM:<evil@b.example>\r\n")
    assert engine.next_event() is None
    assert engine.outgoing() == b""
    engine.secured()
    assert engine.next_event() is None
    assert engine.helo == ""
    # The greeting before TLS does not count any more (RFC 3207 section 4.2).
    assert codes(say(engine, b"MAIL FROM:<a@b.example>\r\n")[0]) == ["503 5.5.1"]


def test_starttls_twice_and_with_an_argument() -> None:
    assert codes(say(secure(), b"STARTTLS\r\n")[0]) == ["503 5.5.1"]
    engine = clear()
    assert codes(say(engine, b"EHLO a\r\nSTARTTLS now\r\n")[0])[-1] == "501 5.5.4"
    assert codes(say(clear(), b"STARTTLS\r\n")[0]) == ["503 5.5.1"]


def test_every_pair_of_the_table_is_obeyed() -> None:
    """The engine does what the table says for each state and command, and nothing leads out of ENDED, HANDSHAKE or octets."""
    said = {
        Verb.EHLO: b"EHLO a",
        Verb.HELO: b"HELO a",
        Verb.MAIL: b"MAIL FROM:<a@b.example>",
        Verb.RCPT: b"RCPT TO:<c@d.example>",
        Verb.VRFY: b"VRFY a",
        Verb.BDAT: b"BDAT 0",
    }
    ways = {
        State.CLEAR: (clear, b""),
        State.CLEAR_GREETED: (clear, b"EHLO a\r\n"),
        State.GREETED: (secure, b""),
        State.SENDER: (secure, b"MAIL FROM:<a@b.example>\r\n"),
        State.RECIPIENTS: (secure, b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"),
        State.CHUNKED: (secure, b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 1\r\nx"),
    }
    for state, (make, before) in ways.items():
        for verb in Verb:
            engine = make()
            say(engine, before)
            assert engine.state is state
            lines, _ = say(engine, said.get(verb, verb.value.encode()) + b"\r\n")
            reason = refusal(state, verb)
            if reason is None:
                assert engine.state is NEXT[state, verb], (state, verb)
                assert lines[-1][0] in "23", (state, verb)
            else:
                assert engine.state is state, (state, verb)
                assert lines == [replies.TABLE[reason].encoded().decode().strip()], (state, verb)
    assert not {state for state, _ in (*NEXT, *REFUSED)} & {State.ENDED, State.HANDSHAKE, State.CONTENT, State.CHUNK, State.SWALLOW}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"MAIL FROM:<a@b.example> SIZE=1001", "552 5.3.4"),
        (b"MAIL FROM:<a@b.example> SIZE=99999999999999999999", "552 5.3.4"),
        (b"MAIL FROM:<a@b.example> SIZE=999999999999999999999", "501 5.5.4"),
        (b"MAIL FROM:<a@b.example> SIZE=-1", "501 5.5.4"),
        (b"MAIL FROM:<a@b.example> SIZE", "501 5.5.4"),
        (b"MAIL FROM:<a@b.example> SIZE=1 SIZE=2", "501 5.5.4"),
        (b"MAIL FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4"),
        (b"MAIL FROM:<a@b.example> SMTPUTF9", "555 5.5.4"),
        (b"MAIL FROM:<a@b.example> AUTH=<>", "555 5.5.4"),
        (b"MAIL FROM:<a@b.example>SIZE=1", "501 5.1.7"),
        (b"MAIL FROM:a@b.example", "501 5.1.7"),
        (b"MAIL FROM:<a>", "501 5.1.7"),
        (b"MAIL FROM:<@x.example:a@b.example>", "501 5.1.7"),
        (b"MAIL FROM:<a@[192.0.2.1]>", "501 5.1.7"),
        (b"MAIL FROM:<a b@c.example>", "501 5.1.7"),
        (b"MAIL FROM:<a@b.example", "501 5.1.7"),
        (b"MAIL FROM:<" + b"l" * 65 + b"@b.example>", "501 5.1.7"),
        (b"MAIL FROM:<a@" + b"b." * 125 + b"example>", "501 5.1.7"),
        (b"MAIL", "501 5.1.7"),
        (b"MAIL FROM", "501 5.1.7"),
        (b"MAIL TO:<a@b.example>", "501 5.1.7"),
        (b"RCPT TO:<a@b.example>", "503 5.5.1"),
        (b"DATA", "503 5.5.1"),
        (b"MAIL FROM:<a@b\xc3\xa9.example>", "550 5.6.7"),
        (b"MAIL FROM:<a@b\xc3.example>", "500 5.5.2"),
        (b"NOOP \x00", "500 5.5.2"),
        (b"NO\tOP", "500 5.5.2"),
        (b"", "500 5.5.1"),
        (b"FOO", "500 5.5.1"),
        (b"GET / HTTP/1.1", "500 5.5.1"),
        (b"NOOP " + b"x" * 1018, "500 5.5.2"),
        (b"NOOP " + b"x" * 1017, "250 2.0.0"),
        (b"QUIT now", "501 5.5.4"),
        (b"VRFY", "501 5.5.4"),
        (b"VRFY someone", "252 2.1.5"),
        (b"HELP", "214 2.0.0"),
        (b"noop", "250 2.0.0"),
    ],
)
def test_commands(line: bytes, code: str) -> None:
    lines, events = say(secure(), line + b"\r\n")
    assert codes(lines) == [code]
    assert not any(isinstance(event, Sender) for event in events)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example",
        "a.b+c=d@b.example",
        '"a b"@b.example',
        '"a>b"@b.example',
        '"a\\"b"@b.example',
        "a@xn--hpital-xxa.example",
        "A@B.Example",
    ],
)
def test_addresses_are_kept_as_written(address: str) -> None:
    _, events = say(secure(), f"mail from: <{address}> size=5\r\nrcpt to:<{address}>\r\n".encode())
    assert events == [Sender(address, 5), Recipient(address)]


@pytest.mark.parametrize(
    "line",
    [b"RCPT TO:<>", b"RCPT TO:<a>", b"RCPT TO:a@b.example", b"RCPT TO:<a@b.example> RET=FULL", b"RCPT TO:<a@b..example>", b"RCPT"],
)
def test_wrong_recipients(line: bytes) -> None:
    engine = secure()
    say(engine, b"MAIL FROM:<>\r\n")
    lines, events = say(engine, line + b"\r\n")
    assert lines[0][0] == "5"
    assert events == []
    assert codes(say(engine, b"DATA\r\n")[0]) == ["554 5.5.1"]


def test_postmaster_needs_no_domain() -> None:
    _, events = say(secure(), b"MAIL FROM:<>\r\nRCPT TO:<PostMaster>\r\n")
    assert events[1] == Recipient("postmaster")


def test_rset_and_ehlo_forget_the_transaction() -> None:
    for word in (b"RSET", b"EHLO a", b"HELO a"):
        engine = secure()
        say(engine, b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n" + word + b"\r\n")
        assert engine.state is State.GREETED
        assert (engine.sender, engine.recipients) == (None, {})


def test_refusals_change_nothing() -> None:
    engine = secure()
    lines, _ = say(engine, b"MAIL FROM:<a@b.example>\r\n", refuse="sender-domain")
    assert codes(lines) == ["550 5.7.1"]
    assert engine.state is State.GREETED
    say(engine, b"MAIL FROM:<a@b.example>\r\n")
    lines, _ = say(engine, b"RCPT TO:<c@d.example>\r\n", refuse="no-such-mailbox")
    assert codes(lines) == ["550 5.1.1"]
    assert codes(say(engine, b"DATA\r\n")[0]) == ["554 5.5.1"]
    say(engine, b"RCPT TO:<c@d.example>\r\n")
    lines, _ = say(engine, b"DATA\r\n", refuse="insufficient-storage")
    assert codes(lines) == ["452 4.3.1"]
    assert engine.state is State.RECIPIENTS


def test_a_refused_message_leaves_the_connection_ready() -> None:
    engine = secure()
    engine.receive(OPENING)
    while engine.next_event():
        engine.accept()
    engine.receive(b"x\r\n.\r\nNOOP\r\n")
    assert isinstance(engine.next_event(), Message)
    engine.refuse(replies.TABLE["from-absent"])
    assert engine.next_event() is None
    assert codes(engine.outgoing().decode().splitlines())[-2:] == ["550 5.6.0", "250 2.0.0"]
    assert engine.state is State.GREETED


def test_nothing_is_read_while_a_decision_is_awaited() -> None:
    engine = secure()
    engine.receive(OPENING + b"x\r\n.\r\nQUIT\r\n")
    for expected in (Sender, Recipient, ContentAsked, Message):
        event = engine.next_event()
        assert isinstance(event, expected)
        assert engine.next_event() is None
        engine.accept()
    assert engine.next_event() is None
    assert engine.state is State.ENDED


def test_too_many_errors_close() -> None:
    engine = secure()
    lines, events = say(engine, b"FOO\r\n" * 10)
    assert codes(lines) == ["500 5.5.1"] * 4 + ["421 4.7.0"]
    assert events == [Trouble("too-many-errors")]
    assert engine.state is State.ENDED
    assert engine.disputed
    engine.receive(b"NOOP\r\n")
    assert engine.next_event() is None
    assert engine.outgoing() == b""


def test_refused_senders_are_errors_too() -> None:
    engine = secure()
    lines, _ = say(engine, b"MAIL FROM:<a@b.example>\r\n" * 10, refuse="sender-domain")
    assert codes(lines) == ["550 5.7.1"] * 5 + ["421 4.7.0"]


def test_a_kept_message_clears_the_errors() -> None:
    engine = secure()
    for _ in range(4):
        lines, _ = say(engine, b"FOO\r\nFOO\r\nFOO\r\n" + OPENING + b"x\r\n.\r\n")
        assert codes(lines)[-1] == "250 2.0.0"


def test_endless_chatter_closes() -> None:
    engine = secure()
    lines, _ = say(engine, b"NOOP\r\n" * 1000)
    assert codes(lines)[-1] == "421 4.7.0"
    assert len(lines) < 120


def test_too_many_recipients() -> None:
    engine = secure()
    lines, _ = say(engine, b"MAIL FROM:<a@b.example>\r\n" + b"".join(b"RCPT TO:<r%d@d.example>\r\n" % i for i in range(10)) + b"DATA\r\n")
    assert codes(lines) == ["250 2.1.0"] + ["250 2.1.5"] * 3 + ["452 4.5.3"] * 7 + ["354"]
    assert len(engine.recipients) == 3


def test_ten_thousand_recipients_are_bounded() -> None:
    engine = secure()
    lines, events = say(engine, b"MAIL FROM:<a@b.example>\r\n" + b"".join(b"RCPT TO:<r%d@d.example>\r\n" % i for i in range(10_000)))
    assert codes(lines)[-1] == "421 4.7.0"
    assert events[-1] == Trouble("too-many-errors")
    assert len(lines) == 1 + 3 + 300 + 1


def test_ten_thousand_recipients_are_borne_at_the_usual_limits() -> None:
    engine = secure(Limits())
    lines, _ = say(
        engine, b"MAIL FROM:<a@b.example>\r\n" + b"".join(b"RCPT TO:<r%d@d.example>\r\n" % i for i in range(10_000)) + b"DATA\r\n"
    )
    assert codes(lines).count("250 2.1.5") == 100
    assert codes(lines).count("452 4.5.3") == 9_900
    assert codes(lines)[-1] == "354"


def test_guessing_mailboxes_closes() -> None:
    engine = secure()
    say(engine, b"MAIL FROM:<a@b.example>\r\n")
    lines, _ = say(engine, b"RCPT TO:<r@d.example>\r\n" * 20, refuse="no-such-mailbox")
    assert codes(lines) == ["550 5.1.1"] * 8 + ["421 4.7.0"]


def test_too_many_transactions() -> None:
    engine = secure()
    for _ in range(5):
        assert codes(say(engine, OPENING + b"x\r\n.\r\n")[0])[-1] == "250 2.0.0"
    lines, events = say(engine, OPENING)
    assert codes(lines) == ["421 4.7.0"]
    assert events == [Trouble("too-many-transactions")]


def test_an_endless_line_closes_in_bounded_memory() -> None:
    engine = secure()
    for _ in range(100):
        engine.receive(b"x" * 10_000)
        event = engine.next_event()
        assert engine.buffered <= 75_536
        if event:
            break
    assert event == Trouble("line-endless")
    assert codes(engine.outgoing().decode().splitlines()) == ["421 4.7.0"]


def test_reprs_hold_no_content() -> None:
    values = [Sender("secret@b.example"), Recipient("secret@b.example"), Message(b"secret")]
    assert not any("secret" in repr(value) for value in values)
