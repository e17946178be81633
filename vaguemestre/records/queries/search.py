"""Finding a patient, or a document that waits, by name, birth date or INS, on the stored comparison copies.

Each word of the search must begin a word of the person's names (or the whole name without blanks). Words are found by ranges on the
indexed copies: `LIKE` would read every row and knows no accents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from vaguemestre.domain.person import comparison, solid
from vaguemestre.records.documents import Document
from vaguemestre.records.patients import Patient
from vaguemestre.records.queries.inbox import WAITING, listed
from vaguemestre.records.queries.visible import Visible

LONGEST = 100
FOUND = 30
_BRANCH = 500
_WAITING = 500
_LAST = "\U0010ffff"
_FRENCH_DATE = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")


def _dates(text: str) -> tuple[str, list[str]]:
    """The text without its dates, and the dates as YYYY-MM-DD."""
    dates = [f"{y}-{int(m):02d}-{int(d):02d}" for d, m, y in _FRENCH_DATE.findall(text)]
    dates += ["-".join(found) for found in _ISO_DATE.findall(text)]
    return _ISO_DATE.sub(" ", _FRENCH_DATE.sub(" ", text)), dates


def _begins(column: str, word: str) -> Q:
    return Q(**{f"{column}__gte": word, f"{column}__lt": word + _LAST})


def _fits(words: Sequence[str], whole: str, names: Sequence[str]) -> bool:
    parts = [part for name in names for part in name.split()]
    solids = [name.replace(" ", "") for name in names if name]
    return all(any(part.startswith(word) for part in parts) for word in words) or any(one.startswith(whole) for one in solids)


def patients(visible: Visible, text: str, limit: int = FOUND) -> list[Patient]:
    """Charts that the search fits, exact family names first; [] for an empty search."""
    text, dates = _dates(text[:LONGEST])
    words = comparison(text).split()
    whole = solid(text)
    rows: QuerySet[Patient] = visible.patients
    if dates:
        rows = rows.filter(birth_date__in=dates)
    digits = whole if len(whole) >= 13 and whole[:1].isdigit() else ""
    if digits:
        return list(rows.filter(Q(ins=digits) | Q(nir__in=[digits, digits[:13]])).order_by("pk")[:limit])
    if not words:
        return list(rows.order_by("birth_name_solid", "pk")[:limit]) if dates else []
    found: dict[int, Patient] = {}
    for column, values in (
        ("birth_name_solid", (*words, whole)),
        ("used_name_solid", (*words, whole)),
        ("first_given_name_key", words),
    ):
        for value in dict.fromkeys(values):
            for patient in rows.filter(_begins(column, value)).order_by(column, "pk")[:_BRANCH]:
                found[patient.pk] = patient
    # A later word of a name (GOFF of LE GOFF) has no index: one pass over the copies, which are short and all in capitals.
    inner = Q()
    for word in dict.fromkeys(words):
        inner |= Q(birth_name_key__contains=f" {word}") | Q(used_name_key__contains=f" {word}") | Q(given_names_key__contains=f" {word}")
    for patient in rows.filter(inner).order_by("pk")[:_BRANCH]:
        found[patient.pk] = patient
    fitting = [
        p for p in found.values() if _fits(words, whole, (p.birth_name_key, p.used_name_key, p.given_names_key, p.first_given_name_key))
    ]

    def nearness(patient: Patient) -> tuple[bool, str, str, int]:
        exact = any(name in words or name == whole for name in (patient.birth_name_solid, patient.used_name_solid) if name)
        return (not exact, patient.birth_name_solid or patient.used_name_solid, patient.first_given_name_key, patient.pk)

    return sorted(fitting, key=nearness)[:limit]


def _stated_names(stated: Mapping[str, Any]) -> list[str]:
    names = [stated.get("birth_name"), stated.get("used_name"), stated.get("first_given_name")]
    names += [*(stated.get("names_unqualified") or ()), *(stated.get("given_names") or ())]
    return [comparison(str(name)) for name in names if name]


def waiting(visible: Visible, text: str, limit: int = FOUND) -> list[Document]:
    """Documents to check (of the newest _WAITING of each mailbox) whose stated identity the search fits."""
    text, dates = _dates(text[:LONGEST])
    words, whole = comparison(text).split(), solid(text)
    if not words and not dates:
        return []
    found: list[tuple[Any, int]] = []
    for mailbox in visible.mailbox_ids:
        rows = listed(visible, WAITING, mailbox).filter(stated__isnull=False).order_by("-received_at", "-pk")
        for at, number, told in rows.values_list("received_at", "pk", "stated")[:_WAITING]:
            stated = told or {}
            if dates and stated.get("birth_date") not in dates:
                continue
            if not words or _fits(words, whole, _stated_names(stated)):
                found.append((at, number))
    # Read whole are only those that are shown.
    numbers = [number for _, number in sorted(found, reverse=True)[:limit]]
    wanted = Document.objects.filter(pk__in=numbers, mailbox__in=visible.mailbox_ids).select_related("delivery__message", "mailbox")
    documents = {row.pk: row for row in wanted.defer("content", "text", "html", "candidates")}
    return [documents[number] for number in numbers if number in documents]
