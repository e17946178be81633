"""A mail opened for reading: its facts, its own words, and its attachments in order, each with its content (RFC 5322, RFC 2045 to 2047,
RFC 2183).

What is no document is sorted out here: signatures, the control part of an encrypted or report mail, the returned copy inside a report,
and small pictures that decorate an HTML text (reports: `read_report`).
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator

from vaguemestre.formats.charset import Decoded, decode
from vaguemestre.inbound.read_report import Gathered, Report, refused
from vaguemestre.protocols import dsn, mime
from vaguemestre.protocols.flowed import unflowed
from vaguemestre.protocols.mime import Part
from vaguemestre.protocols.report_fields import own_message_id

DECORATION_BYTES = 30_000
MAX_NAME, MAX_ENDING = 255, 20
_NO_DOCUMENT = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-encrypted",
    }
)
_MAILS = frozenset({"message/rfc822", "message/global"})
_MAIL_FIELD = b"Content-Type: message/rfc822\r\n\r\n"
_NAME_MARKS = re.compile(r"[/\\]")
_WARNING_OF_DEFECT = {
    mime.UNCLOSED: ("truncated", "The message is cut: the end of a multipart is lacking."),
    mime.HEADER_TOO_LONG: ("too-large", "A header of the message is too long: the rest of it was not read."),
    mime.TOO_MANY_PARTS: ("too-large", "The message has too many parts: the rest was not read."),
    mime.TOO_DEEP: ("too-large", "The message is nested too deep: what is below was not read."),
    mime.NO_BOUNDARY: ("malformed", "A multipart of the message does not tell its boundary."),
}


class Leaf:
    """One part that holds content. `name`: its file name, without folders, or None. `flowed`: its lines are to be joined (RFC 3676)."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.media_type = part.media_type
        kind = part.raw(b"content-type")
        placed = part.raw(b"content-disposition")
        parameters = mime.parameters(kind) if kind is not None and b";" in kind else {}
        self.charset = parameters.get("charset")
        self.flowed = parameters.get("format", "").lower() == "flowed"
        self._delete_space = parameters.get("delsp", "").lower() == "yes"
        self.disposition = ""
        name = parameters.get("name")
        if placed is not None:
            self.disposition = placed.partition(b";")[0].strip().lower()[:40].decode("ascii", "replace")
            if b";" in placed:
                name = mime.parameters(placed).get("filename") or name
        self.name = _short(_NAME_MARKS.split(name)[-1].strip()) or None if name else None

    @functools.cached_property
    def _decoded_body(self) -> tuple[bytes, tuple[str, ...]]:
        return self.part.content()

    @property
    def content(self) -> bytes:
        """The bytes without transfer encoding."""
        return self._decoded_body[0]

    @property
    def defects(self) -> tuple[str, ...]:
        """What was wrong in the transfer encoding."""
        return self._decoded_body[1]

    @functools.cached_property
    def text(self) -> Decoded:
        """The content as text."""
        return decode(self.content, self.charset)

    @property
    def words(self) -> str:
        """The content as a person wrote it: line ends `\n`, paragraphs of format=flowed on one line."""
        text = self.text.text.replace("\r\n", "\n").replace("\r", "\n")
        return unflowed(text, self._delete_space) if self.flowed else text

    @property
    def mail(self) -> Part | None:
        """The root of the mail that this part is, or None."""
        if self.media_type not in _MAILS:
            return None
        return self.part.children[0] if self.part.children else mime.parse(self.content)

    def __repr__(self) -> str:
        return f"Leaf({self.part.number!r}, {self.media_type!r})"


def _short(name: str) -> str:
    """A file name that any disk takes, its ending kept: that says its kind."""
    if len(name) <= MAX_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: MAX_NAME - MAX_ENDING]}{dot}{ending}" if len(ending) < MAX_ENDING else name[:MAX_NAME]


@dataclasses.dataclass(slots=True, repr=False)
class Mail:
    """`bodies`: text/plain parts that are the mail's own words; `html`: its first HTML part; `attachments`: every other part that may be a
    document, in order; `warnings`: (code, detail); `report`: see `read_report`; `returned`: what the mail bears was sent from here and
    comes back."""

    message_id: str | None
    from_: str | None
    to: tuple[str, ...]
    subject: str | None
    date: str | None
    headers: dict[str, str]
    report: Report | None
    returned: bool
    bodies: list[Leaf]
    html: Leaf | None
    attachments: list[Leaf]
    warnings: list[tuple[str, str]]

    def __repr__(self) -> str:
        return f"Mail(bodies={len(self.bodies)}, attachments={len(self.attachments)})"

    @property
    def leaves(self) -> Iterator[Leaf]:
        """Every part with content, the mail's own words included."""
        yield from self.bodies
        if self.html is not None:
            yield self.html
        yield from self.attachments


def _leaves(root: Part) -> Iterator[tuple[Part, bool, bool]]:
    """(leaf, inside multipart/related, inside multipart/report) in order; a mail inside is a leaf."""
    todo = [(root, False, False)]
    while todo:
        part, related, report = todo.pop()
        if part.media_type.startswith("multipart/") and part.children:
            related = related or part.media_type == "multipart/related"
            report = report or part.media_type == "multipart/report"
            todo.extend((child, related, report) for child in reversed(part.children))
        else:
            yield part, related, report


def open_mail(root: Part) -> Mail:
    """The mail of that root (`mime.parse` of its bytes, or a part inside another mail). Never raises."""
    bodies: list[Leaf] = []
    attachments: list[Leaf] = []
    html: Leaf | None = None
    gathered = Gathered()
    warnings: dict[str, tuple[str, str]] = {}
    for part, related, in_report in _leaves(root):
        leaf = Leaf(part)
        kind = leaf.media_type
        if kind.startswith("multipart/"):
            # a multipart that could not be split: its text is shown as it stands
            kind = leaf.media_type = "text/plain"
        if kind in _NO_DOCUMENT or (gathered.takes(kind, in_report) and gathered.take(leaf)):
            continue
        if kind == "message/partial":
            warnings["truncated"] = "truncated", "The message is one fragment of a longer one."
        own_words = leaf.name is None and leaf.disposition != "attachment"
        if kind == "text/plain" and own_words:
            bounce = dsn.bounced(leaf.content) if part is root else None
            if bounce is not None:
                gathered.bounce(bounce, Leaf(mime.parse(_MAIL_FIELD + bounce.copy)))
                leaf = _words(bounce.words) if bounce.recipients else leaf
            bodies.append(leaf)
        elif kind == "text/html" and own_words and html is None:
            html = leaf
        elif not (related and kind.startswith("image/") and _decorates(leaf)):
            attachments.append(leaf)
        if part.encoding in mime.CHANGING and not mime.CUT.isdisjoint(leaf.defects):
            warnings["truncated"] = "truncated", "The message is cut: the end of an encoded part is lacking."
    for defect in root.all_defects():
        told = _WARNING_OF_DEFECT.get(defect)
        if told is not None:
            warnings.setdefault(told[0], told)
    subject = _optional(root.raw(b"subject"))
    report = gathered.report(root)
    lone = [] if report is not None else [leaf for leaf in gathered.copies if isinstance(leaf, Leaf)]
    attachments += lone
    return Mail(
        message_id=own_message_id(root.raw(b"message-id")),
        from_=next(iter(mime.shown(root.raw(b"from") or b"")), None),
        to=tuple(one for one in mime.shown(b", ".join(root.all_raw(b"to")[:20])) if "@" in one),
        subject=subject,
        date=mime.date(root.raw(b"date") or b""),
        headers={
            name.decode("ascii").upper(): mime.decoded(root.data[start:end])
            for name, start, end in root.fields
            if name.startswith(b"x-mss-")
        },
        report=report,
        returned=report is not None or gathered.returned or bool(lone) or refused(subject),
        bodies=bodies,
        html=html,
        attachments=attachments,
        warnings=list(warnings.values()),
    )


def _words(text: bytes) -> Leaf:
    """What is left of a mail's text without the copy that it gives back."""
    return Leaf(mime.parse(b"\r\n" + text))


def _decorates(leaf: Leaf) -> bool:
    return leaf.disposition != "attachment" and leaf.part.raw(b"content-id") is not None and len(leaf.content) < DECORATION_BYTES


def _optional(value: bytes | None) -> str | None:
    return None if value is None else mime.decoded(value)
