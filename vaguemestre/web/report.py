"""What a report says, in one sentence for each recipient: whether a mail of the practice arrived, was read, was taken in (RFC 3464 and
RFC 8098).

`content["report"]` of a document holds it (`inbound.file.document_row`); whatever stands there, a page is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from vaguemestre.records.documents import Document
from vaguemestre.web import explained, present, wording_reports
from vaguemestre.web.present import day, without_mark
from vaguemestre.web.wording_reports import Words

MOST = 20
"""Recipients told of one report; how many more there are is said."""
MOST_SUBJECT = 160


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One sentence; `level` is a class of a note: warning, success or ""."""

    words: str
    level: str

    def __repr__(self) -> str:
        return f"Line({self.level!r})"


def _told(document: Document) -> Mapping[str, Any] | None:
    """The report that brought a document: that which a list asked for by itself (`queries.inbox`), else in its content,
    where that was asked for."""
    held = document.__dict__
    if "notice" in held:
        report = held["notice"]
    else:
        report = held["content"].get("report") if isinstance(held.get("content"), dict) else None
    return report if isinstance(report, dict) else None


def title(document: Document) -> str:
    """What kind of document it is, in words; of the notice of a report, what became of which mail."""
    report = _told(document) if document.format in {"text", "html"} and not document.title else None
    if report is None:
        return present.title(document)
    told = report.get("results")
    actions = {str(one.get("action") or "") for one in told if isinstance(one, Mapping)} if isinstance(told, list) else set[str]()
    heading = next((words for action, words in wording_reports.HEADINGS.items() if action in actions), wording_reports.OTHER_HEADING)
    subject = _subject(report)
    if subject:
        return _("%(heading)s : « %(subject)s »") % {"heading": heading, "subject": subject}
    return _("%(heading)s : un message de votre boîte") % {"heading": heading}


def reason(document: Document) -> Words:
    """Why it waits, in a list; the notice of a report says what it is about."""
    if document.reason == "returned" and document.format in {"text", "html"}:
        found = lines(document)
        if found:
            return found[0].words
    return explained.line(document)


def lines(document: Document) -> list[Line]:
    """The sentences of the report that brought a document, none where none did."""
    report = _told(document)
    if report is None:
        return []
    told = report.get("results")
    results = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    what, label = _mail(report), str(report.get("label") or "")
    table = wording_reports.DISPOSITIONS if report.get("kind") == "mdn" else wording_reports.DELIVERIES
    found = [_line(table, one, what, label) for one in results[:MOST]]
    if len(results) > MOST:
        found.append(Line(_("%(count)s autres destinataires : téléchargez le message.") % {"count": len(results) - MOST}, ""))
    return found or [Line(_("%(what)s : un avis est revenu, sans dire pour quel destinataire.") % {"what": what}, "warning")]


def _subject(report: Mapping[str, Any]) -> str:
    subject = without_mark(str(report.get("subject") or ""))
    return subject if len(subject) <= MOST_SUBJECT else subject[: MOST_SUBJECT - 1] + "…"


def _mail(report: Mapping[str, Any]) -> str:
    """The mail in question, by what a person knows of it."""
    subject, sent = _subject(report), day(str(report.get("date") or "")[:10])
    if subject and sent:
        return _("Votre message « %(subject)s » du %(date)s") % {"subject": subject, "date": sent}
    if subject:
        return _("Votre message « %(subject)s »") % {"subject": subject}
    return _("Votre message du %(date)s") % {"date": sent} if sent else _("Un message de votre boîte")


def _line(table: Mapping[str, wording_reports.Happening], result: Mapping[str, Any], what: str, label: str) -> Line:
    told = table.get(str(result.get("action") or ""), wording_reports.OTHER_HAPPENING)
    who = str(result.get("recipient") or "") or _("un destinataire qui n'est pas nommé")
    words = str(told.words) % {"what": what, "who": who}
    code = str(result.get("code") or "")
    why = wording_reports.cause(code) if table is wording_reports.DELIVERIES and told.level else label
    if why:
        words = _("%(words)s : %(why)s") % {"words": words, "why": why}
    if code and told.level == "warning":
        words = _("%(words)s (code %(code)s)") % {"words": words, "code": code}
    return Line(words + ".", told.level)
