"""Whatever a server says, DELIVERED is said only of a 2xx to the end of the content, and nothing but EHLO leaves in clear."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vaguemestre.protocols.smtp_client import Broken, Client, Fate, Ready, Settled, StartTls, To, Transaction

DATA = b"Subject: secret\r\n\r\nx\r\n"
ENDS = (DATA + b".\r\n", b"BDAT %d LAST\r\n%b" % (len(DATA), DATA))
REPLY = re.compile(rb"(?:([2-5])[0-9]{2}-[^\r\n]*\r\n)*([2-5])[0-9]{2}(?:[ ][^\r\n]*)?\r\n")

LINES = st.sampled_from(
    [
        b"220 mx\r\n",
        b"250 ok\r\n",
        b"250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 STARTTLS\r\n",
        b"250-mx\r\n250-SIZE 10\r\n250 STARTTLS\r\n",
        b"250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n",
        b"250 STARTTLS\r\n",
        b"354 go\r\n",
        b"421 bye\r\n",
        b"450 later\r\n",
        b"550 5.1.1 no\r\n",
        b"250-",
        b"250",
        b"\r\n",
        b"\n",
        b"25",
        b"0 kept\r\n",
        b"250 \xff\r\n",
    ]
)
PIECES = st.lists(st.one_of(LINES, LINES, LINES, st.binary(max_size=12), st.tuples(LINES, LINES, LINES).map(b"".join)), max_size=24)
LIKELY = [b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go\r\n"]


class Watched:
    """Runs an engine, and keeps what left and what came after the whole content."""

    def __init__(self) -> None:
        self.client = Client("mail.cabinet.example")
        self.secure = False
        self.sends = 0
        self.clear = self.over_tls = b""
        self.after = b""
        self.content_out = False
        self.outcomes: list[tuple[Fate, bytes]] = []

    def flush(self) -> None:
        out = self.client.outgoing()
        if self.secure:
            self.over_tls += out
        else:
            self.clear += out
        if out.endswith(ENDS):
            self.content_out = True
            self.after = b""

    def feed(self, piece: bytes) -> None:
        if self.content_out:
            self.after += piece
        self.client.receive(piece)
        self.flush()
        while (event := self.client.next_event()) is not None:
            match event:
                case StartTls():
                    self.secure = True
                    self.client.secured()
                    self.flush()
                case Settled():
                    self.outcomes += [(outcome.fate, self.after if self.content_out else b"") for outcome in event.outcomes]
                    self.content_out = False
                case Ready() if self.client.ready and self.sends < 8:
                    self.sends += 1
                    self.client.send(Transaction("a@cabinet.example", (To("b@hopital.example"), To("c@hopital.example")), DATA))
                    self.flush()
                case Broken():
                    assert self.client.ended


def check(pieces: list[bytes]) -> Watched:
    one = Watched()
    for piece in pieces:
        one.feed(piece)
    one.client.lost("connection-lost")
    assert re.fullmatch(rb"(EHLO mail\.cabinet\.example\r\n(STARTTLS\r\n)?)?", one.clear)
    for fate, after in one.outcomes:
        if fate is Fate.DELIVERED:
            found = REPLY.match(after)
            assert found is not None
            assert found.group(2) == b"2"
    return one


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PIECES, st.booleans())
def test_no_delivery_without_a_2xx_to_the_end_of_the_content(pieces: list[bytes], begun: bool) -> None:
    check([*LIKELY, *pieces] if begun else pieces)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check([data[i : i + 7] for i in range(0, len(data), 7)])
    check([*LIKELY, data])


def test_the_oracle_sees_deliveries() -> None:
    hello = b"250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
    one = check([*LIKELY, hello, b"250 ok\r\n250 ok\r\n250 ok\r\n", b"250 kept\r\n", b"250 ok\r\n250 ok\r\n550 no\r\n", b"55", b"0 no\r\n"])
    assert [fate for fate, _ in one.outcomes] == [Fate.DELIVERED, Fate.DELIVERED, Fate.NEVER, Fate.NEVER]


def test_cut_differently_the_same_conversation() -> None:
    whole = [*LIKELY[:2], b"220 go\r\n", b"250-mx\r\n250 SIZE\r\n", b"250 a\r\n", b"250 b\r\n", b"550 c\r\n", b"354 d\r\n", b"250 e\r\n"]
    by_byte = [bytes([octet]) for octet in b"".join(whole)]
    assert check(whole).outcomes[0][0] is check(by_byte).outcomes[0][0] is Fate.DELIVERED
