"""Address lists of header fields (RFC 5322 3.4): mailboxes, groups, comments, quoted names.

Two readings on purpose. `addresses` is for a door that must know who writes: it accepts only what has one meaning and raises for the
rest. `shown` is for a person: it never raises and gives each mailbox as text.
"""

from __future__ import annotations

import re

from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.protocols.mime_header import decoded, raw_text

MAX_VALUE = 65_536
MAX_ADDRESSES = 1_000
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+)
      | (?P<quoted>"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\x20-\x7e])*")
      | (?P<literal>\[[\x21-\x5a\x5e-\x7e]*\])
      | (?P<atom>[^\s()<>\[\]:;@\\,."\x00-\x1f\x7f]+)
      | (?P<special>[<>:;@,.()])""",
    re.VERBOSE,
)
_LIST_SIGN = re.compile(r'[",<>]')
_ENCODED = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")


def _tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) without comments; a blank or comment becomes one ("blank", " ")."""
    found: list[tuple[str, str]] = []
    place, depth = 0, 0
    while place < len(text):
        if depth:
            c = text[place]
            if c == "\\":
                place += 1
            elif c == "(":
                depth += 1
            elif c == ")":
                depth -= 1
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            raise Unreadable("An address list holds a character that has no place there.")
        place = match.end()
        kind = match.lastgroup or ""
        if match.group() == "(":
            depth = 1
            found.append(("blank", " "))
        elif match.group() == ")":
            raise Unreadable("An address list closes a comment that it did not open.")
        else:
            found.append((kind, " " if kind == "blank" else match.group()))
    if depth:
        raise Unreadable("A comment of an address list does not end.")
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.place = 0
        self.found: list[str] = []

    def peek(self) -> str:
        """The next token's text, blanks passed; "" at the end."""
        while self.place < len(self.tokens) and self.tokens[self.place][0] == "blank":
            self.place += 1
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def kind(self) -> str:
        self.peek()
        return self.tokens[self.place][0] if self.place < len(self.tokens) else "end"

    def take(self) -> str:
        text = self.peek()
        self.place += 1
        return text

    def expect(self, special: str) -> None:
        if self.kind() != "special" or self.take() != special:
            raise Unreadable("An address list is not in the form of RFC 5322.")

    def all(self) -> list[str]:
        """address-list, empty elements allowed (obsolete, harmless)."""
        while self.kind() != "end":
            if self.peek() == "," and self.kind() == "special":
                self.take()
                continue
            self.address(groups=True)
            if self.kind() != "end":
                self.expect(",")
        return self.found

    def address(self, groups: bool) -> None:
        """One mailbox, or one group where they are allowed."""
        words: list[tuple[str, str]] = []
        while self.kind() in {"atom", "quoted"} or (self.kind() == "special" and self.peek() == "."):
            kind = self.kind()
            words.append((kind, self.take()))
        if self.kind() == "special":
            special = self.peek()
            if special == "@":
                self.take()
                self.keep(self.local(words), self.domain())
                return
            if special == "<":
                self.take()
                inner: list[tuple[str, str]] = []
                while self.kind() in {"atom", "quoted"} or (self.kind() == "special" and self.peek() == "."):
                    kind = self.kind()
                    inner.append((kind, self.take()))
                self.expect("@")
                local = self.local(inner)
                domain = self.domain()
                self.expect(">")
                self.keep(local, domain)
                return
            if special == ":" and groups and words:
                self.take()
                while not (self.kind() == "special" and self.peek() == ";"):
                    if self.kind() == "special" and self.peek() == ",":
                        self.take()
                        continue
                    self.address(groups=False)
                    if not (self.kind() == "special" and self.peek() in {",", ";"}):
                        raise Unreadable("A group of an address list does not end.")
                self.take()
                return
        raise Unreadable("An address list holds something that is no address.")

    @staticmethod
    def local(words: list[tuple[str, str]]) -> str:
        """dot-atom or one quoted string."""
        if len(words) == 1 and words[0][0] == "quoted":
            return words[0][1]
        wants_atom = True
        for kind, text in words:
            if wants_atom != (kind == "atom") or (kind == "atom" and not _ATOM.fullmatch(text)) or (kind == "special" and text != "."):
                raise Unreadable("The local part of an address is not in the form of RFC 5322.")
            wants_atom = not wants_atom
        if wants_atom:
            raise Unreadable("The local part of an address is not in the form of RFC 5322.")
        return "".join(text for _, text in words)

    def domain(self) -> str:
        if self.kind() == "literal":
            return self.take()
        parts = []
        while self.kind() == "atom" or (self.kind() == "special" and self.peek() == "."):
            parts.append(self.take())
        domain = "".join(parts)
        if not _DOMAIN.fullmatch(domain) or len(domain) > 255:
            raise Unreadable("The domain of an address is not in the form of RFC 5322.")
        return domain

    def keep(self, local: str, domain: str) -> None:
        if len(local) > 256 or _ENCODED.search(local):
            raise Unreadable("The local part of an address is not in the form of RFC 5322.")
        if len(self.found) >= MAX_ADDRESSES:
            raise TooLarge("An address list holds too many addresses.")
        self.found.append(f"{local}@{domain}")


def addresses(value: bytes | str) -> list[str]:
    """Every address of the list, as written (case kept), groups opened. Raises `Unreadable` where the list has no single certain
    meaning, `TooLarge` beyond 1000 addresses or 64 kB. An empty list gives []."""
    if len(value) > MAX_VALUE:
        raise TooLarge("An address list is too long.")
    text = raw_text_whole(value) if isinstance(value, bytes) else value
    return _Reader(_tokens(text)).all()


def raw_text_whole(value: bytes) -> str:
    """Octets as characters one for one where they are not UTF-8: names may hold them, addresses may not."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1").translate(dict.fromkeys(range(128, 160), "¿"))


def shown(value: bytes) -> tuple[str, ...]:
    """Each mailbox of a list for a person to read, encoded words decoded: `Nom <adresse>` or the bare address. Never raises."""
    found: list[str] = []
    text = raw_text(value)
    depth, quoted, begin = 0, False, 0
    for sign in _LIST_SIGN.finditer(text):
        place, c = sign.start(), sign.group()
        if c == '"' and not (place and text[place - 1] == "\\"):
            quoted = not quoted
        elif not quoted and c == "<":
            depth += 1
        elif not quoted and c == ">":
            depth -= 1
        elif c == "," and not quoted and depth <= 0:
            found.append(text[begin:place])
            begin = place + 1
            if len(found) >= MAX_ADDRESSES:
                break
    else:
        found.append(text[begin:])
    cleaned = (_unquoted(decoded(one.encode("utf-8", "replace"))) for one in found)
    return tuple(one for one in cleaned if one)


_QUOTED_NAME = re.compile(r'^"((?:[^"\\]|\\.)*)"\s*(?=<)')


def _unquoted(text: str) -> str:
    match = _QUOTED_NAME.match(text)
    if match is None:
        return text.strip()
    name = re.sub(r"\\(.)", r"\1", match.group(1))
    return f"{name} {text[match.end() :]}".strip()
