"""Mail addresses (RFC 5321 sections 4.1.2 and 4.5.3.1, RFC 6531 section 3.3) and how they are compared: whole, in lower case, the local
part in normal form C, the domain as A-labels (RFC 5890).

Mailboxes have a type (mssante.md 1.5): PER a person's, ORG a service's or team's, APP a program's, CAB a group practice's.

Where the texts are silent:
- the local part is compared without case, although RFC 5321 2.4 leaves that to its host: `Labo@` and `labo@` are never two people;
- a quoted local part that needs no quotes is the bare one; backslashes that escape nothing are dropped;
- a domain has at least two labels and is a name: trust is granted to names, never to address literals (`[192.0.2.1]`);
- `ß`, final sigma and the invisible joiners are refused in a Unicode domain: IDNA 2003 and 2008 make two different domains of them;
- a local part outside ASCII (RFC 6531) is printable: invisible joiners and marks of direction are refused, although some names use them.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata

from vaguemestre.domain.fault import Unreadable

MAILBOX_TYPES = ("PER", "ORG", "APP", "CAB")
MAX_LOCAL = 64
MAX_DOMAIN = 253
MAX_ADDRESS = 254
"""Octets. A path of 256 (RFC 5321 4.5.3.1.3) is the address between angle brackets."""

_ATOM = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\x80-\U0010ffff]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED_STRING = re.compile(r'"(?:[ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])*"')
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
        if not at or _octets(local) > MAX_LOCAL or not (_DOT_STRING.fullmatch(local) or _QUOTED_STRING.fullmatch(local)):
            raise Unreadable("not a mail address")
        found = cls(local, _domain(domain))
        if _octets(str(found)) > MAX_ADDRESS:
            raise Unreadable("a mail address is longer than 254 octets")
        if not local.isascii() and not _settled(local):
            raise Unreadable("not a mail address")
        return found

    @property
    def comparison(self) -> str:
        """The form under which an address is kept and compared: lower case, no needless quoting."""
        return f"{folded(_plain(self.local))}@{self.domain}"

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    def __repr__(self) -> str:
        return "<Address>"


def folded(local: str) -> str:
    """A local part as it is compared: in lower case and normal form C (RFC 6531 section 3.3, RFC 6532 section 3.1)."""
    if local.isascii():
        return local.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).lower())


def _octets(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _settled(local: str) -> bool:
    """Whether a local part outside ASCII shows all it holds, and keeps its form and its bound when it is compared."""
    once = folded(local)
    return local.isprintable() and folded(once) == once and _octets(once) <= MAX_LOCAL


def exact(local: str, domain: str) -> tuple[str, str] | None:
    """A local part and domain of an SMTPUTF8 conversation: normal form C, A-labels. None where they are no address, or where two readers
    could see two domains: a label outside ASCII must be the very U-label that its A-label stands for (RFC 5890 section 2.3.2.1), but
    for case and normal form."""
    try:
        name = _domain(domain)
        labels, names = unicodedata.normalize("NFC", domain).lower().split("."), name.split(".")
        twins = len(labels) == len(names) and all(
            label == (name if label.isascii() else name.encode("ascii").decode("idna")) for label, name in zip(labels, names, strict=True)
        )
    except (Unreadable, UnicodeError):
        return None
    local = unicodedata.normalize("NFC", local)
    return (local, name) if twins and (local.isascii() or _settled(local)) else None


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
