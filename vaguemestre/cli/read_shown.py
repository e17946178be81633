"""A Reading as calm text in French, for a person at a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from vaguemestre.domain.reading import NO_VALUE, TAKEN_BACK, Document, Reading, Result, StatedPatient

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_KINDS = {
    "email": "message",
    "hprim-medecin": "HPRIM Médecin",
    "hprim-sante": "HPRIM Santé",
    "hprim-xml": "HPRIM XML",
    "cda": "document CDA",
    "cda-n1": "document CDA (niveau 1)",
    "cda-n3": "document CDA (niveau 3)",
    "xdm": "archive IHE XDM",
    "hl7v2": "message HL7 v2",
    "fhir": "ressource FHIR",
    "pdf": "PDF",
    "rtf": "texte RTF",
    "image": "image",
    "text": "texte",
    "html": "texte HTML",
    "archive": "archive",
    "office": "document bureautique",
    "calendar": "agenda",
    "encrypted": "contenu chiffré",
    "unknown": "format inconnu",
}
_WARNINGS = {
    "hash-mismatch": "l’empreinte annoncée n’est pas celle du document",
    "size-mismatch": "la taille annoncée n’est pas celle du document",
    "missing-end-mark": "marque de fin absente : le document est peut-être incomplet",
    "encoding-guessed": "l’encodage n’est pas indiqué : il a été deviné",
    "truncated": "le contenu est coupé : il manque la fin",
    "duplicate-name": "deux fichiers portent le même nom",
    "unsafe-archive": "archive dangereuse : elle n’a pas été ouverte",
    "several-patients": "plusieurs patients dans le même fichier",
    "patient-mismatch": "les patients indiqués ne concordent pas",
    "bad-ins-key": "la clé de l’INS est fausse",
    "test-identity": "identité de test",
    "unknown-charset": "jeu de caractères inconnu",
    "active-content-removed": "contenu actif neutralisé",
    "unsupported": "ce contenu n’est pas lu par cette version",
    "malformed": "contenu mal formé",
    "too-large": "contenu trop volumineux : tout n’a pas été lu",
}
_SEXES = {"M": "masculin", "F": "féminin", "U": "non connu"}


def shown(reading: Reading) -> str:
    """The whole, lines ended. No character of the file can drive the terminal."""
    lines = [f"{reading.file} — {_KINDS.get(reading.kind, reading.kind)}"]
    facts = reading.message
    if facts is not None:
        lines += _pairs(
            ("De", facts.from_),
            ("À", ", ".join(facts.to)),
            ("Objet", facts.subject),
            ("Date", facts.date),
        )
        if facts.text and len(reading.documents) > 0 and reading.documents[0].text.strip() != facts.text.strip():
            lines += ["", *_indented(facts.text)]
    lines += [f"  ! {_WARNINGS.get(w.code, w.code)}" for w in reading.warnings]
    words: set[str] = set()
    for place, document in enumerate(reading.documents, 1):
        if facts is not None or len(reading.documents) > 1:
            number = f"Document {place} — " if len(reading.documents) > 1 else ""
            lines += ["", " — ".join(filter(None, (number + _KINDS.get(document.format, document.format), " > ".join(document.path))))]
        lines += _document(document)
        # the same pages come up to three times in a message: their words are said once
        if document.text and document.text not in words:
            lines += ["", *_indented(document.text.rstrip())]
        words.add(document.text)
    return _CONTROLS.sub("\ufffd", "\n".join(lines)).rstrip() + "\n"


def _pairs(*pairs: tuple[str, str | None]) -> list[str]:
    return [f"  {label:<12}{value}" for label, value in pairs if value]


def _indented(text: str) -> list[str]:
    return [f"  {line}".rstrip() for line in text.split("\n")]


def _document(document: Document) -> list[str]:
    author = document.author
    lines = _pairs(
        ("Patient", _patient(document.patient)),
        ("NIR", document.patient.nir if document.patient else None),
        ("INS", document.patient.ins.value if document.patient and document.patient.ins else None),
        ("Titre", document.title),
        ("Type", document.type.label or document.type.code if document.type else None),
        ("Date", document.date),
        ("De", " ".join(filter(None, (author.name or author.organization, f"({author.id})" if author.id else ""))) if author else None),
        ("Pour", ", ".join(p.name or p.id or "" for p in document.recipients)),
        ("Version", _version(document)),
        ("Accès", ", ".join(one for one in document.confidentiality if one != "N") or None),
        ("Forme", f"autre forme du document {document.duplicate_of + 1}" if document.duplicate_of is not None else None),
    )
    lines += dict.fromkeys(f"  ! {_WARNINGS.get(w.code, w.code)}" for w in document.warnings)
    if document.metadata:
        lines += _metadata(document.metadata)
    if document.results:
        lines += ["", *_table(document.results)]
    return lines


def _version(document: Document) -> str | None:
    told = str(document.version) if document.version is not None else ""
    return f"{told} (remplace une version précédente)".strip() if document.replaces else told or None


def _metadata(facts: Mapping[str, Any]) -> list[str]:
    """What an archive says of the document, by XDS name; what it says of its own sending is left out."""
    lines = ["", "  Métadonnées"]
    for name, value in facts.items():
        told = _said(value) if name != "submissionSet" else ""
        if told:
            lines.append(f"    {name:<28}{told}")
    return lines if len(lines) > 2 else []


def _said(value: object) -> str:
    """A value of the metadata in one line: a text, a coded value by its label, a list of these, an author by what it says."""
    if isinstance(value, Mapping):
        if "code" in value:
            label, code = value.get("label"), value.get("code")
            return " ".join(str(part) for part in (label, f"({code})" if label and code else code) if part)
        return " · ".join(filter(None, map(_said, value.values())))
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(_said, value)))
    return " ".join(str(value).split()) if value is not None else ""


def _patient(patient: StatedPatient | None) -> str:
    if patient is None:
        return "non indiqué"
    family = " ".join(
        filter(None, (patient.birth_name or " ".join(patient.names_unqualified), f"({patient.used_name})" if patient.used_name else ""))
    )
    given = patient.first_given_name or " ".join(patient.given_names)
    told = [" ".join(filter(None, (family, given))) or "sans nom"]
    if patient.birth_date:
        told.append(f"né(e) le {_french_date(patient.birth_date)}")
    if patient.sex:
        told.append(f"sexe {_SEXES.get(patient.sex, patient.sex)}")
    if not patient.from_fields:
        told.append("lu dans le texte")
    return ", ".join(told)


def _french_date(iso: str) -> str:
    return "/".join(reversed(iso.split("-")))


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * max(0, width - _width(text))


_VOID = {
    **dict.fromkeys(NO_VALUE, "pas fait"),
    **dict.fromkeys(TAKEN_BACK, "annulé"),
}
"""In the place of its flag, what a result that does not stand is."""


def _table(results: tuple[Result, ...]) -> list[str]:
    rows: list[tuple[str, ...] | str] = []
    heading: tuple[str | None, ...] = ()
    labels: set[str] = set()
    for result in results:
        # a parent given by indentation is a result itself; only the titles above are headings
        titles = tuple(title for title in result.group if title not in labels)
        if heading[:1] != (result.chapter,):
            labels.clear()
            rows += [result.chapter] if result.chapter else []
        if heading != (result.chapter, *titles):
            rows += [f"{'  ' * depth}{title}" for depth, title in enumerate(titles, 1)]
        heading = (result.chapter, *titles)
        if result.label:
            labels.add(result.label)
        label = ("  " * len(result.group)) + (result.label or (result.code.code if result.code else None) or "—")
        rows.append(
            (label, _short(result.value), result.unit or "", _reference(result), _VOID.get(result.status or "") or _flag(result.flag))
        )
        if result.alternative is not None:
            other = result.alternative
            rows.append(("  soit", other.number or "", other.unit or "", _interval(other.low, other.high), ""))
        if result.comment:
            rows += [f"    {line}" for line in result.comment.split("\n")]
    columns = [row for row in rows if isinstance(row, tuple)]
    widths = [min(40, max(_width(row[i]) for row in columns)) for i in range(5)]
    lines = []
    for row in rows:
        if isinstance(row, str):
            lines.append(f"  {row}")
        else:
            lines.append(("    " + "  ".join(_pad(cell, widths[i]) for i, cell in enumerate(row))).rstrip())
    return lines


def _short(value: str | None) -> str:
    return " ".join((value or "").split())


def _reference(result: Result) -> str:
    return _interval(result.low, result.high)


def _interval(low: str | None, high: str | None) -> str:
    if low and high:
        return f"[{low} à {high}]"
    if low:
        return f"[≥ {low}]" if low[:1].isdigit() else f"[{low}]"
    if high:
        return f"[≤ {high}]" if high[:1].isdigit() else f"[{high}]"
    return ""


def _flag(flag: str | None) -> str:
    return "" if flag in {None, "N"} else f"◄ {flag}"
