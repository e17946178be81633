"""The law of the client's side of SMTP as one table: this reply to what was asked means that, and leads there.

RFC 5321 sections 3.1, 4.2.1 and 4.3.2 (which replies may follow a command), RFC 3207 section 4 (STARTTLS), RFC 2920 section 3.1 (the
answers of a pipelined envelope), RFC 3030 section 2 (BDAT). Nothing here acts; `smtp_client.Client` reads the table. A pair that is not
in it is a peer that does not speak SMTP: the connection is given up.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Asked(enum.StrEnum):
    """What a reply answers. CONTENT: the dot that ends DATA, or the chunk that is BDAT's last."""

    GREETING = "greeting"
    HELLO = "hello"
    STARTTLS = "starttls"
    HELLO_SECURE = "hello-secure"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    RSET = "rset"
    QUIT = "quit"


class Answer(enum.StrEnum):
    """A reply by its first digit; LEAVING is 421, which may come at any time (RFC 5321 section 3.8)."""

    DONE = "2xx"
    GO_ON = "3xx"
    LATER = "4xx"
    NEVER = "5xx"
    LEAVING = "421"


class Step(enum.StrEnum):
    """What the client does of it. GIVE_UP: nothing of a message was said yet, the session ends; REFUSED: the reply is kept for the
    recipient or for all; HANG_UP: the peer leaves."""

    GREET = "greet"
    SECURE = "secure"
    HANDSHAKE = "handshake"
    READY = "ready"
    TAKEN = "taken"
    REFUSED = "refused"
    SEND = "send"
    DELIVERED = "delivered"
    CLEARED = "cleared"
    GIVE_UP = "give-up"
    HANG_UP = "hang-up"
    END = "end"


A, R, S = Asked, Answer, Step
NEXT: Mapping[tuple[Asked, Answer], Step] = {
    # In clear: greeting, EHLO, STARTTLS, and nothing else whatever the peer says.
    (A.GREETING, R.DONE): S.GREET,
    (A.GREETING, R.LATER): S.GIVE_UP,
    (A.GREETING, R.NEVER): S.GIVE_UP,
    (A.HELLO, R.DONE): S.SECURE,
    (A.HELLO, R.LATER): S.GIVE_UP,
    (A.HELLO, R.NEVER): S.GIVE_UP,
    (A.STARTTLS, R.DONE): S.HANDSHAKE,
    (A.STARTTLS, R.LATER): S.GIVE_UP,
    (A.STARTTLS, R.NEVER): S.GIVE_UP,
    # Over TLS.
    (A.HELLO_SECURE, R.DONE): S.READY,
    (A.HELLO_SECURE, R.LATER): S.GIVE_UP,
    (A.HELLO_SECURE, R.NEVER): S.GIVE_UP,
    (A.MAIL, R.DONE): S.TAKEN,
    (A.MAIL, R.LATER): S.REFUSED,
    (A.MAIL, R.NEVER): S.REFUSED,
    (A.RCPT, R.DONE): S.TAKEN,
    (A.RCPT, R.LATER): S.REFUSED,
    (A.RCPT, R.NEVER): S.REFUSED,
    (A.DATA, R.GO_ON): S.SEND,
    (A.DATA, R.LATER): S.REFUSED,
    (A.DATA, R.NEVER): S.REFUSED,
    (A.CONTENT, R.DONE): S.DELIVERED,
    (A.CONTENT, R.LATER): S.REFUSED,
    (A.CONTENT, R.NEVER): S.REFUSED,
    (A.RSET, R.DONE): S.CLEARED,
    (A.QUIT, R.DONE): S.END,
    (A.QUIT, R.LATER): S.END,
    (A.QUIT, R.NEVER): S.END,
    **{(asked, R.LEAVING): S.HANG_UP for asked in Asked},
}

GIVEN_UP: Mapping[Asked, str] = {
    A.GREETING: "greeting-refused",
    A.HELLO: "ehlo-refused",
    A.STARTTLS: "starttls-refused",
    A.HELLO_SECURE: "ehlo-refused",
}
"""The reason of GIVE_UP."""
REFUSED: Mapping[tuple[Asked, Answer], str] = {
    (A.MAIL, R.LATER): "sender-deferred",
    (A.MAIL, R.NEVER): "sender-refused",
    (A.RCPT, R.LATER): "recipient-deferred",
    (A.RCPT, R.NEVER): "recipient-refused",
    (A.DATA, R.LATER): "content-deferred",
    (A.DATA, R.NEVER): "content-refused",
    (A.CONTENT, R.LATER): "content-deferred",
    (A.CONTENT, R.NEVER): "content-refused",
}
"""The reason of REFUSED."""
PATIENCE: Mapping[Asked, float] = {
    A.GREETING: 1.0,
    A.HELLO: 1.0,
    A.STARTTLS: 1.0,
    A.HELLO_SECURE: 1.0,
    A.MAIL: 1.0,
    A.RCPT: 1.0,
    A.DATA: 0.4,
    A.CONTENT: 2.0,
    A.RSET: 1.0,
    A.QUIT: 0.1,
}
"""How long a reply is waited for, as shares of five minutes (RFC 5321 section 4.5.3.2; QUIT is ours: nothing hangs on it)."""
