"""What was found so far in one file, however deep: the documents, the warnings around them, and what is left of the budget."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from vaguemestre.domain.reading import Document, StatedPatient, Warning
from vaguemestre.formats.charset import Decoded
from vaguemestre.inbound.read_forms import Piece
from vaguemestre.inbound.read_report import Report

MAX_DOCUMENTS = 200
MAX_TOTAL_TEXT = 10_000_000
MAX_NESTED_MAILS = 8
"""Mails in mails, and what stands within signatures."""
MAX_INFLATED = 200_000_000
"""Octets of the files of all archives of one message."""


@dataclasses.dataclass(repr=False)
class Given:
    """A document's bytes and what is known of them before reading. `decoded`: its text, where recognising it needed that. `reach`: lines
    that may stand before an HPRIM header. `told`: warnings of the archive about it; `metadata` and `patient`: what its metadata say.
    `held`: it is a file of a PDF. `names`: of each document read in it, the files that it names as sent beside it."""

    data: bytes
    path: tuple[str, ...]
    charset: str | None = None
    decoded: Decoded | None = None
    reach: int = 3
    told: tuple[Warning, ...] = ()
    metadata: Mapping[str, object] | None = None
    patient: StatedPatient | None = None
    archived: bool = False
    held: bool = False
    names: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Watch:
    """What a guarded reading is told and tells: the key of each document as its reading begins ("0", "1"... in the order of the file), and
    the keys to pass over with the reason (`reader-died`, `reader-too-slow`)."""

    def __init__(self, skip: Mapping[str, str] | None = None, begin: Callable[[str], None] | None = None) -> None:
        self._skip = skip or {}
        self._begin = begin
        self._count = 0

    def next(self) -> str | None:
        """Begins one more document; the reason to pass it over, or None."""
        key = str(self._count)
        self._count += 1
        if key in self._skip:
            return self._skip[key]
        if self._begin is not None:
            self._begin(key)
        return None


@dataclasses.dataclass(slots=True, repr=False)
class Walk:
    """`pages`: what was read of each PDF, by digest, since the same one comes up to three times in a message. `mail`, `subject`: of the
    mail whose parts are being read, `returned`: whether what it bears comes back with a report; `words`: those that
    an attachment keeps of that mail. `letter`: the file is a mail, whose text also bears the words of what is in it; `depth`: mails and
    signatures around what is being read; `boxed`: it is in an archive; `inflated`: octets that archives gave; `named`: of a document, by
    its index, the files that it names as sent beside it; `report`: that which a signature bears. `open_mail` reads a mail in a file,
    `open_entity` what a signature bears."""

    watch: Watch
    pieces: list[Piece] = dataclasses.field(default_factory=list)
    warnings: list[Warning] = dataclasses.field(default_factory=list)
    text_left: int = MAX_TOTAL_TEXT
    pages: dict[str, tuple[Document, ...]] = dataclasses.field(default_factory=dict)
    mails: int = 0
    mail: int = 0
    subject: str = ""
    returned: bool = False
    words: list[str] = dataclasses.field(default_factory=list)
    letter: bool = False
    depth: int = 0
    boxed: bool = False
    inflated: int = 0
    named: dict[int, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    report: Report | None = None
    open_mail: Callable[[Given, Walk], None] | None = None
    open_entity: Callable[[Given, Walk], None] | None = None

    def add(self, document: Document, given: Given | None = None, kind: str = "", inside: int | None = None) -> int | None:
        """Keeps a document that was read; gives back its index, or None where the budget is spent."""
        if self.full():
            return None
        self.text_left -= len(document.text) + len(document.html)
        if self.returned:
            document = dataclasses.replace(document, returned=True)
        archived = given is not None and given.archived
        patient = given.patient if given is not None else None
        self.pieces.append(Piece(document, self.mail, self.subject, inside, archived, patient, kind))
        return len(self.pieces) - 1

    @contextlib.contextmanager
    def inside_archive(self) -> Iterator[None]:
        """While the files of an archive are read: they stand beside nothing but each other."""
        around = self.mail, self.subject, self.boxed
        self.mails += 1
        self.mail, self.subject, self.boxed = self.mails, "", True
        try:
            yield
        finally:
            self.mail, self.subject, self.boxed = around

    def affords(self, octets: int) -> bool:
        """Whether the archives of the message may give so many octets more."""
        self.inflated += octets
        return self.inflated <= MAX_INFLATED

    def full(self) -> bool:
        """Whether the budget is spent; says so once."""
        if len(self.pieces) < MAX_DOCUMENTS and self.text_left > 0:
            return False
        self.warn("too-large", "The message holds too many documents or too much text: the rest was not read.")
        return True

    def warn(self, code: str, detail: str) -> None:
        """Tells something of the whole, once for each code."""
        if all(w.code != code for w in self.warnings):
            self.warnings.append(Warning(code, detail))

    def tell(self, warnings: tuple[Warning, ...]) -> None:
        """What an archive tells of itself, each sentence once."""
        self.warnings += [w for w in warnings if w not in self.warnings]
