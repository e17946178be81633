"""The one table from an outcome's reason to what an SMTP peer is told: code, enhanced code, text.

Codes: RFC 5321 section 4.2; enhanced codes: RFC 3463 and its registry; 530 before TLS: RFC 3207 section 4. A reason that is not
in the table is an inner failure, and an inner failure is always 451 4.3.0, never 5xx (promise 2): the sender keeps the message.
No text here is ever made from an exception or from what the peer sent.
"""

from __future__ import annotations

import dataclasses
import functools


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """`enhanced` is "" where RFC 2034 forbids one (greeting, EHLO, 354). `code` decides: 2xx and 3xx accept, 4xx later, 5xx never."""

    code: int
    enhanced: str
    text: str

    def encoded(self) -> bytes:
        """One line with its CRLF."""
        enhanced = f" {self.enhanced}" if self.enhanced else ""
        return f"{self.code}{enhanced} {self.text}\r\n".encode("ascii")


INNER_FAILURE = "inner-failure"

TABLE: dict[str, Reply] = {
    # Progress.
    "reset": Reply(250, "2.0.0", "Ok"),
    "noop": Reply(250, "2.0.0", "Ok"),
    "bye": Reply(221, "2.0.0", "Goodbye"),
    "help": Reply(214, "2.0.0", "Commands: EHLO HELO STARTTLS MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP"),
    "not-verified": Reply(252, "2.1.5", "Send a message to know whether the address exists"),
    "start-tls": Reply(220, "2.0.0", "Ready to start TLS"),
    "sender-accepted": Reply(250, "2.1.0", "Sender accepted"),
    "recipient-accepted": Reply(250, "2.1.5", "Recipient accepted"),
    "send-content": Reply(354, "", "End data with <CR><LF>.<CR><LF>"),
    "chunk-received": Reply(250, "2.0.0", "Octets received"),
    "kept": Reply(250, "2.0.0", "Message kept"),
    # Grammar and order of commands.
    "unknown-command": Reply(500, "5.5.1", "Command not recognised"),
    "not-offered": Reply(502, "5.5.1", "Command not offered"),
    "line-too-long": Reply(500, "5.5.2", "Command line too long"),
    "line-endless": Reply(421, "4.7.0", "Command line without end, closing"),
    "not-ascii": Reply(500, "5.5.2", "Commands are printable ASCII, addresses UTF-8 where SMTPUTF8 allows it"),
    "bare-cr-or-lf": Reply(550, "5.5.2", "Lines end with CR LF only, closing"),
    "syntax": Reply(501, "5.5.4", "Syntax error in parameters"),
    "chunk-syntax": Reply(501, "5.5.4", "Syntax error in BDAT, closing"),
    "bad-sender-syntax": Reply(501, "5.1.7", "Sender address is not well formed"),
    "bad-recipient-syntax": Reply(501, "5.1.3", "Recipient address is not well formed"),
    "sender-not-ascii": Reply(550, "5.6.7", "A sender address outside ASCII needs SMTPUTF8"),
    "recipient-not-ascii": Reply(553, "5.6.7", "A recipient address outside ASCII needs SMTPUTF8"),
    "unknown-parameter": Reply(555, "5.5.4", "Parameter not recognised"),
    "bad-sequence": Reply(503, "5.5.1", "Command out of order"),
    "no-recipient": Reply(554, "5.5.1", "No valid recipients"),
    "tls-required": Reply(530, "5.7.0", "Must issue a STARTTLS command first"),
    "tls-unavailable": Reply(454, "4.7.0", "TLS not available due to temporary reason"),
    # Limits.
    "too-many-errors": Reply(421, "4.7.0", "Too many errors, closing"),
    "too-many-connections": Reply(421, "4.7.0", "Too many connections, try again later"),
    "too-many-transactions": Reply(421, "4.7.0", "Enough messages for one connection, closing"),
    "too-many-recipients": Reply(452, "4.5.3", "Too many recipients"),
    "message-too-large": Reply(552, "5.3.4", "Message size exceeds the limit"),
    "insufficient-storage": Reply(452, "4.3.1", "Insufficient storage, try again later"),
    "idle-timeout": Reply(421, "4.4.2", "Timeout, closing"),
    "too-slow": Reply(421, "4.4.2", "Data comes too slowly, closing"),
    "shutting-down": Reply(421, "4.3.2", "Service shutting down, closing"),
    # Who the peer is: certificate, trust list, revocation.
    "certificate-absent": Reply(550, "5.7.0", "A client certificate is required"),
    "certificate-unreadable": Reply(550, "5.7.0", "The client certificate cannot be read"),
    "certificate-untrusted": Reply(550, "5.7.0", "The client certificate is not of the trust space"),
    "certificate-expired": Reply(550, "5.7.0", "The client certificate has expired"),
    "certificate-not-yet-valid": Reply(550, "5.7.0", "The client certificate is not valid yet"),
    "certificate-usage": Reply(550, "5.7.0", "The client certificate is not meant for this use"),
    "certificate-revoked": Reply(550, "5.7.0", "The client certificate is revoked"),
    "handshake-failed": Reply(454, "4.7.0", "TLS handshake failed"),
    "revocation-unknown": Reply(454, "4.7.0", "Revocation of the certificate cannot be checked, try again later"),
    "trust-list-absent": Reply(451, "4.7.0", "The trust list is not available, try again later"),
    "trust-list-stale": Reply(451, "4.7.0", "The trust list is too old, try again later"),
    "peer-not-listed": Reply(550, "5.7.1", "The subject of the certificate is not in the trust list"),
    # Who writes, to whom.
    "sender-domain": Reply(550, "5.7.1", "The sender's domain does not belong to this certificate"),
    "no-relay": Reply(550, "5.7.1", "This domain is not hosted here, relaying denied"),
    "no-such-mailbox": Reply(550, "5.1.1", "No such mailbox"),
    "mailbox-suspended": Reply(450, "4.2.1", "This mailbox takes no mail for now, try again later"),
    "domain-suspended": Reply(450, "4.2.1", "This domain takes no mail for now, try again later"),
    "mailbox-closed": Reply(550, "5.2.1", "This mailbox is closed for good"),
    "mailbox-full": Reply(452, "4.2.2", "This mailbox is full, try again later"),
    "message-over-quota": Reply(552, "5.2.3", "The message is larger than this mailbox may hold"),
    "mailbox-unknown": Reply(550, "5.1.1", "A mailbox of this message is no more"),
    "thread-not-opened": Reply(550, "5.7.1", "Only professionals and establishments start an exchange with a patient"),
    "thread-closed": Reply(550, "5.7.1", "The professional has ended this exchange"),
    # The message itself.
    "header-malformed": Reply(550, "5.6.0", "The header of the message is not well formed"),
    "header-too-large": Reply(550, "5.6.0", "The header of the message is too large"),
    "from-absent": Reply(550, "5.6.0", "The message has no From field"),
    "from-several": Reply(550, "5.6.0", "The message has several From fields"),
    "from-malformed": Reply(550, "5.6.0", "The From field is not well formed"),
    "from-domain": Reply(550, "5.7.1", "An address of the From field does not belong to this certificate"),
    "from-misleading": Reply(550, "5.7.1", "The name in the From field shows an address that does not belong to this certificate"),
    "binary-content": Reply(550, "5.6.0", "Lines of a message end with CR LF only, binary content is not offered"),
    "mail-loop": Reply(554, "5.4.6", "Too many hops, mail loop"),
    # Ours.
    INNER_FAILURE: Reply(451, "4.3.0", "Local error, try again later"),
}


def reply(reason: str) -> Reply:
    """The reply for a reason; an unknown one is an inner failure (451 4.3.0)."""
    return TABLE.get(reason) or TABLE[INNER_FAILURE]


@functools.lru_cache(maxsize=256)
def line(reason: str) -> bytes:
    """What is sent for a reason, with its CRLF."""
    return reply(reason).encoded()


def deferral(reason: str) -> Reply:
    """The reply for a `Defer`: whatever its reason, never 5xx and never a promise."""
    found = reply(reason)
    return found if 400 <= found.code < 500 else TABLE[INNER_FAILURE]


def rejection(reason: str) -> Reply:
    """The reply for a `Reject`: a reason that the table does not know is ours, so temporary."""
    found = reply(reason)
    return found if found.code >= 400 else TABLE[INNER_FAILURE]
