"""Records put into the words that a page shows: names, dates, senders, titles. Nothing here reads the database."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from vaguemestre.formats.xdm_associations import STANDING
from vaguemestre.records.documents import Document
from vaguemestre.records.messages import Message
from vaguemestre.records.patients import Patient
from vaguemestre.web import wording

_XDM = re.compile(r"(?P<ko>\[\s*KO\b[^\]]{0,100}\](?:\s*\[[^\]]{0,100}\])?)?\s*XDM/1\.0/DDM\+?\s*", re.IGNORECASE)
"""The mark of ECO.3.1.3, with that of a software which could not take the document in (mssante.md 2.5) before it."""
_URGENT = re.compile(r"\burgent|\burgence\s+vitale", re.IGNORECASE)
MOST_TITLE = 120
_ANY_ROW = 10**17
_USAGER = "@patient.mssante.fr"


@functools.cache
def _pattern(name: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[_ANY_ROW]).partition(str(_ANY_ROW))
    return before, after


def address(number: int, name: str) -> str:
    """The address of the page of that name about a row: what `url` gives, for tables that hold hundreds of them."""
    before, after = _pattern(name)
    return f"{before}{number}{after}"


def day(text: str) -> str:
    """A date of the records (YYYY, YYYY-MM, YYYY-MM-DD or a date-time) as a French reader writes it; anything else as it is."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?:T.*)?", text or "")
    if found is None:
        return text or ""
    return "/".join(part for part in reversed(found.groups()) if part)


def moment(at: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """A received date, shorter the nearer it is."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localtime(now).date()
    days = (today - local.date()).days
    if days == 0:
        return local.strftime("%H:%M")
    if days == 1:
        return _("hier %(time)s") % {"time": local.strftime("%H:%M")}
    if 0 < days < 330:
        return date_format(local, "j N")
    return local.strftime("%d/%m/%Y")


def full_moment(at: dt.datetime | None) -> str:
    """Date and hour, whole."""
    return timezone.localtime(at).strftime("%d/%m/%Y %H:%M") if at else ""


def age(birth_date: str, today: dt.date | None = None) -> str:
    """In years, or in months below three years; "" where the birth date is not whole."""
    today = today or timezone.localdate()
    try:
        born = dt.date.fromisoformat(birth_date)
    except ValueError:
        return ""
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months < 0:
        return ""
    if months < 36:
        return _("%(count)s mois") % {"count": months}
    return _("%(count)s ans") % {"count": months // 12}


def _given(name: str) -> str:
    """Given names in small letters with their capitals, as people write them; already mixed ones as they are."""
    return "-".join(" ".join(word.capitalize() for word in part.split(" ")) for part in name.split("-")) if name.isupper() else name


def patient_name(patient: Patient) -> str:
    """NAME Given, by the name used if there is one."""
    family = patient.used_name or patient.birth_name
    given = patient.first_given_name or patient.given_names.partition(" ")[0]
    return f"{family.upper()} {_given(given)}".strip()


def other_name(patient: Patient) -> str:
    """The birth name where another is used, in words; else ""."""
    if not patient.used_name or not patient.birth_name or patient.used_name == patient.birth_name:
        return ""
    words = {"F": _("née %(name)s"), "M": _("né %(name)s")}.get(patient.sex, _("né(e) %(name)s"))
    return words % {"name": patient.birth_name.upper()}


def stated_name(stated: Mapping[str, Any] | None) -> str:
    """The name that a document states, "" where it states none."""
    stated = stated or {}
    family = stated.get("used_name") or stated.get("birth_name") or next(iter(stated.get("names_unqualified") or ()), "") or ""
    given = stated.get("first_given_name") or " ".join(stated.get("given_names") or ())
    return f"{str(family).upper()} {_given(str(given or ''))}".strip()


def _label(header: str) -> str:
    """The words of a From, without its address. Labels of personal mailboxes join their parts by "_" (ECO.2.2.7)."""
    name = parseaddr(header[:1000])[0]
    return " ".join(name.replace("_", " ").split()) if " " not in name.strip() else name.strip()


def sender(document: Document) -> str:
    """Who wrote it, in words: the document's author, else the mail's label, else its address."""
    mail = document.delivery.message
    return document.author or _label(mail.header_from) or parseaddr(mail.header_from[:1000])[1] or mail.mail_from or _("Expéditeur inconnu")


def mail_label(message: Message) -> str:
    """The mail's own sender: label, else address."""
    return _label(message.header_from) or parseaddr(message.header_from[:1000])[1] or message.mail_from


def from_usager(message: Message) -> bool:
    """Whether a patient wrote it, not a professional (ECO.3.1.1)."""
    return message.mail_from.lower().endswith(_USAGER) or parseaddr(message.header_from[:1000])[1].lower().endswith(_USAGER)


def subject(message: Message) -> str:
    """The mail's subject without the mark that machines read (ECO.3.1.3); a failure that the mark told is said in words."""
    found = _XDM.search(message.subject)
    if found is None:
        return message.subject.strip()
    words = f"{message.subject[: found.start()]} {message.subject[found.end() :]}".strip()
    return f"{_('Intégration refusée par le logiciel du destinataire')} · {words}".rstrip(" ·") if found["ko"] else words


def without_mark(words: str) -> str:
    """A subject without the mark that machines read (ECO.3.1.3)."""
    return _XDM.sub("", words, count=1).strip()


def dated(document: Document) -> str:
    """The day of the document itself, else that of its reception."""
    return day(document.date[:10]) if document.date else full_moment(document.received_at)[:10]


def _codes(value: Any) -> list[str]:
    """The codes of a metadata value: a text, a coded value, or a list of either."""
    if isinstance(value, list):
        return [code for one in value[:20] for code in _codes(one)]
    if isinstance(value, Mapping):
        value = value.get("code")
    return [value] if isinstance(value, str) and value else []


def confidentiality(document: Document) -> list[str]:
    """Codes of confidentiality, the document's own and those of the archive that brought it, each once; the usual ones are left out."""
    content = document.content if isinstance(document.content, dict) else {}
    metadata = content.get("metadata")
    told = _codes(content.get("confidentiality")) + _codes(metadata.get("confidentialityCode") if isinstance(metadata, dict) else None)
    return [code for code in dict.fromkeys(told) if code not in {"N", "L", "U"}]


def sayings(document: Document) -> list[str]:
    """Keys of `wording.SAYINGS`: what the archive that brought it says of it beside other documents, the gravest first."""
    content = document.content if isinstance(document.content, dict) else {}
    metadata = content.get("metadata")
    if not isinstance(metadata, dict):
        return []
    status = str(metadata.get("availabilityStatus") or "").lower()
    found = ["not-current"] if status and status not in STANDING else []
    return found + [key for key in ("withdraws", "appends", "transforms", "signs") if metadata.get(key)]


def event_date(document: Document) -> str:
    """When what it tells took place, where the archive says it and it is not the document's own day."""
    content = document.content if isinstance(document.content, dict) else {}
    metadata = content.get("metadata")
    start = metadata.get("serviceStartTime") if isinstance(metadata, dict) else None
    found = re.match(r"(\d{4})-?(\d{2})-?(\d{2})", start) if isinstance(start, str) else None
    shown = "/".join(reversed(found.groups())) if found else ""
    return "" if shown == day(document.date[:10]) else shown


def title(document: Document) -> str:
    """What kind of document it is, in words."""
    if document.title or document.type_label:
        return document.title or document.type_label
    if document.results_count:
        return str(wording.BIOLOGY)
    # HPRIM and PDF bear no title: the mail's own subject says more than "compte rendu".
    said = subject(document.delivery.message)
    if said:
        return said if len(said) <= MOST_TITLE else said[: MOST_TITLE - 1] + "…"
    return str(wording.FORMATS.get(document.format, wording.FORMATS["unknown"]))


def urgent(document: Document) -> bool:
    """Whether its sender says that it is urgent, in its title or in the mail's subject."""
    return bool(_URGENT.search(document.title) or _URGENT.search(document.delivery.message.subject[:500]))


def state(document: Document) -> str:
    """The state a list shows: a key of `wording.DECISIONS`."""
    return "aside" if document.decision != "filed" and document.set_aside_at else document.decision
