"""`file`: the rows that a read and matched document becomes. Pure: nothing is written here.

Filing never changes a read state (promise 10): no row of a reader is touched.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from vaguemestre.domain.matching import Match
from vaguemestre.domain.reading import NO_VALUE, Document, Party, Result, StatedPatient
from vaguemestre.domain.reading_json import public_document, public_patient, public_result
from vaguemestre.inbound import notify

_RANK = re.compile(r"#\d{1,6}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

FEW_ROWS = 5_000
"""Results kept as rows for one document; a longer list stays whole in the message and in its text."""

SAYING = frozenset({"cda-n1", "cda-n3", "hl7v2", "fhir"})
"""Formats whose documents are the same when they say the same (`content_key`)."""

MOST_NAME = 300
MOST_VERSION = 2**63 - 1


def local_codes(document: Document) -> tuple[str, ...]:
    """The local patient codes that the document bears, with their authority where one is said."""
    if document.patient is None:
        return ()
    return tuple(f"{one.oid or ''}|{one.value}"[:200] for one in document.patient.local_ids if one.value)


def code_owner(sender: str, author: Mapping[str, Any] | None) -> str:
    """Whose patient codes these are: the sender's, or, for a file that came without one, those of the author that it names (as in the
    public JSON); "" where there is neither."""
    if sender or not author:
        return sender
    told = author["id"] or author["name"] or author["organization"]
    return f"author:{told}"[:320] if told else ""


def content_key(document: Document, message_id: str | None) -> str:
    """What makes two documents of a practice the same one: the digest of their own bytes, with the rank of a record in a file of several.
    A text or HTML cover is a document of its message: the same few words in two letters are two documents. A CDA is what it says: its
    XML may be written anew on its way; so is an HL7 v2 message, which bears a new number each time it is sent."""
    if document.format in {"text", "html"}:
        return hashlib.sha256(f"{document.sha256} {message_id or ''}".encode()).hexdigest()
    if document.format in SAYING and document.understood:
        return _said(document)
    rank = _RANK.fullmatch(document.path[-1]) if document.path else None
    return document.sha256 + (rank.group(0) if rank else "")


def _said(document: Document) -> str:
    """The digest of what a CDA says: its own name and version, its patient, its results and its words, and the files in it."""
    said = (
        document.id,
        document.set_id,
        document.version,
        document.replaces,
        public_patient(document.patient),
        [public_result(result) for result in document.results],
        document.text,
        [one.sha256 for one in document.attachments],
    )
    # the same words may come again to say that they stand no longer
    status = [(document.metadata or {}).get("availabilityStatus")] if document.format in {"fhir", "hl7v2"} else []
    return hashlib.sha256(json.dumps((*said, *status), ensure_ascii=True).encode()).hexdigest()


def _name(told: str | None) -> str:
    """A document's own identifier or its set's, as its column holds it; a longer one keeps its difference by its digest."""
    name = told or ""
    return name if len(name) <= MOST_NAME else name[: MOST_NAME - 65] + "#" + hashlib.sha256(name.encode()).hexdigest()


def _entries(document: Document) -> tuple[str, str]:
    """(own, replaced): a document that tells no identifier of its own (a PDF) by those of its entries in the metadata of archives, of which
    only UUIDs are names elsewhere than in their archive (IHE ITI TF-3, 4.2.2.2)."""
    facts = document.metadata or {}
    replaced = facts.get("replaces") or [""]
    own, old = (str(one or "").lower().removeprefix("urn:uuid:") for one in (facts.get("entryUUID"), replaced[0]))
    return (own if _UUID.fullmatch(own) else ""), (old if _UUID.fullmatch(old) and len(replaced) == 1 else "")


def names(document: Document) -> tuple[tuple[str, str], str]:
    """((its own identifier, that of the one it replaces), its set's), as their columns hold them; "" where it tells none."""
    own, replaced = (document.id, document.replaces) if document.format in SAYING else _entries(document)
    return (_name(own), _name(replaced)), _name(document.set_id)


def _version(told: int | None) -> int | None:
    """A version as its column holds it, 63 bits in every database; of two that are longer, neither is newer by its number."""
    return None if told is None else max(-MOST_VERSION, min(told, MOST_VERSION))


def _in_words(party: Party | None) -> str:
    if party is None:
        return ""
    return " · ".join(dict.fromkeys(part for part in (party.name, party.organization) if part))


def _stated(patient: StatedPatient | None) -> dict[str, Any] | None:
    """The patient that the document names, as in the public JSON, with the two facts that are ours."""
    public = public_patient(patient)
    if patient is None or public is None:
        return None
    return {**public, "from_fields": patient.from_fields, "names_guessed": patient.names_guessed}


def document_row(
    document: Document,
    match: Match,
    position: int,
    key: str,
    report: Mapping[str, Any] | None = None,
    stated: StatedPatient | None = None,
    report_key: str = "",
) -> dict[str, Any]:
    """Columns of `records.Document` that the document itself and its match decide; `report`: what the message that bears
    it tells of another one, sent from here, with its `subject`, `date` and `label`; `stated`: the identity that was matched, where a form
    of the document tells more of it than the document; `report_key`: see `inbound.one_report.figures_key`."""
    content = public_document(dataclasses.replace(document, results=(), text=""))
    del content["results"], content["text"]
    if report is not None:
        content["report"] = dict(report)
    kind = document.type
    (own, replaced), set_id = names(document)
    return {
        "position": position,
        "format": document.format,
        "sha256": document.sha256,
        "content_key": key,
        "type_code": ((kind.code if kind else "") or "")[:64],
        "type_system": ((kind.system if kind else "") or "")[:64],
        "type_label": ((kind.label if kind else "") or "")[:300],
        "title": (document.title or "")[:500],
        "date": (document.date or "")[:40],
        "author": _in_words(document.author)[:300],
        "content": content,
        "stated": _stated(stated or document.patient),
        "report_key": report_key,
        "text": document.text,
        "html": document.html,
        "rendering": document.rendering,
        "own_id": own,
        "set_id": set_id,
        "version": _version(document.version),
        "replaces": replaced,
        "unreadable": not document.understood,
        "abnormal": notify.gravest(result.flag for result in document.results if result.status not in NO_VALUE),
        "results_count": len(document.results),
        "decision": match.decision,
        "rule": match.rule[:40],
        "reason": match.reason[:100],
        "candidates": candidates_json(match),
        "patient_id": match.patient if match.decision == "filed" else None,
    }


def candidates_json(match: Match) -> list[dict[str, Any]]:
    """`records.Document.candidates`: best first, at most 5, with the verdict of each trait and no trait's value."""
    return [
        {"patient": one.chart, "ref": one.ref, "evidence": [[e.trait, e.verdict] for e in one.evidence]} for one in match.candidates[:5]
    ]


def sort_value(number: str | None) -> float | None:
    """A float for sorting and charts only; None where the number is no finite decimal."""
    if number is None:
        return None
    try:
        value = float(number)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def result_row(result: Result, position: int) -> dict[str, Any]:
    """Columns of `records.Result`, exactly as read."""
    code = result.code
    return {
        "position": position,
        "chapter": (result.chapter or "")[:300],
        "group": list(result.group),
        "label": (result.label or "")[:500],
        "code": ((code.code if code else "") or "")[:64],
        "code_system": ((code.system if code else "") or "")[:64],
        "value": result.value or "",
        "comparator": result.comparator or "",
        "number": (result.number or "")[:64],
        "sort_value": sort_value(result.number),
        "unit": (result.unit or "")[:64],
        "low": (result.low or "")[:64],
        "high": (result.high or "")[:64],
        "flag": (result.flag or "")[:32],
        "status": (result.status or "")[:32],
        "date": (result.date or "")[:40],
        "comment": result.comment or "",
        "specimen": (result.specimen or "")[:300],
        "method": (result.method or "")[:300],
        "alternative": dataclasses.asdict(result.alternative) if result.alternative else None,
    }


def results(document: Document) -> list[dict[str, Any]]:
    """The result rows of a document, in its order."""
    return [result_row(result, position) for position, result in enumerate(document.results[:FEW_ROWS])]


@dataclasses.dataclass(frozen=True, slots=True)
class Filed:
    """One document to be written: its row, its results, and the local codes that its filing teaches. `pages`: the content keys of its
    forms that show the whole of it as pages, by which it is known again when they come alone."""

    document: Document
    match: Match
    row: Mapping[str, Any]
    results: tuple[Mapping[str, Any], ...]
    codes: tuple[str, ...]
    key: str
    pages: tuple[str, ...] = ()

    def owner(self, sender: str) -> str:
        """Whose patient codes its own are, when it came from this sender ("" = nobody)."""
        return code_owner(sender, self.row["content"]["author"])


def decide(
    document: Document,
    match: Match,
    position: int,
    key: str,
    pages: tuple[str, ...] = (),
    report: Mapping[str, Any] | None = None,
    stated: StatedPatient | None = None,
    report_key: str = "",
) -> Filed:
    """What filing this document writes."""
    row = document_row(document, match, position, key, report, stated, report_key)
    return Filed(document, match, row, tuple(results(document)), local_codes(document), key, pages)


def follow(form: Filed, main: Filed) -> Filed:
    """Another form of a document, decided as that document is."""
    return form if form.match is main.match else decide(form.document, main.match, form.row["position"], form.key)
