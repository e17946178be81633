"""The law of an SMTP conversation as one table: in this state, this command leads there, or is refused for this reason.

RFC 5321 section 4.1.4 (order of commands), RFC 3030 section 2 (BDAT), RFC 3207 section 4 (530 to all but NOOP, EHLO, STARTTLS and QUIT
before TLS). Nothing here acts; `smtp.Engine` reads the table. A later extension (AUTH for submission) is a new row or a new parameter in
`smtp_commands`, not a new branch.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class State(enum.StrEnum):
    """CLEAR and CLEAR_GREETED are before TLS, the others after it; HANDSHAKE and ENDED read no command at all. CHUNKED: some chunks of a
    message came, others must. What comes in CONTENT, CHUNK and SWALLOW is octets: of DATA, of a chunk, of a chunk that was refused."""

    CLEAR = "clear"
    CLEAR_GREETED = "clear-greeted"
    HANDSHAKE = "handshake"
    SECURE = "secure"
    GREETED = "greeted"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    CONTENT = "content"
    CHUNK = "chunk"
    CHUNKED = "chunked"
    SWALLOW = "swallow"
    ENDED = "ended"


class Verb(enum.StrEnum):
    EHLO = "EHLO"
    HELO = "HELO"
    STARTTLS = "STARTTLS"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BDAT = "BDAT"
    RSET = "RSET"
    NOOP = "NOOP"
    VRFY = "VRFY"
    HELP = "HELP"
    QUIT = "QUIT"


VERBS: Mapping[bytes, Verb] = {verb.value.encode("ascii"): verb for verb in Verb}
NOT_OFFERED = frozenset({b"AUTH", b"EXPN", b"TURN", b"ETRN", b"ATRN", b"SEND", b"SOML", b"SAML"})
"""Known to SMTP and not offered here: 502, where an unknown word is 500 (RFC 5321 section 4.2.4)."""

S, V = State, Verb
NEXT: Mapping[tuple[State, Verb], State] = {
    # Before TLS: greet, secure, leave.
    (S.CLEAR, V.EHLO): S.CLEAR_GREETED,
    (S.CLEAR, V.HELO): S.CLEAR_GREETED,
    (S.CLEAR, V.NOOP): S.CLEAR,
    (S.CLEAR, V.QUIT): S.ENDED,
    (S.CLEAR_GREETED, V.EHLO): S.CLEAR_GREETED,
    (S.CLEAR_GREETED, V.HELO): S.CLEAR_GREETED,
    (S.CLEAR_GREETED, V.NOOP): S.CLEAR_GREETED,
    (S.CLEAR_GREETED, V.STARTTLS): S.HANDSHAKE,
    (S.CLEAR_GREETED, V.QUIT): S.ENDED,
    # After TLS: greet again (RFC 3207 section 4.2: what was said before is forgotten).
    (S.SECURE, V.EHLO): S.GREETED,
    (S.SECURE, V.HELO): S.GREETED,
    (S.SECURE, V.RSET): S.SECURE,
    (S.SECURE, V.NOOP): S.SECURE,
    (S.SECURE, V.VRFY): S.SECURE,
    (S.SECURE, V.HELP): S.SECURE,
    (S.SECURE, V.QUIT): S.ENDED,
    (S.GREETED, V.EHLO): S.GREETED,
    (S.GREETED, V.HELO): S.GREETED,
    (S.GREETED, V.MAIL): S.SENDER,
    (S.GREETED, V.RSET): S.GREETED,
    (S.GREETED, V.NOOP): S.GREETED,
    (S.GREETED, V.VRFY): S.GREETED,
    (S.GREETED, V.HELP): S.GREETED,
    (S.GREETED, V.QUIT): S.ENDED,
    # A transaction: EHLO and RSET end it (RFC 5321 section 4.1.4).
    (S.SENDER, V.EHLO): S.GREETED,
    (S.SENDER, V.HELO): S.GREETED,
    (S.SENDER, V.RCPT): S.RECIPIENTS,
    (S.SENDER, V.RSET): S.GREETED,
    (S.SENDER, V.NOOP): S.SENDER,
    (S.SENDER, V.VRFY): S.SENDER,
    (S.SENDER, V.HELP): S.SENDER,
    (S.SENDER, V.QUIT): S.ENDED,
    (S.RECIPIENTS, V.EHLO): S.GREETED,
    (S.RECIPIENTS, V.HELO): S.GREETED,
    (S.RECIPIENTS, V.RCPT): S.RECIPIENTS,
    (S.RECIPIENTS, V.DATA): S.CONTENT,
    (S.RECIPIENTS, V.BDAT): S.CHUNKED,
    (S.RECIPIENTS, V.RSET): S.GREETED,
    (S.RECIPIENTS, V.NOOP): S.RECIPIENTS,
    (S.RECIPIENTS, V.VRFY): S.RECIPIENTS,
    (S.RECIPIENTS, V.HELP): S.RECIPIENTS,
    (S.RECIPIENTS, V.QUIT): S.ENDED,
    # Between two chunks: the next one, or the end of the transaction (RFC 3030 section 2: RCPT and DATA come no more).
    (S.CHUNKED, V.EHLO): S.GREETED,
    (S.CHUNKED, V.HELO): S.GREETED,
    (S.CHUNKED, V.BDAT): S.CHUNKED,
    (S.CHUNKED, V.RSET): S.GREETED,
    (S.CHUNKED, V.NOOP): S.CHUNKED,
    (S.CHUNKED, V.VRFY): S.CHUNKED,
    (S.CHUNKED, V.HELP): S.CHUNKED,
    (S.CHUNKED, V.QUIT): S.ENDED,
}

_NOT_IN_CLEAR = (V.MAIL, V.RCPT, V.DATA, V.BDAT, V.RSET, V.VRFY, V.HELP)
REFUSED: Mapping[tuple[State, Verb], str] = {
    **{(state, verb): "tls-required" for state in (S.CLEAR, S.CLEAR_GREETED) for verb in _NOT_IN_CLEAR},
    (S.SENDER, V.DATA): "no-recipient",
    (S.SENDER, V.BDAT): "no-recipient",
}
"""Pairs refused for their own reason; any other pair that is not in NEXT is "bad-sequence"."""


def refusal(state: State, verb: Verb) -> str | None:
    """Why this command may not be said now, or None where it may."""
    if (state, verb) in NEXT:
        return None
    return REFUSED.get((state, verb), "bad-sequence")
