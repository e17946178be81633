"""The resources of one FHIR file and what they refer to: inside the file only, nothing is ever fetched (FHIR R4, 2.3.0 and 3.1.4,
"Resolving references in Bundles").

A reference that could be to two resources is to none, and is told: a report must not find its patient by chance.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from vaguemestre.domain.reading import Warning
from vaguemestre.formats.fhir_json import TWICE, Members, Value

MAX_LENGTH = 500
"""Characters of one fact on one line."""
MAX_WORDS = 16_000
MAX_REFERENCE = 2_000
_AMBIGUOUS = Warning("duplicate-name", "Several resources of the FHIR content bear one name: what refers to it is not followed.")
_LOGICAL = re.compile(
    r"(?:(?P<base>[^\s?#]*?)/)?(?P<kind>[A-Z][A-Za-z]{1,60})/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/(?P<version>[\w.-]{1,64}))?"
)


def said(reference: Node) -> str:
    """Whom or what a Reference is to by its own words: its address, else the identifiers in it, "" where it tells neither."""
    told = reference.whole("reference")
    return told or "".join(f"{one.text('system')} {one.text('value')}\n" for one in reference.all("identifier"))


def line(text: str | None, most: int = MAX_LENGTH) -> str | None:
    """On one line without outer blanks, cut; None where nothing is left."""
    if not text:
        return None
    if len(text) <= most and "  " not in text and text.isprintable():
        return text.strip() or None  # nearly all of them: every blank but the usual one counts as unprintable
    return " ".join(text[: 4 * most].split())[:most] or None


@dataclasses.dataclass(frozen=True, slots=True, repr=False, eq=False)
class Node:
    """One element. What is not there, or not of the kind that is asked for, is absent: nothing here raises. `doubts` is the file's."""

    members: Members
    doubts: dict[Warning, None]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def _items(self, name: str) -> list[Value]:
        value = self.members.get(name)
        return value if isinstance(value, list) else [value] if value is not None else []

    def all(self, name: str) -> list[Node]:
        """The elements of that name."""
        if name not in self.members:
            return []
        return [Node(one, self.doubts) for one in self._items(name) if isinstance(one, dict)]

    def one(self, name: str) -> Node:
        """The element of that name, which may not repeat; an empty one where there is none."""
        value = self.members.get(name)
        if not isinstance(value, list):
            return Node(value if isinstance(value, dict) else {}, self.doubts)
        found = self.all(name)
        if len(found) > 1:
            self.doubts[TWICE] = None
        return found[0] if found else Node({}, self.doubts)

    def texts(self, name: str) -> list[str]:
        """The primitives of that name, each on one line."""
        return [text for one in self._items(name) if isinstance(one, str) and (text := line(one)) is not None]

    def text(self, name: str) -> str | None:
        """The primitive of that name, which may not repeat, on one line."""
        return line(self.whole(name))

    def lines(self, name: str) -> str | None:
        """As `text`, its lines kept."""
        told = self.whole(name)
        lines = [kept for one in told[: 4 * MAX_WORDS].splitlines() if (kept := " ".join(one.split()))] if told else []
        return "\n".join(lines)[:MAX_WORDS] or None

    def whole(self, name: str) -> str | None:
        """The primitive of that name as it is."""
        value = self.members.get(name)
        if not isinstance(value, list):
            return value if isinstance(value, str) else None
        found = [one for one in value if isinstance(one, str)]
        if len(found) > 1:
            self.doubts[TWICE] = None
        return found[0] if found else None

    def flag(self, name: str) -> bool | None:
        """A boolean, None where it is not told."""
        for one in self._items(name):
            if isinstance(one, bool):
                return one
            if one in ("true", "false"):
                return one == "true"
        return None

    def extension(self, *names: str) -> Node:
        """The first extension whose address ends in one of these names (lower case), whatever release of a profile it is of."""
        for one in self.all("extension"):
            if (one.text("url") or "").rstrip("/").rpartition("/")[2].lower() in names:
                return one
        return Node({}, self.doubts)

    def names(self) -> Iterator[str]:
        """What it has."""
        return iter(self.members)

    def __bool__(self) -> bool:
        return bool(self.members)


@dataclasses.dataclass(frozen=True, slots=True, repr=False, eq=False)
class Resource(Node):
    """`kind`: its type. `address`: its fullUrl. `holder`: the resource that contains it."""

    kind: str
    address: str = ""
    holder: Resource | None = None

    @property
    def name(self) -> str:
        """Its logical id."""
        return self.text("id") or ""

    @property
    def top(self) -> Resource:
        """The entry in which it stands."""
        return self.holder or self

    def contained(self) -> list[Resource]:
        """What it contains; contained resources contain nothing (FHIR R4, 2.3.1)."""
        held = () if self.holder is not None else self.all("contained")
        return [Resource(one.members, self.doubts, one.text("resourceType") or "", holder=self) for one in held]

    def told(self) -> Members:
        """What it says, but for what a server calls it."""
        return {name: value for name, value in self.members.items() if name not in {"id", "meta"}}


class Graph:
    """The resources of one bundle, or one resource alone, found by what refers to them."""

    def __init__(self, entries: list[Resource], doubts: dict[Warning, None]) -> None:
        self.entries = entries
        self.doubts = doubts
        self._by_address: dict[str, list[Resource]] = {}
        self._by_name: dict[tuple[str, str], list[Resource]] = {}
        self._held: dict[int, dict[str, list[Resource]]] = {}
        self._compared: dict[tuple[int, int], bool] = {}
        for one in entries:
            if one.address:
                self._by_address.setdefault(_address(one.address), []).append(one)
            if one.name:
                self._by_name.setdefault((one.kind, one.name), []).append(one)

    def __repr__(self) -> str:
        return f"<Graph of {len(self.entries)} resources>"

    def find(self, reference: Node, origin: Resource) -> Resource | None:
        """What a Reference that stands in `origin` is to, None where it is not in the file."""
        told = (reference.whole("reference") or "").strip()
        return self.at(told, origin) if told else None

    def at(self, told: str, origin: Resource) -> Resource | None:
        """What an address that stands in `origin` is of, None where it is not in the file."""
        if not told or len(told) > MAX_REFERENCE:
            return None
        if told.startswith("#"):
            if told == "#":
                return origin.top
            return self._only(self._contained(origin.top).get(told[1:], []))
        direct = self._by_address.get(_address(told))
        if direct:
            return self._only(direct)
        match = _LOGICAL.fullmatch(told)
        if match is None:
            return None
        base, kind, name, version = match.group("base", "kind", "id", "version")
        own = base if base is not None else _base(origin.top)
        if own:
            direct = self._by_address.get(f"{own}/{kind}/{name}")
            if direct:
                return self._only(direct, version)
        if base is not None:
            return None  # on another server: an entry without that address may be of any
        named = self._by_name.get((kind, name), [])
        return self._only([one for one in named if not own or not _base(one)], version)

    def same(self, one: Resource, other: Resource) -> bool:
        """Whether both are one resource, or say word for word the same."""
        if one.members is other.members:
            return True
        key = id(one.members), id(other.members)
        known = self._compared.get(key)
        if known is None:
            known = self._compared[key] = one.kind == other.kind and one.told() == other.told()
        return known

    def _contained(self, origin: Resource) -> dict[str, list[Resource]]:
        held = self._held.get(id(origin.members))
        if held is None:
            held = self._held[id(origin.members)] = {}
            for one in origin.contained():
                if one.name:
                    held.setdefault(one.name.removeprefix("#"), []).append(one)
        return held

    def _only(self, found: list[Resource], version: str | None = None) -> Resource | None:
        if version is not None:
            found = [one for one in found if one.one("meta").text("versionId") in {None, version}]
        if not found:
            return None
        if any(not self.same(one, found[0]) for one in found[1:]):
            self.doubts[_AMBIGUOUS] = None
            return None
        return found[0]


def _address(told: str) -> str:
    told = told.strip()
    return told.lower() if told[:9].lower() == "urn:uuid:" else told.partition("/_history/")[0]


def _base(resource: Resource) -> str:
    """The server that a fullUrl of the form [base]/[type]/[id] names, "" for any other."""
    match = _LOGICAL.fullmatch(resource.address)
    return (match["base"] or "") if match is not None else ""
