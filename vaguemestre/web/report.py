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
from vaguemestre.web import wording
from vaguemestre.web.present import day, without_mark

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


def lines(document: Document) -> list[Line]:
    """The sentences of the report that brought a document, none where none did."""
    content = document.content if isinstance(document.content, dict) else {}
    report = content.get("report")
    if not isinstance(report, dict):
        return []
    told = report.get("results")
    results = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    what, label = _mail(report), str(report.get("label") or "")
    table = wording.DISPOSITIONS if report.get("kind") == "mdn" else wording.DELIVERIES
    found = [_line(table, one, what, label) for one in results[:MOST]]
    if len(results) > MOST:
        found.append(Line(_("%(count)s autres destinataires : téléchargez le message.") % {"count": len(results) - MOST}, ""))
    return found or [Line(_("%(what)s : un avis est revenu, sans dire pour quel destinataire.") % {"what": what}, "warning")]


def _mail(report: Mapping[str, Any]) -> str:
    """The mail in question, by what a person knows of it."""
    subject, sent = without_mark(str(report.get("subject") or "")), day(str(report.get("date") or "")[:10])
    if len(subject) > MOST_SUBJECT:
        subject = subject[: MOST_SUBJECT - 1] + "…"
    if subject and sent:
        return _("Votre message « %(subject)s » du %(date)s") % {"subject": subject, "date": sent}
    if subject:
        return _("Votre message « %(subject)s »") % {"subject": subject}
    return _("Votre message du %(date)s") % {"date": sent} if sent else _("Un message de votre boîte")


def _line(table: Mapping[str, wording.Happening], result: Mapping[str, Any], what: str, label: str) -> Line:
    told = table.get(str(result.get("action") or ""), wording.OTHER_HAPPENING)
    who = str(result.get("recipient") or "") or _("un destinataire qui n'est pas nommé")
    words = str(told.words) % {"what": what, "who": who}
    code = str(result.get("code") or "")
    why = wording.cause(code) if table is wording.DELIVERIES and told.level else label
    if why:
        words = _("%(words)s : %(why)s") % {"words": words, "why": why}
    if code and told.level == "warning":
        words = _("%(words)s (code %(code)s)") % {"words": words, "code": code}
    return Line(words + ".", told.level)
