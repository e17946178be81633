"""Mail addresses (RFC 5321 sections 4.1.2 and 4.5.3.1) and how they are compared: whole, in lower case, the domain as A-labels (RFC 5890).

Mailboxes have a type (mssante.md 1.5): PER a person's, ORG a service's or team's, APP a program's.

Where the texts are silent:
- the local part is compared without case, although RFC 5321 2.4 leaves that to its host: `Labo@` and `labo@` are never two people;
- a quoted local part that needs no quotes is the bare one; backslashes that escape nothing are dropped;
- a domain has at least two labels and is a name: trust is granted to names, never to address literals (`[192.0.2.1]`);
- `ß`, final sigma and the invisible joiners are refused in a Unicode domain: IDNA 2003 and 2008 make two different domains of them;
- a local part outside ASCII (RFC 6531) is refused: SMTPUTF8 is not offered.
"""

from __future__ import annotations

import dataclasses
import re

from vaguemestre.domain.fault import Unreadable

MAILBOX_TYPES = ("PER", "ORG", "APP")
MAX_LOCAL = 64
MAX_DOMAIN = 253
MAX_ADDRESS = 254
"""Octets. A path of 256 (RFC 5321 4.5.3.1.3) is the address between angle brackets."""

_ATOM = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED_STRING = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])*"')
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_ESCAPE = re.compile(r"\\(.)")
_DEVIATING = re.compile("[ßẞς\u200c\u200d]")
_DOTS = re.compile("[\u3002\uff0e\uff61]")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Address:
    """`local` as written, `domain` in lower-case A-labels. Two addresses are one when their `comparison` is."""

    local: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """One bare address, without display name or angle brackets. Raises `Unreadable` for anything else."""
        if len(text) > MAX_ADDRESS:
            raise Unreadable("a mail address is longer than 254 characters")
        local, at, domain = text.rpartition("@")
        if not at or len(local) > MAX_LOCAL or not (_DOT_STRING.fullmatch(local) or _QUOTED_STRING.fullmatch(local)):
            raise Unreadable("not a mail address")
        found = cls(local, _domain(domain))
        if len(str(found)) > MAX_ADDRESS:
            raise Unreadable("a mail address is longer than 254 characters")
        return found

    @property
    def comparison(self) -> str:
        """The form under which an address is kept and compared: lower case, no needless quoting."""
        return f"{_plain(self.local)}@{self.domain}".lower()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    def __repr__(self) -> str:
        return "<Address>"


def _plain(local: str) -> str:
    """The local part with no more quoting than it needs (RFC 5321 4.1.2: the quoted forms of one string are one local part)."""
    if not local.startswith('"'):
        return local
    content = _ESCAPE.sub(r"\1", local[1:-1])
    if _DOT_STRING.fullmatch(content):
        return content
    return '"' + re.sub(r'(["\\])', r"\\\1", content) + '"'


def _domain(text: str) -> str:
    name = text
    if not text.isascii():
        if _DEVIATING.search(text):
            raise Unreadable("a mail domain holds a character that the two IDNA standards read differently")
        try:
            name = _DOTS.sub(".", text).encode("idna").decode("ascii")
        except UnicodeError:
            raise Unreadable("not a mail domain") from None
    labels = name.split(".")
    if len(name) > MAX_DOMAIN or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise Unreadable("not a mail domain")
    return name.lower()


def comparison(text: str) -> str:
    """The form under which an address is kept and compared. Raises `Unreadable`."""
    return Address.parse(text).comparison


def domain_of(text: str) -> str:
    """The domain of an address, in comparison form. Raises `Unreadable`."""
    return Address.parse(text).domain
