"""The trust list (liste blanche): which certificate subject may speak for which domain (mssante.md 1.4, requirements 1 to 4).

XML of namespace `https://listeblanche.mssante.fr/schema`. A domain comes once per operator certificate; the key is (domain,
subject). A list that is cut, empty, of another shape or suddenly much shorter is refused whole, and the one in force stays.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Mapping

from lxml import etree

from vaguemestre.crypto.certificates import dn_key
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable

NAMESPACE = "https://listeblanche.mssante.fr/schema"
BYTES_MOST = 67_108_864
ENTRIES_MOST = 200_000
TEXT_MOST = 4_000
SHRINK_MOST = 0.20
"""A list may lose a fifth of the entries in force, no more, unless a person forces it."""
LEFT_OUT_MOST = 0.01
"""Entries whose domain or subject cannot be read are left out, up to this share of the list (at least one)."""

_FIELDS = ("Nom", "Description", "DNCertificatOperateur", "ResponsableContact", "SupportContact", "DateMAJ")
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z", re.ASCII)
_DEVIANT = frozenset("ßς\u200c\u200d")
"""Characters that the two versions of IDNA read differently: two domains would become one."""


class Shrunken(Fault):
    """The new list is much shorter than the one in force."""

    code = "trust-list-shrunken"


CUT = "trust-list-cut"
EMPTY = "trust-list-empty"
FOREIGN = "trust-list-foreign"
"""Names of refusals: no whole XML, no entry, another document (a web page, another schema)."""
_PAGE = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)


def domain_key(domain: str) -> str | None:
    """The comparison form of a mail domain: A-labels, lower case; None where it is no domain."""
    text = domain.strip().rstrip(".")
    if len(text) > 255:
        return None
    if not text.isascii():
        if _DEVIANT & set(text.casefold()) or _DEVIANT & set(text):
            return None
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    text = text.lower()
    return text if _HOST.match(text) else None


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One (domain, subject) pair. `domain` in comparison form, `dn` as written, `dn_key` its comparison form, the rest as written."""

    domain: str
    dn: str
    dn_key: str
    description: str = ""
    responsible: str = ""
    support: str = ""
    updated_at: str = ""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class TrustDocument:
    """A list read whole: its entries in order, exact duplicates included; `left_out` the positions (from 1) of unreadable entries."""

    generated_at: dt.datetime | None
    entries: tuple[Entry, ...]
    left_out: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"<TrustDocument of {len(self.entries)} entries>"

    def pairs(self) -> dict[tuple[str, str], Entry]:
        """The distinct (domain, dn_key) pairs, first of each."""
        found: dict[tuple[str, str], Entry] = {}
        for entry in self.entries:
            found.setdefault((entry.domain, entry.dn_key), entry)
        return found


def _tree(data: bytes) -> etree._Element:
    if len(data) > BYTES_MOST:
        raise TooLarge(f"The trust list has more than {BYTES_MOST} bytes.")
    if not data.strip():
        raise Unreadable("The trust list is empty.", EMPTY)
    if _PAGE.match(data):
        raise Unreadable("The trust list is a web page and no list.", FOREIGN)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("The trust list is not well-formed XML: it may be cut.", CUT) from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None:
        raise Unreadable("The trust list has a document type, which is never read.")
    return root


def _text(element: etree._Element | None) -> str:
    if element is None:
        return ""
    if len(element):
        raise Unreadable("The trust list has elements where text is expected.")
    text = (element.text or "").strip()
    if len(text) > TEXT_MOST:
        raise TooLarge(f"The trust list has a field of more than {TEXT_MOST} characters.")
    return text


def _children(element: etree._Element, known: Iterable[str]) -> dict[str, etree._Element]:
    """The known children by local name. One that comes twice makes the list another schema's; an unknown one is passed over."""
    names = {f"{{{NAMESPACE}}}{name}": name for name in known}
    found: dict[str, etree._Element] = {}
    for child in element:
        name = names.get(str(child.tag))
        if name is None:
            continue
        if name in found:
            raise Unreadable(f"The trust list has {name} twice in one element.")
        found[name] = child
    return found


def _generated(element: etree._Element | None) -> dt.datetime | None:
    text = _text(element)
    if not text:
        return None
    try:
        read = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable("The trust list has a date of generation that is no date.") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=dt.UTC)


def _entry(fields: Mapping[str, etree._Element], keys: dict[str, str]) -> Entry | None:
    name, dn = _text(fields.get("Nom")), _text(fields.get("DNCertificatOperateur"))
    domain = domain_key(name)
    if domain is None:
        return None
    if dn not in keys:
        try:
            keys[dn] = dn_key(dn)
        except Fault:
            return None
    return Entry(
        domain,
        dn,
        keys[dn],
        _text(fields.get("Description")),
        _text(fields.get("ResponsableContact")),
        _text(fields.get("SupportContact")),
        _text(fields.get("DateMAJ")),
    )


def parse(data: bytes, in_force: int = 0, forced: bool = False) -> TrustDocument:
    """A list from its XML. `in_force`: how many distinct entries the list in force has; `forced`: a person takes a shrunken list knowingly.

    Raises `Unreadable`, `TooLarge` or `Shrunken`; then nothing of the list is to be used.
    """
    root = _tree(data)
    if root.tag != f"{{{NAMESPACE}}}ListeBlancheMSSante":
        raise Unreadable("The trust list has another root element than ListeBlancheMSSante.", FOREIGN)
    head = _children(root, ("DateDeGeneration", "ListeDomaines"))
    if "ListeDomaines" not in head:
        raise Unreadable("The trust list has no ListeDomaines.")
    entries: list[Entry] = []
    left_out: list[int] = []
    keys: dict[str, str] = {}
    for position, element in enumerate(head["ListeDomaines"], start=1):
        if element.tag != f"{{{NAMESPACE}}}Domaine":
            raise Unreadable("The trust list has something else than Domaine among its domains.")
        if position > ENTRIES_MOST:
            raise TooLarge(f"The trust list has more than {ENTRIES_MOST} entries.")
        fields = _children(element, _FIELDS)
        if "Nom" not in fields or "DNCertificatOperateur" not in fields:
            raise Unreadable(f"Entry {position} of the trust list lacks its name or its certificate's subject.")
        entry = _entry(fields, keys)
        if entry is None:
            left_out.append(position)
        else:
            entries.append(entry)
    if not entries:
        raise Unreadable("The trust list has no entry.", EMPTY)
    if len(left_out) > max(1, LEFT_OUT_MOST * (len(entries) + len(left_out))):
        raise Unreadable(
            f"The trust list has {len(left_out)} entries whose domain or subject cannot be read, the first is entry {left_out[0]}."
        )
    document = TrustDocument(_generated(head.get("DateDeGeneration")), tuple(entries), tuple(left_out))
    # Repeats of an entry make no list longer.
    kept = len(document.pairs()) if in_force and not forced else 0
    if not forced and kept < (1 - SHRINK_MOST) * in_force:
        raise Shrunken(f"The trust list has {kept} entries, the one in force {in_force}: too many would go at once.")
    return document


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class TrustSnapshot:
    """The list in force, immutable. `as_of`: when it was generated or, where that is not said or is later, loaded; `max_age` None = never
    stale. `listed`: every domain of the trust space."""

    by_key: Mapping[str, frozenset[str]]
    as_of: dt.datetime | None = None
    max_age: dt.timedelta | None = None
    listed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], as_of: dt.datetime | None = None, max_age: dt.timedelta | None = None) -> TrustSnapshot:
        """From (domain, dn_key) pairs, domains in any spelling; one that is no domain is passed over."""
        found: dict[str, set[str]] = {}
        for domain, key in pairs:
            name = domain_key(domain)
            if name is not None:
                found.setdefault(key, set()).add(name)
        by_key = {key: frozenset(domains) for key, domains in found.items()}
        return cls(by_key, as_of, max_age, frozenset().union(*by_key.values()))

    def __repr__(self) -> str:
        return f"<TrustSnapshot of {len(self.by_key)} subjects>"

    def domains(self, key: str) -> frozenset[str]:
        """The domains, in comparison form, for which a certificate of this subject may speak; empty where it is not listed."""
        return self.by_key.get(key, frozenset())

    def absent(self) -> bool:
        """No list was ever loaded (an empty one is never put in force)."""
        return not self.by_key

    def stale(self, now: dt.datetime) -> bool:
        """Older than the age allowed, or of an unknown age while one is demanded."""
        if self.max_age is None:
            return False
        return self.as_of is None or now - self.as_of > self.max_age
