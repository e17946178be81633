"""Golden conversations of the client's engine: what the server says, what is told and sent (RFC 5321, 2920, 3030, 3207, 3461)."""

from __future__ import annotations

import pytest

from vaguemestre.protocols.smtp_client import Broken, Client, Fate, Outcome, Ready, Settled, StartTls, To, Transaction
from vaguemestre.protocols.smtp_client_states import GIVEN_UP, NEXT, PATIENCE, REFUSED, Answer, Asked, Step

HELLO = b"EHLO mail.cabinet.example\r\n"
ALL = ("PIPELINING", "SIZE 1000", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "DSN", "SMTPUTF8")
PIPELINED = ("PIPELINING", "SIZE 1000", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "SMTPUTF8")
DATA = b"Subject: x\r\n\r\n.dot\r\nend\r\n"
ONE = Transaction("a@cabinet.example", (To("b@hopital.example"),), DATA)
TWO = Transaction("a@cabinet.example", (To("b@hopital.example"), To("c@hopital.example")), DATA)
ENVELOPE = b"MAIL FROM:<a@cabinet.example> SIZE=25\r\nRCPT TO:<b@hopital.example>\r\n"
STUFFED = b"Subject: x\r\n\r\n..dot\r\nend\r\n.\r\n"


def ehlo(*words: str) -> bytes:
    lines = ["mx.hopital.example", *words]
    return "".join(f"250{' ' if line is lines[-1] else '-'}{line}\r\n" for line in lines).encode()


def events(client: Client) -> list[object]:
    found: list[object] = []
    while (event := client.next_event()) is not None:
        found.append(event)
    return found


def say(client: Client, data: bytes) -> tuple[bytes, list[object]]:
    """What the client sends and tells when the server says this."""
    client.receive(data)
    return client.outgoing(), events(client)


def clear(*words: str) -> Client:
    """Up to the handshake."""
    client = Client("mail.cabinet.example")
    assert say(client, b"220 mx.hopital.example ESMTP\r\n") == (HELLO, [])
    assert say(client, ehlo(*words, "STARTTLS")) == (b"STARTTLS\r\n", [])
    assert say(client, b"220 2.0.0 go\r\n") == (b"", [StartTls()])
    return client


def ready(*words: str) -> Client:
    client = clear(*words)
    client.secured()
    assert client.outgoing() == HELLO
    assert say(client, ehlo(*words)) == (b"", [Ready()])
    assert client.ready
    return client


def sent(client: Client, one: Transaction) -> bytes:
    client.send(one)
    return client.outgoing()


def told(fate: Fate, reason: str, code: int | None = None, enhanced: str = "") -> Outcome:
    return Outcome(fate, reason, code, enhanced)


TAKEN = told(Fate.DELIVERED, "delivered", 250, "2.0.0")


def test_a_message_by_data_with_pipelining() -> None:
    client = ready(*PIPELINED)
    assert sent(client, ONE) == ENVELOPE
    assert say(client, b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n") == (b"DATA\r\n", [])
    assert say(client, b"354 go\r\n") == (STUFFED, [])
    assert say(client, b"250 2.0.0 kept\r\n") == (b"", [Settled((TAKEN,), True), Ready()])
    assert sent(client, ONE) == ENVELOPE


def test_a_message_by_one_chunk_is_not_stuffed() -> None:
    client = ready(*ALL)
    assert sent(client, ONE) == ENVELOPE
    assert say(client, b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n") == (b"BDAT 25 LAST\r\n" + DATA, [])
    assert say(client, b"250 2.0.0 kept\r\n") == (b"", [Settled((TAKEN,), True), Ready()])


def test_without_pipelining_each_command_waits_for_its_reply() -> None:
    client = ready()
    assert sent(client, TWO) == b"MAIL FROM:<a@cabinet.example>\r\n"
    assert say(client, b"250 ok\r\n") == (b"RCPT TO:<b@hopital.example>\r\n", [])
    assert say(client, b"250 ok\r\n") == (b"RCPT TO:<c@hopital.example>\r\n", [])
    assert say(client, b"250 ok\r\n") == (b"DATA\r\n", [])
    assert say(client, b"354 ok\r\n") == (STUFFED, [])
    kept = told(Fate.DELIVERED, "delivered", 250)
    assert say(client, b"250 ok\r\n") == (b"", [Settled((kept, kept), True), Ready()])


def test_each_recipient_has_its_own_outcome() -> None:
    client = ready(*ALL)
    sent(client, Transaction("", tuple(To(f"{n}@hopital.example") for n in "abc"), DATA))
    out, _ = say(client, b"250 ok\r\n550 5.1.1 none\r\n250 ok\r\n450 4.2.0 busy\r\n")
    assert out.startswith(b"BDAT ")
    refused, later = told(Fate.NEVER, "recipient-refused", 550, "5.1.1"), told(Fate.LATER, "recipient-deferred", 450, "4.2.0")
    assert say(client, b"250 2.0.0 ok\r\n")[1] == [Settled((refused, TAKEN, later), True), Ready()]


def test_no_recipient_taken_means_no_content_and_a_reset() -> None:
    client = ready(*ALL)
    sent(client, TWO)
    refused = told(Fate.NEVER, "recipient-refused", 550, "5.1.1")
    assert say(client, b"250 ok\r\n550 5.1.1 no\r\n550 5.1.1 no\r\n") == (b"RSET\r\n", [Settled((refused, refused), False)])
    assert not client.ready
    assert say(client, b"250 ok\r\n") == (b"", [Ready()])


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"451 4.3.0 later\r\n", told(Fate.LATER, "sender-deferred", 451, "4.3.0")),
        (b"550 5.7.1 no\r\n", told(Fate.NEVER, "sender-refused", 550, "5.7.1")),
    ],
)
@pytest.mark.parametrize("words", [ALL, ()])
def test_a_refused_sender_settles_all(words: tuple[str, ...], reply: bytes, outcome: Outcome) -> None:
    client = ready(*words)
    sent(client, TWO)
    out, found = say(client, reply + (b"503 no\r\n250 ok\r\n" if words else b""))
    assert (out, found) == (b"RSET\r\n", [Settled((outcome, outcome), False)])


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"452 4.3.1 full\r\n", told(Fate.LATER, "content-deferred", 452, "4.3.1")),
        (b"554 5.6.0 no\r\n", told(Fate.NEVER, "content-refused", 554, "5.6.0")),
    ],
)
def test_a_refused_content_before_and_after(reply: bytes, outcome: Outcome) -> None:
    client = ready(*PIPELINED)
    sent(client, ONE)
    say(client, b"250 ok\r\n250 ok\r\n")
    assert say(client, reply) == (b"RSET\r\n", [Settled((outcome,), False)])
    say(client, b"250 ok\r\n")
    sent(client, ONE)
    say(client, b"250 ok\r\n250 ok\r\n")
    say(client, b"354 go\r\n")
    assert say(client, reply) == (b"", [Settled((outcome,), True), Ready()])


def test_552_after_a_taken_recipient_is_too_many_and_passes() -> None:
    client = ready(*ALL)
    sent(client, TWO)
    say(client, b"250 ok\r\n250 ok\r\n552 too many\r\n")
    assert say(client, b"250 2.0.0 ok\r\n")[1] == [Settled((TAKEN, told(Fate.LATER, "too-many-recipients", 552)), True), Ready()]
    sent(client, TWO)
    say(client, b"250 ok\r\n250 ok\r\n552 5.2.2 mailbox full\r\n")
    [settled, _] = say(client, b"250 2.0.0 ok\r\n")[1]
    assert isinstance(settled, Settled)
    assert settled.outcomes[1] == told(Fate.NEVER, "recipient-refused", 552, "5.2.2")


@pytest.mark.parametrize("before", [b"", b"250 ok\r\n", b"250 ok\r\n250 ok\r\n"])
def test_421_at_any_time_is_later(before: bytes) -> None:
    client = ready(*PIPELINED)
    sent(client, ONE)
    left = told(Fate.LATER, "peer-closing", 421, "4.3.2")
    assert say(client, before + b"421 4.3.2 bye\r\n")[1] == [Settled((left,), False), Broken(left)]
    assert client.ended


def test_421_out_of_turn_and_any_other_reply_that_nobody_asked_for() -> None:
    client = ready(*ALL)
    assert say(client, b"421 4.4.2 idle\r\n")[1] == [Broken(told(Fate.LATER, "peer-closing", 421))]
    client = ready(*ALL)
    assert say(client, b"250 2.0.0 kept\r\n")[1] == [Broken(told(Fate.LATER, "unexpected-reply"))]
    assert not client.ready


# STARTTLS (requirement 6): nothing but EHLO in clear.


def test_requirement_06_no_starttls_nothing_said() -> None:
    client = Client("mail.cabinet.example")
    assert say(client, b"220 mx\r\n") == (HELLO, [])
    assert say(client, ehlo("PIPELINING", "SIZE 1000")) == (b"", [Broken(told(Fate.LATER, "starttls-not-offered"))])
    assert not client.ready


@pytest.mark.parametrize("reply", [b"454 4.7.0 not now\r\n", b"502 5.5.1 what?\r\n", b"554 no\r\n"])
def test_requirement_06_starttls_refused_nothing_said(reply: bytes) -> None:
    client = Client("mail.cabinet.example")
    say(client, b"220 mx\r\n")
    say(client, ehlo("STARTTLS"))
    out, [broken] = say(client, reply)
    assert out == b""
    assert isinstance(broken, Broken)
    assert (broken.why.fate, broken.why.reason) == (Fate.LATER, "starttls-refused")


def test_requirement_06_bytes_behind_the_220_are_an_attack() -> None:
    client = Client("mail.cabinet.example")
    say(client, b"220 mx\r\n")
    say(client, ehlo("STARTTLS"))
    injected = b"220 go\r\n" + ehlo("PIPELINING")
    assert say(client, injected) == (b"", [Broken(told(Fate.LATER, "starttls-injection"))])
    client = clear()
    assert say(client, ehlo("PIPELINING")) == (b"", [Broken(told(Fate.LATER, "starttls-injection"))])


def test_what_was_offered_in_clear_is_forgotten() -> None:
    client = clear(*ALL)
    client.secured()
    client.outgoing()
    say(client, ehlo())
    assert sent(client, ONE) == b"MAIL FROM:<a@cabinet.example>\r\n"


@pytest.mark.parametrize("greeting", [b"554 no service\r\n", b"450 busy\r\n"])
def test_a_greeting_that_refuses_is_later(greeting: bytes) -> None:
    client = Client("mail.cabinet.example")
    out, [broken] = say(client, greeting)
    assert out == b""
    assert isinstance(broken, Broken)
    assert (broken.why.fate, broken.why.reason, broken.why.code) == (Fate.LATER, "greeting-refused", int(greeting[:3]))


# Cuts.


def test_a_cut_after_the_whole_content_is_told_as_such() -> None:
    for unsent, reason in ((False, "cut-after-content"), (True, "connection-lost")):
        client = ready(*ALL)
        sent(client, ONE)
        say(client, b"250 ok\r\n250 ok\r\n")
        client.lost("connection-lost", unsent)
        assert events(client) == [Settled((told(Fate.LATER, reason),), True), Broken(told(Fate.LATER, reason))]


def test_a_cut_keeps_what_was_said_of_a_recipient() -> None:
    client = ready(*ALL)
    sent(client, TWO)
    say(client, b"250 ok\r\n550 5.1.1 no\r\n")
    client.lost("connection-lost")
    cut = told(Fate.LATER, "connection-lost")
    assert events(client)[0] == Settled((told(Fate.NEVER, "recipient-refused", 550, "5.1.1"), cut), False)


# A reply that comes before what it answers.


def test_a_reply_to_the_content_that_came_before_it_is_never_delivered() -> None:
    early = told(Fate.LATER, "unexpected-reply")
    for words, replies in ((ALL, b"250 a\r\n250 b\r\n250 c\r\n"), (PIPELINED, b"250 a\r\n250 b\r\n354 c\r\n250 d\r\n")):
        client = ready(*words)
        sent(client, ONE)
        out, [settled, broken] = say(client, replies)
        assert b"Subject" not in out
        assert (settled, broken) == (Settled((early,), False), Broken(early))
    client = ready(*ALL)
    sent(client, ONE)
    say(client, b"250 a\r\n250 b\r\n")
    client.receive(b"250 c\r\n", unsent=True)
    [settled, _] = events(client)
    assert isinstance(settled, Settled)
    assert settled.outcomes[0].fate is Fate.LATER


# What is said.


def test_parameters_of_notices() -> None:
    asked = (To("b@hopital.example", "SUCCESS,FAILURE", "rfc822;b+=@hopital.example"), To("c@hopital.example", "NEVER"))
    one = Transaction("a@cabinet.example", asked, DATA, "HDRS", "n=1+2")
    assert sent(ready(*ALL), one) == (
        b"MAIL FROM:<a@cabinet.example> SIZE=25 RET=HDRS ENVID=n+3D1+2B2\r\n"
        b"RCPT TO:<b@hopital.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2B+3D@hopital.example\r\n"
        b"RCPT TO:<c@hopital.example> NOTIFY=NEVER\r\n"
    )
    assert sent(ready("PIPELINING"), one) == (
        b"MAIL FROM:<a@cabinet.example>\r\nRCPT TO:<b@hopital.example>\r\nRCPT TO:<c@hopital.example>\r\n"
    )
    odd = Transaction("a@cabinet.example", (To("b@hopital.example", "MAYBE", "rfc822;a\r\nDATA"),), DATA, "ALL", "x\r\ny")
    assert sent(ready(*ALL), odd) == ENVELOPE


def test_eight_bits_and_utf8() -> None:
    accents = Transaction("a@cabinet.example", (To("b@hopital.example"),), "Subject: é\r\n\r\n".encode())
    assert sent(ready(*ALL), accents).startswith(b"MAIL FROM:<a@cabinet.example> SIZE=15 BODY=8BITMIME\r\n")
    utf8 = Transaction("a@cabinet.example", (To("rené@hopital.example", "", "utf-8;rené@hopital.example"),), DATA)
    assert sent(ready(*ALL), utf8) == (
        b"MAIL FROM:<a@cabinet.example> SIZE=25 SMTPUTF8\r\n"
        b"RCPT TO:<ren\xc3\xa9@hopital.example> ORCPT=utf-8;ren\\x{E9}@hopital.example\r\n"
    )


@pytest.mark.parametrize(
    ("one", "words", "reason", "enhanced"),
    [
        (Transaction("a@b.example", (To("b@hopital.example"),), b"\xe9\r\n"), ("PIPELINING",), "8bitmime-not-offered", "5.6.3"),
        (Transaction("a@b.example", (To("é@hopital.example"),), b"x\r\n"), ("8BITMIME",), "smtputf8-not-offered", "5.6.7"),
        (Transaction("a@b.example", (To("b@hopital.example"),), b"x" * 999 + b"\r\n"), ALL, "message-too-large", "5.3.4"),
        (Transaction("a@b.example", (To("b@hopital.example"),), b"x\n.\nMAIL"), ALL, "content-bare-cr-or-lf", "5.6.0"),
        (Transaction("a@b.example", (To("b@hopital.example"),), b"x\r\r\n"), ALL, "content-bare-cr-or-lf", "5.6.0"),
        (Transaction("a@b.example>\r\nRSET", (To("b@hopital.example"),), b"x\r\n"), ALL, "address-malformed", "5.1.7"),
        (Transaction("a@b.example", (To("b@hopital.example> NOTIFY=NEVER"),), b"x\r\n"), ALL, "address-malformed", "5.1.3"),
    ],
)
def test_what_can_never_go_is_told_without_a_word_to_the_peer(one: Transaction, words: tuple[str, ...], reason: str, enhanced: str) -> None:
    client = ready(*words)
    assert sent(client, one) == b""
    assert events(client) == [Settled((told(Fate.NEVER, reason, None, enhanced),), False), Ready()]
    assert client.ready


def test_quit() -> None:
    client = ready(*ALL)
    client.quit()
    assert client.outgoing() == b"QUIT\r\n"
    assert say(client, b"221 2.0.0 bye\r\n")[1] == [Broken(told(Fate.LATER, "peer-closing", 221, "2.0.0"))]


def test_the_table_is_whole() -> None:
    assert {asked for asked, _ in NEXT} == set(Asked) == set(PATIENCE)
    assert all(asked in GIVEN_UP for (asked, _), step in NEXT.items() if step is Step.GIVE_UP)
    assert all((asked, answer) in REFUSED for (asked, answer), step in NEXT.items() if step is Step.REFUSED)
    assert [pair for pair, step in NEXT.items() if step is Step.DELIVERED] == [(Asked.CONTENT, Answer.DONE)]
