"""What the associations of an XDM submission say of its documents and of earlier ones (IHE ITI TF-3, 4.2.2; formats.md 3.3).

By name: RPLC and XFRM_RPLC replace, APND appends, XFRM transforms, signs signs, UpdateAvailabilityStatus changes what an entry is worth
(ITI TF-2, 3.57; in France also to `Archived`, which still stands, and `Deleted`, a version taken back). Nothing is done here about any of
it: a replacement acts on what the chart holds, a withdrawal is for a person. Others (snapshots) are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MAX_VALUES = 50
"""Targets kept of one document, or of what a submission takes back."""
STANDING = frozenset({"approved", "submitted", "archived"})
"""Statuses of a document that its sender holds to be good, without regard to case; any other is a doubt."""
_FACTS = {"RPLC": "replaces", "XFRM_RPLC": "replaces", "APND": "appends", "XFRM": "transforms", "SIGNS": "signs"}


def uuid(text: str | None) -> str:
    """An entry's identifier as compared."""
    return (text or "").strip().lower().removeprefix("urn:uuid:")


class Associations:
    """The associations of one submission, each told once, whichever the order of the file."""

    def __init__(self) -> None:
        self._members: dict[str, str] = {}
        self._told: dict[str, dict[str, list[str]]] = {}
        self._statuses: dict[str, tuple[str, str]] = {}

    def add(self, kind: str, source: str, target: str, status: str | None) -> None:
        """One of them, by the name of its type; `status`: the NewStatus that it gives its target, by its last word. What names no target
        is nothing, but for a source that a replacement names alone."""
        name = kind.upper()
        if name == "HASMEMBER" and source and target:
            self._members.setdefault(uuid(target), uuid(source))
        elif name in _FACTS and source:
            held = self._told.setdefault(uuid(source), {}).setdefault(_FACTS[name], [])
            if target and len(held) < MAX_VALUES and target not in held:
                held.append(target)
        elif name == "UPDATEAVAILABILITYSTATUS" and target and status:
            known = self._statuses.get(uuid(target))
            if known is None or known[1].lower() in STANDING:
                self._statuses[uuid(target)] = target, status

    def set_of(self, identifier: str | None) -> str:
        """The identifier of the submission set (or folder) that the entry is a member of, "" where none is told."""
        return self._members.get(uuid(identifier), "")

    def facts(self, identifier: str | None) -> Mapping[str, list[str]]:
        """What the entry does to others: by `replaces`, `appends`, `transforms` and `signs`, their identifiers as written."""
        return self._told.get(uuid(identifier), {}) if identifier else {}

    def status(self, identifier: str | None) -> str | None:
        """The status that this very submission gives one of its entries afterwards."""
        told = self._statuses.get(uuid(identifier)) if identifier else None
        return told[1] if told is not None else None

    def withdrawn(self, own: Iterable[str | None]) -> list[str]:
        """The entries that are not of this submission (`own`) and of which it says that they stand no longer, as written."""
        mine = {uuid(one) for one in own}
        found = [said for key, (said, status) in self._statuses.items() if key not in mine and status.lower() not in STANDING]
        return found[:MAX_VALUES]
