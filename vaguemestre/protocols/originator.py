"""Who a message says it is from: the header block and its one From field, read strictly (RFC 5322 sections 2.2, 3.4, 3.6.2).

The operator's rule holds for every address of the field (mssante.md 1.3), so whatever two readers could understand differently is
refused instead of guessed: a second From, a line that is no field, an encoded word where an address stands, a route, a control
character. Raw UTF-8 is borne in names only, and in addresses where the message came with SMTPUTF8 (RFC 6532 section 3.2). `mime` reads
the same header leniently, for people; this one guards the door.
"""

from __future__ import annotations

import dataclasses
import email.errors
import email.header
import functools
import re

from vaguemestre.domain import address

HEADER_MOST = 262_144
"""Bytes of the header block."""
FROM_MOST = 8_192
ADDRESSES_MOST = 50
MESSAGE_ID_MOST = 998
HOPS_MOST = 100
"""Received fields before a message is taken for a loop (RFC 5321 section 6.3)."""

_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_TOKEN = re.compile(rf'(?P<blank>[ \t]+)|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<atom>{_ATOM})|(?P<special>[<>@,;:.])|(?P<comment>\()', re.DOTALL)
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+", re.ASCII)
_SHOWN = re.compile(r"[@\uff20\ufe6b]\s*([^\s<>@,;:()\"']+\.[^\s<>@,;:()\"'.]+)")


class Malformed(Exception):  # noqa: N818 - a verdict on what the peer sent, not a fault of ours
    """`reason` is a key of `replies.TABLE`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Originator:
    """`domains`: of every address of From, as written. `shown`: domains of what looks like an address in the names and comments.
    `message_id`: the header as written, unfolded, or None where absent, empty or too long."""

    domains: tuple[str, ...]
    shown: tuple[str, ...]
    message_id: str | None

    def __repr__(self) -> str:
        return f"<Originator of {len(self.domains)} addresses>"


def _fields(data: bytes) -> list[tuple[bytes, bytes]]:
    """The fields of the header block: (name in lower case, value unfolded)."""
    if data.startswith(b"\r\n"):
        return []
    end = data.find(b"\r\n\r\n", 0, HEADER_MOST)
    if end < 0:
        if len(data) > HEADER_MOST:
            raise Malformed("header-too-large")
        end = len(data) - 2 if data.endswith(b"\r\n") else len(data)
    block = data[:end]
    if b"\0" in block or block[:1] in {b" ", b"\t"}:
        raise Malformed("header-malformed")
    # Unfolding takes out the line ends before a blank (RFC 5322 section 2.2.3).
    unfolded = block.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t")
    fields: list[tuple[bytes, bytes]] = []
    for line in unfolded.split(b"\r\n"):
        found = _FIELD.match(line)
        if found is None:
            raise Malformed("header-malformed")
        fields.append((found.group(1).lower(), line[found.end() :]))
    return fields


def _comment(text: str, at: int) -> int:
    """Where the comment that opens at `at` has ended; they nest (RFC 5322 section 3.2.2)."""
    depth, i = 0, at
    while i < len(text):
        c = text[i]
        if c == "\\":
            i += 1
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    raise Malformed("from-malformed")


Token = tuple[str, str]


def _tokens(text: str) -> tuple[list[Token], list[str]]:
    """The tokens without blanks and comments, and the texts of the comments."""
    tokens: list[Token] = []
    comments: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise Malformed("from-malformed")
        kind = str(found.lastgroup)
        if kind == "comment":
            end = _comment(text, at)
            comments.append(text[at + 1 : end - 1])
            tokens.append(("blank", " "))
            at = end
            continue
        tokens.append((kind, found.group()))
        at = found.end()
    return tokens, comments


def _spec(tokens: list[Token], utf8: bool) -> str:
    """The domain of an addr-spec, in A-labels where it is not ASCII; no blank nor comment may stand inside one."""
    while tokens and tokens[0][0] == "blank":
        tokens = tokens[1:]
    while tokens and tokens[-1][0] == "blank":
        tokens = tokens[:-1]
    ats = [i for i, token in enumerate(tokens) if token == ("special", "@")]
    if len(ats) != 1 or any(kind == "blank" for kind, _ in tokens):
        raise Malformed("from-malformed")
    local, domain = tokens[: ats[0]], "".join(value for _, value in tokens[ats[0] + 1 :])
    dots = all((token == ("special", ".")) == bool(i % 2) for i, token in enumerate(local))
    words = all(kind in {"atom", "quoted"} for kind, _ in local[::2])
    name = "".join(value for _, value in local)
    if len(local) % 2 == 0 or not dots or not words or (len(local) > 1 and any(kind == "quoted" for kind, _ in local)):
        raise Malformed("from-malformed")
    # An encoded word has no place in an address (RFC 2047 section 5): a reader that decodes first would see another one.
    if "=?" in name or "?=" in name or not name.isprintable():
        raise Malformed("from-malformed")
    if name.isascii() and _DOMAIN.fullmatch(domain):
        return domain
    exact = address.exact(name, domain) if utf8 and not (name + domain).isascii() else None
    if exact is None:
        raise Malformed("from-malformed")
    return exact[1]


def _decoded(text: str) -> str:
    """A name as people will see it."""
    if "=?" not in text:
        return text
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (email.errors.MessageError, LookupError, ValueError):
        raise Malformed("from-malformed") from None


def _addresses(text: str, utf8: bool) -> tuple[list[str], list[str]]:
    """(domains, names and comments) of an address list, groups opened (RFC 5322 section 3.4)."""
    tokens, shown = _tokens(text)
    domains: list[str] = []
    run: list[Token] = []
    angle: list[Token] | None = None
    closed = grouped = False

    def finish(may_be_empty: bool) -> None:
        nonlocal closed
        if closed:
            if any(kind != "blank" for kind, _ in run):
                raise Malformed("from-malformed")
        elif any(kind != "blank" for kind, _ in run):
            domains.append(_spec(run, utf8))
        elif not may_be_empty:
            raise Malformed("from-malformed")
        run.clear()
        closed = False

    for token in tokens:
        match token:
            case ("special", "<"):
                if angle is not None or closed:
                    raise Malformed("from-malformed")
                _phrase(run, shown)
                angle = []
                run.clear()
            case ("special", ">"):
                if angle is None:
                    raise Malformed("from-malformed")
                domains.append(_spec(angle, utf8))
                angle, closed = None, True
            case _ if angle is not None:
                angle.append(token)
            case ("special", ","):
                finish(may_be_empty=False)
            case ("special", ":"):
                if grouped or closed or not any(kind != "blank" for kind, _ in run):
                    raise Malformed("from-malformed")
                _phrase(run, shown)
                grouped = True
                run.clear()
            case ("special", ";"):
                if not grouped:
                    raise Malformed("from-malformed")
                finish(may_be_empty=True)
                grouped, closed = False, True
            case _:
                run.append(token)
    if angle is not None or grouped:
        raise Malformed("from-malformed")
    finish(may_be_empty=False)
    if len(domains) > ADDRESSES_MOST:
        raise Malformed("from-malformed")
    return domains, shown


def _phrase(run: list[Token], shown: list[str]) -> None:
    """Takes the display name before an angle or a group; dots in it are borne (obs-phrase): `Dr. Martin`."""
    for kind, value in run:
        if kind == "special" and value != ".":
            raise Malformed("from-malformed")
    text = "".join(value for _, value in run).strip()
    if text:
        shown.append(re.sub(r"\\(.)", r"\1", text))


def _shown_domains(texts: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for text in texts:
        decoded = _decoded(text)
        if any(c in decoded for c in "\r\n\0"):
            raise Malformed("from-malformed")
        # Also as it stands without its quotes: some readers decode encoded words inside them.
        found += _SHOWN.findall(decoded)
    return tuple(found)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def read(data: bytes, utf8: bool = False) -> Originator:
    """From the bytes of a message; `utf8`: it came with SMTPUTF8. Raises `Malformed` with the reason."""
    fields = _fields(data)
    if sum(name == b"received" for name, _ in fields) > HOPS_MOST:
        raise Malformed("mail-loop")
    written = [value for name, value in fields if name == b"from"]
    if not written:
        raise Malformed("from-absent")
    if len(written) > 1:
        raise Malformed("from-several")
    if len(written[0]) > FROM_MOST:
        raise Malformed("from-malformed")
    domains, shown = _from(written[0], utf8)
    return Originator(domains, shown, _message_id(fields))


@functools.lru_cache(maxsize=256)
def _from(value: bytes, utf8: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Domains and shown domains of a From field. Remembered: a service writes the same one on each of its messages."""
    text = _text(value).replace("\t", " ").strip(" ")
    if not text:
        raise Malformed("from-absent")
    if not text.isprintable() and any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029" for c in text):
        raise Malformed("from-malformed")
    domains, names = _addresses(text, utf8 and text.encode() == value.replace(b"\t", b" ").strip(b" "))
    if not domains:
        raise Malformed("from-malformed")
    return tuple(domains), _shown_domains(names)


def _message_id(fields: list[tuple[bytes, bytes]]) -> str | None:
    value = next((value for name, value in fields if name == b"message-id"), b"")
    text = _text(value).replace("\t", " ").strip(" ")
    return text if 0 < len(text) <= MESSAGE_ID_MOST and text.isprintable() else None
