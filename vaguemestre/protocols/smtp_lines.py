"""Cuts command lines out of the stream: RFC 5321 section 2.3.8. A line ends with CR LF and nothing else. UTF-8 may stand where an address
does (RFC 6531 section 3.3), and nowhere else."""

from __future__ import annotations

from vaguemestre.protocols.smtp_commands import Wrong

COMMAND_MOST = 1_024
"""Octets of a command line with its CR LF: 512 of RFC 5321 section 4.5.3.1.4, and room for the parameters of extensions."""
RECIPIENT_MOST = 512 + 528 + 14
"""The same for RCPT: RFC 3461 section 4 adds 500 of an ORCPT's value, 28 of a NOTIFY, and the words and blanks around them."""
LINE_ENDLESS = 65_536
"""A line longer than this without an end closes the connection."""


def cut(buffer: bytearray) -> bytes | str | None:
    """Takes the first line, without its CR LF, out of `buffer`; None while it has no end; a reason of `replies.TABLE` where the connection
    must be closed for it."""
    feed = buffer.find(b"\n")
    carriage = buffer.find(b"\r", 0, feed if feed >= 0 else len(buffer))
    if 0 <= carriage == feed - 1:
        if feed >= LINE_ENDLESS:
            return "line-endless"
        line = bytes(buffer[:carriage])
        del buffer[: feed + 1]
        return line
    # The first CR or LF that is no pair; a CR at the very end may still become one.
    pending = feed < 0 and (carriage < 0 or carriage == len(buffer) - 1)
    if pending and len(buffer) < LINE_ENDLESS:
        return None
    first = min(p for p in (feed, carriage, len(buffer)) if p >= 0)
    return "line-endless" if first >= LINE_ENDLESS - 1 else "bare-cr-or-lf"


def text(line: bytes) -> str | Wrong:
    """The line as text, or why it is none."""
    if len(line) + 2 > COMMAND_MOST and (len(line) + 2 > RECIPIENT_MOST or line[:5].upper() != b"RCPT "):
        return Wrong("line-too-long")
    try:
        found = line.decode("utf-8")
    except UnicodeDecodeError:
        return Wrong("not-ascii")
    if not found.isprintable() or not (found.isascii() or line[:5].upper() in {b"MAIL ", b"RCPT ", b"VRFY "}):
        return Wrong("not-ascii")
    return found
