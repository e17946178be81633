"""What was read in a file: the shape of the public `reading.schema.json`, as immutable values.

Absent facts are None or (), never guessed. Dates are ISO 8601 text with the precision the document gives. Numbers are
decimals as text, digits as written. Every `repr` is safe to log: it shows kinds and counts, no content (promise 5).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

WITHDRAWN = ("nullified", "cancelled", "obsolete")
"""ActStatus (HL7 V3) of an act that is as if it had never been, and all that it holds with it."""
TAKEN_BACK = (*WITHDRAWN, "D", "W", "entered-in-error")
"""`Result.status` of what was said and is no longer: withdrawn (CDA); deleted, wrong (HL7 v2, table 0085, and HPRIM); never true (FHIR)."""
NO_VALUE = (*TAKEN_BACK, "aborted", "held", "new", "suspended", "X", "registered")
"""`Result.status` of what is no result that stands, whatever is written beside: taken back, or not done to its end."""

LOINC = "2.16.840.1.113883.6.1"
"""The code system of LOINC, as `Coded.system` bears it."""


class _Silent:
    """A repr without content, for values that may identify a patient."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Coded(_Silent):
    code: str | None
    system: str | None
    label: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the word of the public contract
    """`code` is one of the contract's stable codes; `detail` one sentence without content."""

    code: str
    detail: str


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Ins(_Silent):
    value: str
    oid: str


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class LocalId(_Silent):
    value: str
    oid: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class StatedPatient(_Silent):
    """Who the document says it is about. `from_fields` is False when it was found in running text: such an identity only ever
    proposes (formats.md 6.5). It is ours, not part of the public JSON, as is `names_guessed` (decoded by guess)."""

    ins: Ins | None = None
    nir: str | None = None
    birth_name: str | None = None
    used_name: str | None = None
    names_unqualified: tuple[str, ...] = ()
    given_names: tuple[str, ...] = ()
    first_given_name: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    birth_place_code: str | None = None
    local_ids: tuple[LocalId, ...] = ()
    from_fields: bool = True
    names_guessed: bool = False


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Party(_Silent):
    name: str | None = None
    id: str | None = None
    organization: str | None = None
    organization_id: str | None = None
    specialty: Coded | None = None


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Alternative(_Silent):
    number: str | None = None
    unit: str | None = None
    low: str | None = None
    high: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Result(_Silent):
    chapter: str | None = None
    label: str | None = None
    code: Coded | None = None
    value: str | None = None
    comparator: str | None = None
    number: str | None = None
    unit: str | None = None
    low: str | None = None
    high: str | None = None
    flag: str | None = None
    status: str | None = None
    date: str | None = None
    comment: str | None = None
    alternative: Alternative | None = None
    group: tuple[str, ...] = ()
    specimen: str | None = None
    method: str | None = None
    translations: tuple[Coded, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Attachment(_Silent):
    name: str | None
    media_type: str
    size: int
    sha256: str


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Document(_Silent):
    """One document. `duplicate_of` is the index in `documents` of the same document in another form. Ours, not public: `size` in
    bytes; `understood`, False where nothing could be made of the content but to keep it; `html`, its narrative in the few tags that our
    own renderers write; `rendering`, True where these bytes are the whole of another document as pages (the PDF of a CDA); `returned`, True
    where it comes back with a report: it was sent from here."""

    format: str
    path: tuple[str, ...]
    sha256: str
    type: Coded | None = None
    title: str | None = None
    date: str | None = None
    id: str | None = None
    set_id: str | None = None
    version: int | None = None
    replaces: str | None = None
    confidentiality: tuple[str, ...] = ()
    patient: StatedPatient | None = None
    author: Party | None = None
    recipients: tuple[Party, ...] = ()
    results: tuple[Result, ...] = ()
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    duplicate_of: int | None = None
    warnings: tuple[Warning, ...] = ()
    metadata: Mapping[str, Any] | None = None
    size: int = 0
    understood: bool = True
    html: str = ""
    rendering: bool = False
    returned: bool = False

    def __repr__(self) -> str:
        return f"Document(format={self.format!r}, results={len(self.results)}, warnings={[w.code for w in self.warnings]!r})"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class MessageFacts(_Silent):
    """The mail around the documents. `from_`, `to` and `subject` as decoded text; `date` ISO 8601. Ours, not public: `reported`,
    by which a person knows again the mail that a report is about (`inbound.read_report.Report`)."""

    message_id: str | None = None
    from_: str | None = None
    to: tuple[str, ...] = ()
    subject: str | None = None
    date: str | None = None
    headers: Mapping[str, str] | None = None
    text: str | None = None
    report: Mapping[str, Any] | None = None
    reported: Mapping[str, Any] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """Everything found in one file. `understood` is False where the content could not be understood (exit 1 of `read`)."""

    file: str
    kind: str
    message: MessageFacts | None = None
    documents: tuple[Document, ...] = ()
    warnings: tuple[Warning, ...] = ()
    understood: bool = True

    def __repr__(self) -> str:
        return f"Reading(kind={self.kind!r}, documents={self.documents!r})"
