"""What a report tells of a mail that was sent from here, gathered while a mail is opened (RFC 6522; RFC 3464, RFC 8098).

The mail that a report gives back is never a
document: it is the practice's own. What else comes with a report is read, and marked as come back (`Document.returned`).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Protocol

from vaguemestre.domain.reading import Json
from vaguemestre.protocols import dsn, mdn, mime
from vaguemestre.protocols.mime import Part
from vaguemestre.protocols.report_fields import MAX_GROUPS, own_message_id

_DSN = frozenset({"message/delivery-status", "message/global-delivery-status"})
_MDN = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_HEADERS = frozenset({"text/rfc822-headers", "message/global-headers"})
_MAILS = frozenset({"message/rfc822", "message/global"})
_UNTYPED = frozenset({"text/plain", "application/octet-stream"})
_REFUSED = re.compile(r"\s*\[\s*(?:KO\b|Erreur d.{1,2}int[e\u00e9]gration)[^\]]{0,100}\]", re.IGNORECASE)
"""How a mail begins that gives a document back which a software could not take in, where no notice was asked for (mssante.md 2.5)."""
MAX_SUBJECT = 300


class Leaf(Protocol):
    """One part with content, as `read_mail` opens it."""

    part: Part
    media_type: str
    name: str | None

    @property
    def content(self) -> bytes: ...

    @property
    def mail(self) -> Part | None: ...


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Report:
    """`public`: `report` of reading.schema.json. `reported`: the `subject` and the `date` (ISO 8601) of the mail in question, as its copy
    bears them, and as `label` what a software said of its refusal; "" where they are not told."""

    public: Json
    reported: Json

    def __repr__(self) -> str:
        return f"Report({len(self.public['results'])} results)"


class Gathered:
    """The machine parts of one mail and the mail given back."""

    def __init__(self) -> None:
        self._statuses: list[dsn.DeliveryStatus] = []
        self._dispositions: list[mdn.Disposition] = []
        self._copies: list[Leaf] = []
        self.returned = False
        """A notice of a form known by its words says that something comes back, whatever else it tells."""

    @staticmethod
    def takes(kind: str, in_report: bool) -> bool:
        """Whether a part of that type may belong to a report."""
        return kind in _DSN or kind in _MDN or kind in _HEADERS or (in_report and (kind in _MAILS or kind in _UNTYPED))

    def take(self, leaf: Leaf) -> bool:
        """Takes a part of a report; False where it is none after all."""
        kind = leaf.media_type
        if kind in _UNTYPED:
            # the second part of some reports does not tell its type; the first one is words for people
            if leaf.part.number.rpartition(".")[2] == "1":
                return False
            kind = "message/delivery-status" if dsn.looks(leaf.content) else "message/disposition-notification"
            if kind in _MDN and not mdn.looks(leaf.content):
                return False
        if kind in _DSN:
            self._statuses.append(dsn.read(leaf.content))
        elif kind in _MDN:
            self._dispositions.append(mdn.read(leaf.content))
        else:
            self._copies.append(leaf)
        return True

    def bounce(self, told: dsn.Bounce, copy: Leaf) -> None:
        """Takes a notice of qmail, whose words were the whole mail."""
        self.returned = True
        if told.recipients:
            self._statuses.append(dsn.DeliveryStatus(None, told.recipients))
            self._copies.append(copy)

    @property
    def copies(self) -> Sequence[Leaf]:
        """The mails that were given back: where no report can be read beside them, they are documents to look at."""
        return self._copies

    def report(self, root: Part) -> Report | None:
        """The report of the mail of that root, or None where it is none."""
        labels: list[str] = []
        if self._dispositions:
            kind, results = "mdn", [_disposition(one) for one in self._dispositions]
            labels = [one.label for one in self._dispositions if one.label]
            originals = [one.original_message_id for one in self._dispositions]
        elif self._statuses:
            kind = "dsn"
            results = [
                {"recipient": one.address, "action": one.action, "code": one.status} for part in self._statuses for one in part.recipients
            ]
            originals = [one.original_message_id for one in self._statuses]
        else:
            # Exim's notices of old bear no machine part, but this field
            failed = mime.shown(root.raw(b"x-failed-recipients") or b"")
            if not failed:
                return None
            kind, results, originals = "dsn", [{"recipient": one, "action": "failed", "code": None} for one in failed if "@" in one], []
        told = self._first_copy()
        original = next(filter(None, originals), None) or (own_message_id(told.raw(b"message-id")) if told is not None else None)
        reported = {
            "subject": mime.decoded(told.raw(b"subject") or b"")[:MAX_SUBJECT] if told is not None else "",
            "date": (mime.date(told.raw(b"date") or b"") or "") if told is not None else "",
            "label": labels[0] if labels else "",
        }
        return Report({"kind": kind, "original_message_id": original, "results": results[:MAX_GROUPS]}, reported)

    def _first_copy(self) -> Part | None:
        copy = self._copies[0] if self._copies else None
        if copy is None:
            return None
        return copy.mail if copy.media_type in _MAILS else mime.parse(copy.content)


def _disposition(one: mdn.Disposition) -> Json:
    action = f"{one.type}/error" if one.failed and one.type not in {None, "failed"} else one.type
    return {"recipient": one.recipient, "action": action, "code": one.code}


def refused(subject: str | None) -> bool:
    """Whether a mail says by its subject that it gives back a document which a software refused."""
    return subject is not None and _REFUSED.match(subject) is not None
